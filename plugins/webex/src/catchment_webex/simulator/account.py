"""The organisation: its people with their roles, and the sites that they are on (2, 3.5, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from catchment.sandbox import Agent, World
from catchment_webex.simulator.ids import Ids, raw_id, rest_id

Role = Literal[
    "full_admin", "content_admin", "site_admin", "compliance_officer", "group_admin", "cdr_access"
]
"""``cdr_access`` is the permission that the call history of Webex Calling asks for."""

SITES = ("corp.webex.com", "corp-emea.webex.com")
"""The organisation's sites; the first is preferred by everybody who is on both."""


@dataclass(frozen=True, slots=True)
class User:
    """An account of the organisation; a Service App has one as well.

    Attributes:
        uuid: Raw; ``person_id`` is the public form.
        sites: Where the person is a user, the preferred one first.
        agent: Who in the World this is; ``None`` for machine accounts.
    """

    uuid: str
    email: str
    name: str
    sites: tuple[str, ...]
    roles: frozenset[Role] = frozenset()
    active: bool = True
    kind: Literal["person", "appuser"] = "person"
    agent: Agent | None = None

    @property
    def person_id(self) -> str:
        """The public id."""
        return rest_id("PEOPLE", self.uuid)


MACHINES: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "administrator": frozenset({"full_admin", "content_admin", "site_admin", "cdr_access"}),
        "compliance_officer": frozenset({"compliance_officer"}),
        "group_admin": frozenset({"group_admin"}),
    }
)
"""Machine accounts that may be authorised, by profile, and the roles they hold."""


class Account:
    """Who is in the organisation.

    Args:
        world: Its agents become users; one in four is on both sites.
        ids: Where their ids come from.
        sites: The organisation's sites, the usual one first.
    """

    def __init__(self, world: World, ids: Ids, sites: tuple[str, ...] = SITES) -> None:
        self.sites = sites
        self.org_id = rest_id("ORGANIZATION", ids.org)
        people = [_hire(agent, ids, n, sites) for n, agent in enumerate(world.agents)]
        machines = [
            User(
                uuid=ids.uuid("machine", name),
                email=f"{name.replace('_', '-')}@corp.example",
                name=name.replace("_", " ").title(),
                sites=sites,
                roles=roles,
                kind="appuser",
            )
            for name, roles in MACHINES.items()
        ]
        self.users = (*people, *machines)
        self._by_id = {user.uuid: user for user in self.users}
        self._by_email = {user.email.casefold(): user for user in self.users}
        self._by_agent = {user.agent.agent_id: user for user in people if user.agent}

    def machine(self, profile: str) -> User:
        """The machine account of a profile of :data:`MACHINES`."""
        return self._by_email[f"{profile.replace('_', '-')}@corp.example"]

    def find(self, name: str) -> User | None:
        """The user behind an e-mail address (in any case), a public id or a raw UUID (2)."""
        return self._by_email.get(name.casefold()) or self._by_id.get(raw_id(name))

    def user(self, agent: Agent) -> User:
        """The account of an agent."""
        return self._by_agent[agent.agent_id]

    def tell(self, user: User) -> dict[str, Any]:
        """A person as ``/people`` tells it (10)."""
        first, _, last = user.name.partition(" ")
        return {
            "id": user.person_id,
            "emails": [user.email],
            "displayName": user.name,
            "firstName": first,
            "lastName": last,
            "orgId": self.org_id,
            "roles": [rest_id("ROLE", role) for role in sorted(user.roles)],
            "siteUrls": list(user.sites),
            "timezone": "UTC",
            "loginEnabled": user.active,
            "type": user.kind,
        }


def _hire(agent: Agent, ids: Ids, number: int, sites: tuple[str, ...]) -> User:
    """Everybody is on the first site; of those on all, half prefer the last (11)."""
    on = {1: sites, 3: sites[::-1]}.get(number % 4, sites[:1])
    return User(ids.person(agent), agent.email, agent.name, on, active=agent.active, agent=agent)
