"""One contact per agent: who was part of a call when, and what is heard of it in each contact.

Platforms tell rows: an agent did this from then until then.  Here they become *stays*, one for
each time that an agent came into the call and left it; an adapter makes a contact of each stay,
and the engine cuts the contact's audio.  Nothing here knows any platform, and nothing does I/O.

Only starts and ends count.  Durations that platforms tell nest and overlap, and adding them up is
wrong: a hold runs beside a consultation, and "after the hold" is a state with a length of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Literal, get_args

from catchment.model import Bundle, Heard, StoredFile, Window
from catchment.model._words import check_aware, check_known

Part = Literal["talk", "consult"]
"""What an agent is in the call for: with the customer, or only asked by a colleague.

A conference is talk: the customer hears everybody.  So is whatever the agent who *asks* does: the
customer stays with that agent and waits.
"""

RowPart = Literal["talk", "consult", "wait", "away"]
"""What a row says of an agent.

``wait`` goes on with a stay that runs, and begins none: a colleague's phone rings, a consultation
fails.  ``away`` is no part of the call, as ringing and wrap-up; such rows tell when a row before
them ended that has no end of its own.
"""

MOST_APART = timedelta(seconds=1)
"""Rows of one agent that are no further apart are one stay: platforms write them one by one."""

_UNSURE = "the activities of the agent {what}"
_NO_END = "have no end"


@dataclass(frozen=True, slots=True)
class Row:
    """What a platform says that an agent did in a call.

    Attributes:
        agent: Who, in one spelling for all rows: the ``party_id`` of the draft, or what it is made
            of.
        part: What the agent was in the call for; being on hold is ``talk``.
        start: When it began; ``None`` where the platform does not say.
        end: When it ended; ``None`` where it does not say, or it goes on.
        state: The platform's word for it: nobody is twice in one state at once.
    """

    agent: str
    part: RowPart
    start: datetime | None
    end: datetime | None
    state: str = ""

    def __post_init__(self) -> None:
        check_known("Row.part", self.part, get_args(RowPart))
        check_aware("a row", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Stay:
    """One time that an agent was part of a call, from coming in to leaving.

    Attributes:
        agent: Who.
        number: Which of the agent's stays in this call, from 1.
        start: When it began.
        end: When it ended; never before ``start``.
        consults: When the agent was only asked by a colleague; inside the stay, and before the
            customer came on the line: who asks keeps the customer, who waits meanwhile.
        doubt: What was wrong with its rows, in a sentence; empty where nothing was.
        running: It was not told to have ended; ``end`` is the call's, or the last that is known.
    """

    agent: str
    number: int
    start: datetime
    end: datetime
    consults: tuple[Window, ...] = ()
    doubt: str = ""
    running: bool = False

    @property
    def stay_id(self) -> str:
        """Unique in the call and stable while earlier stays of the agent are."""
        return f"{self.agent}:{self.number}"

    @property
    def talks(self) -> tuple[Window, ...]:
        """When the customer was, or could have been, on the line: the stay without its consults."""
        windows, at = [], self.start
        for consult in self.consults:
            if consult.start > at:
                windows.append(Window(at, consult.start))
            at = max(at, consult.end)
        if self.end > at:
            windows.append(Window(at, self.end))
        return tuple(windows)


@dataclass(frozen=True, slots=True)
class Track:
    """A sound file of a call, as the platform recorded it.

    Attributes:
        recording_id: The platform's id of the recording.
        file_id: The platform's id of the file within it.
        part: ``"talk"`` for the line to the customer, ``"consult"`` for a consultation alone.
        window: From its first moment to its last.
    """

    recording_id: str
    file_id: str
    part: Part
    window: Window

    def __post_init__(self) -> None:
        check_known("Track.part", self.part, get_args(Part))


# --- stays --------------------------------------------------------------------------------------


def list_stays(
    rows: Iterable[Row], ended_at: datetime | None, began_at: datetime | None = None
) -> tuple[Stay, ...]:
    """The stays of all agents, by start.

    Args:
        rows: In any order; repeats do no harm.
        ended_at: When the call ended; it stands in for an end that is not told.  ``None`` while
            the call goes on: that a stay which runs has no end is no doubt then.
        began_at: When the call began.  An agent of whom only is told *that* they took part has the
            whole call, in doubt, if both are known; otherwise there is no stay to be made.
    """
    by_agent: dict[str, list[Row]] = {}
    for row in rows:
        by_agent.setdefault(row.agent, []).append(row)
    whole = (began_at, ended_at) if began_at and ended_at and began_at <= ended_at else None
    stays = [
        stay
        for agent, own in by_agent.items()
        for stay in _list_stays_of(agent, own, ended_at, whole)
    ]
    return tuple(sorted(stays, key=lambda stay: (stay.start, stay.end, stay.agent)))


def _list_stays_of(
    agent: str,
    rows: Sequence[Row],
    ended_at: datetime | None,
    whole: tuple[datetime, datetime] | None,
) -> Iterator[Stay]:
    moments = sorted({row.start for row in rows if row.start is not None})
    inside = {row for row in rows if row.part != "away"}
    sure = sorted(
        (one for row in inside if (one := _settle(row, moments, ended_at)) is not None),
        key=lambda one: (one.window.start, one.window.end, one.part, one.state),
    )
    runs = list(_list_runs(sure))
    for number, run in enumerate(runs, 1):
        yield _build(agent, number, run, goes_on=ended_at is None)
    if inside and not runs and whole and not any(row.start or row.end for row in inside):
        doubt = _UNSURE.format(what="have no times")
        yield Stay(agent, 1, *whole, doubt=doubt)


def _build(agent: str, number: int, run: Sequence[_Sure], *, goes_on: bool) -> Stay:
    running = any(one.running for one in run)
    excused = _NO_END if running and goes_on else ""  # it cannot have one yet
    doubts = {one.doubt for one in run} - {"", excused}
    if any(_collide(one, other) for one, other in combinations(run, 2)):
        doubts.add("overlap")
    talks = [one.window.start for one in run if one.part == "talk"]
    end = max(one.window.end for one in run)
    return Stay(
        agent=agent,
        number=number,
        start=run[0].window.start,
        end=end,
        consults=tuple(_list_consults(run, min(talks, default=end))),
        doubt=_UNSURE.format(what=" and ".join(sorted(doubts))) if doubts else "",
        running=running,
    )


def _list_consults(run: Sequence[_Sure], until: datetime) -> list[Window]:
    """When the agent of *run* was only asked: nobody is, once the customer is on the line."""
    return _join(
        [
            Window(one.window.start, min(one.window.end, until))
            for one in run
            if one.part == "consult" and one.window.start < until
        ]
    )


@dataclass(frozen=True, slots=True)
class _Sure:
    """A row with both of its times, and what is wrong with them."""

    part: RowPart
    window: Window
    state: str
    doubt: str = ""
    running: bool = False


def _collide(one: _Sure, other: _Sure) -> bool:
    """Whether two rows, the earlier one first, cannot both be right.

    States nest, as a hold around a consultation; none reaches into the next one, and nobody is in
    one state twice.
    """
    if one.window.end - other.window.start <= MOST_APART:
        return False
    late = other.window.end - one.window.end > MOST_APART
    early = other.window.start - one.window.start > MOST_APART
    return (late and early) or (one.state == other.state != "" and one != other)


def _settle(row: Row, moments: Sequence[datetime], ended_at: datetime | None) -> _Sure | None:
    """The row with both of its times, as far as can be; ``None`` where none is known.

    Args:
        row: As it was told.
        moments: When each of the agent's rows began; what has no end ended with the next of them.
        ended_at: When the call ended; ``None`` while it goes on.
    """
    start, end = row.start, row.end
    if start is None:
        if end is None:
            return None
        return _Sure(row.part, Window(end, end), row.state, "have no start")
    if end is None:
        after = next((moment for moment in moments if moment > start), None)
        window = Window(start, after or max(start, ended_at or start))
        return _Sure(row.part, window, row.state, _NO_END, running=after is None)
    if end < start:
        return _Sure(row.part, Window(end, start), row.state, "end before they start")
    return _Sure(row.part, Window(start, end), row.state)


def _list_runs(sure: Sequence[_Sure]) -> Iterator[list[_Sure]]:
    """Rows that hang together in time; a break between two runs is an absence."""
    run: list[_Sure] = []
    until: datetime | None = None
    for one in sure:
        if until is not None and one.window.start - until > MOST_APART:
            yield run
            run, until = [], None
        if until is None and one.part == "wait":
            continue
        run.append(one)
        until = one.window.end if until is None else max(until, one.window.end)
    if run:
        yield run


def _join(windows: Sequence[Window]) -> list[Window]:
    """*windows*, which are sorted by start, without overlaps and hair-breadths in between."""
    joined: list[Window] = []
    for window in windows:
        if joined and window.start - joined[-1].end <= MOST_APART:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return joined


def _subtract(windows: Sequence[Window], others: Sequence[Window]) -> Iterator[Window]:
    """What of *windows* is in none of *others*; both are sorted and without overlaps."""
    for window in windows:
        at = window.start
        for other in others:
            if other.end <= at or other.start >= window.end:
                continue
            if other.start > at:
                yield Window(at, other.start)
            at = max(at, other.end)
        if at < window.end:
            yield Window(at, window.end)


# --- what is heard ------------------------------------------------------------------------------


def list_heard(stay: Stay, tracks: Sequence[Track]) -> tuple[Heard, ...]:
    """What of *tracks* makes the audio of *stay*, in order of time and never two at once.

    While the agent was with the customer, the line to the customer; while a colleague only asked,
    the recording of that consultation, and where there is none the line to the customer, which
    then holds whatever the platform recorded meanwhile.
    """
    pieces: list[Heard] = []
    for window in stay.talks:
        pieces += _cover([window], _choose(tracks, "talk", window))
    for window in stay.consults:
        own = _cover([window], _choose(tracks, "consult", window))
        left = list(_subtract([window], [piece.window for piece in own]))
        pieces += own
        pieces += _cover(left, _choose(tracks, "talk", window))
    return _merge(sorted(pieces, key=lambda piece: piece.window.start))


def list_tracks(bundle: Bundle, part_of: Callable[[StoredFile], Part]) -> tuple[Track, ...]:
    """The sound files of *bundle* of which it is known when they were recorded.

    What was made of a file is none: it would be cut from what was cut.

    Args:
        bundle: What ``map_metadata`` is given.
        part_of: Whether a file is the line to the customer or a consultation alone.
    """
    return tuple(
        Track(
            file.recording_id,
            file.file_id,
            part_of(file),
            Window(file.timeline.stretches[0].start, file.timeline.stretches[-1].end),
        )
        for file in bundle.files
        if file.origin == "original" and file.kind == "audio" and file.timeline.stretches
    )


def _choose(tracks: Sequence[Track], part: Part, window: Window) -> list[Track]:
    """Tracks of *part*: the one that fits *window* best first.

    Two colleagues may be asked at the same time; whose consultation a file holds is seen by when
    it begins and ends.
    """
    fitting = [track for track in tracks if track.part == part]
    return sorted(
        fitting,
        key=lambda track: (
            -_fit(track.window, window),
            track.window.start,
            track.recording_id,
            track.file_id,
        ),
    )


def _fit(one: Window, other: Window) -> float:
    """How alike two windows are, from 0 to 1: what both have, of what either has."""
    both = min(one.end, other.end) - max(one.start, other.start)
    either = max(one.end, other.end) - min(one.start, other.start)
    return max(0.0, both / either) if either else 1.0


def _cover(windows: Sequence[Window], tracks: Sequence[Track]) -> list[Heard]:
    """*windows* as far as *tracks* have them, the first track that has a moment."""
    found: list[Heard] = []
    left = list(windows)
    for track in tracks:
        for window in left:
            start, end = max(window.start, track.window.start), min(window.end, track.window.end)
            if start < end:
                found.append(Heard(track.recording_id, track.file_id, Window(start, end)))
        left = list(_subtract(left, [track.window]))
    return sorted(found, key=lambda piece: piece.window.start)


def _merge(pieces: Sequence[Heard]) -> tuple[Heard, ...]:
    """Pieces of one file that follow one another without a break are one."""
    merged: list[Heard] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        same = last is not None and (last.recording_id, last.file_id) == (
            piece.recording_id,
            piece.file_id,
        )
        if last is not None and same and last.window.end == piece.window.start:
            window = Window(last.window.start, piece.window.end)
            merged[-1] = Heard(last.recording_id, last.file_id, window)
        else:
            merged.append(piece)
    return tuple(merged)
