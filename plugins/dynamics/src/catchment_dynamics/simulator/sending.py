"""Sends the bytes of a file, or a part of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from catchment.sandbox import Content

BLOCK = 1 << 18


def send_bytes(
    content: Content,
    start: int,
    end: int,
    status: int,
    headers: Mapping[str, str],
    media_type: str,
    *,
    announced: bool = True,
) -> Response:
    """The bytes from *start* up to *end*, with their length *announced* or not."""
    length = {"Content-Length": str(end - start)} if announced else {}
    told = {**headers, **length}
    return StreamingResponse(_stream(content, start, end), status, told, media_type)


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """``bytes=a-b`` as a half-open stretch; ``None`` for what cannot be read."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size
    start = int(found[1])
    return start, min(size, int(found[2]) + 1) if found[2] else size


async def _stream(content: Content, start: int, end: int) -> AsyncIterator[bytes]:
    for at in range(start, end, BLOCK):
        yield await asyncio.to_thread(content.read, at, min(at + BLOCK, end))
