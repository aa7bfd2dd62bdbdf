"""Rotating tokens for all runners: sealed texts, and the line in which their renewal stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from catchment._catalogue.database import Database
from catchment._catalogue.tables import token
from catchment.errors import Unreachable
from catchment.model import Clock

HOLDS = timedelta(seconds=60)
"""For how long a renewal keeps the others waiting; one of a runner that died ends by itself."""

PAUSE_S = 0.5


class CatalogueVault:
    """The shared form of :class:`catchment.transport.Vault`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, key: str) -> str | None:
        """The text kept under *key*."""
        with self._database.read() as connection:
            return connection.execute(
                select(token.c.sealed).where(token.c.name == key)
            ).scalar_one_or_none()

    def replace(self, key: str, old: str | None, new: str) -> bool:
        """Keep *new* under *key*, durably, if *old* still stands there; whether it did."""
        same = token.c.sealed.is_(None) if old is None else token.c.sealed == old
        with self._database.write() as connection:
            self._database.insert_missing(connection, token, [{"name": key}])
            changed = connection.execute(
                update(token).where(token.c.name == key, same).values(sealed=new)
            )
            kept = changed.rowcount == 1
        # The platform may have forgotten the old one already: this must survive a power cut.
        self._database.make_durable()
        return kept

    @contextmanager
    def renewing(self, key: str) -> Iterator[None]:
        """Stand in line for *key*.

        Raises:
            Unreachable: Another runner was inside for longer than a renewal takes.
        """
        holder = uuid.uuid4().hex
        until = self._clock.now() + 2 * HOLDS
        while not self._enter(key, holder):
            if self._clock.now() >= until:
                raise Unreachable("another runner is renewing the token and does not finish")
            self._clock.wait(PAUSE_S)
        try:
            yield
        finally:
            with self._database.write() as connection:
                connection.execute(
                    update(token)
                    .where(token.c.name == key, token.c.holder == holder)
                    .values(holder=None, held_until=None)
                )

    def _enter(self, key: str, holder: str) -> bool:
        now = self._clock.now()
        free = token.c.held_until.is_(None) | (token.c.held_until <= now)
        with self._database.write() as connection:
            self._database.insert_missing(connection, token, [{"name": key}])
            entered = connection.execute(
                update(token)
                .where(token.c.name == key, free)
                .values(holder=holder, held_until=now + HOLDS)
            )
            return entered.rowcount == 1
