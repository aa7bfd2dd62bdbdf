"""Invents calls: every way in which a call can be answered, held, passed on, or lost.

Each scene is one function; a day of as many calls as there are scenes has each of them once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from catchment.sandbox.cast import Call
from catchment.sandbox.chance import Chance
from catchment.sandbox.plot import People, plot_starts
from catchment.sandbox.script import Part, Script


def _caller(script: Script) -> Part:
    """The customer calls and waits in the queue."""
    customer = script.dial(script.customer, "customer")
    script.pass_time(1, 4)
    return customer


def _answered(script: Script) -> None:
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    script.pass_time(5, 25)
    script.record(begin, agent, customer)
    script.hang_up(customer, agent)


def _held(script: Script) -> None:
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    for _ in range(2):
        asked = script.pass_time(3, 8)
        script.pass_time(3, 8)
        script.hold(customer, asked)
    script.pass_time(3, 8)
    script.record(begin, agent, customer)
    script.hang_up(customer, agent)


def _bounced(script: Script) -> None:
    """The first agent's phone rings out; the second answers."""
    customer = _caller(script)
    absent = script.ring(script.agents[1], "agent")
    script.pass_time(3, 5)
    script.hang_up(absent)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    script.pass_time(5, 20)
    script.record(begin, agent, customer)
    script.hang_up(customer, agent)


def _ask(script: Script) -> tuple[int, Part, Part, Part, int]:
    """An agent holds the customer and asks a colleague; ends while they speak."""
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    asked = script.pass_time(4, 10)
    colleague = script.answer(script.agents[1], "consulted")
    spoke = script.now
    script.pass_time(4, 10)
    script.record(spoke, colleague, agent)
    script.move("consult", asked, agent, colleague)
    script.hold(customer, asked)
    return begin, customer, agent, colleague, spoke


def _consulted(script: Script) -> None:
    begin, customer, agent, colleague, _ = _ask(script)
    script.hang_up(colleague)
    script.pass_time(4, 10)
    script.record(begin, agent, customer)
    script.hang_up(customer, agent)


def _passed_on_after_consult(script: Script) -> None:
    begin, customer, agent, colleague, _ = _ask(script)
    script.move("consult_transfer", script.now, agent, colleague)
    script.record(begin, agent, customer)
    script.hang_up(agent)
    colleague.role = "agent"
    passed = script.now
    script.pass_time(5, 15)
    script.record(passed, colleague, customer)
    script.hang_up(customer, colleague)


def _conference(script: Script) -> None:
    begin, customer, agent, colleague, _ = _ask(script)
    together = script.now
    script.pass_time(5, 15)
    script.move("conference", together, agent, colleague)
    script.record(together, colleague, agent, customer)
    script.record(begin, agent, customer)
    script.hang_up(customer, agent, colleague)


def _passed_on_blindly(script: Script) -> None:
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    script.pass_time(5, 12)
    script.record(begin, agent, customer)
    script.hang_up(agent)
    passed = script.now
    colleague = script.answer(script.agents[1], "agent")
    script.move("blind_transfer", passed, agent, colleague)
    script.hold(customer, passed)
    begin = script.now
    script.pass_time(5, 15)
    script.record(begin, colleague, customer)
    script.hang_up(customer, colleague)


def _paused(script: Script) -> None:
    """The agent pauses the recorder while a card number is read out."""
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    begin = script.now
    since = script.pass_time(4, 8)
    until = script.pass_time(3, 6)
    script.pass_time(4, 8)
    script.record(begin, agent, customer, pauses=((since, until),))
    script.hang_up(customer, agent)


def _restarted(script: Script) -> None:
    """The recorder is stopped and started again: two recordings of one call."""
    customer = _caller(script)
    agent = script.answer(script.agents[0], "agent")
    for _ in range(2):
        begin = script.now
        script.pass_time(4, 10)
        script.record(begin, agent, customer)
        script.pass_time(1, 3)
    script.hang_up(customer, agent)


def _outbound(script: Script) -> None:
    script.direction, script.queue = "outbound", None
    agent = script.dial(script.agents[0], "agent")
    customer = script.answer(script.customer, "customer")
    begin = script.now
    script.pass_time(5, 25)
    script.record(begin, agent, customer)
    script.hang_up(agent, customer)


def _internal(script: Script) -> None:
    """Two agents speak; both are recorded, each with a recording of its own."""
    script.direction, script.queue = "internal", None
    agent = script.dial(script.agents[0], "agent")
    colleague = script.answer(script.agents[1], "agent")
    begin = script.now
    script.pass_time(5, 20)
    script.record(begin, agent, colleague)
    script.record(begin, colleague, agent)
    script.hang_up(agent, colleague)


def _abandoned(script: Script) -> None:
    """The customer gives up in the queue."""
    customer = _caller(script)
    script.pass_time(2, 8)
    script.hang_up(customer)
    script.abandoned, script.outcome = True, "not_recorded"


def _not_recorded(script: Script) -> None:
    _answered(script)
    script.outcome = "not_recorded"


def _failed(script: Script) -> None:
    _answered(script)
    script.outcome = "failed"


def _refused(script: Script) -> None:
    """The customer does not agree to being recorded."""
    _answered(script)
    script.outcome = "refused"


SCENES: tuple[Callable[[Script], None], ...] = (
    _answered,
    _held,
    _bounced,
    _consulted,
    _passed_on_after_consult,
    _conference,
    _passed_on_blindly,
    _paused,
    _restarted,
    _outbound,
    _internal,
    _abandoned,
    _not_recorded,
    _failed,
    _refused,
)


def plot_calls(
    chance: Chance, people: People, midnight: datetime, count: int, life_size: bool
) -> list[Call]:
    """The calls of the day that begins at *midnight*, by start."""
    draw = chance.random("scenes", midnight.isoformat())
    calls = []
    scenes: list[Callable[[Script], None]] = []
    for number, start in enumerate(plot_starts(chance, "calls", midnight, count)):
        scenes = scenes or draw.sample(SCENES, len(SCENES))
        script = Script(chance, people, f"c-{start:%Y%m%d}-{number}", start, life_size)
        scenes.pop()(script)
        calls.append(script.call())
    return calls
