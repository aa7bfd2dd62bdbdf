"""Who was in a call when, as the World knows it, against the contacts and what is heard in them.

The World says for each second whose voices a recorder took down.  From this, and from the archived
originals alone, follows every sample that the audio of each contact must have.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catchment.model import Window
from catchment.sandbox import Agent, Call, Leg, Recorded

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """One contact that must be there.

    Attributes:
        email: The agent's address.
        start: The first second, counted from when the main line began to be recorded.
        end: The second after the last.
        asked: Seconds in which the agent was only asked by a colleague.
    """

    email: str
    start: int
    end: int
    asked: frozenset[int] = frozenset()


class Truth:
    """A recorded call as it really happened, in seconds of its main line.

    Attributes:
        zero: When the main line began to be recorded.
        seconds: How long it was, pauses included.
        paused: Seconds of it that are not in its file.
        consults: For each second of a consultation, the second at which its file began.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        customers = {leg.leg_id for leg in call.legs if leg.role == "customer"}
        main = [one for one in call.recorded if customers & set(one.legs)]
        asked = [one for one in call.recorded if not customers & set(one.legs)]
        self.zero = min(one.window.start for one in main)
        self.seconds = self.second(max(one.window.end for one in main))
        taken = {second for one in main for second in self._span(one.window)}
        # Nobody but the customer is there while a colleague's phone rings, and it is recorded.
        there = {n for leg in call.legs for n in self._list_there(leg, main)}
        self.paused = there.intersection(range(self.seconds)) - taken
        self.paused |= {n for one in main for pause in one.pauses for n in self._span(pause)}
        self.consults = {
            n: self.second(one.window.start) for one in asked for n in self._span(one.window)
        }
        self._asked = {
            leg_id: {n for one in asked if leg_id in one.legs for n in self._span(one.window)}
            for leg_id in {move.to_leg for move in call.moves if move.kind == "consult"}
        }
        self._with_customer = {
            leg.leg_id: {
                n for one in main if leg.leg_id in one.legs for n in self._span(one.window)
            }
            for leg in call.legs
        }

    def _list_there(self, leg: Leg, main: Sequence[Recorded]) -> range:
        """The seconds in which an agent is with the customer."""
        own = [one for one in main if leg.leg_id in one.legs and isinstance(leg.person, Agent)]
        if not own:
            return range(0)
        return range(self.second(min(one.window.start for one in own)), self.second(leg.ended_at))

    def second(self, moment: datetime) -> int:
        """A moment of the World in seconds of the main line."""
        return round((moment - self.zero) / SECOND)

    def _span(self, window: Window) -> range:
        return range(self.second(window.start), self.second(window.end))

    def list_contacts(self) -> list[Expected]:
        """The contacts of the call, by agent and start."""
        by_email: dict[str, list[Expected]] = {}
        customer = next(leg for leg in self.call.legs if leg.role == "customer")
        assert customer.answered_at is not None
        for leg in sorted(self.call.legs, key=lambda leg: leg.offered_at):
            if leg.answered_at is None or not isinstance(leg.person, Agent):
                continue
            asked = self._asked.get(leg.leg_id, set()) - self._with_customer[leg.leg_id]
            one = Expected(
                leg.person.email,
                self.second(max(leg.answered_at, customer.answered_at)),
                self.second(leg.ended_at),
                frozenset(asked),
            )
            own = by_email.setdefault(one.email, [])
            if own and one.start - own[-1].end <= 1:  # left and came back in the same second
                last = own.pop()
                one = Expected(one.email, last.start, one.end, last.asked)
            own.append(one)
        return sorted(
            (one for own in by_email.values() for one in own),
            key=lambda one: (one.email, one.start),
        )

    def build_sound(self, contact: Expected, main: Sound, consults: Mapping[int, Sound]) -> bytes:
        """Every sample that the contact's audio must have.

        Args:
            contact: The contact.
            main: The file of the main line.
            consults: The files of consultations, by the second at which each began; without them
                the main line is heard instead.
        """
        sound = []
        for second in range(contact.start, min(contact.end, self.seconds)):
            begin = self.consults.get(second)
            if second in contact.asked and begin is not None and begin in consults:
                sound.append(consults[begin].second(second - begin))
            elif second in self.paused:
                sound.append(main.silence)
            else:
                sound.append(main.second(second - sum(one < second for one in self.paused)))
        return b"".join(sound)


@dataclass(frozen=True, slots=True)
class Sound:
    """The samples of a WAV.

    Attributes:
        rate: Frames per second.
        width: Bytes per frame.
        samples: All of them.
    """

    rate: int
    width: int
    samples: bytes

    @classmethod
    def read(cls, path: Path) -> Sound:
        """What is in the plain WAV at *path*."""
        data = path.read_bytes()
        assert data[:4] == b"RIFF", path
        assert data[8:12] == b"WAVE", path
        at, shape = 12, b""
        while True:
            name, size = struct.unpack_from("<4sI", data, at)
            if name == b"fmt ":
                shape = data[at + 8 : at + 8 + size]
            if name == b"data":
                _, _, rate, _, width, _ = struct.unpack_from("<HHIIHH", shape)
                return cls(rate, width, data[at + 8 : at + 8 + size])
            at += 8 + size + size % 2

    def second(self, number: int) -> bytes:
        """One second's samples; fewer at the end."""
        length = self.rate * self.width
        return self.samples[number * length : (number + 1) * length]

    @property
    def silence(self) -> bytes:
        """A second of nothing."""
        return bytes(self.rate * self.width)


def read_moment(told: object) -> datetime:
    """A time as either database gives it."""
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
