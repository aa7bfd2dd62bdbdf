"""Sends the bytes of a simulated file: the whole, or the range that was asked for (RFC 9110)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from catchment.sandbox.content import Content

__all__ = ["BLOCK", "Extent", "read_extent", "refuse_range", "send_file", "stream_bytes"]

BLOCK = 1 << 18
"""So many bytes are made and sent at a time."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Extent:
    """The stretch of a file that is sent.

    Attributes:
        start: The first byte.
        end: The byte behind the last.
        whole: How many bytes the file has.
        partial: A range was asked for, also if it is all of the file.
    """

    start: int
    end: int
    whole: int
    partial: bool = False

    @property
    def status(self) -> int:
        """206 for a range, else 200."""
        return 206 if self.partial else 200

    @property
    def headers(self) -> dict[str, str]:
        """``Content-Length``, and of a range ``Content-Range``."""
        told = {"Content-Length": str(self.end - self.start)}
        if self.partial:
            told["Content-Range"] = f"bytes {self.start}-{self.end - 1}/{self.whole}"
        return told


def read_extent(asked: str, size: int) -> Extent | None:
    """What the header ``Range`` asks for of a file of *size* bytes; ``None`` for what is not there.

    A header that cannot be read, or that names several ranges, is as if it were missing.
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return Extent(0, size, size)
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    return Extent(start, end, size, partial=True) if start < end else None


def refuse_range(size: int) -> Response:
    """416 for a range that a file of *size* bytes has not got."""
    return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})


async def stream_bytes(content: Content, extent: Extent) -> AsyncIterator[bytes]:
    """The bytes of *extent*, block by block, made in a thread."""
    for at in range(extent.start, extent.end, BLOCK):
        yield await asyncio.to_thread(content.read, at, min(at + BLOCK, extent.end))


def send_file(
    request: Request,
    content: Content,
    headers: Mapping[str, str] | None = None,
    *,
    ranges: bool = True,
    most: int | None = None,
) -> Response:
    """The answer to ``GET`` or ``HEAD`` of a file.

    Args:
        request: What was asked.
        content: The file.
        headers: Beside, and instead of, those that follow from the file.
        ranges: Whether ranges are known; else the whole is sent, whatever was asked for.
        most: No more than so many bytes are sent, as if the file were no longer.
    """
    size = content.size_bytes if most is None else min(most, content.size_bytes)
    extent = read_extent(request.headers.get("range", "") if ranges else "", size)
    if extent is None:
        return refuse_range(size)
    told = {"Content-Type": content.media_type, **extent.headers}
    if ranges:
        told |= {"Accept-Ranges": "bytes", "ETag": f'"{content.sha256[:32]}"'}
    told |= headers or {}
    if request.method == "HEAD":
        return Response(status_code=extent.status, headers=told)
    return StreamingResponse(stream_bytes(content, extent), extent.status, told)
