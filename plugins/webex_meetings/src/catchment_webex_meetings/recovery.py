"""Finds recordings by what people call them: ids of recordings and meetings, and numbers.

A recording's id and a meeting series' id are both 32 hexadecimal digits (sheet 1), so such an id is
looked for as both.  An administrator must name the host of a recording to see it (4.1), whom nobody
knows who has only its id: such a recording is looked for in the sites' lists instead, for all ids
of a batch at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment.errors import Absent, Refused
from catchment.model import Denied, Json, Nothing, NotYet, Outcome, Ready, Sighting
from catchment.transport import TokenRejected
from catchment_webex.payloads import read_as
from catchment_webex_meetings import wire
from catchment_webex_meetings.asking import MeetingsApi
from catchment_webex_meetings.payloads import Meeting, RecordingRow
from catchment_webex_meetings.sightings import SEAM, map_sighting

_HEX = re.compile(r"[0-9a-f]{32}")
_MEETING = re.compile(r"[0-9a-f]{32}_(?:I_\d{1,30}|\d{8}T\d{6}Z)")
_NUMBER = re.compile(r"\d{9,11}")

SLICE = timedelta(days=30)
SLICES = 12
"""How far back the sites' lists are looked through: a year, in the longest windows allowed."""

_STILL_COMING = timedelta(hours=24)
"""How long after its end a recorded meeting may have no recording and be believed (4.5)."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks ids up.

    Attributes:
        api: Asks Webex.
        now: The platform's time.
    """

    api: MeetingsApi
    now: datetime

    def find(self, ids: Iterable[str]) -> Iterator[Outcome]:
        """What Webex has under each of *ids*."""
        unseen: dict[str, str] = {}
        for asked in ids:
            outcome = self._find(asked, unseen)
            if outcome is not None:
                yield outcome
        found = self._scan(set(unseen.values())) if unseen else {}
        for asked, recording_id in unseen.items():
            row = found.get(recording_id)
            if row is not None:
                yield Ready(asked, sightings=(self._map(row),))
            else:
                yield Nothing(asked, "no site lists a recording of this id, and no meeting has it")

    def _find(self, asked: str, unseen: dict[str, str]) -> Outcome | None:
        """The answer for one id; ``None`` when the sites' lists must be looked through for it."""
        name, _, host = asked.strip().partition(SEAM)
        number = re.sub(r"[ -]", "", name)
        if _NUMBER.fullmatch(number):
            return self._find_number(asked, number)
        if _MEETING.fullmatch(name):
            return self._find_meeting(asked, name)
        if not _HEX.fullmatch(name.lower()):
            return Nothing(asked, "this is no id of a recording or meeting, and no meeting number")
        recording_id = name.lower()
        rows = [] if host else self._list(recording_id)
        row = self.api.find(wire.build_recording(recording_id, host)) if not rows else None
        if row is not None:
            rows = [row]
        if rows:
            return Ready(asked, sightings=tuple(map(self._map, rows)))
        if self.api.officer or host:
            return Nothing(asked, "Webex has no recording and no meeting of this id any more")
        unseen[asked] = recording_id
        return None

    # --- meetings ------------------------------------------------------------------------------

    def _find_number(self, asked: str, number: str) -> Outcome:
        """By number there are series and planned meetings, which know their recordings (3.3)."""
        try:
            rows = list(self.api.rows(wire.build_numbered(number)))
        except Absent:
            rows = []
        except TokenRejected:
            raise
        except Refused as error:
            return Denied(asked, f"meetings cannot be found by number: {error}; use meeting ids")
        told = [read_as(Meeting, row) for row in rows]
        series = sorted({one.meeting_series_id or one.id for one in told} - {""})
        rows = [row for one in series for row in self._list(one)]
        found = {sighting.external_id: sighting for sighting in map(self._map, rows)}
        if found:
            return Ready(asked, sightings=tuple(found.values()))
        if not series:
            return Nothing(asked, "Webex knows no meeting of this number any more")
        return Nothing(asked, "no recording is listed for the meetings of this number")

    def _find_meeting(self, asked: str, meeting_id: str) -> Outcome:
        rows = self._list(meeting_id)
        if rows:
            return Ready(asked, sightings=tuple(map(self._map, rows)))
        if self._list(meeting_id, deleted=True):
            why = "its recording is in the recycle bin; restore it there, and ask again"
            return Nothing(asked, why)
        return self._explain(asked, meeting_id)

    def _explain(self, asked: str, meeting_id: str) -> Outcome:
        """Why a meeting has no recording, as far as Webex says it (4.5)."""
        document = self.api.find(wire.build_admin_meeting(meeting_id))
        if document is None:
            return Nothing(asked, "Webex lists no recording for it, and tells no such meeting")
        meeting = read_as(Meeting, document)
        if meeting.has_recording is False:
            return Nothing(asked, "the meeting was not recorded")
        if meeting.end is not None and self.now - meeting.end < _STILL_COMING:
            return NotYet(asked, "Webex has no recording of this meeting yet")
        return Nothing(
            asked,
            "Webex says that it was recorded and has no recording: it was deleted, or was recorded "
            "on somebody's own machine",
        )

    # --- lists ---------------------------------------------------------------------------------

    def _list(self, meeting_id: str, *, deleted: bool = False) -> list[Json]:
        """The recordings of a meeting; a compliance officer also gets those that were deleted."""
        status: wire.Status = "deleted" if deleted else "available"
        rows = self.api.list_rows(wire.build_meeting_recordings(meeting_id, status))
        if not rows and self.api.officer and not deleted:
            return self._list(meeting_id, deleted=True)
        return list(rows)

    def _scan(self, wanted: set[str]) -> dict[str, Json]:
        """The rows of *wanted* in the lists of all sites, the newest windows first."""
        found: dict[str, Json] = {}
        sites = self.api.list_sites()
        for number in range(SLICES):
            until = self.now - SLICE * number
            for site in sites:
                if wanted <= found.keys():
                    return found
                for row in self.api.rows(wire.build_recordings(site, until - SLICE, until)):
                    recording_id = read_as(RecordingRow, row).id
                    if recording_id in wanted:
                        found[recording_id] = row
        return found

    def _map(self, row: Json) -> Sighting:
        return map_sighting(row, self.now)
