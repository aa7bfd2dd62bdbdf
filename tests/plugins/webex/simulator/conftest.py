"""A World without meetings, and a served product on a clock whose hands the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from tests.plugins.webex.simulator.cloud import MIDNIGHT, Cloud, Clouds, NumbersSimulator

from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve


@pytest.fixture(scope="session")
def world() -> World:
    """People are enough."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=0)


@pytest.fixture
def cloud(world: World) -> Iterator[Clouds]:
    """Serve the product; switches by name."""
    with ExitStack() as stack:

        def start(faults: Faults | None = None, **switches: object) -> Cloud:
            clock = ManualClock(MIDNIGHT + timedelta(days=2))
            simulator = NumbersSimulator(world, clock, faults, switches)
            made = Cloud(simulator, clock, stack.enter_context(serve([simulator]))["numbers"])
            stack.callback(made.http.close)
            return made

        yield start


@pytest.fixture
def webex(cloud: Clouds) -> Cloud:
    """All switches in their usual positions."""
    return cloud()
