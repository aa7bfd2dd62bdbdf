"""Who took part in a meeting, and when: one party per person, one leg per stay.  Pure.

A person is known by user id, by address, or by neither (sheet 6.3, 7.3); rows that share an id or
an address are one person.  Who comes back has another row, hence another leg of the same party.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from catchment.model import Leg, Party, Ref
from catchment.payloads import read_as
from catchment_zoom.files import map_archive_files, map_cloud_files
from catchment_zoom.payloads import Participant, Participants

if TYPE_CHECKING:
    from catchment_zoom.view import View

UNKNOWN_HOST = "host"
"""``party_id`` of the owner of a meeting whose host is not told."""


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


@dataclass(frozen=True, slots=True, order=True)
class Stay:
    """One mention of a person by a document: who, and from when to when if it is told."""

    meeting: str
    user_id: str = ""
    email: str = ""
    guest: str = ""
    name: str = ""
    joined_at: str = ""
    left_at: str = ""
    seat: str = ""
    host: bool = False


@dataclass(slots=True)
class _Person:
    """What all mentions of one person say together."""

    user_ids: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def build_cast(views: Sequence[View]) -> Cast:
    """Everybody whom the documents of *views* mention."""
    stays = sorted({stay for view in views for stay in _list_stays(view)})
    owner = _find_owner(views)
    ids = _identify(stays)
    people: dict[str, _Person] = {owner: _Person()}
    for stay in stays:
        person = people.setdefault(ids[stay], _Person())
        person.user_ids.update(filter(None, [stay.user_id]))
        person.emails.update(filter(None, [stay.email]))
        person.names.update(filter(None, [stay.name]))
    others = sorted(party_id for party_id in people if party_id != owner)
    parties = tuple(_map_party(each, people[each], owner) for each in (owner, *others))
    return Cast(owner, parties, tuple(_map_legs(stays, ids)))


def _find_owner(views: Sequence[View]) -> str:
    """The host of the meeting itself, else of a room; the one without a name if nobody says."""
    host_id = next((view.host_id for view in views if view.host_id), "")
    return f"user:{host_id}" if host_id else UNKNOWN_HOST


# --- mentions -------------------------------------------------------------------------------------


def _list_stays(view: View) -> Iterator[Stay]:
    """Every mention in the documents of *view*."""
    if view.host_id:
        yield Stay(
            view.uuid,
            user_id=view.host_id,
            email=(view.host.email or view.past.user_email).strip().lower(),
            name=view.host.name or view.past.user_name,
            host=True,
        )
    rows = read_as(Participants, view.participants).participants
    yield from (_read_row(row, view.uuid) for row in rows)
    yield from _list_streams(view, timed=not rows)


def _read_row(row: Participant, meeting: str) -> Stay:
    """A row of 7.3; who only waited to be let in was not connected."""
    waiting = row.status == "in_waiting_room"
    return Stay(
        meeting,
        user_id=row.id,
        email=row.user_email.strip().lower(),
        guest=row.registrant_id or row.name or row.user_id,
        name=row.name,
        joined_at="" if waiting else _stamp(row.join_time),
        left_at="" if waiting else _stamp(row.leave_time),
        seat=row.user_id,
    )


def _list_streams(view: View, *, timed: bool) -> Iterator[Stay]:
    """People's own streams, which tell when somebody was there where no list of stays does."""
    listing = view.recording.documents.get("listing", {})
    for file in map_cloud_files(listing) if view.cloudy else map_archive_files(listing):
        if file.of is None:
            continue
        email = file.of.value if file.of.space == "email" else ""
        if not email and not timed:
            continue  # a guest, whose row is among the participants already
        stretch = file.timeline.stretches[0] if timed and file.timeline.stretches else None
        yield Stay(
            view.uuid,
            email=email,
            guest="" if email else f"stream {file.file_id}",
            joined_at=_stamp(stretch.start) if stretch else "",
            left_at=_stamp(stretch.end) if stretch else "",
        )


def _stamp(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


# --- people ---------------------------------------------------------------------------------------


def _identify(stays: Iterable[Stay]) -> dict[Stay, str]:
    """The ``party_id`` of each mention: by user id, else by address, else by guest's name.

    An address that some row shows beside a user id stands for that user everywhere.
    """
    users = {
        stay.email: stay.user_id
        for stay in sorted(stays, reverse=True)
        if stay.email and stay.user_id
    }
    return {stay: _party_id(stay, users.get(stay.email, "")) for stay in stays}


def _party_id(stay: Stay, known: str) -> str:
    if stay.user_id or known:
        return f"user:{stay.user_id or known}"
    return f"email:{stay.email}" if stay.email else f"guest:{stay.guest}"


def _map_party(party_id: str, person: _Person, owner: str) -> Party:
    email = min(person.emails, default="")
    space, _, value = party_id.partition(":")
    ref = Ref(space, value) if space in ("user", "email") and value else None
    return Party(
        party_id=party_id,
        role="host" if party_id == owner else "participant",
        ref=ref,
        name=min(person.names, default=""),
        email=email,
    )


def _map_legs(stays: Iterable[Stay], ids: dict[Stay, str]) -> Iterator[Leg]:
    """One leg per person, meeting and joining; sound and picture of one stay are one leg."""
    legs: dict[str, Leg] = {}
    for stay in stays:
        if not stay.joined_at:
            continue
        leg_id = f"{stay.meeting}/{ids[stay]}/{stay.seat}@{stay.joined_at}"
        start = datetime.fromisoformat(stay.joined_at)
        end = datetime.fromisoformat(stay.left_at) if stay.left_at else None
        known = legs.get(leg_id)
        if known is None or (end is not None and (known.end is None or known.end < end)):
            legs[leg_id] = Leg(leg_id, ids[stay], known.start if known else start, end)
    yield from sorted(legs.values(), key=lambda leg: (str(leg.start), leg.leg_id))
