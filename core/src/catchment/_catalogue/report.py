"""Completeness: what the platform says there was in a period, against what is archived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catchment._catalogue.database import Database
from catchment._catalogue.facts import find_fulfilled
from catchment._catalogue.tables import fact, file, recording
from catchment.model import Window

MISSING = "missing"
"""The kind of gap of a fact that expects a recording and has none, for no reason told."""

NOT_YET = "not yet"
"""The kind of gap of what is still within the platform's patience, or still being captured."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that was in the period and is not in the archive.

    Attributes:
        what: ``recording``, the kind of a file, or the kind of a fact: ``cdr``, ``meeting``.
        external_id: The platform's id of the recording or fact, or ``external_id/file_id``.
        kind: The kind of gap: ``missing``, ``not yet``, ``parked``, ``gone``, ``skipped``, or what
            the platform's books say: ``unanswered``, ``not recorded``.
        reason: Why, as far as known.
        age: How long ago it happened.
        ask: The id under which the platform can be asked for it; ``None`` where it cannot.
    """

    what: str
    external_id: str
    occurred_at: datetime
    kind: str
    reason: str
    age: timedelta
    ask: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a source had in a period, and what became of it.

    Attributes:
        recordings: How many recordings are in which state.
        archived_files: How many of their originals are archived.
        archived_bytes: How many bytes these have.
        expecting: How many facts expect a recording.
        fulfilled: How many of these have one by key.
        gaps: How many differences there are of which kind.
        differences: All of them, oldest first.
    """

    window: Window
    recordings: Mapping[str, int]
    archived_files: int
    archived_bytes: int
    expecting: int
    fulfilled: int
    gaps: Mapping[str, int]
    differences: tuple[Difference, ...]


def read_report(
    database: Database,
    source_id: int,
    window: Window,
    now: datetime,
    patience: timedelta = timedelta(),
) -> Report:
    """Compare the platform's books with the archive for what began inside *window*.

    A fact has its recording when one shares a key with it.  One that expects a recording and has
    none is a gap, of the kind that the platform's books tell (``absence``) or ``missing``; while
    it is younger than *patience* it is ``not yet``, and once the platform was asked for it and has
    nothing it is ``gone``.  A fact whose books say why there is no
    recording (unanswered, not recorded) is listed too, so that a person sees it.
    """
    with database.read() as connection:
        states = _count_recordings(connection, source_id, window)
        number, size_bytes = _count_archived(connection, source_id, window)
        facts = _list_facts(connection, source_id, window)
        have = find_fulfilled(connection, facts)
        differences = [
            *_list_unresolved(connection, source_id, window, now),
            *_list_lacking_files(connection, source_id, window, now),
            *_list_lacking(facts, have, now, patience),
        ]
    differences.sort(key=lambda one: (one.occurred_at, one.what, one.external_id))
    expecting = [row for row in facts if row.expects]
    return Report(
        window=window,
        recordings=states,
        archived_files=number,
        archived_bytes=size_bytes,
        expecting=len(expecting),
        fulfilled=sum(row.id in have for row in expecting),
        gaps=dict(sorted(Counter(one.kind for one in differences).items())),
        differences=tuple(differences),
    )


def _in_window(source_id: int, window: Window) -> tuple[Any, ...]:
    return (
        recording.c.source_id == source_id,
        recording.c.occurred_at >= window.start,
        recording.c.occurred_at < window.end,
    )


def _count_recordings(connection: Connection, source_id: int, window: Window) -> dict[str, int]:
    query = (
        select(recording.c.state, func.count().label("number"))
        .where(*_in_window(source_id, window))
        .group_by(recording.c.state)
        .order_by(recording.c.state)
    )
    return {row.state: row.number for row in connection.execute(query)}


def _count_archived(connection: Connection, source_id: int, window: Window) -> tuple[int, int]:
    query = (
        select(func.count(), func.sum(file.c.size_bytes))
        .join_from(recording, file, file.c.recording_id == recording.c.id)
        .where(*_in_window(source_id, window), file.c.state == "archived", file.c.recipe == "")
    )
    number, size_bytes = connection.execute(query).one()
    return int(number), int(size_bytes or 0)


def _list_unresolved(
    connection: Connection, source_id: int, window: Window, now: datetime
) -> Iterator[Difference]:
    query = select(
        recording.c.external_id, recording.c.occurred_at, recording.c.state, recording.c.reason
    ).where(*_in_window(source_id, window), recording.c.state != "quiet")
    for row in connection.execute(query):
        kind = NOT_YET if row.state == "open" else row.state
        age = now - row.occurred_at
        yield Difference("recording", row.external_id, row.occurred_at, kind, row.reason or "", age)


def _list_lacking_files(
    connection: Connection, source_id: int, window: Window, now: datetime
) -> Iterator[Difference]:
    """Files that will not come, of recordings that are done otherwise."""
    query = (
        select(
            recording.c.external_id,
            recording.c.occurred_at,
            file.c.file_id,
            file.c.kind,
            file.c.state,
            file.c.reason,
        )
        .join_from(recording, file, file.c.recording_id == recording.c.id)
        .where(
            *_in_window(source_id, window),
            recording.c.state == "quiet",
            file.c.state != "archived",
            file.c.recipe == "",
        )
    )
    for row in connection.execute(query):
        name = f"{row.external_id}/{row.file_id}"
        age = now - row.occurred_at
        yield Difference(row.kind, name, row.occurred_at, row.state, row.reason or "", age)


def _list_facts(connection: Connection, source_id: int, window: Window) -> Sequence[Row[Any]]:
    """Facts that say something about a recording: that one is expected, or why there is none."""
    query = select(fact).where(
        fact.c.source_id == source_id,
        fact.c.at >= window.start,
        fact.c.at < window.end,
        (fact.c.expects != "") | (fact.c.absence != ""),
    )
    return connection.execute(query).all()


def _list_lacking(
    facts: Sequence[Row[Any]], have: set[int], now: datetime, patience: timedelta
) -> Iterator[Difference]:
    for row in facts:
        if row.id in have:
            continue
        age = now - row.at
        young = bool(row.expects) and age < patience
        kind = row.absence or ("gone" if row.gone_why else NOT_YET if young else MISSING)
        expected = f"a recording is expected: {row.expects}" if row.expects else ""
        reason = "; ".join(filter(None, (expected, row.gone_why)))
        yield Difference(row.kind, row.fact_id, row.at, kind, reason, age, row.ask)
