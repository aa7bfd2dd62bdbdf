"""The file host: blob storage that knows signed links and nothing else (2.9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Extent, read_extent, stream_bytes
from catchment_dynamics.simulator.environment import Environment
from catchment_dynamics.simulator.store import ATTACHMENT, Current, FileValue, Reference

VERSION = "2024-11-04"
XML = "application/xml"
_SIGNED = ("sv", "se", "sr", "sp")


def mint_link(environment: Environment, file_id: str) -> str:
    """A new link to a file, good for an hour from now."""
    container = environment.organisation_id.replace("-", "")
    path = f"/orgfiles/{container}/{file_id}"
    ends_at = environment.now + timedelta(minutes=environment.switches.sas_minutes)
    told = {"sv": VERSION, "se": ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "sr": "b", "sp": "r"}
    told["sig"] = _sign(environment, path, told)
    return f"{environment.urls['files']}{path}?{urlencode(told)}"


def write_error(code: str, text: str) -> bytes:
    """An error in the words of blob storage."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    ).encode()


class BlobHost:
    """The host ``files`` as an ASGI application."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            request = Request(scope, receive)
            self._environment.note(scope)
            await self._respond(request)(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return self._refuse(405, "UnsupportedHttpVerb", "The resource does not support it.")
        refused = self._check_link(request)
        if refused is not None:
            return refused
        found = self._find(request.url.path)
        if found is None:
            return self._refuse(404, "BlobNotFound", "The specified blob does not exist.")
        return self._send(request, *found)

    def _check_link(self, request: Request) -> Response | None:
        environment, query = self._environment, request.query_params
        if "authorization" in request.headers and (
            environment.switches.sas_authorization == "refuse"
        ):
            return self._refuse(
                401,
                "InvalidAuthenticationInfo",
                "Authentication information is not given in the correct format.",
            )
        if environment.switches.sas_ip_restricted:
            return self._refuse(
                401, "AuthorizationSourceIPMismatch", "This request is not authorized."
            )
        good = _sign(environment, request.url.path, dict(query))
        if not hmac.compare_digest(good.encode(), query.get("sig", "").encode()):
            return self._refuse(403, "AuthenticationFailed", "Signature did not match.")
        if environment.now >= datetime.fromisoformat(query["se"]):
            return self.refuse_expired()
        return None

    def refuse_expired(self) -> Response:
        """403 of a link past its hour."""
        return self._refuse(
            403, "AuthenticationFailed", "Signature not valid in the specified time frame."
        )

    def _find(self, path: str) -> tuple[FileValue, datetime] | None:
        """The file behind a path, as long as its row is there."""
        store, now = self._environment.store, self._environment.now
        attachment = store.find(ATTACHMENT, path.rpartition("/")[2], now)
        row = None if attachment is None else self._find_owner(attachment)
        if attachment is None or row is None:
            return None
        file = row.values.get(str(attachment.values["regardingfieldname"]))
        return (file, attachment.created_at) if isinstance(file, FileValue) else None

    def _find_owner(self, attachment: Current) -> Current | None:
        owner = attachment.values["objectid"]
        assert isinstance(owner, Reference)
        return self._environment.store.find(owner.table, owner.row_id, self._environment.now)

    def _send(self, request: Request, file: FileValue, made_at: datetime) -> Response:
        content, size = file.content, file.content.size_bytes
        etag = f'"0x8D{int(file.file_id[:8], 16):08X}"'
        if request.headers.get("if-match", etag) not in (etag, "*"):
            return self._refuse(412, "ConditionNotMet", "The condition is not met.")
        headers = {
            **self._common(),
            "ETag": etag,
            "Last-Modified": format_datetime(made_at, usegmt=True),
            "Accept-Ranges": "bytes",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
            "x-ms-server-encrypted": "true",
            "x-ms-creation-time": format_datetime(made_at, usegmt=True),
        }
        kind = self._environment.switches.file_type or file.media_type
        asked = request.headers.get("x-ms-range") or request.headers.get("range", "")
        same = request.headers.get("if-range", etag) == etag
        whole = Extent(0, size, size)
        if request.method == "HEAD":
            return Response(headers={**headers, **whole.headers, "Content-Type": kind})
        extent = read_extent(asked, size) if same else whole
        if extent is None:
            answer = self._refuse(416, "InvalidRange", "The range specified is invalid.")
            answer.headers["Content-Range"] = f"bytes */{size}"
            return answer
        headers |= extent.headers
        return StreamingResponse(stream_bytes(content, extent), extent.status, headers, kind)

    def _common(self) -> dict[str, str]:
        count = len(self._environment.asked)
        return {
            "x-ms-version": VERSION,
            "x-ms-request-id": self._environment.guid("blob request", count),
        }

    def _refuse(self, status: int, code: str, text: str) -> Response:
        headers = {**self._common(), "x-ms-error-code": code}
        return Response(write_error(code, text), status, headers, XML)


def _sign(environment: Environment, path: str, told: dict[str, str]) -> str:
    text = "\n".join((path, *(told.get(name, "") for name in _SIGNED)))
    digest = hmac.new(environment.bytes_for("links"), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
