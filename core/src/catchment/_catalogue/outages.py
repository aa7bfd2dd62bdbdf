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
        until: How long the platform asked us to wait; ``None`` if it failed in another way.
    """

    source: str
    since: datetime
    why: str
    until: datetime | None = None


def enter_outage(
    database: Database, name: str, why: str, now: datetime, until: datetime | None = None
) -> None:
    """Say that no contact could be made with a source, and why.

    Args:
        until: How long the platform asked us to wait, if that is why.
    """
    with database.write() as connection:
        row = {"source": name, "since": now, "why": why, "until": until}
        database.insert_missing(connection, outage, [row])
        connection.execute(
            update(outage).where(outage.c.source == name).values(why=why, until=until)
        )


def end_outage(connection: Connection, name: str) -> None:
    """Say that contact was made with a source."""
    connection.execute(delete(outage).where(outage.c.source == name))


def list_outages(database: Database) -> dict[str, Outage]:
    """The sources with which no contact could be made when it was last tried, by name."""
    query = select(outage).order_by(outage.c.source)
    with database.read() as connection:
        return {
            row.source: Outage(row.source, row.since, row.why, row.until)
            for row in connection.execute(query)
        }
