"""A fresh catalogue on each database: SQLite always, PostgreSQL where a server is named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

SERVER = os.environ.get("CATCHMENT_TEST_POSTGRES", "")
"""SQLAlchemy URL of a server on which databases may be created and dropped."""

KINDS = ("SQLite", "PostgreSQL") if SERVER else ("SQLite",)


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of *kind*, gone at the end."""
    if kind == "SQLite":
        path = folder / f"{uuid.uuid4().hex}.db"
        yield f"sqlite:///{path}"
        for leftover in folder.glob(f"{path.name}*"):
            leftover.unlink()
        return
    name = f"catchment_benchmark_{uuid.uuid4().hex[:12]}"
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
