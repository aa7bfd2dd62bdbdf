"""Tells recordings, and when each file of them is there (3.7, 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.model import Window
from catchment.sandbox import Content, Take, Written
from catchment_dynamics.simulator.held import Held
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.sound import Line, build_line
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CONVERSATION
from catchment_dynamics.simulator.tell_parts import Story
from catchment_dynamics.simulator.tell_rows import Book, Step, after, refer
from catchment_dynamics.simulator.tell_schedule import Schedule

RECORDING = "msdyn_ocrecording"


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
    """Tells recordings.

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
        files = tell_sound(self._ids, recording_id, take)
        place = (file_at, story.conversation_id, gone_at)
        self.held.append(Held(RECORDING, recording_id, "recording", "audio", take, *place))
        if self._switches.metadata_files:
            side = write_side_file(story, recording_id)
            files["msdyn_recordingmetadata"] = FileValue(
                self._ids.guid("file", recording_id, "metadata"),
                "recordingmetadata.json",
                side,
                "application/json",
            )
            files["msdyn_recordingmetadata_name"] = "recordingmetadata.json"
            self.held.append(Held(RECORDING, recording_id, "metadata", "attachment", side, *place))
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


def tell_sound(ids: Ids, recording_id: str, take: Take) -> dict[str, object]:
    """The columns of a recording whose file is there."""
    file_id, name = ids.guid("file", recording_id, "recording"), "recording.mp4"
    file = FileValue(file_id, name, take, "video/mp4")
    return {"msdyn_recording": file, "msdyn_recording_name": name}


def write_side_file(story: Story, recording_id: str) -> Content:
    """The opaque file beside a recording: what is in it, nobody knows (9.3)."""

    def write() -> bytes:
        told = {"version": 1, "recording": recording_id, "session": story.conversation_id}
        return json.dumps(told).encode()

    return Written(write, "application/json")
