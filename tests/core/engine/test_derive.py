"""What is made of an archived film; a failure costs neither the original nor a download."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.core.engine.platform import DAY, MINUTE, Stage, Tape

from catchment._media.tool import find_ffmpeg
from catchment.errors import ToolMissing, Unconvertible


def make_film(folder: Path, *more: str) -> bytes:
    """A film of a fifth of a second with sound, made by the real ffmpeg."""
    path = folder / "film.mp4"
    sight = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.2")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=0.2")
    made = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", *more, str(path))
    ffmpeg = find_ffmpeg(None).path
    command = [ffmpeg, "-nostdin", "-v", "error", *sight, *sound, *made]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film that is split without ffmpeg."""
    return make_film(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film of fragments, which only ffmpeg splits."""
    return make_film(tmp_path_factory.mktemp("pieces"), "-movflags", "+frag_keyframe+empty_moov")


def offer(stage: Stage, film: bytes) -> None:
    """Have a film archived, and nothing made of it."""
    stage.cloud.hold("c1", files={"f": Tape(film, "video", "mp4")})
    stage.gather()


def weaken(stage: Stage, body: str) -> Path:
    """Put a program in the place of ffmpeg that does *body* where it should write renditions."""
    tool = stage.folder / "weak-ffmpeg"
    real = find_ffmpeg(None).path
    tool.write_text(f'#!/bin/sh\ncase "$*" in *faststart*) {body};; esac\nexec {real} "$@"\n')
    tool.chmod(0o755)
    stage.configure()
    stage.path.write_text(stage.path.read_text() + f'[media]\nffmpeg = "{tool}"\n')
    return tool


def test_a_film_becomes_sound_and_voiceless_pictures(stage: Stage, film: bytes) -> None:
    """Of a film with sound an audio file and a film without a voice are archived beside it.

    Proves S003-17.
    """
    offer(stage, film)
    assert stage.do("derive") == [None]
    made = {row.recipe: row for row in stage.files()}
    assert set(made) == {"", "audio@2", "voiceless@2"}
    assert made["voiceless@2"].measured["audio"] == []
    assert made["audio@2"].measured["video"] == []
    assert stage.app.archive.path_of(made[""].sha256).read_bytes() == film
    assert stage.recording("c1").state == "quiet"


def test_making_twice_changes_nothing(stage: Stage, film: bytes) -> None:
    """The same original gives the same bytes, so that a job that runs again adds nothing.

    Proves promise 2.
    """
    offer(stage, film)
    stage.do("derive")
    before = [(row.recipe, row.sha256) for row in stage.files()]
    stage.stir("derive")
    assert stage.do("derive") == [None]
    assert [(row.recipe, row.sha256) for row in stage.files()] == before


def test_each_try_has_names_of_its_own_and_leaves_nothing(stage: Stage, pieces: bytes) -> None:
    """A runner that lost the job cannot write into the files of who has it now (T14)."""
    log = stage.folder / "written"
    weaken(stage, f'echo "$*" >> {log}')
    offer(stage, pieces)
    for _ in range(2):
        assert stage.do("derive") == [None]
        stage.stir("derive")
    written = [set(re.findall(r"\S+\.part", line)) for line in log.read_text().splitlines()]
    assert len(written) >= 2
    assert all(written)
    assert written[0].isdisjoint(written[-1])
    assert list(stage.app.buffer.iterdir()) == []


def test_a_file_without_pictures_is_left_as_it_is(stage: Stage) -> None:
    """Nothing is made of what is no film."""
    stage.cloud.hold("c1")
    stage.gather()
    assert stage.claim("derive") == []


def test_what_cannot_be_converted_is_parked_beside_its_original(
    stage: Stage, pieces: bytes
) -> None:
    """When ffmpeg fails twice the rendition is parked with the reason.

    The original stays archived and is not downloaded again. Proves promise 6.
    """
    weaken(stage, "exit 1")
    offer(stage, pieces)
    for _ in range(2):
        (error,) = stage.do("derive")
        assert isinstance(error, Unconvertible)
        wait = stage.job("derive").due_at - stage.clock.now()
        stage.wait(wait)
    assert wait == DAY
    states = {row.recipe: row.state for row in stage.files()}
    assert states == {"": "archived", "audio@2": "parked"}
    assert stage.recording("c1").state == "parked"
    assert len(stage.cloud.fetched) == 1


def test_what_is_made_at_last_parks_its_recording_no_longer(stage: Stage, pieces: bytes) -> None:
    """A rendition that was parked and then made leaves nothing for a person to do."""
    tool = weaken(stage, "exit 1")
    offer(stage, pieces)
    for _ in range(2):
        stage.do("derive")
        stage.clock.set(stage.job("derive").due_at)
    tool.write_text(f'#!/bin/sh\nexec {find_ffmpeg(None).path} "$@"\n')
    assert stage.do("derive") == [None]
    assert {row.state for row in stage.files()} == {"archived"}
    assert stage.recording("c1").state == "quiet"


def test_without_ffmpeg_a_film_waits_and_says_so(stage: Stage, film: bytes) -> None:
    """A missing program is nothing that the file did: it is tried again in ten minutes."""
    stage.configure()
    stage.path.write_text(stage.path.read_text() + '[media]\nffmpeg = "/nowhere/ffmpeg"\n')
    stage.cloud.hold("c1", files={"f": Tape(film, "video", "mp4")})
    stage.do("poll")
    stage.do("capture")
    (error,) = stage.do("media")
    assert isinstance(error, ToolMissing)
    assert stage.job("media").due_at == stage.clock.now() + 10 * MINUTE
    assert "/nowhere/ffmpeg" in stage.file().reason
