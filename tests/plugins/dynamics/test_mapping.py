"""Calls become interactions: parties, legs, contacts, attributes, whatever the order."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.plugins.dynamics.samples import (
    CONVERSATION,
    DEFAULT,
    NAMES,
    P2,
    P3,
    P4,
    QUEUE,
    RECORDING,
    S2,
    S3,
    A,
    B,
    C,
    Chosen,
    D,
    Row,
    Told,
    at,
    context,
    conversation,
    guid,
    hold,
    look_up,
    participant,
    recorded,
    session,
    stored,
)

from catchment.model import Bundle, Fact, InteractionDraft, Key, Recording, Ref, Window
from catchment_dynamics.mapping import map_conversation_bundle
from catchment_dynamics.sightings import map_conversation, map_recording, map_session

SCRIPTED = Told()
AGENTS = {name: f"agent:{name}" for name in (B, C, D)}


def draft(told: Told = SCRIPTED, settings: Chosen = DEFAULT, **row: Any) -> InteractionDraft:
    """The interaction, with its sound; *row* changes the conversation."""
    if row:
        told = replace(told, conversation=told.conversation | row)
    return map_conversation_bundle(told.bundle(stored()), settings)


# --- the scripted call ----------------------------------------------------------------------------


def test_the_call_is_one_interaction() -> None:
    """3.10: through consultation and transfer; it ends before wrap-up."""
    made = draft()
    assert (made.kind, made.external_id, made.associated_id) == ("call", CONVERSATION, CONVERSATION)
    assert (made.started_at, made.ended_at) == (at(0), at(600))
    assert (made.direction, made.ani, made.dnis) == ("inbound", "+493012345678", "+4980012345")
    assert made.subject == "Call from +493012345678"


def test_everybody_is_a_party() -> None:
    """Agents by reference, in the order in which they came; whose phone only rang was none."""
    made = draft()
    assert [(one.party_id, one.role, one.name) for one in made.parties] == [
        (AGENTS[B], "agent", "Bea Braun"),
        (AGENTS[C], "agent", "Cem Demir"),
        (AGENTS[D], "agent", "Dora Vidal"),
        ("customer", "customer", ""),
    ]
    assert [one.ref for one in made.parties[:3]] == [Ref("user", name) for name in (B, C, D)]
    assert made.parties[-1].tel == "+493012345678"
    assert made.custom["not_answered_by"] == NAMES[A]


def test_each_agent_has_a_contact_with_its_sound() -> None:
    """Cut from the one recording; who is asked hears what was recorded meanwhile."""
    made = draft()
    assert [(one.contact_id, one.agent, one.start, one.end) for one in made.contacts] == [
        (f"{B}:1", AGENTS[B], at(60), at(300)),
        (f"{C}:1", AGENTS[C], at(150), at(200)),
        (f"{D}:1", AGENTS[D], at(300), at(600)),
    ]
    for one in made.contacts:
        assert one.end is not None
        (heard,) = one.heard
        assert (heard.recording_id, heard.file_id) == (RECORDING, "recording")
        assert heard.window == Window(one.start, one.end)
        assert one.queue == "Billing"


def test_a_contact_tells_what_is_told_of_the_agent_alone() -> None:
    """Seconds as received, and how it took part."""
    first, second, third = draft().contacts
    assert first.custom == {"talk_s": "155", "hold_s": "85", "mode": "primary"}
    assert second.custom == {"consulted_s": "50", "mode": "consult", "consult_mode": "voice"}
    assert third.custom == {"wrap_up_s": "60", "mode": "primary"}


def test_every_connection_is_a_leg() -> None:
    """With the holds that the agent put the customer on."""
    made = draft()
    held = (Window(at(120), at(205)),)
    assert [(one.leg_id, one.party_id, one.start, one.end, one.holds) for one in made.legs] == [
        (P2, AGENTS[B], at(60), at(300), held),
        (P3, AGENTS[C], at(150), at(200), ()),
        (P4, AGENTS[D], at(300), at(600), ()),
        ("customer", "customer", at(0), at(600), held),
    ]
    assert [one.legs for one in made.contacts] == [(P2,), (P3,), (P4,)]


def test_what_is_told_of_the_call_can_be_searched() -> None:
    """In the platform's words, where its numbers have any."""
    assert draft(
        msdyn_customersentimentlabel=10,
        msdyn_channelprovidername="Azure Communication Services",
        msdyn_conversationfirstwaittimeinseconds=60,
        msdyn_customerlocale="de-DE",
        leftvoicemail=True,
        **look_up("msdyn_issueid", guid(0x15), "CAS-01"),
    ).custom == {
        "queue": "Billing",
        "workstream": "Support line",
        "case": "CAS-01",
        "channel_provider": "Azure Communication Services",
        "transfers": "1",
        "wait_s": "60",
        "handle_s": "600",
        "status_reason": "ConversationEndedByAgent",
        "sentiment": "neutral",
        "closures": "BotTransferToAgent, AgentTimeout, AgentTransfered, AgentEndConversation",
        "language": "de-DE",
        "call_id": "22f1d3b0-0e7d-4c58-9a4f-6a3f0f9f6c11",
        "call_ids": "22f1d3b0-0e7d-4c58-9a4f-6a3f0f9f6c11",
        "voicemail": "true",
        "not_answered_by": NAMES[A],
    }


def test_numbers_that_nobody_knows_stay_numbers() -> None:
    """6.3: options grow."""
    told = replace(SCRIPTED, sessions=(session(S2, 52, 60, 300, 4242),))
    custom = draft(told, msdyn_statuschangereason=7, msdyn_customersentimentlabel=99).custom
    assert (custom["closures"], custom["status_reason"], custom["sentiment"]) == (
        "192354242",
        "7",
        "99",
    )


# --- who, and which number ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "outbound", "ani", "dnis", "customer"),
    [
        (DEFAULT, False, "+493012345678", "+4980012345", "+493012345678"),
        (DEFAULT, True, "+493012345678", "+4980012345", "+4980012345"),
        (Chosen(outbound_numbers="from_customer"), False, "+493012345678", "+4980012345",
         "+493012345678"),
        (Chosen(outbound_numbers="from_customer"), True, "+4980012345", "+493012345678",
         "+493012345678"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_setting_says(
    settings: Chosen, outbound: bool, ani: str, dnis: str, customer: str
) -> None:
    """3.6: two descriptions of one column contradict each other for outbound calls."""
    made = draft(settings=settings, msdyn_isoutbound=outbound)
    assert (made.ani, made.dnis) == (ani, dnis)
    assert made.direction == ("outbound" if outbound else "inbound")
    assert next(one.tel for one in made.parties if one.role == "customer") == customer


def test_every_call_id_is_kept() -> None:
    """3.10: whether a transferred call keeps its own is not documented."""
    other = context(
        msdyn_ocphonecallengagementctxid=guid(0xC5),
        msdyn_callsid="second",
        createdon="2026-03-02T08:20:00Z",
    )
    custom = draft(replace(SCRIPTED, calls=(other, *SCRIPTED.calls))).custom
    assert custom["call_ids"] == "22f1d3b0-0e7d-4c58-9a4f-6a3f0f9f6c11, second"


def test_the_customer_may_be_known() -> None:
    """3.1: a contact or an account."""
    row = look_up("msdyn_customer", guid(0xCC), "Eva Lang", "account")
    customer = next(one for one in draft(**row).parties if one.role == "customer")
    assert (customer.ref, customer.name) == (Ref("account", guid(0xCC)), "Eva Lang")


def test_who_watches_and_who_is_outside_are_parties_without_contacts() -> None:
    """Each with a leg."""
    number = {"msdyn_externalparticipantchannel": "+4989222222"}
    rows = (
        *SCRIPTED.participants,
        participant(guid(0x705), S2, A, 100, 100, 200, msdyn_mode=192350004),
        participant(guid(0x706), S2, "", 200, 210, 290, **number),
    )
    made = draft(replace(SCRIPTED, participants=rows))
    assert [(one.party_id, one.role, one.tel) for one in made.parties[-2:]] == [
        ("external:+4989222222", "external", "+4989222222"),
        (f"supervisor:{A}", "supervisor", ""),
    ]
    assert {guid(0x705), guid(0x706)} <= {one.leg_id for one in made.legs}
    assert [one.agent for one in made.contacts] == [AGENTS[name] for name in (B, C, D)]
    assert made.custom["external_numbers"] == "+4989222222"


def test_a_phone_that_rings_was_not_missed() -> None:
    """As long as the call goes on."""
    row = {"statecode": 0, "statuscode": 1, "msdyn_wrapupinitiatedon": None, "msdyn_closedon": None}
    told = Told(
        conversation(**row),
        (session(S2, 52, None, None, None),),
        (participant(P2, S2, B, 52, None, None),),
        (),
        recordings=(),
    )
    made = draft(told, _msdyn_activeagentid_value=None)
    assert "not_answered_by" not in made.custom
    assert (made.ended_at, made.contacts) == (None, ())


def test_a_contact_that_runs_has_no_end() -> None:
    """And no doubt."""
    row = {"statecode": 0, "statuscode": 2, "msdyn_wrapupinitiatedon": None, "msdyn_closedon": None}
    told = Told(
        conversation(**row),
        (session(S2, 52, 60, None, None),),
        (participant(P2, S2, B, 52, 60, None),),
        (),
        recordings=(),
    )
    (contact,) = draft(told, _msdyn_activeagentid_value=B).contacts
    assert (contact.start, contact.end, contact.doubt) == (at(60), None, "")


def test_a_queue_without_a_name_is_its_id() -> None:
    """Formatted values come only where they were asked for."""
    rows = tuple(
        {name: value for name, value in row.items() if "@" not in name} for row in SCRIPTED.sessions
    )
    assert {one.queue for one in draft(replace(SCRIPTED, sessions=rows)).contacts} == {QUEUE}


# --- what there may be else -----------------------------------------------------------------------


def test_an_orphan_is_an_interaction_of_its_own() -> None:
    """4.4: with nothing but its sound."""
    row = recorded(_msdyn_liveworkitemid_value=None, _msdyn_recordingtarget_value=None)
    bare = {name: value for name, value in row.items() if "@" not in name}
    seen = map_recording(bare, None)
    assert seen is not None
    recording = Recording(RECORDING, seen.occurred_at, seen.keys, "", None, {"listing": bare})
    made = map_conversation_bundle(Bundle((recording,)), DEFAULT)
    assert (made.external_id, made.started_at, made.contacts) == (RECORDING, at(670), ())
    assert made.custom == {"orphaned": "true"}


def test_an_orphan_that_had_a_conversation_keeps_it() -> None:
    """The catalogue knows its key and the rows of before."""
    row = recorded(_msdyn_liveworkitemid_value=None, _msdyn_recordingtarget_value=None)
    keys = (Key("conversation", CONVERSATION), Key("recording", RECORDING))
    recording = Recording(RECORDING, at(60), keys, "", None, {"listing": row})
    bundle = Bundle((recording,), SCRIPTED.list_facts(), (stored(),))
    made = map_conversation_bundle(bundle, DEFAULT)
    assert (made.external_id, len(made.contacts)) == (CONVERSATION, 3)


def test_a_voicemails_sound_is_no_part_of_the_call() -> None:
    """3: an environment may keep it as a recording that points at the voicemail."""
    other = guid(0xFFF)
    target = look_up("msdyn_recordingtarget", guid(0x3A11), "", "msdyn_ocvoicemail")
    message = recorded(other, _msdyn_liveworkitemid_value=None, **target)
    keys = (Key("conversation", CONVERSATION),)
    documents = SCRIPTED.list_documents(message)
    left = Recording(other, at(670), keys, "", None, documents)
    bundle = SCRIPTED.bundle(stored(), stored(recording_id=other, plays=9))
    made = map_conversation_bundle(replace(bundle, recordings=(*bundle.recordings, left)), DEFAULT)
    assert [(one.doubt, one.heard) for one in made.contacts] == [
        ("", one.heard) for one in draft().contacts
    ]
    assert made.custom["voicemail"] == "true"


def test_a_continuation_is_an_interaction_of_its_own() -> None:
    """3.10: that the call went on outside is all that is known."""
    _, more = map_session(session(S2, 52, 60, 300, 38))
    made = map_conversation_bundle(Bundle((), (more,)), DEFAULT)
    assert (made.kind, made.direction, made.external_id) == ("call", "", S2)
    assert (made.started_at, made.associated_id, made.contacts) == (at(300), CONVERSATION, ())
    assert made.custom["external_transfer"] == "true"


def test_a_call_that_went_on_outside_says_so() -> None:
    """By its session's closure."""
    rows = (*SCRIPTED.sessions[:3], session(guid(0x503), 300, 300, 660, 38))
    assert draft(replace(SCRIPTED, sessions=rows)).custom["external_transfer"] == "true"


@pytest.mark.parametrize(
    ("first", "others", "outside"),
    [
        (37, (), True),
        (37, ((310, 310),), False),
        (37, ((305, None),), True),
        (38, ((310, 310),), True),
        (6, (), False),
    ],
)
def test_a_number_that_did_not_answer_left_the_call_only_if_nobody_took_it(
    first: int, others: tuple[tuple[int, int | None], ...], outside: bool
) -> None:
    """3.2: ExternalAgentReject closes a session whose caller may go on to an agent."""
    rows = [session(S2, 52, 60, 300, first)]
    rows += [session(S3, created, taken, 660, 21) for created, taken in others]
    told = replace(SCRIPTED, sessions=tuple(rows), participants=SCRIPTED.participants[1:3])
    assert draft(told).custom.get("external_transfer", "") == ("true" if outside else "")


@pytest.mark.parametrize(
    ("closure", "number", "outside"),
    [
        (6, {"left": 300}, True),
        (21, {"left": None}, True),
        (21, {"left": 250}, False),
        (21, {"joined": 290, "left": 300}, False),
        (22, {"left": 300}, False),
        (6, {"left": 300, "msdyn_leftonreason": "AgentReject"}, False),
    ],
)
def test_who_leaves_while_a_number_outside_is_dialled_gives_the_call_to_it(
    closure: int, number: dict[str, Any], outside: bool
) -> None:
    """3.10: nothing else tells of it, where the closure is that of any other call."""
    more = {"msdyn_externalparticipantchannel": "+4989222222", **number}
    joined, left = more.pop("joined", None), more.pop("left")
    dialled = participant(P4, S2, "", 280, joined, left, **more)
    told = replace(
        SCRIPTED,
        sessions=(session(S2, 52, 60, 360, closure),),
        participants=(participant(P2, S2, B, 52, 60, 360), dialled),
        events=(),
    )
    wrapped: dict[str, Any] = {"msdyn_wrapupinitiatedon": "2026-03-02T08:18:58Z"}
    custom = draft(told, **wrapped).custom
    assert custom.get("external_transfer", "") == ("true" if outside else "")
    came_next = session(S3, 300, 300, 600, 21)
    taken = replace(told, sessions=(*told.sessions, came_next))
    assert "external_transfer" not in draft(taken, **wrapped).custom
    joined_next = participant(P3, S3, D, 300, 300, 600)
    taken = replace(told, participants=(*told.participants, joined_next))
    assert "external_transfer" not in draft(taken, **wrapped).custom


def test_a_session_that_is_wrapped_up_ended_before_for_its_caller() -> None:
    """Whether the conversation tells when that began, or the agent's own row."""
    number = {"msdyn_externalparticipantchannel": "+4989222222"}
    dialled = participant(P4, S2, "", 280, None, 300, **number)
    told = replace(
        SCRIPTED,
        sessions=(session(S2, 52, 60, 360, 21),),
        participants=(participant(P2, S2, B, 52, 60, 300), dialled),
        events=(),
    )
    assert draft(told, msdyn_wrapupinitiatedon=None).custom["external_transfer"] == "true"


def test_a_customer_waits_once_whoever_holds() -> None:
    """Two agents hold, one beginning before the other ends."""
    rows = (*SCRIPTED.events, hold(2, P3, 190, 240), hold(3, P4, 320, 330))
    customer = draft(replace(SCRIPTED, events=rows)).legs[-1]
    assert customer.holds == (Window(at(120), at(240)), Window(at(320), at(330)))


def test_nothing_but_an_id_still_makes_an_interaction() -> None:
    """Columns are missing, null, or of another kind."""
    row = {"activityid": CONVERSATION, "createdon": "2026-03-02T08:13:58Z", "statecode": "?",
           "msdyn_channel": 5, "msdyn_transfercount": "many", "msdyn_startedon": 7}  # fmt: skip
    made = map_conversation_bundle(Bundle((), (map_conversation(row, DEFAULT),)), DEFAULT)
    assert (made.external_id, made.started_at, made.direction) == (CONVERSATION, at(0), "")


# --- order and age --------------------------------------------------------------------------------


def shuffled(told: Told, random: Random) -> Bundle:
    """The same bundle in another order, rows within documents and columns within rows too."""

    def turn(row: Row) -> Row:
        names = list(row)
        random.shuffle(names)
        return {name: row[name] for name in names}

    def mix(rows: Any) -> tuple[Row, ...]:
        return tuple(turn(row) for row in random.sample(list(rows), len(rows)))

    other = Told(
        turn(told.conversation), mix(told.sessions), mix(told.participants), mix(told.events),
        mix(told.calls), mix(told.recordings),
    )  # fmt: skip
    files = [stored(), replace(stored(plays=700), version=2), stored(recording_id=guid(0x1001))]
    facts, recordings = list(other.list_facts()), list(other.list_recordings())
    for rows in (files, facts, recordings):
        random.shuffle(rows)
    return Bundle(tuple(recordings), tuple(facts), tuple(files))


TWO = replace(SCRIPTED, recordings=(recorded(), recorded(guid(0x1001))))


@limits(deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_carries_no_meaning(random: Random) -> None:
    """Neither of facts, nor of recordings, documents, files or columns."""
    expected = map_conversation_bundle(shuffled(TWO, Random(0)), DEFAULT)
    assert map_conversation_bundle(shuffled(TWO, random), DEFAULT) == expected


def test_facts_and_documents_say_the_same() -> None:
    """Each alone, and both together."""
    facts, full, bare = (
        SCRIPTED.list_facts(),
        SCRIPTED.list_recordings(),
        SCRIPTED.list_recordings(bare=True),
    )
    made = [
        map_conversation_bundle(Bundle(recordings, rows, (stored(),)), DEFAULT)
        for recordings, rows in ((full, facts), (full, ()), (bare, facts))
    ]
    assert made[0] == made[1] == made[2]
    without = map_conversation_bundle(Bundle((), facts), DEFAULT)
    assert [(one.contact_id, one.start, one.end) for one in without.contacts] == [
        (one.contact_id, one.start, one.end) for one in made[0].contacts
    ]


OPEN = conversation(
    statecode=0, statuscode=2, msdyn_wrapupinitiatedon=None, msdyn_closedon=None, versionnumber=1
)


def test_the_newest_version_counts() -> None:
    """Whether a fact tells it or a document."""
    stale = replace(SCRIPTED, conversation=OPEN)
    (old,), (new,) = stale.list_recordings(), SCRIPTED.list_recordings()
    late: tuple[Fact, ...] = SCRIPTED.list_facts()
    early: tuple[Fact, ...] = stale.list_facts()
    made = [
        map_conversation_bundle(Bundle((recording,), facts), DEFAULT)
        for recording, facts in ((old, late), (new, early), (new, late))
    ]
    assert made[0] == made[1] == made[2]
    assert made[0].ended_at == at(600)


def test_an_etag_tells_the_version_too() -> None:
    """2.6: where the column was not asked for."""
    newer = conversation() | {"@odata.etag": 'W/"90211999"', "subject": "newer"}
    del newer["versionnumber"]
    told = replace(SCRIPTED, conversation=newer)
    bundle = Bundle(SCRIPTED.list_recordings(), told.list_facts())
    assert map_conversation_bundle(bundle, DEFAULT).subject == "newer"
