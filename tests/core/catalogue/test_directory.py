"""People and their ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catchment._catalogue.database import Database
from catchment._catalogue.directory import Synced, list_refs, names_of, save_people
from catchment._catalogue.tables import book, person
from catchment.errors import Unreachable
from catchment.model import Person, Ref

ANNA = Person((Ref("user", "1"), Ref("ci", "a")), "Anna Example", "anna@example.com", "Team 1")
BEN = Person((Ref("user", "2"),), "Ben Example", "ben@example.com")
HOUR = timedelta(hours=1)


def read_people(database: Database) -> list[Any]:
    """All rows of people, by name."""
    with database.read() as connection:
        return list(connection.execute(select(person).order_by(person.c.name)))


def test_every_id_of_a_person_gives_the_name(
    database: Database, source_id: int, now: datetime
) -> None:
    """An interaction may name a person by any id; an unknown one stays unknown."""
    assert save_people(database, source_id, [ANNA, BEN], now) == Synced(new=2)
    with database.read() as connection:
        asked = [Ref("user", "1"), Ref("ci", "a"), Ref("ci", "2")]
        assert names_of(connection, source_id, asked) == {
            Ref("user", "1"): ("Anna Example", "anna@example.com"),
            Ref("ci", "a"): ("Anna Example", "anna@example.com"),
        }
        assert names_of(connection, source_id + 1, asked) == {}
        assert list_refs(connection, source_id, "ANNA@example.com") == [
            Ref("ci", "a"),
            Ref("user", "1"),
        ]


def test_who_is_listed_no_more_stays_and_is_inactive(
    database: Database, source_id: int, now: datetime
) -> None:
    """People who left are kept, never deleted, and their ids still give their name."""
    save_people(database, source_id, [ANNA, BEN], now)
    assert save_people(database, source_id, [ANNA], now + HOUR) == Synced(left=1)
    assert [(row.name, row.active) for row in read_people(database)] == [
        ("Anna Example", True),
        ("Ben Example", False),
    ]
    with database.read() as connection:
        assert names_of(connection, source_id, [Ref("user", "2")])
    assert save_people(database, source_id, [ANNA, BEN], now + 2 * HOUR) == Synced(changed=1)


def test_a_list_that_breaks_off_makes_nobody_inactive(
    database: Database, source_id: int, now: datetime
) -> None:
    """Half a directory says nothing about the people of the other half."""
    save_people(database, source_id, [ANNA, BEN], now)

    def broken() -> Iterator[Person]:
        yield ANNA
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        save_people(database, source_id, broken(), now + HOUR)
    assert all(row.active for row in read_people(database))


def test_a_new_id_joins_the_person_who_has_the_old_one(
    database: Database, source_id: int, now: datetime
) -> None:
    """A person is recognised by any id, and keeps those that are told no more."""
    save_people(database, source_id, [ANNA], now)
    married = Person((Ref("ci", "a"), Ref("user", "9")), "Anna Other", "anna@example.com")
    assert save_people(database, source_id, [married], now + HOUR) == Synced(changed=1)
    with database.read() as connection:
        refs = [Ref("user", "1"), Ref("user", "9")]
        known = names_of(connection, source_id, refs)
    assert set(known.values()) == {("Anna Other", "anna@example.com")}
    assert len(known) == 2
    assert len(read_people(database)) == 1


def test_changes_are_entered_in_the_books(
    database: Database, source_id: int, now: datetime
) -> None:
    """What the directory said at which time can be rebuilt; an unchanged person is no news."""
    save_people(database, source_id, [ANNA, BEN], now)
    save_people(database, source_id, [ANNA], now + HOUR)
    with database.read() as connection:
        rows = connection.execute(select(book).order_by(book.c.id)).all()
    assert [(row.kind, row.body["name"], row.body["active"]) for row in rows] == [
        ("person", "Anna Example", True),
        ("person", "Ben Example", True),
        ("person", "Ben Example", False),
    ]
    assert rows[0].body["refs"] == [["user", "1"], ["ci", "a"]]


def test_a_large_directory_is_kept_in_pieces(
    database: Database, source_id: int, now: datetime
) -> None:
    """Thousands of people are one sync, whatever fits one transaction."""
    people = [
        Person((Ref("user", str(number)),), f"P {number}", f"p{number}@example.com")
        for number in range(1201)
    ]
    assert save_people(database, source_id, people, now) == Synced(new=1201)
    assert save_people(database, source_id, people[1:], now + HOUR) == Synced(left=1)
