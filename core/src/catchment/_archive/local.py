"""The archive in a folder of a file system.

``media`` is a pool of files named by their hash, ``packages`` holds one folder per version of each
interaction.  A version is a folder, so that a manifest and its checksum appear together and a
second writer of the same version cannot slip in between.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from catchment import _crash
from catchment._archive import layout
from catchment._archive.durable import (
    make_folder,
    protect,
    rename_once,
    storage_errors,
    sync,
    write_synced,
)
from catchment._archive.hashes import Digests, Hashes, build_digests, list_chunks
from catchment._archive.manifest import DEFAULT_AUTHORITY
from catchment._archive.store import ManifestPlace
from catchment.errors import Absent, Corrupt, LostRace, StorageUnavailable


class LocalArchive:
    """An archive in the folder *root*.

    Args:
        root: The folder; :meth:`prepare` creates it.
        authority: The host in the addresses of files.  It need not exist: readers go by hash.
    """

    def __init__(self, root: Path, *, authority: str = DEFAULT_AUTHORITY) -> None:
        self.root = root
        self.authority = authority

    def prepare(self, *, create: bool = True) -> None:
        """Make the folder ready and prove that it can be written.

        Args:
            create: ``False`` refuses a folder that is no archive yet, as an unmounted disk is.

        Raises:
            StorageUnavailable: It cannot be written, is no folder, or of a newer format.
        """
        with storage_errors(f"preparing the archive {self.root}"):
            if self.root.exists() and not self.root.is_dir():
                raise StorageUnavailable(
                    f"the archive {self.root} is not a folder", remedy="Name another folder."
                )
            if not create:
                self.require()
            for name in ("media", "packages", "books", "tmp"):
                make_folder(self.root / name)
            self._check_format()
            self._write_once("README.txt", layout.README.encode())
            probe = self._name_temporary()
            write_synced(probe, b"")
            probe.unlink()

    def require(self) -> None:
        """Make sure that there is an archive; nothing is written.

        Raises:
            StorageUnavailable: There is none here, as where a disk is not mounted.
        """
        with storage_errors(f"looking for the archive {self.root}"):
            if not (self.root / layout.MARKER).exists():
                raise StorageUnavailable(
                    f"{self.root} holds no archive",
                    remedy="Is the disk mounted?  If it is, correct the setting archive.root.",
                )

    def put_media(self, staged: Path, sha256: str) -> None:
        """Take over the verified file *staged*; afterwards it is gone from where it was.

        Put if absent: any number of processes may bring the same bytes.  A file on the same file
        system is renamed, and its hash is the caller's word; any other is copied and hashed
        again.

        Raises:
            Corrupt: The copied bytes are not those of *sha256*, or the archive already holds
                something of another size under this name.
            StorageUnavailable: The disk is full, read-only or failing.
        """
        target = self.path_of(sha256)
        with storage_errors(f"archiving a file of {staged.parent} in {self.root}"):
            if target.exists():
                _check_same_size(staged, target)
                sync(target.parent)  # whoever brought it may have died before
            else:
                self._move_in(staged, target, sha256)
            staged.unlink(missing_ok=True)

    def put_bytes(self, data: bytes) -> Digests:
        """Keep *data* in the same pool, put if absent, and say what it is.

        Raises:
            StorageUnavailable: The disk is full, read-only or failing.
        """
        digests = build_digests(data)
        target = self.path_of(digests.sha256)
        with storage_errors(f"archiving a document in {self.root}"):
            if target.exists():
                sync(target.parent)  # whoever brought it may have died before
            else:
                with self._temporary() as temporary:
                    write_synced(temporary, data)
                    self._publish(temporary, target)
        return digests

    def path_of(self, sha256: str) -> Path:
        """Where the bytes with this hash lie, or would lie."""
        return self.root / layout.locate_media(sha256)

    def has(self, sha256: str) -> bool:
        """Whether the bytes with this hash are here."""
        with storage_errors(f"looking for {sha256[:12]}… in {self.root}"):
            return self.path_of(sha256).is_file()

    def open_media(self, sha256: str) -> BinaryIO:
        """The bytes with this hash, for reading and seeking.

        Raises:
            Absent: The archive does not hold them.
            StorageUnavailable: The disk cannot be read.
        """
        with storage_errors(f"reading {sha256[:12]}… in {self.root}"):
            try:
                return self.path_of(sha256).open("rb")
            except FileNotFoundError:
                raise Absent(f"the archive does not hold {sha256}") from None

    def list_media(self) -> Iterator[str]:
        """Every name in the pool, in one order; also such as are no hash."""
        with storage_errors(f"listing the archive {self.root}"):
            for entry in layout.list_entries(self.root / "media", depth=2):
                yield entry.name

    def set_aside(self, sha256: str) -> Path | None:
        """Move damaged bytes out of the pool, so that good ones can take their place.

        Nothing is deleted: they go to ``damaged``, where a person may look at them.

        Returns:
            Where they are now; ``None`` if there were none.

        Raises:
            StorageUnavailable: The disk is read-only or failing.
        """
        source = self.path_of(sha256)
        target = self.root / "damaged" / f"{sha256}-{uuid.uuid4().hex[:8]}"
        with storage_errors(f"setting {sha256[:12]}… aside in {self.root}"):
            if not source.exists():
                return None
            make_folder(target.parent)
            rename_once(source, target)
            sync(target.parent)
            sync(source.parent)
        return target

    def put_manifest(self, interaction_id: str, version: int, data: bytes) -> None:
        """Seal *version* of the interaction; the same bytes again are fine.

        Raises:
            LostRace: Other bytes were sealed under this version, by another runner or by one
                that died before its catalogue knew; the next attempt takes the next version.
            StorageUnavailable: The disk is full, read-only or failing.
        """
        target = self.root / layout.locate_version(interaction_id, version)
        with storage_errors(f"sealing a package in {self.root}"):
            if target.exists():
                sync(target.parent)  # whoever sealed it may have died before
            else:
                with self._temporary() as temporary:
                    temporary.mkdir()
                    write_synced(temporary / layout.MANIFEST, data)
                    write_synced(temporary / layout.CHECKSUM, _build_checksum(data))
                    sync(temporary)
                    self._publish(temporary, target)
            sealed = (target / layout.MANIFEST).read_bytes()
        if sealed != data:
            raise LostRace(f"{interaction_id} version {version} is sealed with other content")

    def versions(self, interaction_id: str) -> list[int]:
        """The sealed versions of an interaction, rising; empty when there is none."""
        with storage_errors(f"looking for {interaction_id} in {self.root}"):
            folder = self.root / layout.locate_package(interaction_id)
            return [version for version, _ in _list_versions(folder)]

    def manifests(self, start: str = "") -> Iterator[ManifestPlace]:
        """Every sealed version of every interaction, an interaction at a time, rising.

        Args:
            start: Two hexadecimal digits: the folder to begin with; those before it come last.
        """
        with storage_errors(f"listing the archive {self.root}"):
            upper = list(layout.list_entries(self.root / "packages", depth=0))
            turned = sorted(upper, key=lambda folder: (folder.name < start, folder.name))
            for folder in (f for one in turned for f in layout.list_entries(one, depth=1)):
                for version, path in _list_versions(folder):
                    yield folder.name, version, path

    def newest(self) -> Iterator[ManifestPlace]:
        """The newest sealed version of every interaction; all that ``rebuild`` needs."""
        with storage_errors(f"listing the archive {self.root}"):
            for folder in layout.list_entries(self.root / "packages", depth=2):
                for version, path in _list_versions(folder)[-1:]:
                    yield folder.name, version, path

    def read(self, interaction_id: str, version: int) -> bytes:
        """The bytes of a manifest, exactly as they were sealed.

        Raises:
            Absent: There is no such version.
            Corrupt: The bytes do not fit their checksum.
            StorageUnavailable: The disk cannot be read.
        """
        folder = self.root / layout.locate_version(interaction_id, version)
        with storage_errors(f"reading {interaction_id} version {version} in {self.root}"):
            try:
                data = (folder / layout.MANIFEST).read_bytes()
                checksum = (folder / layout.CHECKSUM).read_bytes()
            except FileNotFoundError:
                raise Absent(f"{interaction_id} version {version} is not whole") from None
        if checksum != _build_checksum(data):
            raise Corrupt(f"the manifest of {interaction_id} version {version} was altered")
        return data

    def put_file(self, name: Path, lines: Iterator[bytes]) -> None:
        """Write a new file under *name*, seen from the root; the same bytes again are fine.

        Raises:
            LostRace: There is such a file with other content.
            StorageUnavailable: The disk is full, read-only or failing.
        """
        target = self.root / name
        with storage_errors(f"writing {target}"), self._temporary() as temporary:
            with temporary.open("xb") as stream:
                stream.writelines(lines)
                stream.flush()
                protect(stream.fileno())
                os.fsync(stream.fileno())
            if not self._publish(temporary, target) and not filecmp.cmp(
                temporary, target, shallow=False
            ):
                raise LostRace(f"{name} exists with other content")

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove what processes that died left in ``tmp`` before *older_than*; say how many."""
        swept = 0
        with storage_errors(f"sweeping the temporary files of {self.root}"):
            for entry in layout.list_entries(self.root / "tmp", depth=0):
                with contextlib.suppress(FileNotFoundError):
                    if entry.lstat().st_mtime < older_than.timestamp():
                        _remove(entry)
                        swept += 1
        return swept

    # --- how bytes get in ------------------------------------------------------------------

    def _check_format(self) -> None:
        text = json.dumps({"format": "catchment-archive", "version": layout.FORMAT}) + "\n"
        self._write_once(layout.MARKER, text.encode())
        try:
            version = json.loads((self.root / layout.MARKER).read_bytes())["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise StorageUnavailable(
                f"{self.root / layout.MARKER} cannot be read", remedy="Restore it from a copy."
            ) from error
        if version != layout.FORMAT:
            raise StorageUnavailable(
                f"the archive {self.root} has format {version}, and this program knows only "
                f"{layout.FORMAT}",
                remedy="Upgrade the program.",
            )

    def _write_once(self, name: str, data: bytes) -> None:
        if not (self.root / name).exists():
            with self._temporary() as temporary:
                write_synced(temporary, data)
                self._publish(temporary, self.root / name)

    def _move_in(self, staged: Path, target: Path, sha256: str) -> None:
        if staged.stat().st_dev == self.root.stat().st_dev:
            sync(staged)
            protect(staged)
            try:
                return self._publish_media(staged, target)
            except OSError as error:
                if error.errno != errno.EXDEV:  # two mounts of one disk look like one, and are not
                    raise
        with self._temporary() as temporary:
            _copy(staged, temporary, sha256)
            return self._publish_media(temporary, target)

    def _publish_media(self, temporary: Path, target: Path) -> None:
        _crash.point("archive.synced")
        self._publish(temporary, target)
        _crash.point("archive.renamed")

    def _publish(self, temporary: Path, target: Path) -> bool:
        """Give what is on disk its final name; ``False`` when somebody was faster."""
        make_folder(target.parent)
        done = rename_once(temporary, target)
        sync(target.parent)
        return done

    def _name_temporary(self) -> Path:
        return self.root / "tmp" / uuid.uuid4().hex

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A new name in ``tmp``; what is still there at the end is removed."""
        temporary = self._name_temporary()
        try:
            yield temporary
        finally:
            _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy(staged: Path, temporary: Path, sha256: str) -> None:
    hashes = Hashes()
    with staged.open("rb") as source, temporary.open("xb") as copy:
        for chunk in list_chunks(source):
            hashes.update(chunk)
            copy.write(chunk)
        copy.flush()
        protect(copy.fileno())
        os.fsync(copy.fileno())
    if hashes.digests.sha256 != sha256:
        raise Corrupt(
            f"what should be archived as {sha256[:12]}… has changed since it was verified"
        )


def _check_same_size(staged: Path, target: Path) -> None:
    if staged.exists() and staged.stat().st_size != target.stat().st_size:
        raise Corrupt(
            f"the archive holds a damaged {target.name}",
            remedy="Run catchment verify, then catchment retry for what it names.",
        )


def _build_checksum(data: bytes) -> bytes:
    return f"{build_digests(data).sha256}  {layout.MANIFEST}\n".encode()


def _list_versions(folder: Path) -> list[tuple[int, Path]]:
    """The versions under *folder*, rising."""
    return sorted(
        (version, entry / layout.MANIFEST)
        for entry in layout.list_entries(folder, depth=0)
        if (version := layout.read_version(entry.name))
    )
