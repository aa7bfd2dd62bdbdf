"""Budgets that all runners share, counted in the database and drawn in blocks.

A runner takes the requests of a fraction of a second at once, so that a request rarely costs a
transaction.  What it has not used after :data:`BLOCK_LIVES` is lost and not saved up, so that the
platform's limit is kept in any period and not only on average.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from catchment._catalogue.database import Database
from catchment._catalogue.tables import bucket
from catchment.model import Budget, Clock, period

BLOCK_LIVES = timedelta(seconds=1)
"""For how long a runner may use a block; also how late it learns that another one was blocked."""

BLOCK_SHARE = 0.25
"""How much of a full bucket a runner takes at once."""

_NOTHING = 1e-9


@dataclass(slots=True)
class _Block:
    left: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _Drawn:
    taken: int
    wait: float = 0.0


class CatalogueBuckets:
    """The shared form of :class:`catchment.transport.Buckets`; one object for all threads.

    A bucket holds what may be asked in one second, at least one request.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._blocks: dict[str, _Block] = {}
        self._ahead: dict[str, tuple[datetime, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, budget: Budget, count: int = 1) -> float:
        """Take *count* requests, or say how many seconds to wait before asking again."""
        with self._lock:
            now = self._clock.now()
            block = self._blocks.get(key)
            if block is not None and block.left >= count and now < block.until:
                block.left -= count
                return 0.0
            drawn = self._draw(key, budget, count, now)
            if drawn.taken:
                self._blocks[key] = _Block(drawn.taken - count, now + BLOCK_LIVES)
            return drawn.wait

    def block(self, key: str, until: datetime) -> None:
        """Give nothing out of the bucket *key* before *until*, to any runner."""
        with self._lock:
            self._blocks.pop(key, None)
            with self._database.write() as connection:
                self._enter(connection, key, 0.0, self._clock.now())
                later = bucket.c.blocked_until.is_(None) | (bucket.c.blocked_until < until)
                connection.execute(
                    update(bucket).where(bucket.c.name == key, later).values(blocked_until=until)
                )

    def _draw(self, key: str, budget: Budget, count: int, now: datetime) -> _Drawn:
        per_second = budget.rate * budget.share / period(budget.per).total_seconds()
        holds = max(1.0, per_second)
        with self._database.write() as connection:
            self._enter(connection, key, holds, now)
            row = connection.execute(
                select(bucket).where(bucket.c.name == key).with_for_update()
            ).one()
            blocked = (row.blocked_until - now).total_seconds() if row.blocked_until else 0.0
            if blocked > 0:
                return _Drawn(0, _rounded(blocked))
            passed = self._measure(key, row.filled_at, now)
            filled = min(holds, row.tokens + passed * per_second)
            # More than the bucket holds is given when it is full, and paid back afterwards.
            missing = min(float(count), holds) - filled
            if missing > _NOTHING:
                return _Drawn(0, _rounded(missing / per_second))
            taken = max(count, min(int(filled), int(holds * BLOCK_SHARE)))
            filled_at = row.filled_at + timedelta(seconds=passed)
            connection.execute(
                update(bucket)
                .where(bucket.c.name == key)
                .values(tokens=filled - taken, filled_at=filled_at)
            )
            self._ahead[key] = filled_at, now
            return _Drawn(taken)

    def _measure(self, key: str, filled_at: datetime, now: datetime) -> float:
        """Seconds since a bucket was filled, also where another's clock is ahead of ours.

        Time that another one counted is not counted a second time; and where nobody counts on, as
        after that one died or our clock was set back, it is ours since we saw this first.
        """
        if filled_at <= now:
            return (now - filled_at).total_seconds()
        seen_filled_at, seen_at = self._ahead.get(key, (None, now))
        if seen_filled_at != filled_at or now < seen_at:
            self._ahead[key] = filled_at, now
            return 0.0
        return (now - seen_at).total_seconds()

    def _enter(self, connection: Connection, key: str, tokens: float, now: datetime) -> None:
        row = {"name": key, "tokens": tokens, "filled_at": now}
        self._database.insert_missing(connection, bucket, [row])


def _rounded(seconds: float) -> float:
    # Up to a whole millisecond: a wait below the clock's grain would be asked for again and again.
    return math.ceil(seconds * 1000) / 1000
