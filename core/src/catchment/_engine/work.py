"""What a step of the engine is given, and the ways in which it may end.

A step does its reading and its I/O outside any transaction and ends with one transaction that
holds both its effect and the end of its job.  Raising ends it without effect; what happens then is
decided in one place, :mod:`catchment._engine.endings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from catchment._catalogue.jobs import Job, NewJob
from catchment._engine.application import Application, LiveSource


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed job, with all that its step may use."""

    app: Application
    source: LiveSource
    job: Job
    once: bool = False

    @property
    def now(self) -> datetime:
        """The current time."""
        return self.app.now()

    @property
    def platform_now(self) -> datetime:
        """The platform's time."""
        return self.source.platform_now(self.app.clock)

    @property
    def listable_until(self) -> datetime:
        """The end of what a listing may be asked for, whichever clock is fast."""
        return self.source.listable_until(self.app.clock)


def hand_over(works: Sequence[Work], rows: Mapping[int, Row[Any]]) -> list[NewJob]:
    """Jobs for interactions that others were joined into, which *works* are still for.

    Whoever works at an interaction holds the job that is named after it: two jobs, held by two
    threads, could otherwise do the same thing to it at the same time.

    Args:
        works: Jobs of one kind and one source whose keys are the numbers of interactions.
        rows: By each of these numbers the interaction, or the one that it was joined into.
    """
    own = {int(work.job.key) for work in works}
    nums = {row.num for row in rows.values()} - own
    of = works[0]
    return [NewJob(of.job.kind, str(num), of.source.id, of.now) for num in sorted(nums)]


@contextmanager
def staging(work: Work, *names: str) -> Iterator[list[Path]]:
    """A path in the buffer for each of *names*, for what a job makes; nothing is left there.

    The paths have the job's fence in them: a runner that lost the job may still be writing, and
    two runners may share a buffer.
    """
    job = work.job
    paths = [work.app.buffer / f"{job.kind}-{job.key}.{job.fence}.{name}" for name in names]
    try:
        yield paths
    finally:
        for path in paths:
            with suppress(OSError):  # a disk that became read-only: the sweep takes it later
                path.unlink(missing_ok=True)


def feed_key(source_id: int, feed: str, partition: str) -> str:
    """The key of the job that polls a feed's partition."""
    return f"{source_id}/{feed}/{partition}"


def read_feed_key(key: str) -> tuple[str, str]:
    """Feed and partition of a job's key."""
    _, feed, partition = key.split("/", 2)
    return feed, partition
