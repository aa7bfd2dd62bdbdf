"""What is said where contacts may be wrong; and that nothing is said of clean rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.plugins.dynamics.samples import (
    DEFAULT,
    P2,
    P3,
    RECORDING,
    S1,
    S2,
    S3,
    A,
    B,
    C,
    Chosen,
    D,
    Row,
    Told,
    asked,
    at,
    conversation,
    guid,
    hold,
    participant,
    recorded,
    session,
    stored,
)

from catchment.model import Bundle, Measured, StoredFile, Timeline
from catchment_dynamics.doubts import (
    AGENT_MISSING,
    LONG,
    MANY_RECORDINGS,
    MOVED,
    SHORT,
    SOME_MISSING,
    UNKNOWN_MODE,
    UNTIMED,
)
from catchment_dynamics.files import describe_recording
from catchment_dynamics.mapping import map_conversation_bundle
from catchment_dynamics.offer import Offer
from catchment_dynamics.stays import BY_SESSION, UNKNOWN_PARTS

SCRIPTED = Told()
SECOND = guid(0x1001)
BY_CALL = Chosen(recording_begins="call")


def doubts(told: Told, *files: StoredFile, settings: Chosen = DEFAULT) -> list[str]:
    """What is doubted, contact by contact."""
    draft = map_conversation_bundle(told.bundle(*files), settings)
    return [one.doubt for one in draft.contacts]


# --- clean calls ----------------------------------------------------------------------------------


def test_the_scripted_call_is_beyond_doubt() -> None:
    """With its sound and before."""
    assert doubts(SCRIPTED) == ["", "", ""]
    assert doubts(SCRIPTED, stored()) == ["", "", ""]


@pytest.mark.parametrize("plays", [538, 539.04, 541.5, 542])
def test_stamps_are_cut_off(plays: float) -> None:
    """2.3: whole seconds at both ends."""
    assert doubts(SCRIPTED, stored(plays=plays)) == ["", "", ""]


@st.composite
def clean_calls(draw: st.DrawFn) -> tuple[Told, list[tuple[str, int, int]]]:
    """A call of some agents one after the other, who hold, and ask each other before that."""
    begin = draw(st.integers(2, 90))
    at_second, sessions, participants, events = begin, [], [], []
    expected: list[tuple[str, int, int]] = []
    number = draw(st.integers(1, 4))
    asking = False
    for place in range(number):
        agent = guid(0xA0 + place)
        name, start, length = guid(0x500 + place), at_second, draw(st.integers(20, 300))
        end = start + length
        ring = 0 if asking or not place else draw(st.integers(0, 10))
        start = start + ring if start + ring < end - 12 else start
        expected.append((agent, start - 10 if asking else start, end))
        holder = guid(0x700 + place)
        participants.append(participant(holder, name, agent, at_second, start, end))
        sessions.append(session(name, at_second, start, end, 6 if place < number - 1 else 21))
        asking = place < number - 1 and draw(st.booleans())
        if asking:
            access = draw(st.sampled_from([1, 2]))
            other = guid(0xA0 + place + 1)
            participants.append(asked(guid(0x800 + place), name, other, end - 10, end, access))
            events.append(hold(place, holder, end - 11, end))
        at_second = end
    row = conversation(
        msdyn_initiatedon=f"{at(0):%Y-%m-%dT%H:%M:%SZ}",
        msdyn_startedon=f"{at(begin):%Y-%m-%dT%H:%M:%SZ}",
        msdyn_wrapupinitiatedon=f"{at(at_second):%Y-%m-%dT%H:%M:%SZ}",
        msdyn_closedon=f"{at(at_second + 30):%Y-%m-%dT%H:%M:%SZ}",
        msdyn_transfercount=number - 1,
        _msdyn_lastsessionid_value=guid(0x500 + number - 1),
    )
    row["_msdyn_activeagentid_value"] = guid(0xA0 + number - 1)
    told = Told(row, tuple(sessions), tuple(participants), tuple(events))
    return told, sorted(expected, key=lambda one: (one[1], one[2], one[0]))


@limits(deadline=None)
@given(clean_calls(), st.floats(-1, 1), st.sampled_from([DEFAULT, BY_CALL]))
def test_clean_rows_are_never_in_doubt(
    made: tuple[Told, list[tuple[str, int, int]]], more: float, settings: Chosen
) -> None:
    """And make one contact for each agent, to the second."""
    told, expected = made
    (recording,) = told.list_recordings()
    sound = Offer("msdyn_recording", name="recording.mp4", file_id=guid(0xF1))
    (file,) = describe_recording(recording, {"msdyn_recording": sound}, settings)
    plays = file.timeline.length + timedelta(seconds=more)
    kept = replace(stored(), timeline=file.timeline, measured=Measured("mp4", plays, (1,)))
    draft = map_conversation_bundle(told.bundle(kept), settings)
    assert [one.doubt for one in draft.contacts] == [""] * len(expected)
    assert [
        (
            one.contact_id.partition(":")[0],
            (one.start - at(0)).total_seconds(),
            ((one.end or at(0)) - at(0)).total_seconds(),
        )
        for one in draft.contacts
    ] == expected


# --- agents ---------------------------------------------------------------------------------------


def test_without_participants_the_call_is_given_away_in_doubt() -> None:
    """To the last agent, and nothing more is said."""
    assert doubts(replace(SCRIPTED, participants=()), stored()) == [UNKNOWN_PARTS]


def test_a_session_that_nobody_took_part_in_is_a_doubt_of_all_others() -> None:
    """B's row was never written."""
    _, _, asked_one, last = SCRIPTED.participants
    assert doubts(replace(SCRIPTED, participants=(asked_one, last))) == [AGENT_MISSING] * 2


def test_the_last_agent_without_a_row_is_in_doubt_alone() -> None:
    """The conversation and its session tell of D."""
    told = replace(SCRIPTED, participants=SCRIPTED.participants[:3])
    assert doubts(told) == ["", "", BY_SESSION]


def test_more_transfers_than_agents_are_a_doubt() -> None:
    """Neither a session nor a participant tells of the third."""
    told = replace(SCRIPTED, conversation=conversation(msdyn_transfercount=2))
    assert doubts(told) == [SOME_MISSING] * 3


@pytest.mark.parametrize(
    ("row", "more"),
    [
        ({"msdyn_isabandoned": True}, ()),
        ({"msdyn_statuschangereason": 192350012}, ()),
        ({}, (session(S1, 310, None, 330, 2),)),
        ({}, (session(S1, 310, None, 330, 38),)),
        ({"statecode": 0, "statuscode": 1, "msdyn_wrapupinitiatedon": None}, ()),
    ],
)
def test_a_transfer_may_end_with_nobody(row: dict[str, Any], more: tuple[Row, ...]) -> None:
    """The caller gave up, an agent did not answer, it went outside, or it waits still."""
    told = replace(
        SCRIPTED,
        conversation=conversation(msdyn_transfercount=2, **row),
        sessions=(*SCRIPTED.sessions, *more),
    )
    assert doubts(told) == ["", "", ""]


def test_a_role_that_nobody_knows_is_a_doubt() -> None:
    """6.3: options grow; the agent is taken for one who talked."""
    others = tuple(
        row | {"msdyn_mode": 192350099} if row["_msdyn_agentid_value"] == B else row
        for row in SCRIPTED.participants
    )
    assert doubts(replace(SCRIPTED, participants=others)) == [UNKNOWN_MODE, "", ""]


def test_times_that_are_reversed_are_a_doubt() -> None:
    """The segmenter says so."""
    rows = (participant(P2, S2, B, 52, 300, 60), *SCRIPTED.participants[2:])
    (first, *others) = doubts(replace(SCRIPTED, participants=rows))
    assert "end before they start" in first
    assert others == ["", ""]


# --- sound ----------------------------------------------------------------------------------------


def test_a_recording_with_gaps_is_a_doubt() -> None:
    """4.1: pauses may be cut out, and nothing tells where."""
    assert doubts(SCRIPTED, stored(plays=480)) == [SHORT.format(number=60)] * 3


def test_a_recording_that_is_too_long_is_a_doubt() -> None:
    """Neither beginning fits."""
    assert doubts(SCRIPTED, stored(plays=700)) == [LONG.format(number=160)] * 3


def test_a_recording_that_begins_with_the_call_names_the_setting() -> None:
    """And the other way about."""
    (sentence,) = set(doubts(SCRIPTED, stored(60, 600, plays=600.2)))
    assert 'set recording_begins to "call"' in sentence
    (sentence,) = set(doubts(SCRIPTED, stored(0, 600, plays=539.6), settings=BY_CALL))
    assert 'set recording_begins to "answer"' in sentence


def test_what_goes_on_without_an_agent_is_as_long_as_its_recording() -> None:
    """A bridged call, and a caller who waits for the next agent and gives up (3.10)."""
    wrapped = {"msdyn_wrapupinitiatedon": "2026-03-02T08:18:58Z"}
    row = conversation(msdyn_transfercount=0, **wrapped) | {"_msdyn_activeagentid_value": B}
    number = {"msdyn_externalparticipantchannel": "+4989222222"}
    bridged = Told(
        row,
        (session(S2, 52, 60, 360, 21),),
        (
            participant(P2, S2, B, 52, 60, 300),
            participant(guid(0x705), S2, "", 280, 290, 600, **number),
        ),
        (),
    )
    assert doubts(bridged, stored(plays=540)) == [""]
    waiting = replace(
        bridged,
        sessions=(session(S2, 52, 60, 300, 6), session(S3, 300, None, 400, 20)),
        participants=bridged.participants[:1],
        conversation=row | {"msdyn_transfercount": 1, "msdyn_isabandoned": True},
    )
    assert doubts(waiting, stored(60, 400)) == [""]


def test_who_hears_nothing_of_it_has_no_doubt_of_its_length() -> None:
    """Sound that is not there yet is no doubt."""
    assert doubts(SCRIPTED, replace(stored(plays=480), kind="video")) == ["", "", ""]


def test_a_sound_without_a_time_line_is_a_doubt() -> None:
    """It was described while the call went on."""
    assert doubts(SCRIPTED, replace(stored(), timeline=Timeline())) == [UNTIMED] * 3


def test_a_sound_that_was_placed_before_is_a_doubt() -> None:
    """More is known today."""
    assert doubts(SCRIPTED, stored(75, 600, plays=540)) == [MOVED] * 3


def test_more_recordings_than_sessions_are_a_doubt() -> None:
    """Stopped and started again, by hand."""
    rows = tuple(
        recorded(name, createdon=f"2026-03-02T08:3{place}:00Z")
        for place, name in enumerate((RECORDING, SECOND, guid(0x1002)))
    )
    told = replace(SCRIPTED, recordings=rows)
    files = (stored(plays=200), stored(plays=100, recording_id=SECOND))
    assert doubts(told, *files) == [MANY_RECORDINGS.format(number=3)] * 3


def test_a_recording_for_each_session_is_no_doubt() -> None:
    """In order, and as long as the session."""
    rows = (recorded(), recorded(SECOND, createdon="2026-03-02T08:40:00Z"))
    told = replace(SCRIPTED, recordings=rows)
    files = (stored(60, 300), stored(300, 600, recording_id=SECOND))
    assert doubts(told, *files) == ["", "", ""]


def test_an_unknown_recording_of_the_call_spoils_nothing() -> None:
    """A bundle of the listing's row alone."""
    bundle = Bundle(SCRIPTED.list_recordings(bare=True), (), (stored(),))
    assert map_conversation_bundle(bundle, DEFAULT).contacts == ()


def test_who_was_asked_in_between_is_no_transfer() -> None:
    """The number of consultations says nothing of transfers."""
    rows = (
        participant(P2, S2, B, 52, 60, 300),
        asked(P3, S2, C, 100, 120, 2),
        asked(guid(0x705), S2, A, 130, 140, 2),
        participant(guid(0x704), S3, D, 300, 300, 600),
    )
    assert doubts(replace(SCRIPTED, participants=rows)) == [""] * 4
