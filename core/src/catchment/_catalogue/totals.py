"""Sums over the whole catalogue, for a monitoring system: files, bytes, jobs, budgets.

Unlike what ``status`` asks, these look at every file there is: some seconds per ten million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, select

from catchment._catalogue.tables import bucket, file, job, recording, source


@dataclass(frozen=True, slots=True)
class Files:
    """Originals of a source in one state: how many, and how many bytes those archived have."""

    source: str
    state: str
    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of one kind of a source: ``state`` is ``running``, ``due`` or ``waiting``."""

    source: str
    kind: str
    state: str
    count: int


def count_files(connection: Connection) -> list[Files]:
    """How many originals of each source are in which state; renditions are not counted."""
    query = (
        select(
            source.c.name,
            file.c.state,
            func.count().label("number"),
            func.sum(case((file.c.state == "archived", file.c.size_bytes), else_=0)).label("size"),
        )
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .join(source, source.c.id == recording.c.source_id)
        .where(file.c.recipe == "")
        .group_by(source.c.name, file.c.state)
    )
    return [
        Files(row.name, row.state, row.number, int(row.size or 0))
        for row in connection.execute(query)
    ]


def count_jobs(connection: Connection, now: datetime) -> list[Jobs]:
    """How many jobs of each source and kind are at work, could be, or are for later."""
    state = case(
        (and_(job.c.runner.is_not(None), job.c.due_at > now), "running"),
        (job.c.due_at <= now, "due"),
        else_="waiting",
    ).label("state")
    query = (
        select(source.c.name, job.c.kind, state, func.count().label("number"))
        .join_from(job, source, source.c.id == job.c.source_id)
        .where(job.c.due_at.is_not(None))
        .group_by(source.c.name, job.c.kind, state)
    )
    return [Jobs(row.name, row.kind, row.state, row.number) for row in connection.execute(query)]


def list_blocked(connection: Connection, now: datetime) -> Mapping[str, float]:
    """For how many seconds more each budget is blocked because the platform asked us to wait."""
    query = select(bucket.c.name, bucket.c.blocked_until).where(bucket.c.blocked_until.is_not(None))
    return {
        row.name: max(0.0, (row.blocked_until - now).total_seconds())
        for row in connection.execute(query)
    }
