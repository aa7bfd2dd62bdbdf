"""What a test puts in front of the simulated hosts, where the switchboard has no switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from catchment.sandbox.layer import ASGIApp, Message, Receive, Scope, Send

ARCHIVE_LIST = "/v2/archive_files"
LISTS = (ARCHIVE_LIST, "/recordings")


@dataclass
class Lists:
    """Stands in front of the listings of the API.

    Attributes:
        page_size: So many rows stand on a page, whatever is asked for.
        fails_at: Pages from this number on (1 is the first) are answered with 500.
        on_page: Is called with the number of each page before it is asked for.
        shrink_to: A longer window is answered only for its end, as the echo says.
        asked: The queries, in order.
    """

    page_size: int = 0
    fails_at: int = 0
    on_page: Callable[[int], None] = lambda number: None
    shrink_to: timedelta | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def wrap(self, name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of the host ``api``."""
        if name != "api":
            return app

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].endswith(LISTS):
                return await app(scope, receive, send)
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            self.asked.append(dict(query))
            number = self._count_pages()
            self.on_page(number)
            if self.fails_at and number >= self.fails_at:
                return await _fail(send)
            if self.page_size:
                query["page_size"] = str(self.page_size)
            told = self._shrink(query)
            return await app({**scope, "query_string": urlencode(told).encode()}, receive, send)

        return answer

    def _count_pages(self) -> int:
        """Which page of its listing the last request asks for."""
        kind = self.asked[-1].get("query_date_type")
        same = [query for query in self.asked if query.get("query_date_type") == kind]
        starts = [n for n, query in enumerate(same) if not query.get("next_page_token")]
        tokens = {query.get("next_page_token", "") for query in same[starts[-1] if starts else 0 :]}
        return len(tokens)

    def _shrink(self, query: dict[str, str]) -> dict[str, str]:
        if self.shrink_to is None or "query_date_type" not in query:
            return query
        since, until = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
        if until - since <= self.shrink_to:
            return query
        return query | {"from": f"{until - self.shrink_to:%Y-%m-%dT%H:%M:%SZ}"}


@dataclass
class Refusing:
    """Answers paths of the API that hold one of ``parts`` with 500."""

    parts: set[str] = field(default_factory=set)

    def wrap(self, name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of the host ``api``."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["raw_path"].decode("latin-1") if scope["type"] == "http" else ""
            if any(part in path for part in self.parts):
                return await _fail(send)
            return await app(scope, receive, send)

        return answer if name == "api" else app


@dataclass
class Damaging:
    """Spoils the bytes of some files on their way, without changing their length.

    Attributes:
        files: Ids of the files that are damaged, for as long as they stand here.
        name: Tells the file's id from the path of a download.
        spoil: What becomes of the bytes.
    """

    spoil: Callable[[bytes], bytes]
    name: Callable[[str], str | None] = lambda path: None
    files: set[str] = field(default_factory=set)

    def wrap(self, name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of the host ``storage``."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" else ""
            if self.name(path) not in self.files:
                return await app(scope, receive, send)
            start: list[Message] = []
            body = bytearray()

            async def keep(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.append(message)
                else:
                    body.extend(message.get("body", b""))

            await app(scope, receive, keep)
            await send(start[0])
            return await send({"type": "http.response.body", "body": self.spoil(bytes(body))})

        return answer if name == "storage" else app


async def _fail(send: Send) -> None:
    body = json.dumps({"code": 500, "message": "Internal server error."}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
