"""A prepared catalogue on each database: SQLite always, PostgreSQL where a server is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.databases import SERVER, fresh_postgres

from catchment._catalogue import schema, sightings, sources
from catchment._catalogue.database import Database, open_database
from catchment.model import Account, Key, Sighting

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The name of a prepared, empty catalogue on the server, to be copied for each test."""
    with fresh_postgres() as url:
        database = open_database(url)
        schema.prepare(database)
        database.close()
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared, empty catalogue in a file, to be copied for each test."""
    path = tmp_path_factory.mktemp("template") / "catalogue.db"
    database = open_database(f"sqlite:///{path}")
    schema.prepare(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database; skips what cannot be tried here."""
    chosen = str(request.param)
    if chosen == "postgresql" and not SERVER:
        pytest.skip("CATCHMENT_TEST_POSTGRES names no server")
    return chosen


@pytest.fixture
def empty_url(kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    with fresh_postgres() as url:
        yield url


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a prepared, empty catalogue."""
    if kind == "sqlite":
        path = tmp_path / "catalogue.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite:///{path}"
        return
    with fresh_postgres(request.getfixturevalue("postgres_template")) as fresh:
        yield fresh


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A prepared, empty catalogue, opened."""
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A moment to start from."""
    return NOW


@pytest.fixture
def source_id(database: Database, now: datetime) -> int:
    """The id of a source called ``calls``, just pinned."""
    account = Account("account-1")
    return sources.pin(
        database, name="calls", adapter="cloud", platform="cloud", account=account, now=now
    )


See = Callable[..., int]


@pytest.fixture
def see(database: Database, source_id: int, now: datetime) -> See:
    """See a recording: ``see("r1", key="m1", at=…)`` gives the number of its interaction."""

    def see_one(
        external_id: str, *, key: str = "", ago: timedelta = timedelta(hours=1), **more: str
    ) -> int:
        keys = (Key("meeting", key or external_id),)
        row = Sighting(external_id, now - ago, keys, more.get("revision", "1"))
        with database.write() as connection:
            sightings.record(
                database,
                connection,
                source_id=source_id,
                epoch=1,
                sightings=[row],
                facts=[],
                now=now,
                complete_to=None,
                rank=lambda _at: 0,
            )
            from catchment._catalogue.interactions import find_by_keys

            return find_by_keys(connection, source_id, keys)[keys[0]]

    return see_one
