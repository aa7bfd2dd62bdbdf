"""Tokens: opaque texts that are bound to an application, a tenant and a host (1.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

_HEADER = b'{"typ":"JWT","alg":"HS256"}'


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        audience: Host and port of the resource that it is good for.
        ends_at: From when on it is worth nothing.
    """

    client_id: str
    tenant_id: str
    audience: str
    ends_at: datetime


class Tokens:
    """Writes tokens and reads them again.

    Args:
        key: What they are sealed with.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mint(self, claims: Claims) -> str:
        """A token that says this."""
        told = {
            "appid": claims.client_id,
            "tid": claims.tenant_id,
            "aud": claims.audience,
            "exp": int(claims.ends_at.timestamp()),
        }
        return self.seal(json.dumps(told).encode())

    def read(self, token: str) -> Claims | None:
        """What a token says; ``None`` of what was not written here."""
        body = self.open(token)
        if body is None:
            return None
        told = json.loads(body)
        if "appid" not in told:
            return None
        ends_at = datetime.fromtimestamp(told["exp"], UTC)
        return Claims(told["appid"], told["tid"], told["aud"], ends_at)

    def seal(self, body: bytes) -> str:
        """A text that carries *body* and cannot be changed."""
        told = f"{_encode(_HEADER)}.{_encode(body)}"
        return f"{told}.{_encode(self._sign(told))}"

    def open(self, text: str) -> bytes | None:
        """What a sealed text carries; ``None`` if it was not sealed here."""
        told, _, signature = text.rpartition(".")
        try:
            good = hmac.compare_digest(_decode(signature), self._sign(told))
            return _decode(told.partition(".")[2]) if good else None
        except ValueError:
            return None

    def _sign(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
