"""People of a platform's directory: all ids of a person, kept for ever, resolved to a name.

Platforms name people by one id here and another one there.  An adapter gives references, the
directory knows which of them are one person.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, select, update

from catchment._catalogue import groups
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.jobs import Job, hold
from catchment._catalogue.tables import book, person, person_ref, team
from catchment.model import Person, Queue, Ref, Team

_ROWS = 500
"""Rows per transaction: a directory may come over the network for minutes."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a look at the whole directory changed.

    Attributes:
        new: How many people were not known before.
        changed: How many are told otherwise than before.
        left: How many were not told of any more, or have no id that is not somebody else's now.
        teams: How many teams are new or renamed.
        queues: How many queues are new, renamed, in use again or not any more.
    """

    new: int = 0
    changed: int = 0
    left: int = 0
    teams: int = 0
    queues: int = 0

    def __add__(self, other: Synced) -> Synced:
        return Synced(
            self.new + other.new,
            self.changed + other.changed,
            self.left + other.left,
            self.teams + other.teams,
            self.queues + other.queues,
        )


def save_directory(
    database: Database,
    source_id: int,
    rows: Iterable[Person | Team | Queue],
    now: datetime,
    *,
    imports_left: bool = True,
    claimed: Job | None = None,
) -> Synced:
    """Keep everybody that *rows* yields; who is yielded no more becomes inactive, and stays.

    If *rows* ends with an error nobody becomes inactive: the list was not complete.  A list without
    people is not believed either, since no platform is without them: more likely the permission to
    list them is gone; queues are treated alike.  Every change is entered in the books.

    Args:
        database: The catalogue.
        source_id: Whose directory it is.
        rows: People, teams and queues in any order; repeats do no harm.
        now: When the platform was asked.
        imports_left: Whether people are kept who are inactive and were never seen before.
        claimed: The job that this is done for.

    Raises:
        LostRace: Another runner has the job now, and knows better who is still there.
    """
    done = Synced()
    told_people = told_queues = False
    listed = iter(rows)
    while some := list(islice(listed, _ROWS)):
        # Pages of a listing that moves meanwhile repeat rows: whoever comes twice is one person.
        people = list({one.refs[:1]: one for one in some if isinstance(one, Person)}.values())
        queues = [one for one in some if isinstance(one, Queue)]
        told_people |= bool(people)
        told_queues |= bool(queues)
        with database.write(source_id) as connection:
            _hold(connection, claimed)
            teams = [one for one in some if isinstance(one, Team)]
            done += Synced(
                teams=groups.save_teams(connection, source_id, teams, now),
                queues=groups.save_queues(connection, source_id, queues, now),
            )
            done += _save_people(database, connection, source_id, people, now, imports_left)
    with database.write(source_id) as connection:
        _hold(connection, claimed)
        if told_queues:
            done += Synced(queues=groups.mark_left(connection, source_id, now))
        if told_people:
            done += Synced(left=_mark_left(connection, source_id, now))
    return done


def _hold(connection: Connection, claimed: Job | None) -> None:
    if claimed is not None:
        hold(connection, claimed)


def names_of(
    connection: Connection, source_id: int, refs: Sequence[Ref]
) -> dict[Ref, tuple[str, str]]:
    """Name and address of each of *refs* that the directory knows, left or not."""
    found: dict[Ref, tuple[str, str]] = {}
    for row in _list_known(connection, source_id, refs):
        found[Ref(row.space, row.value)] = (row.name, row.email)
    return found


def enter_person(connection: Connection, source_id: int, person_id: int, now: datetime) -> None:
    """Enter in the books how somebody stands in the directory now."""
    _enter_books(connection, source_id, [person_id], now)


def _select_known() -> Select[Any]:
    """People by their ids, with what was told of them last."""
    return select(
        person_ref.c.space,
        person_ref.c.value,
        person.c.id,
        person.c.name,
        person.c.email,
        person.c.team,
        person.c.active,
        person.c.agent,
    ).join_from(person_ref, person, person_ref.c.person_id == person.c.id)


def _list_known(connection: Connection, source_id: int, refs: Sequence[Ref]) -> Iterator[Any]:
    by_space: dict[str, set[str]] = {}
    for ref in refs:
        by_space.setdefault(ref.space, set()).add(ref.value)
    for space, values in by_space.items():
        for some in chunks(sorted(values)):
            yield from connection.execute(
                _select_known().where(
                    person_ref.c.source_id == source_id,
                    person_ref.c.space == space,
                    person_ref.c.value.in_(some),
                )
            )


def _save_people(
    database: Database,
    connection: Connection,
    source_id: int,
    people: Sequence[Person],
    now: datetime,
    imports_left: bool,
) -> Synced:
    refs = [ref for one in people for ref in one.refs]
    known = {Ref(row.space, row.value): row for row in _list_known(connection, source_id, refs)}
    new = changed = 0
    told: set[int] = set()
    robbed: set[int] = set()  # who had an id that was told as somebody else's
    for one in people:
        row = next((known[ref] for ref in one.refs if ref in known), None)
        if row is None and not one.active and not imports_left:
            continue
        person_id = _insert(connection, source_id, one, now) if row is None else int(row.id)
        fresh = [ref for ref in one.refs if ref not in known or known[ref].id != person_id]
        if row is None:
            new += 1
            told.add(person_id)
        else:
            connection.execute(
                update(person).where(person.c.id == person_id).values(**_values(one), seen_at=now)
            )
            was = (row.name, row.email, row.team, row.active, row.agent)
            if fresh or was != tuple(_values(one).values()):
                changed += 1
                told.add(person_id)
        robbed |= {known[ref].id for ref in fresh if ref in known}
        of_person = {"source_id": source_id, "person_id": person_id}
        database.upsert(
            connection,
            person_ref,
            [{**of_person, "space": ref.space, "value": ref.value} for ref in fresh],
            ["source_id", "space", "value"],
        )
    left = _mark_without_ids(connection, sorted(told | robbed))
    _enter_books(connection, source_id, sorted(told.union(left)), now)
    return Synced(new, changed, len(left))


def _values(one: Person) -> dict[str, Any]:
    return {
        "name": one.name,
        "email": one.email,
        "team": one.team,
        "active": one.active,
        "agent": one.agent,
    }


def _insert(connection: Connection, source_id: int, one: Person, now: datetime) -> int:
    made = connection.execute(
        insert(person).values(
            source_id=source_id,
            key=str(uuid.uuid4()),
            started_at=now,
            seen_at=now,
            **_values(one),
        )
    )
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _mark_without_ids(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Mark those of *ids* as inactive who were active, and whose ids are all somebody else's."""
    left: list[int] = []
    for some in chunks(ids):
        has_id = select(person_ref.c.person_id).where(person_ref.c.person_id.in_(some))
        gone = and_(person.c.id.in_(some), person.c.active.is_(True), person.c.id.not_in(has_id))
        left += connection.execute(select(person.c.id).where(gone)).scalars()
    for some in chunks(left):
        connection.execute(update(person).where(person.c.id.in_(some)).values(active=False))
    return left


def _mark_left(connection: Connection, source_id: int, now: datetime) -> int:
    gone = and_(person.c.source_id == source_id, person.c.seen_at < now, person.c.active.is_(True))
    ids = list(connection.execute(select(person.c.id).where(gone)).scalars())
    connection.execute(update(person).where(gone).values(active=False))
    _enter_books(connection, source_id, ids, now)
    return len(ids)


def _enter_books(connection: Connection, source_id: int, ids: Sequence[int], now: datetime) -> None:
    """Enter people as they are now: a rebuild puts back the last row of each.

    Ids go from one person to another, so a row names its person by a key that never does.
    """
    bodies: list[dict[str, Any]] = []
    for some in chunks(ids):
        refs: dict[int, list[list[str]]] = {}
        for ref in connection.execute(
            select(person_ref)
            .where(person_ref.c.person_id.in_(some))
            .order_by(person_ref.c.space, person_ref.c.value)
        ):
            refs.setdefault(ref.person_id, []).append([ref.space, ref.value])
        rows = connection.execute(
            select(person, team.c.space.label("space"), team.c.value.label("value"))
            .join_from(person, team, person.c.assigned_id == team.c.id, isouter=True)
            .where(person.c.id.in_(some))
            .order_by(person.c.id)
        )
        bodies += (
            {
                "key": row.key,
                "refs": refs.get(row.id, []),
                "name": row.name,
                "email": row.email,
                "team": row.team,
                "active": row.active,
                "agent": row.agent,
                "since": row.started_at.isoformat(),
                "assigned": None if row.space is None else [row.space, row.value],
            }
            for row in rows
        )
    if bodies:
        of_source = {"source_id": source_id, "at": now, "kind": "person"}
        connection.execute(insert(book), [{**of_source, "body": body} for body in bodies])
