"""From recordings and call records to the interaction: parties, legs, contacts, attributes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.webex_calling.samples import (
    ANNA,
    BEA,
    CDR,
    CONSULTED,
    CONSULTING,
    CUSTOMER,
    DELIVERY,
    ENTRY,
    HEX,
    ITEM,
    METADATA,
    MISSED,
    QUEUE,
    RECORDING,
    SESSION,
    Row,
    fact,
    nested,
    recording,
)

from catchment.model import Bundle, Contact, Fact, InteractionDraft, Party, Recording, Ref, Window
from catchment_webex_calling.mapping import map_call

OUTBOUND = CDR | {
    "Direction": "ORIGINATING",
    "Call type": "SIP_NATIONAL",
    "Calling number": "+4930555021",
    "Called number": CUSTOMER,
    "Original reason": "",
    "Redirect reason": "",
    "Related reason": "",
    "Queue Type": "",
}
CALLER = OUTBOUND | {"Call type": "SIP_ENTERPRISE", "Called number": "+4930555022"}
CALLEE = CALLER | {
    "Direction": "TERMINATING",
    "User": "Bea Holm",
    "User UUID": BEA,
    "User number": "+4930555022",
    "Local call ID": "7304398:0",
    "Remote call ID": "7304411:0",
    "Report ID": "callee",
}
QUEUED = nested(
    METADATA | {"ownerId": QUEUE, "ownerType": "CALL_QUEUE", "ownerName": "Support DE"},
)
QUEUED.pop("ownerEmail")
OF_QUEUE = ITEM | {"ownerId": QUEUE, "ownerType": "callQueue", "serviceType": "customerAssist"}


def draft(*told: Row | Recording) -> InteractionDraft:
    """The interaction of records and recordings."""
    facts = tuple(fact(one) for one in told if not isinstance(one, Recording))
    return map_call(Bundle(tuple(one for one in told if isinstance(one, Recording)), facts))


def party(found: InteractionDraft, role: str) -> Party:
    """The only party of *role*."""
    (one,) = (each for each in found.parties if each.role == role)
    return one


def contact(found: InteractionDraft, user_id: str) -> Contact:
    """The contact of a user."""
    (one,) = (each for each in found.contacts if each.agent == f"user:{user_id}")
    return one


def at(text: str) -> datetime:
    """A time of the sample's hour."""
    return datetime.fromisoformat(f"2026-03-10T14:{text}+00:00")


# --- one call -------------------------------------------------------------------------------------

SHAPES = [
    ("both", (CDR, ENTRY, DELIVERY, recording())),
    ("metadata", (recording(),)),
    ("records", (CDR, ENTRY, DELIVERY)),
]


@pytest.mark.parametrize("told", [row[1] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_a_call_is_told_by_records_or_metadata_alone(told: tuple[Row | Recording, ...]) -> None:
    """S001-7, S001-8: what is late is missed by nobody; whoever spoke stands in it."""
    found = draft(*told)
    assert (found.kind, found.direction) == ("call", "inbound")
    assert (found.external_id, found.associated_id) == (SESSION, SESSION)
    assert found.ani == CUSTOMER
    agent = party(found, "agent")
    assert (agent.ref, agent.name) == (Ref("user", ANNA), "Anna Berg")
    assert party(found, "customer").tel == CUSTOMER
    (one,) = found.contacts
    assert (one.agent, one.contact_id) == (agent.party_id, f"user:{ANNA}")
    assert found.parties[0] == agent
    assert found.mapper


def test_who_is_named_has_an_address_where_any_document_tells_it() -> None:
    """Call records know no address, metadata and the list do."""
    assert party(draft(CDR, recording()), "agent").email == "anna.berg@example.com"
    assert party(draft(CDR), "agent").email == ""


def test_the_call_spans_all_of_its_legs() -> None:
    """From the first ringing to the last release, the queue's leg included."""
    found = draft(CDR, ENTRY, DELIVERY, recording())
    assert found.started_at == at("12:00")
    assert found.ended_at == at("18:13.447")
    assert [(leg.leg_id, leg.party_id) for leg in found.legs] == [
        (f"customer:{CUSTOMER}", f"customer:{CUSTOMER}"),
        ("entry", f"queue:{QUEUE}"),
        (CDR["Report ID"], f"user:{ANNA}"),
    ]
    assert [leg.start for leg in found.legs] == [at("12:00"), at("12:00"), at("12:30.902")]


def test_the_contact_is_the_agents_connection_and_its_queue() -> None:
    """The queue is the one that delivered the leg (2.3)."""
    one = contact(draft(CDR, ENTRY, DELIVERY), ANNA)
    assert (one.start, one.end, one.queue) == (at("12:30.902"), at("18:13.447"), "Support DE")
    assert one.custom["hold_seconds"] == "25"
    assert one.custom["recording_result"] == "successful"
    assert one.custom["location"] == "Berlin"


@pytest.mark.parametrize("remote", ["7304398:0", "9999:0"], ids=["2.3-paired", "2.3-by-session"])
def test_the_queue_is_found_by_the_leg_or_by_the_session(remote: str) -> None:
    """The number space is not certain (0); a leg that a queue caused has the session's queue."""
    found = draft(CDR | {"Remote call ID": remote}, ENTRY, DELIVERY)
    assert contact(found, ANNA).queue == "Support DE"


def test_a_recording_of_a_queue_is_its_agents_talk() -> None:
    """``managedBy`` is the agent, ``ownerName`` the queue (1.5)."""
    found = draft(recording(OF_QUEUE, QUEUED))
    one = contact(found, ANNA)
    assert one.queue == "Support DE"
    assert party(found, "queue").name == "Support DE"
    assert found.custom["service_type"] == "customerAssist"


def test_a_recording_that_was_given_away_stays_its_speakers() -> None:
    """The owner changes (4, row 10), the call does not."""
    given = ITEM | {"ownerId": BEA, "ownerEmail": "bea@example.com"}
    metadata = METADATA | {"ownerId": BEA, "ownerName": "Bea Holm", "ownerEmail": "bea@example.com"}
    found = draft(recording(given, metadata))
    assert [one.agent for one in found.contacts] == [f"user:{ANNA}"]


def test_a_row_alone_is_a_call_of_its_owner() -> None:
    """Metadata may be 204 for long (1.1)."""
    found = draft(recording(ITEM, None))
    assert party(found, "agent").ref == Ref("user", ANNA)
    assert (found.direction, found.ani) == ("", "")
    assert found.started_at == datetime(2026, 3, 10, 14, 12, 31, tzinfo=UTC)


KINDS = [
    ("1.5-user", "user", "user"),
    ("1.5-place", "place", "place"),
    ("1.5-virtual-line", "virtualLine", "line"),
]


@pytest.mark.parametrize(("kind", "space"), [r[1:] for r in KINDS], ids=[r[0] for r in KINDS])
def test_who_cannot_log_in_is_a_party_all_the_same(kind: str, space: str) -> None:
    """Workspaces and virtual lines have recordings and no address (4, row 18)."""
    row = {key: told for key, told in ITEM.items() if key != "ownerEmail"} | {"ownerType": kind}
    assert party(draft(recording(row, None)), "agent").ref == Ref(space, ANNA)


# --- directions and numbers -----------------------------------------------------------------------


def test_who_dialled_outside_made_an_outbound_call() -> None:
    """By records or by metadata; ani and dnis as they were dialled."""
    turned = nested(
        METADATA,
        personality="originator",
        callingParty=METADATA["serviceData"]["calledParty"],
        calledParty=METADATA["serviceData"]["callingParty"],
    )
    for found in (draft(OUTBOUND), draft(recording(ITEM, turned))):
        assert found.direction == "outbound"
        assert found.dnis == CUSTOMER
        assert party(found, "customer").tel == CUSTOMER


def test_an_internal_call_has_two_agents_and_no_customer() -> None:
    """Both sides are ours; both have a contact (4, row 4)."""
    found = draft(CALLER, CALLEE)
    assert found.direction == "internal"
    assert {each.role for each in found.parties} == {"agent"}
    assert {one.agent for one in found.contacts} == {f"user:{ANNA}", f"user:{BEA}"}
    assert (found.ani, found.dnis) == ("+4930555021", "+4930555022")


def test_numbers_that_end_alike_are_one_customer() -> None:
    """Records and metadata spell them differently (1.5, 2.2)."""
    national = nested(METADATA, callingParty={"number": "sip:015550100@192.0.2.10"},
                      connectedParty={"number": "sip:015550100@192.0.2.10"})  # fmt: skip
    assert party(draft(CDR, recording(ITEM, national)), "customer").tel == CUSTOMER


def test_a_customer_who_hides_the_number_is_still_one() -> None:
    """The number may be missing or masked (1.5)."""
    found = draft(CDR | {"Calling number": "NA"})
    assert (found.direction, party(found, "customer").tel) == ("inbound", "")


# --- several legs ---------------------------------------------------------------------------------


def test_a_missed_attempt_is_told_and_is_no_contact() -> None:
    """Who rang out was not connected; a person sees who it was (3.2)."""
    found = draft(MISSED, CDR, ENTRY, DELIVERY, recording())
    assert [one.agent for one in found.contacts] == [f"user:{ANNA}"]
    assert found.custom["not_answered_by"] == "Bea Holm"
    assert not [leg for leg in found.legs if leg.party_id == f"user:{BEA}"]


def test_a_transfer_is_one_interaction_with_a_contact_each() -> None:
    """S001-9 to S001-11: all share the session of the first leg, however they were joined."""
    found = draft(CONSULTED, CDR, CONSULTING, recording())
    assert found.associated_id == SESSION
    assert [one.agent for one in found.contacts] == [f"user:{ANNA}", f"user:{BEA}"]
    assert len(contact(found, ANNA).legs) == 2
    assert found.custom["session"].count(",") == 1
    assert found.direction == "inbound"


def test_who_passes_a_call_on_is_not_on_it_any_more() -> None:
    """A redirected leg dials in the sender's name, and nobody speaks on it (2.3)."""
    sent = CONSULTING | {"Original reason": "Deflection", "Related call ID": "7304411:0",
                         "Release time": "2026-03-10T15:00:00Z", "Report ID": "sent"}  # fmt: skip
    found = draft(CDR, sent, CONSULTED)
    assert contact(found, ANNA).end == at("18:13.447")


def test_stopping_and_starting_is_one_leg_over_two_recordings() -> None:
    """Several files of one owner in one session (4, row 6)."""
    again = recording(ITEM | {"id": RECORDING[:-1] + "0", "timeRecorded": "2026-03-10T14:20:00Z"},
                      None)  # fmt: skip
    found = draft(recording(ITEM, None), again)
    (leg,) = found.legs
    assert (leg.leg_id, leg.end) == (f"{SESSION}/user:{ANNA}", at("25:12"))


def test_late_records_change_the_draft_and_not_its_contacts() -> None:
    """S001-8: whoever annotated a contact finds it again."""
    early, late = draft(recording()), draft(recording(), CDR, ENTRY, DELIVERY)
    assert {one.contact_id for one in early.contacts} == {one.contact_id for one in late.contacts}
    assert early.external_id == late.external_id
    assert early != late


def test_a_call_that_nobody_took_has_no_contact() -> None:
    """It is there all the same, with whoever called."""
    found = draft(ENTRY)
    assert found.contacts == ()
    assert {each.role for each in found.parties} == {"queue", "customer"}
    assert found.direction == "inbound"


def test_holds_are_when_somebody_is_not_heard_for_a_while() -> None:
    """Participants come and go in ``callActivity`` (1.5); who never returns was not on hold."""
    mine = {"actor": {"type": "USER", "id": ANNA}, "aor": "sip:2101@192.0.2.10"}
    theirs = {"aor": f"sip:{CUSTOMER}@192.0.2.10"}
    activity = [
        {"timeStamp": "2026-03-10T14:12:33Z", "participants": [mine, theirs]},
        {"timeStamp": "2026-03-10T14:15:00Z", "participants": [mine]},
        {"timeStamp": "2026-03-10T14:15:25Z", "participants": [mine, theirs]},
        {"timeStamp": "2026-03-10T14:16:00Z"},
        {"timeStamp": "2026-03-10T14:18:00Z", "participants": [mine]},
    ]
    found = draft(CDR, recording(ITEM, nested(METADATA, callActivity=activity)))
    holds = {leg.party_id: leg.holds for leg in found.legs}
    assert holds[f"customer:{CUSTOMER}"] == (Window(at("15:00"), at("15:25")),)
    assert holds[f"user:{ANNA}"] == ()


def test_attributes_are_searchable() -> None:
    """S000-27 in words of calls: outcome, reasons, trigger, location."""
    found = draft(CDR, recording())
    assert found.subject == ITEM["topic"]
    assert found.custom == {
        "call_outcome": "Success",
        "call_outcome_reason": "Normal",
        "call_type": "SIP_INBOUND",
        "interaction_id": CDR["Interaction ID"],
        "location": "Berlin",
        "original_reason": "CallQueue",
        "queue_type": "Customer Assist",
        "recording_platform": "Webex",
        "recording_result": "successful",
        "recording_trigger": "always",
        "redirect_reason": "CallQueue",
        "related_reason": "CallQueue",
        "service_type": "calling",
        "session": SESSION,
        "storage_region": "DE",
    }


# --- order, and rubbish ---------------------------------------------------------------------------

ROWS = (CDR, ENTRY, DELIVERY, MISSED, CONSULTING, CONSULTED, CALLER | {"Report ID": "x"}, OUTBOUND
        | {"Report ID": "y", "Calling number": "+49 30 555021"})  # fmt: skip
TRACKS = (
    recording(),
    recording(OF_QUEUE | {"id": RECORDING[:-1] + "0"}, QUEUED),
    recording(ITEM | {"id": RECORDING[:-1] + "1", "ownerId": BEA, "ownerEmail": "bea@x"}, None),
)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_order_inside_the_bundle_means_nothing(data: st.DataObject) -> None:
    """The same draft, to the letter, for every order of every part of what is known."""
    facts: list[Fact] = [fact(row) for row in data.draw(st.lists(st.sampled_from(ROWS)))]
    facts = list({one.fact_id: one for one in facts}.values())
    tracks = [t for t in TRACKS if data.draw(st.booleans())] or ([] if facts else [TRACKS[0]])
    first = map_call(Bundle(tuple(tracks), tuple(facts)))
    shuffled = Bundle(
        tuple(data.draw(st.permutations(tracks))), tuple(data.draw(st.permutations(facts)))
    )
    assert repr(map_call(shuffled)) == repr(first)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_field_there_is_a_draft(data: st.DataObject) -> None:
    """Nothing in a document can stop the mapping; ids stay unique, ends after begins."""
    odd: st.SearchStrategy[Any] = st.sampled_from([None, "", "NA", 7, [], {}, "2026-03-10", "+"])
    row = CDR | data.draw(st.dictionaries(st.sampled_from(sorted(CDR)), odd))
    item = ITEM | data.draw(st.dictionaries(st.sampled_from(sorted(set(ITEM) - {"id"})), odd))
    service = METADATA["serviceData"]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(service)), odd))
    found = draft(row, ENTRY, recording(item, nested(METADATA, **changed)))
    ids = [each.party_id for each in found.parties]
    assert len(ids) == len(set(ids))
    assert {one.agent for one in found.contacts} | {leg.party_id for leg in found.legs} <= set(ids)
    assert len({leg.leg_id for leg in found.legs}) == len(found.legs)
    assert all(leg.end is None or leg.start is None or leg.end >= leg.start for leg in found.legs)


def test_a_session_without_dashes_is_shown_as_webex_shows_it() -> None:
    """People copy it from Control Hub (0)."""
    assert draft(recording(nested(ITEM, callSessionId=HEX), None)).external_id == SESSION
