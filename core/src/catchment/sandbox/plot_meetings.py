"""Invents meetings: every shape that a platform's listing must survive, each at least once a day.

A day of twenty meetings or more has them all; a smaller day has the first ones of a shuffled list.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox.cast import (
    Attachment,
    Attendance,
    ChatLine,
    Meeting,
    MeetingKind,
    Person,
    Recorded,
    SpokenLine,
)
from catchment.sandbox.chance import Chance
from catchment.sandbox.plot import People, plot_starts

SHAPES = (
    "plain",
    "plain",
    "series",
    "breakouts",
    "personal_room",
    "personal_room",
    "external",
    "webinar",
    "host_absent",
    "restarted",
    "paused",
    "rejoined",
    "unrecorded",
)
TOPICS = (
    "Desk call / EMEA ✓",
    "Weekly",
    "Q3: limits & risk",
    "Überprüfung der Quote",
    "顧客レビュー",
    "../../etc — naming is hard",
    "Onboarding 👋",
    'Re: "final" offer, v2',
)
PHRASES = (
    "Can everybody hear me?",
    "Let us look at the numbers first.",
    "Der Vertrag läuft bis März.",
    "I would rather not decide that today.",
    "Ça marche, on fait comme ça.",
    "Who takes the minutes?",
    "それでは、また来週。",
    "The offer stands until Friday.",
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Jerusalem", "Asia/Kolkata", "UTC")


def plot_meetings(
    chance: Chance, people: People, midnight: datetime, count: int, life_size: bool
) -> list[Meeting]:
    """The meetings of the day that begins at *midnight*, by start."""
    rounds = -(-count // len(SHAPES))
    shapes = [
        shape
        for number in range(rounds)
        for shape in _shuffled(SHAPES, chance.random("shapes", midnight.isoformat(), number))
    ]
    starts = plot_starts(chance, "meetings", midnight, count)
    return [
        _Script(chance, people, f"m-{start:%Y%m%d}-{number}", shape, life_size).meeting(start)
        for number, (start, shape) in enumerate(zip(starts, shapes, strict=False))
    ]


def _shuffled(items: tuple[str, ...], draw: random.Random) -> list[str]:
    return draw.sample(items, len(items))


def _second(number: float) -> timedelta:
    return timedelta(seconds=round(number))


class _Script:
    """One meeting in the making; all of its chance comes from its id."""

    def __init__(
        self, chance: Chance, people: People, meeting_id: str, shape: str, life_size: bool
    ) -> None:
        self.chance = chance
        self.people = people
        self.meeting_id = meeting_id
        self.shape = shape
        self.draw = chance.random("meeting", meeting_id)
        self.length = self.draw.randrange(600, 3600) if life_size else self.draw.randrange(12, 41)

    def meeting(self, start: datetime) -> Meeting:
        host, guests = self._cast()
        host_attended = self.shape != "host_absent"
        end = start + _second(self.length)
        present = [host, *guests] if host_attended else guests
        stays = sorted(self._stays(present, start, end), key=lambda stay: stay.joined_at)
        whole = list(self._stretches(start, end))
        number, series_id = self._number(host)
        planned = self.shape not in ("personal_room", "plain") or self.draw.random() < 0.5
        meeting = Meeting(
            meeting_id=self.meeting_id,
            number=number,
            kind=self._kind(),
            topic=self._topic(host),
            host=host,
            host_attended=host_attended,
            started_at=start,
            ended_at=end,
            timezone=self.draw.choice(ZONES),
            scheduled_at=start.replace(minute=start.minute // 15 * 15, second=0)
            if planned
            else None,
            scheduled_minutes=self.draw.choice((15, 30, 60)) if planned else 0,
            attendances=tuple(stays),
            recorded=tuple(whole),
            voices=tuple(self._voices(whole, stays)),
            external=self.shape == "external",
            series_id=series_id,
            chat=tuple(self._chat(stays)),
            spoken=tuple(self._spoken(stays, start, end)),
            attachments=tuple(self._attachments(stays)),
        )
        if self.shape == "breakouts":
            return replace(meeting, breakouts=tuple(self._breakouts(meeting)))
        return meeting

    def _kind(self) -> MeetingKind:
        if self.shape == "webinar":
            return "webinar"
        return "personal_room" if self.shape == "personal_room" else "scheduled"

    def _cast(self) -> tuple[Person, list[Person]]:
        ours = self.draw.sample(self.people.at_work, self.draw.randrange(2, 5))
        theirs = self.draw.sample(self.people.customers, self.draw.randrange(1, 4))
        if self.shape == "external":
            return theirs[0], [*theirs[1:], *ours]
        return ours[0], [*ours[1:], *theirs]

    def _number(self, host: Person) -> tuple[int, str]:
        """What people dial: the room's own, the series' own, or one of its own."""
        about: tuple[object, ...] = ("meeting", self.meeting_id)
        series_id = ""
        if self.shape == "personal_room":
            about = ("room", host.email)
        elif self.shape == "series":
            series_id = f"series-{host.email}"
            about = ("series", host.email)
        return 80_000_000_000 + self.chance.random("number", *about).randrange(10**10), series_id

    def _topic(self, host: Person) -> str:
        if self.shape == "personal_room":
            return f"{host.name}'s Personal Room"
        if self.shape == "series":
            return "Daily stand-up / " + host.name
        return self.draw.choice(TOPICS)

    def _stays(self, people: list[Person], start: datetime, end: datetime) -> Iterator[Attendance]:
        """The first is there from start to end; the others come and go in between."""
        for number, person in enumerate(people):
            late = 0 if number == 0 else self.draw.randrange(self.length // 4 + 1)
            early = 0 if number == 0 else self.draw.randrange(self.length // 4 + 1)
            joined, left = start + _second(late), end - _second(early)
            if number == 1 and self.shape == "rejoined":
                away = joined + _second(self.length // 5)
                yield self._stay(number, 0, person, joined, away)
                joined = away + _second(max(2, self.length // 10))
                yield self._stay(number, 1, person, joined, left)
            else:
                yield self._stay(number, 0, person, joined, left)

    def _stay(
        self, number: int, again: int, person: Person, joined: datetime, left: datetime
    ) -> Attendance:
        return Attendance(f"{self.meeting_id}-p{number}.{again}", person, joined, left)

    def _stretches(self, start: datetime, end: datetime) -> Iterator[Recorded]:
        """The recorder's runs: none, one, one with a pause, or two."""
        if self.shape == "unrecorded":
            return
        begin = start + _second(self.draw.randrange(3))
        third = _second(self.length // 3)
        if self.shape == "restarted":
            yield self._film("r0", Window(begin, begin + third))
            yield self._film("r1", Window(begin + third + _second(3), end))
        elif self.shape == "paused":
            pause = Window(begin + third, begin + third + _second(max(2, self.length // 6)))
            yield replace(self._film("r0", Window(begin, end)), pauses=(pause,))
        else:
            yield self._film("r0", Window(begin, end))

    def _film(self, name: str, window: Window, person: Person | None = None) -> Recorded:
        recorded_id = f"{self.meeting_id}-{name}"
        return Recorded(recorded_id, self.chance.code(recorded_id), window, person)

    def _voices(self, whole: list[Recorded], stays: list[Attendance]) -> Iterator[Recorded]:
        for stretch in whole:
            for stay in stays:
                start = max(stretch.window.start, stay.joined_at)
                end = min(stretch.window.end, stay.left_at)
                if end <= start:
                    continue
                name = f"{stretch.recorded_id.rpartition('-')[2]}-{stay.attendance_id[-4:]}"
                film = self._film(name, Window(start, end), stay.person)
                yield replace(film, pauses=tuple(_within(film.window, stretch.pauses)))

    def _chat(self, stays: list[Attendance]) -> Iterator[ChatLine]:
        for number in range(self.draw.randrange(4)):
            stay = self.draw.choice(stays)
            inside = int((stay.left_at - stay.joined_at).total_seconds())
            at = stay.joined_at + _second(self.draw.randrange(max(1, inside)))
            private = number == 2 and stays[0].person is not stay.person
            to = stays[0].person if private else None
            yield ChatLine(at, stay.person, self.draw.choice(PHRASES), to)

    def _spoken(
        self, stays: list[Attendance], start: datetime, end: datetime
    ) -> Iterator[SpokenLine]:
        at = start + _second(1)
        while at + _second(3) <= end:
            here = [stay for stay in stays if stay.joined_at <= at < stay.left_at]
            if here:
                speaker = self.draw.choice(here).person
                yield SpokenLine(at, at + _second(3), speaker, self.draw.choice(PHRASES))
            at += _second(self.draw.randrange(4, 4 + max(2, self.length // 10)))

    def _attachments(self, stays: list[Attendance]) -> Iterator[Attachment]:
        if self.draw.random() < 0.2:
            stay = self.draw.choice(stays)
            attachment_id = f"{self.meeting_id}-a0"
            size = self.draw.randrange(200, 2000)
            content = self.chance.bytes_for("attachment", attachment_id, size=size)
            name = "Limits\u202fQ3 (entwürfe).bin"
            yield Attachment(attachment_id, name, content, stay.joined_at, stay.person)

    def _breakouts(self, parent: Meeting) -> Iterator[Meeting]:
        """Two rooms inside the middle of the parent, with its people dealt out."""
        window = Window(
            parent.started_at + _second(self.length // 4),
            parent.ended_at - _second(self.length // 4),
        )
        here = [
            stay
            for stay in parent.attendances
            if stay.joined_at <= window.start and stay.left_at >= window.end
        ]
        for number in range(2):
            script = _Script(
                self.chance, self.people, f"{self.meeting_id}-b{number}", "breakout", False
            )
            stays = [
                script._stay(seat, 0, stay.person, window.start, window.end)
                for seat, stay in enumerate(here[number::2] or here[:1])
            ]
            film = script._film("r0", window)
            yield replace(
                parent,
                meeting_id=script.meeting_id,
                topic=f"Room {number + 1}",
                started_at=window.start,
                ended_at=window.end,
                scheduled_at=None,
                scheduled_minutes=0,
                host_attended=any(stay.person is parent.host for stay in stays),
                attendances=tuple(stays),
                recorded=(film,),
                voices=tuple(script._voices([film], stays)),
                parent_id=parent.meeting_id,
                chat=(),
                spoken=tuple(script._spoken(stays, window.start, window.end)),
                attachments=(),
            )


def _within(window: Window, pauses: tuple[Window, ...]) -> Iterator[Window]:
    """The parts of *pauses* that lie inside *window*."""
    for pause in pauses:
        start, end = max(window.start, pause.start), min(window.end, pause.end)
        if start < end:
            yield Window(start, end)
