"""Puts back into an empty catalogue what the archive kept, in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, tuple_, update

from catchment._catalogue import interactions, sightings
from catchment._catalogue.database import Database, chunks
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


def find_recording(connection: Connection, source_id: int, external_id: str) -> int | None:
    """The row id of a recording that is there already."""
    query = select(recording.c.id).where(
        recording.c.source_id == source_id, recording.c.external_id == external_id
    )
    return connection.execute(query).scalar()


def list_versions(
    connection: Connection, recording_id: int, file_id: str, recipe: str
) -> list[Row[Any]]:
    """The versions of a file that are there: number, state and hash."""
    query = (
        select(file.c.version, file.c.state, file.c.sha256)
        .where(
            file.c.recording_id == recording_id,
            file.c.file_id == file_id,
            file.c.recipe == recipe,
        )
        .order_by(file.c.version)
    )
    return list(connection.execute(query))


def forget_unarchived(connection: Connection, recording_id: int, file_id: str) -> None:
    """Forget what is told of a file as long as it was not archived."""
    connection.execute(
        delete(file).where(
            file.c.recording_id == recording_id,
            file.c.file_id == file_id,
            file.c.recipe == "",
            file.c.state != "archived",
        )
    )


def list_twins(
    connection: Connection,
    source_id: int,
    num: int,
    keys: Iterable[Key],
    external_ids: Sequence[str],
) -> set[int]:
    """Other interactions that have one of these keys, or one of these recordings."""
    found: set[int] = set()
    for some in chunks(sorted(set(keys))):
        query = select(key.c.interaction_num).where(
            key.c.source_id == source_id,
            tuple_(key.c.space, key.c.value).in_([(one.space, one.value) for one in some]),
        )
        found.update(connection.execute(query).scalars())
    for ids in chunks(external_ids):
        query = select(recording.c.interaction_num).where(
            recording.c.source_id == source_id, recording.c.external_id.in_(ids)
        )
        found.update(connection.execute(query).scalars())
    return found - {num}


def join_twins(
    database: Database, connection: Connection, source_id: int, nums: Sequence[int], now: datetime
) -> None:
    """Make one interaction of two, of which the older id survives, and have it mapped again."""
    rows = [row for num in nums if (row := interactions.read(connection, num)) is not None]
    first, *others = sorted({row.num: row for row in rows}.values(), key=lambda x: x.interaction_id)
    for other in others:
        interactions.join(connection, first.num, other.num, now)
    sightings.want_mapping(database, connection, source_id, [first.num], now)


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
    """Put rows of the platform's books back, each once."""
    database.insert_missing(connection, fact, rows)


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


def _insert(connection: Connection, table: Any, **values: Any) -> int:
    made = connection.execute(insert(table).values(**values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
