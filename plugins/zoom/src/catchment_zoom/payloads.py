"""Zoom's words as values: what comes in is read as it is, and nothing in it can stop a listing.

Zoom's schemas and its answers differ (sheet 3.1, 5.1): fields called required are removed from
external meetings, numbers come as strings, times as empty strings, and enums grow.  So every field
has a value for "unknown", enums are plain strings, and unknown fields are left to the verbatim
document that is kept beside.  Only what cannot be identified at all is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from catchment import payloads
from catchment.payloads import Count, Moment, Payload, read_flag, read_rows, read_text
from catchment.transport import Answer


def _read_text(value: object) -> str:
    return "" if value == 0 else read_text(value)  # a removed text may come as 0 (3.2)


Text = Annotated[str, BeforeValidator(_read_text)]
Flag = Annotated[bool, BeforeValidator(lambda value: read_flag(value) or False)]
"""Yes, or not told."""


# --- archive files (sheet 3.2) ----------------------------------------------------------------


class ArchiveFile(Payload):
    """One of ``archive_files[]``."""

    id: Text = ""
    file_type: Text = ""
    file_extension: Text = ""
    file_size: Count = None
    recording_type: Text = ""
    status: Text = ""
    individual: Flag = False
    participant_email: Text = ""
    participant_join_time: Moment = None
    participant_leave_time: Moment = None
    encryption_fingerprint: Text = ""
    number_of_messages: Count = None
    storage_location: Text = ""
    download_url: Text = ""
    file_path: Text = ""


class PhysicalFile(Payload):
    """One of ``physical_files[]``: a file that was exchanged in the chat."""

    file_id: Text = ""
    file_name: Text = ""
    file_size: Count = None
    download_url: Text = ""
    file_path: Text = ""


class ArchiveMeeting(Payload):
    """One of ``meetings[]``, and the whole answer of section 4.

    A removed field of an external meeting may be absent, null, ``""`` or 0: all mean unknown.
    """

    uuid: Text = ""
    id: Count = None
    host_id: Text = ""
    topic: Text = ""
    account_name: Text = ""
    type: Count = None
    meeting_type: Text = ""
    start_time: Moment = None
    timezone: Text = ""
    duration: Count = None
    duration_in_second: Count = None
    complete_time: Moment = None
    status: Text = ""
    is_breakout_room: Flag = False
    parent_meeting_id: Text = ""
    recording_count: Count = None
    total_size: Count = None
    archive_files: Annotated[tuple[ArchiveFile, ...], BeforeValidator(read_rows)] = ()
    physical_files: Annotated[tuple[PhysicalFile, ...], BeforeValidator(read_rows)] = ()

    @property
    def external(self) -> bool:
        """Hosted by another account; ours only joined (3.3)."""
        return self.meeting_type == "external"


# --- cloud recordings (sheet 5) ---------------------------------------------------------------


class CloudFile(Payload):
    """One of ``recording_files[]`` or ``participant_audio_files[]``."""

    id: Text = ""
    recording_start: Moment = None
    recording_end: Moment = None
    file_type: Text = ""
    file_extension: Text = ""
    file_size: Count = None
    recording_type: Text = ""
    status: Text = ""
    file_name: Text = ""
    download_url: Text = ""
    file_path: Text = ""


class CloudMeeting(Payload):
    """One of ``meetings[]`` of 5.1, and the whole answer of 5.3."""

    uuid: Text = ""
    id: Count = None
    account_id: Text = ""
    host_id: Text = ""
    topic: Text = ""
    type: Count = None
    start_time: Moment = None
    timezone: Text = ""
    duration: Count = None
    recording_count: Count = None
    total_size: Count = None
    auto_delete: payloads.Flag = None
    auto_delete_date: Moment = None
    recording_files: Annotated[tuple[CloudFile, ...], BeforeValidator(read_rows)] = ()
    participant_audio_files: Annotated[tuple[CloudFile, ...], BeforeValidator(read_rows)] = ()


# --- metadata (sheet 7) -----------------------------------------------------------------------


class PastMeeting(Payload):
    """``GET /past_meetings/{uuid}`` (7.1)."""

    uuid: Text = ""
    id: Count = None
    topic: Text = ""
    type: Count = None
    host_id: Text = ""
    user_name: Text = ""
    user_email: Text = ""
    dept: Text = ""
    start_time: Moment = None
    end_time: Moment = None
    total_minutes: Count = None
    participants_count: Count = None
    source: Text = ""


class Participant(Payload):
    """One stay of somebody in a meeting (7.3); who comes back has another row."""

    id: Text = ""
    name: Text = ""
    user_id: Text = ""
    registrant_id: Text = ""
    user_email: Text = ""
    join_time: Moment = None
    leave_time: Moment = None
    duration: Count = None
    status: Text = ""


class Participants(Payload):
    """All pages of 7.3 as one document."""

    participants: Annotated[tuple[Participant, ...], BeforeValidator(read_rows)] = ()


class Attribute(Payload):
    """A custom attribute of a user, or a tracking field of a report (7.5, 7.6)."""

    key: Text = ""
    name: Text = ""
    field: Text = ""
    value: Text = ""


class User(Payload):
    """``GET /users/{id}``, and a row of ``GET /users`` (7.6)."""

    id: Text = ""
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    display_name: Text = ""
    type: Count = None
    status: Text = ""
    dept: Text = ""
    account_id: Text = ""
    employee_unique_id: Text = ""
    cost_center: Text = ""
    custom_attributes: Annotated[tuple[Attribute, ...], BeforeValidator(read_rows)] = ()

    @property
    def name(self) -> str:
        """How the person is called."""
        return self.display_name or f"{self.first_name} {self.last_name}".strip()


class Instance(Payload):
    """One of the past instances of a meeting number (7.2)."""

    uuid: Text = ""
    start_time: Moment = None


# --- envelopes --------------------------------------------------------------------------------


class Listing(Payload):
    """What all listings share; the rows stay verbatim under ``meetings``, ``users`` and so on.

    ``since`` and ``until`` are the echoed ``from`` and ``to`` as Zoom wrote them, because they are
    sent back verbatim (3.1).
    """

    since: Text = Field(default="", alias="from")
    until: Text = Field(default="", alias="to")
    total_records: Count = None
    next_page_token: Text = ""
    meetings: Annotated[tuple[dict[str, Any], ...], BeforeValidator(read_rows)] = ()
    users: Annotated[tuple[dict[str, Any], ...], BeforeValidator(read_rows)] = ()
    participants: Annotated[tuple[dict[str, Any], ...], BeforeValidator(read_rows)] = ()


class Trouble(Payload):
    """An error body in any of its shapes (2.2, 8.3): what was wrong, as far as it is told."""

    code: Count = None
    message: Text = ""
    error: Text = ""
    fields: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.code or self.error)


def read_object(answer: Answer) -> dict[str, Any]:
    """The JSON object of *answer*, verbatim.

    Raises:
        Unreachable: The body is not a JSON object.
    """
    return payloads.read_object(answer.json(), "Zoom")


def read_trouble(body: object) -> Trouble:
    """The error that *body* tells; false where it tells none.

    Two shapes occur beside the usual one: ``{"status": false, "errorCode": …}`` (2.2, 8.3) and the
    token endpoint's ``{"reason": …, "error": …}``.
    """
    if not isinstance(body, Mapping):
        return Trouble()
    if "errorCode" in body:
        return Trouble(code=body["errorCode"], message=body.get("errorMessage"))
    fields = tuple(_read_text(row.get("field")) for row in read_rows(body.get("errors")))
    message = body.get("message") or body.get("reason") or body.get("error_description")
    return Trouble(
        code=body.get("code"),
        message=message,
        error=body.get("error"),
        fields=tuple(name for name in fields if name),
    )
