"""The rows of ``/search`` about contacts: sessions and activities (2.6, 2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catchment.sandbox import Agent
from catchment_webex_cc.simulator.chain import RAW, Act
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.fields import ACTIVITY, TASK, fill
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]

DIRECTIONS = {"inbound": "inbound", "outbound": "outdial"}
_TALK = ("connected", "hold-done")
_ABOUT_HELPER = ("ctq-accepted", "consult", "consulting", "Conference", "conferencing")
UNKNOWN_MS = 3_600_000
"""After so long it is known that no recording comes."""


def write_session(tenant: ContactCenterTenant, contact: Contact) -> Row:
    """A task with every field of the dictionary, as it is now (2.6)."""
    now = tenant.now_ms
    if not contact.is_over(now):
        return _write_session(tenant, contact)
    there = contact.audio_ms is not None and now >= contact.audio_ms
    requested = tell_requested(tenant, contact)
    about = (contact.task_id, there, _has_line(contact, now), contact.is_purged(now), requested)
    if about not in tenant.rows:
        tenant.rows[about] = _write_session(tenant, contact)
    return dict(tenant.rows[about])


def _write_session(tenant: ContactCenterTenant, contact: Contact) -> Row:
    now, facts, call = tenant.now_ms, Metadata(tenant, contact), contact.call
    over = contact.is_over(now)
    acts = list_told_acts(tenant, contact)
    told: Row = {
        "id": contact.task_id,
        "status": "ended" if over else _status(acts),
        "channelType": "telephony",
        "channelSubType": "telephony",
        "origin": call.ani,
        "destination": call.dnis,
        "direction": DIRECTIONS[call.direction],
        "isOutdial": call.direction == "outbound",
        "isActive": not over,
        "createdTime": contact.created_ms,
        "endedTime": contact.ended_ms if over else -1,
        "lastActivityTime": contact.finished_ms + 310 if over else now,
        "totalDuration": contact.ended_ms - contact.created_ms if over else -1,
        "customer": facts.customer,
        "lastEntryPoint": facts.entry_point,
        "globalVariables": facts.variables,
        **_tell_durations(acts),
        **_tell_counts(acts),
        **_tell_recording(tenant, contact),
    }
    if any(act.event == "parked" for act in acts) or call.direction == "outbound":
        parked = sum(act.end_ms - act.start_ms for act in acts if act.event == "parked")
        told["lastQueue"] = {**facts.queue_facts, "duration": parked}
        told |= {"firstQueueId": facts.queue_facts["id"], "firstQueueName": facts.queue.name}
    told |= _tell_last_agent(facts, contact, acts)
    if over:
        told |= {**facts.ending, "contactReason": facts.reason}
        told |= {"csatScore": facts.score, "autoCsat": facts.auto_score}
    return {**fill(TASK, told), **tell_variables(facts.variables)}


def _status(acts: list[Act]) -> str:
    for act in reversed(acts):
        if act.event in ("parked", "new", "ended", "connected"):
            return act.event
    return "connected"


def list_told_acts(tenant: ContactCenterTenant, contact: Contact) -> list[Act]:
    """What has begun by now, oldest first; the recording's arrival included (2.7)."""
    now = tenant.now_ms
    told = [act for act in contact.acts if act.start_ms <= now]
    if contact.audio_ms is not None and contact.audio_ms <= now:
        told.append(Act("recording-available", contact.audio_ms, contact.audio_ms))
    return told


def _tell_last_agent(facts: Metadata, contact: Contact, acts: list[Act]) -> Row:
    handled = [act for act in acts if act.event == "connected" and act.agent is not None]
    if contact.call.legs and not handled:
        return {"isContactHandled": False}
    found: Row = {"isContactHandled": True}
    agent = handled[-1].agent
    assert agent is not None
    person = facts.person(agent)
    found["lastAgent"] = person
    found["owner"] = {"id": person["id"], "name": person["name"]}
    found["lastTeam"] = facts.name(facts.team(agent))
    found["lastSite"] = facts.site(contact.user(agent).site)
    before = [act.agent for act in handled if act.agent != agent and act.agent is not None]
    if before:
        earlier = facts.person(before[-1])
        found |= {"previousAgentId": earlier["id"], "previousAgentName": earlier["name"]}
    codes = [act.wrap_up for act in acts if act.event == "WrapUp" and act.wrap_up]
    if codes:
        found["lastWrapUpCodeId"] = facts.wrap_up_id(codes[-1])
        found["lastWrapupCodeName"] = codes[-1]
    return found


def _tell_durations(acts: list[Act]) -> Row:
    def total(*events: str) -> int:
        return sum(act.end_ms - act.start_ms for act in acts if act.event in events)

    return {
        "connectedDuration": total(*_TALK),
        "holdDuration": total("on-hold"),
        "consultDuration": total("consulting"),
        "conferenceDuration": total("conferencing"),
        "wrapupDuration": total("WrapUp"),
        "ringingDuration": total("connect"),
        "queueDuration": total("parked"),
        "selfserviceDuration": total("flow-activity"),
        "pausedDuration": total("paused"),
    }


def _tell_counts(acts: list[Act]) -> Row:
    def count(*events: str) -> int:
        return sum(act.event in events for act in acts)

    return {
        "connectedCount": count("connected"),
        "queueCount": min(1, count("parked")),
        "holdCount": count("on-hold"),
        "consultCount": count("consulting"),
        "consultToQueueCount": count("ctq"),
        "conferenceCount": count("conferencing"),
        "transferCount": count("ConsultTransfer", "BlindTransfer"),
        "blindTransferCount": count("BlindTransfer"),
        "agentToAgentTransferCount": count("ConsultTransfer", "BlindTransfer"),
        "pausedCount": count("paused"),
        "resumedCount": count("resumed"),
        "selfserviceCount": 1,
    }


def tell_requested(tenant: ContactCenterTenant, contact: Contact) -> bool | None:
    """``captureRequested``: true, false, or not known yet (4.1)."""
    known = contact.audio_ms or contact.visible_ms + UNKNOWN_MS
    if tenant.switches.requested_null and tenant.now_ms < known:
        return None
    return contact.requested


def _tell_recording(tenant: ContactCenterTenant, contact: Contact) -> Row:
    now = tenant.now_ms
    there = contact.audio_ms is not None and now >= contact.audio_ms
    line = _has_line(contact, now)
    consults = len(contact.call.recorded) and sum(act.event == "consult" for act in contact.acts)
    failed = contact.call.outcome == "failed" and contact.is_over(now)
    return {
        "captureRequested": tell_requested(tenant, contact),
        "recordingCount": consults + line if there else 0,
        "recordingErrorCount": int(failed),
        "isRecordingDeleted": True if contact.is_purged(now) else None,
        "isTranscriptionAvailable": True if line and contact.transcript else None,
    }


def _has_line(contact: Contact, now_ms: int) -> bool:
    """Whether the recording of the main line came, gone or not."""
    return contact.line_ms is not None and now_ms >= contact.line_ms


def tell_variables(variables: dict[str, str]) -> Row:
    """Resolvers: a variable that was not set gives an object of nulls (2.5)."""

    def find(_: object, name: str = "") -> Row:
        value = variables.get(name)
        return {"name": name if value is not None else None, "value": value}

    def lack(_: object, name: str = "") -> Row:
        return {"name": None, "value": None}

    others = ("integer", "long", "boolean")
    absent = {f"{sort}GlobalVariables": lack for sort in others}
    return {"stringGlobalVariables": find, **absent}


# --- activities ------------------------------------------------------------------------------


def list_nodes(tenant: ContactCenterTenant, contact: Contact) -> list[Row]:
    """The customer activities of a task as they are now, newest first (2.4, 2.7)."""
    facts = Metadata(tenant, contact)
    acts = list_told_acts(tenant, contact)
    rows = [
        write_node(tenant, contact, facts, act, before, after)
        for act, before, after in _neighbours(acts)
    ]
    return rows[::-1]


def _neighbours(acts: list[Act]) -> Iterator[tuple[Act, str | None, str | None]]:
    for number, act in enumerate(acts):
        before = acts[number - 1].event if number else None
        after = acts[number + 1].event if number + 1 < len(acts) else None
        yield act, before, after


def write_node(
    tenant: ContactCenterTenant,
    contact: Contact,
    facts: Metadata,
    act: Act,
    before: str | None,
    after: str | None,
) -> Row:
    """One activity with every field of the dictionary (2.6)."""
    running = act.end_ms > tenant.now_ms
    agent, helper = act.agent, act.helper
    if act.event in _ABOUT_HELPER and tenant.switches.helper_agent == "agentId" and helper:
        agent, helper = helper, None
    told: Row = {
        "id": f"{contact.task_id}-{act.start_ms}-{RAW.get(act.event, act.event)}",
        "isActive": running,
        "createdTime": act.start_ms,
        "endedTime": -1 if running else act.end_ms,
        "duration": -1 if running else act.end_ms - act.start_ms,
        "eventName": act.event,
        "previousState": before,
        "nextState": after,
        "entrypointId": facts.entry_point["id"],
        "entrypointName": facts.entry_point["name"],
        "queueId": facts.queue_facts["id"],
        "queueName": facts.queue.name,
        "transferType": act.transfer or None,
        "lastActivityTime": min(act.end_ms, tenant.now_ms),
    }
    if agent is not None:
        told |= _tell_agent(tenant, contact, facts, agent)
    if helper is not None:
        person = facts.person(helper)
        team = facts.name(facts.team(helper))
        told |= {
            "destinationAgentId": person["id"],
            "destinationAgentName": person["name"],
            "destinationAgentSessionId": person["sessionId"],
            "destinationAgentChannelId": person["channelId"],
            "destinationAgentPhoneNumber": int(person["phoneNumber"].lstrip("+")),
            "destinationAgentTeamId": team["id"],
            "destinationAgentTeamName": team["name"],
        }
    if act.event in ("ctq", "ctq-accepted"):
        queue = facts.queue_facts
        told |= {"destinationQueueId": queue["id"], "destinationQueueName": queue["name"]}
    if act.event == "ended":
        told["terminationReason"] = facts.ending["terminationReason"]
    return fill(ACTIVITY, told)


def _tell_agent(
    tenant: ContactCenterTenant, contact: Contact, facts: Metadata, agent: Agent
) -> Row:
    person, team = facts.person(agent), facts.name(facts.team(agent))
    site = facts.site(contact.user(agent).site)
    return {
        "agentId": person["id"],
        "agentName": person["name"],
        "agentPhoneNumber": person["phoneNumber"],
        "agentSessionId": person["sessionId"],
        "agentChannelId": person["channelId"],
        "teamId": team["id"],
        "teamName": team["name"],
        "siteId": site["id"],
        "siteName": site["name"],
    }
