"""Server-to-server OAuth: the token endpoint, its errors, and the tokens it gave (section 2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment_zoom.simulator.answers import Answer, Rejection, other_shape, reject
from catchment_zoom.simulator.scopes import CLASSIC, GRANULAR
from catchment_zoom.simulator.switches import Switches

_REASONS = {
    "invalid_client": (4702, "Invalid client_id or client_secret"),
    "unsupported_grant_type": (4705, "unsupported grant type"),
    "invalid_grant": (4741, "Invalid Token!"),
    "invalid_request": (4706, "Bad Request"),
    "app_disabled": (4717, "The app has been disabled."),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the app's owner sees in Zoom's marketplace."""

    account_id: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer that was given; it keeps the scopes of the moment (2.1)."""

    value: str
    scopes: frozenset[str]
    expires_at: datetime
    serial: int


class TokenOffice:
    """Mints access tokens and knows which are good."""

    def __init__(self, credentials: Credentials, now: Callable[[], datetime]) -> None:
        self.credentials = credentials
        self._now = now
        self._tokens: dict[str, Token] = {}

    def answer(
        self,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        form: Mapping[str, str],
        switches: Switches,
        api_url: str,
    ) -> Answer:
        """Answer ``POST /oauth/token``: parameters in the form or in the query (2.1)."""
        parameters = {**query, **form}
        wrong = self._refuse(headers, form, parameters, switches)
        if wrong:
            return _oauth_error(wrong, switches)
        token = self._mint(switches)
        body = {
            "access_token": token.value,
            "token_type": "bearer",
            "expires_in": switches.token_seconds,
            "scope": " ".join(sorted(token.scopes)),
            "api_url": api_url,
        }
        return Answer(200, body)  # never a refresh_token

    def admit(self, bearer: str, switches: Switches) -> Token:
        """The token behind *bearer*.

        Args:
            bearer: The value of the ``Authorization`` header without ``Bearer``.
            switches: How refusals look.

        Raises:
            Rejection: 401/124 (or as switched): missing, unknown, or expired (8.3).
        """
        if not bearer:
            raise refuse_token("Requires an access token.", switches)
        token = self._tokens.get(bearer)
        if token is None or switches.app != "active":
            raise refuse_token("Invalid access token.", switches)
        outdone = switches.tokens == "newest" and token.serial < len(self._tokens)
        if outdone or self._now() >= token.expires_at:
            raise refuse_token("Access token is expired.", switches)
        return token

    def _refuse(
        self,
        headers: Mapping[str, str],
        form: Mapping[str, str],
        parameters: Mapping[str, str],
        switches: Switches,
    ) -> str:
        given = _basic(headers.get("authorization", ""))
        if given is None and switches.body_credentials == "accept":
            given = (form.get("client_id", ""), form.get("client_secret", ""))
        if given != (self.credentials.client_id, self.credentials.client_secret):
            return "invalid_client"
        grant = parameters.get("grant_type", "")
        if grant == "refresh_token":
            return "invalid_grant"
        if grant != "account_credentials" or switches.app == "not_s2s":
            return "unsupported_grant_type"
        if parameters.get("account_id") != self.credentials.account_id:
            return "invalid_request"
        return "app_disabled" if switches.app == "deactivated" else ""

    def _mint(self, switches: Switches) -> Token:
        serial = len(self._tokens) + 1
        seed = f"{self.credentials.client_secret}|{serial}".encode()
        middle = base64.urlsafe_b64encode(hashlib.sha256(seed).digest()).decode().rstrip("=")
        token = Token(
            value=f"eyJzdiI6IjAwMDAwMiIsImFsZyI6IkhTNTEyIn0.{middle}.c2ln",
            scopes=read_scopes(switches),
            expires_at=self._now() + timedelta(seconds=switches.token_seconds),
            serial=serial,
        )
        self._tokens[token.value] = token
        return token


def read_scopes(switches: Switches) -> frozenset[str]:
    """The scopes that the app has right now."""
    named = {"granular": GRANULAR, "classic": CLASSIC}
    return frozenset(named.get(switches.scopes) or switches.scopes.split())


def refuse_token(message: str, switches: Switches) -> Rejection:
    """401/124, or 4700 of newer services; some documents put 124 under 400 (8.3)."""
    return reject(switches.token_status, switches.token_code, message)


def _oauth_error(error: str, switches: Switches) -> Answer:
    code, reason = _REASONS[error]
    if error == "app_disabled" or switches.oauth_errors == "newer":
        return other_shape(code, reason, status=400)
    return Answer(400, {"reason": reason, "error": error})


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return name, secret
