"""Many rows in one statement: what a page of a listing is written with.

SQLAlchemy looks at each value of each row again, which takes longer than the database does.  Here a
statement is built once, a column's values are turned into the driver's all together, and the rows
go to SQLite as they are and to PostgreSQL as one array for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Table, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import NullType

Conflict = Callable[[Any], Any]
"""What a dialect's ``INSERT`` is given for rows whose key is there already; no further values."""


def fail(statement: Any) -> Any:
    """No row may be there already."""
    return statement


def skip(statement: Any) -> Any:
    """Leave out rows whose key is there already."""
    return statement.on_conflict_do_nothing()


@cache
def build_update(keys: tuple[str, ...], changed: tuple[str, ...]) -> Conflict:
    """Where *keys* are there already, set the columns *changed*."""

    def update(statement: Any) -> Any:
        given = {name: statement.excluded[name] for name in changed}
        return statement.on_conflict_do_update(index_elements=keys, set_=given)

    return update


def insert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: Conflict
) -> None:
    """Insert *rows*, which all have the same columns, and no key twice."""
    if not rows:
        return
    names = tuple(rows[0])
    dialect = connection.dialect
    columns: dict[str, list[Any]] = {}
    for name in names:
        converter = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        columns[name] = _convert([row[name] for row in rows], converter)
    if dialect.name == "sqlite":
        sql, order = _build_rows(table, names, conflict)
        values = zip(*(columns[name] for name in order), strict=True)
        connection.exec_driver_sql(sql, list(values))
    else:
        connection.execute(_build_arrays(table, names, conflict), columns)


def reserve(connection: Connection, table: Table, count: int) -> list[int]:
    """Numbers for *count* new rows of *table*, which nobody else is given.

    On SQLite they are free because no other transaction writes meanwhile.
    """
    (key,) = table.primary_key
    if connection.dialect.name == "sqlite":
        last: int = connection.execute(_build_last(key)).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    return list(connection.execute(_build_next(key), {"count": count}).scalars())


@cache
def _build_arrays(table: Table, names: tuple[str, ...], conflict: Conflict) -> Any:
    types = {name: postgresql.ARRAY(table.c[name].type) for name in names}
    # Without a type of its own a value is given as it is: ours are the driver's already.
    arrays = [func.unnest(cast(bindparam(name, type_=NullType()), types[name])) for name in names]
    return conflict(postgresql.insert(table).from_select(names, select(*arrays)))


@cache
def _build_rows(
    table: Table, names: tuple[str, ...], conflict: Conflict
) -> tuple[str, tuple[str, ...]]:
    """The statement, and its columns in the order of its marks."""
    given = {name: bindparam(name, type_=table.c[name].type) for name in names}
    dialect = sqlite.dialect(paramstyle="qmark")
    compiled = conflict(sqlite.insert(table).values(given)).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup)


def _convert(values: list[Any], converter: Callable[[Any], Any] | None) -> list[Any]:
    if converter is None:
        return values
    first = values[0]
    if all(value is first for value in values):  # the time of the page, in all its rows
        return [converter(first)] * len(values)
    return [converter(value) for value in values]


@cache
def _build_last(key: Column[int]) -> Any:
    return select(func.max(key))


@cache
def _build_next(key: Column[int]) -> Any:
    numbers = sa.Sequence(f"{key.table.name}_{key.name}_seq")  # as PostgreSQL calls it by itself
    return select(numbers.next_value()).select_from(func.generate_series(1, bindparam("count")))
