"""Proves that an ordinary file is whole, without starting ffmpeg, which costs more than reading it.

An MP4 of H.264 and AAC is whole when its boxes fill it, its tables fit one another and what it says
to last, every packet lies inside the data and apart from all others, and every packet has the form
that it must have: a picture is a chain of units that fills it, whose first slice fits the parameter
sets; a frame of AAC begins with an element that may stand there and closes with its end mark.
ffmpeg, when it only copies, looks at less of every packet but the first of each stream, which it
decodes.  How MP3 and WAV are proved, :mod:`catchment._media.sounds` says.

This module never refuses a file: what it cannot prove, for whatever reason, ffmpeg reads to its
last packet and names the fault.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import BinaryIO

from catchment._media.decoders import (
    Pictures,
    list_openings,
    read_aac,
    read_channels,
    read_entry,
    read_pictures,
)
from catchment._media.sounds import read_mp3, read_wav
from catchment._media.tables import NOT_ORDINARY, Movie, Tables, Unusual, read_movie
from catchment.model import Measured

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
"""What ffmpeg calls the family."""

_HEAD_BYTES = 12
_BUFFER_BYTES = 1024 * 1024
_MOST_PACKET_BYTES = 64 * 1024 * 1024
_BOXES = frozenset((b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"udta", b"meta"))
_LEEWAY = Fraction(1, 2)  # seconds between what is announced and what is there, as for ffmpeg

_Judge = Callable[[bytes, Sequence[int]], bool]
"""Whether some bytes are nothing but whole packets of these sizes."""


def read_ordinary(path: Path) -> Measured | None:
    """What is in *path*, if that could be proved to be whole; ``None`` says nothing.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
        try:
            if head[4:8] == b"ftyp":
                return _read_mp4(file)
            if head[:4] == b"RIFF" and head[8:] == b"WAVE":
                return read_wav(file)
            if head[:3] == b"ID3" or head[:1] == b"\xff":
                return read_mp3(file)
        except NOT_ORDINARY:
            pass
    return None


def _read_mp4(file: BinaryIO) -> Measured:
    movie = read_movie(file)
    if not movie.tracks or movie.others or movie.names - _BOXES:
        raise Unusual(b"moov")
    _check_places(movie)
    _check_times(movie)
    sounds: list[int] = []
    sights: list[tuple[int, int]] = []
    for tables in movie.tracks:
        name, fixed, boxes = read_entry(tables)
        if name == b"avc1" and tables.media == "video":
            pictures = read_pictures(boxes.need(b"avcC"))
            if struct.unpack_from(">HH", fixed, 24) != pictures.size:
                raise Unusual(name)
            sights.append(pictures.size)
            _check_packets(file, tables, _judge_pictures(pictures))
        elif name == b"mp4a" and tables.media == "audio":
            sounds.append(read_channels(bytes(read_aac(boxes))))
            _check_packets(file, tables, _judge_frames(sounds[-1]))
        else:
            raise Unusual(name)
    length = max(one.ends for one in movie.tracks) - min(one.begins for one in movie.tracks)
    return Measured(
        format=MP4,
        duration=timedelta(seconds=float(length)),
        audio=tuple(sounds),
        video=tuple(sights),
    )


# --- tables ----------------------------------------------------------------------------------


def _check_places(movie: Movie) -> None:
    """All packets must lie in the data, and none over another."""
    pieces = sorted(
        (at, at + tables.upto[first + packets] - tables.upto[first])
        for tables in movie.tracks
        for at, first, packets in tables.chunks
    )
    if any(before[1] > after[0] for before, after in pairwise(pieces)):
        raise Unusual(b"stco")
    data = iter(sorted(movie.data))
    start, end = next(data, (0, 0))
    for at, to in pieces:
        while at >= end:
            start, end = next(data, (to, to + 1))
        if at < start or to > end:
            raise Unusual(b"mdat")


def _check_times(movie: Movie) -> None:
    """What is announced must be there, in the whole and in each track."""
    for tables in movie.tracks:
        if abs(Fraction(tables.announced - tables.length, tables.scale)) > _LEEWAY:
            raise Unusual(b"mdhd")
        # An edit that ends before the packets do takes some of them away.
        leeway = tables.longest + movie.tick
        if tables.edited is not None and abs(tables.edited - tables.ends) > leeway:
            raise Unusual(b"elst")
    if abs(movie.length - max(tables.ends for tables in movie.tracks)) > _LEEWAY:
        raise Unusual(b"mvhd")


# --- packets ---------------------------------------------------------------------------------


def _check_packets(file: BinaryIO, tables: Tables, judge: _Judge) -> None:
    """Read every packet; about a megabyte at a time, so that memory stays flat."""
    upto = tables.upto
    for place, start, packets in tables.chunks:
        first, end = start, start + packets
        while first < end:
            last = bisect_right(upto, upto[first] + _BUFFER_BYTES, first, end + 1) - 1
            last = max(last, first + 1)
            length = upto[last] - upto[first]
            if length > _MOST_PACKET_BYTES:
                raise Unusual(b"stsz")
            file.seek(place + upto[first] - upto[start])
            data = file.read(length)
            if len(data) != length or not judge(data, tables.sizes[first:last]):
                raise Unusual(b"mdat")
            first = last


def _build_ends() -> frozenset[bytes]:
    """How a frame of AAC may end: three bits of one, filled up with zeros to a whole byte."""
    return frozenset(
        value.to_bytes(2, "big")
        for value in range(1, 1 << 16)
        if (value & -value) < 1 << 8 and value // (value & -value) & 7 == 7
    )


_ENDS = _build_ends()


def _judge_frames(channels: int) -> _Judge:
    """Whether packets are frames of AAC (14496-3, 4.4.2.1: the last element is the end mark)."""
    first = list_openings(channels)
    openings = frozenset(bytes((byte,)) for byte in range(256) if byte >> 5 in first)

    def judge(data: bytes, sizes: Sequence[int]) -> bool:
        ends = list(accumulate(sizes))
        return (
            min(sizes) >= 2
            and all(data[end - 2 : end] in _ENDS for end in ends)
            and all(data[at : at + 1] in openings for at in chain((0,), ends[:-1]))
        )

    return judge


def _judge_pictures(pictures: Pictures) -> _Judge:
    """Whether packets are pictures of H.264 (14496-15, 5.3.4: units after their lengths)."""
    begins = _build_begins(pictures.numbers)
    read_length = struct.Struct(">I").unpack_from

    def judge(data: bytes, sizes: Sequence[int]) -> bool:
        at = end = 0
        for size in sizes:
            end += size
            sliced = False
            while at < end:
                (length,) = read_length(data, at)
                unit = data[at + 4] & 0x9F  # without its weight; the highest bit must be zero
                if unit in (1, 5):
                    if not sliced and data[at + 5 : at + 7] not in begins:
                        return False
                    sliced = True
                elif unit in (7, 8):
                    if data[at + 4 : at + 4 + length] not in pictures.sets:
                        return False
                elif unit not in (6, 9, 12):
                    return False
                if not length:
                    return False
                at += 4 + length
            if at != end or not sliced:
                return False
        return True

    return judge


@lru_cache(maxsize=64)
def _build_begins(numbers: frozenset[int]) -> frozenset[bytes]:
    """The first two bytes of a picture's first slice (14496-10, 7.3.3).

    It begins with the first block, is of one of ten sorts, and names a parameter set.
    """
    begins: set[bytes] = set()
    for number in numbers:
        for sort in range(10):
            bits = "1" + _write_count(sort) + _write_count(number)
            if len(bits) <= 16:
                free = 16 - len(bits)
                start = int(bits, 2) << free
                begins.update(
                    value.to_bytes(2, "big") for value in range(start, start + (1 << free))
                )
    return frozenset(begins)


def _write_count(number: int) -> str:
    """A number that says its own length, as bits."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits
