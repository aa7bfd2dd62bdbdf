"""Carries what the catalogue entered for the books into the archive, leaf by leaf.

A catalogue that was put back from a copy, or lost its last seconds in a power cut, would give the
numbers of rows that the archive already has to others.  Before a runner keeps the books of a source
for the first time it therefore looks what the archive has, and numbers on after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from catchment import _crash
from catchment._archive.books import Books, SourceKey
from catchment._catalogue import books, frontiers, jobs, sources
from catchment._engine.work import Work

EVERY = timedelta(hours=1)


def keep_books(work: Work) -> None:
    """Write everything that the archive's books were not told yet."""
    app, source = work.app, work.source
    with app.database.read() as connection:
        account_id = sources.account_of(connection, source.id)
    shelf = Books(app.archive)
    key = SourceKey(source.adapter.platform, account_id)
    if source.id not in app.numbered:
        _number_on(work, shelf, key)
        app.numbered.add(source.id)
    with app.database.write(source.id) as connection:  # no listing may come between its questions
        jobs.hold(connection, work.job)
        frontiers.enter_frontiers(connection, source.id, work.now)
    after = books.find_last_written(app.database, source.id)
    while rows := books.list_unwritten(app.database, source.id):
        for day, some in groupby(rows, key=lambda row: row.at.date()):
            leaf = [_build_row(row) for row in some]
            first, last = int(leaf[0]["id"]), int(leaf[-1]["id"])
            shelf.append(key, day, first, last, leaf, after=after)
            after = last
        _crash.point("books.written")
        with app.database.write() as connection:
            jobs.hold(connection, work.job)
            books.mark_written(connection, [row.id for row in rows])
    with app.database.write() as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + EVERY)


def _build_row(row: Row[Any]) -> Mapping[str, Any]:
    return {"id": row.id, "at": row.at.isoformat(), "kind": row.kind, "body": row.body}


def _number_on(work: Work, shelf: Books, key: SourceKey) -> None:
    """Let no row of the catalogue have a number that the archive gave to another."""
    app, source = work.app, work.source
    archived_to = shelf.find_last()
    with app.database.read() as connection:
        known_to = books.find_last(connection)
    waiting = books.list_unwritten(app.database, source.id, None, archived_to)
    strange = _find_strange(shelf, key, waiting)
    if known_to >= archived_to and strange is None:
        return
    with app.database.write() as connection:
        jobs.hold(connection, work.job)
        if strange is not None:
            books.renumber(app.database, connection, source.id, strange, archived_to)
        if known_to < archived_to:  # a row that says so, after which all others are numbered
            body = {"known_to": known_to, "archived_to": archived_to}
            number = books.take_number(app.database, connection, archived_to)
            books.enter(connection, source.id, work.now, "behind", body, number=number)
    app.tell("books.behind", source=source.name, known_to=known_to, archived_to=archived_to)


def _find_strange(shelf: Books, key: SourceKey, waiting: Sequence[Row[Any]]) -> int | None:
    """The first of these rows whose number the archive gave to another row."""
    if not waiting:
        return None
    rows = {row.id: _build_row(row) for row in waiting}
    taken = shelf.list_taken(waiting[0].id, waiting[-1].id)
    strange = [one for of, one, row in taken if one in rows and (of, row) != (key, rows[one])]
    return min(strange, default=None)
