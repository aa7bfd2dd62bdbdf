"""Tells the tracks of two MP4 apart by what lies in them.

ffmpeg tells packets one by one, which costs many times what reading their bytes costs.  An ordinary
MP4 has tables of all its packets, so that two files are compared in a fraction of the time.  What
is not ordinary has no index here: the caller then asks ffmpeg.  So nothing is ever proved by a
guess.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from catchment._media.decoders import read_aac, read_entry
from catchment._media.tables import NOT_ORDINARY, Tables, Unusual, read_movie

_BUFFER_BYTES = 1024 * 1024
_CONFIGURED_BY = {b"avc1": b"avcC", b"avc3": b"avcC", b"hvc1": b"hvcC", b"hev1": b"hvcC"}


@dataclass(frozen=True, slots=True)
class Track:
    """What the index says of one track, and what lies where it points.

    Attributes:
        media: ``"audio"`` or ``"video"``.
        codec: Four letters, the size of its pictures, and what its decoder is told.
        packets: How many.
        digest: Of the size and content of every packet, in order.
        begins: When its first moment that is played plays, in seconds.
        plays: From there to the end of the last packet, in seconds.
        frame: How long the longest packet lasts, in seconds.
    """

    media: str
    codec: bytes
    packets: int
    digest: int
    begins: Fraction
    plays: Fraction
    frame: Fraction


def read_index(path: Path) -> list[Track] | None:
    """The tracks of *path* that are heard or seen; ``None`` unless it is an ordinary MP4.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return [_read_track(file, tables) for tables in read_movie(file).tracks]
    except NOT_ORDINARY:
        return None


def _read_track(file: BinaryIO, tables: Tables) -> Track:
    return Track(
        media=tables.media,
        codec=_read_codec(tables),
        packets=len(tables.sizes),
        digest=_read_digest(file, tables),
        begins=tables.begins,
        plays=tables.ends - tables.begins,
        frame=tables.longest,
    )


def _read_codec(tables: Tables) -> bytes:
    name, fixed, boxes = read_entry(tables)
    if name in _CONFIGURED_BY:
        return name + bytes(fixed[24:28]) + bytes(boxes.need(_CONFIGURED_BY[name]))
    if name == b"mp4a":
        return name + bytes(read_aac(boxes))
    raise Unusual(name)


def _read_digest(file: BinaryIO, tables: Tables) -> int:
    digest = zlib.crc32(tables.sizes.tobytes())
    total = file.seek(0, os.SEEK_END)
    upto = tables.upto
    for at, first, packets in tables.chunks:
        length = upto[first + packets] - upto[first]
        if at + length > total:
            raise Unusual(b"mdat")
        file.seek(at)
        while length:
            some = file.read(min(length, _BUFFER_BYTES))
            if not some:  # it became shorter just now
                raise Unusual(b"mdat")
            digest = zlib.crc32(some, digest)
            length -= len(some)
    return digest
