"""What an administrator enters, and what it makes of feeds, budgets and hosts."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from catchment.adapters import Source
from catchment.clock import SystemClock
from catchment.transport import Kit, may_carry_token
from catchment_webex_meetings.adapter import WebexMeetings
from catchment_webex_meetings.settings import WebexMeetingsSettings


def table(**changed: object) -> dict[str, Any]:
    """A source's table."""
    return {
        "client_id": "C4f1e",
        "client_secret": {"env": "WEBEX_CLIENT_SECRET"},
        "refresh_token": {"env": "WEBEX_REFRESH_TOKEN"},
    } | changed


def read(**changed: object) -> WebexMeetingsSettings:
    """The settings of a table."""
    return WebexMeetingsSettings.model_validate(table(**changed))


def test_every_field_is_described() -> None:
    """The descriptions are the comments of ``catchment init``."""
    assert all(field.description for field in WebexMeetingsSettings.model_fields.values())


@pytest.mark.parametrize(
    ("changed", "feeds"),
    [
        ({}, ["recordings", "meetings", "report"]),
        ({"profile": "compliance_officer"}, ["recordings", "report"]),
        ({"cross_check": ["report"]}, ["recordings", "report"]),
        ({"cross_check": []}, ["recordings"]),
        ({"cross_check": ["meetings"], "profile": "compliance_officer"}, ["recordings"]),
    ],
)
def test_the_profile_decides_which_books_can_be_read(
    changed: dict[str, object], feeds: list[str]
) -> None:
    """A compliance officer may look at meetings and not list them (common 3.5)."""
    assert [feed.name for feed in WebexMeetings.feeds_of(read(**changed))] == feeds


def test_the_share_decides_the_budget() -> None:
    """About 300 requests a minute and account, of which a part is ours (common 7)."""
    (budget,) = WebexMeetings.budgets_of(read(share=0.25)).values()
    assert (budget.rate, budget.per, budget.share) == (300, "1m", 0.25)


@pytest.mark.parametrize("site", ["https://corp.webex.com", "*.webex.com", " "])
def test_a_site_is_a_host(site: str) -> None:
    """What is no site is refused before anything is sent."""
    with pytest.raises(ValidationError, match="each entry is a site"):
        read(sites=[site])


def test_a_site_is_written_in_any_case_and_once() -> None:
    """Two spellings are not two parts of a feed."""
    assert read(sites=["Corp.webex.com", "corp.webex.com "]).sites == ("corp.webex.com",)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://webexapis.com/v1/meetingTranscripts/x/download", True),
        ("https://fra2wss.webex.com/nbr/MultiThreadDownloadServlet", False),
        ("https://corp.webex.com/corp/lsr.php", False),
        ("http://webexapis.com/v1/meetingTranscripts/x/download", False),
    ],
)
def test_the_bearer_goes_to_the_api_and_to_no_media_host(url: str, allowed: bool) -> None:
    """A media host answers a bearer with a sign-in page (4.4)."""
    with Kit(SystemClock(), budgets=WebexMeetings.budgets) as kit:
        hosts = WebexMeetings(Source("webex", read()), kit).token_hosts()
    assert may_carry_token(url, hosts) is allowed


def test_feeds_stay_within_what_webex_lists() -> None:
    """30 days of recordings, 90 days of the report, and never more than a year (10)."""
    from catchment.model import period

    longest = {feed.name: period(feed.max_window).days for feed in WebexMeetings.feeds}
    assert longest["recordings"] <= 30
    assert longest["report"] <= 90
    assert all(period(feed.horizon).days <= 365 for feed in WebexMeetings.feeds)
    overlaps = {depth for feed in WebexMeetings.feeds for depth in feed.lookback.values()}
    assert min(map(period, overlaps)).days >= 2  # 12, point 1
