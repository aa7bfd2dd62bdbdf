"""Requests to Webex Meetings as values.  Pure: nothing is sent here.

``from`` and ``to`` are always sent, because every list falls back to seven days without them
(sheet 4.2), and a page is as large as may be.  Whether ``hostEmail`` is sent is for the caller to
say: an administrator must, a compliance officer must not (11, point 8).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from catchment.transport import Request
from catchment_webex.paging import PAGE_SIZE
from catchment_webex.payloads import write_time

NO_SUCH_RECORDING = "0" * 32
"""A well-formed id of no recording, for proving a permission without seeing anything."""

NO_SUCH_MEETING = f"{'0' * 32}_I_{'0' * 18}"
"""The same for a meeting's instance."""

Params = tuple[tuple[str, str], ...]
Status = Literal["available", "deleted"]

_DAY = timedelta(days=1)


def build_recordings(
    site: str,
    since: datetime,
    until: datetime,
    *,
    status: Status = "available",
    max_rows: int = PAGE_SIZE,
) -> Request:
    """``GET /admin/recordings`` of one site (2 A); 30 days at most.

    Without ``siteUrl`` it would be the preferred site alone (11, point 6).
    """
    params = (*_window(since, until), ("siteUrl", site), ("max", str(max_rows)))
    return Request("GET", "/admin/recordings", params=_with_status(params, status))


def build_meeting_recordings(meeting_id: str, status: Status = "available") -> Request:
    """``GET /admin/recordings`` of one meeting, on whatever site: a series or an instance (4.2)."""
    params = (("meetingId", meeting_id), ("max", str(PAGE_SIZE)))
    return Request("GET", "/admin/recordings", params=_with_status(params, status))


def build_own_recordings(since: datetime, until: datetime) -> Request:
    """``GET /recordings``: those of whoever the token is, and shared ones (2 H)."""
    return Request("GET", "/recordings", params=(*_window(since, until), ("max", "1")))


def build_recording(recording_id: str, host_email: str = "") -> Request:
    """``GET /recordings/{id}``: the only call that answers with links (4.1)."""
    return _build_one("/recordings", recording_id, host_email)


def build_meetings(since: datetime, until: datetime, max_rows: int = PAGE_SIZE) -> Request:
    """``GET /meetings``: what has ended, on all sites of the organisation (2 B, 3.1).

    Without ``meetingType`` it would be series.
    """
    kind = (("meetingType", "meeting"), ("state", "ended"))
    params = (*kind, *_window(since, until), ("max", str(max_rows)))
    return Request("GET", "/meetings", params=params)


def build_meeting(meeting_id: str, host_email: str = "") -> Request:
    """``GET /meetings/{id}`` (3.3)."""
    return _build_one("/meetings", meeting_id, host_email)


def build_admin_meeting(meeting_id: str) -> Request:
    """``GET /admin/meetings/{id}``: any host's, without agenda and passwords (3.3)."""
    return _build_one("/admin/meetings", meeting_id)


def build_numbered(number: str) -> Request:
    """``GET /admin/meetings`` by number (3.3): never ended instances, so only their series."""
    return Request("GET", "/admin/meetings", params=(("meetingNumber", number),))


def build_participants(meeting_id: str, host_email: str = "") -> Request:
    """``GET /meetingParticipants`` of an instance; a series would be its last one (5)."""
    return _build_list("/meetingParticipants", meeting_id, host_email)


def build_transcripts(meeting_id: str, at: datetime, host_email: str = "") -> Request:
    """``GET /meetingTranscripts`` of an instance (6).

    The default window of seven days may stand beside ``meetingId`` too (4.2), so one is named that
    surely holds the meeting whose recorder was started, or its file made, *at* that time.
    """
    request = _build_list("/meetingTranscripts", meeting_id, host_email)
    around = _window(at - 3 * _DAY, at + _DAY)
    return replace(request, params=(*request.params, *around))


def build_transcript_url(api_url: str, transcript_id: str, host_email: str = "") -> str:
    """Where a transcript is, at the API's own address (6).

    Webex's own link may say ``http://``, and a bearer goes nowhere but to the API.
    """
    host = (("hostEmail", host_email),) if host_email else ()
    return _build_download(api_url, "meetingTranscripts", transcript_id, host)


def build_captions_url(api_url: str, captions_id: str, meeting_id: str) -> str:
    """Where closed captions are, at the API's own address (7)."""
    meeting = (("meetingId", meeting_id),)
    return _build_download(api_url, "meetingClosedCaptions", captions_id, meeting)


def build_chats(meeting_id: str) -> Request:
    """``GET /meetings/postMeetingChats``: compliance officers only (7)."""
    return _build_list("/meetings/postMeetingChats", meeting_id)


def build_captions(meeting_id: str) -> Request:
    """``GET /meetingClosedCaptions``: compliance officers only (7)."""
    return _build_list("/meetingClosedCaptions", meeting_id)


def build_report(
    site: str, since: datetime, until: datetime, host_email: str = "", max_rows: int = PAGE_SIZE
) -> Request:
    """``GET /recordingReport/accessSummary`` of one site (2 D); 90 days at most."""
    host = (("hostEmail", host_email),) if host_email else ()
    params = (*_window(since, until), ("siteUrl", site), *host, ("max", str(max_rows)))
    return Request("GET", "/recordingReport/accessSummary", params=params)


def build_people(max_rows: int) -> Request:
    """``GET /people``: the directory."""
    return Request("GET", "/people", params=(("max", str(max_rows)),))


def _window(since: datetime, until: datetime) -> Params:
    return (("from", write_time(since)), ("to", write_time(until)))


def _build_download(api_url: str, resource: str, item_id: str, params: Params) -> str:
    path = f"/{resource}/{quote(item_id, safe='')}/download"
    return Request("GET", path, params=(("format", "vtt"), *params)).url(api_url)


def _with_status(params: Params, status: Status) -> Params:
    return params if status == "available" else (*params, ("status", status))


def _build_one(path: str, item_id: str, host_email: str = "") -> Request:
    params: Params = (("hostEmail", host_email),) if host_email else ()
    return Request("GET", f"{path}/{quote(item_id, safe='')}", params=params)


def _build_list(path: str, meeting_id: str, host_email: str = "") -> Request:
    host = (("hostEmail", host_email),) if host_email else ()
    params = (("meetingId", meeting_id), *host, ("max", str(PAGE_SIZE)))
    return Request("GET", path, params=params)
