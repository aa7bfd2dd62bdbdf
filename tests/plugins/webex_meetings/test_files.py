"""From details to files: kinds, links, timelines, and which part has the meeting's own files."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_meetings.rows import INSTANCE, RECORDING, START, recording

from catchment.model import MediaFile
from catchment.payloads import read_as
from catchment_webex_meetings import files
from catchment_webex_meetings.payloads import Links, RecordingRow

MEDIA = "https://fra2wss.webex.com/nbr/"
LINKS: dict[str, Any] = {
    "recordingDownloadLink": MEDIA + "MultiThreadDownloadServlet?ticket=SDJTSw",
    "audioDownloadLink": MEDIA + "MultiThreadDownloadServlet/audio.mp3?ticket=SDJTSw",
    "transcriptDownloadLink": MEDIA + "downloadMedia.do?mediaType=2&ticket=SDJTSw",
    "expiration": "2026-03-09T12:50:11Z",
}


def described(row: dict[str, Any] | None = None, **links: object) -> dict[str, MediaFile]:
    """The files of a recording by id."""
    given = read_as(Links, LINKS | links)
    found = files.map_recording_files(read_as(RecordingRow, row or recording()), given)
    return {file.file_id: file for file in found}


def test_a_recording_is_a_film_and_its_transcript() -> None:
    """S000-12: the MP4; its sound is made of it, so Webex's own is not fetched beside it."""
    found = described()
    assert {name: (file.kind, file.form) for name, file in found.items()} == {
        "video": ("video", "mp4"),
        "transcript": ("transcript", "vtt"),
    }


def test_no_media_host_is_sent_the_bearer() -> None:
    """Links carry their own right, and a bearer makes them a sign-in page (4.4)."""
    assert not any(way.auth for file in described().values() for way in file.ways)


def test_a_link_is_in_no_repr() -> None:
    """A signed link opens the file for three hours."""
    assert "SDJTSw" not in repr(described())


def test_the_told_size_is_not_insisted_on() -> None:
    """Whether it is exact is not known (4.3)."""
    assert described()["video"].size_bytes is None
    assert described()["video"].extra["size_bytes_told"] == 148322190


def test_a_film_covers_the_time_from_the_record_button_on() -> None:
    """Declared, because a pause is not told (4.5)."""
    timeline = described()["video"].timeline
    assert timeline.certainty == "declared"
    assert (timeline.start, timeline.length) == (START, timedelta(seconds=2569))


@pytest.mark.parametrize("missing", ["timeRecorded", "durationSeconds"])
def test_without_begin_or_length_there_is_no_timeline(missing: str) -> None:
    """Nothing is guessed."""
    assert described(recording(**{missing: None}))["video"].timeline.stretches == ()


def test_arf_is_kept_as_it_is_and_flagged() -> None:
    """Only Cisco's converter reads it (4.4, 11, point 15); its sound is worth having."""
    found = described(recording(format="ARF"))
    assert (found["video"].kind, found["video"].form) == ("attachment", "arf")
    assert "converter" in found["video"].extra["note_on_format"]
    assert (found["audio"].kind, found["audio"].form) == ("audio", "mp3")


@pytest.mark.parametrize(
    ("topic", "form"), [("Town hall.mp4", "mp4"), ("Town hall.MOV", "mov"), ("v1.2", "bin")]
)
def test_an_uploaded_film_has_the_form_of_its_name(topic: str, form: str) -> None:
    """It may be any container (4.4); what its name does not say its content must."""
    found = described(recording(format="UPLOADED", topic=topic))
    assert (found["video"].kind, found["video"].form) == ("video", form)


def test_a_film_without_a_link_is_not_there_yet() -> None:
    """Single links may be absent (4.4)."""
    found = described(recordingDownloadLink=None, transcriptDownloadLink=None)
    assert [(file.file_id, file.offered) for file in found.values()] == [("video", "not_yet")]


def test_a_transcript_of_the_meeting_needs_the_bearer_at_the_api() -> None:
    """The opposite of the recording's links (6); a deleted one is not offered."""
    rows = [{"id": "5e_M_a1", "status": "available", "vttDownloadLink": "http://x.example/vtt"}]
    rows += [{"id": "6f_M_a1", "status": "deleted"}]
    (file,) = files.map_meeting_transcripts({"items": rows}, "https://webexapis.com/v1", "")
    assert (file.file_id, file.kind, file.form) == (
        "meeting_transcript:5e_M_a1",
        "transcript",
        "vtt",
    )
    (way,) = file.ways
    assert way.auth
    assert way.url.startswith("https://webexapis.com/v1/meetingTranscripts/5e_M_a1/download")


def test_a_chat_is_webex_s_own_json_whose_growth_is_seen() -> None:
    """What is said later is another content of the same file."""
    rows = [{"id": "1", "text": "Ça va?", "sender": {"displayName": "Lena Holt"}}]
    data = json.dumps({"items": rows}).encode()
    (file,) = files.map_chat(data)
    assert (file.inline, file.kind, file.form) == (data, "chat", "json")
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert list(files.map_chat(None)) == []


def test_captions_need_the_bearer_at_the_api() -> None:
    """As transcripts of meetings do (7)."""
    document = {"items": [{"id": "c1"}, {}, {"id": "c2"}]}
    found = list(files.map_captions(document, "https://webexapis.com/v1", INSTANCE))
    assert [file.file_id for file in found] == ["captions", "captions:c2"]
    assert all(way.auth for file in found for way in file.ways)
    assert found[0].ways[0].url == (
        "https://webexapis.com/v1/meetingClosedCaptions/c1/download"
        f"?format=vtt&meetingId={INSTANCE}"
    )


def part(name: str, **changed: object) -> RecordingRow:
    """A part of the meeting."""
    return read_as(RecordingRow, recording(id=name, **changed))


@pytest.mark.parametrize(
    ("others", "first"),
    [
        ([], True),
        ([part("b" * 32, timeRecorded="2026-03-09T08:30:00Z")], True),
        ([part("b" * 32, timeRecorded="2026-03-09T08:00:00Z")], False),
        ([part("0" * 32)], False),
        ([part("f" * 32)], True),
        ([part("b" * 32, timeRecorded="2026-03-09T08:00:00Z", meetingId=None)], True),
        ([part("b" * 32, timeRecorded=None, createTime=None)], True),
    ],
)
def test_one_part_has_the_files_of_the_whole_meeting(
    others: list[RecordingRow], first: bool
) -> None:
    """The first by when it was recorded, then by id: all have one ``createTime`` (4.5)."""
    own = part(RECORDING)
    assert files.is_first(own, [own, *others]) is first
    assert files.is_first(own, others[::-1]) is first
