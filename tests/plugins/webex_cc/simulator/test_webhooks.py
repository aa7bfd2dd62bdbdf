"""Subscriptions and their deliveries (sheet 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.plugins.webex_cc.simulator.cloud import MIDNIGHT, Cloud, Clouds, Row

from catchment_webex_cc.simulator.subscriptions import TASK_EVENTS
from catchment_webex_cc.simulator.webhooks import FAILURES, sign

SECRET = "invented-secret-0123456789abcdef0123"
TARGET = "https://capture.example.com/hooks/calls"
VECTOR = (
    b'{"id":"7a1c0f6e-55d2-4b0a-9a44-2f2f6d1c9e10","specversion":"1.0","type":"capture:available",'
    b'"source":"/com/cisco/wxcc/2f6b1d7a-0c55-4c1e-8a3f-6f0f5f7f9b21",'
    b'"comciscoorgid":"0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22","comciscotimestamp":1767100000000,'
    b'"datacontenttype":"application/json",'
    b'"data":{"taskId":"c0ffee00-1111-4222-8333-444455556666"}}'
)


class Mailbox:
    """Takes deliveries, and answers as it is told."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take one delivery."""
        assert url == TARGET
        self.got.append((headers, body))
        return self.status

    def bodies(self) -> list[Row]:
        """What came."""
        return [json.loads(body) for _, body in self.got]


def subscribe(center: Cloud, version: str = "v2", **more: Any) -> httpx.Response:
    """Subscribe to recordings, or as *more* says."""
    told: Row = {
        "name": "capture",
        "eventTypes": ["capture:available"],
        "destinationUrl": TARGET,
        "resourceVersion": "capture:1.0.0" if version == "v2" else None,
    }
    body = {name: value for name, value in (told | more).items() if value is not None}
    return center.send("POST", f"/{version}/subscriptions", json=body)


@pytest.fixture
def morning(cloud: Clouds) -> Cloud:
    """Before the first call of the day."""
    return cloud(at=MIDNIGHT + timedelta(hours=7))


def test_the_signature_is_that_of_the_sheet() -> None:
    """6.3: the test vector."""
    assert len(VECTOR) == 339
    wanted = "3fd248448eb2661d935588cab19869004f03452c0a82ae83cbcf059e00508355"
    assert sign(SECRET, VECTOR) == wanted


def test_every_recording_is_announced_with_the_query_endpoint(morning: Cloud) -> None:
    """S002: 0, 6.4: ``filePath`` is no download link."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    assert subscribe(morning, secret=SECRET).status_code == 201
    morning.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    told = {body["data"]["taskId"]: body for body in box.bodies()}
    assert set(told) == {c.task_id for c in morning.tenant.contacts if c.audio_ms}
    headers, raw = box.got[0]
    body = json.loads(raw)
    assert headers["X-WebexCC-Signature"] == sign(SECRET, raw)
    assert headers["X-WebexCC-Webhook-Version"] == "capture:1.0.0"
    assert headers["X-WebExCC-Timestamp"] == str(body["comciscotimestamp"])
    assert body["data"]["filePath"] == f"{morning.urls['api']}/v1/captures/query"
    assert body["comciscoorgid"] == morning.tenant.org


def test_a_task_tells_its_story(morning: Cloud) -> None:
    """6.2, 10: in order; who left in the end."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    subscribe(morning, "v1", eventTypes=list(TASK_EVENTS))
    morning.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    contact = morning.moved("consult", "consult_transfer")
    own = [b for b in box.bodies() if b["data"]["taskId"] == contact.task_id]
    told = " ".join(body["type"].partition(":")[2] for body in own)
    assert told == "new parked connect connected on-hold consulting consult-done connected ended"
    assert "comciscotimestamp" not in own[0]
    assert "queueId" not in own[0]["data"]
    assert own[-1]["data"]["terminatingParty"] in ("Agent", "Customer")
    assert own[0]["data"]["direction"] == "INBOUND"


def test_a_phone_that_rings_out_seems_to_end_the_task(morning: Cloud) -> None:
    """6.4: ``System``, before it is over."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    subscribe(morning, "v1", eventTypes=["task:ended"])
    morning.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    reasons = {body["data"]["reason"]: body["data"]["terminatingParty"] for body in box.bodies()}
    assert reasons["RONA Timer Expired"] == "System"


def test_agents_tell_their_states(morning: Cloud) -> None:
    """6.4: ``wrapup-done`` in the newer version alone."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    kinds = ["agent:login", "agent:logout", "agent:channel_state_change"]
    subscribe(morning, eventTypes=kinds, resourceVersion="agent:2.0.0")
    morning.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    states = {body["data"]["currentState"] for body in box.bodies()}
    assert {"ringing", "connected", "wrapup", "wrapup-done", "available"} <= states
    assert {body["type"] for body in box.bodies()} == set(kinds)


def test_events_are_lost_repeated_and_reordered(cloud: Clouds) -> None:
    """6.3: at most eager; the same event has the same id."""
    center = cloud(
        at=MIDNIGHT + timedelta(hours=7),
        webhook_lose_every=3,
        webhook_duplicate_every=3,
        event_order="swapped",
    )
    box = Mailbox()
    sender = center.simulator.webhooks(box)
    subscribe(center)
    center.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    ids = [body["id"] for body in box.bodies()]
    times = [body["data"]["createdTime"] for body in box.bodies()]
    assert len(set(ids)) < len(ids)
    assert sender.lost
    assert times != sorted(times)


def test_failures_end_a_subscription(morning: Cloud) -> None:
    """6.3: silently."""
    box = Mailbox(status=500)
    sender = morning.simulator.webhooks(box)
    made = subscribe(morning).json()["data"]["id"]
    morning.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    told = morning.get(f"/v2/subscriptions/{made}").json()["data"]
    assert told["status"] == "inactive"
    assert len(box.got) == FAILURES
    again = {"status": "active", "resourceVersion": "capture:1.0.0"}
    answer = morning.send("PATCH", f"/v2/subscriptions/{made}", json=again)
    assert answer.json()["data"]["status"] == "active"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "abc"},
        {"name": "x" * 65},
        {"eventTypes": []},
        {"eventTypes": ["task:nothing"]},
        {"eventTypes": ["task:new"]},
        {"destinationUrl": "http://capture.example.com/hooks"},
        {"destinationUrl": "https://capture.example.com"},
        {"destinationUrl": "https://capture.example.com:8443/"},
        {"destinationUrl": "https://capture.example.com/?a=b"},
        {"destinationUrl": "https://user@capture.example.com/"},
        {"destinationUrl": "https://127.0.0.1/"},
        {"destinationUrl": "https://localhost/"},
        {"secret": "short"},
        {"resourceVersion": "capture:9.0.0"},
        {"resourceVersion": None},
        {"description": "x" * 1025},
    ],
)
def test_a_subscription_has_rules(morning: Cloud, wrong: Row) -> None:
    """6.1."""
    assert subscribe(morning, **wrong).status_code == 400


def test_subscriptions_are_seen_by_their_own_version(morning: Cloud) -> None:
    """6.1: but counted together; the secret is never told; twenty are enough."""
    old = subscribe(morning, "v1", secret=SECRET).json()["data"]
    new = subscribe(morning).json()["data"]
    assert "secret" not in old
    assert [row["id"] for row in morning.get("/v1/subscriptions").json()["data"]] == [old["id"]]
    listed = morning.get("/v2/subscriptions").json()
    assert [row["id"] for row in listed["data"]] == [new["id"]]
    assert listed["meta"]["subscriptionCount"] == 2
    assert morning.get(f"/v1/subscriptions/{new['id']}").status_code == 404
    assert morning.send("DELETE", f"/v1/subscriptions/{old['id']}").status_code == 204
    statuses = [subscribe(morning).status_code for _ in range(20)]
    assert statuses == [201] * 19 + [409]
    names = {row["name"] for row in morning.get("/v2/event-types").json()["data"]}
    assert {"agent:login", "capture:available", "agent:channel_state_change"} <= names


def test_writing_wants_a_scope_of_its_own(morning: Cloud) -> None:
    """1.2: reads go on."""
    morning.act_with("cjp:config_read")
    assert subscribe(morning).status_code == 403
    assert morning.get("/v2/subscriptions").status_code == 200
