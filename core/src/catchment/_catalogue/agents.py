"""Which agents a person means who types a name, a part of one, or an address.

Contacts are found by an index over whole names, so a part of a name is first turned into the names
that hold it.  These are read from the index by leaping from each name to the next: as many steps as
there are agents, however many contacts they had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, select

from catchment._catalogue import texts
from catchment._catalogue.database import Database
from catchment._catalogue.tables import contact
from catchment.errors import Misuse

MOST = 50
"""More agents than these are nobody's answer, and slow to page through."""

IsAgent = Callable[[Any], ColumnElement[bool]]
"""Whether a row of ``contact``, or of an alias of it, is the agent's."""


def find_agents(database: Database, connection: Connection, typed: str) -> IsAgent:
    """The condition that picks the agents that *typed* stands for, upper or lower case.

    A whole name or address is that agent; a star at the end makes it a prefix; else all its words
    must occur in the name, or, where they occur in none, in the address.

    Raises:
        Misuse: It stands for very many agents.
    """
    folded = texts.fold_name(typed)
    columns = ("agent_email",) if "@" in folded else ("agent", "agent_email")
    if folded.endswith("*"):
        prefix = folded.rstrip("* ")
        return lambda contacts: texts.starts_with(database, contacts.c[columns[0]], prefix)
    for name in columns:
        column = contact.c[name]
        found = connection.execute(select(column).where(column == folded).limit(1)).first()
        names = [folded] if found else _list_holding(connection, column, folded)
        if len(names) > MOST:
            raise Misuse(
                f"{typed!r} is part of the names of {len(names):,} agents",
                remedy="Say more of the name, or the whole address.",
            )
        if names:
            return _build_condition(name, names)
    return lambda contacts: false()


def _build_condition(column: str, names: list[str]) -> IsAgent:
    if len(names) == 1:
        return lambda contacts: contacts.c[column] == names[0]
    return lambda contacts: contacts.c[column].in_(names)


def _list_holding(connection: Connection, column: ColumnElement[str], folded: str) -> list[str]:
    words = folded.split()
    if not words:
        return []
    known = select(func.min(column).label("name")).cte("known", recursive=True)
    following = select(func.min(column)).where(column > known.c.name).correlate(known)
    known = known.union_all(
        select(following.scalar_subquery()).select_from(known).where(known.c.name.is_not(None))
    )
    rows = connection.execute(select(known.c.name).where(known.c.name.is_not(None)))
    return [name for name in rows.scalars() if all(word in name for word in words)]
