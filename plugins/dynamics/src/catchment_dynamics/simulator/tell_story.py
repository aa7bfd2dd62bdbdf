"""Reads a call of the World as the platform sees it: sessions, and who took part (3.2, 3.3).

A session belongs to one primary agent.  Consulted colleagues take part in it; whoever takes the
call over has a session of their own from that moment on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox import Agent, Call, Leg, Move
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_parts import Mode, Part, Story, Stretch
from catchment_dynamics.simulator.tell_rows import after

OUTSIDE = "+441632960961"
"""Who is outside of the organisation and no customer, when a call is passed on to them."""

_LEAST = timedelta(seconds=6)
"""So long a stretch must be for somebody to join in its middle."""


def read_story(
    call: Call, ids: Ids, switches: DynamicsSwitches, colleagues: Sequence[Agent]
) -> Story:
    """Tell a call that has a customer.

    Args:
        call: What happened.
        ids: Draws ids and chance.
        switches: What leaves rows.
        colleagues: Who may listen in.
    """
    return _Reader(call, ids, switches, colleagues).read()


class _Reader:
    def __init__(
        self, call: Call, ids: Ids, switches: DynamicsSwitches, colleagues: Sequence[Agent]
    ) -> None:
        self._call, self._ids, self._switches = call, ids, switches
        self._colleagues = colleagues
        self._legs = {leg.leg_id: leg for leg in call.legs}
        self._customer = next(leg for leg in call.legs if leg.role == "customer")
        self._asked: dict[str, Part] = {}
        self._number = 0
        ended = self._customer.ended_at
        self._story = Story(
            call,
            ids.conversation(call.call_id),
            call.started_at,
            ended,
            ended,
            self._chance("who ends") % 3 == 0,
        )

    def read(self) -> Story:
        story, call = self._story, self._call
        since = self._greet()
        reached = {move.to_leg for move in call.moves}
        direct = [leg for leg in call.legs if isinstance(leg.person, Agent)]
        for leg in (leg for leg in direct if leg.leg_id not in reached):
            since = self._offer(leg, since)
        if story.answered is None:
            self._wait_in_vain(since)
            return story
        for move in call.moves:
            self._move(move)
        self._close()
        self._hold()
        self._listen_in()
        self._go_outside()
        return story

    # --- before anybody speaks --------------------------------------------------------------------

    def _greet(self) -> datetime:
        """The virtual agent; tells from when on the caller waits."""
        begun = self._call.started_at
        if self._call.direction == "outbound" or self._switches.bot_rows == "none":
            return begun
        offers = [leg.offered_at for leg in self._call.legs if isinstance(leg.person, Agent)]
        until = min(offers) if offers else min(after(begun, 1), self._story.ended)
        bot = self._begin(begun, closed=until, closure=26)
        bot.assigned = bot.accepted = begun
        if self._switches.bot_rows == "participant":
            part = self._add(bot, "primary", None, begun, begun, until)
            part.bot = True
        return until

    def _offer(self, leg: Leg, since: datetime) -> datetime:
        """A phone rings; tells from when on the caller waits for the next."""
        begin = self._begin_of(leg)
        if begin is None and not self._switches.offers_leave_rows:
            return since
        stretch = self._begin(since, closed=leg.ended_at)
        stretch.assigned = leg.offered_at
        stretch.queued = since if self._call.queue is not None else None
        part = self._add(stretch, "primary", leg, leg.offered_at, begin, leg.ended_at)
        if begin is None:
            stretch.closure = self._ids.span(1, 2, "offer", stretch.session_id)
            part.reason = "AgentReject" if stretch.closure == 1 else "AgentTimeout"
        else:
            stretch.accepted = self._story.answered = begin
        return leg.ended_at

    def _wait_in_vain(self, since: datetime) -> None:
        stretch = self._begin(since, closed=self._story.ended, closure=22)
        stretch.queued = since

    def _begin_of(self, leg: Leg) -> datetime | None:
        """When both this agent and the customer were there."""
        if leg.answered_at is None or self._customer.answered_at is None:
            return None
        return max(leg.answered_at, self._customer.answered_at)

    # --- while they speak -------------------------------------------------------------------------

    def _move(self, move: Move) -> None:
        giver, taker = self._legs[move.from_leg], self._legs[move.to_leg]
        at = move.window.start
        if move.kind == "consult":
            part = self._add(
                self._last(), "consult", taker, taker.offered_at, taker.answered_at, taker.ended_at
            )
            self._asked[taker.leg_id] = part
        elif move.kind == "conference":
            part = self._asked[taker.leg_id]
            part.public = at
            if giver.ended_at < taker.ended_at:  # whoever was asked is promoted
                part.left = giver.ended_at
                self._pass_on(taker, giver.ended_at, giver.ended_at)
        elif move.kind == "consult_transfer":
            self._asked[taker.leg_id].left = at
            self._pass_on(taker, at, at)
            self._story.transfers.append(at)
        else:
            assert taker.answered_at is not None
            part = self._pass_on(taker, at, taker.answered_at)
            part.transit = Window(at, taker.answered_at)
            self._story.transfers.append(taker.answered_at)

    def _pass_on(self, leg: Leg, at: datetime, joined: datetime) -> Part:
        last = self._last()
        last.closed, last.closure = at, 6
        assert last.primary is not None
        last.primary.left, last.primary.reason = at, "AgentTransfered"
        stretch = self._begin(at, closed=leg.ended_at)
        stretch.assigned, stretch.accepted, stretch.passed_on = at, joined, True
        return self._add(stretch, "primary", leg, at, joined, leg.ended_at)

    def _close(self) -> None:
        story, last = self._story, self._last()
        done = [leg.wrap_up_until for leg in self._call.legs if leg.ended_at == story.ended]
        story.closed = max([after(story.ended, 1), *(until for until in done if until)])
        last.closed, last.closure = story.closed, 22 if story.by_customer else 21
        assert last.primary is not None
        last.primary.left = story.closed if self._switches.leaves_at == "close" else story.ended
        last.primary.reason = "CustomerEndConversation" if story.by_customer else "AgentEnd"

    def _hold(self) -> None:
        """Who held the customer when; while a call is passed on blindly, nobody does."""
        passing = {move.window for move in self._call.moves if move.kind == "blind_transfer"}
        for hold in self._customer.holds:
            if hold in passing:
                continue
            for part in self._story.list_primaries():
                if part.joined and part.joined <= hold.start < part.left:
                    part.holds.append(hold)
                    break

    # --- who else is there ------------------------------------------------------------------------

    def _listen_in(self) -> None:
        if not self._hits(self._switches.monitors_every, "monitor"):
            return
        stretch = self._last()
        there = {part.agent for part in self._story.parts}
        free = [agent for agent in self._colleagues if agent not in there]
        if stretch.accepted is None or self._story.ended - stretch.accepted < _LEAST or not free:
            return
        agent = free[self._chance("who listens") % len(free)]
        joined = after(stretch.accepted, 2)
        self._add(stretch, "monitor", agent, joined, joined, after(self._story.ended, -1))

    def _go_outside(self) -> None:
        """Somebody outside joins, or takes the call over where nobody sees it (3.10)."""
        story, stretch = self._story, self._last()
        assert stretch.accepted is not None
        if self._hits(self._switches.external_every, "external"):
            part = self._add(stretch, "consult", None, story.ended, None, story.ended)
            part.tel, stretch.closure = OUTSIDE, self._switches.unbridged_closure
        elif (
            self._hits(self._switches.bridged_every, "bridged")
            and story.ended - stretch.accepted >= _LEAST
        ):
            asked = after(stretch.accepted, 2)
            part = self._add(stretch, "consult", None, asked, after(asked, 1), story.ended)
            part.tel, part.public = OUTSIDE, part.joined

    # --- putting down -----------------------------------------------------------------------------

    def _last(self) -> Stretch:
        return self._story.stretches[-1]

    def _begin(self, created: datetime, closed: datetime, closure: int = 0) -> Stretch:
        number = len(self._story.stretches)
        session_id = self._ids.guid("session", self._call.call_id, number)
        self._story.stretches.append(Stretch(session_id, created, closed, closure=closure))
        return self._last()

    def _add(
        self,
        stretch: Stretch,
        mode: Mode,
        who: Leg | Agent | None,
        added: datetime,
        joined: datetime | None,
        left: datetime,
    ) -> Part:
        self._number += 1
        person = who.person if isinstance(who, Leg) else who
        agent = person if isinstance(person, Agent) else None
        part_id = self._ids.guid("participant", self._call.call_id, self._number)
        part = Part(part_id, stretch, mode, agent, added, joined, left)
        stretch.parts.append(part)
        return part

    def _chance(self, *about: object) -> int:
        return self._ids.chance(*about, self._call.call_id)

    def _hits(self, every: int, what: str) -> bool:
        return self._ids.hits(every, what, self._call.call_id)
