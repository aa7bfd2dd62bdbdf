"""The media host of the older APIs: one file for each session (7.4)."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer, send_file
from catchment_webex.simulator.answers import Rejection, reject
from catchment_webex.simulator.api import live
from catchment_webex_cc.simulator.host import reword
from catchment_webex_cc.simulator.legacy_access import build_admission, has_bearer
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

PATH = "/cr/get-decrypted-recording/"


def build_media(tenant: ContactCenterTenant) -> ASGIApp:
    """The host ``media`` behind the fault layer."""

    def classify(scope: Scope) -> tuple[Literal["download"], str] | None:
        path: str = scope["path"]
        return ("download", path) if path.startswith(PATH) else None

    def throttle(scope: Scope) -> Spoilt:
        told = tenant.limiter.refuse()
        return Spoilt(429, told.to_bytes(), {**told.headers, "content-type": told.media_type})

    return FaultLayer(MediaHost(tenant), tenant.faults, classify, {"throttle": throttle})


class MediaHost:
    """Sends recordings: mono in CMSv1, stereo in CMSv2 (7.6)."""

    def __init__(self, tenant: ContactCenterTenant) -> None:
        self._tenant = tenant
        self._admit = build_admission(tenant)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            try:
                response = self._answer(request)
            except Rejection as rejection:
                told = reword(rejection.answer, self._tenant.tracking_id())
                response = JSONResponse(told.body, told.status, dict(told.headers))
            await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        tenant, path, verb = self._tenant, request.url.path, request.method
        told = tenant.switches.media_head
        if verb not in ("GET", "HEAD") or not path.startswith(PATH):
            raise reject(404, "The requested resource could not be found.")
        if verb == "HEAD" and told == "405":
            raise reject(405, "The method is not allowed for the requested resource.")
        self._admit(request)
        if request.query_params.get("orgId", tenant.org) != tenant.org:
            raise reject(403, "The token does not belong to this organization.")
        tenant.limiter.draw(tenant.credentials.client_id)
        if verb == "HEAD" and told == "200":
            return Response(media_type="audio/wav")
        contact = tenant.find_session(path.removeprefix(PATH))
        now = tenant.now_ms
        if contact is not None and contact.is_purged(now):
            raise reject(410, "The recording has been purged.")
        if contact is None or contact.line is None or not contact.has_line(now):
            if tenant.switches.media_missing == 204:
                return Response(status_code=204)
            raise reject(404, "The recording could not be found.")
        content = contact.line.take(2 if has_bearer(request) else 1)
        if verb == "HEAD":
            size = {"Content-Length": str(content.size_bytes)}
            return Response(headers=size, media_type=content.media_type)
        return send_file(request, content, ranges=tenant.switches.media_range)
