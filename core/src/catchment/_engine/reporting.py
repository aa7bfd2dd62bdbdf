"""Completeness of a period: the platform is asked for its lists, and the archive is compared.

Asking writes every row that the platform lists into the ledger and captures nothing: what a report
finds missing is captured by the next run.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment._catalogue import gaps, jobs, sources
from catchment._catalogue import report as comparison
from catchment._catalogue.gaps import Gap
from catchment._catalogue.jobs import Job
from catchment._catalogue.report import MISSING, NOT_YET, Difference
from catchment._engine import endings, polling, recovery, rhythm, unlisted
from catchment._engine.application import Application, LiveSource
from catchment._engine.people import knows_all
from catchment._engine.work import Work, feed_key
from catchment.errors import (
    CatchmentError,
    Later,
    LostRace,
    Misuse,
    RateLimited,
    Transient,
    Unreachable,
)
from catchment.model import Feed, Json, Window, period

INCOMPLETE = (MISSING, NOT_YET, "parked", "gone", comparison.UNMAPPED, comparison.UNJOINED)
"""Kinds of differences that keep a period from being complete; the others explain themselves."""

FAR = timedelta(days=36500)
TRIES = 2
"""How often a listing is asked for that fails: whoever asked for a report sits before it."""

PATIENCE = timedelta(minutes=10)
"""How long to wait for another runner, or for a platform that asks for time."""

NOTICED = timedelta(seconds=5)
"""A longer wait is told of."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A count of the platform's own, as it tells it."""

    kind: str
    name: str
    at: datetime
    told: Json


@dataclass(frozen=True, slots=True)
class Report:
    """What a source had in a period, what became of it, and what could not be asked.

    Attributes:
        complete: Everything that the platform lists is archived, or explained by the platform's
            books or a named person, and every feed answered for the whole period, or a named person
            does without.
        asked: The platform was asked anew for this report.
        offered: How many recordings the platform offered.
        recordings: How many recordings are in which state.
        archived_files: How many of their originals are archived.
        archived_bytes: How many bytes these have.
        expecting: How many facts expect a recording.
        fulfilled: How many of these have one.
        gaps: How many differences there are of which kind.
        differences: All of them, oldest first.
        not_listed: What a feed did not answer for, now or when it was to be asked; where nothing
            was asked for this report, also what no run has listed.
        statistics: The platform's own counts, where the adapter reads any.
    """

    source: str
    window: Window
    complete: bool
    asked: bool
    offered: int
    recordings: Mapping[str, int]
    archived_files: int
    archived_bytes: int
    expecting: int
    fulfilled: int
    gaps: Mapping[str, int]
    differences: tuple[Difference, ...]
    not_listed: tuple[Gap, ...]
    statistics: tuple[Statistic, ...]


def report(
    app: Application, name: str, start: datetime, end: datetime, *, ask: bool = True
) -> Report:
    """Compare what a source's platform has in ``[start, end)`` with the archive.

    Args:
        app: What is open.
        name: The source.
        start: The beginning of the period.
        end: Its end.
        ask: Have every feed list the period first; ``False`` compares with what is known.

    Raises:
        Misuse: The period is empty, or nothing is known of the source and nothing is asked.
        Refused: The platform does not accept the credential.
        RateLimited: The platform asks for time before it says anything.
        Unreachable: The platform does not answer.
    """
    if end <= start:
        raise Misuse("the period ends before it begins", remedy="Look at --from and --to.")
    window = Window(start, end)
    not_listed: list[Gap] = []
    statistics: list[Statistic] = []
    if ask:
        try:
            live = app.connect(name)
            not_listed += _list_period(app, live, window)
            statistics += _read_statistics(live, window)
        except Unreachable as error:
            raise Unreachable(
                f"{name} does not answer ({error})",
                remedy="With --no-ask the report compares with what is known.",
            ) from error
    source_id = _find(app, name)
    with app.database.read() as connection:
        known = gaps.list_told(connection, source_id, window)
    table = app.settings.source(name)
    if not ask:
        now = app.now()
        not_listed += unlisted.list_unlisted(app.database, source_id, table, window, known, now)
    not_listed += known
    told = comparison.read_report(
        app.database, source_id, window, app.now(), table.patience, knows_all=knows_all(table)
    )
    return Report(
        source=name,
        window=window,
        complete=all(one.excused for one in not_listed)
        and not any(told.gaps.get(kind) for kind in INCOMPLETE),
        asked=ask,
        offered=sum(told.recordings.values()),
        recordings=told.recordings,
        archived_files=told.archived_files,
        archived_bytes=told.archived_bytes,
        expecting=told.expecting,
        fulfilled=told.fulfilled,
        gaps=told.gaps,
        differences=told.differences,
        not_listed=tuple(not_listed),
        statistics=tuple(statistics),
    )


def _find(app: Application, name: str) -> int:
    app.settings.source(name)
    row = sources.find(app.database, name)
    if row is None:
        raise Misuse(
            f"source {name} was never in contact with its platform",
            remedy="Run catchment run --once, or ask the platform.",
        )
    return int(row.id)


def _read_statistics(live: LiveSource, window: Window) -> Iterator[Statistic]:
    for fact in live.hooks.read_statistics(window):
        yield Statistic(fact.kind, fact.fact_id, fact.at, dict(fact.document))


# --- asking ----------------------------------------------------------------------------------


def _list_period(app: Application, live: LiveSource, window: Window) -> Iterator[Gap]:
    """Have every feed list the period in this thread; what it did not answer for.

    Raises:
        Unreachable: Not even the first of them answers.
    """
    answered = False
    with suppress(Misuse):  # no feed can be asked for it any more, which is told below
        recovery.want_period(app, live, window.start, window.end)
    for feed in live.feeds.values():
        for partition in live.hooks.partitions(feed):
            yield from _never_listed(app, live, feed, partition, window)
            try:
                why = _list_feed(app, live, feed.name, partition)
                answered = True
            except Unreachable as error:
                if not answered:  # nor would the others, each only after a while
                    raise
                why = endings.describe(error)
            if why:
                yield Gap(feed.name, partition, window.start, window.end, why)


def _never_listed(
    app: Application, live: LiveSource, feed: Feed, partition: str, window: Window
) -> Iterator[Gap]:
    """What lay behind the feed's horizon when the source was first in contact."""
    row = sources.find(app.database, live.name)
    assert row is not None
    oldest = row.pinned_at - period(feed.horizon)
    if window.start < oldest:
        why = f"the platform lists no more than the last {feed.horizon}, at first contact too"
        yield Gap(feed.name, partition, window.start, min(window.end, oldest), why)


def _list_feed(app: Application, live: LiveSource, name: str, partition: str) -> str:
    """Walk what was asked for of one feed to its end; why that did not succeed, if it did not.

    Raises:
        Unreachable: The platform did not answer, nor when it was tried again.
    """
    key = feed_key(live.id, name, partition)
    until, failed, why = app.now() + PATIENCE, 0, "another runner is still listing it"
    told = ""
    while _is_outstanding(app, live, name, partition):
        if app.stop.is_set():
            return "it was stopped"
        claimed = _claim(app, live, key)
        error = _poll(app, live, claimed) if claimed else None
        if error is not None and not isinstance(error, LostRace):
            why = endings.describe(error)
            if not isinstance(error, Transient):
                return why
        failed += isinstance(error, Transient) and not isinstance(error, RateLimited | Later)
        if failed >= TRIES and isinstance(error, Unreachable):
            raise error
        wait = _choose_wait(app, claimed, error, failed)
        if failed >= TRIES or (wait and app.now() + wait > until):
            return why
        longest = wait if claimed else until - app.now()
        if longest > NOTICED and why != told:
            told, seconds = why, math.ceil(longest.total_seconds())
            app.tell("report.waiting", source=live.name, feed=name, seconds=seconds, why=why)
        app.clock.wait(wait.total_seconds())
        if failed:  # what a runner would let rest for up to an hour somebody sits before here
            with app.database.write() as connection:
                jobs.hasten(connection, ("poll",), live.id, app.now())
    return ""


def _is_outstanding(app: Application, live: LiveSource, name: str, partition: str) -> bool:
    walks = sources.list_walks(app.database, live.id, name, partition)
    return any(walk.purpose == "recovery" for walk in walks)


def _claim(app: Application, live: LiveSource, key: str) -> Job | None:
    """The feed's job, unless another runner has it; that runner walks what we asked for."""
    found = jobs.claim(
        app.database,
        ("poll",),
        runner_name=f"{app.settings.runner.name}-report",
        now=app.now(),
        lease=app.settings.runner.lease,
        limit=1,
        sources=(live.id,),
        ahead=FAR,
        keys=(key,),
    )
    return found[0] if found else None


def _poll(app: Application, live: LiveSource, claimed: Job) -> CatchmentError | None:
    try:
        with _holding(app, claimed):
            polling.poll(Work(app, live, claimed))
    except CatchmentError as error:
        endings.end(app, live, claimed, error)
        return error
    return None


def _choose_wait(
    app: Application, claimed: Job | None, error: CatchmentError | None, failed: int
) -> timedelta:
    if claimed is None:
        return timedelta(seconds=1)
    if error is None or isinstance(error, LostRace):
        return timedelta()
    asked = error.at if isinstance(error, Later) else getattr(error, "retry_at", None)
    if isinstance(asked, datetime):
        return max(asked - app.now(), timedelta(seconds=1))
    return rhythm.back_off(max(failed, 1), first=timedelta(seconds=5))


@contextmanager
def _holding(app: Application, claimed: Job) -> Iterator[None]:
    """Keep the lease of a job alive while it is worked on."""
    over = threading.Event()
    lease = app.settings.runner.lease

    def beat() -> None:
        while not over.wait(max(lease.total_seconds() / 4, 0.2)):
            with suppress(CatchmentError):
                runner = f"{app.settings.runner.name}-report"
                now = app.now()
                jobs.beat(app.database, runner, [claimed], now, now + lease)

    thread = threading.Thread(target=beat, name="catchment-report", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
