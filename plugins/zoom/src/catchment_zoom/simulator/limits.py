"""Rate limits: per account and label, shared by all its apps (section 8.1, 8.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from catchment_zoom.simulator.answers import Answer
from catchment_zoom.simulator.scopes import Label
from catchment_zoom.simulator.switches import Plan, Switches

_DAY = "%Y-%m-%dT00:00:00Z"
_QPS = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAILY = (
    "You have reached the maximum daily rate limit for this API. Refer to the response header "
    "for details on when you can make another request."
)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls fit into one second (or minute) and into one day; ``0`` is no limit."""

    rate: int
    daily: int = 0
    per_minute: bool = False


LIMITS: dict[Plan, dict[Label, Limit]] = {
    "free": {
        "light": Limit(4, 6_000),
        "medium": Limit(2, 2_000),
        "heavy": Limit(1, 1_000),
        "resource": Limit(10, 30_000, per_minute=True),
    },
    "pro": {
        "light": Limit(30),
        "medium": Limit(20),
        "heavy": Limit(10, 30_000),
        "resource": Limit(10, 30_000, per_minute=True),
    },
    "business": {
        "light": Limit(80),
        "medium": Limit(60),
        "heavy": Limit(40, 60_000),
        "resource": Limit(20, 60_000, per_minute=True),
    },
}
"""The documented numbers (8.1)."""

_CATEGORY = {
    "light": "Light",
    "medium": "Medium",
    "heavy": "Heavy",
    "resource": "Resource-intensive",
}


class Limiter:
    """Counts the calls of one account; days begin at 00:00 UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rates: Counter[tuple[str, int]] = Counter()
        self._days: Counter[tuple[str, str]] = Counter()

    def spend(self, label: Label, calls: int = 1) -> None:
        """Count calls of another app of the same account."""
        self._rates[label, self._tick(label, "business")] += calls
        self._days[self._daily_key(label, "business")] += calls

    def draw(self, label: Label | None, switches: Switches) -> tuple[Answer | None, dict[str, str]]:
        """Count one call.

        Returns:
            The 429 that it earns, or ``None``; and the headers of the answer it gets otherwise.
        """
        if label is None or not switches.rate_limiting:
            return None, {}
        limit = LIMITS[switches.plan][label]
        share = (100 - min(100, switches.other_apps_percent)) / 100
        rate, daily = max(1, int(limit.rate * share)), int(limit.daily * share)
        tick, day = (label, self._tick(label, switches.plan)), self._daily_key(label, switches.plan)
        if daily and self._days[day] >= daily:
            return self._refuse(label, "Daily-limit", limit.daily, switches), {}
        if self._rates[tick] >= rate:
            return self._refuse(label, "QPS", limit.rate, switches), {}
        self._rates[tick] += 1
        self._days[day] += 1
        left = rate - self._rates[tick]
        return None, self._headers(label, "QPS", limit.rate, left, switches)

    def refuse(self, switches: Switches) -> Answer:
        """A per-second 429 out of turn, as bursts of other apps cause them (10, row 16)."""
        return self._refuse("medium", "QPS", LIMITS[switches.plan]["medium"].rate, switches)

    def _tick(self, label: Label, plan: Plan) -> int:
        seconds = 60 if LIMITS[plan][label].per_minute else 1
        return int(self._now().timestamp()) // seconds

    def _daily_key(self, label: Label, plan: Plan) -> tuple[str, str]:
        # On paid plans heavy and resource-intensive calls share one daily budget (8.1, dagger).
        shared = plan != "free" and label in ("heavy", "resource")
        return ("heavy+resource" if shared else label), self._now().strftime(_DAY)

    def _refuse(self, label: Label, kind: str, limit: int, switches: Switches) -> Answer:
        daily = kind == "Daily-limit"
        headers = self._headers(label, kind, limit, 0, switches)
        if daily and switches.rate_headers == "full":
            headers["Retry-After"] = self._retry_after(switches)
        code = 429 if daily else switches.rate_code
        return Answer(429, {"code": code, "message": _DAILY if daily else _QPS}, headers)

    def _headers(
        self, label: Label, kind: str, limit: int, left: int, switches: Switches
    ) -> dict[str, str]:
        mode = switches.rate_headers
        if mode == "none":
            return {}
        headers = {"X-RateLimit-Category": _CATEGORY[label]}
        if mode == "category":
            return headers
        headers |= {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left)}
        if mode == "full":
            headers["X-RateLimit-Type"] = kind
        if switches.rate_reset:
            reset = self._midnight() if kind == "Daily-limit" else self._now() + _SECOND
            headers["X-RateLimit-Reset"] = str(int(reset.timestamp()))
        return headers

    def _midnight(self) -> datetime:
        today = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        return today + timedelta(days=1)

    def _retry_after(self, switches: Switches) -> str:
        midnight = self._midnight()
        if switches.retry_after == "http_date":
            return format_datetime(midnight, usegmt=True)
        if switches.retry_after == "seconds":
            return str(int((midnight - self._now()).total_seconds()))
        return midnight.strftime("%Y-%m-%dT%H:%M:%SZ")  # an instant, not seconds (fact 16)


_SECOND = timedelta(seconds=1)
