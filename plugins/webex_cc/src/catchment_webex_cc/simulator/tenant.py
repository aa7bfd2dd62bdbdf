"""The organisation as Webex Contact Center holds it: contacts by each of their times."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from catchment.model import Clock
from catchment.sandbox import Faults, World
from catchment_webex.simulator import Tenant
from catchment_webex.simulator.oauth import Credentials, Grant, TokenOffice
from catchment_webex_cc.simulator.contacts import Contact, Teller, to_ms
from catchment_webex_cc.simulator.directory import Directory, Entity
from catchment_webex_cc.simulator.switches import ContactCenterSwitches

PROFILES: Mapping[str, frozenset[str]] = {
    "administrator": frozenset(
        {"cjp:config_read", "cjp:config_write", "spark:people_read", "spark:applications_token"}
    )
}
"""What the source's authorisation holds (1.2)."""

OPEN_FOR_MS = 86_400_000
"""No call and no delay of its row is longer: how far windows by one time look at another."""


class ContactCenterTenant(Tenant[ContactCenterSwitches]):
    """One organisation on Webex Contact Center, in all its generations.

    Attributes:
        directory: What is configured; changes to it stay when switches are turned.
        contacts: All tasks by ``createdTime``.
        rows: Finished rows of ``/search`` that were written already.
        kept: What else was told already and stays as it is.
        tries: Serial numbers for signed links.
        tenant_id: Its numeric id in CMSv1 (7.1).
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        switches: ContactCenterSwitches,
        credentials: Credentials,
    ) -> None:
        self.switches = switches
        self.tries = count(1)
        super().__init__(world, clock, faults, switches, credentials, PROFILES, "administrator")
        self.directory = Directory(world, self.ids)
        self.tenant_id = self.ids.digits(7, "tenant")
        self.username = "wfo.service@corp.example"
        self.api_key = f"simulated-{self.ids.hex('api key')}"
        self._open()
        self._retell()

    def turn(self, switches: ContactCenterSwitches) -> None:
        """Put the switches into another position; the World is told anew."""
        before = self.switches
        super().turn(switches)
        asked = ("other_org", "scopes", "role")
        if any(getattr(before, name) != getattr(switches, name) for name in asked):
            self._open()
        self._retell()

    def _open(self) -> None:
        """Open the token office of the organisation that the source's token belongs to."""
        grant = self.grant("administrator")
        self.tokens = TokenOffice(
            self.credentials, grant, self.org, self.clock.now, lambda: self.switches
        )

    def grant(self, profile: str, email: str = "") -> Grant:
        """What the administrator authorises."""
        made = super().grant(profile, email)
        scopes = self.switches.scopes
        roles = made.user.roles if self.switches.role == "administrator" else frozenset()
        told = made.scopes if scopes == "usual" else frozenset(scopes.split())
        return Grant(replace(made.user, roles=roles), told)

    def _retell(self) -> None:
        world = self.world
        teller = Teller(world, self.ids, self.directory, self.faults, self.switches)
        happened = sorted((*world.calls, *world.chains), key=lambda call: call.started_at)
        told = [teller.tell(call) for call in happened if call.direction != "internal"]
        self._told_of = self.directory.version
        self._contacts = sorted(told, key=lambda contact: contact.created_ms)
        self._created = [contact.created_ms for contact in self._contacts]
        self._by_end = sorted(told, key=lambda contact: contact.ended_ms)
        self._ended = [contact.ended_ms for contact in self._by_end]
        self.rows: dict[tuple[object, ...], dict[str, Any]] = {}
        self.kept: dict[str, Any] = {}
        self._by_id = {contact.task_id: contact for contact in told}
        self._by_sid = {contact.external_id: contact for contact in told}

    def _refresh(self) -> None:
        """Tell the World anew when somebody was renamed."""
        if self._told_of != self.directory.version:
            self._retell()

    # --- who --------------------------------------------------------------------------------------

    @property
    def org(self) -> str:
        """The raw UUID of the organisation that the token belongs to."""
        return self.ids.uuid("another org") if self.switches.other_org else self.ids.org

    @property
    def legacy_tenant(self) -> str:
        """The numeric id of the tenant that objects of CMSv1 belong to."""
        return self.ids.digits(7, "another") if self.switches.other_org else self.tenant_id

    def id(self, entity: Entity) -> str:
        """An entity's id as the new platform tells it (0)."""
        return entity.short if self.switches.ids == "short" else entity.uuid

    @property
    def now_ms(self) -> int:
        """The platform's time."""
        return to_ms(self.clock.now())

    # --- contacts ---------------------------------------------------------------------------------

    @property
    def contacts(self) -> list[Contact]:
        """All of them by ``createdTime``."""
        self._refresh()
        return self._contacts

    def find(self, task_id: str) -> Contact | None:
        """The contact with this task id."""
        self._refresh()
        return self._by_id.get(task_id)

    def find_session(self, sid: str) -> Contact | None:
        """The contact with this session id, with or without dashes (7.5)."""
        self._refresh()
        plain = sid.replace("-", "")
        return self._by_sid.get(plain.lower() if len(plain) == 32 else sid)

    def is_listed(self, contact: Contact, now_ms: int) -> bool:
        """Whether ``/search`` has a row of it: finished, or every other one while it lasts."""
        if now_ms >= contact.visible_ms:
            return True
        early = self.ids.chance("active row", contact.call.call_id) % 2 == 0
        return self.switches.active_rows and early and now_ms >= contact.created_ms

    def list_created(self, start_ms: int, end_ms: int) -> list[Contact]:
        """Listed contacts with a ``createdTime`` in a window, newest first (2.4)."""
        self._refresh()
        low, high = bisect_left(self._created, start_ms), bisect_left(self._created, end_ms)
        now = self.now_ms
        return [c for c in reversed(self._contacts[low:high]) if self.is_listed(c, now)]

    def list_ended(self, start_ms: int, end_ms: int) -> list[Contact]:
        """Listed contacts with an ``endedTime`` in a window, newest ``createdTime`` first."""
        self._refresh()
        low, high = bisect_left(self._ended, start_ms), bisect_left(self._ended, end_ms)
        now = self.now_ms
        found = [c for c in self._by_end[low:high] if c.is_over(now)]
        return sorted(found, key=lambda contact: contact.created_ms, reverse=True)

    def list_running(self, start_ms: int, end_ms: int) -> list[Contact]:
        """Contacts with an agent who may have been busy in a window; also those not yet listed."""
        self._refresh()
        low = bisect_left(self._created, start_ms - OPEN_FOR_MS)
        high = bisect_right(self._created, end_ms)
        return [c for c in self._contacts[low:high] if c.finished_ms >= start_ms]
