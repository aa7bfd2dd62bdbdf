"""The schema of the catalogue: made, upgraded, and refused where the program is too old for it.

A revision is named ``<number>_<floor>``.  The floor is the oldest program, told as the schema
number it was made for, that may still work on the database: a migration that only adds keeps the
floor of the one before, and a migration that takes something away raises it, one release after the
last program that used it.  So two runners are upgraded one after the other: the first one upgrades
the database, the second one reads a number above its own and a floor that is not, and goes on.

Alembic is imported only when there is something to upgrade, so that a start costs one query.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from catchment._catalogue.database import Database
from catchment._words import say_install
from catchment.errors import CatalogueUnusable

if TYPE_CHECKING:
    from alembic.config import Config

VERSION = 1
"""The schema that this program was made for; the number of the newest file in ``migrations``."""

_LOCK = 0x636174636D656E74  # any number that no other program on this server uses


def prepare(database: Database) -> None:
    """Bring the database to this program's schema, or leave it where a newer program put it.

    Several processes may do so at once: one works, the others wait and find it done.

    Raises:
        CatalogueUnusable: The database is too new for this program, or it is not a catalogue.
    """
    with database.read() as connection:
        if not _is_old(read_revision(connection)):
            return
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _is_old(read_revision(connection)):
            _upgrade(connection)


def read_revision(connection: Connection) -> str | None:
    """The revision of the database; ``None`` if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _is_old(revision: str | None) -> bool:
    """Whether the database must be upgraded before this program can work on it."""
    if revision is None:
        return True
    number, _, floor = revision.partition("_")
    if not (number.isdecimal() and floor.isdecimal()):
        raise CatalogueUnusable(
            f"the database holds the tables of another program (revision {revision})",
            remedy="Give the catalogue a database of its own with the setting catalogue.url.",
        )
    if int(floor) > VERSION:
        raise CatalogueUnusable(
            f"the catalogue has schema {int(number)}, and this program knows schema {VERSION}",
            remedy=f"Upgrade catchment on this machine: {say_install('catchment', '--upgrade')}",
        )
    return int(number) < VERSION


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """What alembic must know to find the migrations, which ship beside this module."""
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
