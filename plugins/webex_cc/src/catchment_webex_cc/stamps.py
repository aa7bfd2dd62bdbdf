"""Milliseconds since 1970, in which everything here is told and asked (0, trap 1).  Pure.

Seconds would be answered with an empty list and no error, so :func:`write_ms` is the only way into
a request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = datetime(2001, 9, 10, tzinfo=UTC)
"""Stamps of before have fewer than 13 digits."""

_MS = timedelta(milliseconds=1)
_LEAST_TOLD = 10**12


def write_ms(moment: datetime) -> int:
    """*moment* as the platform wants it: whole milliseconds, always of 13 digits.

    Raises:
        ValueError: *moment* is naive.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (max(moment.astimezone(UTC), _OLDEST) - _EPOCH) // _MS


def read_ms(value: object) -> datetime | None:
    """A stamp of the platform's, told as a number or as text; ``None`` for none.

    ``-1`` means "not over yet", and what is no time of this century is not known.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        count = int(float(value))
        return _EPOCH + count * _MS if count >= _LEAST_TOLD else None
    except (ValueError, OverflowError):
        return None
