"""A recording with its documents read, as the mapping looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from catchment.model import Recording
from catchment.payloads import read_as
from catchment_zoom.payloads import ArchiveMeeting, CloudMeeting, PastMeeting, User
from catchment_zoom.sightings import split_id


class View:
    """One recording of the bundle with its documents read.

    Attributes:
        uuid: Of the meeting.
        archive: Its row as an archived meeting; of a cloud recording, without files.
        cloud: Its row as a cloud recording; of an archived meeting, without files.
        past: What Zoom tells about the meeting afterwards (7.1).
        host: The host's row of the directory (7.6).
        participants: The document of 7.3, verbatim.
    """

    def __init__(self, recording: Recording) -> None:
        documents = recording.documents
        listing = documents.get("listing")
        self.recording = recording
        self.cloudy, uuid = split_id(recording.external_id)
        self.archive = read_as(ArchiveMeeting, listing)
        self.cloud = read_as(CloudMeeting, listing)
        self.past = read_as(PastMeeting, documents.get("past_meeting"))
        self.host = read_as(User, documents.get("host"))
        self.participants = documents.get("participants")
        self.uuid = self.archive.uuid or uuid

    @property
    def breakout(self) -> bool:
        """Whether this is a room of another meeting."""
        return self.archive.is_breakout_room or bool(self.archive.parent_meeting_id)

    @property
    def rank(self) -> tuple[bool, bool, datetime, str]:
        """The meeting before its rooms, its archive before its recording."""
        recording = self.recording
        return self.breakout, self.cloudy, recording.occurred_at, recording.external_id

    @property
    def root_uuid(self) -> str:
        """The UUID by which people know the whole: of a room, its parent's."""
        return self.archive.parent_meeting_id or self.uuid

    @property
    def topic(self) -> str:
        """What it was about."""
        return self.archive.topic or self.past.topic

    @property
    def type(self) -> int | None:
        """Zoom's number of the kind of meeting (3.2)."""
        return self.archive.type if self.archive.type is not None else self.past.type

    @property
    def host_id(self) -> str:
        """Whose meeting it was; empty of external ones."""
        return self.archive.host_id or self.past.host_id or self.host.id

    def list_ends(self) -> Iterator[datetime]:
        """Every time at which something of it was still going on."""
        began = self.archive.start_time or self.recording.occurred_at
        if self.past.end_time:
            yield self.past.end_time
        if self.archive.duration_in_second:
            yield began + timedelta(seconds=self.archive.duration_in_second)
        elif self.cloudy and self.cloud.duration:
            yield began + timedelta(minutes=self.cloud.duration)
        for file in self.cloud.recording_files:
            if file.recording_end:
                yield file.recording_end
