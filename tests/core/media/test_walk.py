"""Only whole media pass, and what is measured is what is in them (T9)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.tool import Ffmpeg, find_ffmpeg
from catchment._media.walk import Tally, read_channels, walk, walk_streams
from catchment.errors import Corrupt, Transient

FILM = ((1,), ((160, 120),))
WHOLE = {
    "film.mp4": ((2,), ((160, 120),)),
    "fast.mp4": ((2,), ((160, 120),)),
    "fragments.mp4": ((2,), ((160, 120),)),
    "left.mp4": ((2,), ((160, 120),)),
    "uneven.mp4": FILM,
    "two.mp4": ((1, 1), ((160, 120),)),
    "sight.mp4": ((), ((160, 120),)),
    "sound.m4a": ((2,), ()),
    "sound.wav": ((2,), ()),
    "sound.mp3": ((2,), ()),
    "mono.m4a": ((1,), ()),
    "cover.m4a": ((2,), ()),
    "words.mp4": ((2,), ((160, 120),)),
}


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("name", WHOLE)
def test_whole_media_pass(ffmpeg: Ffmpeg, corpus: Path, name: str, decode: bool) -> None:
    """T9: a whole file passes; its streams, channels, sizes and duration are measured."""
    measured = walk(ffmpeg, corpus / name, decode=decode)
    assert (measured.audio, measured.video) == WHOLE[name]
    assert measured.duration is not None
    assert abs(measured.duration - timedelta(seconds=1)) <= timedelta(milliseconds=40)
    assert measured.format


@pytest.mark.parametrize("decode", [False, True])
def test_changing_picture_size_is_no_damage(ffmpeg: Ffmpeg, corpus: Path, decode: bool) -> None:
    """T9: a film may change its size on the way; the first one is told."""
    measured = walk(ffmpeg, corpus / "resized.mp4", decode=decode)
    assert measured.video == ((160, 120),)
    assert measured.duration == timedelta(seconds=2)


def test_late_sound_counts(ffmpeg: Ffmpeg, corpus: Path) -> None:
    """The duration reaches to the end of the last stream, whichever that is."""
    measured = walk(ffmpeg, corpus / "late.mp4")
    assert measured.duration == pytest.approx(timedelta(seconds=1.5), abs=timedelta(seconds=0.03))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("name", ["film.mp4", "fast.mp4", "fragments.mp4", "sound.m4a"])
def test_cut_film_is_refused(
    ffmpeg: Ffmpeg, corpus: Path, cut: Callable[[Path, float], Path], name: str, share: float
) -> None:
    """T9, promise 3: a film cut anywhere does not pass, wherever its index is."""
    with pytest.raises(Corrupt):
        walk(ffmpeg, cut(corpus / name, share))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("name", ["sound.wav", "sound.mp3"])
def test_cut_sound_is_refused(
    ffmpeg: Ffmpeg, corpus: Path, cut: Callable[[Path, float], Path], name: str, share: float
) -> None:
    """T9: sound that announces more than it holds does not pass."""
    with pytest.raises(Corrupt, match=r"cut|corrupt"):
        walk(ffmpeg, cut(corpus / name, share))


def test_missing_index_is_named(
    ffmpeg: Ffmpeg, corpus: Path, cut: Callable[[Path, float], Path]
) -> None:
    """T9: a film without its index is refused, with that reason."""
    with pytest.raises(Corrupt, match="moov atom not found"):
        walk(ffmpeg, cut(corpus / "film.mp4", 0.5))


@pytest.mark.parametrize("name", ["film.mp4", "fast.mp4", "fragments.mp4", "sound.m4a"])
def test_last_byte_counts(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, name: str) -> None:
    """T9: a film that lacks nothing but its last byte does not pass, also if no packet is cut."""
    path = tmp_path / name
    path.write_bytes((corpus / name).read_bytes()[:-1])
    with pytest.raises(Corrupt):
        walk(ffmpeg, path)


def test_tail_of_garbage_is_refused(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """What was appended to a film is not part of it."""
    path = tmp_path / "film.mp4"
    path.write_bytes((corpus / "film.mp4").read_bytes() + b"\x00\x00\x00")
    with pytest.raises(Corrupt, match="is no box"):
        walk(ffmpeg, path)


def test_cut_packet_is_named(
    ffmpeg: Ffmpeg, corpus: Path, cut: Callable[[Path, float], Path]
) -> None:
    """T9: a film whose index is whole and whose packets are not is refused, with that reason."""
    with pytest.raises(Corrupt, match=r"Packet corrupt \(stream = "):
        walk(ffmpeg, cut(corpus / "fast.mp4", 0.6))


def test_garbage_in_a_film_is_refused(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """T9: foreign bytes in the middle are seen without decoding, where packets have a form."""
    with pytest.raises(Corrupt, match="damaged: Invalid NAL"):
        walk(ffmpeg, _spoil(corpus / "sight.mp4", tmp_path))


def test_garbage_in_sound_is_found_by_decoding(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path
) -> None:
    """T9: a full decode sees damage inside packets that all are there."""
    spoilt = _spoil(corpus / "sound.m4a", tmp_path)
    walk(ffmpeg, spoilt)
    with pytest.raises(Corrupt, match="damaged"):
        walk(ffmpeg, spoilt, decode=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 5000,
        b"<html><body>Sign in</body></html>",
        b'{"status":false,"errorCode":3001,"errorMessage":"not there"}',
        bytes(range(256)) * 40,
        b"#EXTM3U\n#EXTINF:1,\nfile:film.mp4\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile film.mp4\n",
    ],
    ids=["empty", "zeros", "page", "59 bytes", "garbage", "playlist", "list"],
)
@pytest.mark.parametrize("suffix", [".mp4", ".wav", ".m3u8", ".ffconcat", ""])
def test_no_media_is_refused(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, content: bytes, suffix: str
) -> None:
    """T9, pain C: what is no media does not pass; a list of other files opens none of them."""
    (tmp_path / "film.mp4").write_bytes((corpus / "film.mp4").read_bytes())
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(Corrupt):
        walk(ffmpeg, path)


def test_index_without_packets_is_refused(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """T9: a film that promises streams and holds no packet has zero duration and does not pass."""
    whole = (corpus / "fragments.mp4").read_bytes()
    path = tmp_path / "header.mp4"
    path.write_bytes(whole[: whole.index(b"moof") - 4])
    with pytest.raises(Corrupt):
        walk(ffmpeg, path)


def test_sound_without_samples_is_refused(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """T9, pain C: a recorder that crashed leaves a header and nothing else."""
    path = tmp_path / "header.wav"
    whole = (corpus / "sound.wav").read_bytes()
    start = whole.index(b"data") + 4
    path.write_bytes(whole[:start] + b"\x00\x00\x00\x00")
    with pytest.raises(Corrupt, match="neither a packet"):
        walk(ffmpeg, path)


@pytest.mark.parametrize("name", ["film.mp4", "fragments.mp4"])
def test_failing_ffmpeg_lets_nothing_pass(
    script: Callable[[str], str], corpus: Path, name: str
) -> None:
    """An exit code other than zero is damage, also without a message."""
    with pytest.raises(Corrupt, match="exit code 3"):
        walk(find_ffmpeg(script("exit 3")), corpus / name)


def test_silent_ffmpeg_lets_nothing_pass(script: Callable[[str], str], corpus: Path) -> None:
    """Success without a single packet is not success."""
    with pytest.raises(Corrupt, match="neither a packet"):
        walk(find_ffmpeg(script("exit 0")), corpus / "fragments.mp4")


def test_unknown_listing_lets_nothing_pass(script: Callable[[str], str], corpus: Path) -> None:
    """A listing that is not understood proves nothing."""
    with pytest.raises(Corrupt, match="cannot be understood"):
        walk(find_ffmpeg(script("echo '0, what, is, this'")), corpus / "fragments.mp4")


def test_killed_ffmpeg_is_not_the_files_fault(script: Callable[[str], str], corpus: Path) -> None:
    """A killed ffmpeg says nothing about the file."""
    with pytest.raises(Transient):
        walk(find_ffmpeg(script("kill -9 $$")), corpus / "film.mp4")


@pytest.mark.parametrize(
    ("name", "decode", "starts"),
    [
        ("sound.m4a", False, []),
        ("sound.mp3", False, []),
        ("sound.wav", False, []),
        ("film.mp4", False, ["glance"]),
        ("fragments.mp4", False, ["walk"]),
        ("sound.m4a", True, ["walk"]),
        ("film.mp4", True, ["walk"]),
    ],
)
def test_ffmpeg_is_asked_only_where_it_must(
    script: Callable[[str], str],
    ffmpeg: Ffmpeg,
    corpus: Path,
    tmp_path: Path,
    name: str,
    decode: bool,
    starts: list[str],
) -> None:
    """A sound is proved without it, a film but for its first pictures, and no full decode."""
    seen = tmp_path / "seen"
    note = f'case "$*" in *framecrc*) echo walk;; *) echo glance;; esac >> {seen}'
    walk(find_ffmpeg(script(f'{note}\nexec {ffmpeg.path} "$@"')), corpus / name, decode=decode)
    assert (seen.read_text().split() if seen.exists() else []) == starts


def test_first_pictures_are_decoded(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """T9: foreign bytes inside the first picture are seen, though its form is whole."""
    whole = bytearray((corpus / "film.mp4").read_bytes())
    start = whole.index(b"mdat") + 1900
    whole[start : start + 60] = bytes(n * 73 % 251 + 1 for n in range(60))
    path = tmp_path / "spoilt.mp4"
    path.write_bytes(whole)
    with pytest.raises(Corrupt, match="damaged"):
        walk(ffmpeg, path)


def test_streams_are_counted(ffmpeg: Ffmpeg, corpus: Path) -> None:
    """Every packet of every stream is counted, with a digest that tells streams apart."""
    _, tally = walk_streams(ffmpeg, corpus / "film.mp4")
    (video,), (audio,) = tally.of("video"), tally.of("audio")
    assert (video.codec, video.packets, video.frame) == ("h264", 25, timedelta(seconds=0.04))
    assert (audio.codec, audio.channels) == ("aac", 2)
    assert video.digest != audio.digest


def test_memory_stays_flat() -> None:
    """A recording of a day takes no more memory than one of a minute."""
    tally = Tally()
    tally.read_line("#tb 0: 1/50")
    tracemalloc.start()
    for number in range(20_000):
        tally.read_line(f"0, {number}, {number}, 1, 400, 0x12345678, F=0x0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000
    assert tally.streams[0].span == timedelta(seconds=400)


@pytest.mark.parametrize(
    ("layout", "channels"),
    [
        ("mono", 1),
        ("stereo", 2),
        ("5.1(side)", 6),
        ("7.1.4", 12),
        ("quad", 4),
        ("3 channels", 3),
        ("16 channels (FL+FR)", 16),
        ("something", 0),
    ],
)
def test_layouts_are_counted(layout: str, channels: int) -> None:
    """The names that ffmpeg has for channel layouts give their number."""
    assert read_channels(layout) == channels


def _spoil(path: Path, folder: Path) -> Path:
    """Put foreign bytes into the middle of the packets, the index left whole."""
    whole = bytearray(path.read_bytes())
    start = whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 2
    whole[start : start + 600] = bytes(n * 73 % 251 for n in range(600))
    spoilt = folder / f"spoilt{path.suffix}"
    spoilt.write_bytes(whole)
    return spoilt
