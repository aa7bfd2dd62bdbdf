"""Verification finds every damage, names whose it is, and reports nothing else (T10)."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from catchment._archive.books import Books, SourceKey
from catchment._archive.local import LocalArchive
from catchment._archive.package import Package
from catchment._archive.verify import Examined, verify

Fill = Callable[..., None]


def are_so_many(found: list[Examined], count: int) -> bool:
    """Whether *count* objects were examined."""
    return len(found) >= count


def losses(archive: LocalArchive, expected: Iterable[tuple[str, int]] = ()) -> list[Examined]:
    """What is damaged or missing."""
    return [
        found
        for found in verify(archive, expected=expected)
        if found.verdict in ("damaged", "missing")
    ]


def rewrite(path: Path, data: bytes) -> None:
    """Alter a read-only file, as a disk or a person would."""
    path.unlink()
    path.write_bytes(data)


def stored(archive: LocalArchive) -> list[Path]:
    """Every file of the archive that holds something."""
    folders = ("media", "packages", "books")
    return sorted(
        path for name in folders for path in (archive.root / name).rglob("*") if path.is_file()
    )


@pytest.fixture
def full(archive: LocalArchive, fill: Fill, package: Package, later: Package) -> LocalArchive:
    """An archive with one interaction in two versions, and a leaf of books."""
    fill(package, later)
    Books(archive).append(SourceKey("zoom", "a"), date(2026, 9, 14), 1, 1, [{"id": 1}])
    return archive


def test_a_sound_archive_is_sound(full: LocalArchive) -> None:
    """Every media object, manifest and leaf is told, and the books of each source as a whole."""
    found = list(verify(full))
    assert {examined.verdict for examined in found} == {"sound"}
    kinds = [examined.what for examined in found]
    assert [kinds.count(kind) for kind in ("manifest", "leaf", "media")] == [2, 2, 6]


def test_every_flipped_bit_is_found(full: LocalArchive, package: Package) -> None:
    """One random bit in any file of the archive: found, with the name of whose it is."""
    chance = random.Random(10)
    for path in stored(full):
        data = bytearray(path.read_bytes())
        whole = bytes(data)
        for _ in range(4):
            place = chance.randrange(len(data))
            data[place] ^= 1 << chance.randrange(8)
            rewrite(path, bytes(data))
            found = losses(full)
            assert found, f"{path} byte {place}"
            if "books" not in path.parts:
                assert found[0].interactions == (package.interaction_id,)
            data[:] = whole
        rewrite(path, whole)
    assert losses(full) == []


def test_every_deletion_is_found(full: LocalArchive, package: Package, tmp_path: Path) -> None:
    """Any media object, manifest or checksum that is gone is told with whose it was."""
    for path in stored(full):
        if "books" in path.parts:
            continue
        away = path.rename(tmp_path / "away")
        (found,) = losses(full)
        assert (found.verdict, found.interactions) == ("missing", (package.interaction_id,))
        away.rename(path)


def test_every_swap_is_found(full: LocalArchive) -> None:
    """Two media objects that changed places are both damaged."""
    media = [path for path in stored(full) if "media" in path.parts]
    for one, other in itertools.combinations(media, 2):
        first, second = one.read_bytes(), other.read_bytes()
        rewrite(one, second)
        rewrite(other, first)
        assert {found.name for found in losses(full)} == {one.name, other.name}
        rewrite(one, first)
        rewrite(other, second)


def test_swapped_manifests_are_found(full: LocalArchive, fill: Fill, package: Package) -> None:
    """Versions of one interaction, and manifests of two, know where they belong."""
    other = replace(package, interaction_id="11111111-1111-4111-8111-111111111111")
    fill(other)
    places = {(name, version): path.parent for name, version, path in full.manifests()}
    mine = (package.interaction_id, 1)
    for theirs in ((package.interaction_id, 2), (other.interaction_id, 1)):
        for _ in range(2):  # and back
            spare = full.root / "spare"
            places[mine].rename(spare)
            places[theirs].rename(places[mine])
            spare.rename(places[theirs])
            found = losses(full)
            assert len(found) in (0, 2)
        assert found == []


def test_a_lost_version_is_found(full: LocalArchive, package: Package) -> None:
    """A gap in the versions shows by itself; the newest one when the catalogue knows it."""
    first, second = (path.parent for _, _, path in full.manifests())
    shutil.move(second, full.root / "spare")
    assert losses(full) == []
    known = [(package.interaction_id, 1), (package.interaction_id, 2)]
    (found,) = losses(full, expected=known)
    assert (found.name, found.verdict) == (f"{package.interaction_id} v2", "missing")
    shutil.move(full.root / "spare", second)
    shutil.rmtree(first)
    (found,) = losses(full)
    assert found.name == f"{package.interaction_id} v1"


def test_a_wrong_size_is_damage(archive: LocalArchive, fill: Fill, package: Package) -> None:
    """A manifest that expects another size does not fit its file."""
    video, *rest = package.files
    fill(replace(package, files=(replace(video, size_bytes=3), *rest)))
    (found,) = losses(archive)
    assert (found.name, found.verdict) == (video.sha256, "damaged")


def test_what_nothing_refers_to_is_a_notice(full: LocalArchive) -> None:
    """Bytes whose interaction is not sealed yet, and foreign files, are no losses."""
    early = full.put_bytes(b"early").sha256
    foreign = full.path_of(early).with_name("Thumbs.db")
    foreign.write_bytes(b"")
    notices = {found.name for found in verify(full) if found.verdict == "notice"}
    assert notices == {early, "Thumbs.db"}
    assert losses(full) == []


def test_the_longest_unread_come_first(full: LocalArchive) -> None:
    """The caller gives the order; a hash that is not there is missing."""
    wanted = [*reversed(list(full.list_media())), "ab" * 32]
    media = [found for found in verify(full, wanted) if found.what == "media"]
    assert [found.name for found in media] == wanted
    assert media[-1].verdict == "missing"


def test_verification_ends_when_time_is_over(full: LocalArchive) -> None:
    """It stops between two objects, whatever is left."""
    whole = list(verify(full))
    for turns in range(len(whole)):
        found: list[Examined] = []
        found.extend(verify(full, until=partial(are_so_many, found, turns)))
        assert found == whole[:turns]
