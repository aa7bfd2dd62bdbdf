"""Budgets that several runners share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import event

from catchment._catalogue.buckets import CatalogueBuckets
from catchment._catalogue.database import Database
from catchment.clock import ManualClock
from catchment.model import Budget
from catchment.transport import Buckets

BUDGET = Budget(rate=40, per="1s", share=0.5)  # 20 requests a second are ours


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    """A clock that only the test turns."""
    return ManualClock(now)


@contextmanager
def count_transactions(database: Database) -> Iterator[list[int]]:
    """Count what is committed meanwhile."""
    counted = [0]

    def count(_connection: object) -> None:
        counted[0] += 1

    event.listen(database.engine, "commit", count)
    yield counted
    event.remove(database.engine, "commit", count)


def drain(buckets: Buckets, key: str = "api") -> int:
    """Take one by one until there is nothing left."""
    taken = 0
    while buckets.take(key, BUDGET) == 0:
        taken += 1
    return taken


def test_two_runners_share_one_budget(database: Database, clock: ManualClock) -> None:
    """What one runner takes the other one does not get."""
    first, second = CatalogueBuckets(database, clock), CatalogueBuckets(database, clock)
    assert drain(first) + drain(second) == 20
    clock.advance(timedelta(seconds=0.5))
    assert drain(second) + drain(first) == 10


def test_the_wait_is_as_long_as_it_takes(database: Database, clock: ManualClock) -> None:
    """Who waits as long as told gets what was asked for, and not before."""
    buckets = CatalogueBuckets(database, clock)
    drain(buckets)
    wait = buckets.take("api", BUDGET)
    assert wait == pytest.approx(0.05, abs=0.001)
    clock.wait(wait)
    assert buckets.take("api", BUDGET) == 0


def test_a_request_rarely_costs_a_transaction(database: Database, clock: ManualClock) -> None:
    """Requests are drawn in blocks of a quarter of a second."""
    buckets = CatalogueBuckets(database, clock)
    with count_transactions(database) as counted:
        for _ in range(20):
            assert buckets.take("api", BUDGET) == 0
    assert counted[0] == 4


def test_an_unused_block_is_not_saved_up(database: Database, clock: ManualClock) -> None:
    """What was drawn and not used in time cannot be used on top of a full bucket."""
    buckets = CatalogueBuckets(database, clock)
    assert buckets.take("api", BUDGET) == 0
    clock.advance(timedelta(hours=1))
    assert drain(buckets) == 20


def test_a_block_holds_for_every_runner(
    database: Database, clock: ManualClock, now: datetime
) -> None:
    """What the platform said to one runner keeps the others back too; the longer wait counts."""
    first, second = CatalogueBuckets(database, clock), CatalogueBuckets(database, clock)
    first.block("api", now + timedelta(seconds=30))
    first.block("api", now + timedelta(seconds=10))
    assert second.take("api", BUDGET) == 30
    assert second.take("another", BUDGET) == 0
    clock.advance(timedelta(seconds=30))
    assert second.take("api", BUDGET) == 0


def test_a_block_stops_what_was_drawn_already(
    database: Database, clock: ManualClock, now: datetime
) -> None:
    """A runner that was told to wait does not use up its block first."""
    buckets = CatalogueBuckets(database, clock)
    assert buckets.take("api", BUDGET) == 0
    buckets.block("api", now + timedelta(seconds=5))
    assert buckets.take("api", BUDGET) == 5


def test_a_clock_behind_the_one_that_counted_last_is_not_starved(
    database: Database, now: datetime
) -> None:
    """A clock that was set back, or that of a runner whose faster fellow died, counts on."""
    fast, slow = ManualClock(now + timedelta(minutes=20)), ManualClock(now)
    drain(CatalogueBuckets(database, fast))
    behind = CatalogueBuckets(database, slow)
    assert drain(behind) == 0
    taken = 0
    for _ in range(8):
        slow.advance(timedelta(seconds=0.5))
        taken += drain(behind)
    assert taken == pytest.approx(80, abs=1)
    slow.advance(-timedelta(minutes=5))
    drain(behind)
    slow.advance(timedelta(seconds=0.5))
    assert drain(behind) == 10


def test_two_clocks_count_no_time_twice(database: Database, now: datetime) -> None:
    """T13: of runners whose clocks differ, together no more than the platform takes."""
    clocks = [ManualClock(now + timedelta(minutes=20)), ManualClock(now)]
    runners = [CatalogueBuckets(database, clock) for clock in clocks]
    taken = sum(drain(runner) for runner in runners)
    for number in range(40):
        for clock in clocks:
            clock.advance(timedelta(seconds=0.25))
        asking = runners if number // 4 % 2 else runners[1:]  # the fast one rests now and then
        taken += sum(drain(runner) for runner in asking)
    assert 200 <= taken <= 20 + 10 * 20 + 1


def test_more_than_the_bucket_holds_is_paid_back(database: Database, clock: ManualClock) -> None:
    """A batch above the bucket is given when it is full, and the debt is waited for."""
    buckets = CatalogueBuckets(database, clock)
    assert buckets.take("api", BUDGET, 50) == 0
    assert buckets.take("api", BUDGET) == pytest.approx(31 / 20, abs=0.01)


def test_threads_never_get_more_than_there_is(database: Database, clock: ManualClock) -> None:
    """T13: Two runners that ask at the same moment are not over the budget together."""
    taken: list[int] = []
    together = Barrier(4)

    def ask() -> None:
        buckets = CatalogueBuckets(database, clock)
        together.wait()
        taken.append(drain(buckets))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 20
