"""How much of a call is silence, and how much two people talking at once.

ffmpeg tells when each channel is silent; the rest is talk, and what both channels call talk at the
same time is talk-over.  That is asked only where each channel is one side's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from catchment._media.tool import Ffmpeg, file_url
from catchment._media.walk import INPUT, walk_limit
from catchment.errors import Unconvertible

NOISE_DB = -40
"""Below this no sample is speech.

Telephone speech is levelled to about -26 dB and its peaks stand some 12 dB above that, so that
even somebody 20 dB too quiet is heard; what a quiet line, comfort noise and the steps of A-law and
µ-law leave between the words has its peaks below -45 dB.
"""

SHORTEST = timedelta(seconds=0.5)
"""Shorter is no silence: between words and while breathing people pause for up to that long."""

_FRAME_SAMPLES = 256
"""So short that no frame holds two beginnings, of which ffmpeg would tell only one."""

_FACTOR = 4
_EVENT = re.compile(r"lavfi\.silence_(start|end)\.(\d+)=(-?[\d.]+(?:e[+-]?\d+)?)")

Spans = tuple[tuple[timedelta, timedelta], ...]
"""Stretches of a file, from and to, in order and apart from one another."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Who talks when in a sound file.

    Attributes:
        silence: When nobody does.
        talk_over: When both sides do; ``None`` where the sides cannot be told apart.
        talk: When each side does, in the order of the channels; empty where they cannot be told
            apart.
    """

    silence: Spans
    talk_over: Spans | None = None
    talk: tuple[Spans, ...] = ()

    @property
    def silence_s(self) -> float:
        """Seconds of silence."""
        return add_up(self.silence)

    @property
    def talk_over_s(self) -> float | None:
        """Seconds in which both sides talk."""
        return None if self.talk_over is None else add_up(self.talk_over)


@dataclass(slots=True)
class _Heard:
    """What ffmpeg told of each channel."""

    events: dict[int, list[tuple[float, str]]] = field(default_factory=dict)

    def read_line(self, line: str) -> None:
        if told := _EVENT.fullmatch(line.strip()):
            what, channel, at = told.groups()
            self.events.setdefault(int(channel), []).append((float(at), what))


def measure_talk(
    ffmpeg: Ffmpeg,
    path: Path,
    *,
    length: timedelta,
    channels: int,
    apart: bool,
    without: Spans = (),
) -> Talk:
    """Find out when there is silence and talk-over in *path*.

    Args:
        ffmpeg: The program.
        path: A file whose first audio stream is listened to.
        length: How long it plays.
        channels: How many it has.
        apart: Whether it has two channels, and on each of them one side alone.
        without: Stretches in which nothing was recorded: nobody is silent there, nobody talks.

    Raises:
        Unconvertible: ffmpeg could not read the file.
        Transient: ffmpeg was killed or took too long.
    """
    heard = _Heard()
    found = f"silencedetect=noise={NOISE_DB}dB:duration={SHORTEST.total_seconds()}:mono=1"
    told = "ametadata=mode=print:file=-"
    inputs = [word for name, value in INPUT.items() for word in (f"-{name}", value)]
    arguments = [*inputs, "-i", file_url(path), "-map", "0:a:0"]
    arguments += ["-af", f"asetnsamples=n={_FRAME_SAMPLES}:p=0,{found},{told}", "-f", "null", "-"]
    limit = walk_limit(path) * _FACTOR
    report = ffmpeg.read(arguments, time_limit=limit, on_line=heard.read_line)
    if report.exit_code != 0 or report.problems:
        why = report.problems[0] if report.problems else f"exit {report.exit_code}"
        raise Unconvertible(f"ffmpeg could not listen for silence: {why}")
    numbers = range(1, channels + 1)
    silent = [_pair(heard.events.get(number, ()), length) for number in numbers]
    everywhere = silent[0]
    for one in silent[1:]:
        everywhere = intersect(everywhere, one)
    recorded = invert(without, length)
    together = intersect(everywhere, recorded)
    silence = tuple(span for span in together if span[1] - span[0] >= SHORTEST)
    if not apart or channels != 2:
        return Talk(silence)
    left, right = (intersect(invert(one, length), recorded) for one in silent)
    return Talk(silence, intersect(left, right), (left, right))


def _pair(events: Sequence[tuple[float, str]], length: timedelta) -> Spans:
    """Silences from their beginnings and ends; one that nothing ends runs to the end."""
    spans: list[tuple[timedelta, timedelta]] = []
    start: timedelta | None = None
    for seconds, what in sorted(events):
        at = min(max(timedelta(seconds=seconds), timedelta()), length)
        if what == "start":
            start = at
        elif start is not None:
            spans.append((start, at))
            start = None
    if start is not None and start < length:
        spans.append((start, length))
    return tuple(spans)


# --- spans -----------------------------------------------------------------------------------


def add_up(spans: Spans) -> float:
    """How long *spans* are together, in seconds, to the hundredth."""
    return round(sum((end - start for start, end in spans), timedelta()).total_seconds(), 2)


def intersect(some: Spans, others: Spans) -> Spans:
    """What is in both."""
    found, left, right = [], 0, 0
    while left < len(some) and right < len(others):
        start = max(some[left][0], others[right][0])
        end = min(some[left][1], others[right][1])
        if start < end:
            found.append((start, end))
        if some[left][1] < others[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def invert(spans: Spans, length: timedelta) -> Spans:
    """What of ``[0, length)`` is in none of *spans*."""
    found, at = [], timedelta()
    for start, end in spans:
        if start > at:
            found.append((at, min(start, length)))
        at = max(at, end)
    if at < length:
        found.append((at, length))
    return tuple(found)
