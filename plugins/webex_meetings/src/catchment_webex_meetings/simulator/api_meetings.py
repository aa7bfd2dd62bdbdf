"""Meetings: series, what was planned, and what took place (3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from catchment.model import Window
from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.ids import rest_id
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.records import Instance
from catchment_webex_meetings.simulator.tenant import MeetingsTenant
from catchment_webex_meetings.simulator.windows import read_choice, read_flag, read_window

TYPES = ("meetingSeries", "scheduledMeeting", "meeting")
STATES = (
    "active",
    "scheduled",
    "ready",
    "lobby",
    "inProgress",
    "ended",
    "missed",
    "expired",
)
FLAGS = (
    "hasRecording",
    "hasChat",
    "hasTranscription",
    "hasSummary",
    "hasClosedCaption",
    "hasPolls",
    "hasQA",
    "hasSlido",
)
MOST = 10_000
"""So many instances does one query tell, also over pages (2)."""

KEPT = timedelta(days=180)
"""Series and what was planned go so long after the planned end (1)."""

_HIDDEN = ("agenda", "webLink", "sipAddress", "dialInIpAddress", "password")
"""What ``/admin/meetings`` does not tell (3.3)."""


def list_meetings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetings`` (3.1): series unless ``meetingType`` says otherwise."""
    query = call.query
    named = [name for name in ("meetingNumber", "webLink", "roomId") if query.get(name)]
    if len(named) > 1:
        raise malformed("'meetingNumber', 'webLink' and 'roomId' are mutually exclusive.")
    if query.get("roomId"):
        return tenant.page(call, [])
    seen = _seen(tenant, call)
    if named:
        found = _by_number(seen, query)
        return tenant.page(call, _tell_series(tenant, call, found))
    sort = read_choice(query, "meetingType", TYPES) or "meetingSeries"
    state = read_choice(query, "state", STATES)
    flags = {name: flag for name in FLAGS if (flag := read_flag(query, name)) is not None}
    if flags and (sort, state) != ("meeting", "ended"):
        raise malformed(f"'{next(iter(flags))}' needs meetingType=meeting and state=ended.")
    if query.get("meetingSeriesId"):
        wanted = query["meetingSeriesId"]
        seen = [one for one in seen if wanted in (one.series_id, one.scheduled_id)]
    elif query.get("siteUrl"):
        seen = [one for one in seen if one.site == query["siteUrl"]]
    if sort == "meetingSeries":
        return tenant.page(call, _tell_series(tenant, call, seen))
    window = read_window(query, call.now)
    if sort == "scheduledMeeting":
        return tenant.page(call, _tell_scheduled(tenant, call, seen, window, state))
    found = [
        one
        for one in _ordered(tenant, seen)
        if state in ("", "ended") and one.visible_at <= call.now and _inside(tenant, one, window)
    ]
    wanted = "" if query.get("meetingSeriesId") else query.get("scheduledType", "")
    found = [one for one in found if wanted in ("", _scheduled_type(one))]
    if flags:
        found = [one for one in found if _flags(one).items() >= flags.items()]
    return tenant.page_of(call, found[:MOST], lambda one: tell_instance(tenant, one, call.zone))


def get_meeting(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetings/{id}``: any of the three kinds; an administrator also without host (3.3)."""
    instances = _find(tenant, call)
    reader = tenant.acting(call) or (None if "admin" in call.levels else call.user)
    if reader is not None and not any(tenant.reads(reader, one) for one in instances):
        raise not_found("the meeting")
    return Answer(200, _tell_as_asked(tenant, call, instances))


def get_admin_meeting(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /admin/meetings/{id}``: anybody's, with less in it (3.3)."""
    told = _tell_as_asked(tenant, call, _find(tenant, call))
    return Answer(200, {name: value for name, value in told.items() if name not in _HIDDEN})


def list_admin_meetings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /admin/meetings``: by number or link; it cannot list by date (3.3)."""
    if not (call.query.get("meetingNumber") or call.query.get("webLink")):
        raise malformed("'meetingNumber' or 'webLink' is required.")
    found = _by_number(tenant.instances, call.query)
    rows = _tell_series(tenant, call, found)
    return tenant.page(call, [{k: v for k, v in r.items() if k not in _HIDDEN} for r in rows])


def get_personal_room(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingPreferences/personalMeetingRoom``: its number tells its meetings (1)."""
    user = tenant.acting(call, "userEmail") or call.user
    if user.agent is None:
        raise not_found("the personal room")
    number = tenant.names.room_number(user.agent)
    return Answer(
        200,
        {
            "topic": f"{user.name}'s Personal Room",
            "siteUrl": user.sites[0],
            "personalMeetingRoomLink": f"https://{user.sites[0]}/meet/{user.uuid[:8]}",
            "telephony": {"accessCode": number, "callInNumbers": []},
            "sipAddress": f"{number}@{user.sites[0]}",
        },
    )


def tell_instance(tenant: MeetingsTenant, one: Instance, zone: str = "") -> dict[str, Any]:
    """An ended instance (3.2): no number, and a personal room is a plain meeting (1)."""
    meeting, host = one.meeting, one.host
    told: dict[str, Any] = {
        "id": one.instance_id,
        "meetingSeriesId": one.series_id,
        **({"scheduledMeetingId": one.scheduled_id} if one.scheduled_id else {}),
        "title": meeting.topic,
        "agenda": "",
        "meetingType": "meeting",
        "state": "ended",
        "timezone": zone or "UTC",
        "start": write_time(meeting.started_at, zone),
        "end": write_time(meeting.ended_at, zone),
        "hostUserId": rest_id("PEOPLE", host.uuid),
        "hostDisplayName": host.name,
        "hostEmail": host.email,
        "siteUrl": one.site,
        "webLink": _web_link(one.site, one.instance_id),
        "scheduledType": _scheduled_type(one),
        "integrationTags": [],
    }
    return told | _flags(one)


def _scheduled_type(one: Instance) -> str:
    return "webinar" if one.meeting.kind == "webinar" else "meeting"


def _flags(one: Instance) -> dict[str, bool]:
    texts = [r for r in one.recordings if r.transcript is not None]
    return dict.fromkeys((*FLAGS, "hasRegistration", "hasPostEventSurvey"), False) | {
        "hasRecording": one.claims_recording,  # also after the last one was deleted (2)
        "hasChat": bool(one.meeting.chat),
        "hasTranscription": one.transcript is not None or bool(texts),
        "hasClosedCaption": one.captions is not None,
    }


def _seen(tenant: MeetingsTenant, call: Call) -> list[Instance]:
    """Whose meetings: the organisation's, a host's or invitee's, or one's own (2)."""
    acting = tenant.acting(call)
    if acting is None and "admin" in call.levels:
        return tenant.instances
    reader = acting or call.user
    return [one for one in tenant.instances if tenant.reads(reader, one)]


def _find(tenant: MeetingsTenant, call: Call) -> list[Instance]:
    """The instances behind the id of the path; an instance alone is not there at once."""
    name = call.path["meeting"]
    known = [one for one in tenant.instances if name in (one.series_id, one.scheduled_id)]
    found = known or tenant.find_instances(name, call.now)
    if not found:
        raise not_found("the meeting")
    return found


def _tell_as_asked(tenant: MeetingsTenant, call: Call, instances: list[Instance]) -> dict[str, Any]:
    name, first = call.path["meeting"], instances[0]
    if name == first.series_id:
        return _tell_series(tenant, call, instances)[0]
    if name == first.scheduled_id:
        return _tell_planned(first, call.zone, call.now)
    return tell_instance(tenant, first, call.zone)


def _by_number(seen: list[Instance], query: Mapping[str, str]) -> list[Instance]:
    number, link = query.get("meetingNumber", ""), query.get("webLink", "")
    return [
        one
        for one in seen
        if (number and number == one.number)
        or (link and link == _web_link(one.site, one.series_id))
    ]


def _tell_series(
    tenant: MeetingsTenant, call: Call, instances: list[Instance]
) -> list[dict[str, Any]]:
    """One object for each series; a meeting that does not recur is a series of one (1)."""
    firsts: dict[str, Instance] = {}
    for one in instances:
        firsts.setdefault(one.series_id, one)
    rows = []
    for one in firsts.values():
        lasting = one.meeting.kind == "personal_room" or bool(one.meeting.series_id)
        over = call.now >= one.meeting.ended_at and not lasting
        if one.meeting.ended_at + KEPT <= call.now:
            continue
        rows.append(
            _tell_planned(one, call.zone, call.now)
            | {
                "id": one.series_id,
                "meetingType": "meetingSeries",
                "state": "expired" if over else "active",
                "webLink": _web_link(one.site, one.series_id),
            }
        )
    return rows


def _tell_scheduled(
    tenant: MeetingsTenant, call: Call, seen: list[Instance], window: Window, state: str
) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    wanted = call.query.get("scheduledType", "")
    for one in seen:
        at = one.meeting.scheduled_at
        if one.scheduled_id and at is not None and window.start <= at < window.end:
            rows.setdefault(one.scheduled_id, _tell_planned(one, call.zone, call.now))
    return [
        row
        for row in rows.values()
        if state in ("", row["state"]) and wanted in ("", row["scheduledType"])
    ]


def _tell_planned(one: Instance, zone: str, now: datetime) -> dict[str, Any]:
    """What was planned: it has a number, which the instance has not (1)."""
    meeting = one.meeting
    start = meeting.scheduled_at or meeting.started_at
    end = start + timedelta(minutes=meeting.scheduled_minutes or 60)
    kinds = {"webinar": "webinar", "personal_room": "personalRoomMeeting"}
    return {
        "id": one.scheduled_id or one.series_id,
        "meetingSeriesId": one.series_id,
        "meetingNumber": one.number,
        "title": meeting.topic,
        "agenda": "",
        "password": f"Pw{one.number[:5]}",
        "meetingType": "scheduledMeeting",
        "state": "ended" if now >= meeting.ended_at else "scheduled",
        "timezone": zone or "UTC",
        "start": write_time(start, zone),
        "end": write_time(end, zone),
        "hostUserId": rest_id("PEOPLE", one.host.uuid),
        "hostDisplayName": one.host.name,
        "hostEmail": one.host.email,
        "siteUrl": one.site,
        "webLink": _web_link(one.site, one.scheduled_id or one.series_id),
        "sipAddress": f"{one.number}@{one.site}",
        "dialInIpAddress": "192.0.2.7",
        "scheduledType": kinds.get(meeting.kind, "meeting"),
        "integrationTags": [],
    }


def _inside(tenant: MeetingsTenant, one: Instance, window: Window) -> bool:
    """What the window is compared with, nobody says (3.1)."""
    start, end = one.meeting.started_at, one.meeting.ended_at
    by = tenant.switches.meetings_by
    if by == "overlap":
        return start < window.end and window.start <= end
    return window.start <= (start if by == "start" else end) < window.end


def _ordered(tenant: MeetingsTenant, instances: list[Instance]) -> list[Instance]:
    order = tenant.switches.meetings_order
    if order == "shuffled":
        return sorted(instances, key=lambda one: tenant.ids.chance("order", one.instance_id))
    return instances[::-1] if order == "newest_first" else instances


def _web_link(site: str, meeting_id: str) -> str:
    return f"https://{site}/{site.partition('.')[0]}/j.php?MTID={meeting_id}"
