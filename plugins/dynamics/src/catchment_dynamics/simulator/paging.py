"""Paging: the opaque cookie inside ``$skiptoken`` (2.4).

A cookie holds what was asked, the number of the page and, where the order names the primary key,
the last row of the page before.  It is good for the same question alone, pages of the same size
included.  From an order that is not unique only the number is left: what changed in between
shifts the pages, and rows are missed or repeated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from catchment_dynamics.simulator.query import Query
from catchment_dynamics.simulator.refusals import ARGUMENT, Refusal

_OUTER = re.compile(
    r'<cookie pagenumber="(\d+)"(?: pagingcookie="([^"]*)")? istracking="(True|False)" />'
)
_ASKED = re.compile(r'<cookie page="\d+" asked="(\w*)">')
_INNER = re.compile(r'<(\w+) last="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Cookie:
    """Where a page begins.

    Attributes:
        page: Its number, from 1 on.
        last: Values of the last row before, by column; empty where only the number counts.
        tracking: It belongs to a list of changes.
        asked: What :func:`seal` makes of the question that it goes on with.
    """

    page: int
    last: Mapping[str, Any] = field(default_factory=dict)
    tracking: bool = False
    asked: str = ""

    def write(self) -> str:
        """The value of ``$skiptoken``, percent-encoded."""
        rows = "".join(
            f'<{name} last="{_write(value)}" first="{_write(value)}" />'
            for name, value in self.last.items()
        )
        inner = f'<cookie page="{self.page - 1}" asked="{self.asked}">{rows}</cookie>'
        inner = quote(quote(inner, safe=""), safe="")
        outer = (
            f'<cookie pagenumber="{self.page}" pagingcookie="{inner}" '
            f'istracking="{self.tracking}" />'
        )
        return quote(outer, safe="=/")


def seal(query: Query, page: int | None) -> str:
    """What was asked, pages apart: the options and the preferred size of a page."""
    options = {name: told for name, told in query.options.items() if name != "$skiptoken"}
    told = repr((list(options.items()), list(query.aliases.items()), page))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def read_cookie(query: Query, page: int | None, *, tracking: bool = False) -> Cookie:
    """Where the page begins that a request asks for: the first one without a ``$skiptoken``.

    Args:
        query: The request's options.
        page: The size of pages that it prefers.
        tracking: Changes are asked for.

    Raises:
        Refusal: The token was not written here, was edited, or goes on with another question:
            something was appended to the link, or the size of pages is another (2.4).
    """
    text, asked = query.get("$skiptoken"), seal(query, page)
    if text is None:
        return Cookie(1, tracking=tracking, asked=asked)
    outer = _OUTER.fullmatch(text)
    if outer is None or int(outer[1]) < 2:
        raise lost()
    inner = unquote(unquote(outer[2] or ""))
    sealed = _ASKED.match(inner)
    if sealed is None or sealed[1] != asked:
        raise lost()
    last = {name: _read(value) for name, value in _INNER.findall(inner)}
    return Cookie(int(outer[1]), last, outer[3] == "True", asked)


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
