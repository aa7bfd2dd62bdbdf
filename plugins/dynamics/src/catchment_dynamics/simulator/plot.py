"""The World told as the rows of an environment: made once, a function of World and switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment.sandbox import Call, World
from catchment_dynamics.simulator.held import Held
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.stays import Stay, list_stays
from catchment_dynamics.simulator.store import History
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_agents import AgentTeller
from catchment_dynamics.simulator.tell_calls import CallTeller
from catchment_dynamics.simulator.tell_directory import make_service, tell_directory
from catchment_dynamics.simulator.tell_noise import tell_noise
from catchment_dynamics.simulator.tell_participants import ParticipantTeller
from catchment_dynamics.simulator.tell_recordings import Recording, RecordingTeller
from catchment_dynamics.simulator.tell_reference import build_reference_call
from catchment_dynamics.simulator.tell_rows import Book
from catchment_dynamics.simulator.tell_schedule import Late, plan_schedule
from catchment_dynamics.simulator.tell_sessions import SessionTeller
from catchment_dynamics.simulator.tell_story import read_story
from catchment_dynamics.simulator.tell_transcripts import TranscriptTeller
from catchment_dynamics.simulator.tell_voicemails import VoicemailTeller

OLD = timedelta(days=30)
"""So long before the World the environment was set up."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that an environment tells, and what it is true of.

    Attributes:
        histories: What becomes of every row.
        epoch: When the environment was set up; nothing is older.
        calls: The calls that are conversations, by ``activityid``.
        recordings: The recordings of these calls, without voicemails.
        held: Every file of a voice conversation, with the moment from which it can be had.
        stays: Who was in which conversation when, by the World alone.
        spoilt: Conversations with participants that are wrong or missing on purpose.
        orphaned: Conversations that are deleted, with the moment.
    """

    histories: tuple[History, ...]
    epoch: datetime
    switches: DynamicsSwitches
    calls: Mapping[str, Call]
    recordings: tuple[Recording, ...]
    held: tuple[Held, ...]
    stays: tuple[Stay, ...]
    spoilt: frozenset[str]
    orphaned: Mapping[str, datetime]


def never_late(item_id: str) -> timedelta:
    """Every item comes when it usually does."""
    return timedelta()


def build_plot(
    world: World,
    clock_start: datetime,
    switches: DynamicsSwitches,
    ids: Ids,
    late: Late = never_late,
) -> Plot:
    """Tell a World.

    Args:
        world: What really happened.
        clock_start: The platform's time when it is first asked; the directory is older.
        switches: What the platform does one way or the other.
        ids: Draws ids and chance.
        late: How much later than usual recordings and transcripts come: ``Faults.delay``.
    """
    epoch = min(world.start - OLD, clock_start.replace(microsecond=0))
    book = Book(make_service(ids))
    tell_directory(book, world, ids, epoch)
    calls, sessions = CallTeller(book, ids, switches), SessionTeller(book, ids, switches)
    participants = ParticipantTeller(book, ids, switches)
    recordings = RecordingTeller(book, ids, switches)
    transcripts = TranscriptTeller(book, ids, switches)
    voicemails = VoicemailTeller(book, ids, switches)
    agents = AgentTeller(book, world, ids, epoch)
    colleagues = [agent for agent in world.agents if agent.active]
    told: dict[str, Call] = {}
    orphaned: dict[str, datetime] = {}
    for call in _list_calls(world, switches):
        story = read_story(call, ids, switches, colleagues)
        recorded = call.outcome == "recorded" and story.answered is not None
        schedule = plan_schedule(story, ids, switches, late, recorded=recorded)
        told[story.conversation_id] = call
        if schedule.orphaned_at is not None:
            orphaned[story.conversation_id] = schedule.orphaned_at
        voicemail = voicemails.is_left(story)
        calls.tell(story, schedule, voicemail=voicemail)
        sessions.tell(story, schedule)
        participants.tell(story, schedule)
        recordings.tell(story, schedule)
        transcripts.tell(story, schedule)
        if voicemail:
            voicemails.tell(story, schedule)
        agents.hear(story)
        tell_noise(book, ids, switches, call)
    agents.tell()
    return Plot(
        histories=tuple(book.histories),
        epoch=epoch,
        switches=switches,
        calls=told,
        recordings=tuple(recordings.recordings),
        held=(*recordings.held, *voicemails.held, *transcripts.held),
        stays=tuple(stay for key, call in told.items() for stay in list_stays(key, call)),
        spoilt=frozenset(participants.spoilt),
        orphaned=orphaned,
    )


def _list_calls(world: World, switches: DynamicsSwitches) -> list[Call]:
    """The calls that are conversations: none between agents alone."""
    calls = [call for call in (*world.calls, *world.chains) if call.direction != "internal"]
    if switches.reference_call:
        calls.append(build_reference_call(world))
    return calls
