"""Tells who took part in sessions, and when they held the customer (3.3, 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_parts import Part, Story
from catchment_dynamics.simulator.tell_rows import Book, N, Step, after, count_seconds, refer
from catchment_dynamics.simulator.tell_schedule import Schedule
from catchment_dynamics.simulator.tell_sessions import SESSION

PARTICIPANT = "msdyn_sessionparticipant"
MODES = {"primary": N + 2, "consult": N + 3, "monitor": N + 4}
PUBLIC, PRIVATE = 1, 2
PHONE_NUMBER = 426120000

HOLD = N + 1
"""The one known type of a participant's event (3.5)."""

IN_TRANSIT, ACCEPTED = N + 1, N + 2
"""Reasons of a participant's event, besides "agent initiated" (3.5)."""


class ParticipantTeller:
    """Tells participants and their events.

    Attributes:
        spoilt: Conversations in which a participant's row is wrong or missing.
    """

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches
        self.spoilt: set[str] = set()

    def tell(self, story: Story, schedule: Schedule) -> None:
        """Tell everybody who took part in a conversation."""
        missing, reversed_ = self._spoil(story)
        for part in story.parts:
            if part is not missing:
                steps = self._list_steps(story, part)
                told = list(self._delay(part, steps, schedule, reversed_=part is reversed_))
                self._book.write(PARTICIPANT, part.part_id, told, schedule.orphaned_at)
            self._tell_holds(part, schedule)
            if part.transit is not None and self._switches.transit_rows:
                self._tell_transit(part, schedule)
        if self._ids.hits(
            self._switches.unknown_options_every, "unknown option", story.call.call_id
        ):
            for part in story.parts[-1:]:
                row_id = self._ids.guid("participant event", part.part_id, "unknown")
                row = self._event(part, N + 9, N + 9) | {"msdyn_eventstarttime": part.added}
                told = [(after(part.added, 5), row)]
                self._book.write(_EVENT, row_id, told, schedule.orphaned_at)

    def _spoil(self, story: Story) -> tuple[Part | None, Part | None]:
        """Which participant is missing, and which left before joining."""
        call_id, switches = story.call.call_id, self._switches
        there = [part for part in story.parts if part.agent and part.joined]
        if not there:
            return None, None
        chosen = there[self._ids.chance("which participant", call_id) % len(there)]
        missing = self._ids.hits(switches.participants_missing_every, "missing", call_id)
        reversed_ = self._ids.hits(switches.reversed_times_every, "reversed", call_id)
        if missing or reversed_:
            self.spoilt.add(story.conversation_id)
        return chosen if missing else None, chosen if reversed_ and not missing else None

    # --- a participant over time ------------------------------------------------------------------

    def _delay(
        self, part: Part, steps: Iterator[Step], schedule: Schedule, *, reversed_: bool
    ) -> Iterator[Step]:
        """The row is there at once, its columns later; or all of it long after the recording."""
        late = schedule.late == "consults" and part.mode == "consult"
        for number, (at, columns) in enumerate(steps):
            told = dict(columns)
            if reversed_ and "msdyn_lefton" in told and part.joined is not None:
                told["msdyn_lefton"] = after(part.joined, -7)
            lag = 1 if number == 0 else schedule.participant_s
            yield schedule.late_at if late else after(at, lag), told

    def _list_steps(self, story: Story, part: Part) -> Iterator[Step]:
        yield part.added, self._begin(part)
        if part.joined is not None:
            yield (
                part.joined,
                {
                    "msdyn_joinedon": part.joined,
                    "msdyn_starttalktime": part.joined,
                    "msdyn_startactivetime": part.joined,
                    "msdyn_modifiedon": part.joined,
                },
            )
        held = 0
        for hold in part.holds:
            yield hold.start, {"msdyn_startholdtime": hold.start, "msdyn_modifiedon": hold.start}
            held += count_seconds(hold.start, hold.end)
            yield (
                hold.end,
                {
                    "msdyn_starttalktime": hold.end,
                    "msdyn_holdtime": held,
                    "msdyn_modifiedon": hold.end,
                },
            )
        if part.public is not None and part.agent is not None:
            yield part.public, self._access(PUBLIC)
        wraps = part.mode == "primary" and part.joined and story.ended <= part.left
        if wraps:
            yield story.ended, {"msdyn_startactivewrapuptime": story.ended}
        yield part.left, self._end(story, part, held, wraps=bool(wraps))

    def _begin(self, part: Part) -> dict[str, object]:
        columns: dict[str, object] = {
            "msdyn_name": part.part_id[:8],
            "msdyn_omnichannelsession": refer(SESSION, part.session.session_id),
            "msdyn_mode": MODES[part.mode],
            "msdyn_addedon": part.added,
            "msdyn_modifiedon": part.added,
        }
        if part.agent is not None:
            columns["msdyn_agentid"] = refer(
                "systemuser", self._ids.user(part.agent), part.agent.name
            )
            columns["msdyn_activedirectoryuserid"] = self._ids.guid(
                "directory", part.agent.agent_id
            )
        elif part.bot:
            columns["msdyn_agentid"] = refer("systemuser", self._ids.guid("bot"), "Voice bot")
        else:
            columns["msdyn_externalparticipantchannel"] = part.tel
            columns["msdyn_externalparticipantchanneltype"] = PHONE_NUMBER
        if part.mode == "consult" and part.agent is not None:
            columns["msdyn_consultmode"] = 2
            columns |= self._access(PRIVATE)
        else:
            columns |= self._access(PRIVATE if part.mode == "monitor" else PUBLIC)
        return columns

    def _access(self, told: int) -> dict[str, object]:
        if self._switches.access == "null":
            return {}
        return {"msdyn_conversationaccess": told if self._switches.access == "told" else 0}

    def _end(self, story: Story, part: Part, held: int, *, wraps: bool) -> dict[str, object]:
        columns: dict[str, object] = {
            "msdyn_lefton": part.left,
            "msdyn_modifiedon": part.left,
            "msdyn_lastupdatedon": part.left,
        }
        if part.reason:
            columns["msdyn_leftonreason"] = part.reason
        if part.joined is not None:
            there = count_seconds(part.joined, min(part.left, story.ended))
            columns["msdyn_talktime"] = there - held
            columns["msdyn_holdtime"] = held
            columns["msdyn_activetime"] = there
        if wraps:
            columns["msdyn_activewrapuptime"] = count_seconds(story.ended, part.left)
        return columns

    # --- events -----------------------------------------------------------------------------------

    def _tell_holds(self, part: Part, schedule: Schedule) -> None:
        for number, hold in enumerate(part.holds):
            row = self._event(part, HOLD, N)
            row["msdyn_eventstarttime"] = hold.start
            seconds = count_seconds(hold.start, hold.end)
            end = {"msdyn_eventendtime": hold.end, "msdyn_eventduration": float(seconds)}
            ended_at = after(hold.end, schedule.hold_s)
            if schedule.late == "holds":
                told: list[Step] = [(schedule.late_at, {**row, **end})]
            elif schedule.holds_at is not None:
                told = [(schedule.holds_at, {**row, **end})]
            elif self._switches.hold_rows == "end":
                told = [(ended_at, {**row, **end})]
            else:
                told = [(after(hold.start, schedule.hold_s), row), (ended_at, end)]
            row_id = self._ids.guid("participant event", part.part_id, number)
            self._book.write(_EVENT, row_id, told, schedule.orphaned_at)

    def _tell_transit(self, part: Part, schedule: Schedule) -> None:
        assert part.transit is not None
        start, end = part.transit.start, part.transit.end
        moments = ((IN_TRANSIT, start, end), (ACCEPTED, end, end))
        for reason, since, until in moments:
            row = self._event(part, N, reason) | {
                "msdyn_eventstarttime": since,
                "msdyn_eventendtime": until,
                "msdyn_eventduration": float(count_seconds(since, until)),
            }
            row_id = self._ids.guid("participant event", part.part_id, reason)
            told = [(after(until, schedule.hold_s), row)]
            self._book.write(_EVENT, row_id, told, schedule.orphaned_at)

    def _event(self, part: Part, kind: int, reason: int) -> dict[str, object]:
        return {
            "msdyn_sessionid": refer(SESSION, part.session.session_id),
            "msdyn_sessionparticipantid": refer(PARTICIPANT, part.part_id),
            "msdyn_eventtype": kind,
            "msdyn_eventreason": reason,
        }


_EVENT = "msdyn_ocsessionparticipantevent"
