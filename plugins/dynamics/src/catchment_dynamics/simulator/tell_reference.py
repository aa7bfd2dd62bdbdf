"""The sheet's scripted call as something that happened: who asks, holds and passes on when (7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from catchment.model import Window
from catchment.sandbox import Call, Leg, Move, Recorded, World

CALL_ID = "reference"
HOLD, CONSULT, TRANSFER, END, CLOSE = (120, 205), (150, 200), 300, 600, 660
"""Seconds of the script; the customer is asked to wait before the colleague is called."""


def build_reference_call(world: World) -> Call:
    """The scripted call, at noon of the World's first day; A, B, C, D are its first agents."""
    begun = world.start + timedelta(hours=12)

    def at(second: int) -> datetime:
        return begun + timedelta(seconds=second)

    def window(start: int, end: int) -> Window:
        return Window(at(start), at(end))

    customer, queue = world.customers[0], world.queues[0]
    a, b, c, d = world.agents[:4]
    legs = (
        Leg("l0", customer, "customer", at(0), at(0), at(END), (window(*HOLD),)),
        Leg("l1", a, "agent", at(20), None, at(50)),
        Leg("l2", b, "agent", at(52), at(60), at(TRANSFER), wrap_up_until=at(TRANSFER + 20)),
        Leg("l3", c, "consulted", at(CONSULT[0]), at(CONSULT[0]), at(CONSULT[1])),
        Leg("l4", d, "agent", at(TRANSFER - 10), at(TRANSFER), at(END), wrap_up_until=at(CLOSE)),
    )
    moves = (
        Move("consult", window(*CONSULT), "l2", "l3"),
        Move("blind_transfer", window(TRANSFER, TRANSFER), "l2", "l4"),
    )
    heard = (
        Recorded("r0", 1, window(60, TRANSFER), b, legs=("l2", "l0")),
        Recorded("r1", 2, window(TRANSFER, END), d, legs=("l4", "l0")),
    )
    return Call(
        call_id=CALL_ID,
        direction="inbound",
        caller=customer,
        customer=customer,
        ani=customer.tel,
        dnis=queue.tel,
        queue=queue,
        started_at=at(0),
        ended_at=at(END),
        legs=legs,
        moves=moves,
        recorded=heard,
    )
