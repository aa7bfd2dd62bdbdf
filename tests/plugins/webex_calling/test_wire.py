"""Requests as Webex documents them, and windows cut to what may be asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from catchment.errors import CursorLost, Truncated, Unreachable
from catchment.model import Page, Span, Window, period
from catchment.transport import Answer, Request
from catchment_webex.refusals import WrongRegion
from catchment_webex_calling import wire
from catchment_webex_calling.adapter import WebexCalling, read_cdr_error
from catchment_webex_calling.listings import build_records, list_records, read_records

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def params(request: Request) -> dict[str, str]:
    """The parameters by name."""
    return dict(request.params)


# --- recordings (1.2) -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["available", "deleted", "purged"])
def test_a_listing_names_both_bounds_and_the_largest_page(status: str) -> None:
    """The platform's own are seven days and ten rows (4, row 7); no service is left out (row 9)."""
    request = wire.build_recordings(Window(NOW - HOUR, NOW), status)
    assert request.path == "/admin/convergedRecordings"
    assert params(request) == {
        "from": "2026-03-10T13:00:00Z",
        "to": "2026-03-10T14:00:00Z",
        "status": status,
        "max": "100",
    }


def test_own_recordings_have_a_listing_of_their_own() -> None:
    """A token without an administrator's scope is refused on the other (1.1)."""
    request = wire.build_recordings(Window(NOW - HOUR, NOW), "available", "own")
    assert request.path == "/convergedRecordings"


def test_metadata_is_asked_for_whole() -> None:
    """Without ``showAllTypes`` participants are hidden (1.5)."""
    request = wire.build_metadata("a/b")
    assert request.path == "/convergedRecordings/a%2Fb/metadata"
    assert params(request) == {"showAllTypes": "true"}


# --- call records (2.1) ---------------------------------------------------------------------------


def test_times_have_exactly_three_digits_and_a_z() -> None:
    """``YYYY-MM-DDTHH:MM:SS.mmmZ`` and nothing else (2.1)."""
    east = datetime(2026, 3, 10, 15, 0, 1, 9999, tzinfo=timezone(HOUR))
    assert wire.write_millis(east) == "2026-03-10T14:00:01.009Z"


def test_an_empty_window_is_an_answer() -> None:
    """404 stands for no rows (2.1), and the first request has the budget of one per minute."""
    request = wire.build_cdr("cdr_stream", NOW - HOUR, NOW)
    assert (request.accept, request.budget, request.path) == ((404,), "cdr", "/cdr_stream")
    assert params(request)["max"] == "1000"


WINDOWS = [
    ("2.1-stream", "cdr", 2 * HOUR, 2 * HOUR),
    ("2.1-stream-horizon", "cdr", 13 * HOUR, 12 * HOUR - timedelta(minutes=1)),
    ("2.1-feed-overlaps", "cdr_history", 20 * HOUR, 24 * HOUR),
    ("2.1-feed-horizon", "cdr_history", timedelta(days=30), timedelta(days=30, minutes=-1)),
]


@pytest.mark.parametrize(
    ("feed", "age", "asked"), [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS]
)
def test_a_window_stays_within_the_horizon(feed: str, age: timedelta, asked: timedelta) -> None:
    """A second beyond it is refused; the feed's windows begin a call's length earlier."""
    request = build_records(Span(feed, "", Window(NOW - age, NOW - age + 8 * HOUR)), NOW)
    assert request is not None
    assert params(request)["startTime"] == wire.write_millis(NOW - asked)


def test_what_is_too_old_is_not_asked() -> None:
    """A walk that was left lying must not be refused for ever."""
    old = Window(NOW - 20 * HOUR, NOW - 18 * HOUR)
    assert build_records(Span("cdr", "", old), NOW) is None
    assert build_records(Span("cdr_history", "", old), NOW) is not None


LIMITS = {"recordings": timedelta(days=30), "cdr": 2 * HOUR, "cdr_history": 12 * HOUR}


@pytest.mark.parametrize("feed", WebexCalling.feeds, ids=lambda feed: f"2.1-{feed.name}")
def test_no_feed_asks_for_more_than_is_allowed(feed: object) -> None:
    """30 days (1.2), 2 and 12 hours (2.1), with what is asked beyond the window."""
    found = next(one for one in WebexCalling.feeds if one is feed)
    longer = 4 * HOUR if found.name == "cdr_history" else timedelta()
    assert period(found.max_window) + longer <= LIMITS[found.name]


# --- answers (2.1) --------------------------------------------------------------------------------


def answer(status: int, body: str, **headers: str) -> Answer:
    """An answer of the call history."""
    return Answer(status, {"content-type": "application/json", **headers}, body.encode(), NOW)


EMPTY = [
    ("2.1-404", 404, '{"errorCode":404,"message":"No CDRs for requested time range and filters"}'),
    ("2.1-404-text", 404, '{"message":"No records found"}'),
    ("2.1-200", 200, '{"items":[]}'),
]


@pytest.mark.parametrize(("status", "body"), [r[1:] for r in EMPTY], ids=[r[0] for r in EMPTY])
def test_an_empty_window_has_no_rows(status: int, body: str) -> None:
    """Both forms occur (2.1)."""
    assert read_records(answer(status, body)) == []


@pytest.mark.parametrize("body", ["<html>", '{"message":"Not Found"}', "[]"])
def test_a_wrong_address_is_no_quiet_hour(body: str) -> None:
    """Else a proxy's 404 would be taken for nothing to do."""
    with pytest.raises(Unreachable):
        read_records(answer(404, body))


HOST = "analytics-calling-eu.webexapis.com"
REGIONS = [
    ("2.1-please-use", f"The organisation is in another region. Please use {HOST}", HOST),
    ("2.1-url", f"Data is in another region. URL: https://{HOST}/v1/cdr_feed", HOST),
    ("2.1-url-bare", f"Data is in another region. URL: {HOST}", HOST),
    ("2.1-no-host", "Unavailable For Legal Reasons", ""),
]


@pytest.mark.parametrize(("message", "host"), [r[1:] for r in REGIONS], ids=[r[0] for r in REGIONS])
def test_a_wrong_region_is_one_sentence_with_the_host_and_the_setting(
    message: str, host: str
) -> None:
    """The host stands in free text, in two wordings (2.1)."""
    error = read_cdr_error(answer(451, json.dumps({"message": message})))
    assert isinstance(error, WrongRegion)
    assert "cdr_url" in error.remedy
    assert host in error.remedy
    assert host in str(error)


NEXT = (
    '<<https://h.example/v1/cdr_stream?startTimeForNextFetch=A&max=5000&totalCount=9>>; rel="next"'
)
SPAN = Span("cdr", "", Window(NOW - HOUR, NOW))


def walk(answers: list[Answer], asked: list[Request], cursor: str | None = None) -> list[Page]:
    """The pages that *answers* make."""
    told = iter(answers)

    def send(request: Request) -> Answer:
        asked.append(request)
        return next(told)

    first = wire.build_cdr("cdr_stream", NOW - HOUR, NOW)
    return list(list_records(send, first, Span("cdr", "", SPAN.window, cursor)))


def test_pages_have_a_budget_of_their_own() -> None:
    """Ten a minute beside the one (2.1); angle brackets may be doubled, rows on any page."""
    asked: list[Request] = []
    pages = walk([answer(200, '{"items":[{}]}', link=NEXT), answer(200, '{"items":[{}]}')], asked)
    assert [request.budget for request in asked] == ["cdr", "cdr_pages"]
    assert params(asked[1])["startTimeForNextFetch"] == "A"
    assert params(asked[1])["endTime"] == params(asked[0])["endTime"]
    assert [page.last for page in pages] == [False, True]
    again: list[Request] = []
    walk([answer(200, '{"items":[]}')], again, pages[0].cursor)
    assert (again[0].params, again[0].budget) == (asked[1].params, "cdr_pages")


def test_a_listing_that_turns_in_circles_is_truncated() -> None:
    """The same page twice would never end."""
    with pytest.raises(Truncated):
        walk([answer(200, '{"items":[]}', link=NEXT)] * 3, [])


def test_a_cursor_that_nobody_wrote_is_lost() -> None:
    """The window starts again."""
    with pytest.raises(CursorLost):
        walk([], [], "not a cursor")
