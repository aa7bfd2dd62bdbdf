"""The hosts as ASGI applications: ``api``, ``web`` (tokens and ``/rec/…``) and ``storage``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catchment_zoom.simulator.answers import MISROUTED, Answer, Rejection, other_shape, reject
from catchment_zoom.simulator.api_archive import ARCHIVE
from catchment_zoom.simulator.api_meetings import MEETINGS
from catchment_zoom.simulator.api_recordings import RECORDINGS
from catchment_zoom.simulator.downloads import Downloads
from catchment_zoom.simulator.oauth import refuse_token
from catchment_zoom.simulator.routing import find
from catchment_zoom.simulator.scopes import BY_ROUTE, ROUTES, Operation
from catchment_zoom.simulator.site import Call, Site
from catchment_zoom.simulator.trouble import spoil_hosts

Handler = Callable[[Request], Awaitable[Response]]
HANDLERS: dict[str, Callable[[Site, Call], Answer]] = {**ARCHIVE, **RECORDINGS, **MEETINGS}
_TOKEN = "/oauth/token"  # noqa: S105
_BASE = b"/v2"


def build_hosts(site: Site) -> Mapping[str, ASGIApp]:
    """The three hosts of one account."""
    api, downloads = Api(site), Downloads(site)

    async def web(request: Request) -> Response:
        if request.url.path == _TOKEN and request.method == "POST":
            return await api.token(request)
        return await downloads.web(request)

    hosts = {"api": _host(api.answer), "web": _host(web), "storage": _host(downloads.storage)}
    return spoil_hosts(site, hosts)


class Api:
    """``https://api.zoom.us``: one answer for each call."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._calls = 0

    async def token(self, request: Request) -> Response:
        """``POST /oauth/token``, on either host (1)."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        site = self._site
        answer = site.tokens.answer(
            request.headers, request.query_params, form, site.switches, site.base("api")
        )
        return self._respond(answer, {})

    async def answer(self, request: Request) -> Response:
        """Any call; the path is read as it stood on the wire (1.2)."""
        if request.url.path == _TOKEN and request.method == "POST":
            return await self.token(request)
        headers: dict[str, str] = {}
        try:
            answer = self._decide(request, await _read_body(request), headers)
        except Rejection as rejection:
            answer = rejection.answer
        return self._respond(answer, headers)

    def _decide(self, request: Request, body: Mapping[str, Any], headers: dict[str, str]) -> Answer:
        site = self._site
        self._admit_query(request)
        bearer = request.headers.get("authorization", "").partition(" ")[2]
        token = site.tokens.admit(bearer, site.switches)
        operation, path = self._route(request)
        limited, told = site.limiter.draw(operation.label, site.switches)
        headers.update(told)
        if limited is not None:
            return limited
        operation.check_scopes(token.scopes)
        every = site.switches.odd_body_every
        if every and self._calls % every == every - 1:
            return other_shape(5000, "Internal error.", site.switches.odd_body_status)
        query = dict(request.query_params)
        call = Call(operation.name, path, query, body, site.clock.now())
        return HANDLERS[operation.name](site, call)

    def _admit_query(self, request: Request) -> None:
        """A token in the query has been refused since 2023-02-14 (2.1)."""
        if "access_token" in request.query_params:
            raise refuse_token("Invalid access token.", self._site.switches)

    def _route(self, request: Request) -> tuple[Operation, Mapping[str, str]]:
        switches = self._site.switches
        raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
        raw = raw.partition(b"?")[0]
        found = None
        if raw.startswith(_BASE + b"/"):
            found = find(ROUTES, request.method, raw.removeprefix(_BASE))
        if found is not None:
            return BY_ROUTE[found[0]], found[1]
        if b"past_meetings" in raw and switches.misrouted == 3001:
            raise reject(404, 3001, "Meeting does not exist.")
        status = 404 if b"past_meetings" in raw else switches.unknown_status
        raise reject(status, 2300, MISROUTED)

    def _respond(self, answer: Answer, headers: Mapping[str, str]) -> Response:
        self._calls += 1
        told = {**headers, **answer.headers, "x-zm-trackingid": self._tracking_id()}
        media_type = "application/json;charset=UTF-8" if answer.body is not None else None
        return Response(answer.to_bytes(), answer.status, told, media_type)

    def _tracking_id(self) -> str:
        """Sent with every answer of the API (1)."""
        return f"v=2.0;clid=sim1;rid=WEB_{self._site.ids.short('call', str(self._calls))}"


async def _read_body(request: Request) -> Mapping[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _host(handler: Handler) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            response = await handler(Request(scope, receive))
            await response(scope, receive, send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Start and stop when the server does."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
