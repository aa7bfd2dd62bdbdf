"""Invents calls that are passed on again and again: what a contact centre must take apart.

A chain begins like any call; then come one to five acts, drawn one after the other.  Between two
acts exactly one agent speaks with the customer, so every act can follow every other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from catchment.sandbox.cast import Agent, Call
from catchment.sandbox.chance import Chance
from catchment.sandbox.plot import People, plot_starts
from catchment.sandbox.script import Part, Script

CAST = 5
"""How many agents may take part; whoever has left may be asked again."""

ACTS = ("consult", "consult_transfer", "blind_transfer", "conference", "hold", "pause")


@dataclass
class _Chain:
    """The call so far.

    Attributes:
        customer: The customer's leg.
        agent: Who speaks with the customer.
        since: From when on.
        pauses: When the recorder was paused during that stretch.
    """

    script: Script
    customer: Part
    agent: Part
    since: int
    pauses: list[tuple[int, int]] = field(default_factory=list)

    def colleague(self) -> Agent:
        """Somebody who is not in the call at this moment."""
        others = [agent for agent in self.script.agents if agent != self.agent.person]
        return self.script.draw.choice(others)

    def pass_on(self, to: Part, since: int) -> None:
        """Whoever spoke with the customer is gone; *to* has been there *since*."""
        self.agent, self.since, self.pauses = to, since, []

    def record(self) -> None:
        """The stretch of whoever speaks with the customer is over."""
        pauses = tuple(self.pauses)
        self.script.record(self.since, self.agent, self.customer, pauses=pauses)


def plot_chains(
    chance: Chance, people: People, midnight: datetime, count: int, life_size: bool
) -> list[Call]:
    """The chains of the day that begins at *midnight*, by start."""
    chains = []
    for number, start in enumerate(plot_starts(chance, "chains", midnight, count)):
        call_id = f"x-{start:%Y%m%d}-{number}"
        script = Script(chance, people, call_id, start, life_size, agents=CAST)
        _play(script)
        chains.append(script.call())
    return chains


def _play(script: Script) -> None:
    customer = script.dial(script.customer, "customer")
    script.pass_time(1, 4)
    agent = script.answer(script.agents[0], "agent")
    chain = _Chain(script, customer, agent, script.now)
    script.pass_time(3, 10)
    for _ in range(script.draw.randrange(1, 6)):
        if not _act(chain, script.draw.choice(ACTS)):
            return
        script.pass_time(3, 10)
    chain.record()
    script.hang_up(chain.customer, chain.agent)


def _act(chain: _Chain, act: str) -> bool:
    """Do one thing; tells whether the call goes on."""
    if act == "hold":
        asked = chain.script.now
        chain.script.pass_time(2, 8)
        chain.script.hold(chain.customer, asked)
    elif act == "pause":
        since = chain.script.now
        chain.pauses.append((since, chain.script.pass_time(2, 6)))
    elif act == "blind_transfer":
        _pass_on_blindly(chain)
    else:
        colleague = _consult(chain)
        if act == "consult":
            chain.script.hang_up(colleague)
        elif act == "consult_transfer":
            _pass_on(chain, colleague)
        else:
            return _confer(chain, colleague)
    return True


def _consult(chain: _Chain) -> Part:
    """The agent holds the customer and speaks with a colleague, who is still there afterwards."""
    script, asked = chain.script, chain.script.now
    colleague = script.answer(chain.colleague(), "consulted")
    spoke = script.now
    script.pass_time(3, 10)
    script.record(spoke, colleague, chain.agent)
    script.move("consult", asked, chain.agent, colleague)
    script.hold(chain.customer, asked)
    return colleague


def _pass_on(chain: _Chain, colleague: Part) -> None:
    chain.script.move("consult_transfer", chain.script.now, chain.agent, colleague)
    chain.record()
    chain.script.hang_up(chain.agent)
    colleague.role = "agent"
    chain.pass_on(colleague, chain.script.now)


def _pass_on_blindly(chain: _Chain) -> None:
    script, gone, passed = chain.script, chain.agent, chain.script.now
    chain.record()
    script.hang_up(gone)
    colleague = script.answer(chain.colleague(), "agent")
    script.move("blind_transfer", passed, gone, colleague)
    script.hold(chain.customer, passed)
    chain.pass_on(colleague, script.now)


def _confer(chain: _Chain, colleague: Part) -> bool:
    """All three speak; then one of the agents leaves, or all stay to the end."""
    script, together = chain.script, chain.script.now
    colleague.role = "agent"
    script.pass_time(4, 12)
    script.move("conference", together, chain.agent, colleague)
    leaver = script.draw.choice(("first", "colleague", "nobody"))
    if leaver != "first":
        script.record(together, colleague, chain.customer)
        script.hang_up(colleague)
    if leaver != "colleague":
        chain.record()
        script.hang_up(chain.agent)
        chain.pass_on(colleague, together)
    if leaver == "nobody":
        script.hang_up(chain.customer)
    return leaver != "nobody"
