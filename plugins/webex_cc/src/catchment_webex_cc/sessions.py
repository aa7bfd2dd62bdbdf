"""What the earlier generations tell, put into the words of the newest (7.2, 7.3).  Pure.

Documents are kept as they came; they pass through here whenever they are read.  Stored columns
carry their type at the end of their name (``cstts__l``), which is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catchment.model import Json
from catchment.payloads import read_rows

_SUFFIX = re.compile(r"__(s|i|l|d|sa)$")
_SESSION = {
    "sid": "id",
    "ani": "origin",
    "dnis": "destination",
    "callDirection": "direction",
    "channelType": "channelType",
    "cstts": "createdTime",
    "cetts": "endedTime",
    "currentState": "status",
    "active": "isActive",
    "isOutdial": "isOutdial",
    "terminatingEnd": "terminatingEnd",
    "terminationType": "terminationType",
    "wrapUpCodeName": "lastWrapupCodeName",
}
_NODE = {
    "id": "id",
    "cstts": "createdTime",
    "cetts": "endedTime",
    "currentState": "eventName",
    "agentName": "agentName",
    "queueName": "queueName",
    "teamName": "teamName",
}
_ACTIVITY = {
    "cstts": "startTime",
    "cetts": "endTime",
    "currentState": "currentState",
    "callSessionId": "taskId",
    "agentlogin": "agentLogin",
    "agentLogin": "agentLogin",
    "agentSystemId": "agentId",
    "agentId": "agentDbId",
    "agentName": "agentName",
    "agentDn": "agentDn",
    "teamName": "teamName",
    "siteName": "siteName",
    "queueName": "queueName",
    "wrapUpCodeName": "wrapupCodeName",
    "channelType": "channelType",
}


def is_legacy(row: Json | None) -> bool:
    """Whether *row* was told by an earlier generation: its times have other names."""
    return bool(row) and "cstts" in strip_names(row or {})


def strip_names(row: Json) -> dict[str, Any]:
    """*row* without the types at the end of its names."""
    return {_SUFFIX.sub("", str(name)): value for name, value in row.items()}


def read_session(row: Json | None) -> Json:
    """A customer session, of any generation, as a row of ``taskDetails``."""
    if row is None or not is_legacy(row):
        return row or {}
    told = strip_names(row)
    return {
        **_rename(told, _SESSION),
        "isActive": _flag(told.get("active")),
        "isOutdial": _flag(told.get("isOutdial")),
        "lastAgent": {"name": told.get("agentName"), "id": told.get("agentSystemId")},
        "lastQueue": _named(told, "queue"),
        "lastTeam": _named(told, "team"),
        "lastSite": _named(told, "site"),
        "lastEntryPoint": _named(told, "entrypoint"),
    }


def read_node(row: Json) -> Json:
    """A customer activity, of any generation, as one of ``activities.nodes``."""
    if not is_legacy(row):
        return row
    told = strip_names(row)
    return {**_rename(told, _NODE), "agentId": told.get("agentSystemId")}


def read_activity(row: Json) -> Json:
    """An agent's activity, of any generation, as a row of ``/v1/agents/activities``."""
    return _rename(strip_names(row), _ACTIVITY) if is_legacy(row) else row


def read_dataset(body: Json) -> list[dict[str, Any]]:
    """The rows of a list, whether they are objects or arrays beside ``columns`` (7.2)."""
    columns = [_name_column(column) for column in body.get("columns") or ()]
    data = body.get("data")
    rows = data if isinstance(data, list) else []
    found = [dict(row) for row in read_rows(rows)]
    arrays = [row for row in rows if isinstance(row, list)]
    return found + [dict(zip(columns, row, strict=False)) for row in arrays]


def is_complete(body: Json) -> bool:
    """Whether the list says that it holds all that was found (7.2)."""
    return _read_about(body).get("isComplete") is not False


def count_missing(body: Json) -> int:
    """How many rows the list says that it has and does not have."""
    told = _read_about(body).get("numberOfRecordsFound")
    return max(0, told - len(read_dataset(body))) if isinstance(told, int) else 0


def _read_about(body: Json) -> Json:
    told = body.get("datasetMetadata")
    return told if isinstance(told, Mapping) else {}


def _name_column(column: object) -> str:
    if isinstance(column, Mapping):
        return str(column.get("name") or column.get("columnName") or "")
    return str(column)


def _rename(told: Json, names: Mapping[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in told.items() if name in names}


def _named(told: Json, what: str) -> Json:
    return {
        "id": told.get(f"{what}SystemId") or told.get(f"{what}Id"),
        "name": told.get(f"{what}Name"),
    }


def _flag(value: object) -> bool | None:
    """0 and 1, which stand for no and yes (7.2)."""
    return {"0": False, "1": True, "false": False, "true": True}.get(str(value).lower())
