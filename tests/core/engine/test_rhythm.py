"""When to look and how far back: no moment is left out, whatever the feed and the hour (T7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catchment._engine import rhythm
from catchment.model import Feed, Window, period

NOW = datetime(2026, 3, 3, 12, 0, 0, 500, tzinfo=UTC)
SECOND = timedelta(seconds=1)

moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2026, 3, 3), timezones=st.just(UTC)
)
grains = st.sampled_from(["1s", "1m", "1h", "1d"])
feeds = st.builds(
    Feed,
    name=st.just("all"),
    every=st.sampled_from(["1m", "10m", "6h"]),
    max_window=st.sampled_from(["1h", "1d", "7d", "30d"]),
    lookback=st.sampled_from([{}, {"10m": "3h"}, {"10m": "3h", "6h": "3d", "24h": "30d"}]),
    settle=st.sampled_from(["0s", "5s", "10m"]),
    horizon=st.sampled_from(["12h", "30d", "180d"]),
    resolution=grains,
)


def walk(feed: Feed, position: datetime, end: datetime) -> list[Window]:
    """The windows of a walk, as the engine lists them."""
    windows: list[Window] = []
    first = position
    while position < end:
        window = rhythm.cut(feed, position, first, end)
        windows.append(window)
        position = min(window.end, end)
        assert len(windows) < 5000, "the walk does not come to its end"
    return windows


@given(feeds, moments, st.integers(1, 60 * 24 * 3600))
def test_windows_cover_a_walk_without_a_hole(feed: Feed, start: datetime, seconds: int) -> None:
    """Each window begins no later than the one before ended, from the position to the end."""
    end = start + timedelta(seconds=seconds)
    if period(feed.max_window) < timedelta(days=1):
        end = min(end, start + timedelta(days=5))
    covered = start
    for window in walk(feed, start, end):
        assert window.start <= covered < window.end
        covered = window.end
    assert covered >= end


@given(feeds, moments, st.integers(1, 10 * 24 * 3600))
def test_windows_are_never_too_long(feed: Feed, start: datetime, seconds: int) -> None:
    """No window is longer than the platform takes, unless its grain is longer still."""
    longest = max(period(feed.max_window), period(feed.resolution))
    for window in walk(feed, start, start + timedelta(seconds=seconds)):
        assert window.length <= longest


@given(feeds, moments, st.integers(1, 10 * 24 * 3600))
def test_windows_begin_on_the_grain(feed: Feed, start: datetime, seconds: int) -> None:
    """Windows are cut where the platform can cut; what is asked by days ends on days too."""
    grain = period(feed.resolution)
    for window in walk(feed, start, start + timedelta(seconds=seconds)):
        assert rhythm.floor(window.start, grain) == window.start
        if grain >= timedelta(days=1):
            assert rhythm.floor(window.end, grain) == window.end


@given(moments, grains)
def test_floor_and_ceiling_enclose_a_moment(moment: datetime, text: str) -> None:
    """Both are on the grain, and less than one grain away."""
    grain = period(text)
    low, high = rhythm.floor(moment, grain), rhythm.ceiling(moment, grain)
    assert low <= moment <= high
    assert high - low in (timedelta(), grain)
    assert rhythm.floor(high, grain) == high


def read(plan: rhythm.Plan, purpose: str) -> rhythm.Stretch | None:
    """The stretch of this purpose."""
    return next((one for one in plan.stretches if one.purpose == purpose), None)


def end_of(feed: Feed, now: datetime) -> datetime:
    """Where news end: behind the platform's clock by what the feed needs to settle."""
    return rhythm.floor(now - period(feed.settle), SECOND)


@given(feeds, moments, st.none() | moments)
def test_nothing_between_frontier_and_end_is_left_out(
    feed: Feed, frontier: datetime, since: datetime | None
) -> None:
    """The news begin one grain before the frontier, unless that may not be asked; else it is lost.

    (promise 1)
    """
    plan = rhythm.plan(feed, frontier=frontier, rungs={}, now=NOW, until=NOW, since=since)
    oldest = max(NOW - period(feed.horizon), since or datetime.min.replace(tzinfo=UTC))
    end = end_of(feed, NOW)
    news = read(plan, "frontier")
    if news is None:
        assert max(frontier - period(feed.resolution), oldest) >= end
    else:
        assert news.end == end
        assert news.start == max(frontier - period(feed.resolution), oldest)
        wanted_from = max(frontier, since) if since else frontier
        lost_to = plan.lost.end if plan.lost else wanted_from
        assert news.start <= max(lost_to, wanted_from) + SECOND
    if plan.lost:
        # What nobody wanted is not lost: only what lies between is.
        wanted_from = max(frontier, since) if since else frontier
        assert (plan.lost.start, plan.lost.end) == (wanted_from, NOW - period(feed.horizon))


@given(feeds, st.none() | moments)
def test_the_first_listing_goes_back_as_far_as_may_be_asked(
    feed: Feed, since: datetime | None
) -> None:
    """Without a frontier, at the first contact or when it was lost, all is listed (S003-5)."""
    plan = rhythm.plan(feed, frontier=None, rungs={}, now=NOW, until=NOW, since=since)
    (news,) = plan.stretches
    oldest = max(NOW - period(feed.horizon), since or datetime.min.replace(tzinfo=UTC))
    assert (news.purpose, news.start) == ("frontier", min(oldest, end_of(feed, NOW)))
    assert plan.rungs == tuple(feed.lookback)
    assert plan.lost is None


LADDER = Feed("all", "5m", "1d", {"10m": "3h", "6h": "3d", "24h": "30d"}, settle="5s")
ALL_BEGUN = dict.fromkeys(LADDER.lookback, NOW)


@pytest.mark.parametrize(
    ("rung", "ago", "depth"),
    [
        ("10m", "10m", "3h"),
        ("6h", "6h", "3d"),
        ("24h", "24h", "30d"),
        ("24h", "3d", "30d"),
    ],
)
def test_a_rung_that_is_due_decides_how_far_back_to_look(rung: str, ago: str, depth: str) -> None:
    """Each rung of the ladder is looked at as often as it says, as far back as it says."""
    rungs = ALL_BEGUN | {rung: NOW - period(ago)}
    plan = rhythm.plan(LADDER, frontier=NOW, rungs=rungs, now=NOW, until=NOW, since=None)
    back = read(plan, "lookback")
    assert plan.rungs == (rung,)
    assert back is not None
    assert back.start == max(end_of(LADDER, NOW) - period(depth), NOW - period(LADDER.horizon))


def test_no_rung_is_due_before_its_time() -> None:
    """A rung that was begun a moment ago is not begun again."""
    rungs = {rung: NOW - period(rung) + 2 * SECOND for rung in LADDER.lookback}
    plan = rhythm.plan(LADDER, frontier=NOW, rungs=rungs, now=NOW, until=NOW, since=None)
    assert (read(plan, "lookback"), plan.rungs) == (None, ())


def test_the_deepest_rung_that_is_due_counts() -> None:
    """Several rungs at once are one look back, as deep as the deepest."""
    plan = rhythm.plan(LADDER, frontier=NOW, rungs={}, now=NOW, until=NOW, since=None)
    back = read(plan, "lookback")
    assert back is not None
    assert NOW - back.start >= period("29d")
    assert plan.rungs == tuple(LADDER.lookback)


@given(feeds, moments)
def test_looking_back_ends_where_the_news_begin(feed: Feed, frontier: datetime) -> None:
    """Nothing between the look back and the news is left out, and nothing is asked twice."""
    plan = rhythm.plan(feed, frontier=frontier, rungs={}, now=NOW, until=NOW, since=None)
    back, news = read(plan, "lookback"), read(plan, "frontier")
    if back and news:
        assert back.end == news.start
    if back:
        assert back.start >= NOW - period(feed.horizon)


def test_the_next_look_is_the_earliest_of_feed_and_ladder() -> None:
    """A feed is asked again after its own time, or when a rung is due before that."""
    rungs = ALL_BEGUN | {"6h": NOW - period("6h") + timedelta(minutes=2)}
    assert rhythm.next_look(LADDER, ALL_BEGUN, NOW) == NOW + period("5m")
    assert rhythm.next_look(LADDER, rungs, NOW) == NOW + timedelta(minutes=2)
    assert rhythm.next_look(LADDER, {"6h": NOW - timedelta(days=9)}, NOW) == NOW


def test_rungs_that_the_feed_has_no_more_are_forgotten() -> None:
    """A ladder that was changed leaves no rung behind that would be due for ever."""
    assert rhythm.next_look(LADDER, {"1m": NOW - timedelta(days=9)}, NOW) == NOW + period("5m")


@given(st.integers(0, 10_000))
def test_pauses_grow_and_end(attempts: int) -> None:
    """A pause doubles up to its most, and is never shortened by more than a fifth."""
    wait = rhythm.back_off(attempts, first=SECOND, most=timedelta(hours=1))
    whole = min(SECOND * 2 ** min(max(attempts - 1, 0), 20), timedelta(hours=1))
    assert whole * 0.79 <= wait <= whole


def test_what_dies_first_goes_first_then_the_newest() -> None:
    """The last tenth of the platform's time goes before everything, the oldest first."""
    horizon = timedelta(days=30)
    ages = {"new": 0, "old": 20, "dying": 28, "dead soon": 29.9}
    ranks = {
        name: rhythm.rank(NOW - timedelta(days=days), NOW, horizon) for name, days in ages.items()
    }
    assert sorted(ranks, key=lambda name: ranks[name]) == ["dead soon", "dying", "new", "old"]
