"""What an administrator enters to reach a Webex organisation."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from catchment_webex.settings import WebexSettings


def table(**changed: object) -> dict[str, Any]:
    """A source's table."""
    return {
        "client_id": "C4f1e",
        "client_secret": {"env": "WEBEX_CLIENT_SECRET"},
        "refresh_token": {"env": "WEBEX_REFRESH_TOKEN"},
    } | changed


def test_three_values_are_enough() -> None:
    """Everything else has a default."""
    settings = WebexSettings.model_validate(table())
    assert (settings.profile, settings.api_url) == ("administrator", "https://webexapis.com/v1")


def test_every_field_is_described() -> None:
    """The descriptions are the comments of ``catchment init``."""
    assert all(field.description for field in WebexSettings.model_fields.values())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"client_id": " "}, "developer.webex.com"),
        ({"client_secret": "s3cret"}, "does not belong into the settings file"),
        ({"refresh_token": "r3fresh"}, "does not belong into the settings file"),
        ({"profile": "partner"}, "compliance_officer"),
        ({"share": 0}, "greater than 0"),
        ({"api_url": "http://webexapis.com/v1"}, "https"),
        ({"api_url": "https://webexapis.com/v1?x=1"}, "without parameters"),
        ({"site": "x"}, "Extra inputs"),
    ],
)
def test_what_cannot_work_is_refused(changed: dict[str, object], said: str) -> None:
    """One sentence per mistake, before anything is sent."""
    with pytest.raises(ValidationError, match=said):
        WebexSettings.model_validate(table(**changed))


@pytest.mark.parametrize(
    ("entered", "used"),
    [
        ("https://webexapis.com/v1/", "https://webexapis.com/v1"),
        ("https://webexapis.com", "https://webexapis.com/v1"),
        ("http://127.0.0.1:4711", "http://127.0.0.1:4711/v1"),
    ],
)
def test_the_version_may_be_left_out(entered: str, used: str) -> None:
    """There is one; plain http is for the own machine alone."""
    assert WebexSettings.model_validate(table(api_url=entered)).api_url == used
