"""T1: what was offered is in the archive, once, byte for byte, whatever went wrong before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.proof.forms import ADAPTERS, LONG, Tally, choose
from tests.proof.judging import build_tables, conclude
from tests.proof.knowable import Knowable
from tests.together.harness import ALL, staged

from catchment.sandbox import Faults, Lateness
from catchment.testing.judge import Watch, judge, list_truth
from catchment.testing.quiet import settle
from catchment.testing.stage import DAY, HOUR, START

MEETINGS, CALLS, DAYS = choose((4, 7, 1), (200, 560, 5))
"""On each day; a meeting takes place on two of the platforms, a call on three."""

TOLD = 10_000
"""So many calls and meetings the platforms tell of in the long form, all together."""

UNSEEN = {"cursor_lost", "wrong_range", "changed"}
"""Faults that want pages, or downloads that were cut at the right moment: a short day may lack
them."""


def make_faults(seed: int) -> Faults:
    """Everything goes wrong, everywhere, and some of it comes late."""
    all_over = dict.fromkeys(("list", "document", "download"), 0.04)
    in_the_body = dict.fromkeys(("list", "document", "download"), 0.03)
    at_the_door = dict.fromkeys(("list", "document", "download"), 0.02)
    return Knowable(
        seed=seed,
        rates={
            "throttle": all_over,
            "server_error": all_over,
            "reset": all_over,
            "truncate": {**in_the_body, "download": 0.2},
            "html": in_the_body,
            "slow": {"download": choose(0.1, 0.02)},
            "wrong_range": {"download": 0.4},
            "changed": {"download": 0.6},
            "expired_link": {"download": 0.06},
            "expired_token": at_the_door,
            "unauthorized_once": at_the_door,
            "cursor_lost": {"list": 0.3},
            "repeat": {"list": 0.3},
            "shuffle": {"list": 0.3},
        },
        late=Lateness(share=0.2, least=timedelta(minutes=1), longest=timedelta(hours=5)),
    )


@pytest.mark.proof("T1")
@pytest.mark.timeout(choose(1800, 36000))
def test_faulty_days_of_all_platforms_are_archived_whole_after_a_quiet_phase(
    tmp_path: Path, catalogue_url: str, tally: Tally
) -> None:
    """Missing 0, duplicates 0, invented 0, bytes equal, and a fresh day after that still lands.

    Proves T1 and the promises 1 to 3 for all adapters in one runner, under faults of every kind.
    """
    faults = make_faults(11)
    with staged(
        tmp_path,
        of=ADAPTERS,
        meetings=MEETINGS,
        calls=CALLS,
        days=DAYS + 1,
        tables=build_tables(ADAPTERS, catalogue_url),
        at=START + 9 * HOUR,
        faults=faults,
    ) as stage:
        watch = Watch.of(stage)
        while stage.clock.now() < START + (DAYS - 1) * DAY + 20 * HOUR:
            stage.clock.advance(choose(3, 1) * HOUR)
            stage.run_once()
            watch.look()
        faults.until = stage.clock.now()
        fresh_from = START + DAYS * DAY
        while stage.clock.now() < fresh_from + 6 * HOUR:  # until people come to work again
            stage.clock.advance(3 * HOUR)
            stage.run_once()
            watch.look()
        verdict = judge(stage)
        before = {one.external_id for one in list_truth(stage)}
        assert [*verdict.duplicates, *verdict.invented] == []  # late texts may want a day more
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        for platform in stage.platforms:
            fresh = {one.external_id for one in platform.truth(stage.clock.now())}
            assert fresh - before, f"{platform.name} told nothing new"
        conclude(stage, tally)
        if set(ADAPTERS) == set(ALL):  # less is told where fewer are proved
            assert {fault for fault in faults.rates if not faults.counts[fault]} <= UNSEEN
            world = stage.platform.world
            assert not LONG or 2 * len(world.meetings) + 3 * len(world.calls) >= TOLD
