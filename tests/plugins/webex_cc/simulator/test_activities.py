"""A call as activities of customers and agents (sheet 2.7, 4.1, 4.2, 10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.plugins.webex_cc.simulator.cloud import END, START, Cloud, Clouds, Row, error_of
from tests.plugins.webex_cc.simulator.recipe import T0, build_recipe

from catchment.sandbox import Agent
from catchment_webex_cc.simulator.chain import Storyteller
from catchment_webex_cc.simulator.contacts import Contact, to_ms

HOUR = 3_600_000
TALK = ("connected", "hold-done", "consult-done", "conferencing", "conference-done")


def test_the_recipe_of_the_sheet() -> None:
    """S002: 10: who did what at which second of the consult transfer."""
    assert to_ms(T0) == 1767100000000
    story = Storyteller(build_recipe(), to_ms)
    told = [(act.event, (act.start_ms - to_ms(T0)) // 1000) for act in story.acts]
    wanted = [
        ("connect", 9),
        ("connected", 14),
        ("recording-started", 14),
        ("consult", 40),
        ("on-hold", 40),
        ("consulting", 45),
        ("ConsultTransfer", 60),
        ("WrapUp", 60),
        ("Transferred", 60),
        ("connected", 60),
        ("recording-started", 60),
        ("WrapUp", 141),
        ("ended", 141),
    ]
    assert [one for one in told if one[0] not in ("new", "flow-activity", "parked")] == wanted
    spells = {
        (s.agent.agent_id, s.state): ((s.start_ms - to_ms(T0)), (s.end_ms or 0) - to_ms(T0))
        for s in story.spells
    }
    assert spells == {
        ("a", "ringing"): (9000, 14000),
        ("a", "connected"): (14000, 40000),
        ("a", "consult"): (40000, 45000),
        ("a", "on-hold"): (40000, 60000),
        ("a", "consulting"): (45000, 60000),
        ("a", "wrapup"): (60000, 68000),
        ("b", "ringing"): (40000, 45000),
        ("b", "consulting"): (45000, 60000),
        ("b", "connected"): (60000, 141000),
        ("b", "wrapup"): (141000, 152000),
    }


def list_events(center: Cloud, contact: Contact) -> list[str]:
    """The names of its activities, without what the queue did."""
    queue = ("new", "flow-activity", "parked", "connect")
    return [n["eventName"] for n in center.nodes(contact) if n["eventName"] not in queue]


@pytest.mark.parametrize(
    ("kinds", "chain"),
    [
        (
            ("consult",),
            "connected recording-started consult on-hold consulting consult-done hold-done",
        ),
        (
            ("consult", "consult_transfer"),
            "connected recording-started consult on-hold consulting ConsultTransfer WrapUp "
            "Transferred connected recording-started",
        ),
        (
            ("consult", "conference"),
            "connected recording-started consult on-hold consulting Conference conferencing "
            "hold-done",
        ),
        (
            ("blind_transfer",),
            "connected recording-started BlindTransfer WrapUp Transferred connected "
            "recording-started",
        ),
    ],
)
def test_chains_as_captured(cloud: Clouds, kinds: tuple[str, ...], chain: str) -> None:
    """2.7: the sheet's chains, with one more ``recording-started`` after each transfer."""
    center = cloud(consult_to_queue_every=0)
    contact = next(
        c
        for c in center.tenant.contacts
        if tuple(m.kind for m in c.call.moves) == kinds
        and c.audio_ms
        and not c.call.call_id.startswith("x")
    )
    told = list_events(center, contact)
    assert told[: len(chain.split())] == chain.split()
    assert set(told[len(chain.split()) :]) == {"ended", "WrapUp", "recording-available"}
    assert told[-1] == "recording-available"


def test_a_pause_and_a_hold_are_acts(center: Cloud) -> None:
    """2.7."""
    paused = center.contact(lambda c: any(a.event == "paused" for a in c.acts))
    assert "paused" in list_events(center, paused)
    held = center.contact(lambda c: any(a.event == "on-hold" for a in c.acts) and not c.call.moves)
    nodes = {n["eventName"]: n for n in center.nodes(held)}
    assert nodes["on-hold"]["endedTime"] == nodes["hold-done"]["createdTime"]


def test_an_abandoned_call_was_never_connected(center: Cloud) -> None:
    """2.7: and nobody handled it."""
    contact = next(c for c in center.tenant.contacts if c.call.abandoned)
    assert list_events(center, contact) == ["ended"]
    row = next(
        r for r in center.tasks("id contactHandleType lastAgent {id}") if r["id"] == contact.task_id
    )
    assert row == {
        "id": contact.task_id,
        "contactHandleType": "abandoned",
        "lastAgent": {"id": None},
    }


def test_node_ids_have_the_raw_event(center: Cloud) -> None:
    """2.6, 2.7: ``{taskId}-{startMs}-{rawEvent}``."""
    contact = center.contact()
    for node in center.nodes(contact):
        raw = node["eventName"].replace("recording-", "capture-")
        assert node["id"] == f"{contact.task_id}-{node['createdTime']}-{raw}"
        assert node["duration"] == node["endedTime"] - node["createdTime"]


@pytest.mark.parametrize("member", ["destinationAgentId", "agentId"])
def test_which_member_names_the_helper(cloud: Clouds, member: str) -> None:
    """2.7: unverified."""
    center = cloud(helper_agent=member)
    contact = center.moved("consult")
    helper = next(leg for leg in contact.call.legs if leg.role == "consulted").person
    assert isinstance(helper, Agent)
    node = next(n for n in center.nodes(contact) if n["eventName"] == "consulting")
    assert node[member] == center.tenant.id(contact.user(helper))


# --- /v1/tasks -------------------------------------------------------------------------------


def test_tasks_are_sorted_upwards_and_continued_by_time(center: Cloud) -> None:
    """4.1: there is no page parameter."""
    found: list[str] = []
    start = START
    while True:
        rows = center.get("/v1/tasks", from_=start, pageSize=40).json()["data"]
        new = [row for row in rows if row["id"] not in found]
        found += [row["id"] for row in new]
        if not new:
            break
        start = rows[-1]["attributes"]["createdTime"]
    assert len(found) == len(center.tenant.contacts)
    assert center.get("/v1/tasks", from_=END - 185 * 24 * HOUR).status_code == 400
    assert center.get("/v1/tasks", from_=END - 400 * 24 * HOUR).status_code == 400
    assert center.get("/v1/tasks", from_=START // 1000).json()["data"] == []
    assert center.get("/v1/tasks/x").status_code == 404


def test_words_differ_from_those_of_search(center: Cloud) -> None:
    """0, 2.8: ``completed`` here, ``ended`` there."""
    rows = center.get("/v1/tasks", from_=START, pageSize=1000).json()["data"]
    assert {row["attributes"]["status"] for row in rows} == {"completed", "abandoned"}


# --- /v1/agents/activities -------------------------------------------------------------------


def list_rows(center: Cloud, **more: object) -> Iterator[Row]:
    """Every row of the day, in hourly windows and pages."""
    for start in range(START, END, HOUR):
        page = 0
        while True:
            told = {"from_": start, "to": start + HOUR, "page": page, "pageSize": 200}
            rows = center.get("/v1/agents/activities", **(told | more)).json()["data"]
            yield from rows
            if len(rows) < 200:
                break
            page += 1


def test_agents_were_with_the_customer_when_the_world_says(cloud: Clouds) -> None:
    """S002: 10: the World's stretches are those of the states, to the millisecond."""
    center = cloud(consult_to_queue_every=0)
    rows = list(list_rows(center))
    for contact in center.tenant.contacts:
        own = [row for row in rows if row["taskId"] == contact.task_id]
        told = {
            (row["agentId"], at_ms)
            for row in own
            if row["currentState"] in (*TALK, "on-hold", "consulting")
            for at_ms in range(row["startTime"], row["endTime"], 1000)
        }
        wanted = {
            (center.tenant.id(contact.user(part.person)), at_ms)
            for part in contact.call.recorded
            for at_ms in range(contact.ms(part.window.start), contact.ms(part.window.end), 1000)
        }
        if contact.call.recorded:
            assert wanted <= told
            assert len(told - wanted) <= 40  # pauses, ringing colleagues, stops of the recorder


def test_rows_come_upwards_and_follow_the_shift(center: Cloud) -> None:
    """4.2: login, available, calls, a break, logout."""
    rows = list(list_rows(center))
    assert [r["startTime"] for r in rows] == sorted(r["startTime"] for r in rows)
    assert sum(row["isLogin"] for row in rows) == len(center.tenant.world.shifts)
    assert {r["currentState"] for r in rows} >= {"available", "idle", "logged-out", "ringing"}
    assert {r["idleCodeName"] for r in rows} == {None, "Lunch", "Meeting"}
    assert any(row["wrapupCodeName"] for row in rows)
    assert all(row["taskId"] is None for row in rows if row["currentState"] == "available")


def test_activities_can_be_narrowed(center: Cloud) -> None:
    """4.2: by agents, teams and channels."""
    rows = list(list_rows(center))
    agent, team = rows[0]["agentId"], rows[0]["teamId"]
    assert list(list_rows(center, agentIds=agent)) == [r for r in rows if r["agentId"] == agent]
    assert list(list_rows(center, teamIds=team)) == [r for r in rows if r["teamId"] == team]
    assert list(list_rows(center, channelTypes="email")) == []


def test_activities_have_a_window_below_a_day(center: Cloud) -> None:
    """4.2."""
    answer = center.get("/v1/agents/activities", from_=START, to=START + 24 * HOUR)
    assert answer.status_code == 400
    assert "24 hours" in error_of(answer)
    assert center.get("/v1/agents/activities").status_code == 400


@pytest.mark.parametrize("says", ["413", "end"])
def test_a_window_holds_so_many_activities(cloud: Clouds, says: str) -> None:
    """4.2: 10 000; what a window with more is answered is unverified."""
    center = cloud(activities_cap=150, activities_cap_says=says)
    told = {"from_": START, "to": END - 1, "pageSize": 100}
    pages = [center.get("/v1/agents/activities", page=page, **told) for page in range(3)]
    if says == "413":
        assert {answer.status_code for answer in pages} == {413}
        assert "too large" in error_of(pages[0])
    else:
        assert [len(answer.json()["data"]) for answer in pages] == [100, 50, 0]
        assert pages[0].json()["meta"]["totalRecords"] == 150
    center.simulator.turn(activities_cap=10_000)
    assert len(center.get("/v1/agents/activities", page=1, **told).json()["data"]) == 100


def test_what_is_going_on_has_no_end(center: Cloud) -> None:
    """4.2: ``active``, and an end of -1."""
    center.clock.set(datetime(2026, 10, 12, 10, tzinfo=UTC))
    rows = [row for row in list_rows(center) if row["active"]]
    assert rows
    assert {row["endTime"] for row in rows} == {-1}


def test_times_may_be_odd(cloud: Clouds) -> None:
    """Missing ends, reversed and overlapping times, in one activity of a call."""
    center = cloud(odd_times_every=1)
    rows = [row for row in list_rows(center) if row["taskId"]]
    ends = [row["endTime"] for row in rows]
    assert None in ends
    assert any(row["endTime"] is not None and 0 < row["endTime"] < row["startTime"] for row in rows)


def test_an_agent_may_be_unknown_to_the_directory(cloud: Clouds) -> None:
    """Activities name somebody whom no list has."""
    center = cloud(unknown_agent_every=3)
    users = center.get(f"/organization/{center.tenant.org}/v2/user").json()["data"]
    known = {user["id"] for user in users}
    strange = {row["agentName"] for row in list_rows(center) if row["agentId"] not in known}
    assert strange == {"Unlisted Agent"}
