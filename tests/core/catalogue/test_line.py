"""Transactions that change rows of one source stand in line and never wait in a circle."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, update
from tests.core.catalogue.conftest import See

from catchment._catalogue.database import Database
from catchment._catalogue.tables import recording

GLANCE_S = 0.5


def test_two_writers_of_one_source_touch_the_same_rows_in_any_order(
    database: Database, source_id: int, see: See
) -> None:
    """Two transactions that change the same rows in opposite orders both succeed (T14)."""
    see("r1")
    see("r2")
    inside = threading.Event()

    def change(connection: Connection, external_id: str) -> None:
        mine = recording.c.external_id == external_id
        connection.execute(update(recording).where(mine).values(attempts=recording.c.attempts + 1))

    def write(first: str, second: str) -> None:
        with database.write(source_id) as connection:
            change(connection, first)
            if inside.is_set():
                return change(connection, second)
            inside.set()
            # Long enough for the other to get hold of its first row, if it were let in.
            threading.Event().wait(GLANCE_S)
            return change(connection, second)

    def follow() -> None:
        inside.wait()
        write("r2", "r1")

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(write, "r1", "r2"), pool.submit(follow)]
        for one in both:
            one.result(timeout=30)
    with database.read() as connection:
        rows = connection.execute(recording.select()).all()
    assert [row.attempts for row in rows] == [2, 2]
