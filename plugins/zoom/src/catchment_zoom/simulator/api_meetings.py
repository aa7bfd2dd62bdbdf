"""Ended meetings, their participants, reports, and users (section 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from catchment.sandbox import Agent, Attendance, Meeting
from catchment_zoom.simulator.answers import Answer, invalid_field, no_meeting, reject
from catchment_zoom.simulator.ids import zulu
from catchment_zoom.simulator.people import email_of
from catchment_zoom.simulator.site import Call, Site, tell_type
from catchment_zoom.simulator.windows import read_month

_ENDED = {5: 2, 9: 8}  # only 0, 1, 2, 3, 4, 7 and 8 are listed (7.1)
_YEAR = timedelta(days=365)
_FIFTEEN_MONTHS = timedelta(days=456)


def get_past_meeting(site: Site, call: Call) -> Answer:
    """``GET /past_meetings/{id|uuid}``; also 3001 while the meeting still runs (7.1)."""
    if site.switches.plan == "free":
        raise reject(400, 200, "Only available for paid account: this account.")
    uuid, meeting = _find(site, call, _YEAR)
    body = _summary(site, uuid, meeting) | {
        "host_id": site.ids.short("user", getattr(meeting.host, "agent_id", "")),
        "source": "Zoom",
        "has_meeting_summary": False,
    }
    return Answer(200, body)


def list_instances(site: Site, call: Call) -> Answer:
    """``GET /past_meetings/{id}/instances``: ended ones, 15 months back (7.2)."""
    given = [name for name in ("from", "to") if call.query.get(name)]
    if len(given) == 1:
        raise invalid_field(given[0])  # both or none
    asked = read_month(call.query, call.now, site.switches) if given else None
    told = [
        {"uuid": uuid, "start_time": zulu(meeting.started_at)}
        for uuid, meeting in site.instances(call.path["meeting"])
        if meeting.ended_at <= call.now < meeting.ended_at + _FIFTEEN_MONTHS
        and (asked is None or asked.holds(meeting.started_at))
    ]
    return Answer(200, {"meetings": told})


def list_participants(site: Site, call: Call) -> Answer:
    """``GET /past_meetings/{id}/participants``: a rejoin is a row of its own (7.3)."""
    _uuid, meeting = _find(site, call, _YEAR)
    alone = len({stay.person for stay in meeting.attendances}) < 2
    shown = [] if alone and site.switches.one_person == "empty" else meeting.attendances
    page = site.cut(call, lambda: shown)
    quiet = timedelta(minutes=site.switches.durations_after_minutes)
    known = call.now >= meeting.ended_at + quiet
    told = [_tell_stay(site, meeting, stay, known) for stay in page.rows]
    return Answer(200, _envelope(site, page) | {"participants": told})


def report_participants(site: Site, call: Call) -> Answer:
    """``GET /report/meetings/{id}/participants``: meetings of two or more only (7.4)."""
    _need_reports(site)
    _uuid, meeting = _find(site, call, _YEAR)
    if len({stay.person for stay in meeting.attendances}) < 2:
        raise reject(404, 3001, f"Meeting {call.path['meeting']} is not found or has expired.")
    rooms = {
        stay.person: site.ids.uuid(room) for room in meeting.breakouts for stay in room.attendances
    }
    page = site.cut(call, lambda: meeting.attendances)
    told = []
    for stay in page.rows:
        row = _tell_stay(site, meeting, stay, known=True)
        if "registrant_id" not in call.query.get("include_fields", "").split(","):
            del row["registrant_id"]
        del row["internal_user"]
        row["participant_user_id"] = row["id"]
        row["customer_key"] = ""
        row["bo_mtg_id"] = rooms.get(stay.person, "")
        told.append(row)
    return Answer(200, _envelope(site, page) | {"participants": told})


def report_meeting(site: Site, call: Call) -> Answer:
    """``GET /report/meetings/{id}``: the only home of tracking fields afterwards (7.5)."""
    _need_reports(site)
    uuid, meeting = _find(site, call, _YEAR)
    desk = meeting.host.team.name if isinstance(meeting.host, Agent) else ""
    body = _summary(site, uuid, meeting) | {
        "tracking_fields": [{"field": "Desk", "value": desk}],
        "custom_keys": [],
    }
    return Answer(200, body)


def get_user(site: Site, call: Call) -> Answer:
    """``GET /users/{id|email|me}`` (7.6)."""
    return Answer(200, site.people.find(call.path["user"]).fields)


def list_users(site: Site, call: Call) -> Answer:
    """``GET /users``: active ones unless told otherwise; pages of up to 2000 (7.6, 1.3)."""
    status = call.query.get("status", "active")
    if status not in ("active", "inactive", "pending"):
        raise invalid_field("status")
    found = [user.fields for user in site.people.users if user.status == status]
    page = site.cut(call, lambda: found, most=2000)
    return Answer(200, _envelope(site, page) | {"users": list(page.rows)})


def _find(site: Site, call: Call, horizon: timedelta) -> tuple[str, Meeting]:
    name = call.path["meeting"]
    uuid = site.latest(name, call.now)
    meeting = site.meetings.get(uuid)
    if meeting is None or call.now < meeting.ended_at:
        raise no_meeting(name)
    if meeting.external:
        raise reject(400, 300, "Cannot access meeting information.")
    if call.now >= meeting.ended_at + horizon:
        raise reject(400, 12702, "Can not access a meeting a year ago.")
    return uuid, meeting


def _need_reports(site: Site) -> None:
    if site.switches.plan == "free":
        raise reject(400, 200, "No permission.")


def _summary(site: Site, uuid: str, meeting: Meeting) -> dict[str, Any]:
    stays = meeting.attendances
    minutes = [_minutes(stay.left_at - stay.joined_at) for stay in stays]
    host, number = meeting.host, tell_type(site, meeting)
    return {
        "id": site.ids.number(meeting),
        "uuid": uuid,
        "topic": meeting.topic,
        "type": _ENDED.get(number, number),
        "user_name": host.name,
        "user_email": host.email,
        "dept": host.team.name if isinstance(host, Agent) else "",
        "start_time": zulu(meeting.started_at),
        "end_time": zulu(meeting.ended_at),
        "duration": _minutes(meeting.ended_at - meeting.started_at),
        "total_minutes": sum(minutes),
        "participants_count": len({stay.person for stay in stays}),
    }


def _tell_stay(site: Site, meeting: Meeting, stay: Attendance, known: bool) -> dict[str, Any]:
    person, inside = stay.person, isinstance(stay.person, Agent)
    number = 16_778_240 + meeting.attendances.index(stay) * 1024
    return {
        "id": site.ids.short("user", person.agent_id) if isinstance(person, Agent) else "",
        "name": person.name,
        "user_id": str(number),  # of the meeting, new for each stay
        "registrant_id": "",
        "user_email": email_of(person, site.ids, site.switches),
        "join_time": zulu(stay.joined_at),
        "leave_time": zulu(stay.left_at),
        "duration": int((stay.left_at - stay.joined_at).total_seconds()) if known else 0,
        "failover": False,
        "status": "in_meeting",
        "internal_user": inside,
    }


def _minutes(span: timedelta) -> int:
    return -int(-span.total_seconds() // 60)


def _envelope(site: Site, page: Any) -> dict[str, Any]:
    return {
        "page_count": -(-page.total // page.page_size),
        "page_size": page.page_size,
        "total_records": page.total,
        **site.tell_token(page),
    }


MEETINGS: dict[str, Callable[[Site, Call], Answer]] = {
    "past_meeting": get_past_meeting,
    "instances": list_instances,
    "participants": list_participants,
    "report_participants": report_participants,
    "report_meeting": report_meeting,
    "user": get_user,
    "users": list_users,
}
"""Handlers by operation."""
