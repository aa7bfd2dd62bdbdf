"""Writes what a capture run against simulated platforms needs: its settings, and the truth."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from catchment.sandbox.simulator import Simulator

__all__ = ["write_config", "write_truth"]


def write_config(
    path: str | os.PathLike[str],
    simulators: Sequence[Simulator],
    *,
    root: Path | None = None,
    secrets: Path | None = None,
    since: datetime | None = None,
) -> None:
    """Write a ``catchment.toml`` with which ``catchment run`` captures *simulators*.

    Of those that are served over TLS, the authority's certificate goes into a file beside it: the
    settings can be read, and what was captured searched, also when nothing is served any more.

    Args:
        path: Where to write it.
        simulators: Bound to their addresses, so within ``serve``.
        root: Where catalogue, archive and buffer go; beside the file, if left out.
        secrets: A folder for the secrets, which the settings then name as files, so that any
            process may use them; if left out, they are to be put into the environment.
        since: From when on the sources are captured, where what they kept before is empty and
            asking for it costs time; as far back as each platform can be asked, if left out.
    """
    root = (Path(path).parent if root is None else root).resolve()
    tables: dict[str, Mapping[str, object]] = {
        "catalogue": {"url": f"sqlite:///{root / 'catalogue.db'}"},
        "archive": {"root": str(root / "archive")},
        "buffer": {"root": str(root / "buffer")},
    }
    trusted = _write_authorities(Path(path), simulators)
    for simulator in simulators:
        settings = {"adapter": simulator.name, **simulator.settings()}
        if simulator.ca_file is not None:
            settings["ca_file"] = str(trusted)
        if since is not None:
            settings["since"] = since
        if secrets is not None:
            files = _write_secrets(simulator, secrets.resolve())
            settings = {name: files.get(str(value), value) for name, value in settings.items()}
        tables[f"sources.{_toml_key(simulator.source)}"] = settings
    Path(path).write_text("\n".join(_toml_table(name, tables[name]) for name in tables), "utf-8")


def _write_authorities(path: Path, simulators: Sequence[Simulator]) -> Path:
    """Write the certificates of all authorities beside *path*, if there are any; tell where."""
    file = path.resolve().with_name(f"{path.name}.ca.pem")
    found = [one.ca_file.read_text("ascii") for one in simulators if one.ca_file is not None]
    if found:
        file.write_text("".join(dict.fromkeys(found)), "ascii")
    return file


def _write_secrets(simulator: Simulator, folder: Path) -> dict[str, object]:
    """Write what *simulator* keeps secret; the references to files, by those to variables."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files: dict[str, object] = {}
    for name, value in simulator.secrets().items():
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value + "\n")
        files[str({"env": name})] = {"file": str(folder / name)}
    return files


def write_truth(
    path: str | os.PathLike[str], simulators: Sequence[Simulator], until: datetime
) -> int:
    """Write what *simulators* made available up to *until* as JSON lines; tell how many."""
    count = 0
    with Path(path).open("w", encoding="utf-8") as file:
        for simulator in simulators:
            for row in simulator.truth(until):
                file.write(row.to_json() + "\n")
                count += 1
    return count


def _toml_table(name: str, table: Mapping[str, object]) -> str:
    lines = [f"{_toml_key(key)} = {_toml(value)}\n" for key, value in table.items()]
    return f"[{name}]\n" + "".join(lines)


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _toml(value: object) -> str:
    """One value; strings of JSON without non-ASCII characters are strings of TOML too."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_toml_key(str(key))} = {_toml(item)}" for key, item in value.items())
        return f"{{{inside}}}" if not inside else f"{{ {inside} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (str, bool, int, float)):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"a setting cannot be a {type(value).__name__}")
