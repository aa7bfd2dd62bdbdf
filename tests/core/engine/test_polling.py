"""A feed is listed page by page, and nothing moves that was not listed to its end (promise 1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.core.engine.platform import CALLS, DAY, HOUR, MINUTE, START, Stage, TinOfParts, revise

from catchment._catalogue import gaps, jobs, sources, tables
from catchment._engine.recovery import want_period
from catchment.errors import (
    CursorLost,
    Later,
    LostRace,
    NotPermitted,
    PollFailed,
    RateLimited,
    TooWide,
    Truncated,
    Unreachable,
)
from catchment.model import Batch, Fact, Feed, Key, Outcome, Page, Span, Window

SECOND = timedelta(seconds=1)


def hold_five(stage: Stage) -> None:
    """Five calls of the last hours: three pages in one window."""
    for number in range(1, 6):
        stage.cloud.hold(f"c{number}", ago=number * HOUR)


def names(stage: Stage) -> list[str]:
    """Which recordings the ledger knows."""
    return sorted(row.external_id for row in stage.rows(tables.recording))


def test_the_first_listing_goes_back_to_the_horizon_in_windows(stage: Stage) -> None:
    """A feed is first asked from its horizon on, in windows that overlap by the platform's grain.

    Proves promise 1.
    """
    assert stage.do("poll") == [None]
    windows = [span.window for span in stage.cloud.asked("poll")]
    second = START - DAY - SECOND
    assert windows == [
        Window(START - 2 * DAY, START - DAY),
        Window(second, second + DAY),
        Window(START - 2 * SECOND, START),
    ]
    assert stage.feed().frontier == START


def test_every_call_of_every_page_is_in_the_ledger(stage: Stage) -> None:
    """A listing of three pages gives each recording once, and one capture job each (promise 1)."""
    hold_five(stage)
    stage.do("poll")
    assert names(stage) == ["c1", "c2", "c3", "c4", "c5"]
    assert len(stage.claim("capture")) == 5


def test_a_page_is_committed_before_the_next_is_asked_for(stage: Stage) -> None:
    """Rows and cursor of a page are in the catalogue when the adapter is asked on (S003-13)."""
    hold_five(stage)
    seen: list[tuple[list[str], str | None]] = []

    def watch(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            walk = sources.list_walks(stage.app.database, stage.source.id, "calls", "")[0]
            seen.append((names(stage), walk.cursor))
            yield page

    stage.cloud.poll = watch
    stage.do("poll")
    assert seen[1:4] == [
        ([], None),
        (["c1", "c2"], "2"),
        (["c1", "c2", "c3", "c4"], "4"),
    ]


def fail_at(stage: Stage, number: int, error: Exception) -> None:
    """Let the *number*-th page of a window fail, one time."""
    left = [error]

    def fail(span: Span) -> Iterator[Page]:
        for index, page in enumerate(stage.cloud.list_pages(span), int(span.cursor or 0) // 2):
            if index == number and left:
                raise left.pop()
            yield page

    stage.cloud.poll = fail


def test_a_listing_that_fails_at_its_third_page_moves_no_frontier(stage: Stage) -> None:
    """What two pages told is kept, and the frontier stays before their window (promise 1)."""
    hold_five(stage)
    fail_at(stage, 2, Unreachable("the platform hung up"))
    (error,) = stage.do("poll")
    assert isinstance(error, Unreachable)
    assert names(stage) == ["c1", "c2", "c3", "c4"]
    assert stage.feed().frontier == START - DAY
    assert stage.feed().failures == 1
    assert stage.feed().error == "the platform hung up"
    assert stage.mark().at == START - DAY


def test_a_failed_listing_goes_on_at_its_cursor(stage: Stage) -> None:
    """The next attempt starts with the cursor of the last committed page, and then all is well."""
    hold_five(stage)
    fail_at(stage, 2, Unreachable("the platform hung up"))
    stage.do("poll")
    stage.wait(MINUTE)
    assert stage.do("poll") == [None]
    assert "4" in [span.cursor for span in stage.cloud.asked("poll")]
    assert names(stage) == ["c1", "c2", "c3", "c4", "c5"]
    assert stage.feed().frontier == START
    assert (stage.feed().failures, stage.feed().failed_at) == (0, None)


def test_a_listing_without_its_last_page_has_failed(stage: Stage) -> None:
    """An adapter that stops before ``last=True`` moves nothing (promise 1)."""
    stage.cloud.poll = lambda span: iter([Page(cursor="1")])
    (error,) = stage.do("poll")
    assert isinstance(error, Truncated)
    assert stage.feed().frontier is None
    assert stage.mark().at is None


def test_a_listing_that_tells_less_than_its_total_is_listed_again(stage: Stage) -> None:
    """A total that the pages do not reach restarts the window, and then fails it (promise 1)."""
    hold_five(stage)

    def short(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            yield Page(page.sightings[:1], total=page.total, cursor=page.cursor, last=page.last)

    stage.cloud.poll = short
    (error,) = stage.do("poll")
    assert isinstance(error, Truncated)
    assert "told 3 rows and announced 5" in str(error)
    assert [span.cursor for span in stage.cloud.asked("poll")] == [None] * 6
    assert stage.feed().frontier == START - DAY


def test_repeated_rows_do_not_count_towards_the_total(stage: Stage) -> None:
    """A page that tells a row twice does not make up for one that is missing."""
    call = stage.cloud.hold("c1").sight()
    stage.cloud.poll = lambda span: iter([Page((call, call), total=2, last=True)])
    (error,) = stage.do("poll")
    assert isinstance(error, Truncated)


def test_a_window_that_ended_with_its_last_page_counts_anew(stage: Stage) -> None:
    """Rows of a window that is listed again from its first page are not counted twice (T3).

    The runner ends between the last page and the move of the walk; the second time the platform
    tells fewer rows than it announces.  Proves promise 1.
    """
    hold_five(stage)
    tell, pages = stage.app.tell, []

    def end_at_the_fourth_page(event: str, **fields: object) -> None:
        pages.extend([event] if event == "page.listed" else [])
        if len(pages) == 4 and event == "page.listed":
            raise Unreachable("the power is gone")
        tell(event, **fields)

    stage.app.tell = end_at_the_fourth_page
    stage.do("poll")
    (walk,) = stage.rows(tables.walk)
    assert (walk.listed, walk.cursor, walk.slice_end is None) == (5, None, False)

    def short(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            yield Page(page.sightings[:1], total=page.total, cursor=page.cursor, last=page.last)

    stage.cloud.poll = short
    stage.wait(MINUTE)
    (error,) = stage.do("poll")
    assert isinstance(error, Truncated)
    assert stage.feed().frontier == START - DAY


def test_a_lost_cursor_restarts_the_window(stage: Stage) -> None:
    """``CursorLost`` lists the window from its first page at once, and nothing is entered twice."""
    hold_five(stage)
    fail_at(stage, 1, CursorLost("the cursor is too old"))
    assert stage.do("poll") == [None]
    windows = [span.window for span in stage.cloud.asked("poll")]
    assert windows[1] == windows[2]
    assert {span.cursor for span in stage.cloud.asked("poll")} == {None}
    assert names(stage) == ["c1", "c2", "c3", "c4", "c5"]


def test_a_window_that_is_too_wide_is_halved(stage: Stage) -> None:
    """``TooWide`` is answered with half the window until it fits, and all of it is listed."""
    hold_five(stage)

    def narrow(span: Span) -> Iterator[Page]:
        if span.window.length > 6 * HOUR:
            raise TooWide("too many")
        yield from stage.cloud.list_pages(span)

    stage.cloud.poll = narrow
    assert stage.do("poll") == [None]
    lengths = {span.window.length for span in stage.cloud.asked("poll")}
    assert {DAY, DAY / 2, DAY / 4} <= lengths
    assert stage.feed().frontier == START
    assert len(names(stage)) == 5


def test_a_window_that_cannot_be_halved_fails_and_says_so(stage: Stage) -> None:
    """Below the platform's grain nothing is cut, and the failure names the listing."""
    stage.configure(feeds=(Feed("calls", every="10m", max_window="1d", resolution="1d"),))
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(TooWide("too many"))
    (error,) = stage.do("poll")
    assert isinstance(error, PollFailed)
    assert "calls holds more in 1d than the platform will list" in str(error)


def test_the_frontier_moves_only_over_what_was_answered(stage: Stage) -> None:
    """Where the platform answered for less than was asked, the rest is asked again (promise 1)."""
    covered = START - HOUR

    def cover(span: Span) -> Iterator[Page]:
        end = min(span.window.end, covered)
        yield Page(covers=Window(span.window.start, max(end, span.window.start)), last=True)

    stage.cloud.poll = cover
    (error,) = stage.do("poll")
    assert isinstance(error, Later)
    assert stage.feed().frontier == START - HOUR
    assert stage.feed().failures == 0
    covered = START
    stage.wait(MINUTE)
    stage.do("poll")
    assert stage.cloud.asked("poll")[-1].window.start <= START - HOUR
    assert stage.feed().frontier == START


def test_an_answer_that_begins_too_late_is_no_answer(stage: Stage) -> None:
    """A listing that was answered only from the middle of its window moves nothing (promise 1)."""

    def cover(span: Span) -> Iterator[Page]:
        yield Page(covers=Window(span.window.start + HOUR, span.window.end), last=True)

    stage.cloud.poll = cover
    (error,) = stage.do("poll")
    assert isinstance(error, Truncated)
    assert stage.feed().frontier is None


def test_the_next_poll_overlaps_by_the_grain(stage: Stage) -> None:
    """News is asked for from one grain before the frontier, so that no boundary loses a row."""
    stage.do("poll")
    stage.wait(10 * MINUTE)
    stage.do("poll")
    start = START - MINUTE / 60
    assert stage.cloud.asked("poll")[-1].window == Window(start, START + 10 * MINUTE)


def test_an_unchanged_revision_is_no_work(stage: Stage) -> None:
    """A recording that is listed again as it was is not asked about again (promise 2)."""
    stage.configure(feeds=(Feed("calls", "10m", "1d", lookback={"10m": "3h"}, horizon="2d"),))
    stage.cloud.hold("c1")
    stage.gather()
    stage.wait(10 * MINUTE)
    assert stage.do("poll") == [None]
    assert stage.claim("capture") == []


def test_what_came_late_is_found_by_looking_back(stage: Stage) -> None:
    """A call that appears behind the frontier is found by a rung of the ladder.

    Is told as late. Proves promise 1.
    """
    stage.configure(feeds=(Feed("calls", "10m", "1d", lookback={"10m": "3h"}, horizon="2d"),))
    stage.do("poll")
    stage.cloud.hold("c1", ago=2 * HOUR)
    stage.wait(10 * MINUTE)
    stage.do("poll")
    assert names(stage) == ["c1"]
    assert stage.recording("c1").late_by_s == (2 * HOUR + 10 * MINUTE).total_seconds()
    assert [row.body["recording"] for row in stage.rows(tables.book) if row.kind == "late"] == [
        "c1"
    ]


def test_the_watermark_steps_back_to_what_came_late(stage: Stage) -> None:
    """The watermark never passes an unresolved recording, also not one that came late.

    Proves promise 1.
    """
    stage.configure(feeds=(Feed("calls", "10m", "1d", lookback={"10m": "3h"}, horizon="2d"),))
    stage.do("poll")
    assert stage.mark().at == START
    stage.cloud.hold("c1", ago=2 * HOUR)
    stage.wait(10 * MINUTE)
    stage.do("poll")
    assert stage.mark().at == START - 2 * HOUR
    assert stage.mark().held_by == "recording c1 is open"
    stage.do("capture")
    stage.do("media")
    assert stage.mark().at == START + 10 * MINUTE


def test_each_rung_is_begun_at_its_own_pace(stage: Stage) -> None:
    """A ladder looks back a little often and far seldom (S003-12)."""
    ladder = {"10m": "1h", "6h": "1d"}
    stage.configure(feeds=(Feed("calls", "10m", "7d", lookback=ladder, horizon="2d"),))
    stage.do("poll")
    depths = []
    for wait in (10 * MINUTE, 6 * HOUR):
        stage.wait(wait)
        stage.do("poll")
        depths.append(stage.clock.now() - stage.cloud.asked("poll")[-1].window.start)
    assert depths == [HOUR, DAY]


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
    assert names(stage) == ["c1"]
    assert stage.feed().frontier == START


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
    assert len(names(stage)) == 15
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


TWO = (
    CALLS,
    Feed("archive", every="10m", max_window="30d", horizon="30d", lists="calls"),
    Feed("rooms", every="10m", max_window="30d", horizon="30d"),
)


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


def test_a_partition_fails_alone(stage: Stage) -> None:
    """A site that does not answer stops neither the listing nor the frontier of the others."""
    stage.configure(base=TinOfParts)
    stage.cloud.parts = lambda _feed: ("east", "west")

    def poll(span: Span) -> Iterator[Page]:
        if span.partition == "west":
            raise Unreachable("west is down")
        yield from stage.cloud.list_pages(span)

    stage.cloud.poll = poll
    errors = stage.do("poll")
    assert len([error for error in errors if error]) == 1
    assert stage.feed(partition="east").frontier == START
    assert stage.feed(partition="west").frontier is None
    assert stage.feed(partition="west").error == "west is down"
    assert stage.mark().held_by == "feed calls west was never listed to its end"


def test_a_period_asks_its_partitions_outside_any_transaction(stage: Stage) -> None:
    """While sites are asked for, somebody else can write: no network inside a transaction."""
    stage.configure(base=TinOfParts)
    stage.source  # noqa: B018 - make contact first
    other = stage.open()

    def parts(_feed: Feed) -> tuple[str, ...]:
        with other.database.write():
            return ("east",)

    stage.cloud.parts = parts
    assert want_period(stage.app, stage.source, START - DAY, START) == ["calls"]


def test_a_period_is_listed_again_beside_the_frontier(stage: Stage) -> None:
    """A period that a person asks for finds what the listings missed, and moves no frontier.

    Proves S003-11, S003-14.
    """
    stage.do("poll")
    stage.cloud.hold("c1", ago=30 * HOUR)
    want_period(stage.app, stage.source, START - 31 * HOUR, START - 29 * HOUR)
    stage.do("poll")
    assert names(stage) == ["c1"]
    assert stage.feed().frontier == START
    assert stage.rows(tables.walk) == []


def test_waits_that_the_platform_asks_for_are_nobodys_failure(stage: Stage) -> None:
    """``RateLimited`` gives the worker back until the time named, and counts no attempt."""
    at = START + 17 * MINUTE
    fail_at(stage, 0, RateLimited("slow down", retry_at=at))
    stage.do("poll")
    job = stage.job("poll")
    assert (job.due_at, job.attempts, stage.feed().failures) == (at, 0, 0)


def test_a_feed_that_keeps_failing_is_asked_ever_more_seldom(stage: Stage) -> None:
    """A listing is tried for ever, with growing pauses of at most an hour.

    Says since when it fails. Proves promise 6.
    """
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(Unreachable("no answer"))
    waits = []
    for _ in range(9):
        stage.do("poll")
        waits.append(stage.job("poll").due_at - stage.clock.now())
        stage.wait(waits[-1])
    assert waits[0] <= 30 * MINUTE / 60
    assert 48 * MINUTE <= waits[-1] <= HOUR
    assert stage.feed().failures == 9
    assert stage.feed().failed_at == START


def test_facts_are_kept_and_found_by_their_keys(stage: Stage) -> None:
    """A row of the platform's books that shares a key belongs to the recording's interaction."""
    call = stage.cloud.hold("c1", keys=["k"])
    fact = Fact("cdr", "1", START - HOUR, (Key("call", "k"),), expects="answered")
    stage.cloud.poll = lambda span: iter([Page((call.sight(),), (fact,), last=True)])
    stage.do("poll")
    (row,) = stage.rows(tables.fact)
    assert row.interaction_num == stage.recording("c1").interaction_num


def test_a_fact_with_two_keys_joins_two_recordings(stage: Stage) -> None:
    """Two recordings become one interaction when a fact has a key of each."""
    stage.cloud.hold("c1", keys=["a"])
    stage.cloud.hold("c2", keys=["b"])
    stage.do("poll")
    assert stage.interaction("c1").num != stage.interaction("c2").num
    both = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(both,), last=True)])
    stage.wait(10 * MINUTE)
    stage.do("poll")
    assert stage.interaction("c1").num == stage.interaction("c2").num


def test_a_platform_that_is_still_working_is_asked_a_little_later(stage: Stage) -> None:
    """A recording that is listed as not ready is asked about in ten minutes.

    Nothing is asked before. Proves T5.
    """
    call = stage.cloud.hold("c1", offered="not_yet")
    stage.do("poll")
    assert stage.claim("capture") == []
    assert stage.recording("c1").reason == "the platform is still working on it"
    revise(call, offered="ready")
    stage.wait(10 * MINUTE)
    assert len(stage.claim("capture")) == 1


def test_a_feed_that_told_nothing_for_long_is_seen(stage: Stage) -> None:
    """The ledger knows when a feed last told anything, so that silence can be an alarm.

    Proves promise 6.
    """
    hold_five(stage)
    stage.do("poll")
    assert stage.feed().news_at == START
    stage.wait(3 * DAY)
    stage.cloud.calls.clear()
    stage.do("poll")
    assert stage.feed().news_at == START


@pytest.mark.parametrize("since", ['"1d"', "2026-11-01"])
def test_nothing_before_since_is_asked_for(stage: Stage, since: str) -> None:
    """A source that wants nothing older than a moment never asks for it."""
    stage.configure(f"since = {since}\n")
    stage.do("poll")
    assert min(span.window.start for span in stage.cloud.asked("poll")) >= START - 36 * HOUR


def name_parts(stage: Stage, *parts: str) -> None:
    """Let the platform name these sites, and ask for them."""
    stage.cloud.parts = lambda _feed: parts


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
    assert {row.partition for row in stage.rows(tables.feed)} >= {"east", "west"}


def test_a_part_that_is_not_permitted_fails_alone(stage: Stage) -> None:
    """A site without permission is seen in ``status``, and the other sites go on."""
    stage.configure(base=TinOfParts)
    name_parts(stage, "east", "west")

    def poll(span: Span) -> Iterator[Page]:
        if span.partition == "west":
            raise NotPermitted("the account is no administrator of west")
        yield from stage.cloud.list_pages(span)

    stage.cloud.poll = poll
    stage.do("poll")
    assert stage.source.stopped == ""
    assert stage.feed(partition="east").frontier == START
    assert stage.feed(partition="west").error == "the account is no administrator of west"


def test_what_waited_for_its_turn_is_finished_before_news_of_a_moment(stage: Stage) -> None:
    """A platform that may be asked once a minute is not asked for the last minute alone.

    A period of three windows is asked for; between two of them the platform wants a minute.
    """
    stage.configure(feeds=(Feed("calls", every="10m", max_window="1h", horizon="2d"),))
    stage.do("poll")
    want_period(stage.app, stage.source, START - 6 * HOUR, START - 3 * HOUR)
    asked: list[Span] = []

    def poll(span: Span) -> Iterator[Page]:
        if len(asked) % 2:
            asked.append(span)
            raise RateLimited("once a minute", retry_at=stage.clock.now() + MINUTE)
        asked.append(span)
        yield Page(last=True)

    stage.cloud.poll = poll
    for _ in range(8):
        stage.do("poll")
        stage.wait(MINUTE)
    starts = [span.window.start for span in asked[::2]]
    assert len(starts) == len(set(starts))
    assert stage.rows(tables.walk) == []


def test_media_is_asked_for_with_the_documents_just_fetched(stage: Stage) -> None:
    """What a fetch of metadata told need not be asked for a second time to describe the files."""
    seen: list[object] = []
    offer = stage.cloud.media

    def media(batch: Batch) -> Iterator[Outcome]:
        seen.extend(one.documents.get("call") for one in batch)
        return offer(batch)

    stage.cloud.media = media
    stage.cloud.hold("c1")
    stage.do("poll")
    stage.do("capture")
    assert seen == [{"id": "c1"}]
