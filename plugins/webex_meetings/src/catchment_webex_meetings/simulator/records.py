"""What Webex holds of a meeting: values that say when each thing can be seen.

Everything is a function of the virtual clock; nothing is changed as time goes by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catchment.sandbox import Content, Meeting
from catchment_webex.simulator.account import User

Format = Literal["MP4", "ARF", "UPLOADED"]
Status = Literal["available", "deleted", "purged"]


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """One recording: of a meeting as many as its recorder was started.

    Attributes:
        recording_id: 32 hex digits.
        host: Whose it is.
        meeting: What was recorded; ``None`` for an uploaded file.
        part: Its number among the recordings of its meeting, from 1.
        created_at: ``createTime``: when the file was made.
        recorded_at: ``timeRecorded``: when the recorder was started.
        listed_at: When a listing first tells of it.
        content: What ``recordingDownloadLink`` sends.
        audio: What ``audioDownloadLink`` sends; ``None`` where there is none.
        transcript: What ``transcriptDownloadLink`` sends; ``None`` where there is none.
        transcript_at: From when on that link is told.
        seconds: How long it plays.
        prevented: *Prevent downloading* is on.
        deleted_at: When its host moves it to the recycle bin by himself.
        purged_at: When it is gone from there.
        shared_with: Raw UUIDs of people who see it besides the host.
        absent: Fields that answers leave out.
    """

    recording_id: str
    host: User
    site: str
    topic: str
    meeting: Meeting | None
    part: int
    created_at: datetime
    recorded_at: datetime
    listed_at: datetime
    format: Format
    service: str
    content: Content
    audio: Content | None
    transcript: Content | None
    transcript_at: datetime
    seconds: float
    prevented: bool = False
    deleted_at: datetime | None = None
    purged_at: datetime | None = None
    shared_with: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A transcript or the captions of a whole meeting."""

    text_id: str
    vtt: Content
    txt: Content
    ready_at: datetime


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """A meeting that took place.

    Attributes:
        instance_id: The ``_I_`` id.
        scheduled_id: Empty where nothing was planned.
        visible_at: From when on REST knows its details.
        recordings: Its parts in order.
        claims_recording: ``hasRecording``, also where nothing will ever come.
        transcript: Of the whole meeting, where the assistant was on.
        captions: Of the whole meeting.
    """

    instance_id: str
    series_id: str
    scheduled_id: str
    number: str
    meeting: Meeting
    host: User
    site: str
    visible_at: datetime
    recordings: tuple[Recording, ...]
    claims_recording: bool
    transcript: Text | None
    captions: Text | None
