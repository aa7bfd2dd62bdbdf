"""The hosts beside the API: the media host, and the sites' own pages (4.4).

The media host is signed for, so it wants no bearer; one that comes along gets a login page.  What
it answers to a link that is too old nobody knows: three ways are a switch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from catchment.sandbox import Content, Extent, read_extent, refuse_range, stream_bytes
from catchment_webex.simulator.api import live
from catchment_webex.simulator.ids import one_in
from catchment_webex_meetings.simulator.links import Sort, Ticket
from catchment_webex_meetings.simulator.records import Recording
from catchment_webex_meetings.simulator.tenant import MeetingsTenant

LOGIN = b"<!DOCTYPE html><html><head><title>Cisco Webex</title></head><body>Sign in</body></html>"
EXPIRED = b"<!DOCTYPE html><html><head><title>Cisco Webex</title></head><body>Expired</body></html>"
_EXTENSIONS: dict[Sort, str] = {"recording": "mp4", "audio": "mp3", "transcript": "vtt"}
_WHAT_PAGES_WEIGH = 17_000


class Media:
    """Sends what tickets open."""

    def __init__(self, tenant: MeetingsTenant) -> None:
        self._tenant = tenant
        self._tries: Counter[str] = Counter()

    async def answer(self, request: Request) -> Response:
        """``GET`` a direct link."""
        tenant, switches = self._tenant, self._tenant.switches
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=405)
        if "authorization" in request.headers and switches.media_bearer == "html":
            return _page(LOGIN)
        ticket = read_ticket(tenant, request.url.path, request.query_params.get("ticket", ""))
        recording = tenant.recordings_by_id.get(ticket.recording_id) if ticket else None
        if ticket is None or recording is None:
            return _page(LOGIN)
        content = _content(recording, ticket.sort)
        if content is None or self._is_dead(recording, ticket):
            return self._expired()
        trouble = self._trouble(ticket)
        if trouble in ("423", "429"):
            return Response(status_code=int(trouble), headers={"Retry-After": "5"})
        if trouble == "html":
            return _page(LOGIN)
        return self._send(request, recording, ticket.sort, content, trouble)

    def _is_dead(self, recording: Recording, ticket: Ticket) -> bool:
        tenant, now = self._tenant, self._tenant.clock.now()
        life = timedelta(minutes=tenant.switches.link_minutes)
        return now >= ticket.given_at + life or tenant.status(recording, now) == "purged"

    def _expired(self) -> Response:
        mode = self._tenant.switches.expired_link
        return _page(EXPIRED) if mode == "html" else _page(EXPIRED, int(mode))

    def _trouble(self, ticket: Ticket) -> str:
        """What befalls this try: the first tries of one file in so many (4.4)."""
        switches, name = self._tenant.switches, f"{ticket.sort} {ticket.recording_id}"
        chance = self._tenant.ids.chance("trouble", name)
        if switches.download_trouble == "none" or not one_in(switches.trouble_every, chance):
            return "none"
        self._tries[name] += 1
        return switches.download_trouble if self._tries[name] <= switches.trouble_tries else "none"

    def _send(
        self, request: Request, recording: Recording, sort: Sort, content: Content, trouble: str
    ) -> Response:
        ranges, size = self._tenant.switches.ranges, content.size_bytes
        extent = read_extent(request.headers.get("range", "") if ranges else "", size)
        if extent is None:
            return refuse_range(size)
        if trouble == "short":  # a shorter file under an honest header
            half = (extent.start + extent.end) // 2
            extent = Extent(extent.start, half, size, extent.partial)
        extension = recording.format.lower() if recording.format == "ARF" else _EXTENSIONS[sort]
        headers = {
            "Content-Type": content.media_type,
            **extent.headers,
            "Content-Disposition": "attachment; filename*=UTF-8''"
            + quote(f"{recording.topic}.{extension}", safe=""),
        }
        if ranges:
            headers |= {"Accept-Ranges": "bytes", "ETag": f'"{recording.recording_id}-{sort}"'}
        if request.method == "HEAD":
            return Response(status_code=extent.status, headers=headers)
        sent = _corrupt(content, extent) if trouble == "corrupt" else stream_bytes(content, extent)
        return StreamingResponse(sent, extent.status, headers)


async def answer_site(request: Request) -> Response:
    """``downloadUrl`` and ``playbackUrl``: a page of about 17 kB, never the file (4.4, 11.1)."""
    if request.url.path.endswith(("/lsr.php", "/ldr.php")):
        return _page(LOGIN.replace(b"Sign in", b"Sign in".ljust(_WHAT_PAGES_WEIGH)))
    return Response(status_code=404)


def read_ticket(tenant: MeetingsTenant, path: str, text: str) -> Ticket | None:
    """What a direct link opens, however old it is."""
    return tenant.links.read(path, text)


def build_app(handler: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """A host that answers every request with *handler*."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            response = await handler(Request(scope, receive))
            await response(scope, receive, send)

    return app


async def _corrupt(content: Content, extent: Extent) -> AsyncIterator[bytes]:
    """The same length with other bytes at its beginning."""
    first = True
    async for block in stream_bytes(content, extent):
        yield bytes(255 - byte for byte in block[:64]) + block[64:] if first else block
        first = False


def _content(recording: Recording, sort: Sort) -> Content | None:
    if sort == "recording":
        return recording.content
    return recording.audio if sort == "audio" else recording.transcript


def _page(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="text/html;charset=UTF-8")
