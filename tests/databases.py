"""Empty catalogues on PostgreSQL, for tests that are to hold on both databases.

``CATCHMENT_TEST_POSTGRES`` is the SQLAlchemy URL of a server on which the tests may create and drop
databases, for example ``postgresql+psycopg://postgres@127.0.0.1/postgres``.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

SERVER = os.environ.get("CATCHMENT_TEST_POSTGRES", "")
DATABASES = ("sqlite", "postgresql")


@contextmanager
def fresh_postgres(template: str = "template1") -> Iterator[str]:
    """The URL of a database on the server that is dropped at the end."""
    name = f"catchment_test_{uuid.uuid4().hex}"
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@contextmanager
def empty_catalogue(database: str) -> Iterator[str]:
    """The URL of an empty *database*; empty for SQLite, which lies beside the settings.

    The test is skipped, and says why, where no server is named.
    """
    if database == "sqlite":
        yield ""
        return
    if not SERVER:
        pytest.skip("CATCHMENT_TEST_POSTGRES names no server")
    with fresh_postgres() as url:
        yield url
