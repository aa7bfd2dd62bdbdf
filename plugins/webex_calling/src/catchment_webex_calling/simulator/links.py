"""Download links: minted with each details call, good for three hours (1.4)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from catchment_webex_calling.simulator.recordings import Recording
from catchment_webex_calling.simulator.tenant import CallingTenant

AI_NOTES = ("suggestedNotes", "shortNotes", "actionItems")
"""AI artefacts, which another host sends to bearers only (1.4)."""

PATHS = {"media": "/nbr/MultiThreadDownloadServlet", "ai": "/assistant/artifacts"}
"""Where each host has its files."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link names."""

    recording_id: str
    sort: str
    minted_at_ms: int


def mint_link(tenant: CallingTenant, recording: Recording, sort: str, now: datetime) -> str:
    """A new link to one file of *recording*: ``audio``, ``transcript``, or one of the notes."""
    host = "ai" if sort in AI_NOTES else "media"
    stamp = int(now.timestamp() * 1000)
    serial = f"{next(tenant.tries):08x}"
    told = {
        "type": "calling" if sort == "audio" else f"calling-{sort}",
        "orgId": tenant.ids.org,
        "recordUUID": recording.recording_id,
        "ticket": serial + _seal(tenant, Ticket(recording.recording_id, sort, stamp), serial),
        "timestamp": str(stamp),
    }
    return f"{tenant.base(host)}{PATHS[host]}?{urlencode(told)}"


def read_link(tenant: CallingTenant, query: Mapping[str, str]) -> Ticket | None:
    """What the query of a link names; ``None`` when its ticket is not ours."""
    stamp, ticket = query.get("timestamp", ""), query.get("ticket", "")
    if not stamp.isdigit():
        return None
    sort = query.get("type", "").removeprefix("calling").removeprefix("-") or "audio"
    told = Ticket(query.get("recordUUID", ""), sort, int(stamp))
    good = hmac.compare_digest(ticket[8:], _seal(tenant, told, ticket[:8]))
    return told if good else None


def is_expired(tenant: CallingTenant, ticket: Ticket, now: datetime) -> bool:
    """Whether a link is too old by now."""
    life = timedelta(minutes=tenant.switches.link_minutes)
    return now.timestamp() * 1000 >= ticket.minted_at_ms + life.total_seconds() * 1000


def _seal(tenant: CallingTenant, ticket: Ticket, serial: str) -> str:
    text = f"{ticket.recording_id}|{ticket.sort}|{ticket.minted_at_ms}|{serial}"
    key = tenant.credentials.client_secret.encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
