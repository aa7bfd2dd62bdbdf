"""T9: what is archived plays as long as it says, on all its channels, each second in its place.

The corpus goes the way of every recording: over HTTP from a platform into the buffer, through the
product's verification into the archive, and from there into its renditions.
"""

from __future__ import annotations

import hashlib
import subprocess
from array import array
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.engine.platform import HOUR, START, Cloud, Stage, Tape
from tests.proof.corpus import Piece, build_damaged, build_whole
from tests.proof.days import a_day, settle
from tests.proof.forms import Tally, choose

from catchment._catalogue import tables
from catchment._catalogue.files import list_files
from catchment._media.tool import find_ffmpeg
from catchment._media.walk import walk, walk_streams
from catchment.model import Measured, Timeline, Window
from catchment.sandbox import Take, read_symbols
from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import Stage as Simulated

LEAST = timedelta(milliseconds=20)
FRAME = timedelta(milliseconds=64)
"""The longest frame of what the simulated platforms serve: AAC of 16,000 samples a second."""

TOGETHER = 0.1
"""Seconds by which joined sound may be off."""

TRIES = 30
RATE = 8000
WINDOW = 80
LOUD = 300


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Piece]:
    """Everything that must be archived."""
    return build_whole(tmp_path_factory.mktemp("whole"), choose(60, 3600))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The engine before an empty platform."""
    cloud = Cloud()
    opened = Stage(tmp_path, cloud)
    yield opened
    opened.close()
    cloud.close()


def hold(stage: Stage, name: str, data: bytes, piece: Piece) -> None:
    """Have the platform offer *data*, of which it tells neither hash nor length of play."""
    stage.cloud.hold(name, files={"f": Tape(data, piece.kind, piece.form)})


def path_of(stage: Stage, name: str, recipe: str) -> Path:
    """Where a file lies in the archive."""
    (row,) = [row for row in stage.files(name) if row.recipe.partition("@")[0] == recipe]
    assert row.state == "archived", (name, row.reason)
    return stage.app.archive.path_of(row.sha256)


@pytest.mark.proof("T9")
@pytest.mark.timeout(1800)
def test_whole_media_are_archived_as_they_are(
    stage: Stage, whole: dict[str, Piece], tally: Tally
) -> None:
    """Of every form duration, channels and each second are right, in the original and after.

    Proves T9 and promise 3.
    """
    for name, piece in whole.items():
        hold(stage, name, piece.data, piece)
    stage.run()
    for name, piece in whole.items():
        original = path_of(stage, name, "")
        assert original.read_bytes() == piece.data, name
        check(stage, name, piece, original)
    tally.injected["odd form"] = len(whole)
    tally.offered = tally.survived = len(whole)


def check(stage: Stage, name: str, piece: Piece, original: Path) -> None:
    """One archived file and what was made of it."""
    with stage.app.database.read() as connection:
        files = list_files(connection, [stage.recording(name).id])
    (told,) = [one.measured for one in files if not one.recipe]
    assert told is not None
    assert told.duration is not None
    played = timedelta(seconds=piece.seconds)
    assert abs(told.duration - played) <= max(LEAST, piece.frame), name
    assert told.audio == ((piece.channels,) if piece.channels else ()), name
    if piece.symbols:
        assert read_symbols(original) == piece.symbols, name
    if piece.kind == "video":
        check_renditions(stage, name, piece, original)


def check_renditions(stage: Stage, name: str, piece: Piece, original: Path) -> None:
    """The voiceless film has no sound, and the sound is the film's, second by second."""
    frame = max(LEAST, piece.frame)
    played = timedelta(seconds=piece.seconds)
    film, film_ends = measure(path_of(stage, name, "voiceless" if piece.channels else ""))
    assert film.audio == (), name
    assert film_ends <= played + frame, name
    if not piece.channels:
        return
    sound, sound_ends = measure(path_of(stage, name, "audio"))
    assert (sound.video, sound.audio) == ((), (piece.channels,)), name
    assert abs(max(film_ends, sound_ends) - played) <= frame, name
    heard = read_symbols(path_of(stage, name, "audio"))
    assert heard == read_symbols(original), name
    if piece.symbols:
        assert heard == piece.symbols, name


def measure(path: Path) -> tuple[Measured, timedelta]:
    """What is in a file, and when it ends: what sets in late begins late."""
    measured, tally = walk_streams(find_ffmpeg(None), path)
    assert measured.duration is not None
    return measured, tally.begins + measured.duration


@pytest.mark.proof("T9")
@pytest.mark.timeout(1800)
def test_damaged_media_are_never_archived(
    stage: Stage, whole: dict[str, Piece], tally: Tally
) -> None:
    """However often it is fetched, it is refused as damaged; sent whole at last, it is archived.

    Neither length nor hash give it away: the platform tells those of the damaged bytes.
    Proves T9 and promise 3.
    """
    damaged = build_damaged(whole)
    for name, (data, piece) in damaged.items():
        hold(stage, name, data, piece)
    for _ in range(TRIES):
        stage.run()
        stage.wait(HOUR)
        if all(stage.file(name).state == "parked" for name in damaged):
            break
    assert stage.archived() == {}
    spoiled = {hashlib.sha256(data).hexdigest() for data, _ in damaged.values()}
    assert spoiled.isdisjoint(stage.app.archive.list_media())
    for name in damaged:
        row = stage.file(name)
        assert row.state == "parked", (name, row.reason)
        assert row.reason, name
    tally.injected["damage"] = len(damaged)
    for name, (_, piece) in damaged.items():
        stage.cloud.calls[name].files["f"] = Tape(piece.data, piece.kind, piece.form)
    stage.wait(25 * HOUR)
    stage.run()
    assert {name: data for (name, _), data in stage.archived().items()} == {
        name: piece.data for name, (_, piece) in damaged.items()
    }
    tally.offered = tally.survived = len(damaged)


# --- joined sound ------------------------------------------------------------------------------


@pytest.mark.proof("T9")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("form", ["wav", "mp3", "m4a"])
def test_joined_sound_sets_in_when_it_did(stage: Stage, form: str, tally: Tally) -> None:
    """Stretches of several recordings stand at their time within 100 ms, on their own side.

    Proves T9 and S001-9.
    """
    starts = [0.0, 7.3, 15.1, 21.85]
    lengths = [5, 6, 4, 3]
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        at = START - HOUR + timedelta(seconds=start)
        timeline = Timeline((Window(at, at + timedelta(seconds=length)),), "declared")
        more = {"timeline": timeline}
        data = Take(number, length, form).read()  # type: ignore[arg-type]  # one of the forms
        tape = Tape(data, "audio", form, more=more)
        stage.cloud.hold(f"c{number}", ago=START - at, files={"f": tape}, keys=["the call"])
    stage.run()
    (row,) = [one for one in stage.rows(tables.file) if one.recipe.startswith("call@")]
    heard = list_onsets(stage.app.archive.path_of(row.sha256))
    assert len(heard) == len(starts), heard
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    for (begun, ended), start, end in zip(heard, starts, ends, strict=True):
        assert abs(begun - start) <= TOGETHER
        assert abs(ended - end) <= TOGETHER
    tally.injected["joint"] = len(starts)
    tally.offered = tally.survived = len(starts)


def list_onsets(path: Path) -> list[tuple[float, float]]:
    """When sound sets in and when it ends, in seconds."""
    command = [find_ffmpeg(None).path, "-v", "error", "-i", f"file:{path}", "-ac", "1"]
    command += ["-ar", str(RATE), "-f", "s16le", "pipe:1"]
    sound = array("h", subprocess.run(command, check=True, capture_output=True).stdout)
    found: list[tuple[float, float]] = []
    for at in range(0, len(sound) - WINDOW, WINDOW):
        if max(map(abs, sound[at : at + WINDOW])) < LOUD:
            continue
        start, end = at / RATE, (at + WINDOW) / RATE
        # The tones of a second have their own silence nowhere; shorter than this is no pause.
        if found and start - found[-1][1] < 0.25:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


# --- what the platforms serve ------------------------------------------------------------------

WORLDS = {
    "zoom": (2, 0),
    "webex_meetings": (3, 0),
    "webex_calling": (0, 4),
    "webex_cc": (0, 3),
    "dynamics": (0, 6),
}
"""Meetings and calls of a day on which the platform records sound, films, or both."""


@pytest.mark.proof("T9")
@pytest.mark.timeout(1800)
def test_every_platform_is_heard_second_by_second(
    tmp_path: Path, adapter: str, tally: Tally
) -> None:
    """In the forms that the platform serves, what is made of a recording is that recording (T9)."""
    meetings, calls = WORLDS[adapter]
    with a_day(tmp_path, adapter, meetings=meetings, calls=calls) as stage:
        settle(stage)
        assert_equal(stage)
        with stage.open() as app:
            seconds = list_seconds(stage)
            rows = ask(stage, "SELECT * FROM file WHERE state = 'archived' ORDER BY recipe")
            playing = [row for row in rows if row.kind in ("audio", "video")]
            paths = {row.id: app.archive.path_of(row.sha256) for row in playing}
        originals = [row for row in playing if not row.recipe]
        for row in originals:
            check_original(paths[row.id], seconds[row.sha256])
        for row in playing:
            for film in originals:
                if is_made_of(row, film):
                    check_made(row.recipe, paths[row.id], paths[film.id])
        assert originals
        tally.injected["recording"] = len(originals)
        tally.offered = tally.survived = len(originals)


def list_seconds(stage: Simulated) -> dict[str, float | None]:
    """How long each file of the World plays, by its hash."""
    now = stage.clock.now()
    return {one.sha256: one.duration_s for each in stage.platforms for one in each.truth(now)}


def is_made_of(row: Any, film: Any) -> bool:
    """Whether *row* is the sound or the voiceless picture of *film*."""
    same = (row.recording_id, row.file_id, row.version)
    made = row.recipe.startswith(("audio@", "voiceless@"))
    return made and same == (film.recording_id, film.file_id, film.version)


def check_original(path: Path, seconds: float | None) -> None:
    """It plays as long as the World says, and every second of it can be recognised."""
    measured = walk(find_ffmpeg(None), path)
    assert measured.duration is not None
    assert seconds is not None
    assert abs(measured.duration - timedelta(seconds=seconds)) <= FRAME, (measured, seconds)
    if measured.audio:
        assert len(read_symbols(path)) == int(seconds + FRAME.total_seconds())


def check_made(recipe: str, path: Path, film: Path) -> None:
    """A voiceless film has no sound; the sound of a film is the film's, second by second."""
    if recipe.startswith("voiceless@"):
        assert walk(find_ffmpeg(None), path).audio == ()
    else:
        assert read_symbols(path) == read_symbols(film)
