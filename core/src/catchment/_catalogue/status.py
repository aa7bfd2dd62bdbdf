"""How every source is doing: how far it is listed and complete, what is left to do, what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, literal, select

from catchment._catalogue import reasons, sources, watermark
from catchment._catalogue.database import Database
from catchment._catalogue.gaps import Gap, list_told
from catchment._catalogue.jobs import WRITING
from catchment._catalogue.keeping import (
    NO_LIMITS,
    Deletions,
    Limits,
    find_deletions,
    is_overdue,
    waits_since,
)
from catchment._catalogue.parked import has_parked_file, parked_since
from catchment._catalogue.tables import (
    feed,
    file,
    job,
    recording,
    runner,
    source,
)
from catchment._catalogue.troubles import (
    DirectoryTrouble,
    FailingRoutine,
    Unmapped,
    count_unmapped,
    find_directory_trouble,
    list_failing_routines,
)
from catchment._catalogue.wanted import Unreadable, list_unreadable
from catchment._catalogue.watermark import Watermark

SILENT_AFTER = timedelta(days=4)
"""A feed that listed something before and nothing for longer than a long weekend is silent."""

Lags = Mapping[str, Mapping[str, timedelta]]
"""By source name and feed: how much later than its start a recording is normally listed."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How far a feed's partition is listed.

    Attributes:
        frontier: Listed up to here; ``None`` if never to its end.
        walked_at: When a walk last came to its end.
        failing_since: Since when it fails; ``None`` while it works.
        error: What failed last.
        lasting: Trying again alone is not expected to help.
        news_at: When it last listed anything.
        silent: It listed something once, and nothing for unusually long.
        off: The settings do not ask for it any more.
    """

    feed: str
    partition: str
    frontier: datetime | None
    walked_at: datetime | None
    failing_since: datetime | None
    failures: int
    error: str | None
    news_at: datetime | None
    silent: bool
    lasting: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """Items that are set aside for reasons of one kind.

    Attributes:
        reason_kind: One of :data:`reasons.KINDS`.
        count: How many.
        recordings: How many of them are recordings of which no file is parked.
        renditions: How many are what is made of archived files.
        since: Since when the first of them waits.
        next_attempt_at: When the next one is tried again; ``None`` if only a person has it tried.
        reason: Why that one is set aside.
        reasons: How many different sentences say so.
        example: The id of the first.
    """

    reason_kind: str
    count: int
    recordings: int
    renditions: int
    since: datetime
    next_attempt_at: datetime | None
    reason: str
    reasons: int
    example: str


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What cannot be written into the archive: ``what`` is ``seal`` or ``books``, and why."""

    what: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Recordings that have been without their media for too long.

    Attributes:
        count: How many.
        after: How long they may be.
        since: Since when the first of them could have been had.
        example: Its id.
    """

    count: int
    after: timedelta
    since: datetime
    example: str


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is doing.

    Attributes:
        watermark: Up to when it is complete, and what keeps it there.
        recordings: How many recordings are in which state.
        expected_files: Files that are still to come.
        oldest_open_at: When the oldest recording began that is still open.
        overdue: What is open for longer than the setting ``alarm_after`` allows, if anything.
        deletions: What the platform deletes of what is not archived.
        jobs: By kind, how many jobs are wanted: due, running or waiting.
        due: How many of them are due now.
        next_due_at: When the next job is due.
        unmapped: Interactions that the adapter cannot map, or that were not joined.
        directory: Why people could not be read when that was last tried; ``None`` while they can.
        routines: What is done for it again and again, and failed when it was last tried.
        late: How many recordings were found behind the watermark.
        stopped_why: Why nothing more is asked of it; ``None`` while it runs.
        pinned_at: When it was first in contact.
        skew: By how much the platform's clock was ahead of ours; ``None`` where they agree.
    """

    name: str
    adapter: str
    account_id: str
    epoch: int
    watermark: Watermark
    feeds: tuple[FeedStatus, ...]
    recordings: Mapping[str, int]
    expected_files: int
    oldest_open_at: datetime | None
    overdue: Overdue | None
    deletions: Deletions
    jobs: Mapping[str, int]
    due: int
    next_due_at: datetime | None
    parked: tuple[Parked, ...]
    unmapped: tuple[Unmapped, ...]
    directory: DirectoryTrouble | None
    routines: tuple[FailingRoutine, ...]
    unwritten: tuple[Unwritten, ...]
    unreadable: tuple[Unreadable, ...]
    gaps: tuple[Gap, ...]
    late: int
    stopped_at: datetime | None
    stopped_why: str | None
    pinned_at: datetime
    skew: timedelta | None


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """A runner that said it is alive, and when it last did."""

    name: str
    roles: str
    started_at: datetime
    seen_at: datetime


def list_runners(database: Database) -> list[RunnerStatus]:
    """Runners that are alive, or died without a word."""
    query = select(runner).order_by(runner.c.name)
    with database.read() as connection:
        return [
            RunnerStatus(row.name, row.roles, row.started_at, row.seen_at)
            for row in connection.execute(query)
        ]


def list_sources(
    database: Database,
    now: datetime,
    lags: Lags | None = None,
    limits: Mapping[str, Limits] | None = None,
) -> list[SourceStatus]:
    """The status of every source ever in contact, by name.

    Args:
        lags: By source name and feed, as the watermark needs them; a feed that is not named for
            a source that is, was switched off in the settings.
        limits: By source name, what its settings say about waiting.
    """
    with database.read() as connection:
        rows = connection.execute(select(source).order_by(source.c.name)).all()
        return [
            _read_source(connection, row, now, lags, (limits or {}).get(row.name, NO_LIMITS))
            for row in rows
        ]


def _read_source(
    connection: Connection, row: Row[Any], now: datetime, lags: Lags | None, limits: Limits
) -> SourceStatus:
    lag = (lags or {}).get(row.name)
    return SourceStatus(
        name=row.name,
        adapter=row.adapter,
        account_id=row.account_id,
        epoch=row.epoch,
        watermark=watermark.compute(connection, row.id, lag),
        feeds=_list_feeds(connection, row.id, now, lag),
        recordings=sources.count_states(connection, row.id),
        expected_files=_count_expected(connection, row.id),
        oldest_open_at=_find_oldest_open(connection, row.id),
        overdue=_find_overdue(connection, row, limits.alarm_after, now),
        deletions=find_deletions(connection, row.id, limits, now),
        jobs=_count_jobs(connection, row.id),
        due=_count_due(connection, row.id, now),
        next_due_at=_find_next_due(connection, row.id),
        parked=_list_parked(connection, row.id),
        unmapped=tuple(count_unmapped(connection, row.id)),
        directory=find_directory_trouble(connection, row.id),
        routines=tuple(list_failing_routines(connection, row.id)),
        unwritten=_list_unwritten(connection, row.id),
        unreadable=tuple(list_unreadable(connection, row.id)),
        gaps=tuple(list_told(connection, row.id)),
        late=_count_late(connection, row.id),
        stopped_at=row.stopped_at,
        stopped_why=row.stopped_why,
        pinned_at=row.pinned_at,
        skew=None if row.skew_s is None else timedelta(seconds=row.skew_s),
    )


def _list_feeds(
    connection: Connection,
    source_id: int,
    now: datetime,
    lags: Mapping[str, timedelta] | None,
) -> tuple[FeedStatus, ...]:
    query = (
        select(feed).where(feed.c.source_id == source_id).order_by(feed.c.feed, feed.c.partition)
    )
    return tuple(
        FeedStatus(
            feed=row.feed,
            partition=row.partition,
            frontier=row.frontier,
            walked_at=row.walked_at,
            failing_since=row.failed_at,
            failures=row.failures,
            error=row.error,
            news_at=row.news_at,
            silent=row.news_at is not None and now - row.news_at > SILENT_AFTER,
            lasting=row.lasting,
            off=lags is not None and row.feed not in lags,
        )
        for row in connection.execute(query)
    )


def _count_expected(connection: Connection, source_id: int) -> int:
    query = (
        select(func.count())
        .select_from(file)
        .join(recording, file.c.recording_id == recording.c.id)
        .where(file.c.state == "expected", recording.c.source_id == source_id)
    )
    return connection.execute(query).scalar_one()


def _find_oldest_open(connection: Connection, source_id: int) -> datetime | None:
    query = select(func.min(recording.c.occurred_at)).where(
        recording.c.source_id == source_id, recording.c.state == "open"
    )
    return connection.execute(query).scalar()


def _find_overdue(
    connection: Connection, row: Row[Any], after: timedelta | None, now: datetime
) -> Overdue | None:
    if after is None:
        return None
    late, since = is_overdue(row, after, now), waits_since(row.pinned_at).label("since")
    oldest = connection.execute(
        select(recording.c.external_id, since).where(late).order_by(since, recording.c.id).limit(1)
    ).first()
    if oldest is None:
        return None
    number = connection.execute(select(func.count()).select_from(recording).where(late))
    return Overdue(number.scalar_one(), after, oldest.since, oldest.external_id)


def _count_jobs(connection: Connection, source_id: int) -> dict[str, int]:
    query = (
        select(job.c.kind, func.count().label("number"))
        .where(job.c.source_id == source_id, job.c.due_at.is_not(None))
        .group_by(job.c.kind)
        .order_by(job.c.kind)
    )
    return {row.kind: row.number for row in connection.execute(query)}


def _count_due(connection: Connection, source_id: int, now: datetime) -> int:
    query = select(func.count()).where(
        job.c.source_id == source_id, job.c.due_at <= now, job.c.runner.is_(None)
    )
    return connection.execute(query).scalar_one()


def _find_next_due(connection: Connection, source_id: int) -> datetime | None:
    query = select(func.min(job.c.due_at)).where(
        job.c.source_id == source_id, job.c.runner.is_(None)
    )
    return connection.execute(query).scalar()


def _list_unwritten(connection: Connection, source_id: int) -> tuple[Unwritten, ...]:
    """Other jobs say beside their item that they fail; these have none."""
    query = (
        select(job.c.kind, job.c.error, func.count().label("number"))
        .where(
            job.c.source_id == source_id,
            job.c.kind.in_(WRITING),
            job.c.due_at.is_not(None),
            job.c.attempts > 0,
            job.c.error.is_not(None),
        )
        .group_by(job.c.kind, job.c.error)
        .order_by(job.c.kind, job.c.error)
    )
    return tuple(Unwritten(row.kind, row.error, row.number) for row in connection.execute(query))


def _list_parked(connection: Connection, source_id: int) -> tuple[Parked, ...]:
    """By kind of reason: files, and recordings of which no parked file says it better."""
    of_source = recording.c.source_id == source_id
    files = (
        select(
            file.c.reason_kind,
            file.c.reason,
            file.c.retry_at.is_(None).label("by_person"),
            literal(0).label("recordings"),
            func.count().label("number"),
            func.sum(case((file.c.recipe != "", 1), else_=0)).label("renditions"),
            func.min(parked_since()).label("since"),
            func.min(file.c.retry_at).label("next_at"),
            func.min(recording.c.external_id + "/" + file.c.file_id).label("example"),
        )
        .join_from(recording, file, file.c.recording_id == recording.c.id)
        .where(of_source, file.c.state == "parked")
        .group_by(file.c.reason_kind, file.c.reason, file.c.retry_at.is_(None))
    )
    without = (
        select(
            recording.c.reason_kind,
            recording.c.reason,
            recording.c.retry_at.is_(None).label("by_person"),
            func.count().label("recordings"),
            func.count().label("number"),
            literal(0).label("renditions"),
            func.min(recording.c.state_at).label("since"),
            func.min(recording.c.retry_at).label("next_at"),
            func.min(recording.c.external_id).label("example"),
        )
        .where(of_source, recording.c.state == "parked", ~has_parked_file())
        .group_by(recording.c.reason_kind, recording.c.reason, recording.c.retry_at.is_(None))
    )
    groups: dict[str, list[Row[Any]]] = {}
    for row in (*connection.execute(without), *connection.execute(files)):
        kind = row.reason_kind or (reasons.PERSON if row.by_person else reasons.OTHER)
        groups.setdefault(kind, []).append(row)
    told = [_add_up(kind, rows) for kind, rows in groups.items()]
    return tuple(sorted(told, key=lambda one: (-one.count, one.reason_kind)))


def _add_up(kind: str, rows: Sequence[Row[Any]]) -> Parked:
    """One group of the *rows*, each of which counts what has the very same sentence."""
    first = min(rows, key=lambda row: (row.since, row.reason or ""))
    return Parked(
        reason_kind=kind,
        count=sum(row.number for row in rows),
        recordings=sum(row.recordings for row in rows),
        renditions=sum(row.renditions for row in rows),
        since=first.since,
        next_attempt_at=min((row.next_at for row in rows if row.next_at), default=None),
        reason=first.reason or "",
        reasons=len({row.reason for row in rows}),
        example=first.example,
    )


def _count_late(connection: Connection, source_id: int) -> int:
    query = select(func.count()).where(
        recording.c.source_id == source_id, recording.c.late_by_s.is_not(None)
    )
    return connection.execute(query).scalar_one()
