"""Gaps: periods of a feed that were not asked in time, until they are listed or done without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from catchment._catalogue import books
from catchment._catalogue.database import Database
from catchment._catalogue.tables import gap, source
from catchment.model import Window

ENGINE = "engine"
"""Who closes the gaps that were listed after all."""


def enter(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    window: Window,
    why: str,
    now: datetime,
) -> None:
    """Say that *window* of a feed could not be asked."""
    connection.execute(
        insert(gap).values(
            source_id=source_id,
            feed=name,
            partition=partition,
            start_at=window.start,
            end_at=window.end,
            why=why,
            found_at=now,
        )
    )
    body = {"feed": name, "partition": partition, "why": why}
    body |= {"start": window.start.isoformat(), "end": window.end.isoformat()}
    books.enter(connection, source_id, now, "gap", body)


def close_listed(
    connection: Connection,
    source_id: int,
    listed: Window,
    by: str,
    same: Sequence[str],
    partition: str,
    now: datetime,
) -> None:
    """Close the gaps that lie wholly in a period that feed *by* has listed.

    Gaps of the feeds *same*, which list the same as *by*, of the same partition: one site says
    nothing about another.
    """
    inside = and_(
        gap.c.source_id == source_id,
        gap.c.start_at >= listed.start,
        gap.c.end_at <= listed.end,
        gap.c.feed.in_(same),
        gap.c.partition == partition,
    )
    _close(connection, inside, now, ENGINE, f"listed by the feed {by}")


def _close(
    connection: Connection, which: ColumnElement[bool], now: datetime, who: str, why: str
) -> list[Row[Any]]:
    """Close those of the open gaps that are meant, in the catalogue and in the books."""
    rows = connection.execute(
        select(gap).where(which, gap.c.closed_at.is_(None)).order_by(gap.c.start_at, gap.c.id)
    ).all()
    for row in rows:
        connection.execute(
            update(gap)
            .where(gap.c.id == row.id)
            .values(closed_at=now, closed_by=who, closed_why=why)
        )
        body = {"feed": row.feed, "partition": row.partition, "closed": why, "by": who}
        body |= {"start": row.start_at.isoformat(), "end": row.end_at.isoformat()}
        books.enter(connection, row.source_id, now, "gap", body)
    return list(rows)


# --- what a person does without ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeedGaps:
    """The gaps of one part of one feed, as a person names them.

    Attributes:
        source_id: Whose they are.
        feed: Of which feed.
        partition: Of which part of it.
    """

    source_id: int
    feed: str
    partition: str


def find(connection: Connection, name: str) -> FeedGaps | None:
    """The gaps called ``SOURCE/FEED`` or ``SOURCE/FEED/PARTITION``, closed or open."""
    of, _, rest = name.partition("/")
    feed, _, partition = rest.partition("/")
    query = (
        select(gap.c.source_id)
        .join_from(gap, source, source.c.id == gap.c.source_id)
        .where(source.c.name == of, gap.c.feed == feed, gap.c.partition == partition)
        .limit(1)
    )
    source_id = connection.execute(query).scalar_one_or_none()
    return None if source_id is None else FeedGaps(source_id, feed, partition)


def skip(
    database: Database, found: FeedGaps, *, who: str, why: str, now: datetime
) -> tuple[Window, ...]:
    """Do without what was not listed, and keep for ever who said so and why.

    Returns:
        The periods that are gaps no longer.
    """
    which = and_(
        gap.c.source_id == found.source_id,
        gap.c.feed == found.feed,
        gap.c.partition == found.partition,
    )
    with database.write(found.source_id) as connection:
        rows = _close(connection, which, now, who, why)
    return tuple(Window(row.start_at, row.end_at) for row in rows)


# --- what is told of them ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gap:
    """A period of a feed that could not be asked.

    Attributes:
        excused: Who does without it, and why; empty while it is open.
        found_at: When it was found; ``None`` for what was not listed just now.
    """

    feed: str
    partition: str
    start_at: datetime
    end_at: datetime
    why: str
    excused: str = ""
    found_at: datetime | None = None


def list_told(connection: Connection, source_id: int, window: Window | None = None) -> list[Gap]:
    """Gaps of a source that nothing has listed since, oldest first.

    Args:
        window: Only those that touch it, and with them those that a person does without; without
            it, only the open ones.
    """
    which = [gap.c.source_id == source_id, gap.c.closed_at.is_(None)]
    if window is not None:
        by_person = and_(gap.c.closed_at.is_not(None), gap.c.closed_by != ENGINE)
        which[1] = or_(which[1], by_person)
        which += [gap.c.start_at < window.end, gap.c.end_at > window.start]
    query = select(gap).where(*which).order_by(gap.c.start_at, gap.c.feed, gap.c.partition)
    return [
        Gap(
            row.feed,
            row.partition,
            row.start_at,
            row.end_at,
            row.why,
            f"{row.closed_by}: {row.closed_why}" if row.closed_at else "",
            row.found_at,
        )
        for row in connection.execute(query)
    ]
