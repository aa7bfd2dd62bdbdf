"""What was not asked in time, or is named no more, leaves a gap that is told (promise 1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.core.engine.platform import (
    CALLS,
    DAY,
    HOUR,
    MINUTE,
    START,
    Stage,
    TinOfParts,
    hold_five,
    list_names,
    name_parts,
)

from catchment._catalogue import gaps, jobs, tables
from catchment._engine.wanted import want_period
from catchment.errors import (
    LostRace,
    RateLimited,
    Unreachable,
)
from catchment.model import Feed, Page, Span, Window

SECOND = timedelta(seconds=1)

TWO = (
    CALLS,
    Feed("archive", every="10m", max_window="30d", horizon="30d", lists="calls"),
    Feed("rooms", every="10m", max_window="30d", horizon="30d"),
)


def test_a_frontier_behind_the_horizon_leaves_a_gap(stage: Stage) -> None:
    """A period that can no longer be asked is on a list, in the books, with its reason.

    Proves promises 1 and 6.
    """
    stage.do("poll")
    stage.wait(5 * DAY)
    stage.do("poll")
    (gap,) = stage.rows(tables.gap)
    assert (gap.start_at, gap.end_at) == (START, START + 3 * DAY)
    assert "no more than the last 2d" in gap.why
    assert gap.closed_at is None
    assert [row.body["why"] for row in stage.rows(tables.book) if row.kind == "gap"] == [gap.why]


def interrupt(stage: Stage, at: int, error: Exception) -> None:
    """Let the *at*-th page of all that are asked for fail, and no other."""
    count = 0

    def fail(span: Span) -> Iterator[Page]:
        nonlocal count
        for page in stage.cloud.list_pages(span):
            count += 1
            if count == at:
                raise error
            yield page

    stage.cloud.poll = fail


@pytest.mark.parametrize("page", [2, 3], ids=["between two windows", "in the middle of a window"])
def test_a_walk_that_outlives_the_horizon_leaves_a_gap(stage: Stage, page: int) -> None:
    """A first listing that was interrupted for days enters what it can no longer ask for.

    The frontier never passes unseen over what is listed no more.  Proves promises 1 and 6.
    """
    for number in range(1, 6):
        stage.cloud.hold(f"c{number}", ago=number * HOUR)
    interrupt(stage, page, Unreachable("the power is gone"))
    stage.do("poll")
    listed_to = START - DAY
    assert stage.feed().frontier == listed_to
    stage.wait(3 * DAY)
    asked = len(stage.cloud.asked("poll"))
    stage.do("poll")
    stage.stir("poll")
    stage.do("poll")
    spans = stage.cloud.asked("poll")[asked:]
    assert min(span.window.start for span in spans) >= START + DAY - SECOND
    assert {span.cursor for span in spans} == {None}
    gaps = [(gap.start_at, gap.end_at) for gap in stage.rows(tables.gap)]
    assert merge(gaps) == [(listed_to, START + DAY)]
    assert {gap.closed_at for gap in stage.rows(tables.gap)} == {None}
    assert stage.feed().frontier == START + 3 * DAY
    assert stage.rows(tables.walk) == []


def merge(gaps: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Periods that follow one another, as one."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(gaps):
        if merged and merged[-1][1] == start:
            merged[-1] = merged[-1][0], end
        else:
            merged.append((start, end))
    return merged


def test_a_walk_that_partly_outlives_the_horizon_lists_the_rest(stage: Stage) -> None:
    """What can still be asked of an old walk is asked, and only the rest is a gap (promise 1)."""
    stage.configure(feeds=(Feed("calls", every="10m", max_window="7d", horizon="4d"),))
    stage.cloud.hold("c1", ago=HOUR)
    interrupt(stage, 1, Unreachable("the power is gone"))
    stage.do("poll")
    stage.wait(2 * DAY)
    stage.do("poll")
    (gap,) = stage.rows(tables.gap)
    assert (gap.start_at, gap.end_at, gap.closed_at) == (START - 4 * DAY, START - 2 * DAY, None)
    assert list_names(stage) == ["c1"]
    assert stage.feed().frontier == START + 2 * DAY


def test_a_platform_that_does_not_answer_has_one_gap_entered(stage: Stage) -> None:
    """The gap comes with the first page that is answered, and not with every try."""
    stage.configure(feeds=(Feed("calls", every="10m", max_window="7d", horizon="4d"),))
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(Unreachable("no answer"))
    for _ in range(4):
        stage.do("poll")
        stage.wait(6 * HOUR)
    assert stage.rows(tables.gap) == []
    stage.cloud.poll = stage.cloud.list_pages
    stage.do("poll")
    (gap,) = stage.rows(tables.gap)
    assert (gap.start_at, gap.end_at) == (START - 4 * DAY, START - 3 * DAY)


def test_a_first_listing_that_waits_a_little_loses_nothing(stage: Stage) -> None:
    """At the edge of what may be asked, a pause of some minutes is no gap for a person."""
    hold_five(stage)
    for number in range(10):
        stage.cloud.hold(f"old{number}", ago=2 * DAY - HOUR)
    interrupt(stage, 3, RateLimited("slow down", retry_at=START + 17 * MINUTE))
    stage.do("poll")
    stage.wait(17 * MINUTE)
    assert stage.do("poll") == [None]
    assert len(list_names(stage)) == 15
    assert "4" in [span.cursor for span in stage.cloud.asked("poll")]
    assert stage.rows(tables.gap) == []


@pytest.mark.parametrize("days", [1, 9])
def test_a_period_that_was_asked_for_too_late_leaves_a_gap(stage: Stage, days: int) -> None:
    """A person who had a period listed again learns what of it could not be asked any more."""
    stage.do("poll")
    want_period(stage.app, stage.source, START - DAY, START - HOUR)
    stage.wait(2 * DAY - 10 * HOUR + (days - 1) * DAY)
    for _ in range(2):
        stage.stir("poll")
        stage.do("poll")
    gaps = [gap for gap in stage.rows(tables.gap) if gap.start_at == START - DAY]
    ends = START - (10 * HOUR if days == 1 else HOUR)
    assert [(gap.end_at, gap.closed_at) for gap in gaps] == [(ends, None)]
    assert stage.rows(tables.walk) == []


def test_another_feed_that_lists_a_gap_closes_it(stage: Stage) -> None:
    """A gap is closed by a feed that reaches further back, and the books say by which."""
    stage.configure(feeds=TWO)
    stage.do("poll")
    stage.wait(5 * DAY)
    stage.do("poll")
    want_period(stage.app, stage.source, START - DAY, stage.clock.now())
    stage.wait(MINUTE)
    stage.do("poll")
    (gap,) = [row for row in stage.rows(tables.gap) if row.feed == "calls"]
    assert gap.closed_why == "listed by the feed archive"


def test_a_gap_that_another_feed_has_listed_bit_by_bit_is_none(stage: Stage) -> None:
    """What one feed listed in several polls counts when the other comes too late for it.

    A stretch that neither listed stays a gap.
    """
    stage.configure(feeds=TWO)
    stage.do("poll")
    for _ in range(5):
        stage.wait(DAY)
        for job in stage.claim("poll"):
            if "archive" in job.key:
                assert stage.work(job) is None
    stage.wait(HOUR)  # until the other feeds' leases are over
    stage.do("poll")
    (gap,) = [row for row in stage.rows(tables.gap) if row.feed == "calls"]
    assert (gap.feed, gap.closed_why) == ("calls", "listed by the feed archive")
    stage.wait(40 * DAY)
    stage.do("poll")
    open_ = {row.feed for row in stage.rows(tables.gap) if not row.closed_at}
    assert open_ == {"calls", "archive", "rooms"}


def test_a_partition_never_closes_the_gap_of_another(stage: Stage) -> None:
    """What one site lists says nothing about the gap of another site (promise 1)."""
    stage.configure(base=TinOfParts)
    stage.cloud.parts = lambda _feed: ("east", "west")
    stage.do("poll")
    with stage.app.database.write() as connection:
        gaps.enter(
            connection,
            stage.source.id,
            "calls",
            "west",
            Window(START + MINUTE, START + 2 * MINUTE),
            "a cable was cut",
            START,
        )
    stage.wait(10 * MINUTE)
    for job in stage.claim("poll"):
        if job.key.endswith("/east"):
            assert stage.work(job) is None
    assert [row.closed_at for row in stage.rows(tables.gap)] == [None]


def stand_parts(stage: Stage) -> None:
    """Ask for the parts now."""
    with stage.app.database.write() as connection:
        now = stage.clock.now()
        new = jobs.NewJob("parts", str(stage.source.id), stage.source.id, now)
        jobs.want(stage.app.database, connection, [new])
    assert stage.do("parts") == [None]


def test_a_part_that_is_named_no_more_leaves_a_gap_and_frees_the_watermark(stage: Stage) -> None:
    """A site that was given up does not hold the watermark for ever, and does not go unnoticed."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")
    stage.do("poll")
    name_parts(stage, "east")
    stage.wait(HOUR)
    stand_parts(stage)
    stage.do("poll")
    assert stage.mark().at == START + HOUR
    (gap,) = stage.rows(tables.gap)
    assert (gap.partition, gap.start_at, gap.closed_at) == ("west", START, None)
    assert [row.key for row in stage.rows(tables.job) if "west" in row.key] == []


def only(stage: Stage, part: str, error: Exception) -> None:
    """Let every listing of *part* fail with *error*, and no other."""

    def poll(span: Span) -> Iterator[Page]:
        if span.partition == part:
            raise error
        yield from stage.cloud.list_pages(span)

    stage.cloud.poll = poll


@pytest.mark.parametrize("since", ["", f"since = {(START - DAY).isoformat()}\n"])
def test_a_part_of_which_nothing_was_listed_leaves_a_gap(stage: Stage, since: str) -> None:
    """A site that never answered before it was given up is not forgotten without a word."""
    stage.configure(since, base=TinOfParts)
    name_parts(stage, "east", "west")
    only(stage, "west", Unreachable("west is down"))
    stage.do("poll")
    name_parts(stage, "east")
    stage.wait(HOUR)
    stand_parts(stage)
    (gap,) = stage.rows(tables.gap)
    begun = START - (DAY if since else 2 * DAY)
    assert (gap.partition, gap.start_at, gap.end_at) == ("west", begun, START + HOUR)
    assert gap.why == "neither platform nor settings name west any more; nothing was listed there"


def test_a_period_of_a_part_that_is_named_no_more_leaves_a_gap(stage: Stage) -> None:
    """What a person asked for and was not listed is told, beside what nobody listed later."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")
    stage.do("poll")
    want_period(stage.app, stage.source, START - 5 * HOUR, START - 2 * HOUR)
    only(stage, "west", Unreachable("west is down"))
    stage.wait(MINUTE)
    stage.do("poll")
    name_parts(stage, "east")
    stand_parts(stage)
    gaps = {(gap.partition, gap.start_at, gap.end_at) for gap in stage.rows(tables.gap)}
    assert gaps == {
        ("west", START - 5 * HOUR, START - 2 * HOUR),
        ("west", START, START + MINUTE),
    }
    assert stage.rows(tables.walk) == []


def test_a_job_of_a_part_that_was_retired_puts_nothing_on_record(stage: Stage) -> None:
    """A runner that slept while a site was given up enters no site that nobody lists (T14)."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")
    stage.do("poll")
    stage.wait(10 * MINUTE)
    (late,) = [job for job in stage.claim("poll") if job.key.endswith("/west")]
    name_parts(stage, "east")
    stand_parts(stage)
    assert isinstance(stage.work(late), LostRace)
    assert {row.partition for row in stage.rows(tables.feed)} == {"east"}


def test_a_part_that_is_named_again_is_listed_again_and_closes_its_gap(stage: Stage) -> None:
    """A site that the platform forgot for an hour has lost nothing."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")
    stage.do("poll")
    name_parts(stage, "east")
    stage.wait(HOUR)
    stand_parts(stage)
    name_parts(stage, "east", "west")
    stand_parts(stage)
    stage.wait(HOUR)
    assert stage.do("poll") == [None, None]
    (gap,) = stage.rows(tables.gap)
    assert gap.closed_at is not None
    assert stage.mark().at == START + 2 * HOUR


def test_an_answer_without_any_known_part_retires_none(stage: Stage) -> None:
    """An empty list is an odd answer rather than a platform without sites."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")
    stage.do("poll")
    name_parts(stage)
    stand_parts(stage)
    assert stage.rows(tables.gap) == []
    assert {row.partition for row in stage.rows(tables.feed)} == {"east", "west"}
