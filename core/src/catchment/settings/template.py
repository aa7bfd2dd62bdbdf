"""Writes the settings file that ``catchment init`` gives to a person: every setting, explained.

Names, defaults and explanations come from the models themselves, so the file cannot disagree with
the program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from catchment.adapters import Adapter, AdapterStatus
from catchment.secrets import Secret
from catchment.settings.faults import holds_secret, name_fields
from catchment.settings.kinds import read_size
from catchment.settings.tables import Settings, SourceKeys

_HEAD = """\
# The settings of Catchment, with their defaults.
#
# A line such as "#name = ..." (no space after the '#') must be filled in: take the '#' away.
# A line such as "# name = ..." shows how a setting that may be left out is written.
#
# Lengths of time are written "30s", "10m", "24h" or "30d"; sizes "500MB" or "2GB".  Relative paths
# start from the folder of this file.  Secrets are named, never written: {env = "NAME"},
# {file = "PATH"} or {keyring = "service/user"}.
"""
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def build_template(adapters: Sequence[AdapterStatus]) -> str:
    """A settings file with every setting, its default and its meaning, and a source per adapter.

    What an adapter requires is a placeholder, commented out: only an operator can fill it in.  So
    is a field with ``json_schema_extra={"fill": True}``, which has a default only because another
    setting decides whether it is needed.
    """
    blocks = [_HEAD]
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            blocks.append("\n".join(_list_section(name, field.annotation)))
    blocks += ["\n".join(_list_source(status)) for status in adapters]
    if not adapters:
        blocks.append("# No adapter is installed.  Install one, then add a table [sources.NAME].")
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _list_section(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"# {_first_line(model.__doc__)}"
    yield f"[{name}]"
    for key, field in name_fields(model).items():
        yield from _list_setting(key, field)


def _list_source(status: AdapterStatus) -> Iterator[str]:
    if status.adapter is None:
        fault = " ".join(status.fault.split())
        yield f"# The adapter {status.name} of {status.distribution} cannot be used: {fault}"
        return
    name = re.sub(r"[^a-z0-9_-]", "-", status.name.lower()).lstrip("_-") or "source"
    yield f"# One account of {status.adapter.platform}.  The name after 'sources.' is your own."
    yield f"[sources.{name}]"
    for key, field in name_fields(SourceKeys).items():
        if key == "adapter":
            yield f"# {_explain(field)}"
            yield f"adapter = {_toml(status.name)}"
        elif key == "recovery":
            yield f"# {_explain(field)}"
            yield f"recovery = {_toml(f'recovery/{name}')}"
        else:
            yield from _list_setting(key, field)
    yield from _list_own(status.adapter, name)


def _list_own(adapter: type[Adapter], source: str) -> Iterator[str]:
    """The settings that only this adapter has; what must be filled in first."""
    fields = name_fields(adapter.Settings)
    for key in sorted(fields, key=lambda key: _rank(fields[key])):
        yield from _list_setting(key, fields[key], f"{source}_{key}")


def _rank(field: FieldInfo) -> int:
    """Where a setting stands: what must be filled in first, then what mostly must be."""
    return 0 if field.is_required() else 1 if _is_to_fill(field) else 2


def _is_to_fill(field: FieldInfo) -> bool:
    """Whether an operator must look at it: it is required, or its adapter says so."""
    extra = field.json_schema_extra
    return field.is_required() or (isinstance(extra, dict) and extra.get("fill") is True)


def _list_setting(key: str, field: FieldInfo, secret: str = "") -> Iterator[str]:
    yield f"# {_explain(field)}"
    default = field.get_default(call_default_factory=True, validated_data={})
    if _is_to_fill(field):
        yield f"#{_toml_key(key)} = {_toml(_placeholder(field, secret))}"
    elif default is None:
        yield f"# {_toml_key(key)} = {_toml(_placeholder(field, secret))}"
    else:
        yield f"{_toml_key(key)} = {_toml(_as_written(field, default))}"


def _explain(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split()) or "(not described by the adapter)"
    return f"{text} (required)" if field.is_required() else text


def _placeholder(field: FieldInfo, secret: str) -> object:
    """Something of the right kind to be written over."""
    if field.examples:
        return field.examples[0]
    if holds_secret(field.annotation):
        return {"env": re.sub(r"[^A-Z0-9]", "_", secret.upper())}
    kinds = (field.annotation, *get_args(field.annotation))
    for kind in kinds:
        if get_origin(kind) is Literal:
            return get_args(kind)[0]
        if kind in (bool, int, float):
            return kind(0)
        if (get_origin(kind) or kind) in (list, tuple, set, frozenset):
            return []
    return "FILL-IN"


def _as_written(field: FieldInfo, value: object) -> object:
    """*value* as people write it: sizes of bytes with a unit."""
    if any(getattr(part, "func", None) is read_size for part in field.metadata):
        return format_size(value) if isinstance(value, int) else value
    return value


def format_size(size_bytes: int) -> str:
    """Write a size as :func:`~catchment.settings.kinds.read_size` reads it: ``"1GB"``."""
    steps = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
    step, unit = next(((n, u) for n, u in steps if size_bytes and size_bytes % n == 0), (1, "B"))
    return f"{size_bytes // step}{unit}"


def format_period(length: timedelta) -> str:
    """Write a length of time as :func:`~catchment.model.period` reads it: ``"1h30m"``."""
    seconds = int(length.total_seconds())
    for unit, step in _UNITS:
        if seconds and seconds % step == 0:
            return f"{seconds // step}{unit}"
    return f"{seconds}s"


def _toml(value: object) -> str:
    """*value* in TOML.

    Raises:
        TypeError: TOML has no way to write it.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _toml_compound(value)


def _toml_compound(value: object) -> str:
    if isinstance(value, timedelta):
        return _toml(format_period(value))
    if isinstance(value, Path):
        return _toml(str(value))
    if isinstance(value, Secret):
        return _toml({value.kind: value.name})
    if isinstance(value, BaseModel):
        return _toml(value.model_dump(exclude_none=True, by_alias=True))
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_toml_key(str(key))} = {_toml(part)}" for key, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(_toml(part) for part in value)}]"
    raise TypeError(f"a setting cannot have a default of type {type(value).__name__}")


def _toml_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _toml(key)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
