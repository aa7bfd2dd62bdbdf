"""One Zoom account as it stands: what was told from the World, and what calls did to it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from catchment.model import Clock
from catchment.sandbox import Faults, Meeting, World
from catchment_zoom.simulator.ids import Ids
from catchment_zoom.simulator.limits import Limiter
from catchment_zoom.simulator.links import Links
from catchment_zoom.simulator.oauth import Credentials, TokenOffice
from catchment_zoom.simulator.pages import Pages, Slice, lost_token
from catchment_zoom.simulator.people import People
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.switches import Switches
from catchment_zoom.simulator.telling_archive import tell_archive
from catchment_zoom.simulator.telling_recordings import tell_recordings

TRASH_DAYS = 30
"""What is trashed can be recovered for so long (5.4)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: what the path held, the query, the body, and when."""

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class Trash:
    """What was thrown away, and when; ``files`` is empty when it is the whole meeting."""

    whole_at: datetime | None = None
    files: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pass:
    """A token for the files of one meeting (6.2, rule 1)."""

    uuid: str
    expires_at: datetime


class Site:
    """The account's state, shared by all hosts.

    Attributes:
        switches: May be replaced at any time; the World is told anew then.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        switches: Switches,
        credentials: Credentials,
    ) -> None:
        self.world, self.clock, self.faults = world, clock, faults
        self.credentials = credentials
        self.urls: Mapping[str, str] = {}
        self.ids = Ids(world)
        self.people = People(world, self.ids, credentials.account_id)
        self.tokens = TokenOffice(credentials, clock.now)
        self.limiter = Limiter(clock.now)
        self.pages: Pages[Any] = Pages(clock.now)
        self.links = Links(credentials.client_secret.encode())
        self.passes: dict[str, Pass] = {}
        self.trash: dict[str, Trash] = {}
        self.gone: set[str] = set()  # uuids and file ids deleted for good
        self.archive_gone: set[str] = set()
        self.flagged: dict[str, bool] = {}  # auto_delete, by file id (section 4)
        self.audit: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
        self.happened: list[tuple[datetime, str, str]] = []  # at, event, uuid: by calls
        self.turn(switches)

    def turn(self, switches: Switches) -> None:
        """Put the switches into another position."""
        self.switches = switches
        told = self.world, self.ids, self.faults, switches
        self.archive = sorted(tell_archive(*told), key=lambda r: r.meeting.started_at)
        self.recordings = sorted(tell_recordings(*told), key=lambda r: r.meeting.started_at)
        self.archive_by_uuid = {record.uuid: record for record in self.archive}
        self.recordings_by_uuid = {record.uuid: record for record in self.recordings}
        self.meetings = {self.ids.uuid(m): m for m in self.world.list_meetings()}
        self._by_number: dict[str, list[str]] = defaultdict(list)
        for uuid, meeting in self.meetings.items():
            if not meeting.parent_id:
                self._by_number[str(self.ids.number(meeting))].append(uuid)
        self.files: dict[str, tuple[Record, File]] = {
            file.file_id: (record, file)
            for record in (*self.archive, *self.recordings)
            for file in record.files
        }

    def base(self, host: str) -> str:
        """The address of one of our hosts."""
        usual = {"api": "https://api.zoom.us", "web": "https://zoom.us"}
        return self.urls.get(host, usual.get(host, f"https://{host}.zoom.us"))

    def latest(self, meeting: str, now: datetime) -> str:
        """The UUID behind a UUID or a number: a number selects the latest ended instance (1.1)."""
        known = [self.meetings[uuid] for uuid in self._by_number.get(meeting, ())]
        ended = [m for m in known if m.ended_at <= now]
        if not ended:
            return meeting
        return self.ids.uuid(max(ended, key=lambda m: m.started_at))

    def instances(self, meeting: str) -> list[tuple[str, Meeting]]:
        """Every instance that shares the number of *meeting* (a number or a UUID)."""
        if meeting in self.meetings:
            meeting = str(self.ids.number(self.meetings[meeting]))
        return [(uuid, self.meetings[uuid]) for uuid in self._by_number.get(meeting, ())]

    def ordered(self, records: Sequence[Record]) -> Sequence[Record]:
        """*records* (oldest first) in the order in which listings tell them; undocumented (1.3)."""
        if self.switches.order == "newest_first":
            return records[::-1]
        if self.switches.order == "shuffled":
            return sorted(records, key=lambda record: self.ids.chance("order", record.uuid))
        return records

    def cut(
        self,
        call: Call,
        rows: Callable[[], Sequence[Any]],
        *,
        echoed: Mapping[str, str] | None = None,
        either: bool = False,
        most: int = 300,
    ) -> Slice[Any]:
        """The page that *call* asks for, with the faults that befall listings (1.3)."""
        key = f"{call.operation}|{sorted(call.path.items())}"
        if call.query.get("next_page_token") and self.faults.cursor_lost(key):
            raise lost_token()
        page: Slice[Any] = self.pages.cut(
            key,
            call.query,
            rows,
            echoed=echoed or call.query,
            either=either,
            between=self.switches.pages,
            most=most,
        )
        return replace(page, rows=self.faults.rows(page.rows, key))

    def tell_token(self, page: Slice[Any]) -> dict[str, str]:
        """``next_page_token``: on the last page empty, or absent (1.3)."""
        if not page.next_page_token and self.switches.last_page == "absent":
            return {}
        return {"next_page_token": page.next_page_token}

    # --- what calls did ------------------------------------------------------------------

    def archive_at(self, uuid: str, now: datetime) -> Record | None:
        """The archive record of *uuid*, unless it is not there yet, expired or deleted."""
        record = self.archive_by_uuid.get(uuid)
        if record is None or uuid in self.archive_gone or not record.is_listed(now):
            return None
        return record

    def trashed_at(self, uuid: str, file_id: str = "") -> datetime | None:
        """When the recording, or one file of it, was thrown away."""
        trash = self.trash.get(uuid, Trash())
        return trash.files.get(file_id) if file_id else trash.whole_at

    def is_dead(self, uuid: str, file_id: str, now: datetime) -> bool:
        """Whether the recording (or one file of it) is deleted, or was trashed too long ago."""
        at = self.trashed_at(uuid, file_id)
        too_old = at is not None and now >= at + timedelta(days=TRASH_DAYS)
        return too_old or (file_id or uuid) in self.gone

    def is_offered(self, file: File, record: Record, now: datetime) -> bool:
        """Whether the bytes of *file* can be had at *now*."""
        if not record.is_listed(now) or file.state(now) != "completed":
            return False
        if file.product in ("archive", "attachment"):
            return record.uuid not in self.archive_gone
        trashed = self.trashed_at(record.uuid) or self.trashed_at(record.uuid, file.file_id)
        dead = self.is_dead(record.uuid, "", now) or self.is_dead(record.uuid, file.file_id, now)
        return trashed is None and not dead

    def give_pass(self, uuid: str, lifetime: timedelta, sort: str) -> str:
        """A token that opens the files of one meeting for *lifetime*."""
        now = self.clock.now()
        seed = f"{self.credentials.client_secret}|{sort}|{uuid}|{now.isoformat()}|{lifetime}"
        value = f"eyJhbGciOiJIUzUxMiJ9.{hashlib.sha256(seed.encode()).hexdigest()}.cGFzcw"
        self.passes[value] = Pass(uuid, now + lifetime)
        return value

    def tell_path(self, file: File, now: datetime, family: str = "") -> str:
        """A file's download address as it is told at *now*."""
        path = self.links.path(file.product, file.file_id, now, family)
        return f"{self.base('web')}{path}"


def tell_type(site: Site, meeting: Meeting) -> int:
    """``type``: 1 instant, 2 scheduled, 4 PMI, 5 webinar, 8 and 9 their series (3.2)."""
    if meeting.kind == "webinar":
        return 9 if meeting.series_id else 5
    if meeting.series_id:
        return 8
    if site.ids.is_personal(meeting):
        return 4
    return 1 if meeting.scheduled_at is None else 2
