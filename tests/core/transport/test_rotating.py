"""Bearers that are renewed with a refresh token which may change with every use."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from catchment.clock import ManualClock
from catchment.errors import Refused
from catchment.transport import Kit, LocalVault, Minted, RotatingToken

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
LIVES = timedelta(days=14)


class Endpoint:
    """A token endpoint that accepts each refresh token once, as the strictest would."""

    def __init__(self, first: str = "seed") -> None:
        self.good = first
        self.asked: list[str] = []

    def mint(self, refresh_token: str) -> Minted:
        """A new pair for the only good refresh token."""
        self.asked.append(refresh_token)
        if refresh_token != self.good:
            raise Refused("the refresh token is dead")
        number = len(self.asked)
        self.good = f"refresh-{number}"
        return Minted(f"access-{number}", LIVES, "spark:all", refresh_token=self.good)


class Runner:
    """One process: a token of its own on a vault that all share."""

    def __init__(self, endpoint: Endpoint, clock: ManualClock, vault: LocalVault) -> None:
        self.seed, self.secret = "seed", "app-secret"
        self.token = RotatingToken(
            endpoint.mint,
            clock,
            vault,
            key="app",
            seed=lambda: self.seed,
            seal=lambda: self.secret,
        )


@pytest.fixture
def clock() -> ManualClock:
    """Noon."""
    return ManualClock(NOW)


@pytest.fixture
def vault() -> LocalVault:
    """Where both runners keep it."""
    return LocalVault()


def test_a_restart_goes_on_with_the_newest_refresh_token(
    clock: ManualClock, vault: LocalVault
) -> None:
    """What a runner got is kept for the next, although the settings still hold the first one."""
    endpoint = Endpoint()
    assert Runner(endpoint, clock, vault).token.token() == "access-1"
    assert Runner(endpoint, clock, vault).token.token() == "access-1"
    clock.wait(LIVES.total_seconds())
    assert Runner(endpoint, clock, vault).token.token() == "access-2"
    assert endpoint.asked == ["seed", "refresh-1"]


def test_what_another_runner_renewed_is_used_and_not_renewed_again(
    clock: ManualClock, vault: LocalVault
) -> None:
    """A token that the platform no longer takes is looked up before it is renewed."""
    endpoint = Endpoint()
    one, two = Runner(endpoint, clock, vault), Runner(endpoint, clock, vault)
    assert one.token.token() == two.token.token() == "access-1"
    one.token.reject("access-1")
    assert one.token.token() == "access-2"
    two.token.reject("access-1")
    assert two.token.token() == "access-2"
    assert endpoint.asked == ["seed", "refresh-1"]


def test_many_threads_renew_once(clock: ManualClock, vault: LocalVault) -> None:
    """However many ask at once, the platform is asked once."""
    endpoint = Endpoint()
    token = Runner(endpoint, clock, vault).token
    threads = [threading.Thread(target=token.token) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert endpoint.asked == ["seed"]


def test_a_new_refresh_token_in_the_settings_begins_anew(
    clock: ManualClock, vault: LocalVault
) -> None:
    """A person mends a dead chain by entering a new refresh token; no restart is needed."""
    endpoint = Endpoint()
    runner = Runner(endpoint, clock, vault)
    runner.token.token()
    endpoint.good = "newly authorised"
    clock.wait(LIVES.total_seconds())
    with pytest.raises(Refused):
        runner.token.token()
    runner.seed = "newly authorised"
    assert runner.token.token() == "access-3"


def test_what_is_kept_cannot_be_read(clock: ManualClock, vault: LocalVault) -> None:
    """A copy of the catalogue opens no account: neither token stands in it."""
    endpoint = Endpoint()
    Runner(endpoint, clock, vault).token.token()
    kept = str(vars(vault))
    assert "access-1" not in kept
    assert "refresh-1" not in kept
    assert "seed" not in kept


def test_another_secret_cannot_open_what_was_kept(clock: ManualClock, vault: LocalVault) -> None:
    """After the app's secret was changed the chain begins again with the settings' token."""
    endpoint = Endpoint()
    Runner(endpoint, clock, vault).token.token()
    other = Runner(endpoint, clock, vault)
    other.secret = "changed"
    with pytest.raises(Refused):
        other.token.token()
    assert endpoint.asked == ["seed", "seed"]


def test_a_platform_that_gives_the_same_refresh_token_is_served_too(
    clock: ManualClock, vault: LocalVault
) -> None:
    """An answer without a refresh token means that the old one still works."""
    asked: list[str] = []

    def mint(refresh_token: str) -> Minted:
        asked.append(refresh_token)
        return Minted(f"access-{len(asked)}", LIVES)

    kit = Kit(clock, vault=vault)
    token = kit.rotating_oauth(mint, key="app", seed=lambda: "seed", seal=lambda: "s")
    token.token()
    clock.wait(LIVES.total_seconds())
    assert token.token() == "access-2"
    assert asked == ["seed", "seed"]
