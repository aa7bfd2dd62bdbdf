"""Records of CMSv1 and CMSv2 about calls: sessions and customer activities (7.2)."""

from __future__ import annotations

from typing import Any

from catchment.sandbox import Agent
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.legacy_questions import Question
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.sessions import list_told_acts, write_session
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]

_ENDS = {"Customer": "caller", "Agent": "agent", "System": "system"}


def tell_sid(tenant: ContactCenterTenant, contact: Contact) -> str:
    """The session's id: 32 digits, unless switched (7.5)."""
    dashed = tenant.switches.sid_form == "dashed"
    return contact.task_id if dashed else contact.external_id


def tell_stamp(tenant: ContactCenterTenant, at_ms: int) -> int:
    """A moment by the clock of the older generations; ``-1``, which is none, stays."""
    return at_ms if at_ms == -1 else at_ms + tenant.switches.legacy_skew_ms


def list_contacts(tenant: ContactCenterTenant, question: Question) -> list[Row]:
    """Customer sessions by start."""
    find = tenant.list_ended if tenant.switches.csr_window == "cetts" else tenant.list_created
    found = find(question.begin_ms, question.end_ms)
    told = sorted(found, key=lambda contact: contact.created_ms)
    return [write_contact(tenant, contact) for contact in told]


def write_contact(tenant: ContactCenterTenant, contact: Contact) -> Row:
    """One customer session."""
    session = write_session(tenant, contact)
    facts = Metadata(tenant, contact)
    queue, over = facts.queue, contact.is_over(tenant.now_ms)
    agent = next((leg.person for leg in reversed(contact.call.legs) if leg.role == "agent"), None)
    handled = session["lastAgent"]["id"] is not None
    told: Row = {
        "sid": tell_sid(tenant, contact),
        "ani": session["origin"],
        "dnis": session["destination"],
        "channelType": "telephony",
        "callDirection": session["direction"],
        "cstts": tell_stamp(tenant, contact.created_ms),
        "cetts": tell_stamp(tenant, contact.ended_ms if over else -1),
        "active": 0 if over else 1,
        "currentState": session["status"],
        "agentName": session["lastAgent"]["name"],
        "agentSessionId": session["lastAgent"]["sessionId"],
        "callCount": 1,
        "isOutdial": int(contact.call.direction == "outbound"),
        "entrypointId": queue.number + 1,
        "entrypointName": facts.entry_point["name"],
        "entrypointSystemId": facts.entry_point["id"],
        "queueId": queue.number,
        "queueName": queue.name,
        "queueCount": session["queueCount"],
        "queueDuration": session["queueDuration"],
        "ivrCount": 1,
        "ivrDuration": session["selfserviceDuration"],
        "siteName": session["lastSite"]["name"],
        "siteSystemId": session["lastSite"]["id"],
        "teamId": None,
        "teamName": session["lastTeam"]["name"],
        "teamSystemId": None,
        "terminatingEnd": _ENDS.get(session["terminatingEnd"] or ""),
        "terminationType": "abandoned" if facts.is_abandoned else "normal",
        "tid": tenant.legacy_tenant,
        "realtimeUpdateTimestamp": tell_stamp(tenant, session["lastActivityTime"]),
    }
    if handled and isinstance(agent, Agent):
        team = tenant.directory.team(agent.team)
        told |= {"teamId": team.number, "teamSystemId": team.short}
    return told


def list_acts(tenant: ContactCenterTenant, question: Question) -> list[Row]:
    """Customer activities by start."""
    rows = []
    for contact in tenant.list_running(question.begin_ms, question.end_ms):
        if not tenant.is_listed(contact, tenant.now_ms):
            continue
        session = write_contact(tenant, contact)
        acts = list_told_acts(tenant, contact)
        for number, act in enumerate(acts):
            if not question.covers(act.start_ms):
                continue
            user = contact.user(act.agent) if act.agent else None
            start_ms = tell_stamp(tenant, act.start_ms)
            own = {
                "id": f"{session['sid']}-{start_ms}-{act.event}",
                "callSessionId": session["sid"],
                "currentState": act.event,
                "nextState": acts[number + 1].event if number + 1 < len(acts) else None,
                "cstts": start_ms,
                "cetts": tell_stamp(tenant, act.end_ms),
                "duration": act.end_ms - act.start_ms,
                "agentName": user.full_name if user else None,
                "agentSessionId": Metadata(tenant, contact).session_id(act.agent)
                if act.agent
                else None,
            }
            rows.append(session | own)
    return sorted(rows, key=lambda row: int(row["cstts"]))
