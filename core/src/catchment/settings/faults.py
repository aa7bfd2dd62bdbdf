"""Faults of a settings file: each one sentence with its setting, file and line.

A validation error of pydantic holds the value that it refused, and that value may be a secret which
somebody wrote into the wrong place.  So it ends here: what is told is built from names, lines and
pydantic's message, and a message of a secret field that quotes what it refused is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from catchment.secrets import HOW, Secret
from catchment.settings.kinds import suggest
from catchment.settings.lines import Spot


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, at *spot* of the file.  *what* never holds a secret."""

    spot: Spot
    what: str

    @property
    def setting(self) -> str:
        """The setting, as a person would write it: ``sources.zoom-emea.client_secret``."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.spot)
        return "".join(parts).removeprefix(".")


def list_faults(
    error: ValidationError,
    model: type[BaseModel],
    table: Mapping[str, Any],
    at: Spot = (),
    known: Mapping[str, FieldInfo] | None = None,
) -> Iterator[Fault]:
    """Everything that *error* says about *table*, each setting once.

    Args:
        error: What *model* said about *table*.
        model: The model that the table was judged by.
        table: The table, as it was read.
        at: Where the table stands in the file.
        known: Further fields that the table may have, for suggestions.
    """
    told: set[Spot] = set()
    for detail in error.errors(include_url=False):
        spot = _trim(detail, table)
        if spot not in told:  # a union complains once per member
            told.add(spot)
            fields = dict(_fields_at(model, spot[:-1]))
            if len(spot) == 1:
                fields |= known or {}
            yield Fault((*at, *spot), _tell(detail, spot, fields))


def _trim(detail: ErrorDetails, table: Any) -> Spot:
    """The part of pydantic's location that stands, or ought to stand, in the file."""
    spot: Spot = ()
    for part in detail["loc"]:
        if isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        elif isinstance(table, dict) and part in table:
            table = table[str(part)]
        elif isinstance(table, dict) and detail["type"] == "missing":
            return (*spot, part)
        else:
            return spot
        spot = (*spot, part)
    return spot


def _tell(detail: ErrorDetails, spot: Spot, fields: Mapping[str, FieldInfo]) -> str:
    name = str(spot[-1]) if spot else ""
    if detail["type"] == "missing":
        return _tell_missing(name, fields)
    if detail["type"] == "extra_forbidden":
        return f"is not a known setting; {suggest(name, list(fields))}"
    if detail["type"] in ("model_type", "dict_type"):
        return f"should be a table; write [{name}]"
    what = " ".join(detail["msg"].split()).removeprefix("Value error, ").removeprefix("Input ")
    field = fields.get(name)
    if field is not None and holds_secret(field.annotation) and _quotes(what, detail["input"]):
        return f"is not a reference to a secret; {HOW}"
    return what if ";" in what else f"{what}; correct it"


def _tell_missing(name: str, fields: Mapping[str, FieldInfo]) -> str:
    field = fields.get(name)
    if field is not None and field.description:
        return f"is missing; set it: {field.description}"
    return "is missing; set it"


def holds_secret(annotation: Any) -> bool:
    """Whether a field so annotated may hold a secret."""
    return annotation is Secret or any(holds_secret(part) for part in get_args(annotation))


def _quotes(what: str, value: object) -> bool:
    """Whether *what* tells any text of *value*."""
    if isinstance(value, Mapping):
        return any(_quotes(what, part) for part in value.values())
    return isinstance(value, str) and value in what


def _fields_at(model: type[BaseModel], spot: Spot) -> dict[str, FieldInfo]:
    """The fields, under the names of the file, of the table at *spot* inside *model*."""
    for part in spot:
        if isinstance(part, int):  # an item of an array, whose model was found with the array
            continue
        field = name_fields(model).get(part)
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return {}
        model = inner
    return name_fields(model)


def name_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of *model* under the names that the settings file has for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
