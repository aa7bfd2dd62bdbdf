"""What of a feed nobody asked for in time: found, entered as a gap, and closed by who lists it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from catchment._catalogue import frontiers, gaps
from catchment._catalogue.frontiers import Walk
from catchment._engine import rhythm
from catchment._engine.work import Work
from catchment.model import Feed, Window, period


def find(work: Work, feed: Feed, walk: Walk) -> Window | None:
    """What *walk* was to list next and the platform lists no more: nobody asked for too long.

    A window whose pages are coming was begun in time.  What begins at the very edge of what may be
    asked, as a first listing does, is not late for every minute that it has to wait.
    """
    listed_from = work.platform_now - period(feed.horizon)
    if walk.position >= listed_from - rhythm.SECOND:
        return None
    if walk.cursor is not None and walk.paged_at and work.now - walk.paged_at <= rhythm.HOUR:
        return None
    row = frontiers.read_feed(work.app.database, walk.source_id, walk.feed, walk.partition)
    at_the_edge = row.frontier is None or walk.purpose != "frontier"
    if at_the_edge and walk.position >= listed_from - rhythm.HOUR:
        return None
    return Window(walk.position, min(listed_from, walk.end_at))


def enter_walk(work: Work, connection: Connection, walk: Walk, missed: Window) -> None:
    """Enter what a walk came too late for, unless it was a second look or nobody wants it."""
    since = work.source.table.starts_at(work.platform_now)
    start = missed.start if since is None else max(missed.start, since)
    if walk.purpose != "lookback" and start < missed.end:
        feed = work.source.feeds[walk.feed]
        enter(work, connection, feed, walk.partition, Window(start, missed.end))


def enter(work: Work, connection: Connection, feed: Feed, partition: str, missed: Window) -> None:
    """Enter a gap, which is closed at once where another feed has listed it already."""
    source_id = work.source.id
    why = f"the platform lists no more than the last {feed.horizon} and was not asked in time"
    gaps.enter(connection, source_id, feed.name, partition, missed, why, work.now)
    frontiers.begin_again(connection, source_id, feed.name, partition, missed.end)
    for other in _list_same(work, feed.name):
        listed = frontiers.read_listed(connection, source_id, other, partition)
        if other != feed.name and listed is not None:
            _close(work, connection, listed, other, [feed.name], partition)


def close(work: Work, connection: Connection, walk: Walk, done_to: datetime) -> None:
    """Close the gaps that the end of *walk* leaves wholly listed, by this walk or those before."""
    listed = frontiers.read_listed(connection, walk.source_id, walk.feed, walk.partition)
    start = walk.start_at
    if walk.purpose == "frontier" and listed is not None:
        start = min(start, listed.start)
    same = _list_same(work, walk.feed)
    _close(work, connection, Window(start, done_to), walk.feed, same, walk.partition)


def _close(
    work: Work,
    connection: Connection,
    listed: Window,
    by: str,
    same: Sequence[str],
    partition: str,
) -> None:
    gaps.close_listed(connection, work.source.id, listed, by, same, partition, work.now)


def _list_same(work: Work, name: str) -> list[str]:
    """The feeds that list the same as the one called *name*, itself among them."""
    feeds = work.source.feeds
    of = feeds[name].lists or name
    return [feed.name for feed in feeds.values() if (feed.lists or feed.name) == of]
