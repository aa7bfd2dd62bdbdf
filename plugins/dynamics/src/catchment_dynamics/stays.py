"""When each agent was part of the call, by the participants of its sessions (3.3, 3.5).  Pure.

Participants' stamps alone are used, because those of sessions differ by a second or two; a session
stands in for what its participant does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.segments import Row, Stay, list_stays
from catchment_dynamics.payloads import read_lookup, read_number
from catchment_dynamics.rows import Participant, Session
from catchment_dynamics.sightings import is_answered
from catchment_dynamics.view import View
from catchment_dynamics.words import PRIVATE

UNKNOWN_PARTS = "who took part is not told; the whole call is given to its last agent"
BY_SESSION = "that the last agent took part is told by the conversation and its session alone"

_JITTER = timedelta(seconds=2)
"""So far apart are stamps of one moment that different parts of the platform wrote."""

_HANDOVER = timedelta(seconds=3)
"""So long may it take until who was asked has the call: a new session and participant are made."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A participant who joined.

    Attributes:
        participant: Who.
        start: When it joined; ``None`` where only is told that it talked.
        end: When it left, or its session closed; ``None`` where it is there still.
        wrap_up: How long it stayed after the call's end.
    """

    participant: Participant
    start: datetime | None
    end: datetime | None
    wrap_up: timedelta = timedelta()


def list_presences(view: View) -> tuple[Presence, ...]:
    """Everybody who joined, also those who only watched; by start."""
    found = [one for told in view.participants if (one := _read_presence(view, told)) is not None]
    return tuple(
        sorted(found, key=lambda one: (one.start or view.began, one.participant.participant_id))
    )


def _read_presence(view: View, told: Participant) -> Presence | None:
    session = view.sessions.get(told.session_id)
    start = told.joined or _find_start(view, told, session)
    if start is None and not _has_talked(told):
        return None
    end = told.left or (session.closed if session else None)
    apart = told.is_outside or told.watches
    out = view.ended if apart else (view.wrapped or view.ended)
    if end and out and start and end > out >= start:
        return Presence(told, start, out, end - out)
    if end is None and start and out and out != view.ended and out >= start:
        end = out  # whoever is left in the call then is no agent
    return Presence(told, start, end)


def _find_start(view: View, told: Participant, session: Session | None) -> datetime | None:
    """When a primary agent came in who is not told to have joined, though the session is taken."""
    if session is None or session.accepted is None or not told.is_primary or told.refused:
        return None
    others = [
        one
        for one in view.participants
        if one.session_id == told.session_id and one.is_primary and one != told
    ]
    return None if others else session.accepted


def _has_talked(told: Participant) -> bool:
    return told.is_primary and (read_number(told.row, "msdyn_talktime") or 0) > 0


# --- holds ----------------------------------------------------------------------------------------


def list_holds(view: View) -> tuple[tuple[str, Window], ...]:
    """When the customer was on hold, with the participant who held; an open one ends with that."""
    ends = {one.participant.participant_id: one.end for one in list_presences(view)}
    found = []
    for event in view.events:
        end = event.end or ends.get(event.participant_id) or view.ended
        if not event.in_transit and end and end > event.start:
            found.append((event.participant_id, Window(event.start, end)))
    return tuple(found)


def _list_waits(view: View) -> list[Window]:
    """When the customer waited for whoever had the call; a colleague's own holds do not count."""
    asked = {one.participant_id for one in view.participants if one.is_asked}
    waits = [window for holder, window in list_holds(view) if holder not in asked]
    return sorted(waits, key=lambda window: (window.start, window.end))


# --- stays ----------------------------------------------------------------------------------------


def list_parts(view: View) -> tuple[Stay, ...]:
    """Each time that an agent was part of the call; of the last agent also without its rows."""
    rows = list_rows(view)
    began = view.answered or view.began
    stays = list_stays(rows, view.ended, began)
    last = find_last_agent(view)
    if not last or any(stay.agent == last for stay in stays):
        return stays
    if not stays:
        end = max(began, view.ended or began)
        running = view.ended is None
        return (Stay(last, 1, began, end, doubt=UNKNOWN_PARTS, running=running),)
    by_session = _read_last_session(view, last)
    own = [*stays, by_session] if by_session else stays
    return tuple(sorted(own, key=lambda stay: (stay.start, stay.end, stay.agent)))


def find_last_agent(view: View) -> str:
    """Who had the call last, as the conversation itself says; empty for nobody, and for bots."""
    bots = [view.is_bots(session) for session in view.sessions.values()]
    if not is_answered(view.conversation) or (bots and all(bots)):
        return ""
    return read_lookup(view.conversation, "msdyn_activeagentid")


def _read_last_session(view: View, last: str) -> Stay | None:
    """The last agent's stay by the last session, where that has no participant."""
    session = view.sessions.get(read_lookup(view.conversation, "msdyn_lastsessionid"))
    if session is None or session.accepted is None or view.is_bots(session):
        return None
    if any(one.session_id == session.session_id and one.is_primary for one in view.participants):
        return None
    told = (session.closed, view.wrapped or view.ended)
    ends = [end for end in told if end and end >= session.accepted]
    end = min(ends, default=session.accepted)
    return Stay(last, 1, session.accepted, end, doubt=BY_SESSION, running=not ends)


# --- rows -----------------------------------------------------------------------------------------


def list_rows(view: View) -> list[Row]:
    """What each agent did in the call, in the segmenter's words."""
    parts = [one for one in list_presences(view) if view.is_agent(one.participant)]
    agents = {one.participant.participant_id: one.participant.agent_id for one in parts}
    waits = _list_waits(view)
    rows = []
    for one in parts:
        asked = one.participant.is_asked
        rows += _list_asked(_clip(one, parts), waits) if asked else [_build_row(one)]
    rows += _list_handovers(parts)
    rows += [
        Row(agents[event.participant_id], "away", event.start, event.end, "transit")
        for event in view.events
        if event.in_transit and event.participant_id in agents
    ]
    return rows


def _build_row(one: Presence) -> Row:
    return Row(one.participant.agent_id, "talk", one.start, one.end, "primary")


def _clip(one: Presence, parts: Sequence[Presence]) -> Presence:
    """Who is given the call is asked no longer, though that row may end a moment later."""
    agent, end = one.participant.agent_id, one.end
    for other in parts:
        told, at = other.participant, other.start
        if told.is_asked or told.agent_id != agent or at is None or one.start is None:
            continue
        if one.start < at and (end is None or at < end) and _outlasts(other, end):
            end = at
    return replace(one, end=end)


def _outlasts(one: Presence, end: datetime | None) -> bool:
    return one.end is None or (end is not None and one.end >= end)


def _list_asked(one: Presence, waits: Sequence[Window]) -> list[Row]:
    """A consultation: in private throughout, in public as long as the customer waits (3.3).

    Of hair-breadths before the customer waits and after, nobody knows whose stamp is right.
    """
    agent, at, end = one.participant.agent_id, one.start, one.end
    if one.participant.access == PRIVATE or at is None:
        return [Row(agent, "consult", at, end, "asked")]
    rows: list[Row] = []
    for wait in waits:
        if wait.end <= at or (end and wait.start >= end):
            continue
        if wait.start - at > _JITTER:
            rows.append(Row(agent, "talk", at, wait.start, "joined"))
            at = wait.start
        until = wait.end if end is None or end - wait.end > _JITTER else end
        rows.append(Row(agent, "consult", at, until, "asked"))
        at = until
    if end is None or at < end or not rows:
        rows.append(Row(agent, "talk", at, end, "joined"))
    return rows


def _list_handovers(parts: Sequence[Presence]) -> Iterator[Row]:
    """Between being asked and having the call: a stay that goes on."""
    for one in parts:
        for other in parts:
            told, next_one = one.participant, other.participant
            if told.agent_id != next_one.agent_id or not told.is_asked or not next_one.is_primary:
                continue
            if one.end and other.start and one.end < other.start <= one.end + _HANDOVER:
                yield Row(told.agent_id, "wait", one.end, other.start)
