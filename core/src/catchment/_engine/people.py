"""The directory of people, and what keeps a source in good order beside its recordings."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from catchment._catalogue import directory, interactions, jobs, sightings
from catchment._engine.application import Application, LiveSource
from catchment._engine.work import Work

EVERY = timedelta(hours=6)
UPKEEP_EVERY = timedelta(hours=1)


def sync_directory(work: Work) -> None:
    """Read the platform's people; interactions that waited for a name are mapped again."""
    people = work.source.hooks.sync_directory()
    directory.save_people(work.app.database, work.source.id, people, work.now)
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        nums = interactions.list_unnamed(connection, work.source.id)
        sightings.want_mapping(work.app.database, connection, work.source.id, nums, now)
        jobs.finish(connection, work.job, now, again_at=now + EVERY)


def upkeep(work: Work) -> None:
    """Let the adapter keep its subscriptions alive."""
    work.source.hooks.upkeep()
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + UPKEEP_EVERY)


def want_remapping(app: Application, source: LiveSource, connection: Connection) -> None:
    """Have interactions mapped again that an older version of the adapter's mapping told."""
    nums = sightings.list_interactions_without(connection, source.id, source.adapter.mapper)
    sightings.want_mapping(app.database, connection, source.id, nums, app.now())
