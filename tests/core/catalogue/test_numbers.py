"""Rows of the books keep their numbers apart from those that an archive has, on both databases."""

from __future__ import annotations

from sqlalchemy import select
from tests.core.catalogue.conftest import NOW

from catchment._catalogue import books
from catchment._catalogue.database import Database
from catchment._catalogue.tables import book


def enter(database: Database, source_id: int, *words: str) -> None:
    """Enter rows that say these words."""
    with database.write() as connection:
        for word in words:
            books.enter(connection, source_id, NOW, "gap", {"why": word})


def read(database: Database) -> dict[int, str]:
    """What each row says, by number."""
    with database.read() as connection:
        rows = connection.execute(select(book.c.id, book.c.body).order_by(book.c.id))
        return {row.id: row.body["why"] for row in rows}


def test_rows_are_moved_behind_the_archive_in_their_order(
    database: Database, source_id: int
) -> None:
    """What waits gets larger numbers than the archive has, and whatever comes then larger ones."""
    enter(database, source_id, "kept", "one", "two")
    with database.write() as connection:
        books.renumber(database, connection, source_id, 2, after=40)
    enter(database, source_id, "three")
    told = read(database)
    assert list(told.values()) == ["kept", "one", "two", "three"]
    assert min(number for number, word in told.items() if word != "kept") > 40


def test_a_number_is_never_drawn_twice(database: Database, source_id: int) -> None:
    """Numbers that were drawn for a row, and those that a row gets by itself, do not meet."""
    enter(database, source_id, "one")
    with database.write() as connection:
        number = books.take_number(database, connection, 3)
        books.enter(connection, source_id, NOW, "gap", {"why": "two"}, number=number)
        books.number_after(database, connection, 2)
    enter(database, source_id, "three")
    told = read(database)
    assert list(told.values()) == ["one", "two", "three"]
    assert number > 3
