"""A served Webex Contact Center in hand, and the few calls that every test makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx

from catchment.clock import ManualClock
from catchment_webex.simulator.oauth import Grant
from catchment_webex_cc.simulator import WebexContactCenterSimulator
from catchment_webex_cc.simulator.contacts import Contact, to_ms
from catchment_webex_cc.simulator.legacy_access import sign

Row: TypeAlias = dict[str, Any]
"""An object of an answer's JSON."""

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(days=1)
"""The next midnight: everything of the day is told by then."""

START, END = to_ms(MIDNIGHT), to_ms(LATER)

TASKS = """query($f: Long!, $t: Long!, $c: String) {
  taskDetails(from: $f, to: $t, %s pagination: {cursor: $c}) {
    tasks { %s } pageInfo { hasNextPage endCursor } } }"""
ONE = """query($f: Long!, $t: Long!, $id: String, $after: String) {
  taskDetails(from: $f, to: $t, filter: {id: {equals: $id}}) {
    tasks { id activities(first: 100, after: $after) { totalCount
      nodes { %s } pageInfo { hasNextPage endCursor } } } } }"""
NODE = """id eventName createdTime endedTime duration agentId agentName destinationAgentId
  isActive previousState nextState transferType"""


class Cloud:
    """One served simulator, with a bearer in hand."""

    def __init__(
        self, simulator: WebexContactCenterSimulator, clock: ManualClock, urls: Mapping[str, str]
    ) -> None:
        self.simulator, self.clock, self.urls = simulator, clock, urls
        self.http = httpx.Client(timeout=20, trust_env=False)
        self.bearer = ""

    @property
    def tenant(self) -> Any:
        """The organisation."""
        return self.simulator.tenant

    def act_with(self, *scopes: str) -> None:
        """Take a token with these scopes in place of the usual ones."""
        grant = self.tenant.grant("administrator")
        told = frozenset(scopes) if scopes else grant.scopes
        self.bearer = self.tenant.tokens.mint(Grant(grant.user, told)).value

    def send(self, method: str, path: str, host: str = "api", **arguments: Any) -> httpx.Response:
        """One call with the bearer."""
        if not self.bearer:
            self.act_with()
        headers = {"authorization": f"Bearer {self.bearer}"} | arguments.pop("headers", {})
        return self.http.request(method, self.urls[host] + path, headers=headers, **arguments)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """``GET`` from the regional host."""
        return self.send("GET", path, params={k.strip("_"): v for k, v in params.items()})

    def ask(self, query: str, **variables: Any) -> httpx.Response:
        """One GraphQL query."""
        told = {"f": START, "t": END, **variables}
        return self.send("POST", "/search", json={"query": query, "variables": told})

    def data(self, query: str, **variables: Any) -> Row:
        """What a good query gives."""
        answer = self.ask(query, **variables)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def tasks(self, fields: str = "id", given: str = "", **variables: Any) -> list[Row]:
        """Every task that fits, page by page."""
        found: list[Row] = []
        cursor: str | None = "NA"
        while cursor is not None:
            told = self.data(TASKS % (given, fields), c=cursor, **variables)["taskDetails"]
            found += told["tasks"]
            cursor = told["pageInfo"]["endCursor"]
        return found

    def nodes(self, contact: Contact) -> list[Row]:
        """The activities of a task, oldest first."""
        told = self.data(ONE % NODE, id=contact.task_id)["taskDetails"]["tasks"]
        return list(told[0]["activities"]["nodes"])[::-1]

    def query_captures(self, *task_ids: str, **more: Any) -> httpx.Response:
        """One captures query."""
        body = {"taskIds": list(task_ids), "urlExpiration": 30, **more}
        told = {name: value for name, value in body.items() if value is not None}
        return self.send("POST", "/v1/captures/query", json={"query": told})

    def captures(self, contact: Contact, *, segments: bool = False) -> Row:
        """The captures of one contact."""
        answer = self.query_captures(contact.task_id, includeSegments=segments)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"][0])

    def legacy(
        self, path: str, host: str = "rest", method: str = "GET", **more: Any
    ) -> httpx.Response:
        """One call of CMSv1."""
        headers = {
            "From": self.tenant.username,
            "Authorization": f"{sign(self.tenant.api_key, self.tenant.username)}; "
            f"tenantId={self.tenant.tenant_id}",
        } | more.pop("headers", {})
        return self.http.request(method, self.urls[host] + path, headers=headers, **more)

    def records(self, kind: str, **more: Any) -> Row:
        """Records of CMSv1."""
        answer = self.legacy(f"/aws/api/{kind}", params={"q": write_question(**more)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def contact(self, wanted: Callable[[Contact], bool] = lambda _: True) -> Contact:
        """The first contact with a recording that is *wanted*."""
        contacts: list[Contact] = self.tenant.contacts
        return next(c for c in contacts if c.audio_ms is not None and wanted(c))

    def moved(self, *kinds: str) -> Contact:
        """The first contact with exactly these moves, in order."""
        return self.contact(lambda c: tuple(m.kind for m in c.call.moves) == kinds)


def write_question(**more: Any) -> str:
    """A ``q`` document as reporting clients write it."""
    told: Row = {
        "anchorId": "1",
        "dateBegin": [START],
        "dateEnd": [END],
        "timezone": "UTC",
        "numberOfRecords": 10_000,
        "lastNRecords": False,
        "activityType": "CSR",
        "aggregations": [{"id": 0, "filterGroups": [{"operator": "AND", "valueFilters": []}]}],
    }
    return json.dumps(told | more)


def error_of(answer: httpx.Response) -> str:
    """The words of a refusal in the Contact Center's envelope."""
    told = answer.json()
    assert told["trackingId"] == answer.headers["trackingid"]
    assert told["error"]["key"] == str(answer.status_code)
    return str(told["error"]["message"][0]["description"])


Clouds: TypeAlias = Callable[..., Cloud]
"""Serves a Contact Center with the given switches, each by its name."""
