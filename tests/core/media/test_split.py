"""Audio and voiceless video hold the very packets of their original (T9, promise 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.split import RECIPES, Split, build_split, plan_renditions, split
from catchment._media.tool import Ffmpeg, find_ffmpeg
from catchment._media.walk import walk, walk_streams
from catchment.errors import StorageUnavailable, Unconvertible
from catchment.model import Kind, Measured

FRAME = timedelta(milliseconds=40)


def _split(ffmpeg: Ffmpeg, source: Path, folder: Path, by: Ffmpeg | None = None) -> Split:
    measured = walk(ffmpeg, source)
    return split(by or ffmpeg, source, folder / "a.m4a", folder / "v.mp4", measured)


@pytest.mark.parametrize(
    "name",
    ["film.mp4", "fast.mp4", "fragments.mp4", "left.mp4", "uneven.mp4", "two.mp4", "words.mp4"],
)
def test_film_becomes_sound_and_sight(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, name: str
) -> None:
    """T9: the voiceless video has no audio, channels and durations are those of the source."""
    source = walk(ffmpeg, corpus / name)
    made = _split(ffmpeg, corpus / name, tmp_path)
    assert made.audio is not None
    assert made.video is not None
    assert (made.audio.audio, made.audio.video) == (source.audio, ())
    assert (made.video.audio, made.video.video) == ((), source.video)
    for rendition in (made.audio, made.video):
        assert rendition.duration is not None
        assert source.duration is not None
        assert abs(rendition.duration - source.duration) <= FRAME


def test_what_is_told_is_what_is_written(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """The measures of a rendition are those of the file under its final name."""
    made = _split(ffmpeg, corpus / "film.mp4", tmp_path)
    assert walk(ffmpeg, tmp_path / "a.m4a", decode=True) == made.audio
    assert walk(ffmpeg, tmp_path / "v.mp4", decode=True) == made.video
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.m4a", "v.mp4"]


@pytest.mark.parametrize("name", ["film.mp4", "fragments.mp4", "resized.mp4"])
def test_packets_are_the_same(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, name: str) -> None:
    """Nothing is encoded again: the voiceless video has the packets of its source."""
    _split(ffmpeg, corpus / name, tmp_path)
    _, source = walk_streams(ffmpeg, corpus / name)
    _, made = walk_streams(ffmpeg, tmp_path / "v.mp4")
    assert [s.digest for s in made.of("video")] == [s.digest for s in source.of("video")]


def test_made_twice_is_the_same(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """Promise 2: deriving again gives the same bytes, so they are stored once."""
    found = set()
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        _split(ffmpeg, corpus / "film.mp4", folder)
        found.add(hashlib.sha256((folder / "v.mp4").read_bytes()).hexdigest())
        found.add(hashlib.sha256((folder / "a.m4a").read_bytes()).hexdigest())
    assert len(found) == 2


def test_late_sound_stays_late(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """T9: sound that sets in after half a second does so in its rendition (offset ≤ 100 ms)."""
    _split(ffmpeg, corpus / "late.mp4", tmp_path)
    _, tally = walk_streams(ffmpeg, tmp_path / "a.m4a")
    assert tally.begins.total_seconds() == pytest.approx(0.5, abs=0.1)


def test_source_without_video_gives_sound_only(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path
) -> None:
    """Only what is there is written."""
    made = _split(ffmpeg, corpus / "sound.m4a", tmp_path)
    assert made.video is None
    assert made.audio is not None
    assert not (tmp_path / "v.mp4").exists()


def test_source_without_sound_gives_video_only(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path
) -> None:
    """Only what is there is written."""
    made = _split(ffmpeg, corpus / "sight.mp4", tmp_path)
    assert made.audio is None
    assert made.video is not None
    assert not (tmp_path / "a.m4a").exists()


def test_source_without_anything_is_unconvertible(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Nothing to split is not a success."""
    with pytest.raises(Unconvertible, match="neither"):
        split(ffmpeg, tmp_path / "x", tmp_path / "a", tmp_path / "v", Measured())


def test_progress_comes_to_its_end(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """Progress never goes back and ends at one."""
    shown: list[float] = []
    source = corpus / "film.mp4"
    paths = tmp_path / "a.m4a", tmp_path / "v.mp4"
    split(ffmpeg, source, *paths, walk(ffmpeg, source), shown.append)
    assert shown == sorted(shown)
    assert shown[-1] == 1.0


def test_one_process_writes_both(tmp_path: Path) -> None:
    """The source is read once: one input, two files, and the list of packets."""
    parts = {"audio": tmp_path / "a", "video": tmp_path / "v"}
    arguments = build_split(tmp_path / "film.mp4", parts)
    assert arguments.count("-i") == 1
    assert arguments.count("copy") == 3
    assert arguments[-2] == "pipe:1"
    assert all(f"file:{part}" in arguments for part in parts.values())


# --- what must not pass --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("a[a.index('-i'):a.index('-i')] = ['-t', '0.5']", r"left out 0\.[45]"),
        ("i = a.index('-map_chapters'); a[i:i] = ['-t', '0.5']", r"instead of 1\.0"),
        ("a[a.index('0:V')] = '0'", "video rendition holds a stream of audio"),
        ("a[a.index('copy')] = 'aac'", r"packets|instead of"),
        ("i = a.index('copy'); a[i:i+1] = ['aac', '-ac', '1']", "other channels"),
        ("i = a.index('-i'); a[i:i] = ['-itsoffset', '2']", r"left out -2|out of step"),
        ("sys.exit(0)", "did not split all streams"),
        ("sys.exit(4)", "exit 4"),
    ],
    ids=[
        *("shortened", "one shortened", "voice left in", "encoded again"),
        *("made mono", "shifted", "nothing done", "failed"),
    ],
)
def test_wrong_renditions_are_refused(
    ffmpeg: Ffmpeg,
    corpus: Path,
    tmp_path: Path,
    meddler: Callable[[str], Ffmpeg],
    change: str,
    reason: str,
) -> None:
    """Pain G: an ffmpeg that does something else, and says that all is well, is caught."""
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(Unconvertible, match=reason):
        _split(ffmpeg, corpus / "fragments.mp4", folder, by=meddler(change))
    assert list(folder.iterdir()) == []


def test_cut_source_is_unconvertible(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, cut: Callable[[Path, float], Path]
) -> None:
    """A source that lost its end since it was measured gives no renditions."""
    measured = walk(ffmpeg, corpus / "fast.mp4")
    source = cut(corpus / "fast.mp4", 0.7)
    with pytest.raises(Unconvertible, match="corrupt"):
        split(ffmpeg, source, tmp_path / "a.m4a", tmp_path / "v.mp4", measured)
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "a.m4a").exists()


def test_full_disk_is_not_the_recordings_fault(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, script: Callable[[str], str]
) -> None:
    """A full disk says nothing about the recording."""
    full = find_ffmpeg(script("echo '[error] No space left on device' >&2; exit 228"))
    with pytest.raises(StorageUnavailable):
        _split(ffmpeg, corpus / "fragments.mp4", tmp_path, by=full)
    (tmp_path / "v.mp4.part").symlink_to("/dev/full")
    with pytest.raises(StorageUnavailable, match="No space left"):
        _split(ffmpeg, corpus / "film.mp4", tmp_path)
    assert list(tmp_path.glob("*.m*4*")) == []


def test_lost_source_is_unconvertible(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """What the archive lost is not split, and the reason says so."""
    measured = walk(ffmpeg, corpus / "film.mp4")
    with pytest.raises(Unconvertible, match="lacks the recording"):
        split(ffmpeg, tmp_path / "none.mp4", tmp_path / "a", tmp_path / "v", measured)


# --- what is to be made --------------------------------------------------------------------------

BOTH = Measured(audio=(2,), video=((160, 120),))


@pytest.mark.parametrize(
    ("kind", "form", "measured", "recipes"),
    [
        ("video", "mp4", BOTH, ("audio@2", "voiceless@2")),
        ("screen", "MP4", BOTH, ("audio@2", "voiceless@2")),
        ("video", "mp4", Measured(video=((160, 120),)), ()),
        ("video", "mp4", Measured(audio=(2,)), ()),
        ("audio", "m4a", Measured(audio=(1,)), ()),
        ("attachment", "mp4", BOTH, ()),
        ("chat", "txt", Measured(), ()),
    ],
)
def test_plan(kind: Kind, form: str, measured: Measured, recipes: tuple[str, ...]) -> None:
    """A film with sound gives both renditions, anything else none."""
    assert plan_renditions(kind, form, measured) == recipes
    assert set(recipes) <= set(RECIPES)
