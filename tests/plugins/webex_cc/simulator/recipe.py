"""The call of the sheet's recipe, second by second (sheet 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from catchment.model import Window
from catchment.sandbox import Agent, Call, Customer, Leg, Move, Team

T0 = datetime(2025, 12, 30, 13, 6, 40, tzinfo=UTC)
"""1767100000000, as the sheet's recipe has it."""


def at(second: int) -> datetime:
    """A second of the recipe."""
    return T0 + timedelta(seconds=second)


def build_recipe() -> Call:
    """10: one inbound consult-transfer call."""
    team = Team("t", "Tier 1")
    a = Agent("a", "Ada Example", "ada@example.com", team, "+15550100201")
    b = Agent("b", "Bo Example", "bo@example.com", team, "+15550100202")
    customer = Customer("c", "Cy Example", "cy@example.com", "+15550100123")
    hold = Window(at(40), at(60))
    legs = (
        Leg("c", customer, "customer", at(0), at(0), at(141), (hold,)),
        Leg("a", a, "agent", at(9), at(14), at(60), wrap_up="Done", wrap_up_until=at(68)),
        Leg("b", b, "agent", at(40), at(45), at(141), wrap_up="Done", wrap_up_until=at(152)),
    )
    moves = (
        Move("consult", hold, "a", "b"),
        Move("consult_transfer", Window(at(60), at(60)), "a", "b"),
    )
    return Call(
        "r", "inbound", customer, customer, customer.tel, "+1", None, at(0), at(141), legs, moves
    )
