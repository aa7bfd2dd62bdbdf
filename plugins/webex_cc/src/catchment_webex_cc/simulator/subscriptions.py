"""Subscriptions of webhooks in both versions, with all their rules (6.1, 6.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found, reject
from catchment_webex.simulator.api import Handler
from catchment_webex.simulator.operations import Level, Operation
from catchment_webex_cc.simulator.host import ADMINISTRATOR, read
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Version = Literal["v1", "v2"]

TASK_EVENTS = tuple(
    f"task:{name}"
    for name in (
        "new",
        "connect",
        "connected",
        "parked",
        "on-hold",
        "hold-done",
        "consulting",
        "consult-done",
        "conferencing",
        "conference-done",
        "conference-transferred",
        "ended",
        "failed",
        "origin-updated",
    )
)
OLD_AGENT_EVENTS = ("agent:login", "agent:logout", "agent:state_change")
NEW_AGENT_EVENTS = ("agent:channel_state_change", "agent:channelType_state_change")
OTHERS = ("capture:available", "task-message:appended", "task-message:append-failed")

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "agent:1.0.0": OLD_AGENT_EVENTS,
    "agent:2.0.0": (*OLD_AGENT_EVENTS[:2], *NEW_AGENT_EVENTS),
    "task:1.0.0": TASK_EVENTS,
    "capture:1.0.0": OTHERS[:1],
    "task-message:1.0.0": OTHERS[1:],
}
"""Which events each version of a resource has."""

MOST, MOST_EVENTS = 20, 32
_HOST = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")
_WRITE: Mapping[Level, str] = {"admin": "cjp:config_write"}


def _list_operations(version: str) -> tuple[Operation, ...]:
    home = f"/{version}/subscriptions"
    one = f"{home}/{{subscription}}"
    write = [
        Operation(f"{verb} {version}", method, path, _WRITE, "document", ADMINISTRATOR)
        for verb, method, path in (
            ("subscribe", "POST", home),
            ("change", "PATCH", one),
            ("unsubscribe", "DELETE", one),
        )
    ]
    return (
        read(f"subscriptions {version}", home),
        read(f"subscription {version}", one, "document"),
        read(f"event types {version}", f"/{version}/event-types"),
        *write,
    )


OPERATIONS = (*_list_operations("v1"), *_list_operations("v2"))


@dataclass
class Subscription:
    """One webhook.

    Attributes:
        failures: How many deliveries in a row were not answered well.
    """

    subscription_id: str
    version: Version
    name: str
    event_types: tuple[str, ...]
    destination_url: str
    created_ms: int
    updated_ms: int
    description: str = ""
    secret: str = ""
    resource_version: str = ""
    status: Literal["active", "inactive"] = "active"
    failures: int = 0


class Subscriptions:
    """Every subscription of one organisation."""

    def __init__(self, tenant: ContactCenterTenant) -> None:
        self._tenant = tenant
        self.all: dict[str, Subscription] = {}
        self._made = 0

    def handlers(self) -> Mapping[str, Handler]:
        """What answers :data:`OPERATIONS`."""
        told: dict[str, Handler] = {}
        versions: tuple[Version, ...] = ("v1", "v2")
        for version in versions:
            told |= {
                f"subscriptions {version}": partial(self._list, version),
                f"subscription {version}": partial(self._get, version),
                f"event types {version}": partial(self._list_types, version),
                f"subscribe {version}": partial(self._create, version),
                f"change {version}": partial(self._change, version),
                f"unsubscribe {version}": partial(self._delete, version),
            }
        return told

    def enter(self, version: Version, **told: Any) -> Subscription:
        """Subscribe without asking for the rules, as if somebody had done it earlier."""
        self._made += 1
        now = self._tenant.now_ms
        own = self._tenant.ids.uuid("subscription", self._made)
        made = Subscription(own, version, created_ms=now, updated_ms=now, **told)
        self.all[own] = made
        return made

    # --- calls ------------------------------------------------------------------------------------

    def _list(self, version: Version, call: Call) -> Answer:
        rows = [self._tell(made) for made in self.all.values() if made.version == version]
        meta: dict[str, Any] = {"orgId": self._tenant.org}
        if version == "v2":
            meta["subscriptionCount"] = len(self.all)
        return Answer(200, {"meta": meta, "data": rows})

    def _get(self, version: Version, call: Call) -> Answer:
        return self._answer(200, self._find(version, call))

    def _list_types(self, version: Version, call: Call) -> Answer:
        rows = [
            {"name": name, "resource": name.partition(":")[0], "action": name.partition(":")[2]}
            for name in _list_names(version)
        ]
        known = [told.rpartition(":") for told in VERSIONS]
        versions = [{"resource": one[0], "version": one[2]} for one in known]
        meta = {"orgId": self._tenant.org, "resourceVersionList": versions}
        return Answer(200, {"data": rows, "meta": meta})

    def _create(self, version: Version, call: Call) -> Answer:
        body = call.body
        for name in ("name", "eventTypes", "destinationUrl"):
            if not body.get(name):
                raise malformed(f"{name} should not be empty")
        told = _read_body(version, body)
        if len(self.all) >= MOST:
            raise reject(409, f"No more than {MOST} subscriptions are allowed.")
        return self._answer(201, self.enter(version, **told))

    def _change(self, version: Version, call: Call) -> Answer:
        made = self._find(version, call)
        for name, value in _read_body(version, call.body).items():
            setattr(made, name, value)
        status = call.body.get("status")
        if status not in (None, "active", "inactive"):
            raise malformed("status should be active or inactive")
        made.status = status or made.status
        made.updated_ms = self._tenant.now_ms
        return self._answer(200, made)

    def _delete(self, version: Version, call: Call) -> Answer:
        del self.all[self._find(version, call).subscription_id]
        return Answer(204)

    def _find(self, version: Version, call: Call) -> Subscription:
        made = self.all.get(call.path["subscription"])
        if made is None or made.version != version:
            raise not_found("the subscription")
        return made

    def _answer(self, status: int, made: Subscription) -> Answer:
        return Answer(status, {"meta": {"orgId": self._tenant.org}, "data": self._tell(made)})

    def _tell(self, made: Subscription) -> dict[str, Any]:
        """Everything but the secret."""
        told: dict[str, Any] = {
            "id": made.subscription_id,
            "name": made.name,
            "description": made.description,
            "eventTypes": list(made.event_types),
            "destinationUrl": made.destination_url,
            "createdTime": made.created_ms,
            "createdBy": self._tenant.account.machine("administrator").uuid,
            "status": made.status,
            "lastUpdatedTime": made.updated_ms,
            "lastUpdatedBy": self._tenant.account.machine("administrator").uuid,
        }
        return told | ({"resourceVersion": made.resource_version} if made.version == "v2" else {})


def _list_names(version: Version) -> tuple[str, ...]:
    agents = OLD_AGENT_EVENTS if version == "v1" else (*OLD_AGENT_EVENTS, *NEW_AGENT_EVENTS)
    return (*agents, *TASK_EVENTS, *OTHERS)


def _read_body(version: Version, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says, as members of a subscription.

    Raises:
        Rejection: 400: one of them cannot be so.
    """
    told: dict[str, Any] = {}
    if "name" in body:
        told["name"] = _read_text(body, "name", 4, 64)
    if "description" in body:
        told["description"] = _read_text(body, "description", 0, 1024)
    if "secret" in body:
        told["secret"] = _read_text(body, "secret", 32, 256)
    if "destinationUrl" in body:
        told["destination_url"] = _read_url(_read_text(body, "destinationUrl", 1, 2048))
    if version == "v2":
        if body.get("resourceVersion") not in VERSIONS:
            raise malformed("resourceVersion should not be empty or unknown")
        told["resource_version"] = body["resourceVersion"]
    if "eventTypes" in body:
        told["event_types"] = _read_types(version, body)
    return told


def _read_text(body: Mapping[str, Any], name: str, least: int, most: int) -> str:
    value = body[name]
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise malformed(f"{name} should have between {least} and {most} characters")
    return value


def _read_types(version: Version, body: Mapping[str, Any]) -> tuple[str, ...]:
    names = body["eventTypes"]
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_EVENTS:
        raise malformed(f"eventTypes should have between 1 and {MOST_EVENTS} values")
    known = VERSIONS[body["resourceVersion"]] if version == "v2" else _list_names(version)
    for name in names:
        if name not in known:
            raise malformed(f"eventTypes has an unknown value {name}")
    return tuple(names)


def _read_url(text: str) -> str:
    """HTTPS at port 443, a name with a top-level domain, a path, and nothing else (6.1)."""
    url = urlsplit(text)
    try:
        port = url.port
    except ValueError:
        port = -1
    fine = url.scheme == "https" and port in (None, 443) and url.path.startswith("/")
    bare = not (url.query or url.fragment or url.username or url.password)
    if not (fine and bare and _HOST.fullmatch(url.hostname or "")):
        raise malformed("destinationUrl is not valid")
    return text
