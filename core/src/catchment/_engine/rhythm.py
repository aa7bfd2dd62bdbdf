"""When to look, how far back, and how long to wait after a failure.  Pure: no clock, no I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from catchment._catalogue.ahead import AHEAD
from catchment.model import Feed, Window, period

Purpose = Literal["frontier", "lookback", "recovery"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
"""Platforms tell their time in whole seconds: between two answers it may go back by one."""

NOT_YET = timedelta(minutes=5)
"""How soon to ask first about what the platform is still working on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that a feed is to be asked for, and why."""

    purpose: Purpose
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What a feed is to be asked for now.

    Attributes:
        stretches: The news first, then the look back.
        rungs: The ladder's rungs that are begun by this plan.
        lost: A stretch that fell behind the feed's horizon and cannot be asked any more.
    """

    stretches: tuple[Stretch, ...]
    rungs: tuple[str, ...] = ()
    lost: Window | None = None


def floor(moment: datetime, grain: timedelta) -> datetime:
    """The last multiple of *grain* that is not after *moment*."""
    return moment - (moment - _EPOCH) % grain


def ceiling(moment: datetime, grain: timedelta) -> datetime:
    """The first multiple of *grain* that is not before *moment*."""
    floored = floor(moment, grain)
    return moment if floored == moment else floored + grain


def plan(
    feed: Feed,
    *,
    frontier: datetime | None,
    rungs: Mapping[str, datetime],
    now: datetime,
    until: datetime,
    since: datetime | None,
) -> Plan:
    """Decide what *feed* is to be asked for at platform time *now*.

    Args:
        feed: The feed.
        frontier: Up to where it is listed; ``None`` if never, or if that was lost.
        rungs: When each rung of the ladder was last begun.
        now: The platform's time.
        until: Nothing after this is asked for: it may not have been yet.
        since: Nothing before this is wanted.
    """
    end = floor(until - period(feed.settle), SECOND)
    oldest = now - period(feed.horizon)
    if since is not None:
        oldest = max(oldest, since)
    due = [rung for rung in feed.lookback if _is_due(rung, rungs.get(rung), now)]
    if frontier is None:
        # The first listing goes back as far as may be asked: that is every rung at once.
        start = min(oldest, end)
        return Plan((Stretch("frontier", start, end),), tuple(feed.lookback))
    lost = _lost(frontier, now - period(feed.horizon), since)
    start = max(frontier - period(feed.resolution), oldest)
    stretches = [Stretch("frontier", start, end)] if end > start else []
    depth = max((period(feed.lookback[rung]) for rung in due), default=timedelta())
    back_to = max(end - depth, oldest)
    if due and back_to < start:
        stretches.append(Stretch("lookback", back_to, start))
    return Plan(tuple(stretches), tuple(due), lost)


def _lost(frontier: datetime, listed_from: datetime, since: datetime | None) -> Window | None:
    """What is wanted, was not listed, and is listed no more."""
    wanted_from = frontier if since is None else max(frontier, since)
    if wanted_from >= listed_from - SECOND:
        return None
    return Window(wanted_from, listed_from)


def _is_due(rung: str, begun: datetime | None, now: datetime) -> bool:
    return begun is None or begun > now + AHEAD or begun + period(rung) <= now + SECOND


def next_look(feed: Feed, rungs: Mapping[str, datetime], now: datetime) -> datetime:
    """When *feed* is to be asked next, after a poll that ended at *now*."""
    moments = [begun + period(rung) for rung, begun in rungs.items() if rung in feed.lookback]
    return max(now, min([now + period(feed.every), *moments]))


def begin(feed: Feed, position: datetime, first: datetime) -> datetime:
    """Where the window at *position* of a walk begins: on the platform's grain, overlapping by one.

    The walk's *first* window begins where the walk does, which overlaps already; and where one
    grain is all that may be asked at once, there is no room to overlap.
    """
    grain = period(feed.resolution)
    start = floor(position, grain)
    overlaps = position > first and period(feed.max_window) > grain
    return start - grain if overlaps else start


def cut(feed: Feed, position: datetime, first: datetime, end: datetime) -> Window:
    """The next window of a walk from *first* to *end*: on the platform's grain, never too long."""
    grain = period(feed.resolution)
    start = begin(feed, position, first)
    longest = max(period(feed.max_window), grain)
    wanted = ceiling(end, grain) if grain >= timedelta(days=1) else end
    return Window(start, max(min(start + longest, wanted), start))


def back_off(
    attempts: int, *, first: timedelta = timedelta(seconds=30), most: timedelta = timedelta(hours=1)
) -> timedelta:
    """How long to wait after the *attempts*-th failure: doubling, with up to a fifth of jitter."""
    wait = min(first * 2 ** min(max(attempts - 1, 0), 20), most)
    return timedelta(seconds=wait.total_seconds() * random.uniform(0.8, 1.0))


def rank(occurred_at: datetime, now: datetime, horizon: timedelta) -> int:
    """How urgent a recording is; smaller goes first.

    What dies first at the platform goes first: the last tenth of the time that the platform keeps
    it, and as much after it, for platforms delete when they come to it.  Everything else goes the
    newest first, because that is what people look for; also what is there although its time is
    over for long, which is kept by another rule.
    """
    seconds = int(occurred_at.timestamp())
    dying = now - horizon * 1.1 < occurred_at < now - horizon * 0.9
    return seconds - (1 << 40) if dying else -seconds
