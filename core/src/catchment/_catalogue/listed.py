"""How far the feeds of a source are listed, and which periods people still wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from catchment._catalogue.tables import feed, source, walk
from catchment.model import Window


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A period that a person asked for and that a feed has not listed to its end.

    Attributes:
        feed: The feed.
        partition: Which part of it.
        window: What of the period is not listed yet.
        why: The feed's last error; empty where it has none.
    """

    feed: str
    partition: str
    window: Window
    why: str


def list_unfinished(connection: Connection, source_id: int) -> list[Unfinished]:
    """What people asked a source for and what is still to be listed, oldest wish first."""
    same = and_(
        feed.c.source_id == walk.c.source_id,
        feed.c.feed == walk.c.feed,
        feed.c.partition == walk.c.partition,
    )
    query = (
        select(
            walk.c.feed,
            walk.c.partition,
            walk.c.position,
            walk.c.end_at,
            func.coalesce(feed.c.error, "").label("error"),
        )
        .join_from(walk, feed, same, isouter=True)
        .where(walk.c.source_id == source_id, walk.c.purpose == "recovery")
        .order_by(walk.c.id)
    )
    return [
        Unfinished(row.feed, row.partition, Window(row.position, row.end_at), row.error)
        for row in connection.execute(query)
    ]


def list_frontiers(connection: Connection, source_id: int) -> dict[str, dict[str, datetime | None]]:
    """Up to when each part of each feed is listed; ``None`` where it never was to its end."""
    query = (
        select(feed.c.feed, feed.c.partition, feed.c.frontier)
        .where(feed.c.source_id == source_id)
        .order_by(feed.c.feed, feed.c.partition)
    )
    found: dict[str, dict[str, datetime | None]] = {}
    for row in connection.execute(query):
        found.setdefault(row.feed, {})[row.partition] = row.frontier
    return found


def read_first_contact(connection: Connection, source_id: int) -> datetime:
    """When the source was first in contact."""
    query = select(source.c.pinned_at).where(source.c.id == source_id)
    found: datetime = connection.execute(query).scalar_one()
    return found
