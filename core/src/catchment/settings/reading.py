"""Reads the settings file: everything that is wrong with it is told at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from catchment.adapters import Adapter, load_adapter
from catchment.errors import BadSettings, NotInstalled
from catchment.model import period
from catchment.secrets import Secret
from catchment.settings.faults import Fault, list_faults, name_fields
from catchment.settings.kinds import BASE
from catchment.settings.lines import find_line, read_lines
from catchment.settings.tables import Settings, SourceKeys, SourceTable

ENVIRONMENT = "CATCHMENT_CONFIG"
"""Names the settings file where the command line does not."""

_DEFAULT = Path("catchment.toml")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")

Load = Callable[[str], type[Adapter]]
M = TypeVar("M", bound=BaseModel)


def find_settings(path: Path | None = None) -> Path:
    """The settings file to use: *path*, else what CATCHMENT_CONFIG names, else ./catchment.toml."""
    return path or Path(os.environ.get(ENVIRONMENT) or _DEFAULT)


def read_settings(path: Path | None = None, *, load: Load = load_adapter) -> Settings:
    """The settings of the file at *path*, judged as a whole.

    Args:
        path: The file; without it, what CATCHMENT_CONFIG names, else ./catchment.toml.
        load: Finds the class of an adapter by name.

    Raises:
        BadSettings: The file cannot be read, or something in it is wrong: one line per fault,
            each with file, line and setting.
    """
    file = find_settings(path)
    text = _read_text(file)
    return _Reader(_parse(text, file), file, load).read(text)


def _read_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        raise BadSettings(
            f"there is no settings file {file}",
            remedy="Write one with 'catchment init', or name another with --config.",
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadSettings(
            f"{file}:{line}: this is not UTF-8", remedy="Save the file as UTF-8."
        ) from None
    except OSError as error:
        raise BadSettings(
            f"the settings file {file} cannot be read: {error.strerror}",
            remedy="Let --config name a file that this user may read.",
        ) from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        found = _AT.search(what)
        line = found[1] if found and found[1] else str(text.rstrip("\n").count("\n") + 1)
        raise BadSettings(
            f"{file}:{line}: this is not TOML: {_AT.sub('', what)}",
            remedy="Correct the line; texts stand in quotes, tables in [brackets], and dates are "
            "days of the calendar, written 2026-01-31.",
        ) from None


class _Reader:
    """Judges one document and remembers everything that is wrong with it."""

    def __init__(self, document: dict[str, Any], file: Path, load: Load) -> None:
        self.document = document
        self.file = file
        self.load = load
        self.base = file.absolute().parent
        self.faults: list[Fault] = []

    def read(self, text: str) -> Settings:
        sources = self._read_sources(self.document.get("sources", {}))
        # Also absent tables are judged, because their defaults hold relative paths.
        absent: dict[str, Any] = {
            name: {} for name in Settings.model_fields if name not in self.document
        }
        program = {**absent, **self.document, "sources": sources}
        settings = self._judge(Settings, program)
        if self.faults or settings is None:
            raise BadSettings(
                "\n".join(self._list_sentences(text)),
                remedy=f"Correct {self.file} and try again.",
            )
        return settings

    def _judge(self, model: type[M], table: dict[str, Any], *spot: str) -> M | None:
        """*table* as a *model*; where it cannot be one, its faults are noted."""
        try:
            return model.model_validate(table, context={BASE: self.base})
        except ValidationError as error:
            known = name_fields(SourceKeys) if spot else {}
            self.faults.extend(list_faults(error, model, table, spot, known))
            return None

    def _read_sources(self, tables: object) -> dict[str, SourceTable]:
        if not isinstance(tables, dict):
            self.faults.append(Fault(("sources",), "should be a table; write [sources.NAME]"))
            return {}
        found = {name: self._read_source(name, table) for name, table in tables.items()}
        return {name: source for name, source in found.items() if source is not None}

    def _read_source(self, name: str, table: object) -> SourceTable | None:
        spot = ("sources", name)
        if not isinstance(table, dict):
            self.faults.append(Fault(spot, f"should be a table; write [sources.{name}]"))
            return None
        if not _NAME.fullmatch(name):
            what = "is not a name for a source; use a-z, 0-9, - and _, a letter or digit first"
            self.faults.append(Fault(spot, what))
        own = {key: value for key, value in table.items() if key in SourceKeys.model_fields}
        rest = {key: value for key, value in table.items() if key not in own}
        keys = self._judge(SourceKeys, {"recovery": f"recovery/{name}", **own}, *spot)
        kind = self._load(spot, own, rest)
        settings = self._judge(kind.Settings, rest, *spot) if kind else None
        if keys is None or kind is None or settings is None:
            return None
        self._judge_alarm(spot, keys, kind)
        shared = {key: getattr(keys, key) for key in SourceKeys.model_fields}
        # Judged already: to judge a resolved value again could only change it.
        return SourceTable.model_construct(
            **shared, name=name, kind=kind, settings=anchor_secrets(settings, self.base)
        )

    def _judge_alarm(self, spot: tuple[str, str], keys: SourceKeys, kind: type[Adapter]) -> None:
        """An alarm that could never be raised is a mistake."""
        alarm = keys.alarm_after
        if alarm is not None and alarm >= (keys.gone_after or period(kind.patience)):
            own = f"the adapter's own patience, {kind.patience}"
            what = (
                f"would never be heard: after {'gone_after' if keys.gone_after else own}, nothing "
                "is waited for any more; write a shorter time"
            )
            self.faults.append(Fault((*spot, "alarm_after"), what))

    def _load(
        self, spot: tuple[str, str], own: Mapping[str, Any], rest: Mapping[str, Any]
    ) -> type[Adapter] | None:
        """The adapter of a source; where there is none, that is noted."""
        name = own.get("adapter")
        if not isinstance(name, str):
            # Without an adapter its settings are unknown, but a slip of the pen can be told.
            for slip in get_close_matches("adapter", rest, n=1):
                what = "is not a known setting; did you mean 'adapter'?"
                self.faults.append(Fault((*spot, slip), what))
            return None
        try:
            return self.load(name)
        except NotInstalled as error:
            remedy = error.remedy[:1].lower() + error.remedy[1:].rstrip(".")
            what = " ".join(f"{error}; {remedy}".split())
            self.faults.append(Fault((*spot, "adapter"), what))
            return None

    def _list_sentences(self, text: str) -> Iterator[str]:
        lines = read_lines(text)
        placed = [(find_line(lines, fault.spot), fault) for fault in self.faults]
        for line, fault in sorted(placed, key=lambda pair: pair[0]):
            yield f"{self.file}:{line}: {fault.setting}: {fault.what}"


def anchor_secrets(table: M, base: Path) -> M:
    """*table* with the files of its secrets seen from *base*, like every other path."""
    anchored: dict[str, object] = {}
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, Secret) and value.kind == "file":
            anchored[name] = Secret("file", str(base / Path(value.name).expanduser()))
        elif isinstance(value, BaseModel):
            anchored[name] = anchor_secrets(value, base)
    return table.model_copy(update=anchored) if anchored else table
