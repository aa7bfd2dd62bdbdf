"""Users, teams, queues and what else is configured, as an administrator changes it (5, 7.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from catchment.sandbox import Agent, Queue, Team, World
from catchment_webex.simulator.ids import Ids

SITES = ("Leeds", "Köln")
IDLE_CODES = ("Lunch", "Meeting")
WRAP_UP_CODES = ("Resolved", "Callback agreed", "Beschwerde", "Sale / cross-sell")
VARIABLES = ("CustomerId", "CaseNumber")
CREATED_MS, UPDATED_MS = 1735689600000, 1766000000000

TeamType = Literal["AGENT", "CAPACITY"]


@dataclass(frozen=True, slots=True)
class Entity:
    """What every configured thing has.

    Attributes:
        uuid: Its id on the new platform.
        short: Its id of before the migration: 20 characters (0).
        number: ``dbId``: its number on the old platform (7.3).
    """

    uuid: str
    short: str
    number: int
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class User(Entity):
    """A user; ``name`` is unused, ``ci_id`` is what captures tell (0).

    Attributes:
        removed: Taken out in Control Hub (5).
        handles: Contact Center enabled.
    """

    ci_id: str = ""
    first: str = ""
    last: str = ""
    email: str = ""
    tel: str = ""
    site: str = SITES[0]
    teams: tuple[str, ...] = ()
    handles: bool = True
    removed: bool = False

    @property
    def full_name(self) -> str:
        """As activities tell it."""
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True, slots=True)
class AgentTeam(Entity):
    """A team; capacity teams have no users."""

    kind: TeamType = "AGENT"
    site: str = SITES[0]


@dataclass(frozen=True, slots=True)
class ServiceQueue(Entity):
    """A contact service queue."""

    tel: str = ""
    direction: Literal["INBOUND", "OUTBOUND"] = "INBOUND"


@dataclass
class Directory:
    """Everything that is configured.

    Attributes:
        users: By e-mail address.
        teams: By name at first; a renamed team stands under its old one.
        queues: Likewise.
        gone_teams: Deleted ones, which history still names.
        gone_queues: Likewise.
        version: Counts changes.
    """

    world: World
    ids: Ids
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, AgentTeam] = field(default_factory=dict)
    queues: dict[str, ServiceQueue] = field(default_factory=dict)
    gone_teams: dict[str, AgentTeam] = field(default_factory=dict)
    gone_queues: dict[str, ServiceQueue] = field(default_factory=dict)
    version: int = 0

    def __post_init__(self) -> None:
        for team in self.world.teams:
            self.teams[team.name] = AgentTeam(*self._ids("team", team.team_id), team.name)
        self.add_team("Overflow partner", kind="CAPACITY")
        self.add_team("Old desk", active=False)
        for queue in self.world.queues:
            own = self._ids("queue", queue.queue_id)
            self.queues[queue.name] = ServiceQueue(*own, queue.name, tel=queue.tel)
        self.add_queue("Outdial", direction="OUTBOUND")
        self.add_queue("Winter hotline", active=False)
        for number, agent in enumerate(self.world.agents):
            self._hire(agent, number)
        self.add_user("Former", "Clerk", "former.clerk@corp.example", active=False)
        self.add_user("Vera", "Office", "vera.office@corp.example", handles=False)
        self.version = 0

    def _ids(self, *about: object) -> tuple[str, str, int]:
        """UUID, short id and number of something."""
        return (
            self.ids.uuid("contact center", *about),
            make_short(self.ids, *about),
            1_000_000 + self.ids.chance("number", *about) % 9_000_000,
        )

    def _hire(self, agent: Agent, number: int) -> None:
        first, _, last = agent.name.partition(" ")
        teams = [agent.team.name]
        if number % 4 == 3:
            names = [team.name for team in self.world.teams]
            teams.append(names[(names.index(agent.team.name) + 1) % len(names)])
        self.users[agent.email] = User(
            *self._ids("user", agent.agent_id),
            name="",
            active=agent.active,
            ci_id=self.ids.person(agent),
            first=first,
            last=last,
            email=agent.email,
            tel=agent.tel,
            site=SITES[number % len(SITES)],
            teams=tuple(teams),
        )

    # --- who is who -------------------------------------------------------------------------------

    def user(self, agent: Agent) -> User:
        """The user who is an agent of the World, also after a removal."""
        return self.users[agent.email]

    def team(self, team: Team) -> AgentTeam:
        """A team of the World, also after it was deleted."""
        return self.teams.get(team.name) or self.gone_teams[team.name]

    def queue(self, queue: Queue | None) -> ServiceQueue:
        """A queue of the World, likewise; calls without one are dialled out."""
        name = "Outdial" if queue is None else queue.name
        return self.queues.get(name) or self.gone_queues[name]

    def stranger(self, agent: Agent) -> User:
        """Somebody in *agent*'s place whom the directory lacks."""
        own = self._ids("stranger", agent.agent_id)
        known = self.user(agent)
        return replace(
            known,
            uuid=own[0],
            short=own[1],
            number=own[2],
            ci_id=self.ids.uuid("stranger", agent.agent_id),
            first="Unlisted",
            last="Agent",
            email=f"unlisted.{known.email}",
        )

    # --- what an administrator does ---------------------------------------------------------------

    def add_user(self, first: str, last: str, email: str, **more: Any) -> User:
        """Enable somebody new; *more* are members of :class:`User`."""
        own = self._ids("user", email)
        ci_id = self.ids.uuid("person", email)
        told = User(*own, name="", ci_id=ci_id, first=first, last=last, email=email, **more)
        return self._put_user(told)

    def rename_user(self, email: str, first: str, last: str) -> User:
        """Give somebody another name."""
        return self._put_user(replace(self.users[email], first=first, last=last))

    def remove_user(self, email: str) -> User:
        """Take somebody out; how that shows is a switch (5)."""
        return self._put_user(replace(self.users[email], removed=True, active=False))

    def add_team(self, name: str, kind: TeamType = "AGENT", *, active: bool = True) -> AgentTeam:
        """A new team."""
        return self._put_team(name, AgentTeam(*self._ids("team", name), name, active, kind))

    def rename_team(self, name: str, other: str) -> AgentTeam:
        """Give a team another name."""
        return self._put_team(name, replace(self.teams[name], name=other))

    def remove_team(self, name: str) -> None:
        """Delete a team; what happened keeps its name."""
        self.gone_teams[name] = self.teams.pop(name)
        self.version += 1

    def add_queue(
        self,
        name: str,
        direction: Literal["INBOUND", "OUTBOUND"] = "INBOUND",
        *,
        active: bool = True,
    ) -> ServiceQueue:
        """A new queue."""
        own = self._ids("queue", name)
        return self._put_queue(name, ServiceQueue(*own, name, active, direction=direction))

    def rename_queue(self, name: str, other: str) -> ServiceQueue:
        """Give a queue another name."""
        return self._put_queue(name, replace(self.queues[name], name=other))

    def remove_queue(self, name: str) -> None:
        """Delete a queue."""
        self.gone_queues[name] = self.queues.pop(name)
        self.version += 1

    def _put_user(self, user: User) -> User:
        self.users[user.email] = user
        self.version += 1
        return user

    def _put_team(self, name: str, team: AgentTeam) -> AgentTeam:
        self.teams[name] = team
        self.version += 1
        return team

    def _put_queue(self, name: str, queue: ServiceQueue) -> ServiceQueue:
        self.queues[name] = queue
        self.version += 1
        return queue


def make_short(ids: Ids, *about: object) -> str:
    """20 characters, as ids of before the migration have (0)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    drawn = bytes.fromhex(ids.hex("short", *about) + ids.hex("shorter", *about))
    return "AX" + "".join(letters[byte % 64] for byte in drawn[:18])
