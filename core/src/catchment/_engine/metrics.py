"""What a monitoring system reads, in Prometheus' text format: the catalogue's truth, when asked.

Nothing is counted in this process, so that any runner of a catalogue tells the same, and a runner
that was started a moment ago tells all.  A reading takes as long as ``status`` and one look at
every file; it is kept for nineteen times as long as it took, so that however often somebody asks,
no more than a twentieth of one processor is spent on answers.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from catchment._catalogue import reasons, totals
from catchment._catalogue.states import FILE_STATES, RECORDING_STATES
from catchment._catalogue.totals import Files, Jobs
from catchment._engine.alarms import KINDS, Standing, read_standing
from catchment._engine.application import WRITER, Application
from catchment._words import say_install
from catchment.errors import CatchmentError, Misuse, NotInstalled

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

RESTS = 19
"""How many times as long as a reading took it is given to whoever asks again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that one answer tells.

    Attributes:
        standing: What ``status`` tells.
        files: Originals by source and state.
        jobs: Jobs by source, kind and state.
        blocked: Seconds for which a budget is blocked, by its name.
        seconds: How long it took to read all this.
    """

    standing: Standing
    files: Sequence[Files]
    jobs: Sequence[Jobs]
    blocked: Mapping[str, float]
    seconds: float


def read(app: Application) -> Reading:
    """Ask the catalogue for everything that an answer tells."""
    began = time.monotonic()
    standing = read_standing(app)
    with app.database.read() as connection:
        files = totals.count_files(connection)
        jobs = totals.count_jobs(connection, standing.now)
        blocked = totals.list_blocked(connection, standing.now)
    return Reading(standing, files, jobs, blocked, time.monotonic() - began)


class Collector:
    """Gives Prometheus' library what the catalogue says, whenever it is asked."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._good_until = 0.0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric; only that it cannot be read while the catalogue does not answer."""
        try:
            reading = self._read()
        except CatchmentError as error:
            self._app.tell("metrics.failed", error=str(error))
            yield _gauge("up", "Whether the catalogue could be read.", [((), 0)])
            return
        yield _gauge("up", "Whether the catalogue could be read.", [((), 1)])
        yield from _tell_program(self._app, reading)
        for tell in (_tell_marks, _tell_feeds, _tell_holdings, _tell_alarms, _tell_work):
            yield from tell(reading)

    def _read(self) -> Reading:
        with self._lock:
            if self._reading is None or time.monotonic() >= self._good_until:
                self._reading = read(self._app)
                self._good_until = time.monotonic() + RESTS * self._reading.seconds
            return self._reading


@contextmanager
def serving(app: Application, host: str, port: int) -> Iterator[int]:
    """Answer at ``http://HOST:PORT/metrics`` until the block is left; gives the port.

    Raises:
        NotInstalled: Prometheus' library is not installed.
        Misuse: The address cannot be listened at.
    """
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ModuleNotFoundError as error:
        raise NotInstalled(
            "--metrics needs the extra 'metrics', which is not installed",
            remedy=f"Install it: {say_install('catchment[metrics]')}",
        ) from error
    registry = CollectorRegistry()
    registry.register(Collector(app))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except (OSError, OverflowError) as error:
        said = (getattr(error, "strerror", None) or str(error)).lower()
        raise Misuse(
            f"nobody can be answered at {host}:{port}: {said}",
            remedy="Name another address with --metrics.",
        ) from error
    app.tell("metrics.served", host=host, port=server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


# --- the metrics ---------------------------------------------------------------------------------

Samples = Iterable[tuple[tuple[str, ...], float]]


def _gauge(name: str, told: str, samples: Samples, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"catchment_{name}", told, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _seconds(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else (moment - now).total_seconds()


def _tell_program(app: Application, reading: Reading) -> Iterator[GaugeMetricFamily]:
    version = WRITER.partition(" ")[2]
    yield _gauge("info", "The version of the program.", [((version,), 1)], ("version",))
    yield _gauge(
        "reading_seconds", "How long the catalogue took to tell all this.", [((), reading.seconds)]
    )
    alive = len(reading.standing.runners)
    yield _gauge("runners", "Runners that said they are alive.", [((), alive)])
    volumes = {"buffer": app.settings.buffer.root, "archive": app.settings.archive.root}
    yield _gauge(
        "volume_free_bytes",
        "Free bytes on the volume, as the runner that answers sees it.",
        [((name,), shutil.disk_usage(at).free) for name, at in volumes.items() if at.exists()],
        ("volume",),
    )
    yield _gauge(
        "buffer_reserve_bytes",
        "Free bytes on the buffer's volume at which downloads stop.",
        [((), app.settings.buffer.reserve)],
    )


def _tell_marks(reading: Reading) -> Iterator[GaugeMetricFamily]:
    now, sources = reading.standing.now, reading.standing.sources
    marks = {one.name: one.watermark.at for one in sources if one.watermark.at is not None}
    yield _gauge(
        "watermark_timestamp_seconds",
        "Everything that began before is archived or accounted for.",
        [((name,), at.timestamp()) for name, at in marks.items()],
        ("source",),
    )
    yield _gauge(
        "watermark_lag_seconds",
        "How far the watermark is behind now.",
        [((name,), -_seconds(at, now)) for name, at in marks.items()],
        ("source",),
    )
    nearest = {one.name: one.deletions.nearest_at for one in sources}
    yield _gauge(
        "nearest_deletion_seconds",
        "Until the platform deletes the next recording that is not archived, if that is known.",
        [((name,), _seconds(at, now)) for name, at in nearest.items() if at is not None],
        ("source",),
    )


def _tell_feeds(reading: Reading) -> Iterator[GaugeMetricFamily]:
    now, labels = reading.standing.now, ("source", "feed", "partition")
    feeds = {
        (one.name, feed.feed, feed.partition): feed
        for one in reading.standing.sources
        for feed in one.feeds
        if not feed.off
    }
    yield _gauge(
        "feed_frontier_age_seconds",
        "How long ago the moment is up to which the feed is listed.",
        [(n, -_seconds(f.frontier, now)) for n, f in feeds.items() if f.frontier],
        labels,
    )
    yield _gauge(
        "feed_last_listing_timestamp_seconds",
        "When a listing of the feed last came to its end.",
        [(n, f.walked_at.timestamp()) for n, f in feeds.items() if f.walked_at],
        labels,
    )
    yield _gauge(
        "feed_failing_seconds",
        "For how long the feed has been failing; 0 while it works.",
        [(n, _seconds(now, f.failing_since or now)) for n, f in feeds.items()],
        labels,
    )


def _tell_holdings(reading: Reading) -> Iterator[GaugeMetricFamily]:
    sources = reading.standing.sources
    yield _gauge(
        "recordings",
        "Recordings by state.",
        [
            ((one.name, state), one.recordings.get(state, 0))
            for one in sources
            for state in RECORDING_STATES
        ],
        ("source", "state"),
    )
    yield _gauge(
        "late_recordings",
        "Recordings that were found behind the watermark.",
        [((one.name,), one.late) for one in sources],
        ("source",),
    )
    files = {(one.source, one.state): one for one in reading.files}
    yield _gauge(
        "files",
        "Originals by state; what is made of them is not counted.",
        [
            ((one.name, state), files[one.name, state].count if (one.name, state) in files else 0)
            for one in sources
            for state in FILE_STATES
        ],
        ("source", "state"),
    )
    sizes = {one.source: one.size_bytes for one in reading.files if one.state == "archived"}
    yield _gauge(
        "archived_bytes",
        "Bytes of the originals that are archived; the same bytes twice are counted twice.",
        [((one.name,), sizes.get(one.name, 0)) for one in sources],
        ("source",),
    )


def _tell_alarms(reading: Reading) -> Iterator[GaugeMetricFamily]:
    """Every kind of every source, also with 0: a rule must not wait for a series to appear."""
    standing = reading.standing
    names = ["", *(one.name for one in standing.sources), *standing.unknown]
    counts = dict.fromkeys(((name, kind) for name in names for kind in KINDS), 0)
    for alarm in standing.alarms:
        counts[alarm.source, alarm.kind] += alarm.count
    yield _gauge(
        "alarms",
        "What needs a person: items, periods or objects by kind; source is empty for the archive.",
        counts.items(),
        ("source", "kind"),
    )
    parked = {
        (one.name, group.reason_kind): group.count
        for one in standing.sources
        for group in one.parked
    }
    yield _gauge(
        "parked_items",
        "Recordings, files and renditions that are set aside, by kind of reason.",
        [
            ((one.name, kind), parked.get((one.name, kind), 0))
            for one in standing.sources
            for kind in reasons.KINDS
        ],
        ("source", "reason_kind"),
    )


def _tell_work(reading: Reading) -> Iterator[GaugeMetricFamily]:
    yield _gauge(
        "jobs",
        "Jobs that are at work (running), could be (due), or are for later (waiting).",
        [((one.source, one.kind, one.state), one.count) for one in reading.jobs],
        ("source", "kind", "state"),
    )
    yield _gauge(
        "budget_blocked_seconds",
        "For how long nothing is asked of a budget because the platform asked us to wait.",
        [((name,), seconds) for name, seconds in reading.blocked.items()],
        ("budget",),
    )
