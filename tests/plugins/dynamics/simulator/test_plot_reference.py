"""The sheet's scripted call leaves the rows that the sheet says (7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.plugins.dynamics.simulator.plotted import MIDNIGHT, N, Row, build, read_rows, target

from catchment_dynamics.simulator.plot import Plot

NOON = MIDNIGHT + timedelta(hours=12)
BOT, PASSED = N + 26, N + 6
UNANSWERED, ENDED = {N + 1, N + 2}, {N + 21, N + 22}


@pytest.fixture(scope="module")
def plot() -> Plot:
    """Everything is written at once."""
    return build(
        reference_call=True,
        unknown_options_every=0,
        monitors_every=0,
        external_every=0,
        bridged_every=0,
        late_every=0,
        conversation_lag_s=1,
        participant_lag_s=1,
        hold_lag_s=1,
    )


def at(second: int) -> object:
    """A moment of the script."""
    return NOON + timedelta(seconds=second)


def find_conversation(plot: Plot) -> str:
    """The id of the scripted call's conversation."""
    return next(key for key, call in plot.calls.items() if call.call_id == "reference")


def list_sessions(plot: Plot) -> list[Row]:
    """Its sessions, by creation."""
    rows = read_rows(plot, "msdyn_ocsession").values()
    conversation_id = find_conversation(plot)
    own = [row for row in rows if target(row, "msdyn_liveworkitemid") == conversation_id]
    return sorted(own, key=lambda row: str(row["msdyn_sessioncreatedon"]))


def list_participants(plot: Plot) -> list[Row]:
    """Its participants, by when they were asked."""
    sessions = {row["id"] for row in list_sessions(plot)}
    rows = read_rows(plot, "msdyn_sessionparticipant").values()
    own = [row for row in rows if target(row, "msdyn_omnichannelsession") in sessions]
    return sorted(own, key=lambda row: str(row["msdyn_addedon"]))


def test_its_sessions(plot: Plot) -> None:
    """The virtual agent's, the offer that rang out, the two agents'."""
    bot, offer, first, second = list_sessions(plot)
    assert bot["msdyn_closurereason"] == BOT
    assert bot["msdyn_sessionclosedon"] == at(20)
    assert offer["msdyn_agentassignedon"] == at(20)
    assert offer["msdyn_closurereason"] in UNANSWERED
    assert offer["msdyn_sessionclosedon"] == at(50)
    assert (first["msdyn_agentassignedon"], first["msdyn_agentacceptedon"]) == (at(52), at(60))
    assert first["msdyn_closurereason"] == PASSED
    assert first["msdyn_sessionclosedon"] == at(300)
    assert second["msdyn_agentacceptedon"] == at(300)
    assert second["msdyn_closurereason"] in ENDED
    assert second["msdyn_sessionclosedon"] == at(660)


def test_its_participants(plot: Plot) -> None:
    """A who did not answer, B, C who was asked, D to the end of the wrap-up."""
    a, b, c, d = list_participants(plot)
    assert "msdyn_joinedon" not in a
    assert (a["msdyn_lefton"], a["msdyn_mode"]) == (at(50), N + 2)
    assert a["msdyn_leftonreason"] in {"AgentTimeout", "AgentReject"}
    assert (b["msdyn_joinedon"], b["msdyn_lefton"]) == (at(60), at(300))
    assert b["msdyn_holdtime"] == 85
    assert (c["msdyn_joinedon"], c["msdyn_lefton"]) == (at(150), at(200))
    assert (c["msdyn_mode"], c["msdyn_conversationaccess"]) == (N + 3, 2)
    assert (d["msdyn_joinedon"], d["msdyn_lefton"]) == (at(300), at(660))
    assert d["msdyn_activewrapuptime"] == 60


def test_its_conversation_over_time(plot: Plot) -> None:
    """Status and reason at the moments of the script, a second late."""
    history = next(one for one in plot.histories if one.row_id == find_conversation(plot))
    told = {
        round((snapshot.at - NOON).total_seconds()) - 1: (
            snapshot.values["statuscode"],
            snapshot.values["msdyn_statuschangereason"],
            snapshot.values["msdyn_conversationactivitystate"],
        )
        for snapshot in history.snapshots
    }
    assert told[0] == (1, N + 1, 0)
    assert told[20] == (2, N + 2, 0)
    assert told[60] == (2, N + 3, 1)
    assert told[120] == (2, N + 3, 2)
    assert told[205] == (2, N + 3, 1)
    assert told[300] == (2, N + 3, 1)
    assert told[600][0] == 5
    assert told[600][2] == 3
    assert told[660] == (4, N + 8, 3)
    last = history.snapshots[-1].values
    assert last["msdyn_transfercount"] == 1
    assert last["msdyn_startedon"] == at(60)
    assert last["msdyn_conversationholdtimeinseconds"] == 85


def test_its_hold(plot: Plot) -> None:
    """One row of B's, from the request to wait to the release."""
    b = list_participants(plot)[1]["id"]
    (hold,) = (
        row
        for row in read_rows(plot, "msdyn_ocsessionparticipantevent").values()
        if target(row, "msdyn_sessionparticipantid") == b
    )
    assert (hold["msdyn_eventstarttime"], hold["msdyn_eventendtime"]) == (at(120), at(205))
    assert (hold["msdyn_eventtype"], hold["msdyn_eventduration"]) == (N + 1, 85.0)


def test_its_recording(plot: Plot) -> None:
    """One of the whole call, from the first answer to the end, across transfer and consult."""
    (recording,) = (one for one in plot.recordings if one.call_id == "reference")
    assert recording.window is not None
    assert recording.take is not None
    assert (recording.window.start, recording.window.end) == (at(60), at(600))
    assert (recording.take.seconds, recording.take.begin) == (540, 60)


def test_its_events(plot: Plot) -> None:
    """The session events of the script stand there in order (3.4)."""
    sessions = {row["id"] for row in list_sessions(plot)}
    rows = read_rows(plot, "msdyn_sessionevent").values()
    own = [row for row in rows if target(row, "msdyn_omnichannelsession") in sessions]
    told = set()
    for row in own:
        moment = row["msdyn_eventtime"]
        assert isinstance(moment, datetime)
        told.add((round((moment - NOON).total_seconds()), row["msdyn_eventtype"]))
    wanted = {(20, 6), (20, 2), (52, 2), (60, 3), (150, 9), (150, 11), (200, 29), (300, 18)}
    assert {(second, N + kind) for second, kind in wanted} <= told
    assert {(50, N + 7), (50, N + 4)} & told
