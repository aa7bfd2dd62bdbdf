"""Several sound files on one time line, heard second by second."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.mix import Piece, build_mix, count_together, mix
from catchment._media.tool import Ffmpeg, find_ffmpeg
from catchment.errors import Unconvertible
from catchment.sandbox import Take, expected_symbols, read_symbols

SILENCE = -1


@pytest.fixture(scope="module")
def ffmpeg() -> Ffmpeg:
    """The real one."""
    return find_ffmpeg(None)


def seconds(number: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=number)


def put(folder: Path, code: int, length: int) -> Path:
    """A recording of which each second can be recognised."""
    path = folder / f"{code}.mp3"
    path.write_bytes(Take(code, length, "mp3", video=False).read())
    return path


def piece(source: int, begins: float, length: float, at: float, side: str = "both") -> Piece:
    """A piece, in seconds."""
    return Piece(source, seconds(begins), seconds(length), seconds(at), side)  # type: ignore[arg-type]


def test_stretches_stand_at_their_time_with_silence_between(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Nothing is moved, lost or repeated: a pause is as long as it was (S001-9)."""
    sources = [put(tmp_path, 1, 5), put(tmp_path, 2, 4)]
    pieces = [piece(0, 0, 2, 0), piece(0, 2, 3, 4), piece(1, 0, 4, 9)]
    measured = mix(ffmpeg, sources, pieces, tmp_path / "call.m4a")
    one, two = expected_symbols(1, 5), expected_symbols(2, 4)
    heard = read_symbols(tmp_path / "call.m4a")
    assert heard == [*one[:2], SILENCE, SILENCE, *one[2:], SILENCE, SILENCE, *two]
    assert measured.audio == (1,)
    assert measured.duration is not None
    assert abs(measured.duration - seconds(13)) < seconds(0.1)


def test_two_voices_stand_on_two_sides(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """What was recorded apart is heard apart, at the same time."""
    sources = [put(tmp_path, 1, 4), put(tmp_path, 2, 3)]
    pieces = [piece(0, 0, 4, 0, "left"), piece(1, 0, 3, 1, "right")]
    measured = mix(ffmpeg, sources, pieces, tmp_path / "call.m4a")
    assert measured.audio == (2,)
    assert read_symbols(tmp_path / "call.m4a", channel=0) == expected_symbols(1, 4)
    assert read_symbols(tmp_path / "call.m4a", channel=1) == [SILENCE, *expected_symbols(2, 3)]


def test_two_recordings_of_the_same_bytes_are_heard_together(
    ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    """A platform may tell of one sound twice, at one time; in the archive that is one file."""
    sources = [put(tmp_path, 1, 4), put(tmp_path, 2, 4), put(tmp_path, 1, 4)]
    pieces = [piece(0, 0, 4, 0), piece(1, 0, 4, 5), piece(2, 0, 4, 0)]
    mix(ffmpeg, sources, pieces, tmp_path / "call.m4a")
    heard = read_symbols(tmp_path / "call.m4a")
    assert heard == [*expected_symbols(1, 4), SILENCE, *expected_symbols(2, 4)]


def test_the_same_sources_give_the_same_bytes(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A job that runs twice archives one file."""
    sources = [put(tmp_path, 1, 2), put(tmp_path, 2, 2)]
    pieces = [piece(0, 0, 2, 0), piece(1, 0, 2, 1)]
    made = []
    for name in ("a.m4a", "b.m4a"):
        mix(ffmpeg, sources, pieces, tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_voices_together_are_made_quieter(tmp_path: Path) -> None:
    """Two at full volume would be clipped; one after the other they are left as they are."""
    apart = [piece(0, 0, 2, 0), piece(1, 0, 2, 2)]
    together = [piece(0, 0, 2, 0), piece(1, 0, 2, 1), piece(0, 2, 1, 5)]
    sides = [piece(0, 0, 2, 0, "left"), piece(1, 0, 2, 0, "right")]
    assert [count_together(one) for one in (apart, together, sides)] == [1, 2, 1]
    sources = [tmp_path / "a", tmp_path / "b"]
    assert "volume=0.5000" in " ".join(build_mix(sources, together, tmp_path / "c"))
    assert "volume" not in " ".join(build_mix(sources, apart, tmp_path / "c"))


def test_what_cannot_be_put_together_leaves_nothing(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A source that is no sound ends the work, and no half file lies under the name."""
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"not a sound" * 100)
    with pytest.raises(Unconvertible):
        mix(ffmpeg, [broken], [piece(0, 0, 1, 0), piece(0, 0, 1, 1)], tmp_path / "call.m4a")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.mp3"]
