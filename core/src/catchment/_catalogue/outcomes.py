"""What becomes of a file: archived, made into renditions, parked, given up.

A file that the engine parked says when it is tried again; without that time a person parked it,
and it stays so until a person says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.files import KnownFile, describe, interaction_of
from catchment._catalogue.tables import (
    file,
    media,
    recording,
)
from catchment._plain import to_plain
from catchment._recipes import CONTACT, WHOLE_CALL, is_alike, name_family
from catchment.model import Json, Kind, Measured

# Statements that every file needs are built once: building one costs more than running it.
_CHANGE = update(file).where(file.c.id == bindparam("this"))
_SHA512 = select(media.c.sha256, media.c.sha512).where(
    media.c.sha256.in_(bindparam("digests", expanding=True))
)


def archive_file(
    database: Database,
    connection: Connection,
    known: KnownFile,
    *,
    sha256: str,
    sha512: str,
    size_bytes: int,
    measured: Measured | None,
    note: str | None,
    now: datetime,
) -> None:
    """Say that the bytes of a file are in the archive, as *known* describes it.

    Its links are forgotten.
    """
    enter_media(database, connection, sha256, sha512, size_bytes, now)
    connection.execute(
        _CHANGE,
        {
            "this": known.id,
            "kind": known.kind,
            "form": known.form,
            "description": describe(known.described),
            "state": "archived",
            "reason": None,
            "state_at": now,
            "archived_at": now,
            "sha256": sha256,
            "size_bytes": size_bytes,
            "measured": None if measured is None else to_plain(measured),
            "note": note,
            "ways": None,
        },
    )


def drop_version(connection: Connection, known: KnownFile, previous_id: int) -> None:
    """Forget a version whose bytes turned out to be those of the version before."""
    connection.execute(
        update(file).where(file.c.id == previous_id).values(description=describe(known.described))
    )
    connection.execute(file.delete().where(file.c.id == known.id))


def add_rendition(
    database: Database,
    connection: Connection,
    original: KnownFile,
    *,
    recipe: str,
    kind: Kind,
    form: str,
    sha256: str,
    sha512: str,
    size_bytes: int,
    measured: Measured,
    now: datetime,
    extra: Json | None = None,
) -> None:
    """Keep what was made of an archived original by *recipe*."""
    enter_media(database, connection, sha256, sha512, size_bytes, now)
    described = replace(
        original.described,
        kind=kind,
        form=form,
        ways=(),
        inline=None,
        size_bytes=None,
        sha256=None,
        claimed_sha256=None,
        media_type=None,
        extra=extra or {},
    )
    values = {
        "recording_id": original.recording_id,
        "file_id": original.file_id,
        "version": original.version,
        "recipe": recipe,
        "kind": kind,
        "form": form,
        "state": "archived",
        "reason": None,
        "retry_at": None,
        "first_seen_at": now,
        "state_at": now,
        "archived_at": now,
        "description": describe(described),
        "sha256": sha256,
        "size_bytes": size_bytes,
        "measured": to_plain(measured),
    }
    database.upsert(connection, file, [values], ["recording_id", "file_id", "version", "recipe"])


def list_unoffered(connection: Connection, recording_id: int) -> list[str]:
    """Which originals of a recording are expected, and neither offered nor named any more."""
    query = (
        select(file.c.file_id)
        .where(
            file.c.recording_id == recording_id,
            file.c.recipe == "",
            file.c.state == "expected",
            file.c.ways.is_(None),
        )
        .order_by(file.c.file_id)
    )
    return list(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class Waiting:
    """How far a file is: its state, and whether the platform ever offered it."""

    state: str
    offered: bool


def give_up_waiting(
    connection: Connection, recording_id: int, reason: str, now: datetime, expected_before: datetime
) -> list[Waiting]:
    """Call gone, with the reason, what is expected for long and is not offered.

    Args:
        connection: The caller's transaction.
        recording_id: Whose files.
        reason: Why they are given up.
        now: The current time.
        expected_before: What is expected since later than this is still waited for.

    Returns:
        How far each file of the recording is then.
    """
    of = file.c.recording_id == recording_id
    connection.execute(
        update(file)
        .where(
            of,
            file.c.state == "expected",
            file.c.ways.is_(None),
            file.c.state_at <= expected_before,
        )
        .values(state="gone", reason=reason, state_at=now)
    )
    rows = connection.execute(
        select(file.c.state, file.c.ways.is_not(None).label("told")).where(of)
    )
    return [Waiting(row.state, bool(row.told)) for row in rows]


def park_file(
    connection: Connection,
    file_id: int,
    reason: str,
    now: datetime,
    retry_at: datetime | None,
    reason_kind: str,
) -> None:
    """Set a file aside with the reason; since when it is set aside, a further try does not change.

    With ``retry_at`` the engine did so, and tries again then and at every start of a runner;
    without it a person did, and the file stays until a person says ``retry``.
    """
    connection.execute(
        update(file)
        .where(file.c.id == file_id)
        .values(
            state="parked",
            state_at=case((file.c.state == "parked", file.c.state_at), else_=now),
            reason=reason,
            reason_kind=reason_kind,
            retry_at=retry_at,
        )
    )


def park_rendition(
    database: Database,
    connection: Connection,
    original: KnownFile,
    recipe: str,
    kind: Kind,
    reason: str,
    now: datetime,
    retry_at: datetime,
    reason_kind: str,
) -> None:
    """Say that what *recipe* should make of an archived original could not be made, since when."""
    keys = {
        "recording_id": original.recording_id,
        "file_id": original.file_id,
        "version": original.version,
        "recipe": recipe,
    }
    told = {
        "kind": kind,
        "form": "",
        "state": "parked",
        "reason": reason,
        "reason_kind": reason_kind,
        "retry_at": retry_at,
        "description": describe(replace(original.described, ways=(), inline=None)),
    }
    this = and_(*(file.c[name] == value for name, value in keys.items()))
    changed = connection.execute(
        update(file)
        .where(this)
        .values(
            **told,
            attempts=file.c.attempts + 1,
            state_at=case((file.c.state == "parked", file.c.state_at), else_=now),
        )
    )
    if not changed.rowcount:
        new = {"first_seen_at": now, "state_at": now, "attempts": 1}
        database.insert_missing(connection, file, [keys | told | new])


def drop_parked_renditions(connection: Connection, original: KnownFile) -> None:
    """Forget that something could not be made of an original, now that all of it was made."""
    connection.execute(
        file.delete().where(
            file.c.recording_id == original.recording_id,
            file.c.file_id == original.file_id,
            file.c.version == original.version,
            file.c.recipe != "",
            ~file.c.recipe.contains(":"),  # made by a job of its own, of more than this original
            file.c.state == "parked",
        )
    )


def drop_renditions(
    connection: Connection,
    recording_ids: Sequence[int],
    recipe: str,
    keep: Collection[str] = (),
) -> int:
    """Forget renditions of the family of *recipe*, whatever their version.

    Their bytes stay in the archive, where sealed versions refer to them.

    Args:
        connection: The caller's transaction.
        recording_ids: Of these recordings.
        recipe: One of the family.
        keep: Whole names of those that stay.

    Returns:
        How many they were.
    """
    some = (file.c.recording_id.in_(recording_ids), file.c.recipe.startswith(name_family(recipe)))
    gone = file.delete().where(*some, file.c.recipe.not_in(list(keep)))
    return connection.execute(gone).rowcount


def count_attempt(connection: Connection, file_id: int, reason: str, retry_at: datetime) -> None:
    """Remember a failed attempt at a file: how many, why, and when the next one is."""
    connection.execute(
        update(file)
        .where(file.c.id == file_id)
        .values(attempts=file.c.attempts + 1, reason=reason, retry_at=retry_at)
    )


def list_parked_by_engine(connection: Connection, source_id: int) -> list[Row[Any]]:
    """Files that the engine parked: ``id``, ``recipe`` and ``occurred_at`` of their recording."""
    query = (
        select(file.c.id, file.c.recipe, recording.c.occurred_at)
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .where(
            file.c.state == "parked",
            file.c.retry_at.is_not(None),
            recording.c.source_id == source_id,
        )
    )
    return list(connection.execute(query))


_MAKERS = ((WHOLE_CALL, "playback"), (CONTACT, "contact"))
"""Which kind of job makes what is made of all recordings of an interaction, by its recipe."""


def name_maker(connection: Connection, file_id: int, recipe: str) -> tuple[str, str]:
    """Kind and key of the job that fetches a file, or makes it, if it has a recipe."""
    if not recipe:
        return "media", str(file_id)
    original = original_of(connection, file_id)
    for made, kind in _MAKERS:
        if is_alike(recipe, made):
            return kind, str(interaction_of(connection, original))
    return "derive", str(original)


def original_of(connection: Connection, rendition_id: int) -> int:
    """The row id of what a rendition was, or is to be, made from."""
    made = file.alias("made")
    query = (
        select(file.c.id)
        .join(
            made,
            and_(
                file.c.recording_id == made.c.recording_id,
                file.c.file_id == made.c.file_id,
                file.c.version == made.c.version,
            ),
        )
        .where(made.c.id == rendition_id, file.c.recipe == "")
    )
    return int(connection.execute(query).scalar_one())


def enter_media(
    database: Database,
    connection: Connection,
    sha256: str,
    sha512: str,
    size_bytes: int,
    now: datetime,
) -> None:
    """Know an object of the archive; two files with the same bytes are one object."""
    enter_objects(database, connection, [(sha256, sha512, size_bytes)], now)


def enter_objects(
    database: Database,
    connection: Connection,
    objects: Sequence[tuple[str, str, int]],
    now: datetime,
) -> None:
    """Know objects of the archive by both their hashes and their sizes."""
    rows = [
        {
            "sha256": sha256,
            "sha512": sha512,
            "size_bytes": size_bytes,
            "archived_at": now,
            "verified_at": now,
        }
        for sha256, sha512, size_bytes in objects
    ]
    database.insert_missing(connection, media, rows)


def read_sha512(connection: Connection, sha256s: Sequence[str]) -> dict[str, str]:
    """The second digest of archived objects."""
    found: dict[str, str] = {}
    for some in chunks(sorted(set(sha256s))):
        rows = connection.execute(_SHA512, {"digests": some})
        found |= {row.sha256: row.sha512 for row in rows}
    return found
