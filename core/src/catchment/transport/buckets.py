"""How often a platform may be asked, counted by whom the platform counts."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catchment.model import Budget, Clock, period

_NOTHING = 1e-9


class Buckets(Protocol):
    """Where requests are counted.  The engine gives one that all its processes share."""

    def take(self, key: str, budget: Budget, count: int = 1) -> float:
        """Take *count* requests out of the bucket *key*.

        Returns:
            0 when they were taken.  Otherwise nothing was taken, and the answer is how many
            seconds to wait before asking again.
        """
        ...

    def block(self, key: str, until: datetime) -> None:
        """Give nothing out of the bucket *key* before *until*, because the platform said so."""
        ...


@dataclass(slots=True)
class _Bucket:
    filled: float
    filled_at: datetime


class LocalBuckets:
    """Token buckets of this process alone.

    A bucket holds what may be asked in one second (at least one request), so that our share of a
    platform's limit is kept in any period and not only on average.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._blocked: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def take(self, key: str, budget: Budget, count: int = 1) -> float:
        """Take *count* requests, or say how many seconds to wait before asking again."""
        per_second = budget.rate * budget.share / period(budget.per).total_seconds()
        holds = max(1.0, per_second)
        with self._lock:
            now = self._clock.now()
            blocked = (self._blocked.get(key, now) - now).total_seconds()
            if blocked > 0:
                return _rounded(blocked)
            bucket = self._buckets.setdefault(key, _Bucket(holds, now))
            passed = (now - bucket.filled_at).total_seconds()
            bucket.filled = min(holds, bucket.filled + passed * per_second)
            bucket.filled_at = now
            # More than the bucket holds is given when it is full, and paid back afterwards.
            missing = min(float(count), holds) - bucket.filled
            if missing > _NOTHING:
                return _rounded(missing / per_second)
            bucket.filled -= count
            return 0.0

    def block(self, key: str, until: datetime) -> None:
        """Give nothing out of the bucket *key* before *until*."""
        with self._lock:
            self._blocked[key] = max(until, self._blocked.get(key, until))


def _rounded(seconds: float) -> float:
    # Up to a whole millisecond: a clock counts microseconds, and a wait shorter than its grain
    # would be asked for again and again.
    return math.ceil(seconds * 1000) / 1000
