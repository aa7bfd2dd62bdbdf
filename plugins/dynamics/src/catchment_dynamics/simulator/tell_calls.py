"""Tells a conversation, and the rows of its telephone call (3.1, 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_parts import Part, Story
from catchment_dynamics.simulator.tell_rows import (
    VOICE,
    VOICE_CALL,
    Book,
    N,
    Step,
    after,
    count_seconds,
    refer,
)
from catchment_dynamics.simulator.tell_schedule import Schedule

CONVERSATION = "msdyn_ocliveworkitem"
OPEN, ACTIVE, CLOSED, WRAP_UP = 1, 2, 4, 5
"""Values of ``statuscode`` (3.1)."""

TALK, HOLD, ENDED = 1, 2, 3
"""Values of ``msdyn_conversationactivitystate`` (3.1)."""

WORKSTREAMS = ("phone", "phone by hand", "phone by consent", "phone outbound", "chat")


def read_channel(story: Story, ids: Ids) -> int:
    """Most telephone calls have the one value, some the other (3.1)."""
    old = ids.chance("channel", story.call.call_id) % 8 == 0
    return VOICE if old else VOICE_CALL


def choose_workstream(story: Story, ids: Ids, switches: DynamicsSwitches) -> str:
    """Which of :data:`WORKSTREAMS` the conversation belongs to (4.1)."""
    call = story.call
    if call.direction == "outbound":
        return "phone outbound"
    if switches.workstreams == "one":
        return "phone"
    drawn = ids.chance("workstream", call.call_id) % 12
    if (call.outcome == "not_recorded" and not call.abandoned) or drawn == 0:
        return "phone by hand"
    return "phone by consent" if call.outcome == "refused" or drawn == 1 else "phone"


class CallTeller:
    """Tells conversations and their calls."""

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches

    def tell(self, story: Story, schedule: Schedule, *, voicemail: bool) -> None:
        """Tell one conversation, open, active, in wrap-up and closed (D5)."""
        steps = [(story.begun, self._open(story))]
        if story.answered is None:
            steps.append((story.closed, self._give_up(story, voicemail)))
        else:
            for part in story.parts:
                if part.mode == "primary" and not part.bot:
                    steps += self._handle(part)
            for number, at in enumerate(story.transfers, 1):
                steps.append((at, {"msdyn_transfercount": number}))
            steps.append((story.ended, self._wrap_up(story)))
            steps.append((story.closed, self._close(story, story.answered)))
        told: list[Step] = [
            (after(at, schedule.conversation_s), {**columns, **_stamp(at)})
            for at, columns in sorted(steps, key=lambda step: step[0])
        ]
        mood = self._ids.span(6, 13, "sentiment", story.call.call_id)
        told.append(
            (after(told[-1][0], 60), {"msdyn_customersentimentlabel": 0 if mood == 6 else mood})
        )
        self._book.write(CONVERSATION, story.conversation_id, told, schedule.orphaned_at)
        self._tell_contexts(story, schedule)

    # --- the conversation over time ---------------------------------------------------------------

    def _open(self, story: Story) -> dict[str, object]:
        call, ids = story.call, self._ids
        outbound = call.direction == "outbound"
        known = call.customer is not None and ids.chance("known", call.call_id) % 5 > 0
        workstream = choose_workstream(story, ids, self._switches)
        title = f"Call {'to' if outbound else 'from'} {call.dnis if outbound else call.ani}"
        columns: dict[str, object] = {
            "subject": title,
            "msdyn_title": title,
            "activitytypecode": CONVERSATION,
            "msdyn_ocliveworkitemid": story.conversation_id,
            "msdyn_channel": (read_channel(story, ids),),
            "statecode": 0,
            "statuscode": OPEN,
            "msdyn_statuschangereason": N + 1,
            "msdyn_conversationactivitystate": 0,
            "msdyn_initiatedon": story.begun,
            "msdyn_createdon": story.begun,
            "msdyn_firstwaitstartedon": story.begun,
            "msdyn_liveworkstreamid": refer(
                "msdyn_liveworkstream", ids.guid("workstream", workstream), workstream
            ),
            "msdyn_isoutbound": outbound,
            "msdyn_isabandoned": False,
            "msdyn_isagentaccepted": False,
            "msdyn_isagentsession": False,
            "msdyn_thirdpartyconversation": False,
            "leftvoicemail": False,
            "msdyn_transfercount": 0,
            "msdyn_escalationcount": 0,
            "msdyn_overflowtransfercount": 0,
            "msdyn_customerlocale": "en-us",
            "msdyn_channelprovidername": "Azure Communication Services",
        }
        if call.queue is not None:
            columns["msdyn_cdsqueueid"] = refer("queue", ids.queue(call.queue), call.queue.name)
        if known and call.customer is not None:
            columns["msdyn_customer"] = refer(
                "contact", ids.contact(call.customer), call.customer.name
            )
        return columns

    def _handle(self, part: Part) -> list[tuple[datetime, dict[str, object]]]:
        """An agent is asked, accepts, holds the customer."""
        session = part.session
        last = {"msdyn_lastsessionid": refer("msdyn_ocsession", session.session_id)}
        if part.joined is None:
            waits = {"statuscode": OPEN, "msdyn_statuschangereason": N + 1}
            return [(part.added, self._assign(part, last)), (part.left, {**waits, **last})]
        assert part.agent is not None
        talk: dict[str, object] = {
            **last,
            "statuscode": ACTIVE,
            "msdyn_statuschangereason": N + 3,
            "msdyn_conversationactivitystate": TALK,
            "msdyn_isagentaccepted": True,
            "msdyn_isagentsession": True,
            "msdyn_activeagentid": refer("systemuser", self._ids.user(part.agent), part.agent.name),
            "msdyn_activesessionparticipantid": refer("msdyn_sessionparticipant", part.part_id),
        }
        if not session.passed_on:
            talk["msdyn_startedon"] = part.joined
        steps = [(part.added, self._assign(part, last)), (part.joined, talk)]
        for hold in part.holds:
            steps.append((hold.start, {"msdyn_conversationactivitystate": HOLD}))
            if hold.end < part.left:
                steps.append((hold.end, {"msdyn_conversationactivitystate": TALK}))
        return steps

    def _assign(self, part: Part, last: Mapping[str, object]) -> dict[str, object]:
        assigned = {"msdyn_activeagentassignedon": part.added}
        return {**last, **assigned, "statuscode": ACTIVE, "msdyn_statuschangereason": N + 2}

    def _wrap_up(self, story: Story) -> dict[str, object]:
        return {
            "statuscode": WRAP_UP,
            "msdyn_statuschangereason": N + (6 if story.by_customer else 5),
            "msdyn_conversationactivitystate": ENDED,
            "msdyn_wrapupinitiatedon": story.ended,
        }

    def _close(self, story: Story, answered: datetime) -> dict[str, object]:
        held = sum(
            count_seconds(hold.start, hold.end) for part in story.parts for hold in part.holds
        )
        odd = self._is_odd(story)
        wrapped = count_seconds(story.ended, story.closed)
        return {
            "statecode": 1,
            "statuscode": CLOSED,
            "msdyn_statuschangereason": N + (90 if odd else 8),
            "msdyn_closedon": story.closed,
            "msdyn_conversationhandletimeinseconds": count_seconds(answered, story.closed),
            "msdyn_conversationtalktimeinseconds": count_seconds(answered, story.ended) - held,
            "msdyn_conversationholdtimeinseconds": held,
            "msdyn_conversationwrapuptimeinseconds": wrapped,
            "msdyn_conversationactivewrapuptimeinseconds": wrapped,
            "msdyn_conversationfirstwaittimeinseconds": count_seconds(story.begun, answered),
        }

    def _give_up(self, story: Story, voicemail: bool) -> dict[str, object]:
        return {
            "statecode": 1,
            "statuscode": CLOSED,
            "msdyn_statuschangereason": N + 12,
            "msdyn_conversationactivitystate": ENDED,
            "msdyn_closedon": story.closed,
            "msdyn_isabandoned": True,
            "leftvoicemail": voicemail,
            "msdyn_conversationfirstwaittimeinseconds": count_seconds(story.begun, story.closed),
        }

    def _is_odd(self, story: Story) -> bool:
        return self._ids.hits(
            self._switches.unknown_options_every, "unknown option", story.call.call_id
        )

    # --- the telephone call -----------------------------------------------------------------------

    def _tell_contexts(self, story: Story, schedule: Schedule) -> None:
        """Numbers and call ids; another row with each transfer, by switch (3.6)."""
        call = story.call
        numbers = [call.ani, call.dnis]
        if call.direction == "outbound" and self._switches.outbound_phones == "from_customer":
            numbers.reverse()
        moments = [story.begun]
        if self._switches.call_ids == "transfer":
            moments += story.transfers
        for number, at in enumerate(moments):
            columns: dict[str, object] = {
                "msdyn_name": f"Call {number + 1}",
                "msdyn_liveworkitemid": refer(CONVERSATION, story.conversation_id),
                "msdyn_callsid": self._ids.guid("call", call.call_id, number),
                "msdyn_fromphone": numbers[0],
                "msdyn_tophone": numbers[1],
                "msdyn_providername": "Azure Communication Services",
            }
            self._book.write(
                "msdyn_ocphonecallengagementctx",
                self._ids.guid("context", call.call_id, number),
                [(after(at, 1), columns)],
                schedule.orphaned_at,
            )


def _stamp(at: datetime) -> dict[str, object]:
    return {"msdyn_statusupdatedon": at, "msdyn_modifiedon": at}
