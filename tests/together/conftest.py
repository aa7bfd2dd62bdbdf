"""A catalogue of its own for each test that is to hold on both databases, and which come first.

``CATCHMENT_TEST_POSTGRES`` is the SQLAlchemy URL of a server on which the tests may create and drop
databases, for example ``postgresql+psycopg://postgres@127.0.0.1/postgres``.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

SERVER = os.environ.get("CATCHMENT_TEST_POSTGRES", "")
LONG = 500
"""Tests that may take so many seconds are begun first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long tests to the beginnings of both halves, in which two workers take them.

    Otherwise one worker is alone with them at the end, while the other has nothing left.
    """
    marks = [(item, item.get_closest_marker("timeout")) for item in items]
    long = [item for item, mark in marks if mark and mark.args and mark.args[0] >= LONG]
    rest = [item for item in items if item not in long]
    half = len(rest) // 2
    items[:] = [*long[::2], *rest[:half], *long[1::2], *rest[half:]]


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database on the server; empty for SQLite beside the settings."""
    if request.param == "sqlite":
        yield ""
        return
    if not SERVER:
        pytest.skip("CATCHMENT_TEST_POSTGRES names no server")
    name = f"catchment_together_{uuid.uuid4().hex}"
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
