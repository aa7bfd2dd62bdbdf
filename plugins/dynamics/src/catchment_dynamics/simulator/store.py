"""What the tables hold at any moment: histories of rows, and which snapshot of each is current.

Nothing here is ever changed by reading: a row is a function of its history and the virtual clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from catchment.sandbox import Content

BASE = 90_000_000
"""The row version before the first one that is told; real environments are long past it."""

STEP = 16
"""How far versions are apart: other tables of a real environment count as well."""

ATTACHMENT = "fileattachment"
"""The table whose rows are made from the files of all others (2.9)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a lookup.

    Attributes:
        table: The logical name of the table that is referred to.
        row_id: The row's GUID, lower case.
        name: What the annotation of its formatted value says; nothing, if empty.
    """

    table: str
    row_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FileValue:
    """The value of a File column (2.9).

    Attributes:
        file_id: The GUID that the row shows, lower case.
        name: ``recording.mp4``.
        content: Its bytes.
        media_type: What the platform says they are.
    """

    file_id: str
    name: str
    content: Content
    media_type: str


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a file as a value of a row, in bytes: worked out when it is read."""

    content: Content


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The values of a row from one moment on.

    Attributes:
        at: When the row got them, by the platform's time.
        values: All columns by logical name, without ``createdon``, ``modifiedon`` and
            ``versionnumber``: ``str``, ``int``, ``float``, ``bool``, aware ``datetime``,
            :class:`Reference`, :class:`FileValue` or ``None``; a multi-select choice is a tuple
            of ``int``.  What is left out is null.
        quiet: The row gets a new version, but keeps its ``modifiedon`` (9.1).
    """

    at: datetime
    values: Mapping[str, object]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Everything that ever becomes of one row.

    Attributes:
        table: The logical name of its table.
        row_id: Its GUID, lower case.
        snapshots: By time; the first one makes the row.
        deleted_at: When it vanishes.
    """

    table: str
    row_id: str
    snapshots: tuple[Snapshot, ...]
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """A row as it stands at one moment.

    Attributes:
        created_at: Whole seconds, like every time of the platform (2.3).
        modified_at: Likewise.
        version: The ``versionnumber``, of which the ETag is made (2.6).
    """

    table: str
    row_id: str
    created_at: datetime
    modified_at: datetime
    version: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Deleted:
    """A row that is no more, as change tracking tells it (2.5)."""

    row_id: str
    version: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A history with a version for each of its snapshots."""

    row_id: str
    moments: tuple[datetime, ...]
    states: tuple[Current, ...]
    deleted_at: datetime | None
    deleted_version: int

    def at(self, now: datetime) -> Current | None:
        """The row as it stands, if it does."""
        if self.deleted_at is not None and self.deleted_at <= now:
            return None
        place = bisect_right(self.moments, now)
        return self.states[place - 1] if place else None


class Store:
    """All rows of an environment.

    Args:
        histories: What becomes of every row; ``fileattachment`` is made from their files.
        epoch: When the environment began; nothing may be older.

    Raises:
        ValueError: A history is empty, out of order, older than the epoch, or told twice.
    """

    def __init__(self, histories: Iterable[History], epoch: datetime) -> None:
        told = list(histories)
        told += [row for history in told for row in _list_attachments(history)]
        for history in told:
            _check(history, epoch)
        self.epoch = epoch
        self._tables: dict[str, dict[str, _Line]] = defaultdict(dict)
        versions = _number(told)
        for place, history in enumerate(told):
            lines = self._tables[history.table]
            if history.row_id in lines:
                raise ValueError(f"{history.table} {history.row_id} is told twice")
            lines[history.row_id] = _build_line(history, place, versions)
        self._lookups: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._times: dict[str, tuple[list[datetime], list[str]]] = {}

    # --- reading ----------------------------------------------------------------------------------

    def list_rows(self, table: str, now: datetime) -> list[Current]:
        """Every row of *table* that is there, in the order in which they were told."""
        lines = self._tables.get(table, {}).values()
        return [row for line in lines if (row := line.at(now)) is not None]

    def find(self, table: str, row_id: str, now: datetime) -> Current | None:
        """One row, if it is there."""
        line = self._tables.get(table, {}).get(row_id.lower())
        return None if line is None else line.at(now)

    def find_deleted(self, table: str, row_id: str, now: datetime) -> Current | None:
        """The last state of a row that was deleted: what the recycle bin shows (4.4)."""
        line = self._tables.get(table, {}).get(row_id.lower())
        if line is None or line.deleted_at is None or line.deleted_at > now:
            return None
        return line.states[-1]

    def list_changes(
        self, table: str, version: int, now: datetime
    ) -> tuple[list[Current], list[Deleted]]:
        """What is newer than *version*: rows by their version, then rows that are no more (2.5)."""
        changed: list[Current] = []
        deleted: list[Deleted] = []
        for line in self._tables.get(table, {}).values():
            row = line.at(now)
            if row is not None:
                if row.version > version:
                    changed.append(row)
            elif (
                line.deleted_at is not None
                and line.deleted_at <= now
                and line.deleted_version > version
            ):
                deleted.append(Deleted(line.row_id, line.deleted_version))
        changed.sort(key=lambda row: row.version)
        deleted.sort(key=lambda row: row.version)
        return changed, deleted

    def last_version(self, now: datetime) -> int:
        """The highest version of any row or deletion so far."""
        best = BASE
        for lines in self._tables.values():
            for line in lines.values():
                place = bisect_right(line.moments, now)
                if place:
                    best = max(best, line.states[place - 1].version)
                if line.deleted_at is not None and line.deleted_at <= now:
                    best = max(best, line.deleted_version)
        return best

    # --- finding quickly --------------------------------------------------------------------------

    def list_referring(
        self, table: str, column: str, ids: Iterable[str], now: datetime
    ) -> list[Current]:
        """Every row whose lookup *column* may name one of *ids*; more, never fewer."""
        index = self._lookups.get((table, column))
        if index is None:
            index = self._lookups[table, column] = self._index_lookup(table, column)
        lines = self._tables.get(table, {})
        found = dict.fromkeys(row_id for one in ids for row_id in index.get(one.lower(), ()))
        return [row for row_id in found if (row := lines[row_id].at(now)) is not None]

    def list_touched(
        self, table: str, since: datetime, until: datetime, now: datetime
    ) -> list[Current]:
        """Every row that was made or changed from *since* to *until*; more, never fewer."""
        if table not in self._times:
            told = sorted(
                (state, line.row_id)
                for line in self._tables.get(table, {}).values()
                for state in {to_seconds(moment) for moment in line.moments}
            )
            self._times[table] = [at for at, _ in told], [row_id for _, row_id in told]
        moments, row_ids = self._times[table]
        lines = self._tables.get(table, {})
        found = dict.fromkeys(row_ids[bisect_left(moments, since) : bisect_right(moments, until)])
        return [row for row_id in found if (row := lines[row_id].at(now)) is not None]

    def _index_lookup(self, table: str, column: str) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        for line in self._tables.get(table, {}).values():
            named = {
                value.row_id
                for state in line.states
                if isinstance(value := state.values.get(column), Reference)
            }
            for one in named:
                index[one].append(line.row_id)
        return index

    # --- an administrator's hand ------------------------------------------------------------------

    def delete(self, table: str, row_id: str, at: datetime) -> None:
        """Delete a row and its files, as an administrator may at any time (4.4).

        Raises:
            KeyError: There never was such a row.
        """
        line = self._tables[table][row_id]
        files = self.list_referring(ATTACHMENT, "objectid", [row_id], at)
        version = self.last_version(at) + 1
        self._tables[table][row_id] = replace(line, deleted_at=at, deleted_version=version)
        if table != ATTACHMENT:
            for file in files:
                self.delete(ATTACHMENT, file.row_id, at)


def read_files(row: Current) -> Mapping[str, FileValue]:
    """The files of a row by column."""
    return {name: value for name, value in row.values.items() if isinstance(value, FileValue)}


def to_seconds(at: datetime) -> datetime:
    """A time as the platform keeps it: UTC, cut to whole seconds (2.3)."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.replace(microsecond=0) if at.microsecond else at


def _check(history: History, epoch: datetime) -> None:
    moments = [snapshot.at for snapshot in history.snapshots]
    if not moments or moments != sorted(moments) or moments[0] < epoch:
        raise ValueError(
            f"the history of {history.table} {history.row_id} is empty, out of order or too old"
        )
    if history.row_id != history.row_id.lower():
        raise ValueError(f"{history.table} {history.row_id} is not in lower case")


def _number(histories: list[History]) -> dict[tuple[int, int], int]:
    """A version for every snapshot, and for every deletion as number -1, by time over all."""
    events = [
        (snapshot.at, place, number)
        for place, history in enumerate(histories)
        for number, snapshot in enumerate(history.snapshots)
    ]
    events += [
        (history.deleted_at, place, -1)
        for place, history in enumerate(histories)
        if history.deleted_at is not None
    ]
    events.sort(key=lambda event: (event[0], event[2] < 0, event[1], event[2]))
    return {event[1:]: BASE + STEP * number for number, event in enumerate(events, 1)}


def _build_line(history: History, place: int, versions: Mapping[tuple[int, int], int]) -> _Line:
    created = to_seconds(history.snapshots[0].at)
    modified = created
    states = []
    for number, snapshot in enumerate(history.snapshots):
        if not snapshot.quiet:
            modified = to_seconds(snapshot.at)
        version = versions[place, number]
        states.append(
            Current(history.table, history.row_id, created, modified, version, snapshot.values)
        )
    return _Line(
        history.row_id,
        tuple(snapshot.at for snapshot in history.snapshots),
        tuple(states),
        history.deleted_at,
        versions.get((place, -1), 0),
    )


def _list_attachments(history: History) -> Iterator[History]:
    """A row of ``fileattachment`` for each file that the row ever holds (2.9)."""
    seen: dict[str, tuple[str, FileValue, datetime]] = {}
    gone: dict[str, datetime] = {}
    for snapshot in history.snapshots:
        here = {
            value.file_id: (column, value)
            for column, value in snapshot.values.items()
            if isinstance(value, FileValue)
        }
        for file_id, (column, value) in here.items():
            seen.setdefault(file_id, (column, value, snapshot.at))
        for file_id in seen:
            if file_id not in here:
                gone.setdefault(file_id, snapshot.at)
    for file_id, (column, value, at) in seen.items():
        values: dict[str, object] = {
            "filename": value.name,
            "filesizeinbytes": Size(value.content),
            "mimetype": value.media_type,
            "regardingfieldname": column,
            "objectid": Reference(history.table, history.row_id),
            "objecttypecode": history.table,
        }
        ended = gone.get(file_id, history.deleted_at)
        yield History(ATTACHMENT, file_id, (Snapshot(at, values),), ended)
