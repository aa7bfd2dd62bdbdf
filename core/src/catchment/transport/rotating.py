"""A bearer whose refresh token may change with every use, kept across restarts and shared by nodes.

Three dangers decide the shape.  Two runners that refresh at once would each kill what the other
got: one refreshes at a time, and the others take what it kept.  A runner that dies between the
answer and its use would take the only good refresh token along: it is kept first.  And what is kept
opens the account: it is sealed with a key that is made of the app's secret, so that a copy of the
catalogue opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Protocol

from catchment.model import Clock
from catchment.transport.tokens import HeldToken, Minted, Token

_MARGIN = timedelta(minutes=2)


class Vault(Protocol):
    """Where sealed texts are kept for all runners.  The engine gives one of the database."""

    def read(self, key: str) -> str | None:
        """The text kept under *key*."""
        ...

    def replace(self, key: str, old: str | None, new: str) -> bool:
        """Keep *new* under *key*, durably, if *old* still stands there; whether it did."""
        ...

    def renewing(self, key: str) -> AbstractContextManager[None]:
        """Stand in line for *key*: one runner at a time is inside, and a dead one not for long.

        Raises:
            Unreachable: Another runner was inside for longer than a renewal takes.
        """
        ...


class LocalVault:
    """A vault of this process alone."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def read(self, key: str) -> str | None:
        """The text kept under *key*."""
        return self._texts.get(key)

    def replace(self, key: str, old: str | None, new: str) -> bool:
        """Keep *new* under *key* if *old* still stands there; whether it did."""
        if self._texts.get(key) != old:
            return False
        self._texts[key] = new
        return True

    def renewing(self, key: str) -> AbstractContextManager[None]:
        """Nothing to stand in line for: a :class:`RotatingToken` has a lock of its own."""
        return nullcontext()


class RotatingToken(HeldToken):
    """A bearer that is renewed with a refresh token.

    Thread-safe; a token source for :class:`Client` and :class:`Downloader`.  Whoever asks it for a
    token may be told ``TokenRejected`` (the refresh token is dead; a person must get a new one) or
    ``Transient`` (the platform does not answer, or another runner is renewing it).

    Args:
        mint: Asks the token endpoint with a refresh token.  Raises ``TokenRejected`` when the
            platform says that it is dead: a plain ``Refused`` would be taken for a missing
            permission by whatever hook was just asking.
        clock: Tells when the token expires.
        vault: Where it is kept for all runners.
        key: What it is kept under: the same for all who ask as the same app for the same account,
            in whatever source they stand.
        seed: Reads the refresh token of the settings.  It begins a chain of its own: entering a
            new one leaves what was kept before, dead or alive.
        seal: Reads the secret that what is kept is sealed with.
        margin: How long before its expiry a token is no longer handed out.
    """

    def __init__(
        self,
        mint: Callable[[str], Minted],
        clock: Clock,
        vault: Vault,
        *,
        key: str,
        seed: Callable[[], str],
        seal: Callable[[], str],
        margin: timedelta = _MARGIN,
    ) -> None:
        super().__init__(clock, margin)
        self._mint = mint
        self._vault = vault
        self._key = key
        self._seed = seed
        self._seal = seal

    def _take(self) -> Token:
        """What another runner has kept, or else one of our own getting."""
        seed = self._seed()
        key = f"{self._key}/{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
        kept = self._open(self._vault.read(key))
        if kept is not None and self._usable(kept[0]):
            return kept[0]
        with self._vault.renewing(key):
            text = self._vault.read(key)
            kept = self._open(text)
            if kept is not None and self._usable(kept[0]):
                return kept[0]
            refresh = kept[1] if kept else seed
            asked_at = self._clock.now()
            minted = self._mint(refresh)
            token = Token(minted.access_token, asked_at + minted.expires_in, minted.scope)
            sealed = self._close(token, minted.refresh_token or refresh)
            if self._vault.replace(key, text, sealed):
                return token
            # We were frozen and another runner went past us; what it kept is newer.
            other = self._open(self._vault.read(key))
            return other[0] if other else token

    # --- sealing -------------------------------------------------------------------------------

    def _close(self, token: Token, refresh_token: str) -> str:
        row = {
            "access_token": token.access_token,
            "expires_at": token.expires_at.isoformat(),
            "scope": token.scope,
            "refresh_token": refresh_token,
        }
        from cryptography.fernet import Fernet

        return Fernet(self._read_key()).encrypt(json.dumps(row).encode()).decode()

    def _open(self, text: str | None) -> tuple[Token, str] | None:
        """Token and refresh token; ``None`` for what was sealed with another secret, or nothing."""
        if text is None:
            return None
        from cryptography.fernet import Fernet, InvalidToken

        try:
            row = json.loads(Fernet(self._read_key()).decrypt(text.encode()))
        except InvalidToken:
            return None  # the app's secret was changed: begin again with the settings' token
        expires_at = datetime.fromisoformat(row["expires_at"])
        return Token(row["access_token"], expires_at, row["scope"]), row["refresh_token"]

    def _read_key(self) -> bytes:
        digest = hashlib.sha256(b"catchment token\0" + self._seal().encode()).digest()
        return base64.urlsafe_b64encode(digest)
