"""Ids that people asked for, line by line, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, not_, or_, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import interaction, recording, wanted_id
from catchment._catalogue.watermark import UNRESOLVED

UNREADABLE = "unreadable:"
"""Stands in place of the digest of a list that could not be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of a list: ``open``, ``found``, ``unknown`` or ``refused``, with the reason."""

    line: int
    value: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A list of ids that stays in its folder because it could not be read, why, and since when."""

    file_name: str
    reason: str
    asked_at: datetime | None


def enter(
    database: Database,
    source_id: int,
    file_name: str,
    digest: str,
    rows: Sequence[tuple[int, str, str]],
) -> None:
    """Put the lines of a list (line, id, fault) on record; what is on record stays as it is."""
    with database.write() as connection:
        for some in chunks(rows):
            database.insert_missing(
                connection,
                wanted_id,
                [
                    {
                        "source_id": source_id,
                        "file_name": file_name,
                        "digest": digest,
                        "line": line,
                        "value": value,
                        "state": "refused" if fault else "open",
                        "reason": fault or None,
                    }
                    for line, value, fault in some
                ],
            )


def enter_unreadable(
    database: Database, source_id: int, file_name: str, why: str, now: datetime
) -> None:
    """Say that a list, or the folder of all lists, could not be read; it stays where it is."""
    with database.write() as connection:
        database.upsert(
            connection,
            wanted_id,
            [
                {
                    "source_id": source_id,
                    "file_name": file_name,
                    "digest": f"{UNREADABLE}{file_name}",
                    "line": 0,
                    "value": "",
                    "state": "refused",
                    "reason": why,
                    "asked_at": now,
                }
            ],
            ["source_id", "digest", "line"],
        )


def list_unreadable(connection: Connection, source_id: int) -> list[Unreadable]:
    """The lists of a source that could not be read, by name."""
    query = (
        select(wanted_id.c.file_name, wanted_id.c.reason, wanted_id.c.asked_at)
        .where(wanted_id.c.source_id == source_id, wanted_id.c.digest.startswith(UNREADABLE))
        .order_by(wanted_id.c.file_name)
    )
    rows = connection.execute(query)
    return [Unreadable(row.file_name, row.reason or "", row.asked_at) for row in rows]


def forget_unreadable(connection: Connection, source_id: int, but: Sequence[str]) -> None:
    """Forget the lists that could not be read, except those called *but*."""
    connection.execute(
        wanted_id.delete().where(
            wanted_id.c.source_id == source_id,
            wanted_id.c.digest.startswith(UNREADABLE),
            wanted_id.c.file_name.not_in(but),
        )
    )


def list_open(database: Database, source_id: int, digest: str) -> list[str]:
    """The ids of a list that were not answered yet, each once, in their order."""
    query = (
        select(wanted_id.c.value)
        .where(
            wanted_id.c.source_id == source_id,
            wanted_id.c.digest == digest,
            wanted_id.c.state == "open",
        )
        .order_by(wanted_id.c.line)
    )
    with database.read() as connection:
        return list(dict.fromkeys(connection.execute(query).scalars()))


def answer(
    connection: Connection,
    source_id: int,
    digest: str,
    value: str,
    state: str,
    reason: str,
    now: datetime,
    found: Sequence[str] = (),
) -> None:
    """Say what became of an id, and which recordings it found, on every line that names it."""
    connection.execute(
        update(wanted_id)
        .where(
            wanted_id.c.source_id == source_id,
            wanted_id.c.digest == digest,
            wanted_id.c.value == value,
            wanted_id.c.state == "open",
        )
        .values(
            state=state,
            reason=reason,
            found=list(found),
            asked_at=func.coalesce(wanted_id.c.asked_at, now),
        )
    )


def is_sealed(database: Database, source_id: int, digest: str) -> bool:
    """Whether packages of the archive tell of every recording that a list found.

    A package tells of what is still open, too: whoever starts again from it asks again.
    """
    named = select(wanted_id.c.found).where(
        wanted_id.c.source_id == source_id,
        wanted_id.c.digest == digest,
        wanted_id.c.state == "found",
    )
    told = or_(interaction.c.version > 0, recording.c.state.in_(("gone", "skipped")))
    resolved = recording.c.state.not_in(UNRESOLVED)
    since = or_(resolved, interaction.c.sealed_at >= recording.c.state_at)
    waiting = (
        select(recording.c.id)
        .join_from(recording, interaction, recording.c.interaction_num == interaction.c.num)
        .where(
            recording.c.source_id == source_id,
            or_(interaction.c.unsealed_since.is_not(None), not_(told), not_(since)),
        )
        .limit(1)
    )
    with database.read() as connection:
        found = {one for some in connection.execute(named).scalars() for one in some or ()}
        return not any(
            connection.execute(waiting.where(recording.c.external_id.in_(some))).first()
            for some in chunks(sorted(found))
        )


def forget(connection: Connection, source_id: int, digest: str) -> None:
    """Forget a list that is done with, so that the same list asks anew when it is dropped again."""
    connection.execute(
        wanted_id.delete().where(wanted_id.c.source_id == source_id, wanted_id.c.digest == digest)
    )


def forget_others(connection: Connection, source_id: int, but: Collection[str]) -> None:
    """Forget the lists that are in the folder no more: whose digest is none of *but*."""
    query = (
        select(wanted_id.c.digest)
        .where(wanted_id.c.source_id == source_id, wanted_id.c.digest.not_like(f"{UNREADABLE}%"))
        .distinct()
    )
    for digest in set(connection.execute(query).scalars()).difference(but):
        forget(connection, source_id, digest)


def first_asked_at(database: Database, source_id: int, digest: str, value: str) -> datetime | None:
    """When the platform was first asked for an id of a list; ``None`` if it never was."""
    query = select(func.min(wanted_id.c.asked_at)).where(
        wanted_id.c.source_id == source_id,
        wanted_id.c.digest == digest,
        wanted_id.c.value == value,
    )
    with database.read() as connection:
        return connection.execute(query).scalar()


def list_answers(database: Database, source_id: int, digest: str) -> list[Answer]:
    """What became of each line of a list."""
    query = (
        select(wanted_id.c.line, wanted_id.c.value, wanted_id.c.state, wanted_id.c.reason)
        .where(wanted_id.c.source_id == source_id, wanted_id.c.digest == digest)
        .order_by(wanted_id.c.line)
    )
    with database.read() as connection:
        return [Answer(*row) for row in connection.execute(query)]
