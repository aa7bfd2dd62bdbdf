"""Rotating tokens for all runners, on each database."""

from __future__ import annotations

from datetime import datetime

import pytest

from catchment._catalogue.database import Database
from catchment._catalogue.vault import HOLDS, CatalogueVault
from catchment.clock import ManualClock
from catchment.errors import Unreachable


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    """The clock of all runners."""
    return ManualClock(now)


@pytest.fixture
def vault(database: Database, clock: ManualClock) -> CatalogueVault:
    """The vault of one runner."""
    return CatalogueVault(database, clock)


def test_what_was_kept_is_read_by_every_runner(
    vault: CatalogueVault, database: Database, clock: ManualClock
) -> None:
    """A token that one runner got is another's."""
    assert vault.read("app") is None
    assert vault.replace("app", None, "one")
    assert CatalogueVault(database, clock).read("app") == "one"


def test_only_what_was_seen_is_replaced(vault: CatalogueVault) -> None:
    """A runner that was frozen never writes over what another has kept meanwhile."""
    vault.replace("app", None, "one")
    assert not vault.replace("app", None, "two")
    assert not vault.replace("app", "zero", "two")
    assert vault.replace("app", "one", "two")
    assert vault.read("app") == "two"


def test_one_runner_at_a_time_renews(
    vault: CatalogueVault, database: Database, clock: ManualClock
) -> None:
    """A second one waits, and is let in when the first is done."""
    other = CatalogueVault(database, clock)
    with vault.renewing("app"):
        began = clock.now()
        with other.renewing("app"):  # the first one never comes back: its time runs out
            assert clock.now() - began >= HOLDS
    with other.renewing("app"):
        began = clock.now()
    with vault.renewing("app"):
        assert clock.now() == began


def test_a_runner_does_not_wait_for_ever(
    vault: CatalogueVault, database: Database, clock: ManualClock
) -> None:
    """Somebody who renews without end is reported, and the work goes on later."""
    other = CatalogueVault(database, clock)

    class Busy(ManualClock):
        """Whoever waits finds that somebody else was let in just before."""

        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            clock.wait(seconds)
            other._enter("app", "somebody")

    busy = CatalogueVault(database, Busy(clock.now()))
    other._enter("app", "somebody")
    with pytest.raises(Unreachable, match="another runner"), busy.renewing("app"):
        pass
