"""What the configured credential can obtain: the oracle of every run (3.5 common, 4.4, 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from catchment.model import Kind
from catchment.sandbox import Content, Take, TruthRow, Written
from catchment_webex_meetings.simulator.api_texts import write_chats
from catchment_webex_meetings.simulator.records import Instance, Recording
from catchment_webex_meetings.simulator.tenant import MeetingsTenant


class Oracle:
    """Tells rows of the truth.

    Args:
        tenant: The organisation.
        source: The name of the source in ``catchment.toml``.
    """

    def __init__(self, tenant: MeetingsTenant, source: str) -> None:
        self._tenant, self._source = tenant, source
        self._officer = tenant.switches.profile == "compliance_officer"

    def tell(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that could be had at some moment up to *until*.

        What belongs to a whole meeting stands with the first part of it, by ``timeRecorded`` and
        then id, among those whose ``meetingId`` is told.
        """
        firsts = {self._first(one): one for one in self._tenant.instances}
        for recording in self._tenant.recordings:
            if self._is_obtainable(recording):
                for row in self._rows(recording, firsts.get(recording.recording_id)):
                    if row.available_at <= until:
                        yield row

    def _first(self, one: Instance) -> str:
        parts = [
            (r.created_at if "timeRecorded" in r.absent else r.recorded_at, r.recording_id)
            for r in one.recordings
            if "meetingId" not in r.absent and self._is_obtainable(r)
        ]
        return min(parts)[1] if parts else ""

    def _is_obtainable(self, recording: Recording) -> bool:
        """A compliance officer gets what is prevented or deleted, but nothing purged (4.4)."""
        if recording.purged_at is not None and recording.purged_at <= recording.listed_at:
            return False
        if self._officer:
            return True
        gone = recording.deleted_at is not None and recording.deleted_at <= recording.listed_at
        return not recording.prevented and not gone

    def _rows(self, recording: Recording, whole: Instance | None) -> Iterator[TruthRow]:
        at = recording.listed_at
        kind: Kind = "attachment" if recording.format == "ARF" else "video"
        yield self._row(recording, "video", kind, at, recording.content)
        if recording.transcript is not None and self._in_time(recording, recording.transcript_at):
            yield self._row(
                recording, "transcript", "transcript", recording.transcript_at, recording.transcript
            )
        if whole is None:
            return
        if whole.transcript is not None:
            text, ready = whole.transcript, max(at, whole.transcript.ready_at)
            name = f"meeting_transcript:{text.text_id}"
            yield self._row(recording, name, "transcript", ready, text.vtt)
        if not self._officer:
            return
        ready = max(at, whole.visible_at)
        if whole.meeting.chat:
            chat = Written(lambda: write_chats(self._tenant, whole), "application/json")
            yield self._row(recording, "chat", "chat", ready, chat)
        if whole.captions is not None and self._tenant.switches.captions == "enabled":
            yield self._row(recording, "captions", "captions", ready, whole.captions.vtt)

    def _in_time(self, recording: Recording, ready: datetime) -> bool:
        """Whether the recording still has links when *ready* comes."""
        ends = [recording.purged_at]
        if not self._officer:
            ends.append(recording.deleted_at)
        return all(end is None or ready < end for end in ends)

    def _row(
        self, recording: Recording, file_id: str, kind: Kind, at: datetime, content: Content
    ) -> TruthRow:
        keys = [f"recording:{recording.recording_id}"]
        if recording.meeting is not None and "meetingId" not in recording.absent:
            keys.insert(0, f"meeting:{self._tenant.names.instance(recording.meeting)}")
        return TruthRow(
            source=self._source,
            external_id=recording.recording_id,
            file_id=file_id,
            kind=kind,
            available_at=at,
            sha256=content.sha256,
            bytes=content.size_bytes,
            duration_s=content.seconds if isinstance(content, Take) else None,
            keys=tuple(keys),
            began_at=recording.recorded_at,
        )
