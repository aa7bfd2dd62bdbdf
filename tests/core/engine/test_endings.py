"""Each error has one ending: how often it is tried again, how soon, and where its reason stands."""

from __future__ import annotations

import pytest
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage

from catchment._engine import endings
from catchment._engine.endings import describe
from catchment.errors import (
    AdapterFault,
    CatchmentError,
    Corrupt,
    Later,
    LinkDead,
    LostRace,
    Misuse,
    RateLimited,
    Refused,
    StorageUnavailable,
    ToolMissing,
    Unconvertible,
    Unreachable,
)

TABLE = [
    (StorageUnavailable("the disk is full"), 1, 10 * MINUTE, 10 * MINUTE),
    (ToolMissing("there is no ffmpeg"), 1, 10 * MINUTE, 10 * MINUTE),
    (Unconvertible("ffmpeg failed"), 2, MINUTE, DAY),
    (Corrupt("a web page"), 5, MINUTE, DAY),
    (LinkDead("expired"), 6, MINUTE / 2, DAY),
    (AdapterFault("no answer"), 3, MINUTE, DAY),
    (Unreachable("no answer"), 30, MINUTE / 2, HOUR),
    (ZeroDivisionError("a bug"), 3, MINUTE, DAY),
]
"""Error, tries, first pause, and for how long it is parked then."""


@pytest.mark.parametrize(
    ("error", "tries", "first", "parked"), TABLE, ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("kind", ["capture", "media"])
def test_an_item_is_tried_again_and_then_parked(
    stage: Stage, kind: str, error: Exception, tries: int, first: object, parked: object
) -> None:
    """An item that keeps failing is parked with its reason after the tries that its error deserves.

    The pauses before grow.  Proves promise 6.
    """
    stage.cloud.hold("c1")
    stage.do("poll")
    if kind == "media":
        stage.do("capture")
    waits = []
    for number in range(1, tries + 1):
        (job,) = stage.claim(kind)
        endings.end(stage.app, stage.source, job, error)
        row = stage.file() if kind == "media" else stage.recording("c1")
        assert (row.state == "parked") == (number == tries)
        assert row.reason == describe(error)
        waits.append(stage.job(kind).due_at - stage.clock.now())
        assert row.retry_at == stage.job(kind).due_at
        stage.wait(waits[-1])
    assert waits[-1] == parked
    if tries > 1:
        assert first * 0.8 <= waits[0] <= first  # type: ignore[operator]
    assert stage.recording("c1").state == "parked"


@pytest.mark.parametrize(
    ("error", "due"),
    [
        (RateLimited("slow down", retry_at=START + HOUR), HOUR),
        (RateLimited("slow down"), MINUTE / 2),
        (RateLimited("slow down", retry_at=START - HOUR), 0 * HOUR),
        (Later("stopping", at=START + MINUTE), MINUTE),
    ],
)
def test_a_wait_is_nobodys_failure(stage: Stage, error: CatchmentError, due: object) -> None:
    """What the platform or the runner asks to do later is done later, and nothing is counted."""
    stage.cloud.hold("c1")
    stage.do("poll")
    (job,) = stage.claim("capture")
    endings.end(stage.app, stage.source, job, error)
    row = stage.job("capture")
    assert (row.due_at - START, row.attempts) == (due, 0)
    assert stage.recording("c1").state == "open"


def test_a_refusal_stops_the_source_and_parks_nothing(stage: Stage) -> None:
    """A credential that is not accepted is no fault of the item: the source stops (promise 6)."""
    stage.cloud.hold("c1")
    stage.do("poll")
    (job,) = stage.claim("capture")
    error = Refused("the secret has expired", remedy="Renew it.")
    endings.end(stage.app, stage.source, job, error)
    assert stage.source.stopped == "the secret has expired. Renew it."
    assert stage.recording("c1").state == "open"
    assert stage.events("source.stopped") == [
        {"source": "tin", "error": "the secret has expired. Renew it."}
    ]


def test_a_source_that_is_refused_many_times_at_once_is_told_once(stage: Stage) -> None:
    """All jobs in hand meet the same refusal; it is one event, until the source is live again."""
    for number in range(3):
        stage.cloud.hold(f"c{number}")
    for _ in range(2):
        stage.do("poll")
        for job in stage.claim("capture"):
            endings.end(stage.app, stage.source, job, Refused("the secret has expired"))
        assert stage.source.stopped == "the secret has expired"
        stage.app.connect("tin")
        stage.wait(MINUTE)
    assert len(stage.events("source.stopped")) == 2


def test_a_lost_race_leaves_everything_to_the_winner(stage: Stage) -> None:
    """Whoever lost a job touches neither the job nor the item (T14)."""
    stage.cloud.hold("c1")
    stage.do("poll")
    (job,) = stage.claim("capture")
    before = tuple(stage.job("capture"))
    endings.end(stage.app, stage.source, job, LostRace("taken"))
    assert tuple(stage.job("capture")) == before


def test_a_failure_is_told_once_with_its_reason(stage: Stage) -> None:
    """Whoever watches a run is told which job of which source failed, and why (promise 6)."""
    stage.cloud.hold("c1")
    stage.do("poll")
    (job,) = stage.claim("capture")
    endings.end(stage.app, stage.source, job, Corrupt("a web page"))
    assert stage.events("job.failed") == [
        {"source": "tin", "kind": "capture", "item": "c1", "attempt": 1, "error": "a web page"}
    ]


def test_a_foreign_error_is_never_quoted() -> None:
    """What is not our own error may quote a link or a name: only its kind is told (promise 5)."""
    said = describe(ValueError("https://example.com/?sig=secret"))
    assert said.startswith("the program failed with ValueError; this is a bug of Catchment, and ")


def test_a_remedy_stands_behind_its_reason() -> None:
    """What to do follows what happened."""
    assert describe(Misuse("no such source", remedy="Name another.")) == (
        "no such source. Name another."
    )
