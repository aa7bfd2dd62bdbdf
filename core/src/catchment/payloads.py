"""The words of a foreign answer as values: it is read as it is, and nothing in it stops a listing.

For adapters whose platform tells JSON.  What platforms promise and what they send differ: fields
that are called required are missing, numbers come as texts, times as empty texts, words are added.
So every field of a :class:`Payload` has a value for "unknown", enums are plain texts, and unknown
fields are left to the verbatim document that is kept beside.  Only what cannot be identified at all
is an error, and the adapter raises it.

.. code-block:: python

    class Call(Payload):
        call_id: Text = ""
        started_at: Moment = None
        seconds: Count = None

    call = read_as(Call, row)

What a listing stands on has no value for "unknown": a page without its rows is no empty page.  Such
fields have no default, and :func:`read_whole` insists on them.

A platform with a habit of its own (the year 1970 for "unknown") gives that one word a reader of its
own, in front of the one here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from catchment.errors import Unreachable

__all__ = [
    "Count",
    "Flag",
    "Moment",
    "Payload",
    "Text",
    "Texts",
    "read_as",
    "read_count",
    "read_flag",
    "read_nested",
    "read_object",
    "read_rows",
    "read_text",
    "read_texts",
    "read_time",
    "read_whole",
]

_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def read_text(value: object) -> str:
    """A text; a number as it is written, and ``""`` for anything else."""
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else ""


def read_texts(value: object) -> tuple[str, ...]:
    """The texts in a list; nothing where it is none."""
    rows = value if isinstance(value, list | tuple) else []
    return tuple(text for row in rows if (text := read_text(row)))


def read_count(value: object) -> int | None:
    """A whole number, also one that is written as a text; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else None


def read_flag(value: object) -> bool | None:
    """Yes or no, also as a word; ``None`` for anything else."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


def read_time(value: object) -> datetime | None:
    """A time of ISO 8601 as an aware UTC datetime; one without a zone is UTC.

    ``None`` for ``""`` and for all that is no time.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def read_nested(value: object) -> Mapping[str, Any]:
    """An object; an empty one for anything else: what was not told is often ``null``."""
    return value if isinstance(value, Mapping) else {}


def read_rows(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; nothing where it is none."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


Text = Annotated[str, BeforeValidator(read_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(read_texts)]
Count = Annotated[int | None, BeforeValidator(read_count)]
Flag = Annotated[bool | None, BeforeValidator(read_flag)]
Moment = Annotated[datetime | None, BeforeValidator(read_time)]


class Payload(BaseModel):
    """The base of all: frozen, and silent about fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


M = TypeVar("M", bound=Payload)


def read_as(model: Callable[..., M], document: Mapping[str, Any] | None) -> M:
    """*document* as *model*; what is missing or not understood is unknown."""
    return model(**{str(name): value for name, value in (document or {}).items()})


def read_whole(model: type[M], value: object, platform: str) -> M:
    """*value*, which *platform* answered, as *model*, with every field that has no default.

    Raises:
        Unreachable: It does not look like the model: a broken answer, which may be whole next time.
    """
    try:
        return model.model_validate(value)
    except ValueError:
        told = f"{platform} answered with something that is no {model.__name__}"
        raise Unreachable(told) from None


def read_object(body: object, platform: str) -> dict[str, Any]:
    """The JSON object that *platform* answered, verbatim.

    Raises:
        Unreachable: *body* is not an object, so something else than the platform answered.
    """
    if not isinstance(body, dict):
        raise Unreachable(f"{platform} answered with JSON that is not an object")
    return body
