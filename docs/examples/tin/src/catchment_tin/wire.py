"""Tin's requests and answers: values in, values out, no I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import AwareDatetime

from catchment.errors import CatchmentError, CursorLost
from catchment.model import Span
from catchment.payloads import Payload
from catchment.transport import Answer, Request


class Listing(Payload):
    """A page of a listing; ``next`` is ``null`` on the last one, ``total`` counts all pages."""

    rows: list[dict[str, Any]]
    next: str | None
    total: int


class File(Payload):
    """A file of a recording; ``url`` is signed and works for a quarter of an hour."""

    name: str
    url: str = ""
    bytes: int | None = None
    sha256: str | None = None


class Person(Payload):
    """An agent, as every row about one names it."""

    id: str
    name: str = ""


class Row(Payload):
    """A recording.  Fields that are not named here stay in the document all the same."""

    id: str
    call: str
    agent: Person
    state: str
    changed: str
    started: AwareDatetime
    ended: AwareDatetime
    pauses: tuple[tuple[AwareDatetime, AwareDatetime], ...] = ()
    files: tuple[File, ...] = ()


class Call(Payload):
    """A line of the call log; ``recorded`` is ``yes``, or why there is no recording."""

    id: str
    started: AwareDatetime
    ended: AwareDatetime
    recorded: str
    caller: str = ""
    called: str = ""
    direction: str = ""


def build_page(span: Span, cursor: str | None) -> Request:
    """Ask for a page of a feed; Tin's listings are called as our feeds are."""
    window = span.window
    bounds = (("from", _write_time(window.start)), ("to", _write_time(window.end)))
    return Request("GET", f"/{span.feed}", (*bounds, *((("page", cursor),) if cursor else ())))


def _write_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def build_recording(recording_id: str) -> Request:
    """Ask for one recording; an id is anything that somebody typed, so it is encoded."""
    return Request("GET", f"/recordings/{quote(recording_id, safe='')}")


def read_fault(answer: Answer) -> CatchmentError | None:
    """What only Tin words like this; all other answers are read by their status."""
    return CursorLost("Tin no longer knows the page") if answer.status == 409 else None
