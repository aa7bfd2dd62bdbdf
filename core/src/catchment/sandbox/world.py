"""The World: what really happened, told by every simulated platform in its own words.

A World is a pure function of its arguments, made in memory in one go: two processes that build it
from the same numbers hold the same truth.  A later day never changes an earlier one, so a World
of more days begins with the World of fewer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from catchment.sandbox.cast import Call, Meeting, Shift
from catchment.sandbox.chance import Chance
from catchment.sandbox.plot import plot_people, plot_shifts
from catchment.sandbox.plot_calls import plot_calls
from catchment.sandbox.plot_chains import plot_chains
from catchment.sandbox.plot_meetings import plot_meetings

__all__ = ["World"]


class World:
    """Agents, customers, meetings and calls of some days.

    Args:
        seed: The same seed is the same World.
        start: When it begins, aware; its days begin at this time of day.  People work from the
            8th to the 18th hour of a day.
        days: How many days it has.
        meetings: How many meetings take place on each day; breakout rooms come on top.
        calls: How many calls are made on each day.
        life_size: Durations of real life (10 to 60 minutes) instead of 5 to 40 seconds.
        chains: How many calls of each day are passed on again and again, besides *calls*.

    Attributes:
        meetings: Meetings of all days by start; breakout rooms are inside their parents.
        calls: Calls of all days by start.
        chains: Calls that are passed on again and again, by start; told by contact centres alone.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        days: int = 1,
        meetings: int = 20,
        calls: int = 0,
        life_size: bool = False,
        chains: int = 0,
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("a World needs an aware start")
        self.seed = seed
        self.start = start.astimezone(UTC).replace(microsecond=0)
        self.end = self.start + timedelta(days=days)
        self.life_size = life_size
        self._chance = Chance(seed)
        people = plot_people(self._chance)
        self.teams, self.queues = people.teams, people.queues
        self.agents, self.customers = people.agents, people.customers
        happened: list[Meeting] = []
        called: list[Call] = []
        chained: list[Call] = []
        worked: list[Shift] = []
        for midnight in (self.start + timedelta(days=day) for day in range(days)):
            worked += plot_shifts(self._chance, people, midnight)
            happened += plot_meetings(self._chance, people, midnight, meetings, life_size)
            called += plot_calls(self._chance, people, midnight, calls, life_size)
            chained += plot_chains(self._chance, people, midnight, chains, life_size)
        self.shifts = tuple(worked)
        self.meetings = tuple(happened)
        self.calls = tuple(called)
        self.chains = tuple(chained)

    def __repr__(self) -> str:
        return (
            f"World(seed={self.seed}, {self.start:%Y-%m-%d}..{self.end:%Y-%m-%d}, "
            f"{len(self.meetings)} meetings, {len(self.calls)} calls)"
        )

    def list_meetings(self) -> Iterator[Meeting]:
        """Every meeting, each parent followed by its breakout rooms."""
        for meeting in self.meetings:
            yield meeting
            yield from meeting.breakouts

    def random(self, *about: object) -> random.Random:
        """Chance for one purpose: always the same for the same *about*, whatever else is drawn.

        Simulators draw their delays and failures from it: ``world.random("zoom", "delay", id)``.
        """
        return self._chance.random("told", *about)

    def bytes_for(self, *about: object, size: int = 16) -> bytes:
        """Bytes that belong to *about* in this World alone, to make ids of."""
        return self._chance.bytes_for("told", *about, size=size)
