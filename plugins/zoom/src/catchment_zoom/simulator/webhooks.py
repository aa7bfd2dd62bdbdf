"""Webhooks: the hint channel beside polling, signed and unreliable (section 9)."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx

from catchment_zoom.simulator.api_archive import tell_archive_record
from catchment_zoom.simulator.api_recordings import tell_recording
from catchment_zoom.simulator.ids import ZULU, one_in, zulu
from catchment_zoom.simulator.links import WEBHOOK_FAMILY
from catchment_zoom.simulator.records import Record
from catchment_zoom.simulator.site import Site

RETRIES = (timedelta(minutes=5), timedelta(minutes=20), timedelta(minutes=60))
"""After each of these, in the platform's time; then the event is lost for good (9.1)."""

GIVE_UP = 6
"""So many failures in a row disable the subscription (9.1)."""

PATIENCE = 3.0
"""An endpoint must answer within so many seconds (9.1)."""

PASS = timedelta(hours=24)
"""How long an event's ``download_token`` lives (9.4)."""

Post = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Sends one request; answers status and body, with status 0 when no answer came."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """``x-zm-signature``: over the raw bytes (9.3)."""
    message = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def encrypt_plain_token(secret: str, plain_token: str) -> str:
    """What an endpoint must answer to the validation request (9.2)."""
    return hmac.new(secret.encode(), plain_token.encode(), hashlib.sha256).hexdigest()


def write_body(value: Mapping[str, Any]) -> bytes:
    """Compact JSON in the order given, ``/`` and non-ASCII unescaped (9.3)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def post_over_http(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Send over the network, for at most the time that an endpoint has."""
    try:
        told = dict(headers)
        answer = httpx.post(url, headers=told, content=body, timeout=PATIENCE, verify=_trust())
    except httpx.TransportError:
        return 0, b""
    return answer.status_code, answer.content


@cache
def _trust() -> ssl.SSLContext:
    """Read the authorities once: it takes longer than a request."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way: when it is due next, and how often it was tried."""

    due_at: datetime
    happened_at: datetime
    event: str
    uuid: str
    attempt: int = 0
    body: bytes = b""


class WebhookSender:
    """One subscription of one app.

    Nothing happens by itself: :meth:`pump` sends what has fallen due on the virtual clock.

    Args:
        site: The account whose events are told.
        url: The endpoint.
        secret: The app's secret token.
        post: How requests are sent.
    """

    def __init__(self, site: Site, url: str, secret: str, post: Post = post_over_http) -> None:
        self._site = site
        self._url, self._secret, self._post = url, secret, post
        self._since = site.clock.now()
        self._told_calls = len(site.happened)
        self._waiting: list[Delivery] = []
        self._failures = 0
        self._sent = 0
        self.disabled = False
        self.lost: list[Delivery] = []

    def validate(self) -> bool:
        """Ask the endpoint to prove that it knows the secret (9.2); again every 72 h."""
        plain = self._site.ids.short("plain", self._url)
        told = {
            "event": "endpoint.url_validation",
            "payload": {"plainToken": plain},
            "event_ts": _milliseconds(self._site.clock.now()),
        }
        status, answer = self._send(write_body(told))
        try:
            body = json.loads(answer) if status == 200 else {}
        except ValueError:
            body = {}
        wanted = {
            "plainToken": plain,
            "encryptedToken": encrypt_plain_token(self._secret, plain),
        }
        return isinstance(body, dict) and all(body.get(k) == v for k, v in wanted.items())

    def pump(self) -> int:
        """Send everything that has fallen due; tell how many requests went out."""
        now = self._site.clock.now()
        self._waiting += self._gather(now)
        due = sorted((d for d in self._waiting if d.due_at <= now), key=lambda d: d.due_at)
        self._waiting = [d for d in self._waiting if d.due_at > now]
        if self._site.switches.webhook_reorder:
            due.reverse()  # order is not guaranteed (9.1)
        before = self._sent
        for delivery in due:
            self._deliver(delivery, now)
        return self._sent - before

    def _deliver(self, delivery: Delivery, now: datetime) -> None:
        if self.disabled:
            return
        switches, chance = self._site.switches, self._chance(delivery)
        twice = delivery.attempt == 0 and one_in(switches.webhook_duplicate_every, chance)
        for _copy in range(2 if twice else 1):
            status, _answer = self._send(delivery.body)
        if status in (200, 204):
            self._failures = 0
            return
        self._failures += 1
        self.disabled = self._failures >= GIVE_UP
        # Only 5xx and silence are tried again; 3xx and 4xx are not (9.1).
        if (status == 0 or status >= 500) and delivery.attempt < len(RETRIES):
            due = now + RETRIES[delivery.attempt]
            self._waiting.append(replace(delivery, due_at=due, attempt=delivery.attempt + 1))
        else:
            self.lost.append(delivery)

    def _send(self, body: bytes) -> tuple[int, bytes]:
        seconds = int(self._site.clock.now().timestamp())
        unit = 1 if self._site.switches.webhook_timestamp == "seconds" else 1000
        timestamp = str(seconds * unit)
        headers = {
            "content-type": "application/json",
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": sign(self._secret, timestamp, body),
        }
        self._sent += 1
        return self._post(self._url, headers, body)

    # --- events --------------------------------------------------------------------------

    def _gather(self, now: datetime) -> Iterator[Delivery]:
        """Events that happened since the last look, each with its delay."""
        news = [e for e in list_events(self._site) if self._since < e[0] <= now]
        news += self._site.happened[self._told_calls :]
        self._since, self._told_calls = now, len(self._site.happened)
        for at, event, uuid in sorted(news):
            if event == "recording.archive_files_completed" and not self._may_tell_archive():
                continue
            delivery = Delivery(at, at, event, uuid)
            if one_in(self._site.switches.webhook_lose_every, self._chance(delivery)):
                self.lost.append(delivery)
                continue
            # Delays up to days have occurred, with a token that had expired by then (9.1).
            due = at + self._site.faults.delay(f"webhook {event} {uuid}")
            body = write_body(self._tell(delivery, max(at, min(now, due))))
            yield replace(delivery, due_at=due, body=body)

    def _may_tell_archive(self) -> bool:
        return self._site.switches.archiving and self._site.switches.webhook_secret_scope

    def _tell(self, delivery: Delivery, now: datetime) -> dict[str, Any]:
        site, uuid = self._site, delivery.uuid
        told: dict[str, Any] = {
            "event": delivery.event,
            "event_ts": _milliseconds(delivery.happened_at),
            "payload": {"account_id": site.credentials.account_id, "object": {}},
        }
        if delivery.event == "meeting.ended":
            told["payload"]["object"] = _tell_ended(site, uuid)
            return told
        if delivery.event == "recording.archive_files_completed":
            record = site.archive_by_uuid[uuid]
            told["payload"]["object"] = tell_archive_record(site, record, now, webhook=True)
        else:
            record = site.recordings_by_uuid[uuid]
            told["payload"]["object"] = _tell_recorded(site, record, now)
        told["download_token"] = site.give_pass(uuid, PASS, f"webhook {delivery.event}")
        return told

    def _chance(self, delivery: Delivery) -> int:
        about = delivery.event, delivery.uuid, delivery.happened_at.strftime(ZULU)
        return self._site.ids.chance("webhook", *about)


def list_events(site: Site) -> Iterator[tuple[datetime, str, str]]:
    """When what happens by the clock alone: time, event, UUID (9.4)."""
    for uuid, meeting in site.meetings.items():
        if not meeting.external and not meeting.parent_id:
            yield meeting.ended_at, "meeting.ended", uuid
    for record in site.archive:
        event = "recording.archive_files_completed"
        yield record.complete_at, event, record.uuid
        if site.switches.webhook_archive_repeats:
            late = [f.ready_at for f in record.files if f.added_late and not f.failed]
            yield from ((at, event, record.uuid) for at in late)
    for record in site.recordings:
        # May come once per segment, and before transcript and summary (9.4).
        segments: dict[datetime, datetime] = {}
        for file in record.files:
            if file.file_type in ("MP4", "M4A") and file.product == "recording":
                ready = max(segments.get(file.begin, file.ready_at), file.ready_at)
                segments[file.begin] = ready
            if file.file_type == "TRANSCRIPT":
                yield file.ready_at, "recording.transcript_completed", record.uuid
        yield from ((at, "recording.completed", record.uuid) for at in segments.values())


def _tell_ended(site: Site, uuid: str) -> dict[str, Any]:
    meeting = site.meetings[uuid]
    return {
        "id": str(site.ids.number(meeting)),
        "uuid": uuid,
        "topic": meeting.topic,
        "start_time": zulu(meeting.started_at),
        "end_time": zulu(meeting.ended_at),
        "timezone": meeting.timezone,
        "duration": meeting.scheduled_minutes,  # the scheduled one (9.4)
    }


def _tell_recorded(site: Site, record: Record, now: datetime) -> dict[str, Any]:
    told = tell_recording(site, record, now, family=WEBHOOK_FAMILY, webhook=True)
    told |= {"host_email": record.meeting.host.email, "on_prem": False, "password": ""}
    return told


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
