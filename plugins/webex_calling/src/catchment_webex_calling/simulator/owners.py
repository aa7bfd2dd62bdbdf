"""Who owns lines and recordings: users, workspaces, virtual lines, call queues (1.2, 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catchment.sandbox import Agent, Customer, Person, Queue, Team, World
from catchment_webex.simulator.ids import Ids
from catchment_webex_calling.simulator.switches import CallingSwitches

OwnerType = Literal["user", "place", "virtualLine", "callQueue"]

UPPER: dict[OwnerType, str] = {
    "user": "USER",
    "place": "PLACE",
    "virtualLine": "VIRTUAL_LINE",
    "callQueue": "CALL_QUEUE",
}
"""``ownerType`` of metadata, by that of listings (1.3, 1.5)."""

_VIRTUAL, _PLACE = 3, 6
"""Of seven agents, which speaks on a virtual line, and which at a workspace."""


@dataclass(frozen=True, slots=True)
class Location:
    """A site of the organisation, as Calling has them.

    Attributes:
        offset_minutes: ``Site timezone`` of call records (2.2).
        region: ``storageRegion`` of what is recorded here.
    """

    uuid: str
    name: str
    tel: str
    region: str = "US"
    offset_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """One line of the organisation.

    Attributes:
        uuid: Bare, as recordings and call records tell it (0).
        name: Of a queue, the queue's (1.5).
        email: Empty for whoever cannot log in (quirk 18).
        tel: E.164; the extension is its end.
        queue_type: ``Call Queue`` or ``Customer Assist``; empty for others.
    """

    kind: OwnerType
    uuid: str
    name: str
    email: str
    tel: str
    location: Location
    queue_type: str = ""

    @property
    def extension(self) -> str:
        """What colleagues dial."""
        return self.tel[-4:]

    @property
    def sip(self) -> str:
        """The SIP URI without its parameters."""
        return f"sip:{self.extension}@192.0.2.10"

    @property
    def user_type(self) -> str:
        """``User type`` of call records (2.2)."""
        if self.kind == "callQueue":
            assisted = self.queue_type == "Customer Assist"
            return "CallCenterPremium" if assisted else "CallCenterStandard"
        return {"user": "User", "place": "Place", "virtualLine": "VirtualLine"}[self.kind]


class Directory:
    """Every line of a World's organisation."""

    def __init__(self, world: World, ids: Ids, switches: CallingSwitches) -> None:
        self._ids = ids
        self._locations = {
            team.team_id: self._locate(team, number) for number, team in enumerate(world.teams)
        }
        self._agents = {
            agent.agent_id: self._seat(agent, number, switches)
            for number, agent in enumerate(world.agents)
        }
        self._queues = {
            queue.queue_id: self._queue(queue, number) for number, queue in enumerate(world.queues)
        }

    @property
    def locations(self) -> list[Location]:
        """All sites."""
        return list(self._locations.values())

    @property
    def lines(self) -> list[Owner]:
        """All lines but the queues."""
        return list(self._agents.values())

    def agent(self, agent: Agent) -> Owner:
        """On whose line an agent speaks."""
        return self._agents[agent.agent_id]

    def queue(self, queue: Queue) -> Owner:
        """The queue as an owner."""
        return self._queues[queue.queue_id]

    def inside(self, person: Person) -> Owner | None:
        """The line of somebody of the organisation; ``None`` for others."""
        return None if isinstance(person, Customer) else self.agent(person)

    def by_email(self, email: str) -> Owner | None:
        """The user with this address, in any case."""
        wanted = email.casefold()
        return next((line for line in self.lines if line.email.casefold() == wanted), None)

    def _locate(self, team: Team, number: int) -> Location:
        uuid = self._ids.uuid("location", team.team_id)
        emea = "EMEA" in team.name
        return Location(
            uuid, team.name, f"+1202555{number:02}99", "DE" if emea else "US", 60 if emea else -300
        )

    def _seat(self, agent: Agent, number: int, switches: CallingSwitches) -> Owner:
        location = self._locations[agent.team.team_id]
        about = agent.agent_id
        if switches.owners == "mixed" and number % 7 == _VIRTUAL:
            uuid = self._ids.uuid("virtual line", about)
            return Owner("virtualLine", uuid, f"Line of {agent.name}", "", agent.tel, location)
        if switches.owners == "mixed" and number % 7 == _PLACE:
            uuid = self._ids.uuid("place", about)
            return Owner("place", uuid, f"Desk of {agent.name}", "", agent.tel, location)
        uuid = self._ids.person(agent)
        return Owner("user", uuid, agent.name, agent.email, agent.tel, location)

    def _queue(self, queue: Queue, number: int) -> Owner:
        return Owner(
            kind="callQueue",
            uuid=self._ids.uuid("queue", queue.queue_id),
            name=queue.name,
            email="",
            tel=queue.tel,
            location=self._locations[queue.team.team_id],
            queue_type="Customer Assist" if number % 2 else "Call Queue",
        )
