"""What may be wrong with the contacts of a call, in short sentences that ``report`` shows.  Pure.

A contact that is missing cannot be marked, so that the others of its call are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from catchment.model import Heard, StoredFile, Timeline
from catchment.segments import Stay
from catchment_dynamics.choices import Begin, Choices
from catchment_dynamics.files import AUDIO, guess_timeline, list_stretches
from catchment_dynamics.outside import went_outside
from catchment_dynamics.payloads import read_count, read_flag
from catchment_dynamics.stays import UNKNOWN_PARTS, list_presences
from catchment_dynamics.view import View
from catchment_dynamics.words import ENDED_WAITING, MODES

UNKNOWN_MODE = "in which role the agent took part is told by a number that is not known"
AGENT_MISSING = "an agent took the call, and no participant tells who"
SOME_MISSING = "the call was transferred more often than agents are found"
MANY_RECORDINGS = "the call has {number} recordings; which part of it each holds is not told"
UNTIMED = "when the recording was made is not told, so that nothing of it is heard here"
MOVED = "the recording's place in the call was guessed before all rows were there"
SHORT = (
    "{number} s of the call are not in its recording: it was paused, started by hand or stopped"
    " early; what is heard may lie elsewhere"
)
LONG = "the recording is {number} s longer than the call; what is heard may lie elsewhere"
BEGINS = (
    "the recording is as long as the call from its {begins}; if most are, set recording_begins to"
    ' "{setting}"'
)

_NEAR = timedelta(seconds=2)
"""Stamps are whole seconds, each cut off (2.3)."""

_BEGINNINGS: Mapping[Begin, str] = {"answer": "first answer", "call": "very beginning"}


def find_doubts(
    view: View, stays: Sequence[Stay], stay: Stay, heard: Sequence[Heard], settings: Choices
) -> Iterator[str]:
    """What is doubtful about the contact of *stay*, whose sound is *heard*."""
    modes = {
        one.participant.mode
        for one in list_presences(view)
        if view.is_agent(one.participant) and one.participant.agent_id == stay.agent
    }
    if modes - {None, *MODES}:
        yield UNKNOWN_MODE
    if any(one.doubt == UNKNOWN_PARTS for one in stays):
        pass  # whose call it was is doubted already
    elif _lacks_agent(view, stays):
        yield AGENT_MISSING
    elif _lacks_transfer(view):
        yield SOME_MISSING
    yield from _doubt_sound(view, heard, settings)


def _lacks_agent(view: View, stays: Sequence[Stay]) -> bool:
    """Whether a session was taken by somebody who is not among its participants.

    The session of the last agent is told by the conversation, which is another doubt.
    """
    told = {one.session_id for one in view.participants if one.is_primary}
    return any(
        session.session_id not in told
        and not any(stay.start == session.accepted and stay.doubt for stay in stays)
        for session in view.taken
    )


def _lacks_transfer(view: View) -> bool:
    """Whether the call went on to more agents than are found.

    It need not have come to the last of them: the caller hung up before, nobody answered, or it
    went outside.
    """
    transfers = read_count(view.conversation, "msdyn_transfercount") or 0
    joined = [one.participant for one in list_presences(view)]
    sessions = {one.session_id for one in joined if one.is_primary}
    sessions |= {one.session_id for one in view.taken}
    outside = [one for one in joined if not one.agent_id]
    reason = read_count(view.conversation, "msdyn_statuschangereason")
    lost = read_flag(view.conversation, "msdyn_isabandoned") or reason in ENDED_WAITING
    answered = view.answered
    offers = [
        one
        for one in view.sessions.values()
        if one.accepted is None and one.created and answered and one.created >= answered
    ]
    if lost or went_outside(view) or view.ended is None:
        return False
    return 1 + transfers > len(sessions) + len(offers) + len(outside)


# --- sound ----------------------------------------------------------------------------------------


def _doubt_sound(view: View, heard: Sequence[Heard], settings: Choices) -> Iterator[str]:
    sounds = [file for file in view.files if file.kind == "audio" and file.file_id == AUDIO]
    if any(not file.timeline.stretches for file in sounds):
        yield UNTIMED
    number = len(view.siblings)
    if sounds and number > 1 and number != len(list_stretches(view)):
        yield MANY_RECORDINGS.format(number=number)
        return
    used = {(piece.recording_id, piece.file_id) for piece in heard}
    for file in sounds:
        if (file.recording_id, file.file_id) in used:
            yield from _doubt_file(view, file, settings)


def _doubt_file(view: View, file: StoredFile, settings: Choices) -> Iterator[str]:
    """Whether the sound of *file* can be where its time line has it."""
    chosen = settings.recording_begins
    line = guess_timeline(view, file.recording_id, chosen)
    if _differ(line, file.timeline):
        yield MOVED
    plays = file.measured.duration
    length = line.length or file.timeline.length
    if plays is None or abs(plays - length) <= _NEAR:
        return
    other: Begin = "call" if chosen == "answer" else "answer"
    otherwise = guess_timeline(view, file.recording_id, other).length
    if otherwise and abs(plays - otherwise) <= _NEAR:
        yield BEGINS.format(begins=_BEGINNINGS[other], setting=other)
        return
    difference = round(abs((plays - length).total_seconds()))
    yield (SHORT if plays < length else LONG).format(number=difference)


def _differ(line: Timeline, stored: Timeline) -> bool:
    """Whether the sound is cut by another beginning than would be guessed today."""
    if line.start is None or stored.start is None:
        return False
    return abs(line.start - stored.start) > _NEAR
