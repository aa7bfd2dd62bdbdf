"""From what a person types to what it names: an interaction, a recording or a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from catchment._catalogue.tables import contact, fact, file, interaction, recording, source
from catchment.errors import Misuse

PREFIX_CHARACTERS = 8
"""The fewest characters of an interaction's id that may stand for the whole."""

_LOWEST, _HIGHEST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def find_interaction(connection: Connection, name: str) -> int | None:
    """The number of the interaction called *name*; that of the survivor where it was joined.

    *name* is the id, an id that became an alias, at least eight characters that only one id begins
    with, or the platform's id of the interaction or of one of its recordings; else whatever
    ``report`` prints: the id of a fact, ``INTERACTION/CONTACT``, or ``RECORDING/FILE``.

    Raises:
        Misuse: *name* stands for more than one interaction.
    """
    if not name:
        return None
    nums = _survivors(connection, interaction.c.interaction_id == name)
    if not nums:
        of_platform = _survivors(
            connection,
            interaction.c.source_id.in_(select(source.c.id)),
            interaction.c.external_id == name,
        )
        nums = of_platform | {row.interaction_num for row in find_recordings(connection, name)}
    if not nums:
        nums = _find_told(connection, name)
    if not nums and PREFIX_CHARACTERS <= len(name) < len(_LOWEST):
        # Filled up to whole ids the bounds sort alike in every collation of PostgreSQL.
        first, last = (name.lower() + filling[len(name) :] for filling in (_LOWEST, _HIGHEST))
        nums = _survivors(connection, interaction.c.interaction_id.between(first, last))
    if len(nums) > 1:
        raise _ambiguous(connection, name, sorted(nums))
    return nums.pop() if nums else None


def find_recordings(connection: Connection, external_id: str) -> Sequence[Row[Any]]:
    """The recordings that the platforms call *external_id*: one per source at most."""
    # Naming every source lets the unique index of (source, external id) be used.
    query = select(recording).where(
        recording.c.source_id.in_(select(source.c.id)), recording.c.external_id == external_id
    )
    return connection.execute(query).all()


def find_files(connection: Connection, name: str) -> Sequence[Row[Any]]:
    """All versions and renditions of ``external_id/file_id``; either id may hold a slash."""
    found: list[Row[Any]] = []
    for external_id, file_id in _split(name):
        ids = [row.id for row in find_recordings(connection, external_id)]
        found += connection.execute(
            select(file, recording.c.source_id, recording.c.interaction_num)
            .join_from(file, recording, file.c.recording_id == recording.c.id)
            .where(file.c.recording_id.in_(ids), file.c.file_id == file_id)
            .order_by(file.c.recording_id, file.c.version, file.c.recipe)
        )
    return found


def _split(name: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind each slash: the ids themselves may hold some."""
    for place, sign in enumerate(name):
        if sign == "/":
            yield name[:place], name[place + 1 :]


def _find_told(connection: Connection, name: str) -> set[int]:
    """The interactions of what a report calls *name*: a fact, a contact or a file."""
    nums = {row.interaction_num for row in find_files(connection, name)}
    for external_id, contact_id in _split(name):
        rows = connection.execute(
            select(interaction.c.num)
            .join_from(interaction, contact, contact.c.interaction_num == interaction.c.num)
            .where(
                interaction.c.source_id.in_(select(source.c.id)),
                interaction.c.external_id == external_id,
                contact.c.contact_id == contact_id,
            )
        )
        nums |= set(rows.scalars())
    for source_id, kind in _list_kinds(connection):
        rows = connection.execute(
            select(fact.c.interaction_num).where(
                fact.c.source_id == source_id, fact.c.kind == kind, fact.c.fact_id == name
            )
        )
        nums |= set(rows.scalars())
    return nums


def _list_kinds(connection: Connection) -> Iterator[tuple[int, str]]:
    """The kinds of facts of every source; each step is one look into the index of their ids."""
    for source_id in connection.execute(select(source.c.id)).scalars().all():
        of_source = select(func.min(fact.c.kind)).where(fact.c.source_id == source_id)
        kind = connection.execute(of_source).scalar()
        while kind is not None:
            yield source_id, kind
            kind = connection.execute(of_source.where(fact.c.kind > kind)).scalar()


def _survivors(connection: Connection, *conditions: ColumnElement[bool]) -> set[int]:
    query = select(interaction.c.num, interaction.c.survivor_num).where(*conditions).limit(20)
    return {row.survivor_num or row.num for row in connection.execute(query)}


def _ambiguous(connection: Connection, name: str, nums: Sequence[int]) -> Misuse:
    ids = connection.execute(
        select(interaction.c.interaction_id)
        .where(interaction.c.num.in_(nums[:5]))
        .order_by(interaction.c.num)
    ).scalars()
    return Misuse(
        f"{name} is the name of more than one interaction",
        remedy=f"Say which one by its id: {', '.join(ids)}{' …' if len(nums) > 5 else ''}",
    )
