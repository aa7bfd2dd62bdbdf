"""(c) Listing and reconciling many recordings: microseconds each, and how much memory it takes.

``python -m benchmarks.listing {…}`` lists everything twice through the engine's own poll: the first
time all of it is new, the second time, two hours later, a look back finds all of it unchanged.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import func, select

from benchmarks import databases
from benchmarks.measuring import read_arguments, read_peak_bytes, run_worker, scratch, settle, tell
from benchmarks.table import Row
from catchment._catalogue import jobs
from catchment._catalogue.jobs import NewJob
from catchment._catalogue.tables import recording
from catchment._engine.application import Application, LiveSource
from catchment._engine.polling import poll
from catchment._engine.work import Work, feed_key
from catchment.adapters import Adapter, SourceSettings
from catchment.clock import ManualClock
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Bundle,
    Feed,
    InteractionDraft,
    Key,
    Outcome,
    Page,
    Sighting,
    Span,
)
from catchment.settings import Settings
from catchment.settings.tables import ArchiveTable, BufferTable, CatalogueTable, SourceTable

GOAL = 120.0
"""Microseconds per recording that the project wants to stay below."""

START = datetime(2026, 9, 1, tzinfo=UTC)
DAYS = 28


def measure(small: bool) -> list[Row]:
    """The rows of this benchmark."""
    counts = (10_000,) if small else (100_000, 1_000_000)
    rows: list[Row] = []
    for kind in databases.KINDS:
        for count in counts:
            for page in (300, 1000) if count < 1_000_000 else (1000,):
                rows += _measure_one(kind, count, page)
    return rows


def _measure_one(kind: str, count: int, page: int) -> list[Row]:
    settle()
    with scratch() as folder, databases.fresh(kind, folder) as url:
        given = {"url": url, "folder": str(folder), "count": count, "page": page}
        told = run_worker("listing", given)
    said = f"pages of {page}, windows of a day; the adapter alone takes {told['alone_us']:.1f} us"
    said += (
        f"; baseline is the goal; cpu of our process {{:.0f}} us; before {told['idle_mb']:.0f} MB"
    )
    return [
        Row(
            f"c  {count:,} {what}, {kind}, {page}",
            told[what]["us"],
            GOAL,
            "us/rec",
            higher_is_better=False,
            memory_bytes=told[what]["peak_bytes"],
            notes=said.format(told[what]["cpu_us"]),
        )
        for what in ("new", "unchanged")
    ]


class Many(Adapter):
    """Lists as many recordings as its settings say, evenly over four weeks."""

    class Settings(SourceSettings):
        """How many recordings there are, and how many stand on a page."""

        count: int
        page: int

    name, platform = "many", "Many"
    feeds = (Feed("all", every="1h", max_window="1d", horizon="60d", lookback={"1h": "60d"}),)
    batch: ClassVar = {"fetch_metadata": 100}

    def __init__(self, source: Any, kit: Any) -> None:
        self.count, self.page = source.settings.count, source.settings.page

    @hookimpl
    def account(self) -> Account:
        """The one account that there is."""
        return Account("many")

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """Pages of what lies in the window, as a platform would list it."""
        step = timedelta(days=DAYS) / self.count
        first = max(0, -((START - span.window.start) // step))
        last = min(self.count, max(0, -((START - span.window.end) // step)))
        at = int(span.cursor) if span.cursor else first
        while True:
            until = min(at + self.page, last)
            rows = tuple(build_sighting(number, step) for number in range(at, until))
            done = until >= last
            total = max(0, last - first)
            yield Page(rows, cursor=None if done else str(until), total=total, last=done)
            if done:
                return
            at = until

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """Nobody asks."""
        return iter(())

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Nobody asks."""
        return iter(())

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """Nobody asks."""
        raise NotImplementedError

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Nobody asks."""
        return iter(())


def build_sighting(number: int, step: timedelta) -> Sighting:
    """Recording *number*, with a listing row as long as platforms' rows are, about a kilobyte."""
    token = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
    at = START + number * step
    files = [
        {
            "id": f"{token[:20]}-{index}",
            "file_type": kind,
            "file_extension": kind,
            "file_size": 1_000_000 + number,
            "status": "completed",
            "recording_type": "shared_screen_with_speaker_view",
            "download_path": f"/recordings/{token}/{index}",
        }
        for index, kind in enumerate(("MP4", "M4A", "TXT"))
    ]
    row = {
        "uuid": token[:24],
        "id": number,
        "host_id": token[24:46],
        "topic": f"Weekly call about order {number}",
        "start_time": at.isoformat(),
        "timezone": "Europe/Berlin",
        "duration": 30,
        "recording_count": len(files),
        "status": "completed",
        "recording_files": files,
    }
    keys = (Key("meeting", token[:24]),)
    return Sighting(token[:24], at, keys, token[:16], document=row)


def _list_twice(url: str, folder: Path, count: int, page: int) -> dict[str, Any]:
    clock = ManualClock(START + timedelta(days=DAYS + 1))
    table = SourceTable(
        adapter="many",
        name="many",
        kind=Many,
        settings=Many.Settings(count=count, page=page),
        recovery=folder / "recovery",
    )
    settings = Settings(
        catalogue=CatalogueTable(url=url),
        archive=ArchiveTable(root=folder / "archive"),
        buffer=BufferTable(root=folder / "buffer"),
        sources={"many": table},
    )
    with Application.open(settings, clock) as application:
        source = application.connect("many")
        key = feed_key(source.id, "all", "")
        with application.database.write() as connection:
            standing = [NewJob("poll", key, source.id, clock.now())]
            jobs.stand(application.database, connection, standing)
        alone = _time_adapter(source, clock)
        told: dict[str, Any] = {"alone_us": alone / count * 1e6, "idle_mb": read_peak_bytes() / 1e6}
        for what in ("new", "unchanged"):
            told[what] = _time_poll(application, source, clock, count)
            clock.advance(timedelta(hours=2))
        with application.database.read() as connection:
            known = connection.execute(select(func.count()).select_from(recording)).scalar_one()
        assert known == count, known
        return told


def _time_adapter(source: LiveSource, clock: ManualClock) -> float:
    """How long the adapter takes to make all pages; one day is enough to know."""
    from catchment.model import Window

    begun = time.perf_counter()
    window = Window(START, START + timedelta(days=1))
    for _ in source.hooks.poll(Span("all", "", window)):
        pass
    return (time.perf_counter() - begun) * DAYS


def _time_poll(
    application: Application, source: LiveSource, clock: ManualClock, count: int
) -> dict[str, float]:
    (job,) = jobs.claim(
        application.database,
        ["poll"],
        runner_name="benchmark",
        now=clock.now(),
        lease=timedelta(hours=1),
        limit=1,
    )
    listed = 0

    def hear(event: str, **fields: Any) -> None:
        nonlocal listed
        listed += fields["rows"] if event == "page.listed" else 0

    application.tell = hear
    begun, before = time.perf_counter(), time.process_time()
    poll(Work(application, source, job))
    seconds, used = time.perf_counter() - begun, time.process_time() - before
    assert listed >= count, (listed, count)
    return {
        "us": seconds / count * 1e6,
        "cpu_us": used / count * 1e6,
        "peak_bytes": read_peak_bytes(),
    }


if __name__ == "__main__":
    given = read_arguments()
    tell(**_list_twice(given["url"], Path(given["folder"]), given["count"], given["page"]))
