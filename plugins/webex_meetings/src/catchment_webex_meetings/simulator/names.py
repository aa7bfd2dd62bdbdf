"""Identifiers of Webex Meetings (1)."""

from __future__ import annotations

from catchment.sandbox import Meeting, Person
from catchment_webex.simulator.ids import Ids


class Names:
    """Names for the meetings of a World, always the same ones."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def series(self, meeting: Meeting) -> str:
        """32 hex digits: a personal room is one series for ever, a single meeting has its own."""
        if meeting.kind == "personal_room":
            return self._ids.hex("room", meeting.host.email)
        return self._ids.hex("series", meeting.series_id or meeting.meeting_id)

    def scheduled(self, meeting: Meeting) -> str:
        """``<series>_<yyyymmdd>T<hhmmss>Z`` of what was planned; empty for what was not."""
        if meeting.scheduled_at is None or meeting.kind == "personal_room":
            return ""
        return f"{self.series(meeting)}_{meeting.scheduled_at:%Y%m%dT%H%M%SZ}"

    def confid(self, meeting: Meeting) -> str:
        """The 18 digits of the instance, which the media links repeat as ``confid``."""
        return self._ids.digits(18, "instance", meeting.meeting_id)

    def instance(self, meeting: Meeting) -> str:
        """``<series>_I_<18 digits>``: what really took place."""
        return f"{self.series(meeting)}_I_{self.confid(meeting)}"

    def transcript(self, meeting: Meeting) -> str:
        """``<uuid>_M_<series>``."""
        return f"{self._ids.uuid('transcript', meeting.meeting_id)}_M_{self.series(meeting)}"

    def captions(self, meeting: Meeting) -> str:
        """32 hex digits."""
        return self._ids.hex("captions", meeting.meeting_id)

    def recording(self, recorded_id: str) -> str:
        """32 hex digits."""
        return self._ids.hex("recording", recorded_id)

    def number(self, meeting: Meeting) -> str:
        """9 to 11 digits; a personal room has its host's."""
        if meeting.kind == "personal_room":
            return self.room_number(meeting.host)
        return self._ids.digits(10, "number", meeting.series_id or meeting.meeting_id)

    def room_number(self, host: Person) -> str:
        """The number of somebody's personal room."""
        return self._ids.digits(10, "room number", host.email)

    def participant(self, meeting: Meeting, person: Person, *, of_series: bool) -> str:
        """``<meeting part>_<uuid>``; which id the first part is, is not known."""
        first = self.series(meeting) if of_series else self.instance(meeting)
        return f"{first}_{self._ids.uuid('participant', meeting.meeting_id, person.email)}"
