"""Signatures of webhooks: whether a body comes from whoever knows the secret."""

from __future__ import annotations

import hmac


def verify_hmac(secret: str, body: bytes, said: str, algorithm: str = "sha256") -> bool:
    """Whether *said* is the hexadecimal HMAC of *body* under *secret*.

    Args:
        secret: The secret that both sides know; an empty one verifies nothing.
        body: The bytes as they arrived, before anything is parsed.
        said: What the sender's header holds, in any case.
        algorithm: A name of :mod:`hashlib`: ``"sha1"``, ``"sha256"``.
    """
    if not secret:
        return False
    made = hmac.new(secret.encode(), body, algorithm).hexdigest()
    # Bytes: compare_digest refuses text that is not ASCII, and a header may hold anything.
    return hmac.compare_digest(made.encode(), said.strip().lower().encode())
