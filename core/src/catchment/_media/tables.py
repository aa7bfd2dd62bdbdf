"""Reads the tables of an MP4: which packets each track has, where they lie and when they play.

What is not ordinary (fragments, several edits, media in other files, a table that does not fit the
others) is :class:`Unusual`: nothing is guessed, and whoever asked asks ffmpeg instead.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, islice, pairwise, repeat
from operator import add
from typing import BinaryIO

MOST_BYTES = 64 * 1024 * 1024
"""Of an index: two days of film."""

_MOST_PACKETS = 10_000_000  # of a track, so that a damaged count fills no memory
_MOST_CHUNKS = 200_000  # of a track: two days at more than one a second
_MEDIA = {b"vide": "video", b"soun": "audio"}
_HERE = b"\0\0\0\x01url \0\0\0\x01"  # of a data reference: one, and it is this file


class Unusual(Exception):
    """The file is not what this module reads."""


NOT_ORDINARY = (Unusual, struct.error, IndexError, ValueError, ArithmeticError)
"""What reading foreign tables may raise; all of it means that they are not ordinary."""


class Boxes:
    """The boxes inside some bytes."""

    def __init__(self, data: memoryview) -> None:
        self._found = list(list_boxes(data))

    def list(self, name: bytes) -> Iterator[memoryview]:
        """The bodies of all boxes of this name."""
        return (body for found, body in self._found if found == name)

    def find(self, name: bytes) -> memoryview | None:
        """The body of the first box of this name."""
        return next(self.list(name), None)

    def need(self, name: bytes) -> memoryview:
        """The body of the first box of this name.

        Raises:
            Unusual: There is none.
        """
        body = self.find(name)
        if body is None:
            raise Unusual(name)
        return body


def list_boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Name and body of each box in *data*.

    Raises:
        Unusual: A box reaches beyond the end.
    """
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise Unusual(name)
        yield name, data[at + 8 : at + size]
        at += size


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables of one track say.

    Attributes:
        media: ``"audio"`` or ``"video"``.
        described: The sample descriptions, as they are.
        sizes: Of every packet, in bytes.
        upto: How many bytes all packets before each one have together.
        chunks: Place, first packet and number of packets of each run that lies in one piece.
        scale: Ticks per second.
        announced: How many ticks the track says to last.
        length: How many ticks all its packets last.
        begins: When its first moment that is played plays, in seconds.
        ends: When its last packet ends, in seconds.
        longest: The longest packet, in seconds.
        edited: When its edit list says that it ends, in seconds, where it has one.
        box: All that the file says of the track.
    """

    media: str
    described: memoryview
    sizes: array[int]
    upto: array[int]
    chunks: list[tuple[int, int, int]]
    scale: int
    announced: int
    length: int
    begins: Fraction
    ends: Fraction
    longest: Fraction
    edited: Fraction | None
    box: memoryview


@dataclass(frozen=True, slots=True)
class Movie:
    """An ordinary MP4.

    Attributes:
        names: Which boxes the file consists of.
        data: From where to where the boxes reach that hold packets.
        length: How long it says to play, in seconds.
        tick: What it counts in, in seconds.
        tracks: Those that are heard or seen.
        others: How many other tracks there are.
        header: What the file says of all tracks together.
    """

    names: frozenset[bytes]
    data: list[tuple[int, int]]
    length: Fraction
    tick: Fraction
    tracks: list[Tables]
    others: int
    header: memoryview


def read_movie(file: BinaryIO) -> Movie:
    """The tables of *file*.

    Raises:
        Unusual: It is no ordinary MP4; so say all of :data:`NOT_ORDINARY`.
        OSError: The file cannot be read.
    """
    names: set[bytes] = set()
    data: list[tuple[int, int]] = []
    index = b""
    for name, at, end in _list_outer(file):
        if name == b"mdat":
            data.append((at, end))
        if name == b"moov":
            if index or end - at > MOST_BYTES:
                raise Unusual(name)
            file.seek(at)
            index = file.read(end - at)
        names.add(name)
    boxes = Boxes(memoryview(index))
    if boxes.find(b"mvex") is not None:
        raise Unusual(b"mvex")
    header = boxes.need(b"mvhd")
    scale, length = _read_scale(header)
    tracks = [_read_track(body, scale) for body in boxes.list(b"trak")]
    return Movie(
        names=frozenset(names),
        data=data,
        length=Fraction(length, scale),
        tick=Fraction(1, scale),
        tracks=[track for track in tracks if track is not None],
        others=tracks.count(None),
        header=header,
    )


def _list_outer(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name of each box of the file, and from where to where its body reaches."""
    at, total = 0, file.seek(0, os.SEEK_END)
    while at < total:
        file.seek(at)
        head = file.read(16)
        size, name = struct.unpack_from(">I4s", head)
        body = 8
        if size == 1:
            size, body = struct.unpack_from(">Q", head, 8)[0], 16
        if size < body or at + size > total:
            raise Unusual(name)
        yield name, at + body, at + size
        at += size


def _read_scale(header: memoryview) -> tuple[int, int]:
    """Ticks per second and length in ticks, as ``mvhd`` and ``mdhd`` tell them."""
    if header[0] == 1:
        scale, length = struct.unpack_from(">IQ", header, 20)
    else:
        scale, length = struct.unpack_from(">II", header, 12)
    return scale, length


def _read_numbers(body: memoryview, at: int, code: str, columns: int = 1) -> array[int]:
    """The rows of a table, which must be as many as it says just before them."""
    numbers = array(code)
    numbers.frombytes(body[at:])
    if sys.byteorder == "little":
        numbers.byteswap()
    (count,) = struct.unpack_from(">I", body, at - 4)
    if count * columns != len(numbers):
        raise Unusual(code.encode())
    return numbers


# --- a track ---------------------------------------------------------------------------------


def _read_track(box: memoryview, movie_scale: int) -> Tables | None:
    boxes = Boxes(box)
    media = Boxes(boxes.need(b"mdia"))
    kind = _MEDIA.get(bytes(media.need(b"hdlr")[8:12]))
    if kind is None:
        return None
    inner = Boxes(media.need(b"minf"))
    _check_place(inner)
    table = Boxes(inner.need(b"stbl"))
    scale, announced = _read_scale(media.need(b"mdhd"))
    sizes = _read_sizes(table.need(b"stsz"))
    upto = array("Q", chain((0,), accumulate(sizes)))
    lengths = _read_runs(table.need(b"stts"), "I", len(sizes))
    start, end = _read_times(table, lengths)
    delay, skipped, played = _read_edit(boxes.find(b"edts"))
    late = Fraction(delay, movie_scale)
    return Tables(
        media=kind,
        described=table.need(b"stsd"),
        sizes=sizes,
        upto=upto,
        chunks=list(_list_chunks(table, len(sizes))),
        scale=scale,
        announced=announced,
        length=sum(lengths),
        # What an edit skips at the beginning is read to prepare the decoder and is not played.
        begins=late + max(Fraction(0), Fraction(start - skipped, scale)),
        ends=late + Fraction(end - skipped, scale),
        longest=Fraction(max(lengths), scale),
        edited=None if played is None else late + Fraction(played, movie_scale),
        box=box,
    )


def _check_place(inner: Boxes) -> None:
    """Packets may lie in other files; these are not opened."""
    references = Boxes(inner.need(b"dinf")).need(b"dref")
    if bytes(references[4:8]) + bytes(references[12:]) != _HERE:
        raise Unusual(b"dref")


def _read_sizes(body: memoryview) -> array[int]:
    every, count = struct.unpack_from(">II", body, 4)
    if not 0 < count <= _MOST_PACKETS:
        raise Unusual(b"stsz")
    return array("I", repeat(every, count)) if every else _read_numbers(body, 12, "I")


def _read_runs(body: memoryview, code: str, count: int) -> array[int]:
    """*count* values that are told as ``(how often, value)``."""
    runs = _read_numbers(body, 8, "I", 2)
    values = _read_numbers(body, 8, code, 2)
    told = chain.from_iterable(map(repeat, values[1::2], runs[0::2]))
    numbers = array("q", islice(told, count + 1))
    if len(numbers) != count:
        raise Unusual(code.encode())
    return numbers


def _read_times(table: Boxes, lengths: array[int]) -> tuple[int, int]:
    """When the first packet begins and the last one ends to play, in ticks."""
    shifts = table.find(b"ctts")
    starts = array("q", islice(accumulate(chain((0,), lengths)), len(lengths)))
    if shifts is not None:
        starts = array("q", map(add, starts, _read_runs(shifts, "i", len(lengths))))
    return min(starts), max(map(add, starts, lengths))


def _read_edit(edits: memoryview | None) -> tuple[int, int, int | None]:
    """How long nothing plays at first, what is skipped, and how long plays then.

    The second is in the track's ticks, the others in the movie's.  Any other edit takes packets
    away or plays them otherwise.
    """
    body = Boxes(edits).find(b"elst") if edits is not None else None
    if body is None:
        return 0, 0, None
    rows = list(struct.iter_unpack(">QqI" if body[0] == 1 else ">IiI", body[8:]))
    if body[0] > 1 or struct.unpack_from(">I", body, 4)[0] != len(rows):
        raise Unusual(b"elst")
    delay = sum(length for length, at, _ in rows if at == -1)
    played = [(length, at, rate) for length, at, rate in rows if at != -1]
    if len(played) != 1 or rows[-1][1] == -1 or played[0][2] != 0x10000:
        raise Unusual(b"elst")
    return delay, played[0][1], played[0][0]


def _list_chunks(table: Boxes, count: int) -> Iterator[tuple[int, int, int]]:
    near = table.find(b"stco")
    places = _read_numbers(near, 8, "I") if near else _read_numbers(table.need(b"co64"), 8, "Q")
    if len(places) > _MOST_CHUNKS:
        raise Unusual(b"stco")
    rule = _read_numbers(table.need(b"stsc"), 8, "I", 3)
    firsts = [*rule[0::3], len(places) + 1]
    counts = [last - first for first, last in pairwise(firsts)]
    per_chunk = chain.from_iterable(map(repeat, rule[1::3], counts))
    first = 0
    for place, packets in zip(places, per_chunk, strict=True):
        yield place, first, packets
        first += packets
    if first != count or any(number != 1 for number in rule[2::3]):
        raise Unusual(b"stsc")
