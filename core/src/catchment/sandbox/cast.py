"""Who and what there is in a World: people, meetings and calls, as they really happened.

This is the truth behind all simulated platforms.  Nothing here knows how any platform tells it:
which ids it gives, what it delays, leaves out or gets wrong is the simulator's matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catchment.model import Window
from catchment.sandbox.media import Form, Take

MeetingKind = Literal["scheduled", "personal_room", "webinar"]
Direction = Literal["inbound", "outbound", "internal"]
MoveKind = Literal["consult", "blind_transfer", "consult_transfer", "conference"]
LegRole = Literal["customer", "agent", "consulted"]
Outcome = Literal["recorded", "not_recorded", "failed", "refused"]


# --- people ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Team:
    """Agents who work together."""

    team_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Agent:
    """Someone of the organisation: hosts meetings, takes calls.

    Attributes:
        tel: The agent's own line, E.164.
        active: ``False`` for people who have left; they may still stand in older data.
    """

    agent_id: str
    name: str
    email: str
    team: Team
    tel: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Customer:
    """Someone outside the organisation."""

    customer_id: str
    name: str
    email: str
    tel: str


Person = Agent | Customer


@dataclass(frozen=True, slots=True)
class Queue:
    """Where callers wait for an agent of a team; ``tel`` is the number that is dialled."""

    queue_id: str
    name: str
    tel: str
    team: Team


@dataclass(frozen=True, slots=True)
class Shift:
    """When an agent is at work on one day, and the breaks in between."""

    agent: Agent
    window: Window
    breaks: tuple[Window, ...] = ()


# --- what is recorded ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stretch of one voice, or of all voices together, that was recorded.

    Attributes:
        recorded_id: Unique in the World and stable.
        code: What to film: the ``code`` of a :class:`~catchment.sandbox.media.Take`.
        person: Whose voice; ``None`` for the mix of all.
        window: From the start of the recording to its end, pauses included.
        pauses: Stretches inside *window* that are not in the file.
        legs: Of a call: ``leg_id`` of the legs that are heard.
    """

    recorded_id: str
    code: int
    window: Window
    person: Person | None = None
    pauses: tuple[Window, ...] = ()
    legs: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the file plays: the window without its pauses."""
        paused = sum(pause.length.total_seconds() for pause in self.pauses)
        return self.window.length.total_seconds() - paused

    def take(self, form: Form, *, video: bool = False, channels: int = 1) -> Take:
        """The file of this recording: its seconds, without those that were paused."""
        begin = self.window.start
        skips = tuple(
            (
                round((pause.start - begin).total_seconds()),
                round((pause.end - begin).total_seconds()),
            )
            for pause in self.pauses
        )
        return Take(self.code, self.seconds, form, skips=skips, video=video, channels=channels)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """Something typed; ``to`` is ``None`` when everybody could read it."""

    at: datetime
    person: Person
    text: str
    to: Person | None = None


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """Something said, for transcripts and captions."""

    start: datetime
    end: datetime
    person: Person
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file exchanged in the chat."""

    attachment_id: str
    name: str
    content: bytes
    at: datetime
    person: Person


# --- meetings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attendance:
    """One stay of a person in a meeting; whoever comes back has a second one."""

    attendance_id: str
    person: Person
    joined_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting as it took place.

    Attributes:
        meeting_id: Unique in the World; simulators derive the platform's ids from it.
        number: What people dial; personal rooms use theirs again for each meeting, and
            a breakout room has its parent's.
        kind: How it came about.
        topic: Any Unicode, ``/`` included.
        host: Whose meeting it is; ``external`` meetings belong to a :class:`Customer`.
        host_attended: The host may have stayed away.
        timezone: IANA name of the zone it was planned in.
        scheduled_at: When it was planned to begin, of what was planned.
        scheduled_minutes: How long it was planned to last; ``0`` when it was not.
        attendances: Every stay of every person, in order of joining.
        recorded: The whole meeting, one for each stretch between start and stop of the recorder;
            empty when nobody recorded it.
        voices: Each person's own voice, one for each stay within each stretch of *recorded*.
        breakouts: Rooms that it was split into, meetings themselves.
        parent_id: ``meeting_id`` of the meeting that a breakout room belongs to.
        external: Hosted by another organisation; our people only joined.
        series_id: What occurrences of a recurring meeting share; empty for a single one.
    """

    meeting_id: str
    number: int
    kind: MeetingKind
    topic: str
    host: Person
    host_attended: bool
    started_at: datetime
    ended_at: datetime
    timezone: str
    scheduled_at: datetime | None
    scheduled_minutes: int
    attendances: tuple[Attendance, ...]
    recorded: tuple[Recorded, ...]
    voices: tuple[Recorded, ...] = ()
    breakouts: tuple[Meeting, ...] = ()
    parent_id: str = ""
    external: bool = False
    series_id: str = ""
    chat: tuple[ChatLine, ...] = ()
    spoken: tuple[SpokenLine, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def list_recorded(self) -> Iterator[Recorded]:
        """Who was recorded when: the whole, then each voice; breakout rooms tell their own."""
        yield from self.recorded
        yield from self.voices


# --- calls -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection of one party.

    Attributes:
        leg_id: Unique in the World.
        person: Whose connection.
        role: ``customer``; ``agent`` who handles the call (also whoever was asked first and then
            took it over); ``consulted`` who only advises.
        offered_at: When it began to ring.
        answered_at: When it was answered; ``None`` when it rang out or was declined.
        ended_at: When it ended, or stopped ringing.
        holds: When this party was put on hold.
        wrap_up: What the agent said it was about; empty when nothing.
        wrap_up_until: When the agent was done with it.
    """

    leg_id: str
    person: Person
    role: LegRole
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    holds: tuple[Window, ...] = ()
    wrap_up: str = ""
    wrap_up_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What an agent did with the call: ask a colleague, pass it on, bring somebody in.

    A consult transfer or conference is preceded by its own ``consult`` move.

    Attributes:
        kind: What was done.
        window: From the moment of the act until what it began was over; of a transfer, an instant.
        from_leg: ``leg_id`` of the agent who did it.
        to_leg: ``leg_id`` of the colleague.
    """

    kind: MoveKind
    window: Window
    from_leg: str
    to_leg: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a customer, or between agents, with everything that happened to it.

    Attributes:
        call_id: Unique in the World.
        caller: Who dialled.
        customer: Who it was about; ``None`` for an internal call.
        ani: Calling number as dialled, E.164.
        dnis: Called number.
        queue: Where the caller waited; ``None`` when there was none.
        legs: Every connection, also those that were not answered, in order of ringing.
        moves: Consults, transfers, conferences, in order.
        outcome: What became of the recording; a call that nobody answered is ``not_recorded``.
        recorded: One for each agent's stretch of the call; consults have their own.
        abandoned: The caller hung up before anybody answered.
    """

    call_id: str
    direction: Direction
    caller: Person
    customer: Customer | None
    ani: str
    dnis: str
    queue: Queue | None
    started_at: datetime
    ended_at: datetime
    legs: tuple[Leg, ...]
    moves: tuple[Move, ...] = ()
    outcome: Outcome = "recorded"
    recorded: tuple[Recorded, ...] = ()
    abandoned: bool = False
    spoken: tuple[SpokenLine, ...] = ()

    def list_recorded(self) -> Iterator[Recorded]:
        """Who was recorded when, in order of time."""
        yield from self.recorded
