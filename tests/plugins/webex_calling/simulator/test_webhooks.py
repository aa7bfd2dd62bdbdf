"""The ``convergedRecordings`` webhook (sheet 3.1 and 3.8)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.plugins.webex_calling.simulator.cloud import MIDNIGHT, Cloud, Clouds, Row

ADA = "agent00@corp.example"
TARGET = "https://capture.example.com/hooks/calls"


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


def register(webex: Cloud, **more: Any) -> httpx.Response:
    """Register a webhook for the organisation, or as *more* says."""
    told = {
        "name": "capture",
        "targetUrl": TARGET,
        "resource": "convergedRecordings",
        "event": "created",
        "ownedBy": "org",
    }
    body = {name: value for name, value in (told | more).items() if value is not None}
    return webex.send("POST", "/webhooks", json=body)


@pytest.fixture
def morning(cloud: Clouds) -> Cloud:
    """Before the first call of the day."""
    return cloud(at=MIDNIGHT + timedelta(hours=7))


def test_a_recording_is_announced_when_it_is_listed(morning: Cloud) -> None:
    """3.8: ``data.id``; details can be asked at once, links may not be there yet."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    assert register(morning, secret="s3cret").status_code == 200
    recording = morning.tenant.recordings[0]
    morning.clock.set(recording.listed_at - timedelta(seconds=1))
    assert sender.pump() == 0
    morning.clock.set(recording.listed_at)
    assert sender.pump() >= 1
    headers, raw = box.got[0]
    wanted = hmac.new(b"s3cret", raw, hashlib.sha1).hexdigest()
    assert headers["X-Spark-Signature"] == wanted
    told = {body["data"]["id"]: body for body in box.bodies()}
    body = told[recording.recording_id]
    assert (body["resource"], body["event"]) == ("convergedRecordings", "created")
    assert set(body["data"]) == {"id"}
    assert morning.details(recording)["id"] == recording.recording_id


def test_every_recording_is_announced_once(morning: Cloud) -> None:
    """3.8: whoever owns it, queues included."""
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    register(morning)
    for hour in range(8, 20):
        morning.clock.set(MIDNIGHT + timedelta(hours=hour))
        sender.pump()
    told = [body["data"]["id"] for body in box.bodies()]
    assert sorted(told) == sorted(r.recording_id for r in morning.tenant.recordings)


def test_rest_may_tell_later_than_the_webhook(cloud: Clouds) -> None:
    """Common 9.5: up to ten minutes; a 404 in between."""
    webex = cloud(at=MIDNIGHT + timedelta(hours=7), rest_delay_seconds=60)
    box = Mailbox()
    sender = webex.simulator.webhooks(box)
    register(webex)
    recording = webex.tenant.recordings[0]
    webex.clock.set(recording.listed_at - timedelta(seconds=60))
    assert sender.pump() >= 1
    path = f"/convergedRecordings/{recording.recording_id}"
    assert webex.get(path).status_code == 404
    webex.clock.advance(timedelta(seconds=60))
    assert webex.get(path).status_code == 200


FILTERS = [
    ("3.8 by ownerEmail", "ownerEmail", "org", 200),
    ("3.8 by ownerId", "ownerId", "org", 200),
    ("3.8 filters are for the organisation", "ownerEmail", "creator", 400),
    ("3.8 other filters", "hostEmail", "org", 400),
]


@pytest.mark.parametrize(
    ("name", "owned", "status"), [pytest.param(f, o, s, id=n) for n, f, o, s in FILTERS]
)
def test_filters_by_owner(morning: Cloud, name: str, owned: str, status: int) -> None:
    """3.8: ``ownerEmail`` and ``ownerId`` require ``ownedBy`` to be ``org``."""
    mine = [r for r in morning.tenant.recordings if r.owner.email == ADA]
    value = ADA if name != "ownerId" else mine[0].owner.uuid
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    answer = register(morning, filter=f"{name}={value}", ownedBy=owned)
    assert answer.status_code == status
    morning.clock.set(MIDNIGHT + timedelta(hours=19))
    sender.pump()
    told = {body["data"]["id"] for body in box.bodies()}
    assert told == ({r.recording_id for r in mine} if status == 200 else set())


SCOPES = [
    ("3.8 compliance", "compliance_officer", "spark-compliance:recordings_read", "org", 200),
    ("3.8 admin", "administrator", "spark-admin:recordings_read", "org", 200),
    ("3.8 user for himself", "user", "spark:recordings_read", "creator", 200),
    ("3.8 user for all", "user", "spark:recordings_read", "org", 403),
    ("3.8 without the read scope", "administrator", "spark-admin:people_read", "org", 403),
]


@pytest.mark.parametrize(
    ("profile", "scope", "owned", "status"),
    [pytest.param(p, s, o, c, id=n) for n, p, s, o, c in SCOPES],
)
def test_registering_wants_the_read_scope(
    morning: Cloud, profile: str, scope: str, owned: str, status: int
) -> None:
    """3.8: at the matching level."""
    morning.act_as(profile, ADA if profile == "user" else "", scope)
    assert register(morning, ownedBy=owned).status_code == status


def test_a_user_hears_of_his_own(morning: Cloud) -> None:
    """3.1: ``creator`` is the one whose token it was."""
    morning.act_as("user", ADA)
    box = Mailbox()
    sender = morning.simulator.webhooks(box)
    register(morning, ownedBy="creator")
    morning.clock.set(MIDNIGHT + timedelta(hours=19))
    sender.pump()
    mine = {r.recording_id for r in morning.tenant.recordings if r.owner.email == ADA}
    assert {body["data"]["id"] for body in box.bodies()} == mine != set()


def test_the_same_webhook_again_is_409(morning: Cloud) -> None:
    """3.1: a client treats 409 as "exists already"."""
    assert register(morning).status_code == 200
    assert register(morning).status_code == 409


@pytest.mark.parametrize(("event", "status"), [("all", 200), ("updated", 400)])
def test_events_beyond_created(morning: Cloud, event: str, status: int) -> None:
    """3.1, 3.8: real clients send ``all``; further names are unverified."""
    assert register(morning, event=event).status_code == status


def test_failures_end_a_registration(morning: Cloud) -> None:
    """3.1: silently, after a hundred failures within five minutes."""
    box = Mailbox(status=500)
    sender = morning.simulator.webhooks(box)
    made = register(morning).json()["id"]
    morning.clock.set(MIDNIGHT + timedelta(hours=19))
    sender.pump()
    status = morning.get(f"/webhooks/{made}").json()["status"]
    assert status == ("inactive" if len(box.got) >= 100 else "active")
    assert len(box.got) == min(100, len(morning.tenant.recordings))
