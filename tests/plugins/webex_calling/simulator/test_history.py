"""The Detailed Call History: windows, limits, pages, regions, late records (sheet 2.1)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.plugins.webex_calling.simulator.cloud import (
    EVENING,
    MIDNIGHT,
    Cloud,
    Clouds,
    Row,
    next_of,
    stamp,
)

from catchment.sandbox import World

HOURS = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = MIDNIGHT + 12 * HOURS
FEED = (NOON, NOON + 2 * HOURS)
CDR = "spark-admin:calling_cdr_read"


def report_ids(rows: list[Row]) -> set[str]:
    """De-duplicated, as the sheet advises."""
    return {row["Report ID"] for row in rows}


def window(start: datetime, end: datetime) -> dict[str, str]:
    """The two parameters that every request has."""
    return {"startTime": stamp(start), "endTime": stamp(end)}


def refused(answer: httpx.Response, status: int) -> Row:
    """The body of an error in this API's own envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"errorCode", "message", "trackingId"}
    assert body["errorCode"] == status
    assert body["trackingId"] == answer.headers["trackingid"]
    return dict(body)


@pytest.mark.parametrize("resource", ["cdr_feed", "cdr_stream"])
def test_a_window_holds_what_its_time_says(webex: Cloud, resource: str) -> None:
    """2.1: report time of the feed, the time of storing of the stream."""
    start, end = FEED
    told = report_ids(webex.ask(resource, start, end).json()["items"])
    field = "reported_at" if resource == "cdr_feed" else "stored_at"
    there = [e for e in webex.tenant.history.find_all() if start <= getattr(e, field) < end]
    if resource == "cdr_feed":
        there = [entry for entry in there if not entry.late]
    assert told == {entry.report_id for entry in there} != set()


@pytest.mark.parametrize(("field", "key"), [("report", "Report time"), ("start", "Start time")])
def test_which_time_the_feed_means_is_a_switch(cloud: Clouds, field: str, key: str) -> None:
    """2.1: the documents contradict each other."""
    webex = cloud(feed_window_field=field, cdr_late_every=0)
    rows = webex.ask("cdr_feed", *FEED).json()["items"]
    assert all(stamp(FEED[0]) <= row[key] < stamp(FEED[1]) for row in rows)
    entries = webex.tenant.history.find_all()
    name = "reported_at" if field == "report" else "started_at"
    there = {e.report_id for e in entries if FEED[0] <= getattr(e, name) < FEED[1]}
    assert report_ids(rows) == there


ERRORS: list[tuple[str, str, dict[str, Any]]] = [
    ("2.1 no startTime", "cdr_feed", {"startTime": ""}),
    ("2.1 no endTime", "cdr_stream", {"endTime": ""}),
    ("2.1 without milliseconds", "cdr_feed", {"startTime": "2026-10-12T12:00:00Z"}),
    ("2.1 with microseconds", "cdr_feed", {"startTime": "2026-10-12T12:00:00.000000Z"}),
    ("2.1 with an offset", "cdr_feed", {"startTime": "2026-10-12T12:00:00.000+00:00"}),
    ("2.1 start after end", "cdr_feed", {"startTime": "2026-10-12T15:00:00.000Z"}),
    ("2.1 max is no number", "cdr_feed", {"max": "many"}),
    ("2.1 eleven locations", "cdr_feed", {"locations": ",".join("abcdefghijk")}),
]


@pytest.mark.parametrize(("resource", "params"), [pytest.param(r, p, id=n) for n, r, p in ERRORS])
def test_what_call_history_refuses(webex: Cloud, resource: str, params: Row) -> None:
    """2.1: 400."""
    refused(webex.send("GET", f"/{resource}", "cdr", params=window(*FEED) | params), 400)


SPANS: list[tuple[str, str, timedelta, timedelta, int]] = [
    # the window, both ends counted back from now
    ("2.1 feed: newest end", "cdr_feed", HOURS, 5 * MINUTE, 200),
    ("2.1 feed: beyond the newest end", "cdr_feed", HOURS, 5 * MINUTE - MINUTE / 60, 400),
    ("2.1 feed: longest", "cdr_feed", 13 * HOURS, HOURS, 200),
    ("2.1 feed: too long", "cdr_feed", 13 * HOURS + MINUTE / 60, HOURS, 400),
    ("2.1 feed: oldest", "cdr_feed", 720 * HOURS, 719 * HOURS, 200),
    ("2.1 feed: a second too old", "cdr_feed", 720 * HOURS + MINUTE / 60, 719 * HOURS, 400),
    ("2.1 stream: newest end", "cdr_stream", HOURS, MINUTE, 200),
    ("2.1 stream: beyond the newest end", "cdr_stream", HOURS, MINUTE - MINUTE / 60, 400),
    ("2.1 stream: longest", "cdr_stream", 3 * HOURS, HOURS, 200),
    ("2.1 stream: too long", "cdr_stream", 3 * HOURS + MINUTE / 60, HOURS, 400),
    ("2.1 stream: oldest", "cdr_stream", 12 * HOURS, 11 * HOURS, 200),
    ("2.1 stream: a second too old", "cdr_stream", 12 * HOURS + MINUTE / 60, 11 * HOURS, 400),
]


@pytest.mark.parametrize(
    ("resource", "start", "end", "status"),
    [pytest.param(r, s, e, c, id=n) for n, r, s, e, c in SPANS],
)
@pytest.mark.parametrize("bad", [400, 403])
def test_the_limits_of_windows(
    cloud: Clouds, resource: str, start: timedelta, end: timedelta, status: int, bad: int
) -> None:
    """2.1: that the status is 400 is unverified, so it is a switch."""
    webex = cloud(cdr_empty=200, cdr_bad_window=bad)
    now = webex.clock.now() + MINUTE  # when the request is answered
    answer = webex.ask(resource, now - start, now - end)
    assert answer.status_code == (bad if status == 400 else 200), answer.text


@pytest.mark.parametrize(("position", "hours"), [("30d", 720), ("48h", 48)])
def test_how_far_the_feed_goes_back_is_a_switch(cloud: Clouds, position: str, hours: int) -> None:
    """2.1: the parameter's text still says 48 hours."""
    webex = cloud(feed_horizon=position, cdr_empty=200)
    for more, status in ((timedelta(), 200), (MINUTE, 400)):
        start = webex.clock.now() + MINUTE - hours * HOURS - more
        assert webex.ask("cdr_feed", start, start + HOURS).status_code == status


@pytest.mark.parametrize("resource", ["cdr_feed", "cdr_stream"])
def test_an_empty_window_is_404_or_200(cloud: Clouds, resource: str) -> None:
    """2.1: 404 in the words of the sheet, or 200 without items."""
    empty = (EVENING - HOURS, EVENING - HOURS + MINUTE)
    body = refused(cloud(cdr_empty=404).ask(resource, *empty), 404)
    assert body["message"] == "No CDRs for requested time range and filters"
    answer = cloud(cdr_empty=200).ask(resource, *empty)
    assert (answer.status_code, answer.json()) == (200, {"items": []})


def test_locations_are_names(webex: Cloud) -> None:
    """2.1: up to ten, separated by commas; a name that nobody has finds nothing."""
    every = webex.records(locations="")
    names = Counter(row["Location"] for row in every)
    assert len(names) > 1
    for name in names:
        told = webex.records(locations=name)
        assert {row["Location"] for row in told} == {name}
    assert len(webex.records(locations=",".join(names))) == len(every)
    assert webex.ask("cdr_feed", *FEED, locations="Nowhere").status_code == 404


# --- permission and region -------------------------------------------------------------------


PERMISSIONS: list[tuple[str, str, bool, int]] = [
    ("2.1 scope and permission", CDR, True, 200),
    ("2.1 without the scope", "spark-admin:recordings_read", True, 403),
    ("2.1 without the permission", CDR, False, 403),
]


@pytest.mark.parametrize(
    ("scope", "permitted", "status"), [pytest.param(s, p, c, id=n) for n, s, p, c in PERMISSIONS]
)
def test_scope_and_permission_are_wanted(
    cloud: Clouds, scope: str, permitted: bool, status: int
) -> None:
    """2.1: both, in the words that do not tell which is missing."""
    webex = cloud(cdr_access=permitted)
    webex.act_as("administrator", "", scope)
    assert webex.ask("cdr_feed", *FEED).status_code == status


def test_a_user_without_the_role_is_refused(webex: Cloud) -> None:
    """2.1: the scope alone does not help."""
    webex.act_as("user", "agent00@corp.example", CDR)
    assert webex.ask("cdr_feed", *FEED).status_code == 403


@pytest.mark.parametrize("profile", ["compliance_officer", "administrator"])
def test_both_profiles_may_read_call_history(cloud: Clouds, profile: str) -> None:
    """2.1: it works with Service Apps."""
    assert cloud(profile=profile).ask("cdr_feed", *FEED).status_code == 200


@pytest.mark.parametrize("resource", ["cdr_feed", "cdr_stream"])
@pytest.mark.parametrize("wording", ["please_use", "url", "url_bare"])
def test_the_wrong_region_names_the_right_host(cloud: Clouds, wording: str, resource: str) -> None:
    """2.1: 451 with the host in free text, in two wordings, with or without ``https://``."""
    webex = cloud(region_451=wording)
    url = webex.urls["cdr_eu"]
    place = url.removeprefix("http://")
    hint = {"please_use": f"Please use {place}", "url": f"URL: {url}", "url_bare": f"URL: {place}"}
    body = refused(webex.ask(resource, *FEED), 451)
    assert body["message"].endswith(hint[wording])
    assert webex.ask(resource, *FEED, host="cdr_eu").status_code == 200


def test_the_usual_host_is_right_unless_switched(webex: Cloud) -> None:
    """2.1: and the other one is wrong then."""
    assert webex.ask("cdr_feed", *FEED).status_code == 200
    body = refused(webex.ask("cdr_feed", *FEED, host="cdr_eu"), 451)
    assert webex.urls["cdr"].removeprefix("http://") in body["message"]


# --- how often -------------------------------------------------------------------------------


def test_one_first_page_a_minute(webex: Cloud) -> None:
    """2.1: per token owner; ``Retry-After`` says how long."""
    assert webex.ask("cdr_feed", *FEED).status_code == 200
    webex.clock.advance(timedelta(seconds=20))
    again = webex.send("GET", "/cdr_feed", "cdr", params=window(*FEED))
    refused(again, 429)
    assert again.headers["retry-after"] == "40"
    other = webex.bearer
    webex.act_as("administrator")
    assert webex.send("GET", "/cdr_feed", "cdr", params=window(*FEED)).status_code == 200
    webex.bearer = other
    webex.clock.advance(timedelta(seconds=40))
    assert webex.send("GET", "/cdr_feed", "cdr", params=window(*FEED)).status_code == 200


@pytest.mark.parametrize(("position", "status"), [("shared", 429), ("each", 200)])
def test_whether_both_resources_share_the_limit(cloud: Clouds, position: str, status: int) -> None:
    """2.1: "per user token" does not say."""
    webex = cloud(cdr_budget=position)
    assert webex.ask("cdr_feed", *FEED).status_code == 200
    answer = webex.send("GET", "/cdr_stream", "cdr", params=window(*FEED))
    assert answer.status_code == status


def test_ten_further_pages_a_minute(cloud: Clouds) -> None:
    """2.1: the eleventh is 429."""
    webex = cloud(cdr_page="1-500")
    answer = webex.ask("cdr_feed", *FEED, max=1)
    for _ in range(10):
        answer = webex.get(next_of(answer))
        assert answer.status_code == 200
    link = next_of(answer)
    webex.clock.advance(timedelta(seconds=59))
    assert webex.get(link).status_code == 429
    webex.clock.advance(timedelta(seconds=1))
    assert webex.get(link).status_code == 200


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("position", "begin"), [("doubled", "<<http"), ("plain", "<http")])
def test_the_link_may_have_doubled_brackets(cloud: Clouds, position: str, begin: str) -> None:
    """2.1: as in Cisco's sample; with four further query items."""
    webex = cloud(cdr_link=position, cdr_page="1-500")
    answer = webex.ask("cdr_feed", *FEED, max=5)
    assert answer.headers["link"].startswith(begin)
    assert answer.headers["link"].endswith('rel="next"')
    query = parse_qs(urlsplit(next_of(answer)).query)
    assert {"startTimeForNextFetch", "totalCount", "orgId", "max"} <= set(query)
    assert query["orgId"] == [webex.tenant.account.org_id]


@pytest.mark.parametrize("resource", ["cdr_feed", "cdr_stream"])
@pytest.mark.parametrize("size", [1, 7])
def test_pages_hold_every_record(cloud: Clouds, resource: str, size: int) -> None:
    """2.1: in order of the window's time, and none is lost between pages."""
    webex = cloud(cdr_page="1-500", cdr_duplicate_every=3, rate_per_minute=0)
    start = FEED[0]
    whole = webex.ask(resource, start, start + HOURS).json()["items"]
    answer, found = webex.ask(resource, start, start + HOURS, max=size), []
    while True:
        rows = answer.json()["items"]
        assert len(rows) <= size
        found += rows
        if not next_of(answer):
            break
        assert parse_qs(urlsplit(next_of(answer)).query)["totalCount"] == [str(len(whole))]
        webex.clock.advance(timedelta(seconds=10))
        answer = webex.get(next_of(answer))
    assert [row["Report ID"] for row in found] == [row["Report ID"] for row in whole]


CLAMPS = [
    ("500-5000", None, 5000),
    ("500-5000", 10, 500),
    ("500-5000", 9000, 5000),
    ("1-500", None, 500),
    ("1-500", 10, 10),
    ("1-500", 9000, 500),
]


@pytest.mark.parametrize(("position", "asked", "size"), CLAMPS)
def test_max_is_clamped_silently(
    cloud: Clouds, position: str, asked: int | None, size: int
) -> None:
    """2.1: 500 to 5000, or 1 to 500 as older documents have it."""
    many = World(seed=8, start=MIDNIGHT, days=1, meetings=0, calls=600)
    webex = cloud(world=many, cdr_page=position)
    params: dict[str, Any] = {} if asked is None else {"max": asked}
    answer = webex.ask("cdr_feed", MIDNIGHT + 8 * HOURS, MIDNIGHT + 18 * HOURS, **params)
    total = len(answer.json()["items"])
    assert total == size or (total < size and not next_of(answer))
    assert total > 1000 or next_of(answer)


# --- late and repeated -----------------------------------------------------------------------


@pytest.mark.parametrize("position", ["misses", "later"])
def test_the_stream_delivers_what_the_feed_may_miss(cloud: Clouds, position: str) -> None:
    """Quirk 14: records that are stored 20 minutes late."""
    webex = cloud(feed_late=position, cdr_late_every=5, cdr_late_s=1200)
    late = {e.report_id for e in webex.tenant.history.find_all() if e.late}
    feed, stream = report_ids(webex.records("cdr_feed")), report_ids(webex.records("cdr_stream"))
    assert late
    assert late <= stream
    assert (late <= feed, bool(late & feed)) == ((position == "later"),) * 2
    assert stream - feed == (late if position == "misses" else set())


def test_a_late_record_is_not_told_before_it_is_stored(cloud: Clouds) -> None:
    """5, 10: twenty minutes after the call ended."""
    webex = cloud(cdr_late_every=1, cdr_late_s=1200, feed_late="later", cdr_duplicate_every=0)
    entry = webex.tenant.history.find_all()[40]
    assert timedelta(minutes=20) < entry.stored_at - entry.reported_at < timedelta(minutes=22)
    around = (entry.reported_at - MINUTE, entry.reported_at + MINUTE)
    for moment, there in ((entry.stored_at - MINUTE / 60, False), (entry.stored_at, True)):
        webex.act_as("administrator" if there else "compliance_officer")  # each has its minute
        webex.clock.set(moment - MINUTE)
        answer = webex.ask("cdr_feed", *around)
        rows = answer.json().get("items", [])
        assert (entry.report_id in report_ids(rows)) is there


@pytest.mark.parametrize(("resource", "every"), [("cdr_feed", 2), ("cdr_stream", 2)])
def test_a_record_may_come_twice(cloud: Clouds, resource: str, every: int) -> None:
    """2.1: de-duplicate on ``Report ID``; a switch."""
    rows = cloud(cdr_duplicate_every=every).records(resource)
    counts = Counter(row["Report ID"] for row in rows)
    assert set(counts.values()) == {1, 2}
    for report_id in [one for one, count in counts.items() if count == 2]:
        first, second = (row for row in rows if row["Report ID"] == report_id)
        assert first == second
    alone = cloud(cdr_duplicate_every=0).records(resource)
    assert len(alone) == len(report_ids(alone))
