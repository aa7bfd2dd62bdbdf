"""Two runners for one platform: each thing has one of them, and the other takes over (S000-30)."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import HOUR, START, Process, staged, wait_until
from tests.together.judge import ask_app, assert_equal, is_idle

from catchment._engine.application import Application

LEASE = timedelta(minutes=2)
PROMISED = LEASE + timedelta(minutes=1)
"""What ``docs/operating.md`` promises: the lease, and a look at what is due."""


def holders(app: Application) -> set[str]:
    """Which runners are at work on something."""
    rows = ask_app(app, "SELECT DISTINCT runner FROM job WHERE runner IS NOT NULL")
    return {row.runner for row in rows}


@pytest.mark.timeout(600)
def test_the_second_runner_takes_over_within_the_lease(tmp_path: Path, catalogue_url: str) -> None:
    """The first is killed in the middle of its work; the second goes on within the promised time.

    Both are configured alike and neither knows of the other.  Measured on the clock by which both
    live, from the kill to the first job of the dead runner that the other one has begun.
    """
    catalogue = {"catalogue": {"url": catalogue_url}} if catalogue_url else {}
    with (
        staged(
            tmp_path,
            of=("webex_meetings",),
            meetings=10,
            at=START + timedelta(hours=20),
            shared_clock=True,
            tables={
                "webex_meetings": {"since": "2026-10-13T00:00:00Z"},
                "runner": {"lease": "2m"},
                **catalogue,
            },
        ) as stage,
        stage.ticking(10) as time,
        stage.open() as app,
    ):
        runners: dict[str, Process] = {}
        try:
            first = runners["first"] = stage.start(once=False, name="first")
            wait_until(lambda: bool(holders(app)), "the first is at work")
            (held,) = holders(app)
            first.kill()
            killed_at = stage.clock.now()
            runners["second"] = stage.start(once=False, name="second")
            wait_until(lambda: held not in holders(app), "nothing is held by the dead one")
            assert stage.clock.now() - killed_at <= PROMISED
            for _ in range(3):
                time.jump(HOUR)
                wait_until(lambda: is_idle(app), "the second has done what was left")
            runners["second"].send(signal.SIGTERM)
            assert runners["second"].wait() == 0
        finally:
            for one in runners.values():
                one.kill()
        assert_equal(stage)
