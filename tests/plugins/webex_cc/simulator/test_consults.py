"""Colleagues who are asked: by name or through a queue, in vain, and calls given up (sheet 2.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plugins.webex_cc.simulator.cloud import END, START, Cloud, Clouds, Row
from tests.plugins.webex_cc.simulator.recipe import T0, at, build_recipe

from catchment.model import Window
from catchment.sandbox import Agent, Leg, Move
from catchment_webex_cc.simulator.chain import Storyteller
from catchment_webex_cc.simulator.contacts import Contact, to_ms


def list_rows(center: Cloud, contact: Contact, person: object) -> list[tuple[str, int, int]]:
    """What one agent did in a call: state, start, and end, in milliseconds after its beginning."""
    assert isinstance(person, Agent)
    agent = center.tenant.id(contact.user(person))
    told = {"from_": contact.created_ms, "to": contact.finished_ms + 1, "agentIds": agent}
    rows = center.get("/v1/agents/activities", pageSize=1000, **told).json()["data"]
    begin = contact.created_ms
    return [
        (row["currentState"], row["startTime"] - begin, row["endTime"] - begin)
        for row in rows
        if row["taskId"] == contact.task_id
    ]


def find_move(contact: Contact) -> tuple[Move, Leg, Leg]:
    """The first consult, who asks, and who is asked."""
    legs = {leg.leg_id: leg for leg in contact.call.legs}
    move = next(move for move in contact.call.moves if move.kind == "consult")
    return move, legs[move.from_leg], legs[move.to_leg]


def test_a_consult_by_name_rings_beside_the_hold(cloud: Clouds) -> None:
    """S002-143: 2.7: ``consult`` until the colleague answers, then ``consulting``."""
    center = cloud(consult_to_queue_every=0)
    contact = center.moved("consult")
    move, asking, asked = find_move(contact)
    assert asked.answered_at is not None
    start, spoke, end = (
        contact.ms(one) - contact.created_ms
        for one in (move.window.start, asked.answered_at, move.window.end)
    )
    rows = list_rows(center, contact, asking.person)
    assert ("consult", start, spoke) in rows
    assert ("on-hold", start, end) in rows
    assert ("consulting", spoke, end) in rows
    assert [row[0] for row in list_rows(center, contact, asked.person)][:2] == [
        "ringing",
        "consulting",
    ]


def test_a_consult_through_a_queue(cloud: Clouds) -> None:
    """S002-143: 2.7: the chain of the sheet, and the states of both agents."""
    center = cloud(consult_to_queue_every=1)
    contact = center.moved("consult")
    move, asking, asked = find_move(contact)
    assert asked.answered_at is not None
    start = contact.ms(move.window.start)
    rung = contact.ms(asked.answered_at) - start
    end = contact.ms(move.window.end) - start
    held = min(1203, rung)
    nodes = [n for n in center.nodes(contact) if start <= n["createdTime"] < start + end]
    assert [(n["eventName"], n["createdTime"] - start, n["endedTime"] - start) for n in nodes] == [
        ("ctq", 0, 600),
        ("consult", 600, 603),
        ("ctq-accepted", 603, end),
        ("on-hold", held, end),
        ("consulting", rung, end),
    ]
    assert isinstance(asked.person, Agent)
    helper = center.tenant.id(contact.user(asked.person))
    named = {n["eventName"] for n in nodes if n["destinationAgentId"] == helper}
    assert named == {"ctq-accepted", "consulting"}  # before that nobody is found
    after = start - contact.created_ms
    inside = [
        (state, since - after, until - after)
        for state, since, until in list_rows(center, contact, asking.person)
        if after <= since < after + end
    ]
    assert inside == [
        ("ctq", 0, 600),
        ("ctq-reserved", 600, 602),
        ("ctq-ready", 602, 603),
        ("ctq-accepted", 603, end),
        ("on-hold", held, end),
        ("consulting", rung, end),
    ]
    states = [row[0] for row in list_rows(center, contact, asked.person)]
    assert states[:2] == ["AvailableConsultReserved", "consulting"]


def test_one_consult_in_so_many_goes_through_a_queue(center: Cloud) -> None:
    """2.7: some do, most do not; the row of the task counts them."""
    rows = center.tasks("id consultCount consultToQueueCount")
    consults = [row for row in rows if row["consultCount"]]
    through = [row for row in consults if row["consultToQueueCount"]]
    assert 0 < len(through) < len(consults) / 2
    assert not any(row["consultToQueueCount"] for row in rows if not row["consultCount"])


@pytest.mark.parametrize("to_queue", [False, True])
def test_a_consult_that_nobody_answers_fails(to_queue: bool) -> None:
    """2.7: ``consult-error``; the customer was on hold, and nobody was consulted."""
    recipe = build_recipe()
    customer, asking, asked = recipe.legs
    rang = replace(
        asked, answered_at=None, ended_at=at(60), wrap_up="", wrap_up_until=None, role="consulted"
    )
    stays = replace(asking, ended_at=at(141), wrap_up_until=at(152))
    moves = (Move("consult", Window(at(40), at(60)), "a", "b"),)
    call = replace(recipe, legs=(customer, stays, rang), moves=moves)
    story = Storyteller(call, to_ms, to_queue=to_queue)
    ends = {(s.agent.agent_id, s.state): (s.end_ms or 0) - to_ms(T0) for s in story.spells}
    assert ends["a", "consult-error"] == ends["a", "on-hold"] == 60_000
    assert ends["a", "hold-done"] == 141_000
    assert ends["b", "not-responding"] == 61_000
    assert not {("a", "consulting"), ("b", "consulting"), ("a", "ctq-accepted")} & set(ends)
    events = {act.event for act in story.acts}
    assert "consult" in events
    assert not {"consulting", "consult-done", "ctq-accepted"} & events


# --- given up after an answer ----------------------------------------------------------------


def read_ends(center: Cloud) -> dict[str, tuple[str, str, str, Row]]:
    """How each call ended: by search, by tasks, and by the older generations, with that row."""
    search = {row["id"]: row["contactHandleType"] for row in center.tasks("id contactHandleType")}
    rows = center.get("/v1/tasks", from_=START, to=END, pageSize=1000).json()["data"]
    tasks = {row["id"]: row["attributes"]["status"] for row in rows}
    old = {row["sid"]: row for row in center.records("csrs")["data"]}
    return {
        contact.task_id: (
            search[contact.task_id],
            tasks[contact.task_id],
            old[contact.external_id]["terminationType"],
            old[contact.external_id],
        )
        for contact in center.tenant.contacts
    }


@pytest.mark.parametrize("every", [0, 1])
def test_a_call_may_be_given_up_after_an_agent_had_it(cloud: Clouds, every: int) -> None:
    """An abandoned call may have had an agent, who passed it on to a queue; he stays named."""
    center = cloud(abandoned_late_every=every, data_rows="objects")
    ends = read_ends(center)
    passed = [
        contact
        for contact in center.tenant.contacts
        if any(move.kind == "blind_transfer" for move in contact.call.moves)
    ]
    assert passed
    wanted = ("abandoned",) * 3 if every else ("normal", "completed", "normal")
    assert {ends[contact.task_id][:3] for contact in passed} == {wanted}
    assert all(ends[contact.task_id][3]["agentName"] for contact in passed)
    others = {contact.task_id for contact in center.tenant.contacts if not contact.call.abandoned}
    others -= {contact.task_id for contact in passed}
    assert {ends[task_id][:3] for task_id in others} == {("normal", "completed", "normal")}
