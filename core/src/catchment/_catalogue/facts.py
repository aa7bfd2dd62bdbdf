"""Facts: what the platform's books say beside the recordings, and what they still expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from catchment._catalogue.database import CHUNK, chunks
from catchment._catalogue.tables import fact, recording, recording_key
from catchment.model import Fact, Key

_OF_INTERACTIONS = (
    select(fact)
    .where(fact.c.interaction_num.in_(bindparam("nums", expanding=True)))
    .order_by(fact.c.at, fact.c.kind, fact.c.fact_id)
)


def list_facts(connection: Connection, nums: Sequence[int]) -> dict[int, list[Fact]]:
    """All facts under the keys of each of these interactions, oldest first."""
    found: dict[int, list[Fact]] = {num: [] for num in nums}
    for some in chunks(nums):
        for row in connection.execute(_OF_INTERACTIONS, {"nums": some}):
            found[row.interaction_num].append(_build_fact(row))
    return found


def _build_fact(row: Row[Any]) -> Fact:
    return Fact(
        kind=row.kind,
        fact_id=row.fact_id,
        at=row.at,
        keys=tuple(Key(space, value) for space, value in row.keys),
        expects=row.expects,
        absence=row.absence,
        ask="" if row.ask == row.fact_id else row.ask,
        document=row.body,
    )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A fact that expects a recording and has none, for which the platform can be asked by id."""

    row_id: int
    ask: str


Place = tuple[datetime, int]
"""Where a page of facts ended: the time and the row id of its last one."""


def find_fulfilled(connection: Connection, facts: Sequence[Any]) -> set[int]:
    """Row ids of those *facts* that share a key with a recording."""
    shared: set[tuple[int, str, str]] = set()
    for some in chunks(sorted({row.interaction_num for row in facts})):
        # What shares a key is in one interaction; its recordings are few.
        rows = connection.execute(
            select(recording.c.interaction_num, recording_key.c.space, recording_key.c.value)
            .join_from(recording, recording_key, recording_key.c.recording_id == recording.c.id)
            .where(recording.c.interaction_num.in_(some))
        )
        shared |= {(row.interaction_num, row.space, row.value) for row in rows}
    return {
        row.id
        for row in facts
        if any((row.interaction_num, space, value) in shared for space, value in row.keys)
    }


def list_unanswered(
    connection: Connection,
    source_id: int,
    older_than: datetime,
    not_since: datetime,
    *,
    after: Place | None = None,
    limit: int = CHUNK,
) -> tuple[list[Unanswered], Place | None]:
    """What the platform should be asked for: expected, not there, and not asked for of late.

    Facts whose recording is there stay among those that are looked through, and there are as many
    as there are calls: hence page by page, the oldest first.

    Args:
        older_than: What happened later may still come by itself.
        not_since: What was asked for since then is left alone.
        after: Where the page before ended.
        limit: How many facts are looked at.

    Returns:
        What to ask for, perhaps nothing, and where the next page begins; ``None`` after the last.
    """
    query = select(fact.c.id, fact.c.at, fact.c.ask, fact.c.interaction_num, fact.c["keys"]).where(
        fact.c.source_id == source_id,
        fact.c.at < older_than,
        fact.c.expects != "",
        fact.c.ask.is_not(None),
        fact.c.gone_why.is_(None),
        fact.c.asked_at.is_(None) | (fact.c.asked_at < not_since),
    )
    if after is not None:
        at, row_id = after
        query = query.where(fact.c.at >= at, (fact.c.at > at) | (fact.c.id > row_id))
    rows = connection.execute(query.order_by(fact.c.at, fact.c.id).limit(limit)).all()
    have = find_fulfilled(connection, rows)
    found = [Unanswered(row.id, row.ask) for row in rows if row.id not in have]
    return found, (rows[-1].at, rows[-1].id) if len(rows) == limit else None


def answer(
    connection: Connection, asked: Sequence[Unanswered], now: datetime, gone_why: str
) -> None:
    """Keep what the platform said about facts: why there is nothing, or empty if it may come.

    A fact that is told of anew meanwhile, and is to be asked for by another id, is left alone.
    """
    by_id: dict[str, list[int]] = {}
    for one in asked:
        by_id.setdefault(one.ask, []).append(one.row_id)
    for ask, row_ids in by_id.items():
        for some in chunks(row_ids):
            same = fact.c.id.in_(some) & (fact.c.ask == ask)
            told = {"asked_at": now, "gone_why": gone_why or None}
            connection.execute(update(fact).where(same).values(told))
