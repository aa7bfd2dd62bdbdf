"""What an administrator must enter so that the meetings of a Webex organisation are captured.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from catchment_webex.settings import WebexSettings

Book = Literal["meetings", "report"]


class WebexMeetingsSettings(WebexSettings):
    """The meetings of one Webex organisation, on all of its sites or on some."""

    sites: tuple[str, ...] = Field(
        default=(),
        description="Capture only these sites, such as example.webex.com; empty for every site "
        "that the authorising account is told of.",
    )
    cross_check: tuple[Book, ...] = Field(
        default=("meetings", "report"),
        description="The platform's books that the recordings are compared with: 'meetings' (which "
        "ended meetings were recorded; administrators only) and 'report' (the sites' report of "
        "recordings). What they name and no list shows is asked for by its id, and told by "
        "'catchment report'.",
    )

    @field_validator("sites")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not site.strip() or "/" in site or "*" in site for site in value):
            raise ValueError(
                "each entry is a site such as example.webex.com, without https:// or *"
            )
        return tuple(dict.fromkeys(site.strip().lower() for site in value))
