"""Handing out one interaction by any of its names."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from tests.core.engine.tiny import NOON, Row, Site, make_cloud

from catchment._engine import exporting
from catchment.errors import Corrupt, Misuse

Format = Literal["files", "vcon", "ocfl"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A day that was captured and sealed."""
    site = Site(tmp_path / "site", make_cloud())
    site.root.mkdir()
    site.run()
    return site


def export(site: Site, name: str, to: Path, form: Format = "files") -> Path:
    """One export."""
    with site.open() as app:
        return exporting.export(app, name, to, form)


@pytest.mark.parametrize("name", ["r2", "r3", "m-r2"])
def test_any_name_leads_to_the_interaction(site: Site, tmp_path: Path, name: str) -> None:
    """The platform's id of the interaction or of one of its recordings is enough."""
    folder = export(site, name, tmp_path / "out")
    found = sorted(path.read_bytes() for path in (folder / "media").iterdir())
    assert found == [b"second", b"third"]


@pytest.mark.parametrize("form", ["files", "vcon", "ocfl"])
def test_every_format_holds_the_bytes(site: Site, tmp_path: Path, form: Format) -> None:
    """Whatever the format, the bytes are in it."""
    folder = export(site, "r1", tmp_path / "out", form)
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert b"first" in contents
    assert b"hello zebra\n" in contents


def test_the_newest_version_is_exported(site: Site, tmp_path: Path) -> None:
    """An export is what was sealed last."""
    site.cloud.rows.append(Row("r4", NOON - timedelta(hours=3), {"d": b"fourth"}, ("t2",)))
    site.clock.advance(timedelta(hours=1))
    site.run()
    folder = export(site, "r2", tmp_path / "out")
    assert json.loads((folder / "index.json").read_text())["version"] == 2
    assert len(list((folder / "media").iterdir())) == 3


def test_an_old_damaged_version_keeps_nobody_from_the_newest(site: Site, tmp_path: Path) -> None:
    """Only what is needed is read."""
    site.cloud.rows.append(Row("r4", NOON - timedelta(hours=3), {"d": b"fourth"}, ("t2",)))
    site.clock.advance(timedelta(hours=1))
    site.run()
    newest = next((site.root / "archive" / "packages").rglob("v2"))
    (newest.with_name("v1") / "vcon.json").unlink()
    assert export(site, "r2", tmp_path / "out", "vcon").is_dir()


def test_what_was_never_sealed_cannot_be_exported(site: Site, tmp_path: Path) -> None:
    """The sentence says what to do."""
    with site.open() as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE interaction SET interaction_id = 'x' || interaction_id")
    with pytest.raises(Misuse, match="never sealed") as caught:
        export(site, "r1", tmp_path / "out")
    assert "catchment run --once" in caught.value.remedy


def test_an_unknown_name_is_misuse(site: Site, tmp_path: Path) -> None:
    """What nobody knows is said to be unknown, and nothing is written."""
    with pytest.raises(Misuse, match="there is no interaction"):
        export(site, "nobody", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_is_not_handed_on(site: Site, tmp_path: Path) -> None:
    """A damaged file ends the export, and nothing is left of it."""
    path = site.path_of(b"second")
    path.chmod(0o644)
    path.write_bytes(b"sec0nd")
    with pytest.raises(Corrupt):
        export(site, "r2", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
