"""Full disks, archives that cannot be written, and ffmpeg missing or failing.

What cannot be done is set aside with its reason, the rest goes on, nothing half-written is visible,
and when the cause is gone the next run finishes the job (T8; promises 3 and 6; S003-1).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.together.harness import staged
from tests.together.proxies import Damaging

from catchment._archive.verify import verify
from catchment.testing.judge import ask, assert_equal, list_truth
from catchment.testing.stage import HOUR, Stage


def list_states(stage: Stage, recipe: str = "recipe = ''") -> dict[str, list[Any]]:
    """The files by their state."""
    states: dict[str, list[Any]] = {}
    for row in ask(stage, f"SELECT * FROM file WHERE {recipe}"):
        states.setdefault(row.state, []).append(row)
    return states


def assert_nothing_half_written(stage: Stage) -> None:
    """What lies in the archive is whole, and nothing else lies beside it."""
    with stage.open() as app:
        wrong = [one for one in verify(app.archive) if one.verdict in ("damaged", "missing")]
        assert wrong == []
        assert list((app.archive.root / "tmp").iterdir()) == []


def finish(stage: Stage) -> None:
    """Run again, as somebody does who has removed the cause, and compare with the World."""
    stage.clock.advance(HOUR)
    stage.run_once()
    stage.clock.advance(HOUR)
    stage.run_once()
    assert_equal(stage)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a disk of *size* at *folder*; skips where this may not be done."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_reserve_of_the_buffer_stops_downloads_and_not_listings(tmp_path: Path) -> None:
    """With less space than the reserve everything is listed and parked with the reason."""
    with staged(tmp_path, meetings=3, tables={"buffer": {"reserve": 10**18}}) as stage:
        stage.run_once()
        states = list_states(stage)
        assert set(states) == {"parked"}
        assert len(states["parked"]) == len(list_truth(stage))
        assert all("no room for a file" in row.reason for row in states["parked"])
        assert all(row.frontier for row in ask(stage, "SELECT * FROM feed"))
        assert_nothing_half_written(stage)
        stage.configure(buffer={"reserve": 0})
        finish(stage)


@pytest.mark.parametrize("place", ["archive", "buffer"])
def test_disk_that_fills_up_loses_nothing(tmp_path: Path, place: str) -> None:
    """What does not fit is parked and what fits is archived; with more space the rest follows."""
    with staged(tmp_path, meetings=6) as stage, small_disk(tmp_path / place, "700k"):
        stage.run_once()
        states = list_states(stage)
        assert states["archived"]
        if place == "archive":
            assert states["parked"]
            assert all("space" in row.reason for row in states["parked"])
        assert_nothing_half_written(stage)
        bigger = ["mount", "-o", "remount,size=200m", str(tmp_path / place)]
        subprocess.run(bigger, check=True)
        finish(stage)


def test_file_in_the_way_in_the_archive_parks_only_what_belongs_there(tmp_path: Path) -> None:
    """A place of the archive that cannot be written concerns the files of that place alone."""
    with staged(tmp_path, meetings=3) as stage:
        held = max(list_truth(stage), key=lambda one: one.size_bytes)
        with stage.open() as app:
            blocked = app.archive.path_of(held.sha256).parent.parent
        blocked.write_bytes(b"in the way")
        stage.run_once()
        states = list_states(stage)
        assert held.file_id in {row.file_id for row in states["parked"]}
        assert all(row.reason for row in states["parked"])
        assert len(states["archived"]) > len(states["parked"])
        blocked.unlink()
        assert_nothing_half_written(stage)
        finish(stage)


def test_archive_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    """A read-only archive ends the command with a sentence; mended, the next run does it all."""
    from catchment.errors import StorageUnavailable

    with staged(tmp_path, meetings=2) as stage:
        in_the_way = tmp_path / "archive"
        in_the_way.write_bytes(b"no folder")
        with pytest.raises(StorageUnavailable, match="not a folder"):
            stage.run_once()
        in_the_way.unlink()
        finish(stage)


def test_archive_on_a_disk_that_became_read_only(tmp_path: Path) -> None:
    """A disk that turns read-only in service: the files wait, and are archived afterwards."""
    from catchment.errors import StorageUnavailable

    archive = tmp_path / "archive"
    with staged(tmp_path, meetings=2) as stage, small_disk(archive, "100m"):
        with stage.open() as app:
            subprocess.run(["mount", "-o", "remount,ro", str(archive)], check=True)
            app.tell = lambda event, **fields: None
            from catchment._engine.runner import Runner

            Runner(app, app.choose([]), once=True).run()
        with pytest.raises(StorageUnavailable):
            stage.run_once()
        subprocess.run(["mount", "-o", "remount,rw", str(archive)], check=True)
        states = list_states(stage)
        assert set(states) == {"parked"}
        assert all("ead-only" in row.reason for row in states["parked"])
        finish(stage)


def test_missing_ffmpeg_parks_what_plays_and_nothing_else(tmp_path: Path) -> None:
    """Without ffmpeg nothing that plays can be verified: it waits, and texts are archived."""
    with staged(tmp_path, meetings=3, tables={"media": {"ffmpeg": "./no-ffmpeg"}}) as stage:
        stage.run_once()
        states = list_states(stage)
        assert {row.kind for row in states["parked"]} == {"audio", "video"}
        assert {row.kind for row in states["archived"]}.isdisjoint({"audio", "video"})
        assert all("ffmpeg" in row.reason for row in states["parked"])
        assert_nothing_half_written(stage)
        stage.configure(media={"ffmpeg": ""})
        finish(stage)


def test_damaged_film_is_parked_and_its_neighbours_are_archived(tmp_path: Path) -> None:
    """A film that ffmpeg cannot read is never archived; sent whole at last, it is."""
    damaging = Damaging(spoil=lambda data: data[: len(data) // 2] + bytes(-(-len(data) // 2)))
    with staged(tmp_path, meetings=3, wrap=damaging.wrap) as stage:
        damaging.name = stage.platform.site.links.name
        offered = stage.platform.truth(stage.clock.now())
        damaged = min(row.file_id for row in offered if row.kind == "video")
        damaging.files.add(damaged)
        for _ in range(7):
            stage.run_once()
            stage.clock.advance(timedelta(hours=2))
        states = list_states(stage)
        assert [row.file_id for row in states["parked"]] == [damaged]
        assert states["parked"][0].reason
        assert len(states["archived"]) == len(list_truth(stage)) - 1
        assert_nothing_half_written(stage)
        damaging.files.clear()
        finish(stage)
