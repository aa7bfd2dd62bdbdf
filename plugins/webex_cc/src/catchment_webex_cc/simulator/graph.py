"""Runs a GraphQL query against the schema; its faults are told as graphql-java words them (2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    Visitor,
    execute_sync,
    parse,
    validate,
    visit,
)

from catchment_webex.simulator.answers import Rejection, malformed
from catchment_webex_cc.simulator.schema import read_schema

Resolvers = Mapping[str, Callable[..., Any]]

_UNKNOWN = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_MISSING = re.compile(r"[Aa]rgument '(?:[\w.]+\()?(\w+)[^']*' of type '[^']+' is required")


def run_query(query: str, variables: Mapping[str, Any], resolvers: Resolvers) -> dict[str, Any]:
    """The ``data`` of an answer.

    Raises:
        Rejection: 400 for a query that is not valid; what a resolver refused.
    """
    document = _read_document(query)
    if isinstance(document, str):
        raise malformed(document)
    result = execute_sync(
        read_schema(), document, root_value=resolvers, variable_values=dict(variables)
    )
    if result.errors:
        error = result.errors[0]
        if isinstance(error.original_error, Rejection):
            raise error.original_error
        if error.path is None or not isinstance(error.original_error, Exception):
            raise malformed(_word(error))
        raise error.original_error
    return dict(result.data or {})


@lru_cache(maxsize=256)
def _read_document(query: str) -> DocumentNode | str:
    """The parsed query, or what is wrong with it."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return f"Invalid Syntax : offending token at line {_line(error)}: {error.message}"
    asked = _Names()
    visit(document, asked)
    if asked.found & {"__schema", "__type"}:
        return "Introspection is disabled"
    errors = validate(read_schema(), document)
    return _word(errors[0]) if errors else document


class _Names(Visitor):
    """Collects which fields a query has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note one."""
        self.found.add(node.name.value)


def _line(error: GraphQLError) -> int:
    return error.locations[0].line if error.locations else 1


def _word(error: GraphQLError) -> str:
    unknown, missing = _UNKNOWN.search(error.message), _MISSING.search(error.message)
    if unknown:
        name, kind = unknown.groups()
        told = f"Field '{name}' in type '{kind}' is undefined"
        return f"Validation error (FieldUndefined) : {told}"
    if missing:
        return f"Validation error (MissingFieldArgument) : Missing field argument '{missing[1]}'"
    return f"Validation error (WrongType) : {error.message}"
