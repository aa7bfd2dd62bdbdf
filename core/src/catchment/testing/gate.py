"""Stands in front of every simulated host: sees what is asked, and may put itself in between."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from catchment.sandbox import Answer, ASGIApp, Simulator
from catchment.sandbox.layer import Message, Receive, Scope, Send

Change = Callable[[Any], Any]
"""Makes another JSON value of the one that a platform answers."""

PAGE_SIZES = (
    *("page_size", "pageSize", "per_page", "perPage", "limit", "max", "maxResults", "count"),
    *("size", "$top", "top"),
)
"""Names under which a query asks for pages of a size."""

_PAGES = re.compile(
    rf"(^|&)({'|'.join(map(re.escape, (*PAGE_SIZES, '%24top')))})=(\d+)", re.IGNORECASE
)
_PREFER = re.compile(rb"(odata\.maxpagesize=)(\d+)")

_JSON = {"content-type": "application/json"}
_HTML = {"content-type": "text/html"}
CUTS: Mapping[str, Answer] = {
    "is cut in the middle": Answer(200, b'{"rows": [{"id": "', _JSON),
    "is empty": Answer(200, b"", _JSON),
    "is a page of HTML": Answer(200, b"<html>wait</html>", _HTML),
    "is a 500": Answer(500, b"upstream"),
}
"""How an answer breaks off; each goes on behind "the answer"."""

Instead = Callable[["Asked"], Answer | None]
"""Answers in the platform's place; ``None`` lets the request pass."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived at a host.

    Attributes:
        number: Which one it was, of all hosts together.
        host: The host's name in the simulator.
        path: The path, as it was sent.
        query: What stands behind the path.
        headers: By their names in lower case.
    """

    number: int
    host: str
    path: str
    query: str
    headers: Mapping[str, str]


class Gate:
    """In front of all hosts of one simulator; made to be changed while it stands there.

    Attributes:
        seen: Every request, in order.
    """

    def __init__(self) -> None:
        self.seen: list[Asked] = []
        self._change: Change | None = None
        self._instead: Instead | None = None
        self._rows = 0
        self._lock = threading.Lock()

    @contextmanager
    def changing(self, change: Change) -> Iterator[None]:
        """Let every JSON answer be changed until the block is left."""
        self._change = change
        try:
            yield
        finally:
            self._change = None

    @contextmanager
    def answering(self, instead: Instead) -> Iterator[None]:
        """Let *instead* answer what it wants to answer until the block is left."""
        self._instead = instead
        try:
            yield
        finally:
            self._instead = None

    @contextmanager
    def narrowing(self, rows: int) -> Iterator[None]:
        """Let pages have no more than *rows*, where a request says how large they shall be."""
        self._rows = rows
        try:
            yield
        finally:
            self._rows = 0

    def wrap(self, host: str, app: ASGIApp) -> ASGIApp:
        """*app* with the gate in front of it."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return await app(scope, receive, send)
            asked = self._note(host, scope)
            told = self._instead(asked) if self._instead else None
            if told is not None:
                return await _send(told, send)
            if self._rows:
                scope = _narrow(scope, self._rows)
            if self._change is None:
                return await app(scope, receive, send)
            return await _send_changed(self._change, app, scope, receive, send)

        return answer

    def _note(self, host: str, scope: Scope) -> Asked:
        headers = {name.decode("latin-1"): one.decode("latin-1") for name, one in scope["headers"]}
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        with self._lock:
            asked = Asked(len(self.seen), host, path, query, headers)
            self.seen.append(asked)
        return asked

    def list_tokens(self) -> set[str]:
        """Every bearer that was sent to a host."""
        sent = [asked.headers.get("authorization", "") for asked in self.seen]
        return {one.partition(" ")[2] for one in sent if one.lower().startswith("bearer ")} - {""}


def list_secrets(platform: Simulator, gate: Gate) -> set[str]:
    """What must be seen nowhere: the simulator's secrets and every bearer that was sent."""
    told = set(platform.secrets().values()) | gate.list_tokens()
    return {one for one in told if len(one) >= 6}


def _narrow(scope: Scope, rows: int) -> Scope:
    query = scope["query_string"].decode("latin-1")
    query = _PAGES.sub(lambda m: f"{m[1]}{m[2]}={min(rows, int(m[3]))}", query)
    headers = [(name, _PREFER.sub(rb"\g<1>%d" % rows, value)) for name, value in scope["headers"]]
    return {**scope, "query_string": query.encode("latin-1"), "headers": headers}


async def _send(told: Answer, send: Send) -> None:
    lines = {**told.headers, "content-length": str(len(told.body))}
    headers = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": told.body})


async def _send_changed(
    change: Change, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    start: list[Message] = []
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    if not start:
        return
    headers = list(start[0].get("headers", []))
    told = bytes(body)
    if any(name.lower() == b"content-type" and b"json" in value for name, value in headers):
        with suppress(ValueError):  # what is no JSON after all passes as it is
            told = json.dumps(change(json.loads(told))).encode()
    headers = [line for line in headers if line[0].lower() != b"content-length"]
    headers.append((b"content-length", str(len(told)).encode()))
    await send({**start[0], "headers": headers})
    await send({"type": "http.response.body", "body": told})
