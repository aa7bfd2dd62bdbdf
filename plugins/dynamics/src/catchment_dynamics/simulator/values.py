"""What stands in a column of a row: as a value to compare, and as JSON tells it (2.3, 3)."""

from __future__ import annotations

from datetime import datetime

from catchment_dynamics.simulator.schema import Column, Table
from catchment_dynamics.simulator.store import Current, FileValue, Reference, Size, to_seconds

SYSTEM = Reference("systemuser", "5d0a7b1e-0000-4000-8000-000000000001", "SYSTEM")
"""Who made a row of which nothing else is told."""

UNTOLD = {
    "createdby": SYSTEM,
    "modifiedby": SYSTEM,
    "ownerid": SYSTEM,
    "statecode": 0,
    "statuscode": 1,
    "msdyn_iscapacityblocking": True,
    "msdyn_previewscore": 0.5,
    "msdyn_previewmode": 192_359_999,
}
"""What a column holds of which a row's history says nothing."""


def read_raw(row: Current, table: Table, column: Column) -> object:
    """The value as it was told, with what every row has by itself."""
    name = column.name
    if name == table.primary:
        return row.row_id
    if name == "createdon":
        return row.created_at
    if name == "modifiedon":
        return row.modified_at
    if name == "versionnumber":
        return row.version
    if name in row.values:
        return row.values[name]
    if name == "activitytypecode":
        return table.name
    file = row.values.get(name.removesuffix("_name"))
    if isinstance(file, FileValue):
        return file.name
    return UNTOLD.get(name)


def read_value(row: Current, table: Table, column: Column) -> object:
    """The value to compare: ids as text, times in whole seconds, several choices as a tuple."""
    value = read_raw(row, table, column)
    if isinstance(value, Reference):
        return value.row_id
    if isinstance(value, FileValue):
        return value.file_id
    if isinstance(value, Size):
        return value.content.size_bytes
    if isinstance(value, datetime):
        return to_seconds(value)
    return value


def show_value(row: Current, table: Table, column: Column) -> object:
    """The value as JSON has it."""
    value = read_value(row, table, column)
    if isinstance(value, datetime):
        return show_date(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or None
    return value


def show_date(at: datetime) -> str:
    """A time as JSON has it: UTC, whole seconds."""
    return to_seconds(at).isoformat()[:19] + "Z"
