"""A call as one interaction: all of its sessions, legs, recordings and records.  Pure.

What belongs together was joined by keys (2.4): the sessions of a transfer, both sides of a leg.
Records alone, metadata alone and both together give a draft; what comes later changes it.  Each
agent who was connected or recorded has a contact, and all contacts share the session of the first
leg (S001-9 to S001-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catchment.model import Bundle, Contact, InteractionDraft, Leg
from catchment_webex_calling.ids import dash
from catchment_webex_calling.legs import list_legs
from catchment_webex_calling.parties import Cast, build_cast, is_outside, list_inside_numbers
from catchment_webex_calling.view import Record, Track, View

MAPPER = "webex-calling-1"


def map_call(bundle: Bundle) -> InteractionDraft:
    """The interaction of *bundle*; what no document tells stays empty."""
    view = View.of(bundle)
    cast = build_cast(view)
    legs = list_legs(view, cast)
    starts = [record.began for record in view.records] + [track.began for track in view.tracks]
    starts += [fact.at for fact in bundle.facts] if not starts else []
    ends = [record.ended for record in view.records] + [track.ended for track in view.tracks]
    started_at = min(starts)
    session = _first_session(view)
    name = dash(session) if session else _first_name(bundle)
    contacts = tuple(_list_contacts(view, cast, legs))
    ani, dnis = _find_numbers(view)
    order = {contact.agent: place for place, contact in enumerate(contacts)}
    return InteractionDraft(
        kind="call",
        external_id=name,
        started_at=started_at,
        ended_at=max((end for end in ends if end and end > started_at), default=None),
        subject=next((track.item.topic for track in view.tracks if track.item.topic), ""),
        direction=_find_direction(view, cast),
        ani=ani,
        dnis=dnis,
        associated_id=name,
        parties=tuple(
            sorted(cast.parties, key=lambda party: order.get(party.party_id, len(order)))
        ),
        legs=legs,
        contacts=contacts,
        custom=dict(_list_custom(view)),
        mapper=MAPPER,
    )


def _first_session(view: View) -> str:
    """The session in which the call began."""
    told = [(record.began, record.session) for record in view.records if record.session]
    told += [(track.began, track.session) for track in view.tracks if track.session]
    return min(told)[1] if told else ""


def _first_name(bundle: Bundle) -> str:
    """What an interaction is called that has no session."""
    recordings = sorted(recording.external_id for recording in bundle.recordings)
    return next(iter(recordings or sorted(fact.fact_id for fact in bundle.facts)), "")


# --- between whom -------------------------------------------------------------------------------


def _find_direction(view: View, cast: Cast) -> str:
    """By who dialled first when somebody outside took part, else internal."""
    inside = list_inside_numbers(view)
    outside = next((record for record in view.records if is_outside(record, inside)), None)
    if outside is not None:
        return "outbound" if outside.outward else "inbound"
    first = next((track for track in view.tracks if track.outward is not None), None)
    if cast.customers and first is not None:
        return "outbound" if first.outward else "inbound"
    return "internal" if view.talks or first is not None else ""


def _find_numbers(view: View) -> tuple[str, str]:
    """Calling and called number as the first leg told them."""
    for record in view.records:
        if (record.talk or not record.outward) and (record.calling or record.called):
            return record.calling, record.called
    for track in view.tracks:
        service = track.metadata.service_data
        if service.calling_party.tel or service.called_party.tel:
            return service.calling_party.tel, service.called_party.tel
    return "", ""


# --- contacts -----------------------------------------------------------------------------------


def _list_contacts(view: View, cast: Cast, legs: Iterable[Leg]) -> Iterator[Contact]:
    """One for each agent who was connected or recorded, in order of their begin."""
    mine: dict[str, list[Leg]] = {}
    agents = {cast.agent_of(record) for record in view.talks if record.answered}
    agents |= {cast.recorded_by(track) for track in view.tracks}
    for leg in legs:
        if leg.party_id in agents:
            mine.setdefault(leg.party_id, []).append(leg)
    found = [_map_contact(agent, own, view, cast) for agent, own in mine.items()]
    yield from sorted(found, key=lambda contact: (contact.start, contact.contact_id))


def _map_contact(agent: str, legs: list[Leg], view: View, cast: Cast) -> Contact:
    records = [r for r in view.talks if r.answered and cast.agent_of(r) == agent]
    tracks = [track for track in view.tracks if cast.recorded_by(track) == agent]
    ends = [leg.end for leg in legs]
    return Contact(
        contact_id=agent,
        agent=agent,
        start=min(leg.start for leg in legs if leg.start),
        end=None if None in ends else max(end for end in ends if end),
        legs=tuple(leg.leg_id for leg in legs),
        queue=_find_queue(records, tracks, view),
        custom=dict(_list_of_agent(records, tracks)),
    )


def _find_queue(records: list[Record], tracks: list[Track], view: View) -> str:
    """The queue that handed the call on: by the ends of the leg, else by the session (2.3)."""
    for record in records:
        if record.outward:
            continue
        paired = [
            queue
            for queue in view.queues
            if queue.told.user
            and (
                (queue.local and queue.local == record.remote)
                or (record.local and queue.remote == record.local)
            )
        ]
        if not paired and record.reasons & {"callqueue", "huntgroup"}:
            paired = [
                queue
                for queue in view.queues
                if queue.told.user
                and queue.session == record.session
                and queue.began <= record.connected_at
            ][-1:]
        if paired:
            return paired[0].told.user
    return next((track.queue.name for track in tracks if track.queue and track.queue.name), "")


def _list_of_agent(records: list[Record], tracks: list[Track]) -> Iterator[tuple[str, str]]:
    """What is told of one agent's part alone."""
    held = sum(record.told.hold_duration or 0 for record in records)
    rang = sum(record.told.ring_duration or 0 for record in records if not record.outward)
    yield from _say("hold_seconds", [str(held) if held else ""])
    yield from _say("ring_seconds", [str(rang) if rang else ""])
    yield from _say("location", [record.told.location for record in records])
    yield from _say("department", [record.told.department_id for record in records])
    yield from _say("client", [record.told.client_type for record in records])
    yield from _say("released_by", [record.told.releasing_party for record in records])
    results = [record.told.call_recording_result for record in records]
    yield from _say("recording_result", results)
    triggers = [record.told.call_recording_trigger for record in records]
    types = [track.metadata.service_data.recording_type for track in tracks]
    yield from _say("recording_trigger", triggers if any(triggers) else types)


# --- attributes ---------------------------------------------------------------------------------


def _list_custom(view: View) -> Iterator[tuple[str, str]]:
    """Searchable attributes by name; what differs from leg to leg stands side by side."""
    told = [record.told for record in view.records]
    yield from _say("call_outcome", [row.call_outcome for row in told])
    yield from _say("call_outcome_reason", [row.call_outcome_reason for row in told])
    yield from _say("call_type", [row.call_type for row in told])
    yield from _say("interaction_id", [row.interaction_id for row in told])
    yield from _say("location", [row.location for row in told])
    yield from _say("original_reason", [row.original_reason for row in told])
    yield from _say("queue_type", [row.queue_type for row in told])
    yield from _say("recording_platform", [row.call_recording_platform_name for row in told])
    yield from _say("recording_result", [row.call_recording_result for row in told])
    yield from _say("recording_trigger", [row.call_recording_trigger for row in told])
    yield from _say("redirect_reason", [row.redirect_reason for row in told])
    yield from _say("related_reason", [row.related_reason for row in told])
    yield from _say("service_type", [track.item.service_type for track in view.tracks])
    yield from _say("storage_region", [track.item.storage_region for track in view.tracks])
    yield from _say("transfer_type", [row.transfer_type for row in told])
    missed = [r.told.user or r.user_id for r in view.talks if not r.answered and not r.outward]
    yield from _say("not_answered_by", missed)
    sessions = {record.session for record in view.records} | {t.session for t in view.tracks}
    yield from _say("session", [dash(session) for session in sessions])


def _say(name: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    found = sorted({value for value in values if value})
    if found:
        yield name, ", ".join(found)
