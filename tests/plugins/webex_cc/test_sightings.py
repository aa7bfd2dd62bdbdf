"""Tasks and what agents did become the same sightings and facts in every generation."""

from __future__ import annotations

import pytest
from tests.plugins.webex_cc.samples import (
    BRAUN,
    LISTED,
    LONG_AGO,
    PLAIN,
    SESSION,
    T0,
    TASK,
    Row,
    act,
    at,
)

from catchment.errors import Unreachable
from catchment.model import Json, Key
from catchment_webex_cc.activities import is_of_a_call, map_activity
from catchment_webex_cc.sessions import count_missing, is_complete, read_dataset
from catchment_webex_cc.sightings import is_over, map_fact, map_sighting, may_be_recorded

SUFFIXED: Row = {
    f"{name}__{'l' if isinstance(value, int) else 's'}": value for name, value in SESSION.items()
}


@pytest.mark.parametrize(
    "row",
    [LISTED, LISTED | {"id": TASK.upper()}, SESSION, SESSION | {"sid": TASK}, SUFFIXED],
    ids=["programmatic", "upper", "bare", "dashed", "suffixed"],
)
def test_a_task_is_one_in_all_generations(row: Json) -> None:
    """Id, key, time and revision: a tenant that is moved gets no duplicates."""
    seen = map_sighting(row, LONG_AGO)
    assert seen.external_id == PLAIN
    assert seen.keys == (Key("task", PLAIN),)
    assert (seen.occurred_at, seen.revision) == (at(0), "1767100000-1767100141")
    assert seen.document == row
    told = map_fact(row, LONG_AGO)
    assert (told.fact_id, told.at, told.keys) == (PLAIN, at(0), seen.keys)


def test_stamps_that_are_rounded_make_nothing_new() -> None:
    """A generation may tell whole seconds of the same call."""
    rounded = LISTED | {"createdTime": T0 + 400, "endedTime": T0 + 141_999}
    assert map_sighting(rounded, LONG_AGO).revision == map_sighting(LISTED, LONG_AGO).revision


ABANDONED: Row = {"terminationType": "abandoned", "captureRequested": None}
"""How a call ended that nobody took, or that was transferred to a queue and waited too long."""


@pytest.mark.parametrize(
    ("changed", "sighted", "absence"),
    [
        ({}, True, ""),
        ({"captureRequested": None}, True, ""),
        ({"captureRequested": False}, False, "not recorded"),
        ({"lastAgent": {"id": None}, "captureRequested": False}, False, "unanswered"),
        ({"contactHandleType": "abandoned", "captureRequested": None}, True, "unanswered"),
        ({"contactHandleType": "abandoned", "captureRequested": True}, True, ""),
        (ABANDONED | {"connectedCount": 1}, True, ""),
        (ABANDONED | {"connectedCount": 0}, True, "unanswered"),
    ],
    ids=repr,
)
def test_every_task_is_a_fact_and_what_may_be_recorded_a_sighting(
    changed: Row, sighted: bool, absence: str
) -> None:
    """4.1: null is not yet known."""
    row = LISTED | changed
    assert may_be_recorded(row) is sighted
    assert map_fact(row, LONG_AGO).absence == absence


@pytest.mark.parametrize(
    ("changed", "sighted"),
    [
        ({}, True),
        ({"terminationType": "abandoned"}, True),
        ({"agentName": None}, False),
        ({"agentName": None, "terminationType": "abandoned"}, False),
    ],
    ids=repr,
)
def test_before_it_was_told_what_was_answered_may_be_recorded(changed: Row, sighted: bool) -> None:
    """The earlier generations never tell what was asked to be recorded: whom an agent took.

    Also if the caller gave up later, waiting for another one.
    """
    assert may_be_recorded(SESSION | changed) is sighted
    assert map_fact(SESSION | changed, LONG_AGO).absence == ("" if sighted else "unanswered")


@pytest.mark.parametrize(
    ("row", "over"),
    [
        (LISTED, True),
        (LISTED | {"endedTime": -1}, False),
        (LISTED | {"isActive": True}, False),
        (SESSION, True),
        (SESSION | {"active": 1, "cetts": -1}, False),
        (SESSION | {"active": "1"}, False),
    ],
)
def test_a_running_task_is_none_yet(row: Json, over: bool) -> None:
    """0, trap 2: its end is -1."""
    assert is_over(row) is over


def test_a_task_without_an_id_is_not_passed_over() -> None:
    """It would be lost in silence."""
    with pytest.raises(Unreachable):
        map_sighting(LISTED | {"id": ""}, LONG_AGO)


def test_an_activity_is_one_whoever_tells_it() -> None:
    """By login, start and state: told with its end, or by another generation, it is the same."""
    running = map_activity(act(BRAUN, "connected", 5, None), LONG_AGO)
    ended = map_activity(act(BRAUN, "connected", 5, 49), LONG_AGO)
    legacy = map_activity(
        {
            "agentId": 1004427, "agentlogin": "B.Braun@example.com", "callSessionId": TASK,
            "currentState": "Connected", "cstts": T0 + 5000, "cetts": T0 + 49_000,
        },
        LONG_AGO,
    )  # fmt: skip
    assert running.fact_id == ended.fact_id == legacy.fact_id
    assert running.keys == legacy.keys == (Key("task", PLAIN),)
    assert running.document != ended.document


@pytest.mark.parametrize(
    ("changed", "counts"),
    [({}, True), ({"taskId": None}, False), ({"taskId": ""}, False), ({"channelType": "chat"},
     False)],
    ids=repr,
)  # fmt: skip
def test_only_what_belongs_to_a_call_is_kept(changed: Row, counts: bool) -> None:
    """Logins and breaks have no task; chats are none of ours."""
    assert is_of_a_call(act(BRAUN, "connected", 5, 9) | changed) is counts


@pytest.mark.parametrize(
    "body",
    [
        {"columns": ["sid", "cstts"], "data": [["a", 1]]},
        {"columns": [{"name": "sid"}, {"columnName": "cstts"}], "data": [["a", 1]]},
        {"columns": [], "data": [{"sid": "a", "cstts": 1}]},
    ],
    ids=["arrays", "named columns", "objects"],
)
def test_a_dataset_is_read_in_either_layout(body: Json) -> None:
    """7.2: which one it is nobody knows."""
    assert read_dataset(body) == [{"sid": "a", "cstts": 1}]


def test_a_dataset_says_what_it_lacks() -> None:
    """7.2: there is no next page."""
    rows = [{"sid": "a"}]
    assert not is_complete({"datasetMetadata": {"isComplete": False}, "data": rows})
    assert is_complete({"data": rows})
    assert count_missing({"datasetMetadata": {"numberOfRecordsFound": 3}, "data": rows}) == 2
