"""Where each setting stands in a TOML file.

``tomllib`` forgets positions, and a fault without a line is a search.  This scanner walks text that
``tomllib`` has accepted and notes the line of every key and array item; because the text is known
to be valid it needs no errors of its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

Spot = tuple[str | int, ...]
"""The way to a setting: names of tables and keys, and positions in arrays."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}'''
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^,\[\]{}#\n]+""",
    re.DOTALL,
)


def read_lines(text: str) -> dict[Spot, int]:
    """The line, from 1, of every table, key and array item of *text*, which is valid TOML."""
    return _Scanner(text).scan()


def find_line(lines: Mapping[Spot, int], spot: Spot) -> int:
    """The line of *spot*, or of the nearest table around it where it is missing."""
    while spot and spot not in lines:
        spot = spot[:-1]
    return lines.get(spot, 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Spot, int] = {}
        self.counts: dict[Spot, int] = {}  # items of each array of tables, so far

    def scan(self) -> dict[Spot, int]:
        table: Spot = ()
        while self._peek():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _peek(self) -> str:
        """The next character that is not blank; nothing at the end."""
        self._take(_BLANK)
        return self.text[self.at : self.at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found is not None, f"valid TOML was not understood at character {self.at}"
        self.at = found.end()
        return found[0]

    def _note(self, spot: Spot) -> None:
        line = self.text.count("\n", 0, self.at) + 1
        for length in range(1, len(spot) + 1):
            self.lines.setdefault(spot[:length], line)

    def _key(self) -> tuple[str, ...]:
        self._peek()
        names: list[str] = []
        rest: Any = tomllib.loads(self._take(_KEY) + "=0")  # which knows all about quotes
        while isinstance(rest, dict):
            name, rest = next(iter(rest.items()))
            names.append(name)
        return tuple(names)

    def _header(self) -> Spot:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *around, name = self._key()
        table: Spot = ()
        for part in around:
            table = self._newest((*table, part))
        table = (*table, name)
        if brackets == 2:
            self.counts[table] = self.counts.get(table, 0) + 1
            table = self._newest(table)
        self._note(table)
        self._peek()
        self.at += brackets
        return table

    def _newest(self, table: Spot) -> Spot:
        """*table*, or its newest item where it is an array of tables."""
        count = self.counts.get(table, 0)
        return (*table, count - 1) if count else table

    def _pair(self, table: Spot) -> None:
        spot = (*table, *self._key())
        self._note(spot)
        self._peek()
        self.at += 1  # the equals sign
        self._value(spot)

    def _value(self, spot: Spot) -> None:
        opening = self._peek()
        if opening not in "[{":
            self._take(_SCALAR)
            return
        self.at += 1
        count = 0
        while (following := self._peek()) not in "]}":
            if following == ",":
                self.at += 1
            elif opening == "{":
                self._pair(spot)
            else:
                self._note((*spot, count))
                self._value((*spot, count))
                count += 1
        self.at += 1
