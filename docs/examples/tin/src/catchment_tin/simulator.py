"""Tin as it would behave, told from a World, for the demo, the tests and the sandbox.

It shares no code with the adapter: what both would get wrong alike, no test would find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catchment.sandbox import ASGIApp, Call, FaultLayer, Recorded, Scope, Simulator, TruthRow

KEY = "a-simulated-key"
PAGE = 5
WORKS = timedelta(minutes=5)
LINKS = timedelta(minutes=15)
WHY = {"not_recorded": "not recorded", "failed": "failed", "refused": "refused"}


class TinSimulator(Simulator):
    """One tenant, on one host."""

    name: ClassVar[str] = "tin"

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The tenant, with what goes wrong in front of it."""
        paths = {
            "/me": self._me,
            "/recordings": self._recordings,
            "/calls": self._calls,
            "/recordings/{id}": self._recording,
            "/files/{id}": self._file,
        }
        app = Starlette(routes=[Route(path, answer) for path, answer in paths.items()])
        return {"tenant": FaultLayer(app, self.faults, _classify)}

    def settings(self) -> Mapping[str, object]:
        """What stands in the source's table, beside ``adapter``."""
        return {"url": self.urls["tenant"], "api_key": {"env": "TIN_API_KEY"}}

    def secrets(self) -> Mapping[str, str]:
        """What the settings refer to."""
        return {"TIN_API_KEY": KEY}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that was offered up to *until*: what must be in the archive then."""
        for call, one in self._list_recorded():
            take, ready_at = one.take("wav"), self._ready_at(one)
            if ready_at <= until:
                yield TruthRow(
                    self.source,
                    one.recorded_id,
                    "audio",
                    "audio",
                    ready_at,
                    take.sha256,
                    take.size_bytes,
                    take.seconds,
                    (f"call:{call.call_id}",),
                    one.window.start,
                )

    def _list_recorded(self) -> Iterator[tuple[Call, Recorded]]:
        return ((call, one) for call in self.world.calls for one in call.recorded)

    def _ready_at(self, one: Recorded) -> datetime:
        return one.window.end + WORKS + self.faults.delay(one.recorded_id)

    # --- what is answered ------------------------------------------------------------------------

    def _me(self, request: Request) -> Response:
        return _refuse(request) or JSONResponse({"tenant": f"tenant-{self.world.seed}"})

    def _recordings(self, request: Request) -> Response:
        """By the time at which a recording last changed, so that what is late is found."""
        over = [pair for pair in self._list_recorded() if pair[1].window.end <= self.clock.now()]
        rows = [self._row(call, one) for call, one in over]
        return self._page(request, [(row["changed"], row) for row in rows])

    def _calls(self, request: Request) -> Response:
        """By the time at which a call ended."""
        over = [call for call in self.world.calls if call.ended_at <= self.clock.now()]
        return self._page(request, [(_write(call.ended_at), _line(call)) for call in over])

    def _page(self, request: Request, timed: list[tuple[str, dict[str, Any]]]) -> Response:
        since, until = request.query_params["from"], request.query_params["to"]
        rows = [row for at, row in sorted(timed, key=lambda pair: pair[0]) if since <= at < until]
        start = int(request.query_params.get("page", 0))
        key = f"{request.url.path} {since} {start}"
        if start and self.faults.cursor_lost(key):
            return JSONResponse({"error": "unknown page"}, 409)
        after = str(start + PAGE) if start + PAGE < len(rows) else None
        told = self.faults.rows(rows[start : start + PAGE], key)
        return _refuse(request) or JSONResponse({"rows": told, "next": after, "total": len(rows)})

    def _recording(self, request: Request) -> Response:
        for call, one in self._list_recorded():
            if one.recorded_id == request.path_params["id"]:
                return _refuse(request) or JSONResponse(self._row(call, one))
        return _refuse(request) or JSONResponse({"error": "unknown recording"}, 404)

    def _row(self, call: Call, one: Recorded) -> dict[str, Any]:
        ready_at, now = self._ready_at(one), self.clock.now()
        ready, take = ready_at <= now, one.take("wav")
        link = f"{self.urls['tenant']}/files/{one.recorded_id}?until={(now + LINKS).timestamp()}"
        file = {"name": "audio"}
        told = {"url": link, "bytes": take.size_bytes, "sha256": take.sha256}
        return {
            "id": one.recorded_id,
            "call": call.call_id,
            "agent": {"id": getattr(one.person, "agent_id", ""), "name": _name(one)},
            "state": "ready" if ready else "processing",
            "changed": _write(ready_at if ready else one.window.end),
            "started": one.window.start.isoformat(),
            "ended": one.window.end.isoformat(),
            "pauses": [[p.start.isoformat(), p.end.isoformat()] for p in one.pauses],
            "files": [file | told if ready else file],
        }

    def _file(self, request: Request) -> Response:
        if float(request.query_params["until"]) < self.clock.now().timestamp():
            return Response("this link is too old", 403)
        wanted = request.path_params["id"]
        take = next(
            one.take("wav") for _, one in self._list_recorded() if one.recorded_id == wanted
        )
        return Response(take.read(), media_type=take.media_type)


def _refuse(request: Request) -> Response | None:
    known = request.headers.get("authorization") == f"Bearer {KEY}"
    return None if known else JSONResponse({"error": "unknown key"}, 401)


def _line(call: Call) -> dict[str, Any]:
    absent = "unanswered" if call.abandoned else WHY.get(call.outcome, "")
    return {
        "id": call.call_id,
        "started": call.started_at.isoformat(),
        "ended": call.ended_at.isoformat(),
        "recorded": "yes" if call.recorded else absent,
        "caller": call.ani,
        "called": call.dnis,
        "direction": call.direction,
    }


def _name(one: Recorded) -> str:
    return one.person.name if one.person else ""


def _write(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _classify(scope: Scope) -> tuple[Literal["list", "document", "download"], str]:
    """What a request asks for; two tries of one file share a key although their links differ."""
    path: str = scope["path"]
    if path.startswith("/files/"):
        return "download", path
    query = scope["query_string"].decode()
    return ("list", f"{path}?{query}") if query else ("document", path)
