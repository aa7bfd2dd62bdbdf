"""The data dictionary over HTTP: ``EntityDefinitions`` and their ``Attributes`` (2.2, 6.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from catchment_dynamics.simulator.conditions import Operand, Terms, build_predicate
from catchment_dynamics.simulator.environment import Environment
from catchment_dynamics.simulator.filters import Joined, Negated, Node, Text, read_filter
from catchment_dynamics.simulator.query import Query, read_expansions
from catchment_dynamics.simulator.refusals import SEGMENT, Refusal, absent_row, unknown_property
from catchment_dynamics.simulator.schema import KINDS, Column, Table

ALLOWED = frozenset({"$select", "$filter", "$expand", "$count", "LabelLanguages"})

NEVER = datetime.max.replace(tzinfo=UTC)
"""The dictionary knows no conditions about the time."""

Described = dict[str, Any]


def list_tables(environment: Environment, query: Query) -> Described:
    """``EntityDefinitions``.

    Raises:
        Refusal: The query cannot be answered; functions of text are 501.
    """
    rows = [describe_table(environment, table) for table in environment.schema.tables.values()]
    expand = _expand(environment, query)
    kept = _choose(rows, query, "EntityMetadata", "MetadataId")
    return _enclose(environment, "EntityDefinitions", [one | expand(one) for one in kept])


def show_table(environment: Environment, key: str, query: Query) -> Described:
    """One of them, by its id or ``LogicalName='…'``.

    Raises:
        Refusal: There is no such table, or no such property.
    """
    table = find_table(environment, key)
    expand = _expand(environment, query)
    row = describe_table(environment, table)
    told = _choose([row], query, "EntityMetadata", "MetadataId")[0]
    context = f"{environment.api}/$metadata#EntityDefinitions/$entity"
    return {"@odata.context": context, **told, **expand(row)}


def list_columns(environment: Environment, key: str, query: Query) -> Described:
    """The ``Attributes`` of a table.

    Raises:
        Refusal: There is no such table, or the query cannot be answered.
    """
    table = find_table(environment, key)
    rows = [describe_column(environment, table, one) for one in table.columns.values()]
    told = _choose(rows, query, "AttributeMetadata", "MetadataId")
    return _enclose(environment, f"EntityDefinitions('{table.name}')/Attributes", told)


def show_column(environment: Environment, key: str, column_key: str, query: Query) -> Described:
    """One attribute of a table.

    Raises:
        Refusal: There is no such table or column.
    """
    table = find_table(environment, key)
    for column in table.columns.values():
        row = describe_column(environment, table, column)
        if column_key in (row["MetadataId"], f"LogicalName='{column.name}'"):
            told = _choose([row], query, "AttributeMetadata", "MetadataId")[0]
            return {"@odata.context": f"{environment.api}/$metadata#Attributes/$entity", **told}
    raise absent_row("Attribute", column_key)


def find_table(environment: Environment, key: str) -> Table:
    """A table by the key in parentheses.

    Raises:
        Refusal: There is none.
    """
    for table in environment.schema.tables.values():
        if key in (f"LogicalName='{table.name}'", environment.guid("table", table.name)):
            return table
    raise absent_row("EntityMetadata", key)


def describe_table(environment: Environment, table: Table) -> Described:
    """The properties of a table."""
    return {
        "MetadataId": environment.guid("table", table.name),
        "LogicalName": table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "PrimaryIdAttribute": table.primary,
        "PrimaryNameAttribute": table.name_column or None,
        "ObjectTypeCode": table.type_code,
        "ChangeTrackingEnabled": environment.switches.change_tracking,
        "IsActivity": table.activity,
        "IsPrivate": False,
        "IsCustomEntity": table.name.startswith("msdyn_"),
        "OwnershipType": "UserOwned" if table.owned else "OrganizationOwned",
        "DisplayName": _label(table.name),
    }


def describe_column(environment: Environment, table: Table, column: Column) -> Described:
    """The properties of a column."""
    kind, type_name, metadata, _ = KINDS[column.kind]
    row: Described = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{metadata}AttributeMetadata",
        "MetadataId": environment.guid("column", table.name, column.name),
        "LogicalName": column.name,
        "SchemaName": column.name,
        "EntityLogicalName": table.name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": type_name},
        "AttributeOf": None,
        "IsPrimaryId": column.name == table.primary,
        "IsPrimaryName": column.name == table.name_column,
        "IsValidForRead": True,
        "DisplayName": _label(column.name),
    }
    if column.is_lookup:
        row["Targets"] = list(column.targets)
    if column.kind == "file":
        row["MaxSizeInKB"] = column.most_kb
    return row


def _label(text: str) -> Mapping[str, object]:
    label = {"Label": text, "LanguageCode": 1033}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _expand(environment: Environment, query: Query) -> Any:
    """What ``$expand=Attributes(…)`` adds to a table."""
    wanted = read_expansions(query.get("$expand") or "")
    for one in wanted:
        if one.name != "Attributes":
            raise unknown_property(one.name, "EntityMetadata")

    def add(row: Described) -> Described:
        if not wanted:
            return {}
        inner = Query(options=wanted[0].options)
        key = f"LogicalName='{row['LogicalName']}'"
        return {"Attributes": list_columns(environment, key, inner)["value"]}

    # rows lose LogicalName where it is not selected, so it is looked up by the id
    names = {environment.guid("table", name): name for name in environment.schema.tables}
    return lambda row: add({"LogicalName": names[row["MetadataId"]]})


def _choose(rows: list[Described], query: Query, kind: str, key: str) -> list[Described]:
    """``$filter`` and ``$select`` of rows of the dictionary."""
    query.check(ALLOWED)
    known = {name for row in rows for name in row}
    text = query.get("$filter")
    if text is not None:
        node = read_filter(text, query.aliases)
        _refuse_texts(node)
        keep = build_predicate(node, _build_terms(rows, kind))
        rows = [row for row in rows if keep(row)]
    select = query.get("$select")
    if select is None:
        return rows
    names = [name.strip() for name in select.split(",")]
    for name in names:
        if name not in known and name not in ("Targets", "MaxSizeInKB"):
            raise unknown_property(name, kind)
    chosen = ["@odata.type", *names, key]
    return [{name: row[name] for name in dict.fromkeys(chosen) if name in row} for row in rows]


def _build_terms(rows: list[Described], kind: str) -> Terms:
    def find(name: str) -> Operand:
        sample = next((row[name] for row in rows if name in row), None)
        if sample is None:
            raise unknown_property(name, kind)
        sort = "bool" if isinstance(sample, bool) else "text"
        if name == "MetadataId":
            sort = "guid"
        elif isinstance(sample, int) and sort != "bool":
            sort = "number"
        return Operand(sort, lambda row: row.get(name))

    return Terms(find, NEVER)


def _refuse_texts(node: Node) -> None:
    """501 of functions of text, which the dictionary does not know (2.7)."""
    if isinstance(node, Text):
        raise Refusal(
            501, SEGMENT, f'The "{node.function}" function isn\'t supported for Metadata Entities.'
        )
    parts: Iterable[Node] = ()
    if isinstance(node, Joined):
        parts = node.parts
    elif isinstance(node, Negated):
        parts = (node.part,)
    for part in parts:
        _refuse_texts(part)


def _enclose(environment: Environment, path: str, rows: list[Described]) -> Described:
    return {"@odata.context": f"{environment.api}/$metadata#{path}", "value": rows}


def tell_service(environment: Environment) -> bytes:
    """The service document."""
    sets = [
        {"name": name, "kind": "EntitySet", "url": name} for name in sorted(environment.schema.sets)
    ]
    told = {"@odata.context": f"{environment.api}/$metadata", "value": sets}
    return json.dumps(told).encode()
