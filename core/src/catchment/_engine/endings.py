"""What happens to a job that ended with an error: the one place where that is decided.

Waits that the platform asked for are nobody's failure.  Everything else is counted and kept with
its reason beside the item that it concerns, tried again after a growing pause, and set aside for a
person (parked) when trying did not help.  What the engine parked it tries again later, as the rules
below say, and at every start of a runner, because the cause may be gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from catchment._catalogue import (
    frontiers,
    jobless,
    jobs,
    reasons,
    sources,
    troubles,
    wanted,
)
from catchment._catalogue.files import read_file
from catchment._catalogue.jobs import Job
from catchment._catalogue.outcomes import (
    count_attempt,
    list_parked_by_engine,
    name_maker,
    park_file,
    park_rendition,
)
from catchment._catalogue.recordings import (
    is_set_aside,
    list_recordings_parked_by_engine,
    read_recordings,
    read_state,
    set_recording,
    settle_recording,
)
from catchment._engine import cutting, playback, rhythm
from catchment._engine.application import Application, LiveSource
from catchment._engine.work import read_feed_key
from catchment._media.split import AUDIO
from catchment.errors import (
    AdapterFault,
    BadSettings,
    CatalogueUnusable,
    CatchmentError,
    Corrupt,
    Later,
    LinkDead,
    LostRace,
    NeedsPerson,
    RateLimited,
    Refused,
    StorageUnavailable,
    ToolMissing,
    Transient,
    Unconvertible,
    Unreachable,
)

SHORT_WAIT = timedelta(seconds=30)
STORAGE_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rule:
    """How often an error is tried again, how soon first, and how long it is parked then.

    ``kind`` is what people group the reasons by: one of :data:`reasons.KINDS`.
    """

    tries: int
    first: timedelta
    parked_for: timedelta
    kind: str


_RULES: tuple[tuple[type[CatchmentError], Rule], ...] = (
    (StorageUnavailable, Rule(1, STORAGE_WAIT, STORAGE_WAIT, reasons.STORAGE)),
    (ToolMissing, Rule(1, STORAGE_WAIT, STORAGE_WAIT, reasons.TOOL)),
    (Unconvertible, Rule(2, timedelta(minutes=1), rhythm.DAY, reasons.CONVERSION)),
    (Corrupt, Rule(5, timedelta(minutes=1), rhythm.DAY, reasons.BYTES)),
    (LinkDead, Rule(6, timedelta(seconds=30), rhythm.DAY, reasons.LINK)),
    (AdapterFault, Rule(3, timedelta(minutes=1), rhythm.DAY, reasons.ADAPTER)),
    (Transient, Rule(30, timedelta(seconds=30), rhythm.HOUR, reasons.UNREACHABLE)),
    (NeedsPerson, Rule(3, timedelta(minutes=1), rhythm.DAY, reasons.PERMISSION)),
)
_EVENTS = ((Unreachable, "job.unanswered"), (StorageUnavailable, "job.unstored"))
"""How failures are told that concern more than one item."""

_STOPPING = threading.Lock()

_OTHERWISE = Rule(3, timedelta(minutes=1), rhythm.DAY, reasons.OTHER)


def end(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """Decide what happens to *job* after *error*, and keep the reason where people look."""
    if isinstance(error, LostRace):
        return
    if isinstance(error, RateLimited | Later):
        _wait(app, job, error)
        return
    if isinstance(error, CatalogueUnusable):
        # A server that restarts, or two transactions that waited for each other: no item's failure.
        due_at = app.now() + SHORT_WAIT
        jobs.postpone(app.database, job, due_at=due_at, error=describe(error), failed=False)
        return
    if isinstance(error, Refused | BadSettings) and job.kind not in ("directory", "upkeep"):
        stop_source(app, source, error)
        jobs.postpone(app.database, job, due_at=app.now() + SHORT_WAIT, error=str(error))
        return
    app.tell(
        next((event for kind, event in _EVENTS if isinstance(error, kind)), "job.failed"),
        source=source.name,
        kind=job.kind,
        item=_name_item(app, job),
        attempt=job.attempts,
        error=describe(error),
    )
    _CONCERNS.get(job.kind, _fail_other)(app, source, job, error)


def _name_item(app: Application, job: Job) -> str:
    """What a job is about, as a person can give it to ``show`` and ``retry``."""
    if job.kind not in ("capture", "media", "derive"):
        return job.key
    with app.database.read() as connection:
        if job.kind == "capture":
            return ", ".join(
                one.value.external_id for one in read_recordings(connection, [int(job.key)])
            )
        known = read_file(connection, int(job.key))
        if known is None:
            return job.key
        (recording,) = read_recordings(connection, [known.recording_id])
        return f"{recording.value.external_id}/{known.file_id}"


def describe(error: Exception) -> str:
    """One sentence; of what is not our own error only the kind, since it may quote anything."""
    if isinstance(error, CatchmentError):
        return f"{error}. {error.remedy}" if error.remedy else str(error)
    return (
        f"the program failed with {type(error).__name__}; this is a bug of Catchment, and "
        'log.level = "debug" has the log say where'
    )


def stop_source(app: Application, source: LiveSource, error: CatchmentError) -> None:
    """Ask nothing more of a source until its credential is mended; told once."""
    why = describe(error)
    with _STOPPING:  # all jobs in hand are refused at the same moment
        told, source.stopped = bool(source.stopped), why
    sources.stop(app.database, source.id, why, app.now())
    if not told:
        app.tell("source.stopped", source=source.name, error=why)


def _wait(app: Application, job: Job, error: RateLimited | Later) -> None:
    now = app.now()
    asked = error.at if isinstance(error, Later) else error.retry_at
    due_at = max(asked or now + SHORT_WAIT, now)
    jobs.postpone(app.database, job, due_at=due_at, error=str(error), failed=False)


def _rule(error: Exception) -> Rule:
    return next((rule for kind, rule in _RULES if isinstance(error, kind)), _OTHERWISE)


def _fail_poll(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """A feed is tried for ever; how long it has been failing is seen in ``status``."""
    name, partition = read_feed_key(job.key)
    now = app.now()
    with app.database.write(source.id) as connection:
        jobs.hold(connection, job)
        frontiers.count_failure(
            connection,
            source.id,
            name,
            partition,
            describe(error),
            now,
            lasting=not isinstance(error, Transient),
        )
    due_at = now + rhythm.back_off(job.attempts)
    jobs.postpone(app.database, job, due_at=due_at, error=describe(error))


def _fail_capture(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    rule, now = _rule(error), app.now()
    parked = job.attempts >= rule.tries
    wait = rule.parked_for if parked else rhythm.back_off(job.attempts, first=rule.first)
    with app.database.write(source.id) as connection:
        jobs.hold(connection, job)
        if is_set_aside(connection, int(job.key)):
            jobs.finish(connection, job, now)
            return
        state, _ = read_state(connection, int(job.key))
        # Of a recording that has all its files this was a look at whether there are more, and that
        # nobody answered is no news of it.
        if state != "quiet" or (parked and not isinstance(error, Transient)):
            set_recording(
                connection,
                int(job.key),
                "parked" if parked else "open",
                describe(error),
                now,
                retry_at=now + wait,
                reason_kind=rule.kind if parked else None,
            )
        jobs.give_back(connection, job, due_at=now + wait, error=describe(error))


def _fail_media(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    rule, now = _rule(error), app.now()
    with app.database.write(source.id) as connection:
        jobs.hold(connection, job)
        known = read_file(connection, int(job.key))
        if known is None or known.state == "skipped" or known.parked_by_person:
            jobs.finish(connection, job, now)  # a person decided while it was fetched
            return
        parked = known.attempts + 1 >= rule.tries
        wait = rule.parked_for if parked else rhythm.back_off(known.attempts + 1, first=rule.first)
        count_attempt(connection, known.id, describe(error), now + wait)
        if parked:
            park_file(connection, known.id, describe(error), now, now + wait, rule.kind)
        settle_recording(connection, known.recording_id, now)
        jobs.give_back(connection, job, due_at=now + wait, error=describe(error))


def _fail_derive(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """The original stays archived; what could not be made of it is parked beside it."""
    rule, now = _rule(error), app.now()
    parked = job.attempts >= rule.tries
    wait = rule.parked_for if parked else rhythm.back_off(job.attempts, first=rule.first)
    with app.database.read() as connection:
        known = read_file(connection, int(job.key))
    if parked and known is not None:
        with app.database.write(source.id) as connection:
            jobs.hold(connection, job)
            park_rendition(
                app.database,
                connection,
                known,
                AUDIO,
                "audio",
                describe(error),
                now,
                now + wait,
                rule.kind,
            )
            settle_recording(connection, known.recording_id, now)
    jobs.postpone(app.database, job, due_at=now + wait, error=describe(error))


_PARK = {"playback": playback.park, "contact": cutting.park}


def _fail_whole(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """A call that cannot be put together, or cut into contacts, is sealed without, and says so.

    At each failure the seal looks how long it may still wait.
    """
    rule, now = _rule(error), app.now()
    parked = job.attempts >= rule.tries
    wait = rule.parked_for if parked else rhythm.back_off(job.attempts, first=rule.first)
    if parked:
        _PARK[job.kind](app, source.id, job, describe(error), now + wait, rule.kind)
    jobs.postpone(app.database, job, due_at=now + wait, error=describe(error))
    if not parked:
        with app.database.write(source.id) as connection:
            jobs.want(app.database, connection, [jobs.NewJob("seal", job.key, source.id, now)])


def _fail_map(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """What cannot be mapped says so beside its recordings, which are archived all the same."""
    rule, now = _rule(error), app.now()
    parked = job.attempts >= rule.tries
    wait = rule.parked_for if parked else rhythm.back_off(job.attempts, first=rule.first)
    if parked:
        with app.database.write(source.id) as connection:
            jobs.hold(connection, job)
            troubles.park_unmapped(connection, int(job.key), describe(error))
    jobs.postpone(app.database, job, due_at=now + wait, error=describe(error))


def _fail_inbox(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    """No item waits for the folder of the lists, so it is told like a list, until it is read."""
    if isinstance(error, StorageUnavailable):
        name, why = str(source.table.recovery), describe(error)
        wanted.enter_unreadable(app.database, source.id, name, why, app.now())
    _fail_other(app, source, job, error)


def _fail_other(app: Application, source: LiveSource, job: Job, error: Exception) -> None:
    needs_person = isinstance(error, NeedsPerson)
    wait = STORAGE_WAIT if needs_person else rhythm.back_off(job.attempts)
    jobs.postpone(app.database, job, due_at=app.now() + wait, error=describe(error))


_CONCERNS: dict[str, Callable[[Application, LiveSource, Job, Exception], None]] = {
    "poll": _fail_poll,
    "capture": _fail_capture,
    "media": _fail_media,
    "derive": _fail_derive,
    "map": _fail_map,
    "playback": _fail_whole,
    "contact": _fail_whole,
    "inbox": _fail_inbox,
}


def wake(app: Application, source: LiveSource, connection: Connection) -> int:
    """Have everything tried again that the engine set aside; how many items that is."""
    now = app.now()
    platform_now = source.platform_now(app.clock)
    new = [
        jobs.NewJob(
            *name_maker(connection, row.id, row.recipe),
            source.id,
            now,
            rhythm.rank(row.occurred_at, platform_now, source.horizon),
        )
        for row in list_parked_by_engine(connection, source.id)
    ]
    new += [
        jobs.NewJob("capture", str(row.id), source.id, now)
        for row in list_recordings_parked_by_engine(connection, source.id)
    ]
    new += [
        jobs.NewJob("map", str(num), source.id, now)
        for num in troubles.list_unmapped(connection, source.id)
    ]
    new += [
        jobs.NewJob(kind, key, source.id, now)
        for kind, key in jobless.list_jobless(connection, source.id)
    ]
    jobs.want(app.database, connection, new)
    return len(new) + jobs.hasten(connection, jobs.WRITING, source.id, now)
