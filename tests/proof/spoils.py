"""What may become of an answer on its way: each coroutine spoils one, in its own manner."""

from __future__ import annotations

import asyncio
import gzip

from tests.proof.front import Lines, Spoil, Visit

from catchment.sandbox.layer import CUT

PAGE = b"<!DOCTYPE html><html><body>Please sign in to go on.</body></html>"
NOTE = b'{"code":4711,"message":"The access token has expired now."}'
"""What T4 asks for, to the byte."""


def _json() -> Lines:
    return [(b"content-type", b"application/json")]


async def cut(visit: Visit) -> None:
    """The connection ends amid the body, of which the whole length was announced."""
    part = visit.body[: len(visit.body) * 6 // 10]
    headers = visit.other_headers(b"content-length")
    await visit.say(visit.status, headers, part, length=len(visit.body))


async def shortened(visit: Visit) -> None:
    """The body ends early, and the length announced is that of what came."""
    part = visit.body[: len(visit.body) * 6 // 10]
    await visit.say(visit.status, visit.other_headers(b"content-length"), part)


async def unmeasured(visit: Visit) -> None:
    """The body ends early and cleanly, and no length was announced."""
    headers = visit.other_headers(b"content-length")
    await visit.send({"type": "http.response.start", "status": visit.status, "headers": headers})
    part = visit.body[: len(visit.body) * 6 // 10]
    await visit.send({"type": "http.response.body", "body": part})


async def page(visit: Visit) -> None:
    """Status 200, and a page for people."""
    await visit.say(200, [(b"content-type", b"text/html; charset=utf-8")], PAGE)


async def note(visit: Visit) -> None:
    """Status 200, and 59 bytes of JSON that say something else."""
    await visit.say(200, _json(), NOTE)


async def disguised_note(visit: Visit) -> None:
    """The same 59 bytes, under the headers of what was asked for."""
    await visit.say(200, visit.other_headers(b"content-length"), NOTE)


async def nothing(visit: Visit) -> None:
    """Status 200, the headers of what was asked for, and no byte."""
    await visit.say(200, visit.other_headers(b"content-length"), b"")


async def zipped(visit: Visit) -> None:
    """The body is compressed, as nobody asked."""
    headers = visit.other_headers(b"content-length", b"content-encoding")
    body = gzip.compress(visit.body)
    await visit.say(visit.status, [*headers, (b"content-encoding", b"gzip")], body)


async def cut_amid_headers(visit: Visit) -> None:
    """The connection ends within a header."""
    transport = visit.transport()
    transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/js")
    transport.close()


async def reset(visit: Visit) -> None:
    """The connection is reset before any answer."""
    visit.scope["extensions"][CUT]()


async def dripping(visit: Visit) -> None:
    """A byte now and then, without end."""
    headers = visit.other_headers(b"content-length")
    await visit.send({"type": "http.response.start", "status": visit.status, "headers": headers})
    gone = asyncio.ensure_future(visit.receive())
    while not gone.done():
        await visit.send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait({gone}, timeout=0.02)


def refused(status: int, **headers: str) -> Spoil:
    """A status instead of an answer, with a few headers."""
    lines = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]

    async def spoil(visit: Visit) -> None:
        await visit.say(status, [*_json(), *lines], b'{"message":"no"}')

    return spoil


async def elsewhere(visit: Visit) -> None:
    """A redirect to a host that is not the platform's, which has what was asked for."""
    headers = visit.other_headers(b"content-length")
    target = visit.front.lead_elsewhere(visit, visit.status, headers, visit.body)
    await visit.say(302, [(b"location", target)], b"")


async def elsewhere_to_a_page(visit: Visit) -> None:
    """A redirect to a host that is not the platform's, which wants somebody to sign in."""
    kind = [(b"content-type", b"text/html")]
    target = visit.front.lead_elsewhere(visit, 200, kind, PAGE)
    await visit.say(307, [(b"location", target)], b"")


async def in_circles(visit: Visit) -> None:
    """A redirect to the same address with one more step behind it, without end."""
    raw = visit.scope["raw_path"].decode("latin-1")
    query = visit.scope["query_string"].decode("latin-1")
    await visit.say(302, [(b"location", f"{raw}?{query}&again".encode())], b"")


# --- what may become of a download that goes on ------------------------------------------------


def first_cut(then: Spoil) -> Spoil:
    """Cut what is asked for from its beginning; spoil what is asked for from where it broke off."""

    async def spoil(visit: Visit) -> None:
        await (then if visit.start else cut)(visit)

    return spoil


async def whole_again(visit: Visit) -> None:
    """A range is answered with the whole file and 200."""
    await visit.say(200, visit.other_headers(b"content-length"), visit.body)


async def from_elsewhere(visit: Visit) -> None:
    """A range is answered from another offset, as ``Content-Range`` says."""
    await _answer_range(visit, (visit.start or 0) // 2)


async def changed(visit: Visit) -> None:
    """A range is answered under another ``ETag``, with the rest of another file of that length."""
    await _answer_range(visit, visit.start or 0, etag=b'"another"', body=visit.body[::-1])


async def _answer_range(
    visit: Visit, start: int, etag: bytes | None = None, body: bytes | None = None
) -> None:
    data = visit.body if body is None else body
    without = (b"content-length", b"content-range", *([b"etag"] if etag else []))
    placed = f"bytes {start}-{len(data) - 1}/{len(data)}".encode()
    headers = [*visit.other_headers(*without), (b"content-range", placed)]
    await visit.say(206, headers + ([(b"etag", etag)] if etag else []), data[start:])
