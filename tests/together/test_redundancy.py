"""Two runners for one platform: each thing has one of them, and the other takes over (S000-30)."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import staged

from catchment._engine.application import Application
from catchment.testing.judge import ask_app, assert_equal, is_idle
from catchment.testing.stage import HOUR, START, Process, wait_until, write_toml

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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("catalogue_url", ["postgresql"], indirect=True)
def test_each_node_works_under_a_client_id_of_its_own(tmp_path: Path, catalogue_url: str) -> None:
    """Two nodes on one catalogue, each with its own limit; one falls, the other goes on (S004-5).

    Their settings differ in the client's id and secret alone, as Dataverse counts requests.
    """
    catalogue = {"catalogue": {"url": catalogue_url}} if catalogue_url else {}
    name = "dynamics"
    with (
        staged(
            tmp_path,
            of=(name,),
            meetings=0,
            calls=14,
            chains=4,
            at=START + timedelta(hours=20),
            shared_clock=True,
            tables={
                name: {"since": "2026-10-13T00:00:00Z"},
                "runner": {"lease": "2m"},
                **catalogue,
            },
        ) as stage,
        stage.ticking(10) as time,
        stage.open() as app,
    ):
        platform = stage.platform
        text = stage.settings_path.read_text("utf-8")
        other = tmp_path / "other.toml"
        told, mine = platform.settings(1), platform.settings()
        for setting in ("client_id", "client_secret"):
            text = text.replace(write_toml(mine[setting]), write_toml(told[setting]))
        other.write_text(text, "utf-8")
        runners: dict[str, Process] = {}
        try:
            first = runners["first"] = stage.start(once=False, name="first")
            second = runners["second"] = stage.start(once=False, name="second", settings=other)
            wait_until(lambda: len(Counter(platform.counts)) == 2, "both are at work")
            wait_until(lambda: len(holders(app)) > 0, "something is under way")
            first.kill()
            before = platform.counts["b"]
            for hours in (1, 12, 60, 24, 1):  # what never comes is given up after three days
                time.jump(hours * HOUR)
                wait_until(lambda: is_idle(app), "the second has done what was left")
            assert platform.counts["b"] > before
            second.send(signal.SIGTERM)
            assert second.wait() == 0
        finally:
            for one in runners.values():
                one.kill()
        assert_equal(stage, remade=True)
