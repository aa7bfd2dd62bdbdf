"""Writes some tracks of an MP4 as an MP4 of their own, with every packet as it is.

Of an ordinary MP4 that needs no ffmpeg: the packets are copied in the order in which they lie in
the source, the tables of a track stay as they are but for the places of its packets, and the index
goes first.  So times, edits, sync points and what decoders are told cannot change.  What was
written is read back as anybody else would read it, and its tables are compared with those of the
source.  What is not ordinary is not written: ffmpeg does it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from catchment._media.decoders import read_aac, read_entry
from catchment._media.tables import Boxes, Movie, Tables, Unusual, list_boxes, read_movie

_BLOCK_BYTES = 1024 * 1024
_SHORT = 2**32 - 1
"""The largest place and size that four bytes can say."""

_PICTURES = {b"avc1": b"avcC", b"avc3": b"avcC", b"hvc1": b"hvcC", b"hev1": b"hvcC"}
_BRANDS = b"isom\0\0\2\0isomiso2mp41"
_QUICKTIME = b"qt  "
"""Files of this brand describe sound in ways of their own."""

_INSIDE = {
    b"trak": (b"tkhd", b"edts", b"mdia"),
    b"mdia": (b"mdhd", b"hdlr", b"elng", b"minf"),
    b"minf": (b"vmhd", b"smhd", b"dinf", b"stbl"),
}
"""What is kept; the rest is names, and references to tracks that are not there any more."""

_PLACES = (b"stco", b"co64")
_ROOM = (b"free", b"skip")
_TABLES = frozenset(
    (b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stss", b"stsh", b"sdtp", *_PLACES)
) | {b"sgpd", b"sbgp", b"padb", b"stdp", b"subs"}
"""Tables that do not say where anything lies in the file, and the two that do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One file to be written.

    Attributes:
        tracks: What goes into it.
        places: Where each run of packets of each track will lie.
        head: All that stands before the packets.
        runs: From where to where the packets lie in the source, in the order of writing.
    """

    tracks: Sequence[Tables]
    places: Sequence[Sequence[int]]
    head: bytes
    runs: Sequence[tuple[int, int]]

    @property
    def size_bytes(self) -> int:
        """Of all packets."""
        return sum(end - start for start, end in self.runs)


def read_tracks(source: BinaryIO) -> Movie:
    """What is in *source*, if its tracks can be written anew.

    Raises:
        Unusual: They cannot; so say all of :data:`~catchment._media.tables.NOT_ORDINARY`.
        OSError: It cannot be read.
    """
    source.seek(0)
    head = source.read(12)
    if head[4:8] != b"ftyp" or head[8:] == _QUICKTIME:
        raise Unusual(b"ftyp")
    movie = read_movie(source)
    for tables in movie.tracks:
        name, _, boxes = read_entry(tables)
        if name in _PICTURES:
            boxes.need(_PICTURES[name])
        elif name == b"mp4a":
            read_aac(boxes)
        else:
            raise Unusual(name)
    return movie


def plan_tracks(movie: Movie, tracks: Sequence[Tables]) -> Plan:
    """How *tracks* of *movie* become a file of their own.

    Raises:
        Unusual: They hold tables of an unknown sort; so say all of
            :data:`~catchment._media.tables.NOT_ORDINARY`.
    """
    found = sorted(
        (at, tables.upto[first + packets] - tables.upto[first], track, number)
        for track, tables in enumerate(tracks)
        for number, (at, first, packets) in enumerate(tables.chunks)
    )
    size = sum(length for _, length, _, _ in found)
    # How long the index is does not depend on what it says of places, only on their width.
    places = [[0] * len(tables.chunks) for tables in tracks]
    far = len(_build_head(movie, tracks, places, size, True)) + size > _SHORT
    at = len(_build_head(movie, tracks, places, size, far))
    for _, length, track, number in found:
        places[track][number] = at
        at += length
    runs: list[tuple[int, int]] = []
    for start, length, _, _ in found:
        if runs and runs[-1][1] == start:
            runs[-1] = runs[-1][0], start + length
        else:
            runs.append((start, start + length))
    return Plan(tracks, places, _build_head(movie, tracks, places, size, far), runs)


def write_plan(
    plan: Plan, source: BinaryIO, part: Path, on_bytes: Callable[[int], None]
) -> list[Tables] | None:
    """Write *part* from *source*, read it back, and say what is in it.

    Args:
        plan: What is to be written.
        source: What the plan was made of.
        part: The new file.
        on_bytes: Is told how many more bytes were written.

    Returns:
        Its tracks; ``None`` if they are not those of the plan.

    Raises:
        Unusual: The source became shorter.
        OSError: One of the two failed.
    """
    with part.open("wb", buffering=_BLOCK_BYTES) as target:
        target.write(plan.head)
        for start, end in plan.runs:
            source.seek(start)
            while start < end:
                block = source.read(min(end - start, _BLOCK_BYTES))
                if not block:
                    raise Unusual(b"mdat")
                target.write(block)
                start += len(block)
                on_bytes(len(block))
    with part.open("rb", buffering=0) as written:
        tracks = read_movie(written).tracks
    same = len(tracks) == len(plan.tracks) and all(map(_is_same, plan.tracks, plan.places, tracks))
    return tracks if same and _fill(tracks, len(plan.head), part.stat().st_size) else None


def _fill(tracks: Sequence[Tables], start: int, end: int) -> bool:
    """Whether the packets lie one after another from *start* to *end*, as they were written."""
    pieces = sorted(
        (at, tables.upto[first + packets] - tables.upto[first])
        for tables in tracks
        for at, first, packets in tables.chunks
    )
    for at, length in pieces:
        if at != start:
            return False
        start += length
    return start == end


def _is_same(before: Tables, places: Sequence[int], after: Tables) -> bool:
    """Whether nothing differs but where the packets lie, and these lie where they were written."""
    chunks = [
        (at, first, packets) for at, (_, first, packets) in zip(places, before.chunks, strict=True)
    ]
    return replace(before, chunks=chunks, box=after.box) == after


# --- what stands before the packets ----------------------------------------------------------


def _build_head(
    movie: Movie, tracks: Sequence[Tables], places: Sequence[Sequence[int]], size: int, far: bool
) -> bytes:
    length = max(_read_length(Boxes(one.box).need(b"tkhd"), 20, 28) for one in tracks)
    index = [_build_box(b"mvhd", _set_length(movie.header, length))]
    index += [_move(b"trak", one.box, at, far) for one, at in zip(tracks, places, strict=True)]
    data = struct.pack(">I4sQ", 1, b"mdat", size + 16) if far else _build_box(b"mdat", b"", size)
    return _build_box(b"ftyp", _BRANDS) + _build_box(b"moov", b"".join(index)) + data


def _build_box(name: bytes, body: bytes | memoryview, more: int = 0) -> bytes:
    """A box that holds *body*, and *more* bytes that are written after it."""
    return struct.pack(">I4s", 8 + len(body) + more, name) + body


def _read_length(header: memoryview, short: int, long: int) -> int:
    if header[0] == 1:
        return int(struct.unpack_from(">Q", header, long)[0])
    return int(struct.unpack_from(">I", header, short)[0])


def _set_length(header: memoryview, length: int) -> bytes:
    """The header of a movie that lasts *length* ticks."""
    told = bytearray(header)
    if told[0] == 1:
        struct.pack_into(">Q", told, 24, length)
    else:
        struct.pack_into(">I", told, 16, length)
    return bytes(told)


def _move(name: bytes, body: memoryview, places: Sequence[int], far: bool) -> bytes:
    """The box *name* as it is, with other places in it."""
    if name == b"stbl":
        return _build_box(name, _move_table(body, places, far))
    if name not in _INSIDE:
        return _build_box(name, body)
    kept = (
        _move(inner, data, places, far)
        for inner, data in list_boxes(body)
        if inner in _INSIDE[name]
    )
    return _build_box(name, b"".join(kept))


def _move_table(body: memoryview, places: Sequence[int], far: bool) -> bytes:
    boxes = []
    for name, data in list_boxes(body):
        if name in _ROOM:
            continue
        if name not in _TABLES:
            raise Unusual(name)  # it may say where something lies
        if name in _PLACES:
            count, width = len(places), "Q" if far else "I"
            told = struct.pack(f">II{count}{width}", 0, count, *places)
            boxes.append(_build_box(b"co64" if far else b"stco", told))
        else:
            boxes.append(_build_box(name, data))
    return b"".join(boxes)
