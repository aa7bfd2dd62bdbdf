"""Puts back into an empty catalogue what the archive kept, in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from catchment._catalogue import interactions, sightings
from catchment._catalogue.database import Database
from catchment._catalogue.tables import (
    book,
    decision,
    document,
    fact,
    feed,
    file,
    gap,
    interaction,
    key,
    media,
    recording,
    recording_key,
    source,
)
from catchment.model import Key

Values = Mapping[str, Any]


def is_empty(connection: Connection) -> bool:
    """Whether the catalogue knows nothing at all."""
    return all(
        connection.execute(select(func.count()).select_from(table)).scalar() == 0
        for table in (source, recording, interaction, book)
    )


def count_sources(connection: Connection) -> int:
    """How many sources there are."""
    return connection.execute(select(func.count()).select_from(source)).scalar_one()


def enter_source(
    connection: Connection,
    *,
    platform: str,
    account_id: str,
    adapter: str,
    name: str,
    epoch: int,
    now: datetime,
) -> int:
    """The row id of an account, pinned with what the archive knows of it.

    The label is that of the row told last; the next contact sets the label of the settings.
    """
    row = connection.execute(
        select(source.c.id, source.c.epoch).where(
            source.c.platform == platform, source.c.account_id == account_id
        )
    ).first()
    if row is None:
        return _insert(
            connection,
            source,
            platform=platform,
            account_id=account_id,
            adapter=adapter,
            name=name,
            epoch=epoch,
            pinned_at=now,
        )
    if epoch > row.epoch:
        connection.execute(update(source).where(source.c.id == row.id).values(epoch=epoch))
        # Marks are the former epoch's; without one a feed goes on by time.
        connection.execute(update(feed).where(feed.c.source_id == row.id).values(mark=""))
    return int(row.id)


def find_source(connection: Connection, platform: str, account_id: str) -> int | None:
    """The row id of an account."""
    return connection.execute(
        select(source.c.id).where(source.c.platform == platform, source.c.account_id == account_id)
    ).scalar()


# --- interactions ----------------------------------------------------------------------------


def enter_interaction(
    connection: Connection,
    *,
    source_id: int,
    interaction_id: str,
    started_at: datetime,
    created_at: datetime,
    aliases: Sequence[str],
) -> int:
    """The number of an interaction put back, with the ids that were joined into it."""
    times = {"started_at": started_at, "created_at": created_at, "news_at": created_at}
    num = _insert(
        connection, interaction, source_id=source_id, interaction_id=interaction_id, **times
    )
    for alias in aliases:
        enter_alias(connection, source_id, alias, num, created_at)
    return num


def enter_alias(
    connection: Connection, source_id: int, alias: str, num: int, now: datetime
) -> None:
    """Let *alias* resolve to the interaction *num*."""
    known = connection.execute(
        select(interaction.c.num).where(interaction.c.interaction_id == alias)
    ).first()
    if known is None:
        times = {"started_at": now, "created_at": now, "news_at": now}
        values = {"source_id": source_id, "interaction_id": alias, "survivor_num": num, **times}
        connection.execute(insert(interaction).values(**values))


def mark_sealed(
    connection: Connection, num: int, *, version: int, document_id: str, at: datetime
) -> None:
    """Say which version is sealed, and that there is no news beyond it."""
    connection.execute(
        update(interaction)
        .where(interaction.c.num == num)
        .values(
            version=version,
            document_id=document_id,
            sealed_at=at,
            created_at=at,
            news_at=at,
            unsealed_since=None,
        )
    )


def join(
    database: Database,
    connection: Connection,
    source_id: int,
    body: Mapping[str, str],
    now: datetime,
) -> None:
    """Join two interactions as the books say, if no package knows of it yet."""
    rows = {
        row.interaction_id: row
        for row in connection.execute(
            select(
                interaction.c.interaction_id, interaction.c.num, interaction.c.survivor_num
            ).where(interaction.c.interaction_id.in_((body["alias"], body["interaction"])))
        )
    }
    survivor, other = rows.get(body["interaction"]), rows.get(body["alias"])
    if survivor is None:
        return
    num = survivor.survivor_num or survivor.num
    if other is None:
        enter_alias(connection, source_id, body["alias"], num, now)
    elif other.survivor_num is None and other.num != num:
        interactions.join(connection, num, other.num, now)
        sightings.want_mapping(database, connection, source_id, [num], now)


# --- what belongs to them --------------------------------------------------------------------


def enter_keys(
    database: Database, connection: Connection, source_id: int, num: int, keys: Iterable[Key]
) -> None:
    """Give keys to an interaction."""
    rows = [
        {"source_id": source_id, "space": one.space, "value": one.value, "interaction_num": num}
        for one in sorted(set(keys))
    ]
    database.insert_missing(connection, key, rows)


def enter_recording(
    database: Database, connection: Connection, values: Values, keys: Sequence[Key]
) -> int:
    """The row id of a recording put back."""
    recording_id = _insert(connection, recording, **values)
    rows = [{"recording_id": recording_id, "space": one.space, "value": one.value} for one in keys]
    database.insert_missing(connection, recording_key, rows)
    return recording_id


def knows_recording(connection: Connection, source_id: int, external_id: str) -> bool:
    """Whether the recording is there already."""
    query = select(recording.c.id).where(
        recording.c.source_id == source_id, recording.c.external_id == external_id
    )
    return connection.execute(query).first() is not None


def enter_documents(database: Database, connection: Connection, rows: Sequence[Values]) -> None:
    """Put documents of recordings back."""
    database.upsert(connection, document, rows, ["recording_id", "name"])


def enter_files(database: Database, connection: Connection, rows: Sequence[Values]) -> None:
    """Put files back."""
    for row in rows:
        database.insert_missing(connection, file, [row])


def enter_media(database: Database, connection: Connection, rows: Sequence[Values]) -> None:
    """Know objects of the archive, each once."""
    database.insert_missing(connection, media, rows)


def enter_facts(database: Database, connection: Connection, rows: Sequence[Values]) -> None:
    """Put rows of the platform's books back."""
    database.upsert(connection, fact, rows, ["source_id", "kind", "fact_id"])


# --- books -----------------------------------------------------------------------------------


def enter_book_rows(connection: Connection, rows: Sequence[Values]) -> None:
    """Put rows of the books back under their own numbers, as written.

    New rows are numbered after them, so that no leaf of the archive is ever named twice.
    """
    if rows:
        connection.execute(insert(book), list(rows))


def enter_feed(
    database: Database, connection: Connection, source_id: int, name: str, part: str, to: datetime
) -> None:
    """Say up to where a feed is listed."""
    values = {"source_id": source_id, "feed": name, "partition": part, "rungs": {}, "frontier": to}
    database.upsert(connection, feed, [values], ["source_id", "feed", "partition"])


def enter_gap(connection: Connection, values: Values) -> None:
    """Put a gap back."""
    connection.execute(insert(gap).values(**values))


def close_gap(connection: Connection, which: Values, values: Values) -> None:
    """Close the gaps of exactly this period of this part of a feed."""
    same = [gap.c[name] == value for name, value in which.items()]
    connection.execute(update(gap).where(*same).values(**values))


def enter_decision(connection: Connection, values: Values) -> None:
    """Put back what a person decided."""
    connection.execute(insert(decision).values(**values))


def finish(database: Database, connection: Connection) -> None:
    """Let PostgreSQL number new rows of the books after those that were put back."""
    if not database.is_sqlite:
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence('book', 'id'),"
                " (SELECT coalesce(max(id), 0) + 1 FROM book), false)"
            )
        )


def _insert(connection: Connection, table: Any, **values: Any) -> int:
    made = connection.execute(insert(table).values(**values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
