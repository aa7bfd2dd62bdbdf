"""Interactions: made from keys, joined by keys, and filled with what the adapter makes of them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, func, insert, select, update

from catchment._catalogue import books
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import (
    attribute,
    contact,
    fact,
    interaction,
    key,
    party,
    person,
    person_ref,
    recording,
)
from catchment.model import InteractionDraft, Key

JOIN_RECORDINGS = 50
JOIN_SPAN = timedelta(hours=24)
"""A join beyond these limits is more likely a mistake of an id than one customer engagement."""

ATTRIBUTE_CHARACTERS = 200
"""So much of an attribute's name and value is compared; the draft has all of it."""

UNMAPPED = "it cannot be mapped: "
"""How the reason begins why the engine parked an interaction; it goes when the mapping succeeds."""

UNJOINED = "a shared key asks to join "
"""How the reason begins why interactions stay apart that share a key; a person ends it."""


# Statements that every interaction needs are built once: building one costs more than running it.
_BY_KEYS = select(key.c.value, key.c.interaction_num).where(
    key.c.source_id == bindparam("source"),
    key.c.space == bindparam("of"),
    key.c.value.in_(bindparam("values", expanding=True)),
)
_BY_NUM = select(interaction).where(interaction.c.num == bindparam("this"))
_ALIASES = (
    select(interaction.c.interaction_id)
    .where(interaction.c.survivor_num == bindparam("this"))
    .order_by(interaction.c.interaction_id)
)
_CHANGE = update(interaction).where(interaction.c.num == bindparam("this"))
_FILL = _CHANGE.values(
    unsealed_since=func.coalesce(
        interaction.c.unsealed_since, bindparam("now", type_=interaction.c.unsealed_since.type)
    ),
    # What a person or a limit parked stays so; that it could not be mapped is over.
    parked_why=case(
        (interaction.c.parked_why.startswith(UNMAPPED), None),
        else_=interaction.c.parked_why,
    ),
)
_CLEAR = tuple(
    delete(table).where(table.c.interaction_num == bindparam("this"))
    for table in (party, contact, attribute)
)
_END_SEAL = _CHANGE.values(
    sealing=None,
    unsealed_since=case(
        (interaction.c.news_at <= bindparam("told_at"), None),
        else_=interaction.c.unsealed_since,
    ),
)


def new_interaction_id(now: datetime) -> str:
    """A fresh id that sorts by time, so that new rows stand together in every index."""
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(74)
    value = milliseconds << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def find_by_keys(connection: Connection, source_id: int, wanted: Sequence[Key]) -> dict[Key, int]:
    """Which interaction each of *wanted* belongs to, as far as known."""
    found: dict[Key, int] = {}
    by_space: dict[str, set[str]] = {}
    for one in wanted:
        by_space.setdefault(one.space, set()).add(one.value)
    for space, values in by_space.items():
        for some in chunks(sorted(values)):
            given = {"source": source_id, "of": space, "values": some}
            rows = connection.execute(_BY_KEYS, given)
            found |= {Key(space, row.value): row.interaction_num for row in rows}
    return found


@dataclass(frozen=True, slots=True)
class Seed:
    """What a new interaction starts from: the keys of a row and when it happened."""

    keys: tuple[Key, ...]
    at: datetime


def assign(
    database: Database, connection: Connection, source_id: int, seeds: Sequence[Seed], now: datetime
) -> list[int]:
    """The interaction of each of *seeds*, made, found or joined by their keys; in their order."""
    # Two feeds may list the same rows at the same moment: one of them waits here, and then finds
    # what the other made.
    database.stand_in_line(connection, source_id)
    known = find_by_keys(connection, source_id, [one for seed in seeds for one in seed.keys])
    fresh: dict[Key, dict[str, Any]] = {}  # keys that stand for an interaction still to be made
    for seed in seeds:
        if any(one in known for one in seed.keys):
            continue
        row = next((fresh[one] for one in seed.keys if one in fresh), None)
        if row is None:
            row = {
                "interaction_id": new_interaction_id(now),
                "source_id": source_id,
                "started_at": seed.at,
                "created_at": now,
                "news_at": now,
            }
        for one in seed.keys:
            fresh.setdefault(one, row)
    _insert_fresh(database, connection, source_id, fresh)
    if fresh:
        known |= find_by_keys(connection, source_id, list(fresh))
    joined: dict[int, int] = {}
    nums = [_settle(database, connection, source_id, seed, known, joined, now) for seed in seeds]
    # A later seed may have joined what an earlier one was given.
    return [_follow(joined, num) for num in nums]


def _follow(joined: Mapping[int, int], num: int) -> int:
    while num in joined:
        num = joined[num]
    return num


def _insert_fresh(
    database: Database, connection: Connection, source_id: int, fresh: Mapping[Key, dict[str, Any]]
) -> None:
    rows = {row["interaction_id"]: row for row in fresh.values()}
    if not rows:
        return
    connection.execute(insert(interaction), list(rows.values()))
    nums: dict[str, int] = {}
    for some in chunks(list(rows)):
        found = connection.execute(
            select(interaction.c.interaction_id, interaction.c.num).where(
                interaction.c.interaction_id.in_(some)
            )
        )
        nums |= {row.interaction_id: row.num for row in found}
    database.insert_missing(
        connection,
        key,
        [
            {
                "source_id": source_id,
                "space": one.space,
                "value": one.value,
                "interaction_num": nums[row["interaction_id"]],
            }
            for one, row in fresh.items()
        ],
    )


def _settle(
    database: Database,
    connection: Connection,
    source_id: int,
    seed: Seed,
    known: dict[Key, int],
    joined: dict[int, int],
    now: datetime,
) -> int:
    """Give all keys of *seed* to one interaction, joining those that they belonged to."""
    nums = sorted({known[one] for one in seed.keys if one in known})
    survivor = nums[0]
    for other in nums[1:]:
        if join(connection, survivor, other, now):
            known.update({one: survivor for one, num in known.items() if num == other})
            joined[other] = survivor
    missing = [one for one in seed.keys if one not in known]
    database.insert_missing(
        connection,
        key,
        [
            {
                "source_id": source_id,
                "space": one.space,
                "value": one.value,
                "interaction_num": survivor,
            }
            for one in missing
        ],
    )
    known.update(dict.fromkeys(missing, survivor))
    return survivor


def _measure_join(connection: Connection, *nums: int) -> tuple[int, timedelta]:
    """How many recordings two interactions have together, and over what time, facts included."""
    count, moments = 0, []
    for table, at in ((recording, recording.c.occurred_at), (fact, fact.c.at)):
        row = connection.execute(
            select(
                func.count().label("rows"), func.min(at).label("first"), func.max(at).label("last")
            )
            .select_from(table)
            .where(table.c.interaction_num.in_(nums))
        ).one()
        count += row.rows if table is recording else 0
        moments += [at for at in (row.first, row.last) if at is not None]
    return count, max(moments) - min(moments) if moments else timedelta()


def join(connection: Connection, survivor: int, other: int, now: datetime) -> bool:
    """Make one of two interactions; the older id survives, the other becomes an alias.

    Returns:
        ``False`` where the limits refuse it; both stay, and the older one says why.
    """
    recordings, spans = _measure_join(connection, survivor, other)
    if recordings > JOIN_RECORDINGS or spans > JOIN_SPAN:
        why = (
            f"{UNJOINED}{recordings} recordings over {spans}; "
            f"more than {JOIN_RECORDINGS} or {JOIN_SPAN} is not joined without a person"
        )
        connection.execute(
            update(interaction).where(interaction.c.num == survivor).values(parked_why=why)
        )
        return False
    for table in (recording, fact, key):
        connection.execute(
            update(table).where(table.c.interaction_num == other).values(interaction_num=survivor)
        )
    for table in (party, contact, attribute):
        connection.execute(delete(table).where(table.c.interaction_num == other))
    connection.execute(
        update(interaction).where(interaction.c.survivor_num == other).values(survivor_num=survivor)
    )
    rows = {
        row.num: row
        for row in connection.execute(
            select(interaction.c.num, interaction.c.interaction_id, interaction.c.source_id).where(
                interaction.c.num.in_((survivor, other))
            )
        )
    }
    connection.execute(
        update(interaction)
        .where(interaction.c.num == other)
        .values(survivor_num=survivor, unsealed_since=None)
    )
    connection.execute(
        update(interaction)
        .where(interaction.c.num == survivor)
        .values(news_at=now, unsealed_since=func.coalesce(interaction.c.unsealed_since, now))
    )
    books.enter(
        connection,
        rows[survivor].source_id,
        now,
        "alias",
        {"alias": rows[other].interaction_id, "interaction": rows[survivor].interaction_id},
    )
    return True


def read(connection: Connection, num: int) -> Row[Any] | None:
    """The interaction, or the one that it was joined into."""
    row = connection.execute(_BY_NUM, {"this": num}).first()
    if row is not None and row.survivor_num is not None:
        return read(connection, row.survivor_num)
    return row


def list_aliases(connection: Connection, num: int) -> list[str]:
    """Ids of the interactions that were joined into this one."""
    return list(connection.execute(_ALIASES, {"this": num}).scalars())


def list_unnamed(connection: Connection, source_id: int) -> list[int]:
    """Interactions with a party whose name was unknown and whom the directory knows by now."""
    query = (
        select(party.c.interaction_num)
        .distinct()
        .join(interaction, interaction.c.num == party.c.interaction_num)
        .join(
            person_ref,
            and_(
                person_ref.c.source_id == interaction.c.source_id,
                person_ref.c.space == party.c.ref_space,
                person_ref.c.value == party.c.ref_value,
            ),
        )
        .join(person, person.c.id == person_ref.c.person_id)
        .where(interaction.c.source_id == source_id, party.c.name == "", person.c.name != "")
    )
    return list(connection.execute(query).scalars())


def save_draft(
    connection: Connection,
    num: int,
    draft: InteractionDraft,
    body: Mapping[str, Any],
    parties: Sequence[Mapping[str, Any]],
    contacts: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Put what the adapter made of an interaction in place of what stood there."""
    for clear in _CLEAR:
        connection.execute(clear, {"this": num})
    connection.execute(
        _FILL,
        {
            "this": num,
            "kind": draft.kind,
            "external_id": draft.external_id,
            "started_at": draft.started_at,
            "ended_at": draft.ended_at,
            "subject": draft.subject,
            "direction": draft.direction,
            "ani": draft.ani,
            "dnis": draft.dnis,
            "associated_id": draft.associated_id,
            "mapper": draft.mapper,
            "draft": dict(body),
            "news_at": now,
            "now": now,
        },
    )
    if parties:
        connection.execute(insert(party), [{"interaction_num": num, **row} for row in parties])
    if contacts:
        connection.execute(insert(contact), [{"interaction_num": num, **row} for row in contacts])
    attributes = sorted({cut_attribute(*one) for one in list_attributes(draft)})
    if attributes:
        connection.execute(
            insert(attribute),
            [{"interaction_num": num, "name": name, "value": value} for name, value in attributes],
        )


def list_attributes(draft: InteractionDraft) -> list[tuple[str, str]]:
    """Names and values by which an interaction is found: its own, and those of each contact."""
    found = set(draft.custom.items())
    for one in draft.contacts:
        found |= {*one.custom.items(), ("queue", one.queue), ("wrap_up", one.wrap_up)}
    return sorted((name, value) for name, value in found if value)


def cut_attribute(name: str, value: str) -> tuple[str, str]:
    """An attribute as far as it is compared: an index of PostgreSQL holds no more of it."""
    return name[:ATTRIBUTE_CHARACTERS], value[:ATTRIBUTE_CHARACTERS]


def begin_seal(connection: Connection, num: int, sealing: Mapping[str, Any]) -> None:
    """Remember what a seal was begun with, so that a second try makes the same bytes."""
    connection.execute(_CHANGE, {"this": num, "sealing": dict(sealing)})


def end_seal(
    connection: Connection,
    num: int,
    *,
    version: int,
    document_id: str,
    now: datetime,
    news_at: datetime,
) -> None:
    """Say that *version* is in the archive; news after *news_at* waits for the next one."""
    connection.execute(
        _END_SEAL,
        {
            "this": num,
            "version": version,
            "document_id": document_id,
            "sealed_at": now,
            "told_at": news_at,
        },
    )
