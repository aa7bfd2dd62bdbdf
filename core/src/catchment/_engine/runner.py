"""Runs jobs: claims what is due, hands it to threads, keeps the leases alive, ends cleanly.

Several runners may work on one catalogue.  Everything that must not happen twice is guarded by the
fence of its job and by the archive's put-if-absent; nothing here relies on being alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from catchment._catalogue import jobs, outages, sources
from catchment._catalogue.jobs import Job, NewJob
from catchment._engine import (
    bookkeeping,
    cutting,
    disk,
    endings,
    footprint,
    missing,
    people,
    playback,
    polling,
    recovery,
    sealing,
)
from catchment._engine.application import Application, LiveSource
from catchment._engine.beating import beat
from catchment._engine.capture import capture
from catchment._engine.consolidation import consolidate
from catchment._engine.derive import derive
from catchment._engine.media import fetch
from catchment._engine.timekeeping import Timekeeper
from catchment._engine.work import Work
from catchment.errors import (
    CatalogueUnusable,
    CatchmentError,
    LostRace,
    Misuse,
    RateLimited,
    Refused,
    StorageUnavailable,
    ToolMissing,
)

log = logging.getLogger("catchment.runner")

STEPS: Mapping[str, Callable[[Work], None]] = {
    "poll": polling.poll,
    "inbox": recovery.read_inbox,
    "directory": people.sync_directory,
    "upkeep": people.upkeep,
    "parts": polling.stand_partitions,
    "missing": missing.ask_missing,
    "media": fetch,
    "derive": derive,
    "playback": playback.make_playback,
    "contact": cutting.make_contacts,
    "books": bookkeeping.keep_books,
}
"""The step of each kind of job that is done alone."""

TOGETHER: Mapping[str, tuple[Callable[[Sequence[Work]], None], int]] = {
    "map": (consolidate, 8),
    "seal": (sealing.seal, 8),
}
"""Steps that take several jobs of one source at once, because most of what a job costs is its
transactions, and how many.  ``capture`` takes as many as its adapter does and stands apart."""

ASKED = ("fetch_metadata", "fetch_media")

ASKING = ("poll", "inbox", "directory", "upkeep", "parts", "missing")
"""Jobs that only ask the platform what there is."""

LEFT_OVER = timedelta(days=2)
"""What nobody touched for so long, by the disk's own time, belongs to nobody."""

FAR = timedelta(days=36500)
IDLE_S = 1.0
BUSY_S = 0.05
GATHER_S = 0.005
"""Jobs that end at nearly the same time are one reason to look for more."""

RECONNECT = timedelta(minutes=1)
RECONNECT_STOPPED = timedelta(minutes=10)


@dataclass(slots=True)
class Lane:
    """Jobs of some kinds that share threads.

    Attributes:
        kinds: Which jobs.
        threads: How many at once.
        role: The runner's role that opens the lane.
        ahead: How many jobs are claimed for each thread, so that it need not wait for the next.
    """

    kinds: tuple[str, ...]
    threads: int
    role: str
    ahead: int = 2
    pool: ThreadPoolExecutor | None = None
    running: set[Future[None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        unreachable: Sources that could not be spoken to, with the reason.
        stopped: Sources that need a person, with the reason.
        throttled: Sources whose platform asked us to wait before it says who we are.
        put_off: Sources of which work is left because the catalogue did not take it, with the
            reason.
    """

    unreachable: Mapping[str, str]
    stopped: Mapping[str, str]
    throttled: Mapping[str, str] = field(default_factory=dict)
    put_off: Mapping[str, str] = field(default_factory=dict)


class Runner:
    """One runner in one process.

    Args:
        app: What is open.
        names: The sources to work for.
        roles: ``poll`` lists, ``work`` does everything else.
        once: End as soon as nothing is due.
    """

    def __init__(
        self,
        app: Application,
        names: Sequence[str],
        roles: Iterable[str] = ("poll", "work"),
        *,
        once: bool = False,
    ) -> None:
        table = app.settings.runner
        self.app = app
        self.names = tuple(names)
        self.roles = tuple(roles)
        self.once = once
        self.name = table.name
        self.started_at = app.now()
        self._lanes = [
            Lane(ASKING, table.pollers, "poll"),
            Lane(("capture", "media"), table.downloads, "work"),
            Lane(("derive", "playback", "contact"), table.conversions, "work"),
            Lane(("map",), 1, "work", ahead=16),  # each takes milliseconds
            # They wait for the disk, not for each other.
            Lane(("seal", "books"), 4, "work", ahead=4),
        ]
        self._held: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._connect_at: dict[str, datetime] = {}
        self.unreachable: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._throttled: dict[str, str] = {}
        self._put_off: dict[tuple[str, str], tuple[str, str]] = {}
        self._begun: set[str] = set()
        self._timekeeper = Timekeeper(app)

    def run(self) -> Ending:
        """Work until nothing is due (``once``) or until the application is asked to stop."""
        app = self.app
        footprint.keep_small()
        jobs.enter_runner(app.database, self.name, ",".join(self.roles), app.now())
        self._sweep()
        self._timekeeper.begin()
        beats = threading.Thread(
            target=beat,
            args=(app, self.name, self._list_held, app.stop),
            name="catchment-beat",
            daemon=True,
        )
        beats.start()
        try:
            self._open_lanes()
            self._loop()
        finally:
            app.stop.set()
            self._close_lanes()
            beats.join(timeout=10)
            with suppress(CatchmentError):
                jobs.leave_runner(app.database, self.name, app.now())
        stopped = {one.name: one.stopped for one in app.live.values() if one.stopped}
        put_off = dict(self._put_off.values())
        return Ending(
            dict(self.unreachable), stopped | self._refused, dict(self._throttled), put_off
        )

    def _sweep(self) -> None:
        """Remove what dead runners left in the buffer and in the archive's temporary folder."""
        disk.sweep_buffer(self.app.buffer, time.time() - LEFT_OVER.total_seconds())
        self.app.archive.sweep_temporary(datetime.now(UTC) - LEFT_OVER)

    # --- contact -----------------------------------------------------------------------------

    def _connect(self) -> None:
        """Make contact with sources that are not live; a failure concerns that source alone."""
        now = self.app.now()
        for name in self.names:
            one = self.app.live.get(name)
            working = name in self._begun and one is not None and not one.stopped
            if working or self._connect_at.get(name, now) > now:
                continue
            self._connect_at[name] = now + RECONNECT
            try:
                self._begin(self.app.connect(name))
                self._begun.add(name)
            except (Refused, Misuse) as error:  # the platform's no, or a setting such as a secret
                self._stop(name, error, now)
            except (CatalogueUnusable, StorageUnavailable, ToolMissing):
                raise  # what all sources share is missing
            except RateLimited as error:
                self._wait_for(name, error, now)
            except Exception as error:  # whatever an adapter does, the others go on
                if not isinstance(error, CatchmentError):
                    log.error("contact.crashed %s", name, exc_info=error)
                self._throttled.pop(name, None)
                self.unreachable[name] = endings.describe(error)
                outages.enter_outage(self.app.database, name, endings.describe(error), now)
                self.app.tell("source.unreachable", source=name, error=endings.describe(error))

    def _stop(self, name: str, error: Refused | Misuse, now: datetime) -> None:
        """Ask nothing until a person mends the credential, or the setting, which asks nobody."""
        why = endings.describe(error)
        self._connect_at[name] = now + (
            RECONNECT if isinstance(error, Misuse) else RECONNECT_STOPPED
        )
        self.unreachable.pop(name, None)
        self._throttled.pop(name, None)
        if self._refused.get(name) != why:
            self.app.tell("source.stopped", source=name, error=why)
        self._refused[name] = why
        sources.stop_named(self.app.database, name, why, now)
        outages.enter_outage(self.app.database, name, why, now)

    def _wait_for(self, name: str, error: RateLimited, now: datetime) -> None:
        """Come back when the platform says so, which needs nobody."""
        until = max(error.retry_at or now + RECONNECT, now + RECONNECT)
        why = endings.describe(error)
        self._connect_at[name] = until
        self.unreachable.pop(name, None)
        self._throttled[name] = why
        outages.enter_outage(self.app.database, name, why, now, until)
        self.app.tell("source.throttled", source=name, error=why, until=until.isoformat())

    def _begin(self, source: LiveSource) -> None:
        """Make sure that a source's recurring jobs stand, and try again what was set aside."""
        self.unreachable.pop(source.name, None)
        self._refused.pop(source.name, None)
        self._throttled.pop(source.name, None)
        now = self.app.now()
        standing = [NewJob("inbox", str(source.id), source.id, now)]
        standing.append(NewJob("books", str(source.id), source.id, now))
        standing.append(NewJob("missing", str(source.id), source.id, now))
        if source.hooks.has("sync_directory"):
            standing.append(NewJob("directory", str(source.id), source.id, now))
        if source.hooks.has("upkeep"):
            standing.append(NewJob("upkeep", str(source.id), source.id, now))
        if source.hooks.has("partitions"):
            due_at = now + polling.PARTITIONS_EVERY
            standing.append(NewJob("parts", str(source.id), source.id, due_at))
        polls = polling.list_polls(source, now)
        with self.app.database.write(source.id) as connection:
            self._timekeeper.mend(source, connection)
            outages.end_outage(connection, source.name)
            jobs.stand(self.app.database, connection, standing)
            polling.stand_polls(self.app.database, connection, source.id, polls)
            woken = endings.wake(self.app, source, connection)
            people.want_remapping(self.app, source, connection)
        self.started_at = self.app.now()
        self.app.tell("source.live", source=source.name, woken=woken)

    # --- the loop ----------------------------------------------------------------------------

    def _open_lanes(self) -> None:
        for lane in self._lanes:
            if lane.role in self.roles:
                lane.pool = ThreadPoolExecutor(lane.threads, f"catchment-{lane.kinds[0]}")

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            if lane.pool is not None:
                lane.pool.shutdown(wait=True, cancel_futures=True)

    def _loop(self) -> None:
        while not self.app.stop.is_set():
            if self._timekeeper.was_set_back():
                self._connect_at.clear()
            self._connect()
            claimed = self._feed()
            if claimed or any(lane.running for lane in self._lanes):
                self._pause(BUSY_S)
            elif not self.once:
                self._pause(IDLE_S)
            elif not self._wind_up():
                return

    def _pause(self, seconds: float) -> None:
        """Wait until a job ends, or for *seconds*."""
        if self._wake.wait(seconds):
            self.app.stop.wait(GATHER_S)
        self._wake.clear()

    def _wind_up(self) -> bool:
        """Seal and book what would wait for quiet, because this run ends; whether work is left."""
        # Each of them makes the next one necessary.
        closing = ("seal",), ("playback", "contact"), ("map",)
        while not self.app.stop.is_set() and any(self._flush(kinds) for kinds in closing):
            pass
        # A list is moved once what it found is sealed; one that waits for the platform waits on.
        self._flush(("inbox",), recovery.EVERY)
        self._flush(("books",))
        kinds = [kind for lane in self._lanes if lane.pool for kind in lane.kinds]
        due = jobs.next_due(self.app.database, kinds, self._list_sources())
        return due is not None and due <= self.started_at

    def _feed(self) -> int:
        """Claim what the threads of all lanes can take; how many jobs that was."""
        rooms = [(lane, self._measure_room(lane)) for lane in self._lanes if lane.pool]
        open_ = [(lane, room) for lane, room in rooms if room]
        kinds = [kind for lane, _ in open_ for kind in lane.kinds]
        due = jobs.list_due(self.app.database, kinds, self._list_sources(), self.app.now())
        return sum(
            self._start(lane, self._claim(lane.kinds, room))
            for lane, room in open_
            if not due.isdisjoint(lane.kinds)
        )

    def _measure_room(self, lane: Lane) -> int:
        """How many jobs *lane* can take; none until half of its places are free."""
        lane.running = {future for future in lane.running if not future.done()}
        places = lane.threads * lane.ahead
        free = places - len(lane.running)
        return free if free * 2 >= places else 0

    def _list_sources(self) -> list[int]:
        """The sources that are worked for now."""
        return [one.id for one in self.app.live.values() if not one.stopped]

    def _claim(self, kinds: Sequence[str], limit: int, ahead: timedelta = timedelta()) -> list[Job]:
        sources = self._list_sources()
        if not sources:
            return []
        # A single run lists each feed once: what becomes due again while it works is for the next.
        now = self.started_at if self.once and kinds[0] == "poll" else self.app.now()
        return jobs.claim(
            self.app.database,
            kinds,
            runner_name=self.name,
            now=now,
            lease=self.app.settings.runner.lease,
            limit=limit,
            sources=sources,
            ahead=ahead,
        )

    def _start(self, lane: Lane, claimed: list[Job]) -> int:
        assert lane.pool is not None
        with self._lock:
            self._held |= {job.id: job for job in claimed}
        for batch in self._group(claimed):
            future = lane.pool.submit(self._execute, batch)
            future.add_done_callback(lambda _: self._wake.set())
            lane.running.add(future)
        return len(claimed)

    def _group(self, claimed: list[Job]) -> list[list[Job]]:
        """Put jobs of one source and kind together, as many as their step takes at once."""
        groups: list[list[Job]] = []
        open_groups: dict[tuple[int, str], list[Job]] = {}
        for job in claimed:
            group = open_groups.get((job.source_id, job.kind))
            # What failed before is tried alone, so that it fails alone.
            size = self._measure_group(job) if job.attempts <= 1 else 1
            if size > 1 and group is not None and len(group) < size:
                group.append(job)
                continue
            groups.append([job])
            if size > 1:
                open_groups[job.source_id, job.kind] = groups[-1]
        return groups

    def _measure_group(self, job: Job) -> int:
        """How many jobs of this source and kind are done at once."""
        if job.kind in TOGETHER:
            return TOGETHER[job.kind][1]
        source = self.app.by_id(job.source_id)
        if job.kind != "capture" or source is None:
            return 1
        return max(source.batch.get(hook, 1) for hook in ASKED)

    def _flush(self, kinds: Sequence[str], ahead: timedelta = FAR) -> int:
        """Run jobs of *kinds* that are due within *ahead* and never failed.

        Returns:
            How many that was; what the catalogue did not take is not to be tried at once again.
        """
        lane = next(lane for lane in self._lanes if kinds[0] in lane.kinds)
        if lane.pool is None:
            return 0
        claimed = self._claim(kinds, 64, ahead)
        self._start(lane, claimed)
        for future in lane.running:
            future.result()
        return sum((job.kind, job.key) not in self._put_off for job in claimed)

    # --- one job -----------------------------------------------------------------------------

    def _execute(self, batch: list[Job]) -> None:
        source = self.app.by_id(batch[0].source_id)
        assert source is not None
        for job in batch:
            self._put_off.pop((job.kind, job.key), None)
        try:
            if batch[0].kind == "capture":
                for job, error in capture(self.app, source, batch):
                    self._fail(source, [job], error)
            elif batch[0].kind in TOGETHER:
                self._execute_together(source, batch)
            else:
                STEPS[batch[0].kind](Work(self.app, source, batch[0], self.once))
        except Exception as error:  # noqa: BLE001 - the thread's end: the item keeps the reason
            self._fail(source, batch, error)
        finally:
            with self._lock:
                for job in batch:
                    # Where its lease ran out we may have claimed it again: that one is still held.
                    if self._held.get(job.id) == job:
                        del self._held[job.id]

    def _execute_together(self, source: LiveSource, batch: list[Job]) -> None:
        """Do *batch* at once; where that fails each alone, so that only what is wrong fails.

        What the first try did already is done again with the same outcome.
        """
        step, _ = TOGETHER[batch[0].kind]
        try:
            step([Work(self.app, source, job, self.once) for job in batch])
        except Exception as error:  # noqa: BLE001 - an adapter's mistake, or the archive's disk
            if len(batch) == 1:
                self._fail(source, batch, error)
                return
            for job in batch:
                self._execute_together(source, [job])

    def _fail(self, source: LiveSource, batch: list[Job], error: Exception) -> None:
        if isinstance(error, OSError):
            error = disk.explain(error, self.app.buffer, self.app.archive.root)
        if not isinstance(error, CatchmentError):
            log.error("job.crashed %s %s", batch[0].kind, batch[0].key, exc_info=error)
        for job in batch:
            untaken: CatchmentError | None = None
            if isinstance(error, CatalogueUnusable):
                untaken = error
            try:
                endings.end(self.app, source, job, error)
            except LostRace:
                continue  # another runner has it, and does it
            except CatchmentError as second:
                # The catalogue itself does not answer: the lease runs out and the job is due again.
                untaken = second
                self.app.tell("job.lost", kind=job.kind, key=job.key, error=str(second))
            if untaken is not None:
                self._put_off[job.kind, job.key] = source.name, endings.describe(untaken)

    def _list_held(self) -> list[Job]:
        with self._lock:
            return list(self._held.values())
