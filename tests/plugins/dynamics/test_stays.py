"""Participants become stays: the scripted call to the second, and whatever rows may lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.plugins.dynamics.samples import (
    P1,
    P2,
    P3,
    P4,
    S0,
    S1,
    S2,
    S3,
    A,
    B,
    C,
    D,
    Row,
    Told,
    asked,
    at,
    conversation,
    guid,
    hold,
    participant,
    session,
)

from catchment.segments import Stay
from catchment_dynamics.stays import BY_SESSION, UNKNOWN_PARTS, list_parts
from catchment_dynamics.view import View

SCRIPTED = Told()
P5, P6 = guid(0x705), guid(0x706)


def stays(told: Told) -> tuple[Stay, ...]:
    """The stays of the call."""
    return list_parts(View.of(told.bundle()))


def times(told: Told) -> list[tuple[str, float, float]]:
    """Who was part of the call, from which second to which."""
    return [(one.agent, _second(one.start), _second(one.end)) for one in stays(told)]


def consults(told: Told) -> list[tuple[str, float, float]]:
    """Who was only asked, from which second to which."""
    return [
        (one.agent, _second(window.start), _second(window.end))
        for one in stays(told)
        for window in one.consults
    ]


def _second(moment: Any) -> float:
    return float((moment - at(0)).total_seconds())


def of(*participants: Row, **more: Any) -> Told:
    """The scripted call with other participants."""
    return replace(SCRIPTED, participants=participants, **more)


def alone(*participants: Row, **more: Any) -> Told:
    """A call of one session, B's, from 60 to 600, with these participants."""
    row = conversation(msdyn_transfercount=0, _msdyn_lastsessionid_value=S2)
    row["_msdyn_activeagentid_value"] = B
    told = {"sessions": (session(S2, 52, 60, 660, 21),), "events": (), "conversation": row} | more
    return replace(SCRIPTED, participants=participants, **told)


# --- the scripted call ----------------------------------------------------------------------------


def test_the_scripted_call_is_told_to_the_second() -> None:
    """7: B talks, C is asked, D gets the call and wraps up; A never came."""
    assert times(SCRIPTED) == [(B, 60, 300), (C, 150, 200), (D, 300, 600)]
    assert consults(SCRIPTED) == [(C, 150, 200)]
    assert [one.doubt for one in stays(SCRIPTED)] == ["", "", ""]


def test_wrapping_up_is_no_part_of_the_call() -> None:
    """D closes the tab a minute after the call ended."""
    told = replace(SCRIPTED, conversation=conversation(msdyn_wrapupinitiatedon=None))
    assert times(told)[-1] == (D, 300, 660)


def test_a_wrap_up_before_the_last_answer_is_not_the_calls_end() -> None:
    """A stamp that an earlier agent left does not cut the later one's stay."""
    row = conversation(msdyn_wrapupinitiatedon="2026-03-02T08:15:58Z")
    assert times(replace(SCRIPTED, conversation=row))[-1] == (D, 300, 660)


# --- when the call ends ---------------------------------------------------------------------------

OUTSIDE = {"msdyn_externalparticipantchannel": "+4989222222"}


def ended(told: Told) -> float | None:
    """When the call ended, in seconds."""
    found = View.of(told.bundle()).ended
    return None if found is None else _second(found)


def handed_out(left: float | None, **row: Any) -> Told:
    """B bridges the caller to a number outside, leaves at 300 and wraps up for a minute."""
    told = alone(
        participant(P2, S2, B, 52, 60, 360),
        participant(P5, S2, "", 280, 290, left, **OUTSIDE),
        sessions=(session(S2, 52, 60, 360, 21),),
    )
    wrapped = {"msdyn_wrapupinitiatedon": "2026-03-02T08:18:58Z", **row}
    return replace(told, conversation=told.conversation | wrapped)


RUNNING = {"statecode": 0, "statuscode": 2, "msdyn_closedon": None}


def test_a_bridged_call_ends_with_whoever_is_outside() -> None:
    """3.10: it is one conversation until then; its agent is out of it before."""
    assert ended(handed_out(600)) == 600
    assert ended(handed_out(250)) == ended(handed_out(None)) == 300
    assert times(handed_out(600)) == [(B, 60, 300)]
    assert [one.doubt for one in stays(handed_out(600))] == [""]


def test_a_bridged_call_goes_on_without_its_agent() -> None:
    """Whose part has an end nevertheless."""
    told = handed_out(None, **RUNNING)
    assert ended(told) is None
    assert times(told) == [(B, 60, 300)]
    silent = replace(
        told,
        participants=(participant(P2, S2, B, 52, 60, None), told.participants[1]),
        sessions=(session(S2, 52, 60, None, None),),
    )
    assert [(one.agent, one.running, one.doubt) for one in stays(silent)] == [(B, False, "")]
    assert times(silent) == [(B, 60, 300)]


def handed_on(closed: float | None, **more: Any) -> Told:
    """B passes the caller on at 300, who waits in a queue until 400 and gives up."""
    row = conversation(
        msdyn_isabandoned=True, msdyn_wrapupinitiatedon="2026-03-02T08:18:58Z", **more
    )
    row["_msdyn_activeagentid_value"] = B
    waits = session(S3, 300, None, closed, None if closed is None else 20)
    return replace(
        SCRIPTED,
        conversation=row,
        sessions=(*SCRIPTED.sessions[:3], waits),
        participants=SCRIPTED.participants[:3],
    )


def test_who_gives_up_in_the_next_queue_ends_the_call() -> None:
    """The wait belongs to the call, whether a wrap-up of the agent before is told or not."""
    assert ended(handed_on(400)) == 400
    assert times(handed_on(400)) == [(B, 60, 300), (C, 150, 200)]
    bare = handed_on(400)
    unwrapped = bare.conversation | {"msdyn_wrapupinitiatedon": None}
    assert ended(replace(bare, conversation=unwrapped)) == 400
    assert ended(replace(bare, conversation=bare.conversation | RUNNING)) is None
    assert ended(handed_on(None, **RUNNING)) is None


def test_an_offer_before_the_answer_has_no_say_in_the_calls_end() -> None:
    """Nor one that was given to somebody outside, or whose caller came back to an agent."""
    late = (session(S1, 50, None, 700, 2), session(S2, 40, 60, 660, 21))
    assert ended(replace(SCRIPTED, sessions=late)) == 600
    left = (*SCRIPTED.sessions, session(S1, 610, None, 700, 38))
    assert ended(replace(SCRIPTED, sessions=left)) == 600
    back = (*SCRIPTED.sessions, session(S1, 400, None, 420, 2))
    assert ended(replace(SCRIPTED, sessions=back)) == 600
    still = conversation(**RUNNING)
    assert ended(replace(SCRIPTED, sessions=back, conversation=still)) == 600


# --- consultations --------------------------------------------------------------------------------


@pytest.mark.parametrize("access", [0, 1, None, 77])
def test_a_public_consult_is_one_while_the_customer_waits(access: int) -> None:
    """3.3: then everybody talks; so it is with an access that nobody knows."""
    told = alone(
        participant(P2, S2, B, 52, 60, 600),
        asked(P3, S2, C, 150, 400, access),
        events=(hold(1, P2, 140, 205),),
    )
    assert times(told) == [(B, 60, 600), (C, 150, 400)]
    assert consults(told) == [(C, 150, 205)]


@pytest.mark.parametrize("late", [0, 1, 2])
def test_stamps_that_differ_by_seconds_make_no_talk_of_a_consult(late: int) -> None:
    """The hold is written a moment after the colleague came, and ends a moment before."""
    told = alone(
        participant(P2, S2, B, 52, 60, 600),
        asked(P3, S2, C, 150, 200, 1),
        events=(hold(1, P2, 150 + late, 200 - late),),
    )
    assert consults(told) == [(C, 150, 200)]


def test_who_is_asked_before_the_customer_waits_talks_at_once() -> None:
    """In public everybody hears it, whoever of two then holds, and whoever is asked holds too."""
    told = alone(
        participant(P2, S2, B, 52, 60, 600),
        participant(P4, S2, D, 100, 110, 600),
        asked(P3, S2, C, 150, 400, 1),
        events=(hold(1, P2, 170, 205), hold(2, P4, 190, 230), hold(3, P3, 300, 320)),
    )
    assert [one for one in times(told) if one[0] == C] == [(C, 150, 400)]
    assert consults(told) == []


def test_who_is_asked_waits_for_no_hold_of_their_own() -> None:
    """Only whoever has the customer can make them wait."""
    told = alone(
        participant(P2, S2, B, 52, 60, 600),
        asked(P3, S2, C, 150, 400, 1),
        events=(hold(1, P3, 150, 200),),
    )
    assert consults(told) == []


def test_a_private_consult_is_one_without_any_hold() -> None:
    """Holds are written late, or not at all."""
    told = alone(participant(P2, S2, B, 52, 60, 600), asked(P3, S2, C, 150, 200, 2))
    assert consults(told) == [(C, 150, 200)]


def test_a_consult_transfer_is_one_stay_of_who_was_asked() -> None:
    """As a participant of the consultation first, then as the primary one of a new session."""
    told = of(
        participant(P2, S2, B, 52, 60, 300),
        asked(P3, S2, D, 250, 300, 2),
        participant(P4, S3, D, 300, 300, 600),
    )
    assert times(told) == [(B, 60, 300), (D, 250, 600)]
    assert consults(told) == [(D, 250, 300)]


@pytest.mark.parametrize("gap", [-4, -1, 0, 1, 2, 3])
def test_a_handover_may_take_a_moment(gap: int) -> None:
    """The new participant is written a little before or after the old one has left."""
    told = of(
        participant(P2, S2, B, 52, 60, 300),
        asked(P3, S2, D, 250, 300, 2),
        participant(P4, S3, D, 300, 300 + gap, 600),
    )
    assert [one for one in times(told) if one[0] == D] == [(D, 250, 600)]
    assert {one.doubt for one in stays(told)} == {""}


def test_who_comes_back_has_two_stays() -> None:
    """What lies between is somebody else's."""
    told = of(
        participant(P2, S2, B, 52, 60, 200),
        participant(P4, S3, D, 200, 200, 300),
        participant(P5, S1, B, 300, 310, 600),
    )
    assert times(told) == [(B, 60, 200), (D, 200, 300), (B, 310, 600)]


def test_who_stays_on_after_handing_over_talks_on() -> None:
    """5.6: the old primary may stay as a participant of a consultation that everybody hears."""
    told = of(
        participant(P2, S2, B, 52, 60, 300),
        asked(P5, S3, B, 300, 400, 1),
        participant(P4, S3, D, 300, 300, 600),
    )
    assert times(told) == [(B, 60, 400), (D, 300, 600)]
    assert consults(told) == []


# --- who is none ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [192350004, 192350005])
def test_who_watches_is_no_part(mode: int) -> None:
    """6.13: a supervisor listens or looks on."""
    watcher = participant(P5, S2, C, 100, 100, 200, msdyn_mode=mode)
    assert times(alone(participant(P2, S2, B, 52, 60, 600), watcher)) == [(B, 60, 600)]


def test_a_bot_is_no_agent() -> None:
    """3.2: its session says so by how it closed."""
    bot = participant(P5, S0, guid(0xB07), 0, 0, 20)
    assert times(of(*SCRIPTED.participants, bot)) == times(SCRIPTED)


@pytest.mark.parametrize("joined", [True, False])
def test_a_bot_whose_session_closed_in_unknown_words_is_no_agent(joined: bool) -> None:
    """6.3: it took the call as it came in, and was gone before an agent came."""
    bots = (participant(P5, S0, guid(0xB07), 0, 0, 20),) if joined else ()
    told = replace(
        SCRIPTED,
        sessions=(session(S0, 0, 0, 20, 99), *SCRIPTED.sessions[1:]),
        participants=(*SCRIPTED.participants, *bots),
    )
    assert times(told) == times(SCRIPTED)
    assert View.of(told.bundle()).answered == at(60)


def test_a_bot_that_nobody_followed_is_no_agent() -> None:
    """The caller had what they wanted."""
    row = conversation(
        msdyn_startedon=None, msdyn_wrapupinitiatedon=None, _msdyn_activeagentid_value=None
    )
    bot = participant(P5, S0, guid(0xB07), 0, 0, 600)
    assert times(of(bot, conversation=row, sessions=(session(S0, 0, 0, 600, 99),))) == []


def test_an_early_agent_is_no_bot() -> None:
    """Though the conversation tells the later agent's answer as its start."""
    row = conversation(msdyn_startedon=SCRIPTED.sessions[3]["msdyn_agentacceptedon"])
    assert times(replace(SCRIPTED, conversation=row)) == times(SCRIPTED)


def test_who_dials_is_no_bot() -> None:
    """An agent has an outbound call from its first moment, and may give it away at once."""
    told = replace(
        SCRIPTED,
        conversation=conversation(msdyn_isoutbound=True),
        sessions=(session(S2, 0, 0, 60, 6), session(S3, 60, 60, 660, 21)),
        participants=(participant(P2, S2, B, 0, 0, 60), participant(P4, S3, D, 60, 60, 660)),
        events=(),
    )
    assert times(told) == [(B, 0, 60), (D, 60, 600)]


def test_who_only_owns_a_session_is_no_participant() -> None:
    """3.2: owners are not reliable."""
    rows = tuple(row | {"_ownerid_value": C} for row in SCRIPTED.sessions)
    assert times(replace(SCRIPTED, sessions=rows)) == times(SCRIPTED)


def test_a_number_outside_is_no_agent() -> None:
    """A bridged call: its leg is told, it has no contact."""
    number = {"msdyn_externalparticipantchannel": "+4989222222"}
    outside = participant(P5, S2, "", 200, 210, 500, **number)
    assert times(alone(participant(P2, S2, B, 52, 60, 600), outside)) == [(B, 60, 600)]


def test_a_call_in_transit_is_no_talk() -> None:
    """3.5: nothing comes of such a row."""
    transit = hold(2, P4, 290, 300, msdyn_eventtype=192350000, msdyn_eventreason=192350001)
    assert times(replace(SCRIPTED, events=(*SCRIPTED.events, transit))) == times(SCRIPTED)


@pytest.mark.parametrize("reason", ["AgentReject", "AgentTimeout", ""])
def test_who_was_only_offered_the_call_has_no_part(reason: str) -> None:
    """Even if that row alone is told of the session."""
    told = alone(
        participant(P1, S1, A, 20, None, 50, msdyn_leftonreason=reason),
        participant(P2, S2, B, 52, 60, 600),
        sessions=(session(S1, 20, None, 50, 2), session(S2, 52, 60, 600, 21)),
    )
    assert times(told) == [(B, 60, 600)]


# --- what is not told -----------------------------------------------------------------------------


def test_who_is_not_told_to_have_joined_has_the_sessions_time() -> None:
    """5.6: columns may be written late; that the session was taken says the same."""
    told = alone(participant(P2, S2, B, 52, None, 600))
    assert times(told) == [(B, 60, 600)]


def test_who_talked_has_a_part_in_doubt() -> None:
    """A row with a talk time and without times."""
    row = participant(P2, S2, B, 52, None, None, msdyn_talktime=300)
    told = alone(row, sessions=())
    assert [(one.agent, bool(one.doubt)) for one in stays(told)] == [(B, True)]


def test_who_is_not_told_to_have_left_goes_with_the_session() -> None:
    """And with the call, where the session does not tell either."""
    row = participant(P2, S2, B, 52, 60, None)
    assert times(alone(row, sessions=(session(S2, 52, 60, 500, 21),))) == [(B, 60, 500)]
    assert times(alone(row, sessions=(session(S2, 52, 60, None, None),))) == [(B, 60, 600)]


def test_without_participants_the_last_agent_has_the_call() -> None:
    """In doubt."""
    told = of()
    assert times(told) == [(D, 60, 600)]
    assert [one.doubt for one in stays(told)] == [UNKNOWN_PARTS]


def test_the_last_agent_without_a_row_has_the_last_session() -> None:
    """In doubt, beside those who have rows."""
    told = of(*SCRIPTED.participants[:3])
    assert times(told) == [(B, 60, 300), (C, 150, 200), (D, 300, 600)]
    assert [one.doubt for one in stays(told)] == ["", "", BY_SESSION]


def test_nobody_has_a_call_that_nobody_took() -> None:
    """An abandoned one."""
    row = conversation(
        msdyn_isabandoned=True, msdyn_startedon=None, _msdyn_activeagentid_value=None
    )
    told = of(participant(P1, S1, A, 20, None, 50), conversation=row)
    assert times(told) == []


def test_a_bot_that_had_the_call_alone_is_nobody() -> None:
    """Even where the conversation names it as its agent."""
    told = of(sessions=(session(S0, 0, 0, 600, 27),))
    assert times(told) == []


def test_a_running_call_runs() -> None:
    """Who joined is there still."""
    row = conversation(statecode=0, statuscode=2, msdyn_wrapupinitiatedon=None, msdyn_closedon=None)
    told = alone(
        participant(P2, S2, B, 52, 60, None),
        conversation=row,
        sessions=(session(S2, 52, 60, None, None),),
    )
    (only,) = stays(told)
    assert only.running


def test_a_call_that_waits_for_its_second_agent_has_not_ended() -> None:
    """3.1: Active, Open again, Active: the first agent left, and nobody has come yet."""
    row = conversation(statecode=0, statuscode=1, msdyn_wrapupinitiatedon=None, msdyn_closedon=None)
    view = View.of(of(participant(P2, S2, B, 52, 60, 300), conversation=row).bundle())
    assert view.ended is None


def test_reversed_times_still_make_a_stay() -> None:
    """In doubt, as the segmenter says."""
    told = alone(participant(P2, S2, B, 52, 300, 200))
    assert [(one.agent, bool(one.doubt)) for one in stays(told)] == [(B, True)]
