"""Whether a number is one of many, given to the database as one value.

An ``IN`` of fifty values is written, bound and parsed value by value, and a page of a search takes
longer for that than for finding its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, Dialect, String, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


class _Numbers(TypeDecorator[Sequence[int]]):
    """Numbers as a text: an array as PostgreSQL writes it, a list in JSON on SQLite."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> str:
        written = ",".join(map(str, value or ()))
        return f"{{{written}}}" if dialect.name == "postgresql" else f"[{written}]"


class _Among(FunctionElement[bool]):
    """``number IN (numbers)``."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """As it is: SQLite, which knows no truth values, would be asked for ``... = 1``.

        No index answers that, and each page of a search would walk whole tables.
        """
        return self


def _write(element: _Among, compiler: Any, template: str, options: Any) -> str:
    number, numbers = (compiler.process(one, **options) for one in element.clauses)
    return template.format(number, numbers)


@compiles(_Among, "postgresql")
def _write_array(element: _Among, compiler: Any, **options: Any) -> str:
    return _write(element, compiler, "{} = ANY(CAST({} AS BIGINT[]))", options)


@compiles(_Among, "sqlite")
def _write_list(element: _Among, compiler: Any, **options: Any) -> str:
    return _write(element, compiler, "{} IN (SELECT value FROM json_each({}))", options)


def among(number: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """Whether *number* is one of those that are given under *name* when the statement is run."""
    return _Among(number, bindparam(name, type_=_Numbers()))
