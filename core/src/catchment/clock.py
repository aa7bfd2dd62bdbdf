"""Where time comes from: the system, a test that turns the hands, or a file shared by processes.

Everything that asks for the time is handed a :class:`~catchment.model.Clock`.  A day of a simulated
platform then costs as long as its requests take, and no test sleeps.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catchment.errors import BadSettings
from catchment.model import Clock

__all__ = ["Clock", "FileClock", "ManualClock", "SystemClock", "clock_from_environment"]

ENVIRONMENT = "CATCHMENT_CLOCK_FILE"
"""Names the file of a :class:`FileClock`, for processes that a test or a demo starts."""

GLANCE = 0.05
"""Real seconds that a :class:`FileClock` sleeps at most before it looks at its file again."""


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a clock needs an aware time")
    return at.astimezone(UTC)


class SystemClock:
    """The time of this machine; its waits end early when the program is asked to stop.

    Args:
        stop: Ends every wait at once when it is set.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, or less if the program is asked to stop."""
        if seconds > 0:
            self._stop.wait(seconds)


class ManualClock:
    """A clock whose hands only its owner turns, for one process.

    ``wait`` advances it: whoever waits is where he wanted to be at once, and back-offs cost no
    real time.  Threads may share it.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time that was set last."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Advance the clock by *seconds* and return at once."""
        self.advance(timedelta(seconds=max(0.0, seconds)))

    def advance(self, by: timedelta) -> datetime:
        """Turn the hands forward (or, where *by* is negative, back) and tell the new time."""
        with self._lock:
            self._now += by
            return self._now

    def set(self, at: datetime) -> None:
        """Set the clock to *at*."""
        with self._lock:
            self._now = _aware(at)


class FileClock:
    """A clock whose hands are set in a file, the same for all processes of a test or a demo.

    The file holds one ISO time: what the clock showed when the file was written.  From there it
    runs like any other clock, so that whoever waits for a second gets it.  The file is replaced
    atomically and read again only when it was replaced.  ``wait`` sleeps a blink of real time at
    most, so that loops which wait see at once that the hands were turned.
    """

    def __init__(self, path: str | os.PathLike[str], start: datetime | None = None) -> None:
        self.path = Path(path)
        self._seen: tuple[int, int] | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """The time in the file and what has passed since it was written.

        Raises:
            BadSettings: The file is not there or holds no time.
        """
        try:
            status = self.path.stat()
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._seen:
                self._now = _aware(datetime.fromisoformat(self.path.read_text("ascii").strip()))
                self._seen = seen
        except (OSError, ValueError) as error:
            raise BadSettings(
                f"the clock file {self.path} cannot be read: {error}",
                remedy=f"Write an ISO time with its offset into it, or unset {ENVIRONMENT}.",
            ) from error
        passed_ns = time.time_ns() - status.st_mtime_ns
        return self._now + timedelta(microseconds=max(0, passed_ns // 1000))

    def wait(self, seconds: float) -> None:
        """Sleep for the shorter of *seconds* and a blink."""
        time.sleep(min(max(0.0, seconds), GLANCE))

    def advance(self, by: timedelta) -> datetime:
        """Turn the hands by *by* and tell the new time; for one owner at a time."""
        self.set(self.now() + by)
        return self.now()

    def set(self, at: datetime) -> None:
        """Set the clock to *at*, for every process that reads it."""
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(_aware(at).isoformat())
            os.replace(name, self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def clock_from_environment(
    environment: Mapping[str, str] | None = None, stop: threading.Event | None = None
) -> Clock:
    """The clock that this process shall live by; *stop* ends the waits of the system's.

    ``CATCHMENT_CLOCK_FILE`` names a :class:`FileClock`; without it, it is the system's.
    """
    path = (os.environ if environment is None else environment).get(ENVIRONMENT)
    return FileClock(path) if path else SystemClock(stop)
