"""Sources with which no contact could be made, until it is made.

Kept by the name in the settings: who a source is, is known only after the first contact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from catchment._catalogue.database import Database
from catchment._catalogue.tables import outage


@dataclass(frozen=True, slots=True)
class Outage:
    """A source with which no contact could be made.

    Attributes:
        source: Its name in the settings.
        since: When contact first failed.
        why: Why it failed last.
    """

    source: str
    since: datetime
    why: str


def enter_outage(database: Database, name: str, why: str, now: datetime) -> None:
    """Say that no contact could be made with a source, and why."""
    with database.write() as connection:
        row = {"source": name, "since": now, "why": why}
        database.insert_missing(connection, outage, [row])
        connection.execute(update(outage).where(outage.c.source == name).values(why=why))


def end_outage(connection: Connection, name: str) -> None:
    """Say that contact was made with a source."""
    connection.execute(delete(outage).where(outage.c.source == name))


def list_outages(database: Database) -> dict[str, Outage]:
    """The sources with which no contact could be made when it was last tried, by name."""
    query = select(outage).order_by(outage.c.source)
    with database.read() as connection:
        return {
            row.source: Outage(row.source, row.since, row.why) for row in connection.execute(query)
        }
