"""What is heard on the main line of a call: which second of which code, on which side (3).

A call has one main line, from the first agent's answer on.  Second *s* of it carries symbol *s* of
a code of its own; who sounds in that second follows from the call's id alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from catchment.sandbox import Call, Leg, Recorded, Take, World

CALLER, AGENT = 0, 1
"""The sides of the main line: left and right."""

TURN_S = 3
"""So long does one side speak."""

Stretch = tuple[int, int]
"""From and to, in whole seconds of the main line."""


def read_sounding(call_id: str, second: int) -> tuple[bool, bool]:
    """Whether the caller and the agent sound in a second of the main line.

    Usually one of them does, in turn; in one second of nine both, in one of thirty nobody.
    """
    drawn = hashlib.blake2b(f"{call_id} {second}".encode(), digest_size=2).digest()
    number = int.from_bytes(drawn, "big")
    if number % 9 == 0:
        return True, True
    if number % 30 == 1:
        return False, False
    agents = second // TURN_S % 2 == 0
    return not agents, agents


@lru_cache(maxsize=4096)
def list_quiet(call_id: str, seconds: int) -> tuple[tuple[int, int, int], ...]:
    """When a side of the main line is silent: ``(channel, from, to)``, as takes want it."""
    found = []
    for channel in (CALLER, AGENT):
        since: int | None = None
        for second in range(seconds + 1):
            silent = second < seconds and not read_sounding(call_id, second)[channel]
            if silent and since is None:
                since = second
            elif not silent and since is not None:
                found.append((channel, since, second))
                since = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class MainLine:
    """The main line of one call.

    Attributes:
        code: What is filmed.
        begin: When the first agent answered.
        seconds: How long the recorder was there, pauses included.
        pauses: When it was paused.
        turns: Whether the sides take turns.
        silent: A pause is silence in the file; otherwise it is cut out.
    """

    call_id: str
    code: int
    begin: datetime
    seconds: int
    pauses: tuple[Stretch, ...] = ()
    turns: bool = True
    silent: bool = False

    def take(self, channels: int, since: int = 0, until: int | None = None) -> Take:
        """The file of the line, or of a part of it, with one or two channels."""
        until = self.seconds if until is None else until
        inside = [(a - since, b - since) for a, b in self.pauses if since <= a < b <= until]
        skips = () if self.silent else tuple(inside)
        quiet = []
        if channels == 2 and self.turns:
            for channel, start, end in list_quiet(self.call_id, self.seconds):
                low, high = max(start, since), min(end, until)
                if low < high:
                    quiet.append((channel, low - since, high - since))
        if self.silent:
            quiet += [(side, a, b) for a, b in inside for side in range(channels)]
        seconds = until - since - sum(b - a for a, b in skips)
        return Take(
            self.code,
            seconds,
            "wav",
            begin=since,
            skips=skips,
            channels=channels,
            quiet=tuple(quiet),
        )


def build_main_line(world: World, call: Call, *, turns: bool, silent: bool) -> MainLine | None:
    """The main line of a recorded call; ``None`` when there is none."""
    heard = list_main(call)
    if not heard:
        return None
    begin = min(part.window.start for part in heard)
    end = max(part.window.end for part in heard)
    drawn = world.bytes_for("webex_cc", "main", call.call_id, size=6)

    def second(at: datetime) -> int:
        return round((at - begin).total_seconds())

    pauses = [(second(start), second(until)) for start, until, _ in list_pauses(call)]
    inside = tuple((a, b) for a, b in pauses if b <= second(end))
    code = int.from_bytes(drawn, "big")
    return MainLine(call.call_id, code, begin, second(end), inside, turns, silent)


def find_customer(call: Call) -> Leg | None:
    """The customer's leg."""
    return next((leg for leg in call.legs if leg.role == "customer"), None)


def list_main(call: Call) -> list[Recorded]:
    """The stretches in which an agent speaks with the customer, by start."""
    customer = find_customer(call)
    own = customer.leg_id if customer else ""
    return sorted((r for r in call.recorded if own in r.legs), key=lambda r: r.window.start)


def list_pauses(call: Call) -> Iterator[tuple[datetime, datetime, str]]:
    """When the recorder was paused, and by which leg; a pause may last to the end of the leg.

    A recorder that is stopped and started again in the same leg was paused in between.
    """
    legs = {leg.leg_id: leg for leg in call.legs}
    by_leg: dict[str, list[Recorded]] = {}
    for recorded in list_main(call):
        by_leg.setdefault(recorded.legs[0], []).append(recorded)
    for leg_id, parts in by_leg.items():
        for number, part in enumerate(parts):
            for pause in part.pauses:
                yield pause.start, pause.end, leg_id
            after = parts[number + 1].window.start if number + 1 < len(parts) else None
            until = after or legs[leg_id].ended_at
            if part.window.end < until:
                yield part.window.end, until, leg_id
