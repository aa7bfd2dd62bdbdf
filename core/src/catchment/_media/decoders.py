"""Reads what an MP4 tells a decoder before its first packet: picture sizes and channels.

ISO/IEC 14496-3 (1.6.2.1) for AAC, 14496-10 (7.3.2) for H.264, 14496-15 (5.3.3) for how they lie in
a file.  Only what is common is understood; the rest is :class:`~catchment._media.tables.Unusual`.
"""

from __future__ import annotations

from dataclasses import dataclass

from catchment._media.tables import Boxes, Tables, Unusual, list_boxes

_SIGHT_BYTES, _SOUND_BYTES = 78, 28  # of a sample entry before its boxes
_DECODER = (3, 4, 5)  # descriptors around what the decoder is told, from the outside in
_BEFORE_NEXT = {3: 3, 4: 13, 5: 0}
_LOW_COMPLEXITY = 2
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8}
_SINGLE, _PAIR, _STREAM, _FILL = 0, 1, 4, 6  # elements of a frame (4.5.2.1)
_SYNC_EXTENSION = 0x2B7
_REPLICATED = 5  # the number of spectral band replication among the object types
_MOST_HIDDEN_RATE = 24_000  # above it nobody adds a second half of the spectrum
_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138)
_SUBSAMPLED = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the decoder of H.264 is told.

    Attributes:
        size: Width and height of the pictures that are shown.
        sets: The parameter sets, as they are.
        numbers: By which pictures refer to them.
    """

    size: tuple[int, int]
    sets: frozenset[bytes]
    numbers: frozenset[int]


def read_entry(tables: Tables) -> tuple[bytes, memoryview, Boxes]:
    """Name, fixed part and boxes of the only sample entry of a track.

    Raises:
        Unusual: There are several.
    """
    ((name, entry),) = list_boxes(tables.described[8:])
    if bytes(tables.described[4:8]) != b"\0\0\0\1":
        raise Unusual(b"stsd")
    fixed = _SIGHT_BYTES if tables.media == "video" else _SOUND_BYTES
    return name, entry[:fixed], Boxes(entry[fixed:])


class _Bits:
    """Reads numbers of any number of bits, the highest first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next *count* bits."""
        self.left -= count
        if self.left < 0:
            raise Unusual(b"bits")
        return self._value >> self.left & (1 << count) - 1

    def count(self) -> int:
        """A number that says its own length (9.1, ``ue(v)``)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


# --- sound -----------------------------------------------------------------------------------


def read_aac(boxes: Boxes) -> memoryview:
    """What the decoder of MPEG audio is told, without what a muxer writes around it.

    Raises:
        Unusual: It stands there in another way.
    """
    body = boxes.need(b"esds")[4:]
    for tag in _DECODER:
        at, size = 1, 0
        if body[0] != tag:
            raise Unusual(b"esds")
        while True:
            size = size << 7 | body[at] & 0x7F
            at += 1
            if not body[at - 1] & 0x80:
                break
        body = body[at + _BEFORE_NEXT[tag] : at + size]
    return body


def read_channels(told: bytes) -> int:
    """How many channels AAC has that is described by *told*.

    Raises:
        Unusual: It is not plain AAC, or only decoding it can tell: a decoder makes two channels of
            one where parametric stereo is hidden in the packets.
    """
    bits = _Bits(told)
    kind, rate, channels = bits.take(5), bits.take(4), bits.take(4)
    if kind != _LOW_COMPLEXITY or rate >= len(_RATES) or bits.take(3):
        raise Unusual(b"mp4a")
    if channels == 1:
        declared = bits.left >= 17 and bits.take(11) == _SYNC_EXTENSION
        plain = declared and bits.take(5) == _REPLICATED and bits.take(1) == 0
        if not plain and (declared or _RATES[rate] <= _MOST_HIDDEN_RATE):
            raise Unusual(b"mp4a")
    if channels not in _CHANNELS:
        raise Unusual(b"mp4a")
    return _CHANNELS[channels]


def list_openings(channels: int) -> frozenset[int]:
    """With which element a frame of AAC may begin."""
    return frozenset((_PAIR if channels == 2 else _SINGLE, _STREAM, _FILL))


# --- pictures --------------------------------------------------------------------------------


def read_pictures(body: memoryview) -> Pictures:
    """What ``avcC`` tells the decoder of H.264.

    Raises:
        Unusual: There are several sequences, packets are not cut by four-byte lengths, or the
            pictures are interlaced.
    """
    if body[0] != 1 or body[4] & 3 != 3 or body[5] & 31 != 1:
        raise Unusual(b"avcC")
    ((sequence,), at) = _take_sets(body, 6, 1)
    pictures, _ = _take_sets(body, at + 1, body[at])
    numbers = frozenset(_Bits(_unescape(one[1:])).count() for one in pictures)
    return Pictures(_read_size(sequence), frozenset((sequence, *pictures)), numbers)


def _take_sets(body: memoryview, at: int, count: int) -> tuple[list[bytes], int]:
    sets = []
    for _ in range(count):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        sets.append(bytes(body[at + 2 : end]))
        at = end
    return sets, at


def _unescape(data: bytes) -> bytes:
    """Without the bytes that keep a start code from appearing (7.4.1.1)."""
    return data.replace(b"\0\0\3", b"\0\0")


def _read_size(sequence: bytes) -> tuple[int, int]:
    """Width and height, as a sequence parameter set tells them (7.3.2.1.1)."""
    bits = _Bits(_unescape(sequence[4:]))
    bits.count()
    chroma = 1
    if sequence[1] in _WITH_CHROMA:
        chroma = bits.count()
        if chroma == 3:
            bits.take(1)
        bits.count(), bits.count(), bits.take(1)
        if bits.take(1):  # scaling lists
            raise Unusual(b"avcC")
    bits.count()
    order = bits.count()
    if order == 0:
        bits.count()
    elif order == 1:
        bits.take(1), bits.count(), bits.count()
        for _ in range(bits.count()):
            bits.count()
    bits.count(), bits.take(1)
    width, height = 16 * (bits.count() + 1), 16 * (bits.count() + 1)
    if not bits.take(1):
        raise Unusual(b"avcC")
    bits.take(1)
    if bits.take(1):
        across, down = _SUBSAMPLED.get(chroma, (0, 0))
        width -= across * (bits.count() + bits.count())
        height -= down * (bits.count() + bits.count())
    return width, height
