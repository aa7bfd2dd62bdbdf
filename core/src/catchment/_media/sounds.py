"""Proves that MP3 and WAV are whole: a chain of frames, or of chunks, that ends with the file."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import BinaryIO

from catchment._media.tables import Unusual
from catchment.model import Measured

_BUFFER_BYTES = 1024 * 1024

# --- WAV -------------------------------------------------------------------------------------

PCM, A_LAW, MU_LAW = 1, 6, 7
_PCM_BITS = (8, 16, 24, 32)
_BESIDE = (b"LIST", b"fact", b"bext", b"JUNK", b"id3 ")
"""Chunks that say something about the sound and hold none of it."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Where the samples of a WAV are, and of what shape.

    Attributes:
        kind: The number of the format: PCM, A-law or µ-law.
        channels: How many, their samples beside each other.
        rate: Samples of a channel per second.
        bits: Of one sample.
        at: Where in the file they begin, in bytes.
        size_bytes: Of all of them.
    """

    kind: int
    channels: int
    rate: int
    bits: int
    at: int
    size_bytes: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """What two files must share for the samples of one to follow those of the other."""
        return self.kind, self.channels, self.rate, self.bits

    @property
    def width(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    @property
    def count(self) -> int:
        """How many samples of each channel there are."""
        return self.size_bytes // self.width

    @property
    def quiet(self) -> bytes:
        """One sample of silence on all channels."""
        if self.kind == PCM:
            level = 0x80 if self.bits == 8 else 0  # eight bits have no sign
        else:
            level = 0xD5 if self.kind == A_LAW else 0xFF
        return bytes([level]) * self.width


def read_wav(file: BinaryIO) -> Measured:
    """What is in a WAV whose chunks fill it, with as many samples as it announces.

    Raises:
        Unusual: It is not one of plain samples, or not whole.
    """
    samples = read_samples(file)
    return Measured("wav", _say(samples.count, samples.rate), audio=(samples.channels,))


def read_samples(file: BinaryIO) -> Samples:
    """The samples of a WAV, proved as :func:`read_wav` proves them.

    Raises:
        Unusual: It is not one of plain samples, or not whole.
    """
    total = file.seek(0, os.SEEK_END)
    file.seek(0)
    if struct.unpack_from("<I", file.read(12), 4)[0] != total - 8:
        raise Unusual(b"RIFF")
    shape, samples, begins, at = b"", 0, 0, 12
    while at < total:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"fmt " and not shape:
            shape = file.read(min(size, 64))
        elif name == b"data" and shape and size and not samples:
            samples, begins = size, at + 8
        elif name not in _BESIDE:
            raise Unusual(name)
        at += 8 + size + size % 2
    if at != total or not samples:
        raise Unusual(b"RIFF")
    kind, channels, rate, per_second, width, bits = struct.unpack_from("<HHIIHH", shape)
    plain = (kind == PCM and bits in _PCM_BITS) or (kind in (A_LAW, MU_LAW) and bits == 8)
    if not plain or not channels or not rate:
        raise Unusual(b"fmt ")
    if width != channels * bits // 8 or per_second != rate * width or samples % width:
        raise Unusual(b"fmt ")
    return Samples(kind, channels, rate, bits, begins, samples)


def build_head(like: Samples, size_bytes: int) -> bytes:
    """What stands before *size_bytes* of samples of the shape of *like* in a WAV of them alone."""
    per_second = like.rate * like.width
    plain = (like.kind, like.channels, like.rate, per_second, like.width, like.bits)
    shape = struct.pack("<HHIIHH", *plain)
    beside = b""
    if like.kind != PCM:  # these must say that nothing more follows, and how many samples there are
        shape += struct.pack("<H", 0)
        beside = struct.pack("<4sII", b"fact", 4, size_bytes // like.width)
    chunks = struct.pack("<4sI", b"fmt ", len(shape)) + shape + beside
    chunks += struct.pack("<4sI", b"data", size_bytes)
    whole = 4 + len(chunks) + size_bytes + size_bytes % 2
    return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + chunks


# --- MP3 (ISO/IEC 11172-3, 2.4.1.3, and 13818-3) ---------------------------------------------

_FIRST = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SECOND = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = (44100, 48000, 32000)
_HALVED = {3: 1, 2: 2, 0: 4}  # by version: how the sample rates of the first one are divided
_LAYER_III, _MONO = 1, 3
_SIDE_BYTES = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}
_NOTED = (b"Xing", b"Info")
_FILLED = 529  # samples that a decoder swallows besides those that the encoder had put first


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all frames of one MP3 have in common.

    Attributes:
        second: Their second byte, without its last bit.
        mono: Whether they have one channel.
        rate: Samples per second.
        samples: Of each frame.
        lengths: Of a frame in bytes, by its third byte; 0 where it is of another sort.
    """

    second: int
    mono: bool
    rate: int
    samples: int
    lengths: tuple[int, ...]


def read_mp3(file: BinaryIO) -> Measured:
    """What is in an MP3 that is frames of one sort from its tag to its last byte.

    Raises:
        Unusual: It is not, or it announces another number of frames than it has.
    """
    file.seek(0)
    begin = _skip_tag(file.read(10))
    file.seek(begin)
    first = file.read(4096)
    frame = _read_frame(first)
    announced, skipped = _read_note(first, frame)
    file.seek(begin)
    count = _count_frames(file, frame)
    if announced is not None:
        count -= 1  # the frame that announces holds no sound
        if count != announced:
            raise Unusual(b"Info")
    if count <= 0:
        raise Unusual(b"MP3")
    length = _say(count * frame.samples - skipped, frame.rate)
    return Measured("mp3", length, audio=(1 if frame.mono else 2,))


def _skip_tag(head: bytes) -> int:
    """Where the first frame begins."""
    if not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:10]:
        if byte & 0x80:
            raise Unusual(b"ID3")
        size = size << 7 | byte
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _read_frame(head: bytes) -> _Frame:
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate = head[2] >> 2 & 3
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or version not in _HALVED:
        raise Unusual(b"MP3")
    if layer != _LAYER_III or rate == len(_HERTZ):
        raise Unusual(b"MP3")
    whole = version == 3
    hertz = _HERTZ[rate] // _HALVED[version]
    samples = 1152 if whole else 576
    lengths = [0] * 256
    for number, kilobits in enumerate(_FIRST if whole else _SECOND):
        for rest in range(16) if kilobits else ():
            if rest >> 2 == rate:
                padding = rest >> 1 & 1
                lengths[number << 4 | rest] = samples // 8 * kilobits * 1000 // hertz + padding
    return _Frame(head[1] & 0xFE, head[3] >> 6 == _MONO, hertz, samples, tuple(lengths))


def _read_note(head: bytes, frame: _Frame) -> tuple[int | None, int]:
    """How many frames the first one announces, if it does, and how many samples are not heard."""
    at = 4 + _SIDE_BYTES[frame.samples == 1152, frame.mono]
    if head[36:40] == b"VBRI":
        raise Unusual(b"VBRI")
    if head[at : at + 4] not in _NOTED:
        return None, 0
    flags, announced = struct.unpack_from(">II", head, at + 4)
    if not flags & 1:
        raise Unusual(b"Info")
    at += 12 + (4 if flags & 2 else 0) + (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    if head[at : at + 4] not in (b"LAME", b"Lavf", b"Lavc"):
        return announced, 0
    return announced, (int.from_bytes(head[at + 21 : at + 24], "big") >> 12) + _FILLED


def _count_frames(file: BinaryIO, frame: _Frame) -> int:
    second, mono, lengths = frame.second, frame.mono, frame.lengths
    data, at, count = b"", 0, 0
    while block := file.read(_BUFFER_BYTES):
        data, at = data[at:] + block, max(0, at - len(data))
        while at + 4 <= len(data):
            length = lengths[data[at + 2]]
            alike = data[at] == 0xFF and data[at + 1] & 0xFE == second
            if not length or not alike or (data[at + 3] >> 6 == _MONO) != mono:
                raise Unusual(b"MP3")
            at += length
            count += 1
    if at != len(data):
        raise Unusual(b"MP3")
    return count


def _say(ticks: int, rate: int) -> timedelta:
    return timedelta(seconds=float(Fraction(ticks, rate)))
