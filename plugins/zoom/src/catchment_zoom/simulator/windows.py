"""Reads the windows of listings: date-times of the archive, dates of the recordings (3.1, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from catchment_zoom.simulator.answers import invalid_field
from catchment_zoom.simulator.ids import ZULU, zulu
from catchment_zoom.simulator.switches import Switches

WEEK = timedelta(days=7)
MONTH = timedelta(days=31)
DAY = timedelta(days=1)
DATE = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Asked:
    """The window that the platform answers for, and how it tells it.

    Attributes:
        start: From here on.
        end: Up to here; whether that belongs to it, ``inclusive`` says.
        echo: ``from`` and ``to`` of the answer.
        query: The query with the substitutes in it: following pages must repeat this.
    """

    start: datetime
    end: datetime
    echo: Mapping[str, str]
    query: Mapping[str, str]
    inclusive: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether *at* lies inside, in whole seconds as bodies tell it."""
        at = at.replace(microsecond=0)
        return self.start <= at < self.end or (self.inclusive and at == self.end)


def read_week(query: Mapping[str, str], now: datetime, switches: Switches) -> Asked:
    """The archive's window: UTC date-times, at most 7 days, a future ``to`` clamped (3.1).

    Without ``from`` and ``to`` Zoom's default is unknown; here it is the last day.

    Raises:
        Rejection: 400/300 for a time that cannot be read, or a window beyond 7 days.
    """
    end = _read(query, "to", ZULU, now)
    substitute = dict(query)
    if end > now:
        end = now.replace(microsecond=0)
        substitute["to"] = zulu(end)  # silently; fact 5
    start = _read(query, "from", ZULU, end - DAY)
    if start > end or end - start > WEEK:
        raise invalid_field("from")
    echo = {"from": zulu(start), "to": zulu(end)}
    return Asked(start, end, echo, substitute, switches.archive_end == "inclusive")


def read_month(query: Mapping[str, str], now: datetime, switches: Switches) -> Asked:
    """The recordings' window: dates, at most a month; wider ones as switched (5.1).

    Raises:
        Rejection: 400/300 for a date that cannot be read, or a window that is too wide.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = _read(query, "from", DATE, today)
    end = _read(query, "to", DATE, start + DAY)
    if start > end:
        raise invalid_field("from")
    substitute = dict(query)
    if end - start > MONTH:
        if switches.month_window == "reject":
            raise invalid_field("from")
        start = end - MONTH
        substitute["from"] = start.strftime(DATE)
    echo = {"from": start.strftime(DATE), "to": end.strftime(DATE)}
    last = end + DAY if switches.recordings_end == "inclusive" else end
    return Asked(start, last, echo, substitute)


def _read(query: Mapping[str, str], name: str, form: str, usual: datetime) -> datetime:
    if not query.get(name):
        return usual
    try:
        return datetime.strptime(query[name], form).replace(tzinfo=UTC)
    except ValueError:
        raise invalid_field(name) from None
