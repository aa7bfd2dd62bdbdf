"""Teapot's words, read tolerantly: what is not named here stays in the document all the same."""

from typing import Any

from pydantic import AwareDatetime

from catchment.payloads import Payload


class Listing(Payload):
    """A page of calls; ``next`` is ``null`` on the last one."""

    calls: list[dict[str, Any]]
    next: str | None


class Call(Payload):
    """A call; ``audio`` is a signed link, and there as soon as the file is."""

    id: str
    agent: str
    started: AwareDatetime
    ended: AwareDatetime
    changed: str
    audio: str = ""
    sha256: str | None = None
