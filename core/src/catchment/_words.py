"""What several layers say in the same words: ages, names of feeds, what to type to install."""

from __future__ import annotations

import shlex
import sys
from datetime import timedelta

_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60


def say_age(age: timedelta) -> str:
    """``3 d``, ``36 h``, ``7 min`` or ``12 s``: the largest unit of which there are two or more.

    A minute is told as one: nobody counts 90 seconds.
    """
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", _DAY_S), ("h", _HOUR_S), ("min", _MINUTE_S)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def say_limit(limit: timedelta) -> str:
    """``30 d`` or ``11 h 59 min``: a limit that somebody set, with nothing cut off."""
    rest, parts = max(0, round(limit.total_seconds())), list[str]()
    for unit, length in (("d", _DAY_S), ("h", _HOUR_S), ("min", _MINUTE_S), ("s", 1)):
        number, rest = divmod(rest, length)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"


def name_feed(feed: str, partition: str) -> str:
    """A feed and the part of it, as people read them."""
    return f"{feed} {partition}".strip()


def say_install(requirement: str, *options: str) -> str:
    """What to type to install *requirement* where this program runs, whichever ``pip`` is found."""
    pip = [sys.executable, "-m", "pip"] if sys.executable else ["pip"]
    return shlex.join([*pip, "install", *options, requirement])
