"""Identifiers: opaque, stable, a function of the World alone (2)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable

from catchment.sandbox import Agent, Person, World


class Ids:
    """Names for who and what is in a World, the same ones for every Webex product.

    Attributes:
        org: The organisation's raw UUID.
    """

    def __init__(self, world: World) -> None:
        self._bytes: Callable[..., bytes] = world.bytes_for
        self.org = self.uuid("org")

    def uuid(self, *about: object) -> str:
        """A UUID that belongs to *about*."""
        raw = self._bytes("webex", "uuid", *about, size=16)
        return str(uuid.UUID(bytes=raw, version=4))

    def hex(self, *about: object) -> str:
        """32 lower-case hex digits, as recordings and meeting series have."""
        return self._bytes("webex", "hex", *about, size=16).hex()

    def digits(self, count: int, *about: object) -> str:
        """A decimal number of *count* digits that does not begin with zero."""
        least: int = 10 ** (count - 1)
        drawn = int.from_bytes(self._bytes("webex", "digits", *about, size=12), "big")
        return str(least + drawn % (9 * least))

    def chance(self, *about: object) -> int:
        """A number that belongs to *about*, for "one in so many"."""
        return int.from_bytes(self._bytes("webex", "chance", *about, size=4), "big")

    def person(self, person: Person) -> str:
        """The raw UUID of somebody, inside or outside the organisation."""
        if isinstance(person, Agent):
            return self.uuid("person", person.agent_id)
        return self.uuid("person", person.customer_id)


def rest_id(kind: str, raw: str) -> str:
    """The public form of a UUID: base64 of ``ciscospark://us/<KIND>/<uuid>`` unpadded (2)."""
    return base64.b64encode(f"ciscospark://us/{kind}/{raw}".encode()).decode().rstrip("=")


def raw_id(public: str) -> str:
    """The UUID of a public id; a raw UUID is returned as it is (2)."""
    try:
        told = base64.b64decode(public + "=" * (-len(public) % 4), validate=True).decode()
    except ValueError:
        return public
    return told.rpartition("/")[2] if told.startswith("ciscospark://") else public


def one_in(every: int, chance: int) -> bool:
    """Whether *chance* hits, where one in *every* does; ``0`` is never."""
    return every > 0 and chance % every == 0
