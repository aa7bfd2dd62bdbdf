"""Who was in a conversation when, by nothing but the World."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.sandbox import Agent, Call


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch in which an agent was in a call.

    Attributes:
        conversation_id: The conversation's ``activityid``.
        email: The agent's address.
        consult: The agent was only asked by a colleague; the customer did not hear it.
    """

    conversation_id: str
    email: str
    start: datetime
    end: datetime
    consult: bool


def list_stays(conversation_id: str, call: Call) -> Iterator[Stay]:
    """Who was in a call when, by the World's own account and in order of ringing.

    An agent who was asked first and then spoke with the customer has two stays that touch.
    """
    customer = next((leg for leg in call.legs if leg.role == "customer"), None)
    if customer is None or customer.answered_at is None:
        return
    for leg in call.legs:
        if leg.answered_at is None or not isinstance(leg.person, Agent):
            continue
        start, email = max(leg.answered_at, customer.answered_at), leg.person.email
        came = {move.kind: move.window for move in call.moves if move.to_leg == leg.leg_id}
        if "consult" in came:
            asked = min(came["consult"].end, leg.ended_at)
            yield Stay(conversation_id, email, start, asked, consult=True)
            start = asked
        if start < leg.ended_at:
            yield Stay(conversation_id, email, start, leg.ended_at, consult=False)
