"""Runners that are stopped in the middle of something, as a machine that is put to sleep."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from contextlib import closing

from catchment._engine.application import Application
from catchment.testing.judge import ask_app
from catchment.testing.stage import Process, Stage, wait_until

PATIENCE_S = 300
"""Real seconds: on a busy machine a runner takes half a minute to begin."""


def freeze(runner: Process, stage: Stage) -> None:
    """Stop a runner where it is, but not in the middle of writing to SQLite.

    SQLite's lock is the operating system's, and stays as long as its owner does; PostgreSQL lets go
    of a sleeper's locks by itself.
    """
    path = stage.folder / "catalogue.db"
    while True:
        runner.freeze()
        if not path.exists() or can_write(path):
            return
        runner.send(signal.SIGCONT)
        wait_until(lambda: can_write(path), "the runner has ended its transaction")


def freeze_amid(runner: Process, stage: Stage, app: Application, kind: str) -> dict[str, int]:
    """Stop the only runner while it is at a job of *kind*; the fences of these jobs by their keys.

    It is stopped and let go again until it is caught at one.
    """
    question = f"SELECT key, fence FROM job WHERE runner IS NOT NULL AND kind = '{kind}'"
    pause = threading.Event()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if ask_app(app, question):
            freeze(runner, stage)
            held = {str(row.key): int(row.fence) for row in ask_app(app, question)}
            if held and runner.running:
                return held
            runner.send(signal.SIGCONT)
        assert runner.running, runner.log.read_text("utf-8")[-3000:]
        pause.wait(0.005)
    raise AssertionError(f"the runner was never at a job {kind}")


def can_write(path: object) -> bool:
    """Whether nobody keeps the database locked for longer than a transaction of ours lasts."""
    with closing(sqlite3.connect(str(path), timeout=2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True
