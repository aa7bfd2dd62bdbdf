"""Keeps the leases of jobs alive while somebody works on them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from catchment._catalogue import jobs
from catchment._catalogue.jobs import Job
from catchment._engine.application import Application
from catchment.errors import CatchmentError

log = logging.getLogger("catchment.beating")

SHARE = 4
"""Beats per lease: some may be missed."""
SHORTEST_S = 0.2


def beat(
    app: Application,
    runner_name: str,
    list_held: Callable[[], Sequence[Job]],
    over: threading.Event,
) -> None:
    """Beat for the jobs in hand until *over* is set; no error ends it, or all of them are lost.

    Args:
        app: What is open.
        runner_name: Who has claimed the jobs.
        list_held: The jobs in hand at the moment of a beat.
        over: Set when nothing more is worked on.
    """
    lease = app.settings.runner.lease
    while not over.wait(max(lease.total_seconds() / SHARE, SHORTEST_S)):
        try:
            now = app.now()
            jobs.beat(app.database, runner_name, list_held(), now, now + lease)
        except CatchmentError:
            pass  # whoever works says it; the next beat may come through
        except Exception as error:
            log.error("beat.failed", exc_info=error)
