"""How alembic runs the migrations of the catalogue: on the connection that it is given.

A new migration is drafted against an SQLite file at the newest revision with
``alembic.command.revision(config, autogenerate=True, rev_id="0002_0001")``, where ``config`` is
:func:`catchment._catalogue.schema.alembic_config` with that file's connection in ``attributes``;
then it is read, corrected, and tried on both databases by ``tests/core/catalogue``.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import BigInteger

from catchment._catalogue.tables import Moment, metadata


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Leave full-text structures out of comparisons: they are written by hand."""
    return kind != "table" or not str(name).startswith("interaction_text")


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types into migrations as the plain types that they are."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, BigInteger) and "sqlite" in item._variant_mapping:
        return "ID"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    render_item=render_item,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
