"""Inner pages: the activities of one record (2.4)."""

from __future__ import annotations

from typing import Any

from catchment_webex.simulator.answers import malformed

Row = dict[str, Any]

USUAL, MOST = 25, 100


def cut_nodes(
    nodes: list[Row],
    stamp: str,
    order: str | None,
    _: object = None,
    *,
    first: int | None = None,
    after: str | None = None,
) -> Row:
    """A page of nodes: 25 unless told, and no more than 100; newest first unless sorted.

    Raises:
        Rejection: 400: too many are asked for.
    """
    size = USUAL if first is None else first
    if not 1 <= size <= MOST:
        raise malformed(f"'first' should be between 1 and {MOST}")
    ordered = nodes[::-1] if order == "asc" else nodes
    start = 0
    if after:
        stamp_ms, _dot, skipped = after.partition(".")
        if not stamp_ms.isdigit():
            raise malformed("Invalid cursor")
        numbers = [n for n, node in enumerate(ordered) if str(node[stamp]) == stamp_ms]
        start = numbers[int(skipped or 0)] + 1 if numbers else len(ordered)
    page = ordered[start : start + size]
    more = start + size < len(ordered)
    cursor = None
    if more:
        last = page[-1][stamp]
        same = sum(node[stamp] == last for node in ordered[: start + size])
        cursor = str(last) if same == 1 else f"{last}.{same - 1}"
    info = {"hasNextPage": more, "endCursor": cursor}
    return {"totalCount": len(nodes), "nodes": page, "pageInfo": info}
