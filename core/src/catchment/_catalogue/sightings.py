"""A page of a listing becomes rows: what is new, what changed, what is no work.

One page is one transaction, and the number of statements does not depend on the number of rows:
a page of a thousand unchanged recordings costs one query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Float, bindparam, func, select, update

from catchment._catalogue import books, interactions
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.interactions import Seed
from catchment._catalogue.jobs import NewJob, want
from catchment._catalogue.recordings import is_decided
from catchment._catalogue.tables import document, fact, interaction, recording, recording_key
from catchment.model import Fact, Sighting

NOT_YET_AFTER = timedelta(minutes=10)
"""When to ask again about what the platform is still working on, if it says nothing by itself."""

LISTING = "listing"

_SETTLED = ("quiet", "gone")
"""States of a recording that the watermark passes without a person's word."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page changed.

    Attributes:
        new: Recordings that were not known.
        changed: Recordings whose revision is another than before.
        facts: Facts that are new or changed.
        late: Those of ``new`` that lie behind the watermark, and those of ``changed`` that it had
            passed as settled.
    """

    new: int = 0
    changed: int = 0
    facts: int = 0
    late: int = 0


def record(
    database: Database,
    connection: Connection,
    *,
    source_id: int,
    epoch: int,
    sightings: Sequence[Sighting],
    facts: Sequence[Fact],
    now: datetime,
    complete_to: datetime | None,
    rank: Callable[[datetime], int],
    again: bool = False,
) -> Recorded:
    """Write what a page says, with the jobs that follow from it.

    With *again*, what was given up (gone, or parked by the engine) is taken up again although the
    platform tells nothing new of it: that is what a person recovers for.

    ``complete_to`` is the watermark before this page: what lies behind it is late, and recorded
    as late.  ``rank`` says how urgent a recording of a given time is.
    """
    rows = _newest(sightings)
    known = _read_known(connection, source_id, list(rows))
    new = [row for external_id, row in rows.items() if external_id not in known]
    changed = [
        row
        for external_id, row in rows.items()
        if external_id in known
        and (
            known[external_id].revision != row.revision
            or (again and _is_given_up(known[external_id]))
        )
    ]
    late = _insert_new(database, connection, source_id, epoch, new, now, complete_to)
    late += _update_changed(database, connection, source_id, changed, known, now, complete_to)
    told = _record_facts(database, connection, source_id, facts, now)
    if new:
        known |= _read_known(connection, source_id, [row.external_id for row in new])
    want(
        database,
        connection,
        [
            NewJob(
                "capture",
                str(known[row.external_id].id),
                source_id,
                now if row.offered == "ready" else now + NOT_YET_AFTER,
                rank(row.occurred_at),
            )
            for row in (*new, *changed)
        ],
    )
    return Recorded(len(new), len(changed), told, late)


def _is_given_up(row: Any) -> bool:
    """Whether the engine, and not a person, waits for the recording no longer."""
    return row.state in ("gone", "parked") and not is_decided(row)


def _newest(sightings: Sequence[Sighting]) -> dict[str, Sighting]:
    """Each recording once; a page may tell one twice, the last word counts."""
    return {sighting.external_id: sighting for sighting in sightings}


def _read_known(connection: Connection, source_id: int, external_ids: list[str]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for some in chunks(external_ids):
        rows = connection.execute(
            select(
                recording.c.id,
                recording.c.external_id,
                recording.c.revision,
                recording.c.state,
                recording.c.retry_at,
            ).where(recording.c.source_id == source_id, recording.c.external_id.in_(some))
        )
        known |= {row.external_id: row for row in rows}
    return known


def _insert_new(
    database: Database,
    connection: Connection,
    source_id: int,
    epoch: int,
    new: Sequence[Sighting],
    now: datetime,
    complete_to: datetime | None,
) -> int:
    if not new:
        return 0
    seeds = [Seed(row.keys, row.occurred_at) for row in new]
    nums = interactions.assign(database, connection, source_id, seeds, now)
    rows = []
    late = {row.external_id: _measure_late(row, complete_to) for row in new}
    for row, num in zip(new, nums, strict=True):
        rows.append(
            {
                "source_id": source_id,
                "external_id": row.external_id,
                "epoch": epoch,
                "interaction_num": num,
                "occurred_at": row.occurred_at,
                "revision": row.revision,
                "state": "open",
                "reason": None if row.offered == "ready" else "the platform is still working on it",
                "first_seen_at": now,
                "seen_at": now,
                "state_at": now,
                "late_by_s": late[row.external_id],
            }
        )
    database.insert_missing(connection, recording, rows)
    ids = _read_known(connection, source_id, [row.external_id for row in new])
    _write_told(database, connection, new, ids, now)
    return _enter_late(connection, source_id, late, now)


def _measure_late(row: Sighting, complete_to: datetime | None) -> float | None:
    """How many seconds behind the watermark *row* lies; ``None`` if it does not."""
    if complete_to is None or row.occurred_at >= complete_to:
        return None
    return (complete_to - row.occurred_at).total_seconds()


def _enter_late(
    connection: Connection, source_id: int, late: Mapping[str, float | None], now: datetime
) -> int:
    """Tell the books what was found behind the watermark; how many recordings that is."""
    found = {external_id: by for external_id, by in late.items() if by is not None}
    for external_id, by in found.items():
        body = {"recording": external_id, "late_by_s": by}
        books.enter(connection, source_id, now, "late", body)
    return len(found)


def _update_changed(
    database: Database,
    connection: Connection,
    source_id: int,
    changed: Sequence[Sighting],
    known: dict[str, Any],
    now: datetime,
    complete_to: datetime | None,
) -> int:
    """Open what changed again; how many of these the watermark had passed as settled."""
    if not changed:
        return 0
    late = {
        row.external_id: _measure_late(row, complete_to)
        for row in changed
        if known[row.external_id].state in _SETTLED
    }
    reopened = [
        {
            "row_id": known[row.external_id].id,
            "row_revision": row.revision,
            "row_late_by_s": late.get(row.external_id),
        }
        for row in changed
        if not is_decided(known[row.external_id])
    ]
    decided = [row for row in changed if is_decided(known[row.external_id])]
    if decided:  # what a person said stays; that the revision is known keeps it from being news
        connection.execute(
            update(recording)
            .where(recording.c.id == bindparam("row_id"))
            .values(revision=bindparam("row_revision")),
            [
                {"row_id": known[row.external_id].id, "row_revision": row.revision}
                for row in decided
            ],
        )
    if reopened:
        connection.execute(
            update(recording)
            .where(recording.c.id == bindparam("row_id"))
            .values(
                revision=bindparam("row_revision"),
                state="open",
                reason=None,
                attempts=0,
                seen_at=now,
                state_at=now,
                late_by_s=func.coalesce(
                    bindparam("row_late_by_s", type_=Float), recording.c.late_by_s
                ),
            ),
            reopened,
        )
    seeds = [Seed(row.keys, row.occurred_at) for row in changed]
    interactions.assign(database, connection, source_id, seeds, now)
    _write_told(database, connection, changed, known, now)
    return _enter_late(connection, source_id, late, now)


def _write_told(
    database: Database,
    connection: Connection,
    rows: Sequence[Sighting],
    known: dict[str, Any],
    now: datetime,
) -> None:
    """Keep keys and the listing's own row of each recording."""
    database.insert_missing(
        connection,
        recording_key,
        [
            {"recording_id": known[row.external_id].id, "space": key.space, "value": key.value}
            for row in rows
            for key in row.keys
        ],
    )
    database.upsert(
        connection,
        document,
        [
            {
                "recording_id": known[row.external_id].id,
                "name": LISTING,
                "body": dict(row.document),
                "seen_at": now,
            }
            for row in rows
            if row.document
        ],
        ["recording_id", "name"],
    )


def _record_facts(
    database: Database,
    connection: Connection,
    source_id: int,
    facts: Sequence[Fact],
    now: datetime,
) -> int:
    """Keep what the platform's books say; an interaction with news is mapped again."""
    if not facts:
        return 0
    rows = {(row.kind, row.fact_id): row for row in facts}
    same = set()
    for kind in {row.kind for row in facts}:
        ids = [fact_id for (of, fact_id) in rows if of == kind]
        for some in chunks(ids):
            found = connection.execute(
                select(
                    fact.c.fact_id,
                    fact.c.at,
                    fact.c["keys"].label("shared"),
                    fact.c.body,
                    fact.c.expects,
                    fact.c.absence,
                    fact.c.ask,
                ).where(
                    fact.c.source_id == source_id, fact.c.kind == kind, fact.c.fact_id.in_(some)
                )
            )
            for row in found:
                told = rows[kind, row.fact_id]
                if (row.at, row.shared, row.body, row.expects, row.absence, row.ask) == (
                    told.at,
                    [[key.space, key.value] for key in told.keys],
                    dict(told.document),
                    told.expects,
                    told.absence,
                    told.asked_id,
                ):
                    same.add((kind, row.fact_id))
    news = [row for name, row in rows.items() if name not in same]
    if not news:
        return 0
    seeds = [Seed(row.keys, row.at) for row in news]
    nums = interactions.assign(database, connection, source_id, seeds, now)
    database.upsert(
        connection,
        fact,
        [
            {
                "source_id": source_id,
                "kind": row.kind,
                "fact_id": row.fact_id,
                "interaction_num": num,
                "at": row.at,
                "expects": row.expects,
                "absence": row.absence,
                "ask": row.asked_id,
                "asked_at": None,
                "gone_why": None,
                "keys": [[key.space, key.value] for key in row.keys],
                "body": dict(row.document),
                "seen_at": now,
            }
            for row, num in zip(news, nums, strict=True)
        ],
        ["source_id", "kind", "fact_id"],
    )
    want_mapping(database, connection, source_id, sorted(set(nums)), now)
    return len(news)


def want_mapping(
    database: Database, connection: Connection, source_id: int, nums: Sequence[int], now: datetime
) -> None:
    """Have interactions mapped again because something under their keys changed."""
    want(database, connection, [NewJob("map", str(num), source_id, now) for num in nums])


def list_interactions_without(connection: Connection, source_id: int, mapper: str) -> list[int]:
    """Interactions that were mapped by another mapper than *mapper*."""
    query = select(interaction.c.num).where(
        interaction.c.source_id == source_id,
        interaction.c.mapper != mapper,
        interaction.c.mapper != "",
        interaction.c.survivor_num.is_(None),
    )
    return list(connection.execute(query).scalars())
