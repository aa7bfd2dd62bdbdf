"""A catalogue that the disk damaged is told with what helps, and one that is well again is used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catchment._catalogue import schema, sources
from catchment._catalogue.database import open_database
from catchment.errors import CatalogueUnusable

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("keep", [4096, 0])
def test_a_damaged_catalogue_is_to_be_restored(tmp_path: Path, keep: int) -> None:
    """Neither space nor rights help there, and no other file: a copy does, or a rebuild."""
    path = tmp_path / "catalogue.db"
    database = open_database(f"sqlite:///{path}")
    schema.prepare(database)
    database.make_durable()
    database.close()
    data = path.read_bytes()
    path.write_bytes(data[:keep] + b"\xa5" * (len(data) - keep))
    damaged = open_database(f"sqlite:///{path}")
    with pytest.raises(CatalogueUnusable) as caught:
        sources.knows_any(damaged)
    damaged.close()
    assert "catchment rebuild" in caught.value.remedy
    assert "put a copy" in caught.value.remedy


def test_a_connection_that_can_only_read_is_not_used_again(tmp_path: Path) -> None:
    """SQLite opens its log for reading where it may not write, and keeps to that for good (T8).

    A runner would go on for weeks with a connection that fails whoever gets it.
    """
    database = open_database(f"sqlite:///{tmp_path / 'catalogue.db'}")
    schema.prepare(database)
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(CatalogueUnusable, match="readonly"):
        sources.stop_named(database, "zoom", "why", NOW)
    sources.stop_named(database, "zoom", "why", NOW)
    database.close()
