"""Completeness of a period: the platform is asked for its lists, and the archive is compared.

Asking writes every row that the platform lists into the ledger and captures nothing: what a report
finds missing is captured by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from catchment._catalogue import gaps, reasons, sources
from catchment._catalogue import report as comparison
from catchment._catalogue.gaps import Gap
from catchment._catalogue.report import MISSING, NOT_YET, Difference
from catchment._engine import endings, unlisted, wanted
from catchment._engine.application import Application, LiveSource
from catchment._engine.people import knows_all
from catchment.errors import (
    Misuse,
    Unreachable,
)
from catchment.model import Feed, Json, Window, period

INCOMPLETE = (
    MISSING,
    NOT_YET,
    "parked",
    "gone",
    comparison.DAMAGED,
    reasons.UNMAPPED,
    reasons.UNJOINED,
)
"""Kinds of differences that keep a period from being complete; the others explain themselves."""


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
        archived_files: How many of their originals are archived, and not known to be damaged.
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
        StorageUnavailable: The archive is not there: what is known of it would prove nothing.
    """
    app.require_archive()
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
        wanted.want_period(app, live, window.start, window.end)
    for feed in live.feeds.values():
        for partition in live.hooks.partitions(feed):
            yield from _never_listed(app, live, feed, partition, window)
            try:
                why = wanted.list_feed(app, live, feed.name, partition)
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
