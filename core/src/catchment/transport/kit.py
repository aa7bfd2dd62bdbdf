"""What an adapter's constructor gets: everything it may share, and nothing it may keep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from catchment.clock import SystemClock
from catchment.model import Budget, Clock
from catchment.transport.buckets import Buckets, LocalBuckets
from catchment.transport.client import Check, Client
from catchment.transport.limits import Limits, find_budget
from catchment.transport.rotating import LocalVault, RotatingToken, Vault
from catchment.transport.tokens import LocalTokens, Minted, OAuthToken, TokenSource, TokenStore


class Kit:
    """The clock, the clients and the tokens of one source.

    Every argument has a default that needs no database, so that ``Kit()`` works in a script.

    Args:
        clock: Where time comes from.
        account: Whom the platform counts; the buckets and tokens of one account are shared.
        budgets: The adapter's budgets by name; ``None`` counts nothing and accepts any name.
        buckets: Where requests are counted.
        tokens: Where tokens are shared.
        vault: Where rotating tokens are kept for all runners.
        limits: How patient the clients are.
        stop: Set when the program shall end; waits end early.
        ca_file: Certificates, as PEM, of authorities that the clients trust beside the usual ones.

    Attributes:
        clock: Where time comes from.
        stop: Set when the program shall end.
        ca_file: As above; for what an adapter opens by itself.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        account: str = "",
        budgets: Mapping[str, Budget] | None = None,
        buckets: Buckets | None = None,
        tokens: TokenStore | None = None,
        vault: Vault | None = None,
        limits: Limits | None = None,
        stop: threading.Event | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.stop = stop or threading.Event()
        self.clock: Clock = clock or SystemClock(self.stop)
        self.account = account
        self.budgets = budgets
        self.buckets: Buckets = buckets or LocalBuckets(self.clock)
        self.tokens: TokenStore = tokens or LocalTokens()
        self.vault: Vault = vault or LocalVault()
        self.limits = limits or Limits()
        self.ca_file = ca_file
        self._clients: list[Client] = []

    @classmethod
    def for_tests(cls, clock: Clock, budgets: Mapping[str, Budget] | None = None) -> Self:
        """A kit on *clock* that shares nothing with anybody."""
        return cls(clock, account="test", budgets=budgets)

    def client(
        self,
        base_url: str,
        *,
        auth: TokenSource | None = None,
        check: Check | None = None,
        budget: str | None = None,
    ) -> Client:
        """A client of *base_url*; closed with the kit.

        Args:
            base_url: What every request's path is appended to.
            auth: Where the bearer comes from; ``None`` for requests without one (a token endpoint).
                With :class:`~catchment.transport.OwnHeaders` it goes into other headers.
            check: The adapter's reading of answers.
            budget: The budget that requests count against unless they name another.

        Raises:
            AdapterFault: The adapter declares no budget of that name.
        """
        find_budget(budget, self.budgets)
        client = Client(
            base_url,
            clock=self.clock,
            buckets=self.buckets,
            auth=auth,
            check=check,
            budget=budget,
            budgets=self.budgets,
            account=self.account,
            limits=self.limits,
            stop=self.stop,
            ca_file=self.ca_file,
        )
        self._clients.append(client)
        return client

    def oauth(self, mint: Callable[[], Minted], key: str) -> OAuthToken:
        """A bearer that *mint* gets from the platform, shared under *key* within the account.

        *mint* reads the secrets whenever it is called, so that a rotated secret needs no restart.
        """
        return OAuthToken(mint, self.clock, key=f"{self.account}/{key}", store=self.tokens)

    def rotating_oauth(
        self,
        mint: Callable[[str], Minted],
        *,
        key: str,
        seed: Callable[[], str],
        seal: Callable[[], str],
    ) -> RotatingToken:
        """A bearer that is renewed with a refresh token, which may change with every use.

        Args:
            mint: Asks the token endpoint with a refresh token; ``TokenRejected`` when that is dead.
            key: Whom the platform sees: app and account.  Sources that share both share the token.
            seed: Reads the refresh token of the settings, with which it begins.
            seal: Reads the app's secret, with which what is kept is sealed.
        """
        return RotatingToken(mint, self.clock, self.vault, key=key, seed=seed, seal=seal)

    @property
    def offset(self) -> timedelta:
        """How far the platform's clock is ahead of ours; zero before the first answer.

        By the newest answer of all clients: that of a token endpoint may be of two weeks ago.
        """
        newest = max(self._clients, key=lambda client: client.offset_at, default=None)
        return (newest and newest.offset) or timedelta()

    def close(self) -> None:
        """Close all clients."""
        for client in self._clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
