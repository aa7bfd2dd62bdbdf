"""Turns the tree of a ``$filter`` into a predicate, with the types that columns have (2.2)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from catchment_dynamics.simulator.filters import (
    Compare,
    Joined,
    Negated,
    Node,
    Special,
    Text,
    Value,
    read_date,
)
from catchment_dynamics.simulator.refusals import unparsable

Row: TypeAlias = Any
Predicate: TypeAlias = Callable[[Row], bool]

_ACCEPTS: Mapping[str, frozenset[str]] = {
    "guid": frozenset({"guid"}),
    "text": frozenset({"string"}),
    "number": frozenset({"number"}),
    "bool": frozenset({"bool"}),
    "date": frozenset({"date"}),
    "multi": frozenset({"string"}),
}
_EDM = {
    "guid": "Edm.Guid",
    "text": "Edm.String",
    "string": "Edm.String",
    "number": "Edm.Int32",
    "bool": "Edm.Boolean",
    "date": "Edm.DateTimeOffset",
    "multi": "Edm.String",
}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_LAST: Mapping[str, timedelta] = {
    "LastXHours": timedelta(hours=1),
    "LastXDays": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Operand:
    """A column as conditions see it.

    Attributes:
        sort: ``guid``, ``text``, ``number``, ``bool``, ``date`` or ``multi``.
        read: Its value in a row.
    """

    sort: str
    read: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """What conditions are about.

    Attributes:
        find: The column of a name; refuses unknown ones.
        now: The platform's time.
        loose: An integer compared with several choices finds nothing instead of being refused.
    """

    find: Callable[[str], Operand]
    now: datetime
    loose: bool = False


def build_predicate(node: Node, terms: Terms) -> Predicate:
    """The predicate of a tree.

    Raises:
        Refusal: A column is unknown, or compared with what it cannot be.
    """
    if isinstance(node, Joined):
        parts = [build_predicate(part, terms) for part in node.parts]
        join = all if node.operator == "and" else any
        return lambda row: join(part(row) for part in parts)
    if isinstance(node, Negated):
        part = build_predicate(node.part, terms)
        return lambda row: not part(row)
    if isinstance(node, Compare):
        return _build_comparison(node, terms)
    if isinstance(node, Text):
        return _build_text(node, terms)
    return _build_special(node, terms)


def _build_comparison(node: Compare, terms: Terms) -> Predicate:
    operand = terms.find(node.name)
    value = node.value
    read = operand.read
    if value.kind == "null":
        if node.operator == "eq":
            return lambda row: read(row) is None
        if node.operator == "ne":
            return lambda row: read(row) is not None
        return lambda row: False
    if value.kind not in _ACCEPTS[operand.sort]:
        if operand.sort == "multi" and value.kind == "number" and terms.loose:
            return lambda row: False
        raise unparsable(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{_EDM[operand.sort]}' and '{_EDM[value.kind]}' for operator kind '{node.operator}'."
        )
    wanted = _fold(value.value)
    if node.operator == "eq":
        return lambda row: bool(_fold(read(row)) == wanted)
    if node.operator == "ne":
        return lambda row: bool(_fold(read(row)) != wanted)
    order = _ORDERS[node.operator]

    def compare(row: Row) -> bool:
        found = _fold(read(row))
        return found is not None and order(found, wanted)

    return compare


def _fold(value: Any) -> Any:
    """What is compared: texts without their case, several choices as one text."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return value.lower() if isinstance(value, str) else value


def _build_text(node: Text, terms: Terms) -> Predicate:
    operand = terms.find(node.name)
    if operand.sort != "text" or node.value.kind != "string":
        raise unparsable(
            f"No function signature for the function with name '{node.function}' matches "
            "the specified arguments."
        )
    before = "" if node.function == "startswith" else ".*"
    after = "" if node.function == "endswith" else ".*"
    pattern = re.compile(
        before + _read_wildcards(str(node.value.value)) + after, re.IGNORECASE | re.DOTALL
    )
    return lambda row: pattern.fullmatch(operand.read(row) or "") is not None


def _read_wildcards(text: str) -> str:
    """``%``, ``_`` and ``[…]`` as a regular expression (2.2)."""
    told = {"%": ".*", "_": "."}
    pieces = re.findall(r"\[[^\]]+\]|.", text, re.DOTALL)
    return "".join(
        piece if len(piece) > 1 else told.get(piece, re.escape(piece)) for piece in pieces
    )


# --- Dataverse's own functions ----------------------------------------------------------------


def _build_special(node: Special, terms: Terms) -> Predicate:
    operand = terms.find(node.name)
    if node.function in _LAST:
        return _build_last(node, operand, terms)
    if node.function in ("ContainValues", "DoesNotContainValues"):
        return _build_contained(node, operand)
    wanted = [_read_as(value, operand.sort) for value in node.values]
    read = operand.read
    if node.function in ("In", "NotIn") and wanted:
        chosen, inside = set(wanted), node.function == "In"
        return lambda row: (_fold(read(row)) in chosen) is inside
    if node.function in ("Between", "NotBetween") and len(wanted) == 2:
        inside = node.function == "Between"

        def lies(row: Row) -> bool:
            found = _fold(read(row))
            return found is not None and (wanted[0] <= found <= wanted[1]) is inside

        return lies
    if node.function in ("OnOrAfter", "OnOrBefore") and len(wanted) == 1:
        order = operator.ge if node.function == "OnOrAfter" else operator.le
        return lambda row: (found := read(row)) is not None and order(found, wanted[0])
    raise unparsable(
        f"An unknown function with name 'Microsoft.Dynamics.CRM.{node.function}' was found, "
        "or its arguments do not match."
    )


def _build_last(node: Special, operand: Operand, terms: Terms) -> Predicate:
    if operand.sort != "date" or len(node.values) != 1:
        raise unparsable(f"Microsoft.Dynamics.CRM.{node.function} takes a date and a number.")
    count = int(_read_as(node.values[0], "number"))
    since, until = terms.now - count * _LAST[node.function], terms.now
    return lambda row: (found := operand.read(row)) is not None and since <= found <= until


def _build_contained(node: Special, operand: Operand) -> Predicate:
    if operand.sort != "multi":
        raise unparsable(f"Microsoft.Dynamics.CRM.{node.function} takes a multi-select choice.")
    wanted = {int(_read_as(value, "number")) for value in node.values}
    inside = node.function == "ContainValues"
    return lambda row: bool(wanted & set(operand.read(row) or ())) is inside


def _read_as(value: Value, sort: str) -> Any:
    """An argument, which may stand in quotes, as the column has it."""
    told = value.value
    try:
        if sort == "date":
            return told if isinstance(told, datetime) else read_date(str(told))
        if sort in ("number", "multi"):
            return float(str(told)) if "." in str(told) else int(str(told))
    except ValueError as error:
        raise unparsable(f"The value '{told}' does not fit the column.") from error
    return _fold(told)
