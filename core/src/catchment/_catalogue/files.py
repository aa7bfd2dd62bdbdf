"""Files of recordings: what the platform says of each, and how its state changes.

A file is ``expected`` until it is ``archived``; it may be ``gone`` (the platform will never have
it), ``parked`` (it needs a person, with the reason) or ``skipped`` (a person decided).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from catchment._catalogue.database import chunks
from catchment._catalogue.tables import (
    file,
    recording,
)
from catchment._plain import from_plain, to_plain
from catchment.model import Measured, MediaFile, Way

# Statements that every file needs are built once: building one costs more than running it.
_BY_ID = select(file).where(file.c.id == bindparam("this"))
_VERSION = select(file).where(
    file.c.recording_id == bindparam("recording"),
    file.c.file_id == bindparam("name"),
    file.c.version == bindparam("number"),
    file.c.recipe == "",
)
_OF_RECORDINGS = (
    select(file)
    .where(file.c.recording_id.in_(bindparam("ids", expanding=True)))
    .order_by(file.c.recording_id, file.c.file_id, file.c.version, file.c.recipe)
)
_HELD = (
    select(file.c.recording_id, file.c.file_id, file.c.description)
    .where(
        file.c.recording_id.in_(bindparam("ids", expanding=True)),
        file.c.state == "archived",
        file.c.recipe == "",
    )
    .order_by(file.c.version)
)
_INSERT = insert(file)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the ledger."""

    id: int
    recording_id: int
    file_id: str
    version: int
    recipe: str
    kind: str
    form: str
    state: str
    reason: str | None
    attempts: int
    retry_at: datetime | None
    first_seen_at: datetime
    described: MediaFile
    ways_at: datetime | None
    sha256: str | None
    size_bytes: int | None
    measured: Measured | None
    archived_at: datetime | None
    note: str | None

    @property
    def parked_by_person(self) -> bool:
        """Whether it stays parked until a person says otherwise."""
        return self.state == "parked" and self.retry_at is None


def _known_file(row: Row[Any]) -> KnownFile:
    described = from_plain(MediaFile, row.description)
    if row.ways is not None:
        ways = tuple(from_plain(Way, way) for way in row.ways["ways"])
        inline = row.ways.get("inline")
        described = replace(
            described, ways=ways, inline=None if inline is None else base64.b64decode(inline)
        )
    return KnownFile(
        id=row.id,
        recording_id=row.recording_id,
        file_id=row.file_id,
        version=row.version,
        recipe=row.recipe,
        kind=row.kind,
        form=row.form,
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        retry_at=row.retry_at,
        first_seen_at=row.first_seen_at,
        described=described,
        ways_at=row.ways_at,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        measured=None if row.measured is None else from_plain(Measured, row.measured),
        archived_at=row.archived_at,
        note=row.note,
    )


def read_file(connection: Connection, file_id: int) -> KnownFile | None:
    """The file with this row id."""
    row = connection.execute(_BY_ID, {"this": file_id}).first()
    return None if row is None else _known_file(row)


def interaction_of(connection: Connection, file_id: int) -> int | None:
    """The interaction that a file belongs to."""
    query = (
        select(recording.c.interaction_num)
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .where(file.c.id == file_id)
    )
    return connection.execute(query).scalar()


def find_version(connection: Connection, known: KnownFile, version: int) -> KnownFile | None:
    """Another version of the same original."""
    if version < 1:
        return None
    given = {"recording": known.recording_id, "name": known.file_id, "number": version}
    row = connection.execute(_VERSION, given).first()
    return None if row is None else _known_file(row)


def list_files(connection: Connection, recording_ids: Sequence[int]) -> list[KnownFile]:
    """All files of these recordings, originals before what was made of them."""
    rows: list[Row[Any]] = []
    for some in chunks(recording_ids):
        rows += connection.execute(_OF_RECORDINGS, {"ids": some}).all()
    return [_known_file(row) for row in rows]


def list_held(
    connection: Connection, recording_ids: Sequence[int]
) -> dict[int, dict[str, MediaFile]]:
    """Each archived original as described, its newest version, for each of these recordings."""
    found: dict[int, dict[str, MediaFile]] = {one: {} for one in recording_ids}
    for some in chunks(recording_ids):
        for row in connection.execute(_HELD, {"ids": some}):
            found[row.recording_id][row.file_id] = from_plain(MediaFile, row.description)
    return found


def describe(offer: MediaFile) -> dict[str, Any]:
    """What is kept of a file's description: all but its links, which change and are secrets."""
    plain: dict[str, Any] = to_plain(replace(offer, ways=(), inline=None))
    return plain


def save_files(
    connection: Connection, recording_id: int, offers: Sequence[MediaFile], now: datetime
) -> list[int]:
    """Keep what the platform says of a recording's files; row ids of those to be fetched now.

    A file that was told before and is not told now stays.  An archived file whose description
    changed gets a new version, to be fetched and compared.
    """
    newest: dict[str, KnownFile] = {}
    for known in list_files(connection, [recording_id]):
        if known.recipe == "":
            newest[known.file_id] = known
    wanted: list[int] = []
    for offer in offers:
        known_file = newest.get(offer.file_id)
        if known_file is None:
            wanted += _insert_file(connection, recording_id, offer, 1, now)
        elif known_file.state == "archived":
            if not _is_same(known_file, offer):
                wanted += _insert_file(connection, recording_id, offer, known_file.version + 1, now)
        elif known_file.state != "skipped" and not known_file.parked_by_person:
            wanted += _update_file(connection, known_file, offer, now)
    return wanted


def _is_same(known: KnownFile, offer: MediaFile) -> bool:
    """Whether *offer* describes the bytes that are archived.

    Size and hash are compared with the bytes, not with what was told of them before: a platform
    that tells today what it did not tell yesterday has no news, and a catalogue that was rebuilt
    knows the bytes but not what was told.
    """
    size, sha256 = offer.size_bytes, (offer.sha256 or "").lower()
    if size not in (None, known.size_bytes) or sha256 not in ("", known.sha256):
        return False
    told, kept = (
        describe(replace(one, size_bytes=None, sha256=None)) for one in (offer, known.described)
    )
    return told == kept


def _ways(offer: MediaFile) -> dict[str, Any] | None:
    if not offer.ways and offer.inline is None:
        return None
    inline = None if offer.inline is None else base64.b64encode(offer.inline).decode()
    return {"ways": [to_plain(way) for way in offer.ways], "inline": inline}


def _told(offer: MediaFile, now: datetime) -> dict[str, Any]:
    gone = offer.offered == "failed"
    return {
        "kind": offer.kind,
        "form": offer.form,
        "state": "gone" if gone else "expected",
        "reason": offer.why or None if offer.offered != "ready" else None,
        "description": describe(offer),
        "ways": _ways(offer),
        "ways_at": now,
    }


def _insert_file(
    connection: Connection, recording_id: int, offer: MediaFile, version: int, now: datetime
) -> list[int]:
    made = connection.execute(
        _INSERT,
        {
            "recording_id": recording_id,
            "file_id": offer.file_id,
            "version": version,
            "first_seen_at": now,
            "state_at": now,
            **_told(offer, now),
        },
    )
    assert made.inserted_primary_key is not None
    return [int(made.inserted_primary_key[0])] if offer.offered == "ready" else []


def _update_file(
    connection: Connection, known: KnownFile, offer: MediaFile, now: datetime
) -> list[int]:
    values = _told(offer, now)
    if values["state"] != known.state:
        values["state_at"] = now
    if describe(known.described) != describe(offer):
        values["attempts"] = 0
    connection.execute(update(file).where(file.c.id == known.id).values(**values))
    return [known.id] if offer.offered == "ready" else []
