"""A small simulated platform for the tests: one listing, and one file for each meeting."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from catchment.clock import ManualClock
from catchment.sandbox import (
    Answer,
    ASGIApp,
    FaultLayer,
    Faults,
    Simulator,
    Take,
    TruthRow,
    World,
)
from catchment.sandbox.faults import Group
from catchment.sandbox.layer import Receive, Scope, Send

START = datetime(2026, 10, 12, tzinfo=UTC)
ETAG = b'"as-it-is"'


class Cloud(Simulator):
    """Two hosts: ``api`` lists ids, ``files`` serves them with ranges and an ETag."""

    name = "cloud"

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """Both behind the same faults."""
        words = {"throttle": lambda _: Answer(429, b'{"wait":1}', {"retry-after": "1"})}
        return {
            "api": FaultLayer(self._list, self.faults, _classify, words),
            "files": FaultLayer(self._file, self.faults, _classify),
        }

    def takes(self) -> dict[str, Take]:
        """The file of every recorded meeting."""
        meetings = (m for m in self.world.list_meetings() if m.recorded)
        return {m.meeting_id: m.recorded[0].take("m4a") for m in meetings}

    def settings(self) -> Mapping[str, object]:
        """One setting of each kind."""
        return {
            "base_url": self.urls["api"],
            "secret": {"env": "CLOUD_SECRET"},
            "sites": ["a", "ü"],
        }

    def secrets(self) -> Mapping[str, str]:
        """What the settings refer to."""
        return {"CLOUD_SECRET": "s3cr3t"}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file, from the first moment on."""
        for meeting_id, take in self.takes().items():
            yield TruthRow(
                self.source,
                meeting_id,
                "m4a",
                "audio",
                self.world.start,
                take.sha256,
                take.size_bytes,
                take.seconds,
                (f"meeting:{meeting_id}",),
            )

    async def _list(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = self.faults.rows(sorted(self.takes()), "page")
        body = json.dumps(page).encode()
        await _send(send, 200, body, [(b"content-type", b"application/json")])

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        take = self.takes()[scope["path"].strip("/")]
        headers = dict(scope["headers"])
        start = int(headers.get(b"range", b"bytes=0-")[6:].partition(b"-")[0])
        lines = [(b"etag", ETAG), (b"content-type", take.media_type.encode())]
        if b"range" in headers:
            length = take.size_bytes
            lines.append((b"content-range", f"bytes {start}-{length - 1}/{length}".encode()))
        await _send(send, 206 if b"range" in headers else 200, take.read(start), lines)


def make_cloud(faults: Faults | None = None, source: str = "") -> Cloud:
    """A cloud of four meetings whose clock stands still."""
    clock = ManualClock(START)
    return Cloud(World(3, START, meetings=4), clock, faults, source=source)


def _classify(scope: Scope) -> tuple[Group, str] | None:
    if scope["path"] == "/health":
        return None
    return ("list" if scope["path"] == "/list" else "download"), scope["path"]


async def _send(send: Send, status: int, body: bytes, lines: list[tuple[bytes, bytes]]) -> None:
    lines = [*lines, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
