"""Handing out one interaction by any of its names."""

from __future__ import annotations

from pathlib import Path

from catchment._archive import export as archive_export
from catchment._archive.export import Format
from catchment._archive.manifest import read_manifest
from catchment._catalogue import identity, interactions
from catchment._engine.application import Application
from catchment.errors import Misuse


def export(app: Application, name: str, to: Path, format: Format) -> Path:
    """Write one interaction into a new folder below *to* and say which.

    What is exported is what is sealed: news that no version holds yet is not in it.

    Args:
        app: What is open.
        name: Its id, an alias, the beginning of an id, or the platform's id of it or of one of
            its recordings.
        to: An existing or new folder.
        format: ``files``, ``vcon`` or ``ocfl``.

    Raises:
        Misuse: There is no such interaction or more than one, it was never sealed, or the folder
            exists already.
        Absent: The archive lacks a file.
        Corrupt: A file of the archive is damaged; nothing was exported.
        StorageUnavailable: *to* cannot be written, or the archive is not there.
    """
    interaction_id = _find(app, name)
    app.require_archive()
    versions = app.archive.versions(interaction_id)
    if not versions:
        raise Misuse(
            f"interaction {interaction_id} was never sealed, so there is nothing to export",
            remedy="Run catchment run --once; it seals what is there.",
        )
    needed = versions if format == "ocfl" else versions[-1:]
    packages = [read_manifest(app.archive.read(interaction_id, one)) for one in needed]
    return archive_export.export(app.archive, packages, to.absolute(), format)


def _find(app: Application, name: str) -> str:
    with app.database.read() as connection:
        num = identity.find_interaction(connection, name)
        row = None if num is None else interactions.read(connection, num)
    if row is None:
        raise Misuse(
            f"there is no interaction {name!r}", remedy="Look for it with catchment search."
        )
    return str(row.interaction_id)
