"""From where a feed may go on is kept with its frontier, and is no more than a convenience."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from catchment._catalogue import frontiers, restore
from catchment._catalogue.database import Database

HOUR = timedelta(hours=1)


def read(database: Database, source_id: int) -> tuple[datetime | None, str]:
    """Frontier and mark of the feed ``a``."""
    row = frontiers.read_feed(database, source_id, "a", "")
    return row.frontier, row.mark


@pytest.fixture
def marked(database: Database, source_id: int, now: datetime) -> int:
    """The source, with the feed ``a`` listed up to now and marked."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "a", "")
        frontiers.move_frontier(connection, source_id, "a", "", now, since=now, mark="token")
    return source_id


def test_a_feed_begins_without_a_mark(database: Database, source_id: int) -> None:
    """A feed that was never listed has nothing to go on from."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "a", "")
    assert read(database, source_id) == (None, "")


def test_a_mark_moves_with_the_frontier(database: Database, marked: int, now: datetime) -> None:
    """The new mark replaces the old one, and so does none; only what is not told keeps it."""
    for hours, mark, kept in ((1, None, "token"), (2, "next", "next"), (3, "", "")):
        with database.write() as connection:
            frontiers.move_frontier(
                connection, marked, "a", "", now + hours * HOUR, since=now, mark=mark
            )
        assert read(database, marked) == (now + hours * HOUR, kept)


def test_a_frontier_that_does_not_move_keeps_its_mark(
    database: Database, marked: int, now: datetime
) -> None:
    """An older listing that ends late takes nothing back."""
    with database.write() as connection:
        frontiers.move_frontier(connection, marked, "a", "", now - HOUR, since=now, mark="older")
    assert read(database, marked) == (now, "token")


@pytest.mark.parametrize(("epoch", "kept"), [(1, "token"), (2, "")])
def test_another_epoch_has_no_mark(
    database: Database, marked: int, now: datetime, epoch: int, kept: str
) -> None:
    """Frontiers go over by time; a mark belongs to the ids and the API of its epoch."""
    with database.write() as connection:
        restore.enter_source(
            connection,
            platform="cloud",
            account_id="account-1",
            adapter="cloud",
            name="calls",
            epoch=epoch,
            now=now,
        )
    assert read(database, marked) == (now, kept)


def test_what_is_put_back_from_the_books_has_no_mark(
    database: Database, source_id: int, now: datetime
) -> None:
    """After a rebuild a feed goes on by time."""
    with database.write() as connection:
        restore.enter_feed(database, connection, source_id, "a", "", now)
    assert read(database, source_id) == (now, "")
