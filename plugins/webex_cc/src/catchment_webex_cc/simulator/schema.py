"""The GraphQL schema of ``/search``, written from the sheet (2.2 to 2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, ValueNode, build_schema
from graphql.language import IntValueNode, StringValueNode

from catchment_webex_cc.simulator.fields import (
    ACTIVITY,
    AGENT_ACTIVITY,
    CHANNEL,
    LEG,
    NOT_FILTERED,
    SCALARS,
    SESSION,
    TASK,
    Table,
)

_TYPES = {"S": "String", "L": "Long", "I": "Int", "B": "Boolean", "J": "JSON"}
_FILTERS = {"S": "StringFilter", "L": "LongFilter", "I": "IntFilter", "B": "BooleanFilter"}
_SORTED = ("createdTime", "endedTime")
_GLOBALS = {
    "stringGlobalVariables": "S",
    "integerGlobalVariables": "I",
    "longGlobalVariables": "L",
    "booleanGlobalVariables": "B",
}
_AGGREGATED = "aggregation: [AggregationResult] intervalStartTime: Long"

BASE = """
scalar Long
scalar JSON
enum QueryTimeType { createdTime endedTime }
enum SortOrder { asc desc }
enum ChannelType { telephony email chat social social_channel video workItem }
enum AggregationType { count sum min max average cardinality }
enum Interval { FIFTEEN_MINUTES THIRTY_MINUTES HOURLY DAILY WEEKLY MONTHLY }
input IntervalData { interval: Interval! timezone: String }
input Pagination { cursor: String }
input StringFilter { equals: String notequals: String match: String contains: String }
input IntFilter { equals: Int notequals: Int gt: Int gte: Int lt: Int lte: Int }
input LongFilter { equals: Long notequals: Long gt: Long gte: Long lt: Long lte: Long }
input BooleanFilter { equals: Boolean }
input ChannelFilter { equals: ChannelType notequals: ChannelType }
input JsonFilter { name: StringFilter value: StringFilter intVal: IntFilter }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type IntervalInfo { interval: String timezone: String }
type AggregationResult { name: String value: Float }
input Aggr { field: String! type: AggregationType! name: String! }
input AggregationList { aggr: [Aggr] }
"""


@cache
def read_schema() -> GraphQLSchema:
    """The schema, built once."""
    schema = build_schema("\n".join((BASE, *_list_types())))
    long = schema.type_map["Long"]
    assert isinstance(long, GraphQLScalarType)
    long.parse_value = _read_long  # type: ignore[method-assign]
    long.parse_literal = _read_literal  # type: ignore[method-assign,assignment]
    return schema


def _read_long(value: Any) -> int:
    """A JSON number, or a string of digits (2.1)."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        return int(value)
    except ValueError:
        told = f"Expected a value that can be converted to type 'Long': {value!r}"
        raise GraphQLError(told) from None


def _read_literal(node: ValueNode, _: Any = None) -> int:
    if isinstance(node, IntValueNode | StringValueNode):
        return _read_long(node.value)
    raise GraphQLError("Expected AST type 'IntValue' or 'StringValue'")


def _list_types() -> Iterator[str]:
    more = "activities(first: Int, after: String): Activities " + _AGGREGATED
    channel = "channelType: ChannelType "
    yield from _list_objects("Task", TASK, f"{channel} {_globals()} {more}")
    yield from _list_objects("PlainTask", TASK, f"{channel} {_globals()} {_AGGREGATED}")
    yield from _list_objects("Activity", ACTIVITY, "", sort=True)
    yield "type Activities { totalCount: Int nodes: [Activity] pageInfo: PageInfo }"
    yield from _list_objects("AgentActivity", AGENT_ACTIVITY, "")
    yield "type AgentActivities { totalCount: Int nodes: [AgentActivity] pageInfo: PageInfo }"
    inner = "activities(first: Int, after: String): AgentActivities"
    yield from _list_objects("Channel", CHANNEL, inner)
    yield from _list_objects("Session", SESSION, f"channelInfo: [Channel] {_AGGREGATED}")
    yield from _list_objects("Leg", LEG, f"{channel} {_globals()} {_AGGREGATED}")
    for sort in _GLOBALS.values():
        yield f"type Global{sort} {{ name: String value: {_TYPES[sort]} }}"
        yield f"input Global{sort}Filter {{ name: StringFilter value: {_FILTERS[sort]} }}"
    for name, container in (
        ("Task", "tasks"),
        ("PlainTask", "tasks"),
        ("Session", "agentSessions"),
        ("Leg", "taskLegs"),
    ):
        yield (
            f"type {name}List {{ {container}: [{name}] pageInfo: PageInfo "
            "intervalInfo: IntervalInfo }"
        )
    yield from _list_filters()
    yield from _list_roots()


def _list_filters() -> Iterator[str]:
    own = "channelType: ChannelFilter " + " ".join(
        f"{name}: Global{sort}Filter" for name, sort in _GLOBALS.items()
    )
    yield from _list_inputs("TaskDetailsFilters", TASK, own, NOT_FILTERED)
    yield from _list_inputs("TaskLegDetailsFilters", LEG, own, frozenset({"globalVariables"}))
    yield from _list_inputs("AgentSessionFilters", SESSION, "channelInfo: ChannelInfoFilters")
    yield from _list_inputs("ChannelInfoFilters", CHANNEL, "")
    yield from _list_inputs("ActivityFilters", ACTIVITY, "", frozenset({"bnrMode"}))
    times = frozenset({"startTime", "endTime"})
    yield from _list_inputs("AgentActivityFilters", AGENT_ACTIVITY, "", times)
    for name, node in (("Task", "ActivityFilters"), ("Agent", "AgentActivityFilters")):
        yield f"input {name}Nodes {{ nodes: {node} }}"
    both = "and: [{0}] or: [{0}]"
    task, agent = "TaskDetailsSpecificFilters", "AgentSessionSpecificFilters"
    yield f"input {task} {{ activities: TaskNodes {both.format(task)} }}"
    yield "input ChannelNodes { activities: AgentNodes }"
    yield f"input {agent} {{ channelInfo: ChannelNodes {both.format(agent)} }}"


def _list_roots() -> Iterator[str]:
    window = "from: Long! to: Long!"
    kinds = (
        ("TaskV2", "TaskDetailsFilters", "TaskDetailsSpecificFilters"),
        ("AgentSessionV2", "AgentSessionFilters", "AgentSessionSpecificFilters"),
        ("TaskLegV2", "TaskLegDetailsFilters", None),
    )
    for name, plain, extended in kinds:
        ext = f"extFilter: {extended}" if extended else ""
        yield (
            f"input {name}Aggregation {{ field: String! type: AggregationType! name: String! "
            f"filter: {plain} predicate: {plain} {ext} }}"
        )
    more = "aggregationInterval: IntervalData pagination: Pagination"
    old = "aggregation: AggregationList"
    yield f"""type Query {{
        task({window} timeComparator: QueryTimeType filter: TaskDetailsFilters
            aggregations: [TaskV2Aggregation] {old} {more}): PlainTaskList
        taskDetails({window} timeComparator: QueryTimeType filter: TaskDetailsFilters
            extFilter: TaskDetailsSpecificFilters
            aggregations: [TaskV2Aggregation] {old} {more}): TaskList
        agentSession({window} filter: AgentSessionFilters extFilter: AgentSessionSpecificFilters
            aggregations: [AgentSessionV2Aggregation] {more}): SessionList
        taskLegDetails({window} timeComparator: QueryTimeType filter: TaskLegDetailsFilters
            aggregations: [TaskLegV2Aggregation] {more}): LegList
    }}"""


def _list_objects(name: str, table: Table, more: str, *, sort: bool = False) -> Iterator[str]:
    """A type and those of its objects."""
    lines = [more]
    for key, inside in table.items():
        if key in SCALARS:
            lines += [_field(field, _TYPES[key], name, sort=sort) for field in inside.split()]
        else:
            own = f"{name}{key[0].upper()}{key[1:]}"
            lines.append(f"{key}: {own}")
            yield from _list_objects(own, inside, "")
    yield f"type {name} {{ {' '.join(lines)} }}"


def _field(field: str, kind: str, name: str, *, sort: bool) -> str:
    sortable = field in _SORTED and (sort or name in ("Task", "PlainTask", "Leg"))
    return f"{field}(sort: SortOrder): {kind}" if sortable else f"{field}: {kind}"


def _globals() -> str:
    return " ".join(f"{name}(name: String): Global{sort}" for name, sort in _GLOBALS.items())


def _list_inputs(
    name: str, table: Table, more: str, without: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The filter of a record, and those of its objects, in both forms of objects (2.5)."""
    yield from _list_input(name, table, f"{more} and: [{name}] or: [{name}]", without)


def _list_input(name: str, table: Table, more: str, without: frozenset[str]) -> Iterator[str]:
    lines = [more]
    for key, inside in table.items():
        if key == "J":
            names = [field for field in inside.split() if field not in without]
            lines += [f"{field}: JsonFilter" for field in names]
        elif key in SCALARS:
            names = [field for field in inside.split() if field not in without]
            lines += [f"{field}: {_FILTERS[key]}" for field in names]
        else:
            own = f"{name}{key[0].upper()}{key[1:]}"
            lines.append(f"{key}: {own}")
            plain = [
                f"{field}: {_TYPES[sort]}"
                for sort, names in inside.items()
                for field in names.split()
            ]
            both = f"equals: {own}Value notequals: {own}Value"
            yield f"input {own}Value {{ {' '.join(plain)} }}"
            yield from _list_input(own, inside, both, without)
    yield f"input {name} {{ {' '.join(lines)} }}"
