"""What a log tells of trouble that is not one item's: that it began, and that it is over.

While a platform is down every request fails, on a full disk every download, and a line for each
would bury whatever else happens.  So the first one is told, those after it only to whoever debugs,
and the first that succeeds says how many they were and for how long.  Downloads come from other
hosts than lists do, and are watched apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catchment._words import say_age
from catchment.model import Clock

FAILURES: Mapping[str, str] = {
    "source.unreachable": "requests",
    "job.unanswered": "requests",
    "job.unstored": "storage",
}
"""What it is that fails, by event; of unanswered jobs that fetch media it is the downloads."""

SUCCESSES: Mapping[str, tuple[str, ...]] = {
    "source.live": ("requests",),
    "page.listed": ("requests",),
    "poll.walked": ("requests",),
    "file.archived": ("downloads", "storage"),
}
"""What an event proves to work."""

Told = tuple[str, Mapping[str, Any]]


@dataclass(slots=True)
class Outage:
    """Since when something does not work, and how often it was tried."""

    since: datetime
    failed: int = 1


class Outages:
    """Folds what is told of outages; the caller keeps threads apart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], Outage] = {}

    def fold(self, event: str, fields: Mapping[str, Any]) -> Iterator[Told]:
        """What the log is told of an event: itself, as something else, or with more."""
        source = str(fields.get("source", ""))
        if event in FAILURES:
            unanswered = event == "job.unanswered" and fields.get("kind") == "media"
            what = "downloads" if unanswered else FAILURES[event]
            known = self._known.get((source, what))
            if known is not None:
                known.failed += 1
                yield "job.failed_again", fields
                return
            self._known[source, what] = Outage(self._clock.now())
        for what in SUCCESSES.get(event, ()):
            over = self._known.pop((source, what), None)
            if over is not None and over.failed > 1:
                after = say_age(self._clock.now() - over.since)
                told = {"source": source, "what": what, "failed": over.failed, "after": after}
                yield "source.recovered", told
        yield event, fields
