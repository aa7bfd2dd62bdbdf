"""Teams and queues of a platform's directory, as it names them.

The two are alike and their rules are not: a team that the platform lists no more stays as it was,
since people are still counted by it; a queue is kept and marked inactive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from catchment._catalogue import books
from catchment._catalogue.database import chunks
from catchment._catalogue.tables import queue, team
from catchment.model import Queue, Ref, Team

LOCAL = ""
"""The space of teams that were made here: no adapter names anything in it."""


def save_teams(connection: Connection, source_id: int, teams: Sequence[Team], now: datetime) -> int:
    """Keep teams that are active, with their names of today; how many are new or renamed."""
    told = {one.ref: {"name": one.name} for one in teams if one.active}
    return _save(connection, team, source_id, told, now)


def save_queues(
    connection: Connection, source_id: int, queues: Sequence[Queue], now: datetime
) -> int:
    """Keep queues, active or not; how many are new or changed."""
    told = {one.ref: {"name": one.name, "active": one.active} for one in queues}
    return _save(connection, queue, source_id, told, now)


def mark_left(connection: Connection, source_id: int, now: datetime) -> int:
    """Mark the queues that were not listed *now* as inactive; how many these are."""
    gone = (queue.c.source_id == source_id, queue.c.seen_at < now, queue.c.active.is_(True))
    ids = list(connection.execute(select(queue.c.id).where(*gone)).scalars())
    connection.execute(update(queue).where(*gone).values(active=False))
    for one in ids:
        enter_group(connection, queue, one, now)
    return len(ids)


def enter_group(connection: Connection, table: Table, group_id: int, now: datetime) -> None:
    """Enter a team or a queue in the books as it is now."""
    row = connection.execute(select(table).where(table.c.id == group_id)).one()
    body: dict[str, object] = {"ref": [row.space, row.value], "name": row.name}
    body["since"] = row.started_at.isoformat()
    if table is queue:
        body["active"] = row.active
    books.enter(connection, row.source_id, now, table.name, body)


def _save(
    connection: Connection,
    table: Table,
    source_id: int,
    told: Mapping[Ref, Mapping[str, Any]],
    now: datetime,
) -> int:
    known = _list_known(connection, table, source_id, list(told))
    changed = 0
    for ref, values in told.items():
        row = known.get(ref)
        if row is None:
            made = connection.execute(
                insert(table).values(
                    source_id=source_id,
                    space=ref.space,
                    value=ref.value,
                    started_at=now,
                    seen_at=now,
                    **values,
                )
            )
            assert made.inserted_primary_key is not None
            group_id = int(made.inserted_primary_key[0])
        else:
            group_id = row.id
            connection.execute(
                update(table).where(table.c.id == group_id).values(**values, seen_at=now)
            )
        if row is None or any(getattr(row, name) != value for name, value in values.items()):
            enter_group(connection, table, group_id, now)
            changed += 1
    return changed


def _list_known(
    connection: Connection, table: Table, source_id: int, refs: Sequence[Ref]
) -> dict[Ref, Any]:
    found: dict[Ref, Any] = {}
    for some in chunks(sorted({ref.value for ref in refs})):
        query = select(table).where(table.c.source_id == source_id, table.c.value.in_(some))
        for row in connection.execute(query):
            found[Ref(row.space, row.value)] = row
    return found
