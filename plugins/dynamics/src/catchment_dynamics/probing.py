"""What the environment has: tables and their columns, asked once and remembered for a while.

Knowledge of the platform, not state of a call: it is the same for every thread, and wrong at most
until a query says so (6, pain 3).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from catchment.errors import Absent, AdapterFault, NotPermitted
from catchment_dynamics import wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Columns, Table
from catchment_dynamics.refusals import ColumnUnknown, TableMissing

T = TypeVar("T")

REMEMBERED = timedelta(hours=1)
"""How long the columns of a table are believed."""


class Probe:
    """Which columns each table has.  Thread-safe.

    Args:
        access: Whom to ask.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._known: dict[str, tuple[datetime, Columns | None]] = {}
        self._lock = threading.Lock()

    def find(self, table: Table) -> Columns | None:
        """The columns of *table*; ``None`` where there is no such table."""
        now = self._access.read_clock()
        with self._lock:
            at, columns = self._known.get(table.name, (None, None))
        if at is not None and at <= now < at + REMEMBERED:
            return columns
        columns = self._ask(table)
        with self._lock:
            self._known[table.name] = (now, columns)
        return columns

    def need(self, table: Table) -> Columns:
        """The columns of *table*, all needed ones among them.

        Raises:
            TableMissing: There is no such table.
            NotPermitted: It lacks a column without which it is of no use.
        """
        columns = self.find(table)
        if columns is None:
            raise TableMissing(
                f"the environment has no table {table.name}",
                remedy="Install the voice channel in this environment, or see whether the setting "
                "url names the right one.",
            )
        missing = columns.list_missing(table)
        if missing:
            raise NotPermitted(
                f"the table {table.name} has no column {', '.join(missing)}",
                remedy="See whether the voice channel of this environment is installed and up to "
                "date.",
            )
        return columns

    def forget(self, table: Table) -> None:
        """Ask again next time: a query said that what is remembered is wrong."""
        with self._lock:
            self._known.pop(table.name, None)

    def asking(self, table: Table, ask: Callable[[Columns], T]) -> T:
        """What *ask* answers with the columns of *table*, looked up anew if they have changed.

        Raises:
            NotPermitted: The table or one of its needed columns is missing.
        """
        try:
            return ask(self.need(table))
        except ColumnUnknown:
            self.forget(table)
            return ask(self.need(table))

    def _ask(self, table: Table) -> Columns | None:
        """The columns as metadata tells them; all of them, where it may not be read."""
        for kinds in (True, False):
            request = wire.build_columns(table.name, kinds=kinds)
            try:
                return Columns(wire.read_types(list(self._access.list_rows(request))))
            except Absent:
                return None
            except NotPermitted:  # also where there is no metadata at all: a listing will tell
                return Columns()
            except AdapterFault:
                continue
        return Columns()
