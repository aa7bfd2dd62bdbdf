"""A clock that costs no time, and real servers on the loopback that misbehave as they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from catchment.transport import Downloader, Limits


class VirtualClock:
    """A clock that goes on only when somebody waits; ``waits`` holds how long they waited."""

    def __init__(self) -> None:
        self.time = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The virtual time."""
        return self.time

    def wait(self, seconds: float) -> None:
        """Go on at once."""
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: ``target`` is the raw one of the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer: ``body``, sent ``times`` times over, with ``drip`` called after each byte.

    ``length`` announces another length than the body's, ``None`` announces none.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    times: int = 1
    drip: Callable[[], object] | None = None


class QuietServer(ThreadingHTTPServer):
    """A server that does not mind clients that go away."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: broken connections are what the tests are about."""


class Server:
    """Answers each request with what ``answer`` says, and remembers what was asked."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                target = self.requestline.split()[1]
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, target, headers, body)
                server.asked.append(asked)
                with suppress(OSError):
                    self.reply(server.answer(asked))

            do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

            def reply(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                whole = len(reply.body) * reply.times
                length = whole if reply.length == -1 else reply.length
                if length is not None:
                    self.send_header("Content-Length", str(length))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.close_connection = length != whole
                if reply.drip is None:
                    for _ in range(reply.times):
                        self.wfile.write(reply.body)
                    return
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    reply.drip()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


Serve = Callable[[Callable[[Asked], Reply]], Server]


@pytest.fixture
def clock() -> VirtualClock:
    """A virtual clock."""
    return VirtualClock()


@pytest.fixture
def reply() -> type[Reply]:
    """How answers of a server are made."""
    return Reply


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers as the function says."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(Server(answer))


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Where a download is written."""
    return tmp_path / "x.part"


@pytest.fixture
def downloader(clock: Any) -> Iterator[Downloader]:
    """A downloader without a token."""
    made = Downloader(clock, limits=Limits(read=timedelta(seconds=5)))
    yield made
    made.close()
