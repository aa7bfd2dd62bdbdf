"""Filters: conditions on fields, compound or not (2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from catchment_webex.simulator.answers import malformed

Row = Mapping[str, Any]
Condition = Mapping[str, Any]

MOST_ARGUMENTS = 1000
_VARIABLES = "GlobalVariables"


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return all(_same((value or {}).get(name), inside) for name, inside in wanted.items())
    return bool(value == wanted)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "notequals": lambda value, wanted: not _same(value, wanted),
    "contains": lambda value, wanted: value is not None and wanted in value,
    "match": lambda value, wanted: value is not None and re.search(wanted, value) is not None,
    "gt": lambda value, wanted: value is not None and value > wanted,
    "gte": lambda value, wanted: value is not None and value >= wanted,
    "lt": lambda value, wanted: value is not None and value < wanted,
    "lte": lambda value, wanted: value is not None and value <= wanted,
}


def fits(row: Row, condition: Condition | None) -> bool:
    """Whether a record fits a filter; no filter fits everything."""
    return all(_fits_member(row, name, wanted) for name, wanted in (condition or {}).items())


def _fits_member(row: Row, name: str, wanted: Any) -> bool:
    if name == "and":
        return all(fits(row, one) for one in wanted or ())
    if name == "or":
        return any(fits(row, one) for one in wanted or ())
    if name in _OPERATORS:
        return _OPERATORS[name](row, wanted)
    if name.endswith(_VARIABLES) and wanted is not None:
        return _fits_variable(row, wanted)
    value = row.get(name)
    for inside, told in (wanted or {}).items():
        if inside in _OPERATORS:
            if not _OPERATORS[inside](value, told):
                return False
        elif not _fits_member(value or {}, inside, told):
            return False
    return True


def _fits_variable(row: Row, wanted: Condition) -> bool:
    """One global variable whose name and value fit."""
    variables = row.get("globalVariables") or {}
    return any(fits({"name": name, "value": value}, wanted) for name, value in variables.items())


def count_arguments(*conditions: Any) -> int:
    """How many conditions there are in some filters.

    Raises:
        Rejection: 400: more than the platform takes (2.3).
    """
    count = sum(_count(condition) for condition in conditions)
    if count > MOST_ARGUMENTS:
        raise malformed(f"The number of filter arguments should not exceed {MOST_ARGUMENTS}")
    return count


def _count(condition: Any) -> int:
    if isinstance(condition, list):
        return sum(_count(one) for one in condition)
    if isinstance(condition, Mapping):
        return sum(
            1 if name in _OPERATORS else _count(inside) for name, inside in condition.items()
        )
    return 0
