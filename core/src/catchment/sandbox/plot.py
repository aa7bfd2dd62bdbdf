"""Invents the people of a World and the hours they work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox.cast import Agent, Customer, Queue, Shift, Team
from catchment.sandbox.chance import Chance

TEAMS = ("Claims", "Trading desk", "Support EMEA")
QUEUES = ("Claims hotline", "Orders", "Technical support", "Complaints/escalation")
OURS = (
    "Ada Quill",
    "Zoë Ångström-Lund",
    "Łukasz Brzozowy",
    "Nurit Barlev",
    "Jürgen Weiß",
    "Imani Okoro-Dell",
    "Søren Østerby",
    "王 小明",
    "Renée D'Arcy",
    "Tomás Ñandú",
    "Ελένη Μαύρου",
    "Bo Li",
    "Priya R. Nair",
    "Ivo Horvat",
)
THEIRS = (
    "Grace Palmer",
    "Émile Côté",
    "Olu Adeyemi",
    "Mila Novak",
    "Kenji 高木",
    "Hanna Virtanen",
    "Dmytro Koval",
    "Aoife Ní Bhriain",
    "Paul O'Neil",
    "Sara Bint-Yusuf",
)
SHIFT = (timedelta(hours=8), timedelta(hours=18))
"""When the working day begins and ends, after the World's midnight."""


@dataclass(frozen=True, slots=True)
class People:
    """Everyone, and where callers wait for them."""

    teams: tuple[Team, ...]
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    customers: tuple[Customer, ...]

    @property
    def at_work(self) -> tuple[Agent, ...]:
        """Agents who have not left."""
        return tuple(agent for agent in self.agents if agent.active)


def plot_people(chance: Chance) -> People:
    """The same organisation for every seed, with ids of its own."""
    teams = tuple(Team(chance.bytes_for("team", name, size=8).hex(), name) for name in TEAMS)
    queues = tuple(
        Queue(
            chance.bytes_for("queue", name, size=8).hex(),
            name,
            f"+1202555{100 + number:04}",
            teams[number % len(teams)],
        )
        for number, name in enumerate(QUEUES)
    )
    agents = tuple(
        Agent(
            chance.bytes_for("agent", number, size=8).hex(),
            name,
            f"agent{number:02}@corp.example",
            teams[number % len(teams)],
            f"+1202555{120 + number:04}",
            active=number != len(OURS) - 1,
        )
        for number, name in enumerate(OURS)
    )
    customers = tuple(
        Customer(
            chance.bytes_for("customer", number, size=8).hex(),
            name,
            f"guest{number:02}@mail.example",
            f"+4420794600{number:02}",
        )
        for number, name in enumerate(THEIRS)
    )
    return People(teams, queues, agents, customers)


def plot_shifts(chance: Chance, people: People, midnight: datetime) -> list[Shift]:
    """Who works when on the day that begins at *midnight*."""
    shifts = []
    for agent in people.at_work:
        draw = chance.random("shift", agent.agent_id, midnight.isoformat())
        lunch = midnight + SHIFT[0] + timedelta(minutes=draw.randrange(210, 330))
        window = Window(midnight + SHIFT[0], midnight + SHIFT[1])
        shifts.append(Shift(agent, window, (Window(lunch, lunch + timedelta(minutes=30)),)))
    return shifts


def plot_starts(chance: Chance, what: str, midnight: datetime, count: int) -> list[datetime]:
    """Moments of one working day, in order, none within the day's last hour."""
    draw = chance.random("starts", what, midnight.isoformat())
    length = int((SHIFT[1] - SHIFT[0] - timedelta(hours=1)).total_seconds())
    seconds = sorted(draw.randrange(length) for _ in range(count))
    return [midnight + SHIFT[0] + timedelta(seconds=second) for second in seconds]
