"""Which tables there are, with their columns: the data dictionary of the environment (3, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from catchment.errors import BadSettings
from catchment_dynamics.simulator import schema_tables

Kind = Literal[
    "guid", "string", "memo", "int", "bigint", "decimal", "bool", "date", "lookup", "customer",
    "owner", "choice", "state", "status", "multi", "file", "entity",
]  # fmt: skip

KINDS: Mapping[str, tuple[str, str, str, str]] = {
    "guid": ("Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifier", "Edm.Guid"),
    "string": ("String", "StringType", "String", "Edm.String"),
    "memo": ("Memo", "MemoType", "Memo", "Edm.String"),
    "int": ("Integer", "IntegerType", "Integer", "Edm.Int32"),
    "bigint": ("BigInt", "BigIntType", "BigInt", "Edm.Int64"),
    "decimal": ("Decimal", "DecimalType", "Decimal", "Edm.Decimal"),
    "bool": ("Boolean", "BooleanType", "Boolean", "Edm.Boolean"),
    "date": ("DateTime", "DateTimeType", "DateTime", "Edm.DateTimeOffset"),
    "lookup": ("Lookup", "LookupType", "Lookup", "Edm.Guid"),
    "customer": ("Customer", "CustomerType", "Lookup", "Edm.Guid"),
    "owner": ("Owner", "OwnerType", "Lookup", "Edm.Guid"),
    "choice": ("Picklist", "PicklistType", "Picklist", "Edm.Int32"),
    "state": ("State", "StateType", "State", "Edm.Int32"),
    "status": ("Status", "StatusType", "Status", "Edm.Int32"),
    "multi": (
        "Virtual",
        "MultiSelectPicklistType",
        "MultiSelectPicklist",
        "Edm.String",
    ),
    "file": ("Virtual", "FileType", "File", "Edm.Guid"),
    "entity": ("EntityName", "EntityNameType", "EntityName", "Edm.String"),
}
"""Of each kind: AttributeType, AttributeTypeName, metadata class (without suffix), type in CSDL."""

LOOKUPS = frozenset({"lookup", "customer", "owner"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its logical name.
        targets: Of a lookup: logical names of the tables it may name.
        most_kb: Of a File column: the largest file.
    """

    name: str
    kind: Kind
    targets: tuple[str, ...] = ()
    most_kb: int = 0

    @property
    def is_lookup(self) -> bool:
        """Whether it refers to rows, as ``_name_value`` in JSON (2.2)."""
        return self.kind in LOOKUPS

    @property
    def property_name(self) -> str:
        """How rows and queries call it."""
        return f"_{self.name}_value" if self.is_lookup else self.name


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: Its logical name.
        entity_set: What it is called in addresses.
        schema_name: What the metadata calls it.
        primary: The column of its ids; ``activityid`` of activities (3.1).
        name_column: The column that names a row to people.
        privilege: What reading it takes (1.2).
        owned: Each of its rows belongs to a user; not so, rows belong to all.
        columns: By logical name, as the dictionary tells them.
        rejected: Columns that the dictionary tells, and rows and queries do not know (6.3).
        known_as: All others by the name that rows and queries use.
    """

    name: str
    entity_set: str
    schema_name: str
    primary: str
    name_column: str
    privilege: str
    activity: bool
    owned: bool
    columns: Mapping[str, Column]
    rejected: frozenset[str] = frozenset()
    known_as: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        known = {
            column.property_name: column
            for column in self.columns.values()
            if column.name not in self.rejected
        }
        object.__setattr__(self, "known_as", known)

    @cached_property
    def file_columns(self) -> tuple[Column, ...]:
        """The File columns (2.9)."""
        return tuple(column for column in self.known_as.values() if column.kind == "file")

    @cached_property
    def type_code(self) -> int:
        """The number of the table, as messages name it; always the same."""
        return 10_000 + sum(map(ord, self.name)) % 2_000


class Schema:
    """All tables.

    Attributes:
        tables: By logical name.
        sets: By entity set name.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.tables = {table.name: table for table in tables}
        self.sets = {table.entity_set: table for table in self.tables.values()}


def build_schema(
    missing_tables: Iterable[str] = (),
    missing_columns: Iterable[str] = (),
    rejected_columns: Iterable[str] = (),
    *,
    voicemails: str = "activity",
    extra_columns: bool = False,
) -> Schema:
    """The tables of an environment.

    Args:
        missing_tables: Logical names of tables that it does not have.
        missing_columns: ``table.column``, logical names.
        rejected_columns: Likewise; the dictionary tells them all the same.
        voicemails: Which of :data:`~.schema_tables.VOICEMAILS`.
        extra_columns: Every table has columns that stand in no reference.

    Raises:
        BadSettings: A table would be without its key.
    """
    lacking, absent = frozenset(missing_tables), frozenset(missing_columns)
    rejected = frozenset(rejected_columns)
    blocks = schema_tables.TABLES.strip().split("\n\n")
    blocks.append(schema_tables.VOICEMAILS[voicemails].strip())
    extra = schema_tables.EXTRA if extra_columns else ""
    tables = (_read_table(block, absent, rejected, extra) for block in blocks)
    return Schema(table for table in tables if table.name not in lacking)


def _read_table(block: str, absent: frozenset[str], rejected: frozenset[str], extra: str) -> Table:
    head, _, lines = block.partition("\n")
    name, entity_set, schema_name, privilege, *marks = head.split()
    activity, bare = "activity" in marks, "bare" in marks
    primary = "activityid" if activity else f"{name}id"
    if f"{name}.{primary}" in absent | rejected:
        raise BadSettings(
            f"the table {name} cannot be without {primary}, the key of its rows",
            remedy="Leave the key out of missing_columns and rejected_columns.",
        )
    columns = {primary: Column(primary, "guid")}
    parts = (
        lines,
        schema_tables.ACTIVITY if activity else "",
        schema_tables.COMMON,
        "" if bare else schema_tables.STATES,
        extra,
    )
    for line in "\n".join(parts).splitlines():
        if line.strip():
            column = _read_column(line)
            columns[column.name] = column
    kept = {
        column.name: column for column in columns.values() if f"{name}.{column.name}" not in absent
    }
    names = ("subject", "msdyn_name", "fullname", "name", "filename")
    return Table(
        name=name,
        entity_set=entity_set,
        schema_name=name if schema_name == "=" else schema_name,
        primary=primary,
        name_column=next((one for one in names if one in kept), ""),
        privilege=f"prvRead{name}" if privilege == "=" else privilege,
        activity=activity,
        owned="shared" not in marks,
        columns=kept,
        rejected=frozenset(one for one in kept if f"{name}.{one}" in rejected),
    )


def _read_column(line: str) -> Column:
    name, kind, *more = line.split()
    if kind not in KINDS:
        raise ValueError(f"there is no kind of column {kind}")
    if kind == "file":
        return Column(name, "file", most_kb=int(more[0]))
    return Column(name, kind, tuple(more))  # type: ignore[arg-type]
