"""Navigation properties: what ``$expand`` and paths through lookups may name (2.2, 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catchment_dynamics.simulator.schema import Column, Schema, Table
from catchment_dynamics.simulator.store import ATTACHMENT

FILES = "_FileAttachments"
"""What the collection of a table's files is called, after the table's name (2.9)."""

VERIFIED = {
    ("msdyn_ocrecording", "msdyn_recordingtarget", "msdyn_ocliveworkitem"): (
        "msdyn_recordingtarget_msdyn_liveworkitemid"
    ),
}
"""Names that are known, and do not follow from the table's (3)."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """One navigation property.

    Attributes:
        table: Where it leads.
        column: The lookup that it follows; ``None`` of the collection of files.
    """

    name: str
    table: Table
    column: Column | None


def list_navigations(schema: Schema, table: Table) -> Iterator[Navigation]:
    """The navigation properties of a table.

    One of a lookup to one table is called like the lookup; of several tables, and of activities,
    the other table's or the own name stands behind it.
    """
    for column in table.known_as.values():
        if not column.is_lookup:
            continue
        for target in column.targets:
            if target in schema.tables:
                name = _name(table, column, target)
                yield Navigation(name, schema.tables[target], column)
    if table.file_columns and ATTACHMENT in schema.tables:
        yield Navigation(table.name + FILES, schema.tables[ATTACHMENT], None)


def find_navigation(schema: Schema, table: Table, name: str) -> Navigation | None:
    """A navigation property by its name."""
    return next((one for one in list_navigations(schema, table) if one.name == name), None)


def _name(table: Table, column: Column, target: str) -> str:
    verified = VERIFIED.get((table.name, column.name, target))
    if verified is not None:
        return verified
    if len(column.targets) > 1:
        return f"{column.name}_{target}"
    return f"{column.name}_{table.name}" if table.activity else column.name
