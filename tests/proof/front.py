"""What stands in front of every host of any platform, and misbehaves as no platform admits to.

It knows no platform: a file is what has the hash of a file that is offered, an answer is all else.
The host is asked first, and what it said is spoilt on its way; so a platform never notices.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from catchment.sandbox.layer import CUT, ASGIApp, Message, Receive, Scope, Send, collect
from catchment.testing.stage import DAY, Stage

Kind = Literal["file", "hop", "answer"]
"""A file, a redirect (mostly to a file), or anything else that a host says."""

Lines = list[tuple[bytes, bytes]]

ELSEWHERE = "localhost"
"""A host that is not the platform's: the same machine by a name that no setting allows."""


@dataclass
class Visit:
    """One request, and what the host answered to it.

    Attributes:
        front: Where it came by.
        scope: The request.
        receive: Tells when the client has gone.
        send: To the client.
        status: What the host answered, had the whole been asked for.
        headers: Likewise.
        body: Likewise.
        honest: Answers what the host would have answered to exactly this request.
    """

    front: Front
    scope: Scope
    receive: Receive
    send: Send
    status: int
    headers: Lines
    body: bytes
    honest: Callable[[], Awaitable[None]]

    @property
    def kind(self) -> Kind:
        """What was asked for."""
        if 300 <= self.status < 400:
            return "hop"
        digest = hashlib.sha256(self.body).hexdigest()
        good = self.status == 200 and digest in self.front.files and digest not in self.front.spare
        return "file" if good else "answer"

    @property
    def start(self) -> int | None:
        """The first byte that was asked for; ``None`` where no range was."""
        told = dict(self.scope["headers"]).get(b"range")
        first = told.decode("latin-1").removeprefix("bytes=").partition("-")[0] if told else ""
        return int(first) if first else None

    def other_headers(self, *without: bytes) -> Lines:
        """The host's headers but for some."""
        return [line for line in self.headers if line[0].lower() not in without]

    async def say(
        self, status: int, headers: Lines, body: bytes, *, length: int | None = None
    ) -> None:
        """Answer; with *length* announced, if told, instead of the body's own."""
        told = len(body) if length is None else length
        lines = [*headers, (b"content-length", str(told).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": lines})
        await self.send({"type": "http.response.body", "body": body, "more_body": told > len(body)})

    def transport(self) -> asyncio.Transport:
        """The connection itself, for what no server would send."""
        cut = self.scope["extensions"][CUT]
        assert isinstance(cut, partial)
        told: asyncio.Transport = cut.args[0]
        return told


Spoil = Callable[[Visit], Awaitable[None]]


@dataclass
class Front:
    """Stands in front of the hosts of a platform.

    Attributes:
        spoil: What is done to an answer; ``None`` while all goes well.
        of: Which answers are spoilt.
        every: One in so many of them.
        after: So many answers of each path come well before any is spoilt.
        files: The files that are or will be offered, by their hash.
        spare: Hashes of files that pass unspoilt.
        spared: Paths of which nothing is spoilt: those that are asked when contact is made.
        done: How many answers were spoilt.
        spoilt: Hashes of the files of which the last answer was no good.
        resumed: How often a client asked for the rest of a file.
        secrets: What came in an ``Authorization`` header.
        strayed: What came to the host that is not the platform's: address and headers.
    """

    spoil: Spoil | None = None
    of: tuple[Kind, ...] = ("file",)
    every: int = 1
    after: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    spare: set[str] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)
    done: int = 0
    spoilt: set[str] = field(default_factory=set)
    resumed: int = 0
    secrets: set[bytes] = field(default_factory=set)
    strayed: list[bytes] = field(default_factory=list)
    _learning: bool = False
    _seen: int = 0
    _answered: Counter[str] = field(default_factory=Counter)
    _kept: list[tuple[int, Lines, bytes]] = field(default_factory=list)

    def meet(self, stage: Stage) -> None:
        """Learn what is or will be offered, and what is asked for when contact is made."""
        ever = stage.clock.now() + 30 * DAY
        offered = (one for platform in stage.platforms for one in platform.truth(ever))
        self.files = {row.sha256: row.file_id for row in offered}
        self._learning = True
        with stage.open() as app:
            for platform in stage.platforms:
                app.connect(platform.source)
        self._learning = False

    @contextmanager
    def spoiling(self, spoil: Spoil, of: tuple[Kind, ...], every: int = 1) -> Iterator[None]:
        """Spoil answers until the block is left."""
        self.spoil, self.of, self.every = spoil, of, every
        self._answered.clear()
        yield
        self.spoil = None

    def take_count(self) -> int:
        """How many answers were spoilt since this was asked last."""
        count, self.done = self.done, 0
        return count

    def wrap(self, _name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of a host."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return await app(scope, receive, send)
            told = dict(scope["headers"])
            if told.get(b"host", b"").startswith(ELSEWHERE.encode()):
                return await self._answer_elsewhere(scope, send)
            if b"authorization" in told:
                self.secrets.add(told[b"authorization"].split()[-1])
            if self._learning:
                self.spared.add(scope["path"])
            if self.spoil is None and b"range" not in told:
                return await app(scope, receive, send)
            return await self._judge(await self._visit(app, scope, receive, send))

        return answer

    async def _visit(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> Visit:
        asked = await _read_body(receive)
        headers = [line for line in scope["headers"] if line[0] not in (b"range", b"if-range")]
        start, body = await collect(app, {**scope, "headers": headers}, _replay(asked, receive))
        lines = list(start["headers"])

        async def honest() -> None:
            if len(headers) != len(scope["headers"]):
                return await app(scope, _replay(asked, receive), send)
            await send({**start, "headers": lines})
            return await send({"type": "http.response.body", "body": body})

        return Visit(self, scope, receive, send, start["status"], lines, body, honest)

    async def _judge(self, visit: Visit) -> None:
        if visit.kind == "file" and visit.start:
            self.resumed += 1
        wanted = visit.kind in self.of and visit.scope["path"] not in self.spared
        if self.spoil is None or not wanted:
            return await visit.honest()
        self._seen += 1
        self._answered[visit.scope["path"]] += 1
        early = self._answered[visit.scope["path"]] <= self.after
        if early or self._seen % self.every:
            return await visit.honest()
        self.done += 1
        return await self.spoil(visit)

    # --- the host that is not the platform's ----------------------------------------------------

    def lead_elsewhere(self, visit: Visit, status: int, headers: Lines, body: bytes) -> bytes:
        """The address of another host, which will give this answer."""
        self._kept.append((status, headers, body))
        scheme = visit.scope["scheme"]
        port = visit.scope["server"][1]
        return f"{scheme}://{ELSEWHERE}:{port}/elsewhere/{len(self._kept) - 1}".encode()

    async def _answer_elsewhere(self, scope: Scope, send: Send) -> None:
        lines = [name + b": " + value for name, value in scope["headers"]]
        self.strayed.append(b"\n".join([scope["raw_path"], scope["query_string"], *lines]))
        status, headers, body = self._kept[int(scope["path"].rpartition("/")[2])]
        lengths = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers + lengths})
        await send({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """What came already, and then whatever comes: that the client has gone."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay


@dataclass(frozen=True)
class How:
    """What is done to answers.

    Attributes:
        spoil: It.
        harmless: What was asked for is had nevertheless.
        of: Which answers.
    """

    spoil: Spoil
    harmless: bool = False
    of: tuple[Kind, ...] = ("file",)


class Turns:
    """Spoils answers in several manners, one after the other and over again.

    Args:
        hows: The manners by their names; what is harmless had better come last.

    Attributes:
        used: How often each was used.
    """

    def __init__(self, hows: Mapping[str, How]) -> None:
        self._hows = hows
        self._waiting = list(hows)
        self.used: Counter[str] = Counter()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What any of them spoils."""
        return tuple({kind for how in self._hows.values() for kind in how.of})

    @property
    def unused(self) -> set[str]:
        """What was not used yet."""
        return set(self._hows) - set(self.used)

    async def __call__(self, visit: Visit) -> None:
        """Spoil one answer in the next manner that is for its kind."""
        kind = visit.kind
        name = next((one for one in self._waiting if kind in self._hows[one].of), None)
        if name is None:
            return await visit.honest()
        self._waiting.remove(name)
        self._waiting.append(name)
        self.used[name] += 1
        if kind == "file":
            digest = hashlib.sha256(visit.body).hexdigest()
            spoilt = visit.front.spoilt
            (spoilt.discard if self._hows[name].harmless else spoilt.add)(digest)
        return await self._hows[name].spoil(visit)
