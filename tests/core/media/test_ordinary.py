"""A file passes without ffmpeg only if it is proved whole, and is measured as ffmpeg would (T9)."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from catchment._media.ordinary import read_ordinary
from catchment._media.tool import Ffmpeg
from catchment._media.walk import walk, walk_streams
from catchment.errors import Corrupt

ORDINARY = (
    *("film.mp4", "fast.mp4", "left.mp4", "two.mp4", "sight.mp4", "late.mp4", "uneven.mp4"),
    *("sound.m4a", "mono.m4a", "cover.m4a", "sound.mp3", "sound.wav"),
)
SPOILT = ("film.mp4", "fast.mp4", "sound.m4a", "sound.mp3")


@pytest.fixture
def spoil(corpus: Path, tmp_path: Path) -> Callable[[str, Callable[[bytearray], object]], Path]:
    """Change the bytes of a file; the change may also give other bytes."""

    def change(name: str, by: Callable[[bytearray], object]) -> Path:
        data = bytearray((corpus / name).read_bytes())
        given = by(data)
        path = tmp_path / f"spoilt{Path(name).suffix}"
        path.write_bytes(given if isinstance(given, bytes) else data)
        return path

    return change


Spoil = Callable[[str, Callable[[bytearray], object]], Path]


def _body(data: bytearray, name: bytes) -> int:
    return data.index(name) + 4


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_file_is_measured_as_by_ffmpeg(ffmpeg: Ffmpeg, corpus: Path, name: str) -> None:
    """T9: the same streams, channels, sizes and duration, to the microsecond."""
    assert read_ordinary(corpus / name) == walk_streams(ffmpeg, corpus / name)[0]


@pytest.mark.parametrize(
    "name", ["fragments.mp4", "words.mp4", "resized.mp4", "cover.jpg", "words.srt", "both.h264"]
)
def test_what_is_not_ordinary_is_not_judged(corpus: Path, name: str) -> None:
    """Fragments, other tracks, changing pictures and other forms are ffmpeg's matter."""
    assert read_ordinary(corpus / name) is None


# --- what must not pass --------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("name", [*SPOILT, "sound.wav"])
def test_cut_file_is_not_proved(
    corpus: Path, cut: Callable[[Path, float], Path], name: str, share: float
) -> None:
    """T9: what lacks its end is not whole, wherever the end is."""
    assert read_ordinary(cut(corpus / name, share)) is None


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("name", SPOILT)
def test_zeros_in_place_of_the_end_are_seen(spoil: Spoil, name: str, share: float) -> None:
    """T9: a file of the right size whose end was never written."""

    def blank(data: bytearray) -> None:
        start = int(len(data) * share)
        data[start:] = bytes(len(data) - start)

    assert read_ordinary(spoil(name, blank)) is None


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("name", SPOILT)
def test_hole_in_the_middle_is_seen(spoil: Spoil, name: str, share: float) -> None:
    """T9: some kilobytes of zeros between good packets; ffmpeg does not see them in sound."""

    def blank(data: bytearray) -> None:
        start = int(len(data) * share)
        data[start : start + 2500] = bytes(2500)

    assert read_ordinary(spoil(name, blank)) is None


@pytest.mark.parametrize("name", SPOILT)
def test_stretch_of_another_file_is_seen(spoil: Spoil, corpus: Path, name: str) -> None:
    """T9: a stretch that belongs to another recording of the same sort."""
    other = (corpus / "left.mp4").read_bytes()

    def mix(data: bytearray) -> None:
        start = len(data) // 2
        data[start : start + 3000] = other[1000:4000]

    assert read_ordinary(spoil(name, mix)) is None


def test_packets_of_another_film_are_seen(corpus: Path, tmp_path: Path) -> None:
    """T9: the index of one film before the data of another."""
    film, other = ((corpus / name).read_bytes() for name in ("fast.mp4", "left.mp4"))
    start, place = film.index(b"mdat") + 4, other.index(b"mdat") + 4
    packets = (other[place:] + other[place:])[: len(film) - start]
    path = tmp_path / "swapped.mp4"
    path.write_bytes(film[:start] + packets)
    assert read_ordinary(path) is None


@pytest.mark.parametrize("name", SPOILT)
def test_bytes_that_were_lost_or_told_twice_are_seen(spoil: Spoil, name: str) -> None:
    """T9: the rest of the file stands a little before or after its place."""

    def lose(data: bytearray) -> None:
        del data[len(data) // 2 : len(data) // 2 + 100]

    def repeat(data: bytearray) -> None:
        middle = len(data) // 2
        data[middle:middle] = data[middle : middle + 100]

    assert read_ordinary(spoil(name, lose)) is None
    assert read_ordinary(spoil(name, repeat)) is None


@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0\0", b"<html></html>", b"\0\0\0\x10moof12345678"])
@pytest.mark.parametrize("name", [*SPOILT, "sound.wav"])
def test_tail_is_seen(spoil: Spoil, name: str, tail: bytes) -> None:
    """What was appended is not part of the recording."""
    assert read_ordinary(spoil(name, lambda data: data.extend(tail))) is None


def _set(box: bytes, at: int, value: int) -> Callable[[bytearray], None]:
    def write(data: bytearray) -> None:
        struct.pack_into(">I", data, _body(data, box) + at, value)

    return write


def _add(box: bytes, at: int, more: int) -> Callable[[bytearray], None]:
    def write(data: bytearray) -> None:
        place = _body(data, box) + at
        struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + more)

    return write


def _overlap(data: bytearray) -> None:
    """Let the second run of packets lie where the first one lies."""
    at = _body(data, b"stco") + 8
    data[at + 4 : at + 8] = data[at : at + 4]


def _elsewhere(data: bytearray) -> None:
    """Let the packets be in another file."""
    data[_body(data, b"url ") + 3] = 0


@pytest.mark.parametrize(
    "change",
    [
        _add(b"mvhd", 16, 100_000),
        _add(b"mdhd", 16, 100_000),
        _set(b"elst", 8, 300),
        _set(b"elst", 4, 2),
        _set(b"elst", 16, 0x20000),
        _add(b"stco", 8, 1),
        _add(b"stco", 8, -1),
        _set(b"stco", 8, 40),
        _set(b"stco", 8, 2**31),
        _overlap,
        _add(b"stsz", 8, -1),
        _add(b"stsz", 12, 1),
        _add(b"stsz", 12, -1),
        _add(b"stsc", 12, 1),
        _add(b"stsc", 16, 1),
        _add(b"stts", 8, -1),
        _set(b"stsd", 4, 0),
        _elsewhere,
        _add(b"avcC", -8, -8),
        _add(b"avcC", -62, 16),
        _add(b"mdat", -8, -4),
    ],
    ids=[
        *("film longer", "track longer", "edit shorter", "edits more", "played twice as fast"),
        *("later", "earlier", "in the index", "behind the end", "on another"),
        *("fewer packets", "longer packet", "shorter packet", "more in a run", "other codec"),
        *("fewer times", "no codec", "other file", "codec cut", "other size", "data shorter"),
    ],
)
def test_tables_must_fit(spoil: Spoil, change: Callable[[bytearray], object]) -> None:
    """T9: an index that does not fit itself, or the data, proves nothing."""
    assert read_ordinary(spoil("film.mp4", change)) is None


def test_frames_that_are_missing_are_seen(spoil: Spoil) -> None:
    """T9: an MP3 that lost whole frames at its end announces more than it has."""

    def drop(data: bytearray) -> bytes:
        starts = [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1] == 0xFB]
        return bytes(data[: starts[-1]])

    assert read_ordinary(spoil("sound.mp3", drop)) is None


def test_samples_that_are_missing_are_seen(spoil: Spoil) -> None:
    """T9: a WAV that announces more than it has, in whole samples."""
    assert read_ordinary(spoil("sound.wav", lambda data: bytes(data[:-4]))) is None


def _set_wav(at: int, form: str, value: int) -> Callable[[bytearray], None]:
    def write(data: bytearray) -> None:
        struct.pack_into(form, data, _body(data, b"fmt ") + 4 + at, value)

    return write


@pytest.mark.parametrize(
    "change",
    [
        _set_wav(0, "<H", 85),
        _set_wav(2, "<H", 0),
        _set_wav(2, "<H", 3),
        _set_wav(4, "<I", 0),
        _set_wav(8, "<I", 1),
        _set_wav(14, "<H", 7),
        lambda data: data.__setitem__(slice(4, 8), b"\xff\xff\xff\xff"),
        lambda data: data.__setitem__(slice(12, 16), b"what"),
    ],
    ids=["codec", "silent", "channels", "rate", "bytes", "bits", "endless", "no shape"],
)
def test_wav_must_fit(spoil: Spoil, change: Callable[[bytearray], object]) -> None:
    """T9: a head that does not fit itself proves nothing."""
    assert read_ordinary(spoil("sound.wav", change)) is None


def test_hidden_stereo_is_not_judged(spoil: Spoil) -> None:
    """Pain G: sound of a low rate may be two channels in the form of one; only a decoder tells."""

    def change(data: bytearray) -> None:
        at = data.index(b"\x05", data.index(b"esds") + 12 + 13)
        while data[at + 1] & 0x80:
            at += 1
        told = struct.unpack_from(">H", data, at + 2)[0] & ~0x0780
        struct.pack_into(">H", data, at + 2, told | 8 << 7)  # 16 kHz
        data[at + 4 : at + 7] = b"\0\0\0"  # and nothing about what is hidden

    assert read_ordinary(spoil("mono.m4a", change)) is None


@pytest.mark.parametrize("seed", range(8))
def test_what_ffmpeg_refuses_does_not_pass(
    ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path, seed: int
) -> None:
    """T9: whatever stands in its place, a film that ffmpeg's walk refuses is refused."""
    chance = random.Random(seed)
    for name in ("film.mp4", "fast.mp4"):
        data = bytearray((corpus / name).read_bytes())
        at, length = chance.randrange(len(data)), int(10 ** chance.uniform(0, 4))
        end = min(len(data), at + length)
        data[at:end] = chance.randbytes(end - at) if seed % 2 else bytes(end - at)
        path = tmp_path / name
        path.write_bytes(data)
        try:
            walk_streams(ffmpeg, path)
        except Corrupt:
            with pytest.raises(Corrupt):
                walk(ffmpeg, path)


def test_damaged_tables_fail_in_no_other_way(corpus: Path, tmp_path: Path) -> None:
    """Foreign bytes anywhere are no error of ours, and fill no memory."""
    chance = random.Random(5)
    tracemalloc.start(1)
    for name in ("fast.mp4", "sound.mp3", "sound.wav"):
        whole = (corpus / name).read_bytes()
        path = tmp_path / name
        for _ in range(60):
            spoilt = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                spoilt[chance.randrange(min(len(whole), 4000))] = chance.choice((0, 1, 127, 255))
            path.write_bytes(spoilt)
            read_ordinary(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000


def test_long_sound_takes_little_memory(corpus: Path, tmp_path: Path) -> None:
    """Memory stays flat whatever the size."""
    whole = bytearray((corpus / "sound.wav").read_bytes())
    at = whole.index(b"data") + 4
    samples = bytes(48_000_000)
    struct.pack_into("<I", whole, at, len(samples))
    struct.pack_into("<I", whole, 4, at + 4 + len(samples) - 8)
    path = tmp_path / "long.wav"
    path.write_bytes(whole[: at + 4] + samples)
    del samples
    tracemalloc.start()
    assert read_ordinary(path) is not None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
