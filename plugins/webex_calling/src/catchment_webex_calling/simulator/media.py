"""The hosts that send files: media by ticket alone, AI notes to bearers (1.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer, Written, send_file
from catchment_webex.simulator.answers import Rejection
from catchment_webex.simulator.api import live
from catchment_webex_calling.simulator.links import PATHS, is_expired, read_link
from catchment_webex_calling.simulator.recordings import Recording
from catchment_webex_calling.simulator.tenant import CallingTenant
from catchment_webex_calling.simulator.texts import write_notes

_HTML = "text/html;charset=UTF-8"
_REFUSED = b"<html><head><title>Error</title></head><body>The ticket is not valid.</body></html>"
_BUSY = b"<html><head><title>Too Many Requests</title></head><body></body></html>"
_EXTENSIONS = {"audio": "mp3", "transcript": "vtt"}


def build_media(tenant: CallingTenant) -> Mapping[str, ASGIApp]:
    """The hosts ``media`` and ``ai``, each behind the fault layer."""
    return {host: _spoil(tenant, MediaHost(tenant, host)) for host in PATHS}


class MediaHost:
    """One host that sends files."""

    def __init__(self, tenant: CallingTenant, host: str) -> None:
        self._tenant, self._host = tenant, host
        self._tries: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            try:
                response = self._answer(request)
            except Rejection as rejection:
                response = JSONResponse(rejection.answer.body, rejection.answer.status)
            await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        tenant, now = self._tenant, self._tenant.clock.now()
        if request.url.path != PATHS[self._host] or request.method not in ("GET", "HEAD"):
            return Response(status_code=404)
        if self._host == "ai":
            tenant.tokens.admit(request.headers.get("authorization", ""))
        ticket = read_link(tenant, request.query_params)
        recording = tenant.by_id.get(ticket.recording_id) if ticket else None
        if ticket is None or recording is None:
            return Response(_REFUSED, 403, media_type=_HTML)
        if is_expired(tenant, ticket, now):
            return Response(_REFUSED, tenant.switches.expired_link, media_type=_HTML)
        state = tenant.state(recording, now)
        if state is None or not tenant.has_links(recording, state, now):
            return Response(_REFUSED, 404, media_type=_HTML)
        if self._is_busy(recording, ticket.sort):
            wait = {"Retry-After": str(tenant.switches.media_retry_after)}
            return Response(_BUSY, 429, wait, media_type=_HTML)
        content = recording.content(ticket.sort, now)
        if self._host == "ai":
            notes = write_notes(recording.recording_id, ticket.sort, recording.call)
            content = Written(lambda: notes, "application/json")
        if content is None:
            return Response(_REFUSED, 404, media_type=_HTML)
        name = quote(_name(recording, ticket.sort), safe="")
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return send_file(request, content, named, ranges=tenant.switches.ranges)

    def _is_busy(self, recording: Recording, sort: str) -> bool:
        """Whether this first try of a file is refused (1.4)."""
        about = recording.recording_id, sort
        self._tries[about] += 1
        drawn = self._tenant.ids.chance("busy", *about) % 100
        return self._tries[about] == 1 and drawn < self._tenant.switches.media_429_rate


def _name(recording: Recording, sort: str) -> str:
    """What ``Content-Disposition`` names: the topic without its suffix (1.4)."""
    return f"{recording.topic.rpartition('-')[0]}.{_EXTENSIONS.get(sort, 'json')}"


def _spoil(tenant: CallingTenant, host: MediaHost) -> ASGIApp:
    def classify(scope: Scope) -> tuple[Literal["download"], str] | None:
        """All links of one file are one key."""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if "recordUUID" not in query:
            return None
        return "download", f"{query['recordUUID']} {query.get('type', '')}"

    def throttle(scope: Scope) -> Spoilt:
        wait = str(tenant.switches.media_retry_after)
        return Spoilt(429, _BUSY, {"content-type": _HTML, "retry-after": wait})

    def refuse(scope: Scope) -> Spoilt:
        return Spoilt(tenant.switches.expired_link, _REFUSED, {"content-type": _HTML})

    return FaultLayer(host, tenant.faults, classify, {"throttle": throttle, "expired_link": refuse})
