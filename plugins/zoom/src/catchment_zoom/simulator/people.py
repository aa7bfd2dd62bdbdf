"""The account's users (section 7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catchment.sandbox import Agent, Person, World
from catchment_zoom.simulator.answers import no_user
from catchment_zoom.simulator.ids import Ids
from catchment_zoom.simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class User:
    """One user as Zoom tells it; a pending user has no id."""

    user_id: str
    email: str
    status: str
    fields: Mapping[str, Any]


class People:
    """Who is on the account, and whom an id, an address or ``me`` means."""

    def __init__(self, world: World, ids: Ids, account_id: str) -> None:
        told = [_tell(agent, ids, account_id) for agent in world.agents]
        self.users = (*told, _PENDING)
        self._by_name = {u.user_id: u for u in told} | {u.email: u for u in told}
        self._owner = next((user for user in told if user.status == "active"), None)

    def find(self, name: str) -> User:
        """The user behind an id, an address, or ``me``: the account's owner (1).

        Raises:
            Rejection: 404/1001: unknown, or not of this account.
        """
        user = self._owner if name == "me" else self._by_name.get(name)
        if user is None:
            raise no_user(name)
        return user


def email_of(person: Person | None, ids: Ids, switches: Switches) -> str:
    """The address that Zoom tells: a guest's is empty unless an exception holds (6.3)."""
    if person is None:
        return ""
    if isinstance(person, Agent) or switches.guest_emails == "shown":
        return person.email
    registered = switches.guest_emails == "rules" and person.customer_id in ids.registered
    return person.email if registered else ""


_PENDING = User(
    user_id="",
    email="invited@pending.example",
    status="pending",
    fields={"email": "invited@pending.example", "type": 1, "status": "pending"},
)


def _tell(agent: Agent, ids: Ids, account_id: str) -> User:
    user_id = ids.short("user", agent.agent_id)
    first, _, last = agent.name.partition(" ")
    status = "active" if agent.active else "inactive"
    fields = {
        "id": user_id,
        "email": agent.email,
        "first_name": first,
        "last_name": last,
        "display_name": agent.name,
        "type": 2,  # only licensed users ever have recordings (5.1)
        "status": status,
        "dept": agent.team.name,
        "timezone": "UTC",
        "account_id": account_id,
        "group_ids": [ids.short("group", agent.team.team_id)],
        "role_name": "Member",
        "pmi": ids.personal_number(agent),
        "employee_unique_id": agent.agent_id,
        "cost_center": agent.team.team_id,
        "custom_attributes": [],
    }
    return User(user_id, agent.email, status, fields)
