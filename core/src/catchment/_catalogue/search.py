"""Search for people: interactions, newest first, one page after the other.

How long a page takes must not depend on how much is archived.  Without an agent the pages go along
the index of interactions by time, with an agent along that of contacts by agent and time.  Words,
numbers, attributes and states *narrow* the search: a rare one gives the few interactions to look
at, a common one is checked for each interaction on the way.  PostgreSQL knows which is which from
its statistics; on SQLite we count, and stop counting at :data:`RARE`.

With an agent, ``since`` and ``until`` mean the agent's own part, and that is what pages are sorted
by: an agent who took over a call at noon is found at noon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from catchment._catalogue import availability, texts
from catchment._catalogue.agents import IsAgent, find_agents
from catchment._catalogue.database import Database
from catchment._catalogue.interactions import cut_attribute
from catchment._catalogue.tables import (
    attribute,
    contact,
    file,
    interaction,
    party,
    recording,
    source,
)
from catchment.errors import Misuse

RARE = 10_000
"""Up to so many interactions are looked at and sorted sooner than the index by time is followed."""

STATES = ("open", "quiet", "gone", "parked", "skipped")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for; everything that is given must hold.

    Attributes:
        words: Words of subject, names, numbers and transcripts, all of which must occur; a star
            behind a word makes it a prefix.
        agent: The agent's name or e-mail address, upper or lower case: the whole of it, words or
            parts of words that all occur in it, or with a star at its end how it begins.
        since: Nothing that began before this.
        until: Nothing that began at this time or later.
        source: The name of a source.
        kind: ``meeting``, ``webinar`` or ``call``.
        number: A calling or called number, as received; blanks, dashes and a plus do not count.
        attributes: Names and values of attributes, as received.
        state: One of :data:`STATES`; some recording of the interaction is in it.
        with_media: Only what has, or has not, any archived file; ``None`` for both.
        limit: How many hits a page has.
        before: ``Hit.cursor`` of the last hit of the page before.
        tenant: Whose interactions.
    """

    words: str = ""
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None
    source: str = ""
    kind: str = ""
    number: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    with_media: bool | None = None
    limit: int = 50
    before: str = ""
    tenant: str = "main"


@dataclass(frozen=True, slots=True)
class Hit:
    """An interaction that was found.

    Attributes:
        agents: Names of the agents, or what else they are known by.
        media: What can be heard and seen, in words.
        version: Of the newest sealed package; 0 while there is none.
        cursor: Where the next page starts if this is the last hit of its page.
    """

    interaction_id: str
    source: str
    kind: str
    external_id: str
    started_at: datetime
    duration: timedelta | None
    subject: str
    agents: tuple[str, ...]
    media: str
    version: int
    cursor: str


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """A condition in two forms: the interactions that fulfil it, and whether a given one does."""

    nums: Select[Any]
    check: ColumnElement[bool]


def search(
    database: Database,
    query: Query,
    now: datetime,
    *,
    patience: Mapping[str, timedelta] = MappingProxyType({}),
    rare: int = RARE,
) -> list[Hit]:
    """One page of what *query* asks for, newest first.

    Args:
        patience: How long "not yet" is believed, by the names of the sources.
        rare: Up to how many interactions SQLite lets a narrowing lead; the hits are the same.

    Raises:
        Misuse: ``before`` or ``state`` is none that this search ever gave or knows, or ``agent``
            stands for very many.
    """
    with database.read() as connection:
        rows = connection.execute(_build_page(database, connection, query, rare)).all()
        found = {row.num: row.position for row in rows}
        return _read_hits(connection, found, now, patience) if found else []


# --- which interactions ----------------------------------------------------------------------


def _build_page(database: Database, connection: Connection, query: Query, rare: int) -> Select[Any]:
    asked = list(_narrow(database, query))
    by_agent = bool(query.agent)
    at = contact.c.started_at if by_agent else interaction.c.started_at
    tenant: ColumnElement[Any] = interaction.c.tenant
    conditions = [interaction.c.survivor_num.is_(None), *_list_plain(connection, query)]
    rarest = _find_rare(connection, asked, rare) if database.is_sqlite else None
    for one in asked:
        drives = one is rarest or not database.is_sqlite
        conditions.append(interaction.c.num.in_(one.nums) if drives else one.check)
    along: ColumnElement[Any] = at
    if rarest is not None and not by_agent:
        along, tenant = _unindexed(at), _unindexed(tenant)
    statement = select(interaction.c.num, at.label("position")).where(
        tenant == query.tenant, *conditions, *_bound(along, query), *_after(along, query.before)
    )
    if by_agent:
        statement = statement.join_from(
            contact, interaction, contact.c.interaction_num == interaction.c.num
        ).where(*_is_last_part(find_agents(database, connection, query.agent), query))
    num = contact.c.interaction_num if by_agent else interaction.c.num
    return statement.order_by(along.desc(), num.desc()).limit(query.limit)


def _list_plain(connection: Connection, query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.source:
        ids = connection.execute(select(source.c.id).where(source.c.name == query.source))
        conditions.append(interaction.c.source_id.in_(ids.scalars().all()))
    if query.kind:
        conditions.append(interaction.c.kind == query.kind)
    if query.with_media is not None:
        archived = (
            select(file.c.id)
            .join_from(recording, file, file.c.recording_id == recording.c.id)
            .where(recording.c.interaction_num == interaction.c.num, file.c.state == "archived")
            .exists()
        )
        conditions.append(archived if query.with_media else ~archived)
    return conditions


def _narrow(database: Database, query: Query) -> list[_Narrowing]:
    asked: list[_Narrowing] = []
    num = interaction.c.num
    if query.words.strip():
        held = texts.holds(database, query.words, num)
        asked.append(_Narrowing(texts.match(database, query.words), held))
    if query.number:
        asked.append(_narrow_number(query.number))
    for name, value in sorted(query.attributes.items()):
        known = cut_attribute(name, value)
        has = and_(attribute.c.name == known[0], attribute.c.value == known[1])
        nums = select(attribute.c.interaction_num).where(has)
        asked.append(_Narrowing(nums, nums.where(attribute.c.interaction_num == num).exists()))
    if query.state:
        if query.state not in STATES:
            raise Misuse(
                f"{query.state!r} is not a state of a recording",
                remedy=f"Ask for one of {', '.join(STATES)}.",
            )
        every_source = select(source.c.id)  # the index of states begins with the source
        nums = select(recording.c.interaction_num).where(
            recording.c.source_id.in_(every_source), recording.c.state == query.state
        )
        check = select(recording.c.id).where(
            recording.c.interaction_num == num, recording.c.state == query.state
        )
        asked.append(_Narrowing(nums, check.exists()))
    return asked


def _narrow_number(number: str) -> _Narrowing:
    compact = "".join(sign for sign in number if sign.isalnum())
    forms = sorted({number.strip(), compact, f"+{compact}"})
    other = interaction.alias()
    nums = select(other.c.num).where(other.c.ani.in_(forms))
    either = nums.union(select(other.c.num).where(other.c.dnis.in_(forms))).subquery()
    check = or_(interaction.c.ani.in_(forms), interaction.c.dnis.in_(forms))
    return _Narrowing(select(either.c.num), check)


def _find_rare(connection: Connection, asked: Sequence[_Narrowing], rare: int) -> _Narrowing | None:
    """The narrowing that leaves the fewest interactions, if these are few."""
    counts: list[tuple[int, int]] = []
    for place, one in enumerate(asked):
        some = one.nums.limit(rare + 1).subquery()
        count = connection.execute(select(func.count()).select_from(some)).scalar_one()
        counts.append((count, place))
    if not counts or min(counts)[0] > rare:
        return None
    return asked[min(counts)[1]]


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """*column* as SQLite sees it when it shall not choose an index for it."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _bound(at: ColumnElement[Any], query: Query) -> list[ColumnElement[bool]]:
    since = [at >= query.since] if query.since else []
    return [*since, at < query.until] if query.until else since


def _is_last_part(is_agent: IsAgent, query: Query) -> list[ColumnElement[bool]]:
    """The agent's last part in the time asked for: an interaction is one hit, not one per part."""
    later = contact.alias("later")
    after = or_(
        later.c.started_at > contact.c.started_at,
        and_(later.c.started_at == contact.c.started_at, later.c.contact_id > contact.c.contact_id),
    )
    another = select(later.c.contact_id).where(
        later.c.interaction_num == contact.c.interaction_num,
        is_agent(later),
        *_bound(later.c.started_at, query),
        after,
    )
    return [is_agent(contact), ~another.exists()]


# --- pages -----------------------------------------------------------------------------------


def _write_cursor(position: datetime, num: int) -> str:
    return f"{position.isoformat()}_{num}"


def _after(at: ColumnElement[Any], before: str) -> list[ColumnElement[bool]]:
    if not before:
        return []
    moment, _, num = before.rpartition("_")
    try:
        position, last = datetime.fromisoformat(moment), int(num)
    except ValueError as error:
        raise Misuse(
            f"{before!r} is not where a page of a search ended",
            remedy="Give the cursor of the last hit, or none for the first page.",
        ) from error
    return [at <= position, or_(at < position, interaction.c.num < last)]


# --- what is shown of them -------------------------------------------------------------------


def _read_hits(
    connection: Connection,
    found: Mapping[int, datetime],
    now: datetime,
    patience: Mapping[str, timedelta],
) -> list[Hit]:
    nums = list(found)
    query = (
        select(
            interaction.c.num,
            interaction.c.interaction_id,
            source.c.name.label("source"),
            interaction.c.kind,
            interaction.c.external_id,
            interaction.c.started_at,
            interaction.c.ended_at,
            interaction.c.subject,
            interaction.c.version,
        )
        .join_from(interaction, source, interaction.c.source_id == source.c.id)
        .where(interaction.c.num.in_(nums))
    )
    rows = {row.num: row for row in connection.execute(query)}
    agents = _list_agents(connection, nums)
    media = availability.summarise(connection, nums, now, patience)
    return [
        Hit(
            interaction_id=rows[num].interaction_id,
            source=rows[num].source,
            kind=rows[num].kind,
            external_id=rows[num].external_id,
            started_at=rows[num].started_at,
            duration=rows[num].ended_at - rows[num].started_at if rows[num].ended_at else None,
            subject=rows[num].subject,
            agents=tuple(agents.get(num, ())),
            media=media.get(num, ""),
            version=rows[num].version,
            cursor=_write_cursor(found[num], num),
        )
        for num in nums
    ]


def _list_agents(connection: Connection, nums: Sequence[int]) -> dict[int, list[str]]:
    """Names of the agents in the order of their parts, written as the platform writes them."""
    written: dict[tuple[int, str], str] = {}
    parties = (
        select(party.c.interaction_num, party.c.name, party.c.email)
        .join_from(party, contact, party.c.interaction_num == contact.c.interaction_num)
        .where(
            party.c.interaction_num.in_(nums),
            # SQLite folds ASCII only; an agent is found by the role then, or shown in lower case.
            or_(
                func.lower(party.c.name) == contact.c.agent,
                party.c.role.in_(("agent", "host")),
            ),
        )
    )
    for row in connection.execute(parties):
        written[row.interaction_num, texts.fold_name(row.name)] = row.name
        written.setdefault((row.interaction_num, texts.fold_name(row.email)), row.email)
    agents: dict[int, list[str]] = {}
    parts = (
        select(contact.c.interaction_num, contact.c.agent)
        .where(contact.c.interaction_num.in_(nums))
        .order_by(contact.c.interaction_num, contact.c.started_at, contact.c.contact_id)
    )
    for part in connection.execute(parts):
        name = written.get((part.interaction_num, part.agent), part.agent)
        names = agents.setdefault(part.interaction_num, [])
        if name and name not in names:
            names.append(name)
    return agents
