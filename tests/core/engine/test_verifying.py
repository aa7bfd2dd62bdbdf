"""Reading the archive again (T10): all damage is found, named, and can be fetched again."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests import deciding
from tests.core.engine.tiny import NOON, Site, make_cloud

from catchment._catalogue import damages
from catchment._engine import verifying
from catchment._engine.verifying import Verified
from catchment.errors import Misuse


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A day that was captured and sealed."""
    site = Site(tmp_path, make_cloud())
    site.run()
    return site


def verify(site: Site, within: timedelta | None = None) -> Verified:
    """One verification, a second later."""
    site.clock.advance(timedelta(seconds=1))
    with site.open() as app:
        return verifying.verify(app, within=within)


def spoil(path: Path, data: bytes) -> None:
    """Change the bytes of an object as a disk would, in its length unchanged."""
    os.chmod(path, 0o644)
    path.write_bytes(data)


def test_a_sound_archive_has_no_damage(site: Site) -> None:
    """A sound archive is read as a whole and nothing is called damaged."""
    seen = verify(site)
    assert (seen.damaged, seen.whole) == ((), True)
    # four files, three listings, two manifests, and leaves of the books
    assert seen.examined >= 9
    assert seen.notices == 0


def test_a_flipped_bit_names_the_file(site: Site) -> None:
    """A flipped bit is found, with source, recording, file and interaction (T10)."""
    spoil(site.path_of(b"second"), b"sec0nd")
    (damage,) = verify(site).damaged
    (holder,) = damage.holders
    assert damage.verdict == "damaged"
    assert (holder.source, holder.external_id, holder.file_id) == ("tiny", "r2", "b")
    assert damage.interactions == (holder.interaction,)
    assert "catchment retry r2/b" in damage.remedy


def test_a_deleted_file_is_missing(site: Site) -> None:
    """A file that was deleted is told once, with what to do."""
    site.path_of(b"first").unlink()
    (damage,) = verify(site).damaged
    assert (damage.verdict, damage.holders[0].file_id) == ("missing", "a")


def test_two_swapped_files_are_both_damaged(site: Site) -> None:
    """Two objects that changed places are two damages (T10)."""
    one, other = site.path_of(b"first"), site.path_of(b"third")
    one.rename(one.with_name("x"))
    other.rename(one)
    one.with_name("x").rename(other)
    seen = verify(site)
    assert {damage.holders[0].file_id for damage in seen.damaged} == {"a", "c"}


def test_a_deleted_newest_version_is_missing(site: Site) -> None:
    """The catalogue knows which versions were sealed, so the last one cannot vanish unseen."""
    manifest = next((site.root / "archive" / "packages").rglob("vcon.json"))
    for path in manifest.parent.iterdir():
        path.unlink()
    manifest.parent.rmdir()
    assert any(
        (damage.what, damage.verdict) == ("manifest", "missing") for damage in verify(site).damaged
    )


def test_an_altered_book_is_damaged(site: Site) -> None:
    """A row of the books that was changed is found."""
    leaf = next((site.root / "archive" / "books").rglob("*.jsonl"))
    spoil(leaf, leaf.read_bytes().replace(b"2026", b"2025", 1))
    (damage,) = verify(site).damaged
    assert damage.what == "leaf"


@pytest.mark.parametrize("within", [None, timedelta(hours=1)])
def test_a_lost_book_is_missing(site: Site, within: timedelta | None) -> None:
    """The catalogue knows which rows were written, so that no leaf vanishes unseen (T10)."""
    leaf = next((site.root / "archive" / "books").rglob("*.jsonl"))
    data = leaf.read_bytes()
    leaf.unlink()
    (damage,) = verify(site, within).damaged
    assert (damage.what, damage.verdict) == ("leaf", "missing")
    assert damage.detail.endswith("of the books: in no leaf")
    assert damage.remedy == "Restore it from a copy of the archive."
    leaf.write_bytes(data)
    assert verify(site, within).damaged == ()
    assert list_known(site) == []


def test_what_was_read_longest_ago_is_read_first(site: Site) -> None:
    """A run that has little time goes on where the last one ended, until all was read."""
    first = verify(site, timedelta(0))
    assert not first.whole
    site.clock.advance(timedelta(days=1))
    assert verify(site, timedelta(hours=1)).whole
    with site.open() as app, app.database.read() as connection:
        moments = connection.exec_driver_sql("SELECT DISTINCT verified_at FROM media").all()
    assert [moment[0][:10] for moment in moments] == [str(NOON.date() + timedelta(days=1))]


def test_damage_stays_the_longest_unread(site: Site) -> None:
    """What is damaged is not called read: the next run sees it again, and first."""
    spoil(site.path_of(b"third"), b"th1rd")
    site.clock.advance(timedelta(days=1))
    assert len(verify(site).damaged) == 1
    assert len(verify(site).damaged) == 1


def retry(site: Site, name: str) -> None:
    """What ``catchment retry`` does, and a run after it."""
    with site.open() as app:
        deciding.retry(app, name, who="ada", why="damaged")
    site.run()


@pytest.mark.parametrize("item", ["r2/b", "r2"])
def test_a_retry_fetches_a_damaged_file_again(site: Site, item: str) -> None:
    """After a retry the damaged bytes are set aside and good ones are in their place."""
    spoil(site.path_of(b"second"), b"sec0nd")
    retry(site, item)
    assert verify(site).damaged == ()
    assert site.path_of(b"second").read_bytes() == b"second"
    (aside,) = (site.root / "archive" / "damaged").iterdir()
    assert aside.read_bytes() == b"sec0nd"


def test_a_retry_fetches_a_missing_file_again(site: Site) -> None:
    """After a retry a file that was deleted is there again."""
    site.path_of(b"first").unlink()
    retry(site, "r1")
    assert verify(site).damaged == ()


def test_a_retry_leaves_sound_files_alone(site: Site) -> None:
    """A retry downloads nothing that the archive has."""
    before = site.count("file.archived")
    retry(site, "r1")
    assert site.count("file.archived") == before


def test_a_retry_writes_a_lost_document_again(site: Site) -> None:
    """A platform's document that was lost comes back from the catalogue."""
    with site.open() as app, app.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT sha256 FROM media WHERE sha256 NOT IN (SELECT sha256 FROM file)"
        ).all()
        lost = app.archive.path_of(rows[0][0])
    lost.unlink()
    (damage,) = verify(site).damaged
    retry(site, damage.interactions[0])
    assert verify(site).damaged == ()


def list_known(site: Site) -> list[tuple[str, str]]:
    """What ``status`` tells of damages: their verdict and what to do."""
    with site.open() as app:
        return [(one.verdict, one.remedy) for one in damages.list_damages(app.database)]


def test_damage_stays_on_record_until_it_is_fetched_again(site: Site) -> None:
    """What a verification found is known to every later command, until the bytes are back."""
    spoil(site.path_of(b"second"), b"sec0nd")
    verify(site)
    ((verdict, remedy),) = list_known(site)
    assert verdict == "damaged"
    assert "catchment retry r2/b" in remedy
    site.clock.advance(timedelta(hours=1))
    retry(site, "r2/b")
    assert list_known(site) == []
    spoil(site.path_of(b"second"), b"sec0nd")
    site.clock.advance(timedelta(hours=1))
    verify(site)
    assert len(list_known(site)) == 1


@pytest.mark.parametrize("within", [None, timedelta(hours=1)])
def test_damage_is_forgotten_once_it_is_read_and_sound(
    site: Site, within: timedelta | None
) -> None:
    """Media, manifests and books that were restored from a copy are no damage after a look."""
    archive = site.root / "archive"
    manifest = next((archive / "packages").rglob("vcon.json"))
    leaf = next((archive / "books").rglob("*.jsonl"))
    before = {path: path.read_bytes() for path in (site.path_of(b"first"), manifest, leaf)}
    for path in before:
        spoil(path, path.read_bytes()[:-2] + b"!\n")
    assert len(verify(site).damaged) == len(list_known(site)) == 3
    for path, data in before.items():
        spoil(path, data)
    site.clock.advance(timedelta(hours=1))
    assert len(list_known(site)) == 3
    verify(site, within)
    assert list_known(site) == []


def test_a_document_that_was_written_again_is_no_damage(site: Site) -> None:
    """A document is back with the retry itself, without a fetch."""
    with site.open() as app, app.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT sha256 FROM media WHERE sha256 NOT IN (SELECT sha256 FROM file)"
        ).all()
        app.archive.path_of(rows[0][0]).unlink()
    (damage,) = verify(site).damaged
    with site.open() as app:
        deciding.retry(app, damage.interactions[0], who="ada", why="lost")
    assert list_known(site) == []


def test_a_stranger_that_was_removed_is_no_damage(site: Site) -> None:
    """What only the pool knew and is gone again is forgotten after a whole look."""
    stranger = site.path_of(b"nobody's")
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b"something else")
    assert len(verify(site).damaged) == len(list_known(site)) == 1
    stranger.unlink()
    verify(site)
    assert list_known(site) == []


def test_what_the_platform_dropped_stays_on_the_list(site: Site) -> None:
    """A damaged file that the platform has no more is not called archived (promise 6)."""
    spoil(site.path_of(b"second"), b"sec0nd")
    site.cloud.rows = [row for row in site.cloud.rows if row.external_id != "r2"]
    retry(site, "r2/b")
    with site.open() as app, app.database.read() as connection:
        states = connection.exec_driver_sql("SELECT state FROM file WHERE file_id = 'b'").all()
    assert states != [("archived",)]


def test_an_unknown_item_is_misuse(site: Site) -> None:
    """A retry of what nobody knows says so."""
    with site.open() as app, pytest.raises(Misuse, match="no recording, file or interaction"):
        deciding.retry(app, "nobody", who="ada", why="")
