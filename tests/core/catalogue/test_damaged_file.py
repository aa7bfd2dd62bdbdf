"""A catalogue that the disk damaged is told with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from catchment._catalogue import schema, sources
from catchment._catalogue.database import open_database
from catchment.errors import CatalogueUnusable


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
