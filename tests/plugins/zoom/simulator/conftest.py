"""A World of one day, and a served Zoom on a clock whose hands the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from tests.plugins.zoom.simulator.cloud import MIDNIGHT, Cloud, Clouds

from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment_zoom.simulator import ZoomSimulator


@pytest.fixture(scope="session")
def world() -> World:
    """One day with every shape of meeting in it."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=39)


@pytest.fixture
def cloud(world: World) -> Iterator[Clouds]:
    """Serve a Zoom two days after the World began; switches by name."""
    with ExitStack() as stack:

        def start(faults: Faults | None = None, **switches: object) -> Cloud:
            clock = ManualClock(MIDNIGHT + timedelta(days=2))
            simulator = ZoomSimulator(world, clock, faults, switches)
            urls = stack.enter_context(serve([simulator]))["zoom"]
            made = Cloud(simulator, clock, urls)
            stack.callback(made.http.close)
            return made

        yield start


@pytest.fixture
def zoom(cloud: Clouds) -> Cloud:
    """A Zoom with all switches in their usual positions."""
    return cloud()
