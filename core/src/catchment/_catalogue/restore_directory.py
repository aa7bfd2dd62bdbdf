"""Puts people, teams and queues back as the archive's books tell them, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from catchment._catalogue.database import Database
from catchment._catalogue.tables import person, person_ref, queue, team

GROUPS = {"team": team, "queue": queue}
"""Kinds of rows of the books, and where they belong."""


def enter_group(
    database: Database,
    connection: Connection,
    kind: str,
    source_id: int,
    body: Mapping[str, Any],
    at: datetime,
) -> None:
    """Put back, or change, a team or a queue."""
    space, value = body["ref"]
    row = {
        "source_id": source_id,
        "space": space,
        "value": value,
        "name": body["name"],
        "started_at": datetime.fromisoformat(body["since"]),
        "seen_at": at,
    }
    if kind == "queue":
        row["active"] = body["active"]
    database.upsert(connection, GROUPS[kind], [row], ["source_id", "space", "value"])


def enter_person(
    database: Database,
    connection: Connection,
    source_id: int,
    body: Mapping[str, Any],
    at: datetime,
) -> None:
    """Put back, or change, somebody of the directory; ids that were another's are theirs now."""
    row = {name: body[name] for name in ("key", "name", "email", "team", "active", "agent")}
    row |= {
        "source_id": source_id,
        "started_at": datetime.fromisoformat(body["since"]),
        "seen_at": at,
        "assigned_id": _find_team(connection, source_id, body["assigned"]),
    }
    database.upsert(connection, person, [row], ["source_id", "key"])
    query = select(person.c.id).where(person.c.source_id == source_id, person.c.key == body["key"])
    person_id = connection.execute(query).scalar_one()
    rows = [
        {"source_id": source_id, "space": space, "value": value, "person_id": person_id}
        for space, value in body["refs"]
    ]
    database.upsert(connection, person_ref, rows, ["source_id", "space", "value"])


def _find_team(connection: Connection, source_id: int, ref: list[str] | None) -> int | None:
    if ref is None:
        return None
    query = select(team.c.id).where(
        team.c.source_id == source_id, team.c.space == ref[0], team.c.value == ref[1]
    )
    return connection.execute(query).scalar()
