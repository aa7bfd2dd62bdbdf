"""What happened, as webhooks tell it: tasks, agents, captures (6.2, 6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catchment_webex_cc.simulator.agents import Doing, list_doings, write_activity
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.queries import HOUR_MS
from catchment_webex_cc.simulator.subscriptions import TASK_EVENTS
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

DIRECTIONS = {"inbound": "INBOUND", "outbound": "OUTBOUND"}
_ALSO = {"ConsultTransfer": "consult-done"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        about: The task, or the agent, that it is about.
    """

    at_ms: int
    name: str
    about: str
    data: dict[str, Any]


def list_events(tenant: ContactCenterTenant, since_ms: int, until_ms: int) -> list[Event]:
    """Everything after the first moment, up to and including the second, by time."""
    found: list[Event] = []
    for contact in tenant.contacts:
        last = max(contact.finished_ms, contact.audio_ms or 0)
        if contact.created_ms <= until_ms and last > since_ms:
            found += _list_task(tenant, contact)
    found += _list_agents(tenant, since_ms, until_ms)
    inside = [event for event in found if since_ms < event.at_ms <= until_ms]
    return sorted(inside, key=lambda event: event.at_ms)


def _list_task(tenant: ContactCenterTenant, contact: Contact) -> Iterator[Event]:
    facts = Metadata(tenant, contact)
    data: dict[str, Any] = {
        "taskId": contact.task_id,
        "channelType": "telephony",
        "direction": DIRECTIONS[contact.call.direction],
        "origin": contact.call.ani,
        "destination": contact.call.dnis,
        "outboundType": None,
        "workflowManager": None,
    }
    queue = {"queueId": facts.queue_facts["id"]}

    def tell(name: str, at_ms: int, **more: Any) -> Event:
        told = data | ({} if name == "task:new" else queue) | {"createdTime": at_ms} | more
        return Event(at_ms, name, contact.task_id, told)

    for act in contact.acts:
        name = f"task:{_ALSO.get(act.event, act.event)}"
        if act.event == "ended":
            ending = facts.ending
            reason, party = ending["terminationReason"], ending["terminatingEnd"]
            yield tell(name, act.start_ms, reason=reason, terminatingParty=party)
        elif name in TASK_EVENTS:
            yield tell(name, act.start_ms)
    for spell in contact.spells:
        if spell.state == "not-responding":  # the call goes on all the same
            more = {"reason": "RONA Timer Expired", "terminatingParty": "System"}
            yield tell("task:ended", spell.start_ms, **more)
    if contact.audio_ms is not None:
        path = f"{tenant.base('api')}/v1/captures/query"
        told = {"taskId": contact.task_id, "createdTime": contact.audio_ms, "filePath": path}
        yield Event(contact.audio_ms, "capture:available", contact.task_id, told)


def _list_agents(tenant: ContactCenterTenant, since_ms: int, until_ms: int) -> Iterator[Event]:
    for doing in list_doings(tenant, since_ms - HOUR_MS, until_ms + 1):
        yield from _tell_doing(tenant, doing)


def _tell_doing(tenant: ContactCenterTenant, doing: Doing) -> Iterator[Event]:
    plain = write_activity(tenant, doing)
    agent = plain["agentId"]
    data = {
        "agentId": agent,
        "teamId": plain["teamId"],
        "channelType": "telephony",
        "createdTime": doing.start_ms,
        "currentState": doing.state,
        "taskId": plain["taskId"],
        "queueId": plain["queueId"],
        "destination": plain["agentDn"],
    }
    if doing.login:
        name = "agent:login" if doing.login == 1 else "agent:logout"
        yield Event(doing.start_ms, name, agent, data)
    yield Event(doing.start_ms, "agent:state_change", agent, data)
    own = {"channelId": plain["channelId"], "idleCodeId": plain["idleCode"]}
    yield Event(doing.start_ms, "agent:channel_state_change", agent, data | own)
    if doing.state == "wrapup" and doing.end_ms is not None:
        over = data | own | {"currentState": "wrapup-done", "createdTime": doing.end_ms}
        yield Event(doing.end_ms, "agent:channel_state_change", agent, over)
