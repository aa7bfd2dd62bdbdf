"""Tells the World as archive files: the records and files that meetings leave behind (3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from catchment.model import Kind
from catchment.sandbox import Agent, Content, Faults, Meeting, Recorded, World, Written
from catchment_zoom.simulator import content
from catchment_zoom.simulator.content import film
from catchment_zoom.simulator.ids import Ids, one_in
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.switches import Switches

_VTT = "text/vtt"
_ARCHIVE_FORMS: dict[str, tuple[str, str, Kind]] = {
    # file_type: extension, recording_type, kind (3.2); the member log has no listed value
    "MP4": ("MP4", "shared_screen_with_speaker_view", "video"),
    "M4A": ("M4A", "audio_only", "audio"),
    "CHAT": ("TXT", "chat_file", "chat"),
    "CHAT_MESSAGE": ("JSON", "chat_message", "chat"),
    "CC": ("VTT", "closed_caption", "captions"),
    "TRANSCRIPT": ("JSON", "audio_transcript", "transcript"),
    "SUB_GROUP_MEMBER_LOG": ("JSON", "", "attachment"),
    "AIC_COVERSATION": ("JSON", "aic_conversation", "attachment"),
}


def tell_archive(world: World, ids: Ids, faults: Faults, switches: Switches) -> Iterator[Record]:
    """Archive records of all meetings, breakout rooms as records of their own (fact 9)."""
    teller = _Teller(ids, faults, switches)
    for meeting in world.meetings:
        if meeting.external and not switches.external:
            continue
        yield teller.tell(meeting, "")
        parent = ids.uuid(meeting)
        yield from (teller.tell(room, parent) for room in meeting.breakouts)


class _Teller:
    """Makes one record at a time: pure, apart from asking the faults."""

    def __init__(self, ids: Ids, faults: Faults, switches: Switches) -> None:
        self._ids = ids
        self._faults = faults
        self._switches = switches

    def tell(self, meeting: Meeting, parent: str) -> Record:
        uuid = self._ids.uuid(meeting)
        usual = meeting.ended_at + timedelta(minutes=self._switches.processing_minutes)
        pieces = self._external(meeting) if meeting.external else self._internal(meeting, uuid)
        files = tuple(self._settle(file, meeting.ended_at, usual) for file in pieces)
        attachments = self._attachments(meeting, usual) if self._switches.attachments else ()
        complete = max([usual, *(f.ready_at for f in files if not f.added_late)])
        days = timedelta(days=self._switches.retention_days)
        files = tuple(self._after(file, complete) for file in files)
        return Record(
            uuid=uuid,
            meeting=meeting,
            files=(*files, *attachments),
            listed_at=meeting.ended_at,
            complete_at=complete,
            expires_at=complete + days,
            parent_uuid=parent,
            external=meeting.external,
            groups=self._groups(meeting),
        )

    def _internal(self, meeting: Meeting, uuid: str) -> Iterator[File]:
        """All artefacts of a meeting of our own; several streams are normal (3.3)."""
        for whole in meeting.recorded:
            yield self._archive_file(
                meeting, "MP4", film(whole, picture=True), whole, whole.recorded_id
            )
            if one_in(2, self._ids.chance("mix", whole.recorded_id)):
                yield self._archive_file(
                    meeting, "M4A", film(whole, picture=False), whole, whole.recorded_id
                )
        yield from self._streams(meeting, meeting.voices)
        since = _gateway(meeting)[0]
        for form, media, write in self._texts(meeting, uuid, since):
            yield self._archive_file(meeting, form, Written(write, media), None, form)

    def _texts(
        self, meeting: Meeting, uuid: str, since: datetime
    ) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
        json = "application/json"
        if meeting.chat:
            yield "CHAT", "text/plain", lambda: content.write_chat(meeting, since)
            yield (
                "CHAT_MESSAGE",
                json,
                lambda: content.write_chat_messages(meeting, uuid, since),
            )
        if meeting.spoken:
            yield "CC", _VTT, lambda: content.write_vtt(meeting, since)
            yield "TRANSCRIPT", json, lambda: content.write_transcript(meeting, uuid, since)
        if meeting.breakouts:
            yield "SUB_GROUP_MEMBER_LOG", json, lambda: content.write_sub_groups(meeting, uuid)
        if meeting.spoken and one_in(4, self._ids.chance("aic", uuid)):
            yield "AIC_COVERSATION", json, lambda: content.write_conversation(meeting, uuid)

    def _external(self, meeting: Meeting) -> Iterator[File]:
        """Of meetings of others: the audio of our own people only (3.3)."""
        ours = [voice for voice in meeting.voices if isinstance(voice.person, Agent)]
        yield from self._streams(meeting, ours)

    def _streams(self, meeting: Meeting, voices: Iterable[Recorded]) -> Iterator[File]:
        for voice in voices:
            yield self._archive_file(
                meeting, "M4A", film(voice, picture=False), voice, voice.recorded_id
            )

    def _archive_file(
        self,
        meeting: Meeting,
        form: str,
        content: Content,
        recorded: Recorded | None,
        about: str,
    ) -> File:
        extension, recording_type, kind = _ARCHIVE_FORMS[form]
        begin, end = _gateway(meeting)
        if recorded is not None:
            begin, end = recorded.window.start, recorded.window.end
        file_id = self._ids.file("archive", meeting.meeting_id, form, about)
        return File(
            file_id=file_id,
            product="archive",
            file_type=form,
            extension=extension,
            recording_type=recording_type,
            kind=kind,
            content=content,
            begin=begin,
            end=end,
            listed_at=meeting.ended_at,
            ready_at=meeting.ended_at,
            person=recorded.person if recorded is not None else None,
            messages=len(meeting.chat) if form in ("CHAT", "CHAT_MESSAGE") else None,
            name=f"{form.lower()}_{file_id[:8]}.{extension.lower()}",
        )

    def _attachments(self, meeting: Meeting, ready_at: datetime) -> tuple[File, ...]:
        """Files exchanged in the chat: an id of another form, any name (3.2)."""
        return tuple(
            File(
                file_id=self._ids.short("physical", one.attachment_id),
                product="attachment",
                file_type="",
                extension=one.name.rpartition(".")[2].upper(),
                recording_type="",
                kind="attachment",
                content=Written(_constant(one.content), "application/octet-stream"),
                begin=one.at,
                end=one.at,
                listed_at=ready_at,
                ready_at=ready_at,
                person=one.person,
                name=one.name,
            )
            for one in meeting.attachments
        )

    def _settle(self, file: File, listed_at: datetime, usual: datetime) -> File:
        """When the file is ready: usually soon, sometimes much later, sometimes never.

        A delay either keeps the whole record in processing, or the file is added to a record that
        was complete long before (fact 18).
        """
        chance = self._ids.chance("settle", file.file_id)
        delay = self._faults.delay(file.file_id)
        jitter = timedelta(seconds=chance % 240)
        late = file.file_type == "TRANSCRIPT" and one_in(self._switches.late_every, chance)
        if late:
            delay += timedelta(hours=3)
        return replace(
            file,
            listed_at=listed_at,
            ready_at=usual + jitter + delay,
            added_late=late or (delay > timedelta() and chance % 2 == 1),
            failed=one_in(self._switches.failed_every, chance // 7),
        )

    def _after(self, file: File, complete: datetime) -> File:
        if not file.added_late:
            return file
        ready = max(file.ready_at, complete + timedelta(seconds=1))
        return replace(file, listed_at=ready, ready_at=ready)

    def _groups(self, meeting: Meeting) -> tuple[str, ...]:
        """Primary groups of those who are of our account, in order of joining (3.2)."""
        people = [stay.person for stay in meeting.attendances]
        teams = [person.team.team_id for person in people if isinstance(person, Agent)]
        return tuple(dict.fromkeys(self._ids.short("group", team) for team in teams))


def _gateway(meeting: Meeting) -> tuple[datetime, datetime]:
    """When the archiving gateway joined and left: true media times, not ``start_time`` (3.2)."""
    if not meeting.recorded:
        return meeting.started_at, meeting.ended_at
    return meeting.recorded[0].window.start, meeting.recorded[-1].window.end


def _constant(value: bytes) -> Callable[[], bytes]:
    return lambda: value
