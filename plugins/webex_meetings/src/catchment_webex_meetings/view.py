"""A recording with its documents read, as the mapping looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from catchment.model import Fact, Recording
from catchment.payloads import read_as
from catchment_webex.ids import read_uuid
from catchment_webex_meetings.payloads import Meeting, Participants, RecordingRow
from catchment_webex_meetings.sightings import MEETING


class View:
    """One recording of the bundle with its documents read.

    Args:
        recording: With its documents.
        facts: Of the bundle: what the list of meetings says stands in where the credential may not
            look at the meeting itself.

    Attributes:
        row: The recording as it was listed.
        meeting_id: Of the instance; empty of an uploaded recording.
        meeting: What is known of the meeting; empty where nothing is.
        participants: Everybody who was there, as far as it may be known.
    """

    def __init__(self, recording: Recording, facts: Sequence[Fact] = ()) -> None:
        documents = recording.documents
        self.recording = recording
        self.row = read_as(RecordingRow, documents.get("listing"))
        shared = sorted(key.value for key in recording.keys if key.space == MEETING)
        self.meeting_id = self.row.meeting_id or next(iter(shared), "")
        told = documents.get("meeting") or next(
            (one.document for one in facts if one.kind == MEETING), None
        )
        self.meeting = read_as(Meeting, told)
        self.participants = read_as(Participants, documents.get("participants")).items

    @property
    def rank(self) -> tuple[datetime, str]:
        """The parts of a meeting in the order in which they were recorded (4.5)."""
        return self.recording.occurred_at, self.recording.external_id

    @property
    def host_email(self) -> str:
        """Whose it is: the meeting's host, else the listed one, else that of any participant (12).

        Never the participant who *was* host: that is somebody else when the host stayed away.
        """
        rows = (row.host_email for row in self.participants)
        told = (self.meeting.host_email, self.row.host_email, *sorted(rows))
        return next((email.strip().lower() for email in told if email.strip()), "")

    @property
    def host_uuid(self) -> str:
        """The bare id of the host, where it is told."""
        return read_uuid(self.meeting.host_user_id)

    @property
    def topic(self) -> str:
        """What it was about: the meeting's title, without the part's number (4.3)."""
        return self.meeting.title or self.row.topic

    def list_ends(self) -> Iterator[datetime]:
        """Every time at which something of it was still going on."""
        start = self.row.time_recorded
        if start and self.row.duration_seconds:
            yield start + timedelta(seconds=max(self.row.duration_seconds, 0))
        yield from (row.left_time for row in self.participants if row.left_time)
