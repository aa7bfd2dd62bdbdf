"""A conversation as one interaction: parties, one contact per agent, everything else.  Pure.

A conversation keeps its id through transfers, consultations and bridged calls (3.10), so that all
of it is one interaction.  What went on outside is one of its own, of which nothing else is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from catchment.model import Bundle, InteractionDraft
from catchment_dynamics.cast import (
    CUSTOMER,
    EXTERNAL,
    Numbers,
    find_direction,
    list_not_answered,
    list_parties,
    read_numbers,
)
from catchment_dynamics.choices import Choices
from catchment_dynamics.contacts import build_customer_leg, list_contacts, list_legs, write_number
from catchment_dynamics.ids import CONTINUATION
from catchment_dynamics.outside import went_outside
from catchment_dynamics.payloads import (
    read_count,
    read_flag,
    read_lookup,
    read_lookup_name,
    read_number,
    read_text,
)
from catchment_dynamics.rows import Session, read_queue
from catchment_dynamics.sightings import IDS, RECORDING, VOICEMAIL
from catchment_dynamics.stays import list_parts
from catchment_dynamics.view import View
from catchment_dynamics.words import CLOSURES, SENTIMENTS, STATUS_REASONS, say_option

MAPPER = "dynamics-1"

_TEXTS = {
    "msdyn_channelprovidername": "channel_provider",
    "msdyn_intent": "intent",
    "msdyn_statereason": "state_reason",
}
_COUNTS = {
    "msdyn_transfercount": "transfers",
    "msdyn_escalationcount": "escalations",
    "msdyn_overflowtransfercount": "overflow_transfers",
}
_SECONDS = {
    "msdyn_conversationfirstwaittimeinseconds": "wait_s",
    "msdyn_conversationhandletimeinseconds": "handle_s",
    "msdyn_conversationtalktimeinseconds": "talk_s",
    "msdyn_conversationholdtimeinseconds": "hold_s",
    "msdyn_conversationwrapuptimeinseconds": "wrap_up_s",
}
_LOOKUPS = {
    "msdyn_liveworkstreamid": "workstream",
    "msdyn_issueid": "case",
}
_LONGEST = 2000


def map_conversation_bundle(bundle: Bundle, settings: Choices) -> InteractionDraft:
    """The interaction of *bundle*; what no row tells stays empty.

    Args:
        bundle: A conversation; or a recording that has lost its own; or only that a call went on
            outside.
        settings: How numbers and recordings of this environment are to be read.
    """
    view = View.of(bundle)
    if not view.recordings and all(fact.kind == CONTINUATION for fact in bundle.facts):
        return _map_continuation(view)
    numbers = read_numbers(view, settings)
    stays = list_parts(view)
    parties = tuple(list_parties(view, stays, numbers))
    with_customer = any(party.party_id == CUSTOMER for party in parties)
    ids = [one.external_id for one in view.recordings] or [one.fact_id for one in bundle.facts]
    external_id = view.conversation_id or min(ids)
    began, ended = view.began, view.ended
    return InteractionDraft(
        kind="call",
        external_id=external_id,
        started_at=began,
        ended_at=ended if ended is not None and ended >= began else None,
        subject=read_text(view.conversation, "subject"),
        direction=find_direction(view),
        ani=numbers.ani,
        dnis=numbers.dnis,
        associated_id=external_id,
        parties=parties,
        legs=(*list_legs(view), *([build_customer_leg(view)] if with_customer else [])),
        contacts=tuple(list_contacts(view, bundle, stays, settings)),
        custom={
            **dict(_list_custom(view, numbers)),
            **dict(_say("not_answered_by", ", ".join(list_not_answered(view, stays)))),
            **dict(
                _say("external_numbers", ", ".join(p.tel for p in parties if p.role == EXTERNAL))
            ),
        },
        mapper=MAPPER,
    )


def _map_continuation(view: View) -> InteractionDraft:
    """A call that went on outside: neither recorded nor told of by the platform (3.10)."""
    row = view.left_outside[0] if view.left_outside else {}
    conversation_id = read_lookup(row, "msdyn_liveworkitemid")
    session_id = read_text(row, "activityid").lower()
    custom = {"external_transfer": "true"}
    custom |= dict(_say("closures", say_option(CLOSURES, read_count(row, "msdyn_closurereason"))))
    custom |= dict(_say("continues", conversation_id))
    return InteractionDraft(
        kind="call",
        external_id=session_id,
        started_at=view.first,
        associated_id=conversation_id or session_id,
        custom=custom,
        mapper=MAPPER,
    )


# --- attributes -----------------------------------------------------------------------------------


def _list_custom(view: View, numbers: Numbers) -> Iterator[tuple[str, str]]:
    """Searchable attributes by name."""
    row = view.conversation
    title = read_text(row, "msdyn_title")
    yield from _say("title", title if title != read_text(row, "subject") else "")
    yield from _say("queue", read_queue(row))
    for column, name in _LOOKUPS.items():
        yield from _say(name, read_lookup_name(row, column) or read_lookup(row, column))
    for column, name in _TEXTS.items():
        yield from _say(name, read_text(row, column))
    for column, name in _COUNTS.items():
        yield from _say_number(name, read_count(row, column) or None)
    for column, name in _SECONDS.items():
        yield from _say_number(name, read_number(row, column))
    reason = read_count(row, "msdyn_statuschangereason")
    yield from _say("status_reason", say_option(STATUS_REASONS, reason))
    sentiment = read_count(row, "msdyn_customersentimentlabel") or None
    yield from _say("sentiment", say_option(SENTIMENTS, sentiment))
    sessions = sorted(view.sessions.values(), key=_rank)
    closures = [say_option(CLOSURES, one.closure) for one in sessions if one.closure is not None]
    yield from _say("closures", ", ".join(closures))
    yield from _say("language", _find_language(view))
    yield from _say("call_id", next(iter(numbers.call_ids), ""))
    yield from _say("call_ids", ", ".join(numbers.call_ids))
    if went_outside(view):
        yield "external_transfer", "true"
    if read_flag(row, "leftvoicemail") or _has_voicemail(view):
        yield "voicemail", "true"
    if not view.conversation_id:
        yield "orphaned", "true"


def _rank(session: Session) -> tuple[str, str]:
    return (session.created.isoformat() if session.created else ""), session.session_id


def _find_language(view: View) -> str:
    """The recording's language, else the customer's."""
    for recording in view.recordings:
        for name in (RECORDING, "listing"):
            row = recording.documents.get(name, {})
            if found := read_lookup_name(row, "msdyn_sourcelanguage"):
                return found
    return read_text(view.conversation, "msdyn_customerlocale")


def _has_voicemail(view: View) -> bool:
    key = IDS[VOICEMAIL]
    return bool(view.messages) or any(
        key in row for one in view.recordings for row in one.documents.values()
    )


def _say(name: str, value: str) -> Iterator[tuple[str, str]]:
    if value:
        yield name, value[:_LONGEST]


def _say_number(name: str, value: float | None) -> Iterator[tuple[str, str]]:
    if value is not None:
        yield name, write_number(value)
