"""What is true of an environment: the files that it makes available, and who was there when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from catchment.sandbox import Agent, Call, Take, TruthRow
from catchment_dynamics.simulator.tell_recordings import Held

if TYPE_CHECKING:
    from catchment_dynamics.simulator.plot import Plot


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


def list_truth(plot: Plot, until: datetime, source: str) -> Iterator[TruthRow]:
    """Every file of a voice conversation that could have been fetched up to *until*.

    Args:
        plot: What the environment tells.
        until: The platform's time.
        source: The name of the source in ``catchment.toml``.
    """
    switches = plot.switches
    if switches.other_org or switches.no_app_user:
        return
    hidden = {*switches.lacks.split(), *switches.missing_tables.split()}
    for held in plot.held:
        if held.available_at <= until and not hidden & {held.table, held.body_table}:
            yield TruthRow(
                source=source,
                external_id=held.row_id,
                file_id=held.file_id,
                kind=held.kind,
                available_at=held.available_at,
                sha256=held.content.sha256,
                bytes=held.content.size_bytes,
                duration_s=held.content.seconds if isinstance(held.content, Take) else None,
                keys=_list_keys(held, until),
            )


def _list_keys(held: Held, until: datetime) -> tuple[str, ...]:
    """What a row shares: a recording is what its conversation expects, and nothing else is."""
    if held.orphaned_at is not None and held.orphaned_at <= until:
        return (f"{held.space}:{held.row_id}",)
    shared = f"conversation:{held.conversation_id}"
    sound = f"sound:{held.conversation_id}"
    return (shared, sound) if held.space == "recording" else (shared,)
