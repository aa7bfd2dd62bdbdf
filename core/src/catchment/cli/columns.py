"""How wide the columns of a table are on a terminal: pure, and never so that an id is cut.

An id that goes over two lines cannot be copied.  Words of people may be folded, ids may not; where
even that leaves no room, columns that can be spared are left out, and at last each row becomes
lines of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GAP = 2
"""Blanks between two columns."""

WORD = 12
"""So much of a plain word stands on one line at least."""

OF_IDS = "_/+=@"
"""Signs that, like digits, make a word something to be copied: an id, an address, a feed."""


def measure(text: str) -> int:
    """How many places of a terminal *text* takes: signs of East Asia and emoji take two."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def find_least(texts: Sequence[str], *, whole: bool = False, loose: bool = False) -> int:
    """The fewest places that a column with *texts* can do with."""
    if whole:
        return max(map(measure, texts), default=0)
    words = (word for text in texts for word in text.split())
    return max((_least_of(word, loose=loose) for word in words), default=0)


def _least_of(word: str, *, loose: bool) -> int:
    is_id = any(sign.isdigit() or sign in OF_IDS for sign in word) or "." in word[1:-1]
    return measure(word) if is_id and not loose else min(measure(word), WORD)


def choose_widths(
    columns: Sequence[Sequence[str]],
    room: int,
    *,
    whole: Sequence[int] = (),
    loose: Sequence[int] = (),
    spare: Sequence[int] = (),
) -> dict[int, int] | None:
    """The width of each column that is shown, by its number; ``None`` if they do not fit.

    Args:
        columns: The texts of each column, its head among them.
        room: How many places a line has.
        whole: Numbers of columns that are never folded.
        loose: Numbers of columns with the words of people, which hold no ids.
        spare: Numbers of columns that may be left out, those first that are missed least.
    """
    for left_out in range(len(spare) + 1):
        shown = [place for place in range(len(columns)) if place not in spare[:left_out]]
        left = room - GAP * (len(shown) - 1)
        least = {
            one: find_least(columns[one], whole=one in whole, loose=one in loose) for one in shown
        }
        if sum(least.values()) <= left:
            return _widen(columns, least, left)
    return None


def _widen(columns: Sequence[Sequence[str]], least: dict[int, int], room: int) -> dict[int, int]:
    """Give every column what it would like, and take what is too much from the widest."""
    wanted = {place: max(map(measure, columns[place]), default=0) for place in least}
    cap = max(wanted.values(), default=0)

    def limit() -> dict[int, int]:
        return {one: max(least[one], min(wanted[one], cap)) for one in least}

    while sum(limit().values()) > room:
        cap -= 1
    return limit()
