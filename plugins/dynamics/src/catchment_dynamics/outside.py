"""Whether a call went on outside, where it is neither recorded nor told of (3.2, 3.10).  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from catchment_dynamics.payloads import read_text
from catchment_dynamics.rows import Session
from catchment_dynamics.view import View
from catchment_dynamics.words import EXTERNAL_REJECTED, GIVEN_AWAY

_JITTER = timedelta(seconds=2)
"""So far apart are stamps of one moment that different parts of the platform wrote."""


def went_outside(view: View) -> bool:
    """Whether the call was left to somebody outside, and no agent had it afterwards.

    A session's closure says so; of a number that did not take the call only where no agent took it
    then.  A session that was closed like any other says so by a number that was still dialled.
    """
    for row in view.left_outside:
        session = view.sessions.get(read_text(row, "activityid").lower())
        if session is None or session.closure != EXTERNAL_REJECTED:
            return True
        if not _is_taken_after(view, session):
            return True
    return any(_is_given_away(view, session) for session in view.sessions.values())


def _is_given_away(view: View, session: Session) -> bool:
    """Whether a number was dialled as the agent of *session* left, who could not see it answer."""
    end = _find_end(view, session)
    if end is None or session.closure not in GIVEN_AWAY or _is_taken_after(view, session):
        return False
    return any(
        one.is_outside
        and one.session_id == session.session_id
        and one.joined is None
        and not one.refused
        and (one.left is None or one.left >= end - _JITTER)
        for one in view.participants
    )


def _is_taken_after(view: View, session: Session) -> bool:
    """Whether an agent came into the call as *session* ended, or later."""
    end = _find_end(view, session)
    return end is not None and any(
        moment >= end - _JITTER for moment in _list_answers(view, session)
    )


def _list_answers(view: View, session: Session) -> Iterator[datetime]:
    """When agents came into the call by other sessions than *session*."""
    for other in view.taken:
        if other.session_id != session.session_id and other.accepted:
            yield other.accepted
    for one in view.participants:
        if one.session_id != session.session_id and one.is_primary and view.is_agent(one):
            yield from [one.joined] if one.joined else []


def _find_end(view: View, session: Session) -> datetime | None:
    """When the agent of *session* left the call, which is before wrapping it up."""
    if session.closed is None:
        return None
    own = [one for one in view.participants if one.session_id == session.session_id]
    lefts = [one.left for one in own if one.left and one.joined and one.is_primary]
    wrapped = [view.wrapped] if view.wrapped else []
    return min([session.closed, *wrapped, *lefts])
