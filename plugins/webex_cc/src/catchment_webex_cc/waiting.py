"""How long a recording is waited for that is not there.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from catchment.model import Nothing, NotYet, Recording
from catchment_webex_cc.payloads import Task

HOPELESS = timedelta(days=7)
"""So long after a call's end nothing is waited for: recordings come hours after it (9)."""

NO_LONGER = "the contact center keeps no recording of this call any more, or never had one"


def wait_for(recording: Recording, task: Task, now: datetime) -> Nothing | NotYet:
    """No recording so far; of a call of long ago there will be none.

    What was purged is told like what is not there yet (0, trap 3), so that time alone decides.
    """
    if now - (task.ended_time or recording.occurred_at) > HOPELESS:
        return Nothing(recording, NO_LONGER)
    return NotYet(recording, "no recording is offered yet")
