"""Rows for the archive's books, written in the transaction that they tell of.

The archive keeps beside its packages what no package holds: what came late, people's
decisions, gaps, frontiers, aliases.  They are first entered here, so that nothing is told that did
not happen and nothing that happened is left untold; the engine carries them to the archive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import book, source


def enter(
    connection: Connection,
    source_id: int,
    at: datetime,
    kind: str,
    body: Mapping[str, object],
    *,
    number: int | None = None,
) -> None:
    """Enter one row; it is numbered by itself unless it is given a *number*."""
    values = {"source_id": source_id, "at": at, "kind": kind, "body": dict(body)}
    connection.execute(insert(book).values(values if number is None else values | {"id": number}))


def list_unwritten(
    database: Database, source_id: int, limit: int | None = 5000, up_to: int | None = None
) -> list[Row[Any]]:
    """Rows that the archive does not hold yet, oldest first.

    Args:
        database: The catalogue.
        source_id: Whose rows.
        limit: No more than so many; ``None`` for all.
        up_to: No rows with a larger id.
    """
    query = (
        select(book.c.id, book.c.at, book.c.kind, book.c.body)
        .where(book.c.written.is_(False), book.c.source_id == source_id)
        .order_by(book.c.id)
        .limit(limit)
    )
    if up_to is not None:
        query = query.where(book.c.id <= up_to)
    with database.read() as connection:
        return list(connection.execute(query))


def find_last(connection: Connection) -> int:
    """The largest id of a row of any source; 0 if there is none."""
    return connection.execute(select(func.max(book.c.id))).scalar() or 0


def find_last_written(database: Database, source_id: int) -> int:
    """The largest id of a row of the source that the archive holds; 0 if there is none."""
    query = select(func.max(book.c.id)).where(
        book.c.written.is_(True), book.c.source_id == source_id
    )
    with database.read() as connection:
        return connection.execute(query).scalar() or 0


def list_written(database: Database) -> Iterator[tuple[str, str, Sequence[int]]]:
    """Yield platform and account of each source, and the ids of its rows that the archive holds."""
    with database.read() as connection:
        of = connection.execute(select(source.c.id, source.c.platform, source.c.account_id)).all()
    for row in of:
        query = select(book.c.id).where(book.c.written.is_(True), book.c.source_id == row.id)
        with database.read() as connection:
            ids = connection.execute(query.order_by(book.c.id)).scalars().all()
        yield row.platform, row.account_id, ids


def number_after(database: Database, connection: Connection, last: int) -> None:
    """Let PostgreSQL number new rows after *last*; SQLite goes on after the largest there is."""
    if not database.is_sqlite:
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence('book', 'id'), greatest(:last,"
                " (SELECT coalesce(max(id), 0) FROM book),"
                " nextval(pg_get_serial_sequence('book', 'id')) - 1) + 1, false)"
            ),
            {"last": last},
        )


def take_number(database: Database, connection: Connection, after: int) -> int:
    """A number for a row that is larger than *after* and than that of every row there is."""
    if database.is_sqlite:
        return max(after, find_last(connection)) + 1
    number_after(database, connection, after)
    drawn = text("SELECT nextval(pg_get_serial_sequence('book', 'id'))")
    return int(connection.execute(drawn).scalar_one())


def renumber(
    database: Database, connection: Connection, source_id: int, first: int, after: int
) -> None:
    """Give the unwritten rows of a source, from *first* on, numbers after *after*, in order."""
    ids = connection.execute(
        select(book.c.id)
        .where(book.c.written.is_(False), book.c.source_id == source_id, book.c.id >= first)
        .order_by(book.c.id)
    )
    for old in ids.scalars().all():
        number = take_number(database, connection, after)
        connection.execute(update(book).where(book.c.id == old).values(id=number))


def mark_written(connection: Connection, ids: Sequence[int]) -> None:
    """Say that the archive holds these rows."""
    for some in chunks(ids):
        connection.execute(update(book).where(book.c.id.in_(some)).values(written=True))
