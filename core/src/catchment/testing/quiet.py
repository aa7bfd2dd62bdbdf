"""The quiet phase that a proof ends with: nothing goes wrong any more, and time alone passes.

What a platform never makes available is given up when the patience with it is over, and what comes
late is found by the look back; both want days, which cost nothing here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from catchment.testing.judge import ask, list_behind
from catchment.testing.stage import DAY, HOUR, Stage

HORIZON = timedelta(days=30)
"""Nothing that a test has told a simulator to hold back comes later than this."""

MOST_DAYS = 12
"""So many quiet days are let pass for what is still open; whatever needs more is stuck."""

MOST_MINUTES = 200
"""So often a walk may go on that may ask one question a minute."""


def settle(stage: Stage) -> None:
    """Let quiet time pass, with runs in this process, until there is nothing more to wait for.

    No other runner may be at work.  It comes back also where something stays open for ever: that is
    for the judge to tell.
    """
    for platform in stage.platforms:
        platform.faults.until = min(platform.faults.until, stage.clock.now())
    _pass(stage, HOUR)
    while stage.clock.now() < _last_offer(stage) + DAY:
        _pass(stage, 12 * HOUR)
    for _ in range(MOST_DAYS):
        if not ask(stage, "SELECT 1 FROM recording WHERE state = 'open' LIMIT 1"):
            break
        _pass(stage, DAY)
        _pass(stage, HOUR)
    catch_up(stage)


def catch_up(stage: Stage) -> None:
    """Let minutes pass, with a run in each, until no listing is behind any more.

    A platform may allow one question a minute, so that a single run cannot come to its end.
    """
    for _ in range(MOST_MINUTES):
        with stage.open() as app:
            if not list_behind(app):
                return
        _pass(stage, timedelta(minutes=1))


def _pass(stage: Stage, by: timedelta) -> None:
    stage.clock.advance(by)
    stage.run_once()


def _last_offer(stage: Stage) -> datetime:
    """When the last file of all will have been made available."""
    now = stage.clock.now()
    offered = (row.available_at for one in stage.platforms for row in one.truth(now + HORIZON))
    return max(offered, default=now)
