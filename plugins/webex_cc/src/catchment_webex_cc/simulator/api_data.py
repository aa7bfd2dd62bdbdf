"""``/v1/tasks`` and ``/v1/agents/activities`` (4.1, 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, reject
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.agents import list_doings, write_activity
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.queries import (
    DAY_MS,
    is_seconds,
    read_list,
    read_number,
    read_stamp,
)
from catchment_webex_cc.simulator.sessions import tell_requested, write_session
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

OPERATIONS = (read("tasks", "/v1/tasks"), read("activities", "/v1/agents/activities"))

TASKS_SPAN_MS, TASKS_AGE_MS = 184 * DAY_MS, 366 * DAY_MS
_OPEN = ("agentIds", "teamIds", "channelTypes")


def build_data(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    return {
        "tasks": partial(list_tasks, tenant),
        "activities": partial(list_activities, tenant),
    }


def list_tasks(tenant: ContactCenterTenant, call: Call) -> Answer:
    """Tasks by ``createdTime``, oldest first, and no way to a second page (4.1)."""
    start = read_stamp(call.query, "from")
    end = min(read_stamp(call.query, "to", tenant.now_ms), tenant.now_ms)
    size = read_number(call.query, "pageSize", 100, 1, 1000)
    channels = read_list(call.query, "channelTypes")
    if not is_seconds(start):
        if end - start > TASKS_SPAN_MS:
            raise malformed("The time range should not exceed 184 days")
        if start < tenant.now_ms - TASKS_AGE_MS:
            raise malformed("'from' should not be older than 12 months")
    found = tenant.list_created(start, end + 1)[::-1]
    if is_seconds(start) or (channels and "telephony" not in channels):
        found = []
    rows = [_write_task(tenant, contact) for contact in found[:size]]
    told = tenant.faults.rows(rows, f"tasks {start} {end}")
    return Answer(200, {"meta": {"orgId": tenant.org}, "data": told})


def _write_task(tenant: ContactCenterTenant, contact: Contact) -> dict[str, Any]:
    session = write_session(tenant, contact)
    over = contact.is_over(tenant.now_ms)
    abandoned = Metadata(tenant, contact).is_abandoned
    attributes = {
        "owner": session["owner"] if session["owner"]["id"] else None,
        "queue": {name: session["lastQueue"][name] for name in ("id", "name")},
        "channelType": "telephony",
        "status": ("abandoned" if abandoned else "completed") if over else "assigned",
        "createdTime": contact.created_ms,
        "lastUpdatedTime": session["lastActivityTime"],
        "captureRequested": tell_requested(tenant, contact),
        "origin": session["origin"],
        "destination": session["destination"],
        "direction": session["direction"],
        "reasonCode": session["lastWrapupCodeName"],
    }
    return {"id": contact.task_id, "attributes": attributes}


def list_activities(tenant: ContactCenterTenant, call: Call) -> Answer:
    """What agents did, by start (4.2)."""
    query = call.query
    start = read_stamp(query, "from")
    end = min(read_stamp(query, "to", tenant.now_ms), tenant.now_ms)
    if end - start >= DAY_MS:
        raise malformed("The difference between 'from' and 'to' should be less than 24 hours")
    size = read_number(query, "pageSize", 100, 1, 1000)
    page = read_number(query, "page", 0, 0, 1_000_000)
    agents, teams, channels = (read_list(query, name) for name in _OPEN)
    rows = [write_activity(tenant, doing) for doing in list_doings(tenant, start, end)]
    rows = [
        row
        for row in rows
        if (not agents or row["agentId"] in agents)
        and (not teams or row["teamId"] in teams)
        and (not channels or row["channelType"] in channels)
    ]
    cap = tenant.switches.activities_cap
    if len(rows) > cap and tenant.switches.activities_cap_says == "413":
        raise reject(413, "The result set is too large. Please reduce the time range.")
    rows = rows[:cap]
    cut = rows[page * size : (page + 1) * size]
    told = tenant.faults.rows(cut, f"activities {start} {end} {page}")
    meta = {"orgId": tenant.org, "page": page, "pageSize": size, "totalRecords": len(rows)}
    return Answer(200, {"meta": meta, "data": told})
