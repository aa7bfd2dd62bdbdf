"""The identity host: its configuration, and tokens for applications (1.1)."""

from __future__ import annotations

import base64
import hmac
import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catchment_dynamics.simulator.environment import DOMAIN, Client, Environment
from catchment_dynamics.simulator.tokens import Claims

CONFIGURATION = "/v2.0/.well-known/openid-configuration"
ENDPOINT = "/oauth2/v2.0/token"
OTHERS = frozenset({"graph.microsoft.com", "storage.azure.com", "management.azure.com"})
"""Resources that every tenant has; a token for them is worth nothing to Dataverse."""


class _Error(Exception):
    """An answer that is an error: its status, name, number and text."""

    def __init__(self, status: int, name: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.name, self.number, self.text = status, name, number, text


class IdentityHost:
    """The host ``login`` as an ASGI application."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._given: dict[str, deque[datetime]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            request = Request(scope, receive)
            self._environment.note(scope)
            response = self._respond(request, await request.body())
            await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        tenant, _, rest = request.url.path.removeprefix("/").partition("/")
        try:
            if f"/{rest}" == CONFIGURATION and request.method == "GET":
                self._check_tenant(tenant)
                return _json(200, self._tell_configuration())
            if f"/{rest}" == ENDPOINT:
                if request.method != "POST":
                    raise _Error(400, "invalid_request", 900561, "The endpoint only accepts POST.")
                self._check_tenant(tenant)
                return self._give_token(request, body)
        except _Error as error:
            return self._tell_error(error)
        return Response(status_code=404)

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in (self._environment.tenant_id, DOMAIN):
            raise _Error(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")

    def _tell_configuration(self) -> Mapping[str, object]:
        base = f"{self._environment.urls['login']}/{self._environment.tenant_id}"
        return {
            "token_endpoint": base + ENDPOINT,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
        }

    def _give_token(self, request: Request, body: bytes) -> Response:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            raise _Error(
                400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
            )
        client = self._check_client(*_read_credentials(request, form))
        throttled = self._throttle(client)
        if throttled is not None:
            return throttled
        audience = self._check_scope(form.get("scope", ""))
        seconds = self._environment.switches.token_s
        ends_at = self._environment.now + timedelta(seconds=seconds)
        claims = Claims(client.client_id, self._environment.tenant_id, audience, ends_at)
        told = {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._environment.tokens.mint(claims),
        }
        return _json(200, told)

    def _check_client(self, client_id: str, secret: str) -> Client:
        clients = self._environment.clients
        client = next((one for one in clients if one.client_id == client_id.lower()), None)
        if client is None:
            raise _Error(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id}' was not found in the directory.",
            )
        refused = self._environment.switches.identity_refused
        if not hmac.compare_digest(secret.encode(), client.secret.encode()):
            raise _Error(refused, "invalid_client", 7000215, "Invalid client secret provided.")
        if self._environment.switches.credentials == "expired":
            raise _Error(
                refused, "invalid_client", 7000222, "The provided client secret keys are expired."
            )
        return client

    def _check_scope(self, scope: str) -> str:
        """The host that a scope names."""
        wanted = scope.strip()
        parts = urlsplit(wanted)
        if not parts.scheme or not parts.netloc or " " in wanted:
            raise _Error(
                400,
                "invalid_scope",
                70011,
                "The provided value for the input parameter 'scope' is not valid. "
                f"The scope {wanted} is not valid.",
            )
        if not wanted.endswith("/.default"):
            raise _Error(
                400,
                "invalid_scope",
                1002012,
                f"The provided value for scope {wanted} is not valid. Client credential flows "
                "must have a scope value with /.default suffixed to the resource identifier.",
            )
        known = {urlsplit(self._environment.urls["org"]).netloc, *OTHERS}
        if parts.netloc.lower() not in known:
            raise _Error(
                400,
                "invalid_resource",
                500011,
                f"The resource principal named {wanted.removesuffix('/.default')} was not found "
                "in the tenant.",
            )
        return parts.netloc.lower()

    def _throttle(self, client: Client) -> Response | None:
        most = self._environment.switches.identity_requests
        now = self._environment.now
        given = self._given.setdefault(client.client_id, deque())
        while given and given[0] <= now - timedelta(minutes=1):
            given.popleft()
        if most and len(given) >= most:
            return self.refuse_many()
        given.append(now)
        return None

    def refuse_many(self) -> Response:
        """429 with a wait."""
        error = _Error(429, "temporarily_unavailable", 90055, "The server is busy; try later.")
        answer = self._tell_error(error)
        answer.headers["Retry-After"] = "60"
        return answer

    def _tell_error(self, error: _Error) -> Response:
        stamp = self._environment.now.strftime("%Y-%m-%d %H:%M:%SZ")
        count = len(self._environment.asked)
        trace = self._environment.guid("trace", count)
        correlation = self._environment.guid("correlation", count)
        told = {
            "error": error.name,
            "error_description": f"AADSTS{error.number}: {error.text}\r\nTrace ID: {trace}\r\n"
            f"Correlation ID: {correlation}\r\nTimestamp: {stamp}",
            "error_codes": [error.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return _json(error.status, told)


def _read_credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret from the form, or from HTTP Basic."""
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(told).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        return unquote(name), unquote(secret)
    if "client_secret" not in form:
        raise _Error(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'.",
        )
    return form.get("client_id", ""), form["client_secret"]


def _json(status: int, told: Mapping[str, object]) -> Response:
    headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
    kind = "application/json; charset=utf-8"
    return Response(json.dumps(told).encode(), status, headers, kind)
