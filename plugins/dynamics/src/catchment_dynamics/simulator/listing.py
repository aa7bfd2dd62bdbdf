"""Lists rows of a table: filtered, ordered, page by page (2.2, 2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catchment_dynamics.simulator.conditions import Operand, build_predicate
from catchment_dynamics.simulator.filters import Compare, Joined, Node, Special, read_filter
from catchment_dynamics.simulator.paging import Cookie, lies_after, lost, read_cookie
from catchment_dynamics.simulator.query import COLLECTION, Preferences, Query
from catchment_dynamics.simulator.refusals import Refusal
from catchment_dynamics.simulator.rows import (
    Shown,
    View,
    build_renderer,
    read_number,
    read_order,
    sort_key,
)
from catchment_dynamics.simulator.store import Current

MOST_COUNTED = 5000
"""``@odata.count`` never says more (2.2)."""

COUNTED = "Microsoft.Dynamics.CRM.totalrecordcount"
EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"


@dataclass(frozen=True, slots=True)
class _Key:
    """One column of the order."""

    name: str
    operand: Operand
    down: bool

    def measure(self, row: Current) -> tuple[bool, Any]:
        """What a row is sorted by."""
        return sort_key(self.operand.read(row))


def list_page(view: View, query: Query, preferences: Preferences) -> Shown:
    """One page of a table.

    Raises:
        Refusal: The query cannot be answered.
    """
    environment, table = view.environment, view.table
    query.check(COLLECTION)
    if "$apply" in query.options:
        raise Refusal(501, "", "The $apply query option is not supported by this environment.")
    renderer = build_renderer(view, preferences, query, linked=True)
    cookie = read_cookie(query, preferences.page)
    if cookie.page > 1 and environment.faults.cursor_lost(f"{table.name} {cookie.page}"):
        raise lost()
    keys, exact = _read_keys(view, query.get("$orderby"))
    rows = find_rows(view, query)
    top = read_number(query.get("$top"), "$top")
    size = preferences.page or environment.switches.page_most
    if preferences.page is None and top is not None:
        size = min(size, top)
    page, more = _cut(rows, keys, exact, cookie, size)
    if preferences.page is None and top is not None and cookie.page * size >= top:
        more = False
    shown: Shown = {"@odata.context": f"{environment.api}/$metadata#{renderer.context}"}
    if (query.get("$count") or "").lower() == "true":
        shown["@odata.count"] = min(len(rows), MOST_COUNTED)
        if preferences.wants(EXCEEDED):
            shown[f"@{COUNTED}"] = min(len(rows), MOST_COUNTED)
            shown[f"@{EXCEEDED}"] = len(rows) > MOST_COUNTED
    told = environment.faults.rows(page, f"{table.name} {query.raw}")
    shown["value"] = [renderer.render(row) for row in told]
    if more:
        last = {key.name: key.operand.read(page[-1]) for key in keys} if exact else {}
        asked = query.without("$skiptoken")
        asked += "&" if asked else ""
        shown["@odata.nextLink"] = (
            f"{environment.api}/{table.entity_set}?{asked}"
            f"$skiptoken={Cookie(cookie.page + 1, last, asked=cookie.asked).write()}"
        )
    return shown


def count_rows(view: View, query: Query) -> int:
    """The answer of ``/$count``: at most 5 000.

    Raises:
        Refusal: The query cannot be answered.
    """
    query.check(frozenset({"$filter"}))
    return min(len(find_rows(view, query)), MOST_COUNTED)


def find_rows(view: View, query: Query) -> list[Current]:
    """Every row that fits ``$filter``, in no order.

    Raises:
        Refusal: The filter cannot be read.
    """
    text = query.get("$filter")
    if text is None:
        return view.list_rows()
    node = read_filter(text, query.aliases)
    keep = build_predicate(node, view.build_terms())
    return [row for row in _list_candidates(view, node) if keep(row) and view.sees(row)]


def _list_candidates(view: View, node: Node) -> Iterable[Current]:
    """Rows that may fit: fewer than all, where the filter names lookups or times."""
    store, table = view.environment.store, view.table
    parts = node.parts if isinstance(node, Joined) and node.operator == "and" else (node,)
    for part in parts:
        named = _list_named(view, part)
        if named is not None:
            column, ids = named
            if column == table.primary:
                found = (store.find(table.name, one, view.now) for one in dict.fromkeys(ids))
                return [row for row in found if row is not None]
            return store.list_referring(table.name, column, ids, view.now)
    since, until = _find_window(parts)
    if since is None and until is None:
        return store.list_rows(table.name, view.now)
    until = view.now if until is None else min(until, view.now)
    return store.list_touched(table.name, since or store.epoch, until, view.now)


def _list_named(view: View, node: Node) -> tuple[str, list[str]] | None:
    """The lookup or key and the ids that a condition is about: one of them, or any of several."""
    parts = node.parts if isinstance(node, Joined) and node.operator == "or" else (node,)
    names, ids = set(), []
    for part in parts:
        if isinstance(part, Compare) and part.operator == "eq" and part.value.kind == "guid":
            names.add(part.name)
            ids.append(str(part.value.value))
        elif isinstance(part, Special) and part.function == "In":
            names.add(part.name)
            ids += [str(value.value).lower() for value in part.values]
        else:
            return None
    column = view.table.known_as.get(names.pop()) if len(names) == 1 else None
    if column is None or not (column.is_lookup or column.name == view.table.primary):
        return None
    return column.name, ids


def _find_window(parts: Iterable[Node]) -> tuple[datetime | None, datetime | None]:
    """The times between which a row must have been made or changed, as far as is said."""
    since: datetime | None = None
    until: datetime | None = None
    for part in parts:
        if not isinstance(part, Compare) or part.name not in ("modifiedon", "createdon"):
            continue
        value = part.value.value
        if not isinstance(value, datetime):
            continue
        if part.operator in ("ge", "gt", "eq"):
            since = value if since is None else max(since, value)
        if part.operator in ("le", "lt", "eq") and part.name == "modifiedon":
            until = value if until is None else min(until, value)
    return since, until


def _read_keys(view: View, text: str | None) -> tuple[list[_Key], bool]:
    """The order, with the primary key at its end; whether it was unique by itself."""
    primary = view.table.primary
    names = [piece.split()[0] for piece in (text or "").split(",") if piece.strip()]
    order = read_order(view, text or "")
    keys = [_Key(name, *one) for name, one in zip(names, order, strict=True)]
    exact = not keys or primary in names
    if primary not in names:
        keys.append(_Key(primary, view.find_operand(primary), down=False))
    return keys, exact


def _cut(
    rows: list[Current], keys: list[_Key], exact: bool, cookie: Cookie, size: int
) -> tuple[list[Current], bool]:
    """The rows of one page, and whether there are more."""
    ordered = list(rows)
    for key in reversed(keys):
        ordered.sort(key=key.measure, reverse=key.down)
    if exact and cookie.last:
        last = [sort_key(cookie.last.get(key.name)) for key in keys]
        down = [key.down for key in keys]
        ordered = [
            row for row in ordered if lies_after([key.measure(row) for key in keys], last, down)
        ]
    elif cookie.page > 1:
        ordered = ordered[(cookie.page - 1) * size :]
    return ordered[:size], len(ordered) > size
