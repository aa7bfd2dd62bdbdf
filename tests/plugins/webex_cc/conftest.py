"""Simulated Contact Centers that end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.plugins.webex_cc.center import LATER, START, Center, GuardedSimulator, MakeCenter

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment.transport import Kit
from catchment_webex_cc.adapter import WebexContactCenter
from catchment_webex_cc.settings import WebexContactCenterSettings


@pytest.fixture
def make_center(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCenter]:
    """Make centers with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(
            calls: int = 20,
            chains: int = 10,
            changed: dict[str, object] | None = None,
            faults: Faults | None = None,
            **switches: object,
        ) -> Center:
            clock = ManualClock(START + LATER)
            world = World(7, START, days=1, meetings=0, calls=calls, chains=chains)
            simulator = GuardedSimulator(world, clock, faults, switches=switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            table = dict(simulator.settings()) | (changed or {})
            settings = WebexContactCenterSettings.model_validate(table)
            kit = stack.enter_context(Kit(clock, budgets=WebexContactCenter.budgets_of(settings)))
            hooks = Hooks(WebexContactCenter(Source("cc", settings), kit))
            return Center(simulator, clock, settings, hooks, kit)

        yield make
