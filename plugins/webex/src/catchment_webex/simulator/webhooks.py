"""The sender of webhooks: signed, and no more than a hint (9.3 to 9.5)."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx

from catchment_webex.simulator.ids import one_in, rest_id
from catchment_webex.simulator.registrations import Event, Registration, Registrations
from catchment_webex.simulator.tenant import Tenant

PATIENCE = 3.0
"""A target must answer within so many seconds."""

AGAIN = timedelta(minutes=1)

Post = Callable[[str, Mapping[str, str], bytes], int]
"""Sends one request; answers its status, ``0`` when no answer came."""

Events = Callable[[datetime, datetime], Iterable[Event]]
"""What happened after the first moment, up to and including the second."""


def sign(secret: str, body: bytes) -> str:
    """``X-Spark-Signature``: HMAC-SHA1 over the raw bytes, lower-case hex (9.4)."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def post_over_http(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send over the network."""
    try:
        told = dict(headers)
        answer = httpx.post(url, headers=told, content=body, timeout=PATIENCE, verify=_trust())
    except httpx.TransportError:
        return 0
    return answer.status_code


@cache
def _trust() -> ssl.SSLContext:
    """Read the authorities once: it takes longer than a request."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one registration."""

    due_at: datetime
    event: Event
    registration: Registration
    attempt: int = 0


class WebhookSender:
    """Sends what happened to whoever registered for it.

    Nothing happens by itself: :meth:`pump` sends what has fallen due on the platform's clock.

    Args:
        tenant: The organisation.
        registrations: Its webhooks.
        events: What happened in a stretch of time.
        post: How requests are sent.
    """

    def __init__(
        self,
        tenant: Tenant[Any],
        registrations: Registrations,
        events: Events,
        post: Post = post_over_http,
    ) -> None:
        self._tenant, self.registrations = tenant, registrations
        self._events, self._post = events, post
        self._since = tenant.clock.now()
        self._waiting: list[Delivery] = []
        self.lost: list[Event] = []

    def pump(self) -> int:
        """Send everything that has fallen due; tell how many requests went out."""
        now = self._tenant.clock.now()
        self._gather(now)
        due = sorted((d for d in self._waiting if d.due_at <= now), key=lambda d: d.due_at)
        self._waiting = [d for d in self._waiting if d.due_at > now]
        return sum(self._deliver(delivery, now) for delivery in due)

    def _gather(self, now: datetime) -> None:
        since, self._since = self._since, now
        switches, faults = self._tenant.switches, self._tenant.faults
        for event in sorted(self._events(since, now), key=lambda one: one.at):
            name = f"{event.resource} {event.event} {event.data.get('id', '')}"
            if one_in(switches.webhook_lose_every, self._tenant.ids.chance("lose", name)):
                self.lost.append(event)
                continue
            due = event.at + faults.delay(f"webhook {name}")
            for registration in self.registrations.all.values():
                if registration.covers(event):
                    self._waiting.append(Delivery(due, event, registration))

    def _deliver(self, delivery: Delivery, now: datetime) -> int:
        made, switches = delivery.registration, self._tenant.switches
        if made.status != "active" or not made.user.active:
            self.lost.append(delivery.event)
            return 0
        body = json.dumps(self._tell(delivery), ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        if made.secret:
            headers["X-Spark-Signature"] = sign(made.secret, body)
        name = f"{made.webhook_id} {delivery.event.data.get('id', '')}"
        twice = one_in(switches.webhook_duplicate_every, self._tenant.ids.chance("twice", name))
        status = [self._post(made.target_url, headers, body) for _ in range(2 if twice else 1)][-1]
        if not 200 <= status < 300:
            made.fail(now)
            if delivery.attempt < switches.webhook_retries:
                again = replace(delivery, due_at=now + AGAIN, attempt=delivery.attempt + 1)
                self._waiting.append(again)
            else:
                self.lost.append(delivery.event)
        return 2 if twice else 1

    def _tell(self, delivery: Delivery) -> dict[str, Any]:
        """The envelope: the webhook as it was registered, and the resource in ``data`` (9.3)."""
        event = delivery.event
        told = self.registrations.tell(delivery.registration)
        told["event"] = event.event
        if self._tenant.switches.webhook_actor == "present":
            told["actorId"] = rest_id("PEOPLE", event.actor or event.owner)
        told["data"] = dict(event.data)
        return told
