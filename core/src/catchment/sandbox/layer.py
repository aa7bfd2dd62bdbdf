"""The layer in front of a simulated host that spoils answers as :class:`Faults` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from catchment.sandbox.faults import Fault, Faults, Group

__all__ = ["CUT", "ASGIApp", "Answer", "FaultLayer", "Scope"]

Scope = MutableMapping[str, Any]
"""What a server says of a request: ``scope["path"]``, ``scope["query_string"]``, and more."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application; a Starlette application is one."""

CUT = "catchment.cut"
"""The extension by which our server lets an application cut the connection."""

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please wait</body></html>"
DRIP = 0.01
DRIPS = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer in a platform's own words."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


ANSWERS: Mapping[str, Answer] = {
    "throttle": Answer(429),
    "expired_link": Answer(403, PAGE, {"content-type": "text/html"}),
    "expired_token": Answer(401),
    "unauthorized_once": Answer(401),
    "html": Answer(200, PAGE, {"content-type": "text/html; charset=utf-8"}),
}

_OUTSIDE: tuple[Fault, ...] = ("throttle", "server_error", "reset")
_DOOR: tuple[Fault, ...] = ("expired_token", "unauthorized_once")
_BODY: tuple[Fault, ...] = ("truncate", "html", "slow")
_POSSIBLE: Mapping[Group, tuple[Fault, ...]] = {
    "token": (*_OUTSIDE, "html", "slow"),
    "list": (*_OUTSIDE, *_DOOR, *_BODY),
    "document": (*_OUTSIDE, *_DOOR, *_BODY),
    "download": (*_OUTSIDE, "expired_link", *_DOOR, *_BODY),
}
_RESUMING: tuple[Fault, ...] = ("wrong_range", "changed")


class FaultLayer:
    """An ASGI application that passes requests on to *app*, and sometimes does not.

    Args:
        app: One host of a simulator.
        faults: What goes wrong.
        classify: For each request, its group and the key that all tries of the same thing share
            (a file's id, not its signed link); ``None`` for a request that is never spoilt.
        answers: How the platform words ``throttle``, ``server_error``, ``expired_link``,
            ``expired_token`` and ``unauthorized_once``: called with the scope of the request.
            What is left out is worded plainly.
    """

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        classify: Callable[[Scope], tuple[Group, str] | None],
        answers: Mapping[str, Callable[[Scope], Answer]] | None = None,
    ) -> None:
        self.app = app
        self.faults = faults
        self.classify = classify
        self.answers = dict(answers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = self.classify(scope) if scope["type"] == "http" else None
        if asked is None:
            return await self.app(scope, receive, send)
        group, key = asked
        ranged = any(name == b"range" for name, _ in scope["headers"])
        possible = (*_RESUMING, *_POSSIBLE[group]) if ranged else _POSSIBLE[group]
        fault = self.faults.choose(group, key, possible)
        if fault is None:
            return await self.app(scope, receive, send)
        chance = self.faults.draw(fault, group, key, self.faults.asked(group, key))
        if fault == "reset":
            return _cut(scope)
        if fault in ("truncate", "slow"):
            spoil = _truncated if fault == "truncate" else _dripping
            return await spoil(self.app, scope, receive, send, chance)
        if fault in _RESUMING:
            return await _resumed(self.app, fault, scope, receive, send, chance)
        return await _answer(self._word(fault, scope, chance), send)

    def _word(self, fault: Fault, scope: Scope, chance: int) -> Answer:
        if fault in self.answers:
            return self.answers[fault](scope)
        if fault == "server_error":
            return Answer((500, 502, 503)[chance % 3], b"upstream\n")
        return ANSWERS[fault]


async def _answer(answer: Answer, send: Send) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": lines})
    await send({"type": "http.response.body", "body": answer.body})


def _cut(scope: Scope) -> None:
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        raise ConnectionResetError("the connection was cut by the fault layer")
    cut()


async def collect(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The whole answer of *app*: its first message, and its body."""
    start: Message = {}
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return start, bytes(body)


async def _truncated(app: ASGIApp, scope: Scope, receive: Receive, send: Send, chance: int) -> None:
    """Cut the body: the connection breaks off, the length is the cut one's, or there is none."""
    start, body = await collect(app, scope, receive)
    part = body[: len(body) * (10 + chance % 80) // 100]
    others = [line for line in start["headers"] if line[0].lower() != b"content-length"]
    manner = chance // 80 % 3
    length = len(body) if manner == 0 else len(part)
    if manner < 2:
        others.append((b"content-length", str(length).encode()))
    await send({**start, "headers": others})
    await send({"type": "http.response.body", "body": part, "more_body": manner == 0})
    # with the full length announced and the body left open, the server breaks the connection off


async def _dripping(app: ASGIApp, scope: Scope, receive: Receive, send: Send, _: int) -> None:
    """The whole body, in drips."""
    start, body = await collect(app, scope, receive)
    await send(start)
    step = max(1, -(-len(body) // DRIPS))
    for at in range(0, len(body), step):
        await send({"type": "http.response.body", "body": body[at : at + step], "more_body": True})
        await asyncio.sleep(DRIP)
    await send({"type": "http.response.body", "body": b""})


async def _resumed(
    app: ASGIApp, fault: Fault, scope: Scope, receive: Receive, send: Send, chance: int
) -> None:
    """Answer a range with something else: the whole, another offset, or another ETag.

    What is said of the body is true, so a client that reads the answer's headers is not deceived.
    """
    headers = [line for line in scope["headers"] if line[0] not in (b"range", b"if-range")]
    wanted = next(value for name, value in scope["headers"] if name == b"range")
    start, dash, end = wanted.decode("latin-1").removeprefix("bytes=").partition("-")
    if fault == "wrong_range" and chance % 2 and dash and start.isdigit() and int(start) > 0:
        other = f"bytes={int(start) - 1 - chance % int(start)}-{end}"
        headers.append((b"range", other.encode()))
    spoilt: Scope = {**scope, "headers": headers}

    async def tell(message: Message) -> None:
        if fault == "changed" and message["type"] == "http.response.start":
            lines = [line for line in message["headers"] if line[0].lower() != b"etag"]
            message = {**message, "headers": [*lines, (b"etag", b'"%x"' % chance)]}
        await send(message)

    await app(spoilt, receive, tell)
