"""A small MP4 writer: it joins samples that were encoded before, and touches none of them.

ISO/IEC 14496-12 boxes, index before the data, one chunk a second and track.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The samples of one second: their sizes, each as four bytes, and themselves."""

    sizes: bytes
    body: bytes

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.sizes) // 4


@dataclass(frozen=True, slots=True)
class Track:
    """One track, ready to be joined.

    Attributes:
        handler: ``soun`` or ``vide``.
        scale: Ticks a second.
        delta: Ticks of each sample but the last.
        length: Ticks of the whole track; the last sample has what is left.
        entry: The sample entry (the codec's box in ``stsd``).
        chunks: One for each second.
        sync: Every how many samples one can be decoded by itself; 0 when all can.
        size: Width and height of a picture.
    """

    handler: str
    scale: int
    delta: int
    length: int
    entry: bytes
    chunks: Sequence[Chunk]
    sync: int = 0
    size: tuple[int, int] = (0, 0)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.length / self.scale


def build_mp4(brand: bytes, tracks: Sequence[Track]) -> list[bytes]:
    """The pieces of a progressive MP4, in order; joined they are the file."""
    ftyp = _box(b"ftyp", brand, struct.pack(">I", 512), brand, b"isom", b"mp42")
    start = len(ftyp) + len(_moov(tracks, [[0] * len(track.chunks) for track in tracks])) + 8
    pieces: list[bytes] = []
    offsets: list[list[int]] = [[] for _ in tracks]
    at = start
    for second in range(max(len(track.chunks) for track in tracks)):
        for number, track in enumerate(tracks):
            if second < len(track.chunks):
                body = track.chunks[second].body
                offsets[number].append(at)
                pieces.append(body)
                at += len(body)
    mdat = struct.pack(">I4s", at - start + 8, b"mdat")
    return [ftyp + _moov(tracks, offsets) + mdat, *pieces]


def build_aac_entry(rate: int, channels: int) -> bytes:
    """The sample entry of AAC-LC at 16 kHz."""
    if rate != 16_000:
        raise ValueError("only 16 kHz has its index here")
    config = struct.pack(">H", 2 << 11 | 8 << 7 | channels << 3)
    decoder = _descriptor(
        4, struct.pack(">BBBHII", 0x40, 0x15, 0, 0x600, 0, 0), _descriptor(5, config)
    )
    stream = _descriptor(3, struct.pack(">HB", 2, 0), decoder, _descriptor(6, b"\2"))
    esds = _box(b"esds", bytes(4), stream)
    sound = struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, rate << 16)
    return _box(b"mp4a", sound, esds)


def build_avc_entry(width: int, height: int, sps: bytes, pps: bytes) -> bytes:
    """The sample entry of H.264 with these parameter sets and four-byte lengths."""
    config = b"\1" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps
    config += b"\1" + struct.pack(">H", len(pps)) + pps
    picture = struct.pack(">6xH16xHHIII", 1, width, height, 72 << 16, 72 << 16, 0)
    return _box(b"avc1", picture, struct.pack(">H32xHh", 1, 24, -1), _box(b"avcC", config))


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body


def _full(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, len(body))) + body


def _moov(tracks: Sequence[Track], offsets: Sequence[Sequence[int]]) -> bytes:
    length = max(round(track.seconds * 1000) for track in tracks)
    head = struct.pack(">IIIIIH10x", 0, 0, 1000, length, 0x10000, 0x100)
    mvhd = _full(b"mvhd", head, MATRIX, bytes(24), struct.pack(">I", len(tracks) + 1))
    each = (_trak(number + 1, track, offsets[number]) for number, track in enumerate(tracks))
    return _box(b"moov", mvhd, *each)


def _trak(number: int, track: Track, offsets: Sequence[int]) -> bytes:
    width, height = track.size
    loud = 0 if width else 0x100
    head = struct.pack(">IIIII8xHHH2x", 0, 0, number, 0, round(track.seconds * 1000), 0, 0, loud)
    tkhd = _full(b"tkhd", head, MATRIX, struct.pack(">II", width << 16, height << 16), flags=3)
    return _box(b"trak", tkhd, _mdia(track, offsets))


def _mdia(track: Track, offsets: Sequence[int]) -> bytes:
    mdhd = _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, track.scale, track.length, 0x55C4, 0))
    hdlr = _full(b"hdlr", struct.pack(">I4s12x", 0, track.handler.encode()), b"catchment\0")
    if track.handler == "vide":
        media = _full(b"vmhd", bytes(8), flags=1)
    else:
        media = _full(b"smhd", bytes(4))
    here = _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))
    minf = _box(b"minf", media, _box(b"dinf", here), _stbl(track, offsets))
    return _box(b"mdia", mdhd, hdlr, minf)


def _stbl(track: Track, offsets: Sequence[int]) -> bytes:
    count = sum(chunk.count for chunk in track.chunks)
    last = track.length - track.delta * (count - 1)
    runs = [(count - 1, track.delta)] if count > 1 else []
    stts = [struct.pack(">II", *run) for run in [*runs, (1, last)]]
    stsc, before = [], 0
    for number, chunk in enumerate(track.chunks, 1):
        if chunk.count != before:
            stsc.append(struct.pack(">III", number, chunk.count, 1))
            before = chunk.count
    tables = [
        _full(b"stsd", struct.pack(">I", 1), track.entry),
        _table(b"stts", stts),
        _table(b"stsc", stsc),
        _full(b"stsz", struct.pack(">II", 0, count), *(chunk.sizes for chunk in track.chunks)),
        _table(b"stco", [struct.pack(f">{len(offsets)}I", *offsets)], len(offsets)),
    ]
    if track.sync:
        keys = range(1, count + 1, track.sync)
        tables.append(_table(b"stss", [struct.pack(f">{len(keys)}I", *keys)], len(keys)))
    return _box(b"stbl", *tables)


def _table(name: bytes, rows: Sequence[bytes], count: int | None = None) -> bytes:
    return _full(name, struct.pack(">I", len(rows) if count is None else count), *rows)
