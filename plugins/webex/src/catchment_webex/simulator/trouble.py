"""The fault layer in front of an API host, told in Webex's words (6, 7, 11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer
from catchment_webex.simulator.answers import Answer, Rejection, reject, unauthorized
from catchment_webex.simulator.api import TOKEN_PATH, ApiHost, track

Asked = tuple[Literal["token", "list", "document", "download"], str]
"""What a request asks for, and what all tries of the same thing share."""

GATEWAY = b"<html><head><title>Bad Gateway</title></head><body>upstream</body></html>"
_PAGING = ("offset", "page", "max")


def spoil_api(host: ApiHost) -> ASGIApp:
    """Put the fault layer in front of an API host."""
    tenant = host.tenant

    def classify(scope: Scope) -> Asked | None:
        if scope["path"] == TOKEN_PATH:
            return "token", "oauth"
        try:
            operation, path = host.routes.find(scope["method"], scope["raw_path"])
        except Rejection:
            return None
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        page = "further" if query.get("offset") else "first"
        plain = urlencode({name: query[name] for name in query if name not in _PAGING})
        return operation.kind, f"{operation.name} {sorted(path.items())} {plain} {page}"

    def spell(answer: Answer) -> Spoilt:
        tracking = tenant.tracking_id()
        told = track(answer, tracking)
        kind = {"content-type": answer.media_type, "trackingid": tracking}
        return Spoilt(told.status, told.to_bytes(), {**told.headers, **kind})

    def server_error() -> Answer:
        """Gateways answer with a page, the service itself with the envelope (6)."""
        count = tenant.faults.counts["server_error"]
        if count % 2:
            return Answer((502, 503, 504)[count % 3], None, {}, GATEWAY, "text/html")
        return reject(500, "Something went wrong on the server.").answer

    words: Mapping[str, Callable[[], Answer]] = {
        "throttle": tenant.limiter.refuse,
        "server_error": server_error,
        "expired_token": lambda: unauthorized().answer,
        "unauthorized_once": lambda: unauthorized().answer,
    }

    def word(tell: Callable[[], Answer]) -> Callable[[Scope], Spoilt]:
        return lambda scope: spell(tell())

    answers = {fault: word(tell) for fault, tell in words.items()}
    return FaultLayer(host, tenant.faults, classify, answers)
