"""One database, opened: SQLite beside the settings, or PostgreSQL for several machines.

What differs between the two stands here and in :mod:`catchment._catalogue.texts`, so that the rest
is the same statements for both.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from catchment._catalogue import bulk
from catchment._words import say_install
from catchment.errors import CatalogueUnusable, NotInstalled

SQLITE_WAIT_S = 60
CHUNK = 500
"""Values per ``IN (...)``: SQLite's older limit is 999."""

_OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Faults of statements, told as they are.  A page that SQLite cannot read is none of them."""

_RESTORE = (
    "The file is damaged: put a copy of it back, or move it away with the files beside it that "
    "begin with its name, and run 'catchment rebuild'."
)
_OTHER_FILE = (
    "Let the setting catalogue.url name a file of Catchment, or a new one; if it was one and is "
    "damaged, put a copy back, or move it away and run 'catchment rebuild'."
)
_LOOK = (
    "Look at the setting catalogue.url, the server, and the space and rights on its volume; "
    "nothing is lost, the work goes on from where it was."
)

_SPOILT = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
)
"""After these a connection may stay as it is for good: if its log could not be opened for writing,
SQLite opened it for reading, and never tries again."""

_LINE = 0x0CA7
"""Our line among PostgreSQL's advisory locks, which a database has but once."""

_SESSION = (
    "timezone=UTC",
    # After five runs psycopg prepares a statement and PostgreSQL may choose a plan that ignores the
    # values: searches became up to 1500 times slower.
    "plan_cache_mode=force_custom_plan",
    # A runner that is frozen in the middle of a transaction would keep its rows locked, and with
    # them every other runner, for as long as it sleeps.  Ours last milliseconds.
    "idle_in_transaction_session_timeout=10s",
)


class Database:
    """Hands out transactions.

    SQLite knows one writer at a time; within a process a lock keeps writers in line, so that they
    wait for each other here and not in SQLite's busy loop.  Readers are never kept waiting.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = threading.RLock() if self.is_sqlite else None

    @contextmanager
    def write(self, source_id: int | None = None) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back with what was raised.

        Args:
            source_id: The source whose recordings, files, interactions or jobs are changed; two
                rows or more of them.  Such transactions stand in line, one at a time per source:
                they touch the same rows in many orders, and would wait for each other in a circle.

        Raises:
            CatalogueUnusable: The database does not answer, or its volume is full or read-only.
        """
        if self._writer is not None:
            with self._writer, self._begin() as connection:
                yield connection
            return
        with self._begin() as connection:
            if source_id is not None:
                self.stand_in_line(connection, source_id)
            yield connection

    def stand_in_line(self, connection: Connection, source_id: int) -> None:
        """Wait until no other transaction changes the source; whoever stands there goes on."""
        if not self.is_sqlite:
            # A frozen runner's threads stand in line as well, and each would stop it in its turn:
            # whoever waits for longer than any transaction may last is sent away.
            wait = "set_config('lock_timeout', '20s', true), pg_advisory_xact_lock(:line, :place)"
            values = {"line": _LINE, "place": source_id % 2**31}
            connection.execute(text(f"SELECT {wait}"), values)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                if self.is_sqlite:
                    # A transaction that reads first and writes later could not be repeated safely.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except _OURS:
            raise
        except DatabaseError as error:
            raise self._unusable(error) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that is rolled back at the end."""
        try:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN")
                yield connection
        except _OURS:
            raise
        except DatabaseError as error:
            raise self._unusable(error) from error

    def insert_missing(self, connection: Connection, table: Table, rows: Sequence[Any]) -> None:
        """Insert *rows*, leaving out those whose key is there already."""
        bulk.insert(connection, table, rows, bulk.skip)

    def upsert(
        self, connection: Connection, table: Table, rows: Sequence[Any], keys: Sequence[str]
    ) -> None:
        """Insert *rows*; where *keys* are there already, set the other columns given."""
        if not rows:
            return
        changed = tuple(name for name in rows[0] if name not in keys)
        last = {tuple(row[name] for name in keys): row for row in rows}
        conflict = bulk.build_update(tuple(keys), changed)
        bulk.insert(connection, table, list(last.values()), conflict)

    def list_switched_off(self) -> list[str]:
        """Which settings keep PostgreSQL from counting what its tables hold; SQLite needs none."""
        if self.is_sqlite:
            return []
        with self.read() as connection:
            needed = ("autovacuum", "track_counts")
            return [one for one in needed if connection.scalar(text(f"SHOW {one}")) == "off"]

    def make_durable(self) -> None:
        """Put on disk all that was committed, where a commit alone does not promise that."""
        if not self.is_sqlite:
            return
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(FULL)")
        except _OURS:
            raise
        except DatabaseError as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _unusable(self, error: DBAPIError) -> CatalogueUnusable:
        """One sentence from what the driver said, without statement and values."""
        said = " ".join(str(error.orig).split()) or type(error.orig).__name__
        which = f"catalogue {self.engine.url.database}" if self.is_sqlite else "catalogue"
        return CatalogueUnusable(
            f"the {which} cannot be used: {said}",
            remedy=_RESTORE if _is_damaged(error.orig) else _LOOK,
        )


def _is_damaged(error: BaseException | None) -> bool:
    """Whether SQLite says of a file of its own that it is broken."""
    return _read_code(error) == sqlite3.SQLITE_CORRUPT


def _read_code(error: BaseException | None) -> int:
    """The number that SQLite gives an error, without what it is in particular; else 0."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF if isinstance(code, int) else 0


def open_database(url: str) -> Database:
    """Connect to *url*; the schema is the matter of :mod:`catchment._catalogue.schema`.

    Raises:
        CatalogueUnusable: The folder cannot be written or the server does not answer.
        NotInstalled: The driver for PostgreSQL is not installed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(_open_sqlite(parsed.database or ":memory:"))
    try:
        engine = create_engine(
            parsed,
            pool_size=20,
            max_overflow=20,
            pool_pre_ping=True,
            connect_args={"options": " ".join(f"-c {option}" for option in _SESSION)},
        )
    except ModuleNotFoundError as error:
        raise NotInstalled(
            "the catalogue is on PostgreSQL and its driver is not installed",
            remedy=f"Run: {say_install('catchment[postgres]')}",
        ) from error
    return Database(engine)


def _open_sqlite(path: str) -> Engine:
    if path != ":memory:":
        folder = Path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueUnusable(
                f"the folder of the catalogue {path} cannot be made: {error.strerror}",
                remedy="Correct the setting catalogue.url or the rights of the folder.",
            ) from error
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": SQLITE_WAIT_S},
        pool_size=40,
        max_overflow=20,
        pool_use_lifo=True,  # the connection used last still has most pages in its cache
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # sqlite3 begins transactions by itself at moments of its own; we say when.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode=WAL")  # the first to read the file
        except sqlite3.DatabaseError as error:
            raise CatalogueUnusable(
                f"the catalogue {path} cannot be used: {error}",
                remedy=_RESTORE if _is_damaged(error) else _OTHER_FILE,
            ) from error
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_WAIT_S * 1000}")
        # For each connection, of which a busy runner has twenty; the system caches the file too.
        cursor.execute("PRAGMA cache_size=-4096")
        cursor.close()

    @event.listens_for(engine, "handle_error")
    def _discard(context: ExceptionContext) -> None:
        """Whoever comes next gets a new connection."""
        if _read_code(context.original_exception) in _SPOILT:
            context.is_disconnect = True

    return engine


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """Cut *values* into pieces that fit one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
