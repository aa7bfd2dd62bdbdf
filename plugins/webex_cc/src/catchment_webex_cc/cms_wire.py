"""Requests to the earlier generations, built without I/O (7)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from catchment.model import Window
from catchment.transport import Request
from catchment_webex_cc.stamps import write_ms

MOST_RECORDS = 1000
"""Records that one question asks for; there is no next page (7.2)."""

SESSIONS, AGENT_ACTIVITIES, CHAIN = "csrs", "aars", "cars"
_TYPES = {SESSIONS: "CSR", AGENT_ACTIVITIES: "AAR", CHAIN: "CAR"}

_REFUSED_HEADS = (400, 401, 403, 404, 405, 410, 416, 500, 501, 502, 503)

Params = tuple[tuple[str, str], ...]


def build_records(
    resource: str, window: Window, also: Params = (), *, session: str = "", most: int = MOST_RECORDS
) -> Request:
    """``GET /csrs``, ``/aars`` or ``/cars`` with a query document (7.2).

    Args:
        resource: Which.
        window: Of time.
        also: ``orgId``, where the generation wants it (7.6).
        session: Only records of this session.
        most: How many at most.
    """
    query = json.dumps(_build_query(_TYPES[resource], window, session, most), separators=(",", ":"))
    return Request("GET", f"/{resource}", params=(("q", query), *also))


def build_session(sid: str, also: Params = ()) -> Request:
    """``GET /csrs/{sid}`` (7.2)."""
    return Request("GET", f"/{SESSIONS}/{quote(sid, safe='')}", params=also)


def build_users(also: Params = ()) -> Request:
    """``GET /security/users`` (7.3)."""
    return Request("GET", "/security/users", params=also)


def build_resources(resource: str, also: Params = ()) -> Request:
    """``GET /auxiliary-data/resources/{team|virtual-team}`` (7.3)."""
    return Request("GET", f"/auxiliary-data/resources/{resource}", params=also)


def build_look(sid: str, also: Params = ()) -> Request:
    """The first bytes of a recording: whether there is one (7.4)."""
    return Request(
        "GET",
        f"/{quote(sid, safe='')}",
        params=also,
        headers=(("Range", "bytes=0-63"),),
        accept=(404, 405, 410, 416, 501),
    )


def build_head(sid: str, also: Params = ()) -> Request:
    """The head of a recording: whether there is one (7.4).

    Not every server tells heads, and gateways refuse them with any status: none is an error.
    """
    return Request("HEAD", f"/{quote(sid, safe='')}", params=also, accept=_REFUSED_HEADS)


def build_media_url(base: str, sid: str, also: Params = ()) -> str:
    """Where the recording of a session is (7.4)."""
    return build_look(sid, also).url(base)


def _build_query(activity_type: str, window: Window, session: str, most: int) -> dict[str, Any]:
    column = "sid" if activity_type == "CSR" else "callSessionId"
    filters = [{"columnName": column, "operator": "IS", "values": [session]}] if session else []
    return {
        "anchorId": "1",
        "dateBegin": [write_ms(window.start)],
        "dateEnd": [write_ms(window.end)],
        "timezone": "UTC",
        "numberOfRecords": most,
        "lastNRecords": False,
        "activityType": activity_type,
        "aggregateQueryProperties": {
            "computeInterval": 0,
            "computeIntervalUnit": "NONE",
            "queryType": "TEMPORAL",
            "requestType": "PROFILE",
            "rowSegmentSet": [],
            "columnSegmentSet": [],
        },
        "aggregations": [
            {
                "id": 0,
                "aggregationType": "VALUE",
                "computeColumnName": "sid",
                "filterGroups": [{"operator": "AND", "valueFilters": filters}],
            }
        ],
    }
