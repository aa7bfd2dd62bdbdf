"""The organisation as Webex Calling holds it: recordings, call records, and what became of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from catchment.model import Clock
from catchment.sandbox import Faults, World
from catchment_webex.simulator import Tenant
from catchment_webex.simulator.account import Role
from catchment_webex.simulator.oauth import Credentials, Grant
from catchment_webex.simulator.registrations import Event
from catchment_webex_calling.simulator.halves import Teller
from catchment_webex_calling.simulator.history import History
from catchment_webex_calling.simulator.owners import Directory, Owner
from catchment_webex_calling.simulator.recordings import Act, Publisher, Recording
from catchment_webex_calling.simulator.records import RecordWriter
from catchment_webex_calling.simulator.switches import CallingSwitches

Status = Literal["available", "deleted", "purged"]

PROFILES: Mapping[str, frozenset[str]] = {
    "compliance_officer": frozenset(
        {
            "spark-compliance:recordings_read",
            "spark-admin:calling_cdr_read",
            "spark-admin:people_read",
            "spark:people_read",
        }
    ),
    "administrator": frozenset(
        {
            "spark-admin:recordings_read",
            "spark-admin:calling_cdr_read",
            "spark-admin:people_read",
            "spark:people_read",
        }
    ),
    "user": frozenset({"spark:recordings_read", "spark:recordings_write", "spark:people_read"}),
}
"""What each sort of authorisation holds (1.1, 2.1)."""

_MORE_ROLES: frozenset[Role] = frozenset({"full_admin", "cdr_access"})

_STEPS: Mapping[tuple[Status, Act], Status] = {
    ("available", "bin"): "deleted",
    ("deleted", "restore"): "available",
    ("deleted", "purge"): "purged",
}


@dataclass(frozen=True, slots=True)
class State:
    """What a recording is at one moment; ``None`` in its place: there is none any more."""

    status: Status
    owner: Owner


class CallingTenant(Tenant[CallingSwitches]):
    """One organisation on Webex Calling.

    Attributes:
        recordings: All of them, by ``createTime``.
        history: All call records.
        tries: Serial numbers for tickets, so that each details call mints links of its own.
        opened: Recordings whose details were asked for.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        switches: CallingSwitches,
        credentials: Credentials,
    ) -> None:
        self.switches = switches
        self._acts: defaultdict[str, list[tuple[datetime, Act, Owner | None]]] = defaultdict(list)
        self.tries = count(1)
        self.opened: set[str] = set()
        super().__init__(world, clock, faults, switches, credentials, PROFILES, switches.profile)
        self._retell()

    def turn(self, switches: CallingSwitches) -> None:
        """Put the switches into another position; the World is told anew."""
        super().turn(switches)
        self.tokens.enter(self.credentials.refresh_token, self.grant(switches.profile))
        self._retell()

    def _retell(self) -> None:
        world, ids, faults, switches = self.world, self.ids, self.faults, self.switches
        self.directory = Directory(world, ids, switches)
        self.writer = RecordWriter(ids, self.directory, switches)
        teller = Teller(world, ids, self.directory, switches)
        publisher = Publisher(ids, self.directory, faults, switches)
        calls = [teller.tell(call) for call in world.calls]
        told = [recording for call in calls for recording in publisher.tell(call)]
        self.history = History(calls, ids, faults, switches)
        self.recordings = sorted(told, key=lambda r: r.created_at)
        self._created = [recording.created_at for recording in self.recordings]
        self._by_start = sorted(told, key=lambda r: r.recorded_at)
        self._started = [recording.recorded_at for recording in self._by_start]
        self._by_listing = sorted(told, key=lambda r: r.listed_at)
        self._listed = [recording.listed_at for recording in self._by_listing]
        self.by_id = {recording.recording_id: recording for recording in told}

    def grant(self, profile: str, email: str = "") -> Grant:
        """What a profile authorises; the compliance officer may also read call records (2.1)."""
        made = super().grant(profile, email)
        if profile == "compliance_officer":
            made = Grant(replace(made.user, roles=made.user.roles | _MORE_ROLES), made.scopes)
        if profile == self.switches.profile and self.switches.scopes != "usual":
            made = Grant(made.user, frozenset(self.switches.scopes.split()))
        return made

    # --- what became of recordings ----------------------------------------------------------------

    def act(self, recording: Recording, act: Act, heir: Owner | None = None) -> None:
        """Note what a call did to a recording, now."""
        self._acts[recording.recording_id].append((self.clock.now(), act, heir))

    def state(self, recording: Recording, now: datetime) -> State | None:
        """What *recording* is at *now*; ``None`` before it is listed and after it was erased."""
        if now < recording.listed_at:
            return None
        did = self._acts.get(recording.recording_id, [])
        status: Status = "available"
        owner = recording.owner
        for at, act, heir in sorted([*recording.fate, *did], key=lambda one: one[0]):
            if at > now:
                break
            if act == "erase":
                return None
            if act == "reassign" and heir is not None:
                owner = heir
            status = _STEPS.get((status, act), status)
        return State(status, owner)

    def list_between(self, start: datetime, end: datetime) -> list[Recording]:
        """Recordings of a window, newest first by ``createTime`` (1.2)."""
        if self.switches.list_window == "created":
            low, high = bisect_left(self._created, start), bisect_left(self._created, end)
            return self.recordings[low:high][::-1]
        low, high = bisect_left(self._started, start), bisect_left(self._started, end)
        found = self._by_start[low:high]
        return sorted(found, key=lambda r: r.created_at, reverse=True)

    def has_links(self, recording: Recording, state: State, now: datetime) -> bool:
        """Whether details have links for those who may have them (1.4)."""
        allowed = {
            "available": True,
            "deleted": self.switches.binned_links,
            "purged": self.switches.purged_links,
        }
        return recording.downloadable and now >= recording.links_at and allowed[state.status]

    def list_events(self, since: datetime, until: datetime) -> Iterator[Event]:
        """``convergedRecordings`` ``created``: perhaps before REST tells of it (3.8)."""
        early = timedelta(seconds=self.switches.rest_delay_seconds)
        low = bisect_right(self._listed, since + early)
        for recording in self._by_listing[low : bisect_right(self._listed, until + early)]:
            owner = recording.owner
            yield Event(
                at=recording.listed_at - early,
                resource="convergedRecordings",
                event="created",
                owner=owner.uuid,
                data={"id": recording.recording_id},
                attributes={"ownerEmail": owner.email, "ownerId": owner.uuid},
            )
