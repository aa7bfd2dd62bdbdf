"""A World of one day of calls, and a served Contact Center on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from tests.plugins.webex_cc.simulator.cloud import LATER, MIDNIGHT, Cloud, Clouds

from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment_webex_cc.simulator import WebexContactCenterSimulator


@pytest.fixture(scope="session")
def world() -> World:
    """One day with every shape of call in it, and chains."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=0, calls=45, chains=80)


@pytest.fixture
def cloud(world: World) -> Iterator[Clouds]:
    """Serve in the night after the day; switches by name."""
    with ExitStack() as stack:
        yield _starter(world, stack)


@pytest.fixture
def center(cloud: Clouds) -> Cloud:
    """All switches in their usual positions."""
    return cloud()


def _starter(usual: World, stack: ExitStack) -> Clouds:
    def start(
        faults: Faults | None = None,
        world: World | None = None,
        at: datetime = LATER,
        **switches: object,
    ) -> Cloud:
        clock = ManualClock(at)
        told = {"rate_per_minute": 0, **switches}
        simulator = WebexContactCenterSimulator(world or usual, clock, faults, told)
        made = Cloud(simulator, clock, stack.enter_context(serve([simulator]))["webex_cc"])
        stack.callback(made.http.close)
        return made

    return start
