"""A page of a listing becomes rows: what is new, what changed, what is no work.

One page is one transaction, and the number of statements does not depend on the number of rows:
a page of a thousand unchanged recordings costs one query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Float, bindparam, func, select, text, union_all, update

from catchment._catalogue import books, bulk, interactions
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.interactions import Seed
from catchment._catalogue.jobs import NewJob, want
from catchment._catalogue.recordings import KnownRecording, is_decided
from catchment._catalogue.tables import document, fact, file, interaction, recording, recording_key
from catchment.model import Fact, Recording, Sighting

NOT_YET_AFTER = timedelta(minutes=10)
"""When to ask again about what the platform is still working on, if it says nothing by itself."""

LISTING = "listing"

_SETTLED = ("quiet", "gone")
"""States of a recording that the watermark passes without a person's word."""

_GIVEN_UP = ("gone", "parked")
"""States of a recording or a file that is no longer waited for."""

_LACKING = select(file.c.recording_id).where(
    file.c.recording_id.in_(bindparam("ids", expanding=True)),
    file.c.recipe == "",
    (file.c.state == "gone") | (file.c.state == "parked") & file.c.retry_at.is_not(None),
)

_KNOWN = select(
    recording.c.id,
    recording.c.external_id,
    recording.c.revision,
    recording.c.state,
    recording.c.retry_at,
).where(
    recording.c.source_id == bindparam("source"),
    recording.c.external_id.in_(bindparam("ids", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page changed.

    Attributes:
        new: Recordings that were not known.
        changed: Recordings whose revision is another than before.
        facts: Facts that are new or changed.
        late: Those of ``new`` that lie behind what was listed, and those of ``changed`` that
            were settled.
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

    With *again*, what was given up (gone, or parked by the engine, be it one file of a recording)
    is taken up again although the platform tells nothing new of it: that is what a person recovers
    for.

    ``complete_to`` is up to when everything was listed before this page: what lies behind it is
    late, and recorded as late.  ``rank`` says how urgent a recording of a given time is.
    """
    database.stand_in_line(connection, source_id)  # or another feed makes the same rows meanwhile
    rows = _newest(sightings)
    known = _read_known(connection, source_id, list(rows))
    given_up = _list_given_up(connection, list(known.values())) if again else set()
    new = [row for external_id, row in rows.items() if external_id not in known]
    changed = [
        row
        for external_id, row in rows.items()
        if external_id in known
        and (known[external_id].revision != row.revision or external_id in given_up)
    ]
    ids = {external_id: row.id for external_id, row in known.items()}
    numbers = bulk.reserve(connection, recording, len(new))
    ids |= {row.external_id: one for row, one in zip(new, numbers, strict=True)}
    late = _insert_new(database, connection, source_id, epoch, new, ids, now, complete_to)
    late += _update_changed(database, connection, source_id, changed, known, now, complete_to)
    told = _record_facts(database, connection, source_id, facts, now)
    want(
        database,
        connection,
        [
            NewJob(
                "capture",
                str(ids[row.external_id]),
                source_id,
                now if row.offered == "ready" else now + NOT_YET_AFTER,
                rank(row.occurred_at),
            )
            for row in (*new, *changed)
        ],
    )
    return Recorded(len(new), len(changed), told, late)


def _list_given_up(connection: Connection, known: Sequence[Any]) -> set[str]:
    """Ids of recordings that the engine, and not a person, waits for no longer, or a file of it."""
    free = [row for row in known if not is_decided(row)]
    lacking: set[int] = set()
    for some in chunks([row.id for row in free]):
        lacking.update(connection.execute(_LACKING, {"ids": some}).scalars())
    return {row.external_id for row in free if row.state in _GIVEN_UP or row.id in lacking}


def _newest(sightings: Sequence[Sighting]) -> dict[str, Sighting]:
    """Each recording once; a page may tell one twice, the last word counts."""
    return {sighting.external_id: sighting for sighting in sightings}


def _read_known(connection: Connection, source_id: int, external_ids: list[str]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for some in chunks(external_ids):
        rows = connection.execute(_KNOWN, {"source": source_id, "ids": some})
        known |= {row.external_id: row for row in rows}
    return known


def _insert_new(
    database: Database,
    connection: Connection,
    source_id: int,
    epoch: int,
    new: Sequence[Sighting],
    ids: Mapping[str, int],
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
                "id": ids[row.external_id],
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
                "kept_until": row.kept_until,
            }
        )
    bulk.insert(connection, recording, rows, bulk.fail)
    _write_told(database, connection, new, ids, now)
    return _enter_late(connection, source_id, late, now)


def _measure_late(row: Sighting | Recording, complete_to: datetime | None) -> float | None:
    """How many seconds behind what is listed *row* lies; ``None`` if it does not."""
    if complete_to is None or row.occurred_at >= complete_to:
        return None
    return (complete_to - row.occurred_at).total_seconds()


def note_late(
    connection: Connection,
    source_id: int,
    known: KnownRecording,
    complete_to: datetime | None,
    now: datetime,
) -> None:
    """A settled recording turned out to have more, and no listing told of it: that is late too."""
    by = _measure_late(known.value, complete_to)
    _enter_late(connection, source_id, {known.value.external_id: by}, now)
    if by is not None:
        connection.execute(update(recording).where(recording.c.id == known.id).values(late_by_s=by))


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
            "row_kept_until": row.kept_until,
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
                kept_until=bindparam("row_kept_until"),
            ),
            reopened,
        )
    seeds = [Seed(row.keys, row.occurred_at) for row in changed]
    interactions.assign(database, connection, source_id, seeds, now)
    ids = {row.external_id: known[row.external_id].id for row in changed}
    _write_told(database, connection, changed, ids, now)
    return _enter_late(connection, source_id, late, now)


def _write_told(
    database: Database,
    connection: Connection,
    rows: Sequence[Sighting],
    ids: Mapping[str, int],
    now: datetime,
) -> None:
    """Keep keys and the listing's own row of each recording."""
    database.insert_missing(
        connection,
        recording_key,
        [
            {"recording_id": ids[row.external_id], "space": key.space, "value": key.value}
            for row in rows
            for key in row.keys
        ],
    )
    database.upsert(
        connection,
        document,
        [
            {
                "recording_id": ids[row.external_id],
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
    told = select(interaction.c.num).where(
        interaction.c.source_id == source_id,
        text("mapper != ''"),  # word for word what the index says, or it is not used
        interaction.c.survivor_num.is_(None),
    )
    # Two stretches of the index: nearly all lie between them.
    before, after = interaction.c.mapper < mapper, interaction.c.mapper > mapper
    others = union_all(told.where(before), told.where(after))
    return list(connection.execute(others).scalars())
