"""What is heard in the recording of a call: which second of which code (4.1).

A call is one line from its first second on: second *s* carries symbol *s* of a code of its own,
whoever speaks and however the line is cut into recordings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.model import Window
from catchment.sandbox import Call, Recorded, Take
from catchment_dynamics.simulator.tell_rows import count_seconds


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one call.

    Attributes:
        code: What is filmed.
        zero: When its second 0 was.
        stretches: When the recorder ran, one for each recording; pauses are inside.
        pauses: When it was paused.
        silent: A pause is kept in the file; otherwise it is cut out.
    """

    code: int
    zero: datetime
    stretches: tuple[Window, ...]
    pauses: tuple[Window, ...] = ()
    silent: bool = False

    def list_skips(self, stretch: Window) -> list[tuple[int, int]]:
        """What is cut out of a stretch, in seconds after its beginning."""
        return [
            (count_seconds(stretch.start, pause.start), count_seconds(stretch.start, pause.end))
            for pause in self.pauses
            if not self.silent and stretch.start <= pause.start and pause.end <= stretch.end
        ]

    def count(self, stretch: Window) -> int:
        """How many seconds the file of a stretch plays."""
        cut = sum(end - start for start, end in self.list_skips(stretch))
        return count_seconds(stretch.start, stretch.end) - cut

    def take(self, stretch: Window, channels: int = 1) -> Take:
        """The file of a stretch."""
        return Take(
            self.code,
            self.count(stretch),
            "mp4",
            begin=count_seconds(self.zero, stretch.start),
            skips=tuple(self.list_skips(stretch)),
            video=False,
            channels=channels,
        )


def build_line(call: Call, code: int, spans: list[Window], *, silent: bool) -> Line:
    """The line of a recorded call.

    Args:
        call: Which.
        code: What to film.
        spans: When a recorder that nobody stops would run, one for each recording.
        silent: A pause is kept in the file.
    """
    stops = list(list_stops(call))
    stretches = [part for span in spans for part in _cut(span, stops)]
    pauses = tuple(pause for one in list_main(call) for pause in one.pauses)
    line = Line(code, call.started_at, tuple(stretches), pauses, silent)
    heard = tuple(stretch for stretch in stretches if line.count(stretch) > 0)
    return Line(code, call.started_at, heard, pauses, silent)


def list_main(call: Call) -> list[Recorded]:
    """What the World recorded of agents who speak with the customer, by start."""
    customers = {leg.leg_id for leg in call.legs if leg.role == "customer"}
    main = [one for one in call.recorded if customers & set(one.legs)]
    return sorted(main, key=lambda one: one.window.start)


def list_stops(call: Call) -> Iterator[Window]:
    """When the recorder was off, though an agent spoke with the customer."""
    legs = {leg.leg_id: leg for leg in call.legs}
    by_leg: dict[str, list[Recorded]] = {}
    for one in list_main(call):
        by_leg.setdefault(one.legs[0], []).append(one)
    for leg_id, parts in by_leg.items():
        nexts = [part.window.start for part in parts[1:]] + [legs[leg_id].ended_at]
        for part, following in zip(parts, nexts, strict=True):
            if part.window.end < following:
                yield Window(part.window.end, following)


def _cut(span: Window, stops: list[Window]) -> Iterator[Window]:
    start = span.start
    for stop in sorted(stops, key=lambda one: one.start):
        if span.start <= stop.start < span.end:
            if start < stop.start:
                yield Window(start, stop.start)
            start = max(start, stop.end)
    if start < span.end:
        yield Window(start, span.end)
