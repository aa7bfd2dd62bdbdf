"""What the engine tells while it works: lines in a log, progress on a terminal, and a tally.

Logs go to stderr, one line per event with a fixed name and fields, as text or JSON.  On a terminal
one line moves instead, and only what went wrong stays on the screen.  Records of libraries are not
shown: they quote addresses, and an address may carry a signature.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catchment.cli.outages import Outages
from catchment.cli.tally import Tally, count_fruitless
from catchment.cli.wording import clean, write_moment

if TYPE_CHECKING:
    from catchment.cli.progress import Progress
    from catchment.model import Clock
    from catchment.settings import LogTable

LEVELS: Mapping[str, str] = {
    "source.stopped": "error",
    "job.lost": "error",
    "job.crashed": "error",
    "contact.crashed": "error",
    "clock.skewed": "warning",
    "clock.stepped": "warning",
    "hook.failed": "debug",
    "source.unreachable": "warning",
    "source.recovered": "warning",
    "job.failed": "warning",
    "job.unanswered": "warning",
    "job.unstored": "warning",
    "job.failed_again": "debug",
    "recovery.unreadable": "warning",
    "books.behind": "warning",
    "file.progress": "debug",
    "derive.progress": "debug",
    "verify.damaged": "error",
    "rebuild.unreadable": "warning",
}
"""Levels of the events that are not simply ``info``."""

Tell = Callable[..., None]
Told = MutableMapping[str, Any]


@dataclass(slots=True)
class Teller:
    """Is told every event; passes it on to log, progress and tally.  Threads may share it."""

    log: Tell
    outages: Outages
    progress: Progress | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: str, **fields: Any) -> None:
        """Take one event."""
        with self.lock:
            self.events[event] += 1
            if "source" in fields:
                self.tallies.setdefault(fields["source"], Tally()).take(event, fields)
            if self.progress is not None:
                self.progress.take(event, fields)
            folded = list(self.outages.fold(event, fields))
        for name, told in folded:
            self.log(name, **told)


@contextmanager
def telling(log: LogTable, clock: Clock, *, what: str) -> Iterator[Teller]:
    """A teller for one command, with progress called *what* if somebody watches."""
    debug = log.level == "debug"
    if log.format == "json" or not sys.stderr.isatty():
        with _following_library(write := make_log(log, clock, _write_plain), debug=debug):
            yield Teller(write, Outages(clock))
        return
    from catchment.cli.progress import Progress

    with Progress(what) as progress:
        quiet = log.level if log.level in ("debug", "error") else "warning"
        write = make_log(log.model_copy(update={"level": quiet}), clock, progress.write)
        with _following_library(write, debug=debug):
            yield Teller(write, Outages(clock), progress)


def _write_plain(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def make_log(log: LogTable, clock: Clock, write: Callable[[str], None]) -> Tell:
    """A function that writes an event and its fields as one line."""
    import structlog

    def enter(_logger: object, _method: str, told: Told) -> Told:
        at = write_moment(clock.now().replace(microsecond=0))
        return {"at": at, **{name: _tame(value) for name, value in told.items()}}

    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if log.format == "text":
        render = structlog.dev.ConsoleRenderer(
            colors=False, timestamp_key="at", pad_event_to=20, sort_keys=False
        )
    logger = structlog.wrap_logger(
        _Lines(write),
        processors=[structlog.processors.add_log_level, enter, render],
        wrapper_class=structlog.make_filtering_bound_logger(log.level),
        cache_logger_on_first_use=True,
    )

    def tell(event: str, **fields: Any) -> None:
        getattr(logger, _choose_level(event, fields))(event, **fields)

    return tell


def _choose_level(event: str, fields: Mapping[str, Any]) -> str:
    if event == "page.listed" and not (fields.get("new") or fields.get("changed")):
        return "debug"  # looking again finds nothing new most of the time
    if event == "recovery.processed" and count_fruitless(fields):
        return "warning"  # what somebody missed is still missing
    return LEVELS.get(event.partition(" ")[0], "info")


def _tame(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


class _Lines:
    """What structlog writes to: every level is one line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __getattr__(self, level: str) -> Callable[[str], None]:
        return self._write


class _Records(logging.Handler):
    """Passes records of our own modules on; of an exception its type and, on *debug*, its frames.

    Its message is kept back: it may quote anything.
    """

    def __init__(self, tell: Tell, *, debug: bool) -> None:
        super().__init__(logging.DEBUG if debug else logging.WARNING)
        self._tell, self._debug = tell, debug

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        fields = {} if error is None else {"error": type(error).__name__}
        if error is not None and self._debug:
            frames = traceback.extract_tb(error.__traceback__)
            places = (f"{one.filename}:{one.lineno} {one.name}" for one in frames)
            fields["where"] = " > ".join(places)
        self._tell(record.getMessage(), **fields)


@contextmanager
def _following_library(tell: Tell, *, debug: bool) -> Iterator[None]:
    """Let records of ``catchment.…`` be told, and those of everybody else be lost."""
    ours, others = logging.getLogger("catchment"), logging.NullHandler()
    handler, before = _Records(tell, debug=debug), ours.level
    ours.addHandler(handler)
    ours.setLevel(handler.level)
    logging.getLogger().addHandler(others)
    try:
        yield
    finally:
        ours.setLevel(before)
        ours.removeHandler(handler)
        logging.getLogger().removeHandler(others)
