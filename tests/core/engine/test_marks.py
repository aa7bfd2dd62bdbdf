"""A feed goes on from the platform's own mark, and without one by time, missing nothing (2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
)
from tests.databases import SERVER, fresh_postgres

from catchment._catalogue import frontiers, tables
from catchment._engine.wanted import want_period
from catchment.errors import CursorLost, PollFailed, Truncated, Unreachable
from catchment.model import Feed, Page, Span, Window

FEED = Feed("calls", every="10m", max_window="1d", lookback={"6h": "1d"}, horizon="2d")


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Stage]:
    """The engine on each database, before a platform that ends every listing with a new mark."""
    stage.cloud.poll = Marking(stage)
    if request.param == "sqlite":
        stage.configure(base=TinOfParts, feeds=(FEED,))
        yield stage
        return
    if not SERVER:
        pytest.skip("CATCHMENT_TEST_POSTGRES names no server")
    with fresh_postgres() as url:
        stage.configure(f'[catalogue]\nurl = "{url}"\n', base=TinOfParts, feeds=(FEED,))
        yield stage
        stage.close()


class Marking:
    """Lists the calls of a window; the marks are ``m1``, ``m2``, one for each last page."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.given = 0

    def __call__(self, span: Span) -> Iterator[Page]:
        """The pages of *span*, the last of them with a mark."""
        for page in self.stage.cloud.list_pages(span):
            self.given += page.last
            yield replace(page, mark=f"m{self.given}") if page.last else page


def poll_after(stage: Stage, wait: timedelta = 10 * MINUTE) -> list[Span]:
    """What a poll after *wait* asks, window by window, attempt by attempt."""
    known = len(stage.cloud.asked("poll"))
    stage.wait(wait)
    stage.do("poll")
    return list(stage.cloud.asked("poll")[known:])


def list_marks(spans: list[Span]) -> list[str]:
    """The marks that were given to these polls."""
    return [span.mark for span in spans]


def test_the_first_listing_has_no_mark_and_the_next_goes_on_from_its_last(stage: Stage) -> None:
    """A mark knows nothing of what lies before it: every window of the first walk is listed."""
    assert list_marks(poll_after(stage, timedelta())) == ["", "", ""]
    assert stage.feed().mark == "m3"
    assert list_marks(poll_after(stage)) == ["m3"]
    assert list_marks(poll_after(stage)) == ["m4"]
    assert stage.feed().mark == "m5"


def test_all_windows_of_a_walk_have_the_same_mark(stage: Stage) -> None:
    """After a pause of two windows, the mark of the first of them is given to none."""
    stage.do("poll")
    spans = [span for span in poll_after(stage, 30 * HOUR) if span.window.end > START]
    assert list_marks(spans) == ["m3", "m3"]
    assert stage.feed().mark == "m5"


def test_what_came_since_the_mark_may_reach_further_than_the_window(stage: Stage) -> None:
    """Where the platform says that it told all up to now, the walk is at its end at once."""
    stage.do("poll")
    end = stage.clock.now() + 30 * HOUR

    def follow(span: Span) -> Iterator[Page]:
        yield Page(covers=Window(span.window.start, end), last=True, mark="all")

    stage.cloud.poll = follow
    frontier = [span for span in poll_after(stage, 30 * HOUR) if span.mark]
    assert len(frontier) == 1
    assert (stage.feed().frontier, stage.feed().mark) == (end, "all")


@pytest.mark.parametrize("mark", [True, False])
def test_what_came_since_the_mark_may_begin_after_the_window_does(stage: Stage, mark: bool) -> None:
    """The mark says from where it is complete; without one, the window must be answered whole."""
    stage.do("poll")
    frontier = stage.feed().frontier

    def follow(span: Span) -> Iterator[Page]:
        asked = span.window
        yield Page(covers=Window(asked.start + MINUTE, asked.end), last=True, mark="next")

    if not mark:
        with stage.app.database.write() as connection:
            frontiers.update_feed(connection, stage.source.id, "calls", "", mark="")
    stage.cloud.poll = follow
    poll_after(stage)
    assert (stage.feed().frontier > frontier, stage.feed().mark == "next") == (mark, mark)


def test_what_is_told_from_a_mark_counts_wherever_it_lies(stage: Stage) -> None:
    """A call of yesterday that changed today is told from the mark, outside the window."""
    stage.do("poll")
    call = stage.cloud.hold("c1", ago=30 * HOUR)

    def follow(span: Span) -> Iterator[Page]:
        yield Page((call.sight(),) if span.mark else (), last=True, mark="next")

    stage.cloud.poll = follow
    poll_after(stage)
    assert list_names(stage) == ["c1"]


def test_a_mark_that_is_lost_is_forgotten_and_the_window_listed_by_time(stage: Stage) -> None:
    """The very window that was asked from the mark is listed without it, and nothing is missed."""
    stage.do("poll")
    stage.cloud.hold("c1", ago=-5 * MINUTE)
    marking = stage.cloud.poll

    def expire(span: Span) -> Iterator[Page]:
        if span.mark:
            raise CursorLost("the token has expired")
        yield from marking(span)

    stage.cloud.poll = expire
    first, second = poll_after(stage)
    assert (first.mark, second.mark) == ("m3", "")
    assert first.window == second.window
    assert list_names(stage) == ["c1"]
    assert stage.feed().mark == "m4"


def test_a_lost_mark_stays_forgotten_when_the_listing_then_fails(stage: Stage) -> None:
    """That it is forgotten is committed before the window is asked for again."""
    stage.do("poll")
    frontier = stage.feed().frontier

    def fail(span: Span) -> Iterator[Page]:
        raise CursorLost("expired") if span.mark else Unreachable("the platform hung up")

    stage.cloud.poll = fail
    assert list_marks(poll_after(stage)) == ["m3", ""]
    assert (stage.feed().mark, stage.feed().frontier) == ("", frontier)
    stage.cloud.poll = Marking(stage)
    assert list_marks(poll_after(stage)) == ["", "m1"]


@pytest.mark.parametrize("error", [Unreachable("it hung up"), Truncated("rows are missing")])
def test_a_listing_that_fails_keeps_the_mark(stage: Stage, error: Exception) -> None:
    """Whatever is not a lost cursor is tried again from the same mark."""
    stage.do("poll")
    marking, left = stage.cloud.poll, [error]

    def fail(span: Span) -> Iterator[Page]:
        if left:
            raise left.pop()
        yield from marking(span)

    stage.cloud.poll = fail
    spans = poll_after(stage) + poll_after(stage)
    assert list_marks(spans)[:2] == ["m3", "m3"]
    assert spans[0].window == spans[1].window


def test_looking_back_has_no_mark_and_leaves_it_as_it_is(stage: Stage) -> None:
    """What is looked for there lies before any mark."""
    stage.do("poll")
    spans = poll_after(stage, 6 * HOUR)
    assert list_marks(spans) == ["m3", ""]
    assert spans[1].window.start < START
    assert stage.feed().mark == "m4"


def test_a_period_that_is_asked_for_has_no_mark_and_leaves_it_as_it_is(stage: Stage) -> None:
    """A person who asks for a period wants it listed by its times, whatever was told since."""
    stage.do("poll")
    want_period(stage.app, stage.source, START - 31 * HOUR, START - 29 * HOUR)
    stage.cloud.poll = lambda span: iter([Page(last=True, mark="news" if span.mark else "old")])
    period = [span for span in poll_after(stage, MINUTE) if span.window.start < START - DAY]
    assert list_marks(period) == [""]
    assert stage.feed().mark == "m3"


def test_a_lost_cursor_of_looking_back_leaves_the_mark(stage: Stage) -> None:
    """Only who was given the mark may lose it."""
    stage.do("poll")
    marking, left = stage.cloud.poll, [CursorLost("the cursor is too old")]

    def lose(span: Span) -> Iterator[Page]:
        if left and not span.mark:
            raise left.pop()
        yield from marking(span)

    stage.cloud.poll = lose
    assert list_marks(poll_after(stage, 6 * HOUR)) == ["m3", "", ""]
    assert stage.feed().mark == "m4"


def test_a_walk_that_ended_between_pages_goes_on_with_its_mark(stage: Stage) -> None:
    """Cursor and mark belong together: the next attempt has both as they were (T3)."""
    stage.do("poll")
    for number in range(5):
        stage.cloud.hold(f"c{number}", ago=-number * MINUTE)
    tell, pages = stage.app.tell, []

    def end_at_the_second_page(event: str, **fields: object) -> None:
        pages.extend([event] if event == "page.listed" else [])
        if len(pages) == 2 and event == "page.listed":
            raise Unreachable("the power is gone")
        tell(event, **fields)

    stage.app.tell = end_at_the_second_page
    (before,) = poll_after(stage)
    (after,) = [span for span in poll_after(stage, MINUTE) if span.cursor]
    assert (before.cursor, after.cursor) == (None, "4")
    assert (before.mark, after.mark) == ("m3", "m3")
    assert list_names(stage) == ["c0", "c1", "c2", "c3", "c4"]
    assert stage.rows(tables.walk) == []


def test_a_mark_is_kept_with_the_frontier_and_not_before(stage: Stage) -> None:
    """A run that ends after the last page asks from the old mark again: nothing moved (T3)."""
    stage.do("poll")
    known = (stage.feed().frontier, stage.feed().mark)
    tell, left = stage.app.tell, ["the power is gone"]

    def end_after_the_page(event: str, **fields: object) -> None:
        if event == "page.listed" and left:
            raise Unreachable(left.pop())
        tell(event, **fields)

    stage.app.tell = end_after_the_page
    assert list_marks(poll_after(stage)) == ["m3"]
    assert (stage.feed().frontier, stage.feed().mark) == known
    assert list_marks(poll_after(stage, MINUTE))[0] == "m3"
    assert stage.feed().frontier > known[0]


def test_each_part_has_its_own_mark(stage: Stage) -> None:
    """A part that fails, or loses its mark, changes nothing for the others."""
    name_parts(stage, "east", "west")

    def poll(span: Span) -> Iterator[Page]:
        if span.partition == "west" and span.mark:
            raise CursorLost("expired")
        yield Page(last=True, mark=f"{span.partition} {stage.clock.now():%H:%M}")

    stage.cloud.poll = poll
    stage.do("poll")
    spans = poll_after(stage)
    given = {part: [s.mark for s in spans if s.partition == part] for part in ("east", "west")}
    assert given == {"east": ["east 12:00"], "west": ["west 12:00", ""]}
    assert stage.feed(partition="east").mark == "east 12:10"
    assert stage.feed(partition="west").mark == "west 12:10"


def test_a_listing_that_gives_no_mark_leaves_none(stage: Stage) -> None:
    """A platform that tracks changes no longer is listed by time from then on."""
    stage.do("poll")
    stage.cloud.poll = stage.cloud.list_pages
    assert list_marks(poll_after(stage)) == ["m3"]
    assert list_marks(poll_after(stage)) == [""]


def test_a_feed_that_keeps_losing_fails_as_without_marks(stage: Stage) -> None:
    """After five restarts the window waits like any other failure, and the mark is forgotten."""
    stage.do("poll")
    frontier = stage.feed().frontier
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(CursorLost("too old"))
    stage.wait(10 * MINUTE)
    (error,) = stage.do("poll")
    assert isinstance(error, PollFailed)
    assert (stage.feed().mark, stage.feed().frontier) == ("", frontier)


def test_five_calls_are_found_with_marks_as_without(stage: Stage) -> None:
    """Marks change how a platform is asked, and nothing of what is in the ledger (promise 1)."""
    hold_five(stage)
    for _ in range(3):
        poll_after(stage)
    assert list_names(stage) == ["c1", "c2", "c3", "c4", "c5"]
