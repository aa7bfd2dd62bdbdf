"""Who works there, for people to read: everybody of a directory, its teams and its queues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from catchment._catalogue.groups import LOCAL
from catchment._catalogue.tables import person, person_ref, queue, source, team
from catchment.errors import Misuse
from catchment.model import Ref


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody of the directory.

    Attributes:
        team: The one team: what a person assigned, else what the platform tells; empty for none.
        assigned: Whether a person assigned it.
        agent: Whether the person takes contacts.
        since: When a sync first told of them.
        refs: Their ids; none where all are somebody else's now.
    """

    id: int
    source_id: int
    source: str
    name: str
    email: str
    team: str
    assigned: bool
    agent: bool
    active: bool
    since: datetime
    refs: tuple[Ref, ...]

    @property
    def called(self) -> str:
        """What people call them; empty where only ids were told, and all are somebody else's."""
        return self.name or self.email or next((ref.value for ref in self.refs), "")


@dataclass(frozen=True, slots=True)
class KnownTeam:
    """A team.

    Attributes:
        local: Whether it was made here; the platform never hears of it.
        people: How many people are in it who are active.
        seen_at: When the platform last listed it as active; ``None`` for a local one.
    """

    id: int
    source_id: int
    source: str
    name: str
    local: bool
    people: int
    since: datetime
    seen_at: datetime | None
    ref: Ref


@dataclass(frozen=True, slots=True)
class KnownQueue:
    """A queue."""

    source: str
    name: str
    active: bool
    since: datetime
    ref: Ref


def list_people(connection: Connection, source_name: str | None = None) -> list[KnownPerson]:
    """Everybody, whether still there or not, by source and name."""
    return _read_people(connection, [] if source_name is None else [source.c.name == source_name])


def find_person(connection: Connection, typed: str, source_name: str | None = None) -> KnownPerson:
    """The one person with this address or id; an id may be typed with its kind, ``user:abc``.

    Raises:
        Misuse: There is nobody, or more than one.
    """
    space, _, value = typed.partition(":")
    has_id = select(person_ref.c.person_id).where(
        or_(
            person_ref.c.value == typed,
            (person_ref.c.space == space) & (person_ref.c.value == value),
        )
    )
    conditions: list[Any] = [
        or_(func.lower(person.c.email) == typed.lower(), person.c.id.in_(has_id))
    ]
    if source_name is not None:
        conditions.append(source.c.name == source_name)
    found = _read_people(connection, conditions)
    if not typed or not found:
        raise Misuse(
            f"nobody in the directory has the address or id {typed!r}",
            remedy="'catchment directory' lists everybody with addresses and ids.",
        )
    if len(found) > 1:
        names = ", ".join(f"{_other_id(one, typed)} in source {one.source}" for one in found[:5])
        raise Misuse(
            f"{typed} is the address or id of {len(found)} people: {names}",
            remedy="Say which one by its id, or name the source with --source.",
        )
    return found[0]


def _other_id(one: KnownPerson, typed: str) -> str:
    """What tells *one* from others whom *typed* names."""
    folded = typed.casefold()
    return next((ref.value for ref in one.refs if ref.value.casefold() != folded), one.called)


def list_teams(connection: Connection, source_name: str | None = None) -> list[KnownTeam]:
    """All teams, by source and name; how many are in each counts by name, as people are shown."""
    counts: dict[tuple[int, str], int] = {}
    for one in list_people(connection, source_name):
        place = one.source_id, one.team
        counts[place] = counts.get(place, 0) + one.active
    query = select(team, source.c.name.label("source")).join_from(team, source)
    if source_name is not None:
        query = query.where(source.c.name == source_name)
    found = [
        KnownTeam(
            id=row.id,
            source_id=row.source_id,
            source=row.source,
            name=row.name,
            local=row.space == LOCAL,
            people=counts.get((row.source_id, row.name), 0),
            since=row.started_at,
            seen_at=None if row.space == LOCAL else row.seen_at,
            ref=Ref(row.space, row.value),
        )
        for row in connection.execute(query)
    ]
    return sorted(found, key=lambda one: (one.source, one.name.casefold(), one.ref.value))


def list_queues(connection: Connection, source_name: str | None = None) -> list[KnownQueue]:
    """All queues, by source and name."""
    query = select(queue, source.c.name.label("source")).join_from(queue, source)
    if source_name is not None:
        query = query.where(source.c.name == source_name)
    found = [
        KnownQueue(row.source, row.name, row.active, row.started_at, Ref(row.space, row.value))
        for row in connection.execute(query)
    ]
    return sorted(found, key=lambda one: (one.source, one.name.casefold(), one.ref.value))


def _read_people(connection: Connection, conditions: list[Any]) -> list[KnownPerson]:
    chosen = (
        select(person, source.c.name.label("source"), team.c.name.label("assigned_name"))
        .join_from(person, source, person.c.source_id == source.c.id)
        .join(team, person.c.assigned_id == team.c.id, isouter=True)
        .where(*conditions)
    )
    rows = connection.execute(chosen).all()
    of_them = select(person_ref).where(
        person_ref.c.person_id.in_(chosen.with_only_columns(person.c.id))
    )
    refs: dict[int, list[Ref]] = {}
    for row in connection.execute(of_them):
        refs.setdefault(row.person_id, []).append(Ref(row.space, row.value))
    found = [
        KnownPerson(
            id=row.id,
            source_id=row.source_id,
            source=row.source,
            name=row.name,
            email=row.email,
            team=row.team if row.assigned_name is None else row.assigned_name,
            assigned=row.assigned_name is not None,
            agent=row.agent,
            active=row.active,
            since=row.started_at,
            refs=tuple(sorted(refs.get(row.id, []), key=lambda one: (one.space, one.value))),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.source, one.called.casefold(), one.id))
