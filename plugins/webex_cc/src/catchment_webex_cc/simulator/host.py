"""A host of the Contact Center as an ASGI application, with its own error envelope (1.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer
from catchment.sandbox.faults import Group
from catchment_webex.simulator import Call
from catchment_webex.simulator.account import Role
from catchment_webex.simulator.answers import Answer, Rejection, malformed, reject, unauthorized
from catchment_webex.simulator.api import Handler, live, respond
from catchment_webex.simulator.oauth import Token
from catchment_webex.simulator.operations import Operation, Routes
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

READ: Mapping[Any, str] = {"admin": "cjp:config_read", "user": "cjp:config"}
"""The scopes of whatever reads (1.2)."""

ADMINISTRATOR: frozenset[Role] = frozenset({"full_admin"})

GATEWAY = b'{"timestamp":"2026-01-01T00:00:00Z","status":502,"error":"Bad Gateway","path":"/"}'

Admit = Callable[[Request], Token]
"""Says whose request this is, or refuses it."""


def read(name: str, template: str, kind: Any = "list", method: str = "GET") -> Operation:
    """An operation that administrators with the scope for reading may call."""
    return Operation(name, method, template, READ, kind, ADMINISTRATOR)


class ContactCenterHost:
    """Answers the calls of one host.

    Args:
        tenant: The organisation.
        routes: Which operations there are.
        handlers: What answers each, by the operation's name.
        host: Under which name the simulator serves it.
        admit: Says whose request it is; bearers, if left out.
    """

    def __init__(
        self,
        tenant: ContactCenterTenant,
        routes: Routes,
        handlers: Mapping[str, Handler],
        host: str,
        admit: Admit | None = None,
    ) -> None:
        self.tenant, self.routes, self.host = tenant, routes, host
        self._handlers = handlers
        self._admit = admit or self.admit_bearer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            response = self._respond(request, await request.body())
            await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        tracking = self.tenant.tracking_id(request.headers.get("trackingid", ""))
        try:
            answer = self._decide(request, body)
        except Rejection as rejection:
            answer = reword(rejection.answer, tracking)
        return respond(answer, tracking)

    def admit_bearer(self, request: Request) -> Token:
        """Whose bearer this is; a missing or malformed header is 400 (1.3)."""
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("bearer "):
            raise malformed("The Authorization header is missing or malformed.")
        return self.tenant.tokens.admit(header)

    def _decide(self, request: Request, body: bytes) -> Answer:
        tenant, region = self.tenant, self.tenant.switches.wrong_region
        if region:
            raise reject(region, "The organization is not provisioned in this region.")
        token = self._admit(request)
        tenant.limiter.draw(tenant.credentials.client_id)
        raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
        operation, path = self.routes.find(request.method, raw)
        levels = operation.admit(token)
        call = Call(
            operation=operation.name,
            user=token.user,
            levels=levels,
            scopes=token.scopes,
            path=path,
            url=tenant.base(self.host) + raw.partition(b"?")[0].decode("latin-1"),
            now=tenant.clock.now(),
            expires_at=token.expires_at,
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=_read_body(body),
        )
        refuse_foreign(tenant, call)
        return self._handlers[operation.name](call)


def refuse_foreign(tenant: ContactCenterTenant, call: Call) -> None:
    """403 for any organisation but the token's: in the path, the query or the body (1.2, 1.3)."""
    body = call.body.get("query")
    inside = body.get("orgId") if isinstance(body, dict) else call.body.get("orgId")
    for told in (call.path.get("org"), call.query.get("orgId"), inside):
        if told is not None and told != tenant.org:
            raise reject(403, "The token does not belong to this organization.")


def reword(answer: Answer, tracking: str) -> Answer:
    """An error in the Contact Center's envelope (1.3)."""
    if answer.body is None or answer.status < 400:
        return answer
    rows = answer.body.get("errors") or [{"description": answer.body.get("message", "")}]
    error = {"key": str(answer.status), "message": [dict(row) for row in rows]}
    return replace(answer, body={"trackingId": tracking, "error": error})


def spoil(host: ContactCenterHost) -> ASGIApp:
    """Put the fault layer in front of a host, in the Contact Center's words."""
    tenant = host.tenant

    def classify(scope: Scope) -> tuple[Group, str] | None:
        try:
            operation, path = host.routes.find(scope["method"], scope["raw_path"])
        except Rejection:
            return None
        query = scope["query_string"].decode("latin-1")
        return operation.kind, f"{operation.name} {sorted(path.items())} {query}"

    def server_error() -> Answer:
        """Gateways answer with a body of their own (1.3)."""
        count = tenant.faults.counts["server_error"]
        if count % 2:
            return Answer((502, 503, 504)[count % 3], None, {}, GATEWAY, "application/json")
        return reject(500, "Internal server error.").answer

    words: Mapping[str, Callable[[], Answer]] = {
        "throttle": tenant.limiter.refuse,
        "server_error": server_error,
        "expired_token": lambda: unauthorized().answer,
        "unauthorized_once": lambda: unauthorized().answer,
    }

    def word(tell: Callable[[], Answer]) -> Callable[[Scope], Spoilt]:
        def spell(scope: Scope) -> Spoilt:
            tracking = tenant.tracking_id()
            told = reword(tell(), tracking)
            kind = {"content-type": told.media_type, "trackingid": tracking}
            return Spoilt(told.status, told.to_bytes(), {**told.headers, **kind})

        return spell

    answers = {fault: word(tell) for fault, tell in words.items()}
    return FaultLayer(host, tenant.faults, classify, answers)


def _read_body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
