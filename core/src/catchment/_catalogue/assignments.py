"""What people decide about the directory here: local teams, who is in which, who is no agent.

Nothing of it is ever told to the platform.  Every decision stands in the books with who made it and
why, beside the row that it changed, so that a rebuild puts it back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from catchment._catalogue import books, directory, groups, roster
from catchment._catalogue.database import Database
from catchment._catalogue.roster import KnownPerson, KnownTeam
from catchment._catalogue.tables import decision, person, source, team
from catchment.errors import Misuse


@dataclass(frozen=True, slots=True)
class Reason:
    """Who decides, why, and when."""

    who: str
    why: str
    at: datetime


def find_source(connection: Connection, name: str | None) -> tuple[int, str]:
    """Row id and name of the source called *name*, or of the only one there is.

    Raises:
        Misuse: There is none, or there are several and none is named.
    """
    query = select(source.c.id, source.c.name).order_by(source.c.name)
    rows = connection.execute(query if name is None else query.where(source.c.name == name)).all()
    if not rows:
        which = "no source was ever" if name is None else f"source {name} was never"
        raise Misuse(
            f"{which} in contact with its platform", remedy="Run 'catchment run --once' first."
        )
    if len(rows) > 1:
        names = ", ".join(row.name for row in rows)
        raise Misuse(f"there are several sources: {names}", remedy="Name one with --source.")
    return int(rows[0].id), str(rows[0].name)


def find_team(connection: Connection, typed: str, source_name: str) -> KnownTeam:
    """The one team of a source with this name, upper or lower case, or this id.

    Raises:
        Misuse: There is none, or more than one.
    """
    teams = roster.list_teams(connection, source_name)
    folded = typed.casefold()
    found = [one for one in teams if one.name.casefold() == folded or one.ref.value == typed]
    if not found:
        raise Misuse(
            f"source {source_name} has no team {typed!r}",
            remedy="'catchment directory --teams' lists its teams, and "
            "'catchment directory team' makes a local one.",
        )
    if len(found) > 1:
        ids = ", ".join(one.ref.value for one in found)
        raise Misuse(
            f"source {source_name} has {len(found)} teams {typed!r}",
            remedy=f"Say which one by its id: {ids}",
        )
    return found[0]


def make_team(
    database: Database,
    connection: Connection,
    source_id: int,
    source_name: str,
    name: str,
    reason: Reason,
) -> None:
    """Make a local team.

    Raises:
        Misuse: The name is empty or taken.
    """
    database.stand_in_line(connection, source_id)
    _require_free(connection, source_name, name)
    made = connection.execute(
        insert(team).values(
            source_id=source_id,
            space=groups.LOCAL,
            value=str(uuid.uuid4()),
            name=name,
            started_at=reason.at,
            seen_at=reason.at,
        )
    )
    assert made.inserted_primary_key is not None
    groups.enter_group(connection, team, int(made.inserted_primary_key[0]), reason.at)
    _keep(connection, source_id, "make", f"team {name}", reason)


def rename_team(
    database: Database, connection: Connection, one: KnownTeam, name: str, reason: Reason
) -> None:
    """Rename a local team; whoever is in it stays in it.

    Raises:
        Misuse: The name is the platform's, or the new one is empty or taken.
    """
    if not one.local:
        raise Misuse(
            f"the name of team {one.name} is the platform's and cannot be changed here",
            remedy="Rename it at the platform; the next sync brings the name.",
        )
    database.stand_in_line(connection, one.source_id)
    if name.casefold() != one.name.casefold():
        _require_free(connection, one.source, name)
    connection.execute(update(team).where(team.c.id == one.id).values(name=name))
    groups.enter_group(connection, team, one.id, reason.at)
    _keep(connection, one.source_id, "rename", f"team {one.name}", reason)


def assign(
    database: Database,
    connection: Connection,
    one: KnownPerson,
    to: KnownTeam | None,
    reason: Reason,
) -> None:
    """Put somebody into a team, out of any other; ``None`` believes the platform again."""
    database.stand_in_line(connection, one.source_id)
    values = {"assigned_id": None if to is None else to.id}
    connection.execute(update(person).where(person.c.id == one.id).values(**values))
    directory.enter_person(connection, one.source_id, one.id, reason.at)
    _keep(connection, one.source_id, "assign" if to else "unassign", _name(one), reason)


def revoke(database: Database, connection: Connection, one: KnownPerson, reason: Reason) -> bool:
    """Take the agent role away, until the next sync gives it again; whether there was one."""
    if not one.agent:
        return False
    database.stand_in_line(connection, one.source_id)
    connection.execute(update(person).where(person.c.id == one.id).values(agent=False))
    directory.enter_person(connection, one.source_id, one.id, reason.at)
    _keep(connection, one.source_id, "revoke", _name(one), reason)
    return True


def _require_free(connection: Connection, source_name: str, name: str) -> None:
    if not name.strip():
        raise Misuse("the name of the team is empty", remedy="Give it a name.")
    teams = roster.list_teams(connection, source_name)
    if any(one.name.casefold() == name.casefold() for one in teams):
        raise Misuse(
            f"source {source_name} has a team {name} already", remedy="Choose another name."
        )


def _name(one: KnownPerson) -> str:
    return f"person {one.email or next((ref.value for ref in one.refs), one.name)}"


def _keep(connection: Connection, source_id: int, verb: str, item: str, reason: Reason) -> None:
    said = {"verb": verb, "item": item, "who": reason.who, "why": reason.why}
    connection.execute(insert(decision).values(source_id=source_id, at=reason.at, **said))
    books.enter(connection, source_id, reason.at, "decision", {**said, "kind": "directory"})
