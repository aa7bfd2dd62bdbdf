"""Handing out one interaction so that somebody without us can use it.

``files`` is for people: names that can be read, and an index.  ``vcon`` is for programs: the
manifest as sealed, and beside it the media by hash.  ``ocfl`` is for other archives: an OCFL 1.1
object with every version.  Every byte is hashed on its way out, so damage is never handed on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from catchment._archive.durable import rename_once, storage_errors
from catchment._archive.extension import build_date, drop_empty
from catchment._archive.hashes import Digests, Hashes, build_digests, list_chunks
from catchment._archive.layout import CHECKSUM, MANIFEST
from catchment._archive.naming import find_part, list_named_files, name_folder
from catchment._archive.ocfl import DECLARATION, DIGESTS, build_versions
from catchment._archive.package import Package, PackageFile
from catchment._archive.store import Archive
from catchment.errors import Corrupt, Misuse

Format = Literal["files", "vcon", "ocfl"]


def export(archive: Archive, packages: Sequence[Package], to: Path, format: Format) -> Path:
    """Write one interaction into a new folder below *to* and say which.

    The folder appears at once and whole, or not at all.

    Args:
        archive: Where the bytes are.
        packages: The interaction's versions; ``files`` and ``vcon`` write the newest of them.
        to: An existing or new folder.
        format: ``files``, ``vcon`` or ``ocfl``.

    Raises:
        Misuse: The folder exists already, or the packages are not of one interaction.
        Absent: The archive lacks a file.
        Corrupt: A file of the archive is damaged.
        StorageUnavailable: *to* cannot be written.
    """
    if len({package.interaction_id for package in packages}) != 1:
        raise Misuse("an export needs the versions of exactly one interaction")
    if format not in _WRITERS:
        raise Misuse(f"there is no format {format!r}", remedy=f"Use {', '.join(_WRITERS)}.")
    ordered = sorted(packages, key=lambda package: package.version)
    target = to / name_folder(ordered[-1])
    partial = to / f".{uuid.uuid4().hex}.partial"
    taken = Misuse(f"{target} exists already", remedy="Name another folder, or remove it.")
    with storage_errors(f"exporting to {to}"):
        if target.exists():
            raise taken
        partial.mkdir(parents=True)
        try:
            _WRITERS[format](archive, ordered, partial)
            if not rename_once(partial, target):
                raise taken
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


def _write_files(archive: Archive, packages: Sequence[Package], folder: Path) -> None:
    package = packages[-1]
    _write_manifest(archive, package, folder)
    for file in list_named_files(package):
        _copy(archive, file.digests, folder / file.path)
    index = json.dumps(_build_index(package), indent=1, ensure_ascii=False)
    (folder / "index.json").write_text(index + "\n", encoding="utf-8")


def _write_vcon(archive: Archive, packages: Sequence[Package], folder: Path) -> None:
    package = packages[-1]
    _write_manifest(archive, package, folder)
    for digests in {file.digests for file in list_named_files(package)}:
        _copy(archive, digests, folder / "media" / digests.sha256)


def _write_ocfl(archive: Archive, packages: Sequence[Package], folder: Path) -> None:
    manifests = {}
    for package in packages:
        data = archive.read(package.interaction_id, package.version)
        manifests[build_digests(data)] = data
    for version in build_versions(packages, list(manifests)):
        for file in version.new:
            if file.digests in manifests:
                _write(folder / file.path, manifests[file.digests])
            else:
                _copy(archive, file.digests, folder / file.path)
        _write_inventory(folder / f"v{version.number}", version.inventory)
        _write_inventory(folder, version.inventory)
    _write(folder / f"0={DECLARATION}", f"{DECLARATION}\n".encode())


_WRITERS: dict[str, Callable[[Archive, Sequence[Package], Path], None]] = {
    "files": _write_files,
    "vcon": _write_vcon,
    "ocfl": _write_ocfl,
}


def _write_inventory(folder: Path, inventory: bytes) -> None:
    """The sidecar last: it closes the version."""
    _write(folder / "inventory.json", inventory)
    digest = hashlib.new(DIGESTS, inventory).hexdigest()
    _write(folder / f"inventory.json.{DIGESTS}", f"{digest} inventory.json\n".encode())


def _write_manifest(archive: Archive, package: Package, folder: Path) -> None:
    data = archive.read(package.interaction_id, package.version)
    _write(folder / MANIFEST, data)
    checksum = f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n"
    _write(folder / CHECKSUM, checksum.encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _copy(archive: Archive, digests: Digests, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    hashes = Hashes()
    with archive.open_media(digests.sha256) as source, path.open("xb") as copy:
        for chunk in list_chunks(source):
            hashes.update(chunk)
            copy.write(chunk)
    if hashes.digests != digests:
        raise Corrupt(
            f"the archive's {digests.sha256[:12]}… is damaged and was not exported",
            remedy="Run catchment verify.",
        )


def _tell_part(file: PackageFile, package: Package) -> dict[str, object]:
    """Whose part of the interaction a file is, if it is one contact's."""
    part = find_part(file, package.draft)
    if part is None:
        return {}
    at = build_date(part.start)
    return {"contact": part.contact_id, "agent": part.agent, "contact_started_at": at}


def _build_index(package: Package) -> dict[str, object]:
    paths = [file.path for file in list_named_files(package)]
    media = zip(paths, package.archived, strict=False)
    documents = zip(paths[len(package.archived) :], package.documents, strict=True)
    return {
        "interaction": package.interaction_id,
        "version": package.version,
        "subject": package.draft.subject,
        "started_at": build_date(package.draft.started_at),
        "files": [
            drop_empty(
                {
                    "path": path,
                    "kind": file.kind,
                    "origin": file.origin,
                    "recipe": file.recipe,
                    "recording": file.recording_id,
                    **_tell_part(file, package),
                    "file_id": file.file_id,
                    "size_bytes": file.size_bytes,
                    "sha256": file.sha256,
                }
            )
            for path, file in media
        ],
        "documents": [
            {"path": path, "recording": document.recording_id, "sha256": document.sha256}
            for path, document in documents
        ],
        "absent": [
            {"file_id": file.file_id, "kind": file.kind, "state": file.state, "why": file.reason}
            for file in package.files
            if file.state != "archived"
        ],
    }
