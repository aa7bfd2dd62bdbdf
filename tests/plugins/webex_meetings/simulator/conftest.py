"""A World of one day, and a served Webex Meetings on a clock whose hands the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from tests.plugins.webex_meetings.simulator.cloud import MIDNIGHT, Cloud, Clouds

from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment_webex_meetings.simulator import WebexMeetingsSimulator


@pytest.fixture(scope="session")
def world() -> World:
    """One day with every shape of meeting in it."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=39)


@pytest.fixture
def cloud(world: World) -> Iterator[Clouds]:
    """Serve Webex Meetings two days after the World began; switches by name."""
    with ExitStack() as stack:

        def start(faults: Faults | None = None, **switches: object) -> Cloud:
            clock = ManualClock(MIDNIGHT + timedelta(days=2))
            told = {"rate_per_minute": 0} | switches
            simulator = WebexMeetingsSimulator(world, clock, faults, told)
            urls = stack.enter_context(serve([simulator]))["webex_meetings"]
            made = Cloud(simulator, clock, urls)
            stack.callback(made.http.close)
            return made

        yield start


@pytest.fixture
def webex(cloud: Clouds) -> Cloud:
    """An administrator's view, with all switches in their usual positions."""
    return cloud()


@pytest.fixture
def officer(cloud: Clouds) -> Cloud:
    """A compliance officer's view."""
    return cloud(profile="compliance_officer")
