"""The hosts as ASGI applications: ``api``, ``media``, and the sites' pages (``site``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal
from urllib.parse import parse_qs

from starlette.types import Scope

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer
from catchment_webex.simulator import Call, api_people, registrations
from catchment_webex.simulator.answers import Answer
from catchment_webex.simulator.api import ApiHost, Handler
from catchment_webex.simulator.operations import Routes
from catchment_webex.simulator.registrations import Registrations
from catchment_webex.simulator.trouble import spoil_api
from catchment_webex_meetings.simulator import (
    api_meetings,
    api_participants,
    api_recordings,
    api_removal,
    api_reports,
    api_texts,
)
from catchment_webex_meetings.simulator.media import (
    EXPIRED,
    Media,
    answer_site,
    build_app,
    read_ticket,
)
from catchment_webex_meetings.simulator.operations import OPERATIONS
from catchment_webex_meetings.simulator.tenant import MeetingsTenant

Tell = Callable[[MeetingsTenant, Call], Answer]

HANDLERS: dict[str, Tell] = {
    "meetings": api_meetings.list_meetings,
    "meeting": api_meetings.get_meeting,
    "admin_meetings": api_meetings.list_admin_meetings,
    "admin_meeting": api_meetings.get_admin_meeting,
    "personal_room": api_meetings.get_personal_room,
    "recordings": api_recordings.list_recordings,
    "query_recordings": api_recordings.query_recordings,
    "admin_recordings": api_recordings.list_admin_recordings,
    "query_admin_recordings": api_recordings.query_admin_recordings,
    "group_recordings": api_recordings.list_group_recordings,
    "recording": api_recordings.get_recording,
    "group_recording": api_recordings.get_group_recording,
    "delete_recording": api_removal.delete_recording,
    "delete_admin_recording": api_removal.delete_admin_recording,
    "trash_recordings": api_removal.trash_recordings,
    "restore_recordings": api_removal.restore_recordings,
    "purge_recordings": api_removal.purge_recordings,
    "participants": api_participants.list_participants,
    "query_participants": api_participants.query_participants,
    "participant": api_participants.get_participant,
    "transcripts": api_texts.list_transcripts,
    "admin_transcripts": api_texts.list_admin_transcripts,
    "transcript": api_texts.download_transcript,
    "snippets": api_texts.list_snippets,
    "chats": api_texts.list_chats,
    "captions": api_texts.list_captions,
    "caption": api_texts.download_captions,
    "polls": api_texts.list_nothing,
    "poll_results": api_texts.list_nothing,
    "questions": api_texts.list_nothing,
    "summaries": api_texts.list_nothing,
    "usage": api_reports.list_usage,
    "attendees": api_reports.list_attendees,
    "access_summary": api_reports.list_access_summary,
    "events": api_reports.list_events,
}
"""What answers each operation."""


def build_hosts(tenant: MeetingsTenant, hooks: Registrations) -> Mapping[str, ASGIApp]:
    """The three hosts, each behind the fault layer."""
    handlers: dict[str, Handler] = {
        **{name: partial(tell, tenant) for name, tell in HANDLERS.items()},
        **api_people.build_people(tenant),
        **hooks.handlers(),
    }
    operations = (*OPERATIONS, *api_people.OPERATIONS, *registrations.OPERATIONS)
    api = ApiHost(tenant, Routes(operations), handlers)
    return {
        "api": spoil_api(api),
        "media": _spoil_media(tenant, build_app(Media(tenant).answer)),
        "site": build_app(answer_site),
    }


def _spoil_media(tenant: MeetingsTenant, app: ASGIApp) -> ASGIApp:
    def classify(scope: Scope) -> tuple[Literal["download"], str] | None:
        """A file is the same whatever its link says today."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        ticket = read_ticket(tenant, scope["path"], query.get("ticket", [""])[0])
        return None if ticket is None else ("download", f"{ticket.sort} {ticket.recording_id}")

    def expired(scope: Scope) -> Spoilt:
        mode = tenant.switches.expired_link
        return Spoilt(200 if mode == "html" else int(mode), EXPIRED, {"content-type": "text/html"})

    def throttled(scope: Scope) -> Spoilt:
        """The media host throttles as well (7, common)."""
        return Spoilt(429, b"", {"retry-after": "3"})

    def unknown(scope: Scope) -> Spoilt:
        """There is no token to refuse here: what is left is the page."""
        return Spoilt(200, EXPIRED, {"content-type": "text/html"})

    words: dict[str, Callable[[Scope], Spoilt]] = {
        "expired_link": expired,
        "throttle": throttled,
        "expired_token": unknown,
        "unauthorized_once": unknown,
    }
    return FaultLayer(app, tenant.faults, classify, words)
