"""What is inside the files: media are takes of the World, all else is written here."""

from __future__ import annotations

from datetime import datetime, timedelta

from catchment.sandbox import Meeting
from catchment_webex.simulator.ids import Ids


def write_vtt(meeting: Meeting, since: datetime, until: datetime, title: str) -> bytes:
    """WebVTT of what was said between two moments; times count from the first.

    Args:
        meeting: Whose lines.
        since: Where the file begins.
        until: Where it ends.
        title: Stands in a note, so that the files of one meeting differ.
    """
    blocks = ["WEBVTT", "", f"NOTE {title}", ""]
    number = 0
    for line in meeting.spoken:
        if since <= line.start < until:
            number += 1
            span = f"{_elapsed(line.start - since)} --> {_elapsed(line.end - since)}"
            blocks += [f'{number} "{line.person.name}"', span, line.text, ""]
    return "\n".join(blocks).encode()


def write_txt(meeting: Meeting, since: datetime) -> bytes:
    """The same as plain text."""
    lines = [
        f"{line.person.name} {_elapsed(line.start - since)[:8]}\n{line.text}\n"
        for line in meeting.spoken
    ]
    return "\n".join(lines).encode()


def write_arf(ids: Ids, about: str) -> bytes:
    """ARF: bytes that only Cisco's converter understands (4.4)."""
    rounds = 32 + ids.chance("arf size", about) % 64
    told = "".join(ids.hex("arf", about, number) for number in range(rounds))
    return b"\x01\x00\x00\x00ARF\x00" + bytes.fromhex(told)


def _elapsed(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
