"""What is unresolved and has no job: nobody would ever do anything about it again.

Items and their jobs are written in one transaction, so there should be none of these unless the
catalogue was damaged, or restored from a copy, and a table with it.  A look costs little, and
without it such an item would stay open, and hold the watermark, for good.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, String, cast, exists, select

from catchment._catalogue.tables import file, interaction, job, recording


def list_jobless(connection: Connection, source_id: int) -> list[tuple[str, str]]:
    """Kinds and keys of the jobs that are missing for what is unresolved of a source."""
    queries: tuple[tuple[tuple[str, ...], Select[tuple[int]]], ...] = (
        (
            ("capture",),
            select(recording.c.id).where(
                recording.c.source_id == source_id,
                recording.c.state == "open",
                ~_has_job(recording.c.id, "capture"),
                # A recording whose file is to be downloaded waits for that; for a file that is
                # not offered yet it has to ask.
                ~exists().where(
                    file.c.recording_id == recording.c.id,
                    file.c.state == "expected",
                    file.c.ways.is_not(None) | _has_job(file.c.id, "media"),
                ),
            ),
        ),
        (
            ("media",),
            select(file.c.id)
            .join(recording, recording.c.id == file.c.recording_id)
            .where(
                recording.c.source_id == source_id,
                file.c.state == "expected",
                file.c.recipe == "",
                file.c.ways.is_not(None),  # else its recording asks for it
                ~_has_job(file.c.id, "media"),
            ),
        ),
        (
            ("map", "seal"),
            select(interaction.c.num).where(
                interaction.c.source_id == source_id,
                interaction.c.unsealed_since.is_not(None),
                ~_has_job(interaction.c.num, "map", "seal", "playback", "contact"),
            ),
        ),
    )
    return [
        (kind, str(key))
        for kinds, query in queries
        for key in connection.execute(query).scalars()
        for kind in kinds
    ]


def _has_job(row_id: ColumnElement[int], *kinds: str) -> ColumnElement[bool]:
    """Whether something of *kinds* is to be done about a row, now or later."""
    return exists().where(
        job.c.kind.in_(kinds), job.c.key == cast(row_id, String), job.c.due_at.is_not(None)
    )
