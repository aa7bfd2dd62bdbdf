"""What an administrator may enter, and what is refused with a sentence."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from catchment_webex_calling.adapter import WebexCalling
from catchment_webex_calling.settings import WebexCallingSettings

APP: dict[str, object] = {
    "client_id": "C1",
    "client_secret": {"env": "A"},
    "refresh_token": {"env": "B"},
}


def settings(**changed: object) -> WebexCallingSettings:
    """The least that must be entered, with something changed."""
    return WebexCallingSettings.model_validate(APP | changed)


def test_the_least_is_an_app_and_its_authorisation() -> None:
    """Everything else has a value that suits a compliance officer's organisation."""
    told = settings()
    assert (told.profile, told.whose, told.call_records) == (
        "compliance_officer",
        "organisation",
        True,
    )
    assert told.cdr_url == "https://analytics-calling.webexapis.com/v1"


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("https://analytics-calling-eu.webexapis.com", "/v1"),
        ("https://analytics-calling-eu.webexapis.com/", "/v1"),
        ("https://analytics-calling-eu.webexapis.com/v1", ""),
        ("https://analytics-calling-eu.webexapis.com/v1/", ""),
        ("http://127.0.0.1:4711", "/v1"),
    ],
)
def test_the_host_of_the_call_history_needs_no_path(entered: str, kept: str) -> None:
    """Region by region (2.1); the version is added where it is missing."""
    assert settings(cdr_url=entered).cdr_url == entered.rstrip("/") + kept


@pytest.mark.parametrize("entered", ["analytics.webexapis.com", "http://h.example", "https://", ""])
def test_a_token_is_sent_encrypted_or_nowhere(entered: str) -> None:
    """The bearer goes there."""
    with pytest.raises(ValidationError):
        settings(cdr_url=entered)


@pytest.mark.parametrize(
    "changed", [{"whose": "mine"}, {"profile": "user"}, {"share": 0}, {"clientid": "x"}], ids=repr
)
def test_what_is_not_understood_is_refused(changed: dict[str, object]) -> None:
    """A misspelled setting must not be passed over in silence."""
    with pytest.raises(ValidationError):
        settings(**changed)


def test_without_call_records_there_are_only_recordings() -> None:
    """Their feeds are switched off together."""
    names = [feed.name for feed in WebexCalling.feeds_of(settings(call_records=False))]
    assert names == ["recordings"]
    assert len(WebexCalling.feeds_of(settings())) == 3


def test_the_share_leaves_the_call_historys_own_limit_alone() -> None:
    """One question a minute cannot be shared (2.1)."""
    budgets = WebexCalling.budgets_of(settings(share=0.1))
    assert {name: budget.share for name, budget in budgets.items()} == {
        "api": 0.1,
        "cdr": 1.0,
        "cdr_pages": 1.0,
    }
