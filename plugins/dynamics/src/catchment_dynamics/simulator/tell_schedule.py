"""When the platform writes what: delays between what happens and what its rows say (9.1, 9.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_parts import Story
from catchment_dynamics.simulator.tell_rows import after

Late = Callable[[str], timedelta]
"""How much later than usual an item is offered: the World's faults know."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The delays of one conversation.

    Attributes:
        conversation_s: How late its columns are; *participant_s* and *hold_s* likewise.
        holds_at: When all holds are written at once, where they are.
        recording_at: When the row of its recording is there.
        file_at: When the file is.
        transcript_at: When its transcript is.
        orphaned_at: When the conversation is deleted; ``None``: never.
        late: What comes long after the recording: consult participants, or holds.
        late_at: When that is.
    """

    conversation_s: int
    participant_s: int
    hold_s: int
    holds_at: datetime | None
    recording_at: datetime
    file_at: datetime
    transcript_at: datetime
    orphaned_at: datetime | None
    late: Literal["", "consults", "holds"]
    late_at: datetime


def plan_schedule(
    story: Story, ids: Ids, switches: DynamicsSwitches, late: Late, *, recorded: bool
) -> Schedule:
    """Draw the delays of a conversation; one that is not *recorded* is never orphaned."""
    call_id = story.call.call_id

    def draw(given: int, least: int, most: int, what: str) -> int:
        return given or ids.span(least, most, what, call_id)

    recording_s = draw(switches.recording_after_s, 5, 600, "recording after")
    at_once = ids.chance("file at once", call_id) % 3 == 0
    file_s = switches.file_after_s or (0 if at_once else ids.span(1, 240, "file after", call_id))
    transcript_s = draw(switches.transcript_after_s, 30, 1800, "transcript after")
    more = late(f"recording {story.conversation_id}")
    recording_at = after(story.closed, recording_s) + _whole(more)
    file_at = after(recording_at, file_s)
    orphaned = recorded and ids.hits(switches.orphans_every, "orphan", call_id)
    early = ids.chance("orphaned early", call_id) % 2 == 0
    hold_most = 300 if switches.hold_rows == "close" else 60
    hold_s = draw(switches.hold_lag_s, 1, hold_most, "hold lag")
    return Schedule(
        conversation_s=draw(switches.conversation_lag_s, 1, 15, "conversation lag"),
        participant_s=draw(switches.participant_lag_s, 1, 180, "participant lag"),
        hold_s=hold_s,
        holds_at=after(story.closed, hold_s) if switches.hold_rows == "close" else None,
        recording_at=recording_at,
        file_at=file_at,
        transcript_at=after(story.closed, transcript_s)
        + _whole(late(f"transcript {story.conversation_id}")),
        orphaned_at=after(recording_at, 1) if orphaned and early else _an_hour(file_at, orphaned),
        late=_read_late(story, ids, switches),
        late_at=after(file_at, ids.span(600, 2400, "late", call_id)),
    )


def _read_late(
    story: Story, ids: Ids, switches: DynamicsSwitches
) -> Literal["", "consults", "holds"]:
    if not ids.hits(switches.late_every, "late rows", story.call.call_id):
        return ""
    if any(part.mode == "consult" and part.agent for part in story.parts):
        return "consults"
    return "holds"


def _an_hour(at: datetime, orphaned: bool) -> datetime | None:
    return after(at, 3600) if orphaned else None


def _whole(much: timedelta) -> timedelta:
    return timedelta(seconds=round(much.total_seconds()))
