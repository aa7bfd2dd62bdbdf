"""A contact's audio, cut from files (S002-142 to S002-145)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.cut import build_cut, cut, find_shape
from catchment._media.mix import Piece
from catchment._media.sounds import A_LAW, MU_LAW, PCM
from catchment._media.tool import Ffmpeg
from catchment.errors import StorageUnavailable, Unconvertible
from catchment.model import Measured
from catchment.sandbox import Take, expected_symbols, read_symbols

SILENCE = -1
RATE = 8000


def write_wav(
    path: Path, data: bytes, *, kind: int = PCM, bits: int = 16, channels: int = 1, rate: int = RATE
) -> Path:
    """A WAV of these samples, as a platform writes one."""
    width = channels * bits // 8
    shape = struct.pack("<HHIIHH", kind, channels, rate, rate * width, width, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape
    body += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def number(count: int, first: int = 1) -> bytes:
    """So many samples of 16 bits, each of which says which one it is."""
    return b"".join(struct.pack("<H", (first + at) % 60_000 + 1) for at in range(count))


def samples_of(path: Path) -> bytes:
    """What stands in the last chunk of a WAV."""
    data = path.read_bytes()
    at = data.index(b"data")
    (size,) = struct.unpack_from("<I", data, at + 4)
    return data[at + 8 : at + 8 + size]


def piece(source: int, begins: float, length: float, at: float) -> Piece:
    """A piece, in seconds."""
    begin, size, place = (timedelta(seconds=one) for one in (begins, length, at))
    return Piece(source, begin, size, place)


def make(
    ffmpeg: Ffmpeg,
    sources: Sequence[Path],
    pieces: Sequence[Piece],
    target: Path,
    channels: int = 1,
) -> Measured:
    """Cut as the engine does."""
    like = find_shape(sources, pieces)
    return cut(ffmpeg, sources, pieces, target, like=like, channels=channels)


def test_samples_are_copied_exactly(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Not one sample too early or too late, and none of them changed.

    Proves the exactness that S002-143 asks for.
    """
    source = write_wav(tmp_path / "call.wav", number(3 * RATE))
    measured = make(ffmpeg, [source], [piece(0, 0.5, 1.25, 0)], tmp_path / "c.wav")
    whole = samples_of(source)
    assert samples_of(tmp_path / "c.wav") == whole[2 * 4000 : 2 * 14_000]
    assert measured == Measured("wav", timedelta(seconds=1.25), audio=(1,))


def test_times_between_two_samples_go_to_the_nearest(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A time of a whole microsecond falls between samples of 11,025 Hz; rounding does not add up.

    Of three pieces that follow one another no sample is lost and none is heard twice.
    """
    source = write_wav(tmp_path / "call.wav", number(11_025), rate=11_025)
    third = timedelta(microseconds=333_333)
    pieces = [Piece(0, third * n, third, third * n) for n in range(3)]
    make(ffmpeg, [source], pieces, tmp_path / "c.wav")
    assert samples_of(tmp_path / "c.wav") == samples_of(source)


@pytest.mark.parametrize(
    ("kind", "bits", "quiet"),
    [(PCM, 8, b"\x80"), (PCM, 16, b"\0\0"), (A_LAW, 8, b"\xd5"), (MU_LAW, 8, b"\xff")],
)
def test_what_was_not_recorded_is_silent(
    ffmpeg: Ffmpeg, tmp_path: Path, kind: int, bits: int, quiet: bytes
) -> None:
    """A pause is filled with the silence of the format, for as long as it was (S002-144)."""
    data = bytes(range(1, 101)) * 160  # of 8 bits two seconds, of 16 bits one
    source = write_wav(tmp_path / "call.wav", data, kind=kind, bits=bits)
    second = RATE * bits // 8
    pieces = [piece(0, 0, 0.5, 0), piece(0, 0.5, 0.25, 1)]
    make(ffmpeg, [source], pieces, tmp_path / "c.wav")
    half, quarter = second // 2, second // 4
    expected = data[:half] + quiet * (RATE // 2) + data[half : half + quarter]
    assert samples_of(tmp_path / "c.wav") == expected


def test_the_header_of_what_is_no_pcm_says_how_many_samples(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Without it strict players refuse µ-law; ffmpeg and we read an odd number of bytes as well."""
    data = b"\x10" * 8001
    source = write_wav(tmp_path / "call.wav", data + data, kind=MU_LAW, bits=8)
    one = [Piece(0, timedelta(), timedelta(microseconds=1_000_125), timedelta())]
    measured = make(ffmpeg, [source], one, tmp_path / "c.wav")
    made = (tmp_path / "c.wav").read_bytes()
    assert made[made.index(b"fact") + 8 :][:4] == struct.pack("<I", 8001)
    assert samples_of(tmp_path / "c.wav") == data
    assert len(made) % 2 == 0
    assert measured.format == "wav"


def test_channels_stay_apart(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A cut of a file with agent and customer apart has them apart (S002-145)."""
    source = tmp_path / "call.wav"
    source.write_bytes(Take(3, 6, "wav", channels=2).read())
    measured = make(ffmpeg, [source], [piece(0, 2, 3, 0)], tmp_path / "c.wav", channels=2)
    assert measured.audio == (2,)
    left = expected_symbols(3, 6)[2:5]
    assert read_symbols(tmp_path / "c.wav", channel=0) == left
    assert read_symbols(tmp_path / "c.wav", channel=1) == [(one + 21) % 64 for one in left]


def test_two_files_of_one_shape_follow_one_another(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """The consultation comes from its own recording, the rest from that of the call."""
    one = write_wav(tmp_path / "one.wav", number(2 * RATE))
    two = write_wav(tmp_path / "two.wav", number(2 * RATE, 30_000))
    pieces = [piece(1, 0, 1, 0), piece(0, 1, 1, 1)]
    make(ffmpeg, [one, two], pieces, tmp_path / "c.wav")
    second = 2 * RATE
    expected = samples_of(two)[:second] + samples_of(one)[second:]
    assert samples_of(tmp_path / "c.wav") == expected


def test_a_hair_that_a_file_lacks_is_silent(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A file that is some milliseconds shorter than its time line makes nothing shorter."""
    source = write_wav(tmp_path / "call.wav", number(RATE - 80))
    make(ffmpeg, [source], [piece(0, 0, 1, 0)], tmp_path / "c.wav")
    assert samples_of(tmp_path / "c.wav") == samples_of(source) + bytes(160)


def test_files_of_different_shapes_are_encoded(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Samples of different rates cannot follow one another; ffmpeg makes one sound of them."""
    one, two = tmp_path / "one.wav", tmp_path / "two.mp3"
    one.write_bytes(Take(1, 4, "wav").read())
    two.write_bytes(Take(2, 4, "mp3").read())
    pieces = [piece(0, 1, 2, 0), piece(1, 0, 2, 3), piece(0, 3, 1, 6)]
    assert find_shape([one, two], pieces) is None
    measured = make(ffmpeg, [one, two], pieces, tmp_path / "c.m4a")
    first, second = expected_symbols(1, 4), expected_symbols(2, 4)
    heard = read_symbols(tmp_path / "c.m4a")
    assert heard == [*first[1:3], SILENCE, *second[:2], SILENCE, first[3]]
    assert measured.audio == (1,)


@pytest.mark.parametrize("form", ["mp3", "m4a"])
def test_compressed_sound_is_cut_between_two_samples(
    ffmpeg: Ffmpeg, tmp_path: Path, form: str
) -> None:
    """Cut in the middle of a second, its halves stand where they belong: exact to 20 ms."""
    source = tmp_path / f"call.{form}"
    source.write_bytes(Take(5, 6, form, video=False).read())  # type: ignore[arg-type]
    pieces = [piece(0, 0.5, 2.5, 0), piece(0, 3, 2, 2.5)]
    measured = make(ffmpeg, [source], pieces, tmp_path / "c.m4a")
    # Heard from half a second on, it is what the call is from a whole second on.
    make(ffmpeg, [tmp_path / "c.m4a"], [piece(0, 0.5, 4, 0)], tmp_path / "again.m4a")
    assert read_symbols(tmp_path / "again.m4a") == expected_symbols(5, 6)[1:5]
    assert measured.duration is not None
    assert abs(measured.duration - timedelta(seconds=4.5)) < timedelta(seconds=0.1)


def test_two_recordings_of_the_same_bytes_follow_one_another(
    ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    """In the archive they are one file, which is heard twice."""
    path = tmp_path / "1.mp3"
    path.write_bytes(Take(1, 3, "mp3", video=False).read())
    target = tmp_path / "contact.m4a"
    make(ffmpeg, [path, path], [piece(0, 0, 3, 0), piece(1, 0, 3, 3)], target)
    assert read_symbols(target) == expected_symbols(1, 3) * 2


def test_the_same_cut_gives_the_same_bytes(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A job that runs twice archives one file."""
    source = tmp_path / "call.mp3"
    source.write_bytes(Take(5, 4, "mp3").read())
    for name in ("a.m4a", "b.m4a"):
        make(ffmpeg, [source], [piece(0, 0, 2, 0), piece(0, 3, 1, 3)], tmp_path / name)
    assert (tmp_path / "a.m4a").read_bytes() == (tmp_path / "b.m4a").read_bytes()


def test_more_than_a_wav_can_say_is_encoded(tmp_path: Path) -> None:
    """The sizes in a WAV end at four gigabytes; silence between two recordings counts as well."""
    source = write_wav(tmp_path / "call.wav", number(RATE))
    apart = [piece(0, 0, 0.5, 0), piece(0, 0.5, 0.5, 80 * 3600)]
    assert find_shape([source], apart) is None
    assert find_shape([source], apart[:1]) is not None


def test_a_file_whose_header_does_not_fit_is_encoded(tmp_path: Path) -> None:
    """A WAV that announces another size than it has (over four gigabytes, or while streaming)."""
    source = write_wav(tmp_path / "call.wav", number(RATE))
    data = bytearray(source.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    source.write_bytes(data)
    assert find_shape([source], [piece(0, 0, 1, 0)]) is None


def test_what_is_too_short_is_refused_and_leaves_nothing(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """What ffmpeg cannot read is told, and no half file lies there."""
    source = tmp_path / "call.mp3"
    source.write_bytes(b"not a sound" * 100)
    with pytest.raises(Unconvertible):
        make(ffmpeg, [source], [piece(0, 0, 1, 0)], tmp_path / "c.m4a")
    assert [path.name for path in tmp_path.iterdir()] == ["call.mp3"]


def test_a_source_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    """Whoever looks at the contact reads why it has no audio."""
    with pytest.raises(Unconvertible, match="the archive lacks a recording"):
        find_shape([tmp_path / "call.wav"], [piece(0, 0, 1, 0)])


def test_no_room_is_no_fault_of_the_file(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A buffer that cannot be written is tried again later."""
    source = write_wav(tmp_path / "call.wav", number(RATE))
    with pytest.raises(StorageUnavailable, match="cannot be written") as caught:
        make(ffmpeg, [source], [piece(0, 0, 1, 0)], tmp_path / ("n" * 300))
    assert f"{source} cannot be written into {tmp_path}" in str(caught.value)


def test_more_than_two_channels_become_two(tmp_path: Path) -> None:
    """No platform records so; what one does all the same is still heard."""
    words = " ".join(build_cut([tmp_path / "a"], [piece(0, 0, 1, 0)], tmp_path / "c", 6))
    assert "channel_layouts=stereo" in words
    assert "-ac 2" in words
