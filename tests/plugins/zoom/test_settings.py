"""What an administrator enters: defaults, refusals in one sentence, feeds and budgets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from catchment_zoom.adapter import Zoom
from catchment_zoom.settings import ZoomSettings


def table(**changed: object) -> dict[str, Any]:
    """A source's table."""
    return {
        "account_id": "Zt4cQmP0R7yV1nKd3HsWbg",
        "client_id": "qWeRtY",
        "client_secret": {"env": "ZOOM_CLIENT_SECRET"},
    } | changed


def test_three_values_are_enough() -> None:
    """Everything else has a default that suits a business account with archiving."""
    settings = ZoomSettings.model_validate(table())
    assert (settings.source, settings.plan, settings.share) == ("archive", "business", 0.5)
    assert settings.token_hosts == ("zoom.us",)


def test_every_field_is_described() -> None:
    """The descriptions are the comments of ``catchment init``."""
    assert all(field.description for field in ZoomSettings.model_fields.values())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"account_id": " "}, "App Credentials"),
        ({"client_id": ""}, "App Credentials"),
        ({"client_secret": "s3cret"}, "does not belong into the settings file"),
        ({"share": 0}, "greater than 0"),
        ({"share": 1.5}, "less than or equal to 1"),
        ({"source": "all"}, "archive"),
        ({"group_ids": [str(n) for n in range(8)]}, "7 groups at most, here are 8"),
        ({"api_url": "http://api.zoom.us"}, "https"),
        ({"api_url": "https://api.zoom.us/v2"}, "without a path"),
        ({"token_hosts": ["https://zoom.us"]}, "host name"),
        ({"token_hosts": ["*.zoom.us"]}, "host name"),
        ({"acount_id": "x"}, "Extra inputs"),
    ],
)
def test_what_cannot_work_is_refused(changed: dict[str, object], said: str) -> None:
    """One sentence per mistake, before anything is sent."""
    with pytest.raises(ValidationError, match=said):
        ZoomSettings.model_validate(table(**changed))


def test_a_simulated_platform_on_this_machine_needs_no_https() -> None:
    """Plain http is for the own machine alone."""
    assert ZoomSettings.model_validate(table(api_url="http://127.0.0.1:4711/")).api_url == (
        "http://127.0.0.1:4711"
    )


@pytest.mark.parametrize(
    ("source", "feeds"),
    [
        ("archive", ["archive_completed", "archive_started"]),
        ("recordings", ["recordings"]),
        ("both", ["archive_completed", "archive_started", "recordings"]),
    ],
)
def test_the_products_decide_the_feeds(source: str, feeds: list[str]) -> None:
    """The main one first."""
    settings = ZoomSettings.model_validate(table(source=source))
    assert [feed.name for feed in Zoom.feeds_of(settings)] == feeds


@pytest.mark.parametrize(
    ("plan", "rates"), [("free", (4, 2, 1)), ("pro", (30, 20, 10)), ("business", (80, 60, 40))]
)
def test_the_plan_and_the_share_decide_the_budgets(plan: str, rates: tuple[int, ...]) -> None:
    """The limits are the account's, shared with all other apps (8.1, fact 16)."""
    budgets = Zoom.budgets_of(ZoomSettings.model_validate(table(plan=plan, share=0.25)))
    assert tuple(budgets[label].rate for label in ("light", "medium", "heavy")) == rates
    assert {budget.share for budget in budgets.values()} == {0.25}
