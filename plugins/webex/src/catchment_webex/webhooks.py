"""Webhooks of all Webex products: whether one is genuine, and what it is about (sheet 9).

A webhook is a hint to look now and never the truth: single ones are lost, and what they tell may
be in REST ten minutes later (9.5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from catchment.payloads import Text, read_as
from catchment.transport import verify_hmac
from catchment_webex.payloads import Payload

SIGNATURE = "x-spark-signature"


class Hook(Payload):
    """What a delivery is about (9.3)."""

    resource: Text = ""
    event: Text = ""
    data: Mapping[str, object] = {}

    @property
    def what(self) -> tuple[str, str, str]:
        """By what two deliveries of one event are known: there is no delivery id (9.3)."""
        return self.resource, self.event, str(self.data.get("id") or "")


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether *body* was signed with *secret*: HMAC-SHA1 of the bytes as they came (9.4).

    Args:
        headers: In any case.
        body: Before anything is parsed.
        secret: Of the registration; without one nothing is genuine.
    """
    said = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
    return verify_hmac(secret, body, said, "sha1")


def read_hook(body: bytes) -> Hook:
    """What *body* is about; empty where it cannot be read."""
    try:
        found = json.loads(body)
    except ValueError:
        return Hook()
    if not isinstance(found, dict):
        return Hook()
    data = found.get("data")
    return read_as(Hook, {**found, "data": data if isinstance(data, dict) else {}})
