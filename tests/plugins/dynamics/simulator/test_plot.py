"""Calls of the World stand in the rows as they happened, however late these are written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.plugins.dynamics.simulator.plotted import (
    LATER,
    MIDNIGHT,
    N,
    Row,
    build,
    make_world,
    read_rows,
    target,
)

from catchment.sandbox import World
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.plot import Plot, build_plot
from catchment_dynamics.simulator.schema import build_schema
from catchment_dynamics.simulator.store import Reference, Store
from catchment_dynamics.simulator.switches import DynamicsSwitches

CLEAN = {"unknown_options_every": 0, "external_every": 0, "bridged_every": 0}
CHAT = (192360000,)

Span = tuple[datetime, datetime]


def list_voice(plot: Plot, at: datetime = LATER) -> Mapping[str, Row]:
    """The conversations of calls."""
    rows = read_rows(plot, "msdyn_ocliveworkitem", at)
    return {row_id: row for row_id, row in rows.items() if row["msdyn_channel"] != CHAT}


def as_moment(value: object) -> datetime:
    """A column that must be a time."""
    assert isinstance(value, datetime)
    return value


def merge(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch are one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def read_stays(plot: Plot) -> dict[tuple[str, str], list[Span]]:
    """Who was in which conversation when, by nothing but the rows."""
    conversations, sessions = list_voice(plot), read_rows(plot, "msdyn_ocsession")
    users = read_rows(plot, "systemuser")
    found: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for row in read_rows(plot, "msdyn_sessionparticipant").values():
        if row["msdyn_mode"] not in (N + 2, N + 3) or "msdyn_agentid" not in row:
            continue
        session = sessions[target(row, "msdyn_omnichannelsession")]
        conversation = conversations.get(target(session, "msdyn_liveworkitemid"))
        if conversation is None or "msdyn_joinedon" not in row:
            continue
        end = as_moment(conversation["msdyn_wrapupinitiatedon"])
        span = as_moment(row["msdyn_joinedon"]), min(as_moment(row["msdyn_lefton"]), end)
        email = str(users[target(row, "msdyn_agentid")]["internalemailaddress"])
        found[str(conversation["id"]), email].append(span)
    return {key: merge(spans) for key, spans in found.items()}


def list_stays(plot: Plot) -> dict[tuple[str, str], list[Span]]:
    """The same by nothing but the World."""
    found: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for stay in plot.stays:
        found[stay.conversation_id, stay.email].append((stay.start, stay.end))
    return {key: merge(spans) for key, spans in found.items()}


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"hold_rows": "close", "leaves_at": "end", "access": "null"},
        {"offers_leave_rows": False, "transit_rows": False, "bot_rows": "none"},
        {"late_every": 1, "monitors_every": 1},
    ],
    ids=["usual", "close", "none", "late"],
)
def test_participants_are_who_was_there(switches: dict[str, object]) -> None:
    """Joined and left of primary and consulted agents are the World's seconds (S004-6)."""
    plot = build(**CLEAN | switches)
    assert read_stays(plot) == list_stays(plot)


def test_consulted_colleagues_are_private_until_they_confer() -> None:
    """The mode is Consult, the access Private; from the conference on it is Public (3.3)."""
    plot = build(**CLEAN, late_every=0, participant_lag_s=1)
    moves = [move for call in plot.calls.values() for move in call.moves]
    conferences = {move.window.start for move in moves if move.kind == "conference"}
    rows = read_rows(plot, "msdyn_sessionparticipant").values()
    access = Counter(row["msdyn_conversationaccess"] for row in rows if row["msdyn_mode"] == N + 3)
    public = [
        snapshot.at
        for history in plot.histories
        if history.table == "msdyn_sessionparticipant"
        and history.snapshots[0].values["msdyn_mode"] == N + 3
        for before, snapshot in pairwise(history.snapshots)
        if before.values["msdyn_conversationaccess"] == 2
        and snapshot.values["msdyn_conversationaccess"] == 1
    ]
    assert conferences
    assert {at - timedelta(seconds=1) for at in public} == conferences
    assert access[1] == len(public)
    assert sum(access.values()) == sum(move.kind == "consult" for move in moves)


@pytest.mark.parametrize(("position", "told"), [("default", {0}), ("null", {None})])
def test_access_may_say_nothing(position: str, told: set[object]) -> None:
    """Whether a consultation is private is then seen by the holds alone (3.3)."""
    rows = read_rows(build(access=position), "msdyn_sessionparticipant").values()
    access = [row.get("msdyn_conversationaccess") for row in rows if row["msdyn_mode"] == N + 3]
    assert len(access) > 10
    assert set(access) == told


def test_what_is_not_recorded_has_workstreams_of_its_own() -> None:
    """Started by hand, or after consent; by switch all incoming calls share one (4.1)."""
    found: dict[str, dict[str, set[str]]] = {}
    for switch in ("split", "one"):
        plot = build(workstreams=switch)
        names = read_rows(plot, "msdyn_liveworkstream")
        by_outcome = found.setdefault(switch, defaultdict(set))
        for row_id, row in list_voice(plot).items():
            call = plot.calls[row_id]
            if call.direction == "inbound" and not call.abandoned:
                name = str(names[target(row, "msdyn_liveworkstreamid")]["msdyn_name"])
                by_outcome[call.outcome].add(name)
    assert found["split"]["not_recorded"] == {"phone by hand"}
    assert found["split"]["refused"] == {"phone by consent"}
    assert found["split"]["recorded"] == {"phone", "phone by hand", "phone by consent"}
    assert set().union(*found["one"].values()) == {"phone"}


def test_each_agent_who_takes_over_has_a_session() -> None:
    """Offers, transfers and promotions each make one; the closure says what became of it (3.2)."""
    plot = build(**CLEAN, bot_rows="none")
    by_conversation: dict[str, list[Row]] = defaultdict(list)
    for row in read_rows(plot, "msdyn_ocsession").values():
        by_conversation[target(row, "msdyn_liveworkitemid")].append(row)
    for conversation_id, call in plot.calls.items():
        sessions = by_conversation[conversation_id]
        sessions.sort(key=lambda row: as_moment(row["msdyn_sessioncreatedon"]))
        asked = {move.to_leg for move in call.moves if move.kind == "consult"}
        own = [leg for leg in call.legs if leg.role != "customer" and leg.leg_id not in asked]
        passed = [move for move in call.moves if move.kind == "consult_transfer"]
        legs = {leg.leg_id: leg for leg in call.legs}
        promoted = [
            move
            for move in call.moves
            if move.kind == "conference"
            and legs[move.from_leg].ended_at < legs[move.to_leg].ended_at
        ]
        assert len(sessions) == max(1, len(own) + len(passed) + len(promoted)), call.call_id
        assert all(row["statecode"] == 1 for row in sessions)
        last = sessions[-1]["msdyn_closurereason"]
        assert last in ({N + 22} if call.abandoned else {N + 21, N + 22})
        for before, after in pairwise(sessions):
            assert before["msdyn_sessionclosedon"] == after["msdyn_sessioncreatedon"]
            taken = before["msdyn_closurereason"] == N + 6
            assert taken == ("msdyn_agentacceptedon" in before)


@pytest.mark.parametrize("rows", ["start", "end", "close"])
def test_holds_are_the_customers_whenever_they_are_written(rows: str) -> None:
    """Hold rows have the World's seconds; a blind transfer is in transit instead (3.5)."""
    plot = build(**CLEAN, hold_rows=rows)
    told = Counter(
        (row["msdyn_eventstarttime"], row["msdyn_eventendtime"])
        for row in read_rows(plot, "msdyn_ocsessionparticipantevent").values()
        if row["msdyn_eventtype"] == N + 1
    )
    happened: Counter[tuple[object, object]] = Counter()
    for call in plot.calls.values():
        passing = {move.window for move in call.moves if move.kind == "blind_transfer"}
        happened.update(
            (hold.start, hold.end) for leg in call.legs for hold in leg.holds if hold not in passing
        )
    assert told == happened
    assert any(
        row["msdyn_eventreason"] == N + 1
        for row in read_rows(plot, "msdyn_ocsessionparticipantevent").values()
    )


def test_a_hold_can_be_open() -> None:
    """Written when it starts, it has no end until it is over (3.5)."""
    histories = build(hold_rows="start", hold_lag_s=1, late_every=0).histories
    holds = [one for one in histories if one.table == "msdyn_ocsessionparticipantevent"]
    firsts = [
        one.snapshots[0].values
        for one in holds
        if one.snapshots[0].values["msdyn_eventtype"] == N + 1
    ]
    assert firsts
    assert all("msdyn_eventendtime" not in values for values in firsts)


def test_a_conversation_goes_from_open_to_closed() -> None:
    """Open, Active, Wrap-up, Closed; with Hold and Talk as the customer is asked to wait (D5)."""
    plot = build(**CLEAN)
    seen: Counter[tuple[object, ...]] = Counter()
    for history in plot.histories:
        first = history.snapshots[0].values
        if history.table != "msdyn_ocliveworkitem" or first["msdyn_channel"] == CHAT:
            continue
        states = [snapshot.values["statuscode"] for snapshot in history.snapshots]
        seen[tuple(dict.fromkeys(states))] += 1
        call = plot.calls[history.row_id]
        activity = [
            snapshot.values["msdyn_conversationactivitystate"] for snapshot in history.snapshots
        ]
        held = any(leg.holds for leg in call.legs)
        blind = any(move.kind == "blind_transfer" for move in call.moves)
        assert 2 in activity or not held or blind
        assert activity[-1] == 3
    assert set(seen) <= {(1, 2, 5, 4), (2, 5, 4), (1, 4)}
    assert seen[1, 4] == sum(call.abandoned for call in plot.calls.values())


def test_transfers_are_counted() -> None:
    """The count is that of blind and of consult transfers; a promotion is none (3.1)."""
    plot = build(**CLEAN)
    for row_id, row in list_voice(plot).items():
        moves = [move.kind for move in plot.calls[row_id].moves]
        assert row["msdyn_transfercount"] == sum("transfer" in kind for kind in moves)


def test_numbers_stand_in_the_call_context() -> None:
    """Caller and called number are those of the World; outbound ones by switch (3.6)."""
    for switch in ("from_caller", "from_customer"):
        plot = build(outbound_phones=switch)
        for row in read_rows(plot, "msdyn_ocphonecallengagementctx").values():
            call = plot.calls[target(row, "msdyn_liveworkitemid")]
            told = [row["msdyn_fromphone"], row["msdyn_tophone"]]
            turned = call.direction == "outbound" and switch == "from_customer"
            assert told == ([call.dnis, call.ani] if turned else [call.ani, call.dnis])


def test_a_transferred_call_may_have_several_call_ids() -> None:
    """By switch each transfer brings a row of its own (3.6, 9.4)."""
    plot = build(call_ids="transfer")
    rows = read_rows(plot, "msdyn_ocphonecallengagementctx").values()
    by_conversation = Counter(target(row, "msdyn_liveworkitemid") for row in rows)
    assert max(by_conversation.values()) > 1
    assert len({row["msdyn_callsid"] for row in rows}) == len(rows)


def test_the_rows_are_the_schemas() -> None:
    """No column is told that its table lacks, and no lookup names a table that it may not."""
    tables = build_schema().tables
    plot = build(orphans_every=3, bot_rows="participant", reversed_times_every=3, media_uri="junk")
    Store(plot.histories, plot.epoch)
    for history in plot.histories:
        columns = tables[history.table].columns
        for snapshot in history.snapshots:
            told = {name for name, value in snapshot.values.items() if value is not None}
            bare = {"statecode", "statuscode"} if history.table == "annotation" else set()
            assert told - bare <= columns.keys(), history.table
            for name in told - bare:
                value, allowed = snapshot.values[name], columns[name].targets
                if isinstance(value, Reference) and allowed:
                    assert value.table in allowed, (history.table, name)


def test_every_reference_leads_somewhere() -> None:
    """What a lookup names is there at some time, but for tables that nobody tells."""
    plot = build()
    known = {(history.table, history.row_id) for history in plot.histories}
    tables = {table for table, _ in known}
    named = {
        (value.table, value.row_id)
        for history in plot.histories
        for snapshot in history.snapshots
        for value in snapshot.values.values()
        if isinstance(value, Reference)
    }
    assert {one for one in named if one[0] in tables} <= known


def test_the_same_world_is_told_the_same() -> None:
    """Two environments of one World have the same rows at the same moments, with whole seconds."""
    first, second = build(late_every=2), build(late_every=2)

    def outline(plot: Plot) -> list[object]:
        return [
            (one.table, one.row_id, [(each.at, list(each.values)) for each in one.snapshots])
            for one in plot.histories
        ]

    assert outline(first) == outline(second)
    moments = {each.at for one in first.histories for each in one.snapshots}
    assert not any(at.microsecond for at in moments)


def test_a_later_day_changes_no_earlier_call() -> None:
    """The conversations of one day are told the same in a World of two."""
    switches = DynamicsSwitches()
    longer = World(seed=5, start=MIDNIGHT, days=2, meetings=0, calls=60, chains=60)
    more = build_plot(longer, MIDNIGHT, switches, Ids(longer))
    short = list_voice(build())
    long = list_voice(more, LATER + timedelta(days=3))
    assert {row_id: long[row_id] for row_id in short} == short
    assert len(make_world().calls) < len(longer.calls)
