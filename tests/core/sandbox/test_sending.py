"""Files of simulated platforms: whole, in ranges, and refused as servers refuse."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Extent, Written, read_extent, send_file

BODY = bytes(range(100))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=90-", 90, 100),
        ("bytes=-7", 93, 100),
        ("bytes=50-500", 50, 100),
    ],
)
def test_a_range_is_read_as_the_standard_says(asked: str, start: int, end: int) -> None:
    """First and last byte, from a byte on, and the last so many (RFC 9110, 14.1.2)."""
    assert read_extent(asked, 100) == Extent(start, end, 100, partial=True)


@pytest.mark.parametrize("asked", ["", "bytes=", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2"])
def test_what_cannot_be_read_is_as_if_it_were_missing(asked: str) -> None:
    """The whole file answers a header that nobody understands."""
    assert read_extent(asked, 100) == Extent(0, 100, 100)


@given(asked=st.text(), size=st.integers(0, 1000))
def test_no_extent_leaves_the_file(asked: str, size: int) -> None:
    """Whatever is asked for, the stretch lies inside the file."""
    extent = read_extent(f"bytes={asked}", size)
    assert extent is None or 0 <= extent.start <= extent.end <= size


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends one file, with ranges unless the path says otherwise."""
    request = Request(scope, receive)
    content = Written(lambda: BODY, "audio/wav")
    response = send_file(request, content, ranges=request.url.path != "/plain")
    await response(scope, receive, send)


def ask(verb: str, path: str = "/", asked: str = "") -> httpx.Response:
    """What the host answers."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://files") as client:
            return await client.request(verb, path, headers={"Range": asked} if asked else None)

    return asyncio.run(send())


def test_a_file_is_sent_whole_or_in_part() -> None:
    """200 with everything, 206 with the part and its place, 416 with the size, HEAD without any."""
    whole = ask("GET")
    assert (whole.status_code, whole.content) == (200, BODY)
    assert whole.headers["etag"]
    part = ask("GET", asked="bytes=10-19")
    assert (part.status_code, part.content) == (206, BODY[10:20])
    assert part.headers["content-range"] == "bytes 10-19/100"
    beyond = ask("GET", asked="bytes=100-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */100")
    head = ask("HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", "100")


def test_a_host_without_ranges_sends_everything() -> None:
    """Who knows no ranges answers 200, names no ETag and does not say otherwise."""
    answer = ask("GET", "/plain", "bytes=10-19")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert not {"accept-ranges", "etag"} & set(answer.headers)
