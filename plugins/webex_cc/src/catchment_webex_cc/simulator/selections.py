"""What a query selects: group-by keys, sorting, whether activities are asked for (2.4, 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, GraphQLResolveInfo
from graphql.language import (
    EnumValueNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)

from catchment_webex_cc.simulator.aggregates import Path

_NO_KEYS = ("aggregation", "intervalStartTime", "__typename")


def list_fields(
    info: GraphQLResolveInfo[Any], selected: SelectionSetNode | None
) -> Iterator[FieldNode]:
    """The fields of a selection, fragments resolved."""
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from list_fields(info, node.selection_set)
        elif isinstance(node, FragmentSpreadNode):
            yield from list_fields(info, info.fragments[node.name.value].selection_set)


def find_fields(info: GraphQLResolveInfo[Any], *path: str) -> list[FieldNode]:
    """The fields below *path*, which begins at the root that is resolved."""
    found = [field for node in info.field_nodes for field in list_fields(info, node.selection_set)]
    for name in path:
        found = [
            inside
            for field in found
            if field.name.value == name
            for inside in list_fields(info, field.selection_set)
        ]
    return found


def list_keys(info: GraphQLResolveInfo[Any], container: str) -> list[Path]:
    """The selected scalars, by which an aggregation groups."""

    def walk(fields: list[FieldNode], before: Path) -> Iterator[Path]:
        for field in fields:
            path = (*before, field.name.value)
            inside = list(list_fields(info, field.selection_set))
            if field.name.value in _NO_KEYS:
                continue
            if field.selection_set is None:
                yield path
            else:
                yield from walk(inside, path)

    return list(dict.fromkeys(walk(find_fields(info, container), ())))


def find_order(info: GraphQLResolveInfo[Any], name: str, *path: str) -> str | None:
    """``asc`` or ``desc``, as the ``sort`` of a field says; ``None`` without."""
    for field in find_fields(info, *path):
        if field.name.value != name:
            continue
        for argument in field.arguments or ():
            value = argument.value
            if argument.name.value == "sort" and isinstance(value, EnumValueNode):
                return value.value
            if argument.name.value == "sort" and isinstance(value, VariableNode):
                told: Any = info.variable_values
                told = getattr(told, "coerced", told).get(value.name.value)
                return None if told is None else str(told)
    return None
