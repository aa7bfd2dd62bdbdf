"""Sources: which account of a platform each is, pinned at first contact, and whether it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    insert,
    select,
    update,
)

from catchment._catalogue.database import Database
from catchment._catalogue.tables import recording, source
from catchment.errors import Refused, WrongAccount
from catchment.model import Account

MOVED = (
    "; where the platform moved the account, enter its former id in the source's settings, if the "
    "adapter has a setting for it"
)
"""What may be behind another account, as the end of a remedy."""


def pin(
    database: Database,
    *,
    name: str,
    adapter: str,
    platform: str,
    account: Account,
    now: datetime,
    taken: Mapping[int, str] | None = None,
) -> int:
    """The id of the source; its account is pinned at first contact.

    The label may change, the account may not: a label that was pinned to another account is
    refused before anything is written, and so is a second label for an account that is *taken*.
    An account that the platform moved keeps the id to which it was pinned, in the archive as well.

    Raises:
        WrongAccount: *name* stands for another account in this catalogue.
        Refused: Another source of this run is the same account.
    """
    with database.write() as connection:
        known = connection.execute(
            select(source).where(source.c.name == name, source.c.adapter == adapter)
        ).first()
        if known is not None and known.account_id not in account.names:
            raise WrongAccount(
                f"source {name}: the credential belongs to account {account.account_id}, but this "
                f"source was pinned to account {known.account_id} at first contact",
                remedy="Correct the credential, or give the other account a source of its own "
                f"under another name{MOVED}.",
            )
        row = connection.execute(_find_account(platform, account)).first()
        twin = None if row is None else (taken or {}).get(row.id)
        if twin not in (None, name):
            raise Refused(
                f"sources {twin} and {name} are the same account on {platform}",
                remedy="Keep one of the two tables in the settings file.",
            )
        if row is not None:
            connection.execute(
                update(source)
                .where(source.c.id == row.id)
                .values(name=name, adapter=adapter, stopped_at=None, stopped_why=None)
            )
            return int(row.id)
        made = connection.execute(
            insert(source).values(
                name=name,
                adapter=adapter,
                platform=platform,
                account_id=account.account_id,
                pinned_at=now,
            )
        )
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])


def is_known(database: Database, platform: str, account: Account) -> bool:
    """Whether the catalogue was ever in contact with *account*."""
    with database.read() as connection:
        return connection.execute(_find_account(platform, account)).first() is not None


def _find_account(platform: str, account: Account) -> Select[Any]:
    """The source of *account*, the oldest first, whatever its id was when it was pinned."""
    return (
        select(source.c.id)
        .where(source.c.platform == platform, source.c.account_id.in_(account.names))
        .order_by(source.c.pinned_at, source.c.id)
    )


def knows_any(database: Database) -> bool:
    """Whether the catalogue was ever in contact with any account."""
    with database.read() as connection:
        return connection.execute(select(source.c.id).limit(1)).first() is not None


def enter_skew(connection: Connection, source_id: int, skew: timedelta | None) -> None:
    """Keep by how much the platform's clock is ahead of ours; ``None`` where they agree."""
    skew_s = None if skew is None else round(skew.total_seconds())
    other = source.c.skew_s.is_distinct_from(skew_s)
    connection.execute(update(source).where(source.c.id == source_id, other).values(skew_s=skew_s))


def stop(database: Database, source_id: int, why: str, now: datetime) -> None:
    """Say that nothing more is asked of this source until a person mends what is wrong."""
    _stop(database, source.c.id == source_id, why, now)


def stop_named(database: Database, name: str, why: str, now: datetime) -> None:
    """Like :func:`stop`, for a source that could not even be asked who it is."""
    _stop(database, source.c.name == name, why, now)


def _stop(database: Database, which: ColumnElement[bool], why: str, now: datetime) -> None:
    """The newest reason counts, and the first time: since then nothing was asked."""
    with database.write() as connection:
        connection.execute(update(source).where(which).values(stopped_why=why))
        anew = source.c.stopped_at.is_(None)
        connection.execute(update(source).where(which, anew).values(stopped_at=now))


def find(database: Database, name: str) -> Row[tuple[object, ...]] | None:
    """The source that is called *name*, as far as it ever was in contact."""
    with database.read() as connection:
        return connection.execute(select(source).where(source.c.name == name)).first()


def find_source_name(connection: Connection, source_id: int) -> str:
    """The label of the source with this row id."""
    return str(
        connection.execute(select(source.c.name).where(source.c.id == source_id)).scalar_one()
    )


def account_of(connection: Connection, source_id: int) -> str:
    """The account that a source was pinned to."""
    return str(
        connection.execute(select(source.c.account_id).where(source.c.id == source_id)).scalar_one()
    )


def count_states(connection: Connection, source_id: int) -> dict[str, int]:
    """How many recordings of a source are in which state."""
    rows = connection.execute(
        select(recording.c.state, func.count().label("count"))
        .where(recording.c.source_id == source_id)
        .group_by(recording.c.state)
    )
    return {row.state: int(row[1]) for row in rows}
