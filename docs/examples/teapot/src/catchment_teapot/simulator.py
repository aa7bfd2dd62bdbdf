"""Teapot as it would behave, told from a World, for the demo, the tests and the sandbox.

It shares no code with the adapter: what both would get wrong alike, no test would find.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catchment.sandbox import ASGIApp, Call, FaultLayer, Scope, Simulator, Take, TruthRow

KEY = "a-simulated-key"
PAGE = 5
BREWS = timedelta(minutes=5)
LINKS = timedelta(minutes=15)


class TeapotSimulator(Simulator):
    """One account, on one host; of each call it records what the first agent heard."""

    name: ClassVar[str] = "teapot"

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The account, with what goes wrong in front of it."""
        paths = {
            "/account": self._account,
            "/calls": self._calls,
            "/calls/{id}": self._call,
            "/audio/{id}": self._audio,
        }
        app = Starlette(routes=[Route(path, answer) for path, answer in paths.items()])
        return {"account": FaultLayer(app, self.faults, _classify)}

    def settings(self) -> Mapping[str, object]:
        """What stands in the source's table, beside ``adapter``."""
        return {"url": self.urls["account"], "api_key": {"env": "TEAPOT_API_KEY"}}

    def secrets(self) -> Mapping[str, str]:
        """What the settings refer to."""
        return {"TEAPOT_API_KEY": KEY}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that was offered up to *until*: what must be in the archive then."""
        for call in self._list_recorded():
            ready_at, take = self._ready_at(call), _take(call)
            if ready_at <= until:
                keys = (f"call:{call.call_id}",)
                told = (take.sha256, take.size_bytes, take.seconds, keys, call.started_at)
                yield TruthRow(self.source, call.call_id, "audio", "audio", ready_at, *told)

    def _list_recorded(self) -> list[Call]:
        return [call for call in self.world.calls if call.recorded]

    def _ready_at(self, call: Call) -> datetime:
        return call.ended_at + BREWS + self.faults.delay(call.call_id)

    # --- what is answered ------------------------------------------------------------------------

    def _account(self, request: Request) -> Response:
        return _refuse(request) or JSONResponse({"id": f"pot-{self.world.seed}"})

    def _calls(self, request: Request) -> Response:
        """By the time at which a call last changed, so that what is late is found."""
        asked = request.query_params
        since, until = (datetime.fromisoformat(asked[name]) for name in ("from", "to"))
        start = int(asked["page"])
        if start and self.faults.cursor_lost(f"{since} {start}"):
            return JSONResponse({"error": "that page has gone cold"}, 409)
        over = [call for call in self._list_recorded() if call.ended_at <= self.clock.now()]
        rows = sorted((self._row(call) for call in over), key=lambda row: str(row["changed"]))
        rows = [row for row in rows if since <= datetime.fromisoformat(row["changed"]) < until]
        told = self.faults.rows(rows[start : start + PAGE], f"{since} {start}")
        after = str(start + PAGE) if start + PAGE < len(rows) else None
        return _refuse(request) or JSONResponse({"calls": told, "next": after})

    def _call(self, request: Request) -> Response:
        for call in self._list_recorded():
            if call.call_id == request.path_params["id"] and call.ended_at <= self.clock.now():
                return _refuse(request) or JSONResponse(self._row(call))
        return _refuse(request) or JSONResponse({"error": "no such call"}, 404)

    def _row(self, call: Call) -> dict[str, Any]:
        ready_at, now = self._ready_at(call), self.clock.now()
        ready, first = ready_at <= now, call.recorded[0]
        row = {
            "id": call.call_id,
            "agent": getattr(first.person, "agent_id", ""),
            "started": call.started_at.isoformat(),
            "ended": call.ended_at.isoformat(),
            "changed": (ready_at if ready else call.ended_at).isoformat(),
        }
        link = f"{self.urls['account']}/audio/{call.call_id}?until={(now + LINKS).timestamp()}"
        return row | ({"audio": link, "sha256": _take(call).sha256} if ready else {})

    def _audio(self, request: Request) -> Response:
        if float(request.query_params["until"]) < self.clock.now().timestamp():
            return Response("this link is too old", 403)
        wanted = request.path_params["id"]
        take = next(_take(call) for call in self._list_recorded() if call.call_id == wanted)
        return Response(take.read(), media_type=take.media_type)


def _take(call: Call) -> Take:
    return call.recorded[0].take("wav")


def _refuse(request: Request) -> Response | None:
    known = request.headers.get("authorization") == f"Bearer {KEY}"
    return None if known else JSONResponse({"error": "unknown key"}, 401)


def _classify(scope: Scope) -> tuple[Literal["list", "document", "download"], str]:
    """What a request asks for; two tries of one file share a key although their links differ."""
    path: str = scope["path"]
    if path.startswith("/audio/"):
        return "download", path
    query = scope["query_string"].decode()
    return ("list", f"{path}?{query}") if query else ("document", path)
