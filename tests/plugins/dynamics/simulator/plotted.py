"""A World told as rows, and the rows of one moment, for the tests of what is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from catchment.sandbox import World
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.plot import Plot, build_plot
from catchment_dynamics.simulator.store import History, Reference
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_rows import N

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(days=3)
"""When all that is late has come."""

__all__ = ["LATER", "MIDNIGHT", "N", "Row", "build", "make_world", "read_rows", "row_of", "target"]

Row = Mapping[str, object]


@cache
def make_world() -> World:
    """One day with every shape of call in it, and chains."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=0, calls=60, chains=60)


def build(**switches: object) -> Plot:
    """The World of :func:`make_world`, told with these switches."""
    world = make_world()
    return build_plot(world, MIDNIGHT, DynamicsSwitches.read(switches), Ids(world))


def row_of(history: History, at: datetime = LATER) -> Row | None:
    """A row as it stands at a moment, if it does, with its own id and creation."""
    told = [snapshot for snapshot in history.snapshots if snapshot.at <= at]
    if not told or (history.deleted_at is not None and history.deleted_at <= at):
        return None
    return {
        **told[-1].values,
        "id": history.row_id,
        "createdon": told[0].at,
        "modifiedon": max(one.at for one in told if not one.quiet),
    }


def read_rows(plot: Plot, table: str, at: datetime = LATER) -> dict[str, Row]:
    """The rows of a table at a moment, by id."""
    rows = {one.row_id: row_of(one, at) for one in plot.histories if one.table == table}
    return {row_id: row for row_id, row in rows.items() if row is not None}


def target(row: Row, column: str) -> str:
    """The id that a lookup of a row names."""
    value = row.get(column)
    assert isinstance(value, Reference), (column, value)
    return value.row_id
