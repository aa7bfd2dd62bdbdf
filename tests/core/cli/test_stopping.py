"""Ctrl-C and SIGTERM ask a runner to end, at whatever line it is (promise 2)."""

from __future__ import annotations

import os
import signal
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from catchment.cli.run import stopping


class Guarded(threading.Event):
    """An event whose lock the main thread may hold while it is interrupted."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def set(self) -> None:
        """Set it, as soon as nobody holds the lock; never at all where that is who asks."""
        if not self.lock.acquire(timeout=5):
            raise TimeoutError("whoever holds the lock waits for its own signal handler")
        super().set()
        self.lock.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_the_runner_looks_at_its_event_does_not_hang(
    number: signal.Signals,
) -> None:
    """Waiting for an event takes its lock for a moment, and a signal may come in that moment."""
    stop = Guarded()
    app: Any = SimpleNamespace(stop=stop)
    with stopping(app) as stopped:
        with stop.lock:
            os.kill(os.getpid(), number)
            assert stopped == [number]
        assert stop.wait(5)


def test_a_second_signal_interrupts_at_once() -> None:
    """Whoever cannot wait for a clean end has it end at once, which loses nothing either."""
    app: Any = SimpleNamespace(stop=threading.Event())
    with stopping(app) as stopped:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped == [signal.SIGTERM]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
