"""Listings in pages: the ``Link`` header, and how it goes wrong (5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from catchment_webex.simulator.answers import Answer, malformed
from catchment_webex.simulator.switches import CommonSwitches

Row = TypeVar("Row")

_OFFSET, _EMPTY = "offset", "page"


def read_max(
    query: Mapping[str, str], switches: CommonSwitches, usual: int = 10, most: int = 100
) -> int:
    """``max``: *usual* unless told; beyond *most* as switched (5).

    Raises:
        Rejection: 400 when it is no number, below 1, or beyond *most* and refused.
    """
    text = query.get("max", str(usual))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise malformed(f"'max' must be greater than or equal to 1 and at most {most}.")
    if int(text) > most and switches.max_above == "reject":
        raise malformed(f"'max' must be less than or equal to {most}.")
    return min(int(text), most)


def cut_page(
    rows: Sequence[Row],
    url: str,
    query: Mapping[str, str],
    switches: CommonSwitches,
    *,
    usual: int = 10,
    most: int = 100,
) -> tuple[Sequence[Row], Mapping[str, str]]:
    """The rows of the page that *query* asks for, and the headers that lead on.

    Lists are live: the offset is counted anew on each page, so rows shift while others come in.

    Args:
        rows: Everything that the listing holds right now, in order.
        url: Absolute, without a query.
        query: As it was asked.
        switches: The switchboard.
        usual: The size of a page unless told.
        most: The largest size.

    Raises:
        Rejection: 400 for a size or an offset that cannot be.
    """
    size = read_max(query, switches, usual, most)
    text = query.get(_OFFSET, "0")
    if not text.isascii() or not text.isdigit():
        raise malformed("'offset' must be a number.")
    offset = int(text)
    if query.get(_EMPTY) == "empty":
        return [], {"Link": _link(url, query, switches, size, offset, "next")}
    end = offset + size
    links = []
    if end < len(rows):
        links.append(_link(url, query, switches, size, end, "next", empty=switches.empty_pages))
    if switches.links == "all":
        links.insert(0, _link(url, query, switches, size, 0, "first"))
        if offset:
            links.append(_link(url, query, switches, size, max(0, offset - size), "prev"))
    return rows[offset:end], {"Link": ", ".join(links)} if links else {}


def answer_page(
    rows: Sequence[Mapping[str, Any]], headers: Mapping[str, str], envelope: str = "items"
) -> Answer:
    """A page in the list envelope (1)."""
    return Answer(200, {envelope: list(rows)}, headers)


def _link(
    url: str,
    query: Mapping[str, str],
    switches: CommonSwitches,
    size: int,
    offset: int,
    rel: str,
    *,
    empty: bool = False,
) -> str:
    lost = {_EMPTY, *switches.link_drops.split(",")}
    told = {name: value for name, value in query.items() if name not in lost}
    told |= {"max": "null" if switches.link_null else str(size), _OFFSET: str(offset)}
    if empty:
        told[_EMPTY] = "empty"
    return f'<{url}?{urlencode(told)}>; rel="{rel}"'
