"""Words of chats, captions and transcripts, from the formats that platforms are known to send."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from catchment._media.stamps import read_stamp
from catchment._media.texts import Line, read_text
from catchment.errors import Corrupt
from catchment.model import Kind


def _read(kind: Kind, form: str, content: str | bytes) -> list[Line]:
    raw = content if isinstance(content, bytes) else content.encode()
    return list(read_text(kind, form, io.BytesIO(raw)))


def _at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# --- chats -------------------------------------------------------------------------------------


def test_chat_with_tabs() -> None:
    """Time, name and text between tabs are one message per row."""
    chat = "00:05:30\tAda Example:\tGood morning\r\n00:06:00\tBo:\tHi: there\r\n"
    assert _read("chat", "txt", chat) == [
        Line(_at(330), "Ada Example", "Good morning"),
        Line(_at(360), "Bo", "Hi: there"),
    ]


@pytest.mark.parametrize(
    ("row", "speaker", "text"),
    [
        ("09:01:02 From Ada Example to Everyone:\n\tHello", "Ada Example", "Hello"),
        ("09:01:02\t From  Ada to  Bo(Direct Message) : Hello", "Ada", "Hello"),
        ("09:01:02 From Ada : Hello", "Ada", "Hello"),
        ("[09:01:02] Ada: Hello", "Ada", "Hello"),
        ("09:01:02 Ada Example: Hello", "Ada Example", "Hello"),
    ],
)
def test_chat_with_names(row: str, speaker: str, text: str) -> None:
    """Who wrote is found in every spelling of a message's first row."""
    assert _read("chat", "TXT", row) == [Line(timedelta(hours=9, seconds=62), speaker, text)]


def test_message_of_several_rows_is_one() -> None:
    """Rows without a time belong to the message before them."""
    chat = "09:00:00 From Ada to Everyone:\n\tone\n\n\ttwo\n09:00:01 From Bo to Ada:\n\tthree\n"
    assert [line.text for line in _read("chat", "txt", chat)] == ["one\ntwo", "three"]


def test_message_without_text_is_none() -> None:
    """A message of nothing but its head gives no line."""
    assert _read("chat", "txt", "09:00:00 From Ada to Everyone:\n") == []


def test_free_text_is_kept_by_rows() -> None:
    """Text of an unknown shape is still found."""
    assert _read("chat", "txt", "first\n\n second \n") == [
        Line(None, "", "first"),
        Line(None, "", "second"),
    ]


def test_attachment_is_kept_by_rows() -> None:
    """What people attach is not taken for a chat."""
    assert _read("attachment", "csv", "00:00:01\ta:\tb\n") == [Line(None, "", "00:00:01\ta:\tb")]


HEADINGS = "Agent0:01\r\nGood morning,\r\nhow are you?\r\n\r\nCustomer10:07\r\nat 10:30: fine\r\n"


def test_headings_of_name_and_time() -> None:
    """Where the first row is a heading, every message has one."""
    assert _read("transcript", "txt", HEADINGS) == [
        Line(_at(1), "Agent", "Good morning,\nhow are you?"),
        Line(_at(607), "Customer", "at 10:30: fine"),
    ]


@pytest.mark.parametrize("row", ["see you at 10:30", "Room2", "um10:30 or so", "10:30"])
def test_a_time_in_a_sentence_is_no_heading(row: str) -> None:
    """What begins no message is said by whoever spoke before, and is never lost."""
    chat = f"09:00:00 From Ada to Everyone:\n\tone\n{row}\num11:30\n09:00:01 From Bo : two\n"
    assert _read("chat", "txt", chat)[0].text == f"one\n{row}\num11:30"
    assert _read("chat", "txt", row) == [Line(None, "", row)]
    assert _read("transcript", "txt", f"{HEADINGS}{row}")[1].text == f"at 10:30: fine\n{row}"


# --- captions and transcripts --------------------------------------------------------------------

VTT = """WEBVTT - made by a platform
Kind: captions

NOTE nobody
says this

STYLE
::cue { color: white }

1
00:00:01.500 --> 00:00:04.000 align:start
Ada Example: Good morning,
everyone &amp; all

intro
01:02.000 --> 01:03.000
<v.loud Bo Example>Hello <i>there</i></v>

01:00:00.000 --> 01:00:01.000
no speaker here

00:00:09.000 --> 00:00:10.000

"""


def test_cues() -> None:
    """Each cue with words is a line; identifiers, notes and styles are none."""
    assert _read("transcript", "vtt", VTT) == [
        Line(_at(1.5), "Ada Example", "Good morning,\neveryone & all"),
        Line(_at(62), "Bo Example", "Hello there"),
        Line(_at(3600), "", "no speaker here"),
    ]


def test_cues_without_their_header_are_read() -> None:
    """A missing first row, a mark and foreign row ends do not keep the words from us."""
    cue = b"\xef\xbb\xbf00:00:01.000 --> 00:00:02.000\r\nBo: yes\r\n"
    assert _read("captions", "VTT", cue) == [Line(_at(1), "Bo", "yes")]


def test_subrip_is_a_dialect() -> None:
    """SRT writes its fractions after a comma."""
    assert _read("captions", "srt", "1\n00:00:01,250 --> 00:00:02,000\nhello\n") == [
        Line(_at(1.25), "", "hello")
    ]


def test_times_in_the_words_are_words() -> None:
    """A time of day that somebody says names no speaker."""
    cue = "WEBVTT\n\n00:01.000 --> 00:02.000\nwe meet at 10:30: sharp\n"
    assert _read("captions", "vtt", cue)[0].speaker == ""


# --- JSON ----------------------------------------------------------------------------------------


def _messages(*texts: str, field: str = "content") -> dict[str, Any]:
    return {
        "uuid": "b7Zr+2KdQfWm0aTyPq9s1g==",
        "messages": [
            {
                "msg_type": 1,
                "e_time": "00:05:30",
                "e_archive_time": "00:05:21",
                "s_id": "16778240",
                "s_name": _b64("Ada Example"),
                "s_email": _b64("ada@corp.example"),
                "r_name": _b64("Everyone"),
                "msg_id": _b64("{ABC}"),
                field: _b64(text),
            }
            for text in texts
        ],
    }


def test_encoded_messages() -> None:
    """Names and texts in base64 are decoded; the time is the one that fits the media."""
    assert _read("chat", "json", json.dumps(_messages("Grüße ✓", "two"))) == [
        Line(_at(321), "Ada Example", "Grüße ✓"),
        Line(_at(321), "Ada Example", "two"),
    ]


def test_encoded_text_under_an_unknown_name_is_found() -> None:
    """Where no field says that it is the text, what is encoded like one is taken."""
    lines = _read("chat", "json", json.dumps(_messages("good morning", field="ext_x")))
    assert [(line.speaker, line.text) for line in lines] == [("Ada Example", "good morning")]


def test_plain_messages_stay_plain() -> None:
    """A word that happens to be base64 stays a word when others of its column are not."""
    messages = [{"sender": "Bo", "text": text} for text in ("Z29vZA==", "good morning")]
    lines = _read("chat", "json", json.dumps({"messages": messages}))
    assert [line.text for line in lines] == ["Z29vZA==", "good morning"]


def test_transcript_of_unknown_schema() -> None:
    """Texts are found anywhere in a tree, with the name and time beside or above them."""
    document = {
        "meetingTopic": "not a text",
        "language": "en",
        "timeline": [
            {
                "user": {"userName": "Ada", "userId": "1"},
                "segments": [
                    {"startTime": "00:00:01.500", "text": "hello"},
                    {"startTime": "12", "content": "again", "contentType": "x"},
                ],
            },
            {"speaker_name": "Bo", "ts": "00:10", "sentences": [], "text": ["one", "two"]},
        ],
    }
    assert _read("transcript", "json", json.dumps(document)) == [
        Line(_at(1.5), "Ada", "hello"),
        Line(None, "Ada", "again"),
        Line(_at(10), "Bo", "one"),
        Line(_at(10), "Bo", "two"),
    ]


def test_fragments() -> None:
    """Times with seven digits after the second are read, and ids are no names."""
    fragments = [
        {"Text": "good", "ParticipantId": "8f1c", "Start": "00:00:13.2400000"},
        {"Text": "morning", "ParticipantId": "77ab", "Start": "00:01:00"},
    ]
    assert _read("transcript", "json", json.dumps({"Fragments": fragments})) == [
        Line(_at(13.24), "", "good"),
        Line(_at(60), "", "morning"),
    ]


def _said(content: str, sender: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "1760944512000",
        "created": "2026-10-20T08:15:12Z",
        "isControlMessage": False,
        "content": content,
        "contentType": "text",
        "tags": ["public"],
        "from": sender,
    } | more


ADA = {"user": {"id": "u1", "displayName": "Ada Example"}, "application": None}
BOT = {"user": None, "application": {"id": "a1", "displayName": "Greeter"}}


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: {"messages": found}])
def test_a_document_inside_a_text(wrap: Any) -> None:
    """The words of the inner document are found, with who said them and without its controls."""
    inner = [
        _said("agent joined", BOT, isControlMessage=True, tags=["transferaccepted"]),
        _said("How can I help?", BOT),
        _said("My bill", ADA),
        _said("", ADA),
    ]
    note = [{"Content": json.dumps(wrap(inner))}]
    assert _read("chat", "json", json.dumps(note)) == [
        Line(None, "Greeter", "How can I help?"),
        Line(None, "Ada Example", "My bill"),
    ]
    only_controls = [{"Content": json.dumps(wrap(inner[:1]))}]
    assert _read("chat", "json", json.dumps(only_controls)) == []


def test_a_document_deep_inside_texts() -> None:
    """Documents inside documents inside documents are read, with what stands around them."""
    document: Any = {"text": "here"}
    for _ in range(8):
        document = {"text": json.dumps(document), "speaker": "Bo"}
    assert _read("chat", "json", json.dumps(document)) == [Line(None, "Bo", "here")]
    for _ in range(20):
        document = {"text": _b64(json.dumps(document))}
    assert _read("chat", "json", json.dumps(document)) == [Line(None, "Bo", "here")]


@pytest.mark.parametrize(
    "text", ["[1, 2]", "{no document}", '{"a": "b"}', "[]", '[{"te', "{" * 9000]
)
def test_braces_that_people_write_are_text(text: str) -> None:
    """What only looks like a document is what somebody wrote."""
    message = {"sender": "Ada", "text": text}
    assert _read("chat", "json", json.dumps(message)) == [Line(None, "Ada", text)]


def test_a_person_is_not_described_without_end() -> None:
    """What stands under a person's field is looked into a few levels deep, and no further."""
    sender: Any = {"name": "Ada"}
    for _ in range(300):
        sender = {"sender": sender}
    message = {"from": sender, "text": "yes"}
    assert _read("chat", "json", json.dumps(message)) == [Line(None, "", "yes")]


def test_json_lines() -> None:
    """One document per row is read like one document."""
    rows = '{"speaker":"Ada","text":"one"}\n{"speaker":"Bo","text":"two"}\n'
    assert [line.text for line in _read("transcript", "json", rows)] == ["one", "two"]


@pytest.mark.parametrize("cut", ['{"text": "hel', '[{"text": "hello"}, {"te', '{"a": 1}\n{"b'])
def test_cut_json_is_refused(cut: str) -> None:
    """A platform may announce the length of what it cut; only the document tells that it ends."""
    with pytest.raises(Corrupt, match="no whole JSON document"):
        _read("transcript", "json", cut)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", "17", '{"a": [1, {"b": null}]}'])
def test_nothing_said_gives_nothing(content: str) -> None:
    """A document without texts gives no lines and no error."""
    assert _read("transcript", "json", content) == []


def test_depth_is_no_danger() -> None:
    """A document nested a hundred thousand times ends nothing but itself."""
    assert _read("transcript", "json", "[" * 100_000 + "]" * 100_000) != []
    deep = '{"a":' * 900 + '{"text":"here"}' + "}" * 900
    assert _read("transcript", "json", deep) == [Line(None, "", "here")]


# --- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    """Text in the usual encodings is read as it was written."""
    chat = "00:00:01\tJürgen:\tGrüße\n"
    assert _read("chat", "txt", chat.encode(encoding)) == [Line(_at(1), "Jürgen", "Grüße")]


def test_characters_across_chunks_stay_whole() -> None:
    """A character that lies across two reads is one character."""
    text = "x" + "é" * 200_000
    assert _read("chat", "txt", text) == [Line(None, "", text)]


def test_rows_come_before_the_end_is_read() -> None:
    """A long text is read as far as it is asked for."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            return b"00:00:01\tAda:\thello\n" * (size // 20)

    lines: Iterator[Line] = read_text("chat", "txt", Endless())  # type: ignore[arg-type]
    assert [next(lines).text for _ in range(10_000)] == ["hello"] * 10_000


@pytest.mark.parametrize("form", ["vtt", "json", "txt"])
def test_page_is_refused(form: str) -> None:
    """Pain C: a web page is no text of a recording."""
    with pytest.raises(Corrupt, match=f"a web page was sent where {form}"):
        _read("transcript", form, "\n<!doctype html><html><body>Sign in</body></html>")


@pytest.mark.parametrize("form", ["vtt", "json", "txt"])
@pytest.mark.parametrize("content", [bytes(range(256)) * 9, b"\x01\x02\x03\x81\x82" * 200])
def test_binary_is_refused(form: str, content: bytes) -> None:
    """What is no text at all is refused."""
    with pytest.raises(Corrupt, match="is not text"):
        _read("chat", form, content)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01", 1),
        ("1:02:03.5", 3723.5),
        ("02:03", 123),
        ("100:00:00", 360_000),
        ("00:00:13.2400000", 13.24),
        ("00:00:00.1234569", 0.123456),
    ],
)
def test_stamps(text: str, seconds: float) -> None:
    """Times with and without hours and fractions are read."""
    assert read_stamp(text) == _at(seconds)


@pytest.mark.parametrize("text", ["", "12", "1:2", "2026-10-13T08:00:04Z", "a 00:00:01"])
def test_what_is_no_stamp(text: str) -> None:
    """Dates, numbers and sentences are no times of a text."""
    assert read_stamp(text) is None
