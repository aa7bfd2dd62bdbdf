"""The directory of people, and what keeps a source in good order beside its recordings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import Connection

from catchment._catalogue import directory, interactions, jobs, sightings
from catchment._engine.application import Application, LiveSource
from catchment._engine.work import Work
from catchment.adapters import guard
from catchment.model import period
from catchment.settings import SourceTable

UPKEEP_EVERY = timedelta(hours=1)


def sync_directory(work: Work) -> None:
    """Read the platform's directory; what waited for a name or an address is mapped again."""
    source = work.source
    rows = source.hooks.sync_directory()
    kind = source.adapter
    every = guard(kind.name, "directory_every_of", lambda: _read_rhythm(source))
    synced = directory.save_directory(
        work.app.database,
        source.id,
        rows,
        work.now,
        imports_left=kind.imports_left,
        claimed=work.job,
    )
    # Nobody is kept waiting by a look at all parties: what is mapped meanwhile has the names.
    with work.app.database.read() as connection:
        nums = interactions.list_unnamed(connection, work.source.id)
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        sightings.want_mapping(work.app.database, connection, work.source.id, nums, now)
        jobs.finish(connection, work.job, now, again_at=now + every)
    work.app.tell("directory.synced", source=source.name, **asdict(synced))


def knows_all(table: SourceTable) -> bool:
    """Whether whoever is not in the directory of a source is unknown to its platform."""
    kind = table.kind
    return guard(
        kind.name,
        "reads_whole_directory_of",
        lambda: kind.reads_whole_directory_of(table.settings),
    )


def _read_rhythm(source: LiveSource) -> timedelta:
    return period(source.adapter.directory_every_of(source.table.settings))


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
