"""Checks that the boxes of an MP4 fill the file exactly.

ffmpeg is content when all packets are there; a file whose last bytes are missing may still be
shorter than it was when it was sent, and its boxes say so.
"""

from __future__ import annotations

import os
from pathlib import Path

from catchment.errors import Corrupt

_SHORT_HEADER = 8
_LONG_HEADER = 16


def check_boxes(path: Path) -> None:
    """Follow the boxes of *path* from its first byte to its last, reading only their headers.

    Raises:
        Corrupt: A box reaches beyond the end of the file, or what follows one is no box.
    """
    total = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at < total:
            file.seek(at, os.SEEK_SET)
            header = file.read(_LONG_HEADER)
            size = _read_size(header, total - at)
            if size < _SHORT_HEADER:
                raise Corrupt(f"the media is damaged: what stands at byte {at} is no box")
            if at + size > total:
                name = header[4:8].decode("ascii", "replace")
                missing = at + size - total
                raise Corrupt(f"the media is cut: {missing} bytes of its box {name!r} are missing")
            at += size


def _read_size(header: bytes, left: int) -> int:
    """Size of a box: 1 says that it stands in the eight bytes after, 0 that it is the last box."""
    if len(header) < _SHORT_HEADER:
        return 0
    size = int.from_bytes(header[:4], "big")
    if size == 1 and len(header) == _LONG_HEADER:
        return int.from_bytes(header[8:16], "big")
    return size or left
