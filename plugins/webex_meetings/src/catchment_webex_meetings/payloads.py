"""What Webex Meetings tells, as values: recordings, meetings, participants, transcripts (3-6, 8).

Everything is optional, also what the schema calls required: ``timeRecorded``, ``status`` and
``meetingId`` are missing from real answers (sheet 4.3).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from catchment.payloads import Count, Flag, Text, Texts, read_rows
from catchment_webex.payloads import Moment, Payload


class Links(Payload):
    """``temporaryDirectDownloadLinks`` (4.4): pre-signed, good for three hours, secrets."""

    recording_download_link: Text = ""
    audio_download_link: Text = ""
    transcript_download_link: Text = ""
    expiration: Moment = None


def _read_object(value: object) -> object:
    return value if isinstance(value, dict) else None


class RecordingRow(Payload):
    """A row of a recordings list, and the answer of ``GET /recordings/{id}`` (4.3, 4.4)."""

    id: Text = ""
    meeting_id: Text = ""
    scheduled_meeting_id: Text = ""
    meeting_series_id: Text = ""
    topic: Text = ""
    create_time: Moment = None
    time_recorded: Moment = None
    host_display_name: Text = ""
    host_email: Text = ""
    site_url: Text = ""
    format: Text = ""
    service_type: Text = ""
    duration_seconds: Count = None
    size_bytes: Count = None
    status: Text = ""
    integration_tags: Texts = ()
    temporary_direct_download_links: Annotated[Links | None, BeforeValidator(_read_object)] = None

    @property
    def rank(self) -> tuple[bool, datetime | None, str]:
        """The order of the parts of a meeting: by when they were recorded, then by id (4.5)."""
        at = self.time_recorded or self.create_time
        return at is None, at, self.id


class Meeting(Payload):
    """An instance: something that really took place (3.2); also a series or a planned one."""

    id: Text = ""
    meeting_number: Text = ""
    meeting_series_id: Text = ""
    scheduled_meeting_id: Text = ""
    title: Text = ""
    agenda: Text = ""
    meeting_type: Text = ""
    state: Text = ""
    timezone: Text = ""
    start: Moment = None
    end: Moment = None
    host_user_id: Text = ""
    host_display_name: Text = ""
    host_email: Text = ""
    site_url: Text = ""
    scheduled_type: Text = ""
    has_chat: Flag = None
    has_recording: Flag = None
    has_transcription: Flag = None
    has_summary: Flag = None
    has_closed_caption: Flag = None
    has_polls: Flag = None
    has_q_and_a: Annotated[Flag, Field(alias="hasQA")] = None
    has_slido: Flag = None
    has_registration: Flag = None
    integration_tags: Texts = ()


class Device(Payload):
    """One of ``devices[]`` of a participant: one entry per join (5)."""

    correlation_id: Text = ""
    device_type: Text = ""
    audio_type: Text = ""
    joined_time: Moment = None
    left_time: Moment = None
    call_type: Text = ""
    phone_number: Text = ""


class Room(Payload):
    """One of ``breakoutSessionsAttended[]`` (5)."""

    id: Text = ""
    name: Text = ""


class Participant(Payload):
    """One of the participants of a meeting (5); ``host_email`` owns the meeting, on every row."""

    id: Text = ""
    host: Flag = None
    co_host: Flag = None
    invitee: Flag = None
    email: Text = ""
    display_name: Text = ""
    state: Text = ""
    joined_time: Moment = None
    left_time: Moment = None
    host_email: Text = ""
    devices: Annotated[tuple[Device, ...], BeforeValidator(read_rows)] = ()
    breakout_sessions_attended: Annotated[tuple[Room, ...], BeforeValidator(read_rows)] = ()


class Participants(Payload):
    """All pages of ``GET /meetingParticipants`` as one document."""

    items: Annotated[tuple[Participant, ...], BeforeValidator(read_rows)] = ()


class Transcript(Payload):
    """One of the transcripts of a meeting (6)."""

    id: Text = ""
    meeting_id: Text = ""
    status: Text = ""


class Transcripts(Payload):
    """All pages of ``GET /meetingTranscripts`` as one document."""

    items: Annotated[tuple[Transcript, ...], BeforeValidator(read_rows)] = ()


class ReportRow(Payload):
    """A row of ``GET /recordingReport/accessSummary`` (2 D)."""

    recording_id: Text = ""
    topic: Text = ""
    time_recorded: Moment = None
    host_email: Text = ""
    site_url: Text = ""
