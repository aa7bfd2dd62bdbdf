"""Who was connected when: a leg per participant and record, and where there is none, per track.

Pure.  Records tell of legs exactly; of the customer's, who has none, the records of the other side
tell, and of whoever has no record yet, the recording.  Records tell only how long somebody was on
hold; when it was, the metadata tell: who is not heard for a while, and then again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from catchment.model import Leg, Window
from catchment_webex.ids import read_uuid
from catchment_webex_calling.ids import dash
from catchment_webex_calling.parties import (
    UNKNOWN,
    Cast,
    is_outside,
    list_inside_numbers,
    queue_id,
)
from catchment_webex_calling.payloads import Participant, read_number
from catchment_webex_calling.view import Record, Track, View


def list_legs(view: View, cast: Cast) -> tuple[Leg, ...]:
    """All legs, by their begin."""
    legs = [*_of_records(view, cast), *_of_tracks(view, cast), *_of_customers(view, cast)]
    holds = _list_holds(view, cast)
    told = [replace(leg, holds=_within(leg, holds.get(leg.party_id, set()))) for leg in legs]
    return tuple(sorted(told, key=lambda leg: (str(leg.start), leg.leg_id)))


def _of_records(view: View, cast: Cast) -> Iterator[Leg]:
    """Our own people who were connected, and queues that were called."""
    for record in view.records:
        if record.talk and record.answered and cast.agent_of(record):
            yield _leg(record.fact_id, cast.agent_of(record), record.connected_at, record.ended)
        elif record.queue and not record.outward and (record.user_id or record.told.user):
            party_id = queue_id(record.user_id, record.told.user)
            yield _leg(record.fact_id, party_id, record.began, record.ended)


def _of_tracks(view: View, cast: Cast) -> Iterator[Leg]:
    """Agents without a record of their session: one leg over all of their recordings in it."""
    known = {(r.session, cast.agent_of(r)) for r in view.talks if r.answered}
    groups: dict[tuple[str, str], list[Track]] = {}
    for track in view.tracks:
        agent = cast.recorded_by(track)
        if agent and (track.session, agent) not in known:
            groups.setdefault((track.session, agent), []).append(track)
    for (session, agent), tracks in groups.items():
        name = dash(session) if session else tracks[0].recording_id
        starts = [track.metadata.service_data.session.start_time for track in tracks]
        begun = min([track.began for track in tracks] + [start for start in starts if start])
        yield _leg(f"{name}/{agent}", agent, begun, _latest(track.ended for track in tracks))


def _of_customers(view: View, cast: Cast) -> Iterator[Leg]:
    """A customer's one leg: as long as anybody was connected to that number."""
    inside = list_inside_numbers(view)
    spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for record in view.records:
        party_id = cast.customers.get(record.number or UNKNOWN, "")
        if party_id and is_outside(record, inside):
            spans.setdefault(party_id, []).append((_joined_at(record), record.ended))
    told = set(spans)
    for track in view.tracks:
        other = track.other
        party_id = "" if other is None else cast.customers.get(other.tel or UNKNOWN, "")
        if party_id and party_id not in told and not (other and other.inside):
            spans.setdefault(party_id, []).append((track.began, track.ended))
    for party_id, spells in spans.items():
        begun = min(start for start, _ in spells)
        yield _leg(party_id, party_id, begun, _latest(end for _, end in spells))


# --- holds --------------------------------------------------------------------------------------


def _list_holds(view: View, cast: Cast) -> dict[str, set[Window]]:
    """When each party was on hold, as the activities of all tracks tell."""
    found: dict[str, set[Window]] = {}
    for track in view.tracks:
        heard = [
            (each.time_stamp, {_party(person, cast) for person in each.participants})
            for each in track.metadata.service_data.call_activity
            if each.time_stamp is not None and each.participants is not None
        ]
        heard.sort(key=lambda row: row[0])
        for party_id in {party for _, there in heard for party in there} - {""}:
            found.setdefault(party_id, set()).update(_list_silences(party_id, heard))
    return found


def _list_silences(party_id: str, heard: Sequence[tuple[datetime, set[str]]]) -> Iterator[Window]:
    """Whoever was there, is not, and is there again, was on hold in between."""
    there, gone = False, None
    for moment, people in heard:
        if party_id in people:
            if gone is not None and moment > gone:
                yield Window(gone, moment)
            there, gone = True, None
        elif there and gone is None:
            gone = moment


def _party(person: Participant, cast: Cast) -> str:
    if person.actor.id or person.actor.email:
        known = cast.ids.get(read_uuid(person.actor.id), "")
        return known or cast.ids.get(person.actor.email.strip().lower(), "")
    return cast.customers.get(read_number(person.aor), "")


def _within(leg: Leg, holds: Iterable[Window]) -> tuple[Window, ...]:
    """The *holds* that lie in *leg*, in order."""
    end = leg.end
    fit = [
        hold
        for hold in holds
        if leg.start is not None and hold.start >= leg.start and (end is None or hold.end <= end)
    ]
    return tuple(sorted(fit, key=lambda hold: (hold.start, hold.end)))


def _joined_at(record: Record) -> datetime:
    """Who calls is there from the first ringing on; who is called, from the answer on."""
    return record.connected_at if record.outward else record.began


def _latest(moments: Iterator[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _leg(leg_id: str, party_id: str, start: datetime, end: datetime | None) -> Leg:
    return Leg(leg_id, party_id, start, max(start, end) if end else None)
