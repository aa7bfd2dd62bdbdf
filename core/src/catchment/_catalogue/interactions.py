"""Interactions: made from keys, joined by keys, and filled with what the adapter makes of them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from catchment._catalogue import books, bulk, jobs, reasons
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

# Statements that every interaction needs are built once: building one costs more than running it.
_BY_KEYS = select(key.c.value, key.c.interaction_num).where(
    key.c.source_id == bindparam("source"),
    key.c.space == bindparam("of"),
    key.c.value.in_(bindparam("values", expanding=True)),
)
_NUMS: BindParameter[Any] = bindparam("nums", expanding=True)
_BY_NUM = select(interaction).where(interaction.c.num == bindparam("this"))
_BY_NUMS = select(interaction).where(interaction.c.num.in_(_NUMS))
_ALIASES = (
    select(interaction.c.survivor_num, interaction.c.interaction_id)
    .where(interaction.c.survivor_num.in_(_NUMS))
    .order_by(interaction.c.interaction_id)
)
_CHANGE = update(interaction).where(interaction.c.num == bindparam("this"))
_FILL = _CHANGE.values(
    unsealed_since=func.coalesce(
        interaction.c.unsealed_since, bindparam("now", type_=interaction.c.unsealed_since.type)
    ),
    # What a person or a limit parked stays so; that it could not be mapped is over.
    **{
        column.name: case((interaction.c.parked_kind == reasons.UNMAPPED, None), else_=column)
        for column in (interaction.c.parked_kind, interaction.c.parked_why)
    },
)
_CLEAR = tuple(
    delete(table).where(table.c.interaction_num.in_(_NUMS)) for table in (party, contact, attribute)
)
_END_SEAL = _CHANGE.values(
    sealing=None,
    unsealed_since=case(
        # Not "no later": the clocks of two runners may differ.
        (interaction.c.news_at == bindparam("told_at"), None),
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
    known |= _insert_fresh(connection, source_id, fresh)
    joined: dict[int, int] = {}
    nums = [_settle(database, connection, source_id, seed, known, joined, now) for seed in seeds]
    _want_joined(database, connection, source_id, joined, now)
    # A later seed may have joined what an earlier one was given.
    return [_follow(joined, num) for num in nums]


def _want_joined(
    database: Database,
    connection: Connection,
    source_id: int,
    joined: Mapping[int, int],
    now: datetime,
) -> None:
    """Have what was joined told as one, where one of them was told of before."""
    for some in chunks(sorted({*joined, *joined.values()})):
        query = select(interaction.c.num).where(
            interaction.c.num.in_(some), interaction.c.draft.is_not(None)
        )
        told = {_follow(joined, num) for num in connection.execute(query).scalars()}
        wanted = [jobs.NewJob("map", str(num), source_id, now) for num in sorted(told)]
        jobs.want(database, connection, wanted)


def _follow(joined: Mapping[int, int], num: int) -> int:
    while num in joined:
        num = joined[num]
    return num


def _insert_fresh(
    connection: Connection, source_id: int, fresh: Mapping[Key, dict[str, Any]]
) -> dict[Key, int]:
    """Make the interactions of *fresh*; the number that each key stands for."""
    if not fresh:
        return {}
    rows = {row["interaction_id"]: row for row in fresh.values()}
    nums = dict(zip(rows, bulk.reserve(connection, interaction, len(rows)), strict=True))
    given = [{"num": nums[one], **row} for one, row in rows.items()]
    bulk.insert(connection, interaction, given, bulk.fail)
    found = {one: nums[row["interaction_id"]] for one, row in fresh.items()}
    bulk.insert(
        connection,
        key,
        [
            {"source_id": source_id, "space": one.space, "value": one.value, "interaction_num": num}
            for one, num in found.items()
        ],
        bulk.fail,
    )
    return found


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
    if not missing:
        return survivor
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
            f"a shared key asks to join {recordings} recordings over {spans}; "
            f"more than {JOIN_RECORDINGS} or {JOIN_SPAN} is not joined without a person"
        )
        connection.execute(
            update(interaction)
            .where(interaction.c.num == survivor)
            .values(parked_kind=reasons.UNJOINED, parked_why=why)
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


def read_all(connection: Connection, nums: Sequence[int]) -> dict[int, Row[Any]]:
    """Each of these interactions, or the one that it was joined into, by the number given."""
    found: dict[int, Row[Any]] = {}
    for some in chunks(nums):
        for row in connection.execute(_BY_NUMS, {"nums": some}).all():
            settled = row if row.survivor_num is None else read(connection, row.survivor_num)
            if settled is not None:
                found[row.num] = settled
    return found


def list_aliases(connection: Connection, num: int) -> list[str]:
    """Ids of the interactions that were joined into this one."""
    return list_aliases_of(connection, [num])[num]


def list_aliases_of(connection: Connection, nums: Sequence[int]) -> dict[int, list[str]]:
    """Ids of the interactions that were joined into each of these."""
    found: dict[int, list[str]] = {num: [] for num in nums}
    for some in chunks(nums):
        for row in connection.execute(_ALIASES, {"nums": some}):
            found[row.survivor_num].append(row.interaction_id)
    return found


def list_unnamed(connection: Connection, source_id: int) -> list[int]:
    """Interactions with a party whose name or address was unknown and is known by now."""
    unnamed = and_(party.c.name == "", person.c.name != "")
    unaddressed = and_(party.c.email == "", person.c.email != "")
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
        .where(interaction.c.source_id == source_id, or_(unnamed, unaddressed))
    )
    return list(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class Drafted:
    """What an adapter made of an interaction, as it is kept.

    Attributes:
        num: Which interaction.
        draft: What the adapter made of it.
        body: The same as plain values.
        parties: Rows of its parties.
        contacts: Rows of its contacts.
    """

    num: int
    draft: InteractionDraft
    body: Mapping[str, Any]
    parties: Sequence[Mapping[str, Any]]
    contacts: Sequence[Mapping[str, Any]]


def save_drafts(connection: Connection, drafted: Sequence[Drafted], now: datetime) -> None:
    """Put what the adapter made of some interactions in place of what stood there."""
    if not drafted:
        return
    for clear in _CLEAR:
        connection.execute(clear, {"nums": [one.num for one in drafted]})
    connection.execute(_FILL, [_fill(one, now) for one in drafted])
    for table, rows in (
        (party, [{"interaction_num": one.num, **row} for one in drafted for row in one.parties]),
        (contact, [{"interaction_num": one.num, **row} for one in drafted for row in one.contacts]),
        (attribute, [row for one in drafted for row in _list_attribute_rows(one)]),
    ):
        if rows:
            connection.execute(insert(table), rows)


def _fill(drafted: Drafted, now: datetime) -> dict[str, Any]:
    draft = drafted.draft
    return {
        "this": drafted.num,
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
        "draft": dict(drafted.body),
        "news_at": now,
        "now": now,
    }


def _list_attribute_rows(drafted: Drafted) -> list[dict[str, Any]]:
    told = sorted({cut_attribute(*one) for one in list_attributes(drafted.draft)})
    return [{"interaction_num": drafted.num, "name": name, "value": value} for name, value in told]


def list_attributes(draft: InteractionDraft) -> list[tuple[str, str]]:
    """Names and values by which an interaction is found: its own, and those of each contact."""
    found = set(draft.custom.items())
    for one in draft.contacts:
        found |= {*one.custom.items(), ("queue", one.queue), ("wrap_up", one.wrap_up)}
    return sorted((name, value) for name, value in found if value)


def cut_attribute(name: str, value: str) -> tuple[str, str]:
    """An attribute as far as it is compared: an index of PostgreSQL holds no more of it."""
    return name[:ATTRIBUTE_CHARACTERS], value[:ATTRIBUTE_CHARACTERS]


def begin_seals(connection: Connection, sealings: Mapping[int, Mapping[str, Any]]) -> None:
    """Remember what seals were begun with, so that a second try makes the same bytes."""
    if sealings:
        rows = [{"this": num, "sealing": dict(sealing)} for num, sealing in sealings.items()]
        connection.execute(_CHANGE, rows)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A version of an interaction that is in the archive.

    Attributes:
        num: Which interaction.
        version: Which version.
        document_id: The id of its manifest.
        news_at: The last news that it tells of; any other waits for the next version.
    """

    num: int
    version: int
    document_id: str
    news_at: datetime


def end_seals(connection: Connection, sealed: Sequence[Sealed], now: datetime) -> None:
    """Say that these versions are in the archive."""
    if sealed:
        connection.execute(
            _END_SEAL,
            [
                {
                    "this": one.num,
                    "version": one.version,
                    "document_id": one.document_id,
                    "sealed_at": now,
                    "told_at": one.news_at,
                }
                for one in sealed
            ],
        )
