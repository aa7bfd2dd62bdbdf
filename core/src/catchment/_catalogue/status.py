"""How every source is doing: how far it is listed and complete, what is left to do, what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from catchment._catalogue import sources
from catchment._catalogue.database import Database
from catchment._catalogue.gaps import Gap, list_told
from catchment._catalogue.jobs import WRITING
from catchment._catalogue.sources import Watermark
from catchment._catalogue.tables import (
    feed,
    file,
    job,
    recording,
    runner,
    source,
    wanted_id,
)
from catchment._catalogue.troubles import (
    DirectoryTrouble,
    Unmapped,
    count_unmapped,
    find_directory_trouble,
)
from catchment._catalogue.wanted import UNREADABLE

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
    """Items set aside for one reason: ``what`` is ``recording`` or the kind of a file."""

    what: str
    reason: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What cannot be written into the archive: ``what`` is ``seal`` or ``books``, and why."""

    what: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A list of ids that stays in its folder because it could not be read, and why."""

    file_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """Recordings that have been without their media for too long.

    Attributes:
        count: How many.
        after: How long they may be.
        since: When the oldest of them began.
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
        overdue: What is open and began longer ago than the setting ``alarm_after`` allows, if
            anything.
        jobs: By kind, how many jobs are wanted: due, running or waiting.
        due: How many of them are due now.
        next_due_at: When the next job is due.
        unmapped: Interactions that the adapter cannot map, or that were not joined.
        directory: Why people could not be read when that was last tried; ``None`` while they can.
        late: How many recordings were found behind the watermark.
        stopped_why: Why nothing more is asked of it; ``None`` while it runs.
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
    jobs: Mapping[str, int]
    due: int
    next_due_at: datetime | None
    parked: tuple[Parked, ...]
    unmapped: tuple[Unmapped, ...]
    directory: DirectoryTrouble | None
    unwritten: tuple[Unwritten, ...]
    unreadable: tuple[Unreadable, ...]
    gaps: tuple[Gap, ...]
    late: int
    stopped_at: datetime | None
    stopped_why: str | None


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
    alarms: Mapping[str, timedelta | None] | None = None,
) -> list[SourceStatus]:
    """The status of every source ever in contact, by name.

    Args:
        lags: By source name and feed, as the watermark needs them; a feed that is not named for
            a source that is, was switched off in the settings.
        alarms: By source name, how long after it began a recording may be open; for ever where it
            is not said.
    """
    with database.read() as connection:
        rows = connection.execute(select(source).order_by(source.c.name)).all()
        return [
            SourceStatus(
                name=row.name,
                adapter=row.adapter,
                account_id=row.account_id,
                epoch=row.epoch,
                watermark=sources.watermark(connection, row.id, (lags or {}).get(row.name)),
                feeds=_list_feeds(connection, row.id, now, (lags or {}).get(row.name)),
                recordings=sources.count_states(connection, row.id),
                expected_files=_count_expected(connection, row.id),
                oldest_open_at=_find_oldest_open(connection, row.id),
                overdue=_find_overdue(connection, row.id, now, (alarms or {}).get(row.name)),
                jobs=_count_jobs(connection, row.id),
                due=_count_due(connection, row.id, now),
                next_due_at=_find_next_due(connection, row.id),
                parked=_list_parked(connection, row.id),
                unmapped=tuple(count_unmapped(connection, row.id)),
                directory=find_directory_trouble(connection, row.id),
                unwritten=_list_unwritten(connection, row.id),
                unreadable=_list_unreadable(connection, row.id),
                gaps=tuple(list_told(connection, row.id)),
                late=_count_late(connection, row.id),
                stopped_at=row.stopped_at,
                stopped_why=row.stopped_why,
            )
            for row in rows
        ]


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
    connection: Connection, source_id: int, now: datetime, after: timedelta | None
) -> Overdue | None:
    if after is None:
        return None
    late = and_(
        recording.c.source_id == source_id,
        recording.c.state == "open",
        recording.c.occurred_at < now - after,
    )
    oldest = connection.execute(
        select(recording.c.external_id, recording.c.occurred_at)
        .where(late)
        .order_by(recording.c.occurred_at, recording.c.id)
        .limit(1)
    ).first()
    if oldest is None:
        return None
    number = connection.execute(select(func.count()).select_from(recording).where(late))
    return Overdue(number.scalar_one(), after, oldest.occurred_at, oldest.external_id)


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


def _list_unreadable(connection: Connection, source_id: int) -> tuple[Unreadable, ...]:
    query = (
        select(wanted_id.c.file_name, wanted_id.c.reason)
        .where(wanted_id.c.source_id == source_id, wanted_id.c.digest.startswith(UNREADABLE))
        .order_by(wanted_id.c.file_name)
    )
    rows = connection.execute(query)
    return tuple(Unreadable(row.file_name, row.reason or "") for row in rows)


def _list_parked(connection: Connection, source_id: int) -> tuple[Parked, ...]:
    """Files by kind and reason; recordings only where no parked file of theirs says it better."""
    of_source = recording.c.source_id == source_id
    parked_files = and_(file.c.recording_id == recording.c.id, file.c.state == "parked")
    counted = func.count().label("number"), func.min(recording.c.occurred_at).label("oldest")
    files = (
        select(file.c.kind.label("what"), file.c.reason, *counted)
        .join_from(recording, file, parked_files)
        .where(of_source)
        .group_by(file.c.kind, file.c.reason)
    )
    without = (
        select(recording.c.reason, *counted)
        .where(
            of_source,
            recording.c.state == "parked",
            ~select(file.c.id).where(parked_files).exists(),
        )
        .group_by(recording.c.reason)
    )
    found = [
        Parked("recording", row.reason or "", row.number, row.oldest)
        for row in connection.execute(without)
    ]
    found += [
        Parked(row.what, row.reason or "", row.number, row.oldest)
        for row in connection.execute(files)
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.what, one.reason)))


def _count_late(connection: Connection, source_id: int) -> int:
    query = select(func.count()).where(
        recording.c.source_id == source_id, recording.c.late_by_s.is_not(None)
    )
    return connection.execute(query).scalar_one()
