"""T2: runners that are killed again and again, at any moment, amid faults (promises 1 and 2)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.databases import DATABASES
from tests.proof.forms import ADAPTERS, Tally, choose
from tests.proof.judging import build_tables, conclude
from tests.proof.knowable import Knowable
from tests.together.harness import staged

from catchment.sandbox import ASGIApp
from catchment.sandbox.layer import Receive, Scope, Send
from catchment.testing.judge import Watch, ask_app
from catchment.testing.quiet import settle
from catchment.testing.stage import HOUR, LEASE, START, Process, Stage

KILLS = choose(6, 500)
"""How often the runner of each adapter is killed."""

PAIRS = 3
"""Every so many starts are of two runners at once, both of which are killed."""

MANY = 20
"""After so many requests of a runner a kill falls on average."""

EARLY = 0.2
"""The share of kills that fall on a runner which only begins."""


class Bell:
    """Stands in front of every host and counts what is asked."""

    def __init__(self) -> None:
        self.rung = 0

    def wrap(self, name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of one host."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            self.rung += scope["type"] == "http"
            await app(scope, receive, send)

        return answer

    def wait(self, count: int, runner: Process, seconds: float) -> None:
        """Until *count* was rung; no longer than *seconds*: who has no more to ask is silent."""
        ends, pause = time.monotonic() + seconds, threading.Event()
        while self.rung < count and runner.running and time.monotonic() < ends:
            pause.wait(0.01)


def kill_at_random(runner: Process, bell: Bell, chance: random.Random) -> bool:
    """Kill a runner while it begins, or amid its requests or soon after; whether it was at work.

    Requests are counted rather than seconds, so that a busy machine hits the same phases.
    """
    if chance.random() < EARLY:
        return runner.kill_after(chance.uniform(0.0, 1.5))
    before, wanted = bell.rung, 1 + int(chance.expovariate(1 / MANY))
    bell.wait(before + 1, runner, 300)
    bell.wait(before + wanted, runner, 2)
    return runner.kill_after(chance.uniform(0.0, 0.6))


def assert_leased(stage: Stage) -> None:
    """Nothing is in a dead runner's hands for longer than the lease.

    The look at the clock comes after all of them are dead.
    """
    with stage.open() as app:
        leases = ask_app(app, "SELECT due_at FROM job WHERE runner IS NOT NULL", "due_at")
        latest = stage.clock.now() + LEASE
    assert all(at is not None and at <= latest for at in leases)


def kill_through(
    folder: Path, of: Sequence[str], catalogue_url: str, kills: int, tally: Tally
) -> None:
    """Let days pass in which runners are killed *kills* times, amid faults; then judge."""
    rates = {"list": 0.05, "document": 0.05, "download": 0.1}
    faults = Knowable(seed=3, rates={"reset": rates, "truncate": rates, "server_error": rates})
    chance, bell = random.Random(29), Bell()
    with staged(
        folder,
        of=of,
        meetings=choose(4, 24),
        calls=choose(6, 36),
        days=choose(1, 5),
        tables=build_tables(of, catalogue_url),
        at=START + 9 * HOUR,
        faults=faults,
        wrap=bell.wrap,
        shared_clock=True,
    ) as stage:
        watch = Watch.of(stage)
        with stage.ticking() as hands:
            starts = 0
            while tally.injected["kill"] < kills:
                starts += 1
                assert starts < kills * 3, "it ends before it can be killed"
                number = 2 if starts % PAIRS == 0 else 1
                runners = [stage.start(once=False, name=str(n)) for n in range(number)]
                hits = [kill_at_random(runner, bell, chance) for runner in runners]
                tally.injected["kill"] += sum(hits)
                watch.look()
                assert_leased(stage)
                hands.jump(LEASE + timedelta(minutes=chance.randrange(choose(600 // kills, 6))))
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        conclude(stage, tally, remade=True)


@pytest.mark.proof("T2")
@pytest.mark.timeout(choose(1800, 36000))
@pytest.mark.parametrize("catalogue_url", choose(("sqlite",), DATABASES), indirect=True)
def test_killed_at_random_moments_loses_and_repeats_nothing(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """Runners that are killed again and again, amid faults, archive the days as any other does.

    Proves T2 and promises 1 and 2 (S003-2, S003-4): one runner, and two at once.
    """
    kill_through(tmp_path, (adapter,), catalogue_url, KILLS, tally)


@pytest.mark.proof("T2")
@pytest.mark.timeout(choose(1800, 36000))
@pytest.mark.parametrize("catalogue_url", choose(("postgresql",), DATABASES), indirect=True)
def test_runner_of_all_platforms_that_is_killed_loses_and_repeats_nothing(
    tmp_path: Path, catalogue_url: str, tally: Tally
) -> None:
    """What kills do to the work for one platform does nothing to that for the others (T2)."""
    kill_through(tmp_path, ADAPTERS, catalogue_url, KILLS, tally)
