"""Identifiers and chance: opaque, stable, a function of the World alone."""

from __future__ import annotations

from hashlib import blake2b

from catchment.sandbox import Agent, Customer, Queue, World


class Ids:
    """Names for who and what is in a World, and one-in-so-many for each of them."""

    def __init__(self, world: World) -> None:
        self._world = world.bytes_for("dynamics", size=32)

    def _draw(self, size: int, *about: object) -> bytes:
        text = "\x1f".join(map(str, about))
        return blake2b(text.encode(), digest_size=size, key=self._world).digest()

    def guid(self, *about: object) -> str:
        """The GUID that belongs to *about*, lower case and without braces."""
        raw = self._draw(16, "guid", *about).hex()
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"

    def number(self, guid: str, number: int) -> str:
        """The GUID of the *number*-th row that belongs to another; cheaper than :meth:`guid`."""
        return f"{guid[:32]}{number:04x}"

    def code(self, *about: object) -> int:
        """What to film for *about*: the ``code`` of a take."""
        return int.from_bytes(self._draw(6, "film", *about), "big")

    def chance(self, *about: object) -> int:
        """A number that belongs to *about*."""
        return int.from_bytes(self._draw(4, "chance", *about), "big")

    def hits(self, every: int, *about: object) -> bool:
        """Whether *about* is the one in *every*; ``0`` is never, ``1`` always."""
        return every > 0 and self.chance(*about) % every == 0

    def span(self, least: int, most: int, *about: object) -> int:
        """A whole number from *least* to *most*, both included."""
        return least + self.chance(*about) % (most - least + 1)

    # --- rows that others refer to ----------------------------------------------------------------

    def user(self, agent: Agent) -> str:
        """The ``systemuserid`` of an agent."""
        return self.guid("systemuser", agent.agent_id)

    def contact(self, customer: Customer) -> str:
        """The ``contactid`` of a customer."""
        return self.guid("contact", customer.customer_id)

    def queue(self, queue: Queue) -> str:
        """The ``queueid`` of a queue."""
        return self.guid("queue", queue.queue_id)

    def conversation(self, call_id: str) -> str:
        """The ``activityid`` of the conversation that a call is."""
        return self.guid("conversation", call_id)

    def application(self, client: str) -> str:
        """The application id of an application user: of ``a``, of ``b`` (1.2)."""
        return self.guid("application", client)

    def application_user(self, client: str) -> str:
        """The ``systemuserid`` of an application user."""
        return self.guid("systemuser", "application", client)
