"""Who took part when rows are missing or in words that nobody knows, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plugins.webex_cc.samples import (
    BRAUN,
    HODGES,
    LISTED,
    PLAIN,
    SESSION,
    T0,
    Row,
    act,
    at,
    bundle,
    node,
    stored,
)

from catchment.model import InteractionDraft, Timeline
from catchment_webex_cc.activities import read_part
from catchment_webex_cc.doubts import (
    BY_TASK_ALONE,
    LAST_MISSING,
    SOME_MISSING,
    UNANCHORED,
    UNKNOWN_PARTS,
)
from catchment_webex_cc.mapping import map_task

ENDED: Row = LISTED | {"endedTime": T0 + 141_000}


def times(draft: InteractionDraft) -> list[tuple[str, float, float]]:
    """Who was part of the call, from which second to which."""
    return [
        (one.agent, (one.start - at(0)).total_seconds(), (one.end - at(0)).total_seconds())
        for one in draft.contacts
        if one.end is not None
    ]


def doubts(draft: InteractionDraft) -> list[str]:
    """What is doubted, contact by contact."""
    return [one.doubt for one in draft.contacts]


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "states"),
    [
        ("talk", ["connected", "Connected", "on-hold", "OnHold", "HOLD-DONE", "Conference"]),
        ("consult", ["consulting", "available-consulting", "AvailableConsulting", "consult-done"]),
        ("wait", ["consult", "ctq", "ctq-reserved", "ctq-accepted", "consult-error", "EndConsult",
                  "ConnectedConsultReserved", "skill-update", "call-ended", "of next year"]),
        ("away", ["wrapup", "WrapUp", "Wrapup", "idle", "available", "logged-out", "LoggedOut",
                  "ringing", "not-responding", "NotResponding"]),
    ],
)  # fmt: skip
def test_every_state_has_a_part(part: str, states: list[str]) -> None:
    """2.7, 7.2: in any spelling; a word that nobody knows is waiting."""
    assert {read_part(state) for state in states} == {part}


@pytest.mark.parametrize("state", ["ctq", "ctq-ready", "consult", "skill-update", "of next year"])
def test_asking_tears_no_contact_apart(state: str) -> None:
    """From talking to having asked, an agent is in states that are neither."""
    rows = [
        act(BRAUN, "connected", 5, 40),
        act(BRAUN, state, 40, 66),
        act(BRAUN, "consulting", 66, 108),
        act(BRAUN, "hold-done", 108, 141),
        act(HODGES, state, 40, 66),
        act(HODGES, "consulting", 66, 108),
    ]
    draft = map_task(bundle(*rows, task=ENDED))
    assert times(draft) == [(f"agent:{BRAUN}", 5, 141), (f"agent:{HODGES}", 66, 108)]
    assert doubts(draft) == ["", ""]


def test_wrapping_up_ends_what_has_no_end() -> None:
    """The transferred call goes on for two minutes without the first agent."""
    rows = [
        act(BRAUN, "connected", 5, None),
        act(BRAUN, "WrapUp", 49, 60),
        act(HODGES, "connected", 49, 141),
    ]
    draft = map_task(bundle(*rows, task=ENDED))
    assert times(draft) == [(f"agent:{BRAUN}", 5, 49), (f"agent:{HODGES}", 49, 141)]


def test_who_waited_alone_was_no_part() -> None:
    """A phone that is reserved for a consultation which nobody takes."""
    rows = [act(BRAUN, "AvailableConsultReserved", 40, 50), act(HODGES, "connected", 5, 141)]
    draft = map_task(bundle(*rows, task=ENDED))
    assert times(draft) == [(f"agent:{HODGES}", 5, 141)]


# --- agents who are missing -------------------------------------------------------------------

CHAIN = {
    "nodes": [
        node("connected", 5, 49, BRAUN) | {"queueName": "Sales"},
        node("WrapUp", 49, 60, BRAUN),
        node("connected", 49, 141, HODGES) | {"queueName": "Billing"},
    ]
}


@pytest.mark.parametrize("own", [BRAUN, HODGES])
def test_an_agent_without_rows_is_taken_from_the_chain(own: str) -> None:
    """The other one's rows are no reason to lose anybody."""
    span = (5, 49) if own == BRAUN else (49, 141)
    draft = map_task(bundle(act(own, "connected", *span), task=ENDED, activities=CHAIN))
    assert times(draft) == [(f"agent:{BRAUN}", 5, 49), (f"agent:{HODGES}", 49, 141)]


def test_an_agent_whose_phone_only_rang_is_not_taken_from_the_chain() -> None:
    """Own rows say more than the chain."""
    rows = [act(BRAUN, "ringing", 0, 5), act(HODGES, "connected", 49, 141)]
    draft = map_task(bundle(*rows, task=ENDED, activities=CHAIN))
    assert times(draft) == [(f"agent:{HODGES}", 49, 141)]


def test_rows_of_before_and_a_chain_of_now_make_nobody_twice() -> None:
    """Logins there, ids here: who has the same name is the same."""
    row = {
        "agentlogin": "b.braun@example.com", "agentName": "Bea Braun", "callSessionId": PLAIN,
        "currentState": "Connected", "cstts": T0 + 5000, "cetts": T0 + 49_000,
    }  # fmt: skip
    task = ENDED | {"lastAgent": {"name": "Bea Braun"}}
    chain = {"nodes": [node("connected", 5, 49, BRAUN)]}
    assert len(map_task(bundle(row, task=task, activities=chain)).contacts) == 1


def test_the_chain_alone_is_a_doubt() -> None:
    """Nobody may take it for what the agents' own rows would say."""
    assert doubts(map_task(bundle(task=ENDED, activities=CHAIN))) == [BY_TASK_ALONE] * 2


def test_a_last_agent_who_is_missing_is_a_doubt() -> None:
    """The task names Hodges, and only Braun's rows are there."""
    assert doubts(map_task(bundle(act(BRAUN, "connected", 5, 49), task=ENDED))) == [LAST_MISSING]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, ""),
        ({"transferCount": 1}, SOME_MISSING),
        ({"agentToAgentTransferCount": 1}, SOME_MISSING),
        ({"consultCount": 1}, SOME_MISSING),
        ({"conferenceCount": 2}, SOME_MISSING),
        ({"transferCount": 1, "agentToDnTransferCount": 1}, ""),
        ({"transferCount": 1, "agentToQueueTransferCount": 1}, ""),
    ],
    ids=repr,
)
def test_counters_that_tell_of_more_agents_are_a_doubt(counts: Row, said: str) -> None:
    """Transfers to numbers and queues need bring nobody."""
    row = act(HODGES, "connected", 5, 141)
    assert doubts(map_task(bundle(row, task=ENDED | counts))) == [said]


def test_an_abandoned_call_that_was_answered_has_its_agent() -> None:
    """Transferred to a queue and given up there: the earlier generations tell no more."""
    draft = map_task(bundle(task=SESSION | {"terminationType": "abandoned"}))
    assert doubts(draft) == [UNKNOWN_PARTS]


def test_a_chain_that_names_nobody_is_one_doubt() -> None:
    """1.0 tells no agent's id in it (7.2)."""
    chain = {"nodes": [node("connected", 5, 49)]}
    assert doubts(map_task(bundle(task=SESSION, session_activities=chain))) == [UNKNOWN_PARTS]


# --- queues -----------------------------------------------------------------------------------


def test_the_last_queue_is_the_last_stays_alone() -> None:
    """Who had the call before came by the queue of then."""
    rows = [
        act(BRAUN, "connected", 5, 49, queueName=None),
        act(HODGES, "connected", 49, 141, queueName=None),
    ]
    alone = map_task(bundle(*rows, task=ENDED))
    assert [one.queue for one in alone.contacts] == ["", "Billing"]
    chained = map_task(bundle(*rows, task=ENDED, activities=CHAIN))
    assert [one.queue for one in chained.contacts] == ["Sales", "Billing"]


# --- sound ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("begins", "said"), [(0, UNANCHORED), (5, "")])
def test_sound_whose_beginning_is_guessed_is_a_doubt(begins: float, said: str) -> None:
    """Unless it begins with the first answer; what is heard may lie elsewhere."""
    told = stored("main", begins, 141)
    file = replace(told, timeline=Timeline(told.timeline.stretches, "guessed"))
    row = act(HODGES, "connected", 5, 141)
    assert doubts(map_task(bundle(row, task=ENDED, files=(file,)))) == [said]
    assert doubts(map_task(bundle(row, task=ENDED, files=(told,)))) == [""]


def test_each_colleague_is_heard_in_their_own_consultation() -> None:
    """Two who are asked at once: files are told apart by their times alone (0, trap 5)."""
    rows = [
        act(HODGES, "connected", 5, 141),
        act(BRAUN, "consulting", 40, 80),
        act(BRAUN, "consulting", 60, 120, agentId="third", agentLogin="c@example.com",
            agentName="Cy Clay"),
    ]  # fmt: skip
    files = (stored("main", 5, 141), stored("consult-1", 40, 80), stored("consult-2", 60, 120))
    draft = map_task(bundle(*rows, task=ENDED, files=files))
    heard = {one.agent: [piece.file_id for piece in one.heard] for one in draft.contacts}
    assert heard[f"agent:{BRAUN}"] == ["consult-1"]
    assert heard["agent:third"] == ["consult-2"]
