"""RSQL, as far as configuration lists are filtered with it (5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catchment_webex.simulator.answers import malformed

Row = Mapping[str, Any]

_CLAUSE = re.compile(r"([A-Za-z.]+)(==|!=|=in=|=out=)(\((?:[^)]*)\)|[^;,()]*)")


def matches(row: Row, text: str) -> bool:
    """Whether a record fits ``a==b;c=in=(d,e),f!=g``: ``;`` is and, ``,`` is or.

    Raises:
        Rejection: 400: it cannot be read.
    """
    any_of: list[bool] = []
    all_of: list[bool] = []
    at = 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            raise malformed("Invalid filter")
        all_of.append(_fits(row, *clause.groups()))
        at = clause.end()
        if at == len(text):
            break
        if text[at] == ",":
            any_of.append(all(all_of))
            all_of = []
        elif text[at] != ";":
            raise malformed("Invalid filter")
        at += 1
    return any([*any_of, all(all_of)])


def _fits(row: Row, field: str, operator: str, told: str) -> bool:
    value = row.get({"userId": "userIds"}.get(field, field))
    inside = {_plain(one) for one in (value if isinstance(value, list) else [value])}
    wanted = {_plain(one.strip()) for one in told.strip("()").split(",")}
    hit = bool(inside & wanted)
    return hit if operator in ("==", "=in=") else not hit


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip("\"'").casefold()
