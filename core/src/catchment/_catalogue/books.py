"""Rows for the archive's books, written in the transaction that they tell of.

The archive keeps beside its packages what no package holds: facts without recordings, people's
decisions, gaps, frontiers, aliases.  They are first entered here, so that nothing is told that did
not happen and nothing that happened is left untold; the engine carries them to the archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import book


def enter(
    connection: Connection,
    source_id: int,
    at: datetime,
    kind: str,
    body: Mapping[str, object],
) -> None:
    """Enter one row."""
    connection.execute(insert(book).values(source_id=source_id, at=at, kind=kind, body=dict(body)))


def list_unwritten(database: Database, source_id: int, limit: int = 5000) -> list[Row[Any]]:
    """Rows that the archive does not hold yet, oldest first."""
    query = (
        select(book.c.id, book.c.at, book.c.kind, book.c.body)
        .where(book.c.written.is_(False), book.c.source_id == source_id)
        .order_by(book.c.id)
        .limit(limit)
    )
    with database.read() as connection:
        return list(connection.execute(query))


def mark_written(connection: Connection, ids: Sequence[int]) -> None:
    """Say that the archive holds these rows."""
    for some in chunks(ids):
        connection.execute(update(book).where(book.c.id.in_(some)).values(written=True))
