"""Several runners on one catalogue, and runners that are asked to end."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import HOUR, LEASE, START, Process, Stage, staged, wait_until
from tests.together.judge import ask_app, assert_equal, is_idle

from catchment._engine.application import Application
from catchment.sandbox import Faults


def count_archived(app: Application) -> int:
    """How many files are archived."""
    return len(ask_app(app, "SELECT 1 FROM file WHERE state = 'archived'"))


def freeze(runner: Process, stage: Stage) -> None:
    """Stop a runner where it is, but not in the middle of writing to SQLite.

    SQLite's lock is the operating system's, and stays as long as its owner does; PostgreSQL lets go
    of a sleeper's locks by itself.
    """
    path = stage.folder / "catalogue.db"
    while True:
        runner.send(signal.SIGSTOP)
        if not path.exists() or can_write(path):
            return
        runner.send(signal.SIGCONT)
        wait_until(lambda: can_write(path), "the runner has ended its transaction")


def can_write(path: Path) -> bool:
    """Whether nobody keeps the database locked for longer than a transaction of ours lasts."""
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


@pytest.mark.timeout(600)
def test_two_runners_on_one_catalogue_do_everything_once(
    tmp_path: Path, catalogue_url: str
) -> None:
    """Two processes share a faulty day; one is frozen and wakes as a zombie, then it is killed.

    No effect happens twice, and the other runner takes over what was left (T2, T14; promise 2).
    """
    rates = {"list": 0.05, "document": 0.05, "download": 0.1}
    faults = Faults(seed=4, rates={"reset": rates, "truncate": rates, "throttle": rates})
    with (
        staged(
            tmp_path,
            meetings=6,
            at=START + timedelta(hours=9),
            faults=faults,
            shared_clock=True,
            tables={"catalogue": {"url": catalogue_url}} if catalogue_url else {},
        ) as stage,
        stage.ticking(5) as time,  # slowly: a lease must not run out under somebody who works
        stage.open() as app,
    ):
        zombie, steady = stage.start(once=False, name="1"), stage.start(once=False, name="2")
        try:
            wait_until(lambda: len(ask_app(app, "SELECT 1 FROM runner")) == 2, "both at work")
            for _ in range(3):
                time.jump(HOUR)
                wait_until(lambda: is_idle(app), "the work of an hour is done")
            before = count_archived(app)
            time.jump(2 * HOUR)
            wait_until(lambda: count_archived(app) > before, "the work of two hours is begun")
            freeze(zombie, stage)
            time.jump(LEASE + timedelta(minutes=1))
            wait_until(lambda: is_idle(app), "the other has taken over from the frozen one")
            zombie.send(signal.SIGCONT)
            time.jump(2 * HOUR)
            wait_until(lambda: count_archived(app) > before, "more work is begun")
            zombie.kill()
            time.jump(LEASE + timedelta(minutes=1))
            wait_until(lambda: is_idle(app), "the other has taken over from the dead one")
            faults.until = stage.clock.now()
            for _ in range(3):
                time.jump(5 * HOUR)
                wait_until(lambda: is_idle(app), "the rest of the day is done")
            steady.send(signal.SIGTERM)
            assert steady.wait() == 0
        finally:
            zombie.kill()
            steady.kill()
        assert_equal(stage)


def test_two_single_runs_at_once_do_everything_once(tmp_path: Path, catalogue_url: str) -> None:
    """Two commands started by accident at the same moment: the archive equals the World (T14)."""
    with (
        staged(
            tmp_path,
            meetings=6,
            shared_clock=True,
            tables={"catalogue": {"url": catalogue_url}} if catalogue_url else {},
        ) as stage,
        stage.ticking() as time,
    ):
        both = [stage.start(name="1"), stage.start(name="2")]
        for one in both:
            one.wait()
        time.jump(HOUR)
        stage.start().wait()
        assert_equal(stage)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_runner_that_is_asked_to_end_ends_at_once_and_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    """In the middle of its work a runner gives back what it holds and ends with 0 (S003-4).

    The next one takes all of it up without waiting for a lease to run out.
    """
    with staged(tmp_path, meetings=8, shared_clock=True) as stage, stage.open() as app:
        with stage.ticking():
            runner = stage.start(once=False)
            wait_until(lambda: count_archived(app) > 5, "it is at work")
            runner.send(number)
            assert runner.wait(30) == 0
        assert ask_app(app, "SELECT 1 FROM runner") == []
        assert ask_app(app, "SELECT 1 FROM job WHERE runner IS NOT NULL") == []
        assert "Traceback" not in runner.log.read_text("utf-8")
        with stage.ticking():
            stage.start().wait()
        assert_equal(stage)
