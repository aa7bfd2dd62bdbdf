"""A host of the API as an ASGI application: lets calls in, and words their answers (1, 6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catchment_webex.simulator.answers import Answer, Rejection
from catchment_webex.simulator.operations import Routes
from catchment_webex.simulator.tenant import Call, Tenant

Handler = Callable[[Call], Answer]
_NOVELTY = {"addedLater": {"reason": "nobody said so"}}
TOKEN_PATH = "/v1/access_token"  # noqa: S105


class ApiHost:
    """Answers the calls of one host.

    Args:
        tenant: The organisation.
        routes: Which operations there are.
        handlers: What answers each, by the operation's name.
        host: Under which name the simulator serves it.
    """

    def __init__(
        self,
        tenant: Tenant[Any],
        routes: Routes,
        handlers: Mapping[str, Handler],
        host: str = "api",
    ) -> None:
        self.tenant, self.routes, self.host = tenant, routes, host
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            tracking = self.tenant.tracking_id(request.headers.get("trackingid", ""))
            try:
                answer = self._decide(request, body)
            except Rejection as rejection:
                answer = track(rejection.answer, tracking)
            await respond(answer, tracking)(scope, receive, send)

    def _decide(self, request: Request, body: bytes) -> Answer:
        tenant, headers = self.tenant, request.headers
        if request.url.path == TOKEN_PATH and request.method == "POST":
            return tenant.tokens.answer(headers, body)
        token = tenant.tokens.admit(headers.get("authorization", ""))
        tenant.limiter.draw(token.user.uuid)
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
            headers=dict(headers),
            body=_read_body(body),
        )
        answer = self._handlers[operation.name](call)
        return _add_novelties(answer) if tenant.switches.novelties else answer


def track(answer: Answer, tracking: str) -> Answer:
    """Repeat the ``Trackingid`` inside a JSON error (1)."""
    if answer.body is None:
        return answer
    body = {**answer.body, "trackingId": tracking}
    return Answer(answer.status, body, answer.headers)


def respond(answer: Answer, tracking: str) -> Response:
    """An answer as HTTP."""
    told = {**answer.headers, "Trackingid": tracking}
    content = answer.to_bytes()
    kind = {"Content-Type": answer.media_type} if content else {}
    return Response(content, answer.status, {**told, **kind})


def _add_novelties(answer: Answer) -> Answer:
    """New fields appear without notice, in objects and in rows (1)."""
    if answer.body is None:
        return answer
    rows = {
        name: [{**row, **_NOVELTY} if isinstance(row, dict) else row for row in value]
        for name, value in answer.body.items()
        if isinstance(value, list)
    }
    return replace(answer, body={**answer.body, **rows, **_NOVELTY})


def _read_body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def live(receive: Receive, send: Send) -> None:
    """Start and stop when the server does."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
