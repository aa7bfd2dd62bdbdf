"""A served Webex Meetings in hand, and the calls that every test makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import httpx

from catchment.clock import ManualClock
from catchment_webex.simulator.oauth import Grant
from catchment_webex_meetings.simulator import WebexMeetingsSimulator
from catchment_webex_meetings.simulator.records import Instance, Recording

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)
DAY = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-13T00:00:00Z"}
WRITING = {
    "administrator": "meeting:admin_recordings_write",
    "compliance_officer": "spark-compliance:meetings_write",
    "user": "meeting:recordings_write",
}


class Cloud:
    """One served simulator, with the bearer of its configured profile in hand."""

    def __init__(
        self, simulator: WebexMeetingsSimulator, clock: ManualClock, urls: Mapping[str, str]
    ) -> None:
        self.simulator, self.clock, self.urls = simulator, clock, urls
        self.tenant = simulator.tenant
        self.api = urls["api"] + "/v1"
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.bearer = ""
        self.act_as(simulator.tenant.switches.profile)

    def act_as(self, profile: str, email: str = "") -> None:
        """A token of somebody, with the scope to delete as well, used from now on."""
        grant = self.tenant.grant(profile, email)
        more = {WRITING[profile]} if profile in WRITING else set()
        self.bearer = self.tenant.tokens.mint(Grant(grant.user, grant.scopes | more)).value

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One API call."""
        headers = {"authorization": f"Bearer {self.bearer}"} | arguments.pop("headers", {})
        url = path if path.startswith("http") else self.api + path
        return self.http.request(method, url, headers=headers, **arguments)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """``GET`` a path, or an address as a ``Link`` told it."""
        return self.send("GET", path, params=params or None)

    def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a listing."""
        answer = self.get(path, **({"max": 100} | params))
        rows: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            rows += answer.json()["items"]
            if "next" not in answer.links:
                return rows
            answer = self.get(answer.links["next"]["url"])

    def listed(self, **params: Any) -> list[dict[str, Any]]:
        """The admin listing of both sites over the World's day, or as *params* say."""
        return [
            row
            for site in self.tenant.account.sites
            for row in self.items("/admin/recordings", **({"siteUrl": site} | DAY | params))
        ]

    def details(self, recording: Recording) -> dict[str, Any]:
        """A recording with its links, asked as the profile must ask."""
        answer = self.get(f"/recordings/{recording.recording_id}", **self.host(recording))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def host(self, one: Recording | Instance) -> dict[str, str]:
        """``hostEmail``, for an administrator."""
        officer = self.tenant.switches.profile == "compliance_officer"
        return {} if officer else {"hostEmail": one.host.email}

    def link(self, recording: Recording, sort: str = "recording") -> str:
        """A fresh direct link."""
        links = self.details(recording)["temporaryDirectDownloadLinks"]
        return str(links[f"{sort}DownloadLink"])

    def instance(self, wanted: Callable[[Instance], object] = bool) -> Instance:
        """The first instance that is *wanted*."""
        return next(one for one in self.tenant.instances if wanted(one))

    def recording(self, wanted: Callable[[Recording], object] = bool) -> Recording:
        """The first recording that is *wanted*."""
        return next(one for one in self.tenant.recordings if wanted(one))


Clouds: TypeAlias = Callable[..., Cloud]
"""Serves Webex Meetings with the given switches, each by its name."""
