"""The archive's books are told everything that no package holds, once, in the order of events."""

from __future__ import annotations

from typing import Any

from tests.core.engine.platform import DAY, HOUR, START, Stage

from catchment._archive.books import Books, SourceKey
from catchment._catalogue import jobs, tables
from catchment._catalogue.jobs import NewJob


def keep(stage: Stage) -> None:
    """Have the books kept now."""
    new = NewJob("books", str(stage.source.id), stage.source.id, stage.clock.now())
    with stage.app.database.write() as connection:
        jobs.want(stage.app.database, connection, [new])
    assert stage.do("books") == [None]


def read(stage: Stage) -> list[dict[str, Any]]:
    """Every row of the source's books, as it lies in the archive."""
    books = Books(stage.app.archive)
    return [dict(row) for row in books.read(SourceKey("Tin", "account-1"))]


def test_the_frontier_is_in_the_books(stage: Stage) -> None:
    """How far each feed is listed can be read without the catalogue (T12)."""
    stage.do("poll")
    keep(stage)
    told = [row["body"] for row in read(stage) if row["kind"] == "frontier"]
    assert {"feed": "calls", "partition": "", "frontier": START.isoformat()}.items() <= told[
        0
    ].items()


def test_a_gap_is_in_the_books(stage: Stage) -> None:
    """A period that could not be asked is written down with its reason (promise 6)."""
    stage.do("poll")
    stage.wait(5 * DAY)
    stage.do("poll")
    keep(stage)
    (gap,) = [row["body"] for row in read(stage) if row["kind"] == "gap"]
    assert gap["start"] == START.isoformat()
    assert "no more than the last 2d" in gap["why"]


def test_nothing_is_told_twice(stage: Stage) -> None:
    """What was written stays written, and the next leaf holds only what is new (promise 4)."""
    stage.do("poll")
    keep(stage)
    first = read(stage)
    stage.wait(HOUR)
    keep(stage)
    told = read(stage)
    assert told[: len(first)] == first
    assert len({row["id"] for row in told}) == len(told)


def test_every_row_of_the_catalogue_reaches_the_books(stage: Stage) -> None:
    """After the books were kept nothing is left untold."""
    stage.do("poll")
    keep(stage)
    assert all(row.written for row in stage.rows(tables.book))
    assert {row.id for row in stage.rows(tables.book)} == {row["id"] for row in read(stage)}


def test_books_that_were_written_before_a_kill_are_told_once(stage: Stage) -> None:
    """A leaf that is in the archive and not yet marked is written again and read once (T3)."""
    stage.do("poll")
    keep(stage)
    with stage.app.database.write() as connection:
        connection.execute(tables.book.update().values(written=False))
    stage.wait(HOUR)
    keep(stage)
    ids = [row["id"] for row in read(stage)]
    assert len(ids) == len(set(ids))
