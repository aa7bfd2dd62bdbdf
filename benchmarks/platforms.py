"""(f) A day of calls and meetings on simulated platforms, from the first listing to the last seal.

The platforms of one row are those that one organisation has side by side.  They are served by this
process and captured by another one; both live by one clock that runs three hundred times as fast,
so that the platforms' own limits of requests hold nobody up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from sqlalchemy import func, select

from benchmarks.measuring import read_arguments, run_worker, scratch, tell
from benchmarks.table import Row
from catchment._catalogue.tables import file, interaction, recording
from catchment._engine.application import Application
from catchment._engine.runner import Runner
from catchment.clock import FileClock
from catchment.sandbox import World, load_simulator, serve, write_config
from catchment.settings import read_settings
from catchment.transport import Downloader

PLATFORMS = (("webex_calling", "webex_meetings"), ("webex_cc",), ("zoom",), ("dynamics",))
START = datetime(2026, 10, 13, tzinfo=UTC)
SPEED = 300
STEP = timedelta(minutes=10)


def measure(small: bool) -> list[Row]:
    """The rows of this benchmark."""
    return [_measure(names, *((500, 50) if small else (5000, 500))) for names in PLATFORMS]


def _measure(names: Sequence[str], calls: int, meetings: int) -> Row:
    world = World(11, START, 1, meetings, calls)
    with scratch() as work:
        clock = FileClock(work / "clock", START + timedelta(hours=26))
        platforms = [load_simulator(name)(world, clock) for name in names]
        with serve(platforms):
            write_config(work / "catchment.toml", platforms, secrets=work / "secrets")
            _lengthen(work / "catchment.toml", names)
            expected = sum(1 for one in platforms for _ in one.truth(clock.now()))
            given = {"folder": str(work), "expected": expected}
            result = run_worker("platforms", given, watch_children=True)
    return _build_row(names, calls, meetings, result)


def _lengthen(path: Path, names: Sequence[str]) -> None:
    """A lease runs out three hundred times as fast as well."""
    since = f'since = "{START:%Y-%m-%dT%H:%M:%SZ}"\n'
    text = path.read_text("utf-8")
    for name in names:
        text = text.replace(f"[sources.{name}]\n", f"[sources.{name}]\n{since}")
    path.write_text(f'{text}\n[runner]\nlease = "24h"\n', "utf-8")


def _build_row(names: Sequence[str], calls: int, meetings: int, told: dict[str, Any]) -> Row:
    ours = told["self_cpu_s"] - told["download_cpu_s"]
    whole = told["self_cpu_s"] + told["children_cpu_s"]
    notes = (
        f"{calls:,} calls and {meetings:,} meetings: {told['recordings']:,} recordings, "
        f"{told['files']:,} files, {told['interactions']:,} interactions in {told['seconds']:.0f} s"
        f"; processor {whole:.0f} s: download {told['download_cpu_s']:.0f}, ffmpeg "
        f"{told['children_cpu_s']:.0f}, everything else {ours:.0f} ({ours / whole:.0%}); memory "
        f"at a tenth of the files {told['early_bytes'] / 1e6:.0f} MB, largest ffmpeg "
        f"{told['children_peak_bytes'] / 1e6:.0f} MB"
    )
    each = told["seconds"] / told["recordings"] * 1000
    return Row(
        f"f  a day on {' and '.join(names)}",
        each,
        unit="ms/rec",
        higher_is_better=False,
        memory_bytes=told["peak_bytes"],
        notes=notes,
    )


# --- the process that captures -------------------------------------------------------------------


def main() -> None:
    """Capture the day and tell how long that took, and what took it."""
    given = read_arguments()
    folder = Path(given["folder"])
    clock = FileClock(folder / "clock", START)
    settings = read_settings(folder / "catchment.toml")
    spent = _Spent()
    begun = time.perf_counter()
    with _ticking(clock), Application.open(settings, clock) as app:
        early = 0
        while True:
            Runner(app, app.choose([]), once=True).run()
            app.stop.clear()
            numbers = _count(app)
            if not early and numbers["files"] > given["expected"] / 10:
                early = _read_resident_bytes()
            if numbers["files"] >= given["expected"] and not numbers["open"]:
                break
            clock.advance(STEP)
    own, children = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    tell(
        seconds=time.perf_counter() - begun,
        self_cpu_s=own.ru_utime + own.ru_stime,
        children_cpu_s=children.ru_utime + children.ru_stime,
        download_cpu_s=spent.seconds,
        early_bytes=early,
        **numbers,
    )


class _Spent:
    """The processor time of all downloads, counted where they happen."""

    def __init__(self) -> None:
        self.seconds = 0.0
        lock, fetch = threading.Lock(), Downloader.fetch

        def counted(*arguments: Any, **named: Any) -> Any:
            before = time.thread_time()
            try:
                return fetch(*arguments, **named)
            finally:
                with lock:
                    self.seconds += time.thread_time() - before

        setattr(Downloader, "fetch", counted)  # noqa: B010 - a stop-watch around the real one


def _count(app: Application) -> dict[str, int]:
    originals = (file.c.recipe == "") & (file.c.state == "archived")
    unsealed = interaction.c.unsealed_since.is_not(None) & interaction.c.survivor_num.is_(None)
    with app.database.read() as connection:
        return {
            "files": connection.execute(
                select(func.count()).select_from(file).where(originals)
            ).scalar_one(),
            "recordings": connection.execute(
                select(func.count()).select_from(recording)
            ).scalar_one(),
            "interactions": connection.execute(
                select(func.count()).where(interaction.c.version > 0)
            ).scalar_one(),
            "open": connection.execute(select(func.count()).where(unsealed)).scalar_one(),
        }


def _read_resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@contextmanager
def _ticking(clock: FileClock) -> Iterator[None]:
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.05):
            clock.advance(timedelta(seconds=0.05 * SPEED))

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
