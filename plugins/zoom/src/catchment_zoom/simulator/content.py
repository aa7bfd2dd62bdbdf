"""What is inside Zoom's files: media are takes of the World, all else is written here (4.1).

Only ``CHAT_MESSAGE`` has a published form.  Of the other JSON artefacts Zoom publishes nothing,
so theirs are inventions that a client can only copy as they are.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from catchment.sandbox import Meeting, Recorded, Take

_THUMBNAIL = base64.b64decode(
    "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAg+Pkk+SVVVVVVVVWRdZGhoaGRkZGRoaGhwcHCDg4NwcHBoaHBwfHyDg4+T"
    "j4eHg4eTk5ubm7q6srLZ2eD/////xABKAAEAAAAAAAAAAAAAAAAAAAAAAQEAAAAAAAAAAAAAAAAAAAAAEAEAAAAAAAAA"
    "AAAAAAAAAAAAEQEAAAAAAAAAAAAAAAAAAAAA/8AAEQgAEAAQAwEiAAIRAAMRAP/aAAwDAQACEQMRAD8AAA//2Q=="
)


def film(recorded: Recorded, *, picture: bool, sound: bool = True) -> Take:
    """The MP4 (or, without a picture, the M4A) of a recorded stretch; pauses are cut out."""
    start = recorded.window.start
    skips = tuple(
        (int((p.start - start).total_seconds()), int((p.end - start).total_seconds()))
        for p in recorded.pauses
    )
    return Take(
        code=recorded.code,
        seconds=recorded.seconds,
        form="mp4" if picture else "m4a",
        skips=skips,
        audio=sound,
        video=picture,
    )


def write_chat(meeting: Meeting, since: datetime) -> bytes:
    """``CHAT``: text, a line each, times since the start."""
    lines = []
    for line in meeting.chat:
        to = "Everyone" if line.to is None else f"{line.to.name}(Direct Message)"
        lines.append(f"{_elapsed(line.at - since)}\t From {line.person.name} to {to}:\t{line.text}")
    return ("\r\n".join(lines) + "\r\n").encode()


def write_chat_messages(meeting: Meeting, uuid: str, since: datetime) -> bytes:
    """``CHAT_MESSAGE``: names, addresses and message ids in base64 (4.1)."""
    messages = []
    for number, line in enumerate(meeting.chat):
        messages.append(
            {
                "msg_type": 1 if line.to is None else 2,
                "e_time": _elapsed(line.at - meeting.started_at),
                "e_archive_time": _elapsed(line.at - since),
                "s_id": "" if number % 5 == 4 else str(16778240 + number),
                "s_name": _base64(line.person.name),
                "s_email": _base64(line.person.email),
                "msg_id": _base64("{" + f"{meeting.meeting_id}-{number}" + "}"),
                "r_name": _base64("Everyone" if line.to is None else line.to.name),
                "msg_content": _base64(line.text),
            }
        )
    return _json({"uuid": uuid, "messages": messages})


def write_vtt(meeting: Meeting, since: datetime) -> bytes:
    """``CC`` and the cloud ``TRANSCRIPT``: WebVTT."""
    blocks = ["WEBVTT", ""]
    for number, line in enumerate(meeting.spoken, 1):
        span = f"{_elapsed(line.start - since)}.000 --> {_elapsed(line.end - since)}.000"
        blocks += [str(number), span, f"{line.person.name}: {line.text}", ""]
    return "\r\n".join(blocks).encode()


def write_transcript(meeting: Meeting, uuid: str, since: datetime) -> bytes:
    """The archive's ``TRANSCRIPT``: JSON of unpublished form."""
    rows = [
        {
            "start": _elapsed(line.start - since),
            "end": _elapsed(line.end - since),
            "speaker": line.person.name,
            "text": line.text,
        }
        for line in meeting.spoken
    ]
    return _json({"uuid": uuid, "transcript": rows})


def write_sub_groups(meeting: Meeting, uuid: str) -> bytes:
    """``SUB_GROUP_MEMBER_LOG``: who was in which room; field names are not known (4.1)."""
    rooms = [
        {"room": room.topic, "members": [stay.person.name for stay in room.attendances]}
        for room in meeting.breakouts
    ]
    return _json({"uuid": uuid, "sub_groups": rooms})


def write_conversation(meeting: Meeting, uuid: str) -> bytes:
    """``AIC_COVERSATION`` (sic): JSON of unpublished form."""
    return _json({"uuid": uuid, "conversations": [{"question": "?", "topic": meeting.topic}]})


def write_timeline(meeting: Meeting, recorded: Recorded) -> bytes:
    """``TIMELINE``: who spoke when, in the host's local time (10, row 20)."""
    zone = ZoneInfo(meeting.timezone)
    rows = [
        {
            "ts": f"{line.start.astimezone(zone):%Y-%m-%dT%H:%M:%S.000}",
            "users": [{"username": line.person.name}],
        }
        for line in meeting.spoken
        if recorded.window.start <= line.start < recorded.window.end
    ]
    return _json({"recorded": recorded.recorded_id, "timeline": rows})


def write_summary(meeting: Meeting, uuid: str) -> bytes:
    """``SUMMARY``: JSON of unpublished form."""
    return _json({"uuid": uuid, "overall_summary": f"About {meeting.topic}."})


def write_poll(meeting: Meeting) -> bytes:
    """``CSV``: answers to a poll."""
    rows = [f"{stay.person.name},{meeting.topic!r},yes" for stay in meeting.attendances]
    return "\r\n".join(["name,question,answer", *rows, ""]).encode()


def write_thumbnail(uuid: str) -> bytes:
    """``TB``: a small JPEG, told apart by a comment in it."""
    comment = uuid.encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return _THUMBNAIL[:2] + segment + _THUMBNAIL[2:]


def _elapsed(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
