"""How many interactions a condition of a search leaves: which one is to lead follows from that.

SQLite counts them and stops early.  PostgreSQL would have to read all places of a word before the
first, so its planner is asked for its estimate, which takes as long for any word.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection, Executable, Select, func, select, text
from sqlalchemy.ext.compiler import compiles

from catchment._catalogue.database import Database
from catchment._catalogue.tables import interaction

FEW = 10_000
"""On SQLite, up to so many are found and sorted sooner than the time is followed; on PostgreSQL too
as long as it has never counted what there is."""

UNKNOWN_SHARE = 0.005
"""PostgreSQL believes of a word that it keeps no figure of that at most so many texts hold it."""

STEPS = 25
"""Along the time a page of 50 is met after ``50 * size / hits`` interactions.  Each of these costs
half of what one costs that is looked up and sorted, so both take as long at ``sqrt(25 * size)``."""


def find_rarest(
    database: Database, connection: Connection, asked: Sequence[Select[Any]], few: int | None = None
) -> int | None:
    """The place in *asked* of what leaves the fewest interactions, if these are few.

    On PostgreSQL, what it has no figure of counts as few: a word is rather rarer than it believes
    than more common, and whoever follows the time for it reads all that is archived.

    Args:
        asked: Each gives the numbers of interactions that fulfil one condition.
        few: Up to how many are few; where it is not given, whichever way is faster.
    """
    if not asked:
        return None
    if database.is_sqlite:
        few = FEW if few is None else few
        counts = [_count(connection, one, few + 1) for one in asked]
    else:
        few = _find_few(connection) if few is None else few
        counts = [_estimate(connection, one) for one in asked]
    fewest = min(counts)
    return counts.index(fewest) if fewest <= few else None


def _count(connection: Connection, nums: Select[Any], most: int) -> int:
    some = nums.limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _find_few(connection: Connection) -> int:
    """From how many interactions on PostgreSQL is faster when it follows the time."""
    size: float = connection.execute(_SIZE, {"name": interaction.name}).scalar_one()
    if size < 0:
        return FEW
    return int(max(math.sqrt(STEPS * size), UNKNOWN_SHARE * size))


_SIZE = text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")


class _Explained(Executable, ClauseElement):
    """A statement that is planned and not run."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explained)
def _write_explained(element: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


def _estimate(connection: Connection, nums: Select[Any]) -> int:
    told = connection.execute(_Explained(nums)).scalar_one()
    plan = json.loads(told) if isinstance(told, str) else told
    return int(plan[0]["Plan"]["Plan Rows"])
