"""The words that the others are made of: times, people, keys, and how a wrong one is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

Json = Mapping[str, Any]
"""One JSON object of a platform, verbatim: parsed, but nothing renamed, added or left out."""

_PERIOD = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOST_QUOTED = 40
"""So many characters of a wrong value are shown: what it really is, nobody knows."""


class BadValue(ValueError):
    """A value that cannot be, refused where it is made: later nobody knows who made it.

    The sentence is ours and names no more than the field and what stood in it, so that it can be
    shown to people, as what foreign code says cannot.
    """


def check_aware(what: str, *moments: datetime | None) -> None:
    """Refuse times without a zone.

    Raises:
        BadValue: One of *moments* is naive.
    """
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise BadValue(f"{what} needs aware times, and {moment} has no time zone")


def check_known(what: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word that the catalogue and whoever reads it would not understand.

    Raises:
        BadValue: *value* is none of *allowed*.
    """
    if value not in allowed:
        words = ", ".join(map(repr, allowed))
        raise BadValue(f"{what} cannot be {repr(value)[:_MOST_QUOTED]}, only one of {words}")


def period(text: str | timedelta) -> timedelta:
    """Read a length of time such as ``"10m"``, ``"3h"``, ``"30d"`` or ``"1h30m"``.

    Raises:
        BadValue: *text* is not made of numbers followed by s, m, h or d.
    """
    if isinstance(text, timedelta):
        return text
    compact = text.replace(" ", "")
    found = _PERIOD.findall(compact)
    if not found or "".join(number + unit for number, unit in found) != compact:
        raise BadValue(f"{text!r} is not a length of time; write for example 10m, 3h or 30d")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in found), timedelta())


class Clock(Protocol):
    """Where time comes from.  Tests and sandboxes put a virtual one in its place."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Let *seconds* of this clock's time pass."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time: ``start`` belongs to it, ``end`` does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        check_aware("a window", self.start, self.end)
        if self.end < self.start:
            raise BadValue(f"a window cannot end ({self.end}) before it starts ({self.start})")

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}..{self.end:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """An id that recordings and facts of one interaction share: ``(space, value)``.

    A row with two keys joins two interactions.  Spaces are chosen by the adapter
    (``"meeting"``, ``"session"``) and belong to one source: two sources never share a key.
    """

    space: str
    value: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A person named by reference, ``Ref("user", "abc")``; the directory knows all ids of one."""

    space: str
    value: str
