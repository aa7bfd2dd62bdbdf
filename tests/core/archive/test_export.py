"""An export is whole, readable elsewhere, and never replaces anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catchment._archive.export import Format, export
from catchment._archive.local import LocalArchive
from catchment._archive.manifest import build_manifest, read_manifest
from catchment._archive.naming import build_safe_name
from catchment._archive.package import Package
from catchment.errors import Absent, Corrupt, Misuse, StorageUnavailable


@pytest.fixture
def full(
    archive: LocalArchive, fill: Callable[..., None], package: Package, later: Package
) -> LocalArchive:
    """An archive with one interaction in two versions."""
    fill(package, later)
    return archive


def names(folder: Path) -> list[str]:
    """What lies in *folder*, as relative paths."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_have_names_for_people(full: LocalArchive, package: Package, tmp_path: Path) -> None:
    """Time and topic name the folder, the index says what each file is and what is absent."""
    folder = export(full, [package], tmp_path / "out", "files")
    assert folder.name.startswith("2026-09-14 09.00 Weekly a b review Überblick ")
    assert names(folder) == [
        "documents/01 listing.json",
        "index.json",
        "media/01 video.mp4",
        "media/02 tr.vtt",
        "media/03 audio a 1.m4a",
        "media/04 video v 1.mp4",
        "vcon.json",
        "vcon.json.sha256",
    ]
    index = json.loads((folder / "index.json").read_text())
    for entry in (*index["files"], *index["documents"]):
        found = hashlib.sha256((folder / entry["path"]).read_bytes()).hexdigest()
        assert found == entry["sha256"]
    assert index["absent"][0]["why"] == "never offered"


def test_a_vcon_stands_alone(full: LocalArchive, later: Package, tmp_path: Path) -> None:
    """The manifest as it was sealed, and every file that it refers to under its hash."""
    folder = export(full, [later], tmp_path, "vcon")
    assert (folder / "vcon.json").read_bytes() == build_manifest(later)
    wanted = {f"media/{sha256}" for sha256, _ in later.list_references()}
    assert set(names(folder)) == wanted | {"vcon.json", "vcon.json.sha256"}
    assert read_manifest((folder / "vcon.json").read_bytes()) == later


def test_an_ocfl_object_holds_all_versions(
    full: LocalArchive, package: Package, later: Package, tmp_path: Path
) -> None:
    """It satisfies OCFL 1.1, and what two versions share is stored once."""
    folder = export(full, [later, package], tmp_path, "ocfl")
    inventory = check_ocfl(folder)
    assert inventory["id"] == f"urn:uuid:{package.interaction_id}"
    second = [path for path in names(folder) if path.startswith("v2/content")]
    assert second == ["v2/content/media/03 chat.txt", "v2/content/vcon.json"]


def check_ocfl(folder: Path) -> dict[str, Any]:
    """The rules of an OCFL 1.1 object that concern us, of which each MUST be met."""
    assert (folder / "0=ocfl_object_1.1").read_text() == "ocfl_object_1.1\n"
    data = (folder / "inventory.json").read_bytes()
    inventory: dict[str, Any] = json.loads(data)
    allowed = {"id", "type", "digestAlgorithm", "head", "manifest", "versions", "fixity"}
    assert set(inventory) == allowed
    head = inventory["head"]
    assert list(inventory["versions"]) == [f"v{n + 1}" for n in range(len(inventory["versions"]))]
    assert (folder / head / "inventory.json").read_bytes() == data
    for place in (folder, *(folder / version for version in inventory["versions"])):
        digest = hashlib.sha512((place / "inventory.json").read_bytes()).hexdigest()
        assert (place / "inventory.json.sha512").read_text() == f"{digest} inventory.json\n"
    content = [path for path in names(folder) if "/content/" in path]
    assert sorted(path for paths in inventory["manifest"].values() for path in paths) == content
    for digest, paths in inventory["manifest"].items():
        for path in paths:
            assert hashlib.sha512((folder / path).read_bytes()).hexdigest() == digest
    for digest, paths in inventory["fixity"]["sha256"].items():
        for path in paths:
            assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest
    for version in inventory["versions"].values():
        assert set(version) == {"created", "state", "message", "user"}
        assert set(version["state"]) <= set(inventory["manifest"])
    rest = set(names(folder)) - set(content)
    tops = {"", *(f"{version}/" for version in inventory["versions"])}
    sidecars = {f"{top}inventory.json{end}" for top in tops for end in ("", ".sha512")}
    assert rest == sidecars | {"0=ocfl_object_1.1"}
    return inventory


@pytest.mark.parametrize("format", ["files", "vcon", "ocfl"])
def test_an_export_never_replaces(
    full: LocalArchive,
    package: Package,
    tmp_path: Path,
    format: Format,
) -> None:
    """A second export to the same place is refused and leaves the first alone."""
    folder = export(full, [package], tmp_path / "out", format)
    before = names(folder)
    with pytest.raises(Misuse, match="exists already"):
        export(full, [package], tmp_path / "out", format)
    assert names(folder) == before
    assert list((tmp_path / "out").iterdir()) == [folder]


@pytest.mark.parametrize("format", ["files", "vcon", "ocfl"])
def test_damage_is_not_handed_on(
    full: LocalArchive,
    package: Package,
    tmp_path: Path,
    format: Format,
) -> None:
    """A damaged or missing file stops the export, and no half of it stays."""
    path = full.path_of(package.archived[0].sha256)
    for error in (Corrupt, Absent):
        data = path.read_bytes()
        path.unlink()
        if error is Corrupt:
            path.write_bytes(data[:-1] + b"?")
        with pytest.raises(error):
            export(full, [package], tmp_path / "out", format)
        assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_exported_is_told(
    full: LocalArchive, package: Package, tmp_path: Path
) -> None:
    """Two interactions at once, an unknown format, and a file in the way are refused."""
    other = replace(package, interaction_id="11111111-1111-4111-8111-111111111111")
    with pytest.raises(Misuse, match="exactly one"):
        export(full, [package, other], tmp_path, "files")
    with pytest.raises(Misuse, match="no format"):
        export(full, [package], tmp_path, "zip")  # type: ignore[arg-type]  # the mistake meant
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="a file stands where a folder is needed"):
        export(full, [package], tmp_path / "file", "files")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Q3/Q4: plan?", "Q3 Q4 plan"),
        ("../../etc/passwd", "etc passwd"),
        ("..", "untitled"),
        ("", "untitled"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("A\u0308rger\n", "Ärger"),
        ("会議", "会議"),
        ("tab\tnull\0end", "tab null end"),
    ],
)
def test_names_are_safe_and_close(text: str, name: str) -> None:
    """What a file system cannot take becomes a space; the rest stays readable."""
    assert build_safe_name(text) == name


@given(st.text())
def test_any_name_is_safe(text: str) -> None:
    """No topic leads out of its folder or is longer than a file system takes."""
    name = build_safe_name(text)
    assert name
    assert name not in (".", "..")
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert len(name.encode()) <= 101
    assert name == name.strip(" .")
