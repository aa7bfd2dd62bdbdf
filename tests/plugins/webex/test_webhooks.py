"""Webhooks: the signature and what they are about (sheet 9)."""

from __future__ import annotations

import json

import pytest

from catchment_webex.webhooks import read_hook, verify

BODY = b'{"resource":"recordings","event":"created","data":{"id":"9c1e"}}'
SIGNED = "d58acc50fabbbe6e3d19d883742612b542773cd2"


def test_the_sheets_own_vector_is_genuine() -> None:
    """Section 9.4: HMAC-SHA1 of the raw bytes, header in any case."""
    assert verify({"X-Spark-Signature": SIGNED}, BODY, "demo-secret")


@pytest.mark.parametrize(
    ("headers", "body", "secret"),
    [
        ({}, BODY, "demo-secret"),
        ({"X-Spark-Signature": SIGNED}, BODY + b" ", "demo-secret"),
        ({"X-Spark-Signature": SIGNED}, BODY, "other"),
        ({"X-Spark-Signature": SIGNED}, BODY, ""),
        ({"X-Spark-Signature": "ü"}, BODY, "demo-secret"),
    ],
)
def test_anything_else_is_not(headers: dict[str, str], body: bytes, secret: str) -> None:
    """Unsigned, changed, or signed with another secret."""
    assert not verify(headers, body, secret)


def test_two_deliveries_of_one_event_are_known_by_what_they_are_about() -> None:
    """There is no delivery id (9.3)."""
    assert read_hook(BODY).what == ("recordings", "created", "9c1e")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", json.dumps({"data": [1]}).encode()])
def test_a_body_of_nobodys_says_nothing(body: bytes) -> None:
    """A hint that cannot be read is no hint."""
    assert read_hook(body).what == ("", "", "")
