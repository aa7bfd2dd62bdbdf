"""The notation in which calls are invented: acts on a running second, in the end a Call.

A scene (see :mod:`~catchment.sandbox.plot_calls`) reads like stage directions and knows nothing of
wall time; one factor makes it last seconds or minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox.cast import (
    Agent,
    Call,
    Customer,
    Direction,
    Leg,
    LegRole,
    Move,
    MoveKind,
    Outcome,
    Person,
    Queue,
    Recorded,
    SpokenLine,
)
from catchment.sandbox.chance import Chance
from catchment.sandbox.plot import People

WRAP_UPS = ("Resolved", "Callback agreed", "Beschwerde", "Sale / cross-sell", "")
LINES = (
    "Thank you for calling, how can I help?",
    "I have been waiting for three weeks.",
    "May I put you on hold for a moment?",
    "Meine Kundennummer ist vierstellig.",
    "I will pass you on to a colleague.",
    "Is there anything else?",
)
LIFE = 12
"""How many times longer calls of real life are."""


@dataclass(slots=True)
class Part:
    """A leg in the making, in seconds of the script."""

    person: Person
    role: LegRole
    offered: int
    answered: int | None = None
    ended: int = 0
    holds: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Heard:
    since: int
    until: int
    parts: tuple[Part, ...]
    pauses: tuple[tuple[int, int], ...]


class Script:
    """One call in the making; all of its chance comes from its id.

    ``agents`` says how many of the organisation's agents may take part in it.
    """

    def __init__(
        self,
        chance: Chance,
        people: People,
        call_id: str,
        start: datetime,
        life_size: bool,
        agents: int = 3,
    ) -> None:
        self._chance, self._call_id, self._start = chance, call_id, start
        self._factor = LIFE if life_size else 1
        self.draw = chance.random("call", call_id)
        self.agents: list[Agent] = self.draw.sample(people.at_work, agents)
        self.customer: Customer = self.draw.choice(people.customers)
        self.queue: Queue | None = self.draw.choice(people.queues)
        self.direction: Direction = "inbound"
        self.outcome: Outcome = "recorded"
        self.abandoned = False
        self.now = 0
        self._parts: list[Part] = []
        self._moves: list[tuple[MoveKind, int, int, Part, Part]] = []
        self._heard: list[_Heard] = []

    def pass_time(self, least: int, most: int) -> int:
        """Let some seconds go by and tell the new second."""
        self.now += self.draw.randrange(least, most + 1) * self._factor
        return self.now

    def ring(self, person: Person, role: LegRole) -> Part:
        """Let a phone ring."""
        self._parts.append(Part(person, role, self.now))
        return self._parts[-1]

    def answer(self, person: Person, role: LegRole) -> Part:
        """Let a phone ring and be answered after some seconds."""
        part = self.ring(person, role)
        part.answered = self.pass_time(1, 3)
        return part

    def dial(self, person: Person, role: LegRole) -> Part:
        """Somebody dials: this leg is there from the first second."""
        part = self.ring(person, role)
        part.answered = self.now
        return part

    def hang_up(self, *parts: Part) -> None:
        """These legs end now."""
        for part in parts:
            part.ended = self.now

    def hold(self, part: Part, since: int) -> None:
        """*part* was on hold from *since* until now."""
        part.holds.append((since, self.now))

    def move(self, kind: MoveKind, since: int, by: Part, to: Part) -> None:
        """*by* did something with *to*, from *since* until now."""
        self._moves.append((kind, since, self.now, by, to))

    def record(self, since: int, *parts: Part, pauses: tuple[tuple[int, int], ...] = ()) -> None:
        """What these legs said from *since* until now is recorded."""
        self._heard.append(_Heard(since, self.now, parts, pauses))

    # --- the curtain ------------------------------------------------------------------------------

    def call(self) -> Call:
        """The call as it was."""
        first, agent = self._parts[0], self.agents[0]
        inside = agent.tel if self.queue is None else self.queue.tel
        callee = {"inbound": inside, "outbound": self.customer.tel, "internal": self.agents[1].tel}
        return Call(
            call_id=self._call_id,
            direction=self.direction,
            caller=first.person,
            customer=None if self.direction == "internal" else self.customer,
            ani=first.person.tel,
            dnis=callee[self.direction],
            queue=self.queue,
            started_at=self._at(0),
            ended_at=self._at(max(part.ended for part in self._parts)),
            legs=tuple(self._leg(part) for part in self._parts),
            moves=tuple(self._list_moves()),
            outcome=self.outcome,
            recorded=tuple(self._list_recorded()) if self.outcome == "recorded" else (),
            abandoned=self.abandoned,
            spoken=tuple(self._list_spoken()),
        )

    def _at(self, second: int) -> datetime:
        return self._start + timedelta(seconds=second)

    def _window(self, start: int, end: int) -> Window:
        return Window(self._at(start), self._at(end))

    def _leg_id(self, part: Part) -> str:
        return f"{self._call_id}-l{self._parts.index(part)}"

    def _leg(self, part: Part) -> Leg:
        handled = part.role == "agent" and part.answered is not None
        wrap_up = self.draw.choice(WRAP_UPS) if handled else ""
        until = part.ended + self.draw.randrange(2, 6) * self._factor
        return Leg(
            leg_id=self._leg_id(part),
            person=part.person,
            role=part.role,
            offered_at=self._at(part.offered),
            answered_at=None if part.answered is None else self._at(part.answered),
            ended_at=self._at(part.ended),
            holds=tuple(self._window(*hold) for hold in part.holds),
            wrap_up=wrap_up,
            wrap_up_until=self._at(until) if handled else None,
        )

    def _list_moves(self) -> Iterator[Move]:
        for kind, since, until, by, to in self._moves:
            yield Move(kind, self._window(since, until), self._leg_id(by), self._leg_id(to))

    def _list_recorded(self) -> Iterator[Recorded]:
        for number, heard in enumerate(self._heard):
            recorded_id = f"{self._call_id}-r{number}"
            speakers = [part.person for part in heard.parts if isinstance(part.person, Agent)]
            yield Recorded(
                recorded_id,
                self._chance.code(recorded_id),
                self._window(heard.since, heard.until),
                speakers[0],
                tuple(self._window(*pause) for pause in heard.pauses),
                tuple(self._leg_id(part) for part in heard.parts),
            )

    def _list_spoken(self) -> Iterator[SpokenLine]:
        """Lines of three seconds, in turn, within what was recorded."""
        for heard in self._heard:
            for number, second in enumerate(range(heard.since, heard.until - 2, 4)):
                speaker = heard.parts[number % len(heard.parts)].person
                at = self._at(second)
                text = self.draw.choice(LINES)
                yield SpokenLine(at, at + timedelta(seconds=3), speaker, text)
