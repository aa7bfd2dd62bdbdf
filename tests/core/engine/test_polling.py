"""A feed is listed page by page, and nothing moves that was not listed to its end (promise 1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.core.engine.platform import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Stage,
    TinOfParts,
    hold_five,
    list_names,
    name_parts,
    revise,
)

from catchment._catalogue import frontiers, tables
from catchment._engine.wanted import want_period
from catchment.errors import (
    CursorLost,
    Later,
    NotPermitted,
    PollFailed,
    RateLimited,
    TooWide,
    Truncated,
    Unreachable,
)
from catchment.model import Batch, Fact, Feed, Key, Outcome, Page, Span, Window

SECOND = timedelta(seconds=1)


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
    assert list_names(stage) == ["c1", "c2", "c3", "c4", "c5"]
    assert len(stage.claim("capture")) == 5


def test_a_page_is_committed_before_the_next_is_asked_for(stage: Stage) -> None:
    """Rows and cursor of a page are in the catalogue when the adapter is asked on (S003-13)."""
    hold_five(stage)
    seen: list[tuple[list[str], str | None]] = []

    def watch(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            walk = frontiers.list_walks(stage.app.database, stage.source.id, "calls", "")[0]
            seen.append((list_names(stage), walk.cursor))
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
    assert list_names(stage) == ["c1", "c2", "c3", "c4"]
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
    assert list_names(stage) == ["c1", "c2", "c3", "c4", "c5"]
    assert stage.feed().frontier == START
    assert (stage.feed().failures, stage.feed().failed_at) == (0, None)


def test_an_interrupted_listing_is_followed_by_the_news_at_once(stage: Stage) -> None:
    """What was begun long ago is listed to its end, and then what is new since, in one poll.

    Otherwise a single run after a kill would tell of nothing that came after the kill.
    """
    hold_five(stage)
    fail_at(stage, 2, Unreachable("the platform hung up"))
    stage.do("poll")
    stage.wait(12 * HOUR)
    assert stage.do("poll") == [None]
    assert list_names(stage) == ["c1", "c2", "c3", "c4", "c5"]
    assert stage.feed().frontier == START + 12 * HOUR
    assert stage.rows(tables.walk) == []


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
    assert list_names(stage) == ["c1", "c2", "c3", "c4", "c5"]


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
    assert len(list_names(stage)) == 5


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
    assert list_names(stage) == ["c1"]
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
    assert list_names(stage) == ["c1"]
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
