"""The archive's books are told everything that no package holds, once, in the order of events."""

from __future__ import annotations

from typing import Any

from tests.core.engine.platform import DAY, HOUR, START, Stage

from catchment._archive.books import Books, SourceKey
from catchment._catalogue import books, jobs, tables
from catchment._catalogue.jobs import NewJob
from catchment._engine.rebuilding import back_up


def keep(stage: Stage) -> None:
    """Have the books kept now."""
    new = NewJob("books", str(stage.source.id), stage.source.id, stage.clock.now())
    with stage.app.database.write() as connection:
        jobs.want(stage.app.database, connection, [new])
    assert stage.do("books") == [None]


def read(stage: Stage) -> list[dict[str, Any]]:
    """Every row of the source's books, as it lies in the archive."""
    shelf = Books(stage.app.archive)
    return [dict(row) for row in shelf.read(SourceKey("Tin", "account-1"))]


def test_the_frontier_is_in_the_books(stage: Stage) -> None:
    """How far each feed is listed can be read without the catalogue (T12)."""
    stage.do("poll")
    keep(stage)
    told = [row["body"] for row in read(stage) if row["kind"] == "frontier"]
    assert {"feed": "calls", "partition": "", "frontier": START.isoformat()}.items() <= told[
        0
    ].items()


def test_what_was_never_told_by_its_adapter_is_unsealed_in_the_books(stage: Stage) -> None:
    """Whoever starts again from the books lists from there: no package holds it (T12)."""
    stage.cloud.hold("c1", ago=2 * HOUR)
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    assert stage.recording("c1").state == "quiet"
    keep(stage)
    told = [row["body"] for row in read(stage) if row["kind"] == "frontier"]
    assert told[-1]["unsealed"] == (START - 2 * HOUR).isoformat()


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


def enter(stage: Stage, *words: str) -> None:
    """Enter rows for the books."""
    source_id = stage.source.id
    with stage.app.database.write() as connection:
        for word in words:
            books.enter(connection, source_id, stage.clock.now(), "gap", {"why": word})


def test_no_number_is_used_twice_after_an_old_copy_was_put_back(stage: Stage) -> None:
    """The books number on after the archive's last row, also what was entered before a look.

    Proves promises 1 and 4.
    """
    enter(stage, "old")
    keep(stage)
    copy = back_up(stage.read(), stage.folder / "copy.db")
    enter(stage, "lost 1", "lost 2", "lost 3")
    keep(stage)
    before = read(stage)
    stage.lose(copy)
    enter(stage, "new 1", "new 2")
    keep(stage)
    enter(stage, "new 3")
    keep(stage)
    told = read(stage)
    assert told[: len(before)] == before
    words = [row["body"].get("why") for row in told[len(before) :]]
    assert words == ["new 1", "new 2", None, "new 3"]
    (behind,) = [row["body"] for row in told if row["kind"] == "behind"]
    assert behind == {"known_to": 3, "archived_to": 4}
    assert stage.events("books.behind") == [{"source": "tin", **behind}]
    stage.forget()
    enter(stage, "next time")
    keep(stage)
    assert [row["kind"] for row in read(stage)].count("behind") == 1


def test_rows_that_were_written_before_the_copy_knew_are_told_once(stage: Stage) -> None:
    """What waited when the copy was made, and was written since, is no other row."""
    enter(stage, "waiting")
    copy = back_up(stage.read(), stage.folder / "copy.db")
    enter(stage, "lost")
    keep(stage)
    stage.lose(copy)
    keep(stage)
    words = [row["body"].get("why") for row in read(stage)]
    assert words == ["waiting", "lost", None]


def test_books_of_another_source_are_not_numbered_anew(stage: Stage) -> None:
    """Rows that wait while those of another source were written keep their numbers."""
    enter(stage, "mine")
    shelf = Books(stage.app.archive)
    other = [{"id": 7, "at": START.isoformat(), "kind": "gap", "body": {}}]
    shelf.append(SourceKey("Tin", "account-2"), START.date(), 7, 7, other)
    keep(stage)
    assert [(row["id"], row["kind"]) for row in read(stage)] == [(1, "gap"), (8, "behind")]
