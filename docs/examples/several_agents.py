"""A call that the platform recorded as a whole, told as one contact for each stay of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from catchment.model import Bundle, Contact, InteractionDraft, Party, Ref
from catchment.segments import Row, RowPart, list_heard, list_stays, list_tracks

PARTS: Mapping[str, RowPart] = {
    "connected": "talk",
    "hold": "talk",
    "consulting": "talk",
    "consulted": "consult",
    "ringing": "away",
    "wrap-up": "away",
}


def map_call(bundle: Bundle) -> InteractionDraft:
    """What ``map_metadata`` answers: a fact is an activity of an agent, a recording is the call."""
    lines = [fact.document for fact in bundle.facts]
    rows = [
        Row(
            agent=line["agent"],
            part=PARTS.get(line["state"], "wait"),
            start=datetime.fromisoformat(line["start"]),
            end=datetime.fromisoformat(line["end"]) if line["end"] else None,
            state=line["state"],
        )
        for line in lines
    ]
    call = next((one.documents["call"] for one in bundle.recordings if one.documents), {})
    ended = datetime.fromisoformat(call["ended"]) if call.get("ended") else None
    tracks = list_tracks(bundle, lambda file: "consult" if file.file_id == "consult" else "talk")
    return InteractionDraft(
        kind="call",
        external_id=bundle.recordings[0].external_id,
        started_at=bundle.recordings[0].occurred_at,
        ended_at=ended,
        parties=tuple(Party(one, "agent", Ref("agent", one)) for one in {r.agent: 0 for r in rows}),
        contacts=tuple(
            Contact(
                contact_id=stay.stay_id,
                agent=stay.agent,  # the party_id, as it stands in Row.agent
                start=stay.start,
                end=stay.end,
                heard=list_heard(stay, tracks),
                doubt=stay.doubt,
            )
            for stay in list_stays(rows, ended)
        ),
        mapper="several-agents-1",
    )
