"""A stage for each test; the empty catalogue is made once and copied, because that is quicker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.core.engine.platform import Cloud, Stage

from catchment._catalogue import schema
from catchment._catalogue.database import open_database


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a prepared, empty catalogue."""
    path = tmp_path_factory.mktemp("template") / "catchment.db"
    database = open_database(f"sqlite:///{path}")
    schema.prepare(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A platform that holds nothing yet."""
    served = Cloud()
    yield served
    served.close()


@pytest.fixture
def stage(tmp_path: Path, cloud: Cloud, empty_catalogue: bytes) -> Iterator[Stage]:
    """The engine before an empty platform, at noon."""
    (tmp_path / "catchment.db").write_bytes(empty_catalogue)
    opened = Stage(tmp_path, cloud)
    yield opened
    opened.close()
