"""What an administrator must enter so that Webex Calling can be captured.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from catchment_webex.settings import Profile, WebexSettings, check_url

Whose = Literal["organisation", "own"]


class WebexCallingSettings(WebexSettings):
    """The recordings and call records of one Webex Calling organisation."""

    profile: Profile = Field(
        default="compliance_officer",
        description="What the authorising account is: 'compliance_officer' (scope "
        "spark-compliance:recordings_read), or 'administrator', who may list recordings and is "
        "given no links to them, so that no audio is captured.",
    )
    whose: Whose = Field(
        default="organisation",
        description="'organisation' lists the recordings of everybody; 'own' only those of the "
        "authorising account (scope spark:recordings_read).",
    )
    call_records: bool = Field(
        default=True,
        description="Read the detailed call history (scope spark-admin:calling_cdr_read). Without "
        "it transfers are not joined, and nobody knows which recordings are missing.",
    )
    cdr_url: str = Field(
        default="https://analytics-calling.webexapis.com/v1",
        description="Where the detailed call history is; outside the United States and Canada a "
        "host of the region, such as https://analytics-calling-eu.webexapis.com/v1.",
    )
    exact_size: bool = Field(
        default=True,
        description="Refuse audio whose length differs from the size that Webex tells. Switch it "
        "off only if sound files are refused for that.",
    )

    @field_validator("cdr_url")
    @classmethod
    def _cdr_versioned(cls, value: str) -> str:
        url = check_url(value)
        return url if urlsplit(url).path else f"{url}/v1"
