"""The object store: signed links that live for minutes, and a host that knows nothing else (3)."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, Content, FaultLayer, send_file
from catchment_webex.simulator.api import live
from catchment_webex.simulator.ids import one_in
from catchment_webex_cc.simulator.contacts import Contact, from_ms, to_ms
from catchment_webex_cc.simulator.recordings import list_pieces, write_transcript
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

_XML = "application/xml"
_DATE = "%Y%m%dT%H%M%SZ"


def build_store(tenant: ContactCenterTenant) -> ASGIApp:
    """The host ``store`` behind the fault layer; all links of one file are one key."""

    def classify(scope: Scope) -> tuple[Literal["download"], str] | None:
        return "download", scope["path"]

    def word(status: int, code: str, text: str) -> Spoilt:
        return Spoilt(status, write_error(code, text), {"content-type": _XML})

    answers = {
        "throttle": lambda _: word(503, "SlowDown", "Please reduce your request rate."),
        "server_error": lambda _: word(500, "InternalError", "We encountered an internal error."),
        "expired_link": lambda _: word(403, "AccessDenied", "Request has expired"),
        "expired_token": lambda _: word(403, "AccessDenied", "Request has expired"),
        "unauthorized_once": lambda _: word(403, "AccessDenied", "Request has expired"),
    }
    return FaultLayer(StoreHost(tenant), tenant.faults, classify, answers)


def mint_link(tenant: ContactCenterTenant, contact: Contact, name: str, minutes: int) -> str:
    """A new link to one file of a contact, good for so many minutes."""
    path = f"/{tenant.ids.org}/{contact.task_id}/{name}"
    told = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": tell_date(tenant.now_ms),
        "X-Amz-Expires": str(minutes * 60),
        "X-Amz-Nonce": f"{next(tenant.tries):08x}",
    }
    told["X-Amz-Signature"] = _seal(tenant, path, told)
    return f"{tenant.base('store')}{path}?{urlencode(told)}"


def tell_date(at_ms: int) -> str:
    """A moment as signatures have it."""
    return from_ms(at_ms).strftime(_DATE)


def read_date(text: str) -> int:
    """The same back again."""
    return to_ms(datetime.strptime(text, _DATE).replace(tzinfo=UTC))


def write_error(code: str, text: str) -> bytes:
    """An error in the object store's words."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    ).encode()


class StoreHost:
    """Sends files to whoever holds a link."""

    def __init__(self, tenant: ContactCenterTenant) -> None:
        self._tenant = tenant
        self._tries: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            await self._answer(Request(scope, receive))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path, query = request.url.path, request.query_params
        if "authorization" in request.headers:
            return _refuse(400, "InvalidArgument", "Only one auth mechanism allowed")
        good = _seal(self._tenant, path, dict(query))
        if request.method != "GET" or not hmac.compare_digest(
            good, query.get("X-Amz-Signature", "")
        ):
            return _refuse(403, "SignatureDoesNotMatch", "The request signature does not match")
        end = read_date(query["X-Amz-Date"]) + 1000 * int(query["X-Amz-Expires"])
        now = self._tenant.now_ms
        if now >= end:
            return _refuse(403, "AccessDenied", "Request has expired")
        content = self._find(path, now)
        if content is None:
            return _refuse(404, "NoSuchKey", "The specified key does not exist.")
        return send_file(request, content, most=self._cut(path, content))

    def _find(self, path: str, now_ms: int) -> Content | None:
        _, task_id, name = path.removeprefix("/").split("/", 2)
        contact = self._tenant.find(task_id)
        if contact is None or not contact.has_audio(now_ms):
            return None
        there = contact.has_line(now_ms)
        if name == "voiceTranscript.json" and there:
            return write_transcript(contact)
        for segments in (False, True):
            for piece in list_pieces(contact, self._tenant.ids, segments=segments):
                if piece.name == name and (there or piece.call_type == "consult"):
                    return piece.take
        return None

    def _cut(self, path: str, content: Content) -> int | None:
        """Where the first download of some files ends, without a word (3)."""
        self._tries[path] += 1
        drawn = self._tenant.ids.chance("cut", path)
        if self._tries[path] > 1 or not one_in(self._tenant.switches.truncated_every, drawn):
            return None
        return 0 if drawn // 7 % 2 else content.size_bytes // 2


def _refuse(status: int, code: str, text: str) -> Response:
    return Response(write_error(code, text), status, media_type=_XML)


def _seal(tenant: ContactCenterTenant, path: str, query: dict[str, str]) -> str:
    named = ("X-Amz-Date", "X-Amz-Expires", "X-Amz-Nonce")
    text = "|".join((path, *(query.get(name, "") for name in named)))
    key = tenant.credentials.client_secret.encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
