"""What went wrong beside the recordings: what cannot be mapped, and people who cannot be read.

The media are archived all the same; hence nothing of this holds the watermark back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from catchment._catalogue import reasons
from catchment._catalogue.tables import interaction, job, person, queue, team
from catchment.model import Window

ROUTINES = ("missing", "parts", "upkeep")
"""Jobs that no item and no feed waits for: who does not say that they fail, hides it."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Interactions that are not what they should be: not mapped, or not joined, and why.

    Attributes:
        kind: :data:`reasons.UNMAPPED` or :data:`reasons.UNJOINED`.
        reason: Why.
        count: How many.
        example: The id of the oldest.
    """

    kind: str
    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class UnmappedInteraction:
    """One of them: its id, when it began, and of which kind the reason is."""

    interaction_id: str
    at: datetime
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class DirectoryTrouble:
    """A directory that could not be read when that was last tried.

    Attributes:
        read_at: When it last was; ``None`` if never.
        attempts: How often it was tried since.
        error: Why it could not.
    """

    read_at: datetime | None
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class FailingRoutine:
    """Something that is done for a source again and again, and fails.

    Attributes:
        kind: Of its job: one of :data:`ROUTINES`.
        attempts: How often it failed since it was last done.
        error: Why.
    """

    kind: str
    attempts: int
    error: str


def park_unmapped(connection: Connection, num: int, why: str) -> None:
    """Say beside an interaction that its adapter cannot map it, and why."""
    connection.execute(
        update(interaction)
        .where(interaction.c.num == num, interaction.c.parked_why.is_(None))
        .values(parked_kind=reasons.UNMAPPED, parked_why=f"it cannot be mapped: {why}")
    )


def list_unmapped(connection: Connection, source_id: int) -> list[int]:
    """Interactions that could not be mapped, to be tried again."""
    query = select(interaction.c.num).where(
        *is_unmapped(source_id), interaction.c.parked_kind == reasons.UNMAPPED
    )
    return list(connection.execute(query).scalars())


def count_unmapped(connection: Connection, source_id: int) -> Iterator[Unmapped]:
    """The interactions of a source that a person should look at, by reason, most of all first."""
    query = (
        select(
            interaction.c.parked_kind,
            interaction.c.parked_why,
            func.count().label("number"),
            func.min(interaction.c.num).label("first"),
        )
        .where(*is_unmapped(source_id))
        .group_by(interaction.c.parked_kind, interaction.c.parked_why)
        .order_by(func.count().desc(), interaction.c.parked_why)
    )
    for row in connection.execute(query).all():
        found = connection.execute(
            select(interaction.c.interaction_id).where(interaction.c.num == row.first)
        )
        yield Unmapped(row.parked_kind, row.parked_why, row.number, found.scalar_one())


def list_unmapped_in(
    connection: Connection, source_id: int, window: Window
) -> Iterator[UnmappedInteraction]:
    """Each of those that began inside *window*."""
    query = select(
        interaction.c.interaction_id,
        interaction.c.started_at,
        interaction.c.parked_kind,
        interaction.c.parked_why,
    ).where(
        *is_unmapped(source_id),
        interaction.c.started_at >= window.start,
        interaction.c.started_at < window.end,
    )
    for row in connection.execute(query):
        yield UnmappedInteraction(*row)


def is_unmapped(source_id: int) -> tuple[ColumnElement[bool], ...]:
    """What a person parked is not meant: its recordings say so."""
    return (
        interaction.c.source_id == source_id,
        interaction.c.survivor_num.is_(None),
        # Said once more, so that the index of the few that are parked is used.
        interaction.c.parked_why.is_not(None),
        interaction.c.parked_kind.in_((reasons.UNMAPPED, reasons.UNJOINED)),
    )


def list_failing_routines(connection: Connection, source_id: int) -> list[FailingRoutine]:
    """Routines of a source that failed when they were last tried, by kind."""
    failed = connection.execute(
        select(job.c.kind, job.c.attempts, job.c.error)
        .where(
            job.c.source_id == source_id,
            job.c.kind.in_(ROUTINES),
            job.c.due_at.is_not(None),
            job.c.attempts > 0,
            job.c.error.is_not(None),
        )
        .order_by(job.c.kind)
    )
    return [FailingRoutine(*row) for row in failed]


def find_directory_trouble(connection: Connection, source_id: int) -> DirectoryTrouble | None:
    """Why the directory of a source could not be read when that was last tried, if so."""
    failed = connection.execute(
        select(job.c.attempts, job.c.error).where(
            job.c.source_id == source_id,
            job.c.kind == "directory",
            job.c.due_at.is_not(None),
            job.c.attempts > 0,
            job.c.error.is_not(None),
        )
    ).first()
    if failed is None:
        return None
    # Each sync tells anew of everybody who is still there.
    told = [
        connection.execute(
            select(func.max(table.c.seen_at)).where(table.c.source_id == source_id)
        ).scalar()
        for table in (person, team, queue)
    ]
    read_at = max((at for at in told if at is not None), default=None)
    return DirectoryTrouble(read_at, failed.attempts, failed.error)
