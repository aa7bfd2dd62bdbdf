"""Participants (5)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.plugins.webex_meetings.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Agent
from catchment_webex.simulator.times import write_time


def test_one_row_a_person_and_one_device_a_time_of_joining(webex: Cloud) -> None:
    """5: whoever came back has two devices and one row."""
    one = webex.instance(
        lambda o: len({s.person.email for s in o.meeting.attendances}) < len(o.meeting.attendances)
    )
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    stays = Counter(stay.person.email for stay in one.meeting.attendances)
    assert {row["email"]: len(row["devices"]) for row in rows} == stays
    for row in rows:
        first, last = row["devices"][0], row["devices"][-1]
        assert row["joinedTime"] == first["joinedTime"].replace(".000", "")
        assert row["leftTime"] == last["leftTime"].replace(".000", "")


def test_the_host_who_came_is_host(webex: Cloud) -> None:
    """5: ``host`` and host's rights."""
    one = webex.instance(lambda o: o.meeting.host_attended)
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    assert [row["email"] for row in rows if row["host"]] == [one.host.email]
    assert all(row["coHost"] for row in rows if row["host"])


def test_breakout_rooms_are_told_with_their_people(webex: Cloud) -> None:
    """5: rooms have no instance; who was in which is told of each person."""
    one = webex.instance(lambda o: o.meeting.breakouts)
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    told = {
        (room["name"], row["email"])
        for row in rows
        for room in row.get("breakoutSessionsAttended", [])
    }
    assert told == {
        (room.topic, stay.person.email)
        for room in one.meeting.breakouts
        for stay in room.attendances
    }


def test_a_series_stands_for_its_last_instance(webex: Cloud) -> None:
    """5, 11.11: silently."""
    series = Counter(one.series_id for one in webex.tenant.instances)
    name = next(name for name, count in series.items() if count > 1)
    last = [one for one in webex.tenant.instances if one.series_id == name][-1]
    rows = webex.items("/meetingParticipants", meetingId=name, hostEmail=last.host.email)
    assert {row["meetingId"] for row in rows} == {last.instance_id}
    asked = {"meetingId": name, "hostEmail": last.host.email}
    before = asked | {"meetingStartTimeTo": write_time(last.meeting.started_at)}
    rows = webex.items("/meetingParticipants", **before)
    assert {row["meetingId"] for row in rows} < {o.instance_id for o in webex.tenant.instances}
    assert {row["meetingId"] for row in rows} != {last.instance_id}
    webex.clock.set(webex.clock.now() + timedelta(days=31))  # a month back unless told
    webex.act_as("administrator")
    assert webex.get("/meetingParticipants", **asked).status_code == 404
    by_instance = {"meetingId": last.instance_id, "hostEmail": last.host.email}
    assert webex.get("/meetingParticipants", **by_instance).status_code == 200


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [(0, 90, 200), (0, 91, 400), (1, 0, 400), (0, None, 200), (None, 0, 200)],
)
def test_the_join_window_is_ninety_days(
    webex: Cloud, start: int | None, end: int | None, status: int
) -> None:
    """5, 10: one alone is seven days from the other."""
    one = webex.instance()
    at = one.meeting.started_at
    asked = {"meetingId": one.instance_id} | webex.host(one)
    if start is not None:
        asked["joinTimeFrom"] = write_time(at + timedelta(days=start))
    if end is not None:
        asked["joinTimeTo"] = write_time(at + timedelta(days=end))
    assert webex.get("/meetingParticipants", **asked).status_code == status


def test_the_join_window_keeps_others_out(webex: Cloud) -> None:
    """5: by the time of joining."""
    one = webex.instance(lambda o: len({s.joined_at for s in o.meeting.attendances}) > 1)
    late = max(stay.joined_at for stay in one.meeting.attendances)
    asked = {"meetingId": one.instance_id, "joinTimeFrom": write_time(late)} | webex.host(one)
    found = webex.items("/meetingParticipants", **asked)
    assert found
    assert {row["joinedTime"] for row in found} == {write_time(late)}


@pytest.mark.parametrize(
    ("asked", "status"), [({}, 400), ({"meetingId": "0" * 32}, 404)], ids=["none", "unknown"]
)
def test_the_meeting_must_be_named(webex: Cloud, asked: dict[str, str], status: int) -> None:
    """5: ``meetingId`` is required."""
    assert webex.get("/meetingParticipants", **asked).status_code == status


@pytest.mark.parametrize("status", [404, 403])
def test_only_the_host_or_whoever_acts_for_him(cloud: Clouds, status: int) -> None:
    """5: host, administrator with ``hostEmail``, compliance officer."""
    webex = cloud(admin_without_host=status)
    one = webex.instance()
    asked = {"meetingId": one.instance_id}
    assert webex.get("/meetingParticipants", **asked).status_code == status
    guest = next(
        stay.person
        for stay in one.meeting.attendances
        if isinstance(stay.person, Agent) and stay.person is not one.meeting.host
    )
    webex.act_as("user", guest.email)
    assert webex.get("/meetingParticipants", **asked).status_code == 404
    webex.act_as("user", one.host.email)
    assert webex.get("/meetingParticipants", **asked).status_code == 200


def test_participants_by_id_and_by_address(officer: Cloud) -> None:
    """5: ``GET /meetingParticipants/{id}`` and ``POST /meetingParticipants/query``."""
    one = officer.instance()
    rows = officer.items("/meetingParticipants", meetingId=one.instance_id)
    assert officer.get(f"/meetingParticipants/{rows[1]['id']}").json() == rows[1]
    assert officer.get("/meetingParticipants/nobody").status_code == 404
    answer = officer.send(
        "POST",
        "/meetingParticipants/query",
        params={"meetingId": one.instance_id},
        json={"emails": [rows[1]["email"].upper()]},
    )
    assert answer.json()["items"] == [rows[1]]
