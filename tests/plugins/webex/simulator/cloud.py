"""A small Webex product made of the shared pieces alone, served, and the calls that tests make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, TypeAlias

import httpx

from catchment.clock import ManualClock
from catchment.model import Clock
from catchment.sandbox import ASGIApp, Faults, World
from catchment_webex.simulator import Call, CommonSwitches, Tenant, WebexSimulator
from catchment_webex.simulator import api_people as people
from catchment_webex.simulator import registrations as hooks
from catchment_webex.simulator.answers import Answer
from catchment_webex.simulator.api import ApiHost, Handler
from catchment_webex.simulator.operations import Operation, Routes
from catchment_webex.simulator.registrations import Event, Registrations, Resource
from catchment_webex.simulator.times import read_time, write_time
from catchment_webex.simulator.trouble import spoil_api
from catchment_webex.simulator.webhooks import Post, WebhookSender, post_over_http

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)
SCOPES = {
    "administrator": frozenset(
        {"meeting:admin_preferences_read", "spark-admin:people_read", "meeting:admin_lists_read"}
    ),
    "compliance_officer": frozenset({"spark-compliance:meetings_read"}),
    "user": frozenset({"meeting:preferences_read", "spark:people_read", "meeting:lists_read"}),
    "roleless": frozenset({"meeting:admin_lists_read", "spark-compliance:meetings_read"}),
}
LIST = Operation(
    "numbers",
    "GET",
    "/numbers",
    {
        "user": "meeting:lists_read",
        "admin": "meeting:admin_lists_read",
        "compliance": "spark-compliance:meetings_read",
    },
    "list",
)
TIME = Operation("time", "GET", "/times/{time}")
RESOURCE = Resource(
    "recordings",
    ("created", "deleted"),
    {"user": "meeting:lists_read", "admin": "meeting:admin_lists_read"},
    ("id", "siteUrl", "hostEmail"),
)


class NumbersSimulator(WebexSimulator):
    """A product that lists the numbers below 25, and tells times."""

    name: ClassVar[str] = "numbers"

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        told = CommonSwitches.read(self.switches)
        self.tenant = Tenant(
            world, clock, self.faults, told, self.credentials, SCOPES, "administrator"
        )
        self.registrations = Registrations(self.tenant, [RESOURCE])
        handlers: dict[str, Handler] = {
            "numbers": partial(list_numbers, self.tenant),
            "time": tell_time,
            **people.build_people(self.tenant),
            **self.registrations.handlers(),
        }
        operations = (LIST, TIME, *people.OPERATIONS, *hooks.OPERATIONS)
        self._host = spoil_api(ApiHost(self.tenant, Routes(operations), handlers))

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """One host."""
        return {"api": self._host}

    def sender(self, post: Post = post_over_http, every: int = 1) -> WebhookSender:
        """Tells of a new recording each so many seconds."""

        def happened(since: datetime, until: datetime) -> list[Event]:
            owner = self.tenant.account.users[0]
            first, last = int(since.timestamp()) // every + 1, int(until.timestamp()) // every
            return [
                Event(
                    datetime.fromtimestamp(second * every, UTC),
                    "recordings",
                    "created",
                    owner.uuid,
                    {"id": f"r{second * every}", "siteUrl": owner.sites[0]},
                    {"hostEmail": owner.email},
                )
                for second in range(first, last + 1)
            ]

        return WebhookSender(self.tenant, self.registrations, happened, post)


def list_numbers(tenant: Tenant[CommonSwitches], call: Call) -> Answer:
    """Numbers of whoever is asked for."""
    acting = tenant.acting(call)
    owner = (acting or call.user).email
    return tenant.page(call, [{"id": n, "owner": owner, **call.query} for n in range(25)])


def tell_time(call: Call) -> Answer:
    """Reads a time and writes it."""
    return Answer(200, {"time": write_time(read_time(call.path["time"], "time"), call.zone)})


class Cloud:
    """One served simulator, with a bearer in hand."""

    def __init__(
        self, simulator: NumbersSimulator, clock: ManualClock, urls: Mapping[str, str]
    ) -> None:
        self.simulator, self.clock = simulator, clock
        self.tenant = simulator.tenant
        self.api = urls["api"] + "/v1"
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.bearer = ""

    def refresh(self, refresh_token: str = "", **form: str) -> httpx.Response:
        """``POST /access_token`` with good credentials, unless *form* says otherwise."""
        own = self.simulator.credentials
        data = {
            "grant_type": "refresh_token",
            "client_id": own.client_id,
            "client_secret": own.client_secret,
            "refresh_token": refresh_token or own.refresh_token,
        } | form
        return self.http.post(f"{self.api}/access_token", data=data)

    def act_as(self, profile: str, email: str = "") -> str:
        """A token of somebody else, used from now on."""
        self.bearer = self.tenant.tokens.mint(self.tenant.grant(profile, email)).value
        return self.bearer

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One API call."""
        if not self.bearer:
            self.act_as("administrator")
        headers = {"authorization": f"Bearer {self.bearer}"} | arguments.pop("headers", {})
        url = path if path.startswith("http") else self.api + path
        return self.http.request(method, url, headers=headers, **arguments)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """``GET`` a path, or an address as a ``Link`` told it."""
        return self.send("GET", path, params=params or None)

    def pass_time(self, seconds: float) -> None:
        """Turn the clock on."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))


Clouds: TypeAlias = Callable[..., Cloud]
"""Serves the product with the given switches, each by its name."""
