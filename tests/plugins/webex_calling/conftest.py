"""Simulated Webex Callings that end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.plugins.webex_calling.cloud import LATER, START, Cloud, GuardedSimulator, MakeCloud

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.sandbox import World, serve
from catchment.transport import Kit
from catchment_webex_calling.adapter import WebexCalling
from catchment_webex_calling.settings import WebexCallingSettings


@pytest.fixture
def make_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCloud]:
    """Make clouds with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(
            calls: int = 30, changed: dict[str, object] | None = None, **switches: object
        ) -> Cloud:
            clock = ManualClock(START + LATER)
            world = World(7, START, days=1, meetings=0, calls=calls)
            simulator = GuardedSimulator(world, clock, switches=switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            table = dict(simulator.settings()) | (changed or {})
            settings = WebexCallingSettings.model_validate(table)
            kit = stack.enter_context(Kit(clock, budgets=WebexCalling.budgets_of(settings)))
            return Cloud(
                simulator, clock, settings, Hooks(WebexCalling(Source("calls", settings), kit))
            )

        yield make
