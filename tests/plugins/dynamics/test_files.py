"""File columns and notes become files; what the books say becomes a recording's time line."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.plugins.dynamics.samples import (
    DEFAULT,
    P2,
    P4,
    RECORDING,
    S2,
    S3,
    B,
    Chosen,
    D,
    Told,
    at,
    conversation,
    guid,
    participant,
    recorded,
    session,
)

from catchment.model import MediaFile, Recording, Way
from catchment_dynamics.files import describe_recording, describe_transcript, describe_voicemail
from catchment_dynamics.notes import decode
from catchment_dynamics.offer import Offer

SCRIPTED = Told()
SECOND = guid(0x1001)
SOUND, SIDE = "msdyn_recording", "msdyn_recordingmetadata"
WAYS = (Way("https://files.example.com/1?sig=0", auth=False, ranged=True),)
BY_CALL = Chosen(recording_begins="call")


def offer(column: str, name: str = "recording.mp4", **more: Any) -> Offer:
    """A file in *column*."""
    told: dict[str, Any] = {"ways": WAYS, "size_bytes": 6184312, "media_type": "video/mp4"}
    return Offer(column, name=name, file_id=guid(0xF1), **(told | more))


def waiting(column: str) -> Offer:
    """An empty column."""
    return Offer(column, offered="not_yet", why="no file so far")


OFFERS = {SOUND: offer(SOUND), SIDE: offer(SIDE, "recordingmetadata.json")}


def describe(
    told: Told = SCRIPTED, settings: Chosen = DEFAULT, place: int = 0
) -> tuple[MediaFile, ...]:
    """The files of one of the recordings."""
    return describe_recording(told.list_recordings()[place], OFFERS, settings)


def stretches(file: MediaFile) -> list[tuple[float, float]]:
    """The time line in seconds of the call."""
    return [
        ((one.start - at(0)).total_seconds(), (one.end - at(0)).total_seconds())
        for one in file.timeline.stretches
    ]


# --- recordings -----------------------------------------------------------------------------------


def test_a_recording_is_its_sound_and_a_side_file() -> None:
    """3.7: of the side file nothing is told but that it is there."""
    sound, side = describe()
    assert (sound.file_id, sound.kind, sound.form, sound.offered) == (
        "recording", "audio", "mp4", "ready",
    )  # fmt: skip
    assert (sound.ways, sound.size_bytes, sound.name) == (WAYS, 6184312, "recording.mp4")
    assert (side.file_id, side.kind, side.form) == ("metadata", "attachment", "json")
    assert side.timeline.stretches == ()


def test_the_sound_is_waited_for_and_the_side_file_is_not() -> None:
    """It brings a new revision when it comes."""
    offers = {SOUND: waiting(SOUND), SIDE: waiting(SIDE)}
    (sound,) = describe_recording(SCRIPTED.list_recordings()[0], offers, DEFAULT)
    assert (sound.offered, sound.why) == ("not_yet", "no file so far")


def test_another_file_in_the_column_is_another_description() -> None:
    """Though name and size are the same: it is downloaded and compared."""
    (recording,) = SCRIPTED.list_recordings()
    before = describe_recording(recording, {SOUND: offer(SOUND)}, DEFAULT)
    after = describe_recording(
        recording, {SOUND: replace(offer(SOUND), file_id=guid(0xFF))}, DEFAULT
    )
    assert before != after


@pytest.mark.parametrize(
    ("name", "form"), [("a.WAV", "wav"), ("a.mp3", "mp3"), ("a", "mp4"), ("a.bin", "mp4")]
)
def test_a_sound_is_what_its_name_says(name: str, form: str) -> None:
    """4.3 says mp4, and the pattern of names is not documented."""
    (recording,) = SCRIPTED.list_recordings()
    (sound,) = describe_recording(recording, {SOUND: offer(SOUND, name)}, DEFAULT)
    assert sound.form == form


# --- time lines -----------------------------------------------------------------------------------


def test_a_recording_begins_with_the_first_answer() -> None:
    """And ends before wrap-up; it is a guess (3.7)."""
    sound = describe()[0]
    assert (stretches(sound), sound.timeline.certainty) == ([(60, 600)], "guessed")


def test_a_recording_may_begin_with_the_call() -> None:
    """As the setting says."""
    assert stretches(describe(settings=BY_CALL)[0]) == [(0, 600)]


@pytest.mark.parametrize(
    ("told", "start"),
    [
        (replace(SCRIPTED, participants=(participant(P2, S2, B, 52, 61, 300),)), 61),
        (replace(SCRIPTED, participants=(participant(P4, S3, D, 300, 300, 660),)), 60),
        (replace(SCRIPTED, participants=()), 60),
        (replace(SCRIPTED, participants=(), sessions=()), 60),
    ],
)
def test_the_answer_is_the_participants_else_the_sessions_else_the_conversations(
    told: Told, start: float
) -> None:
    """What is told first counts."""
    assert stretches(describe(told)[0])[0][0] == start


def test_a_call_that_goes_on_has_no_time_line() -> None:
    """Its end is not known."""
    row = conversation(statecode=0, statuscode=2, msdyn_wrapupinitiatedon=None, msdyn_closedon=None)
    assert stretches(describe(replace(SCRIPTED, conversation=row))[0]) == []


def test_an_orphan_has_no_time_line() -> None:
    """4.4: nothing of its call is left."""
    row = recorded()
    recording = Recording(RECORDING, at(670), documents={"listing": row, "recording": row})
    assert stretches(describe_recording(recording, OFFERS, DEFAULT)[0]) == []


TWO = (recorded(), recorded(SECOND, createdon="2026-03-02T08:40:00Z"))


def test_a_recording_for_each_session_is_the_sessions() -> None:
    """4.1: in the order in which they were written."""
    told = replace(SCRIPTED, recordings=TWO)
    assert [stretches(describe(told, place=place)[0]) for place in (0, 1)] == [
        [(60, 300)],
        [(300, 600)],
    ]


def test_a_session_without_its_participant_counts_all_the_same() -> None:
    """It tells when it was taken."""
    told = replace(SCRIPTED, recordings=TWO, participants=SCRIPTED.participants[:3])
    assert stretches(describe(told, place=1)[0]) == [(300, 660)]


def test_other_numbers_of_recordings_follow_one_another() -> None:
    """Stopped and started again: only their order is known, and none is laid over another."""
    told = replace(
        SCRIPTED,
        recordings=TWO,
        sessions=(session(S3, 300, 300, 660, 21),),
        participants=(participant(P4, S3, D, 300, 300, 660),),
    )
    told_lines = [stretches(describe(told, place=place)[0]) for place in (0, 1)]
    assert told_lines == [[(300, 450)], [(450, 600)]]


# --- transcripts ----------------------------------------------------------------------------------

COLUMNS = {
    "msdyn_voicetranscript": "t.json",
    "msdyn_voicetranscript_formatted": "t.html",
    "msdyn_rawvoicetranscript": "t.txt",
    "msdyn_englishtranslatedtranscriptformatted": "t",
}
CHAT = json.dumps([{"Content": '{"id": "1", "content": "Wait a moment"}'}]).encode()


def note(number: int, content: bytes | str, **more: Any) -> dict[str, Any]:
    """A row of ``annotation`` on a transcript."""
    body = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return {
        "annotationid": guid(0xA000 + number),
        "objecttypecode": "msdyn_transcript",
        "documentbody": body,
        "isdocument": True,
        "createdon": f"2026-03-02T08:31:0{number}Z",
    } | more


def transcribe(*notes: dict[str, Any], offers: dict[str, Offer] | None = None) -> list[MediaFile]:
    """The files of a transcript."""
    recording = Recording(guid(0x2000), at(700), documents={"notes": {"rows": list(notes)}})
    return list(describe_transcript(recording, offers or {}))


def test_each_file_column_of_a_transcript_is_a_file() -> None:
    """3.8: in the form that its name has."""
    offers = {column: offer(column, name) for column, name in COLUMNS.items()}
    files = transcribe(offers=offers)
    assert [(file.file_id, file.form) for file in files] == [
        ("voicetranscript", "json"),
        ("voicetranscript_formatted", "html"),
        ("rawvoicetranscript", "txt"),
        ("englishtranslatedtranscriptformatted", "json"),
    ]
    assert {file.kind for file in files} == {"transcript"}


def test_columns_that_stay_empty_are_no_files() -> None:
    """An English translation is made only sometimes."""
    assert transcribe(offers={column: waiting(column) for column in COLUMNS}) == []


def test_a_chat_stands_in_a_note() -> None:
    """3.8: its bytes are inside the row."""
    (chat,) = transcribe(note(1, CHAT))
    assert (chat.file_id, chat.kind, chat.form) == ("chat", "chat", "json")
    assert (chat.inline, chat.offered, chat.size_bytes) == (CHAT, "ready", len(CHAT))


def test_other_notes_are_attachments() -> None:
    """N + 1 notes for n attachments, which stand on the conversation."""
    on = {"objecttypecode": "msdyn_ocliveworkitem"}
    files = transcribe(
        note(2, b"%PDF-1.7", filename="offer.PDF", mimetype="application/pdf", **on),
        note(3, b"?", mimetype="image/png", **on),
        note(4, b"?", filename="../../x.<b>", **on),
        note(1, CHAT),
    )
    assert [(file.file_id, file.kind, file.form) for file in files] == [
        ("chat", "chat", "json"),
        (f"attachment-{guid(0xA002)}", "attachment", "pdf"),
        (f"attachment-{guid(0xA003)}", "attachment", "png"),
        (f"attachment-{guid(0xA004)}", "attachment", "bin"),
    ]


def test_a_second_chat_has_a_name_of_its_own() -> None:
    """None takes another's place."""
    assert [file.file_id for file in transcribe(note(1, CHAT), note(2, CHAT))] == [
        "chat",
        f"chat-{guid(0xA002)}",
    ]


@pytest.mark.parametrize("body", ["%%%", "YWJ", "ä", ""])
def test_a_broken_note_is_told_as_failed(body: str) -> None:
    """It stops nothing else."""
    broken, chat = transcribe(note(1, body, filename="a.txt"), note(2, CHAT))
    assert (broken.offered, broken.inline) == ("failed", None)
    assert "note" in broken.why
    assert chat.offered == "ready"


def test_a_note_of_words_alone_is_no_file() -> None:
    """Somebody wrote a remark."""
    assert transcribe(note(1, "", isdocument=False)) == []


def test_base64_may_have_line_breaks() -> None:
    """As mail has it."""
    assert decode("YW\r\nJj") == b"abc"


# --- voicemails -----------------------------------------------------------------------------------


def test_a_voicemail_is_what_its_columns_hold() -> None:
    """3: they are not documented; an empty one is not waited for beside a full one."""
    offers = {
        "msdyn_recording": offer("msdyn_recording", "message.wav"),
        "msdyn_text": offer("msdyn_text", "message.txt"),
        "msdyn_other": waiting("msdyn_other"),
        "msdyn_sound": offer("msdyn_sound", "", media_type="audio/mpeg"),
    }
    files = describe_voicemail(offers)
    assert [(file.file_id, file.kind, file.form) for file in files] == [
        ("msdyn_recording", "audio", "wav"),
        ("msdyn_sound", "audio", "mp3"),
        ("msdyn_text", "transcript", "txt"),
    ]


def test_a_voicemail_without_any_file_is_waited_for() -> None:
    """Its column is named."""
    column = "msdyn_recording"
    (file,) = describe_voicemail({column: waiting(column)})
    assert (file.file_id, file.offered) == (column, "not_yet")
