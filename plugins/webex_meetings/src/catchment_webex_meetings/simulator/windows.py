"""Reads the windows of listings: half-open, a week unless told, limited here and there (10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from catchment.model import Window
from catchment_webex.simulator.answers import malformed
from catchment_webex.simulator.times import read_time

WEEK = timedelta(days=7)


def read_window(
    query: Mapping[str, str],
    now: datetime,
    *,
    longest: timedelta | None = None,
    oldest: timedelta | None = None,
    strict: bool = True,
) -> Window:
    """``from`` (inclusive) and ``to`` (exclusive); what is missing is seven days away.

    Args:
        query: The parameters.
        now: Stands for ``to`` where neither is given.
        longest: The longest interval.
        oldest: How long ago it may begin.
        strict: Whether more than that is refused.

    Raises:
        Rejection: 400 for a time that cannot be read, for ``from`` after ``to``, and for an
            interval that is too long or too old.
    """
    start = read_time(query["from"], "from") if query.get("from") else None
    end = read_time(query["to"], "to") if query.get("to") else None
    if end is None:
        end = start + WEEK if start else now
    if start is None:
        start = end - WEEK
    if start > end:
        raise malformed("'from' cannot be after 'to'.")
    if strict and longest is not None and end - start > longest:
        raise malformed(f"The interval must be within {longest.days} days.")
    if strict and oldest is not None and start < now - oldest:
        raise malformed(f"'from' must be within the last {oldest.days} days.")
    return Window(start, end)


def read_choice(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """An enumeration's value, empty where it is not given; case matters (4.2, common).

    Raises:
        Rejection: 400 for any other value.
    """
    value = query.get(name, "")
    if value and value not in allowed:
        raise malformed(f"'{name}' must be one of {', '.join(allowed)}.")
    return value


def read_flag(query: Mapping[str, str], name: str) -> bool | None:
    """A boolean in lower case; ``None`` where it is not given.

    Raises:
        Rejection: 400 for any other word.
    """
    value = read_choice(query, name, ("true", "false"))
    return None if not value else value == "true"
