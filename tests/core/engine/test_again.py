"""Recovery takes up what the engine gave up, be it one file of a recording that has others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.core.engine.platform import HOUR, MINUTE, START, Stage, Tape

from catchment._catalogue import decisions
from catchment._engine.wanted import want_period

LATE = Tape(b"words", offered="not_yet")
BAD = Tape(b"words", more={"sha256": "0" * 64})


def by_id(stage: Stage) -> None:
    """Ask for the call by its id."""
    inbox = stage.source.table.recovery / "csv"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "ids.csv").write_text("c1\n")


def by_period(stage: Stage) -> None:
    """Ask for the period of the call."""
    want_period(stage.app, stage.source, START - 2 * HOUR, START)


def lack(stage: Stage, tape: Tape) -> None:
    """Have a call of which one file is archived, and the other given up."""
    stage.configure('gone_after = "12h"\n')
    stage.cloud.hold("c1", files={"f": b"one", "g": tape})
    for _ in range(14):
        stage.run()
        stage.wait(HOUR)


@pytest.mark.parametrize("ask", [by_id, by_period])
def test_a_file_that_was_given_up_is_asked_for_again(
    stage: Stage, ask: Callable[[Stage], None]
) -> None:
    """A file that came after patience is had by asking for its recording (promise 1)."""
    lack(stage, LATE)
    assert [(row.file_id, row.state) for row in stage.files()] == [("f", "archived"), ("g", "gone")]
    assert stage.recording("c1").state == "quiet"
    stage.cloud.calls["c1"].files["g"] = Tape(b"words")
    ask(stage)
    stage.run()
    assert stage.archived()["c1", "g"] == b"words"
    assert stage.recording("c1").state == "quiet"


def test_a_file_that_was_parked_is_asked_for_again(stage: Stage) -> None:
    """Neither a start of a runner nor the next day has to come first (promise 1)."""
    stage.cloud.hold("c1", files={"f": b"one", "g": BAD})
    stage.do("poll")
    stage.do("capture")
    while stage.recording("c1").state == "open":
        stage.do("media")
        stage.wait(5 * MINUTE)
    assert stage.file(file_id="g").state == "parked"
    stage.cloud.calls["c1"].files["g"] = Tape(b"words")
    by_period(stage)
    for kind in ("poll", "capture", "media"):
        assert stage.do(kind) == [None]
    assert stage.archived()["c1", "g"] == b"words"


def test_what_a_person_set_aside_stays_so(stage: Stage) -> None:
    """A file that a person skipped is not taken up by asking for its recording (promise 6)."""
    lack(stage, LATE)
    with stage.app.database.read() as connection:
        item = decisions.find_item(connection, "c1/g")
    assert item is not None
    now = stage.clock.now()
    decisions.decide_all(stage.app.database, [item], "skip", who="ann", why="private", now=now)
    stage.cloud.calls["c1"].files["g"] = Tape(b"words")
    by_id(stage)
    stage.run()
    assert stage.file(file_id="g").state == "skipped"
    assert set(stage.archived()) == {("c1", "f")}


def test_a_complete_recording_is_not_asked_about_again(stage: Stage) -> None:
    """Recovering a period asks for what lacks something, and for nothing else (promise 2)."""
    stage.cloud.hold("c1")
    stage.gather()
    asked = len(stage.cloud.asked("fetch_metadata"))
    by_period(stage)
    stage.do("poll")
    stage.do("capture")
    assert len(stage.cloud.asked("fetch_metadata")) == asked
