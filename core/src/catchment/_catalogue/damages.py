"""What a verification found damaged or missing, until it is sound again.

A damage ends when its bytes are archived again or when a later verification reads the object and
finds it sound; nothing else ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from catchment._catalogue.database import Database
from catchment._catalogue.tables import damage, file

Named = tuple[str, str]
"""What it is (``media``, ``manifest`` or ``leaf``), and its name."""


@dataclass(frozen=True, slots=True)
class KnownDamage:
    """An object of the archive that is damaged or missing.

    Attributes:
        what: ``media``, ``manifest`` or ``leaf``.
        name: Its hash; interaction and version; or the leaf's name.
        verdict: ``damaged`` or ``missing``.
        detail: What is wrong.
        remedy: What a person can do, as a sentence.
        found_at: When it was last found so.
    """

    what: str
    name: str
    verdict: str
    detail: str
    remedy: str
    found_at: datetime


def is_open() -> ColumnElement[bool]:
    """That the damage at hand is not mended; to be used in a query of damages.

    What was fetched or made anew since is mended: its row waits only for the next verification to
    be forgotten.
    """
    again = file.alias()
    mended = and_(
        damage.c.what == "media",
        again.c.sha256 == damage.c.name,
        again.c.state == "archived",
        again.c.archived_at > damage.c.found_at,
    )
    return ~select(again.c.id).where(mended).correlate(damage).exists()


def list_damages(database: Database) -> list[KnownDamage]:
    """What is damaged or missing as far as is known, the oldest finding first."""
    query = (
        select(
            damage.c.what,
            damage.c.name,
            damage.c.verdict,
            damage.c.detail,
            damage.c.remedy,
            damage.c.found_at,
        )
        .where(is_open())
        .order_by(damage.c.found_at, damage.c.what, damage.c.name)
    )
    with database.read() as connection:
        return [KnownDamage(*row) for row in connection.execute(query)]


def enter(database: Database, connection: Connection, found: Sequence[KnownDamage]) -> None:
    """Keep what was found; of what is known already the newest word counts."""
    rows = [
        {
            "what": one.what,
            "name": one.name,
            "verdict": one.verdict,
            "detail": one.detail,
            "remedy": one.remedy,
            "found_at": one.found_at,
        }
        for one in found
    ]
    database.upsert(connection, damage, rows, ["what", "name"])


def forget(connection: Connection, named: Iterable[Named]) -> None:
    """Say that these are sound, or belong to nothing any more."""
    for what, name in named:
        connection.execute(delete(damage).where(damage.c.what == what, damage.c.name == name))


def list_names(database: Database) -> set[Named]:
    """What and name of every damage on record."""
    with database.read() as connection:
        rows = connection.execute(select(damage.c.what, damage.c.name))
        return {(row.what, row.name) for row in rows}
