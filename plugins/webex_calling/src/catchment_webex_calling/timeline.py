"""Which wall time a recording covers: its session without what was paused (1.5; 4, row 5).  Pure.

``durationSeconds`` leaves out pauses, so the stretches must add up to it.  Where they do not, what
Webex told is not understood well enough, and the time line is a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from catchment.model import Timeline, Window
from catchment_webex_calling.payloads import Item, Metadata

TOLERANCE = timedelta(seconds=3)
"""Times are told in whole seconds, and several of them may be off by one."""

_OFF, _ON = frozenset({"pause", "stop"}), frozenset({"resume", "start"})


def build_timeline(item: Item, metadata: Metadata) -> Timeline:
    """The stretches of wall time in the file, as far as *item* and *metadata* tell them.

    Without metadata nobody knows of pauses, and the end is a guess.
    """
    session = metadata.service_data.session
    began = item.time_recorded or session.start_time
    seconds = item.duration_seconds
    if began is None or (seconds is None and session.stop_time is None):
        return Timeline()
    length = timedelta(seconds=max(seconds or 0, 0)) if seconds is not None else None
    actions = list_actions(metadata)
    if session.stop_time is not None and session.stop_time > began:
        told = cut(began, session.stop_time, actions)
        if length is None or abs(_sum(told) - length) <= _tolerance(actions):
            return Timeline(told, "declared")
        stopped = _until_stopped(began, actions)
        if stopped and abs(_sum(stopped) - length) <= _tolerance(actions):
            return Timeline(stopped, "declared")
    return Timeline(fill(began, length, actions) if length else (), "guessed")


def list_actions(metadata: Metadata) -> list[tuple[datetime, bool]]:
    """What was done to the recorder: when, and whether it ran afterwards; other words are passed.

    At one moment off comes before on, so that a restart is one.
    """
    known = {
        (row.time, row.action in _ON)
        for row in metadata.service_data.recording_actions
        if row.time and row.action in _OFF | _ON
    }
    return sorted((moment, on) for moment, on in known if moment)


def cut(
    began: datetime, ended: datetime, actions: Sequence[tuple[datetime, bool]]
) -> tuple[Window, ...]:
    """*began* to *ended* without what lies between off and on.

    Whose first action is a start had not begun before it.
    """
    first = next(iter(actions), None)
    since: datetime | None = None if first and first[1] and first[0] > began else began
    found: list[Window] = []
    for moment, on in actions:
        at = min(max(moment, began), ended)
        if on and since is None:
            since = at
        elif not on and since is not None:
            found.append(Window(since, at))
            since = None
    if since is not None:
        found.append(Window(since, ended))
    return tuple(stretch for stretch in found if stretch.length)


def fill(
    began: datetime, length: timedelta, actions: Sequence[tuple[datetime, bool]]
) -> tuple[Window, ...]:
    """The first *length* of running recorder from *began* on, passing over what was paused."""
    found: list[Window] = []
    left = length
    for stretch in cut(began, began + length + timedelta(days=1), actions):
        taken = min(left, stretch.length)
        found.append(Window(stretch.start, stretch.start + taken))
        left -= taken
        if not left:
            return tuple(found)
    return (Window(began, began + length),)


def _until_stopped(began: datetime, actions: Sequence[tuple[datetime, bool]]) -> tuple[Window, ...]:
    """The stretches up to the last time that the recorder was stopped."""
    stops = [moment for moment, on in actions if not on and moment > began]
    return cut(began, max(stops), actions) if stops else ()


def _sum(stretches: Sequence[Window]) -> timedelta:
    return sum((stretch.length for stretch in stretches), timedelta())


def _tolerance(actions: Sequence[object]) -> timedelta:
    return TOLERANCE + timedelta(seconds=len(actions))
