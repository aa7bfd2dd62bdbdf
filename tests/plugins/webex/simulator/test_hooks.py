"""Webhooks: how they are registered, and how they are sent (9)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.plugins.webex.simulator.cloud import Cloud, Clouds

from catchment_webex.simulator.webhooks import WebhookSender, sign

GOOD = {
    "name": "archive",
    "targetUrl": "https://hooks.example/webex",
    "resource": "recordings",
    "event": "created",
}


class Target:
    """What stands at the other end."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take one delivery."""
        self.got.append((headers, body))
        return self.status

    @property
    def told(self) -> list[dict[str, Any]]:
        """The envelopes."""
        return [json.loads(body) for _, body in self.got]


def register(webex: Cloud, **more: str) -> httpx.Response:
    """``POST /webhooks``."""
    return webex.send("POST", "/webhooks", json=GOOD | more)


def start(webex: Cloud, target: Target, every: int = 1, **more: str) -> WebhookSender:
    """A webhook of the organisation, and its sender."""
    assert register(webex, ownedBy="org", **more).status_code == 200
    return webex.simulator.sender(target, every)


def test_a_registration_has_the_documented_fields(webex: Cloud) -> None:
    """9.1: 200 with the object; ``GET`` tells the same."""
    answer = register(webex, ownedBy="org", filter="siteUrl=corp.webex.com", secret="s")
    made = answer.json()
    assert answer.status_code == 200
    assert {k: made[k] for k in GOOD} == GOOD
    assert (made["status"], made["ownedBy"]) == ("active", "org")
    assert {"id", "orgId", "createdBy", "appId", "created", "filter", "secret"} <= set(made)
    assert webex.get(f"/webhooks/{made['id']}").json() == made
    assert webex.get("/webhooks", ownedBy="org").json() == {"items": [made]}
    assert webex.get("/webhooks").json() == {"items": []}


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_what_is_required_is_required(webex: Cloud, missing: str) -> None:
    """9.1: name, target, resource and event."""
    assert register(webex, **{missing: ""}).status_code == 400


@pytest.mark.parametrize(
    ("profile", "more", "status"),
    [
        ("user", {}, 200),
        ("user", {"ownedBy": "org"}, 403),
        ("compliance_officer", {"ownedBy": "org"}, 403),  # the resource knows no such level here
        ("administrator", {"ownedBy": "org", "filter": "hostEmail=a@corp.example"}, 200),
        ("user", {"filter": "hostEmail=a@corp.example"}, 400),
        ("user", {"filter": "colour=red"}, 400),
        ("user", {"resource": "nothing"}, 400),
        ("user", {"event": "ended"}, 400),
        ("user", {"resource": "all", "event": "all"}, 200),
        ("user", {"ownedBy": "world"}, 400),
    ],
)
def test_scopes_owners_and_filters(
    webex: Cloud, profile: str, more: dict[str, str], status: int
) -> None:
    """9.2: the read scope at the matching level; some filters want ``ownedBy=org``."""
    webex.act_as(profile, "agent01@corp.example" if profile == "user" else "")
    assert register(webex, **more).status_code == status


def test_the_organisation_has_one_of_a_kind(webex: Cloud) -> None:
    """9.2: one org-wide webhook per resource and filter."""
    assert register(webex, ownedBy="org").status_code == 200
    assert register(webex, ownedBy="org").status_code == 409
    assert register(webex, ownedBy="org", filter="siteUrl=x").status_code == 200


def test_put_repeats_name_and_target_and_can_only_activate(webex: Cloud) -> None:
    """9.1: other fields do not change; ``DELETE`` is 204."""
    path = f"/webhooks/{register(webex).json()['id']}"
    assert webex.send("PUT", path, json={"name": "b"}).status_code == 400
    both = {"name": "b", "targetUrl": "https://b.example"}
    assert webex.send("PUT", path, json=both | {"status": "inactive"}).status_code == 400
    changed = webex.send("PUT", path, json=both | {"event": "deleted", "status": "active"}).json()
    assert (changed["name"], changed["event"]) == ("b", "created")
    assert webex.send("DELETE", path).status_code == 204
    assert webex.get(path).status_code == 404


def test_the_check_vector_of_the_signature() -> None:
    """9.4: HMAC-SHA1 over the raw bytes, lower-case hex."""
    body = b'{"resource":"recordings","event":"created","data":{"id":"9c1e"}}'
    assert sign("demo-secret", body) == "d58acc50fabbbe6e3d19d883742612b542773cd2"


@pytest.mark.parametrize("secret", ["s3cret ✓", ""])
def test_deliveries_are_signed_if_there_is_a_secret(webex: Cloud, secret: str) -> None:
    """9.3, 9.4: the envelope is the webhook with ``actorId`` and ``data``."""
    target = Target()
    sender = start(webex, target, secret=secret)
    webex.pass_time(1)
    assert sender.pump() == 1
    headers, body = target.got[0]
    wanted = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest() if secret else None
    assert headers.get("X-Spark-Signature") == wanted
    told = target.told[0]
    assert set(told["data"]) == {"id", "siteUrl"}
    assert told["created"] == "2026-10-14T00:00:00.000Z"  # of the webhook, not of the event
    assert "secret" not in told
    assert {"actorId", "orgId", "createdBy", "ownedBy", "status"} <= set(told)


def test_the_actor_may_be_absent(cloud: Clouds) -> None:
    """9.3: for meeting events."""
    webex, target = cloud(webhook_actor="absent"), Target()
    sender = start(webex, target)
    webex.pass_time(1)
    sender.pump()
    assert "actorId" not in target.told[0]


@pytest.mark.parametrize(
    ("filters", "sent"), [("", 3), ("siteUrl=corp.webex.com", 3), ("siteUrl=other", 0)]
)
def test_filters_keep_others_out(webex: Cloud, filters: str, sent: int) -> None:
    """9.1: ``key=value`` pairs."""
    target = Target()
    sender = start(webex, target, filter=filters)
    webex.pass_time(3)
    assert sender.pump() == sent


def test_personal_webhooks_see_their_owners_events_alone(webex: Cloud) -> None:
    """9.2: ``ownedBy=creator``."""
    target, counts = Target(), []
    for email in ("agent00@corp.example", "agent01@corp.example"):
        webex.act_as("user", email)
        register(webex)
        sender = webex.simulator.sender(target)
        webex.pass_time(1)
        counts.append(sender.pump())
    assert counts == [1, 1]  # both times for agent00, whose events they are


def test_a_hundred_failures_within_five_minutes_end_it(webex: Cloud) -> None:
    """9.5: not re-enabled by itself; soon after that, one failure is enough."""
    target = Target(500)
    sender = start(webex, target)
    path = f"/webhooks/{webex.get('/webhooks', ownedBy='org').json()['items'][0]['id']}"
    webex.pass_time(99)
    sender.pump()
    assert webex.get(path).json()["status"] == "active"
    webex.pass_time(1)
    sender.pump()
    assert webex.get(path).json()["status"] == "inactive"
    webex.pass_time(1)
    assert sender.pump() == 0
    again = {"name": "a", "targetUrl": "https://a.example", "status": "active"}
    assert webex.send("PUT", path, json=again).json()["status"] == "active"
    webex.pass_time(1)
    assert sender.pump() == 1
    assert webex.get(path).json()["status"] == "inactive"


def test_failures_over_a_longer_time_do_no_harm(webex: Cloud) -> None:
    """9.5: 100 within five minutes, not 100 at all; and five minutes later all is forgotten."""
    target = Target(0)
    sender = start(webex, target, every=10)
    for _ in range(12):
        webex.pass_time(100)
        sender.pump()
    assert len(target.got) == 120
    assert webex.get("/webhooks", ownedBy="org").json()["items"][0]["status"] == "active"


@pytest.mark.parametrize(("retries", "sent"), [(0, 1), (2, 3)])
def test_single_failures_may_be_tried_again(cloud: Clouds, retries: int, sent: int) -> None:
    """9.5, 12: not documented; what fails for good is lost."""
    webex, target = cloud(webhook_retries=retries), Target(503)
    sender = start(webex, target, every=3600)
    webex.pass_time(3600)
    for _ in range(5):
        sender.pump()
        webex.pass_time(61)
    assert (len(target.got), len(sender.lost)) == (sent, 1)


def test_events_get_lost_and_come_twice(cloud: Clouds) -> None:
    """9.3, 9.5: no delivery id; webhooks are hints only."""
    webex, target = cloud(webhook_lose_every=2), Target()
    sender = start(webex, target)
    webex.pass_time(60)
    sender.pump()
    assert 0 < len(target.got) < 60
    assert len(target.got) + len(sender.lost) == 60
    webex, target = cloud(webhook_duplicate_every=1), Target()
    sender = start(webex, target)
    webex.pass_time(5)
    sender.pump()
    assert [t["data"]["id"] for t in target.told] == sorted(
        2 * [t["data"]["id"] for t in target.told[::2]]
    )


def test_over_http_a_dead_target_is_a_failure(webex: Cloud) -> None:
    """9.5: unreachable counts like any status that is not 2xx."""
    register(webex, ownedBy="org", targetUrl="http://127.0.0.1:9/hook")
    sender = webex.simulator.sender()
    webex.pass_time(1)
    assert sender.pump() == 1
    assert len(sender.lost) == 1
