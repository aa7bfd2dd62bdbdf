"""Tells transcripts: files of what was spoken, and notes of what was typed (3.8)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from catchment.sandbox import Agent, Call, ChatLine, Content, SpokenLine, Written
from catchment_dynamics.simulator.held import Held
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CONVERSATION
from catchment_dynamics.simulator.tell_parts import Story
from catchment_dynamics.simulator.tell_rows import Book, Step, after, count_seconds, refer
from catchment_dynamics.simulator.tell_schedule import Schedule

TRANSCRIPT = "msdyn_transcript"


class TranscriptTeller:
    """Tells the transcripts of voice conversations.

    Attributes:
        held: Every file and note that is made available.
    """

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches
        self.held: list[Held] = []

    def tell(self, story: Story, schedule: Schedule) -> None:
        """Tell the transcript of one conversation, every other time."""
        call = story.call
        wanted = self._switches.transcripts and self._ids.chance("spoken", call.call_id) % 2 == 0
        if not wanted or call.outcome != "recorded" or not call.spoken:
            return
        transcript_id = self._ids.guid("transcript", call.call_id)
        row_at, gone_at = schedule.transcript_at, schedule.orphaned_at
        file_at = after(row_at, self._ids.span(0, 60, "transcript file", call.call_id))
        link = refer(CONVERSATION, story.conversation_id)
        row: dict[str, object] = {
            "msdyn_name": f"Transcript {story.conversation_id[:8]}",
            "msdyn_liveworkitemidid": link,
        }
        files: dict[str, object] = {}
        for name, file_name, content in self._list_files(call):
            column = f"msdyn_{name}"
            file_id = self._ids.guid("file", transcript_id, name)
            files[column] = FileValue(file_id, file_name, content, content.media_type)
            files[f"{column}_name"] = file_name
            place = (file_at, story.conversation_id, gone_at)
            self.held.append(Held(TRANSCRIPT, transcript_id, name, "transcript", content, *place))
        steps: list[Step] = [(row_at, row), (file_at, files)]
        if gone_at is not None:
            steps.append((max(gone_at, row_at), {"msdyn_liveworkitemidid": None}))
        self._book.write(TRANSCRIPT, transcript_id, steps)
        if gone_at is None and any(move.kind == "consult" for move in call.moves):
            self._tell_notes(story, transcript_id, row_at, file_at)

    def _list_files(self, call: Call) -> Iterator[tuple[str, str, Content]]:
        """File columns without their prefix, what the files are called, and what they say."""
        drawn = self._ids.chance("transcript files", call.call_id)
        spoken = call.spoken
        yield "voicetranscript", "voicetranscript.json", _write(_fragments, spoken, "json")
        form = "html" if drawn % 3 == 0 else "txt"
        writer = _as_html if form == "html" else _as_text
        yield (
            "voicetranscript_formatted",
            f"voicetranscript_formatted.{form}",
            _write(writer, spoken, form),
        )
        if drawn % 4 == 0:
            yield "rawvoicetranscript", "raw.json", _write(_raw, spoken, "json")
        if drawn % 5 == 0:
            yield (
                "englishtranslatedtranscriptformatted",
                "english.txt",
                _write(_as_text, spoken, "txt"),
            )

    # --- notes ------------------------------------------------------------------------------------

    def _tell_notes(
        self, story: Story, transcript_id: str, at: datetime, held_at: datetime
    ) -> None:
        """What the agents typed during a consultation, and what one of them attached."""
        call = story.call
        move = next(move for move in call.moves if move.kind == "consult")
        people = [leg.person for leg in call.legs if leg.leg_id in (move.from_leg, move.to_leg)]
        lines = [
            ChatLine(after(move.window.start, 1), people[0], "May I ask you something?"),
            ChatLine(after(move.window.start, 2), people[1], "Of course."),
        ]
        body = write_chat(lines, self._ids)
        note_id = self._ids.guid("note", transcript_id)
        broken = self._ids.hits(self._switches.broken_notes_every, "broken note", call.call_id)
        owner = (TRANSCRIPT, transcript_id)
        text = "&lt;not base64&gt;" if broken else base64.b64encode(body).decode()
        tell_note(self._book, note_id, owner, at, text, "chat.json", "application/json", body)
        if not broken:
            chat = Written(lambda: body, "application/json")
            place = (held_at, story.conversation_id)
            self.held.append(Held(TRANSCRIPT, transcript_id, "chat", "chat", chat, *place))
        if self._ids.chance("attachment", call.call_id) % 2 == 0:
            extra = f"Case notes of {story.conversation_id}\n".encode()
            extra_id = self._ids.guid("note", story.conversation_id)
            text = base64.b64encode(extra).decode()
            owner = (CONVERSATION, story.conversation_id)
            tell_note(self._book, extra_id, owner, at, text, "notes.txt", "text/plain", extra)
            held = Written(lambda: extra, "text/plain")
            file_id = f"attachment-{extra_id}"
            place = (held_at, story.conversation_id)
            self.held.append(Held(TRANSCRIPT, transcript_id, file_id, "attachment", held, *place))


def tell_note(
    book: Book,
    note_id: str,
    owner: tuple[str, str],
    at: datetime,
    text: str,
    name: str,
    media_type: str,
    body: bytes,
) -> None:
    """A row of ``annotation``: a document of another row (3.8)."""
    columns: dict[str, object] = {
        "subject": name,
        "isdocument": True,
        "filename": name,
        "mimetype": media_type,
        "filesize": len(body),
        "documentbody": text,
        "objecttypecode": owner[0],
        "objectid": refer(*owner),
    }
    book.write("annotation", note_id, [(at, columns)])


def write_chat(lines: Sequence[ChatLine], ids: Ids) -> bytes:
    """What was typed, as public code finds it in notes: a list inside a list (3.8)."""
    messages = [
        {
            "id": str(number),
            "created": f"{line.at:%Y-%m-%dT%H:%M:%S}+00:00",
            "isControlMessage": False,
            "content": line.text,
            "contentType": "text",
            "tags": ["private"],
            "from": {
                "user": {
                    "displayName": line.person.name,
                    "id": ids.user(line.person) if isinstance(line.person, Agent) else "",
                }
            },
        }
        for number, line in enumerate(lines)
    ]
    return json.dumps([{"Content": json.dumps(messages, ensure_ascii=False)}]).encode()


# --- what was spoken ------------------------------------------------------------------------------

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "txt": "text/plain"}


def _write(
    writer: Callable[[Sequence[SpokenLine]], str], spoken: Sequence[SpokenLine], form: str
) -> Content:
    return Written(lambda: writer(spoken).encode(), MEDIA_TYPES[form])


def _fragments(spoken: Sequence[SpokenLine]) -> str:
    zero = spoken[0].start
    told = []
    for line in spoken:
        minutes, seconds = divmod(count_seconds(zero, line.start), 60)
        told.append(
            {
                "Text": line.text,
                "ParticipantId": _speaker(line),
                "Start": f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.0000000",
            }
        )
    return json.dumps({"Fragments": told}, ensure_ascii=False)


def _raw(spoken: Sequence[SpokenLine]) -> str:
    return json.dumps([line.text for line in spoken], ensure_ascii=False)


def _as_text(spoken: Sequence[SpokenLine]) -> str:
    zero = spoken[0].start
    told = []
    for line in spoken:
        minutes, seconds = divmod(count_seconds(zero, line.start), 60)
        told.append(f"{_speaker(line)}{minutes}:{seconds:02}\n{line.text}\n")
    return "\n".join(told)


def _as_html(spoken: Sequence[SpokenLine]) -> str:
    lines = "".join(f"<p><b>{_speaker(line)}</b> {line.text}</p>" for line in spoken)
    return f"<!DOCTYPE html><html><body>{lines}</body></html>"


def _speaker(line: SpokenLine) -> str:
    return "Agent" if isinstance(line.person, Agent) else "Customer"
