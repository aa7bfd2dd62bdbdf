"""What the index of an MP4 says is what ffmpeg reads, or it says nothing (T9)."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from catchment._media.index import Track, read_index
from catchment._media.split import split
from catchment._media.tool import Ffmpeg
from catchment._media.walk import walk, walk_streams

ORDINARY = ("film.mp4", "fast.mp4", "left.mp4", "two.mp4", "sight.mp4", "sound.m4a", "late.mp4")


def _read(path: Path) -> list[Track]:
    tracks = read_index(path)
    assert tracks is not None
    return tracks


@pytest.mark.parametrize("name", [*ORDINARY, "uneven.mp4", "mono.m4a", "words.mp4"])
def test_index_tells_what_ffmpeg_reads(ffmpeg: Ffmpeg, corpus: Path, name: str) -> None:
    """T9: the same streams, as many packets in each, and the same time."""
    measured, tally = walk_streams(ffmpeg, corpus / name)
    tracks = _read(corpus / name)
    for media in ("video", "audio"):
        told = [(track.packets, track.frame) for track in tracks if track.media == media]
        read = [(stream.packets, stream.longest * stream.time_base) for stream in tally.of(media)]
        assert told == read
    assert measured.duration is not None
    ends = max(track.begins + track.plays for track in tracks)
    assert float(ends) == pytest.approx(measured.duration.total_seconds(), abs=0.001)


@pytest.mark.parametrize(
    "name", ["fragments.mp4", "sound.wav", "sound.mp3", "cover.jpg", "words.srt"]
)
def test_what_is_not_ordinary_has_no_index(corpus: Path, name: str) -> None:
    """Nothing is guessed: ffmpeg is asked about everything else."""
    assert read_index(corpus / name) is None


def test_renditions_have_the_tracks_of_their_source(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path
) -> None:
    """T9: size and bytes of every packet are the same, wherever they lie in the file."""
    source, paths = corpus / "film.mp4", (tmp_path / "a.m4a", tmp_path / "v.mp4")
    split(ffmpeg, source, *paths, walk(ffmpeg, source))
    made = [track for path in paths for track in _read(path)]
    tracks = _read(source)
    assert {(t.codec, t.digest) for t in made} == {(t.codec, t.digest) for t in tracks}


def test_every_byte_of_every_packet_counts(corpus: Path, tmp_path: Path) -> None:
    """Promise 3: one changed bit anywhere in the packets changes a digest."""
    whole = (corpus / "film.mp4").read_bytes()
    before = [track.digest for track in _read(corpus / "film.mp4")]
    begin = whole.index(b"mdat") + 4
    end = whole.index(b"moov") - 4
    path = tmp_path / "changed.mp4"
    for at in (begin, begin + 1, (begin + end) // 2, end - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert [track.digest for track in _read(path)] != before


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["film.mp4", "fast.mp4"])
def test_cut_film_has_no_index(
    corpus: Path, cut: Callable[[Path, float], Path], name: str, share: float
) -> None:
    """T9: packets that are not there are not counted."""
    assert read_index(cut(corpus / name, share)) is None


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
        read_index(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000


@pytest.mark.parametrize(("name", "witnessed"), [("film.mp4", False), ("fragments.mp4", True)])
def test_ffmpeg_is_the_witness_only_where_it_must(
    corpus: Path,
    ffmpeg: Ffmpeg,
    tmp_path: Path,
    meddler: Callable[[str], Ffmpeg],
    name: str,
    witnessed: bool,
) -> None:
    """An ordinary film is written once and read back without ffmpeg, any other with it."""
    seen = tmp_path / "seen"
    by = meddler(f"'framecrc' in a and open({str(seen)!r}, 'w').close()")
    source = corpus / name
    split(by, source, tmp_path / "a.m4a", tmp_path / "v.mp4", walk(ffmpeg, source))
    assert seen.exists() == witnessed
