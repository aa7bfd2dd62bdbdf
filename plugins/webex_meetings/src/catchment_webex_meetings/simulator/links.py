"""Direct links: signed, told anew at each call, dead after three hours (4.4).

A ticket holds what it opens and when it was given, sealed with a keyed hash; nothing has to be
remembered about the links that were handed out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

Sort = Literal["recording", "audio", "transcript"]

PATHS: dict[Sort, str] = {
    "recording": "/nbr/MultiThreadDownloadServlet",
    "audio": "/nbr/MultiThreadDownloadServlet/audio.mp3",
    "transcript": "/nbr/downloadMedia.do",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link opens, and when it was given."""

    recording_id: str
    sort: Sort
    given_at: datetime


class Links:
    """Makes and reads direct links."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._given = 0

    def give(self, recording_id: str, sort: Sort, confid: str, now: datetime) -> str:
        """Path and query of a new link; two calls never give the same."""
        self._given += 1
        stamp = int(now.timestamp() * 1000)
        ticket = self._seal(f"{recording_id}|{sort}|{stamp}|{self._given}")
        query = {
            "siteid": "14200711",
            "recordid": str(int(recording_id[:7], 16)),
            "confid": confid,
            "language": "en_US",
            "userid": "610224418",
            "serviceRecordID": str(int(recording_id[7:14], 16)),
            "ticket": ticket,
            "timestamp": str(stamp),
            "islogin": "yes",
            "isprevent": "no",
            "ispwd": "yes",
        }
        if sort == "transcript":
            query["mediaType"] = "2"
        return f"{PATHS[sort]}?{urlencode(query)}"

    def read(self, path: str, ticket: str) -> Ticket | None:
        """What *ticket* opens on *path*; ``None`` if it is forged or of another path."""
        text, _, mac = ticket.partition(".")
        try:
            told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(mac, self._mac(told)):
            return None
        recording_id, sort, stamp, _serial = told.split("|")
        for one, where in PATHS.items():
            if one == sort and path == where:
                given = datetime.fromtimestamp(int(stamp) / 1000, UTC)
                return Ticket(recording_id, one, given)
        return None

    def _seal(self, told: str) -> str:
        text = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
        return f"{text}.{self._mac(told)}"

    def _mac(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")[:24]
