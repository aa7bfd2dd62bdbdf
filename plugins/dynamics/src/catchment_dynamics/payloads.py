"""Dataverse's rows, read as they come: what is missing, null or not understood is unknown.  Pure.

Columns appear and disappear from environment to environment (6.3) and options grow, so that a row
stays what it was told as, and its columns are read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from catchment import payloads
from catchment.errors import Unreachable
from catchment.model import Json
from catchment_dynamics.ids import read_guid, read_id

FORMATTED = "@OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "@Microsoft.Dynamics.CRM.lookuplogicalname"

OPTIONS = 192350000
"""Where the options of most omnichannel choices begin (3)."""

VOICE = frozenset({192440000, 192370000})
"""Channels that are calls: voice call, and voice (3.1)."""

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Dataverse fills dates that were never told with some day of 1753 or 1900."""


def read_text(row: Json, column: str) -> str:
    """The text in *column*; empty where there is none."""
    return payloads.read_text(row.get(column)).strip()


def read_number(row: Json, column: str) -> float | None:
    """The number in *column*."""
    told = row.get(column)
    if isinstance(told, bool):
        return None
    if isinstance(told, int | float):
        return told
    try:
        return float(told) if isinstance(told, str) else None
    except ValueError:
        return None


def read_count(row: Json, column: str) -> int | None:
    """The whole number in *column*, which is also how a choice is told."""
    found = read_number(row, column)
    return int(found) if found is not None and found == found // 1 else None


def read_options(row: Json, column: str) -> frozenset[int]:
    """The options in *column*, of one choice or of many: a string with commas (6.2)."""
    told = row.get(column)
    words = told.split(",") if isinstance(told, str) else [str(told)]
    return frozenset(int(word) for word in map(str.strip, words) if word.isdecimal())


def read_flag(row: Json, column: str) -> bool | None:
    """The flag in *column*; ``None`` where it is not told."""
    return payloads.read_flag(row.get(column))


def read_time(row: Json, column: str) -> datetime | None:
    """The time in *column*, in UTC and in whole seconds (2.3)."""
    moment = payloads.read_time(row.get(column))
    return moment if moment is not None and moment >= _OLDEST else None


def read_first_time(row: Json, *columns: str) -> datetime | None:
    """The first of *columns* that tells a time."""
    return next((found for name in columns if (found := read_time(row, name))), None)


def read_lookup(row: Json, column: str) -> str:
    """The id in the lookup *column*; empty where it points nowhere."""
    return read_id(row.get(f"_{column}_value"))


def read_lookup_name(row: Json, column: str) -> str:
    """What a lookup points at, for people; a name is all that a formatted value is read for."""
    return read_text(row, f"_{column}_value{FORMATTED}")


def read_lookup_table(row: Json, column: str) -> str:
    """Into which table a lookup points, by its logical name; empty where that is not told."""
    return read_text(row, f"_{column}_value{LOGICAL_NAME}").lower()


def read_version(row: Json) -> int:
    """``versionnumber``, which only grows (2.6); the etag tells the same; 0 where neither does."""
    found = read_count(row, "versionnumber")
    if found is None:
        etag = read_text(row, "@odata.etag").removeprefix("W/").strip('"')
        found = int(etag) if etag.isdecimal() else 0
    return found


def read_rows(document: Json | None) -> list[Json]:
    """The rows of one of our documents; nothing where it was not told."""
    return payloads.read_rows((document or {}).get("rows"))


def merge_rows(rows: Iterable[Json], key: str) -> dict[str, Json]:
    """Rows by id, each as its newest version tells it; what that does not tell, older ones do.

    Args:
        rows: In any order; those without an id are left out.
        key: The column of the id.
    """
    merged: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=_rank):
        row_id = read_guid(row.get(key)) or read_id(row.get(key))
        if row_id:
            merged.setdefault(row_id, {}).update(row)
    return {row_id: merged[row_id] for row_id in sorted(merged)}


def _rank(row: Json) -> tuple[int, str, str]:
    """Older versions first; the text decides between rows that only their columns tell apart."""
    text = json.dumps(row, sort_keys=True, default=str)
    return read_version(row), read_text(row, "modifiedon"), text


def need_id(row: Json, key: str, what: str) -> str:
    """The id in *key*.

    Raises:
        Unreachable: There is none; passing over the row would lose *what* in silence.
    """
    found = read_id(row.get(key))
    if not found:
        raise Unreachable(f"Dynamics 365 listed {what} without its {key}")
    return found


def need_time(row: Json, what: str, *columns: str) -> datetime:
    """The first time that *columns* tell, else when the row was created.

    Raises:
        Unreachable: Nothing tells any, though every row has a ``createdon``.
    """
    found = read_first_time(row, *columns, "createdon", "modifiedon")
    if found is None:
        raise Unreachable(f"Dynamics 365 listed {what} without any time")
    return found
