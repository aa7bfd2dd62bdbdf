"""What an adapter must survive or leave alone, and what agents do besides calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.plugins.dynamics.simulator.plotted import MIDNIGHT, N, build, make_world, read_rows
from tests.plugins.dynamics.simulator.plotted import target as look_up

from catchment.sandbox import Agent
from catchment_dynamics.simulator.plot import Plot

PRESENCE = {
    "f523f628-c07a-e811-8162-000d3aa11f50": "Available",
    "efdeb843-c07a-e811-8162-000d3aa11f50": "Busy",
    "3dacae76-c07a-e811-8162-000d3aa11f50": "Away",
    "70139190-c07a-e811-8162-000d3aa11f50": "Offline",
}


def test_chats_stand_beside_calls() -> None:
    """They have another channel, sessions and participants like calls (3.1)."""
    plot = build()
    rows = read_rows(plot, "msdyn_ocliveworkitem")
    chats = {row_id for row_id, row in rows.items() if row["msdyn_channel"] == (192360000,)}
    assert chats
    assert rows.keys() - chats == plot.calls.keys()
    sessions = read_rows(plot, "msdyn_ocsession").values()
    of_chats = [row for row in sessions if row["msdyn_channel"] == 192360000]
    assert {look_up(row, "msdyn_liveworkitemid") for row in of_chats} == chats
    assert not {held.conversation_id for held in plot.held} & chats


def test_telephone_has_two_channels() -> None:
    """Both values for voice occur, and a session has its conversation's (3.1)."""
    plot = build(chats=False)
    rows = read_rows(plot, "msdyn_ocliveworkitem")
    assert {row["msdyn_channel"] for row in rows.values()} == {(192370000,), (192440000,)}
    for session in read_rows(plot, "msdyn_ocsession").values():
        conversation = rows[look_up(session, "msdyn_liveworkitemid")]
        assert (session["msdyn_channel"],) == conversation["msdyn_channel"]


def test_external_transfers() -> None:
    """Not bridged: the session's closure says so; bridged: somebody outside joins (3.10)."""
    gone = build(external_every=1, bridged_every=0)
    closures = [row["msdyn_closurereason"] for row in read_rows(gone, "msdyn_ocsession").values()]
    answered = sum(not call.abandoned for call in gone.calls.values())
    assert closures.count(N + 38) == answered
    joined = build(external_every=0, bridged_every=1)
    for plot in (gone, joined):
        people = read_rows(plot, "msdyn_sessionparticipant").values()
        outside = [row for row in people if row.get("msdyn_externalparticipantchannel")]
        assert outside
        assert all("msdyn_agentid" not in row for row in outside)
        assert all(("msdyn_joinedon" in row) == (plot is joined) for row in outside)


@pytest.mark.parametrize("closure", [38, 36, 37, 29, 6, 21])
def test_an_external_transfer_is_closed_one_way_or_another(closure: int) -> None:
    """By 6 and 21 as any other end: only the number that never joined tells it (3.2, 3.10)."""
    plot = build(external_every=1, bridged_every=0, unbridged_closure=closure)
    people = read_rows(plot, "msdyn_sessionparticipant").values()
    sessions = read_rows(plot, "msdyn_ocsession")
    conversations = read_rows(plot, "msdyn_ocliveworkitem")
    outside = [row for row in people if row.get("msdyn_externalparticipantchannel")]
    assert len(outside) > 50
    for row in outside:
        session = sessions[look_up(row, "msdyn_omnichannelsession")]
        conversation = conversations[look_up(session, "msdyn_liveworkitemid")]
        assert session["msdyn_closurereason"] == N + closure
        assert row.get("msdyn_joinedon") is None
        assert row["msdyn_addedon"] == conversation["msdyn_wrapupinitiatedon"]


def test_supervisors_listen_in() -> None:
    """They have the mode Monitor, and are nobody of the call (3.3)."""
    plot = build(monitors_every=1)
    people = read_rows(plot, "msdyn_sessionparticipant").values()
    assert sum(row["msdyn_mode"] == N + 4 for row in people) > 50


def test_odd_rows_are_told_apart() -> None:
    """Reversed times and missing participants are on purpose, and known (3.3)."""
    clean = build()
    assert not clean.spoilt
    missing = build(participants_missing_every=1)
    reversed_ = build(reversed_times_every=1)
    count = len(read_rows(clean, "msdyn_sessionparticipant"))
    assert len(read_rows(missing, "msdyn_sessionparticipant")) == count - len(missing.spoilt)
    odd = [
        row
        for row in read_rows(reversed_, "msdyn_sessionparticipant").values()
        if str(row.get("msdyn_lefton")) < str(row.get("msdyn_joinedon", ""))
    ]
    assert len(odd) == len(reversed_.spoilt)


def test_unknown_options() -> None:
    """Choices that stand in no reference occur in every table that has them (3.2, 3.4, 3.5)."""
    plot = build(unknown_options_every=1)
    for table, column, value in (
        ("msdyn_ocliveworkitem", "msdyn_statuschangereason", 90),
        ("msdyn_ocsession", "msdyn_closurereason", 99),
        ("msdyn_sessionevent", "msdyn_eventtype", 77),
        ("msdyn_ocsessionparticipantevent", "msdyn_eventtype", 9),
    ):
        rows = read_rows(plot, table).values()
        assert any(row.get(column) == N + value for row in rows), table


def test_people_and_machines() -> None:
    """Users are agents, one of them disabled, a virtual agent, and applications (3.9)."""
    users = read_rows(build(), "systemuser").values()
    assert sum(row["isdisabled"] is True for row in users) == 1
    assert sum("msdyn_botapplicationid" in row for row in users) == 1
    assert sum("applicationid" in row for row in users) == 3
    people = {row.get("internalemailaddress") for row in users} - {None}
    assert people == {agent.email for agent in make_world().agents}
    queues = [str(row["name"]) for row in read_rows(build(), "queue").values()]
    assert {name for name in queues if "<" not in name} == {q.name for q in make_world().queues}
    assert sum("<" in name for name in queues) == len(make_world().agents)


def read_presence(plot: Plot, agent: Agent, at: datetime) -> str:
    """What an agent's row says at a moment."""
    rows = read_rows(plot, "msdyn_agentstatus", at).values()
    row = next(row for row in rows if row["msdyn_name"] == agent.name)
    return PRESENCE[look_up(row, "msdyn_currentpresenceid")]


def test_an_agents_day() -> None:
    """Away in breaks, Offline in the evening, Busy in a call, for a second later (5.1, 5.2)."""
    plot = build()
    world = make_world()
    second = timedelta(seconds=1)
    shift = world.shifts[0]
    agent = shift.agent
    assert read_presence(plot, agent, shift.window.start - second) == "Offline"
    assert read_presence(plot, agent, shift.window.end + second) == "Offline"
    talks = [stay for stay in plot.stays if stay.email == agent.email and not stay.consult]
    assert talks
    handled = {
        leg.leg_id: (leg.offered_at - second, leg.wrap_up_until or leg.ended_at)
        for call in plot.calls.values()
        for leg in call.legs
        if leg.person == agent
    }.values()
    (pause,) = shift.breaks
    moments = [pause.start + number * second for number in range(1, 1800, 60)]
    free = [at for at in moments if not any(a <= at <= b for a, b in handled)]
    assert free
    assert {read_presence(plot, agent, at) for at in free} == {"Away"}
    primary = [
        stay
        for stay in talks
        if stay.start
        not in {
            move.window.start
            for call in plot.calls.values()
            for move in call.moves
            if move.kind == "conference"
        }
    ]
    assert {read_presence(plot, agent, stay.start + second) for stay in primary} == {"Busy"}


def test_the_history_has_no_holes() -> None:
    """Each row of an agent's history begins where the one before ends; the last is open (5.2)."""
    plot = build()
    by_agent: dict[str, list[tuple[object, object]]] = {}
    rows = read_rows(plot, "msdyn_agentstatushistory", MIDNIGHT + timedelta(days=2)).values()
    for row in sorted(rows, key=lambda row: str(row["msdyn_starttime"])):
        span = row["msdyn_starttime"], row.get("msdyn_endtime")
        by_agent.setdefault(look_up(row, "msdyn_agentid"), []).append(span)
    assert len(by_agent) == sum(agent.active for agent in make_world().agents)
    for spans in by_agent.values():
        assert all(a[1] == b[0] for a, b in pairwise(spans))
        assert spans[-1][1] is None
