"""Who took part in a task: agents in one spelling, the customer, the queue.  Pure.

An agent is told by id here, by login there, and by an older number elsewhere; rows that have two of
them join the spellings.  Captures name people by yet another id (0, trap 5) and are not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catchment.model import Party, Ref
from catchment_webex_cc.activities import Agents, spell
from catchment_webex_cc.view import View

AGENT, CUSTOMER, QUEUE = "agent", "customer", "queue"
USER, LOGIN, NUMBER, NAME = "user", "login", "db", "name"

_ORDER = (USER, LOGIN, NUMBER, NAME)
_ORDER_OF_BEFORE = (LOGIN, USER, NUMBER, NAME)
"""Earlier generations tell logins everywhere and ids rarely; a moved tenant keeps its contacts."""

Spelling = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One mention of an agent."""

    spellings: tuple[Spelling, ...]
    name: str = ""
    tel: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, the agents first.

    Attributes:
        parties: Agents, then the customer, then the queue.
        agents: The one spelling of each agent, by every spelling.
        spellings: All spellings of an agent, by the one.
    """

    parties: tuple[Party, ...]
    agents: Agents
    spellings: dict[str, dict[str, str]]

    def find_agent(self, view: View) -> str:
        """The agent who had the call last, as the task itself says; empty for nobody."""
        agent = view.task.last_agent
        named = (agent.id, agent.sign_in_id.lower(), agent.name)
        found = next((self.agents[one] for one in named if one in self.agents), "")
        return found or self.find_named(agent.name)

    def find_named(self, name: str) -> str:
        """The one agent of that name; empty for nobody, and where two have it."""
        found = [one.party_id for one in self.parties if one.role == AGENT and one.name == name]
        return found[0].removeprefix(agent_party("")) if name and len(found) == 1 else ""


def agent_party(agent: str) -> str:
    """The ``party_id`` of an agent."""
    return f"agent:{agent}"


def build_cast(view: View) -> Cast:
    """Everybody whom *view* names."""
    order = _ORDER_OF_BEFORE if view.legacy else _ORDER
    groups = _join(list(_list_told(view)))
    agents: Agents = {}
    spellings: dict[str, dict[str, str]] = {}
    parties: list[Party] = []
    for group in groups:
        by_space: dict[str, str] = {}
        for space, value in sorted({pair for told in group for pair in told.spellings}):
            by_space.setdefault(space, value)
        agent = next(by_space[space] for space in order if space in by_space)
        spellings[agent] = by_space
        agents |= {value: agent for told in group for _, value in told.spellings}
        parties.append(_map_agent(agent, by_space, group))
    parties.sort(key=lambda party: party.party_id)
    return Cast((*parties, *_list_others(view)), agents, spellings)


def _list_told(view: View) -> Iterator[Told]:
    """Every agent, once for each mention; who is told by name alone is only asked for at last."""
    found = False
    for told in view.mentions:
        pairs = ((USER, told.agent_id), (LOGIN, told.agent_login.lower()),
                 (NUMBER, told.agent_db_id))  # fmt: skip
        if spell(told):
            found = True
            yield Told(_fill(pairs), told.agent_name, told.agent_dn)
    for node in view.nodes:
        for agent_id, name in (
            (node.agent_id, node.agent_name),
            (node.destination_agent_id, node.destination_agent_name),
        ):
            if agent_id:
                found = True
                yield Told(((USER, agent_id),), name)
    agent = view.task.last_agent
    pairs = ((USER, agent.id), (LOGIN, agent.sign_in_id.lower()), (NAME, agent.name))
    told_ids = _fill(pairs[:2])
    if told_ids:
        yield Told(told_ids, agent.name, agent.phone_number)
    elif agent.name and not found:
        yield Told(((NAME, agent.name),), agent.name)


def _fill(pairs: Iterable[Spelling]) -> tuple[Spelling, ...]:
    return tuple((space, value) for space, value in pairs if value)


def _join(mentions: list[Told]) -> list[list[Told]]:
    """Mentions that share a spelling are one agent's."""
    groups: list[tuple[set[Spelling], list[Told]]] = []
    for told in mentions:
        names, members = set(told.spellings), [told]
        apart = []
        for other_names, others in groups:
            if names & other_names:
                names |= other_names
                members = others + members
            else:
                apart.append((other_names, others))
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _map_agent(agent: str, spellings: dict[str, str], mentions: list[Told]) -> Party:
    ref = next(
        (Ref(space, spellings[space]) for space in (USER, LOGIN, NUMBER) if space in spellings),
        None,
    )
    login = spellings.get(LOGIN, "")
    return Party(
        party_id=agent_party(agent),
        role=AGENT,
        ref=ref,
        name=min((told.name for told in mentions if told.name), default=""),
        email=login if "@" in login else "",
        tel=min((told.tel for told in mentions if told.tel), default=""),
    )


def _list_others(view: View) -> Iterator[Party]:
    task = view.task
    number = task.destination if is_outbound(view) else task.origin
    number = task.customer.phone_number or number
    customer = task.customer
    if number or customer.name or customer.email:
        yield Party(CUSTOMER, CUSTOMER, name=customer.name, email=customer.email, tel=number)
    queue = task.last_queue
    if queue.id or queue.name:
        ref = Ref("queue", queue.id) if queue.id else None
        yield Party(f"queue:{queue.id or queue.name}", QUEUE, ref=ref, name=queue.name)


def is_outbound(view: View) -> bool:
    """Whether an agent dialled; ``outdial`` is the platform's word for it (2.8)."""
    told = view.task.direction.lower()
    return told in ("outdial", "outbound") or (not told and view.task.is_outdial is True)
