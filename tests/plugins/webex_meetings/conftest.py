"""Clouds for the tests of the hooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.plugins.webex_meetings.cloud import LATER, START, Cloud, GuardedSimulator, MakeCloud

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.sandbox import Faults, World, serve
from catchment.transport import Kit
from catchment_webex_meetings.adapter import WebexMeetings
from catchment_webex_meetings.settings import WebexMeetingsSettings


@pytest.fixture
def make_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCloud]:
    """Make clouds with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(
            meetings: int = 10,
            changed: dict[str, object] | None = None,
            faults: Faults | None = None,
            **switches: object,
        ) -> Cloud:
            clock = ManualClock(START + LATER)
            world = World(7, START, days=1, meetings=meetings)
            simulator = GuardedSimulator(world, clock, faults, switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            table = dict(simulator.settings()) | (changed or {})
            settings = WebexMeetingsSettings.model_validate(table)
            kit = stack.enter_context(Kit(clock, budgets=WebexMeetings.budgets_of(settings)))
            adapter = WebexMeetings(Source("webex", settings), kit)
            return Cloud(simulator, clock, settings, kit, adapter, Hooks(adapter))

        yield make
