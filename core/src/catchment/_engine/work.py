"""What a step of the engine is given, and the ways in which it may end.

A step does its reading and its I/O outside any transaction and ends with one transaction that
holds both its effect and the end of its job.  Raising ends it without effect; what happens then is
decided in one place, :mod:`catchment._engine.endings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catchment._catalogue.jobs import Job
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


def feed_key(source_id: int, feed: str, partition: str) -> str:
    """The key of the job that polls a feed's partition."""
    return f"{source_id}/{feed}/{partition}"


def read_feed_key(key: str) -> tuple[str, str]:
    """Feed and partition of a job's key."""
    _, feed, partition = key.split("/", 2)
    return feed, partition
