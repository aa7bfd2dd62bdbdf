"""Finds recordings by what people call them: ids of recordings and meetings, and numbers.

A recording's id and a meeting series' id are both 32 hexadecimal digits (sheet 1), so such an id is
looked for as both.  An administrator must name the host of a recording to see it (4.1), whom nobody
knows who has only its id: such a recording is looked for in the sites' lists instead, for all ids
of a batch at once.

``Nothing`` is final: the engine calls the recording gone.  So it is said only where Webex has
answered that there is none, by 404 or by an empty list.  What Webex refuses is ``Denied``, and what
it did not understand ``NotYet``: both are asked for again.  A dead credential is neither, and
stops the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment.errors import Absent, AdapterFault, CatchmentError, Refused
from catchment.model import Denied, Json, Nothing, NotYet, Outcome, Ready, Sighting
from catchment.payloads import read_as
from catchment.transport import Request, TokenRejected
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
class _Found:
    """What a question found.

    Attributes:
        rows: Recordings.
        doubt: Why there may be more than *rows*; ``None`` where Webex has answered.
    """

    rows: tuple[Json, ...] = ()
    doubt: CatchmentError | None = None

    def __add__(self, other: _Found) -> _Found:
        return _Found((*self.rows, *other.rows), self.doubt or other.doubt)


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A recording that is to be looked for in the sites' lists.

    Attributes:
        recording_id: Its id, if it is one.
        doubt: Why it may be a meeting's all the same.
    """

    recording_id: str
    doubt: CatchmentError | None


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
        unseen: dict[str, _Unseen] = {}
        for asked in ids:
            outcome = self._find(asked, unseen)
            if outcome is not None:
                yield outcome
        if not unseen:
            return
        found, doubt = self._scan({one.recording_id for one in unseen.values()})
        for asked, one in unseen.items():
            row = found.get(one.recording_id)
            looked = _Found((row,) if row is not None else (), one.doubt or doubt)
            why = "no site lists a recording of this id, and no meeting has it"
            yield self._answer(asked, looked, why)

    def _find(self, asked: str, unseen: dict[str, _Unseen]) -> Outcome | None:
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
        listed = _Found() if host else self._list(recording_id)
        told = _Found() if listed.rows else self._look(wire.build_recording(recording_id, host))
        if self.api.officer or host or listed.rows or told.rows:
            why = "Webex has no recording and no meeting of this id any more"
            return self._answer(asked, listed + told, why)
        # Without its host Webex may refuse a recording that it has: the sites' lists decide.
        unseen[asked] = _Unseen(recording_id, listed.doubt)
        return None

    def _answer(self, asked: str, found: _Found, why: str) -> Outcome:
        """*found* as an outcome; *why* there is nothing, where Webex has said so."""
        if found.rows:
            told = {one.external_id: one for one in map(self._map, found.rows)}
            return Ready(asked, sightings=tuple(told.values()))
        if isinstance(found.doubt, Refused):
            return Denied(asked, f"whether there is a recording may not be seen: {found.doubt}")
        if found.doubt is not None:
            return NotYet(asked, f"whether there is a recording was not answered: {found.doubt}")
        return Nothing(asked, why)

    # --- meetings ------------------------------------------------------------------------------

    def _find_number(self, asked: str, number: str) -> Outcome:
        """By number there are series and planned meetings, which know their recordings (3.3)."""
        numbered = self._rows(wire.build_numbered(number))
        if isinstance(numbered.doubt, Refused):
            why = f"meetings cannot be found by number: {numbered.doubt}; use meeting ids"
            return Denied(asked, why)
        told = [read_as(Meeting, row) for row in numbered.rows]
        series = sorted({one.meeting_series_id or one.id for one in told} - {""})
        if not series:
            found = _Found(doubt=numbered.doubt)
            return self._answer(asked, found, "Webex knows no meeting of this number any more")
        found = sum(map(self._list, series), _Found())
        return self._answer(asked, found, "no recording is listed for the meetings of this number")

    def _find_meeting(self, asked: str, meeting_id: str) -> Outcome:
        listed = self._list(meeting_id)
        if listed.rows or listed.doubt is not None:
            return self._answer(asked, listed, "")
        binned = self._list(meeting_id, deleted=True)
        if binned.rows:
            why = "its recording is in the recycle bin; restore it there, and ask again"
            return Nothing(asked, why)
        if binned.doubt is not None:
            return self._answer(asked, binned, "")
        return self._explain(asked, meeting_id)

    def _explain(self, asked: str, meeting_id: str) -> Outcome:
        """Why a meeting has no recording, as far as Webex says it (4.5)."""
        looked = self._look(wire.build_admin_meeting(meeting_id))
        if not looked.rows:
            why = "Webex lists no recording for it, and tells no such meeting"
            return self._answer(asked, looked, why)
        meeting = read_as(Meeting, looked.rows[0])
        if meeting.has_recording is False:
            return Nothing(asked, "the meeting was not recorded")
        if meeting.end is not None and self.now - meeting.end < _STILL_COMING:
            return NotYet(asked, "Webex has no recording of this meeting yet")
        return Nothing(
            asked,
            "Webex says that it was recorded and has no recording: it was deleted, or was recorded "
            "on somebody's own machine",
        )

    # --- asking --------------------------------------------------------------------------------

    def _ask(self, ask: Callable[[], Iterable[Json]]) -> _Found:
        """What *ask* gives; a refusal, and an answer that is none, as a doubt.

        Raises:
            TokenRejected: The credential is dead, which says nothing of any id.
        """
        try:
            return _Found(tuple(ask()))
        except TokenRejected:
            raise
        except Absent:
            return _Found()
        except (Refused, AdapterFault) as error:
            return _Found(doubt=error)

    def _look(self, request: Request) -> _Found:
        """The one thing that *request* asks for."""
        return self._ask(lambda: [self.api.ask(request)])

    def _rows(self, request: Request) -> _Found:
        """The rows of the list that *request* asks for."""
        return self._ask(lambda: self.api.rows(request))

    def _list(self, meeting_id: str, *, deleted: bool = False) -> _Found:
        """The recordings of a meeting; a compliance officer also gets those that were deleted."""
        status: wire.Status = "deleted" if deleted else "available"
        request = wire.build_meeting_recordings(meeting_id, status)
        found = self._rows(request)
        if not found.rows and self.api.officer and not deleted:
            return found + self._list(meeting_id, deleted=True)
        return found

    def _scan(self, wanted: set[str]) -> tuple[dict[str, Json], CatchmentError | None]:
        """The rows of *wanted* in the lists of all sites, the newest windows first.

        A site that may not be listed does not hide what the others have: it is the doubt that
        comes with the rows.
        """
        found: dict[str, Json] = {}
        sites, doubt = self._list_sites()
        for number in range(SLICES):
            until = self.now - SLICE * number
            for site in sites:
                if wanted <= found.keys():
                    return found, None
                listed = self._rows(wire.build_recordings(site, until - SLICE, until))
                doubt = doubt or listed.doubt
                named = {read_as(RecordingRow, row).id: row for row in listed.rows}
                found |= {name: row for name, row in named.items() if name in wanted}
        return found, doubt

    def _list_sites(self) -> tuple[tuple[str, ...], CatchmentError | None]:
        try:
            return self.api.list_sites(), None
        except TokenRejected:
            raise
        except (Refused, AdapterFault) as error:
            return (), error

    def _map(self, row: Json) -> Sighting:
        return map_sighting(row, self.now)
