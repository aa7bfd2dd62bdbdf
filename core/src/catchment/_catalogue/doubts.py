"""Contacts of which something is not sure, for a person who wants to look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from catchment._catalogue.tables import contact, interaction, party, person_ref
from catchment.model import Window


@dataclass(frozen=True, slots=True)
class Doubt:
    """A contact that was made with what is known, which was not all.

    Attributes:
        external_id: The platform's id of the interaction.
        contact_id: Which contact of it.
        at: When the contact began, as far as that is sure.
        reason: What is not sure.
    """

    external_id: str
    contact_id: str
    at: datetime
    reason: str


def list_doubts(
    connection: Connection, source_id: int, window: Window, *, knows_all: bool = True
) -> Iterator[Doubt]:
    """The contacts that began inside *window* and whose times or agent are not sure.

    See :func:`find_doubts` for what *knows_all* means.
    """
    return _read(
        connection,
        source_id,
        knows_all,
        contact.c.started_at >= window.start,
        contact.c.started_at < window.end,
    )


def find_doubts(
    connection: Connection, source_id: int, num: int, *, knows_all: bool = True
) -> Mapping[str, str]:
    """What is not sure of the contacts of one interaction, by contact.

    That the directory does not know an agent says something only where it knows anybody by the same
    kind of id: platforms name rooms and lines like agents, and list them nowhere.  Without
    *knows_all* the directory leaves people out on purpose, and it says nothing at all.
    """
    found = _read(connection, source_id, knows_all, contact.c.interaction_num == num)
    return {one.contact_id: one.reason for one in found}


def _read(
    connection: Connection, source_id: int, knows_all: bool, *conditions: ColumnElement[bool]
) -> Iterator[Doubt]:
    """The contacts of a source that fulfil *conditions* and are in doubt."""
    spaces = _list_spaces(connection, source_id) if knows_all else []
    unknown = and_(party.c.ref_space.in_(spaces), person_ref.c.person_id.is_(None))
    query = (
        select(
            interaction.c.external_id,
            contact.c.contact_id,
            contact.c.started_at,
            contact.c.doubt,
            party.c.name,
            party.c.email,
            party.c.ref_value,
            unknown.label("unknown"),
        )
        .join_from(contact, interaction, contact.c.interaction_num == interaction.c.num)
        .outerjoin(
            party,
            and_(
                party.c.interaction_num == contact.c.interaction_num,
                party.c.party_id == contact.c.party_id,
            ),
        )
        .outerjoin(
            person_ref,
            and_(
                person_ref.c.source_id == interaction.c.source_id,
                person_ref.c.space == party.c.ref_space,
                person_ref.c.value == party.c.ref_value,
            ),
        )
        .where(
            interaction.c.source_id == source_id,
            *conditions,
            or_(contact.c.doubt != "", unknown),
        )
    )
    for row in connection.execute(query):
        reasons = [row.doubt] if row.doubt else []
        if row.unknown:
            label = row.name or row.email or row.ref_value
            reasons.append(f"the directory does not know the agent {label}")
        yield Doubt(row.external_id, row.contact_id, row.started_at, "; ".join(reasons))


def _list_spaces(connection: Connection, source_id: int) -> list[str]:
    """By what kinds of ids the directory knows people."""
    query = select(person_ref.c.space).distinct().where(person_ref.c.source_id == source_id)
    return list(connection.execute(query).scalars())
