"""What Webex lists, in our words: sightings of recordings, and facts of its books.  Pure.

A recording is known by its own id and shares its meeting's instance id with the other parts (sheet
1).  A series or a planned meeting is never a key: its instances are interactions of their own.  An
uploaded recording has no meeting, and stands alone.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from catchment.errors import Unreachable
from catchment.model import Fact, Json, Key, Sighting
from catchment.payloads import read_as
from catchment_webex_meetings.payloads import Meeting, RecordingRow, ReportRow

MEETING = "meeting"
RECORDING = "recording"

LINKS = "temporaryDirectDownloadLinks"
"""The one field that is new in every answer, and a secret: it stays out of documents."""

_REPORTED = ("recordingId", "topic", "timeRecorded", "siteUrl", "hostEmail")
"""What the report says of the recording; the counts of its views change with every view."""

SEAM = "/"
"""Joins a recording's id and its host's address in ids of our own making."""


def map_sighting(row: Json, fallback: datetime) -> Sighting:
    """A row of a recordings list, or the details, as a sighting.

    Args:
        row: The recording, verbatim.
        fallback: When it was recorded, if nothing says so.

    Raises:
        Unreachable: The row has no id; passing over it would lose a recording in silence.
    """
    recording = read_as(RecordingRow, row)
    if not recording.id:
        raise Unreachable("Webex listed a recording without an id")
    return Sighting(
        external_id=recording.id,
        occurred_at=recording.time_recorded or recording.create_time or fallback,
        keys=map_keys(recording.id, recording.meeting_id),
        revision=_revise(recording),
        document={name: value for name, value in row.items() if name != LINKS},
    )


def map_keys(recording_id: str, meeting_id: str) -> tuple[Key, ...]:
    """What a recording shares: its own id, and its meeting's where it has one."""
    own = Key(RECORDING, recording_id)
    return (Key(MEETING, meeting_id), own) if meeting_id else (own,)


def _revise(recording: RecordingRow) -> str:
    """What makes a new revision: nothing that only some of the calls tell (4.3), and no link."""
    said = (
        recording.meeting_id,
        recording.topic,
        recording.create_time,
        recording.time_recorded,
        recording.format,
        recording.duration_seconds,
        recording.size_bytes,
        recording.status or "available",
    )
    text = json.dumps(said, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def map_meeting_fact(row: Json, fallback: datetime) -> Fact:
    """An ended meeting (2 B); one that was recorded expects its recordings.

    ``hasRecording`` stays true when the file is deleted (2): then asking for it says so.

    Raises:
        Unreachable: The row has no id.
    """
    meeting = read_as(Meeting, row)
    if not meeting.id:
        raise Unreachable("Webex listed a meeting without an id")
    return Fact(
        kind="meeting",
        fact_id=meeting.id,
        at=meeting.start or meeting.end or fallback,
        keys=(Key(MEETING, meeting.id),),
        expects="Webex says that the meeting was recorded" if meeting.has_recording else "",
        document=row,
    )


def map_report_fact(row: Json, fallback: datetime) -> Fact:
    """A recording that the site's report names (2 D), which must be among those listed.

    It is asked for together with its host, whose name an administrator must give (11, point 8).

    Raises:
        Unreachable: The row has no id.
    """
    told = read_as(ReportRow, row)
    if not told.recording_id:
        raise Unreachable("Webex reported a recording without an id")
    host = SEAM + told.host_email if told.host_email else ""
    return Fact(
        kind="recording_report",
        fact_id=told.recording_id,
        at=told.time_recorded or fallback,
        keys=(Key(RECORDING, told.recording_id),),
        expects="the site's report names the recording",
        ask=told.recording_id + host,
        document={name: row[name] for name in _REPORTED if name in row},
    )
