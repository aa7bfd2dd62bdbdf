"""A World of one day of calls, and a served Webex Calling on a clock whose hands the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from tests.plugins.webex_calling.simulator.cloud import EVENING, MIDNIGHT, Cloud, Clouds

from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment_webex_calling.simulator import WebexCallingSimulator


@pytest.fixture(scope="session")
def world() -> World:
    """One day with every shape of call in it, several times."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=0, calls=90)


@pytest.fixture(scope="session")
def clouds(world: World) -> Iterator[Clouds]:
    """Serve, for tests that change nothing and share what they were told."""
    with ExitStack() as stack:
        yield _starter(world, stack)


@pytest.fixture
def cloud(world: World) -> Iterator[Clouds]:
    """Serve in the evening of the day; switches by name."""
    with ExitStack() as stack:
        yield _starter(world, stack)


@pytest.fixture
def webex(cloud: Clouds) -> Cloud:
    """All switches in their usual positions."""
    return cloud()


def _starter(usual: World, stack: ExitStack) -> Clouds:
    def start(
        faults: Faults | None = None,
        world: World | None = None,
        at: datetime = EVENING,
        **switches: object,
    ) -> Cloud:
        clock = ManualClock(at)
        simulator = WebexCallingSimulator(world or usual, clock, faults, switches)
        made = Cloud(simulator, clock, stack.enter_context(serve([simulator]))["webex_calling"])
        stack.callback(made.http.close)
        return made

    return start
