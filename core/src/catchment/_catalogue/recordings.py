"""Recordings: what is known of each, and how its state changes.

A recording is ``open``, ``quiet`` or ``gone``, or was ``parked`` or ``skipped``; its state follows
from its files' as soon as it has any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, case, func, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import (
    document,
    file,
    recording,
    recording_key,
)
from catchment.model import Json, Key, Recording

# Statements that every recording needs are built once: building one costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_MOMENT = bindparam("moment", type_=recording.c.state_at.type)
_KEYS = select(recording_key).where(recording_key.c.recording_id.in_(_IDS))
_DOCUMENTS = (
    select(document.c.recording_id, document.c.name, document.c.body)
    .where(document.c.recording_id.in_(_IDS))
    .order_by(document.c.name)
)
_SEEN = select(document.c.recording_id, document.c.name, document.c.seen_at).where(
    document.c.recording_id.in_(_IDS)
)
_RECORDINGS = select(recording).where(recording.c.id.in_(_IDS))
_OF_INTERACTIONS = (
    select(recording.c.interaction_num, recording.c.id)
    .where(recording.c.interaction_num.in_(_IDS))
    .order_by(recording.c.occurred_at, recording.c.external_id)
)
_BODIES = select(document.c.name, document.c.body).where(
    document.c.recording_id == bindparam("this")
)
_SET = (
    update(recording)
    .where(recording.c.id == bindparam("this"))
    .values(
        state=bindparam("put"),
        state_at=case((recording.c.state != bindparam("put"), _MOMENT), else_=recording.c.state_at),
        reason=bindparam("why"),
        reason_kind=bindparam("kind"),
        retry_at=bindparam("again_at"),
    )
)
_SET_AND_COUNT = _SET.values(attempts=bindparam("tried"))
_STATE = select(recording.c.state, recording.c.reason).where(recording.c.id == bindparam("this"))
_DECIDED = select(recording.c.state, recording.c.retry_at).where(
    recording.c.id == bindparam("this")
)
_STATES = (
    select(
        recording.c.state,
        recording.c.reason,
        file.c.state.label("of_files"),
        func.count(file.c.id).label("number"),
        func.min(file.c.retry_at).label("retry_at"),
    )
    .join_from(recording, file, file.c.recording_id == recording.c.id, isouter=True)
    .where(recording.c.id == bindparam("this"))
    .group_by(recording.c.state, recording.c.reason, file.c.state)
)


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """A recording of the ledger with everything that hooks are told about it."""

    id: int
    source_id: int
    interaction_num: int
    state: str
    state_at: datetime
    first_seen_at: datetime
    attempts: int
    epoch: int
    reason: str | None
    late_by_s: float | None
    value: Recording


def read_recordings(connection: Connection, ids: Sequence[int]) -> list[KnownRecording]:
    """The recordings with these row ids, with keys and documents; in the order of *ids*."""
    keys: dict[int, list[Key]] = {}
    documents: dict[int, dict[str, Json]] = {}
    found: dict[int, KnownRecording] = {}
    for some in chunks(ids):
        given = {"ids": some}
        for row in connection.execute(_KEYS, given):
            keys.setdefault(row.recording_id, []).append(Key(row.space, row.value))
        for row in connection.execute(_DOCUMENTS, given):
            documents.setdefault(row.recording_id, {})[row.name] = row.body
        for row in connection.execute(_RECORDINGS, given):
            value = Recording(
                external_id=row.external_id,
                occurred_at=row.occurred_at,
                keys=tuple(sorted(keys.get(row.id, []))),
                revision=row.revision,
                seen_at=row.seen_at,
                documents=documents.get(row.id, {}),
            )
            found[row.id] = KnownRecording(
                id=row.id,
                source_id=row.source_id,
                interaction_num=row.interaction_num,
                state=row.state,
                state_at=row.state_at,
                first_seen_at=row.first_seen_at,
                attempts=row.attempts,
                epoch=row.epoch,
                reason=row.reason,
                late_by_s=row.late_by_s,
                value=value,
            )
    return [found[one] for one in ids if one in found]


def list_recording_ids(connection: Connection, interaction_num: int) -> list[int]:
    """Row ids of the recordings of an interaction."""
    return list_recordings_of(connection, [interaction_num])[interaction_num]


def list_recordings_of(connection: Connection, nums: Sequence[int]) -> dict[int, list[int]]:
    """Row ids of the recordings of each of these interactions."""
    found: dict[int, list[int]] = {num: [] for num in nums}
    for some in chunks(nums):
        for row in connection.execute(_OF_INTERACTIONS, {"ids": some}):
            found[row.interaction_num].append(row.id)
    return found


def read_state(connection: Connection, recording_id: int) -> tuple[str, str | None]:
    """The state of a recording and the reason for it, as they stand now."""
    row = connection.execute(_STATE, {"this": recording_id}).one()
    return row.state, row.reason


def save_documents(
    database: Database,
    connection: Connection,
    recording_id: int,
    documents: Mapping[str, Json],
    keys: Iterable[Key],
    now: datetime,
) -> bool:
    """Keep documents and further keys of a recording; whether any of them was news."""
    known = {row.name: row.body for row in connection.execute(_BODIES, {"this": recording_id})}
    news = {name: dict(body) for name, body in documents.items() if known.get(name) != dict(body)}
    database.upsert(
        connection,
        document,
        [
            {"recording_id": recording_id, "name": name, "body": body, "seen_at": now}
            for name, body in news.items()
        ],
        ["recording_id", "name"],
    )
    database.insert_missing(
        connection,
        recording_key,
        [
            {"recording_id": recording_id, "space": key.space, "value": key.value}
            for key in sorted(set(keys))
        ],
    )
    return bool(news)


def documents_seen_at(
    connection: Connection, recording_ids: Sequence[int]
) -> dict[tuple[int, str], datetime]:
    """When each document of these recordings was given."""
    seen: dict[tuple[int, str], datetime] = {}
    for some in chunks(recording_ids):
        rows = connection.execute(_SEEN, {"ids": some})
        seen |= {(row.recording_id, row.name): row.seen_at for row in rows}
    return seen


def set_recording(
    connection: Connection,
    recording_id: int,
    state: str,
    reason: str | None,
    now: datetime,
    *,
    retry_at: datetime | None = None,
    attempts: int | None = None,
    reason_kind: str | None = None,
) -> None:
    """Put a recording into *state*; ``state_at`` keeps the moment at which the state changed."""
    values = {"this": recording_id, "put": state, "why": reason, "again_at": retry_at}
    values |= {"moment": now, "kind": reason_kind}
    if attempts is None:
        connection.execute(_SET, values)
    else:
        connection.execute(_SET_AND_COUNT, values | {"tried": attempts})


def is_set_aside(connection: Connection, recording_id: int) -> bool:
    """Whether a person parked or skipped the recording."""
    return is_decided(connection.execute(_DECIDED, {"this": recording_id}).one())


def is_decided(row: Any) -> bool:
    """Whether a person set aside the recording of this row (``state``, ``retry_at``).

    Only a person takes it up again.
    """
    return row.state == "skipped" or (row.state == "parked" and row.retry_at is None)


def settle_recording(connection: Connection, recording_id: int, now: datetime) -> str:
    """Let the state of a recording follow from the states of its files; the state it has then.

    A parked recording says when the engine tries again; without that time a person parked it.
    """
    row, *others = connection.execute(_STATES, {"this": recording_id}).all()
    counts: dict[str, int] = {}
    retry_at: datetime | None = None
    for one in (row, *others):
        if one.of_files is not None:
            counts[one.of_files] = one.number
        if one.of_files == "parked":
            retry_at = one.retry_at
    if row.state == "skipped" or not counts:
        return str(row.state)
    if counts.get("expected"):
        state, reason = "open", f"{counts['expected']} files are still to come"
    elif counts.get("parked"):
        state, reason = "parked", f"{counts['parked']} files need a person"
    elif not counts.get("archived") and counts.get("gone"):
        state, reason = "gone", "every file of it is gone"
    else:
        state, reason = "quiet", None
    if state != row.state or reason != row.reason:
        set_recording(connection, recording_id, state, reason, now, retry_at=retry_at)
    return state


def list_recordings_parked_by_engine(connection: Connection, source_id: int) -> list[Row[Any]]:
    """Recordings that the engine parked before it knew any file of them."""
    query = select(recording.c.id).where(
        recording.c.state == "parked",
        recording.c.retry_at.is_not(None),
        recording.c.source_id == source_id,
    )
    return list(connection.execute(query))
