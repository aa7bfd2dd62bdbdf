"""The sender of webhooks: signed hints, lost, repeated and reordered as switched (6.3)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import Any

from catchment_webex.simulator.ids import one_in
from catchment_webex.simulator.webhooks import Post, post_over_http
from catchment_webex_cc.simulator.events import Event, list_events
from catchment_webex_cc.simulator.queries import MINUTE_MS
from catchment_webex_cc.simulator.subscriptions import Subscription, Subscriptions
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

FAILURES = 10
"""So many failures in a row end a subscription."""


def sign(secret: str, body: bytes) -> str:
    """``X-WebexCC-Signature``: HMAC-SHA256 over the raw bytes, lower-case hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscription."""

    due_ms: int
    event: Event
    subscription: Subscription
    attempt: int = 0


class EventSender:
    """Sends what happened to whoever subscribed.

    Nothing happens by itself: :meth:`pump` sends what has fallen due on the platform's clock.

    Args:
        tenant: The organisation.
        subscriptions: Its webhooks.
        post: How requests are sent.

    Attributes:
        lost: Events that never came to a subscription.
    """

    def __init__(
        self,
        tenant: ContactCenterTenant,
        subscriptions: Subscriptions,
        post: Post = post_over_http,
    ) -> None:
        self._tenant, self.subscriptions, self._post = tenant, subscriptions, post
        self._since = tenant.now_ms
        self._waiting: list[Delivery] = []
        self.lost: list[Event] = []

    def pump(self) -> int:
        """Send everything that has fallen due; tell how many requests went out."""
        now = self._tenant.now_ms
        self._gather(now)
        due = sorted((d for d in self._waiting if d.due_ms <= now), key=lambda d: d.due_ms)
        self._waiting = [d for d in self._waiting if d.due_ms > now]
        if self._tenant.switches.event_order == "swapped":
            due = _swap(due)
        return sum(self._deliver(delivery, now) for delivery in due)

    def _gather(self, now: int) -> None:
        since, self._since = self._since, now
        ids, switches = self._tenant.ids, self._tenant.switches
        for event in list_events(self._tenant, since, now):
            about = f"{event.name} {event.about} {event.at_ms}"
            if one_in(switches.webhook_lose_every, ids.chance("lose", about)):
                self.lost.append(event)
                continue
            for made in self.subscriptions.all.values():
                if event.name in made.event_types and event.at_ms >= made.created_ms:
                    self._waiting.append(Delivery(event.at_ms, event, made))

    def _deliver(self, delivery: Delivery, now: int) -> int:
        made, switches, event = delivery.subscription, self._tenant.switches, delivery.event
        if made.status != "active":
            self.lost.append(event)
            return 0
        body = json.dumps(self._tell(delivery), ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        if made.secret:
            headers["X-WebexCC-Signature"] = sign(made.secret, body)
        if made.version == "v2":
            headers["X-WebExCC-Timestamp"] = str(now)
            headers["X-WebexCC-Webhook-Version"] = made.resource_version
        drawn = self._tenant.ids.chance("twice", event.name, event.about, event.at_ms)
        twice = one_in(switches.webhook_duplicate_every, drawn)
        posts = [self._post(made.destination_url, headers, body) for _ in range(1 + twice)]
        if 200 <= posts[-1] < 300:
            made.failures = 0
        else:
            self._fail(delivery, now)
        return len(posts)

    def _fail(self, delivery: Delivery, now: int) -> None:
        made = delivery.subscription
        made.failures += 1
        if made.failures >= FAILURES:
            made.status = "inactive"
        if delivery.attempt < self._tenant.switches.webhook_retries:
            again = replace(delivery, due_ms=now + MINUTE_MS, attempt=delivery.attempt + 1)
            self._waiting.append(again)
        else:
            self.lost.append(delivery.event)

    def _tell(self, delivery: Delivery) -> dict[str, Any]:
        """The envelope; the same event has the same id however often it comes."""
        event, made = delivery.event, delivery.subscription
        own = self._tenant.ids.uuid("event", event.name, event.about, event.at_ms)
        told: dict[str, Any] = {
            "id": own,
            "specversion": "1.0",
            "type": event.name,
            "source": f"/com/cisco/wxcc/{made.subscription_id}",
            "comciscoorgid": self._tenant.org,
        }
        if made.version == "v2":
            told["comciscotimestamp"] = self._tenant.now_ms
        return told | {"datacontenttype": "application/json", "data": event.data}


def _swap(due: list[Delivery]) -> list[Delivery]:
    """Each two events after one another change places."""
    told = list(due)
    for number in range(0, len(told) - 1, 2):
        told[number], told[number + 1] = told[number + 1], told[number]
    return told
