"""What may be wrong with the contacts of a call, in short sentences that ``report`` shows.  Pure.

A contact that is missing cannot be marked, so that the others of its call are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from catchment.model import Heard
from catchment.segments import Stay
from catchment_webex_cc.activities import CONNECTED, read_state, spell
from catchment_webex_cc.cast import Cast
from catchment_webex_cc.files import find_beginning
from catchment_webex_cc.payloads import Task
from catchment_webex_cc.view import View

UNKNOWN_PARTS = "who took part when is not known; the whole call is given to its last agent"
BY_TASK_ALONE = "who took part is told by the task alone, not by the agents' own activities"
LAST_MISSING = "nothing tells when the call's last agent took part"
SOME_MISSING = "the call's counters tell of more agents than are found"
UNANCHORED = "when the recording begins is not told; what is heard may lie elsewhere"

_NEAR = timedelta(seconds=2)


def find_doubts(
    view: View, cast: Cast, stays: Sequence[Stay], heard: Sequence[Heard]
) -> Iterator[str]:
    """What is doubtful about a contact whose sound is *heard*, of the call with *stays*."""
    unknown = any(stay.doubt == UNKNOWN_PARTS for stay in stays)
    if not view.activities and view.nodes and not unknown:
        yield BY_TASK_ALONE
    if _lacks_last(view, cast, stays):
        yield LAST_MISSING
    elif len(stays) < count_expected(view.task):
        yield SOME_MISSING
    if not is_anchored(view, heard):
        yield UNANCHORED


def _lacks_last(view: View, cast: Cast, stays: Sequence[Stay]) -> bool:
    """Whether nothing at all is told of the agent who had the call last, not even of ringing."""
    last = view.task.last_agent
    if not (last.id or last.sign_in_id or last.name):
        return False
    agent = cast.find_agent(view)
    if not agent:  # two who have the name, one of whom it is, or nobody who has it
        return all(party.name != last.name for party in cast.parties)
    told = {stay.agent for stay in stays}
    told |= {cast.agents.get(spell(row), "") for row in view.activities}
    return agent not in told


def count_expected(task: Task) -> int:
    """How many stays the task's counters tell of, at the least.

    Transfers to agents bring one each; to dial numbers and entry points they bring none, and to
    queues perhaps none.  Asking and conferring bring one between them, who may be transferred to.
    """
    to_agents = task.agent_to_agent_transfer_count
    if to_agents is None:
        elsewhere = (
            task.agent_to_queue_transfer_count,
            task.agent_to_entrypoint_transfer_count,
            task.agent_to_dn_transfer_count,
        )
        to_agents = (task.transfer_count or 0) - sum(count or 0 for count in elsewhere)
    asked = 1 if (task.consult_count or 0) + (task.conference_count or 0) > 0 else 0
    return 1 + max(to_agents, asked)


def is_anchored(view: View, heard: Sequence[Heard]) -> bool:
    """Whether the sound's time line is told, or begins where the call was answered."""
    used = {(piece.recording_id, piece.file_id) for piece in heard}
    lines = [one.timeline for one in view.files if (one.recording_id, one.file_id) in used]
    guessed = [line.stretches[0].start for line in lines if line.certainty == "guessed"]
    if not guessed:
        return True
    answers = [
        told.start_time
        for told in view.activities
        if told.start_time and read_state(told.current_state) == CONNECTED
    ]
    began = find_beginning(view.nodes) or min(answers, default=None)
    return began is not None and all(abs(start - began) <= _NEAR for start in guessed)
