"""Meetings: series, what was planned, what took place (1, 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, MIDNIGHT, Cloud, Clouds

from catchment.sandbox import World
from catchment_webex.simulator.times import write_time

ENDED = {"meetingType": "meeting", "state": "ended"}


def told(webex: Cloud, **asked: Any) -> set[str]:
    """Ids of the instances that a query of the World's day tells."""
    return {row["id"] for row in webex.items("/meetings", **(ENDED | DAY | asked))}


def test_an_administrator_sees_what_everybody_hosted(webex: Cloud, world: World) -> None:
    """2 B: all instances of the organisation; other organisations' are not on our sites."""
    ours = [m for m in world.meetings if not m.external]
    assert len(told(webex)) == len(ours) < len(world.meetings)
    assert told(webex) == {one.instance_id for one in webex.tenant.instances}


def test_with_a_host_the_list_is_his_and_where_he_was_invited(webex: Cloud) -> None:
    """2 B: host *or invitee*; a user's own token sees the same."""
    user = webex.instance().host
    wanted = {o.instance_id for o in webex.tenant.instances if webex.tenant.reads(user, o)}
    hosted = {o.instance_id for o in webex.tenant.instances if o.host is user}
    assert told(webex, hostEmail=user.email) == wanted > hosted
    webex.act_as("user", user.email)
    assert told(webex) == wanted


@pytest.mark.parametrize(
    ("asked", "description"),
    [
        ({"meetingType": "party"}, "'meetingType'"),
        ({"state": "over"}, "'state'"),
        ({"hasRecording": "yes"}, "'hasRecording'"),
        ({"hasRecording": "true"}, "'hasRecording'"),
        ({"meetingType": "meeting", "hasChat": "true"}, "'hasChat'"),
        ({"meetingNumber": "1", "webLink": "x"}, "mutually exclusive"),
        (ENDED | {"from": "2026-10-13", "to": "2026-10-12"}, "'from'"),
        (ENDED | {"from": "yesterday"}, "'from'"),
        ({"max": "0"}, "'max'"),
    ],
    ids=["type", "state", "True", "flag-series", "flag-state", "number", "from", "time", "max"],
)
def test_what_cannot_be_is_malformed(webex: Cloud, asked: dict[str, str], description: str) -> None:
    """3.1: 400 in the envelope; ``has…`` only with ``meeting`` and ``ended``."""
    answer = webex.get("/meetings", **asked)
    assert answer.status_code == 400
    assert description in answer.json()["errors"][0]["description"]


@pytest.mark.parametrize(
    "flag", ["hasRecording", "hasChat", "hasTranscription", "hasClosedCaption"]
)
def test_flags_divide_the_meetings(webex: Cloud, flag: str) -> None:
    """3.1: unset tells all."""
    yes, no = told(webex, **{flag: "true"}), told(webex, **{flag: "false"})
    assert yes
    assert no
    assert yes | no == told(webex)
    assert not yes & no


def test_series_are_the_default_type(webex: Cloud) -> None:
    """3.1: ``meetingType=meeting`` must be said to get instances; a series has a number."""
    rows = webex.items("/meetings")
    assert {row["meetingType"] for row in rows} == {"meetingSeries"}
    assert {row["id"] for row in rows} == {one.series_id for one in webex.tenant.instances}
    assert all(row["meetingNumber"].isdigit() for row in rows)
    webex.clock.set(MIDNIGHT + timedelta(days=200))
    webex.act_as("administrator")
    assert webex.items("/meetings") == []  # gone 180 days after the end


def test_planned_meetings_have_their_own_type(webex: Cloud) -> None:
    """3.1: by the planned start; personal rooms are not planned here."""
    rows = webex.items("/meetings", meetingType="scheduledMeeting", **DAY)
    planned = {one.scheduled_id for one in webex.tenant.instances if one.scheduled_id}
    assert {row["id"] for row in rows} == planned
    assert all("meetingNumber" in row for row in rows)


def test_a_known_number_leads_to_the_instances(webex: Cloud) -> None:
    """3.1: the lookup chain: number, series, ended instances of the series."""
    one = webex.instance(lambda o: o.meeting.series_id)
    asked = {"meetingNumber": one.number, "hostEmail": one.host.email, "meetingType": "meeting"}
    (series,) = webex.items("/meetings", **asked)
    assert series["id"] == one.series_id
    found = told(webex, meetingSeriesId=series["meetingSeriesId"], siteUrl="ignored")
    assert one.instance_id in found
    assert all(name.startswith(one.series_id) for name in found)


def test_a_personal_room_looks_like_a_meeting(webex: Cloud) -> None:
    """1: ``scheduledType`` says meeting; nothing was planned; its series is the room's."""
    rooms = [o for o in webex.tenant.instances if o.meeting.kind == "personal_room"]
    for one in rooms:
        row = webex.get(f"/meetings/{one.instance_id}").json()
        assert row["scheduledType"] == "meeting"
        assert "scheduledMeetingId" not in row
        assert "meetingNumber" not in row
        asked = {"userEmail": one.host.email}
        room = webex.get("/meetingPreferences/personalMeetingRoom", **asked).json()
        assert room["telephony"]["accessCode"] == one.number
        assert row["title"] == room["topic"]
    series = {(o.host.email, o.series_id) for o in rooms}
    assert len(series) == len({o.host.email for o in rooms})


def test_webinars_say_so(webex: Cloud) -> None:
    """3.1: the filter for instances."""
    found = told(webex, scheduledType="webinar")
    assert found == {o.instance_id for o in webex.tenant.instances if o.meeting.kind == "webinar"}


@pytest.mark.parametrize("minutes", [15, 1])
def test_an_ended_meeting_is_visible_later(cloud: Clouds, minutes: int) -> None:
    """3.1, 13: after 15 minutes; the details are 404 until then."""
    webex = cloud(ended_minutes=minutes)
    one = webex.instance()
    seen = []
    for seconds in (-1, 0):
        at = one.meeting.ended_at + timedelta(minutes=minutes, seconds=seconds)
        webex.clock.set(at)
        webex.act_as("administrator")
        listed = one.instance_id in told(webex)
        statuses = {
            webex.get(path).status_code
            for path in (f"/meetings/{one.instance_id}", f"/admin/meetings/{one.instance_id}")
        }
        seen.append((listed, statuses))
    assert seen == [(False, {404}), (True, {200})]


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, True),
        ({"from": "2026-10-12"}, True),
        ({"to": "2026-10-13"}, True),
        ({"from": "2026-10-01"}, False),
        ({"to": "2026-10-25"}, False),
        ({"from": "2026-10-01", "to": "2026-12-30"}, True),
    ],
)
def test_without_a_window_it_is_seven_days(
    webex: Cloud, asked: dict[str, str], there: bool
) -> None:
    """3.1: none given: the last seven; one given: seven from it; no limit otherwise."""
    found = {row["id"] for row in webex.items("/meetings", **ENDED, **asked)}
    assert bool(found) is there


@pytest.mark.parametrize(
    ("position", "seconds", "there"),
    [
        ("start", 0, True),
        ("start", 1, False),
        ("end", 1, True),
        ("overlap", 1, True),
    ],
)
def test_what_the_window_is_compared_with(
    cloud: Clouds, position: str, seconds: int, there: bool
) -> None:
    """3.1, 14: start, end or overlap; ``from`` is inclusive."""
    webex = cloud(meetings_by=position)
    one = webex.instance()
    begin = one.meeting.started_at + timedelta(seconds=seconds)
    found = told(webex, **{"from": write_time(begin)})
    assert (one.instance_id in found) is there


def test_to_is_exclusive(webex: Cloud) -> None:
    """4.1 of the common sheet: half-open."""
    one = webex.instance()
    at = one.meeting.started_at
    assert one.instance_id not in told(webex, to=write_time(at))
    assert one.instance_id in told(webex, to=write_time(at + timedelta(seconds=1)))


@pytest.mark.parametrize("position", ["newest_first", "oldest_first", "shuffled"])
def test_the_order_is_not_promised(cloud: Clouds, position: str) -> None:
    """3.1: not documented."""
    rows = cloud(meetings_order=position).items("/meetings", **ENDED, **DAY)
    starts = [row["start"] for row in rows]
    orders = {"newest_first": sorted(starts, reverse=True), "oldest_first": sorted(starts)}
    assert (starts == orders.get(position, starts)) is True
    assert (starts in orders.values()) is (position in orders)


def test_sites_are_all_unless_one_is_named(webex: Cloud) -> None:
    """3.1: without ``siteUrl`` all sites of the user."""
    parts = [told(webex, siteUrl=site) for site in webex.tenant.account.sites]
    assert all(parts)
    assert set.union(*parts) == told(webex)


@pytest.mark.parametrize("path", ["/meetings", "/admin/meetings"])
def test_a_single_meeting_by_each_of_its_ids(webex: Cloud, path: str) -> None:
    """3.3: any of the three kinds, also without ``hostEmail``; the admin's hides some fields."""
    one = webex.instance(lambda o: o.scheduled_id)
    kinds = [
        webex.get(f"{path}/{name}").json()["meetingType"]
        for name in (one.series_id, one.scheduled_id, one.instance_id)
    ]
    assert kinds == ["meetingSeries", "scheduledMeeting", "meeting"]
    hidden = {"agenda", "webLink"} & set(webex.get(f"{path}/{one.instance_id}").json())
    assert bool(hidden) is (path == "/meetings")
    assert webex.get(f"{path}/{'0' * 32}").status_code == 404


def test_the_admin_list_wants_a_number_or_a_link(webex: Cloud) -> None:
    """3.3: it cannot list by date."""
    one = webex.instance()
    assert webex.get("/admin/meetings", **DAY).status_code == 400
    (row,) = webex.items("/admin/meetings", meetingNumber=one.number)
    assert row["id"] == one.series_id


def test_somebody_elses_meeting_is_not_found(webex: Cloud) -> None:
    """3.3: a user sees his own and those he was invited to."""
    one = webex.instance()
    users = [u for u in webex.tenant.account.users if u.agent and u.active]
    stranger = next(u for u in users if not webex.tenant.reads(u, one))
    webex.act_as("user", stranger.email)
    assert webex.get(f"/meetings/{one.instance_id}").status_code == 404
    assert webex.get(f"/admin/meetings/{one.instance_id}").status_code == 403


def test_a_compliance_officer_reads_single_meetings_alone(officer: Cloud) -> None:
    """3.5 of the common sheet: only ``/admin/meetings…``."""
    one = officer.instance()
    assert officer.get("/meetings", **ENDED).status_code == 403
    assert officer.get(f"/admin/meetings/{one.instance_id}").status_code == 200


def test_an_absent_host_is_still_the_host(webex: Cloud) -> None:
    """1, 5: no row with ``host: true``, ``hostEmail`` on every row, one other with his rights."""
    one = webex.instance(lambda o: not o.meeting.host_attended)
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, hostEmail=one.host.email)
    assert not any(row["host"] for row in rows)
    assert {row["hostEmail"] for row in rows} == {one.host.email}
    assert sum(row["coHost"] for row in rows) == 1


def test_a_meeting_may_announce_a_recording_that_never_comes(cloud: Clouds) -> None:
    """4.5: ``hasRecording`` with nothing behind it."""
    webex = cloud(lost_every=1)
    silent = [o for o in webex.tenant.instances if not o.recordings]
    assert silent
    assert told(webex, hasRecording="false") == set()
    for one in silent:
        assert webex.items("/admin/recordings", meetingId=one.instance_id) == []
