"""Agent and queue statistics by interval (4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.agents import Doing, list_doings
from catchment_webex_cc.simulator.chain import RESERVED
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.queries import DAY_MS, MINUTE_MS, read_list, read_stamp
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]

OPERATIONS = (
    read("agent statistics", "/v1/agents/statistics"),
    read("queue statistics", "/v1/queues/statistics"),
)
INTERVALS = ("15", "30", "60")
QUARTER_MS = 15 * MINUTE_MS
ENGAGED = ("connected", "hold-done", "conferencing", "conference-done")


def build_statistics(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    return {
        "agent statistics": partial(tell_agents, tenant),
        "queue statistics": partial(tell_queues, tenant),
    }


def _list_intervals(tenant: ContactCenterTenant, call: Call) -> list[tuple[int, int]]:
    """Intervals of the window, whose bounds are rounded down to 15 minutes (4.3)."""
    start, end = read_stamp(call.query, "from"), read_stamp(call.query, "to")
    if tenant.switches.statistics_rounding:
        start, end = start - start % QUARTER_MS, end - end % QUARTER_MS
    if end - start >= DAY_MS:
        raise malformed("The difference between 'from' and 'to' should be less than 24 hours")
    told = call.query.get("interval", "15")
    if told not in INTERVALS:
        raise malformed("interval should be one of 15, 30, 60")
    step = int(told) * MINUTE_MS
    return [(at, min(at + step, end)) for at in range(start, end, step)]


def _answer(tenant: ContactCenterTenant, rows: list[Row]) -> Answer:
    return Answer(200, {"meta": {"orgId": tenant.org}, "data": rows})


# --- agents ----------------------------------------------------------------------------------


def tell_agents(tenant: ContactCenterTenant, call: Call) -> Answer:
    """What each agent did in each interval (4.3)."""
    intervals, asked = _list_intervals(tenant, call), read_list(call.query, "agentIds")
    if not intervals:
        return _answer(tenant, [])
    first, last = intervals[0][0], intervals[-1][1]
    by_agent: dict[str, list[Doing]] = {}
    for doing in list_doings(tenant, first - DAY_MS // 2, last):
        by_agent.setdefault(tenant.id(doing.user), []).append(doing)
    rows = [
        row
        for start, end in intervals
        for agent_id, doings in by_agent.items()
        if not asked or agent_id in asked
        for row in _tell_agent(tenant, agent_id, doings, start, end)
    ]
    return _answer(tenant, rows)


def _tell_agent(
    tenant: ContactCenterTenant, agent_id: str, doings: list[Doing], start: int, end: int
) -> Iterator[Row]:
    inside = [d for d in doings if d.start_ms < end and (d.end_ms or d.start_ms) >= start]
    if not inside:
        return

    def total(*states: str) -> int:
        spans = [
            (max(d.start_ms, start), min(d.end_ms or d.start_ms, end))
            for d in inside
            if d.state in states
        ]
        return sum(max(0, until - since) for since, until in spans)

    def count(*states: str) -> int:
        return sum(d.state in states and start <= d.start_ms < end for d in inside)

    offered, accepted = count("ringing", RESERVED), count("connected")
    engaged, held, wrapped = total(*ENGAGED), total("on-hold"), total("wrapup")
    over = [d for d in inside if d.state == "wrapup" and start <= (d.end_ms or 0) < end]
    team = tenant.directory.team(inside[0].agent.team)
    channel = {
        "channelType": "telephony",
        "totalAssignedTasks": accepted,
        "totalOfferedTasks": offered,
        "totalAcceptedTasks": accepted,
        "totalRejectedTasks": count("not-responding"),
        "totalTransferredTasks": 0,
        "totalEngagedDuration": engaged,
        "totalHoldDuration": held,
        "totalWrapUpDuration": wrapped,
        "totalAvailableTime": total("available"),
        "totalUnAvailableTime": total("idle"),
        "averageHandledTime": (engaged + held + wrapped) / len(over) if over else 0.0,
    }
    yield {
        "intervalStartTime": start,
        "agentId": agent_id,
        "agentName": inside[0].user.full_name,
        "teamId": tenant.id(team),
        "teamName": team.name,
        "channels": [channel],
    }


# --- queues ----------------------------------------------------------------------------------


def tell_queues(tenant: ContactCenterTenant, call: Call) -> Answer:
    """What happened in each queue in each interval (4.4)."""
    intervals, asked = _list_intervals(tenant, call), read_list(call.query, "queueIds")
    rows: list[Row] = []
    for start, end in intervals:
        by_queue: dict[str, list[Contact]] = {}
        for contact in tenant.list_running(start, end):
            own = Metadata(tenant, contact).queue_facts["id"]
            if contact.created_ms < end and (not asked or own in asked):
                by_queue.setdefault(own, []).append(contact)
        for contacts in by_queue.values():
            rows += _tell_queue(tenant, contacts, start, end)
    return _answer(tenant, rows)


def _tell_queue(
    tenant: ContactCenterTenant, contacts: list[Contact], start: int, end: int
) -> Iterator[Row]:
    queue = Metadata(tenant, contacts[0]).queue
    waits, handled = [], []
    counts = dict.fromkeys(("offered", "enqueued", "accepted", "rejected", "abandoned"), 0)
    for contact in contacts:
        for act in contact.acts:
            if not start <= act.start_ms < end:
                continue
            counts["offered"] += act.event == "connect"
            counts["accepted"] += act.event == "connected"
            counts["enqueued"] += act.event == "parked"
            if act.event == "parked":
                waits.append(act.end_ms - act.start_ms)
        rung_out = [s for s in contact.spells if s.state == "not-responding"]
        counts["rejected"] += sum(start <= spell.start_ms < end for spell in rung_out)
        if start <= contact.ended_ms < end:
            counts["abandoned"] += contact.call.abandoned
            talks = [a for a in contact.acts if a.event in (*ENGAGED, "on-hold")]
            if talks:
                handled.append(max(a.end_ms for a in talks) - min(a.start_ms for a in talks))
    yield {
        "intervalStartTime": start,
        "queueId": tenant.id(queue),
        "queueName": queue.name,
        "channelType": "telephony",
        "totalOfferedTasks": counts["offered"],
        "totalEnqueuedTasks": counts["enqueued"],
        "totalAssignedTasks": 0,
        "totalAcceptedTasks": counts["accepted"],
        "totalRejectedTasks": counts["rejected"],
        "totalAbandonedTasks": counts["abandoned"],
        "averageEnqueuedTime": sum(waits) / len(waits) if waits else 0.0,
        "averageHandledTime": sum(handled) / len(handled) if handled else 0.0,
        "serviceLevelThresholdPercentage": 100.0,
    }
