"""Rows as the sheet shows them (2.7, 2.9, 3, 4.2, 7.2), for all tests of the contact center."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from catchment.model import Bundle, Fact, Json, Recording, StoredFile, Timeline, Window
from catchment.model import Measured as Seen
from catchment_webex_cc.activities import map_activity
from catchment_webex_cc.sightings import map_fact, map_sighting

Row = dict[str, Any]

T0 = 1767100000000
TASK = "c0ffee00-1111-4222-8333-444455556666"
PLAIN = TASK.replace("-", "")
ORG = "0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22"
BRAUN = "a9e10000-0000-4000-8000-000000000001"
HODGES = "a9e10000-0000-4000-8000-000000000002"
LONG_AGO = datetime(2025, 12, 1, tzinfo=UTC)

LISTED: Row = {
    "id": TASK,
    "status": "ended",
    "channelType": "telephony",
    "direction": "inbound",
    "origin": "+15550100123",
    "destination": "+15550100999",
    "createdTime": T0,
    "endedTime": T0 + 141_000,
    "isActive": False,
    "captureRequested": True,
    "recordingCount": 2,
    "isRecordingDeleted": None,
    "lastAgent": {"id": HODGES, "name": "Ada Hodges", "signInId": "A.Hodges@example.com"},
    "lastQueue": {"id": "5d10", "name": "Billing"},
    "lastTeam": {"id": "77b2", "name": "Tier 1"},
    "lastEntryPoint": {"id": "3aa0", "name": "EP Main"},
}
"""A task of the list (2.9)."""

SESSION: Row = {
    "sid": PLAIN,
    "ani": "+15550100123",
    "dnis": "+15550100999",
    "channelType": "telephony",
    "callDirection": "inbound",
    "cstts": T0,
    "cetts": T0 + 141_000,
    "active": 0,
    "currentState": "ended",
    "agentName": "Ada Hodges",
    "queueName": "Billing",
    "terminatingEnd": "caller",
    "terminationType": "normal",
}
"""The same as the earlier generations tell it (7.2)."""

NAMES = {
    BRAUN: ("Bea Braun", "b.braun@example.com"),
    HODGES: ("Ada Hodges", "a.hodges@example.com"),
}


def at(second: float) -> datetime:
    """A moment of the call."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=T0 + round(second * 1000))


def act(agent: str, state: str, start: float, end: float | None, **more: Any) -> Row:
    """A row of ``/v1/agents/activities`` (4.2), in seconds of the call."""
    name, login = NAMES[agent]
    return {
        "agentId": agent,
        "agentName": name,
        "agentLogin": login,
        "currentState": state,
        "taskId": TASK,
        "channelType": "telephony",
        "queueName": "Billing",
        "startTime": T0 + round(start * 1000),
        "endTime": -1 if end is None else T0 + round(end * 1000),
    } | more


def node(event: str, start: float, end: float | None, agent: str = "", helper: str = "") -> Row:
    """One of ``activities.nodes`` (2.6), in seconds of the call."""
    return {
        "id": f"{TASK}-{T0 + round(start * 1000)}-{event}",
        "eventName": event,
        "createdTime": T0 + round(start * 1000),
        "endedTime": -1 if end is None else T0 + round(end * 1000),
        "agentId": agent or None,
        "agentName": NAMES[agent][0] if agent else None,
        "destinationAgentId": helper or None,
    }


def fact(row: Json) -> Fact:
    """An agent's activity as the adapter reports it."""
    return map_activity(row, LONG_AGO)


def recording(row: Json | None = None, **documents: Json) -> Recording:
    """A task with its documents, as the ledger hands it to the mapping."""
    seen = map_sighting(row or LISTED, LONG_AGO)
    told = {"listing": seen.document, **documents}
    return Recording(seen.external_id, seen.occurred_at, seen.keys, seen.revision, None, told)


def stored(file_id: str, start: float, end: float, channels: int = 2) -> StoredFile:
    """An archived sound file of the call."""
    window = Window(at(start), at(end))
    timeline = Timeline((window,), "declared")
    seen = Seen("wav", window.length, (channels,))
    return StoredFile(
        PLAIN, file_id, 1, "audio", "wav", "original", "", "0" * 64, 1, None, timeline, seen
    )


def bundle(*rows: Json, task: Json | None = None, files: tuple[StoredFile, ...] = (),
           **documents: Json) -> Bundle:  # fmt: skip
    """The call with its agents' activities and its files."""
    facts = (map_fact(task or LISTED, LONG_AGO), *map(fact, rows))
    return Bundle((recording(task, **documents),), facts, files)
