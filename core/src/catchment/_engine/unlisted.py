"""What of a period no run has listed, for a report that does not ask the platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from catchment._catalogue import listed
from catchment._catalogue.database import Database
from catchment._catalogue.gaps import Gap
from catchment._engine import rhythm
from catchment.adapters import guard
from catchment.model import Feed, Window, period
from catchment.settings import SourceTable


def list_unlisted(
    database: Database,
    source_id: int,
    table: SourceTable,
    window: Window,
    known: Sequence[Gap],
    now: datetime,
) -> Iterator[Gap]:
    """What of *window* no run has listed, as far as the frontier of each feed tells.

    The newest ``settle`` of a feed is not missed: it is not listed either when it is asked for.

    Args:
        database: The catalogue.
        source_id: The source.
        table: Its settings.
        window: The period.
        known: Gaps that are told anyway.
        now: The present.
    """
    with database.read() as connection:
        first_contact = listed.read_first_contact(connection, source_id)
        frontiers = listed.list_frontiers(connection, source_id)
    for feed in guard(table.kind.name, "feeds_of", lambda: table.kind.feeds_of(table.settings)):
        settled = rhythm.floor(now - period(feed.settle), timedelta(seconds=1))
        end = min(window.end, settled)
        for partition, frontier in frontiers.get(feed.name, {"": None}).items():
            told = [gap for gap in known if (gap.feed, gap.partition) == (feed.name, partition)]
            for start, stop, why in _list_outside(feed, table, first_contact, frontier):
                lost = max(window.start, start or window.start), min(end, stop or end)
                for begin, until in _leave_out(lost, told):
                    yield Gap(feed.name, partition, begin, until, why)


def _list_outside(
    feed: Feed, table: SourceTable, first_contact: datetime, frontier: datetime | None
) -> Iterator[tuple[datetime | None, datetime | None, str]]:
    """From when to when, ``None`` being for ever, runs did not list a feed, and why."""
    if frontier is None:
        yield None, None, "it was never listed to its end"
        return
    oldest = first_contact - period(feed.horizon)
    since = table.starts_at(first_contact)
    if since is not None and since > oldest:
        why = "it lies before 'since' in the settings, and no run lists that by itself"
        yield None, min(since, frontier), why
    else:
        why = f"the platform lists no more than the last {feed.horizon}, at first contact too"
        yield None, oldest, why
    yield frontier, None, "no run has listed it yet"


def _leave_out(
    lost: tuple[datetime, datetime], known: Sequence[Gap]
) -> Iterator[tuple[datetime, datetime]]:
    """What of *lost* none of the gaps covers that are *known* already."""
    start, end = lost
    for gap in sorted(known, key=lambda gap: gap.start_at):
        if start < min(gap.start_at, end):
            yield start, min(gap.start_at, end)
        start = max(start, gap.end_at)
    if start < end:
        yield start, end
