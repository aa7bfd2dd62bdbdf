"""Values of :mod:`catchment.model` as plain JSON values and back, for columns and manifests."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_plain(value: object) -> Any:
    """*value* as JSON values; times as ISO text, lengths of time as ISO 8601 durations."""
    return _adapter(cast(Any, type(value))).dump_python(value, mode="json")


def from_plain(kind: type[T], data: Any) -> T:
    """What :func:`to_plain` made, as the value that it was."""
    return cast(T, _adapter(cast(Any, kind)).validate_python(data))
