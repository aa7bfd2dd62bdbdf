"""Calls become contacts: the guide's examples to the second, and every attribute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from tests.plugins.webex_cc.samples import (
    BRAUN,
    HODGES,
    LISTED,
    LONG_AGO,
    PLAIN,
    SESSION,
    T0,
    TASK,
    Row,
    act,
    at,
    bundle,
    fact,
    node,
    recording,
    stored,
)

from catchment.model import Bundle, Contact, InteractionDraft, Ref, Window
from catchment_webex_cc.doubts import BY_TASK_ALONE, UNKNOWN_PARTS
from catchment_webex_cc.mapping import list_variables, map_task
from catchment_webex_cc.sightings import map_fact

CONSULT = [
    act(BRAUN, "ringing", 0, 5),
    act(BRAUN, "connected", 5, 60),
    act(BRAUN, "consult", 60, 66),
    act(BRAUN, "on-hold", 60, 108),
    act(BRAUN, "consulting", 66, 108),
    act(BRAUN, "consult-done", 108, 146),
    act(BRAUN, "hold-done", 108, 146),
    act(BRAUN, "wrapup", 146, 160, wrapupCodeName="Resolved"),
    act(HODGES, "ringing", 60, 66),
    act(HODGES, "consulting", 66, 108),
]
"""29 and 30 of the guide: 2:21 with the customer, 0:42 of them asking a colleague."""

TRANSFER = [
    act(BRAUN, "connected", 5, 49),
    act(BRAUN, "wrapup", 49, 60),
    act(HODGES, "ringing", 45, 49),
    act(HODGES, "connected", 49, 123),
]
"""27 and 28: 0:44, then 1:14."""

CONFERENCE = [
    act(BRAUN, "connected", 5, 74),
    act(BRAUN, "on-hold", 74, 94),
    act(BRAUN, "consulting", 74, 94),
    act(BRAUN, "conferencing", 94, 134),
    act(BRAUN, "hold-done", 94, 134),
    act(HODGES, "consulting", 74, 94),
    act(HODGES, "conferencing", 94, 134),
]
"""31 and 32: 2:09, and 1:00 of asking and conferring."""


def ended(second: float) -> Row:
    """The task, ended at a second of the call."""
    return LISTED | {"endedTime": T0 + round(second * 1000)}


def lengths(draft: InteractionDraft) -> dict[str, timedelta]:
    """How long each agent's contacts last, by the agent's last name."""
    names = {party.party_id: party.name.rpartition(" ")[2] for party in draft.parties}
    return {names[one.agent]: _length(one) for one in draft.contacts}


def _length(contact: Contact) -> timedelta:
    assert contact.end is not None
    return contact.end - contact.start


def seconds(draft: InteractionDraft) -> list[list[tuple[str, float, float]]]:
    """What is heard in each contact: the file, from which second of the call to which."""
    return [
        [
            (
                piece.file_id,
                (piece.window.start - at(0)).total_seconds(),
                (piece.window.end - at(0)).total_seconds(),
            )
            for piece in contact.heard
        ]
        for contact in draft.contacts
    ]


# --- the guide's examples -------------------------------------------------------------------------


def test_a_consult_is_the_guides() -> None:
    """S002-155: 29 lasts 2:21 and spans the whole call, 30 lasts 0:42 (S002-151 to S002-153)."""
    files = (stored("main", 5, 146), stored("consult-1", 66, 108))
    draft = map_task(bundle(*CONSULT, task=ended(146), files=files))
    assert lengths(draft) == {"Braun": timedelta(seconds=141), "Hodges": timedelta(seconds=42)}
    assert seconds(draft) == [[("main", 5, 146)], [("consult-1", 66, 108)]]


def test_a_transfer_is_the_guides() -> None:
    """S002-162: 27 lasts 0:44, 28 lasts 1:14, one after the other (S002-160, S002-161)."""
    draft = map_task(bundle(*TRANSFER, task=ended(123), files=(stored("main", 5, 123),)))
    assert lengths(draft) == {"Braun": timedelta(seconds=44), "Hodges": timedelta(seconds=74)}
    first, second = draft.contacts
    assert first.end == second.start
    assert seconds(draft) == [[("main", 5, 49)], [("main", 49, 123)]]


def test_a_conference_is_the_guides() -> None:
    """S002-165: 31 lasts 2:09, 32 lasts 1:00: asking and conferring (S002-163)."""
    files = (stored("main", 5, 134), stored("consult-1", 74, 94))
    draft = map_task(bundle(*CONFERENCE, task=ended(134), files=files))
    assert lengths(draft) == {"Braun": timedelta(seconds=129), "Hodges": timedelta(seconds=60)}
    assert seconds(draft) == [
        [("main", 5, 134)],
        [("consult-1", 74, 94), ("main", 94, 134)],
    ]


def test_without_a_file_of_the_consultation_the_line_to_the_customer_is_heard() -> None:
    """S002-154: 1.0 records the customer alone meanwhile."""
    draft = map_task(bundle(*CONSULT, task=ended(146), files=(stored("main", 5, 146, 1),)))
    assert seconds(draft)[1] == [("main", 66, 108)]


@pytest.mark.parametrize("rows", [CONSULT, TRANSFER, CONFERENCE], ids=["29", "27", "31"])
def test_the_order_of_the_rows_means_nothing(rows: list[Row]) -> None:
    """Neither here nor anywhere in the bundle; told twice is told once."""
    expected = map_task(bundle(*rows))
    for some in list(permutations(rows, 4))[:: max(1, len(rows))][:40]:
        others = [row for row in rows if row not in some]
        assert map_task(bundle(*some, *others, *some)) == expected


# --- where rows are missing -----------------------------------------------------------------------

CHAIN = [
    node("new", 0, 1),
    node("connect", 1, 5, BRAUN),
    node("connected", 5, 60, BRAUN),
    node("recording-started", 5, 5, BRAUN),
    node("consult", 60, 66, BRAUN, HODGES),
    node("on-hold", 60, 108, BRAUN),
    node("consulting", 66, 108, BRAUN, HODGES),
    node("consult-done", 108, 146, BRAUN),
    node("hold-done", 108, 146, BRAUN),
    node("ended", 146, 146),
    node("WrapUp", 146, 160, BRAUN),
]


@pytest.mark.parametrize("helper", ["destinationAgentId", "agentId"])
def test_the_chain_stands_in_until_the_agents_rows_are_there(helper: str) -> None:
    """Whichever member names the colleague who was asked (2.7, not certain)."""
    chain = [dict(row) for row in CHAIN]
    for row in chain:
        if row["destinationAgentId"] and helper == "agentId":
            row["agentId"], row["destinationAgentId"] = row["destinationAgentId"], None
    draft = map_task(bundle(task=ended(146), activities={"nodes": chain[::-1]}))
    told = sorted((one.start, one.end) for one in draft.contacts)
    assert told == [(at(5), at(146)), (at(66), at(108))]
    assert {contact.doubt for contact in draft.contacts} == {BY_TASK_ALONE}


def test_before_anything_is_known_the_last_agent_has_the_call() -> None:
    """With a doubt that ``report`` shows."""
    (contact,) = map_task(bundle()).contacts
    assert (contact.start, contact.end, contact.doubt) == (at(0), at(141), UNKNOWN_PARTS)


def test_nobody_has_a_call_that_was_abandoned() -> None:
    """It stands in the catalogue all the same."""
    row = LISTED | {"lastAgent": None, "contactHandleType": "abandoned"}
    draft = map_task(bundle(task=row))
    assert draft.contacts == ()
    assert draft.custom["disposition"] == "abandoned"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (act(HODGES, "connected", 49, None), "no end"),
        (act(HODGES, "connected", 123, 49), "end before they start"),
        (act(HODGES, "connected", 49, 123, startTime=None), "no start"),
    ],
    ids=["running", "reversed", "no start"],
)
def test_times_that_cannot_be_are_marked(row: Row, word: str) -> None:
    """The contact is made with what is known."""
    draft = map_task(bundle(*TRANSFER[:2], row, task=ended(123)))
    assert len(draft.contacts) == 2
    assert word in draft.contacts[1].doubt
    assert draft.contacts[1].end == at(123)
    assert not draft.contacts[0].doubt


def test_rows_that_overlap_are_marked() -> None:
    """Nobody is twice in one state at once."""
    rows = [act(BRAUN, "connected", 5, 49), act(BRAUN, "connected", 40, 60)]
    (contact,) = map_task(bundle(*rows)).contacts
    assert "overlap" in contact.doubt


def test_a_call_that_goes_on_is_no_doubt() -> None:
    """Agents' rows come before the task's: it has no end yet, and nothing is wrong."""
    rows = [act(BRAUN, "connected", 5, 49), act(BRAUN, "on-hold", 49, None)]
    draft = map_task(Bundle((), tuple(map(fact, rows))))
    (contact,) = draft.contacts
    assert (contact.start, contact.end, contact.doubt) == (at(5), None, "")
    assert (draft.external_id, draft.ended_at) == (TASK, None)


def test_a_call_without_a_recording_is_a_call() -> None:
    """S002-147: from the facts alone, so that it can be found."""
    facts = (map_fact(ended(123), LONG_AGO), *map(fact, TRANSFER))
    draft = map_task(Bundle((), facts))
    assert len(draft.contacts) == 2
    assert not any(contact.heard for contact in draft.contacts)
    assert draft.custom["queue"] == "Billing"


# --- attributes -----------------------------------------------------------------------------------


def test_the_six_mappings_of_the_guide() -> None:
    """S002-193 to S002-198: agent, numbers, times, ACD id, session."""
    draft = map_task(bundle(*TRANSFER, task=ended(123)))
    braun, hodges = draft.parties[:2]
    assert (braun.name, hodges.name) == ("Bea Braun", "Ada Hodges")
    assert (draft.ani, draft.dnis) == ("+15550100123", "+15550100999")
    assert (draft.started_at, draft.ended_at) == (at(0), at(123))
    assert [one.custom["acd_id"] for one in draft.contacts] == [BRAUN, HODGES]
    assert draft.external_id == draft.associated_id == TASK
    assert hodges.ref == Ref("user", HODGES)


def test_the_acd_id_may_be_the_number_of_before() -> None:
    """S002-197, 7.3: rows of the earlier generations tell it."""
    row = {
        "agentId": 1004427, "agentlogin": "b.braun@example.com", "agentName": "Bea Braun",
        "callSessionId": PLAIN, "currentState": "Connected", "cstts": T0, "cetts": T0 + 9000,
    }  # fmt: skip
    (contact,) = map_task(bundle(row, task=SESSION), "dbId").contacts
    assert contact.custom["acd_id"] == "1004427"


def test_what_the_guide_does_not_import_is_searchable() -> None:
    """S002-190 to S002-192: codes, variables, queue, entry point, transfers, CSAT."""
    task = ended(123) | {
        "lastWrapupCodeName": "Resolved",
        "csatScore": 4,
        "autoCsat": "4.2",
        "transferCount": 1,
        "terminationReason": "Customer Left",
        "globalVariables": {"CustomerId": "4711", "Vip": True, "Unset": None},
        "lastSite": {"name": "Leeds"},
    }
    document = replace(recording(), documents={"listing": LISTED, "task": task})
    custom = map_task(Bundle((document,), tuple(map(fact, TRANSFER)))).custom
    assert custom == {
        "wrap_up": "Resolved",
        "csat": "4",
        "auto_csat": "4.2",
        "transfers": "1",
        "termination_reason": "Customer Left",
        "queue": "Billing",
        "entry_point": "EP Main",
        "team": "Tier 1",
        "site": "Leeds",
        "var.CustomerId": "4711",
        "var.Vip": "true",
    }


@pytest.mark.parametrize(
    "told",
    [{"A": 1}, [{"name": "A", "value": 1}], '{"A": 1}', {"A": {"name": "A", "value": 1}}],
    ids=["object", "list", "text", "nested"],
)
def test_global_variables_come_in_several_shapes(told: object) -> None:
    """The schema calls them JSON (2.5)."""
    assert list(list_variables(told)) == [("A", 1)]


def test_channels_are_stated() -> None:
    """Stereo where the generation gives it, by what was measured."""
    for channels, words in ((2, "stereo: Caller, Agent"), (1, "mono")):
        draft = map_task(bundle(files=(stored("main", 5, 141, channels),)))
        assert draft.custom["channels"] == words


def test_pauses_and_holds_are_intervals() -> None:
    """Of the recorder, and of the customer."""
    chain = {"nodes": [node("paused", 20, 26, BRAUN), node("resumed", 26, 26, BRAUN)]}
    draft = map_task(bundle(*CONSULT, task=ended(146), activities=chain))
    assert draft.custom["pauses"] == "2025-12-30T13:07:00Z/2025-12-30T13:07:06Z"
    legs = {leg.party_id: leg for leg in draft.legs}
    (hold,) = legs["customer"].holds
    assert (hold.start, hold.end) == (at(60), at(108))


def test_a_hold_is_of_the_agent_who_held() -> None:
    """Not of a colleague who was in the call meanwhile; the customer's leg has them all."""
    rows = [
        act(BRAUN, "connected", 5, 40),
        act(BRAUN, "on-hold", 40, 60),
        act(BRAUN, "conference", 60, 141),
        act(HODGES, "conference", 30, 80),
        act(HODGES, "on-hold", 80, 90),
        act(HODGES, "conference", 90, 141),
    ]
    legs = {leg.party_id: leg.holds for leg in map_task(bundle(*rows, task=ended(141))).legs}
    assert legs[f"agent:{BRAUN}"] == (Window(at(40), at(60)),)
    assert legs[f"agent:{HODGES}"] == (Window(at(80), at(90)),)
    assert legs["customer"] == (Window(at(40), at(60)), Window(at(80), at(90)))


def test_wrapping_up_belongs_to_the_contact_and_not_to_its_length() -> None:
    """Each agent's own code, and how long it took."""
    first, second = map_task(bundle(*CONSULT, task=ended(146))).contacts
    assert (first.wrap_up, first.custom["wrap_up_s"]) == ("Resolved", "14")
    assert (second.wrap_up, second.custom["consulted_s"]) == ("", "42")


@pytest.mark.parametrize(
    ("told", "meant"),
    [("outdial", "outbound"), ("OUTBOUND", "outbound"), ("INBOUND", "inbound"), ("", "")],
)
def test_directions_have_many_names(told: str, meant: str) -> None:
    """0, trap 9; the customer is at the other end."""
    draft = map_task(bundle(task=LISTED | {"direction": told}))
    assert draft.direction == meant
    customer = next(party for party in draft.parties if party.role == "customer")
    assert customer.tel == ("+15550100999" if meant == "outbound" else "+15550100123")


def test_who_did_not_answer_is_no_party() -> None:
    """A phone that only rang is told by name."""
    draft = map_task(bundle(act(BRAUN, "ringing", 0, 4), *TRANSFER[2:], task=ended(123)))
    assert [party.name for party in draft.parties if party.role == "agent"] == ["Ada Hodges"]
    assert draft.custom["not_answered_by"] == "Bea Braun"


def test_an_agent_is_one_in_all_spellings() -> None:
    """By id here, by login there: rows that have both join them."""
    rows = [
        act(BRAUN, "connected", 5, 49),
        act(BRAUN, "hold-done", 49, 60, agentId=None),
    ]
    (contact,) = map_task(bundle(*rows)).contacts
    assert (contact.contact_id, contact.end) == (f"{BRAUN}:1", at(60))


# --- after a tenant was moved ---------------------------------------------------------------------

LEGACY = [
    {
        "agentId": 1004427,
        "agentlogin": "B.Braun@example.com",
        "agentName": "Bea Braun",
        "callSessionId": PLAIN,
        "currentState": "Connected",
        "cstts": T0 + 5000,
        "cetts": T0 + 49_000,
    }
]


def test_a_call_keeps_its_contacts_when_the_tenant_is_moved() -> None:
    """Rows of both generations side by side, or the new ones in the old ones' place."""
    before = map_task(bundle(*LEGACY, task=SESSION))
    both = Bundle((recording(SESSION, task=LISTED),), (fact(LEGACY[0]), fact(TRANSFER[0])))
    after = Bundle((recording(SESSION, task=LISTED),), (fact(TRANSFER[0]),))
    ids = [one.contact_id for one in before.contacts]
    assert ids == ["b.braun@example.com:1"]
    for one in (both, after):
        draft = map_task(one)
        assert [contact.contact_id for contact in draft.contacts] == ids
        assert draft.external_id == before.external_id == TASK
        assert draft.associated_id == before.associated_id == TASK


def test_what_two_generations_tell_of_an_agent_is_no_overlap() -> None:
    """Their stamps and states differ a little; what was over before the newest begins is kept."""
    ringing = LEGACY[0] | {"currentState": "Ringing", "cstts": T0, "cetts": T0 + 4000}
    rounded = LEGACY[0] | {"cstts": T0 + 6000, "cetts": T0 + 50_000}
    facts = tuple(map(fact, (ringing, LEGACY[0], rounded, TRANSFER[0])))
    (contact,) = map_task(Bundle((recording(SESSION, task=LISTED),), facts)).contacts
    assert "overlap" not in contact.doubt
    newest = Bundle((recording(SESSION, task=LISTED),), facts[-1:])
    (alone,) = map_task(newest).contacts
    assert (contact.start, contact.end) == (alone.start, alone.end)
