"""A served Zoom in hand, and the few calls that every test makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from catchment.clock import ManualClock
from catchment.sandbox import Meeting
from catchment_zoom.simulator import ZoomSimulator
from catchment_zoom.simulator.records import File, Record

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)


class Cloud:
    """One served simulator, with a bearer in hand."""

    def __init__(self, simulator: ZoomSimulator, clock: ManualClock, urls: Mapping[str, str]):
        self.simulator, self.clock, self.urls = simulator, clock, urls
        self.site = simulator.site
        self.http = httpx.Client(timeout=10, trust_env=False, verify=False)
        self.bearer = ""

    def token(self, **form: str) -> httpx.Response:
        """``POST /oauth/token`` with good credentials, unless *form* says otherwise."""
        own = self.simulator.credentials
        data = {"grant_type": "account_credentials", "account_id": own.account_id} | form
        return self.http.post(
            f"{self.urls['web']}/oauth/token",
            data=data,
            auth=(own.client_id, own.client_secret),
        )

    def mint(self) -> str:
        """A fresh access token, used from now on."""
        self.bearer = str(self.token().json()["access_token"])
        return self.bearer

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One API call; *path* goes over the wire as it stands."""
        if not self.bearer:
            self.mint()
        headers = {"authorization": f"Bearer {self.bearer}"} | arguments.pop("headers", {})
        url = f"{self.urls['api']}/v2{path}"
        return self.http.request(method, url, headers=headers, **arguments)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """``GET`` an API path."""
        return self.send("GET", path, params=params or None)

    def listing(self, **params: Any) -> dict[str, Any]:
        """The archive of the World's days by start, or as *params* say."""
        window = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-13T00:00:00Z"}
        answer = self.get("/archive_files", **({"page_size": 300} | window | params))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def record(self, uuid: str) -> dict[str, Any]:
        """One meeting of the archive."""
        answer = self.get(f"/past_meetings/{self.twice(uuid)}/archive_files")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def recordings(self, **params: Any) -> dict[str, Any]:
        """The account's cloud recordings of the World's days."""
        window = {"from": "2026-10-12", "to": "2026-10-13", "page_size": 300}
        answer = self.get("/accounts/me/recordings", **(window | params))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def download(self, url: str, bearer: str | None = None, **headers: str) -> httpx.Response:
        """Fetch a file's address, without following redirects."""
        bearer = self.bearer if bearer is None else bearer
        told = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return self.http.get(url, headers=told | headers)

    def twice(self, uuid: str) -> str:
        """A UUID for a path, encoded twice."""
        return quote(quote(uuid, safe=""), safe="")

    def set(self, at: datetime) -> None:
        """Turn the clock to *at*, and take a new token."""
        self.clock.set(at)
        self.mint()

    def some_file(self, file_type: str = "M4A") -> tuple[Record, File]:
        """A file of the archive that will be completed."""
        return next(
            (record, file)
            for record in self.site.archive
            for file in record.files
            if file.file_type == file_type and not file.failed and not record.external
        )

    def url_of(self, file: File) -> str:
        """The download address of *file* as of now."""
        return self.site.tell_path(file, self.clock.now())

    def meeting(self, wanted: Callable[[Meeting], bool]) -> tuple[str, Meeting]:
        """The first meeting of the World that is *wanted*, with its UUID."""
        found = next(m for m in self.simulator.world.list_meetings() if wanted(m))
        return self.site.ids.uuid(found), found


Clouds: TypeAlias = Callable[..., Cloud]
"""Serves a Zoom with the given switches, each by its name."""
