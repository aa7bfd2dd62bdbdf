"""Tells recordings and voicemails, and when each file of them is there (3.7, 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.model import Window
from catchment.sandbox import Content, Take, Written
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.sound import Line, build_line
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CONVERSATION
from catchment_dynamics.simulator.tell_parts import Story
from catchment_dynamics.simulator.tell_rows import Book, Step, after, refer
from catchment_dynamics.simulator.tell_schedule import Schedule

RECORDING, VOICEMAIL = "msdyn_ocrecording", "msdyn_ocvoicemail"

VOICEMAIL_COLUMNS = {
    "recording": ("msdyn_liveworkitemid", "msdyn_recording"),
    "voicemail": ("msdyn_conversationid", "msdyn_voicemail"),
}
"""How voicemails spell the conversation and the file: unverified (3)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a voice conversation that the platform makes available.

    Attributes:
        table: The logical name of the table.
        row_id: Its row, which is the recording that the archive must have.
        file_id: The file's id within it.
        kind: As in :data:`catchment.model.Kind`.
        conversation_id: Whose it is, until *orphaned_at*.
        space: The space of its key when the conversation is gone.
    """

    table: str
    row_id: str
    file_id: str
    kind: str
    content: Content
    available_at: datetime
    conversation_id: str
    space: str
    orphaned_at: datetime | None = None

    @property
    def body_table(self) -> str:
        """Where its bytes lie: in the row itself, or in a note (3.8)."""
        is_note = self.file_id == "chat" or self.file_id.startswith("attachment-")
        return "annotation" if is_note else self.table


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording's row.

    Attributes:
        window: Which stretch of the call it is, pauses included; ``None`` where recording failed.
        take: Its sound.
    """

    recording_id: str
    conversation_id: str
    call_id: str
    window: Window | None
    take: Take | None
    line: Line | None


class RecordingTeller:
    """Tells recordings and voicemails.

    Attributes:
        held: Every file that is made available.
        recordings: Every row of a call.
    """

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches
        self.held: list[Held] = []
        self.recordings: list[Recording] = []

    def tell(self, story: Story, schedule: Schedule) -> None:
        """Tell the recordings of one conversation; of some there is none."""
        call = story.call
        if call.outcome == "failed" and story.answered is not None:
            recording_id = self._ids.guid("recording", call.call_id, 0)
            step = (schedule.recording_at, self._row(story, recording_id))
            self._book.write(RECORDING, recording_id, [step])
            self.recordings.append(
                Recording(recording_id, story.conversation_id, call.call_id, None, None, None)
            )
        if call.outcome != "recorded" or story.answered is None:
            return
        silent = self._switches.paused_sound == "silent"
        spans = list(self._list_spans(story, story.answered))
        line = build_line(call, self._ids.code("line", call.call_id), spans, silent=silent)
        for number, window in enumerate(line.stretches):
            recording_id = self._ids.guid("recording", call.call_id, number)
            take = line.take(window, 2 if self._switches.stereo else 1)
            self.recordings.append(
                Recording(recording_id, story.conversation_id, call.call_id, window, take, line)
            )
            self._tell_one(story, schedule, recording_id, take, 2 * number)

    def _list_spans(self, story: Story, answered: datetime) -> Iterator[Window]:
        """When a recorder that nobody stops would run, one for each recording (9.2)."""
        with_call = self._switches.recording_begins == "call"
        begin = story.begun if with_call else answered
        if self._switches.recordings_per_call == "one":
            yield Window(begin, story.ended)
            return
        for number, part in enumerate(story.list_primaries()):
            assert part.joined is not None
            start = begin if number == 0 else part.joined
            yield Window(start, min(part.left, story.ended))

    def _tell_one(
        self, story: Story, schedule: Schedule, recording_id: str, take: Take, later_s: int
    ) -> None:
        """The row, then its file; then perhaps the conversation vanishes, or the row itself."""
        row_at, file_at = after(schedule.recording_at, later_s), after(schedule.file_at, later_s)
        gone_at = schedule.orphaned_at
        files: dict[str, object] = {
            "msdyn_recording": FileValue(
                self._ids.guid("file", recording_id, "recording"),
                "recording.mp4",
                take,
                "video/mp4",
            ),
            "msdyn_recording_name": "recording.mp4",
        }
        self._hold(story, recording_id, "recording", "audio", take, file_at, gone_at)
        if self._switches.metadata_files:
            side = write_side_file(story, recording_id)
            files["msdyn_recordingmetadata"] = FileValue(
                self._ids.guid("file", recording_id, "metadata"),
                "recordingmetadata.json",
                side,
                "application/json",
            )
            files["msdyn_recordingmetadata_name"] = "recordingmetadata.json"
            self._hold(story, recording_id, "metadata", "attachment", side, file_at, gone_at)
        steps: list[Step] = [(row_at, self._row(story, recording_id)), (file_at, files)]
        if gone_at is not None:
            steps.append(
                (
                    max(gone_at, after(row_at, 1)),
                    {"msdyn_liveworkitemid": None, "msdyn_recordingtarget": None},
                )
            )
        quiet = file_at if not self._switches.file_bumps else None
        purged_s = self._switches.purged_after_s
        purged_at = after(file_at, purged_s) if purged_s else None
        self._book.write(RECORDING, recording_id, steps, purged_at, quiet_at=quiet)

    def _row(self, story: Story, recording_id: str) -> dict[str, object]:
        conversation = refer(CONVERSATION, story.conversation_id, f"Call from {story.call.ani}")
        columns: dict[str, object] = {
            "msdyn_name": f"Recording {story.conversation_id[:8]}",
            "msdyn_liveworkitemid": conversation,
            "msdyn_recordingtarget": conversation,
            "msdyn_sourcelanguage": refer("msdyn_oclanguage", self._ids.guid("language", "en-US")),
        }
        if self._switches.media_uri == "junk":
            columns["msdyn_mediauri"] = f"https://media.invalid/{recording_id}?expired=1"
        return columns

    def _hold(
        self,
        story: Story,
        recording_id: str,
        file_id: str,
        kind: str,
        content: Content,
        available_at: datetime,
        orphaned_at: datetime | None,
    ) -> None:
        self.held.append(
            Held(
                RECORDING,
                recording_id,
                file_id,
                kind,
                content,
                available_at,
                story.conversation_id,
                "recording",
                orphaned_at,
            )
        )

    # --- voicemails -------------------------------------------------------------------------------

    def left_voicemail(self, story: Story) -> bool:
        """Whether the caller spoke to a machine, having given up."""
        every = self._switches.voicemails_every
        there = self._switches.voicemail_columns != "none"
        call = story.call
        return there and call.abandoned and self._ids.hits(every, "voicemail", call.call_id)

    def tell_voicemail(self, story: Story, schedule: Schedule) -> None:
        """Tell the voicemail of an abandoned call."""
        lookup, column = VOICEMAIL_COLUMNS[self._switches.voicemail_columns]
        call_id = story.call.call_id
        voicemail_id = self._ids.guid("voicemail", call_id)
        seconds = self._ids.span(5, 30, "voicemail length", call_id)
        code = self._ids.code("voicemail", call_id)
        take = Take(code, seconds, "mp4", video=False)
        file = FileValue(
            self._ids.guid("file", voicemail_id, column), "voicemail.mp4", take, "video/mp4"
        )
        columns: dict[str, object] = {
            "msdyn_name": f"Voicemail {story.conversation_id[:8]}",
            lookup: refer(CONVERSATION, story.conversation_id),
            column: file,
            f"{column}_name": file.name,
        }
        self._book.write(VOICEMAIL, voicemail_id, [(schedule.recording_at, columns)])
        self.held.append(
            Held(
                VOICEMAIL,
                voicemail_id,
                column,
                "audio",
                take,
                schedule.recording_at,
                story.conversation_id,
                "voicemail",
            )
        )


def write_side_file(story: Story, recording_id: str) -> Content:
    """The opaque file beside a recording: what is in it, nobody knows (9.3)."""

    def write() -> bytes:
        told = {"version": 1, "recording": recording_id, "session": story.conversation_id}
        return json.dumps(told).encode()

    return Written(write, "application/json")
