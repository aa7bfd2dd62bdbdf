"""What the platform's books expect and no listing shows is asked for by id (S000-18, S003-13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from tests.core.engine.platform import DAY, HOUR, START, Cloud, Stage

from catchment._catalogue import facts, jobs, report, tables
from catchment._catalogue.report import Difference
from catchment.cli import status
from catchment.model import Denied, Fact, Key, Nothing, NotYet, Outcome, Page, Span, Window

LONG_AGO = timedelta(days=1, hours=12)
"""Longer ago than the platform's patience, and within what the feed lists."""


def tell_fact(
    cloud: Cloud, *, ask: str | None = "", ago: timedelta = LONG_AGO, absence: str = ""
) -> None:
    """Let the platform's books say that the call ``lost`` was recorded, and list nothing."""
    keys, why = (Key("call", "lost"),), "it was recorded"
    fact = Fact("call", "lost", START - ago, keys, expects=why, absence=absence, ask=ask)

    def poll(span: Span) -> Iterator[Page]:
        inside = span.window.start <= fact.at < span.window.end
        yield Page(facts=(fact,) if inside else (), last=True)

    cloud.poll = poll


def differences(stage: Stage) -> list[Difference]:
    """What the report shows of the last days."""
    app = stage.open()
    window = Window(START - 10 * DAY, START + 10 * DAY)
    told = report.read_report(app.database, 1, window, app.now(), DAY)
    return list(told.differences)


def run_twice(stage: Stage) -> None:
    """A run that lists, and one an hour later that asks."""
    stage.run()
    stage.clock.wait(2 * HOUR.total_seconds())
    stage.run()


def test_what_the_platform_finds_by_id_is_captured(stage: Stage, cloud: Cloud) -> None:
    """A recording that no listing shows is captured all the same."""
    cloud.hold("lost", ago=LONG_AGO)
    tell_fact(cloud)
    run_twice(stage)
    assert cloud.asked("recover") == [["lost"]]
    assert differences(stage) == []


def test_what_the_platform_does_not_have_ends_as_gone(stage: Stage, cloud: Cloud) -> None:
    """The report says why, and the platform is not asked again and again."""
    tell_fact(cloud)
    run_twice(stage)
    stage.clock.wait(2 * DAY.total_seconds())
    stage.run()
    (one,) = differences(stage)
    assert (one.kind, one.reason) == (
        "gone",
        "a recording is expected: it was recorded; no such call",
    )
    assert len(cloud.asked("recover")) == 1


def test_what_is_told_anew_while_it_is_asked_for_is_asked_for_again(
    stage: Stage, cloud: Cloud
) -> None:
    """An answer for one id says nothing of another that a listing told of meanwhile."""
    tell_fact(cloud, ask="former")
    stage.run()
    with stage.app.database.write() as connection:
        (row,) = connection.execute(select(tables.fact.c.id)).all()
        connection.execute(update(tables.fact).values(ask="present"))
        facts.answer(connection, [facts.Unanswered(row.id, "former")], stage.clock.now(), "gone")
    stage.clock.wait(2 * HOUR.total_seconds())
    stage.run()
    assert ["present"] in cloud.asked("recover")


@pytest.mark.parametrize("answer", [NotYet, Denied])
def test_anything_between_stays_missing_and_is_asked_again(
    stage: Stage, cloud: Cloud, answer: type[NotYet] | type[Denied]
) -> None:
    """Neither a recording nor a no: a day later the platform is asked again."""

    def recover(ids: Sequence[str]) -> Iterator[Outcome]:
        return (answer(one, "come back") for one in ids)

    cloud.recover = recover
    tell_fact(cloud)
    run_twice(stage)
    assert [one.kind for one in differences(stage)] == ["missing"]
    stage.clock.wait(1.1 * DAY.total_seconds())
    stage.run()
    assert len(cloud.asked("recover")) == 2


def test_what_is_young_may_still_come_by_itself(stage: Stage, cloud: Cloud) -> None:
    """Nobody is asked before the platform's patience is over."""
    tell_fact(cloud, ago=HOUR)
    run_twice(stage)
    assert cloud.asked("recover") == []


def test_what_may_be_absent_is_asked_for_all_the_same(stage: Stage, cloud: Cloud) -> None:
    """Expected, and its absence may be legitimate: what the platform finds by id is captured."""
    cloud.hold("lost", ago=LONG_AGO)
    tell_fact(cloud, absence="refused")
    run_twice(stage)
    assert cloud.asked("recover") == [["lost"]]
    assert differences(stage) == []


def test_what_may_be_absent_and_is_not_there_alarms_nobody(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report says which kind of absence it is, and ``status`` has nothing to say (S000-18)."""
    tell_fact(cloud, absence="refused")
    run_twice(stage)
    assert len(cloud.asked("recover")) == 1
    assert [one.kind for one in differences(stage)] == ["refused"]
    assert status.show(stage.open(), as_json=False) == 0
    assert "Needs a person" not in capsys.readouterr().out


def test_what_cannot_be_asked_for_by_id_stays_missing(stage: Stage, cloud: Cloud) -> None:
    """A call record names no recording: only listing its time again can find one."""
    tell_fact(cloud, ask=None)
    run_twice(stage)
    assert cloud.asked("recover") == []
    assert [(one.kind, one.ask) for one in differences(stage)] == [("missing", None)]


def test_an_adapter_that_fails_does_not_end_the_asking(stage: Stage, cloud: Cloud) -> None:
    """The item stays missing, and the source goes on."""

    def recover(ids: Sequence[str]) -> Iterator[Outcome]:
        yield Nothing(f"{ids[0]}, but never asked")

    cloud.recover = recover
    tell_fact(cloud)
    run_twice(stage)
    assert [one.kind for one in differences(stage)] == ["missing"]


def test_however_many_are_expected_each_is_asked_for_once(stage: Stage, cloud: Cloud) -> None:
    """Facts are looked through page by page, and of those that are there none is asked for."""
    cloud.page_size = 2000
    at, number = START - LONG_AGO, 1203
    told = tuple(
        Fact("call", f"c{n}", at, (Key("call", f"c{n}"),), expects="it was recorded", ask="")
        for n in range(number)
    )
    for n in range(600, 606):
        cloud.hold(f"c{n}", ago=LONG_AGO)

    def poll(span: Span) -> Iterator[Page]:
        inside = span.window.start <= at < span.window.end
        seen = tuple(call.sight() for call in cloud.calls.values())
        yield Page(seen if inside else (), told if inside else (), last=True)

    cloud.poll = poll
    stage.do("poll")
    with stage.app.database.write() as connection:
        now = stage.clock.now()
        new = jobs.NewJob("missing", str(stage.source.id), stage.source.id, now)
        jobs.want(stage.app.database, connection, [new])
    assert stage.do("missing") == [None]
    asked = [one for ids in cloud.asked("recover") for one in ids]
    assert len(asked) == len(set(asked)) == number - 6
    assert set(asked).isdisjoint(cloud.calls)
