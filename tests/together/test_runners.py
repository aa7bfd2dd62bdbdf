"""Several runners on one catalogue, and runners that are asked to end."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.together.harness import staged

from catchment._engine.application import Application
from catchment.testing.judge import ask_app, assert_equal
from catchment.testing.stage import HOUR, wait_until


def count_archived(app: Application) -> int:
    """How many files are archived."""
    return len(ask_app(app, "SELECT 1 FROM file WHERE state = 'archived'"))


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
