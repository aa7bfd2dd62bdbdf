"""Ids that people asked for, line by line, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import wanted_id

UNREADABLE = "unreadable:"
"""Stands in place of the digest of a list that could not be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of a list: ``open``, ``found``, ``unknown`` or ``refused``, with the reason."""

    line: int
    value: str
    state: str
    reason: str | None


def enter(
    database: Database,
    source_id: int,
    file_name: str,
    digest: str,
    rows: Sequence[tuple[int, str, str]],
) -> None:
    """Put the lines of a list (line, id, fault) on record; the same list again is no news."""
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
    """Say that a list could not be read; it stays in its folder."""
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


def forget_unreadable(database: Database, source_id: int, but: Sequence[str]) -> None:
    """Forget the lists that could not be read, except those called *but*."""
    with database.write() as connection:
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
) -> None:
    """Say what became of an id, on every line of the list that names it."""
    connection.execute(
        update(wanted_id)
        .where(
            wanted_id.c.source_id == source_id,
            wanted_id.c.digest == digest,
            wanted_id.c.value == value,
            wanted_id.c.state == "open",
        )
        .values(state=state, reason=reason, asked_at=func.coalesce(wanted_id.c.asked_at, now))
    )


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
