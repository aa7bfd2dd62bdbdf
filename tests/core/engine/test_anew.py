"""A file that the platform describes anew, or that a person decides about, while it is fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from tests.core.engine.platform import DAY, HOUR, START, Call, Stage, Tape, revise

from catchment._catalogue import tables
from catchment._engine import reporting
from catchment._engine.wanted import want_period
from catchment.errors import Corrupt


def fetch_amid(stage: Stage, happens: Callable[[], None]) -> Exception | None:
    """Download the only file, and let something happen while its bytes come; what it ended with."""
    stage.do("poll")
    stage.do("capture")
    (job,) = stage.claim("media")
    told: list[str] = []

    def interrupt(event: str, **_: Any) -> None:
        told.append(event)
        if told == ["file.progress"]:
            happens()

    stage.app.tell = interrupt
    return stage.work(job)


def change(stage: Stage, call: Call, tape: Tape) -> None:
    """Let the platform change the file, and tell so."""
    revise(call, files={"f": tape})
    want_period(stage.app, stage.source, stage.clock.now() - DAY, stage.clock.now())
    assert stage.do("poll") == [None]
    assert stage.do("capture") == [None]


def settle(stage: Stage) -> None:
    """Do what is due, again and again."""
    for _ in range(3):
        for kind in ("capture", "media", "map"):
            assert [error for error in stage.do(kind) if error] == []


def test_a_file_that_is_described_anew_while_it_is_fetched_is_fetched_again(stage: Stage) -> None:
    """What was on its way is archived as what it was called; what is called otherwise comes too.

    Proves promises 1 and 3.
    """
    call = stage.cloud.hold("c1", files={"f": b"old" * 100})
    new = b"new and longer" * 100
    assert fetch_amid(stage, lambda: change(stage, call, Tape(new))) is None
    assert stage.recording("c1").state == "open"
    assert stage.mark().held_by == "recording c1 is open"
    settle(stage)
    rows = stage.files()
    assert [(row.version, row.state, row.size_bytes) for row in rows] == [
        (1, "archived", 300),
        (2, "archived", len(new)),
    ]
    assert [row.description["size_bytes"] for row in rows] == [300, len(new)]
    assert stage.archived() == {("c1", "f"): new}
    assert stage.recording("c1").state == "quiet"
    report = reporting.report(stage.app, "tin", START - 2 * HOUR, START, ask=False)
    assert report.complete


def test_a_file_that_only_has_another_name_then_is_one_version(stage: Stage) -> None:
    """The bytes are compared, and the newer description counts (promise 2)."""
    call = stage.cloud.hold("c1", files={"f": b"hello"})
    renamed = Tape(b"hello", more={"name": "renamed.bin"})
    assert fetch_amid(stage, lambda: change(stage, call, renamed)) is None
    settle(stage)
    (row,) = stage.files()
    assert (row.version, row.state, row.description["name"]) == (1, "archived", "renamed.bin")
    assert stage.recording("c1").state == "quiet"


def test_a_file_that_fails_at_the_platform_while_it_is_fetched_is_kept(stage: Stage) -> None:
    """Good bytes that were offered are archived; that there will be no others stands beside them.

    Proves promise 1.
    """
    call = stage.cloud.hold("c1", files={"f": b"hello"})
    failed = Tape(offered="failed", more={"why": "it was withdrawn"})
    assert fetch_amid(stage, lambda: change(stage, call, failed)) is None
    settle(stage)
    assert [(row.version, row.state, row.reason) for row in stage.files()] == [
        (1, "archived", None),
        (2, "gone", "it was withdrawn"),
    ]
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_what_a_person_decides_amid_a_download_that_fails_stays(stage: Stage) -> None:
    """A failure takes up nothing that a person set aside meanwhile (promise 6)."""
    stage.cloud.hold("c1", files={"f": Tape(b"hello", more={"sha256": "0" * 64})})

    def skip() -> None:
        with stage.app.database.write() as connection:
            connection.execute(update(tables.file).values(state="skipped", reason="private"))

    assert isinstance(fetch_amid(stage, skip), Corrupt)
    assert (stage.file().state, stage.file().reason) == ("skipped", "private")
    assert stage.job("media").due_at is None
