"""Completeness: what the platform says there was in a period, against what is archived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from catchment._catalogue.damages import is_open
from catchment._catalogue.database import Database
from catchment._catalogue.doubts import list_doubts
from catchment._catalogue.facts import find_fulfilled
from catchment._catalogue.tables import damage, fact, file, recording
from catchment._catalogue.troubles import list_unmapped_in
from catchment.model import Window

MISSING = "missing"
"""The kind of gap of a fact that expects a recording and has none, for no reason told."""

NOT_YET = "not yet"
"""The kind of gap of what is still within the platform's patience, or still being captured."""

DAMAGED = "damaged"
"""The kind of a file whose bytes were found damaged or missing in the archive."""

DOUBTFUL = "doubtful"
"""The kind of what is archived, and of which a person should know that not all of it is sure."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that was in the period and is not in the archive, or not as sure as the rest.

    Attributes:
        what: ``recording``, the kind of a file, the kind of a fact (``cdr``, ``meeting``),
            ``interaction``, or ``contact``.
        external_id: The platform's id of the recording or fact, ``external_id/file_id``, that of
            the interaction with the contact's behind it, or our own id of the interaction.
        kind: The kind of gap: ``missing``, ``not yet``, ``parked``, ``gone``, ``skipped``, what the
            platform's books say (``unanswered``, ``not recorded``), ``damaged``, ``unmapped``,
            ``unjoined``, or ``doubtful``.
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
        archived_files: How many of their originals are archived, and not known to be damaged.
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
    *,
    knows_all: bool = True,
) -> Report:
    """Compare the platform's books with the archive for what began inside *window*.

    A fact has its recording when one shares a key with it.  One that expects a recording and has
    none is a gap, of the kind that the platform's books tell (``absence``) or ``missing``; while
    it is younger than *patience* it is ``not yet``, and once the platform was asked for it and has
    nothing it is ``gone``.  A fact whose books say why there is no recording (unanswered, not
    recorded) is listed too, and so is a contact in doubt, so that a person sees it.  Without
    *knows_all* the directory leaves people out on purpose: that it does not know an agent is no
    doubt then.
    """
    with database.read() as connection:
        states = _count_recordings(connection, source_id, window)
        number, size_bytes = _count_archived(connection, source_id, window)
        facts = _list_facts(connection, source_id, window)
        have = find_fulfilled(connection, facts)
        differences = [
            *_list_unresolved(connection, source_id, window, now),
            *_list_lacking_files(connection, source_id, window, now),
            *_list_damaged(connection, source_id, window, now),
            *_list_lacking(facts, have, now, patience),
            *_list_unmapped(connection, source_id, window, now),
            *_list_doubtful(connection, source_id, window, now, knows_all),
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
        .where(
            *_in_window(source_id, window),
            file.c.state == "archived",
            file.c.recipe == "",
            ~_damage_of_file().exists(),
        )
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


def _damage_of_file() -> Select[Any]:
    """What is known to be wrong with the bytes of the file that the query around it looks at."""
    return (
        select(damage.c.name)
        .where(damage.c.what == "media", damage.c.name == file.c.sha256, is_open())
        .correlate(file)
    )


def _list_damaged(
    connection: Connection, source_id: int, window: Window, now: datetime
) -> Iterator[Difference]:
    """Originals that are archived by the ledger, and of which a verification found otherwise."""
    query = (
        select(
            recording.c.external_id,
            recording.c.occurred_at,
            file.c.file_id,
            file.c.kind,
            damage.c.verdict,
            damage.c.detail,
        )
        .join_from(recording, file, file.c.recording_id == recording.c.id)
        .join(damage, (damage.c.what == "media") & (damage.c.name == file.c.sha256))
        .where(
            *_in_window(source_id, window),
            file.c.state == "archived",
            file.c.recipe == "",
            is_open(),
        )
    )
    for row in connection.execute(query):
        name = f"{row.external_id}/{row.file_id}"
        reason = f"{row.verdict} in the archive: {row.detail}"
        age = now - row.occurred_at
        yield Difference(row.kind, name, row.occurred_at, DAMAGED, reason, age)


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
        late = row.absence or ("gone" if row.gone_why else MISSING)
        kind = NOT_YET if young and not row.gone_why else late
        expected = f"a recording is expected: {row.expects}" if row.expects else ""
        reason = "; ".join(filter(None, (expected, row.gone_why)))
        yield Difference(row.kind, row.fact_id, row.at, kind, reason, age, row.ask)


def _list_unmapped(
    connection: Connection, source_id: int, window: Window, now: datetime
) -> Iterator[Difference]:
    for one in list_unmapped_in(connection, source_id, window):
        age = now - one.at
        yield Difference("interaction", one.interaction_id, one.at, one.kind, one.reason, age)


def _list_doubtful(
    connection: Connection, source_id: int, window: Window, now: datetime, knows_all: bool
) -> Iterator[Difference]:
    for one in list_doubts(connection, source_id, window, knows_all=knows_all):
        name = f"{one.external_id}/{one.contact_id}"
        yield Difference("contact", name, one.at, DOUBTFUL, one.reason, now - one.at)
