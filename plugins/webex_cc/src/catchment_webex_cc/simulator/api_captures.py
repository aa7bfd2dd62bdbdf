"""``/v1/captures/query``: recordings and transcripts of up to ten tasks (3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.recordings import Piece, list_pieces, mask
from catchment_webex_cc.simulator.store import mint_link
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

OPERATIONS = (read("captures", "/v1/captures/query", "document", "POST"),)

MOST, LONGEST = 10, 60
"""Tasks of one request, and minutes that a link lives."""


def build_captures(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    return {"captures": partial(query_captures, tenant)}


def query_captures(tenant: ContactCenterTenant, call: Call) -> Answer:
    """The recordings of some tasks; none of an unknown one, or of one that has none yet."""
    query = call.body.get("query")
    if not isinstance(query, dict):
        raise malformed("query should not be null")
    task_ids = _read_tasks(tenant, query)
    minutes = _read_minutes(tenant, query)
    segments = query.get("includeSegments", tenant.switches.segments_default)
    if not isinstance(segments, bool):
        raise malformed("includeSegments should be a boolean")
    rows = []
    for task_id in task_ids:
        row = _tell(tenant, task_id, minutes, segments=segments)
        if row["recording"] or tenant.switches.captures_unknown == "empty":
            rows.append(row)
    meta = {"orgId": tenant.org, "urlExpiration": minutes}
    return Answer(200, {"meta": meta, "data": rows})


def _read_tasks(tenant: ContactCenterTenant, query: Mapping[str, Any]) -> list[str]:
    task_ids = query.get("taskIds")
    if not isinstance(task_ids, list) or not 1 <= len(task_ids) <= MOST:
        raise malformed(f"taskIds should have between 1 and {MOST} values")
    if len(set(map(str, task_ids))) < len(task_ids):
        raise malformed("taskIds should be unique")
    for task_id in task_ids:
        if not isinstance(task_id, str) or not _is_task_id(tenant, task_id):
            raise malformed("taskIds should have values of the format uuid")
    return task_ids


def _is_task_id(tenant: ContactCenterTenant, text: str) -> bool:
    if tenant.switches.ids == "short" and len(text) == 20:
        return True
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _read_minutes(tenant: ContactCenterTenant, query: Mapping[str, Any]) -> int:
    minutes = query.get("urlExpiration", LONGEST)
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        raise malformed("urlExpiration should be a number")
    if minutes < 1:
        raise malformed("urlExpiration should be greater than 0")
    if minutes > LONGEST and tenant.switches.expiration_above == "400":
        raise malformed(f"urlExpiration should be less than or equal to {LONGEST}")
    return min(minutes, LONGEST)


def _tell(
    tenant: ContactCenterTenant, task_id: str, minutes: int, *, segments: bool
) -> dict[str, Any]:
    contact = tenant.find(task_id.lower()) or tenant.find(task_id)
    if contact is None or not contact.has_audio(tenant.now_ms):
        return {"taskId": task_id, "recording": [], "transcription": []}
    shared = tenant.switches.shared_capture_ids
    there = contact.has_line(tenant.now_ms)
    pieces = [
        piece
        for piece in list_pieces(contact, tenant.ids, segments=segments, shared_ids=shared)
        if there or piece.call_type == "consult"
    ]
    return {
        "taskId": task_id,
        "recording": [_tell_piece(tenant, contact, piece, minutes) for piece in pieces],
        "transcription": _list_transcripts(tenant, contact, minutes),
    }


def _tell_piece(
    tenant: ContactCenterTenant, contact: Contact, piece: Piece, minutes: int
) -> dict[str, Any]:
    people = [contact.user(agent).ci_id for agent in piece.agents]
    if piece.call_type == "main":
        people.append(mask(contact.call.customer, contact.call.ani))
    return {
        "id": piece.piece_id,
        "segment": piece.segment,
        "attributes": {
            "fileName": piece.name,
            "filePath": mint_link(tenant, contact, piece.name, minutes),
            "startTime": piece.start_ms,
            "stopTime": piece.stop_ms,
            "participants": people,
            "channel1": piece.sides[0],
            "channel2": piece.sides[1],
            "callType": piece.call_type,
        },
    }


def _list_transcripts(
    tenant: ContactCenterTenant, contact: Contact, minutes: int
) -> list[dict[str, Any]]:
    """Capitalised members, and times as strings (3)."""
    if not contact.transcript or contact.line is None or not contact.has_line(tenant.now_ms):
        return []
    return [
        {
            "Source": "recording",
            "Provider": "CISCO",
            "id": "cfg-17",
            "fileName": "voiceTranscript.json",
            "filePath": mint_link(tenant, contact, "voiceTranscript.json", minutes),
            "startTime": str(contact.ms(contact.line.begin)),
            "createTime": str(contact.line_ms),
            "languageCode": "en-US",
        }
    ]
