"""Reports for cross-checks, and the stream of events (2, 8; 10 of the common sheet)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from catchment.sandbox import Attendance
from catchment_webex.simulator import Call
from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.ids import rest_id
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.api_recordings import SERVICES
from catchment_webex_meetings.simulator.records import Instance
from catchment_webex_meetings.simulator.tenant import MeetingsTenant
from catchment_webex_meetings.simulator.windows import read_choice, read_window

MONTH, QUARTER, YEAR = timedelta(days=30), timedelta(days=90), timedelta(days=365)


def list_usage(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingReports/usage``: the meetings of a site, with their numbers (8)."""
    site = _site(tenant, call)
    service = read_choice(call.query, "serviceType", SERVICES) or "MeetingCenter"
    window = read_window(
        call.query, call.now, longest=MONTH, oldest=QUARTER, strict=_strict(tenant)
    )
    rows = [
        _tell_usage(tenant, call, one)
        for one in reversed(tenant.visible(call.now))
        if one.site == site
        and window.start <= one.meeting.started_at < window.end
        and service == _service(tenant, one)
    ]
    return tenant.page(call, rows, most=1000)


def list_attendees(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingReports/attendees``: who was in a meeting (8)."""
    query, site = call.query, _site(tenant, call)
    names = ("meetingId", "meetingNumber", "meetingTitle")
    if sum(bool(query.get(name)) for name in names) != 1:
        raise malformed("One of 'meetingId', 'meetingNumber', 'meetingTitle' is required.")
    read_window(query, call.now, longest=MONTH, oldest=QUARTER, strict=_strict(tenant))
    rows: list[dict[str, Any]] = []
    for one in tenant.visible(call.now):
        told = (one.instance_id, one.number, one.meeting.topic)
        wanted = any(query.get(n) == v for n, v in zip(names, told, strict=True))
        mine = "admin" in call.levels or one.host is call.user
        if wanted and mine and one.site == site:
            rows += [_tell_attendee(call, one, stay) for stay in one.meeting.attendances]
    return tenant.page(call, rows, most=1000)


def list_access_summary(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /recordingReport/accessSummary``: the recordings of a site, and their use (2)."""
    query = call.query
    window = read_window(query, call.now, longest=QUARTER, oldest=YEAR, strict=_strict(tenant))
    site = query.get("siteUrl") or call.user.sites[0]
    host = _report_host(tenant, call)
    rows = [
        {
            "recordingId": recording.recording_id,
            "topic": recording.topic,
            "timeRecorded": write_time(recording.recorded_at, call.zone),
            "siteUrl": recording.site,
            "viewCount": 0,
            "downloadCount": 0,
            "hostEmail": recording.host.email,
        }
        for recording in tenant.recordings
        if recording.site == site
        and (host is None or recording.host is host)
        and recording.listed_at <= call.now
        and window.start <= recording.recorded_at < window.end
        and tenant.status(recording, call.now) == "available"
    ]
    return tenant.page(call, rows)


def list_events(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /events``: ended meetings, for compliance officers (10, common)."""
    query = call.query
    if query.get("to"):
        window = read_window(query, call.now)
        if window.end > call.now:
            raise malformed("'to' must not be in the future.")
    window = read_window(query, call.now)
    rows = []
    if query.get("resource", "meetings") == "meetings" and query.get("type", "ended") == "ended":
        for one in reversed(tenant.instances):
            at = one.meeting.ended_at
            if window.start <= at < window.end and at <= call.now:
                rows.append(_tell_event(tenant, one))
    return tenant.page(call, rows, usual=100, most=1000)


def _report_host(tenant: MeetingsTenant, call: Call) -> User | None:
    """``hostEmail=all`` is everybody, for an administrator or compliance officer (2)."""
    if "compliance" in call.levels:
        return None
    if "admin" not in call.levels:
        return call.user
    name = call.query.get("hostEmail", "")
    if name == "all":
        return None
    host = tenant.account.find(name) if name else call.user
    if host is None:
        raise not_found("the user")
    return host


def _site(tenant: MeetingsTenant, call: Call) -> str:
    site = call.query.get("siteUrl", "")
    if not site:
        raise malformed("'siteUrl' is required.")
    tenant.check_site(site)
    return site


def _strict(tenant: MeetingsTenant) -> bool:
    return tenant.switches.window_limit == "strict"


def _service(tenant: MeetingsTenant, one: Instance) -> str:
    webinar = one.meeting.kind == "webinar"
    return tenant.switches.webinar_service if webinar else "MeetingCenter"


def _tell_usage(tenant: MeetingsTenant, call: Call, one: Instance) -> dict[str, Any]:
    meeting = one.meeting
    people = {stay.person.email for stay in meeting.attendances}
    stayed = [(s.left_at - s.joined_at).total_seconds() for s in meeting.attendances]
    return {
        "meetingId": one.instance_id,
        "meetingNumber": one.number,
        "meetingTitle": meeting.topic,
        "start": write_time(meeting.started_at, call.zone),
        "end": write_time(meeting.ended_at, call.zone),
        "duration": max(1, round((meeting.ended_at - meeting.started_at).total_seconds() / 60)),
        "scheduledType": "webinar" if meeting.kind == "webinar" else "meeting",
        "hostDisplayName": one.host.name,
        "hostEmail": one.host.email,
        "totalPeopleMinutes": max(1, round(sum(stayed) / 60)),
        "totalParticipants": len(people),
        "peakAttendee": len(people),
        "totalInvitee": len(people),
        "totalRegistered": 0,
        "totalVoipMinutes": 0,
        "totalCallInMinutes": 0,
        "totalCallOutMinutes": 0,
        "serviceType": _service(tenant, one),
        "trackingCodes": [],
    }


def _tell_attendee(call: Call, one: Instance, stay: Attendance) -> dict[str, Any]:
    return {
        "meetingId": one.instance_id,
        "meetingNumber": one.number,
        "meetingTitle": one.meeting.topic,
        "displayName": stay.person.name,
        "email": stay.person.email,
        "joinedTime": write_time(stay.joined_at, call.zone),
        "leftTime": write_time(stay.left_at, call.zone),
        "duration": max(1, round((stay.left_at - stay.joined_at).total_seconds() / 60)),
        "participantType": "host" if stay.person is one.meeting.host else "attendee",
        "registered": False,
        "invited": True,
    }


def _tell_event(tenant: MeetingsTenant, one: Instance) -> dict[str, Any]:
    actor = rest_id("PEOPLE", one.host.uuid)
    return {
        "id": rest_id("EVENT", tenant.ids.uuid("event", one.instance_id)),
        "resource": "meetings",
        "type": "ended",
        "actorId": actor,
        "orgId": tenant.account.org_id,
        "created": write_time(one.meeting.ended_at, milliseconds=True),
        "data": {
            "meetingId": one.instance_id,
            "host": actor,
            "attendees": [
                rest_id("PEOPLE", tenant.ids.person(stay.person))
                for stay in one.meeting.attendances
            ],
            "recordingEnabled": "yes" if one.claims_recording else "no",
            "transcriptionEnabled": "yes" if one.transcript is not None else "no",
        },
    }
