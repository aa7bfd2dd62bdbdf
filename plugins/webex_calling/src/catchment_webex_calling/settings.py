"""What an administrator must enter so that Webex Calling can be captured.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from catchment_webex.settings import Profile, WebexSettings, check_url

Whose = Literal["organisation", "own"]
Removed = Literal["deleted", "purged"]


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
    removed: tuple[Removed, ...] = Field(
        default=("deleted", "purged"),
        description="Capture also what somebody removed before it was captured: 'deleted' (in the "
        "recycle bin) and 'purged' (taken out of it; told to compliance officers only). What the "
        "account may not list fails and keeps the watermark back until it may, or until it is "
        "taken out here: then recordings that are removed early are lost.",
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

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses by which recordings are listed (1.2): only an officer is told the purged."""
        officer = self.profile == "compliance_officer" and self.whose == "organisation"
        told = ("deleted", "purged") if officer else ("deleted",)
        return ("available", *(status for status in told if status in self.removed))

    @field_validator("cdr_url")
    @classmethod
    def _cdr_versioned(cls, value: str) -> str:
        url = check_url(value)
        return url if urlsplit(url).path else f"{url}/v1"
