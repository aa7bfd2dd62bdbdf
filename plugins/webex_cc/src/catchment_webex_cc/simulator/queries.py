"""Reads what is asked for: stamps, numbers, lists (4)."""

from __future__ import annotations

from collections.abc import Mapping

from catchment_webex.simulator.answers import malformed

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def read_stamp(query: Mapping[str, str], name: str, usual: int | None = None) -> int:
    """Milliseconds of the epoch; seconds are taken for what they are not (0).

    Raises:
        Rejection: 400: it is missing, or no number.
    """
    text = query.get(name)
    if text is None and usual is not None:
        return usual
    if text is None or not text.isascii() or not text.isdigit():
        raise malformed(f"Invalid or missing value for parameter {name}")
    return int(text)


def read_number(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    """A number between *least* and *most*.

    Raises:
        Rejection: 400: it is not.
    """
    text = query.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise malformed(f"{name} should be between {least} and {most}")
    return int(text)


def read_list(query: Mapping[str, str], name: str, most: int = 100) -> list[str]:
    """Values separated by commas; none, if left out.

    Raises:
        Rejection: 400: they are too many.
    """
    values = [value for value in query.get(name, "").split(",") if value]
    if len(values) > most:
        raise malformed(f"{name} should not have more than {most} values")
    return values


def is_seconds(stamp: int) -> bool:
    """Whether a stamp can only be seconds: as milliseconds it is in 1970 (0)."""
    return 0 <= stamp < 10_000_000_000
