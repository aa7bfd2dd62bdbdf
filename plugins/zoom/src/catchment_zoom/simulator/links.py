"""Addresses of files: opaque, changing by themselves, and dying in time (section 6).

An opaque part holds what it names and when it was given, sealed with a keyed hash; nothing has to
be remembered about the addresses that were handed out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from catchment_zoom.simulator.records import Product

GRAIN = timedelta(minutes=10)
"""Addresses of one file stay the same for so long."""

FAMILIES: Mapping[Product, str] = {
    "archive": "/rec/archive/download/",
    "attachment": "/rec/archive/attached/download/",
    "recording": "/rec/download/",
    "participant_audio": "/rec/download/",
    "transcript": "/rec/meeting/transcript/download/",
}
"""Path families by product (6.1)."""

WEBHOOK_FAMILY = "/rec/webhook_download/"
"""What webhooks of cloud recordings hold (6.1)."""


class Links:
    """Makes and reads the opaque parts of addresses."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def path(self, product: Product, file_id: str, now: datetime, family: str = "") -> str:
        """The path of a file's address as a listing at *now* tells it."""
        return f"{family or FAMILIES[product]}{self._seal(file_id, _floor(now))}"

    def read(self, path: str) -> tuple[str, datetime] | None:
        """The file id behind *path* and when its address was given; ``None`` if it is none."""
        families = {*FAMILIES.values(), WEBHOOK_FAMILY}
        for family in sorted(families, key=len, reverse=True):
            if path.startswith(family):
                return self._open(path.removeprefix(family))
        return None

    def name(self, path: str) -> str | None:
        """The file id that a path names on either host, however old; ``None`` if it names none."""
        opened = self.read(path) or self._open(path.strip("/").partition("/")[0])
        return opened[0] if opened else None

    def sign(self, file_id: str, name: str, expires_at: datetime) -> str:
        """Path and query of the signed address on the storage host (6.2, rule 3)."""
        until = int(expires_at.timestamp())
        opaque = self._seal(file_id, expires_at)
        return f"/{opaque}/{name}?X-Expires={until}&X-Signature={self._mac(f'{opaque}|{until}')}"

    def check(self, path: str, query: Mapping[str, str], now: datetime) -> str | None:
        """The file id of a signed address that is whole and not too old."""
        opaque = path.strip("/").partition("/")[0]
        until = query.get("X-Expires", "")
        good = hmac.compare_digest(query.get("X-Signature", ""), self._mac(f"{opaque}|{until}"))
        opened = self._open(opaque) if good else None
        if opened is None or now.timestamp() >= int(until):
            return None
        return opened[0]

    def _seal(self, file_id: str, at: datetime) -> str:
        told = f"{file_id}|{int(at.timestamp())}"
        opaque = base64.urlsafe_b64encode(told[::-1].encode()).decode().rstrip("=")
        return f"{opaque}.{self._mac(told)[:12]}"

    def _open(self, opaque: str) -> tuple[str, datetime] | None:
        text, _, mac = opaque.partition(".")
        try:
            told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()[::-1]
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(mac, self._mac(told)[:12]):
            return None
        file_id, _, at = told.partition("|")
        return file_id, datetime.fromtimestamp(int(at), UTC)

    def _mac(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _floor(at: datetime) -> datetime:
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(GRAIN.total_seconds()), UTC)
