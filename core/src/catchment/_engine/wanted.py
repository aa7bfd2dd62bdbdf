"""What people want to have listed again: wanted for a period, and listed while they wait for it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment._catalogue import frontiers, jobs, listed
from catchment._catalogue.jobs import Job
from catchment._catalogue.report import MISSING, read_report
from catchment._engine import endings, polling, rhythm
from catchment._engine.application import Application, LiveSource
from catchment._engine.beating import beat
from catchment._engine.work import Work, feed_key
from catchment.errors import (
    CatchmentError,
    Later,
    LostRace,
    Misuse,
    RateLimited,
    Transient,
    Unreachable,
)
from catchment.model import Window, period

FAR = timedelta(days=36500)
TRIES = 2
"""How often a listing is asked for that fails: somebody sits before it."""

PATIENCE = timedelta(minutes=10)
"""How long to wait for another runner, or for a platform that asks for time."""

NOTICED = timedelta(seconds=5)
"""A wait that is longer is told of, once."""

AROUND = timedelta(hours=1)
LISTED_AFTER = timedelta(days=1)
"""How much later than its start a recording may be listed: lists go by completion."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a report calls missing, and how it can be asked for.

    Attributes:
        ids: By these ids.
        moments: When the others were: the time around them was set to be listed again.
        feeds: By these feeds.
        too_old: So many others have no id, and no feed lists their time any more.
    """

    ids: tuple[str, ...]
    moments: int
    feeds: tuple[str, ...]
    too_old: int


def want_missing(app: Application, live: LiveSource) -> Missing:
    """Find what is missing in all of the past that a source can be asked for.

    What cannot be asked for by an id has the time around it wanted again.
    """
    now = live.platform_now(app.clock)
    told = read_report(app.database, live.id, Window(now - live.horizon, now), now, live.patience)
    lost = [one for one in told.differences if one.kind == MISSING]
    feeds: dict[str, None] = {}
    moments = too_old = 0
    end: datetime | None = None
    for at in sorted(one.occurred_at for one in lost if one.ask is None):
        if end is not None and at + AROUND <= end:
            moments += 1  # what is listed for the one before covers it
            continue
        try:
            feeds |= dict.fromkeys(want_period(app, live, at - AROUND, at + LISTED_AFTER))
        except Misuse:
            too_old += 1
            continue
        moments, end = moments + 1, at + LISTED_AFTER
    ids = sorted({one.ask for one in lost if one.ask is not None})
    return Missing(tuple(ids), moments, tuple(feeds), too_old)


def list_wanted(app: Application, live: LiveSource) -> None:
    """Walk everything that people want of a source, as far as the platform allows in some minutes.

    What it does not answer for stays wanted, and the next run goes on.
    """
    with app.database.read() as connection:
        wanted = listed.list_unfinished(connection, live.id)
    with suppress(Unreachable):  # a run tells what there is to be told of that
        for name, partition in dict.fromkeys((one.feed, one.partition) for one in wanted):
            list_feed(app, live, name, partition)


def want_period(app: Application, source: LiveSource, start: datetime, end: datetime) -> list[str]:
    """Have every feed of a source list a period again; the feeds that can still be asked for it.

    Raises:
        Misuse: The period lies before what any feed of the source can be asked for.
    """
    now, until = source.platform_now(app.clock), source.listable_until(app.clock)
    asked: dict[str, Window] = {}
    for feed in source.feeds.values():
        first = max(start, now - period(feed.horizon))
        # Platforms answer to the second: a walk to a fraction of one would never be at its end.
        last = rhythm.floor(min(end, until - period(feed.settle)), timedelta(seconds=1))
        if first < last:
            asked[feed.name] = Window(first, last)
    # The platform may be asked for its parts: never inside a transaction.
    parts = {name: source.hooks.partitions(source.feeds[name]) for name in asked}
    with app.database.write(source.id) as connection:
        for name, window in asked.items():
            for partition in parts[name]:
                frontiers.begin_walk(
                    connection,
                    source_id=source.id,
                    name=name,
                    partition=partition,
                    purpose="recovery",
                    start_at=window.start,
                    end_at=window.end,
                )
                key = feed_key(source.id, name, partition)
                job = jobs.NewJob("poll", key, source.id, app.now())
                jobs.want(app.database, connection, [job])
    if not asked:
        raise Misuse(
            f"source {source.name} cannot be asked for {start:%Y-%m-%d} to {end:%Y-%m-%d} any more",
            remedy="The platform keeps its lists for "
            f"{max(source.feeds.values(), key=lambda f: period(f.horizon)).horizon}.",
        )
    return list(asked)


def list_feed(app: Application, live: LiveSource, name: str, partition: str) -> str:
    """Walk what was asked for of one feed to its end; why that did not succeed, if it did not.

    Whoever asked waits meanwhile: for another runner, or for a platform that asks for time.

    Raises:
        Unreachable: The platform did not answer, nor when it was tried again.
    """
    key = feed_key(live.id, name, partition)
    until, failed, why = app.now() + PATIENCE, 0, "another runner is still listing it"
    told = app.now()
    while _is_outstanding(app, live, name, partition):
        if app.stop.is_set():
            return "it was stopped"
        claimed = _claim(app, live, key)
        error = _poll(app, live, claimed) if claimed else None
        if error is not None and not isinstance(error, LostRace):
            why = endings.describe(error)
            if not isinstance(error, Transient):
                return why
        failed += isinstance(error, Transient) and not isinstance(error, RateLimited | Later)
        if failed >= TRIES and isinstance(error, Unreachable):
            raise error
        wait = _choose_wait(app, claimed, error, failed)
        if failed >= TRIES or (wait and app.now() + wait > until):
            return why
        longest = wait if claimed else until - app.now()
        if longest > NOTICED and app.now() + longest > told + NOTICED:
            told, seconds = app.now() + longest, math.ceil(longest.total_seconds())
            app.tell("feed.waiting", source=live.name, feed=name, seconds=seconds, why=why)
        app.clock.wait(wait.total_seconds())
        if failed:  # what a runner would let rest for up to an hour somebody sits before here
            with app.database.write() as connection:
                jobs.hasten(connection, ("poll",), live.id, app.now())
    return ""


def _is_outstanding(app: Application, live: LiveSource, name: str, partition: str) -> bool:
    walks = frontiers.list_walks(app.database, live.id, name, partition)
    return any(walk.purpose == "recovery" for walk in walks)


def _claim(app: Application, live: LiveSource, key: str) -> Job | None:
    """The feed's job, unless another runner has it; that runner walks what we asked for."""
    found = jobs.claim(
        app.database,
        ("poll",),
        runner_name=_name_runner(app),
        now=app.now(),
        lease=app.settings.runner.lease,
        limit=1,
        sources=(live.id,),
        ahead=FAR,
        keys=(key,),
    )
    return found[0] if found else None


def _name_runner(app: Application) -> str:
    """Who claims the job here; a runner of the settings' name may be at work beside us."""
    return f"{app.settings.runner.name}-wanted"


def _poll(app: Application, live: LiveSource, claimed: Job) -> CatchmentError | None:
    try:
        with _holding(app, claimed):
            polling.poll(Work(app, live, claimed))
    except CatchmentError as error:
        endings.end(app, live, claimed, error)
        return error
    return None


def _choose_wait(
    app: Application, claimed: Job | None, error: CatchmentError | None, failed: int
) -> timedelta:
    if claimed is None:
        return timedelta(seconds=1)
    if error is None or isinstance(error, LostRace):
        return timedelta()
    asked = error.at if isinstance(error, Later) else getattr(error, "retry_at", None)
    if isinstance(asked, datetime):
        return max(asked - app.now(), timedelta(seconds=1))
    return rhythm.back_off(max(failed, 1), first=timedelta(seconds=5))


@contextmanager
def _holding(app: Application, claimed: Job) -> Iterator[None]:
    """Keep the lease of a job alive while it is worked on."""
    over = threading.Event()
    thread = threading.Thread(
        target=beat,
        args=(app, _name_runner(app), lambda: (claimed,), over),
        name="catchment-wanted",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
