"""Sources and how far each was listed: accounts, feeds, walks, and the computed watermark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from catchment._catalogue import books, gaps
from catchment._catalogue.database import Database
from catchment._catalogue.tables import feed, interaction, recording, source, walk
from catchment.errors import Refused, WrongAccount
from catchment.model import Account, Window

MOVED = (
    "; where the platform moved the account, enter its former id in the source's settings, if the "
    "adapter has a setting for it"
)
"""What may be behind another account, as the end of a remedy."""

UNRESOLVED = ("open", "parked")
"""States of a recording that hold the watermark."""


def pin(
    database: Database,
    *,
    name: str,
    adapter: str,
    platform: str,
    account: Account,
    now: datetime,
    taken: Mapping[int, str] | None = None,
) -> int:
    """The id of the source; its account is pinned at first contact.

    The label may change, the account may not: a label that was pinned to another account is
    refused before anything is written, and so is a second label for an account that is *taken*.
    An account that the platform moved keeps the id to which it was pinned, in the archive as well.

    Raises:
        WrongAccount: *name* stands for another account in this catalogue.
        Refused: Another source of this run is the same account.
    """
    with database.write() as connection:
        known = connection.execute(
            select(source).where(source.c.name == name, source.c.adapter == adapter)
        ).first()
        if known is not None and known.account_id not in account.names:
            raise WrongAccount(
                f"source {name}: the credential belongs to account {account.account_id}, but this "
                f"source was pinned to account {known.account_id} at first contact",
                remedy="Correct the credential, or give the other account a source of its own "
                f"under another name{MOVED}.",
            )
        row = connection.execute(_find_account(platform, account)).first()
        twin = None if row is None else (taken or {}).get(row.id)
        if twin not in (None, name):
            raise Refused(
                f"sources {twin} and {name} are the same account on {platform}",
                remedy="Keep one of the two tables in the settings file.",
            )
        if row is not None:
            connection.execute(
                update(source)
                .where(source.c.id == row.id)
                .values(name=name, adapter=adapter, stopped_at=None, stopped_why=None)
            )
            return int(row.id)
        made = connection.execute(
            insert(source).values(
                name=name,
                adapter=adapter,
                platform=platform,
                account_id=account.account_id,
                pinned_at=now,
            )
        )
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])


def is_known(database: Database, platform: str, account: Account) -> bool:
    """Whether the catalogue was ever in contact with *account*."""
    with database.read() as connection:
        return connection.execute(_find_account(platform, account)).first() is not None


def _find_account(platform: str, account: Account) -> Select[Any]:
    """The source of *account*, the oldest first, whatever its id was when it was pinned."""
    return (
        select(source.c.id)
        .where(source.c.platform == platform, source.c.account_id.in_(account.names))
        .order_by(source.c.pinned_at, source.c.id)
    )


def knows_any(database: Database) -> bool:
    """Whether the catalogue was ever in contact with any account."""
    with database.read() as connection:
        return connection.execute(select(source.c.id).limit(1)).first() is not None


def stop(database: Database, source_id: int, why: str, now: datetime) -> None:
    """Say that nothing more is asked of this source until a person mends what is wrong."""
    with database.write() as connection:
        connection.execute(
            update(source).where(source.c.id == source_id).values(stopped_at=now, stopped_why=why)
        )


def stop_named(database: Database, name: str, why: str, now: datetime) -> None:
    """Like :func:`stop`, for a source that could not even be asked who it is."""
    with database.write() as connection:
        connection.execute(
            update(source).where(source.c.name == name).values(stopped_at=now, stopped_why=why)
        )


def find(database: Database, name: str) -> Row[tuple[object, ...]] | None:
    """The source that is called *name*, as far as it ever was in contact."""
    with database.read() as connection:
        return connection.execute(select(source).where(source.c.name == name)).first()


# --- feeds and walks -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of time that is being listed, window by window.

    Attributes:
        purpose: ``frontier`` moves the feed's frontier; ``lookback`` and ``recovery`` look again.
        position: Everything of the walk before this is listed.
        slice_end: End of the window in progress; ``None`` between windows.
        cursor: Where the window in progress goes on; ``None`` at its first page.
        paged_at: When the last page of the window in progress was committed.
        listed: How many different rows the window in progress has given.
        total: How many rows the platform announced for the window in progress.
        covers_from: Since when the platform says it answered, where it says so.
        covers_to: Up to when.
    """

    id: int
    source_id: int
    feed: str
    partition: str
    purpose: str
    start_at: datetime
    end_at: datetime
    position: datetime
    slice_end: datetime | None
    cursor: str | None
    listed: int
    restarts: int
    total: int | None = None
    covers_from: datetime | None = None
    covers_to: datetime | None = None
    paged_at: datetime | None = None

    @property
    def covers(self) -> Window | None:
        """What the platform says it answered for."""
        if self.covers_from is None or self.covers_to is None:
            return None
        return Window(self.covers_from, self.covers_to)


_WALK = (
    walk.c.id,
    walk.c.source_id,
    walk.c.feed,
    walk.c.partition,
    walk.c.purpose,
    walk.c.start_at,
    walk.c.end_at,
    walk.c.position,
    walk.c.slice_end,
    walk.c.cursor,
    walk.c.listed,
    walk.c.restarts,
    walk.c.total,
    walk.c.covers_from,
    walk.c.covers_to,
    walk.c.paged_at,
)


def enter_feed(
    database: Database, connection: Connection, source_id: int, name: str, partition: str
) -> None:
    """Make sure that the feed's partition is on record."""
    database.insert_missing(
        connection,
        feed,
        [{"source_id": source_id, "feed": name, "partition": partition, "rungs": {}}],
    )


def retire_partition(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    now: datetime,
    oldest: datetime,
) -> None:
    """Forget a part of a feed that nobody names any more, and leave a gap where it ended.

    Another gap is left of each period that was asked for and not listed to its end.  Named again,
    the part is listed from its horizon on, which closes them.

    Args:
        oldest: Since when the part was wanted, where nothing of it was ever listed.
    """
    which = _is_feed(source_id, name, partition)
    walks = and_(walk.c.source_id == source_id, walk.c.feed == name, walk.c.partition == partition)
    known = connection.execute(select(feed.c.frontier).where(which)).first()
    begun = connection.execute(
        select(walk.c.purpose, walk.c.position, walk.c.end_at).where(walks).order_by(walk.c.id)
    ).all()
    lost: list[tuple[datetime, datetime, str]] = []
    if known is not None:
        first = [one.position for one in begun if one.purpose == "frontier"]
        listed = "nothing later was listed there" if known.frontier else "nothing was listed there"
        lost.append((known.frontier or min([*first, oldest]), now, listed))
    asked = "a period that was asked for was not listed to its end"
    lost += [(one.position, one.end_at, asked) for one in begun if one.purpose == "recovery"]
    for start, end, what in lost:
        if start < end:
            why = f"neither platform nor settings name {partition} any more; {what}"
            gaps.enter(connection, source_id, name, partition, Window(start, end), why, now)
    connection.execute(delete(feed).where(which))
    connection.execute(delete(walk).where(walks))


def list_partitions(connection: Connection, source_id: int, name: str) -> list[str]:
    """The parts of a feed that are on record."""
    query = (
        select(feed.c.partition)
        .where(feed.c.source_id == source_id, feed.c.feed == name)
        .order_by(feed.c.partition)
    )
    return list(connection.execute(query).scalars())


def read_feed(
    database: Database, source_id: int, name: str, partition: str
) -> Row[tuple[object, ...]]:
    """The feed's row."""
    with database.read() as connection:
        return connection.execute(select(feed).where(_is_feed(source_id, name, partition))).one()


def list_walks(database: Database, source_id: int, name: str, partition: str) -> list[Walk]:
    """Walks in progress, oldest first."""
    query = (
        select(*_WALK)
        .where(walk.c.source_id == source_id, walk.c.feed == name, walk.c.partition == partition)
        .order_by(walk.c.id)
    )
    with database.read() as connection:
        return [Walk(**row) for row in connection.execute(query).mappings()]


def begin_walk(
    connection: Connection,
    *,
    source_id: int,
    name: str,
    partition: str,
    purpose: str,
    start_at: datetime,
    end_at: datetime,
) -> None:
    """Put a walk over ``[start_at, end_at)`` on record."""
    connection.execute(
        insert(walk).values(
            source_id=source_id,
            feed=name,
            partition=partition,
            purpose=purpose,
            start_at=start_at,
            end_at=end_at,
            position=start_at,
        )
    )


def update_walk(connection: Connection, walk_id: int, **values: object) -> None:
    """Set columns of a walk."""
    connection.execute(update(walk).where(walk.c.id == walk_id).values(**values))


def end_walk(connection: Connection, walk_id: int) -> None:
    """Forget a walk that came to its end."""
    connection.execute(delete(walk).where(walk.c.id == walk_id))


def move_frontier(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    to: datetime,
    mark: str | None = None,
) -> None:
    """Say that the feed is listed up to *to*; a frontier never moves back.

    Args:
        mark: From where the next poll may go on; ``None`` keeps the one that is there, from which
            everything comes that comes from a later one.
    """
    connection.execute(
        update(feed)
        .where(_is_feed(source_id, name, partition))
        .where((feed.c.frontier.is_(None)) | (feed.c.frontier < to))
        .values(frontier=to, mark=feed.c.mark if mark is None else mark)
    )


def enter_frontiers(connection: Connection, source_id: int, now: datetime) -> None:
    """Enter in the books how far each feed is listed, and since when anything is unsealed.

    What is unresolved or not sealed may be in no package: whoever starts again from the books
    lists from there.
    """
    unresolved = select(func.min(recording.c.occurred_at)).where(
        recording.c.source_id == source_id, recording.c.state.in_(UNRESOLVED)
    )
    unsealed = select(func.min(interaction.c.started_at)).where(
        interaction.c.source_id == source_id, interaction.c.unsealed_since.is_not(None)
    )
    moments = [connection.execute(query).scalar() for query in (unresolved, unsealed)]
    oldest = min((moment for moment in moments if moment is not None), default=None)
    rows = connection.execute(
        select(feed.c.feed, feed.c.partition, feed.c.frontier).where(
            feed.c.source_id == source_id, feed.c.frontier.is_not(None)
        )
    ).all()
    for row in rows:
        body = {"feed": row.feed, "partition": row.partition, "frontier": row.frontier.isoformat()}
        if oldest is not None:
            body["unsealed"] = oldest.isoformat()
        books.enter(connection, source_id, now, "frontier", body)


def find_source_name(connection: Connection, source_id: int) -> str:
    """The label of the source with this row id."""
    return str(
        connection.execute(select(source.c.name).where(source.c.id == source_id)).scalar_one()
    )


def account_of(connection: Connection, source_id: int) -> str:
    """The account that a source was pinned to."""
    return str(
        connection.execute(select(source.c.account_id).where(source.c.id == source_id)).scalar_one()
    )


def update_feed(
    connection: Connection, source_id: int, name: str, partition: str, **values: object
) -> None:
    """Set columns of a feed."""
    connection.execute(update(feed).where(_is_feed(source_id, name, partition)).values(**values))


def count_failure(
    connection: Connection,
    source_id: int,
    name: str,
    partition: str,
    error: str,
    now: datetime,
    *,
    lasting: bool,
) -> None:
    """Remember that a feed could not be listed to its end, since when and why.

    Args:
        lasting: Trying again alone is not expected to help.
    """
    connection.execute(
        update(feed)
        .where(_is_feed(source_id, name, partition))
        .values(
            failures=feed.c.failures + 1,
            failed_at=func.coalesce(feed.c.failed_at, now),
            error=error,
            lasting=lasting,
        )
    )


def _is_feed(source_id: int, name: str, partition: str) -> ColumnElement[bool]:
    return and_(feed.c.source_id == source_id, feed.c.feed == name, feed.c.partition == partition)


# --- the watermark ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to when a source is complete, and what keeps it there.

    Attributes:
        at: Everything that began before is archived or accounted for; ``None`` before the first
            complete listing.
        held_by: What keeps it back, for people.
        feed: The feed and partition that keep it back; ``None`` where a recording does.
        lag: How much later than its start a recording is normally listed there.
    """

    at: datetime | None
    held_by: str
    feed: tuple[str, str] | None = None
    lag: timedelta = timedelta()


def watermark(
    connection: Connection, source_id: int, lags: Mapping[str, timedelta] | None = None
) -> Watermark:
    """Compute the watermark of a source; it is never stored.

    It is the earlier of all frontiers (each less how much later than its start a recording is
    normally listed there) and of the oldest recording that is not resolved.
    """
    marks: list[Watermark] = []
    frontiers = connection.execute(
        select(feed.c.feed, feed.c.partition, feed.c.frontier).where(feed.c.source_id == source_id)
    ).all()
    for row in frontiers:
        if lags is not None and row.feed not in lags:
            continue  # switched off in the settings
        label = f"feed {row.feed}" + (f" {row.partition}" if row.partition else "")
        key = (row.feed, row.partition)
        if row.frontier is None:
            return Watermark(None, f"{label} was never listed to its end", key)
        lag = (lags or {}).get(row.feed, timedelta())
        marks.append(Watermark(row.frontier - lag, f"{label} is listed up to there", key, lag))
    if not marks:
        return Watermark(None, "nothing was listed yet")
    for state in UNRESOLVED:  # one look into the index each, however many there are
        oldest = connection.execute(
            select(recording.c.occurred_at, recording.c.external_id)
            .where(recording.c.source_id == source_id, recording.c.state == state)
            .order_by(recording.c.occurred_at)
            .limit(1)
        ).first()
        if oldest is not None:
            held_by = f"recording {oldest.external_id} is {state}"
            marks.append(Watermark(oldest.occurred_at, held_by))
    return min(marks, key=lambda mark: (mark.at, mark.held_by))


def count_states(connection: Connection, source_id: int) -> dict[str, int]:
    """How many recordings of a source are in which state."""
    rows = connection.execute(
        select(recording.c.state, func.count().label("count"))
        .where(recording.c.source_id == source_id)
        .group_by(recording.c.state)
    )
    return {row.state: int(row[1]) for row in rows}
