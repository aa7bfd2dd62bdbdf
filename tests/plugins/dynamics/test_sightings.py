"""Rows of the listings become sightings and facts: what is ours, what is expected, what changed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plugins.dynamics.samples import (
    CALL,
    CONVERSATION,
    DEFAULT,
    P2,
    RECORDING,
    S2,
    WORKSTREAM,
    B,
    Chosen,
    at,
    context,
    conversation,
    guid,
    hold,
    look_up,
    participant,
    recorded,
    session,
    stamp,
)

from catchment.errors import Unreachable
from catchment.model import Key
from catchment_dynamics.ids import read_guid
from catchment_dynamics.sightings import (
    find_conversation,
    map_call,
    map_conversation,
    map_participant,
    map_participant_event,
    map_recording,
    map_session,
    map_transcript,
    map_voicemail,
)

BESIDE_THE_CALL = (Key("conversation", CONVERSATION),)
OF_THE_SOUND = (Key("sound", CONVERSATION),)
OF_THE_CALL = (*BESIDE_THE_CALL, *OF_THE_SOUND)
TRANSCRIPT, VOICEMAIL = guid(0x2000), guid(0x3000)


def lost(**more: Any) -> dict[str, Any]:
    """A recording whose conversation was deleted."""
    row = recorded(_msdyn_liveworkitemid_value=None, _msdyn_recordingtarget_value=None)
    return {name: value for name, value in row.items() if "@" not in name} | more


# --- ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        "7B0C6C55-51D0-F011-8544-6045BD0A11AA",
        "{7b0c6c55-51d0-f011-8544-6045bd0a11aa}",
        " 7b0c6c5551d0f01185446045bd0a11aa ",
    ],
)
def test_an_id_is_one_in_any_spelling(told: str) -> None:
    """People copy it from pages, in braces and capitals."""
    assert read_guid(told) == "7b0c6c55-51d0-f011-8544-6045bd0a11aa"


@pytest.mark.parametrize("told", ["", "7b0c", None, 7, "not-a-guid"])
def test_what_is_no_guid_is_none(told: object) -> None:
    """No other id is ours."""
    assert read_guid(told) == ""


# --- recordings -----------------------------------------------------------------------------------


def test_a_recording_belongs_to_its_conversation() -> None:
    """3.10: everything of a call shares the conversation's id."""
    seen = map_recording(recorded(), conversation())
    assert seen is not None
    assert (seen.external_id, seen.keys, seen.offered) == (RECORDING, OF_THE_CALL, "ready")
    assert seen.occurred_at == at(60)


def test_without_its_conversation_it_began_when_it_was_written() -> None:
    """Nothing else is told."""
    seen = map_recording(recorded(), None)
    assert seen is not None
    assert (seen.keys, seen.occurred_at) == (OF_THE_CALL, at(670))


def test_ids_are_in_lower_case() -> None:
    """Whatever the platform writes."""
    row = recorded(RECORDING.upper(), _msdyn_liveworkitemid_value=CONVERSATION.upper())
    seen = map_recording(row, None)
    assert seen is not None
    assert (seen.external_id, seen.keys) == (RECORDING, OF_THE_CALL)


def test_a_recording_without_its_file_is_not_there_yet() -> None:
    """4.1: the row may come before the file."""
    seen = map_recording(recorded(msdyn_recording=None), None)
    assert seen is not None
    assert seen.offered == "not_yet"


@pytest.mark.parametrize("table", ["phonecall", "appointment"])
def test_recordings_of_sales_are_not_ours(table: str) -> None:
    """3.7: they stand in the same table."""
    row = lost() | look_up("msdyn_recordingtarget", guid(0x99), "", table)
    assert map_recording(row, None) is None


def test_recordings_of_other_channels_are_not_ours() -> None:
    """A chat with screen sharing has some too."""
    assert map_recording(recorded(), conversation(msdyn_channel="192360000")) is None


@pytest.mark.parametrize("channel", ["192440000", "192370000", "192360000,192440000", None, ""])
def test_a_call_among_other_channels_is_ours(channel: str | None) -> None:
    """3.1: the channel is a list; one that is not told may be a call."""
    assert map_recording(recorded(), conversation(msdyn_channel=channel)) is not None


def test_an_orphan_is_ours() -> None:
    """4.4: its conversation was deleted, the recording was not."""
    seen = map_recording(lost(), None)
    assert seen is not None
    assert seen.keys == (Key("recording", RECORDING),)


def test_the_target_tells_the_conversation_too() -> None:
    """Where the other lookup is empty."""
    row = recorded(_msdyn_liveworkitemid_value=None)
    seen = map_recording(row, None)
    assert seen is not None
    assert seen.keys == OF_THE_CALL


@pytest.mark.parametrize(
    "change",
    [{"modifiedon": stamp(900)}, {"versionnumber": 90219999}, {"statecode": 1}, {"extra": 1}],
)
def test_what_changes_no_file_is_no_news(change: dict[str, Any]) -> None:
    """Nothing is downloaded again because somebody touched the row."""
    before, after = map_recording(recorded(), None), map_recording(recorded(**change), None)
    assert before is not None
    assert after is not None
    assert before.revision == after.revision


@pytest.mark.parametrize(
    "change",
    [
        {"msdyn_recording": guid(0xFF)},
        {"msdyn_recordingmetadata": None},
        {"_msdyn_liveworkitemid_value": guid(0xC1)},
    ],
)
def test_another_file_is_news(change: dict[str, Any]) -> None:
    """So is another conversation."""
    before, after = map_recording(recorded(), None), map_recording(recorded(**change), None)
    assert before is not None
    assert after is not None
    assert before.revision != after.revision


@pytest.mark.parametrize("gone", ["msdyn_ocrecordingid", "createdon"])
def test_a_recording_that_cannot_be_named_stops_the_listing(gone: str) -> None:
    """Passing over it would lose it in silence."""
    row = {name: value for name, value in recorded().items() if name not in (gone, "modifiedon")}
    with pytest.raises(Unreachable):
        map_recording(row, None)


def test_a_transcript_has_a_lookup_of_its_own_name() -> None:
    """3.8: the doubled id."""
    row = {
        "msdyn_transcriptid": TRANSCRIPT,
        "_msdyn_liveworkitemidid_value": CONVERSATION,
        "createdon": stamp(700),
    }
    seen = map_transcript(row, conversation())
    assert seen is not None
    assert (seen.external_id, seen.keys, seen.offered) == (TRANSCRIPT, BESIDE_THE_CALL, "ready")
    assert map_transcript(row, conversation(msdyn_channel="192360000")) is None


@pytest.mark.parametrize(
    "lookup",
    [
        "_msdyn_liveworkitemid_value",
        "_msdyn_conversationid_value",
        "_msdyn_ocliveworkitem_value",
    ],
)
def test_a_voicemail_is_read_by_what_its_columns_are_called(lookup: str) -> None:
    """3: they are not documented."""
    row = {
        "msdyn_ocvoicemailid": VOICEMAIL,
        lookup: CONVERSATION,
        "msdyn_sound": guid(0xF5),
        "msdyn_sound_name": "voicemail.wav",
        "createdon": stamp(40),
    }
    seen, later = map_voicemail(row, None), map_voicemail(row | {"msdyn_sound": guid(0xF6)}, None)
    assert seen is not None
    assert later is not None
    assert (seen.external_id, seen.keys) == (VOICEMAIL, BESIDE_THE_CALL)
    assert seen.revision != later.revision


def test_a_voicemail_without_a_conversation_stands_alone() -> None:
    """Nothing says whose it was."""
    row = {"msdyn_ocvoicemailid": VOICEMAIL, "createdon": stamp(40), "_ownerid_value": B}
    seen = map_voicemail(row, None, ["msdyn_sound"])
    assert find_conversation("voicemail", row) == ""
    assert seen is not None
    assert seen.keys == (Key("voicemail", VOICEMAIL),)


def test_a_voicemail_without_file_columns_is_nothing_to_wait_for() -> None:
    """3: an activity, whose sound is a row among the recordings."""
    row = {"activityid": VOICEMAIL, "createdon": stamp(40), "msdyn_hascontent": True}
    assert map_voicemail(row, None, []) is None
    assert map_voicemail(row, None) is None
    seen = map_voicemail(row, None, ["msdyn_sound"])
    assert seen is not None
    assert seen.external_id == VOICEMAIL


def test_the_sound_of_a_voicemail_is_not_the_recording_of_its_call() -> None:
    """3: it has no conversation but the voicemail's, and a call may expect a recording besides."""
    row = lost() | look_up("msdyn_recordingtarget", VOICEMAIL, "", "msdyn_ocvoicemail")
    alone, known = map_recording(row, None), map_recording(row, conversation(), CONVERSATION)
    assert alone is not None
    assert known is not None
    assert alone.keys == (Key("voicemail", VOICEMAIL),)
    assert known.keys == BESIDE_THE_CALL
    assert alone.revision != known.revision
    own = row | look_up("msdyn_liveworkitemid", CONVERSATION, "", "msdyn_ocliveworkitem")
    seen = map_recording(own, None)
    assert seen is not None
    assert seen.keys == BESIDE_THE_CALL


def test_what_points_into_an_unknown_table_is_ours() -> None:
    """3.7: tables are added; what is dropped is lost for good."""
    row = lost() | look_up("msdyn_recordingtarget", guid(0x99), "", "msdyn_anything")
    seen = map_recording(row, None)
    assert seen is not None
    assert seen.keys == (Key("recording", RECORDING),)


def test_a_conversation_that_becomes_known_is_news() -> None:
    """1.2: a privilege was granted; only now is told when the recording began."""
    before, after = map_recording(recorded(), None), map_recording(recorded(), conversation())
    assert before is not None
    assert after is not None
    assert before.revision != after.revision
    assert before.occurred_at > after.occurred_at


# --- what is expected -----------------------------------------------------------------------------

OPEN = {"statecode": 0, "statuscode": 2}
NOBODY = {"msdyn_startedon": None, "_msdyn_activeagentid_value": None}


@pytest.mark.parametrize(
    ("row", "expects", "absence"),
    [
        ({}, "answered", ""),
        ({"statecode": None}, "answered", ""),
        ({"_msdyn_activeagentid_value": None}, "answered", ""),
        ({"msdyn_isabandoned": True}, "answered", ""),
        ({"msdyn_startedon": None, "msdyn_isagentaccepted": True}, "answered", ""),
        (NOBODY, "", "unanswered"),
        (NOBODY | {"msdyn_isabandoned": True}, "", "unanswered"),
        ({"_msdyn_activeagentid_value": None, "msdyn_isabandoned": True}, "", "unanswered"),
        ({"_msdyn_activeagentid_value": None, "msdyn_isagentaccepted": False}, "", "unanswered"),
        (OPEN, "", ""),
        (OPEN | NOBODY, "", ""),
        (OPEN | {"statuscode": 5}, "", ""),
    ],
)
def test_an_answered_call_should_be_recorded(
    row: dict[str, Any], expects: str, absence: str
) -> None:
    """4.1: once it is closed; who is transferred and then abandons was talked to."""
    fact = map_conversation(conversation(**row), DEFAULT)
    assert (fact.expects, fact.absence) == (expects, absence)
    assert (fact.fact_id, fact.keys, fact.asked_id) == (CONVERSATION, OF_THE_SOUND, CONVERSATION)


@pytest.mark.parametrize("name", ["Support line", WORKSTREAM])
@pytest.mark.parametrize(
    ("rule", "expects", "absence"),
    [
        ("automatic", "answered", ""),
        ("by_hand", "answered", "not recorded"),
        ("consent", "answered", "refused"),
        ("off", "", "not recorded"),
    ],
)
def test_a_workstream_may_say_why_there_is_none(
    name: str, rule: str, expects: str, absence: str
) -> None:
    """4.1: recorded by hand, with consent, or not at all."""
    fact = map_conversation(conversation(), Chosen(rules={name: rule}))
    assert (fact.expects, fact.absence) == (expects, absence)


# --- what only happened ---------------------------------------------------------------------------


def test_rows_of_a_call_are_its_facts() -> None:
    """They expect nothing, and nobody asks for them by id."""
    facts = [
        *map_session(session(S2, 52, 60, 300, 6)),
        map_participant(participant(P2, S2, B, 52, 60, 300), CONVERSATION),
        map_participant_event(hold(1, P2, 120, 205), CONVERSATION),
        map_call(context()),
    ]
    assert [(fact.kind, fact.fact_id) for fact in facts] == [
        ("session", S2),
        ("participant", P2),
        ("participant_event", guid(0xE001)),
        ("call", CALL),
    ]
    assert {(fact.keys, fact.expects, fact.absence, fact.asked_id) for fact in facts} == {
        (OF_THE_CALL, "", "", None)
    }


def test_sessions_of_other_channels_are_not_ours() -> None:
    """A session has one channel."""
    assert map_session(session(S2, 52, 60, 300, 6, msdyn_channel=192360000)) == []


@pytest.mark.parametrize("closure", [29, 36, 37, 38])
def test_a_call_that_went_on_outside_is_told(closure: int) -> None:
    """3.10: that part is neither recorded nor represented."""
    _, more = map_session(session(S2, 52, 60, 300, closure))
    assert (more.kind, more.fact_id, more.absence) == ("continuation", S2, "external")
    assert (more.keys, more.at) == ((Key("continuation", S2),), at(300))


@pytest.mark.parametrize("closure", [None, 6, 10, 99])
def test_other_closures_go_nowhere(closure: int | None) -> None:
    """Also those that nobody knows."""
    assert len(map_session(session(S2, 52, 60, 300, closure))) == 1
