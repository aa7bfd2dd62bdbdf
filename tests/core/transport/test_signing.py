"""Signatures of webhooks."""

from __future__ import annotations

import pytest

from catchment.transport import verify_hmac

BODY = b'{"resource":"recordings","event":"created","data":{"id":"9c1e"}}'
SAID = "d58acc50fabbbe6e3d19d883742612b542773cd2"
"""HMAC-SHA1 of the body under ``demo-secret``, made with another program."""


def test_the_right_signature_is_recognised_in_any_case() -> None:
    """Hexadecimal digits may be written large or small."""
    assert verify_hmac("demo-secret", BODY, SAID, "sha1")
    assert verify_hmac("demo-secret", BODY, f" {SAID.upper()} ", "sha1")


@pytest.mark.parametrize(
    ("secret", "body", "said"),
    [
        ("demo-secret", BODY + b" ", SAID),
        ("other", BODY, SAID),
        ("demo-secret", BODY, ""),
        ("demo-secret", BODY, "né"),
        ("", BODY, SAID),
    ],
)
def test_anything_else_is_refused(secret: str, body: bytes, said: str) -> None:
    """One byte more, another secret, no signature, no text of ASCII, and no secret at all."""
    assert not verify_hmac(secret, body, said, "sha1")
