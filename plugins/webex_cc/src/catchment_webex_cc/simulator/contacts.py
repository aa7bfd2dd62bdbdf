"""A call in the platform's words: a task with its ids, its times, and what there is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from catchment.sandbox import Agent, Call, Faults, World
from catchment_webex.simulator.ids import Ids, one_in
from catchment_webex_cc.simulator.chain import RESERVED, Act, Spell, Storyteller
from catchment_webex_cc.simulator.directory import Directory, User, make_short
from catchment_webex_cc.simulator.sound import MainLine, build_main_line
from catchment_webex_cc.simulator.switches import ContactCenterSwitches

VISIBLE_MOST_S, RECORDING_MOST_S = 7200, 3600
"""The longest delays that are drawn (10)."""

DAY_MS = 86_400_000
STAGGER_MS = 2_400_000
"""So long after the consultations comes the main line, where pieces come one by one."""

_WAITING = frozenset(
    {RESERVED, "ringing", "wrapup", "consult", "ctq", "ctq-reserved", "ctq-ready", "consult-error"}
)
"""States in which an agent is with nobody: their times are never odd."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One task.

    Attributes:
        task_id: A UUID, or 20 characters (0).
        offset_ms: How many milliseconds all its times are after the World's whole seconds.
        ended_ms: When the customer was gone.
        finished_ms: When the last agent had wrapped up.
        acts: Its activities, oldest first, but for ``recording-available``.
        spells: What its agents did, by start.
        users: Who its agents are, by their id in the World.
        visible_ms: When its finished row is in ``/search``.
        requested: Whether it shall have a recording.
        audio_ms: When its recording, or the first piece of it, is there; ``None``: never.
        line_ms: When the main line is there; ``None``: never.
        purged_ms: When the recording is gone; ``None``: never.
        line: What was recorded; ``None``: nothing.
    """

    call: Call
    task_id: str
    offset_ms: int
    created_ms: int
    ended_ms: int
    finished_ms: int
    acts: tuple[Act, ...]
    spells: tuple[Spell, ...]
    users: Mapping[str, User]
    visible_ms: int
    requested: bool
    audio_ms: int | None = None
    line_ms: int | None = None
    purged_ms: int | None = None
    line: MainLine | None = None
    transcript: bool = False

    @property
    def external_id(self) -> str:
        """How all generations have it: without dashes and in lower case, if it is a UUID (7.5)."""
        plain = self.task_id.replace("-", "")
        return plain.lower() if len(plain) == 32 else self.task_id

    def ms(self, at: datetime) -> int:
        """A moment of the World on the platform's clock."""
        return to_ms(at) + self.offset_ms

    def user(self, agent: Agent) -> User:
        """Who an agent of this call is."""
        return self.users[agent.agent_id]

    def is_over(self, now_ms: int) -> bool:
        """Whether its row says so."""
        return now_ms >= self.visible_ms

    def has_audio(self, now_ms: int) -> bool:
        """Whether its recording, or a piece of it, can be had."""
        there = self.audio_ms is not None and now_ms >= self.audio_ms
        return there and (self.purged_ms is None or now_ms < self.purged_ms)

    def has_line(self, now_ms: int) -> bool:
        """Whether the recording of its main line can be had."""
        there = self.line_ms is not None and now_ms >= self.line_ms
        return there and self.has_audio(now_ms)

    def is_purged(self, now_ms: int) -> bool:
        """Whether its recording was there and is gone."""
        return self.purged_ms is not None and now_ms >= self.purged_ms


def to_ms(at: datetime) -> int:
    """Milliseconds of the epoch."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(at_ms: int) -> datetime:
    """A moment of the epoch."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


class Teller:
    """Tells calls as contacts; pure but for the directory's names."""

    def __init__(
        self,
        world: World,
        ids: Ids,
        directory: Directory,
        faults: Faults,
        switches: ContactCenterSwitches,
    ) -> None:
        self._world, self._ids, self._directory = world, ids, directory
        self._faults, self._switches = faults, switches
        self._moved_at = world.start + (world.end - world.start) / 2

    def tell(self, call: Call) -> Contact:
        """One contact."""
        offset = self._ids.chance("milliseconds", call.call_id) % 1000
        to_queue = self._hits("consult to queue", self._switches.consult_to_queue_every, call)
        story = Storyteller(call, lambda at: to_ms(at) + offset, to_queue=to_queue)
        ended = to_ms(call.ended_at) + offset
        finished = max([ended, *(act.end_ms for act in story.acts)])
        line = self._line(call)
        requested = call.outcome in ("recorded", "failed")
        visible = finished + 1000 * self._visible_s(call)
        audio = None
        if line is not None and not self._is_lost(call):
            late = self._faults.delay(f"recording {call.call_id}") // timedelta(milliseconds=1)
            audio = visible + 1000 * self._recording_s(call) + late
        purged = audio is not None and self._hits("purged", self._switches.purged_every, call)
        return Contact(
            call=call,
            task_id=self._task_id(call),
            offset_ms=offset,
            created_ms=to_ms(call.started_at) + offset,
            ended_ms=ended,
            finished_ms=finished,
            acts=tuple(story.acts),
            spells=self._spoil(call, tuple(story.spells)),
            users=self._list_users(call),
            visible_ms=visible,
            requested=requested,
            audio_ms=audio,
            line_ms=None if audio is None else audio + self._stagger_ms(call),
            purged_ms=audio + DAY_MS if purged and audio is not None else None,
            line=line,
            transcript=self._has_transcript(call),
        )

    def _hits(self, what: str, every: int, call: Call) -> bool:
        return one_in(every, self._ids.chance(what, call.call_id))

    def _line(self, call: Call) -> MainLine | None:
        silent = self._switches.paused_sound == "silent"
        return build_main_line(self._world, call, turns=self._switches.turns, silent=silent)

    def _is_lost(self, call: Call) -> bool:
        return self._hits("never", self._switches.never_every, call)

    def _has_transcript(self, call: Call) -> bool:
        return self._switches.transcripts and self._ids.chance("spoken", call.call_id) % 2 == 0

    def _task_id(self, call: Call) -> str:
        if self._switches.ids == "short" and call.started_at < self._moved_at:
            return make_short(self._ids, "task", call.call_id)
        return self._ids.uuid("task", call.call_id)

    def _visible_s(self, call: Call) -> int:
        """Mostly soon, sometimes two hours late (9)."""
        share = self._ids.chance("visible", call.call_id) % 10_001 / 10_000
        return self._switches.visible_after_s or round(VISIBLE_MOST_S * share**3)

    def _recording_s(self, call: Call) -> int:
        share = self._ids.chance("recording", call.call_id) % 10_001 / 10_000
        return self._switches.recording_after_s or 5 + round((RECORDING_MOST_S - 5) * share**3)

    def _stagger_ms(self, call: Call) -> int:
        """How much later than the consultations the main line comes, if there are any."""
        consulted = any(move.kind == "consult" for move in call.moves)
        return STAGGER_MS if self._switches.staggered and consulted else 0

    def _list_users(self, call: Call) -> dict[str, User]:
        agents = [leg.person for leg in call.legs if isinstance(leg.person, Agent)]
        users = {agent.agent_id: self._directory.user(agent) for agent in agents}
        if users and self._hits("unknown agent", self._switches.unknown_agent_every, call):
            users[agents[-1].agent_id] = self._directory.stranger(agents[-1])
        return users

    def _spoil(self, call: Call, spells: tuple[Spell, ...]) -> tuple[Spell, ...]:
        """One activity without an end, with times reversed, or overlapping the one before."""
        numbers = [n for n, spell in enumerate(spells) if spell.state not in _WAITING]
        if not numbers or not self._hits("odd times", self._switches.odd_times_every, call):
            return spells
        drawn = self._ids.chance("which times", call.call_id)
        number = numbers[drawn % len(numbers)]
        spell = spells[number]
        assert spell.end_ms is not None
        told = (
            replace(spell, end_ms=None),
            replace(spell, start_ms=spell.end_ms, end_ms=spell.start_ms),
            replace(spell, start_ms=spell.start_ms - 1500),
        )[drawn // 64 % 3]
        return (*spells[:number], told, *spells[number + 1 :])
