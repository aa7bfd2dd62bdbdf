"""Renders rows as JSON: columns, annotations and what is expanded beside them (2.2, 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from catchment_dynamics.simulator.conditions import Operand, Terms, build_predicate
from catchment_dynamics.simulator.environment import Client, Environment
from catchment_dynamics.simulator.filters import read_filter
from catchment_dynamics.simulator.labels import tell_label
from catchment_dynamics.simulator.navigation import FILES, find_navigation
from catchment_dynamics.simulator.query import Expansion, Preferences, Query, read_expansions
from catchment_dynamics.simulator.refusals import unknown_property, unparsable
from catchment_dynamics.simulator.schema import Column, Table
from catchment_dynamics.simulator.store import ATTACHMENT, Current, Reference
from catchment_dynamics.simulator.values import read_raw, read_value, show_value

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_PATH = "Microsoft.Dynamics.CRM.associatednavigationproperty"

_SORTS: Mapping[str, str] = {
    "guid": "guid", "lookup": "guid", "customer": "guid", "owner": "guid", "file": "guid",
    "string": "text", "memo": "text", "entity": "text",
    "int": "number", "bigint": "number", "decimal": "number",
    "choice": "number", "state": "number", "status": "number",
    "bool": "bool", "date": "date", "multi": "multi",
}  # fmt: skip

Shown = dict[str, object]


@dataclass(frozen=True)
class View:
    """One table as one request sees it.

    Attributes:
        now: The moment of the request; all its rows are of that moment.
    """

    environment: Environment
    table: Table
    client: Client
    now: datetime

    def find_column(self, name: str) -> Column:
        """A column by the name that queries use.

        Raises:
            Refusal: There is none.
        """
        column = self.table.known_as.get(name)
        if column is None:
            raise unknown_property(name, self.table.name)
        return column

    def find_operand(self, name: str) -> Operand:
        """A column, or one of the row that a lookup names (``nav/prop``), to compare.

        Raises:
            Refusal: There is none.
        """
        if "/" in name:
            return self._find_beyond(*name.split("/", 1))
        column, table = self.find_column(name), self.table
        return Operand(_SORTS[column.kind], lambda row: read_value(row, table, column))

    def build_terms(self) -> Terms:
        """What conditions on this table are about."""
        loose = self.environment.switches.channel_eq == "nothing"
        return Terms(self.find_operand, self.now, loose)

    def beyond(self, table: Table) -> View:
        """Another table of the same request.

        Raises:
            Refusal: The client may not read it.
        """
        self.environment.require(self.client, table)
        return View(self.environment, table, self.client, self.now)

    def follow(self, row: Current, column: Column, table: Table) -> Current | None:
        """The row that a lookup names, if it is one of *table*."""
        value = read_raw(row, self.table, column)
        if not isinstance(value, Reference) or value.table != table.name:
            return None
        found = self.environment.store.find(value.table, value.row_id, self.now)
        return None if found is None or not self.sees(found) else found

    def sees(self, row: Current) -> bool:
        """Whether the client's role reaches as far as a row (1.2)."""
        return self.environment.sees(self.client, row)

    def list_rows(self) -> list[Current]:
        """Every row of the table that the client sees."""
        rows = self.environment.store.list_rows(self.table.name, self.now)
        return [row for row in rows if self.sees(row)]

    def list_files(self, row: Current) -> list[Current]:
        """The rows of ``fileattachment`` of a row (2.9)."""
        found = self.environment.store.list_referring(
            ATTACHMENT, "objectid", [row.row_id], self.now
        )
        return [
            one
            for one in found
            if isinstance(owner := one.values["objectid"], Reference)
            and owner.table == self.table.name
        ]

    def _find_beyond(self, path: str, name: str) -> Operand:
        found = find_navigation(self.environment.schema, self.table, path)
        if found is None or found.column is None:
            raise unknown_property(path, self.table.name)
        column, other = found.column, self.beyond(found.table)
        inner = other.find_operand(name)

        def read(row: Current) -> Any:
            target = self.follow(row, column, found.table)
            return None if target is None else inner.read(target)

        return Operand(inner.sort, read)


class Renderer:
    """Renders rows of one table for one request.

    Args:
        view: The table.
        preferences: Which annotations are wanted.
        select: ``$select``; every column if it is ``None``.
        expand: What is expanded.
        linked: Expanded collections come with a link of their own, as in lists.

    Raises:
        Refusal: A column or a navigation property is unknown, or may not be read.
    """

    def __init__(
        self,
        view: View,
        preferences: Preferences,
        select: str | None,
        expand: tuple[Expansion, ...] = (),
        *,
        linked: bool = False,
    ) -> None:
        self.view, self._preferences, self._linked = view, preferences, linked
        table = view.table
        self.columns = tuple(table.known_as.values())
        self.selected: tuple[str, ...] = ()
        if select is not None and select.strip() != "*":
            self.selected = tuple(name.strip() for name in select.split(",") if name.strip())
            chosen = dict.fromkeys(view.find_column(name) for name in self.selected)
            chosen[table.columns[table.primary]] = None
            self.columns = tuple(chosen)
        self._named = tuple((column, column.property_name) for column in self.columns)
        self._formatted = preferences.wants(FORMATTED)
        self._lookup_table = preferences.wants(LOOKUP_TABLE)
        self._lookup_path = preferences.wants(LOOKUP_PATH)
        self._annotated = self._formatted or self._lookup_table or self._lookup_path
        self._expanded = [self._build_expanded(one) for one in expand]

    @property
    def context(self) -> str:
        """What follows ``$metadata#`` in the context of a list."""
        names = f"({','.join(self.selected)})" if self.selected else ""
        return self.view.table.entity_set + names

    def render(self, row: Current) -> Shown:
        """One row."""
        table = self.view.table
        shown: Shown = {"@odata.etag": write_etag(row)}
        for column, name in self._named:
            value = show_value(row, table, column)
            if self._annotated and value is not None:
                shown.update(self._annotate(row, column, name))
            shown[name] = value
        for add in self._expanded:
            shown.update(add(row))
        return shown

    def _annotate(self, row: Current, column: Column, name: str) -> Iterator[tuple[str, object]]:
        raw = read_raw(row, self.view.table, column)
        if self._formatted:
            text = self._tell_formatted(raw, column, read_value(row, self.view.table, column))
            if text is not None:
                yield f"{name}@{FORMATTED}", text
        if isinstance(raw, Reference):
            if self._lookup_table:
                yield f"{name}@{LOOKUP_TABLE}", raw.table
            if self._lookup_path:
                yield f"{name}@{LOOKUP_PATH}", column.name

    def _tell_formatted(self, raw: object, column: Column, value: object) -> str | None:
        if not isinstance(raw, Reference):
            return tell_label(column, value)
        if raw.name:
            return raw.name
        table = self.view.environment.schema.tables.get(raw.table)
        row = self.view.environment.store.find(raw.table, raw.row_id, self.view.now)
        told = None if row is None or table is None else row.values.get(table.name_column)
        return None if told is None else str(told)

    # --- what is expanded -------------------------------------------------------------------------

    def _build_expanded(self, wanted: Expansion) -> Callable[[Current], Shown]:
        view = self.view
        found = find_navigation(view.environment.schema, view.table, wanted.name)
        if found is None:
            raise unparsable(
                f"Could not find a property named '{wanted.name}' on type "
                f"'Microsoft.Dynamics.CRM.{view.table.name}'."
            )
        other = view.beyond(found.table)
        options = wanted.options
        inner = Renderer(
            other,
            self._preferences,
            options.get("$select"),
            read_expansions(options.get("$expand", "")),
        )
        if found.column is not None:
            column = found.column

            def add_one(row: Current) -> Shown:
                target = view.follow(row, column, found.table)
                return {wanted.name: None if target is None else inner.render(target)}

            return add_one
        arrange = build_arrangement(other, options)

        def add_all(row: Current) -> Shown:
            shown: Shown = {
                wanted.name: [inner.render(one) for one in arrange(view.list_files(row))]
            }
            if self._linked:
                link = f"{view.environment.api}/{view.table.entity_set}({row.row_id})/{wanted.name}"
                told = options.get("$select")
                asked = f"$select={quote(told, safe=',')}&" if told else ""
                cookie = quote('<cookie pagenumber="2" istracking="False" />', safe="=/")
                shown[f"{wanted.name}@odata.nextLink"] = f"{link}?{asked}$skiptoken={cookie}"
            return shown

        return add_all


def build_arrangement(
    view: View, options: Mapping[str, str]
) -> Callable[[list[Current]], list[Current]]:
    """``$filter``, ``$orderby`` and ``$top`` of what is expanded.

    Raises:
        Refusal: One of them cannot be read.
    """
    terms = view.build_terms()
    wanted = options.get("$filter")
    keep = build_predicate(read_filter(wanted), terms) if wanted else None
    order = read_order(view, options.get("$orderby", ""))
    top = read_number(options.get("$top"), "$top")

    def arrange(rows: list[Current]) -> list[Current]:
        kept = [row for row in rows if keep is None or keep(row)]
        for operand, down in reversed(order):
            kept.sort(key=lambda row: sort_key(operand.read(row)), reverse=down)
        return kept if top is None else kept[:top]

    return arrange


def read_order(view: View, text: str) -> list[tuple[Operand, bool]]:
    """The columns of ``$orderby``, and which of them descend.

    Raises:
        Refusal: A column is unknown, or the direction is none.
    """
    order = []
    for piece in filter(None, (one.strip() for one in text.split(","))):
        name, _, way = piece.partition(" ")
        if way.strip() not in ("", "asc", "desc"):
            raise unparsable(f"Syntax error in '{text}'.")
        order.append((view.find_operand(name), way.strip() == "desc"))
    return order


def sort_key(value: Any) -> tuple[bool, Any]:
    """Nulls come first; texts are compared without their case."""
    if value is None:
        return False, 0
    if isinstance(value, tuple):
        return True, ",".join(map(str, value))
    return True, value.lower() if isinstance(value, str) else value


def read_number(text: str | None, name: str) -> int | None:
    """A number of a query option, if it is there.

    Raises:
        Refusal: It is no number from 0 on.
    """
    if text is None:
        return None
    if not text.isdigit():
        raise unparsable(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def write_etag(row: Current) -> str:
    """The ETag of a row (2.6)."""
    return f'W/"{row.version}"'


def build_renderer(view: View, preferences: Preferences, query: Query, *, linked: bool) -> Renderer:
    """The renderer for the ``$select`` and ``$expand`` of a request.

    Raises:
        Refusal: A column or a navigation property is unknown, or may not be read.
    """
    expand = read_expansions(query.get("$expand") or "")
    return Renderer(view, preferences, query.get("$select"), expand, linked=linked)


__all__ = ["FILES", "Renderer", "Shown", "View"]
