"""T3: the program is killed at each of its durable boundaries, and run again (promises 1 and 2).

There is no point between archiving and the deletion at the platform: nothing of ours deletes there.
"""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest
from tests.databases import DATABASES
from tests.proof.forms import ADAPTERS, LONG, Tally, choose
from tests.proof.judging import build_tables, conclude
from tests.together.harness import ALL, staged

from catchment import _crash
from catchment.testing.judge import Watch, list_truth
from catchment.testing.quiet import settle
from catchment.testing.stage import LEASE, Stage


def list_cases() -> list[tuple[str, str]]:
    """Each adapter with each point; in the short form they are dealt, one adapter to each point."""
    if LONG or set(ADAPTERS) != set(ALL):
        return [(adapter, point) for adapter in ADAPTERS for point in _crash.POINTS]
    return list(zip(cycle(ADAPTERS), _crash.POINTS, strict=False))


def drop_list(stage: Stage) -> None:
    """Put a list of one recording into the source's folder, as a person would."""
    stage.inbox.mkdir(parents=True, exist_ok=True)
    sounds = [row for row in stage.platform.truth(stage.clock.now()) if row.kind != "transcript"]
    wanted = min(row.external_id for row in sounds)
    (stage.inbox / "wanted.csv").write_text(f"id\n{wanted}\n", "utf-8")


@pytest.mark.proof("T3")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("catalogue_url", choose(("sqlite",), DATABASES), indirect=True)
@pytest.mark.parametrize(("adapter", "point"), list_cases())
def test_killed_at_a_named_point_and_run_again_loses_and_repeats_nothing(
    tmp_path: Path, adapter: str, point: str, catalogue_url: str, tally: Tally
) -> None:
    """At every durable boundary: killed there, run again, and the archive equals the World.

    Proves T3 and promises 1 and 2; the watermark is never ahead of the ledger (S003-4, S003-30),
    and a list is moved exactly once (S003-27).
    """
    with staged(
        tmp_path,
        of=(adapter,),
        meetings=2,
        calls=2,
        shared_clock=True,
        tables=build_tables((adapter,), catalogue_url),
    ) as stage:
        assert list_truth(stage)
        drop_list(stage)
        with stage.ticking() as time:
            assert stage.start(crash_at=point).wait(600) == _crash.CRASHED
        tally.injected["kill"] += 1
        watch = Watch.of(stage)
        watch.look()
        time.jump(LEASE)
        stage.run_once()
        watch.look()
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        assert sorted(path.name for path in stage.processed.iterdir()) == [
            "wanted.csv",
            "wanted.report.csv",
        ]
        assert list(stage.inbox.iterdir()) == []
        conclude(stage, tally, remade=True)
