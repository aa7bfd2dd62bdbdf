"""Webhook registrations and the operations on them (9.1, 9.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import parse_qsl

from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import Answer, forbidden, malformed, not_found, reject
from catchment_webex.simulator.api import Handler
from catchment_webex.simulator.ids import rest_id
from catchment_webex.simulator.oauth import Token
from catchment_webex.simulator.operations import Level, Operation, list_levels
from catchment_webex.simulator.tenant import Call, Tenant
from catchment_webex.simulator.times import write_time

OPERATIONS = (
    Operation("webhooks", "GET", "/webhooks", kind="list"),
    Operation("create_webhook", "POST", "/webhooks"),
    Operation("webhook", "GET", "/webhooks/{webhook}"),
    Operation("update_webhook", "PUT", "/webhooks/{webhook}"),
    Operation("delete_webhook", "DELETE", "/webhooks/{webhook}"),
)
SEPARATE = ("started", "ended", "joined", "left")
"""Events that ``all`` does not cover (9.2)."""

FAILURES, WITHIN = 100, timedelta(minutes=5)
"""So many failures within so long end a registration (9.5)."""

_ORG_FILTERS = ("hostEmail", "hostUserId", "hostPersonId")
_KNOWN_ELSEWHERE = ("messages", "memberships", "rooms", "attachmentActions", "all")


@dataclass(frozen=True, slots=True)
class Resource:
    """What webhooks can be about.

    Attributes:
        scopes: The *read* scope of each level, as operations have them.
        filters: Keys that a filter may have.
        org: Whether it may be registered for the whole organisation.
    """

    name: str
    events: tuple[str, ...]
    scopes: Mapping[Level, str]
    filters: tuple[str, ...] = ()
    org: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        owner: Raw UUID of the person whose it is: ``creator`` registrations see only their own.
        data: The resource as the delivery tells it.
        attributes: What filters are compared with, besides ``data``.
        actor: Raw UUID of who did it.
    """

    at: datetime
    resource: str
    event: str
    owner: str
    data: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    actor: str = ""


@dataclass
class Registration:
    """One webhook."""

    webhook_id: str
    name: str
    target_url: str
    resource: str
    event: str
    user: User
    created_at: datetime
    filter: str = ""
    secret: str = ""
    owned_by: Literal["creator", "org"] = "creator"
    status: Literal["active", "inactive"] = "active"
    failures: deque[datetime] = field(default_factory=deque)
    shut_at: datetime | None = None

    def covers(self, event: Event) -> bool:
        """Whether *event* is sent here."""
        named = self.event == event.event or (self.event == "all" and event.event not in SEPARATE)
        ours = self.owned_by == "org" or event.owner == self.user.uuid
        told = {**event.data, **event.attributes}
        wanted = dict(parse_qsl(self.filter))
        fits = all(str(told.get(key, "")) == value for key, value in wanted.items())
        return self.resource == event.resource and named and ours and fits

    def fail(self, now: datetime) -> None:
        """Count a failed delivery, which may end the registration (9.5)."""
        self.failures.append(now)
        while self.failures[0] <= now - WITHIN:
            self.failures.popleft()
        on_probation = self.shut_at is not None and now < self.shut_at + WITHIN
        if on_probation or len(self.failures) >= FAILURES:
            self.status, self.shut_at = "inactive", now
            self.failures.clear()


class Registrations:
    """Every webhook of one organisation.

    Args:
        tenant: The organisation.
        resources: What this product has webhooks about.
    """

    def __init__(self, tenant: Tenant[Any], resources: Iterable[Resource]) -> None:
        self._tenant = tenant
        self.resources = {resource.name: resource for resource in resources}
        self.all: dict[str, Registration] = {}
        self._made = 0

    def handlers(self) -> Mapping[str, Handler]:
        """What answers :data:`OPERATIONS`."""
        return {
            "webhooks": self._list,
            "create_webhook": self._create,
            "webhook": self._get,
            "update_webhook": self._update,
            "delete_webhook": self._delete,
        }

    def enter(self, user: User, **told: Any) -> Registration:
        """Register a webhook without asking for scopes, as if *user* had done it earlier."""
        self._made += 1
        raw = self._tenant.ids.uuid("webhook", self._made)
        made = Registration(
            rest_id("WEBHOOK", raw), user=user, created_at=self._tenant.clock.now(), **told
        )
        self.all[made.webhook_id] = made
        return made

    def tell(self, made: Registration) -> dict[str, Any]:
        """A webhook as the API and each delivery's envelope tell it (9.1, 9.3)."""
        told: dict[str, Any] = {
            "id": made.webhook_id,
            "name": made.name,
            "targetUrl": made.target_url,
            "resource": made.resource,
            "event": made.event,
            "orgId": self._tenant.account.org_id,
            "createdBy": made.user.person_id,
            "appId": rest_id("APPLICATION", self._tenant.credentials.client_id),
            "ownedBy": made.owned_by,
            "status": made.status,
            "created": write_time(made.created_at, milliseconds=True),
        }
        return told | ({"filter": made.filter} if made.filter else {})

    def _list(self, call: Call) -> Answer:
        owned = call.query.get("ownedBy", "creator")
        found = [
            self._tell_owner(made)
            for made in self.all.values()
            if made.owned_by == owned and (owned == "org" or made.user is call.user)
        ]
        return self._tenant.page(call, found, usual=100)

    def _create(self, call: Call) -> Answer:
        body = {name: str(value) for name, value in call.body.items()}
        for name in ("name", "targetUrl", "resource", "event"):
            if not body.get(name):
                raise malformed(f"'{name}' is required.")
        owned = body.get("ownedBy", "creator")
        if owned not in ("creator", "org"):
            raise malformed("'ownedBy' must be 'creator' or 'org'.")
        self._admit(call, body, owned)
        made = self.enter(
            call.user,
            name=body["name"],
            target_url=body["targetUrl"],
            resource=body["resource"],
            event=body["event"],
            filter=body.get("filter", ""),
            secret=body.get("secret", ""),
            owned_by=owned,
        )
        return Answer(200, self._tell_owner(made))

    def _admit(self, call: Call, body: Mapping[str, str], owned: str) -> None:
        """Scopes and roles of the resource, its filters, and one of a kind for the org (9.2)."""
        name, event, filters = body["resource"], body["event"], body.get("filter", "")
        if name in _KNOWN_ELSEWHERE:
            return
        resource = self.resources.get(name)
        if resource is None or event not in (*resource.events, "all"):
            raise malformed("'resource' or 'event' is not valid.")
        token = Token("", call.user, call.scopes, call.expires_at, 0)
        levels = list_levels(resource.scopes, token)
        if not levels or (owned == "org" and not (resource.org and levels - {"user"})):
            raise forbidden()
        keys = {key for key, _ in parse_qsl(filters)}
        if keys - set(resource.filters) or (owned != "org" and keys & set(_ORG_FILTERS)):
            raise malformed("'filter' is not valid.")
        same = (name, event, filters)
        for made in self.all.values():
            alike = (made.resource, made.event, made.filter) == same
            if owned == "org" and made.owned_by == "org" and alike:
                raise reject(409, "A webhook with this resource and filter already exists.")

    def _get(self, call: Call) -> Answer:
        return Answer(200, self._tell_owner(self._find(call)))

    def _update(self, call: Call) -> Answer:
        made, body = self._find(call), call.body
        if not body.get("name") or not body.get("targetUrl"):
            raise malformed("'name' and 'targetUrl' are required.")
        if body.get("status", "active") != "active":
            raise malformed("'status' can only be set to 'active'.")
        made.name, made.target_url = str(body["name"]), str(body["targetUrl"])
        made.secret = str(body.get("secret", made.secret))
        if body.get("status") == "active":
            made.status = "active"
        return Answer(200, self._tell_owner(made))

    def _delete(self, call: Call) -> Answer:
        del self.all[self._find(call).webhook_id]
        return Answer(204)

    def _tell_owner(self, made: Registration) -> dict[str, Any]:
        """The API also tells the secret, to whoever may see the webhook."""
        return self.tell(made) | ({"secret": made.secret} if made.secret else {})

    def _find(self, call: Call) -> Registration:
        made = self.all.get(call.path["webhook"])
        if made is None or (made.owned_by == "creator" and made.user is not call.user):
            raise not_found("the webhook")
        return made
