"""Paging: the opaque cookie inside ``$skiptoken`` (2.4).

A cookie holds the number of the page and, where the order names the primary key, the last row of
the page before.  From an order that is not unique only the number is left: what changed in between
shifts the pages, and rows are missed or repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from catchment_dynamics.simulator.refusals import ARGUMENT, Refusal

_OUTER = re.compile(
    r'<cookie pagenumber="(\d+)"(?: pagingcookie="([^"]*)")? istracking="(True|False)" />'
)
_INNER = re.compile(r'<(\w+) last="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Cookie:
    """Where a page begins.

    Attributes:
        page: Its number, from 1 on.
        last: Values of the last row before, by column; empty where only the number counts.
        tracking: It belongs to a list of changes.
    """

    page: int
    last: Mapping[str, Any] = field(default_factory=dict)
    tracking: bool = False

    def write(self) -> str:
        """The value of ``$skiptoken``, percent-encoded."""
        rows = "".join(
            f'<{name} last="{_write(value)}" first="{_write(value)}" />'
            for name, value in self.last.items()
        )
        inner = quote(quote(f'<cookie page="{self.page - 1}">{rows}</cookie>', safe=""), safe="")
        outer = (
            f'<cookie pagenumber="{self.page}" pagingcookie="{inner}" '
            f'istracking="{self.tracking}" />'
        )
        return quote(outer, safe="=/")


def read_cookie(text: str) -> Cookie:
    """Read a ``$skiptoken``.

    Raises:
        Refusal: It was not written here, or was edited.
    """
    outer = _OUTER.fullmatch(text)
    if outer is None or int(outer[1]) < 2:
        raise lost()
    inner = unquote(unquote(outer[2] or ""))
    last = {name: _read(value) for name, value in _INNER.findall(inner)}
    return Cookie(int(outer[1]), last, outer[3] == "True")


def lost() -> Refusal:
    """400 of a cookie that cannot be used."""
    return Refusal(400, ARGUMENT, "The paging cookie is malformed or has expired.")


def lies_after(key: Sequence[tuple[bool, Any]], last: Sequence[Any], down: Sequence[bool]) -> bool:
    """Whether a row of this sort key comes after the row whose key was *last*."""
    for own, other, descending in zip(key, last, down, strict=True):
        if own != other:
            return bool(own < other) if descending else bool(own > other)
    return False


def _write(value: Any) -> str:
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    if isinstance(value, datetime):
        told = json.dumps({"at": value.isoformat()})
    else:
        told = json.dumps(value)
    return quote(told, safe="")


def _read(text: str) -> Any:
    try:
        value = json.loads(unquote(text))
    except ValueError as error:
        raise lost() from error
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]).astimezone(UTC)
    return value
