"""People of a platform's directory: all ids of a person, kept for ever, resolved to a name.

Platforms name people by one id here and another one there.  An adapter gives references, the
directory knows which of them are one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import book, person, person_ref
from catchment.model import Person, Ref

_PEOPLE = 500
"""People per transaction: a directory may come over the network for minutes."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a look at the whole directory changed."""

    new: int = 0
    changed: int = 0
    left: int = 0


def save_people(
    database: Database, source_id: int, people: Iterable[Person], now: datetime
) -> Synced:
    """Keep everybody that *people* yields; who is yielded no more becomes inactive, and stays.

    If *people* ends with an error nobody becomes inactive: the list was not complete.  An empty
    list is not believed either, since no platform is without people: more likely the permission
    to list them is gone.  Every change is entered in the books.
    """
    new = changed = listed = 0
    rows = iter(people)
    while some := list(islice(rows, _PEOPLE)):
        listed += len(some)
        with database.write() as connection:
            counts = _save_some(database, connection, source_id, some, now)
        new += counts.new
        changed += counts.changed
    if not listed:
        return Synced()
    with database.write() as connection:
        return Synced(new, changed, _mark_left(connection, source_id, now))


def names_of(
    connection: Connection, source_id: int, refs: Sequence[Ref]
) -> dict[Ref, tuple[str, str]]:
    """Name and address of each of *refs* that the directory knows, left or not."""
    found: dict[Ref, tuple[str, str]] = {}
    for row in _list_known(connection, source_id, refs):
        found[Ref(row.space, row.value)] = (row.name, row.email)
    return found


def list_refs(connection: Connection, source_id: int, email: str) -> list[Ref]:
    """All ids of the people with this address."""
    query = (
        select(person_ref.c.space, person_ref.c.value)
        .join_from(person_ref, person, person_ref.c.person_id == person.c.id)
        .where(person.c.source_id == source_id, func.lower(person.c.email) == email.lower())
        .order_by(person_ref.c.space, person_ref.c.value)
    )
    return [Ref(row.space, row.value) for row in connection.execute(query)]


def _list_known(connection: Connection, source_id: int, refs: Sequence[Ref]) -> Iterator[Any]:
    by_space: dict[str, set[str]] = {}
    for ref in refs:
        by_space.setdefault(ref.space, set()).add(ref.value)
    for space, values in by_space.items():
        for some in chunks(sorted(values)):
            yield from connection.execute(
                select(
                    person_ref.c.space,
                    person_ref.c.value,
                    person.c.id,
                    person.c.name,
                    person.c.email,
                    person.c.team,
                    person.c.active,
                )
                .join_from(person_ref, person, person_ref.c.person_id == person.c.id)
                .where(
                    person_ref.c.source_id == source_id,
                    person_ref.c.space == space,
                    person_ref.c.value.in_(some),
                )
            )


def _save_some(
    database: Database,
    connection: Connection,
    source_id: int,
    people: Sequence[Person],
    now: datetime,
) -> Synced:
    refs = [ref for one in people for ref in one.refs]
    known = {Ref(row.space, row.value): row for row in _list_known(connection, source_id, refs)}
    new = changed = 0
    told: list[Person] = []
    for one in people:
        row = next((known[ref] for ref in one.refs if ref in known), None)
        if row is None:
            person_id = _insert(connection, source_id, one, now)
            new += 1
            told.append(one)
        else:
            person_id = row.id
            connection.execute(
                update(person).where(person.c.id == person_id).values(**_values(one), seen_at=now)
            )
            if (row.name, row.email, row.team, row.active) != tuple(_values(one).values()):
                changed += 1
                told.append(one)
        database.upsert(
            connection,
            person_ref,
            [
                {
                    "source_id": source_id,
                    "space": ref.space,
                    "value": ref.value,
                    "person_id": person_id,
                }
                for ref in one.refs
                if ref not in known or known[ref].id != person_id
            ],
            ["source_id", "space", "value"],
        )
    _enter_books(connection, source_id, [_told(one) for one in told], now)
    return Synced(new, changed)


def _values(one: Person) -> dict[str, Any]:
    return {"name": one.name, "email": one.email, "team": one.team, "active": one.active}


def _insert(connection: Connection, source_id: int, one: Person, now: datetime) -> int:
    made = connection.execute(
        insert(person).values(source_id=source_id, seen_at=now, **_values(one))
    )
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _told(one: Person) -> dict[str, Any]:
    return {"refs": [[ref.space, ref.value] for ref in one.refs], **_values(one)}


def _mark_left(connection: Connection, source_id: int, now: datetime) -> int:
    gone = and_(person.c.source_id == source_id, person.c.seen_at < now, person.c.active.is_(True))
    rows = connection.execute(
        select(person.c.id, person.c.name, person.c.email, person.c.team).where(gone)
    ).all()
    refs: dict[int, list[list[str]]] = {}
    for some in chunks([row.id for row in rows]):
        for ref in connection.execute(select(person_ref).where(person_ref.c.person_id.in_(some))):
            refs.setdefault(ref.person_id, []).append([ref.space, ref.value])
    connection.execute(update(person).where(gone).values(active=False))
    bodies: list[Mapping[str, Any]] = [
        {
            "refs": sorted(refs.get(row.id, [])),
            "name": row.name,
            "email": row.email,
            "team": row.team,
            "active": False,
        }
        for row in rows
    ]
    _enter_books(connection, source_id, bodies, now)
    return len(rows)


def _enter_books(
    connection: Connection, source_id: int, bodies: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    if bodies:
        connection.execute(
            insert(book),
            [
                {"source_id": source_id, "at": now, "kind": "person", "body": dict(body)}
                for body in bodies
            ],
        )
