"""Recordings in which every second can be recognised, and which cost almost nothing.

Each second of a take carries one of 64 symbols, as a pair of tones (and a pattern in the picture).
Which symbol, a keyed hash of the take's ``code`` and the second says, so a second that is missing,
doubled or swapped is heard when the file is decoded by :func:`read_symbols`.

Nothing is stored and no process is started: a take is a pure function of its arguments, joined from
seconds that were encoded once.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from catchment.sandbox import palette
from catchment.sandbox.mp4 import Chunk, Track, build_aac_entry, build_avc_entry, build_mp4

__all__ = ["Form", "Take", "expected_symbols"]

Form = Literal["mp4", "m4a", "mp3", "wav"]

MEDIA_TYPES = {"mp4": "video/mp4", "m4a": "audio/mp4", "mp3": "audio/mpeg", "wav": "audio/wav"}
WAV_RATE = 8000


@dataclass(frozen=True, slots=True)
class Take:
    """One media file, made when it is read.

    Attributes:
        code: Which endless sequence of symbols is filmed.
        seconds: How long the file plays.
        form: The container.
        begin: The second of the sequence at which the file begins.  Somebody who joined seven
            seconds late is the take of the same code with ``begin=7``.
        skips: Stretches ``(from, to)``, in whole seconds after *begin*, that are cut out.
        audio: Whether there is sound; only an MP4 may be without.
        video: Whether there is a picture; asked of an MP4 alone.
        channels: 1 or 2.  The right channel carries a symbol that follows from the left one's.
        quiet: Stretches ``(channel, from, to)``, in whole seconds after *begin* as *skips* count
            them, in which a channel (0 is the left one) has samples of zero; asked of WAV alone.
    """

    code: int
    seconds: float
    form: Form = "mp4"
    begin: int = 0
    skips: tuple[tuple[int, int], ...] = ()
    audio: bool = True
    video: bool = True
    channels: int = 1
    quiet: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.channels not in (1, 2):
            raise ValueError("a take has a length, and one or two channels")
        if not self.audio and not (self.form == "mp4" and self.video):
            raise ValueError("only an MP4 with a picture may be silent")
        if self.quiet and self.form != "wav":
            raise ValueError("only of a WAV may a channel be quiet")

    @property
    def media_type(self) -> str:
        """The media type of the form."""
        return MEDIA_TYPES[self.form]

    @property
    def size_bytes(self) -> int:
        """How long the file is, in bytes."""
        return _layout(self).ends[-1]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return _sha256(self)

    @property
    def symbols(self) -> list[int]:
        """The symbol of each whole second."""
        return expected_symbols(self.code, self.seconds, self.begin, self.skips)

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from *start* up to, not including, *end*; to the end if it is ``None``."""
        return b"".join(self.stream(start, end))

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same as :meth:`read`, piece by piece: about a second at a time."""
        layout = _layout(self)
        end = layout.ends[-1] if end is None else min(end, layout.ends[-1])
        number = bisect_right(layout.ends, start)
        while start < end:
            piece = layout.pieces[number]
            offset = layout.ends[number] - len(piece)
            yield piece[start - offset : end - offset]
            start, number = layout.ends[number], number + 1

    def open(self) -> io.BytesIO:
        """The whole file in memory."""
        return io.BytesIO(self.read())


def expected_symbols(
    code: int, seconds: float, begin: int = 0, skips: tuple[tuple[int, int], ...] = ()
) -> list[int]:
    """The symbols that a take of these arguments must be heard as, one for each whole second."""
    return list(_symbols(code, int(seconds + 1e-6), begin, skips))


def _symbols(
    code: int, count: int, begin: int, skips: tuple[tuple[int, int], ...]
) -> Iterator[int]:
    for second in _seconds(count, skips):
        yield _symbol(code, begin + second)


def _seconds(count: int, skips: tuple[tuple[int, int], ...]) -> Iterator[int]:
    """The first *count* seconds that are not cut out."""
    second = 0
    for _ in range(count):
        while inside := [to for since, to in skips if since <= second < to]:
            second = max(inside)
        yield second
        second += 1


def _symbol(code: int, second: int) -> int:
    return _block(code, second // 64)[second % 64] % palette.SYMBOLS


@lru_cache(maxsize=4096)
def _block(code: int, number: int) -> bytes:
    """Sixty-four seconds at a time, because a hash costs more than a second of sound."""
    key = code.to_bytes(16, "big", signed=True)
    return hashlib.blake2b(number.to_bytes(8, "big", signed=True), key=key).digest()


# --- joining ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Layout:
    """References to the pieces of a file, and where each ends."""

    pieces: list[bytes]
    ends: list[int]


@lru_cache(maxsize=256)
def _layout(take: Take) -> _Layout:
    pieces = _PIECES[take.form](take)
    return _Layout(pieces, list(accumulate(len(piece) for piece in pieces)))


@lru_cache(maxsize=65536)
def _sha256(take: Take) -> str:
    digest = hashlib.sha256()
    for piece in take.stream():
        digest.update(piece)
    return digest.hexdigest()


def _list_seconds(take: Take) -> list[int]:
    """The symbol of each second, a last broken one included."""
    return list(_symbols(take.code, math.ceil(take.seconds - 1e-6), take.begin, take.skips))


def _list_silences(take: Take) -> list[tuple[int, ...]]:
    """The channels that are quiet in each second, a last broken one included."""
    count = math.ceil(take.seconds - 1e-6)
    if not take.quiet:
        return [()] * count
    channels: dict[int, set[int]] = {}
    for channel, since, to in take.quiet:
        for second in range(since, to):
            channels.setdefault(second, set()).add(channel)
    seconds = _seconds(count, take.skips)
    return [tuple(sorted(channels.get(second, ()))) for second in seconds]


def _wav(take: Take) -> list[bytes]:
    width = 2 * take.channels
    length = round(take.seconds * WAV_RATE) * width
    silences = _list_silences(take)
    body = [
        palette.wav_second(symbol, take.channels, WAV_RATE, silent)
        for symbol, silent in zip(_list_seconds(take), silences, strict=True)
    ]
    surplus = sum(map(len, body)) - length
    if surplus:
        body[-1] = body[-1][:-surplus]
    shape = struct.pack("<HHIIHH", 1, take.channels, WAV_RATE, WAV_RATE * width, width, 16)
    head = struct.pack("<4sI8sI", b"RIFF", 36 + length, b"WAVEfmt ", 16) + shape
    return [head + struct.pack("<4sI", b"data", length), *body]


def _mp3(take: Take) -> list[bytes]:
    tiles = palette.sound_tiles("mp3", take.channels)
    counts = _list_counts(take.seconds, palette.RATE / palette.FRAME["mp3"])
    seconds = zip(_list_seconds(take), counts, strict=True)
    body = [b"".join(tiles[symbol][:count]) for symbol, count in seconds]
    return [_info_frame(tiles[0][0], take.channels, sum(map(len, body))), *body]


def _info_frame(frame: bytes, channels: int, body: int) -> bytes:
    """A silent frame that says how many follow, so that players need not guess the duration."""
    side = 9 if channels == 1 else 17
    said = struct.pack(">4sIII", b"Info", 3, body // len(frame), body + len(frame))
    return (frame[:4] + bytes(side) + said).ljust(len(frame), b"\0")


def _mp4(take: Take) -> list[bytes]:
    tracks = [_picture_track(take)] if take.video and take.form == "mp4" else []
    if take.audio:
        tracks.append(_sound_track(take))
    return build_mp4(b"isom" if take.form == "mp4" else b"M4A ", tracks)


_PIECES = {"wav": _wav, "mp3": _mp3, "m4a": _mp4, "mp4": _mp4}


def _list_counts(seconds: float, rate: float) -> Iterator[int]:
    """How many frames of *rate* a second fall to each second; the last has what is left."""
    total, slots = math.ceil(seconds * rate - 1e-6), math.ceil(seconds - 1e-6)
    for slot in range(slots):
        end = total if slot == slots - 1 else int(rate * (slot + 1))
        yield end - int(rate * slot)


@lru_cache(maxsize=2048)
def _sound_chunk(channels: int, symbol: int, count: int) -> Chunk:
    return _chunk(palette.sound_tiles("aac", channels)[symbol][:count])


@lru_cache(maxsize=1024)
def _picture_chunk(symbol: int, odd: int, count: int) -> Chunk:
    return _chunk(palette.picture_tiles()[1 + 2 * symbol + odd][:count])


def _chunk(frames: tuple[bytes, ...]) -> Chunk:
    return Chunk(struct.pack(f">{len(frames)}I", *map(len, frames)), b"".join(frames))


def _sound_track(take: Take) -> Track:
    frame = palette.FRAME["aac"]
    counts = _list_counts(take.seconds, palette.RATE / frame)
    seconds = zip(_list_seconds(take), counts, strict=True)
    return Track(
        handler="soun",
        scale=palette.RATE,
        delta=frame,
        length=round(take.seconds * palette.RATE),
        entry=build_aac_entry(palette.RATE, take.channels),
        chunks=[_sound_chunk(take.channels, symbol, count) for symbol, count in seconds],
    )


def _picture_track(take: Take) -> Track:
    tick = 1000
    counts = _list_counts(take.seconds, palette.FPS)
    seconds = zip(_list_seconds(take), counts, strict=True)
    sps, pps = palette.picture_tiles()[0]
    return Track(
        handler="vide",
        scale=tick * palette.FPS,
        delta=tick,
        length=round(take.seconds * tick * palette.FPS),
        entry=build_avc_entry(palette.WIDTH, palette.HEIGHT, sps, pps),
        chunks=[
            _picture_chunk(symbol, number % 2, count)
            for number, (symbol, count) in enumerate(seconds)
        ],
        sync=palette.FPS,
        size=(palette.WIDTH, palette.HEIGHT),
    )
