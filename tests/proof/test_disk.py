"""T8: whichever call on a file fails, nothing half-written is seen and nothing is lost.

The method is SQLite's: run once, count the calls that reach the disk, then run again and again,
and let another one of them fail each time, once or for good.  In the short form each sort of call
fails once in each folder, dealt among the adapters; in the long form every single call does.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from tests.proof.faulty_disk import Fault, FaultyDisk, Told
from tests.proof.forms import LONG, Tally
from tests.together.harness import ALL, staged

from catchment._archive.verify import verify
from catchment.clock import ENVIRONMENT
from catchment.testing.judge import ask, judge, list_truth
from catchment.testing.stage import HOUR, Stage, since_start

WORLDS = {
    "zoom": {"meetings": 1, "seed": 5},
    "webex_meetings": {"meetings": 1, "seed": 2},
    "webex_calling": {"meetings": 0, "calls": 2, "seed": 2},
    "webex_cc": {"meetings": 0, "calls": 2, "seed": 2},
    "dynamics": {"meetings": 0, "calls": 2, "seed": 2},
}
"""The smallest days that have a file of each sort that the platform knows."""

MAKING = "create,write,mkdir,truncate,rename,link,sync"
CHANGING = "create,reopen,write,mkdir,rename,link,unlink,chmod,truncate"
SORTS = {
    "archive": (
        *("chmod", "close", "create", "list", "mkdir", "open", "read", "rename", "stat", "sync"),
        *("unlink", "write"),
    ),
    "buffer": (
        *("chmod", "close", "create", "list", "mkdir", "open", "read", "rename", "stat", "statvfs"),
        *("sync", "unlink", "write"),
    ),
    "catalogue.db": ("create", "read", "stat", "sync", "truncate", "unlink", "write"),
    "recovery": ("list", "mkdir"),
}
"""The calls that a run makes in each of its folders; close of a database's files tells nothing."""

MODES = (
    (errno.ENOSPC, MAKING, False),
    (errno.EIO, "*", False),
    (errno.EROFS, CHANGING, True),
    (errno.EIO, "sync", False),
    (errno.ENOSPC, MAKING, True),
    (errno.EIO, "*", True),
    (errno.EIO, "sync", True),
)
"""A full disk, a failing one, one that becomes read-only; once and from then on."""

MOST_RUNS = 30
LONG_STEPS = 3
MINUTE = timedelta(minutes=1)


@dataclass
class Scene:
    """One simulated account, captured again and again from nothing, each time into a new folder."""

    stage: Stage
    disk: FaultyDisk
    number: int = 0
    usual: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def fresh(self) -> Stage:
        """A stage of the same platform on which nothing was captured."""
        self.number += 1
        folder = self.stage.folder / f"n{self.number}"
        folder.mkdir()
        stage = Stage(folder, self.stage.platforms, self.stage.clock, self.stage.tables)
        stage.configure()
        return stage

    def command(self, stage: Stage, fault: Fault, *words: str) -> Told:
        """Run a command of the program in which *fault* happens."""
        environment = {ENVIRONMENT: str(stage.clock.path)}  # type: ignore[union-attr]  # a FileClock
        return self.disk.run(["--config", str(stage.settings_path), *words], fault, environment)

    def count(self) -> None:
        """Run once without a fault, and count the calls of each sort in each folder."""
        stage = self.fresh()
        told = self.command(stage, Fault(f"{stage.folder}/"), "run", "--once")
        assert "Traceback" not in told.text, told.text
        self.usual = len(list_archived(stage))
        assert self.usual, told.text
        self.counts = Counter((name_place(name), sort) for sort, name in told.calls)


def build_tables(adapter: str) -> dict[str, dict[str, object]]:
    """Settings of the source; a call history that may be asked once a minute is left out.

    It has no files of its own, and each fault would take a quarter of an hour to be caught up with.
    """
    quick = {"call_records": False} if adapter == "webex_calling" else {}
    return {adapter: {**since_start(adapter)[adapter], **quick}}


@contextmanager
def played(folder: Path, adapter: str) -> Iterator[Scene]:
    """A scene of *adapter*, whose calls are counted."""
    with (
        staged(
            folder,
            of=(adapter,),
            shared_clock=True,
            tables=build_tables(adapter),
            **WORLDS[adapter],
        ) as stage,
        FaultyDisk(folder) as disk,
        stage.ticking(),
    ):
        scene = Scene(stage, disk)
        scene.count()
        yield scene


def name_place(name: str) -> str:
    """The folder that a file lies in; all files of the catalogue are one."""
    first = name.partition("/")[0]
    return "catalogue.db" if first.startswith("catalogue.db") else first


def list_archived(stage: Stage) -> set[str]:
    """What the pool of the archive holds by now; every bit of it is whole."""
    with stage.open() as app:
        wrong = [one for one in verify(app.archive) if one.verdict in ("damaged", "missing")]
        assert wrong == []
        return set(app.archive.list_media())


def survive(scene: Scene, fault: Fault, place: str, stage: Stage) -> Told:
    """Capture while *fault* happens, then without it, and lose nothing."""
    told = scene.command(stage, fault, "run", "--once")
    if told.failed and place == "recovery":
        assert told.code == 1, f"{told.failed}: nobody reads lists, and nobody knows: {told.text}"
        assert str(stage.folder / place) in told.text, f"{told.failed} at {place}: {told.text}"
    if told.failed:
        assert told.code in (0, 1), f"{told.failed}: it ended with {told.code}: {told.text}"
        assert "Traceback" not in told.text, f"{told.failed}: {told.text}"
        assert "bug of Catchment" not in told.text, f"{told.failed}: {told.text}"
    before = list_archived(stage)
    if len(before) < scene.usual:
        assert told.code == 1, f"{told.failed}: it lacks something and says nothing: {told.text}"
        assert str(stage.folder / place) in told.text, f"{told.failed} at {place}: {told.text}"
    finish(stage)
    assert before <= list_archived(stage), f"{told.failed}: something left the archive"
    return told


def finish(stage: Stage) -> None:
    """Run again without faults, until the archive is equal to the World."""
    verdict = None
    for turn in range(MOST_RUNS):
        # A history that may be asked once a minute is at its end in such steps only: in longer ones
        # each run spends its one question on what the steps themselves have added.
        stage.clock.advance(HOUR if turn < LONG_STEPS else MINUTE)
        stage.run_once()
        verdict = judge(stage, remade=True)
        if str(verdict) == "equal":
            return
    raise AssertionError(str(verdict))


def deal(adapter: str) -> list[tuple[str, str]]:
    """The folders and sorts of calls that the short form takes with *adapter*."""
    everything = [(place, sort) for place, sorts in SORTS.items() for sort in sorts]
    return everything[ALL.index(adapter) :: len(ALL)]


def pick(scene: Scene, place: str, sort: str, turn: int) -> tuple[int, int, str, bool]:
    """Which call of *sort* fails, with what, which fail as well, and whether for good."""
    fitting = [mode for mode in MODES if mode[1] == "*" or sort in mode[1].split(",")]
    error, others, lasts = fitting[turn % len(fitting)]
    number = scene.counts[place, sort]
    return 1 + turn * 7 % number, error, others if lasts else sort, lasts


@pytest.mark.proof("T8")
@pytest.mark.timeout(3600)
@pytest.mark.skipif(LONG, reason="the long form lets every single call fail")
def test_each_sort_of_call_may_fail_in_each_folder(
    tmp_path: Path, adapter: str, tally: Tally
) -> None:
    """What fails is said with its folder; afterwards a run makes everything good (T8)."""
    with played(tmp_path, adapter) as scene:
        for turn, (place, sort) in enumerate(deal(adapter), ALL.index(adapter)):
            assert scene.counts[place, sort], f"no run calls {sort} in {place} any more"
            nth, error, calls, lasts = pick(scene, place, sort, turn)
            stage = scene.fresh()
            fault = Fault(f"{stage.folder}/", nth, calls, f"{place}*", error, lasts)
            inject(scene, fault, place, stage, tally)
        assert tally.injected


def inject(scene: Scene, fault: Fault, place: str, stage: Stage, tally: Tally) -> Told:
    """Let *fault* happen and count what came of it."""
    told = survive(scene, fault, place, stage)
    if told.failed:
        tally.injected[errno.errorcode[fault.error]] += 1
    truth = list_truth(stage)
    tally.offered += len(truth)
    tally.survived += len(truth)  # whatever is lost or comes twice has failed by now
    return told


@pytest.mark.proof("T8")
@pytest.mark.timeout(0)
@pytest.mark.skipif(not LONG, reason="hours of runs")
@pytest.mark.parametrize("place", SORTS)
def test_every_single_call_may_fail(tmp_path: Path, adapter: str, place: str, tally: Tally) -> None:
    """The first call of a run fails, then the second, until a run makes no more of them (T8)."""
    with played(tmp_path, adapter) as scene:
        for index, (error, calls, lasts) in enumerate(MODES):
            nth, failing = 1 + index, True
            while failing:
                stage = scene.fresh()
                fault = Fault(f"{stage.folder}/", nth, calls, f"{place}*", error, lasts)
                failing = bool(inject(scene, fault, place, stage, tally).failed)
                nth += len(MODES)


# --- back-pressure -----------------------------------------------------------------------------


@pytest.mark.proof("T8")
@pytest.mark.timeout(1800)
def test_a_full_buffer_stops_downloads_and_not_listings(
    tmp_path: Path, adapter: str, tally: Tally
) -> None:
    """What there is no room for waits with its reason while everything is listed (T8)."""
    tables = since_start(adapter) | {"buffer": {"reserve": 10**18}}
    with staged(tmp_path, of=(adapter,), tables=tables, **WORLDS[adapter]) as stage:
        before = stage.clock.now()
        live(stage)
        waiting = ask(stage, "SELECT * FROM file WHERE state NOT IN ('parked', 'gone')")
        assert waiting == [], waiting
        rows = ask(stage, "SELECT * FROM file WHERE state = 'parked'")
        assert all(f"{tmp_path / 'buffer'} has no room" in row.reason for row in rows)
        frontiers = [row.frontier for row in ask(stage, "SELECT * FROM feed")]
        assert frontiers
        assert all(frontier is not None for frontier in frontiers)
        assert str(max(frontiers))[:13] > before.isoformat(" ")[:10], "nothing new was listed"
        stage.configure(buffer={"reserve": 0})
        finish(stage)
        tally.injected["full buffer"] += 1
        tally.offered = tally.survived = len(list_truth(stage))


def live(stage: Stage) -> None:
    """Some hours with a run after each, and then minutes: two histories may share one question."""
    for _ in range(6):
        stage.run_once()
        stage.clock.advance(HOUR)
    for _ in range(60):
        if not ask(stage, "SELECT 1 FROM feed WHERE frontier IS NULL"):
            break
        stage.clock.advance(timedelta(minutes=1))
        stage.run_once()
