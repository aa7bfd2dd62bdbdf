"""Tracks of an ordinary MP4 are written as they are, or not at all (T9, promise 3)."""

from __future__ import annotations

import random
import subprocess
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from catchment._media.ordinary import read_ordinary
from catchment._media.split import split
from catchment._media.tables import NOT_ORDINARY, Tables, Unusual, read_movie
from catchment._media.tool import Ffmpeg
from catchment._media.tracks import Plan, plan_tracks, read_tracks, write_plan
from catchment._media.walk import Stream, walk, walk_streams

ORDINARY = ("film.mp4", "fast.mp4", "left.mp4", "two.mp4", "late.mp4", "uneven.mp4", "words.mp4")


def _plan(path: Path, media: str = "video") -> Plan:
    with path.open("rb") as file:
        movie = read_tracks(file)
        return plan_tracks(movie, [one for one in movie.tracks if one.media == media])


def _write(path: Path, target: Path, media: str, plan: Plan | None = None) -> list[Tables] | None:
    with path.open("rb") as file:
        return write_plan(plan or _plan(path, media), file, target, lambda _: None)


def _describe(stream: Stream) -> tuple[object, ...]:
    span = stream.end - stream.start
    return stream.codec, stream.packets, stream.size_bytes, stream.digest, stream.longest, span


@pytest.mark.parametrize("media", ["audio", "video"])
@pytest.mark.parametrize("name", ORDINARY)
def test_ffmpeg_reads_what_it_reads_of_the_source(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, name: str, media: str
) -> None:
    """T9: the same packets at the same times, nothing else, and every one of them decodes."""
    target = tmp_path / "made.mp4"
    assert _write(corpus / name, target, media) is not None
    _, before = walk_streams(ffmpeg, corpus / name)
    _, after = walk_streams(ffmpeg, target, decode=True)
    assert [_describe(one) for one in after.of(media)] == [
        _describe(one) for one in before.of(media)
    ]
    assert len(after.streams) == len(after.of(media))
    started = [one.seconds(one.start) + after.begins for one in after.of(media)]
    assert started == [one.seconds(one.start) + before.begins for one in before.of(media)]
    assert read_ordinary(target) is not None


@pytest.mark.parametrize(("name", "media"), [("film.mp4", "video"), ("late.mp4", "audio")])
def test_decoded_it_is_the_same(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, name: str, media: str
) -> None:
    """T9: every picture and every sample that a player shows is that of the source."""
    target = tmp_path / "made.mp4"
    _write(corpus / name, target, media)
    stream = ("-map", "0:V" if media == "video" else "0:a", "-f", "framemd5", "-")
    shown = [
        subprocess.run(
            [ffmpeg.path, "-v", "error", "-copyts", "-i", path, *stream],
            check=True,
            capture_output=True,
            timeout=120,
        ).stdout
        for path in (corpus / name, target)
    ]
    assert shown[0] == shown[1]
    assert shown[0].count(b"\n") > 20


def test_index_goes_first(corpus: Path, tmp_path: Path) -> None:
    """Replay starts before everything is loaded, wherever the source has its index."""
    _write(corpus / "film.mp4", tmp_path / "made.mp4", "video")
    made = (tmp_path / "made.mp4").read_bytes()
    assert made.index(b"moov") < made.index(b"mdat")


def test_places_beyond_four_gigabytes_have_eight_bytes(corpus: Path, tmp_path: Path) -> None:
    """A film of many hours keeps every packet at its place."""
    whole = bytearray((corpus / "sound.m4a").read_bytes())
    at = whole.index(b"stsz") + 8
    whole[at : at + 4] = (200_000_000).to_bytes(4, "big")  # every packet as large as that
    at = whole.index(b"stsz") - 4
    free = int.from_bytes(whole[at : at + 4], "big") - 20
    whole[at : at + 4] = (20).to_bytes(4, "big")
    whole[at + 20 : at + 28] = free.to_bytes(4, "big") + b"free"  # where the sizes were
    large = tmp_path / "large.m4a"
    large.write_bytes(whole)
    plan = _plan(large, "audio")
    head = tmp_path / "head.mp4"
    head.write_bytes(plan.head)
    with head.open("rb+") as file:
        file.truncate(len(plan.head) + plan.size_bytes)  # no byte of it is on the disk
        (made,) = read_movie(file).tracks
    assert plan.size_bytes > 2**32
    assert b"co64" in plan.head
    assert [at for at, _, _ in made.chunks] == list(plan.places[0])
    assert made.chunks[0][0] == len(plan.head)


# --- what is not written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["fragments.mp4", "sound.wav", "sound.mp3", "cover.jpg", "words.srt"]
)
def test_what_is_not_ordinary_is_not_written(corpus: Path, name: str) -> None:
    """Nothing is guessed: ffmpeg does everything else."""
    with pytest.raises(NOT_ORDINARY):
        _plan(corpus / name)


@pytest.mark.parametrize(
    ("known", "unknown"), [(b"stss", b"saio"), (b"ftypisom", b"ftypqt  "), (b"avc1", b"encv")]
)
def test_what_may_say_more_is_not_written(
    corpus: Path, tmp_path: Path, known: bytes, unknown: bytes
) -> None:
    """A table that may point into the file, another family, or a secret: none is taken along."""
    whole = (corpus / "fast.mp4").read_bytes()
    path = tmp_path / "other.mp4"
    begin = whole.index(b"stsd") if known == b"avc1" else 0
    path.write_bytes(whole[:begin] + whole[begin:].replace(known, unknown, 1))
    assert path.read_bytes() != whole
    with pytest.raises(Unusual):
        _plan(path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["film.mp4", "fast.mp4"])
def test_cut_film_is_not_written(
    corpus: Path, cut: Callable[[Path, float], Path], name: str, share: float
) -> None:
    """T9: packets that are not there are not counted."""
    with pytest.raises(NOT_ORDINARY):
        _plan(cut(corpus / name, share))


def test_source_that_became_shorter_is_noticed(corpus: Path, tmp_path: Path) -> None:
    """Promise 3: what cannot be read to its last packet makes no rendition."""
    plan = _plan(corpus / "fast.mp4")
    short = tmp_path / "short.mp4"
    short.write_bytes((corpus / "fast.mp4").read_bytes()[:-1000])
    with pytest.raises(Unusual):
        _write(short, tmp_path / "made.mp4", "video", plan)


def test_what_was_written_otherwise_is_refused(corpus: Path, tmp_path: Path) -> None:
    """Promise 3: what is read back must be what was meant, track for track and place for place."""
    plan = _plan(corpus / "fast.mp4")
    places = [[at + 1 for at in one] for one in plan.places]
    assert _write(corpus / "fast.mp4", tmp_path / "made.mp4", "video", plan) is not None
    for meant in (replace(plan, places=places), replace(plan, tracks=[])):
        assert _write(corpus / "fast.mp4", tmp_path / "made.mp4", "video", meant) is None


def test_damaged_index_fails_in_no_other_way(corpus: Path, tmp_path: Path) -> None:
    """Foreign bytes in the index are no error of ours, and fill no memory."""
    whole = (corpus / "fast.mp4").read_bytes()
    begin, end = whole.index(b"moov"), whole.index(b"mdat")
    chance = random.Random(7)
    path = tmp_path / "damaged.mp4"
    tracemalloc.start(1)
    for _ in range(100):
        spoilt = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(begin, end)] = chance.choice((0, 1, 127, 255))
        path.write_bytes(spoilt)
        with suppress(*NOT_ORDINARY):
            _plan(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000


@pytest.mark.parametrize(("name", "asked"), [("film.mp4", False), ("fragments.mp4", True)])
def test_ffmpeg_splits_only_what_it_must(
    corpus: Path,
    ffmpeg: Ffmpeg,
    tmp_path: Path,
    meddler: Callable[[str], Ffmpeg],
    name: str,
    asked: bool,
) -> None:
    """An ordinary film is split without ffmpeg, any other with it as the witness."""
    seen = tmp_path / "seen"
    by = meddler(f"open({str(seen)!r}, 'w').close()")
    source = corpus / name
    split(by, source, tmp_path / "a.m4a", tmp_path / "v.mp4", walk(ffmpeg, source))
    assert seen.exists() == asked
