"""What is written, not filmed: transcripts, and the notes that an AI makes of a call (1.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox import Call, SpokenLine


def list_spoken(call: Call, window: Window, cuts: tuple[Window, ...]) -> Iterator[SpokenLine]:
    """What is heard in the file of *window* without *cuts*."""
    heard = set()
    for line in call.spoken:
        inside = window.start <= line.start < window.end
        cut = any(stretch.start <= line.start < stretch.end for stretch in cuts)
        if inside and not cut and (line.start, line.person) not in heard:
            heard.add((line.start, line.person))
            yield line


def write_vtt(call: Call, window: Window, cuts: tuple[Window, ...]) -> bytes:
    """A transcript as WebVTT; its times are those of the file, so without *cuts* (1.4)."""
    blocks = ["WEBVTT", ""]
    for number, line in enumerate(list_spoken(call, window, cuts), 1):
        begin, end = (_media_time(at, window, cuts) for at in (line.start, line.end))
        blocks += [str(number), f"{_clock(begin)} --> {_clock(end)}", line.text, ""]
        blocks[-2] = f"<v {line.person.name}>{line.text}"
    return "\n".join(blocks).encode()


def write_notes(recording_id: str, sort: str, call: Call) -> bytes:
    """An AI artefact; its form is published nowhere."""
    told = {"recordingId": recording_id, "type": sort, "lines": len(call.spoken)}
    return json.dumps(told).encode()


def _media_time(at: datetime, window: Window, cuts: tuple[Window, ...]) -> timedelta:
    at = min(at, window.end)
    cut = sum((min(at, c.end) - c.start for c in cuts if c.start < at), timedelta())
    return at - window.start - cut


def _clock(at: timedelta) -> str:
    seconds = int(at.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
