"""Tells sessions and what happened in them (3.2, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CONVERSATION, read_channel
from catchment_dynamics.simulator.tell_parts import Part, Story, Stretch
from catchment_dynamics.simulator.tell_rows import Book, N, Step, after, refer
from catchment_dynamics.simulator.tell_schedule import Schedule

SESSION = "msdyn_ocsession"

Event = tuple[datetime, int, int]
"""When, ``msdyn_eventtype`` and ``msdyn_eventreason``, without 192350000 (3.4)."""


class SessionTeller:
    """Tells sessions and their events."""

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches

    def tell(self, story: Story, schedule: Schedule) -> None:
        """Tell all sessions of a conversation."""
        odd = self._ids.hits(
            self._switches.unknown_options_every, "unknown option", story.call.call_id
        )
        for number, stretch in enumerate(story.stretches):
            last = number == len(story.stretches) - 1
            steps = list(self._list_steps(story, stretch, odd=odd and not last))
            told = [(after(at, schedule.conversation_s), columns) for at, columns in steps]
            self._book.write(SESSION, stretch.session_id, told, schedule.orphaned_at)
            events = sorted(_list_events(story, stretch, last=last))
            if odd:
                events.append((stretch.closed, 77, 77))
            self._tell_events(stretch, events, schedule)

    def _list_steps(self, story: Story, stretch: Stretch, *, odd: bool) -> Iterator[Step]:
        call = story.call
        created: dict[str, object] = {
            "subject": f"Session {stretch.session_id[:8]}",
            "activitytypecode": SESSION,
            "msdyn_sessionid": stretch.session_id,
            "msdyn_liveworkitemid": refer(CONVERSATION, story.conversation_id),
            "msdyn_channel": read_channel(story, self._ids),
            "msdyn_sessioncreatedon": stretch.created,
            "msdyn_sessionmodifiedon": stretch.created,
            "msdyn_state": N + 3,
        }
        if stretch.queued is not None:
            created["msdyn_queueassignedon"] = stretch.queued
        if call.queue is not None and stretch.closure != 26:
            created["msdyn_cdsqueueid"] = refer(
                "queue", self._ids.queue(call.queue), call.queue.name
            )
        yield stretch.created, created
        agent = stretch.primary.agent if stretch.primary else None
        if stretch.assigned is not None:
            assigned: dict[str, object] = {"msdyn_agentassignedon": stretch.assigned}
            if agent is not None:
                assigned["ownerid"] = refer("systemuser", self._ids.user(agent), agent.name)
            elif stretch.closure == 26:
                assigned["ownerid"] = refer("systemuser", self._ids.guid("bot"), "Voice bot")
            yield stretch.assigned, assigned
        if stretch.accepted is not None:
            yield (
                stretch.accepted,
                {
                    "msdyn_agentacceptedon": stretch.accepted,
                    "msdyn_sessionmodifiedon": stretch.accepted,
                    "msdyn_state": N + 1,
                },
            )
        yield (
            stretch.closed,
            {
                "statecode": 1,
                "statuscode": 2,
                "msdyn_state": N + 2,
                "msdyn_closurereason": N + (99 if odd else stretch.closure),
                "msdyn_sessionclosedon": stretch.closed,
                "msdyn_sessionmodifiedon": stretch.closed,
            },
        )

    def _tell_events(self, stretch: Stretch, events: list[Event], schedule: Schedule) -> None:
        session = refer(SESSION, stretch.session_id)
        for number, (at, kind, reason) in enumerate(events):
            columns: dict[str, object] = {
                "msdyn_omnichannelsession": session,
                "msdyn_eventtime": at,
                "msdyn_eventtype": N + kind,
                "msdyn_eventreason": N + reason,
                "msdyn_eventinfo": N,
            }
            event_id = self._ids.number(stretch.session_id, number)
            told = [(after(at, schedule.conversation_s), columns)]
            self._book.write("msdyn_sessionevent", event_id, told, schedule.orphaned_at)


def _list_events(story: Story, stretch: Stretch, *, last: bool) -> Iterator[Event]:
    yield stretch.created, 6, 0
    if stretch.queued is not None:
        yield stretch.queued, 1, 0
    for part in stretch.parts:
        if part.mode == "primary":
            yield from _list_primary(part, stretch)
        else:
            yield from _list_guest(part)
    if stretch.closure == 26:
        yield stretch.closed, 21, 24
    elif stretch.closure == 6:
        yield stretch.closed, 18, 12
    elif last and story.answered is not None:
        yield (story.ended, 25, 29) if story.by_customer else (story.ended, 26, 30)
        yield stretch.closed, 31, 37
    elif last:
        yield stretch.closed, 25, 29
    yield stretch.closed, 5, 7


def _list_primary(part: Part, stretch: Stretch) -> Iterator[Event]:
    if part.bot:
        return
    yield part.added, 2, 0
    if part.joined is not None:
        yield part.joined, 3, 5
    else:
        yield (part.left, 4, 8) if stretch.closure == 1 else (part.left, 7, 9)


def _list_guest(part: Part) -> Iterator[Event]:
    reason = 39 if part.mode == "consult" else 40
    yield part.added, 9, reason
    if part.joined is not None:
        yield part.joined, 11, 19
        if part.mode == "consult" and part.public is None:
            yield part.left, 29, 32
        yield part.left, 20, reason
