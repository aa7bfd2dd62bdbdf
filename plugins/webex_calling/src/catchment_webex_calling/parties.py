"""Who took part in a call: agents, queues, customers.  Pure.

Somebody of the organisation is known by UUID, else by e-mail address; one whom any document shows
with both is one.  Whoever is not of the organisation is a customer, known by number; the numbers of
records and of metadata differ in spelling, so that one which ends like another is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from catchment.model import Party, Ref
from catchment_webex_calling.view import Record, Track, View, Who

AGENT, QUEUE, CUSTOMER = "agent", "queue", "customer"
UNKNOWN = "unknown"
"""The number of somebody outside who does not show it."""

_INSIDE = frozenset({"SIP_ENTERPRISE", "SIP_MEETING"})
_SPACES = {"place": "place", "virtualline": "line"}
_ALIKE = 7


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, the agents first.

    Attributes:
        parties: Agents, then queues, then customers, each by id.
        ids: ``party_id`` by UUID and by address.
        customers: ``party_id`` by number, in every spelling that occurs.
    """

    parties: tuple[Party, ...]
    ids: Mapping[str, str]
    customers: Mapping[str, str]

    def agent_of(self, record: Record) -> str:
        """The party of a record."""
        return self.ids.get(record.user_id, "")

    def recorded_by(self, track: Track) -> str:
        """The party whose talk *track* is; empty where nobody knows."""
        who = track.agent
        return "" if who is None else self.ids.get(who.user_id or who.email, "")


@dataclass(slots=True)
class _Found:
    """What all documents say of one party."""

    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def add(self, who: Who) -> None:
        for told, into in (
            (who.name, self.names),
            (who.email, self.emails),
            (who.number, self.numbers),
            (who.kind, self.kinds),
        ):
            if told:
                into.add(told)


def build_cast(view: View) -> Cast:
    """Everybody whom records and tracks of *view* name."""
    agents = sorted(_list_agents(view))
    users = {who.email: who.user_id for who in reversed(agents) if who.email and who.user_id}
    found: dict[str, _Found] = {}
    ids: dict[str, str] = {}
    for who in agents:
        user_id = who.user_id or users.get(who.email, "")
        party_id = f"user:{user_id}" if user_id else f"email:{who.email}"
        found.setdefault(party_id, _Found()).add(who)
        ids |= {name: party_id for name in (who.user_id, who.email) if name}
    parties = [_map_agent(party_id, found[party_id]) for party_id in sorted(found)]
    queues = dict(sorted(_list_queues(view)))
    parties += [
        Party(party_id, QUEUE, name=name, tel=tel) for party_id, (name, tel) in queues.items()
    ]
    customers = _find_customers(view)
    parties += [_map_customer(party_id, customers) for party_id in sorted(set(customers.values()))]
    return Cast(tuple(parties), ids, customers)


# --- our own people ---------------------------------------------------------------------------


def _list_agents(view: View) -> Iterator[Who]:
    """Everybody of the organisation, once for each mention.

    Metadata also name whoever is at the other end; that is believed only of people.
    """
    for record in view.talks:
        told = record.told
        if record.user_id:
            yield Who(record.user_id, "", told.user_type, told.user, told.user_number)
    queue_ids = {track.queue.user_id for track in view.tracks if track.queue}
    queue_ids |= {record.user_id for record in view.queues}
    for track in view.tracks:
        named = [*track.list_insiders(), *filter(None, [track.agent])]
        yield from (who for who in named if who.user_id not in queue_ids or not who.user_id)


def _map_agent(party_id: str, found: _Found) -> Party:
    space, _, value = party_id.partition(":")
    kinds = sorted(found.kinds & _SPACES.keys())
    return Party(
        party_id=party_id,
        role=AGENT,
        ref=Ref(_SPACES[kinds[0]] if kinds and space == "user" else space, value),
        name=min(found.names, default=""),
        email=min(found.emails, default=""),
        tel=min(found.numbers, key=lambda number: (-len(number), number), default=""),
    )


# --- queues -------------------------------------------------------------------------------------


def queue_id(user_id: str, name: str) -> str:
    """The ``party_id`` of a queue."""
    return f"queue:{user_id or name}"


def _list_queues(view: View) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name and number of each queue: the record's, which tells more, over the track's."""
    for track in view.tracks:
        if track.queue and (track.queue.user_id or track.queue.name):
            yield queue_id(track.queue.user_id, track.queue.name), (track.queue.name, "")
    for record in view.queues:
        told = record.told
        number = told.user_number or ("" if record.outward else record.called)
        if record.user_id or told.user:
            yield queue_id(record.user_id, told.user), (told.user, number)


# --- people outside -----------------------------------------------------------------------------


def is_outside(record: Record, inside: frozenset[str]) -> bool:
    """Whether the other side of *record* is somebody outside.

    Args:
        record: Of one of our people, or of a queue that was called.
        inside: Numbers of our own people and queues.
    """
    if record.told.call_type.upper() in _INSIDE or record.number in inside:
        return False
    return record.talk or (record.queue and not record.outward)


def list_inside_numbers(view: View) -> frozenset[str]:
    """Numbers that are our own, as far as the records show."""
    found: set[str] = set()
    for record in view.records:
        found.add(record.told.user_number)
        found.add(record.calling if record.outward and record.talk else "")
        found.add("" if record.outward else record.called)
    for track in view.tracks:
        found |= {who.number for who in track.list_insiders()}
    return frozenset(found - {""})


def _find_customers(view: View) -> dict[str, str]:
    """The party of each number outside; metadata add only who is not among the records."""
    inside = list_inside_numbers(view)
    told = [record.number or UNKNOWN for record in view.records if is_outside(record, inside)]
    found = _join({}, told)
    others = [(track, track.other) for track in view.tracks]
    seen = [
        side.tel or UNKNOWN
        for track, side in others
        if side is not None
        and not side.inside
        and side.tel not in inside
        and not (told and not side.tel)
    ]
    return _join(found, seen)


def _join(known: Mapping[str, str], numbers: Iterable[str]) -> dict[str, str]:
    """*known* with *numbers*, the longest spelling first, each as somebody known if it is alike."""
    found = dict(known)
    for number in sorted(set(numbers), key=lambda one: (-len(_digits(one)), one)):
        alike = sorted(party for one, party in found.items() if _is_alike(one, number))
        found.setdefault(number, alike[0] if alike else f"customer:{number}")
    return found


def _is_alike(one: str, other: str) -> bool:
    """Whether one number ends like the other, without the zeros that some spellings begin with."""
    first, second = sorted((_digits(one).lstrip("0"), _digits(other).lstrip("0")), key=len)
    return len(first) >= _ALIKE and second.endswith(first)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _map_customer(party_id: str, customers: Mapping[str, str]) -> Party:
    number = party_id.partition(":")[2]
    return Party(party_id, CUSTOMER, tel="" if number == UNKNOWN else number)
