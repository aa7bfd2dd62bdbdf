"""How far each feed was listed: its frontier, and the walks through windows that move it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from catchment._catalogue import books, gaps
from catchment._catalogue.database import Database
from catchment._catalogue.tables import feed, interaction, job, recording, walk
from catchment._catalogue.watermark import UNRESOLVED
from catchment.model import Window

_WALK = (
    walk.c.id,
    walk.c.source_id,
    walk.c.feed,
    walk.c.partition,
    walk.c.purpose,
    walk.c.start_at,
    walk.c.end_at,
    walk.c.position,
    walk.c.slice_end,
    walk.c.cursor,
    walk.c.listed,
    walk.c.restarts,
    walk.c.total,
    walk.c.covers_from,
    walk.c.covers_to,
    walk.c.paged_at,
)


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of time that is being listed, window by window.

    Attributes:
        purpose: ``frontier`` moves the feed's frontier; ``lookback`` and ``recovery`` look again.
        position: Everything of the walk before this is listed.
        slice_end: End of the window in progress; ``None`` between windows.
        cursor: Where the window in progress goes on; ``None`` at its first page.
        paged_at: When the last page of the window in progress was committed.
        listed: How many different rows the window in progress has given.
        total: How many rows the platform announced for the window in progress.
        covers_from: Since when the platform says it answered, where it says so.
        covers_to: Up to when.
    """

    id: int
    source_id: int
    feed: str
    partition: str
    purpose: str
    start_at: datetime
    end_at: datetime
    position: datetime
    slice_end: datetime | None
    cursor: str | None
    listed: int
    restarts: int
    total: int | None = None
    covers_from: datetime | None = None
    covers_to: datetime | None = None
    paged_at: datetime | None = None

    @property
    def covers(self) -> Window | None:
        """What the platform says it answered for."""
        if self.covers_from is None or self.covers_to is None:
            return None
        return Window(self.covers_from, self.covers_to)


def enter_feed(
    database: Database, connection: Connection, source_id: int, name: str, partition: str
) -> None:
    """Make sure that the feed's partition is on record."""
    database.insert_missing(
        connection,
        feed,
        [{"source_id": source_id, "feed": name, "partition": partition, "rungs": {}}],
    )


def retire_partition(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    now: datetime,
    oldest: datetime,
) -> None:
    """Forget a part of a feed that nobody names any more, and leave a gap where it ended.

    Another gap is left of each period that was asked for and not listed to its end.  Named again,
    the part is listed from its horizon on, which closes them.

    Args:
        oldest: Since when the part was wanted, where nothing of it was ever listed.
    """
    which = _is_feed(source_id, name, partition)
    walks = and_(walk.c.source_id == source_id, walk.c.feed == name, walk.c.partition == partition)
    known = connection.execute(select(feed.c.frontier).where(which)).first()
    begun = connection.execute(
        select(walk.c.purpose, walk.c.position, walk.c.end_at).where(walks).order_by(walk.c.id)
    ).all()
    lost: list[tuple[datetime, datetime, str]] = []
    if known is not None:
        first = [one.position for one in begun if one.purpose == "frontier"]
        listed = "nothing later was listed there" if known.frontier else "nothing was listed there"
        lost.append((known.frontier or min([*first, oldest]), now, listed))
    asked = "a period that was asked for was not listed to its end"
    lost += [(one.position, one.end_at, asked) for one in begun if one.purpose == "recovery"]
    for start, end, what in lost:
        if start < end:
            why = f"neither platform nor settings name {partition} any more; {what}"
            gaps.enter(connection, source_id, name, partition, Window(start, end), why, now)
    connection.execute(delete(feed).where(which))
    connection.execute(delete(walk).where(walks))


def list_partitions(connection: Connection, source_id: int, name: str) -> list[str]:
    """The parts of a feed that are on record."""
    query = (
        select(feed.c.partition)
        .where(feed.c.source_id == source_id, feed.c.feed == name)
        .order_by(feed.c.partition)
    )
    return list(connection.execute(query).scalars())


def read_feed(
    database: Database, source_id: int, name: str, partition: str
) -> Row[tuple[object, ...]]:
    """The feed's row."""
    with database.read() as connection:
        return connection.execute(select(feed).where(_is_feed(source_id, name, partition))).one()


def list_walks(database: Database, source_id: int, name: str, partition: str) -> list[Walk]:
    """Walks in progress, oldest first."""
    query = (
        select(*_WALK)
        .where(walk.c.source_id == source_id, walk.c.feed == name, walk.c.partition == partition)
        .order_by(walk.c.id)
    )
    with database.read() as connection:
        return [Walk(**row) for row in connection.execute(query).mappings()]


def begin_walk(
    connection: Connection,
    *,
    source_id: int,
    name: str,
    partition: str,
    purpose: str,
    start_at: datetime,
    end_at: datetime,
) -> None:
    """Put a walk over ``[start_at, end_at)`` on record."""
    connection.execute(
        insert(walk).values(
            source_id=source_id,
            feed=name,
            partition=partition,
            purpose=purpose,
            start_at=start_at,
            end_at=end_at,
            position=start_at,
        )
    )


def update_walk(connection: Connection, walk_id: int, **values: object) -> None:
    """Set columns of a walk."""
    connection.execute(update(walk).where(walk.c.id == walk_id).values(**values))


def end_walk(connection: Connection, walk_id: int) -> None:
    """Forget a walk that came to its end."""
    connection.execute(delete(walk).where(walk.c.id == walk_id))


def move_frontier(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    to: datetime,
    *,
    since: datetime,
    mark: str | None = None,
) -> None:
    """Say that the feed is listed up to *to*; a frontier never moves back.

    Args:
        since: Where the walk began, from which on it is listed if it was never listed before.
        mark: From where the next poll may go on; ``None`` keeps the one that is there, from which
            everything comes that comes from a later one.
    """
    connection.execute(
        update(feed)
        .where(_is_feed(source_id, name, partition))
        .where((feed.c.frontier.is_(None)) | (feed.c.frontier < to))
        .values(
            frontier=to,
            listed_from=case((feed.c.frontier.is_(None), since), else_=feed.c.listed_from),
            mark=feed.c.mark if mark is None else mark,
        )
    )


def begin_again(
    connection: Connection, source_id: int, name: str, partition: str, since: datetime
) -> None:
    """Say that the feed was not listed before *since*, however far it was listed before that."""
    connection.execute(
        update(feed)
        .where(_is_feed(source_id, name, partition), feed.c.listed_from < since)
        .values(listed_from=since)
    )


def read_listed(connection: Connection, source_id: int, name: str, partition: str) -> Window | None:
    """From when to when the feed is listed without a gap; ``None`` where that is not known."""
    query = select(feed.c.listed_from, feed.c.frontier).where(_is_feed(source_id, name, partition))
    row = connection.execute(query).first()
    if row is None or row.listed_from is None or row.frontier is None:
        return None
    return Window(row.listed_from, row.frontier) if row.listed_from < row.frontier else None


def enter_frontiers(connection: Connection, source_id: int, now: datetime) -> None:
    """Enter in the books how far each feed is listed, and since when anything is unsealed.

    What is unresolved or not sealed may be in no package: whoever starts again from the books
    lists from there.
    """
    unresolved = select(func.min(recording.c.occurred_at)).where(
        recording.c.source_id == source_id, recording.c.state.in_(UNRESOLVED)
    )
    unsealed = select(func.min(interaction.c.started_at)).where(
        interaction.c.source_id == source_id, interaction.c.unsealed_since.is_not(None)
    )
    # What its adapter has not told of yet, perhaps because it cannot: its job still waits.
    untold = (
        select(func.min(interaction.c.started_at))
        .join_from(job, interaction, interaction.c.num == cast(job.c.key, interaction.c.num.type))
        .where(job.c.kind == "map", job.c.due_at.is_not(None), job.c.source_id == source_id)
        .where(interaction.c.version == 0, interaction.c.survivor_num.is_(None))
    )
    moments = [connection.execute(query).scalar() for query in (unresolved, unsealed, untold)]
    oldest = min((moment for moment in moments if moment is not None), default=None)
    rows = connection.execute(
        select(feed.c.feed, feed.c.partition, feed.c.frontier).where(
            feed.c.source_id == source_id, feed.c.frontier.is_not(None)
        )
    ).all()
    for row in rows:
        body = {"feed": row.feed, "partition": row.partition, "frontier": row.frontier.isoformat()}
        if oldest is not None:
            body["unsealed"] = oldest.isoformat()
        books.enter(connection, source_id, now, "frontier", body)


def update_feed(
    connection: Connection, source_id: int, name: str, partition: str, **values: object
) -> None:
    """Set columns of a feed."""
    connection.execute(update(feed).where(_is_feed(source_id, name, partition)).values(**values))


def count_failure(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    error: str,
    now: datetime,
    *,
    lasting: bool,
) -> None:
    """Remember that a feed could not be listed to its end, since when and why.

    Args:
        lasting: Trying again alone is not expected to help.
    """
    connection.execute(
        update(feed)
        .where(_is_feed(source_id, name, partition))
        .values(
            failures=feed.c.failures + 1,
            failed_at=func.coalesce(feed.c.failed_at, now),
            error=error,
            lasting=lasting,
        )
    )


def _is_feed(source_id: int, name: str, partition: str) -> ColumnElement[bool]:
    return and_(feed.c.source_id == source_id, feed.c.feed == name, feed.c.partition == partition)
