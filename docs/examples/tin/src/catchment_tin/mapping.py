"""Tin's words to ours.  Pure: no I/O, no clock, and the order of rows carries no meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catchment.model import (
    ABSENCES,
    Bundle,
    Contact,
    Fact,
    InteractionDraft,
    Json,
    Key,
    MediaFile,
    Page,
    Party,
    Ref,
    Sighting,
    Span,
    Timeline,
    Way,
    Window,
)
from catchment.payloads import read_whole
from catchment.transport import Answer
from catchment_tin.wire import Call, Listing, Row

MAPPER = "tin-1"


def map_page(answer: Answer, span: Span) -> Page:
    """A page of either feed."""
    told = read_whole(Listing, answer.json(), "Tin")
    calls = span.feed == "calls"
    return Page(
        sightings=() if calls else tuple(map(map_sighting, told.rows)),
        facts=tuple(map(map_fact, told.rows)) if calls else (),
        cursor=told.next,
        total=told.total,
        last=told.next is None,
    )


def map_sighting(row: Json) -> Sighting:
    """A recording that Tin offers."""
    told = read_whole(Row, row, "Tin")
    return Sighting(
        external_id=told.id,
        occurred_at=told.started,
        keys=(Key("call", told.call),),
        revision=told.changed,
        offered="ready" if told.state == "ready" else "not_yet",
        document=row,
    )


def map_fact(row: Json) -> Fact:
    """A line of the call log: whether the call was recorded decides what is expected."""
    told = read_whole(Call, row, "Tin")
    yes = told.recorded == "yes"
    # Tin may learn new reasons; one that the report does not know is told in the most general word.
    why = told.recorded if told.recorded in ABSENCES else "not recorded"
    return Fact(
        kind="call",
        fact_id=told.id,
        at=told.started,
        keys=(Key("call", told.id),),
        expects="recorded" if yes else "",
        absence="" if yes else why,
        ask=None,  # Tin finds recordings by their own id only, and the line does not tell it
        document=row,
    )


def map_files(row: Json) -> Iterator[MediaFile]:
    """Every file of a recording, also those that are not ready."""
    told = read_whole(Row, row, "Tin")
    cuts = [told.started, *(at for pause in told.pauses for at in pause), told.ended]
    timeline = Timeline(tuple(map(Window, cuts[::2], cuts[1::2])), "exact")
    for file in told.files:
        yield MediaFile(
            file_id=file.name,
            kind="audio",
            form="wav",
            offered="ready" if file.url else "not_yet",
            why="" if file.url else "Tin is still working on it",
            ways=(Way(file.url, auth=False),) if file.url else (),
            timeline=timeline,
            size_bytes=file.bytes,
            sha256=file.sha256,
        )


def map_call(bundle: Bundle) -> InteractionDraft:
    """The call: from its line in the log if that came already, and from its recordings."""
    rows = [read_whole(Row, one.documents["listing"], "Tin") for one in bundle.recordings]
    rows.sort(key=lambda row: (row.started, row.id))
    call = next((read_whole(Call, fact.document, "Tin") for fact in bundle.facts), None)
    call_id = call.id if call else rows[0].call
    agents = {row.agent.id: row.agent.name for row in rows}
    customer = [Party("customer", "customer", tel=call.caller)] if call else []
    return InteractionDraft(
        kind="call",
        external_id=call_id,
        started_at=call.started if call else rows[0].started,
        ended_at=call.ended if call else None,
        direction=call.direction if call else "",
        ani=call.caller if call else "",
        dnis=call.called if call else "",
        associated_id=call_id,
        parties=(
            *customer,
            *(Party(one, "agent", Ref("agent", one), name) for one, name in agents.items()),
        ),
        contacts=tuple(
            _map_contact([row for row in rows if row.agent.id == agent]) for agent in agents
        ),
        mapper=MAPPER,
    )


def _map_contact(rows: Sequence[Row]) -> Contact:
    """One agent's part, which its recordings outline; its id is the same whenever it is mapped."""
    call, agent = rows[0].call, rows[0].agent.id
    return Contact(f"{call}/{agent}", agent, rows[0].started, max(row.ended for row in rows))
