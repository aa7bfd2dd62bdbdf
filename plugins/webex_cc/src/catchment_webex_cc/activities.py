"""What agents did, in our words: facts by task, and the rows that contacts are made of.  Pure.

(2.7, 4.2, 7.2.)  Starts and ends count, durations nest and are not read (0, trap 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from catchment.model import Fact, Json
from catchment.payloads import read_as
from catchment.segments import Row, RowPart
from catchment_webex_cc.ids import build_keys
from catchment_webex_cc.payloads import AgentActivity, Node
from catchment_webex_cc.sessions import is_legacy, read_activity, read_node
from catchment_webex_cc.stamps import write_ms

ACTIVITY = "activity"

HOLD, WRAP_UP = "onhold", "wrapup"
CONNECTED, RECORDING = "connected", "recordingstarted"
_TALK = frozenset(
    {
        CONNECTED,
        HOLD,
        "holddone",
        "conference",
        "conferencing",
        "conferencedone",
        "consulttransfer",
        "blindtransfer",
        "transferred",
        "vttransfer",
        "paused",
        "resumed",
    }
)
_CONSULT = frozenset({"consulting", "consultdone"})
_AWAY = frozenset(
    {
        "available",
        "connect",
        "idle",
        "loggedin",
        "loggedout",
        "notresponding",
        "outdialreserved",
        "ringing",
        WRAP_UP,
        "wrapupdone",
    }
)
"""Before coming into a call, and after leaving it; ``connect`` is the chain's word for ringing."""

_ASKING = frozenset({"consult", "ctq", "ctqaccepted", "ctqready", "ctqreserved", "consulterror",
                     "endconsult"})  # fmt: skip
"""Between talking and having asked; of a task's chain, these alone are taken as waiting."""

_TELEPHONY = frozenset({"", "telephony", "voice"})

Agents = dict[str, str]
"""The one spelling of an agent that is used, by every spelling that was told."""


def read_agent_activity(row: Json) -> AgentActivity:
    """An agent's activity as any generation tells it."""
    return read_as(AgentActivity, read_activity(row))


def is_of_a_call(row: Json) -> bool:
    """Whether *row* belongs to a task that is a call; logins and breaks do not."""
    told = read_agent_activity(row)
    return bool(told.task_id.strip()) and told.channel_type.lower() in _TELEPHONY


def map_activity(row: Json, fallback: datetime) -> Fact:
    """A row of the list; told again with its end, it is the same fact."""
    told = read_agent_activity(row)
    start = told.start_time or told.end_time
    stamp = write_ms(start) if start else "unknown"
    who = told.agent_login.lower() or told.agent_id or told.agent_db_id
    return Fact(
        kind=ACTIVITY,
        fact_id=f"{who}-{stamp}-{read_state(told.current_state)}",
        at=start or fallback,
        keys=build_keys(told.task_id),
        ask=None,
        document=dict(row),
    )


def list_rows(activities: Iterable[AgentActivity], agents: Agents) -> list[Row]:
    """What each agent did of the call, in the segmenter's words."""
    rows = []
    for told in activities:
        agent = agents.get(spell(told), "")
        if agent:
            state = read_state(told.current_state)
            rows.append(Row(agent, read_part(state), told.start_time, told.end_time, state))
    return rows


def leave_out_earlier(rows: Sequence[Json]) -> list[AgentActivity]:
    """*rows* of one call without those that were told twice, by a generation before and by this.

    Stamps and states differ a little from generation to generation, so that both together look
    like rows that overlap.  Of an agent whose rows the newest generation tells, what the earlier
    ones tell is kept only if it was over before.
    """
    told = [(read_agent_activity(row), is_legacy(row)) for row in rows]
    begins: dict[str, datetime] = {}
    for row, legacy in told:
        if not legacy and row.start_time is not None:
            for name in _list_names(row):
                begins[name] = min(begins.get(name, row.start_time), row.start_time)
    kept = []
    for row, legacy in told:
        since = min((begins[name] for name in _list_names(row) if name in begins), default=None)
        over = row.end_time is not None and since is not None and row.end_time <= since
        if not legacy or since is None or over:
            kept.append(row)
    return kept


def _list_names(row: AgentActivity) -> set[str]:
    """All that an agent is called; numbers of before are told by the earlier generations alone."""
    return {row.agent_id, row.agent_login.lower(), row.agent_name} - {""}


def read_state(told: str) -> str:
    """A state or event in letters and digits alone: spellings differ from API to API (2.7, 7.2)."""
    return "".join(letter for letter in told.lower() if letter.isalnum())


def read_part(state: str) -> RowPart:
    """With the customer, only with a colleague, away, or waiting.

    Waiting is whatever else has the task's id: it ends no part, and begins none, so that a word
    that nobody knows (2.7) tears no contact apart.
    """
    word = read_state(state)
    if word in _TALK:
        return "talk"
    if word in _CONSULT or word.endswith("consulting"):
        return "consult"
    return "away" if word in _AWAY else "wait"


def spell(told: AgentActivity) -> str:
    """The agent of a row, in whichever spelling it tells."""
    return told.agent_id or told.agent_login.lower() or told.agent_db_id


# --- the chain of the task ------------------------------------------------------------------------


def read_nodes(document: Json | None) -> tuple[Node, ...]:
    """The chain of a task, oldest first; it comes newest first (0, trap 7)."""
    nodes = (document or {}).get("nodes") or ()
    found = [read_as(Node, read_node(row)) for row in nodes if isinstance(row, dict)]
    late = [node for node in found if node.created_time is None]
    timed = [(node.created_time, node.id, place, node) for place, node in enumerate(found)
             if node.created_time is not None]  # fmt: skip
    return (*(row[-1] for row in sorted(timed, key=lambda row: row[:3])), *late)


_SHARED = frozenset({"consulting", "conference", "conferencing"})
"""Events of two agents, one of whom stands in either member."""


def list_chain_rows(nodes: Sequence[Node]) -> Iterator[Row]:
    """The same of the task's own chain, where the agents' rows are not there yet.

    Who was consulted stands in ``agentId`` or in ``destinationAgentId`` (2.7, not certain): both
    are taken, and whoever had the customer before is not made a consulted one by that.  The
    states after a hold or a consultation are only theirs who have been with the customer.
    """
    met = {agent for node in nodes for agent in _list_met(node)}
    for node in nodes:
        state = read_state(node.event_name)
        part = read_part(state)
        if state in ("paused", "resumed") or (part == "wait" and state not in _ASKING):
            continue
        shared = state in _SHARED
        for agent in sorted({node.agent_id, node.destination_agent_id if shared else ""} - {""}):
            if agent in met or shared:
                yield Row(agent, part, node.created_time, node.ended_time, state)


def _list_met(node: Node) -> set[str]:
    """Who is with the customer by *node* itself."""
    state = read_state(node.event_name)
    if state == CONNECTED:
        return {node.agent_id} - {""}
    if state in ("conference", "conferencing"):
        return {node.agent_id, node.destination_agent_id} - {""}
    return set()


def list_pauses(nodes: Sequence[Node]) -> Iterator[tuple[datetime, datetime]]:
    """When the recorder was paused: from ``paused`` to ``resumed``, or to the end told of it."""
    since: Node | None = None
    for node in nodes:
        state = read_state(node.event_name)
        if state == "paused" and since is None:
            since = node
        elif since is not None and state in ("resumed", "ended"):
            yield from _pause(since, node.created_time)
            since = None
    if since is not None:
        yield from _pause(since, since.ended_time)


def _pause(since: Node, until: datetime | None) -> Iterator[tuple[datetime, datetime]]:
    start, end = since.created_time, until or since.ended_time
    if start is not None and end is not None and end >= start:
        yield start, end
