"""Ended meetings, participants, reports and users (sheet section 7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Agent


def test_an_ended_meeting_tells_its_summary(zoom: Cloud) -> None:
    """7.1: all fields; minutes are rounded up."""
    uuid, meeting = zoom.meeting(lambda m: not m.external and len(m.attendances) > 2)
    told = zoom.get(f"/past_meetings/{zoom.twice(uuid)}").json()
    assert set(told) == {
        "id", "uuid", "topic", "type", "host_id", "user_name", "user_email", "dept", "start_time",
        "end_time", "duration", "total_minutes", "participants_count", "source",
        "has_meeting_summary",
    }  # fmt: skip
    assert told["duration"] == -(-(meeting.ended_at - meeting.started_at).seconds // 60)
    assert told["participants_count"] == len({s.person for s in meeting.attendances})


def test_a_running_meeting_is_404_3001(zoom: Cloud) -> None:
    """7.1: also while it is still running, so not "gone"."""
    uuid, meeting = zoom.meeting(lambda m: not m.external)
    zoom.set(meeting.ended_at - timedelta(seconds=1))
    answer = zoom.get(f"/past_meetings/{zoom.twice(uuid)}")
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)
    zoom.set(meeting.ended_at)
    assert zoom.get(f"/past_meetings/{zoom.twice(uuid)}").status_code == 200


def test_a_meeting_of_others_cannot_be_accessed(zoom: Cloud) -> None:
    """7.1: 400/300."""
    uuid, _meeting = zoom.meeting(lambda m: m.external)
    answer = zoom.get(f"/past_meetings/{zoom.twice(uuid)}")
    assert answer.json() == {"code": 300, "message": "Cannot access meeting information."}


def test_a_year_later_nothing_is_told(zoom: Cloud) -> None:
    """7.1: 400/12702."""
    uuid, meeting = zoom.meeting(lambda m: not m.external)
    zoom.set(meeting.ended_at + timedelta(days=365))
    assert zoom.get(f"/past_meetings/{zoom.twice(uuid)}").json()["code"] == 12702


@pytest.mark.parametrize("path", ["/past_meetings/1", "/report/meetings/1"])
def test_a_free_plan_is_refused_with_200(cloud: Clouds, path: str) -> None:
    """7.1, 7.4: code 200 under HTTP 400."""
    answer = cloud(plan="free").get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, 200)


def test_instances_of_a_number_are_all_ended_ones(zoom: Cloud) -> None:
    """7.2: one number, many UUIDs; a UUID finds its siblings."""
    numbers = [zoom.site.ids.number(m) for m in zoom.simulator.world.meetings]
    number = next(n for n in numbers if numbers.count(n) > 1)
    told = zoom.get(f"/past_meetings/{number}/instances").json()["meetings"]
    assert len(told) == numbers.count(number)
    first = min(told, key=lambda m: m["start_time"])
    zoom.set(zoom.site.meetings[first["uuid"]].ended_at)
    assert zoom.get(f"/past_meetings/{number}/instances").json()["meetings"] == [first]


def test_instances_take_both_dates_or_none(zoom: Cloud) -> None:
    """7.2."""
    assert zoom.get("/past_meetings/1/instances", **{"from": "2026-10-12"}).json()["code"] == 300
    both = {"from": "2026-10-12", "to": "2026-10-13"}
    assert zoom.get("/past_meetings/1/instances", **both).json() == {"meetings": []}


def test_a_rejoin_is_a_row_with_a_new_user_id(zoom: Cloud) -> None:
    """7.3."""
    uuid, meeting = zoom.meeting(
        lambda m: len({s.person for s in m.attendances}) < len(m.attendances)
    )
    told = zoom.get(f"/past_meetings/{zoom.twice(uuid)}/participants").json()["participants"]
    assert len(told) == len(meeting.attendances)
    assert len({row["user_id"] for row in told}) == len(told)
    assert all(row["id"] == "" for row in told if not row["internal_user"])


def test_durations_are_0_for_a_while(cloud: Clouds) -> None:
    """7.3: try later."""
    zoom = cloud(durations_after_minutes=30)
    uuid, meeting = zoom.meeting(lambda m: not m.external and len(m.attendances) > 1)
    path = f"/past_meetings/{zoom.twice(uuid)}/participants"
    zoom.set(meeting.ended_at)
    assert {row["duration"] for row in zoom.get(path).json()["participants"]} == {0}
    zoom.set(meeting.ended_at + timedelta(minutes=30))
    assert all(row["duration"] > 0 for row in zoom.get(path).json()["participants"])


@pytest.mark.parametrize(("position", "count"), [("empty", 0), ("listed", 1)])
def test_a_meeting_of_one_may_tell_nobody(cloud: Clouds, position: str, count: int) -> None:
    """7.3: unless an account setting is on; and reports need two (7.4)."""
    zoom = cloud(one_person=position)
    uuid, meeting = zoom.meeting(lambda m: not m.external)
    alone = type(meeting)(
        **{name: getattr(meeting, name) for name in meeting.__slots__}
        | {"attendances": meeting.attendances[:1]}
    )
    zoom.site.meetings[uuid] = alone
    told = zoom.get(f"/past_meetings/{zoom.twice(uuid)}/participants").json()
    assert len(told["participants"]) == told["total_records"] == count
    report = zoom.get(f"/report/meetings/{zoom.twice(uuid)}/participants")
    assert (report.status_code, report.json()["code"]) == (404, 3001)


def test_participants_come_in_pages(zoom: Cloud) -> None:
    """7.3, 1.3."""
    uuid, meeting = zoom.meeting(lambda m: not m.external and len(m.attendances) > 2)
    path = f"/past_meetings/{zoom.twice(uuid)}/participants"
    first = zoom.get(path, page_size=1).json()
    second = zoom.get(path, page_size=1, next_page_token=first["next_page_token"]).json()
    assert first["participants"] != second["participants"]
    assert first["page_count"] == len(meeting.attendances)


def test_reports_add_breakout_rooms_and_registrants_on_request(zoom: Cloud) -> None:
    """7.4."""
    uuid, meeting = zoom.meeting(lambda m: bool(m.breakouts))
    path = f"/report/meetings/{zoom.twice(uuid)}/participants"
    plain = zoom.get(path).json()["participants"]
    assert {row["bo_mtg_id"] for row in plain} & {zoom.site.ids.uuid(r) for r in meeting.breakouts}
    assert not any("registrant_id" in row for row in plain)
    more = zoom.get(path, include_fields="registrant_id").json()["participants"]
    assert all("registrant_id" in row and "customer_key" in row for row in more)


def test_the_report_is_the_home_of_tracking_fields(zoom: Cloud) -> None:
    """7.5."""
    uuid, meeting = zoom.meeting(lambda m: not m.external)
    told = zoom.get(f"/report/meetings/{zoom.twice(uuid)}").json()
    assert isinstance(meeting.host, Agent)
    assert told["tracking_fields"] == [{"field": "Desk", "value": meeting.host.team.name}]
    assert told["custom_keys"] == []


def test_users_lists_active_ones_only_by_default(zoom: Cloud) -> None:
    """7.6, 10 row 12: deactivated hosts are invisible; pending ones have no id."""
    agents = zoom.simulator.world.agents
    assert any(not agent.active for agent in agents)
    for status, count in (("", True), ("active", True), ("inactive", False)):
        params = {"status": status} if status else {}
        told = zoom.get("/users", page_size=2000, **params).json()["users"]
        assert len(told) == sum(agent.active is count for agent in agents)
    pending = zoom.get("/users", status="pending").json()["users"]
    assert pending
    assert not any("id" in user for user in pending)
    assert zoom.get("/users", page_size=2001).json()["code"] == 300
    assert zoom.get("/users", status="asleep").json()["code"] == 300


def test_a_user_is_found_by_id_and_address_even_when_inactive(zoom: Cloud) -> None:
    """7.6: 404/1001 for others."""
    for user in zoom.site.people.users[:-1]:
        assert zoom.get(f"/users/{user.user_id}").json() == zoom.get(f"/users/{user.email}").json()
    answer = zoom.get("/users/nobody@example.com")
    assert (answer.status_code, answer.json()["code"]) == (404, 1001)
