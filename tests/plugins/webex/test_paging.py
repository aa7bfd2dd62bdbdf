"""Link paging with the defects that Webex has had (sheet 5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catchment.errors import CursorLost
from catchment.transport import Answer, Request
from catchment_webex.paging import build_next, read_cursor, write_cursor

FIRST = Request(
    "GET", "/recordings", params=(("from", "2026-03-01T00:00:00Z"), ("max", "100")), headers=()
)


def linked(*links: str) -> Answer:
    """An answer with a ``Link`` header."""
    headers = {"link": ", ".join(links)} if links else {}
    return Answer(200, headers, b'{"items": []}', datetime(2026, 3, 9, tzinfo=UTC))


def link(query: str, rel: str = "next", host: str = "webexapis.com") -> str:
    """One link."""
    return f'<https://{host}/v1/recordings?{query}>; rel="{rel}"'


def test_no_next_link_is_the_end() -> None:
    """Whatever else the header holds, and however many rows the page had (5)."""
    assert build_next(FIRST, linked()) is None
    assert build_next(FIRST, linked(link("offset=0", "first"), link("offset=0", "prev"))) is None


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-03-01T00%3A00%3A00Z&max=100&offset=100",
        "from=2026-03-01T00%3A00%3A00Z&max=null&offset=100",
        "max=null&offset=100",
        "offset=100",
        "offset=100&from=2026-03-01T00:00:00Z&cursor=null",
    ],
)
def test_a_next_link_keeps_our_filters_and_loses_its_nulls(query: str) -> None:
    """``max=null`` is dropped and lost filters are put back (5, defects #168 and #169)."""
    following = build_next(FIRST, linked(link(query), link("offset=0", "first")))
    assert following is not None
    assert dict(following.params) == dict(FIRST.params) | {"offset": "100"}


def test_what_led_to_a_page_does_not_lead_to_the_next() -> None:
    """Only filters are put back: the link of a page may hold more than the next one needs."""
    second = build_next(FIRST, linked(link("offset=100&page=empty")))
    assert second is not None
    third = build_next(FIRST, linked(link("offset=100")))
    assert third is not None
    assert dict(second.params) == dict(third.params) | {"page": "empty"}


def test_the_bearer_goes_where_it_went_before_whatever_a_link_names() -> None:
    """A link chooses the page and never the host."""
    following = build_next(FIRST, linked(link("offset=100", host="evil.example")))
    assert following is not None
    assert following.path == "/recordings"


def test_a_listing_goes_on_at_its_cursor_in_another_process() -> None:
    """A cursor holds all that the next page needs."""
    following = build_next(FIRST, linked(link("offset=100&before=a%26b%3Dc")))
    assert following is not None
    assert read_cursor(FIRST, write_cursor(following)) == following
    assert read_cursor(FIRST, None) == FIRST


@pytest.mark.parametrize("cursor", ["nonsense", "\x00"])
def test_a_cursor_of_nobodys_is_lost(cursor: str) -> None:
    """The window is then listed again from its first page."""
    with pytest.raises(CursorLost):
        read_cursor(FIRST, cursor)
