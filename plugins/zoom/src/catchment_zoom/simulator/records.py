"""What Zoom holds of a meeting: values that say when each thing can be seen.

Everything is a function of the virtual clock: a file knows when it is listed first and when it is
ready, a record knows when it expires; nothing is changed as time goes by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from catchment.model import Kind
from catchment.sandbox import Content, Meeting, Person

Product = Literal["archive", "attachment", "recording", "participant_audio", "transcript"]
State = Literal["hidden", "processing", "completed", "failed"]


@dataclass(frozen=True, eq=False, slots=True)
class File:
    """One file of a record.

    Attributes:
        file_id: Zoom's id of it.
        product: Which interface tells of it.
        file_type: ``MP4``, ``CHAT``, …
        extension: ``MP4``, ``TXT``, …
        recording_type: The view or sort; empty where none is listed.
        kind: What it is in the words of the archive.
        content: Its bytes, made when read.
        begin: Archive: when the participant or the gateway joined; recording: its start.
        end: When it left; when the recording stopped.
        listed_at: When a listing first tells of it.
        ready_at: When it is completed, or has failed.
        person: Whose own stream it is; ``None`` for the whole meeting.
        failed: It will fail instead of being completed.
        added_late: It is added after the record was complete.
        messages: ``number_of_messages``, where that is told.
        name: Its name; empty where there is none.
    """

    file_id: str
    product: Product
    file_type: str
    extension: str
    recording_type: str
    kind: Kind
    content: Content
    begin: datetime
    end: datetime
    listed_at: datetime
    ready_at: datetime
    person: Person | None = None
    failed: bool = False
    added_late: bool = False
    messages: int | None = None
    name: str = ""

    def state(self, now: datetime) -> State:
        """What a listing says at *now*."""
        if now < self.listed_at:
            return "hidden"
        if now < self.ready_at:
            return "processing"
        return "failed" if self.failed else "completed"


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """A meeting of one product.

    Attributes:
        uuid: The instance.
        meeting: What really happened.
        files: In the order in which they are told.
        listed_at: When a listing first tells of it.
        complete_at: When the files that it was announced with are all ready.
        expires_at: When it vanishes.
        parent_uuid: The meeting that a breakout room belongs to; empty for others.
    """

    uuid: str
    meeting: Meeting
    files: tuple[File, ...]
    listed_at: datetime
    complete_at: datetime
    expires_at: datetime
    parent_uuid: str = ""
    external: bool = False
    groups: tuple[str, ...] = field(default=())

    def is_listed(self, now: datetime) -> bool:
        """Whether listings tell of it at *now*."""
        return self.listed_at <= now < self.expires_at

    def is_complete(self, now: datetime) -> bool:
        """Whether ``status`` says ``completed``."""
        return now >= self.complete_at

    def completed_at(self, now: datetime, moving: bool) -> datetime:
        """``complete_time``; with *moving*, files that were added later move it."""
        late = [f.ready_at for f in self.files if f.added_late and f.ready_at <= now]
        return max([self.complete_at, *late]) if moving else self.complete_at

    def visible(self, now: datetime) -> list[File]:
        """The files that a listing tells of at *now*."""
        return [file for file in self.files if now >= file.listed_at]
