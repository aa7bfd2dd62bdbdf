"""What needs a person, in words: each alarm one sentence that says what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from catchment._words import say_age, say_limit
from catchment.cli.printing import Cell, print_line, print_title
from catchment.cli.wording import count

if TYPE_CHECKING:
    from catchment._engine.alarms import Alarm

_TOLD = ("kind", "source", "reason_kind", "count", "since", "deadline", "next_attempt_at")
"""What programs get of an alarm beside the sentence; the rest stands in ``sources``."""


THE_ARCHIVE = "the archive"
"""Whose needs those are that are no source's."""


def say_alarm(alarm: Alarm, now: datetime) -> str:
    """One alarm as a sentence, without the name of its source."""
    return _SENTENCES[alarm.kind](alarm, now)


def say_needs(alarms: Iterable[Alarm], now: datetime) -> dict[str, list[str]]:
    """The sentences by source; damage in the archive is left out, since ``status`` lists it."""
    needs: dict[str, list[str]] = {}
    for alarm in alarms:
        name = alarm.source or (THE_ARCHIVE if alarm.kind == "archive" else "")
        if name:
            needs.setdefault(name, []).append(say_alarm(alarm, now))
    return needs


def tell_alarms(alarms: Iterable[Alarm], now: datetime) -> list[dict[str, Any]]:
    """Alarms for programs."""
    return [
        {name: getattr(one, name) for name in _TOLD}
        | {"example": one.example, "reason": one.reason, "text": say_alarm(one, now)}
        for one in alarms
    ]


def print_needs(needs: Mapping[str, list[str]]) -> None:
    """What needs a person, source by source; nothing if nothing does."""
    if not any(needs.values()):
        return
    print_title("Needs a person")
    for name, sentences in needs.items():
        for sentence in sentences:
            print_line(Cell(f"{name}: ", "bad"), sentence)


def say_listing(source: str, kind: str) -> str:
    """What to type to see every item of a kind."""
    return f"catchment items --source {shlex.quote(source)} --reason {kind}"


def say_time(at: datetime | None) -> str:
    """A moment in a sentence."""
    return f"{at:%Y-%m-%d %H:%MZ}" if at is not None else "some time"


def say_left(deadline: datetime, now: datetime) -> str:
    """``in 3 d``, or ``2 h ago``."""
    return f"in {say_age(deadline - now)}" if deadline > now else f"{say_age(now - deadline)} ago"


def _say_since(alarm: Alarm, now: datetime) -> str:
    """``since 2026-10-14 12:00Z (2 h)``."""
    age = f" ({say_age(now - alarm.since)})" if alarm.since is not None else ""
    return f"since {say_time(alarm.since)}{age}"


def _say_archive(alarm: Alarm, now: datetime) -> str:
    return alarm.reason


def _say_stopped(alarm: Alarm, now: datetime) -> str:
    return f"stopped {_say_since(alarm, now)}: {alarm.reason}"


def _say_outage(alarm: Alarm, now: datetime) -> str:
    return f"no contact {_say_since(alarm, now)}: {alarm.reason}"


def _say_feed(alarm: Alarm, now: datetime) -> str:
    return f"feed {alarm.example} fails {_say_since(alarm, now)}: {alarm.reason}"


def _say_deletion(alarm: Alarm, now: datetime) -> str:
    assert alarm.deadline is not None
    left = say_left(alarm.deadline, now)
    listing = say_listing(alarm.source, alarm.kind)
    if alarm.count == 1:
        said = f"1 recording that is not archived will be deleted by {alarm.platform} {left}"
        return f"{said}: {alarm.example} ({listing})"
    what = f"{alarm.count:,} recordings that are not archived will be deleted by {alarm.platform}"
    return f"{what}, the first {left}: {alarm.example} ({listing})"


def _say_expired(alarm: Alarm, now: datetime) -> str:
    assert alarm.deadline is not None
    what = count(alarm.count, "recording")
    first = "" if alarm.count == 1 else "for the first "
    return (
        f"{what} not archived, and {alarm.platform}'s time of keeping ended {first}"
        f"{say_left(alarm.deadline, now)}: {alarm.example} "
        f"({say_listing(alarm.source, alarm.kind)})"
    )


def _say_horizon(alarm: Alarm, now: datetime) -> str:
    assert alarm.deadline is not None
    assert alarm.after is not None
    past = alarm.deadline <= now
    loss = "what began before can be asked for no more since" if past else "it can be asked until"
    return (
        f"feed {alarm.example} is listed to {say_time(alarm.since)} only, and {alarm.platform} "
        f"lists no more than the last {say_limit(alarm.after)}: {loss} {say_time(alarm.deadline)}, "
        f"{say_left(alarm.deadline, now)} (catchment check {shlex.quote(alarm.source)})"
    )


def _say_clock(alarm: Alarm, now: datetime) -> str:
    return f"{alarm.reason}; set the one that is wrong (NTP)"


def _say_gap(alarm: Alarm, now: datetime) -> str:
    feed = alarm.example.removeprefix(f"{alarm.source}/").replace("/", " ")
    span = f"{say_time(alarm.start)} to {say_time(alarm.end)}"
    until = ""
    if alarm.deadline is not None:
        left = say_left(alarm.deadline, now)
        until = f"Its beginning can be listed until {say_time(alarm.deadline)}, {left}. "
        if alarm.deadline <= now:
            until = f"Its beginning can be listed no more since {say_time(alarm.deadline)}. "
    every = f" (all {alarm.alike:,} gaps of this feed at once)" if alarm.alike > 1 else ""
    return (
        f"feed {feed} could not be asked for {span}: {alarm.reason}. {until}"
        f"If it is to be done without: catchment skip {shlex.quote(alarm.example)} --why REASON"
        f"{every}"
    )


_ROUTINES = {
    "missing": "what the platform told of and never listed cannot be asked for",
    "parts": "which parts its feeds have cannot be asked, so that new ones are not listed",
    "upkeep": "what the adapter has to renew at the platform is not renewed",
}


def _say_routine(alarm: Alarm, now: datetime) -> str:
    return f"{_ROUTINES[alarm.example]}, {count(alarm.count, 'try', 'tries')}: {alarm.reason}"


def _say_overdue(alarm: Alarm, now: datetime) -> str:
    assert alarm.after is not None
    assert alarm.since is not None
    lack, oldest = ("lacks", "for") if alarm.count == 1 else ("lack", "the oldest for")
    after, age = say_limit(alarm.after), say_age(now - alarm.since)
    return (
        f"{count(alarm.count, 'recording')} {lack} media for longer than {after}, {oldest} {age}: "
        f"catchment show {shlex.quote(alarm.example)}"
    )


def _say_parked(alarm: Alarm, now: datetime) -> str:
    """What, since when, when next, what to type, and last why: the reason may be long."""
    assert alarm.since is not None
    files = alarm.count - alarm.recordings - alarm.renditions
    numbers = (
        (alarm.recordings, "recording"),
        (files, "file"),
        (alarm.renditions, "rendition"),
    )
    what = " and ".join(count(number, noun) for number, noun in numbers if number)
    since = f"parked{' by a person' if alarm.reason_kind == 'person' else ''}, waiting for "
    since += say_age(now - alarm.since)
    if alarm.next_attempt_at is not None:
        due = alarm.next_attempt_at > now
        since += f", next try {say_left(alarm.next_attempt_at, now) if due else 'now'}"
    listing = say_listing(alarm.source, alarm.reason_kind)
    more = f" (and {count(alarm.reasons - 1, 'other reason')})" if alarm.reasons > 1 else ""
    return f"{what} {since} ({listing}): {alarm.reason}{more}"


def _say_apart(alarm: Alarm, now: datetime) -> str:
    more = ""
    if alarm.reasons > 1:
        listing = say_listing(alarm.source, alarm.kind)
        more = f" and {count(alarm.reasons - 1, 'other reason')}: {listing}"
    shown = f"(catchment show {alarm.example})"
    return f"{count(alarm.count, 'interaction')}: {alarm.reason} {shown}{more}"


def _say_unwritten(alarm: Alarm, now: datetime) -> str:
    packages = f"{count(alarm.count, 'package')} {'is' if alarm.count == 1 else 'are'}"
    what = "the books are" if alarm.example == "books" else packages
    return f"{what} not written: {alarm.reason}"


def _say_list(alarm: Alarm, now: datetime) -> str:
    what = "list" if alarm.example.endswith(".csv") else "recovery folder"
    return f"{what} {alarm.example} was not read: {alarm.reason}"


def _say_damage(alarm: Alarm, now: datetime) -> str:
    objects = count(alarm.count, "object")
    return f"{objects} of the archive {'is' if alarm.count == 1 else 'are'} damaged or missing"


_SENTENCES: Mapping[str, Callable[[Alarm, datetime], str]] = {
    "archive": _say_archive,
    "stopped": _say_stopped,
    "outage": _say_outage,
    "expired": _say_expired,
    "deletion": _say_deletion,
    "horizon": _say_horizon,
    "gap": _say_gap,
    "clock": _say_clock,
    "feed": _say_feed,
    "routine": _say_routine,
    "overdue": _say_overdue,
    "parked": _say_parked,
    "unmapped": _say_apart,
    "unjoined": _say_apart,
    "unwritten": _say_unwritten,
    "list": _say_list,
    "damage": _say_damage,
}
