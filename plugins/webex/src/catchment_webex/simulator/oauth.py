"""OAuth: the token endpoint, its refusals, and whom each access token stands for (3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import Answer, Rejection, reject, unauthorized
from catchment_webex.simulator.switches import CommonSwitches


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the owner of the app sees in the developer portal, and its first refresh token."""

    client_id: str
    client_secret: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody has authorised the app to do in his name."""

    user: User
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """An access token that was given."""

    value: str
    user: User
    scopes: frozenset[str]
    expires_at: datetime
    serial: int


@dataclass(frozen=True, slots=True)
class _Refresh:
    grant: Grant
    expires_at: datetime


class TokenOffice:
    """Mints tokens and knows which are good.

    Args:
        credentials: The app's.
        grant: What its first refresh token stands for.
        org: Raw UUID of the organisation, which ends every token.
        now: The platform's clock.
        switches: The switchboard as it stands.
    """

    def __init__(
        self,
        credentials: Credentials,
        grant: Grant,
        org: str,
        now: Callable[[], datetime],
        switches: Callable[[], CommonSwitches],
    ) -> None:
        self.credentials = credentials
        self._org, self._now, self._switches = org, now, switches
        self._first = grant
        self._tokens: dict[str, Token] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._codes: dict[str, tuple[Grant, str]] = {}
        self._dead: set[str] = set()
        self.enter(credentials.refresh_token, grant)

    def enter(self, refresh_token: str, grant: Grant) -> None:
        """Let *refresh_token* stand for *grant* from now on."""
        until = self._now() + timedelta(seconds=self._switches().refresh_seconds)
        self._refresh[refresh_token] = _Refresh(grant, until)
        self._dead.discard(refresh_token)

    def consent(self, grant: Grant, redirect_uri: str) -> str:
        """A code of the authorisation page, good for one exchange (3.2)."""
        code = self._opaque("code", len(self._codes), size=36)
        self._codes[code] = (grant, redirect_uri)
        return code

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer ``POST /access_token``: form or JSON, credentials within or as Basic (3.3).

        Raises:
            Rejection: 400, or as switched: a grant that is refused.
        """
        given = _read_parameters(headers, body)
        client = _basic(headers.get("authorization", ""))
        if client is None:
            client = (given.get("client_id", ""), given.get("client_secret", ""))
        if client != (self.credentials.client_id, self.credentials.client_secret):
            raise self._refuse("invalid_client")
        kind = given.get("grant_type", "")
        if kind == "refresh_token":
            told = given.get("refresh_token", "")
            return self._tell(self._use(told), told)
        if kind == "authorization_code":
            grant, wanted = self._codes.pop(given.get("code", ""), (None, ""))
            if grant is None or given.get("redirect_uri") != wanted:
                raise self._refuse("invalid_grant")
            return self._tell(grant, "")
        raise self._refuse("unsupported_grant_type" if kind else "invalid_request")

    def admit(self, authorization: str) -> Token:
        """The token of an ``Authorization`` header.

        Raises:
            Rejection: 401: missing, unknown, expired, or withdrawn.
        """
        kind, _, bearer = authorization.partition(" ")
        token = self._tokens.get(bearer.strip()) if kind.lower() == "bearer" else None
        switches = self._switches()
        if token is None or switches.grant == "revoked" or not token.user.active:
            raise unauthorized()
        outdone = switches.tokens == "newest" and token.serial < len(self._tokens)
        if outdone or self._now() >= token.expires_at:
            raise unauthorized()
        return token

    def mint(self, grant: Grant) -> Token:
        """An access token for *grant*."""
        serial = len(self._tokens) + 1
        until = self._now() + timedelta(seconds=self._switches().token_seconds)
        value = self._opaque("access", serial, size=48)
        token = Token(value, grant.user, grant.scopes, until, serial)
        self._tokens[value] = token
        return token

    def _use(self, refresh_token: str) -> Grant:
        held = self._refresh.get(refresh_token)
        if held is None and self._is_ours(refresh_token):  # from before the server was restarted
            self.enter(refresh_token, self._first)
            held = self._refresh[refresh_token]
        good = held is not None and refresh_token not in self._dead
        if held is None or not good or self._now() >= held.expires_at:
            raise self._refuse("invalid_grant")
        if self._switches().grant == "revoked" or not held.grant.user.active:
            raise self._refuse("invalid_grant")
        return held.grant

    def _tell(self, grant: Grant, used: str) -> Answer:
        """A pair of tokens; regular use keeps the grant alive for ever (3.3)."""
        switches, token = self._switches(), self.mint(grant)
        refresh = used
        if not used or switches.refresh_rotation == "new":
            refresh = self._opaque("refresh", len(self._refresh), size=48)
            if used and switches.old_refresh == "dead":
                self._dead.add(used)
        self.enter(refresh, grant)
        body: dict[str, Any] = {
            "access_token": token.value,
            "expires_in": switches.token_seconds,
            "refresh_token": refresh,
            "refresh_token_expires_in": switches.refresh_seconds,
        }
        if switches.grant_fields == "full":
            body |= {"token_type": "Bearer", "scope": " ".join(sorted(token.scopes))}
        return Answer(200, body)

    def _opaque(self, sort: str, serial: int, size: int) -> str:
        seed = f"{self.credentials.client_secret}|{sort}|{serial}".encode()
        text = base64.urlsafe_b64encode(hashlib.shake_128(seed).digest(size)).decode().rstrip("=")
        return f"{text}{serial:06x}_PF84_{self._org}"

    def _is_ours(self, refresh_token: str) -> bool:
        """Whether this is a refresh token that this office gives, in whichever process."""
        serial = refresh_token.partition("_PF84_")[0][-6:]
        try:
            return refresh_token == self._opaque("refresh", int(serial, 16), size=48)
        except ValueError:
            return False

    def _refuse(self, error: str) -> Rejection:
        """The names are documented for another grant; the envelope is the common one (3.3)."""
        return reject(self._switches().refused_status, error, error)


def _read_parameters(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if headers.get("content-type", "").startswith("application/json"):
        try:
            read = json.loads(body)
        except ValueError:
            return {}
        return {k: str(v) for k, v in read.items()} if isinstance(read, dict) else {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return name, secret
