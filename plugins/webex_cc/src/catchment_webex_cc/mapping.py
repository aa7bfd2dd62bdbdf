"""A task as one interaction: parties, one contact per agent, everything searchable.  Pure.

The six mappings of the guide (S002-193 to S002-198), and what its product does not import (S002-190
to S002-192): wrap-up codes, global variables, queue, entry point, transfers, CSAT.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catchment.model import Bundle, InteractionDraft, Leg, Party
from catchment.segments import Stay
from catchment_webex_cc.activities import list_pauses
from catchment_webex_cc.cast import AGENT, CUSTOMER, Cast, agent_party, build_cast, is_outbound
from catchment_webex_cc.contacts import find_holds, list_contacts, list_legs, list_parts
from catchment_webex_cc.files import MAIN
from catchment_webex_cc.view import View

MAPPER = "webex-cc-1"

_TEXTS = {
    "lastWrapupCodeName": "wrap_up",
    "contactReason": "reason",
    "contactHandleType": "disposition",
    "terminationType": "termination_type",
    "terminationReason": "termination_reason",
    "terminatingEnd": "terminated_by",
    "abandonedType": "abandoned",
    "csatScore": "csat",
    "autoCsat": "auto_csat",
    "flowActivityName": "flow_activity",
    "ivrScriptName": "flow",
    "campaignName": "campaign",
    "outdialType": "outdial_type",
    "transferEpDN": "transferred_to",
}
_COUNTS = {
    "transferCount": "transfers",
    "blindTransferCount": "blind_transfers",
    "consultCount": "consults",
    "conferenceCount": "conferences",
    "holdCount": "holds",
    "queueCount": "queues",
    "pausedCount": "pauses_counted",
    "recordingErrorCount": "recording_errors",
}
_NAMES = {
    "lastQueue": "queue",
    "lastEntryPoint": "entry_point",
    "lastTeam": "team",
    "lastSite": "site",
}
_LONGEST = 2000


def map_task(bundle: Bundle, acd_id: str = "id") -> InteractionDraft:
    """The interaction of *bundle*; what no document tells stays empty.

    Args:
        bundle: One task with its chain, its agents' rows and its files.
        acd_id: Which id of an agent is the ACD id, as the setting says.
    """
    view = View.of(bundle)
    cast = build_cast(view)
    stays = list_parts(view, cast)
    contacts = tuple(list_contacts(view, cast, stays, acd_id))
    present = [party for party in cast.parties if party.role != AGENT or _is_present(party, stays)]
    absent = [party for party in cast.parties if party not in present]
    order = {contact.agent: place for place, contact in reversed(list(enumerate(contacts)))}
    ended = view.ended
    return InteractionDraft(
        kind="call",
        external_id=view.task_id,
        started_at=view.began,
        ended_at=ended if ended is not None and ended >= view.began else None,
        direction=_find_direction(view),
        ani=view.task.origin,
        dnis=view.task.destination,
        associated_id=view.task_id,
        parties=tuple(sorted(present, key=lambda party: order.get(party.party_id, len(order)))),
        legs=(*list_legs(view, cast, stays), *_list_customer_legs(view, cast)),
        contacts=contacts,
        custom=dict(_list_custom(view, absent)),
        mapper=MAPPER,
    )


def _is_present(party: Party, stays: Sequence[Stay]) -> bool:
    """Whether an agent was part of the call; whose phone only rang was none."""
    return any(agent_party(stay.agent) == party.party_id for stay in stays)


def _find_direction(view: View) -> str:
    if is_outbound(view):
        return "outbound"
    return "inbound" if view.task.direction else ""


def _list_customer_legs(view: View, cast: Cast) -> Iterator[Leg]:
    if any(party.party_id == CUSTOMER for party in cast.parties):
        yield Leg(CUSTOMER, CUSTOMER, view.began, view.ended, find_holds(view, cast))


# --- attributes -----------------------------------------------------------------------------------


def _list_custom(view: View, absent: Sequence[Party]) -> Iterator[tuple[str, str]]:
    """Searchable attributes by name."""
    told = view.told
    for field, name in _TEXTS.items():
        yield from _say(name, told.get(field))
    for field, name in _COUNTS.items():
        yield from _say(name, told.get(field) or None)
    for field, name in _NAMES.items():
        inner = told.get(field)
        if isinstance(inner, Mapping):
            yield from _say(name, inner.get("name") or inner.get("id"))
    feedback = told.get("feedback")
    if isinstance(feedback, Mapping):
        yield from _say("feedback", feedback.get("comment"))
    for name, value in sorted(list_variables(told.get("globalVariables"))):
        yield from _say(f"var.{name}", value)
    pauses = [f"{a:%Y-%m-%dT%H:%M:%SZ}/{b:%Y-%m-%dT%H:%M:%SZ}" for a, b in list_pauses(view.nodes)]
    yield from _say("pauses", ", ".join(pauses))
    yield from _say("channels", _find_channels(view))
    missed = sorted(party.name or party.email or party.party_id for party in absent)
    yield from _say("not_answered_by", ", ".join(missed))


def _find_channels(view: View) -> str:
    """How many channels the recording has, by what was measured; the sides are told by (3)."""
    main = next((file for file in view.files if file.file_id == MAIN), None)
    counts = main.measured.audio if main else ()
    if not counts:
        return ""
    return "stereo: Caller, Agent" if counts[0] == 2 else "mono"


def list_variables(told: object) -> Iterator[tuple[str, Any]]:
    """Global variables by name, whether they come as an object, as a list, or as text (2.5)."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            return
    if isinstance(told, list):
        for row in told:
            if isinstance(row, Mapping) and row.get("name"):
                yield str(row["name"]), row.get("value")
    elif isinstance(told, Mapping):
        for name, value in told.items():
            inner = value.get("value") if isinstance(value, Mapping) else value
            yield str(name), inner


def _say(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """*value* as text; nothing where nothing is told."""
    if isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, int | float):
        yield name, str(value)
    elif isinstance(value, str) and value.strip():
        yield name, value.strip()[:_LONGEST]
