"""Reads the times that stand beside words: ``01:02:03``, ``02:03``, ``00:00:01.500``."""

from __future__ import annotations

import re
from datetime import timedelta

STAMP = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,9}))?"
"""Four groups for :func:`read_groups`."""

_WHOLE = re.compile(rf"\s*{STAMP}\s*")


def read_stamp(text: str) -> timedelta | None:
    """Read a text that is nothing but a time; ``None`` for anything else."""
    found = _WHOLE.fullmatch(text)
    return read_groups(found.groups()) if found else None


def read_groups(groups: tuple[str | None, ...]) -> timedelta:
    """Read hours, minutes, seconds and fraction as :data:`STAMP` finds them."""
    hours, minutes, seconds, fraction = (group or "0" for group in groups)
    return timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int(fraction[:6].ljust(6, "0")),
    )
