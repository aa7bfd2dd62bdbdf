"""Every original that the archive holds, one by one, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from catchment._catalogue.database import Database
from catchment._catalogue.tables import file, interaction, recording, source

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a platform that is in the archive.

    Attributes:
        source: The source's name.
        bytes: Its size.
        interaction: The id of the interaction that it belongs to now.
    """

    source: str
    external_id: str
    file_id: str
    version: int
    kind: str
    sha256: str
    bytes: int
    interaction: str
    archived_at: datetime


def list_held(database: Database, source_name: str | None = None) -> Iterator[Held]:
    """Yield every archived original, each version, in the order in which they were first seen.

    What is made from originals is left out.  Read page by page: memory stays flat, and no
    transaction is open while the caller writes a line.
    """
    query = (
        select(
            file.c.id,
            source.c.name.label("source"),
            recording.c.external_id,
            file.c.file_id,
            file.c.version,
            file.c.kind,
            file.c.sha256,
            file.c.size_bytes,
            interaction.c.interaction_id,
            file.c.archived_at,
        )
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .join(source, recording.c.source_id == source.c.id)
        .join(interaction, recording.c.interaction_num == interaction.c.num)
        .where(file.c.state == "archived", file.c.recipe == "")
        .order_by(file.c.id)
        .limit(_PAGE)
    )
    if source_name is not None:
        query = query.where(source.c.name == source_name)
    last = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(file.c.id > last)).all()
        for row in rows:
            _, *values = row
            yield Held(*values)
        if len(rows) < _PAGE:
            return
        last = rows[-1].id
