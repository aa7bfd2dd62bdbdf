"""What the environment has: tables and their columns, asked once and remembered for a while.

Knowledge of the platform, not state of a call: it is the same for every thread, and wrong at most
until a query says so (6, pain 3).  That a table is missing is believed on two answers alone: its
feed then lists nothing and goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from catchment.errors import Absent, AdapterFault, NotPermitted, Unreachable
from catchment_dynamics import columns, wire
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
        """The columns of *table*; ``None`` where it is proved that there is no such table.

        Raises:
            Unreachable: The metadata contradicts itself.
        """
        now = self._access.read_clock()
        with self._lock:
            at, known = self._known.get(table.name, (None, None))
        if at is not None and at <= now < at + REMEMBERED:
            return known
        known = self._ask(table)
        self._remember(table, known)
        return known

    def need(self, table: Table) -> Columns:
        """The columns of *table*, all needed ones among them.

        Raises:
            TableMissing: There is no such table.
            NotPermitted: It lacks a column without which it is of no use.
        """
        known = self.find(table)
        if known is None:
            raise _miss(table)
        missing = known.list_missing(table)
        if missing:
            raise NotPermitted(
                f"the table {table.name} has no column {', '.join(missing)}",
                remedy="See whether the voice channel of this environment is installed and up to "
                "date.",
            )
        return known

    def prove_missing(self, table: Table) -> None:
        """See that *table*, of which a query was told that it is not there, is in no metadata.

        Raises:
            NotPermitted: The metadata may not be read, so that nothing is proved.
            Unreachable: It is in the metadata: the environment is being changed, or in trouble.
        """
        self._forget(table)
        try:
            rows = self._ask_table(table)
        except NotPermitted as error:
            raise NotPermitted(
                f"the table {table.name} seems to be missing, and the metadata that would prove it "
                f"cannot be read: {error}",
                remedy="Give the application user's security role read access of the customization "
                "entities (Entity, Attribute), or do not have this table captured (settings "
                "transcripts, voicemails).",
            ) from error
        if rows:
            raise _contradict(table)

    def asking(self, table: Table, ask: Callable[[Columns], T]) -> T:
        """What *ask* answers with the columns of *table*, looked up anew if they have changed.

        A column that the metadata lists and queries reject is left out for as long as the columns
        are remembered.

        Raises:
            NotPermitted: The table is missing, or one of its needed columns is missing or rejected.
            ColumnUnknown: It is none of those that were asked for.
        """
        anew = False
        while True:
            there = self.need(table)
            try:
                return ask(there)
            except ColumnUnknown as error:
                if not anew:
                    anew = True
                    self._forget(table)
                    there = self.need(table)
                    if there.types is not None and not there.has(error.column):
                        continue  # the environment was changed: it is asked without it
                self._remember(table, _leave_out(table, there, error))

    def _forget(self, table: Table) -> None:
        with self._lock:
            self._known.pop(table.name, None)

    def _remember(self, table: Table, known: Columns | None) -> None:
        with self._lock:
            self._known[table.name] = (self._access.read_clock(), known)

    def _ask(self, table: Table) -> Columns | None:
        """The columns as metadata tells them; all of them, where it may not be read."""
        for kinds in (True, False):
            request = wire.build_columns(table.name, kinds=kinds)
            try:
                types = wire.read_types(list(self._access.list_rows(request)))
                return Columns(types, self._find_key(table))
            except (Absent, TableMissing) as error:
                if self._is_listed(table):
                    raise _contradict(table) from error
                return None
            except NotPermitted:  # a listing will tell what is there
                return Columns()
            except AdapterFault:
                continue
        return Columns()

    def _is_listed(self, table: Table) -> bool:
        """Whether the metadata lists *table*.

        Raises:
            Unreachable: It cannot be told.
        """
        try:
            return bool(self._ask_table(table))
        except (Absent, AdapterFault, NotPermitted) as error:
            raise Unreachable(
                f"whether there is a table {table.name} cannot be told: {error}"
            ) from error

    def _find_key(self, table: Table) -> str:
        """How the environment spells the primary key, where that differs (3)."""
        if table is not columns.VOICEMAILS:
            return ""
        try:
            rows = self._ask_table(table)
        except (Absent, AdapterFault, NotPermitted):
            return ""
        told = rows[0].get("PrimaryIdAttribute") if rows else None
        return told.lower() if isinstance(told, str) else ""

    def _ask_table(self, table: Table) -> tuple[dict[str, object], ...]:
        return self._access.ask_page(wire.build_table(table.name)).rows


def _leave_out(table: Table, there: Columns, error: ColumnUnknown) -> Columns:
    """*there* without the column that a query was rejected for.

    Raises:
        NotPermitted: The table is of no use without it.
        ColumnUnknown: It was not asked for by these columns.
    """
    column = error.column
    key = there.find_key(table)
    if column == key and table is columns.VOICEMAILS and key != columns.ACTIVITY_KEY:
        return Columns(there.types, columns.ACTIVITY_KEY)
    if column in (key, *table.needed):
        raise NotPermitted(
            f"the table {table.name} lists a column {column} and rejects questions for it: {error}",
            remedy="See whether the voice channel of this environment is installed and up to date.",
        ) from error
    if there.types is None or not there.has(column):
        raise error
    return there.without(column)


def _miss(table: Table) -> TableMissing:
    return TableMissing(
        f"the environment has no table {table.name}",
        remedy="Install the voice channel in this environment, or see whether the setting url "
        "names the right one.",
    )


def _contradict(table: Table) -> Unreachable:
    return Unreachable(
        f"Dataverse says that there is no table {table.name}, and lists it in its metadata"
    )
