"""A served Webex Calling in hand, and the few calls that every test makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx

from catchment.clock import ManualClock
from catchment_webex.simulator.oauth import Grant
from catchment_webex_calling.simulator import WebexCallingSimulator
from catchment_webex_calling.simulator.halves import Half, Told
from catchment_webex_calling.simulator.recordings import Recording

Row: TypeAlias = dict[str, Any]
"""An object of an answer's JSON."""

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)
EVENING = MIDNIGHT + timedelta(hours=19)
"""All is told by then but what comes hours late, and ``cdr_stream`` still reaches the morning."""

LINK = re.compile(r"<+([^<>]+)>+")


def stamp(at: datetime) -> str:
    """A time as call history wants it: with milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def next_of(answer: httpx.Response) -> str:
    """Where ``Link`` leads on; empty on the last page."""
    link = answer.headers.get("link", "")
    found = LINK.search(link)
    return found.group(1) if found and 'rel="next"' in link else ""


class Cloud:
    """One served simulator, with a bearer in hand."""

    def __init__(
        self, simulator: WebexCallingSimulator, clock: ManualClock, urls: Mapping[str, str]
    ) -> None:
        self.simulator, self.clock, self.urls = simulator, clock, urls
        self.tenant = simulator.tenant
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.bearer = ""

    def act_as(self, profile: str, email: str = "", *scopes: str) -> None:
        """Take a token of somebody else; with *scopes* in place of the usual ones."""
        grant = self.tenant.grant(profile, email)
        if scopes:
            grant = Grant(grant.user, frozenset(scopes))
        self.bearer = self.tenant.tokens.mint(grant).value

    def send(self, method: str, path: str, host: str = "api", **arguments: Any) -> httpx.Response:
        """One API call."""
        if not self.bearer:
            self.act_as(self.tenant.switches.profile)
        headers = {"authorization": f"Bearer {self.bearer}"} | arguments.pop("headers", {})
        url = path if path.startswith("http") else f"{self.urls[host]}/v1{path}"
        return self.http.request(method, url, headers=headers, **arguments)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """``GET`` a path, or an address as a ``Link`` told it."""
        return self.send("GET", path, params=params or None)

    def all(self, **params: Any) -> list[Row]:
        """Every item of the organisation's list, page by page."""
        found: list[Row] = []
        answer = self.get("/admin/convergedRecordings", **({"max": 100} | params))
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if not next_of(answer):
                return found
            answer = self.get(next_of(answer))

    def details(self, recording: Recording | str, **headers: str) -> Row:
        """The details of one recording."""
        told = recording if isinstance(recording, str) else recording.recording_id
        answer = self.send("GET", f"/convergedRecordings/{told}", headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def links(self, recording: Recording) -> Row:
        """The links of one recording, or nothing."""
        return dict(self.details(recording).get("temporaryDirectDownloadLinks", {}))

    def metadata(self, recording: Recording | str, *, everything: bool = True) -> Row:
        """The metadata of one recording."""
        told = recording if isinstance(recording, str) else recording.recording_id
        shown = {"showAllTypes": "true"} if everything else {}
        answer = self.get(f"/convergedRecordings/{told}/metadata", **shown)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ask(
        self, resource: str, start: datetime, end: datetime, host: str = "cdr", **more: Any
    ) -> httpx.Response:
        """The first page of a window of call history, a minute after the last."""
        self.clock.advance(timedelta(minutes=1))
        window = {"startTime": stamp(start), "endTime": stamp(end)}
        return self.send("GET", f"/{resource}", host, params=window | more)

    def records(self, resource: str = "cdr_feed", **more: Any) -> list[Row]:
        """Every call record of the day, in windows and pages as long as the resource allows."""
        found: list[Row] = []
        for start, end in self.windows(resource):
            answer = self.ask(resource, start, end, **more)
            found += read_records(answer)
            while next_of(answer):
                self.clock.advance(timedelta(seconds=7))
                answer = self.get(next_of(answer))
                found += read_records(answer)
        return found

    def windows(self, resource: str) -> Iterator[tuple[datetime, datetime]]:
        """Windows of the working day."""
        step = timedelta(hours=2 if resource == "cdr_stream" else 12)
        at, end = MIDNIGHT + timedelta(hours=8), MIDNIGHT + timedelta(hours=18, minutes=30)
        while at < end:
            yield at, min(at + step, end)
            at += step

    def recording(self, wanted: Callable[[Recording], bool] = lambda _: True) -> Recording:
        """The first recording that is *wanted*; of the usual fate, if it does not say."""
        return next(r for r in self.tenant.recordings if wanted(r))

    def plain(self) -> Recording:
        """A recording to which nothing happens."""
        return self.recording(lambda r: not r.fate and r.downloadable)

    def call(self, wanted: Callable[[Told], bool]) -> Told:
        """The first call that is *wanted*."""
        told = {id(e.told): e.told for e in self.tenant.history.find_all()}
        return next(one for one in told.values() if wanted(one))


def read_records(answer: httpx.Response) -> list[Row]:
    """The records of a page; none, if the window is empty."""
    assert answer.status_code in (200, 404), answer.text
    return list(answer.json().get("items", []))


def half_of(told: Told, role: str) -> Half:
    """The first half of a role."""
    return next(half for half in told.halves if half.role == role)


def moves_of(told: Told) -> set[str]:
    """What was done with a call."""
    return {move.kind for move in told.call.moves}


Clouds: TypeAlias = Callable[..., Cloud]
"""Serves a Webex Calling with the given switches, each by its name."""
