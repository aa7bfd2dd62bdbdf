"""Tells a call as the platform's activities: customer activities (CAR), agent activities (AAR).

Times are milliseconds of the epoch.  States last until the next act; some run beside each other:
``on-hold`` beside ``consulting``, ``hold-done`` beside ``conferencing`` (2.7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from catchment.sandbox import Agent, Call, Leg, Move
from catchment_webex_cc.simulator.sound import find_customer, list_pauses

NEW_MS, TREATED_MS = 300, 900
"""How long after the beginning the flow takes over, and when it parks the call."""

ASKED_MS, RESERVED_MS, TAKEN_MS, HELD_MS = 600, 602, 603, 1203
"""How long after the beginning a consultation through a queue has its next state (2.7)."""

RESERVED = "AvailableConsultReserved"
"""What an agent's phone does in place of ringing, when a colleague asks through a queue (2.7)."""

Milliseconds = Callable[[datetime], int]

RAW = {"recording-started": "capture-started", "recording-available": "capture-available"}
"""Events whose name in a node's id is another one (2.7)."""


@dataclass(frozen=True, slots=True)
class Act:
    """One customer activity.

    Attributes:
        agent: Who did it, or to whom it happened.
        helper: The colleague that it is about.
    """

    event: str
    start_ms: int
    end_ms: int
    agent: Agent | None = None
    helper: Agent | None = None
    transfer: str = ""
    wrap_up: str = ""


@dataclass(frozen=True, slots=True)
class Spell:
    """One agent activity of one call.

    Attributes:
        end_ms: ``None`` where the platform lost it.
    """

    agent: Agent
    state: str
    start_ms: int
    end_ms: int | None
    leg_id: str
    wrap_up: str = ""


@dataclass(frozen=True, slots=True)
class _Break:
    """Something during an agent's talk: a hold, a consult, a conference.

    Attributes:
        spoke: When the colleague answered; ``None``: never.
    """

    kind: str
    start: datetime
    end: datetime
    spoke: datetime | None
    helper: Agent | None = None
    host: bool = True


class Storyteller:
    """Tells one call.

    Args:
        call: What happened; none between agents alone.
        ms: The platform's clock.
        to_queue: Colleagues are asked through a queue, not by name.
    """

    def __init__(self, call: Call, ms: Milliseconds, *, to_queue: bool = False) -> None:
        self._call, self._ms, self._to_queue = call, ms, to_queue
        self._legs = {leg.leg_id: leg for leg in call.legs}
        self._customer = find_customer(call)
        self.acts: list[Act] = []
        self.spells: list[Spell] = []
        self._tell()

    def _tell(self) -> None:
        call, ms = self._call, self._ms
        begin = ms(call.started_at)
        self._act("new", begin, begin + NEW_MS)
        self._act("flow-activity", begin + NEW_MS, begin + TREATED_MS)
        self._wait(begin + TREATED_MS)
        for leg in call.legs:
            if isinstance(leg.person, Agent):
                self._tell_leg(leg, leg.person)
        for start, end, leg_id in list_pauses(call):
            agent = self._agent(leg_id)
            self._act("paused", ms(start), ms(end), agent)
            if end < self._legs[leg_id].ended_at:
                self._act("resumed", ms(end), ms(end), agent)
        over = ms(call.ended_at)
        self._act("ended", over, over)
        order = {id(act): number for number, act in enumerate(self.acts)}
        self.acts.sort(key=lambda act: (act.start_ms, order[id(act)]))
        self.spells.sort(key=lambda spell: (spell.start_ms, spell.leg_id))

    # --- waiting and ringing ----------------------------------------------------------------------

    def _wait(self, since_ms: int) -> None:
        """The caller is parked until a phone rings, and again when it rang out."""
        ms = self._ms
        if self._call.direction == "outbound":
            return
        direct = [leg for leg in self._call.legs if self._is_direct(leg)]
        for leg in direct:
            if ms(leg.offered_at) > since_ms:
                self._act("parked", since_ms, ms(leg.offered_at))
            if leg.answered_at is not None:
                return
            since_ms = ms(leg.ended_at)
        over = ms(self._call.ended_at)
        if over > since_ms:
            self._act("parked", since_ms, over)

    def _is_direct(self, leg: Leg) -> bool:
        """Whether the queue offered the call to this agent."""
        return leg is not self._customer and not self._moves_to(leg)

    def _moves_to(self, leg: Leg) -> list[Move]:
        return [move for move in self._call.moves if move.to_leg == leg.leg_id]

    def _ring(self, leg: Leg, agent: Agent) -> None:
        """A phone rings; unanswered, the agent is *not-responding* afterwards."""
        start, ms = self._ms(leg.offered_at), self._ms
        end = ms(self._begin(leg) or leg.ended_at)
        consulted = any(move.kind == "consult" for move in self._moves_to(leg))
        reserved = consulted and self._to_queue
        self._spell(leg, agent, RESERVED if reserved else "ringing", start, end)
        if not consulted:
            self._act("connect", start, end, agent)
        if leg.answered_at is None:
            self._spell(leg, agent, "not-responding", end, end + 1000)

    def _begin(self, leg: Leg) -> datetime | None:
        """When both this agent and the customer were there."""
        customer = self._customer
        if leg.answered_at is None or customer is None or customer.answered_at is None:
            return None
        return max(leg.answered_at, customer.answered_at)

    # --- an agent's part --------------------------------------------------------------------------

    def _tell_leg(self, leg: Leg, agent: Agent) -> None:
        self._ring(leg, agent)
        begin = self._begin(leg)
        if begin is None:
            return
        came = {move.kind: move for move in self._moves_to(leg)}
        joined = came.get("conference")
        since = begin
        if "consult" in came:
            self._spell(
                leg, agent, "consulting", self._ms(begin), self._ms(came["consult"].window.end)
            )
            passed = came.get("consult_transfer") or joined
            if passed is None:
                return
            since = passed.window.start
        if joined is None:
            at = self._ms(since)
            if "consult_transfer" in came or "blind_transfer" in came:
                self._act("Transferred", at, at, agent)
            self._talk(leg, agent, since)
            self._act("recording-started", at, at, agent)
        else:
            self._talk(leg, agent, since)
        self._wrap_up(leg, agent)

    def _talk(self, leg: Leg, agent: Agent, since: datetime) -> None:
        """From *since* on the agent is with the customer, to the end of the leg."""
        states: tuple[str, ...] = ("connected",)
        for part in self._list_breaks(leg, since):
            self._last(leg, agent, states, since, part.start)
            start, end = self._ms(part.start), self._ms(part.end)
            if part.kind == "hold":
                self._both(leg, agent, "on-hold", start, end)
                states = ("hold-done",)
            elif part.kind == "consult":
                states = self._ask(leg, agent, part)
            else:
                self._confer(leg, agent, part)
                states = ("conference-done",)
            since = part.end
        self._last(leg, agent, states, since, leg.ended_at)
        for move in self._call.moves:
            at = self._ms(move.window.start)
            if move.from_leg == leg.leg_id and move.kind == "consult_transfer":
                self._act("ConsultTransfer", at, at, agent, self._agent(move.to_leg))
            elif move.from_leg == leg.leg_id and move.kind == "blind_transfer":
                self._act("BlindTransfer", at, at, agent, self._agent(move.to_leg))

    def _ask(self, leg: Leg, agent: Agent, part: _Break) -> tuple[str, ...]:
        """A colleague is asked while the customer waits; tells what the agent does then (2.7)."""
        start, end = self._ms(part.start), self._ms(part.end)
        rung = end if part.spoke is None else self._ms(part.spoke)
        held = start
        if self._to_queue:
            held = self._queue_up(leg, agent, part, rung)
        else:
            self._both(leg, agent, "consult", start, rung, part.helper)
        self._both(leg, agent, "on-hold", held, end)
        if part.spoke is None:
            self._spell(leg, agent, "consult-error", end, end)
            return ("hold-done",)
        self._both(leg, agent, "consulting", rung, end, part.helper)
        return ("consult-done", "hold-done")

    def _queue_up(self, leg: Leg, agent: Agent, part: _Break, rung: int) -> int:
        """The agent asks a queue, which finds the colleague; tells when the hold begins (2.7)."""
        start, end = self._ms(part.start), self._ms(part.end)
        later = (ASKED_MS, RESERVED_MS, TAKEN_MS, HELD_MS)
        asked, reserved, taken, held = (min(start + one, rung) for one in later)
        self._both(leg, agent, "ctq", start, asked)
        self._act("consult", asked, taken, agent)
        self._spell(leg, agent, "ctq-reserved", asked, reserved)
        self._spell(leg, agent, "ctq-ready", reserved, taken)
        if part.spoke is not None:
            self._both(leg, agent, "ctq-accepted", taken, end, part.helper)
        return held

    def _confer(self, leg: Leg, agent: Agent, part: _Break) -> None:
        start, end = self._ms(part.start), self._ms(part.end)
        self._spell(leg, agent, "conferencing", start, end)
        if part.host:
            self._act("Conference", start, start, agent, part.helper)
            self._act("conferencing", start, end, agent, part.helper)
            self._both(leg, agent, "hold-done", start, end)

    def _last(
        self, leg: Leg, agent: Agent, states: tuple[str, ...], since: datetime, until: datetime
    ) -> None:
        """The states that a break left behind last until the next one."""
        for state in states:
            if since < until:
                self._both(leg, agent, state, self._ms(since), self._ms(until))

    def _list_breaks(self, leg: Leg, since: datetime) -> list[_Break]:
        consults = {}
        found = []
        for move in self._call.moves:
            start, end = move.window.start, move.window.end
            helper = self._agent(move.to_leg)
            if move.kind == "consult":
                consults[start, end] = move
                if move.from_leg == leg.leg_id:
                    spoke = self._legs[move.to_leg].answered_at
                    found.append(_Break("consult", start, end, spoke, helper))
            elif move.kind == "conference" and leg.leg_id in (move.from_leg, move.to_leg):
                host = move.from_leg == leg.leg_id
                found.append(_Break("conference", start, end, start, helper, host))
        found += [
            _Break("hold", hold.start, hold.end, hold.start)
            for hold in (self._customer.holds if self._customer else ())
            if (hold.start, hold.end) not in consults
        ]
        inside = [b for b in found if since <= b.start and b.end <= leg.ended_at]
        return sorted(inside, key=lambda b: b.start)

    def _wrap_up(self, leg: Leg, agent: Agent) -> None:
        if leg.wrap_up_until is None:
            return
        start, end = self._ms(leg.ended_at), self._ms(leg.wrap_up_until)
        self._spell(leg, agent, "wrapup", start, end, leg.wrap_up)
        self.acts.append(Act("WrapUp", start, end, agent, wrap_up=leg.wrap_up))

    # --- putting down -----------------------------------------------------------------------------

    def _agent(self, leg_id: str) -> Agent | None:
        person = self._legs[leg_id].person
        return person if isinstance(person, Agent) else None

    def _act(
        self, event: str, start: int, end: int, agent: Agent | None = None, *about: Agent | None
    ) -> None:
        transfer = {"ConsultTransfer": "CONSULT", "BlindTransfer": "BLIND"}.get(event, "")
        self.acts.append(Act(event, start, end, agent, next(iter(about), None), transfer))

    def _spell(
        self, leg: Leg, agent: Agent, state: str, start: int, end: int, wrap_up: str = ""
    ) -> None:
        self.spells.append(Spell(agent, state, start, end, leg.leg_id, wrap_up))

    def _both(
        self, leg: Leg, agent: Agent, state: str, start: int, end: int, *about: Agent | None
    ) -> None:
        self._act(state, start, end, agent, *about)
        self._spell(leg, agent, state, start, end)
