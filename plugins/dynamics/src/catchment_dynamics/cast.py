"""Who took part in a call: agents, who watched them, numbers outside, the customer.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catchment.model import Party, Ref
from catchment.segments import Stay
from catchment_dynamics.choices import Choices
from catchment_dynamics.payloads import (
    read_flag,
    read_lookup,
    read_lookup_name,
    read_lookup_table,
    read_text,
)
from catchment_dynamics.rows import Participant
from catchment_dynamics.stays import Presence, list_presences
from catchment_dynamics.view import View

AGENT, SUPERVISOR, EXTERNAL, CUSTOMER = "agent", "supervisor", "external", "customer"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a call, by the contexts of the telephony (3.6).

    Attributes:
        ani: Who called.
        dnis: Who was called.
        customer: Which of the two is the customer's.
        call_ids: The telephony's ids of the call, each once.
    """

    ani: str
    dnis: str
    customer: str
    call_ids: tuple[str, ...]


def read_numbers(view: View, settings: Choices) -> Numbers:
    """The numbers as the first context tells them; transfers may bring further ones (3.10)."""
    sender = _first(view, "msdyn_fromphone")
    target = _first(view, "msdyn_tophone")
    if is_outbound(view):
        turned = settings.outbound_numbers == "from_customer"
        ani, dnis = (target, sender) if turned else (sender, target)
        customer = dnis
    else:
        ani, dnis, customer = sender, target, sender
    ids = dict.fromkeys(read_text(row, "msdyn_callsid") for row in view.calls)
    return Numbers(ani, dnis, customer, tuple(call_id for call_id in ids if call_id))


def _first(view: View, column: str) -> str:
    return next((told for row in view.calls if (told := read_text(row, column))), "")


def is_outbound(view: View) -> bool:
    """Whether an agent dialled."""
    return read_flag(view.conversation, "msdyn_isoutbound") is True


def find_direction(view: View) -> str:
    """``inbound`` or ``outbound``; empty where the conversation does not tell."""
    told = read_flag(view.conversation, "msdyn_isoutbound")
    return "" if told is None else "outbound" if told else "inbound"


def agent_party(agent: str) -> str:
    """The ``party_id`` of an agent."""
    return f"{AGENT}:{agent}"


def name_party(view: View, presence: Presence) -> str:
    """The ``party_id`` of whoever joined; empty for a bot, and for somebody without a name."""
    told = presence.participant
    if view.is_agent(told):
        return agent_party(told.agent_id)
    if told.agent_id and told.watches:
        return f"{SUPERVISOR}:{told.agent_id}"
    return f"{EXTERNAL}:{told.number}" if told.number and not told.agent_id else ""


def list_parties(view: View, stays: Sequence[Stay], numbers: Numbers) -> Iterator[Party]:
    """Agents by when they came, then the customer, numbers outside, and who watched."""
    names = list_names(view)
    for agent in dict.fromkeys(stay.agent for stay in stays):
        ref = Ref("user", agent)
        yield Party(agent_party(agent), AGENT, ref=ref, name=names.get(agent, ""))
    yield from list_customers(view, numbers)
    others = {name_party(view, one): one.participant for one in list_presences(view)}
    for party_id, told in sorted(others.items()):
        if party_id.startswith(f"{EXTERNAL}:"):
            yield Party(party_id, EXTERNAL, tel=told.number)
        elif party_id.startswith(f"{SUPERVISOR}:"):
            ref = Ref("user", told.agent_id)
            yield Party(party_id, SUPERVISOR, ref=ref, name=names.get(told.agent_id, ""))


def list_customers(view: View, numbers: Numbers) -> Iterator[Party]:
    """The customer, where anything is told: a contact or an account of the organisation (3.1)."""
    row = view.conversation
    customer = read_lookup(row, "msdyn_customer")
    table = read_lookup_table(row, "msdyn_customer") or "contact"
    name = read_lookup_name(row, "msdyn_customer")
    if customer or numbers.customer:
        ref = Ref(table, customer) if customer else None
        yield Party(CUSTOMER, CUSTOMER, ref=ref, name=name, tel=numbers.customer)


def list_names(view: View) -> dict[str, str]:
    """What agents are called, by id, as far as lookups tell their names."""
    told = [(one.agent_id, one.name) for one in view.participants]
    row = view.conversation
    active = "msdyn_activeagentid"
    told.append((read_lookup(row, active), read_lookup_name(row, active)))
    return dict(sorted(((agent, name) for agent, name in told if agent and name), reverse=True))


def list_not_answered(view: View, stays: Sequence[Stay]) -> list[str]:
    """Agents to whom the call was offered and who never took it, by name, else by id."""
    present = {stay.agent for stay in stays}
    joined = {one.participant.participant_id for one in list_presences(view)}
    names = list_names(view)
    missed = {
        told.agent_id
        for told in view.participants
        if told.agent_id
        and not told.watches
        and told.participant_id not in joined
        and _is_settled(view, told)
    }
    return sorted(names.get(agent, agent) for agent in missed - present)


def _is_settled(view: View, told: Participant) -> bool:
    """Whether an offer is over: a phone that still rings was not missed."""
    session = view.sessions.get(told.session_id)
    closed = session is not None and session.closed is not None
    return told.left is not None or closed or view.ended is not None
