"""Simulated environments that end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from tests.plugins.dynamics.organisation import (
    LATER,
    START,
    GuardedSimulator,
    MakeOrganisation,
    Organisation,
)

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment.transport import Kit
from catchment_dynamics.adapter import Dynamics
from catchment_dynamics.settings import DynamicsSettings


@pytest.fixture
def make_organisation(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeOrganisation]:
    """Make environments with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(
            calls: int = 16,
            chains: int = 8,
            changed: dict[str, object] | None = None,
            faults: Faults | None = None,
            later: timedelta = LATER,
            **switches: object,
        ) -> Organisation:
            clock = ManualClock(START + later)
            world = World(7, START, days=1, meetings=0, calls=calls, chains=chains)
            simulator = GuardedSimulator(world, clock, faults, switches=switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            table = {**simulator.settings(), **(changed or {})}
            settings = DynamicsSettings.model_validate(table)
            budgets = Dynamics.budgets_of(settings)
            kit = stack.enter_context(Kit(clock, budgets=budgets, ca_file=simulator.ca_file))
            hooks = Hooks(Dynamics(Source("dynamics", settings), kit))
            return Organisation(simulator, clock, settings, hooks, kit)

        yield make
