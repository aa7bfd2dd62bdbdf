"""Access tokens: got when needed, renewed before they expire, shared by all who ask as one app."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from catchment.model import Clock

_MARGIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Minted:
    """What a token endpoint answered.

    Attributes:
        access_token: The token; a secret.
        expires_in: How long it may be used, from now on.
        scope: What it may be used for, in the platform's words.
        extra: Anything else of the answer that is worth keeping beside it.
        refresh_token: What the next one is got with, where the platform gives such; a secret.
    """

    access_token: str = field(repr=False)
    expires_in: timedelta
    scope: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: what was minted, with the time at which it expires."""

    access_token: str = field(repr=False)
    expires_at: datetime
    scope: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class TokenSource(Protocol):
    """Where a client gets its bearer.

    Where tokens do not go into ``Authorization: Bearer``, the source is :class:`OwnHeaders` too.
    """

    def token(self) -> str:
        """A bearer that can be used now."""
        ...

    def reject(self, token: str) -> None:
        """Say that the platform did not accept *token*: it is never handed out again."""
        ...


@runtime_checkable
class OwnHeaders(Protocol):
    """What a token source has besides, whose tokens are no bearers.

    It need not be derived from: a :class:`TokenSource` with this function is one.
    """

    def write_headers(self, token: str) -> Mapping[str, str]:
        """The headers that carry *token*; nothing else of a request does."""
        ...


def write_headers(source: TokenSource, token: str) -> Mapping[str, str]:
    """The headers that carry *token* of *source*: as a bearer, unless the source says otherwise."""
    if isinstance(source, OwnHeaders):
        return source.write_headers(token)
    return {"Authorization": f"Bearer {token}"}


class ApiKey:
    """A token without an end, as platforms give them for an app, read anew for each request.

    A new key in the place of the old one needs no restart.  For platforms that do not want it as a
    bearer, a subclass writes the headers, as in :class:`OwnHeaders`.

    Args:
        read: Reads the key: the method ``read`` of a secret in the settings.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self.token = read

    def reject(self, token: str) -> None:
        """There is no other key to try, so a second refusal stops the source."""


class TokenStore(Protocol):
    """Where tokens are shared between processes.  The engine gives one of the database."""

    def get(self, key: str) -> Token | None:
        """The token kept under *key*, expired or not."""
        ...

    def put(self, key: str, token: Token) -> None:
        """Keep *token* under *key*, durably, before anybody uses it."""
        ...


class LocalTokens:
    """A token store of this process alone."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def get(self, key: str) -> Token | None:
        """The token kept under *key*, expired or not."""
        return self._tokens.get(key)

    def put(self, key: str, token: Token) -> None:
        """Keep *token* under *key*."""
        self._tokens[key] = token


class HeldToken(ABC):
    """A token in hand until it expires or is refused; of many threads that ask one takes the next.

    Args:
        clock: Tells when the token expires.
        margin: How long before its expiry a token is no longer handed out.
    """

    def __init__(self, clock: Clock, margin: timedelta) -> None:
        self._clock = clock
        self._margin = margin
        self._held: Token | None = None
        self._rejected = ""
        self._lock = threading.Lock()

    def token(self) -> str:
        """A bearer that can be used now; a new one if there is none."""
        return self.held().access_token

    def held(self) -> Token:
        """The token with its scope and extras; a new one if there is none that can be used."""
        with self._lock:
            held = self._held
            if held is None or not self._usable(held):
                self._held = held = self._take()
            return held

    def reject(self, token: str) -> None:
        """Say that the platform did not accept *token*: it is never handed out again."""
        with self._lock:
            self._rejected = token

    def _usable(self, token: Token) -> bool:
        if token.access_token == self._rejected:
            return False
        return self._clock.now() < token.expires_at - self._margin

    @abstractmethod
    def _take(self) -> Token:
        """One that can be used, from wherever it is shared or from the platform."""


class OAuthToken(HeldToken):
    """A bearer that is minted on demand, by any grant that needs nothing but the app's secrets.

    Thread-safe: however many ask at once, one mints and the others get what it minted.

    Args:
        mint: Asks the token endpoint.  It reads the secrets whenever it is called, so that a
            rotated secret needs no restart.
        clock: Tells when the token expires.
        key: Under which the token is shared; the same for all who ask as the same app.
        store: Where it is shared.
        margin: How long before its expiry a token is no longer handed out.
    """

    def __init__(
        self,
        mint: Callable[[], Minted],
        clock: Clock,
        *,
        key: str = "",
        store: TokenStore | None = None,
        margin: timedelta = _MARGIN,
    ) -> None:
        super().__init__(clock, margin)
        self._mint = mint
        self._key = key
        self._store: TokenStore = store or LocalTokens()

    def _take(self) -> Token:
        kept = self._store.get(self._key)
        if kept is not None and self._usable(kept):
            return kept
        asked_at = self._clock.now()
        minted = self._mint()
        token = Token(minted.access_token, asked_at + minted.expires_in, minted.scope, minted.extra)
        self._store.put(self._key, token)
        return token
