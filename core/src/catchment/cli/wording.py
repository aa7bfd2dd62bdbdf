"""Values as people read them: sizes, lengths of time, moments, and texts of strangers.

Names and topics come from platforms and so from anybody; a terminal obeys what it is sent.  What is
printed goes through :func:`clean`.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def clean(text: str) -> str:
    """*text* on one line, without anything that a terminal would obey."""
    return "".join(
        sign if unicodedata.category(sign) not in _UNSAFE else " " if sign in "\t\r\n" else "�"
        for sign in text
    )


def say_size(size_bytes: int) -> str:
    """``1.2 GB``."""
    for step, unit in _SIZES:
        if size_bytes >= step:
            return f"{size_bytes / step:.1f} {unit}"
    return f"{size_bytes} B"


def say_length(length: timedelta | None) -> str:
    """``1:02:03`` or ``0:07``; nothing for what has no length."""
    if length is None:
        return ""
    seconds = round(length.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def say_moment(at: datetime | None, zone: str = "UTC", *, seconds: bool = False) -> str:
    """*at* as a clock in *zone* shows it, without the zone: the column's head names it."""
    if at is None:
        return ""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"[: None if seconds else -3]


def write_moment(at: datetime) -> str:
    """*at* for programs: ISO 8601 in UTC with a Z, without a fraction that is zero."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def count(number: int, one: str, many: str = "") -> str:
    """``1 file`` or ``3 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def say_program() -> str:
    """What to type for ``catchment``: the path by which it was started, if it is not on PATH."""
    started = Path(sys.argv[0])
    if shutil.which("catchment") is None and started.name == "catchment":
        return shlex.quote(str(started))
    return "catchment"
