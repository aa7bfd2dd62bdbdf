"""The watermark: up to when a source is complete.  Computed, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    select,
)

from catchment._catalogue.tables import feed, recording
from catchment._words import name_feed

UNRESOLVED = ("open", "parked")
"""States of a recording that hold the watermark."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to when a source is complete, and what keeps it there.

    Attributes:
        at: Everything that began before is archived or accounted for; ``None`` before the first
            complete listing.
        held_by: What keeps it back, for people.
        feed: The feed and partition that keep it back; ``None`` where a recording does.
        lag: How much later than its start a recording is normally listed there.
        listed: Up to when everything is listed, whatever became of it: what is found before that is
            late.  No watermark of this source was ever beyond it, while ``at`` steps back for every
            recording that is open, and forth again.
    """

    at: datetime | None
    held_by: str
    feed: tuple[str, str] | None = None
    lag: timedelta = timedelta()
    listed: datetime | None = None


def compute(
    connection: Connection, source_id: int, lags: Mapping[str, timedelta] | None = None
) -> Watermark:
    """Compute the watermark of a source; it is never stored.

    It is the earlier of all frontiers (each less how much later than its start a recording is
    normally listed there) and of the oldest recording that is not resolved.
    """
    marks: list[Watermark] = []
    frontiers = connection.execute(
        select(feed.c.feed, feed.c.partition, feed.c.frontier).where(feed.c.source_id == source_id)
    ).all()
    for row in frontiers:
        if lags is not None and row.feed not in lags:
            continue  # switched off in the settings
        label = f"feed {name_feed(row.feed, row.partition)}"
        key = (row.feed, row.partition)
        if row.frontier is None:
            return Watermark(None, f"{label} was never listed to its end", key)
        lag = (lags or {}).get(row.feed, timedelta())
        marks.append(Watermark(row.frontier - lag, f"{label} is listed up to there", key, lag))
    if not marks:
        return Watermark(None, "nothing was listed yet")
    listed = min(mark.at for mark in marks if mark.at is not None)
    for state in UNRESOLVED:  # one look into the index each, however many there are
        oldest = connection.execute(
            select(recording.c.occurred_at, recording.c.external_id)
            .where(recording.c.source_id == source_id, recording.c.state == state)
            .order_by(recording.c.occurred_at)
            .limit(1)
        ).first()
        if oldest is not None:
            held_by = f"recording {oldest.external_id} is {state}"
            marks.append(Watermark(oldest.occurred_at, held_by))
    return replace(min(marks, key=lambda mark: (mark.at, mark.held_by)), listed=listed)
