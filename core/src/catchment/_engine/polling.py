"""Listing a feed: windows one after the other, pages one by one, each page one transaction.

A walk is on record before its first request, and its row says at every moment how far it came, so
that it can be killed at any line and goes on from its last page.  The frontier moves when a window
was listed to its last page, and only over what the platform says it answered for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from catchment import _crash
from catchment._catalogue import frontiers, jobs, sightings, sources, watermark
from catchment._catalogue.database import Database
from catchment._catalogue.frontiers import Walk
from catchment._catalogue.jobs import NewJob
from catchment._engine import lost, rhythm
from catchment._engine.application import LiveSource
from catchment._engine.work import Work, feed_key, read_feed_key
from catchment.errors import CursorLost, Later, PollFailed, TooWide, Truncated
from catchment.model import Feed, Page, Span, Window, period

MOST_RESTARTS = 5
"""A window that did not come to its end so often in a row waits like any other failure."""

AFRESH: Mapping[str, Any] = dict.fromkeys(
    ("cursor", "paged_at", "total", "covers_from", "covers_to")
) | {"listed": 0}
"""A window of which nothing was listed yet."""

PARTITIONS_EVERY = timedelta(hours=1)

MOST_SKEW = timedelta(seconds=60)
"""A clock that is further from the platform's than this should be set by a person."""

_ORDER = {"frontier": 0, "recovery": 1, "lookback": 2}


def poll(work: Work) -> None:
    """Ask one feed for what is due: the news, what was asked for, and the look back."""
    name, partition = read_feed_key(work.job.key)
    feed = work.source.feeds.get(name)
    if feed is None:
        _leave(work, name, partition)
        return
    with work.app.database.write(work.source.id) as connection:
        # Whoever lost the job meanwhile must not put a part on record that was retired.
        jobs.hold(connection, work.job)
        frontiers.enter_feed(work.app.database, connection, work.source.id, name, partition)
    if _begin_due_walks(work, feed, partition):
        # What an earlier run had begun ends where it was begun: the news since then is asked for
        # as well, or a single run after a kill would list nothing new.
        _list_walks(work, feed, partition)
        _begin_due_walks(work, feed, partition, again=True)
    _list_walks(work, feed, partition)
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        frontiers.update_feed(
            connection,
            work.source.id,
            name,
            partition,
            walked_at=now,
            failed_at=None,
            failures=0,
            error=None,
            lasting=False,
        )
        skew = work.source.kit.offset
        sources.enter_skew(connection, work.source.id, skew if abs(skew) > MOST_SKEW else None)
        row = frontiers.read_feed(work.app.database, work.source.id, name, partition)
        # Rungs are begun by the platform's time: by a clock that is ahead of it the next one would
        # be due before it is, and the feed be asked without end until then.
        theirs = work.platform_now
        wait = rhythm.next_look(feed, _read_rungs(row.rungs), theirs) - theirs
        jobs.finish(connection, work.job, now, again_at=now + wait)
    work.app.tell("poll.walked", source=work.source.name, feed=name, partition=partition)
    if abs(skew) > MOST_SKEW:
        work.app.tell("clock.skewed", source=work.source.name, seconds=skew.total_seconds())


def _list_walks(work: Work, feed: Feed, partition: str) -> None:
    """List what is on record for the feed, to the end."""
    while walk := _next_walk(work, feed.name, partition):
        _list_window(work, feed, walk)
        if work.app.stop.is_set():
            raise Later("the runner is stopping", at=work.now)


def _leave(work: Work, name: str, partition: str) -> None:
    """Ask no more for a feed that was switched off.

    Its frontier stays, and holds no watermark: switched on again, the feed goes on from there, and
    what it can be asked no more by then is a gap like after any other pause.
    """
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        jobs.drop(connection, "poll", [work.job.key])
    work.app.tell("feed.off", source=work.source.name, feed=name, partition=partition)


def list_polls(source: LiveSource, now: datetime) -> list[NewJob]:
    """The recurring job of each partition of each feed."""
    return [
        NewJob("poll", feed_key(source.id, feed.name, partition), source.id, now)
        for feed in source.feeds.values()
        for partition in source.hooks.partitions(feed)
    ]


def stand_polls(
    database: Database, connection: Connection, source_id: int, polls: Sequence[NewJob]
) -> None:
    """Make sure that the jobs of feeds stand, and that each feed is on record as not yet listed.

    A watermark that was computed of those feeds alone whose turn has come would be ahead of all
    that the others are going to list.
    """
    jobs.stand(database, connection, polls)
    for new in polls:
        name, partition = read_feed_key(new.key)
        frontiers.enter_feed(database, connection, source_id, name, partition)


def stand_partitions(work: Work) -> None:
    """Ask again which parts the feeds have: new ones are listed, vanished ones leave a gap."""
    named = {feed.name: work.source.hooks.partitions(feed) for feed in work.source.feeds.values()}
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        listed = {
            name: frontiers.list_partitions(connection, work.source.id, name) for name in named
        }
        # Where none of the parts is left, it is the answer that is odd and not the platform.
        named = {
            name: parts for name, parts in named.items() if any(parts) or not any(listed[name])
        }
        stand_polls(
            work.app.database,
            connection,
            work.source.id,
            [
                NewJob("poll", feed_key(work.source.id, name, part), work.source.id, now)
                for name, parts in named.items()
                for part in parts
            ],
        )
        for name, parts in named.items():
            known = listed[name]
            gone = [part for part in known if part not in parts] if {*known} & {*parts} else []
            oldest = _find_oldest(work, work.source.feeds[name])
            for part in gone:
                frontiers.retire_partition(connection, work.source.id, name, part, now, oldest)
                work.app.tell("part.gone", source=work.source.name, feed=name, partition=part)
            jobs.drop(connection, "poll", [feed_key(work.source.id, name, p) for p in gone])
        jobs.finish(connection, work.job, now, again_at=now + PARTITIONS_EVERY)


def _find_oldest(work: Work, feed: Feed) -> datetime:
    """The oldest moment of *feed* that is wanted and may still be asked."""
    oldest = work.platform_now - period(feed.horizon)
    since = work.source.table.starts_at(work.platform_now)
    return oldest if since is None else max(oldest, since)


def _begin_due_walks(work: Work, feed: Feed, partition: str, *, again: bool = False) -> bool:
    """Put on record what the feed is to be asked for now; whether news were begun on before.

    Args:
        work: The job.
        feed: What is asked.
        partition: Which part of it.
        again: It was asked a moment ago: what is news since then can wait for its turn.
    """
    source_id, now = work.source.id, work.platform_now
    row = frontiers.read_feed(work.app.database, source_id, feed.name, partition)
    running = {
        walk.purpose
        for walk in frontiers.list_walks(work.app.database, source_id, feed.name, partition)
    }
    plan = rhythm.plan(
        feed,
        frontier=row.frontier,
        rungs=_read_rungs(row.rungs),
        now=now,
        until=work.listable_until,
        since=work.source.table.starts_at(now),
    )
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        for stretch in plan.stretches:
            # What goes on after a pause is finished first: where a platform may be asked once a
            # minute, the news of the last minute would leave no turn for anything else.
            fresh = row.frontier is not None and stretch.end - row.frontier < period(feed.every)
            if stretch.purpose == "frontier" and (running or again) and fresh:
                continue
            if stretch.purpose not in running:
                frontiers.begin_walk(
                    connection,
                    source_id=source_id,
                    name=feed.name,
                    partition=partition,
                    purpose=stretch.purpose,
                    start_at=stretch.start,
                    end_at=stretch.end,
                )
        if "lookback" not in running:  # else the rung is begun when the one before it has ended
            rungs = row.rungs | {rung: now.isoformat() for rung in plan.rungs}
            frontiers.update_feed(connection, source_id, feed.name, partition, rungs=rungs)
        if plan.lost is not None and "frontier" not in running:
            lost.enter(work, connection, feed, partition, plan.lost)
    return "frontier" in running


def _read_rungs(rungs: dict[str, str]) -> dict[str, datetime]:
    return {rung: datetime.fromisoformat(begun) for rung, begun in rungs.items()}


def _next_walk(work: Work, name: str, partition: str) -> Walk | None:
    walks = frontiers.list_walks(work.app.database, work.source.id, name, partition)
    return min(walks, key=lambda walk: (_ORDER[walk.purpose], walk.id), default=None)


def _list_window(work: Work, feed: Feed, walk: Walk) -> None:
    """List one window of *walk* to its last page.

    Raises:
        PollFailed: It did not come to its end for the last time; nothing moved.
        Transient: The platform did not answer; the window goes on from its last page.
    """
    missed = lost.find(work, feed, walk)
    if missed is not None and missed.end >= walk.end_at:
        _give_up(work, walk, missed)
        return
    if missed is not None:
        walk = _begin_after(walk, missed)
    if walk.cursor is None:
        # Also what a kill left of a window that has no cursor: it is listed from its first page.
        walk = replace(walk, **AFRESH)
    if walk.slice_end is None:
        window = rhythm.cut(feed, walk.position, walk.start_at, walk.end_at)
        walk = replace(walk, slice_end=window.end)
    assert walk.slice_end is not None
    start = rhythm.begin(feed, walk.position, walk.start_at)
    window, mark = Window(start, walk.slice_end), _find_mark(work, walk)
    span = Span(feed.name, walk.partition, window, walk.cursor, mark)
    try:
        covers, mark = _list_pages(work, walk, span, missed)
    except (CursorLost, Truncated) as error:
        _restart(work, walk, error)
    except TooWide as error:
        _halve(work, feed, walk, error)
    else:
        _end_window(work, walk, covers or window, mark)


def _find_mark(work: Work, walk: Walk) -> str:
    """From where *walk* may go on: only news, because a mark knows of nothing before it."""
    if walk.purpose != "frontier":
        return ""
    row = frontiers.read_feed(work.app.database, walk.source_id, walk.feed, walk.partition)
    return str(row.mark)


def _begin_after(walk: Walk, missed: Window) -> Walk:
    """*walk*, to be begun anew after what was lost: what is open of its window, else the next."""
    still = walk.slice_end is not None and walk.slice_end > missed.end
    slice_end = walk.slice_end if still else None
    return replace(walk, start_at=missed.end, position=missed.end, slice_end=slice_end, **AFRESH)


def _give_up(work: Work, walk: Walk, missed: Window) -> None:
    """End a walk of which the platform lists nothing any more."""
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        lost.enter_walk(work, connection, walk, missed)
        if walk.purpose == "frontier":
            frontiers.move_frontier(
                connection,
                walk.source_id,
                walk.feed,
                walk.partition,
                walk.end_at,
                since=missed.end,
            )
        frontiers.end_walk(connection, walk.id)


def _list_pages(
    work: Work, walk: Walk, span: Span, missed: Window | None
) -> tuple[Window | None, str]:
    """Commit every page of a window; what the platform answered for, and its mark, where it says.

    With the first page goes the gap of what was *missed* before it, so that no frontier passes it
    unseen, and a platform that does not answer has no gap entered with every try.
    """
    seen: set[int] = set()
    listed, total, covers, mark = walk.listed, walk.total, walk.covers, ""
    for page in _poll_pages(work, span):
        _crash.point("page.read", "recordings" if page.sightings else "facts")
        if page.total is not None:
            # What was deleted between two pages moved those behind it: then a row was passed over.
            total = max(page.total, total or 0)
        if total is not None:  # only then does it matter which rows were told twice
            fresh = {hash(row.external_id) for row in page.sightings}
            fresh |= {hash((row.kind, row.fact_id)) for row in page.facts}
            listed += len(fresh - seen)
            seen |= fresh
        covers, mark = page.covers or covers, page.mark
        walk = replace(
            walk,
            cursor=page.cursor,
            listed=listed,
            total=total,
            covers_from=None if covers is None else covers.start,
            covers_to=None if covers is None else covers.end,
        )
        _commit_page(work, walk, span, page, missed)
        missed = None
        _crash.point("page.committed")
    if total is not None and listed < total:
        raise Truncated(
            f"{work.source.name}: the listing {span.feed} told {listed} rows and announced {total}"
        )
    # What is told since a mark begins at the mark, wherever in the window, or before it, that is.
    if covers is not None and not span.mark and covers.start > span.window.start:
        raise Truncated(
            f"{work.source.name}: the listing {span.feed} was asked from {span.window.start} and "
            f"answered only from {covers.start}"
        )
    return covers, mark


def _poll_pages(work: Work, span: Span) -> Iterator[Page]:
    for page in work.source.hooks.poll(span):
        yield page
        if work.app.stop.is_set() and not page.last:
            raise Later("the runner is stopping", at=work.now)


def _commit_page(work: Work, walk: Walk, span: Span, page: Page, missed: Window | None) -> None:
    app, source = work.app, work.source
    now, platform_now, horizon = work.now, work.platform_now, source.horizon
    with app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        mark = watermark.compute(connection, source.id, source.lags)
        told = sightings.record(
            app.database,
            connection,
            source_id=source.id,
            epoch=source.epoch,
            sightings=page.sightings,
            facts=page.facts,
            now=now,
            complete_to=mark.listed,
            rank=lambda at: rhythm.rank(at, platform_now, horizon),
            again=walk.purpose == "recovery",
        )
        if missed is not None:
            lost.enter_walk(work, connection, walk, missed)
        frontiers.update_walk(
            connection,
            walk.id,
            start_at=walk.start_at,  # after what was lost, or the walk's end would close that gap
            position=walk.position,
            slice_end=walk.slice_end,
            paged_at=now,
            cursor=walk.cursor,
            listed=walk.listed,
            total=walk.total,
            covers_from=walk.covers_from,
            covers_to=walk.covers_to,
        )
        if told.new or told.changed or told.facts:
            frontiers.update_feed(connection, source.id, span.feed, span.partition, news_at=now)
    app.tell(
        "page.listed",
        source=source.name,
        feed=span.feed,
        rows=len(page.sightings) + len(page.facts),
        new=told.new,
        changed=told.changed,
        late=told.late,
    )


def _end_window(work: Work, walk: Walk, covers: Window, mark: str) -> None:
    """Move the walk, and for the news the frontier, to the end of what was answered.

    A mark is kept at the walk's end alone: it may know nothing of the windows that are to come.
    """
    done_to = min(covers.end, walk.end_at)
    if done_to <= walk.position and walk.position < walk.end_at:
        raise Later(
            f"{work.source.name}: the listing {walk.feed} did not answer beyond {done_to}",
            at=work.now + timedelta(minutes=1),
        )
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        if walk.purpose == "frontier":
            kept = mark if done_to >= walk.end_at else None
            frontiers.move_frontier(
                connection,
                walk.source_id,
                walk.feed,
                walk.partition,
                done_to,
                since=walk.start_at,
                mark=kept,
            )
        if done_to >= walk.end_at:
            frontiers.end_walk(connection, walk.id)
            lost.close(work, connection, walk, done_to)
        else:
            frontiers.update_walk(
                connection,
                walk.id,
                position=done_to,
                slice_end=None,
                restarts=0,
                **AFRESH,
            )
    _crash.point("poll.walked")


def _restart(work: Work, walk: Walk, error: PollFailed) -> None:
    """List the window again from its first page; give up for now after some restarts.

    A mark that came with a lost cursor may be what was lost: it is forgotten.
    """
    restarts = walk.restarts + 1
    given_up = restarts >= MOST_RESTARTS
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        frontiers.update_walk(
            connection, walk.id, slice_end=None, restarts=0 if given_up else restarts, **AFRESH
        )
        if walk.purpose == "frontier" and isinstance(error, CursorLost):
            frontiers.update_feed(connection, walk.source_id, walk.feed, walk.partition, mark="")
    if given_up:
        raise error


def _halve(work: Work, feed: Feed, walk: Walk, error: TooWide) -> None:
    """List only the first half of the window, now that the platform found it too wide."""
    assert walk.slice_end is not None
    grain = period(feed.resolution)
    start = rhythm.begin(feed, walk.position, walk.start_at)
    half = rhythm.floor(start + (walk.slice_end - start) / 2, grain)
    if half <= walk.position:
        raise PollFailed(
            f"{work.source.name}: the listing {walk.feed} holds more in {feed.resolution} than the "
            "platform will list"
        ) from error
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        frontiers.update_walk(connection, walk.id, slice_end=half, **AFRESH)
