"""Simulated platforms on a stage: one World, one clock, and the program that captures it.

A simulator is served over real HTTP and the program works
on real folders and databases; only time is made.  In one process the clock is a
:class:`ManualClock`, for which waiting costs nothing; for runners in processes of their own, which
a test may kill, it is a :class:`FileClock`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catchment._engine.application import Application
from catchment._engine.runner import Ending, Runner
from catchment.clock import ENVIRONMENT, FileClock, ManualClock
from catchment.sandbox import ASGIApp, Faults, Simulator, World, load_simulator, serve, write_config
from catchment.settings import Settings, read_settings

START = datetime(2026, 10, 13, tzinfo=UTC)
"""Midnight of the simulated day; its meetings lie between the 8th and the 18th hour."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)
"""Longer than any job of these tests takes on the clock's time, shorter than a test's steps."""

Wrap = Callable[[str, ASGIApp], ASGIApp]
Tables = Mapping[str, Mapping[str, object]]
Events = list[tuple[str, dict[str, Any]]]


def wrapped(kind: type[Simulator], wrap: Wrap) -> type[Simulator]:
    """The simulator *kind* with something of a test's own in front of each of its hosts."""

    class Wrapped(kind):  # type: ignore[misc, valid-type]  # the class is known at run time only
        @property
        def hosts(self) -> Mapping[str, ASGIApp]:
            return {name: wrap(name, app) for name, app in super().hosts.items()}

    return Wrapped


def since_start(*names: str, start: datetime = START) -> dict[str, Mapping[str, object]]:
    """Settings that leave out the month before, which is empty.

    A call history that may be asked for half a day once a minute takes an hour for it.
    """
    return {name: {"since": start.strftime("%Y-%m-%dT%H:%M:%SZ")} for name in names}


class _InHand(FileClock):
    """A file's clock for a runner in this process: whoever waits is where he wanted to be at once.

    As with a :class:`ManualClock`; nobody else may be at work meanwhile.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._turning = threading.Lock()

    def wait(self, seconds: float) -> None:
        """Turn the hands by *seconds*, or by less where somebody else waits as well."""
        wanted = self.now() + timedelta(seconds=max(0.0, seconds))
        with self._turning:
            if wanted > self.now():
                self.set(wanted)


@dataclass
class Stage:
    """Simulated accounts and the settings with which they are captured.

    Attributes:
        folder: Where the settings and everything that they name lie.
        platforms: The simulators, of one World.
        clock: The time of all.
        tables: Settings beside those that the simulators need.
        tell: Who is told of every event, where nobody else is.
    """

    folder: Path
    platforms: list[Simulator]
    clock: ManualClock | FileClock
    tables: Tables = field(default_factory=dict)
    tell: Callable[..., None] = lambda event, **fields: None

    @property
    def platform(self) -> Any:
        """The first platform: the only one of most tests, each of which knows its kind."""
        return self.platforms[0]

    @property
    def settings_path(self) -> Path:
        """The settings file."""
        return self.folder / "catchment.toml"

    @property
    def inbox(self) -> Path:
        """The folder into which people drop lists of meetings."""
        return self.folder / "recovery" / self.platforms[0].source / "csv"

    @property
    def processed(self) -> Path:
        """Where lists go that are done with."""
        return self.folder / "recovery" / self.platforms[0].source / "processed"

    def configure(self, **tables: Mapping[str, object]) -> Settings:
        """Write the settings file anew, with *tables* over what stands in it."""
        write_config(self.settings_path, self.platforms)
        text = self.settings_path.read_text("utf-8")
        told: dict[str, dict[str, Any]] = tomllib.loads(text)
        sources = told.pop("sources")
        standard: Tables = {"runner": {"lease": "10m"}, "buffer": {"reserve": 0}}
        self.tables = {**self.tables, **tables}
        for table in (standard, self.tables):
            for name, values in table.items():
                if name in sources:
                    sources[name].update(values)
                else:
                    told.setdefault(name, {}).update(values)
        merged = told | {f"sources.{name}": values for name, values in sources.items()}
        self.settings_path.write_text(
            "".join(_write_table(name, values) for name, values in merged.items()), "utf-8"
        )
        return read_settings(self.settings_path)

    # --- in this process ---------------------------------------------------------------------

    @contextmanager
    def open(self) -> Iterator[Application]:
        """The program's parts, as every command opens them."""
        with Application.open(read_settings(self.settings_path), self.clock) as app:
            yield app

    def run_once(self, tell: Callable[..., None] | None = None) -> Ending:
        """What ``catchment run --once`` does; nobody else is at work, and waits cost no time."""
        clock = _InHand(self.clock.path) if isinstance(self.clock, FileClock) else self.clock
        with Application.open(read_settings(self.settings_path), clock) as app:
            app.tell = tell or self.tell
            return Runner(app, app.choose([]), once=True).run()

    def live(self, until: datetime, step: timedelta = HOUR) -> None:
        """Let time pass up to *until*, with a run after each step."""
        while self.clock.now() < until:
            self.clock.set(min(until, self.clock.now() + step))
            self.run_once()

    # --- in processes of their own -----------------------------------------------------------

    def ticking(self, speed: float = 20.0) -> Ticking:
        """Turns the hands of the shared clock until the block is left."""
        assert isinstance(self.clock, FileClock)
        return Ticking(self.clock, speed)

    def start(
        self,
        *,
        once: bool = True,
        crash_at: str = "",
        name: str = "",
        settings: Path | None = None,
        clock: FileClock | None = None,
    ) -> Process:
        """Start a runner in a process of its own; its *settings* or its *clock* may be others."""
        assert isinstance(self.clock, FileClock)
        program = Path(sys.executable).with_name("catchment")
        command = [str(program), "--config", str(settings or self.settings_path), "run"]
        return Process(
            [*command, "--once"] if once else command,
            {ENVIRONMENT: str((clock or self.clock).path), "CATCHMENT_CRASH_AT": crash_at},
            self.folder / f"runner{name}.log",
        )


class Process:
    """A runner that can be killed."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._command = command
        self._environment = {**os.environ, **environment}
        self.start()

    def start(self) -> None:
        """Start it, also once more after it has ended; it goes on writing into its log."""
        self._began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as told:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, env=self._environment, stdout=told, stderr=told
            )

    @property
    def said(self) -> str:
        """What it wrote since it was started last."""
        return self.log.read_bytes()[self._began :].decode()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, seconds: float = 120) -> int:
        """Its exit code, once it has ended; it is killed where that takes too long."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end: {self.log.read_text()[-3000:]}") from None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop it with all its threads, and come back once the last one stands still, or it ended.

        The signal alone comes back at once: a thread that waits for a busy processor may be about
        to take a lock, and takes it.  ``SIGCONT`` lets it go on.
        """
        self.send(signal.SIGSTOP)
        with suppress(ChildProcessError):  # it has ended, and that was seen
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def kill(self) -> int:
        """Kill it as a power cut would, with everything that it started; its exit code."""
        self._process.kill()
        return self._process.wait(30)

    def kill_after(self, seconds: float) -> bool:
        """Kill it after some real time; whether it was still at work."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return True
        return False


class Ticking:
    """Turns the hands of a file's clock while processes work by it: *speed* seconds a second."""

    def __init__(self, clock: FileClock, speed: float = 20.0) -> None:
        self._clock, self._speed = clock, speed
        self._wrong: list[tuple[FileClock, timedelta]] = []
        self._end = threading.Event()
        self._turning = threading.Lock()
        self._thread = threading.Thread(target=self._tick, name="ticking")

    def __enter__(self) -> Ticking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def jump(self, by: timedelta) -> None:
        """Turn the hands by *by* at once."""
        with self._turning:
            now = self._clock.advance(by)
            for clock, skew in self._wrong:
                clock.set(now + skew)

    def skew(self, by: timedelta) -> FileClock:
        """A clock that is wrong by *by*, and runs as this one does."""
        path = self._clock.path.with_name(f"clock{by.total_seconds():+.0f}")
        with self._turning:
            clock = FileClock(path, self._clock.now() + by)
            self._wrong.append((clock, by))
        return clock

    def _tick(self) -> None:
        before = time.monotonic()
        while not self._end.wait(0.02):
            now = time.monotonic()
            self.jump(timedelta(seconds=(now - before) * self._speed))
            before = now


@contextmanager
def staged(
    folder: Path,
    of: Sequence[str],
    *,
    meetings: int = 5,
    calls: int = 0,
    chains: int = 0,
    seed: int = 7,
    start: datetime = START,
    days: int = 1,
    faults: Faults | None = None,
    switches: Mapping[str, object] | None = None,
    at: datetime | None = None,
    wrap: Wrap | None = None,
    shared_clock: bool = False,
    tables: Tables | None = None,
) -> Iterator[Stage]:
    """Simulated accounts that are served until the block is left.

    Args:
        folder: Where the settings and everything that they name lie.
        of: The platforms, by the names of their plugins.
        meetings: How many meetings each day has; breakout rooms come on top.
        calls: How many calls each day has.
        chains: How many calls more, that are passed on again and again.
        seed: The same seed is the same World.
        start: When the World begins; its people work from the 8th to the 18th hour of each day.
        days: How many days the World has.
        faults: What goes wrong.
        switches: Positions of the only simulator's switchboard, or of each by its name.
        at: The time to begin with; if left out, some hours after the first day.
        wrap: What stands in front of each host.
        shared_clock: The clock stands in a file, for runners in processes of their own.
        tables: Settings beside those that the simulators need, by table or by name of the source.
    """
    now = at or start + timedelta(hours=26)
    clock = FileClock(folder / "clock", now) if shared_clock else ManualClock(now)
    world = World(seed, start, days, meetings, calls, chains=chains)
    kinds = [load_simulator(name) for name in of]
    if wrap is not None:
        kinds = [wrapped(kind, wrap) for kind in kinds]
    told = switches or {}
    platforms = [
        kind(world, clock, faults, told if len(of) == 1 else told.get(name))  # type: ignore[arg-type]
        for name, kind in zip(of, kinds, strict=True)
    ]
    with ExitStack() as leaving:
        leaving.enter_context(serve(platforms))
        for platform in platforms:
            leaving.enter_context(_environment(platform.secrets()))
        stage = Stage(folder, platforms, clock, tables or {})
        stage.configure()
        yield stage


def wait_until(
    happened: Callable[[], bool],
    what: str,
    seconds: float = 120,
    tell: Callable[[], str] = str,
) -> None:
    """Come back as soon as *happened*; fail, with what *tell* says, where it never does."""
    ends = time.monotonic() + seconds
    pause = threading.Event()
    while not happened():
        if time.monotonic() > ends:
            raise AssertionError(f"it never happened: {what}\n{tell()}".rstrip())
        pause.wait(0.05)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _write_table(name: str, values: Mapping[str, object]) -> str:
    return f"[{name}]\n" + "".join(
        f"{key} = {write_toml(value)}\n" for key, value in values.items()
    )


def write_toml(value: object) -> str:
    """*value* as it stands behind the name of a setting."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{json.dumps(key)} = {write_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value)
