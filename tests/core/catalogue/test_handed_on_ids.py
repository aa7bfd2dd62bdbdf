"""Ids that go from one person of a directory to another, and who is left without any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from tests.core.catalogue.test_directory import ANNA, BEN, HOUR, list_people

from catchment._catalogue import assignments, restore_directory, roster, sources
from catchment._catalogue.assignments import Reason
from catchment._catalogue.database import Database
from catchment._catalogue.directory import Synced, save_directory
from catchment._catalogue.tables import book, decision
from catchment.model import Account, Person, Ref

ADDRESS, OTHER = Ref("login", "desk@example.com"), Ref("login", "anna@example.com")


def read_books(database: Database) -> list[tuple[str, bool, list[list[str]]]]:
    """Name, activity and ids of every row of the books, oldest first."""
    with database.read() as connection:
        rows = connection.execute(select(book.c.body).order_by(book.c.id)).scalars()
        return [(body["name"], body["active"], body["refs"]) for body in rows]


def test_an_address_that_is_handed_on_leaves_two_people(
    database: Database, source_id: int, now: datetime
) -> None:
    """Ids come and go; the books know each person by a key that stays with that person."""
    anna, ben = replace(ANNA, refs=(Ref("user", "1"), ADDRESS)), BEN
    save_directory(database, source_id, [anna, ben], now)
    anna = replace(anna, refs=(Ref("user", "1"), OTHER))
    ben = replace(ben, refs=(Ref("user", "2"), ADDRESS))
    assert save_directory(database, source_id, [anna, ben], now + HOUR) == Synced(changed=2)
    told = list_people(database)
    assert set(told["Anna Example"].refs) == {Ref("user", "1"), OTHER}
    assert set(told["Ben Example"].refs) == {Ref("user", "2"), ADDRESS}
    with database.read() as connection:
        bodies = list(connection.execute(select(book.c.body).order_by(book.c.id)).scalars())
    keys = {(body["name"], body["key"]) for body in bodies}
    assert len(bodies) == 4
    assert len(keys) == len({key for _, key in keys}) == 2


def test_somebody_whose_ids_are_all_somebody_elses_is_inactive(
    database: Database, source_id: int, now: datetime
) -> None:
    """Once, in the books too; and is listed all the same, even without a name."""
    nameless = Person((Ref("user", "1"),))
    save_directory(database, source_id, [nameless, BEN], now)
    both = replace(BEN, refs=(Ref("user", "2"), Ref("user", "1")))
    assert save_directory(database, source_id, [both], now + HOUR) == Synced(changed=1, left=1)
    assert save_directory(database, source_id, [both], now + 2 * HOUR) == Synced()
    with database.read() as connection:
        first, ben = roster.list_people(connection)
        assert roster.find_person(connection, "1") == ben
    assert (first.called, first.active, first.refs) == ("", False, ())
    assert (ben.active, set(ben.refs)) == (True, set(both.refs))
    assert read_books(database)[2:] == [
        ("", False, []),
        ("Ben Example", True, [["user", "1"], ["user", "2"]]),
    ]


def test_the_books_alone_give_the_same_people(
    database: Database, source_id: int, now: datetime
) -> None:
    """Row by row, with ids that went from one to another and somebody who has none any more."""
    anna, ben = replace(ANNA, refs=(Ref("user", "1"), ADDRESS)), BEN
    nameless = Person((Ref("user", "3"),))
    save_directory(database, source_id, [anna, ben, nameless], now)
    anna = replace(anna, refs=(Ref("user", "1"), OTHER))
    ben = replace(ben, refs=(Ref("user", "2"), ADDRESS, Ref("user", "3")))
    save_directory(database, source_id, [anna, ben], now + HOUR)
    save_directory(database, source_id, [ben], now + 2 * HOUR)
    again = sources.pin(
        database, name="again", adapter="cloud", platform="cloud", account=Account("2"), now=now
    )
    with database.write() as connection:
        for row in connection.execute(select(book).order_by(book.c.id)).all():
            restore_directory.enter_person(database, connection, again, row.body, row.at)
        told, restored = (
            [replace(one, id=0, source_id=0, source="") for one in found]
            for found in (
                roster.list_people(connection, "calls"),
                roster.list_people(connection, "again"),
            )
        )
    assert len(told) == 3
    assert restored == told


def test_a_decision_about_somebody_without_ids_is_kept(
    database: Database, source_id: int, now: datetime
) -> None:
    """Whose ids are all somebody else's is still found by address, and named by it."""
    save_directory(database, source_id, [replace(ANNA, agent=True), BEN], now)
    save_directory(database, source_id, [replace(BEN, refs=(*BEN.refs, *ANNA.refs))], now + HOUR)
    with database.write() as connection:
        anna = roster.find_person(connection, "anna@example.com")
        assert assignments.revoke(database, connection, anna, Reason("ops", "left", now))
        (kept,) = connection.execute(select(decision)).all()
    assert (anna.refs, kept.item) == ((), "person anna@example.com")
