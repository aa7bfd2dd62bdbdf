"""Search for people: interactions, newest first, one page after the other.

How long a page takes must not depend on how much is archived.  Without an agent the pages go along
the index of interactions by time, with an agent along that of contacts by agent and time, with
words on SQLite along the words' own places, which are in the order of time.  Words, numbers,
attributes and states *narrow* the search: a rare one gives the few interactions to look at, a
common one is checked for each interaction on the way.  :mod:`catchment._catalogue.rarity` tells
which is which; left to itself PostgreSQL walks along a million interactions for a word of twenty.

With an agent, ``since`` and ``until`` mean the agent's own part, and that is what pages are sorted
by: an agent who took over a call at noon is found at noon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    or_,
    select,
)

from catchment._catalogue import availability, texts
from catchment._catalogue.agents import IsAgent, find_agents
from catchment._catalogue.among import among
from catchment._catalogue.database import Database
from catchment._catalogue.interactions import cut_attribute
from catchment._catalogue.rarity import find_rarest
from catchment._catalogue.states import RECORDING_STATES
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

_LATER = contact.alias("later")
"""Made once: making it takes longer than the rest of the statement."""


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
        state: One of :data:`RECORDING_STATES`; some recording of the interaction is in it.
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
    few: int | None = None,
) -> list[Hit]:
    """One page of what *query* asks for, newest first.

    Args:
        patience: How long "not yet" is believed, by the names of the sources.
        few: Up to how many interactions what is asked leads, instead of what is faster; the hits
            are the same.

    Raises:
        Misuse: ``before`` or ``state`` is none that this search ever gave or knows, or ``agent``
            stands for very many.
    """
    with database.read() as connection:
        rows = _find_page(database, connection, query, few)
        found = {row.num: row.position for row in rows}
        return _read_hits(connection, found, now, patience) if found else []


# --- which interactions ----------------------------------------------------------------------


def _find_page(
    database: Database, connection: Connection, query: Query, few: int | None
) -> Sequence[Row[Any]]:
    asked = list(_narrow(database, query))
    plain = [interaction.c.survivor_num.is_(None), *_list_plain(connection, query)]
    by_place = database.is_sqlite and bool(query.words.strip()) and not query.agent
    alone = by_place and len(asked) == 1
    nums = [one.nums for one in asked]
    rarest = None if alone else find_rarest(database, connection, nums, few)
    if by_place and rarest in (None, 0):
        return _follow_words(database, connection, query, [*plain, *(o.check for o in asked[1:])])
    conditions = [*plain, *(one.check for place, one in enumerate(asked) if place != rarest)]
    if rarest is not None:  # found first, and only then looked at, whatever PostgreSQL believes
        first = nums[rarest].cte("rarest").prefix_with("MATERIALIZED", dialect="postgresql")
        conditions.append(interaction.c.num.in_(select(first.c[0])))
    leads = rarest is not None and not query.agent
    return connection.execute(_build_page(database, connection, query, conditions, leads)).all()


def _build_page(
    database: Database,
    connection: Connection,
    query: Query,
    conditions: Sequence[ColumnElement[bool]],
    leads: bool = False,
) -> Select[Any]:
    """The page of what fulfils *conditions*, of which one *leads* if the time shall not."""
    by_agent = bool(query.agent)
    at = contact.c.started_at if by_agent else interaction.c.started_at
    along, tenant = _hide(at, leads), _hide(interaction.c.tenant, leads)
    statement = select(interaction.c.num, at.label("position")).where(
        tenant == query.tenant, *conditions, *_bound(along, query), *_after(along, query.before)
    )
    if by_agent:
        statement = statement.join_from(
            contact, interaction, contact.c.interaction_num == interaction.c.num
        ).where(*_is_last_part(find_agents(database, connection, query.agent), query))
    num = contact.c.interaction_num if by_agent else interaction.c.num
    return statement.order_by(along.desc(), num.desc()).limit(query.limit)


def _follow_words(
    database: Database,
    connection: Connection,
    query: Query,
    conditions: Sequence[ColumnElement[bool]],
) -> Sequence[Row[Any]]:
    """The page of what holds the words, newest first; places are in the order of seconds only."""
    at, tenant = _hide(interaction.c.started_at), _hide(interaction.c.tenant)
    found = (
        texts.along_places(database, query.words)
        .add_columns(interaction.c.started_at.label("position"))
        .where(tenant == query.tenant, *conditions, *_bound(at, query), *_after(at, query.before))
    )
    seconds = [texts.find_second(moment) for moment in _list_ends(query)]
    last = texts.build_place(min(seconds, default=texts.LAST_SECOND), texts.LAST_NUM)
    first = texts.build_place(texts.find_second(query.since) if query.since else 0, 0)
    page = found.where(texts.PLACE.between(first, last)).order_by(texts.PLACE.desc())
    rows = list(connection.execute(page.limit(query.limit + 1)))
    if len(rows) > query.limit:
        second = texts.find_second(rows[-1].position)
        rows = [row for row in rows if texts.find_second(row.position) > second]
        if len(rows) < query.limit:
            first, last = (texts.build_place(second, num) for num in (0, texts.LAST_NUM))
            same = found.where(texts.PLACE.between(first, last)).order_by(
                at.desc(), interaction.c.num.desc()
            )
            rows += connection.execute(same.limit(query.limit - len(rows)))
    return sorted(rows, key=lambda row: (row.position, row.num), reverse=True)


def _list_ends(query: Query) -> list[datetime]:
    """Moments behind which nothing is asked for."""
    before = [_read_cursor(query.before)[0]] if query.before else []
    return [*before, query.until] if query.until else before


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
        if query.state not in RECORDING_STATES:
            raise Misuse(
                f"{query.state!r} is not a state of a recording",
                remedy=f"Ask for one of {', '.join(RECORDING_STATES)}.",
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


def _hide(column: ColumnElement[Any], hidden: bool = True) -> ColumnElement[Any]:
    """*column* as a database sees it when it shall not choose an index for it."""
    return func.coalesce(column, column) if hidden else column


def _bound(at: ColumnElement[Any], query: Query) -> list[ColumnElement[bool]]:
    since = [at >= query.since] if query.since else []
    return [*since, at < query.until] if query.until else since


def _is_last_part(is_agent: IsAgent, query: Query) -> list[ColumnElement[bool]]:
    """The agent's last part in the time asked for: an interaction is one hit, not one per part."""
    after = or_(
        _LATER.c.started_at > contact.c.started_at,
        and_(
            _LATER.c.started_at == contact.c.started_at, _LATER.c.contact_id > contact.c.contact_id
        ),
    )
    another = select(_LATER.c.contact_id).where(
        _LATER.c.interaction_num == contact.c.interaction_num,
        is_agent(_LATER),
        *_bound(_LATER.c.started_at, query),
        after,
    )
    return [is_agent(contact), ~another.exists()]


# --- pages -----------------------------------------------------------------------------------


def _write_cursor(position: datetime, num: int) -> str:
    return f"{position.isoformat()}_{num}"


def _read_cursor(before: str) -> tuple[datetime, int]:
    moment, _, num = before.rpartition("_")
    try:
        return datetime.fromisoformat(moment), int(num)
    except ValueError as error:
        raise Misuse(
            f"{before!r} is not where a page of a search ended",
            remedy="Give the cursor of the last hit, or none for the first page.",
        ) from error


def _after(at: ColumnElement[Any], before: str) -> list[ColumnElement[bool]]:
    if not before:
        return []
    position, last = _read_cursor(before)
    return [at <= position, or_(at < position, interaction.c.num < last)]


# --- what is shown of them -------------------------------------------------------------------


def _read_hits(
    connection: Connection,
    found: Mapping[int, datetime],
    now: datetime,
    patience: Mapping[str, timedelta],
) -> list[Hit]:
    nums = list(found)
    rows = {row.num: row for row in connection.execute(_HITS, {"nums": nums}).all()}
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
    agents: dict[int, list[str]] = {}
    for row in connection.execute(_AGENTS, {"nums": nums}).all():
        written = (
            one for one in (row.name, row.email) if one and texts.fold_name(one) == row.agent
        )
        name = next(written, row.agent)
        names = agents.setdefault(row.interaction_num, [])
        if name and name not in names:
            names.append(name)
    return agents


# Built once: building these takes longer than finding the rows does.
_HITS = (
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
    .where(among(interaction.c.num, "nums"))
)
_AGENTS = (
    select(contact.c.interaction_num, contact.c.agent, party.c.name, party.c.email)
    .join_from(
        contact,
        party,
        and_(
            party.c.interaction_num == contact.c.interaction_num,
            party.c.party_id == contact.c.party_id,
        ),
        isouter=True,
    )
    .where(among(contact.c.interaction_num, "nums"))
    .order_by(contact.c.interaction_num, contact.c.started_at, contact.c.contact_id)
)
