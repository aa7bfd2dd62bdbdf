"""Windows, echoes, cursors and pages of Zoom's listings, answered by small callables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from catchment.errors import Absent, CursorLost, Refused, TooWide, Truncated
from catchment.model import Page, Span, Window
from catchment.transport import Answer, Request, TokenRejected, walk
from catchment_zoom.listings import (
    AccountListing,
    ArchiveListing,
    Place,
    list_users_recordings,
    read_covers,
)
from catchment_zoom.payloads import User

START = datetime(2026, 10, 12, tzinfo=UTC)
END = START + timedelta(days=1)
WINDOW = Window(START, END)
Send = Callable[[Request], Answer]


def answer(**body: object) -> Answer:
    """An answer with *body*; ``since`` and ``until`` stand for ``from`` and ``to``."""
    names = {"since": "from", "until": "to"}
    told = {names.get(name, name): value for name, value in body.items()}
    return Answer(200, {}, json.dumps(told).encode(), END)


def span(feed: str = "archive_completed", cursor: str | None = None) -> Span:
    """The window of this module, of one feed."""
    return Span(feed, "", WINDOW, cursor)


def archive(send: Send, asked: Span) -> list[Page]:
    """All pages of the archive listing of *asked*."""
    listing = ArchiveListing(asked)
    return list(walk(send, listing.ask, listing.read, asked))


def always(told: Answer) -> Send:
    """A platform that knows one answer."""
    return lambda request: told


class Pager:
    """Lists one meeting per page and clamps ``to``, as Zoom does with a future one (3.1)."""

    def __init__(self, *uuids: str, until: str = "2026-10-12T22:00:00Z") -> None:
        self.uuids, self.until = uuids, until
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: Request) -> Answer:
        """Answer the page that is asked for."""
        params = dict(request.params)
        self.asked.append(params)
        at = int(params.get("next_page_token", "0"))
        token = str(at + 1) if at + 1 < len(self.uuids) else ""
        return answer(
            since=params["from"],
            until=self.until,
            total_records=len(self.uuids),
            next_page_token=token,
            meetings=[{"uuid": self.uuids[at], "start_time": "2026-10-12T08:00:00Z"}],
        )


@pytest.mark.parametrize(
    ("feed", "by"),
    [
        ("archive_completed", "archive_complete_time"),
        ("archive_started", "meeting_start_time"),
    ],
)
def test_each_archive_feed_names_its_kind_of_date(feed: str, by: str) -> None:
    """By completion for what is new, by start for the sweep (fact 4; section 11)."""
    zoom = Pager("a")
    archive(zoom, span(feed))
    assert zoom.asked[0]["query_date_type"] == by
    assert zoom.asked[0]["from"] == "2026-10-12T00:00:00Z"
    assert zoom.asked[0]["to"] == "2026-10-13T00:00:00Z"


def test_the_echoed_window_is_sent_back_on_later_pages() -> None:
    """Zoom rejects a page token beside any other ``to`` than the one it echoed (fact 5)."""
    zoom = Pager("a", "b", "c")
    pages = archive(zoom, span())
    assert [params["to"] for params in zoom.asked] == [
        "2026-10-13T00:00:00Z",
        "2026-10-12T22:00:00Z",
        "2026-10-12T22:00:00Z",
    ]
    assert [page.last for page in pages] == [False, False, True]
    assert [page.total for page in pages] == [3, 3, 3]
    assert all(page.covers == Window(START, END - timedelta(hours=2)) for page in pages)


def test_another_runner_goes_on_at_the_cursor() -> None:
    """The cursor holds all that the next page needs; nothing stands beside it."""
    first = archive(Pager("a", "b", "c"), span())[0]
    zoom = Pager("a", "b", "c")
    rest = archive(zoom, span(cursor=first.cursor))
    assert [s.external_id for page in rest for s in page.sightings] == ["b", "c"]
    assert zoom.asked[0]["to"] == "2026-10-12T22:00:00Z"


@pytest.mark.parametrize("cursor", ["", "x", "[]", '{"since": "a"}', '{"a": 1}'])
def test_a_cursor_that_is_not_ours_restarts_the_window(cursor: str) -> None:
    """What cannot be read is lost, and the window is listed again."""
    with pytest.raises(CursorLost):
        Place.from_cursor(cursor)


def test_a_last_page_may_lack_its_token() -> None:
    """The documented end is ``""``, and absence means the same (1.3)."""
    body = {"since": "2026-10-12T00:00:00Z", "until": "2026-10-13T00:00:00Z"}
    for token in ({}, {"next_page_token": ""}, {"next_page_token": None}):
        told = answer(**body, **token, meetings=[])
        (page,) = archive(always(told), span())
        assert page.last
        assert page.covers == WINDOW


def test_a_token_that_comes_again_ends_the_listing() -> None:
    """A listing that never ends must not look like one that is long."""
    with pytest.raises(Truncated):
        archive(lambda _: answer(next_page_token="t", meetings=[]), span())


def test_a_total_that_cannot_be_true_is_not_told() -> None:
    """A total below the rows that are there would condemn every listing."""
    rows = [{"uuid": "a"}, {"uuid": "b"}]
    for total in (None, 0, 1, "x"):
        (page,) = archive(always(answer(total_records=total, meetings=rows)), span())
        assert page.total is None
        assert page.covers is None


def test_a_window_shortened_at_its_beginning_is_never_passed_over() -> None:
    """Only the last month came back and nothing said so (10, row 6): ask for less, or fail."""
    late = START + timedelta(hours=6)
    with pytest.raises(TooWide):
        read_covers(WINDOW, late, END)
    hour = Window(START, START + timedelta(hours=1))
    with pytest.raises(Truncated):
        read_covers(hour, START + timedelta(minutes=1), hour.end)


def test_what_zoom_adds_to_the_window_is_not_claimed() -> None:
    """The frontier moves to what was asked at most."""
    day = timedelta(days=1)
    assert read_covers(WINDOW, START - day, END + day) == WINDOW
    assert read_covers(WINDOW, START, START - day) == Window(START, START)


def account(send: Send, asked: Span) -> list[Page]:
    """All pages of the account's list of recordings."""
    listing = AccountListing(asked)
    return list(walk(send, listing.ask, listing.read, asked))


def test_recordings_are_asked_by_date_with_a_day_to_spare() -> None:
    """Whether the bounds belong to the answer is not known (5.1)."""
    asked: list[dict[str, str]] = []

    def zoom(request: Request) -> Answer:
        asked.append(dict(request.params))
        return answer(since="2026-10-11", until="2026-10-14", meetings=[{"uuid": "a"}])

    (page,) = account(zoom, span("recordings"))
    assert (asked[0]["from"], asked[0]["to"]) == ("2026-10-11", "2026-10-14")
    assert page.covers == WINDOW
    assert page.sightings[0].external_id == "cloud:a"


def test_recordings_of_a_shortened_window_are_asked_again() -> None:
    """As for archive files, on the grain of days."""
    wide = Span("recordings", "", Window(START - timedelta(days=20), END))
    with pytest.raises(TooWide):
        account(lambda _: answer(since="2026-10-01", until="2026-10-13", meetings=[]), wide)


class Users:
    """Recordings of some users, one meeting per page; remembers who was asked."""

    def __init__(self, **recordings: list[str]) -> None:
        self.recordings = recordings
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Answer:
        """Answer the page of the user who is asked for."""
        user = request.path.split("/")[3]
        params = dict(request.params)
        self.asked.append(f"{user}{params.get('next_page_token', '')}")
        uuids = self.recordings[user]
        at = int(params.get("next_page_token", "0"))
        return answer(
            since=params["from"],
            until=params["to"],
            next_page_token=str(at + 1) if at + 1 < len(uuids) else "",
            meetings=[{"uuid": uuid} for uuid in uuids[at : at + 1]],
        )


def people(*ids: str, type: int = 2) -> list[User]:
    """Users with these ids."""
    return [User(id=each, type=type) for each in ids]


def names(pages: list[Page]) -> list[str]:
    """The meetings on *pages*."""
    return [s.external_id.removeprefix("cloud:") for page in pages for s in page.sightings]


def test_every_user_is_asked_for_every_page() -> None:
    """The fallback of 5.2; users without recordings make no page of their own."""
    zoom = Users(c=["5"], a=["1", "2"], b=[])
    pages = list(list_users_recordings(zoom, people("c", "a", "b"), span("recordings")))
    assert names(pages) == ["1", "2", "5"]
    assert zoom.asked == ["a", "a1", "b", "c"]
    assert [page.last for page in pages] == [False, False, False, True]
    assert pages[-1].covers == WINDOW


@pytest.mark.parametrize(("after", "asked"), [(0, ["a1", "b", "c"]), (1, ["b", "c"]), (2, [])])
def test_the_loop_over_users_goes_on_where_it_stopped(after: int, asked: list[str]) -> None:
    """From the cursor of any page, with the users listed anew and in any order."""
    recordings = {"a": ["1", "2"], "b": [], "c": ["5"]}
    pages = list(list_users_recordings(Users(**recordings), people(*"abc"), span("recordings")))
    zoom = Users(**recordings)
    rest = span("recordings", pages[after].cursor)
    found = names(list(list_users_recordings(zoom, people(*"cab"), rest)))
    assert zoom.asked == asked
    assert names(pages[: after + 1]) + found == ["1", "2", "5"]


def test_a_user_who_left_meanwhile_is_passed_over() -> None:
    """404/1001 in the middle of the loop is no failure of the loop."""
    rest = Users(a=["1"], c=["5"])

    def zoom(request: Request) -> Answer:
        if "/b/" in request.path:
            raise Absent("gone")
        return rest(request)

    assert names(list(list_users_recordings(zoom, people(*"abc"), span("recordings")))) == [
        "1",
        "5",
    ]


@pytest.mark.parametrize(
    ("type_", "error", "raised"),
    [
        (1, Refused("free"), False),
        (2, Refused("role"), True),
        (None, Refused("role"), True),
        (1, TokenRejected("dead"), True),
    ],
)
def test_only_who_cannot_have_recordings_may_be_refused(
    type_: int | None, error: Refused, raised: bool
) -> None:
    """A licensed user's refusal is an alarm and never a skip (J of the guarantees; 5.1)."""

    def zoom(request: Request) -> Answer:
        raise error

    pages = list_users_recordings(zoom, [User(id="a", type=type_)], span("recordings"))
    if raised:
        with pytest.raises(Refused):
            list(pages)
    else:
        assert [page.last for page in pages] == [True]
