"""Participants: one row a person, one device entry for each time of joining (5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from catchment.model import Window
from catchment.sandbox import Agent, Attendance, Customer, Meeting, Person
from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.ids import one_in
from catchment_webex.simulator.times import read_time, write_time
from catchment_webex_meetings.simulator.records import Instance
from catchment_webex_meetings.simulator.tenant import MeetingsTenant

LONGEST = timedelta(days=90)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def list_participants(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingParticipants``: of an instance; a series stands for its last one (5)."""
    one = _find(tenant, call)
    return tenant.page(call, _within(call, list(_rows(tenant, call, one))))


def query_participants(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /meetingParticipants/query``: those with the addresses of the body (5)."""
    emails = call.body.get("emails") or []
    wanted = {str(email).casefold() for email in emails}
    rows = list(_rows(tenant, call, _find(tenant, call)))
    found = [row for row in rows if not wanted or str(row["email"]).casefold() in wanted]
    return tenant.page(call, _within(call, found))


def get_participant(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingParticipants/{id}`` (5)."""
    reader = tenant.reader(call)
    for one in tenant.visible(call.now):
        if reader is None or reader is one.host:
            for row in _rows(tenant, call, one):
                if row["id"] == call.path["participant"]:
                    return Answer(200, row)
    raise not_found("the participant")


def _find(tenant: MeetingsTenant, call: Call) -> Instance:
    meeting_id = call.query.get("meetingId") or str(call.body.get("meetingId") or "")
    if not meeting_id:
        raise malformed("'meetingId' is required.")
    found = tenant.find_instances(meeting_id, call.now)
    if meeting_id not in tenant.by_id:
        window = _read_span(call, ("meetingStartTimeFrom", "meetingStartTimeTo"), MONTH)
        found = [one for one in found if window.start <= one.meeting.started_at < window.end]
    if not found:
        raise not_found("the meeting")
    tenant.check_host(call, tenant.reader(call), found[-1].host.uuid)
    return found[-1]


def _within(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those who joined between two moments; one alone is seven days from the other (5)."""
    names = ("joinTimeFrom", "joinTimeTo")
    if not any(_told(call, name) for name in names):
        return rows
    window = _read_span(call, names, WEEK)
    if window.end - window.start > LONGEST:
        raise malformed("The interval between joinTimeFrom and joinTimeTo is within 90 days.")
    return [r for r in rows if window.start <= read_time(r["joinedTime"]) < window.end]


def _read_span(call: Call, names: tuple[str, str], usual: timedelta) -> Window:
    """From the first of *names* to the second; what is missing is *usual* away, or now."""
    start, end = (read_time(text, name) if (text := _told(call, name)) else None for name in names)
    if end is None:
        end = call.now if start is None else start + usual
    start = end - usual if start is None else start
    if start > end:
        raise malformed(f"'{names[0]}' cannot be after '{names[1]}'.")
    return Window(start, end)


def _told(call: Call, name: str) -> str:
    return call.query.get(name) or str(call.body.get(name) or "")


def _rows(tenant: MeetingsTenant, call: Call, one: Instance) -> Iterator[dict[str, Any]]:
    meeting, zone = one.meeting, call.zone
    stays: dict[str, list[Attendance]] = {}
    for stay in meeting.attendances:
        stays.setdefault(stay.person.email, []).append(stay)
    first = meeting.attendances[0].person
    for number, own in enumerate(stays.values()):
        person = own[0].person
        is_host = person is meeting.host
        name, email = _describe(tenant, person)
        series = tenant.switches.participant_id == "series"
        row = {
            "id": tenant.names.participant(meeting, person, of_series=series),
            "host": is_host,
            # whoever started the recording of an absent host has his rights
            "coHost": is_host or (not meeting.host_attended and person is first),
            "spaceModerator": False,
            "email": email,
            "displayName": name,
            "invitee": isinstance(person, Agent),
            "muted": number % 3 == 2,
            "video": "on" if number % 2 else "off",
            "state": "end",
            "meetingStartTime": write_time(meeting.started_at, zone),
            "joinedTime": write_time(own[0].joined_at, zone),
            "leftTime": write_time(own[-1].left_at, zone),
            "siteUrl": one.site,
            "meetingId": one.instance_id,
            "hostEmail": one.host.email,  # on every row, also if the host stayed away
            "devices": [_device(tenant, call, stay) for stay in own],
            **_breakouts(tenant, meeting, person, zone),
        }
        yield _forget(tenant, row) if number == len(stays) - 1 else row


def _forget(tenant: MeetingsTenant, row: dict[str, Any]) -> dict[str, Any]:
    """The row without the time of leaving, which is then absent, or 1970 (5)."""
    if tenant.switches.unknown_time == "none":
        return row
    del row["leftTime"]
    if tenant.switches.unknown_time == "1970":
        row["leftTime"] = write_time(_EPOCH, milliseconds=True)
    return row


def _describe(tenant: MeetingsTenant, person: Person) -> tuple[str, str]:
    """Name and address; what guests have is not documented (5)."""
    mode = tenant.switches.guest_emails
    if not isinstance(person, Customer) or mode == "told":
        return person.name, person.email
    if mode == "empty":
        return person.name, ""
    return person.name, f"{tenant.ids.hex('guest', person.customer_id)}@guest.webex.localhost"


def _device(tenant: MeetingsTenant, call: Call, stay: Attendance) -> dict[str, Any]:
    phone = isinstance(stay.person, Customer) and one_in(
        3, tenant.ids.chance("phone", stay.attendance_id)
    )
    told: dict[str, Any] = {
        "correlationId": tenant.ids.uuid("device", stay.attendance_id),
        "deviceType": "phone" if phone else "webex_meeting_center_win",
        "audioType": "pstn" if phone else "voip",
        "joinedTime": write_time(stay.joined_at, call.zone, milliseconds=True),
        "leftTime": write_time(stay.left_at, call.zone, milliseconds=True),
        "durationSecond": int((stay.left_at - stay.joined_at).total_seconds()),
    }
    if phone:
        told["callType"] = "callIn"
        if "compliance" in call.levels:
            told["phoneNumber"] = stay.person.tel
    return told


def _breakouts(
    tenant: MeetingsTenant, meeting: Meeting, person: Person, zone: str
) -> dict[str, Any]:
    rooms = [
        {
            "id": tenant.ids.uuid("breakout", room.meeting_id),
            "name": room.topic,
            "joinedTime": write_time(stay.joined_at, zone),
            "leftTime": write_time(stay.left_at, zone),
        }
        for room in meeting.breakouts
        for stay in room.attendances
        if stay.person is person
    ]
    return {"breakoutSessionsAttended": rooms} if rooms else {}
