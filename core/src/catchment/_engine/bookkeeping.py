"""Carries what the catalogue entered for the books into the archive, leaf by leaf."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from catchment import _crash
from catchment._archive.books import Books, SourceKey
from catchment._catalogue import books, jobs, sources
from catchment._engine.work import Work

EVERY = timedelta(hours=1)


def keep_books(work: Work) -> None:
    """Write everything that the archive's books were not told yet."""
    app, source = work.app, work.source
    with app.database.write() as connection:
        jobs.hold(connection, work.job)
        sources.enter_frontiers(connection, source.id, work.now)
        account_id = sources.account_of(connection, source.id)
    shelf = Books(app.archive)
    key = SourceKey(source.adapter.platform, account_id)
    while rows := books.list_unwritten(app.database, source.id):
        for day, some in groupby(rows, key=lambda row: row.at.date()):
            leaf = [
                {"id": row.id, "at": row.at.isoformat(), "kind": row.kind, "body": row.body}
                for row in some
            ]
            shelf.append(key, day, int(leaf[0]["id"]), int(leaf[-1]["id"]), leaf)
        _crash.point("books.written")
        with app.database.write() as connection:
            jobs.hold(connection, work.job)
            books.mark_written(connection, [row.id for row in rows])
    with app.database.write() as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + EVERY)
