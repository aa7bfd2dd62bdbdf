"""Times as people type them.

A date, a date with a time, or an age such as ``36h``.  What has no offset is local to the source's
time zone, because that is how people remember a call; which source it is may only be known when the
settings are read, so an option holds what was typed until then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from catchment.errors import Misuse
from catchment.model import period

if TYPE_CHECKING:
    from catchment.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLES = "2026-01-31, 2026-01-31T08:30, 2026-01-31T08:30Z or 36h"
HELP = (
    "Times are dates or ISO date-times, or ages such as 36h.  Without an offset they are in the "
    "source's time zone; the date after --to is included whole."
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A time as it was typed: a day, a moment (perhaps without a zone), or an age."""

    value: date | datetime | timedelta
    text: str = ""

    def start(self, zone: str, now: datetime) -> datetime:
        """The moment that it means; of a day its begin."""
        if isinstance(self.value, timedelta):
            return now - self.value
        if isinstance(self.value, datetime):
            local = self.value
        else:
            local = datetime.combine(self.value, time())
        return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)

    def end(self, zone: str, now: datetime) -> datetime:
        """The moment that it means as the end of a period; a day is included whole."""
        if isinstance(self.value, date) and not isinstance(self.value, datetime):
            return Typed(self.value + timedelta(days=1)).start(zone, now)
        return self.start(zone, now)


class TimeType(click.ParamType[Typed]):
    """Reads :class:`Typed`."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Typed:
        """*value* as a time, or a refusal that says how times are written."""
        if isinstance(value, Typed):
            return value
        try:
            typed = read_time(str(value))
            typed.end("UTC", datetime(2000, 1, 1, tzinfo=UTC))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a time; write {EXAMPLES}", param, ctx)
        return typed


def read_time(text: str) -> Typed:
    """Read what somebody typed as a time.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    try:
        return Typed(date.fromisoformat(text), text)
    except ValueError:
        pass  # not a day: a moment or an age
    try:
        return Typed(datetime.fromisoformat(text), text)
    except ValueError:
        return Typed(period(text), text)


TIME = TimeType()


def period_options(*, required: bool) -> Callable[[F], F]:
    """The options ``--from`` and ``--to``."""

    def add(command: F) -> F:
        first = click.option("--from", "since", type=TIME, required=required, help="The beginning.")
        last = click.option("--to", "until", type=TIME, help="The end; without it, now.")
        return first(last(command))

    return add


def read_period(
    since: Typed, until: Typed | None, zone: str, now: datetime
) -> tuple[datetime, datetime]:
    """The period that was typed.

    Raises:
        Misuse: It ends before it begins, or has not begun yet.
    """
    start = since.start(zone, now)
    if until is not None and until.end(zone, now) <= start:
        raise Misuse(
            f"the period ends (--to {until.text}) before it begins (--from {since.text})",
            remedy="Give --from the earlier and --to the later time.",
        )
    if start >= now:
        raise Misuse(
            f"the period (--from {since.text}) has not begun yet",
            remedy="Give --from an earlier time.",
        )
    return start, min(until.end(zone, now), now) if until is not None else now


def zone_of(settings: Settings, source: str = "") -> str:
    """The zone in which times are told: the source's, or that of all sources if it is one."""
    if source:
        return settings.source(source).timezone
    zones = {table.timezone for table in settings.sources.values()}
    return zones.pop() if len(zones) == 1 else "UTC"
