"""Reading the archive again, to find what a disk or a person has changed since.

Every manifest is checked against its checksum, its place and the draft's rules, every reference
against the pool, and every file of the pool against its name.  Because names are hashes, a flipped
bit, a deletion and a swap all show.  References are collected in a temporary database, so that
memory stays flat however large the archive is.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from catchment._archive.books import Books, SourceKey, read_leaf, say_lost
from catchment._archive.durable import storage_errors
from catchment._archive.hashes import Hashes, list_chunks
from catchment._archive.local import LocalArchive
from catchment._archive.manifest import read_manifest
from catchment._archive.package import Package
from catchment.errors import Absent, CatchmentError, Corrupt, StorageUnavailable

Verdict = Literal["sound", "damaged", "missing", "notice"]
Part = Literal["manifests", "books", "media", "strangers"]
PARTS: tuple[Part, ...] = ("manifests", "books", "media", "strangers")
"""Manifests and what the catalogue expects of them, books, media, and what nothing refers to."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of looking at one object of the archive.

    Attributes:
        what: ``media``, ``manifest`` or ``leaf``.
        name: The hash; interaction and version; or the leaf's name.
        verdict: ``damaged`` and ``missing`` are losses; a ``notice`` is something that nothing
            refers to, such as a file whose interaction is not sealed yet.
        detail: What is wrong, as a sentence.
        interactions: Ids of the interactions that it belongs to.
    """

    what: Literal["media", "manifest", "leaf"]
    name: str
    verdict: Verdict
    detail: str = ""
    interactions: tuple[str, ...] = ()


def verify(
    archive: LocalArchive,
    oldest_first: Iterable[str] | None = None,
    until: Callable[[], bool] = lambda: False,
    expected: Iterable[tuple[str, int]] = (),
    *,
    rows: Iterable[tuple[SourceKey, Sequence[int]]] = (),
    parts: Collection[Part] = PARTS,
    start: str = "",
) -> Iterator[Examined]:
    """Yield what came of every object of the archive that could be read in time.

    Manifests come first, then the books, then media, then what nothing refers to.

    Args:
        archive: What to read.
        oldest_first: Hashes in the order in which to read them, longest unread first; ``None``
            for all of the pool.  A hash that is not there is missing.
        until: Asked before every object; ``True`` ends the work.
        expected: Versions that the catalogue knows.  The archive alone cannot tell that the
            newest version of an interaction was deleted.
        rows: Rows of the books that the catalogue knows to be written, source by source.
        parts: What to look at.  Media without manifests are compared with their names only.
        start: Two hexadecimal digits: the folder of ``packages`` with which manifests begin, so
            that whoever never has time for all of them sees others each time.
    """
    with contextlib.closing(_References()) as references:
        steps: dict[Part, tuple[Iterator[Examined], ...]] = {
            "manifests": (
                _verify_manifests(archive, references, start),
                _verify_expected(archive, expected),
            ),
            "books": (_verify_books(archive), _verify_rows(archive, rows)),
            "media": (_verify_media(archive, oldest_first, references),),
            "strangers": (_list_unreferenced(archive, references),),
        }
        for step in (step for part in PARTS if part in parts for step in steps[part]):
            while not until():
                examined = next(step, None)
                if examined is None:
                    break
                yield examined
            else:
                return


class _References:
    """Which interaction refers to which hash; on disk, because there may be many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute(
            "CREATE TABLE reference (sha256 TEXT, interaction TEXT, size_bytes INTEGER,"
            " PRIMARY KEY (sha256, interaction)) WITHOUT ROWID"
        )

    def add(self, package: Package) -> None:
        rows: list[tuple[str, str, int | None]] = []
        rows += [(sha, package.interaction_id, size) for sha, size in package.list_references()]
        rows += [
            (fact.document_sha256, package.interaction_id, None)
            for fact in package.facts
            if fact.document_sha256
        ]
        self._database.executemany("INSERT OR IGNORE INTO reference VALUES (?, ?, ?)", rows)

    def find(self, sha256: str) -> tuple[tuple[str, ...], set[int]]:
        """The interactions that refer to *sha256*, and the sizes that they expect."""
        found = self._database.execute(
            "SELECT interaction, size_bytes FROM reference WHERE sha256 = ?", (sha256,)
        ).fetchall()
        return tuple(row[0] for row in found), {row[1] for row in found if row[1] is not None}

    def list_hashes(self) -> Iterator[str]:
        for row in self._database.execute("SELECT DISTINCT sha256 FROM reference"):
            yield row[0]

    def close(self) -> None:
        self._database.close()


# --- manifests and books -----------------------------------------------------------------------


def _verify_manifests(
    archive: LocalArchive, references: _References, start: str
) -> Iterator[Examined]:
    latest = ("", 0)
    for interaction_id, version, _ in archive.manifests(start):
        before = latest[1] if latest[0] == interaction_id else 0
        for lost in range(before + 1, version):
            yield _missing_version(interaction_id, lost)
        latest = (interaction_id, version)
        yield _examine_manifest(archive, references, interaction_id, version)


def _examine_manifest(
    archive: LocalArchive, references: _References, interaction_id: str, version: int
) -> Examined:
    name = f"{interaction_id} v{version}"
    try:
        package = read_manifest(archive.read(interaction_id, version))
    except Absent:
        return _missing_version(interaction_id, version)
    except (Corrupt, StorageUnavailable) as error:
        return Examined("manifest", name, "damaged", str(error), (interaction_id,))
    if (package.interaction_id, package.version) != (interaction_id, version):
        other = f"it is version {package.version} of {package.interaction_id}"
        return Examined("manifest", name, "damaged", other, (interaction_id,))
    references.add(package)
    return Examined("manifest", name, "sound", "", (interaction_id,))


def _verify_expected(
    archive: LocalArchive, expected: Iterable[tuple[str, int]]
) -> Iterator[Examined]:
    for interaction_id, version in expected:
        if version not in archive.versions(interaction_id):
            yield _missing_version(interaction_id, version)


def _missing_version(interaction_id: str, version: int) -> Examined:
    name = f"{interaction_id} v{version}"
    return Examined("manifest", name, "missing", "this version is gone", (interaction_id,))


def _verify_books(archive: LocalArchive) -> Iterator[Examined]:
    for leaf in Books(archive).list_leaves():
        name = str(leaf.path.relative_to(archive.root))
        try:
            read_leaf(leaf)
        except (Corrupt, StorageUnavailable) as error:
            yield Examined("leaf", name, "damaged", str(error))
        else:
            yield Examined("leaf", name, "sound")


def _verify_rows(
    archive: LocalArchive, expected: Iterable[tuple[SourceKey, Sequence[int]]]
) -> Iterator[Examined]:
    """Whether every row of a source stands in some leaf, and no two rows have one number."""
    books, known = Books(archive), dict(expected)
    others = {leaf.source for leaf in books.list_leaves()} - known.keys()
    for source in [*known, *sorted(others)]:
        name = str(books.locate(source))
        if lost := books.find_lost(source, known.get(source, ())):
            yield Examined("leaf", name, "missing", say_lost(lost))
        elif doubled := books.find_doubled(source):
            yield Examined("leaf", name, "damaged", f"two rows have the number {doubled[0]}")
        else:
            yield Examined("leaf", name, "sound")


# --- media -------------------------------------------------------------------------------------


def _verify_media(
    archive: LocalArchive, oldest_first: Iterable[str] | None, references: _References
) -> Iterator[Examined]:
    """References that lead nowhere, which is quick to see, and then every file's bytes."""
    for sha256 in references.list_hashes():
        if not archive.has(sha256):
            yield _missing_media(sha256, references)
    for sha256 in archive.list_media() if oldest_first is None else oldest_first:
        examined = _examine_media(archive, sha256, references)
        if examined is not None:
            yield examined


def _missing_media(sha256: str, references: _References) -> Examined:
    return Examined("media", sha256, "missing", "the file is gone", references.find(sha256)[0])


def _examine_media(archive: LocalArchive, sha256: str, references: _References) -> Examined | None:
    interactions, sizes = references.find(sha256)
    try:
        found, size_bytes = _read_identity(archive, sha256)
    except ValueError as error:
        return Examined("media", sha256, "notice", f"a foreign file: {error}")
    except Absent:
        # what a manifest refers to was told before
        return None if interactions else _missing_media(sha256, references)
    except CatchmentError as error:
        return Examined("media", sha256, "damaged", str(error), interactions)
    if found != sha256:
        return Examined("media", sha256, "damaged", f"its bytes are those of {found}", interactions)
    if sizes - {size_bytes}:
        wrong = f"it has {size_bytes} bytes, its manifest says otherwise"
        return Examined("media", sha256, "damaged", wrong, interactions)
    return Examined("media", sha256, "sound", "", interactions)


def is_sound(archive: LocalArchive, sha256: str) -> bool:
    """Whether the archive holds the bytes of this hash, and they are still those."""
    try:
        return _read_identity(archive, sha256)[0] == sha256
    except (Absent, StorageUnavailable):
        return False


def _read_identity(archive: LocalArchive, sha256: str) -> tuple[str, int]:
    hashes = Hashes()
    reading = storage_errors(f"reading {sha256[:12]}… in {archive.root}")
    with archive.open_media(sha256) as stream, reading:
        for chunk in list_chunks(stream):
            hashes.update(chunk)
    return hashes.digests.sha256, hashes.digests.size_bytes


def _list_unreferenced(archive: LocalArchive, references: _References) -> Iterator[Examined]:
    for name in archive.list_media():
        if not references.find(name)[0]:
            yield Examined("media", name, "notice", "no sealed interaction refers to it")
