"""The rows of ``/search`` about legs: one for each agent who was with the customer (2.2, 2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catchment.sandbox import Agent
from catchment_webex_cc.simulator.chain import RESERVED
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.fields import LEG, fill
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.sessions import Row, tell_variables, write_session
from catchment_webex_cc.simulator.tenant import ContactCenterTenant


def list_legs(tenant: ContactCenterTenant, contact: Contact) -> Iterator[Row]:
    """One row for each agent who was with the customer (2.2)."""
    facts = Metadata(tenant, contact)
    session = write_session(tenant, contact)
    for leg in contact.call.legs:
        agent = leg.person
        own = [spell for spell in contact.spells if spell.leg_id == leg.leg_id]
        spells = [spell for spell in own if spell.state not in ("ringing", RESERVED)]
        if not isinstance(agent, Agent) or leg.role != "agent" or not spells:
            continue

        def total(state: str, told: Any = tuple(spells)) -> int:
            return sum((s.end_ms or s.start_ms) - s.start_ms for s in told if s.state == state)

        talk = total("connected") + total("hold-done")
        durations = {
            "ringingDuration": 0,
            "connectedDuration": talk,
            "holdDuration": total("on-hold"),
            "wrapupDuration": total("wrapup"),
            "consultDuration": total("consulting"),
            "conferenceDuration": total("conferencing"),
            "handleTime": talk + total("on-hold") + total("wrapup"),
        }
        shared = {name: session[name] for name in _SHARED}
        told = {
            **shared,
            **durations,
            "id": tenant.ids.uuid("leg", leg.leg_id),
            "taskId": contact.task_id,
            "createdTime": min(spell.start_ms for spell in spells),
            "endedTime": contact.ms(leg.ended_at) if contact.is_over(tenant.now_ms) else -1,
            "owner": facts.person(agent),
            "queue": session["lastQueue"],
            "entryPoint": facts.entry_point,
            "team": facts.name(facts.team(agent)),
            "site": facts.site(contact.user(agent).site),
            "handleType": "normal",
            "lastWrapupCodeName": leg.wrap_up or None,
            "isWithinServiceLevel": 1,
            "isTaskLegHandled": True,
        }
        yield {**fill(LEG, told), **tell_variables(facts.variables)}


_SHARED = (
    "status",
    "origin",
    "destination",
    "channelType",
    "channelSubType",
    "direction",
    "isActive",
    "isOutdial",
    "customer",
    "terminatingEnd",
    "terminationReason",
    "lastActivityTime",
    "globalVariables",
)
