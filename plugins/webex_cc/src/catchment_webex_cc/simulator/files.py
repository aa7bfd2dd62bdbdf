"""Sends the bytes of a file: the whole, or a range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from catchment.sandbox import Content

BLOCK = 1 << 18


def send_file(
    request: Request,
    content: Content,
    headers: Mapping[str, str],
    most: int | None = None,
    *,
    ranges: bool = True,
) -> Response:
    """The answer to ``GET``; no more than *most* bytes, as if the file were no longer.

    Without *ranges* the whole is sent, whatever was asked for.
    """
    size = content.size_bytes if most is None else min(most, content.size_bytes)
    start, end, status = 0, size, 200
    told = {
        "Content-Type": content.media_type,
        "ETag": f'"{content.sha256[:32]}"',
        **({"Accept-Ranges": "bytes"} if ranges else {}),
        **headers,
    }
    wanted = _read_range(request.headers.get("range", ""), size) if ranges else None
    if wanted is not None and wanted[0] >= wanted[1]:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    if wanted is not None:
        (start, end), status = wanted, 206
        told["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    told["Content-Length"] = str(end - start)
    return StreamingResponse(_stream(content, start, end), status, told)


async def _stream(content: Content, start: int, end: int) -> AsyncIterator[bytes]:
    for at in range(start, end, BLOCK):
        yield await asyncio.to_thread(content.read, at, min(at + BLOCK, end))


def _read_range(text: str, size: int) -> tuple[int, int] | None:
    """``bytes=a-b`` as a half-open stretch; ``None`` for what cannot be read."""
    first, dash, last = text.removeprefix("bytes=").partition("-")
    if not text.startswith("bytes=") or not dash or not (first or last).isdigit() or "," in text:
        return None
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last.isdigit() else size
