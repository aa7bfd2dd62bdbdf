"""What the catalogue knows of the archive's objects: when each was read last, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update

from catchment._catalogue import reasons
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import file, interaction, media, recording, source

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Holder:
    """A file whose bytes are an object of the archive.

    Attributes:
        recipe: How it was made; empty for the platform's original.
        interaction: The id of the interaction that it belongs to.
    """

    source: str
    external_id: str
    file_id: str
    version: int
    recipe: str
    interaction: str


def holds_anything(database: Database) -> bool:
    """Whether the catalogue knows of any object of the archive."""
    with database.read() as connection:
        return connection.execute(select(media.c.sha256).limit(1)).first() is not None


def list_longest_unread(database: Database, before: datetime) -> Iterator[str]:
    """Yield the hashes of objects that were not read since *before*, longest unread first.

    Read page by page, so that memory stays flat and the caller may write in between.
    """
    order = (media.c.verified_at, media.c.sha256)
    query = select(*order).where(media.c.verified_at < before).order_by(*order).limit(_PAGE)
    page = query
    while True:
        with database.read() as connection:
            rows = connection.execute(page).all()
        for row in rows:
            yield row.sha256
        if len(rows) < _PAGE:
            return
        at, sha256 = rows[-1].verified_at, rows[-1].sha256
        same = and_(media.c.verified_at == at, media.c.sha256 > sha256)
        page = query.where(or_(media.c.verified_at > at, same))


def mark_read(database: Database, sha256s: Sequence[str], now: datetime) -> None:
    """Remember that these objects were read again and found sound."""
    with database.write() as connection:
        for some in chunks(sha256s):
            connection.execute(
                update(media).where(media.c.sha256.in_(some)).values(verified_at=now)
            )


def knows(database: Database, sha256: str) -> bool:
    """Whether the catalogue knows an object with this hash."""
    with database.read() as connection:
        query = select(media.c.sha256).where(media.c.sha256 == sha256)
        return connection.execute(query).first() is not None


def list_sealed(database: Database) -> Iterator[tuple[str, int]]:
    """Yield every version of every interaction that was sealed: its id and number."""
    query = (
        select(interaction.c.num, interaction.c.interaction_id, interaction.c.version)
        .where(interaction.c.version > 0)
        .order_by(interaction.c.num)
        .limit(_PAGE)
    )
    last = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(interaction.c.num > last)).all()
        for row in rows:
            for version in range(1, row.version + 1):
                yield row.interaction_id, version
        if len(rows) < _PAGE:
            return
        last = rows[-1].num


def list_holders(database: Database, sha256: str) -> list[Holder]:
    """The archived files that have these bytes."""
    query = (
        select(
            source.c.name,
            recording.c.external_id,
            file.c.file_id,
            file.c.version,
            file.c.recipe,
            interaction.c.interaction_id,
        )
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .join(source, recording.c.source_id == source.c.id)
        .join(interaction, recording.c.interaction_num == interaction.c.num)
        .where(file.c.sha256 == sha256, file.c.state == "archived")
        .order_by(source.c.name, recording.c.external_id, file.c.file_id, file.c.version)
    )
    with database.read() as connection:
        return [Holder(*row) for row in connection.execute(query)]


def list_held(
    connection: Connection, recording_ids: Sequence[int], file_ids: Sequence[int] = ()
) -> list[Row[Any]]:
    """Archived files of these recordings, or those of them that are named: id, recipe, sha256."""
    query = select(file.c.id, file.c.recording_id, file.c.recipe, file.c.sha256).where(
        file.c.recording_id.in_(recording_ids), file.c.state == "archived"
    )
    if file_ids:
        query = query.where(file.c.id.in_(file_ids))
    return list(connection.execute(query.order_by(file.c.id)))


def reopen(connection: Connection, row: Row[Any], reason: str, now: datetime) -> None:
    """Say that an archived file (a row of :func:`list_held`) must be had again.

    An original is expected again; a rendition waits, parked by the engine, until it is made anew.
    """
    state = "parked" if row.recipe else "expected"
    connection.execute(
        update(file)
        .where(file.c.id == row.id, file.c.state == "archived")
        .values(
            state=state,
            reason=reason,
            reason_kind=reasons.DAMAGE if row.recipe else None,
            state_at=now,
            attempts=0,
            retry_at=now if row.recipe else None,
            archived_at=None,
        )
    )
