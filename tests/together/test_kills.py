"""Runners that are killed, anywhere and at any time: running again loses and repeats nothing."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import ALL, HOUR, LEASE, START, Stage, since_start, staged
from tests.together.judge import Watch, ask, assert_equal

from catchment import _crash
from catchment.sandbox import Faults

KILLS = int(os.environ.get("CATCHMENT_KILLS", "15"))
"""How often the runner is killed at a random moment; 100 for the whole proof."""

CRASHED = 70


def drop_list(stage: Stage) -> None:
    """Put a list of one meeting into the source's folder, as a person would."""
    stage.inbox.mkdir(parents=True, exist_ok=True)
    uuid = stage.platform.site.archive[0].uuid
    (stage.inbox / "wanted.csv").write_text(f"meeting_uuid\n{uuid}\n", "utf-8")


@pytest.mark.parametrize("point", _crash.POINTS)
def test_killed_at_a_named_point_and_run_again_loses_and_repeats_nothing(
    tmp_path: Path, point: str
) -> None:
    """At every durable boundary: killed there, run again, and the archive equals the World.

    Proves T3 and promises 1 and 2; the watermark is never ahead of the ledger (S003-4, S003-30),
    and a list is moved exactly once (S003-27).
    """
    with staged(tmp_path, meetings=2, shared_clock=True) as stage, stage.ticking() as time:
        drop_list(stage)
        assert stage.start(crash_at=point).wait() == CRASHED
        watch = Watch.of(stage)
        watch.look()
        time.jump(HOUR)
        stage.start().wait()
        watch.look()
        assert_equal(stage, killed=True)
        assert sorted(path.name for path in stage.processed.iterdir()) == [
            "wanted.csv",
            "wanted.report.csv",
        ]
        assert list(stage.inbox.iterdir()) == []


@pytest.mark.timeout(500 + 20 * KILLS)
@pytest.mark.parametrize("of", [("zoom",), ALL], ids=["zoom", "all"])
def test_killed_at_random_moments_loses_and_repeats_nothing(
    tmp_path: Path, of: tuple[str, ...]
) -> None:
    """A runner that is killed again and again, amid faults, archives the day as any other does.

    Proves T2 and promises 1 and 2 (S003-2, S003-4), for one platform and for all in one runner.
    ``CATCHMENT_KILLS`` says how often.
    """
    rates = {"list": 0.05, "document": 0.05, "download": 0.1}
    faults = Faults(seed=3, rates={"reset": rates, "truncate": rates, "server_error": rates})
    chance = random.Random(29)
    with (
        staged(
            tmp_path,
            of=of,
            meetings=4 + KILLS // 4,
            calls=12 * (of == ALL),
            tables=since_start(*of),
            at=START + timedelta(hours=9),
            faults=faults,
            shared_clock=True,
        ) as stage,
        stage.ticking() as time,
    ):
        watch = Watch.of(stage)
        killed = attempts = 0
        while killed < KILLS:
            attempts += 1
            assert attempts < KILLS * 3, "it ends before it can be killed"
            killed += stage.start(once=False).kill_after(chance.uniform(1.0, 5.0))
            watch.look()
            time.jump(LEASE + timedelta(minutes=chance.randrange(600 // KILLS)))
        faults.until = stage.clock.now()
        for hours in (12, 12, 60, 24, 1):  # what never comes is given up after three days
            time.jump(hours * HOUR)
            stage.start().wait(300)
        for _ in range(6):  # what was named late, or listed anew, is waited for three days more
            if not ask(stage, "SELECT 1 FROM recording WHERE state = 'open'"):
                break
            time.jump(25 * HOUR)
            stage.start().wait(300)
            time.jump(HOUR)
            stage.start().wait(300)
        while ask(stage, "SELECT 1 FROM walk LIMIT 1"):  # it may be asked for once a minute
            time.jump(timedelta(minutes=2))
            stage.start().wait(300)
        watch.look()
        assert_equal(stage, killed=True)
        assert watch.list_silent() == []
