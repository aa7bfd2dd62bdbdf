"""A clock that was wrong does not decide what is listed, nor when (promise 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.core.engine.dates import tell_time
from tests.core.engine.platform import CALLS, DAY, HOUR, MINUTE, START, Stage

from catchment._catalogue import tables
from catchment.model import Page, Span


def hold_hourly(stage: Stage, hours: int) -> None:
    """A call in each of the *hours* that begin in two."""
    for number in range(hours):
        stage.cloud.hold(f"n{number}", ago=-(number + 2) * HOUR)


@pytest.mark.parametrize("fast", [3 * HOUR, 10 * DAY, 365 * DAY])
def test_what_a_fast_clock_did_is_taken_back(stage: Stage, fast: timedelta) -> None:
    """One run by a clock that is fast, then the right one: listing goes on at once."""
    stage.run()
    stage.clock.advance(fast)
    stage.run()
    stage.clock.set(START + HOUR)
    hold_hourly(stage, 30)
    for _ in range(40):
        stage.wait(HOUR)
        stage.run()
    assert len(stage.archived()) == 30
    assert len(stage.events("clock.stepped")) == 1
    (feed,) = stage.rows(tables.feed)
    assert feed.frontier <= stage.clock.now()


def test_a_platform_whose_date_is_fast_moves_no_frontier_beyond_ours(stage: Stage) -> None:
    """Whatever a proxy writes into ``Date``: nothing is called listed that has not been yet."""
    platform = tell_time(stage, timedelta())
    stage.run()
    platform.ahead = 20 * DAY
    stage.wait(HOUR)
    stage.run()
    platform.ahead = timedelta()
    (feed,) = stage.rows(tables.feed)
    assert feed.frontier <= stage.clock.now()
    hold_hourly(stage, 30)
    for _ in range(40):
        stage.wait(HOUR)
        stage.run()
    assert len(stage.archived()) == 30


def test_a_clock_of_ours_that_is_slow_takes_no_frontier_back(stage: Stage) -> None:
    """The platform tells that it is later than we think: nothing was listed too far."""
    platform = tell_time(stage, timedelta())
    stage.run()
    stage.wait(2 * DAY)
    stage.run()
    (before,) = stage.rows(tables.feed)
    stage.close()
    stage.clock.set(stage.clock.now() - DAY)
    platform.ahead = DAY
    stage.run()
    (after,) = stage.rows(tables.feed)
    assert after.frontier == before.frontier
    assert stage.events("clock.stepped")  # jobs of a day ahead are due at once all the same


LADDER = (replace(CALLS, every="15m", lookback={"10m": "3h"}),)


@pytest.mark.parametrize("skew", [-9 * MINUTE, -MINUTE, MINUTE, 9 * MINUTE])
def test_a_wrong_clock_asks_as_often_as_a_right_one(stage: Stage, skew: timedelta) -> None:
    """Rungs of the ladder are begun by the platform's time, and looks are due by ours."""
    tell_time(stage, skew, feeds=LADDER)
    assert stage.do("poll") == [None]
    looks = 0
    for _ in range(3 * 60):
        stage.wait(MINUTE)
        for _ in range(3):  # whoever is due again at once is asked again at once
            looks += len(stage.do("poll"))
    # The first rung was begun before the platform told its time, and the last may be yet to come.
    assert 3 * 6 - 1 <= looks <= 3 * 6 + 1


def test_a_platform_that_tells_whole_seconds_is_asked_no_more_often(stage: Stage) -> None:
    """``Date`` is up to a second behind, by another part of it with each answer."""
    platform = tell_time(stage, timedelta(), feeds=LADDER)
    assert stage.do("poll") == [None]
    looks = []
    for _ in range(30):
        stage.clock.set(stage.job("poll").due_at - timedelta(seconds=2))
        looks.append(0)
        for _ in range(12):
            platform.ask()
            stage.wait(timedelta(seconds=0.37))
            looks[-1] += len(stage.do("poll"))
    assert looks == [1] * 30


def test_a_row_that_vanishes_between_two_pages_makes_none_be_passed_over(stage: Stage) -> None:
    """Pages by number move up when a row is deleted: the total that was told first counts."""
    for number in range(1, 7):
        stage.cloud.hold(f"c{number}", ago=number * HOUR)
    gone: list[str] = []

    def list_pages(span: Span) -> Iterator[Page]:
        first = int(span.cursor or 0)
        while True:
            calls = stage.cloud.calls.values()
            rows = [one.sight() for one in calls if span.window.start <= one.at < span.window.end]
            some, first = tuple(rows[first : first + 2]), first + 2
            last = first >= len(rows)
            yield Page(some, total=len(rows), cursor=None if last else str(first), last=last)
            if last:
                return
            if not gone and "c1" in {one.external_id for one in some}:
                gone.append("c1")
                del stage.cloud.calls["c1"]

    stage.cloud.poll = list_pages
    stage.run()
    stage.wait(HOUR)
    stage.run()
    assert gone
    assert {name for name, _ in stage.archived()} >= {f"c{number}" for number in range(2, 7)}
