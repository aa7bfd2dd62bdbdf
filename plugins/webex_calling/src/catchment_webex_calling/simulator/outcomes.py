"""What became of the recording of a call, as call records tell it (2.2)."""

from __future__ import annotations

from typing import Literal

from catchment.sandbox import Call

Result = Literal["", "successful", "failed", "successful but not kept"]

TRIGGERS = ("always", "always-pause-resume", "on-demand", "on-demand-user-start")
"""``Call Recording Trigger`` (2.2)."""


def list_results(call: Call, *, dubbed: bool) -> dict[str, tuple[Result, str]]:
    """What became of the recording, by leg of whoever was to be recorded (2.2)."""
    if call.outcome == "recorded":
        brought = {move.to_leg for move in call.moves}
        found: dict[str, tuple[Result, str]] = {}
        for recorded in call.recorded:
            again = recorded.legs[0] in found and recorded.legs[0] not in brought
            trigger = TRIGGERS[3] if again else TRIGGERS[1] if recorded.pauses else TRIGGERS[0]
            found[recorded.legs[0]] = "successful", trigger
        return found
    answered = [leg for leg in call.legs if leg.role == "agent" and leg.answered_at is not None]
    if dubbed:
        return {answered[0].leg_id: ("successful", TRIGGERS[0])}
    if call.outcome == "failed":
        return {answered[0].leg_id: ("failed", TRIGGERS[0])}
    if call.outcome == "refused":
        return {answered[0].leg_id: ("successful but not kept", TRIGGERS[2])}
    return {}
