"""Who took part in a meeting, and when: one party per person, one leg per join.  Pure.

A person is known by address; without one (telephones, devices, guests) each row is a person of its
own (sheet 5).  Who joins again, or with a second device, has another leg of the same party.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catchment.model import Leg, Party, Ref
from catchment_webex_meetings.payloads import Participant
from catchment_webex_meetings.view import View

UNKNOWN_HOST = "host"
"""``party_id`` of the owner of a meeting whose host nobody tells."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, the owner first.

    Attributes:
        owner: ``party_id`` of the host.
        parties: The host, then the others by id.
        legs: By their begin.
    """

    owner: str
    parties: tuple[Party, ...]
    legs: tuple[Leg, ...]


@dataclass(slots=True)
class _Person:
    """What all rows say of one person together."""

    emails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    tels: set[str] = field(default_factory=set)
    uuids: set[str] = field(default_factory=set)


def build_cast(views: Sequence[View]) -> Cast:
    """Everybody whom the documents of *views* mention."""
    email = next((view.host_email for view in views if view.host_email), "")
    uuid = next((view.host_uuid for view in views if view.host_uuid), "")
    owner = f"email:{email}" if email else f"user:{uuid}" if uuid else UNKNOWN_HOST
    people = {owner: _read_host(views, email, uuid)}
    legs: dict[str, Leg] = {}
    for row in _list_rows(views):
        party_id = _party_id(row)
        person = people.setdefault(party_id, _Person())
        _add(person, row)
        for leg in _list_legs(row, party_id):
            legs[leg.leg_id] = _longer(legs.get(leg.leg_id), leg)
    others = sorted(party_id for party_id in people if party_id != owner)
    return Cast(
        owner,
        tuple(_map_party(each, people[each], owner) for each in (owner, *others)),
        tuple(sorted(legs.values(), key=lambda leg: (str(leg.start), leg.leg_id))),
    )


def _read_host(views: Sequence[View], email: str, uuid: str) -> _Person:
    names = [view.meeting.host_display_name or view.row.host_display_name for view in views]
    return _Person(
        emails={email} - {""},
        uuids={uuid} - {""},
        names=set(filter(None, names)),
    )


def _list_rows(views: Iterable[View]) -> list[Participant]:
    """The rows of all parts, each participant once; the parts of a meeting tell the same people."""
    rows = {row.model_dump_json(): row for view in views for row in view.participants}
    return [rows[text] for text in sorted(rows)]


def _party_id(row: Participant) -> str:
    email = row.email.strip().lower()
    return f"email:{email}" if "@" in email else f"guest:{row.id or row.display_name}"


def _add(person: _Person, row: Participant) -> None:
    email = row.email.strip().lower()
    person.emails |= {email} if "@" in email else set()
    person.names |= {row.display_name} - {""}
    person.tels |= {device.phone_number for device in row.devices} - {""}


def _list_legs(row: Participant, party_id: str) -> Iterator[Leg]:
    """One leg per join: the devices', or where none are told the row's; a lobby is no leg."""
    joined = [
        (device.correlation_id, device.joined_time, device.left_time)
        for device in row.devices
        if device.joined_time
    ]
    if not joined and row.joined_time and row.state != "lobby":
        joined = [("", row.joined_time, row.left_time)]
    for name, start, end in joined:
        if start is not None:
            until = end if end is None or end >= start else None
            yield Leg(f"{row.id or party_id}/{name}@{start.isoformat()}", party_id, start, until)


def _longer(known: Leg | None, leg: Leg) -> Leg:
    """The leg that says more: its end may be told only later."""
    if known is None or known.end is None:
        return leg
    return leg if leg.end is not None and leg.end > known.end else known


def _map_party(party_id: str, person: _Person, owner: str) -> Party:
    email = min(person.emails, default="")
    uuid = min(person.uuids, default="")
    ref = Ref("user", uuid) if uuid else Ref("email", email) if email else None
    return Party(
        party_id=party_id,
        role="host" if party_id == owner else "participant",
        ref=ref,
        name=min(person.names, default=""),
        email=email,
        tel=min(person.tels, default=""),
    )


def first_start(legs: Iterable[Leg]) -> datetime | None:
    """When the first of *legs* began."""
    return min((leg.start for leg in legs if leg.start), default=None)


def last_end(legs: Iterable[Leg]) -> datetime | None:
    """When the last of *legs* ended."""
    return max((leg.end for leg in legs if leg.end), default=None)
