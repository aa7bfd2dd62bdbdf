"""Service protection: what one application user may ask of one web server (2.8)."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from catchment_dynamics.simulator.refusals import TOO_CONCURRENT, TOO_LONG, TOO_MANY, Refusal

WINDOW = timedelta(seconds=300)
PATIENCE = timedelta(seconds=1)
"""By so much every request that is sent in spite of a refusal lengthens the wait."""


class Protection:
    """The three facets for one application user, over a sliding window.

    Args:
        requests: How many there may be in a window.
        time_s: Seconds of execution time in a window.
        concurrency: How many may be under way at once.
    """

    def __init__(self, requests: int, time_s: int, concurrency: int) -> None:
        self.requests, self.time_s, self.concurrency = requests, time_s, concurrency
        self._done: deque[tuple[datetime, int]] = deque()
        self._spent_ms = 0
        self._until: datetime | None = None
        self.under_way = 0

    def draw(self, now: datetime, cost_ms: int) -> None:
        """Let a request in, or refuse it; who is let in calls :meth:`leave` in the end.

        Raises:
            Refusal: 429 with ``Retry-After``.
        """
        self._forget(now)
        if self.under_way >= self.concurrency:
            raise refuse(
                TOO_CONCURRENT,
                f"Number of concurrent requests exceeded the limit of {self.concurrency}.",
                1,
            )
        facet = self._find_facet()
        if facet is not None or (self._until is not None and now < self._until):
            raise self._refuse(now, facet or TOO_MANY)
        self._until = None
        self._done.append((now, cost_ms))
        self._spent_ms += cost_ms
        self.under_way += 1

    def leave(self) -> None:
        """A request that was let in is answered."""
        self.under_way -= 1

    def remaining(self) -> dict[str, str]:
        """The informational headers."""
        requests = max(0, self.requests - len(self._done))
        seconds = max(0.0, self.time_s - self._spent_ms / 1000)
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(requests),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds:,.2f}",
        }

    def _find_facet(self) -> str | None:
        if len(self._done) >= self.requests:
            return TOO_MANY
        return TOO_LONG if self._spent_ms >= self.time_s * 1000 else None

    def _refuse(self, now: datetime, facet: str) -> Refusal:
        free = self._done[0][0] + WINDOW if self._done else now + PATIENCE
        until = max(free, self._until or free)
        if self._until is not None:
            until = min(until + PATIENCE, now + WINDOW)
        self._until = until
        if facet == TOO_MANY:
            text = refuse_requests_text(self.requests)
        else:
            text = (
                "Combined execution time of incoming requests exceeded limit of "
                f"{self.time_s * 1000:,} milliseconds over time window of 300 seconds. Decrease "
                "number of concurrent requests or reduce the duration of requests and try again "
                "later."
            )
        return refuse(facet, text, max(1, -int(-(until - now).total_seconds() // 1)))

    def _forget(self, now: datetime) -> None:
        while self._done and self._done[0][0] <= now - WINDOW:
            self._spent_ms -= self._done.popleft()[1]


def refuse_requests_text(limit: int) -> str:
    """What the facet of requests says."""
    return f"Number of requests exceeded the limit of {limit} over time window of 300 seconds."


def refuse(code: str, text: str, seconds: int) -> Refusal:
    """429 with a wait in seconds."""
    return Refusal(429, code, text, {"Retry-After": str(seconds)})
