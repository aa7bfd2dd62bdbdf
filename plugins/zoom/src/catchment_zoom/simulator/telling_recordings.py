"""Tells the World as cloud recordings, the second source (5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from catchment.model import Kind
from catchment.sandbox import Agent, Content, Faults, Meeting, Recorded, World, Written
from catchment_zoom.simulator import content
from catchment_zoom.simulator.content import film
from catchment_zoom.simulator.ids import Ids, one_in
from catchment_zoom.simulator.records import File, Product, Record
from catchment_zoom.simulator.switches import Switches

_FOREVER = timedelta(days=36500)
_VTT = "text/vtt"
_JSON = "application/json"


def tell_recordings(world: World, ids: Ids, faults: Faults, switches: Switches) -> Iterator[Record]:
    """Cloud recordings of what our own hosts recorded; breakout rooms have none."""
    teller = _Teller(ids, faults, switches)
    for meeting in world.meetings:
        if meeting.recorded and isinstance(meeting.host, Agent) and not meeting.external:
            yield teller.tell(meeting)


class _Teller:
    """Makes one record at a time: pure, apart from asking the faults."""

    def __init__(self, ids: Ids, faults: Faults, switches: Switches) -> None:
        self._ids = ids
        self._faults = faults
        self._switches = switches

    def tell(self, meeting: Meeting) -> Record:
        uuid = self._ids.uuid(meeting)
        usual = meeting.ended_at + timedelta(minutes=self._switches.processing_minutes)
        files = [
            *self._segments(meeting, usual),
            *self._companions(meeting, uuid, usual),
            *self._participant_audio(meeting, usual),
        ]
        days = self._switches.recording_auto_delete_days
        return Record(
            uuid=uuid,
            meeting=meeting,
            files=tuple(files),
            listed_at=meeting.recorded[0].window.start,  # while it runs (fact 19)
            complete_at=max(f.ready_at for f in files if not f.added_late),
            expires_at=meeting.ended_at + (timedelta(days=days) if days else _FOREVER),
        )

    def _segments(self, meeting: Meeting, usual: datetime) -> Iterator[File]:
        """One set of files for each start and stop of the recorder (10, row 21)."""
        for part in meeting.recorded:
            about = part.recorded_id
            view = "shared_screen_with_speaker_view"
            if one_in(3, self._ids.chance("cc view", about)):
                view += "(CC)"  # suffixes come and go for the same view (5.1)
            movie = film(part, picture=True)
            yield self._recorded_file("MP4", "MP4", view, "video", movie, part, usual, about)
            if one_in(3, self._ids.chance("screen", about)):
                silent = film(part, picture=True, sound=False)
                yield self._recorded_file(
                    "MP4", "MP4", "shared_screen", "screen", silent, part, usual, about
                )
            sound = film(part, picture=False)
            yield self._recorded_file(
                "M4A", "M4A", "audio_only", "audio", sound, part, usual, about
            )
            lines = Written(_bind(content.write_timeline, meeting, part), _JSON)
            yield self._recorded_file(
                "TIMELINE", "JSON", "timeline", "attachment", lines, part, usual, about
            )

    def _companions(self, meeting: Meeting, uuid: str, usual: datetime) -> Iterator[File]:
        """Chat, captions, transcript, summary: some much later under the same UUID (fact 18)."""
        part = meeting.recorded[0]
        since, later = part.window.start, timedelta(minutes=20)

        def make(
            form: str, extension: str, sort: str, kind: Kind, written: Written, add: timedelta
        ) -> File:
            return self._recorded_file(
                form, extension, sort, kind, written, part, usual + add, meeting.meeting_id, add
            )

        if meeting.chat:
            chat = Written(_bind(content.write_chat, meeting, since), "text/plain")
            yield make("CHAT", "TXT", "chat_file", "chat", chat, timedelta())
            messages = Written(_bind(content.write_chat_messages, meeting, uuid, since), _JSON)
            yield make("CHAT_MESSAGE", "JSON", "chat_message", "chat", messages, timedelta())
        if meeting.spoken:
            captions = Written(_bind(content.write_vtt, meeting, meeting.started_at), _VTT)
            yield make("CC", "VTT", "closed_caption", "captions", captions, timedelta())
            transcript = Written(_bind(content.write_vtt, meeting, since), _VTT)
            yield make("TRANSCRIPT", "VTT", "audio_transcript", "transcript", transcript, later)
            summary = Written(_bind(content.write_summary, meeting, uuid), _JSON)
            yield make("SUMMARY", "JSON", "summary", "attachment", summary, later * 3)
        if one_in(4, self._ids.chance("poll", uuid)):
            poll = Written(_bind(content.write_poll, meeting), "text/csv")
            yield make("CSV", "CSV", "poll", "attachment", poll, timedelta())
        if one_in(3, self._ids.chance("thumbnail", uuid)):
            picture = Written(_bind(content.write_thumbnail, uuid), "image/jpeg")
            yield make("TB", "JPG", "thumbnail", "attachment", picture, timedelta())

    def _participant_audio(self, meeting: Meeting, usual: datetime) -> Iterator[File]:
        """Separate audio of each participant, where the account records it (5.3)."""
        if not self._switches.participant_audio:
            return
        for voice in meeting.voices:
            made = self._recorded_file(
                "M4A",
                "M4A",
                "audio_only_each_participant",
                "audio",
                film(voice, picture=False),
                voice,
                usual,
                voice.recorded_id,
            )
            product: Product = "participant_audio"
            yield replace(made, product=product, person=voice.person)

    def _recorded_file(
        self,
        form: str,
        extension: str,
        recording_type: str,
        kind: Kind,
        content: Content,
        part: Recorded,
        usual: datetime,
        about: str,
        later: timedelta = timedelta(),
    ) -> File:
        file_id = self._ids.file("recording", recording_type, about)
        delay = self._faults.delay(file_id)
        chance = self._ids.chance("settle", file_id)
        late = later > timedelta() or (delay > timedelta() and form not in ("MP4", "M4A"))
        ready = usual + timedelta(seconds=chance % 120) + delay
        begin, end = part.window.start, part.window.end
        size = f"_{form}" if form != "MP4" else "_1920x1080"
        return File(
            file_id=file_id,
            product="recording",
            file_type=form,
            extension=extension,
            recording_type=recording_type,
            kind=kind,
            content=content,
            begin=begin,
            end=end,
            listed_at=ready if late else (begin if form == "MP4" else end),
            ready_at=ready,
            added_late=late,
            name=f"GMT{begin:%Y%m%d-%H%M%S}_Recording{size}.{extension.lower()}",
        )


def _bind(write: Callable[..., bytes], *arguments: object) -> Callable[[], bytes]:
    return lambda: write(*arguments)
