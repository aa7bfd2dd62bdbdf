"""Rate limits: a budget of calls for each token owner, shared by all apps that use it (7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from catchment_webex.simulator.answers import JSON, Answer, Rejection
from catchment_webex.simulator.switches import CommonSwitches

TOO_MANY = "Too many requests have been sent in a given amount of time."
_PAGE = b"<html><head><title>429 Too Many Requests</title></head><body></body></html>"


class Limiter:
    """Counts calls per owner and minute of the platform's clock."""

    def __init__(self, now: Callable[[], datetime], switches: Callable[[], CommonSwitches]) -> None:
        self._now, self._switches = now, switches
        self._spent: Counter[tuple[str, int]] = Counter()

    def spend(self, owner: str, calls: int = 1) -> None:
        """Count calls that another app made in the name of *owner*."""
        self._spent[owner, self._minute()] += calls

    def draw(self, owner: str) -> None:
        """Count one call.

        Raises:
            Rejection: 429: the minute's budget is used up.
        """
        most, about = self._switches().rate_per_minute, (owner, self._minute())
        if most and self._spent[about] >= most:
            raise Rejection(self.refuse())
        self._spent[about] += 1

    def refuse(self) -> Answer:
        """A 429, also out of turn (7)."""
        switches, headers = self._switches(), {}
        if switches.retry_after == "seconds":
            left = 60 - int(self._now().timestamp()) % 60
            headers["Retry-After"] = str(switches.retry_after_seconds or left)
        elif switches.retry_after == "malformed":
            headers["Retry-After"] = "soon"
        if switches.rate_body == "html":
            return Answer(429, None, headers, _PAGE, "text/html")
        body = {"message": TOO_MANY, "errors": [{"description": TOO_MANY}]}
        return Answer(429, body, headers, media_type=JSON)

    def _minute(self) -> int:
        return int(self._now().timestamp()) // 60
