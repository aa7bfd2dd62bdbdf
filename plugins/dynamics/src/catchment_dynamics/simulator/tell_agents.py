"""Tells what agents do: one row each that is overwritten, and its history (5.1, 5.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.sandbox import Agent, World
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.tell_directory import PRESENCES
from catchment_dynamics.simulator.tell_parts import Part, Story
from catchment_dynamics.simulator.tell_rows import Book, N, Step, after, refer

STATUS, HISTORY = "msdyn_agentstatus", "msdyn_agentstatushistory"
CAPACITY = 100
LOGIN, LOGOUT, SET_PRESENCE = 3, 5, 6
MISSED, REJECTED, ATTEMPTED, ASSIGNED, CLOSED = 7, 8, 11, 12, 13
"""Values of ``msdyn_eventname``, without 192350000 (5.1)."""

SUB_EVENTS = {6: 12, 21: 6, 22: 26}
"""``msdyn_subeventname`` by the closure of the session (3.2, 5.1)."""


@dataclass(frozen=True, slots=True)
class _News:
    """Something happened to an agent.

    Attributes:
        event: ``msdyn_eventname``; *sub* is ``msdyn_subeventname``.
        calls: By how much the number of conversations changes.
        away: Whether a break begins or ends.
    """

    at: datetime
    event: int
    sub: int = 0
    calls: int = 0
    away: bool | None = None
    logged_in: bool | None = None


class AgentTeller:
    """Collects what happened to agents, and tells it when all is known."""

    def __init__(self, book: Book, world: World, ids: Ids, epoch: datetime) -> None:
        self._book, self._world, self._ids, self._epoch = book, world, ids, epoch
        self._news: dict[Agent, list[_News]] = defaultdict(list)

    def hear(self, story: Story) -> None:
        """Take down what a conversation was to its primary agents."""
        for part in story.parts:
            if part.mode == "primary" and part.agent is not None:
                self._news[part.agent] += _list_news(story, part)

    def tell(self) -> None:
        """Tell all agents who ever were at work."""
        for shift in self._world.shifts:
            news = self._news[shift.agent]
            news.append(_News(shift.window.start, LOGIN, away=False, logged_in=True))
            news.append(_News(shift.window.end, LOGOUT, logged_in=False))
            for pause in shift.breaks:
                news.append(_News(pause.start, SET_PRESENCE, away=True))
                news.append(_News(pause.end, SET_PRESENCE, away=False))
        for agent, news in self._news.items():
            self._tell_agent(agent, sorted(news, key=lambda one: one.at))

    def _tell_agent(self, agent: Agent, news: list[_News]) -> None:
        user = refer("systemuser", self._ids.user(agent), agent.name)
        state = _State()
        columns = {"msdyn_name": agent.name, "msdyn_agentid": user, **self._show(state)}
        steps: list[Step] = [(self._epoch, columns)]
        cuts = [(self._epoch, state.presence, state.capacity, state.logged_in)]
        for one in news:
            before = (state.presence, state.capacity, state.logged_in)
            state.take(one)
            now = (state.presence, state.capacity, state.logged_in)
            told: dict[str, object] = {"msdyn_eventname": N + one.event, **self._show(state)}
            told["msdyn_subeventname"] = N + one.sub if one.sub else None
            if now[0] != before[0]:
                told |= self._stamp("presence", one.at, agent)
                told["msdyn_presencemodifiedby"] = "AGENT" if one.event <= 6 else "SYSTEM"
            if now[1] != before[1]:
                told |= self._stamp("capacity", one.at, agent)
            steps.append((after(one.at, 1), told))
            if now != before:
                cuts.append((one.at, *now))
        self._book.write(STATUS, self._ids.guid("agent status", agent.agent_id), steps)
        self._tell_history(agent, cuts)

    def _show(self, state: _State) -> dict[str, object]:
        return {
            "msdyn_currentpresenceid": refer(
                "msdyn_presence", PRESENCES[state.presence][0], state.presence
            ),
            "msdyn_isagentloggedin": state.logged_in,
            "msdyn_isblockedbysomeprofile": False,
            "msdyn_availableunitscapacity": state.capacity,
            "msdyn_assignedconversationcount": state.calls,
        }

    def _stamp(self, what: str, at: datetime, agent: Agent) -> dict[str, object]:
        ms = self._ids.chance("ms", agent.agent_id, at) % 1000
        return {
            f"msdyn_{what}modifiedon": at,
            f"msdyn_{what}modifiedonwithmilliseconds": f"{at:%Y-%m-%dT%H:%M:%S}.{ms:03}Z",
        }

    def _tell_history(self, agent: Agent, cuts: list[tuple[datetime, str, int, bool]]) -> None:
        user = refer("systemuser", self._ids.user(agent), agent.name)
        first = self._ids.guid("history", agent.agent_id)
        ends: list[datetime | None] = [at for at, *_ in cuts[1:]]
        for number, ((at, presence, capacity, logged_in), end) in enumerate(
            zip(cuts, [*ends, None], strict=True)
        ):
            row: dict[str, object] = {
                "msdyn_name": agent.name,
                "msdyn_agentid": user,
                "msdyn_presenceid": refer("msdyn_presence", PRESENCES[presence][0], presence),
                "msdyn_starttime": at,
                "msdyn_availablecapacity": capacity,
                "msdyn_isagentloggedin": logged_in,
            }
            steps: list[Step] = [(after(at, 1), row)]
            if end is not None:
                steps.append((after(end, 1), {"msdyn_endtime": end}))
            self._book.write(HISTORY, self._ids.number(first, number), steps)


@dataclass(slots=True)
class _State:
    calls: int = 0
    away: bool = False
    logged_in: bool = False

    @property
    def presence(self) -> str:
        if self.calls:
            return "Busy"
        if not self.logged_in:
            return "Offline"
        return "Away" if self.away else "Available"

    @property
    def capacity(self) -> int:
        return 0 if self.calls else CAPACITY

    def take(self, news: _News) -> None:
        self.calls += news.calls
        self.away = self.away if news.away is None else news.away
        self.logged_in = self.logged_in if news.logged_in is None else news.logged_in


def _list_news(story: Story, part: Part) -> Iterator[_News]:
    session = part.session
    if not session.passed_on and story.call.direction == "inbound":
        yield _News(part.added, ATTEMPTED)
    if part.joined is None:
        rejected = session.closure == 1
        yield _News(part.left, REJECTED if rejected else MISSED, 7 if rejected else 8)
        return
    outbound = story.call.direction == "outbound"
    sub = 4 if session.passed_on else 5 if outbound else 1
    yield _News(part.joined, ASSIGNED, sub, calls=1)
    yield _News(session.closed, CLOSED, SUB_EVENTS.get(session.closure, 6), calls=-1)
