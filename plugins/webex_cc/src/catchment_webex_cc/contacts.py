"""One contact per agent and stay (10; S002-143 to S002-145).  Pure.

The agents' own rows say when each came and left; of an agent who has none the task's chain does,
and before that the last agent stands for the whole call.  Both leave a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from catchment.model import Contact, Leg, Window
from catchment.segments import Row, Stay, list_heard, list_stays
from catchment_webex_cc.activities import (
    HOLD,
    WRAP_UP,
    list_chain_rows,
    list_rows,
    read_part,
    read_state,
    spell,
)
from catchment_webex_cc.cast import LOGIN, NUMBER, USER, Cast, agent_party
from catchment_webex_cc.doubts import UNKNOWN_PARTS, find_doubts
from catchment_webex_cc.payloads import AgentActivity
from catchment_webex_cc.sightings import is_answered
from catchment_webex_cc.view import View

_NO_TIME = timedelta()


def list_parts(view: View, cast: Cast) -> tuple[Stay, ...]:
    """Each time that an agent was part of the call."""
    rows = [*list_rows(view.activities, cast.agents), *_list_others(view, cast)]
    stays = list_stays(rows, view.ended, view.began)
    agent = cast.find_agent(view)
    if stays or any(row.agent == agent and row.part != "away" for row in rows):
        return stays
    if not agent or not is_answered(view.task, legacy=view.legacy):
        return ()
    end = max(view.began, view.ended or view.began)
    return (Stay(agent, 1, view.began, end, doubt=UNKNOWN_PARTS),)


def _list_others(view: View, cast: Cast) -> Iterator[Row]:
    """What the task's chain says of agents who have no rows of their own, not even of ringing.

    Rows of an earlier generation may tell an agent by login alone: who has the name of one that
    has rows is that one.
    """
    told = {cast.agents.get(spell(row), "") for row in view.activities}
    names = {row.agent_name for row in view.activities} - {""}
    by_id = {node.agent_id: node.agent_name for node in view.nodes}
    by_id |= {node.destination_agent_id: node.destination_agent_name for node in view.nodes}
    for row in list_chain_rows(view.nodes):
        agent = cast.agents[row.agent]
        if agent not in told and by_id.get(row.agent) not in names:
            yield Row(agent, row.part, row.start, row.end, row.state)


def list_contacts(
    view: View, cast: Cast, stays: tuple[Stay, ...], acd_id: str
) -> Iterator[Contact]:
    """One contact for each of *stays*."""
    tracks = view.list_tracks()
    latest = max((stay.end for stay in stays), default=view.began)
    for stay in stays:
        mine = [told for told in view.activities if cast.agents.get(spell(told)) == stay.agent]
        after = _find_wrap_up(stay, stays, mine)
        wrap_up = after.wrapup_code_name if after else ""
        last = stay.agent == cast.find_agent(view) and stay.end == latest
        heard = list_heard(stay, tracks)
        running = _is_running(view, stay, mine)
        doubts = [stay.doubt, *find_doubts(view, cast, stays, heard)]
        yield Contact(
            contact_id=stay.stay_id,
            agent=agent_party(stay.agent),
            start=stay.start,
            end=None if running else stay.end,
            legs=(stay.stay_id,),
            queue=_find_queue(stay, mine, view, last=last),
            wrap_up=wrap_up or (view.task.last_wrapup_code_name if last else ""),
            custom=dict(_describe(stay, mine, after, cast.spellings.get(stay.agent, {}), acd_id)),
            heard=heard,
            doubt="; ".join(doubt for doubt in doubts if doubt),
        )


def _is_running(view: View, stay: Stay, mine: list[AgentActivity]) -> bool:
    """Whether the agent is still in a call that is not told to be over: nothing is wrong then."""
    return view.ended is None and any(
        told.end_time is None
        and told.start_time is not None
        and stay.start <= told.start_time <= stay.end
        and read_part(told.current_state) != "away"
        for told in mine
    )


def list_legs(view: View, cast: Cast, stays: tuple[Stay, ...]) -> Iterator[Leg]:
    """The agents' connections, each with the holds that the agent put the customer on."""
    for stay in stays:
        own = _sort_windows(
            hold
            for agent, hold in _list_holds(view, cast)
            if agent == stay.agent and hold.start >= stay.start and hold.end <= stay.end
        )
        yield Leg(stay.stay_id, agent_party(stay.agent), stay.start, stay.end, own)


def find_holds(view: View, cast: Cast) -> tuple[Window, ...]:
    """When the customer was on hold, whoever held."""
    return _sort_windows(hold for _, hold in _list_holds(view, cast))


def _list_holds(view: View, cast: Cast) -> Iterator[tuple[str, Window]]:
    """Who held when, by the agents' rows, else by the chain; the agent is empty for nobody."""
    told = [
        (cast.agents.get(spell(one), ""), one.start_time, one.end_time)
        for one in view.activities
        if read_state(one.current_state) == HOLD
    ]
    told = told or [
        (cast.agents.get(node.agent_id, ""), node.created_time, node.ended_time)
        for node in view.nodes
        if read_state(node.event_name) == HOLD
    ]
    for agent, start, end in told:
        if start and end and start < end:
            yield agent, Window(start, end)


def _sort_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(sorted(set(windows), key=lambda window: (window.start, window.end)))


def _find_wrap_up(
    stay: Stay, stays: tuple[Stay, ...], mine: list[AgentActivity]
) -> AgentActivity | None:
    """What the agent wrapped up after *stay* and before the next one."""
    following = [one.start for one in stays if one.agent == stay.agent and one.start > stay.start]
    until = min(following, default=None)
    for told in mine:
        start = told.start_time
        if read_state(told.current_state) != WRAP_UP or start is None or start < stay.start:
            continue
        if until is None or start < until:
            return told
    return None


def _find_queue(stay: Stay, mine: list[AgentActivity], view: View, *, last: bool) -> str:
    """The queue that the agent's own rows name, else the chain when the agent came.

    The task's last queue is only the last stay's: those before came by another one, or by none.
    """
    for told in mine:
        start = told.start_time
        if told.queue_name and start is not None and stay.start <= start <= stay.end:
            return told.queue_name
    before = [
        node.queue_name
        for node in view.nodes
        if node.queue_name and node.created_time is not None and node.created_time <= stay.start
    ]
    return before[-1] if before else view.task.last_queue.name if last else ""


def _describe(
    stay: Stay,
    mine: list[AgentActivity],
    after: AgentActivity | None,
    spellings: Mapping[str, str],
    acd_id: str,
) -> Iterator[tuple[str, str]]:
    """What is told of one agent's part alone."""
    chosen = spellings.get(NUMBER if acd_id == "dbId" else USER, "")
    yield from _say("acd_id", chosen)
    yield from _say("login", spellings.get(LOGIN, ""))
    yield from _say("team", next((told.team_name for told in mine if told.team_name), ""))
    yield from _say("site", next((told.site_name for told in mine if told.site_name), ""))
    consulted = sum((window.length for window in stay.consults), _NO_TIME)
    if consulted:
        yield "consulted_s", _write_seconds(consulted)
    if after and after.start_time and after.end_time and after.end_time >= after.start_time:
        yield "wrap_up_s", _write_seconds(after.end_time - after.start_time)


def _write_seconds(length: timedelta) -> str:
    return str(round(length.total_seconds()))


def _say(name: str, value: str) -> Iterator[tuple[str, str]]:
    if value:
        yield name, value
