"""The download hosts: ``/rec/…`` on the web host, signed addresses on the storage host (6).

The web host wants a bearer and answers with a redirect; the storage host wants its signature and
does with a bearer what a switch says.  Either may misbehave for the first tries of a file.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from catchment.sandbox import Extent, read_extent, refuse_range
from catchment.sandbox.sending import BLOCK
from catchment_zoom.simulator.answers import Rejection
from catchment_zoom.simulator.ids import one_in
from catchment_zoom.simulator.oauth import refuse_token
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.site import Site

_LOGIN = "<!DOCTYPE html><html><head><title>Zoom</title></head><body>{}</body></html>"
_GONE = "This recording does not exist. (3,301)"
_SIGN_IN = "Sign in to your account"
_REFUSED = "<?xml version='1.0'?><Error><Code>{}</Code></Error>"


class _Cut(Exception):
    """Ends an answer in the middle, so that the server drops the connection."""


class Downloads:
    """Answers downloads on both hosts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tries: Counter[str] = Counter()

    async def web(self, request: Request) -> Response:
        """``GET /rec/…``: bearer, then a redirect or the bytes (6.2)."""
        site, now = self._site, self._site.clock.now()
        path = _raw_path(request)
        if not path.startswith("/rec/") or request.method not in ("GET", "HEAD"):
            return Response(status_code=404)
        read = site.links.read(path)
        if read is None:
            return _html(_GONE)
        file_id, given_at = read
        record, file = site.files.get(file_id, (None, None))
        if record is None or file is None:
            return _html(_GONE)
        refusal = self._refuse(request, record)
        if refusal is not None:
            return refusal
        life = site.switches.link_minutes
        old = life > 0 and now >= given_at + timedelta(minutes=life)
        if old or not site.is_offered(file, record, now):
            return _html(_GONE)  # 200 and HTML (fact 13; 6.2, rule 5)
        trouble = self._trouble(file)
        if trouble == "401":
            return _json(refuse_token("Invalid access token.", site.switches))
        if trouble == "html":
            return _html(_SIGN_IN)
        self._audit(request, record, file)
        if site.switches.redirect == "none":
            return self._send(request, file, trouble)
        until = now + timedelta(minutes=site.switches.signed_link_minutes)
        place = site.links.sign(file_id, quote(file.name or file_id), until)
        return RedirectResponse(f"{site.base('storage')}{place}", status_code=302)

    async def storage(self, request: Request) -> Response:
        """The signed address: what a bearer does there is a switch (6.2, rule 3)."""
        site = self._site
        file_id = site.links.check(_raw_path(request), request.query_params, site.clock.now())
        if file_id is None or file_id not in site.files:
            return _xml(403, "AccessDenied")
        mode, bearer = site.switches.storage_bearer, "authorization" in request.headers
        if mode == "reject" and bearer:
            return _xml(400, "InvalidArgument")  # only one way to authenticate is allowed
        if mode == "require" and not bearer:
            return _xml(401, "Unauthorized")
        file = site.files[file_id][1]
        return self._send(request, file, self._trouble(file, count=False))

    def _refuse(self, request: Request, record: Record) -> Response | None:
        """The answer to whoever may not have the file: 401, or a login page under 200."""
        site = self._site
        bearer = request.headers.get("authorization", "").partition(" ")[2]
        if not bearer and site.switches.download_query == "accept":
            bearer = request.query_params.get("access_token", "")  # legacy (6.2, rule 2)
        held = site.passes.get(bearer)
        if held and held.uuid == record.uuid and site.clock.now() < held.expires_at:
            return None
        try:
            site.tokens.admit(bearer, site.switches)
        except Rejection as rejection:
            page = site.switches.unauthorised == "html"
            return _html(_SIGN_IN) if page else _json(rejection)
        return None

    def _trouble(self, file: File, *, count: bool = True) -> str:
        """What befalls this try of *file*: the first tries of one file in so many (6.2, 10)."""
        switches = self._site.switches
        chance = self._site.ids.chance("trouble", file.file_id)
        if switches.download_trouble == "none" or not one_in(switches.trouble_every, chance):
            return "none"
        self._tries[file.file_id] += count
        tries = self._tries[file.file_id]
        return switches.download_trouble if tries <= switches.trouble_tries else "none"

    def _audit(self, request: Request, record: Record, file: File) -> None:
        if file.product == "archive" and request.method == "GET":
            address = request.client.host if request.client else ""
            now = self._site.clock.now()
            self._site.audit[record.uuid, file.file_id, address].append(now)

    def _send(self, request: Request, file: File, trouble: str) -> Response:
        size, ranges = file.content.size_bytes, self._site.switches.ranges
        extent = read_extent(request.headers.get("range", "") if ranges else "", size)
        if extent is None:
            return refuse_range(size)
        headers = _headers(file, extent, ranges)
        if trouble == "truncated":  # a shorter file under an honest header
            extent = Extent(extent.start, (extent.start + extent.end) // 2, size, extent.partial)
            headers["Content-Length"] = str(extent.end - extent.start)
        elif trouble == "wrong_length":  # one byte too many, and so announced
            headers["Content-Length"] = str(extent.end - extent.start + 1)
        if request.method == "HEAD":
            return Response(status_code=extent.status, headers=headers)
        return StreamingResponse(_stream(file, extent, trouble), extent.status, headers)


async def _stream(file: File, extent: Extent, trouble: str) -> AsyncIterator[bytes]:
    half = (extent.start + extent.end) // 2
    at = extent.start
    while at < extent.end:
        end = min(at + BLOCK, extent.end)
        if trouble in ("reset", "slow") and at < half:
            end = min(end, max(half, at + 1))
        block = await asyncio.to_thread(file.content.read, at, end)
        yield _spoil(block) if trouble == "corrupt" and at == extent.start else block
        at = end
        if trouble == "reset" and at >= half:
            raise _Cut
        if trouble == "slow":
            await asyncio.sleep(0.2)  # real time: a body that dribbles
    if trouble == "wrong_length":
        yield b"\0"


def _spoil(block: bytes) -> bytes:
    """The same length with other bytes in the middle (10, row 14)."""
    middle = len(block) // 2
    return (
        block[:middle]
        + bytes(255 - byte for byte in block[middle : middle + 64])
        + (block[middle + 64 :])
    )


def _headers(file: File, extent: Extent, ranges: bool) -> dict[str, str]:
    headers = {
        "Content-Type": file.content.media_type,
        **extent.headers,
        # A name stands here and in the last segment of the redirect (6.2, rule 4).
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name or file.file_id)}",
    }
    if ranges:
        headers["Accept-Ranges"] = "bytes"
        headers["ETag"] = f'"{file.file_id}"'
    return headers


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _html(text: str) -> Response:
    return Response(_LOGIN.format(text), media_type="text/html;charset=UTF-8")


def _xml(status: int, code: str) -> Response:
    return Response(_REFUSED.format(code), status, media_type="application/xml")


def _json(rejection: Rejection) -> Response:
    body: Mapping[str, object] = rejection.answer.body or {}
    return JSONResponse(dict(body), rejection.answer.status)
