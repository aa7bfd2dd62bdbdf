"""What an administrator must enter so that a Webex organisation can be reached.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from catchment.adapters import SourceSettings
from catchment.secrets import Secret

Profile = Literal["administrator", "compliance_officer"]

_HERE = ("127.0.0.1", "localhost", "::1")


def check_url(value: str) -> str:
    """*value* without a slash at its end, if secrets may be sent there.

    Raises:
        ValueError: It is not encrypted, and not on this machine.
    """
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise ValueError("it must begin with https://, because secrets are sent there")
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it is a host with a path at most, without parameters")
    return value.rstrip("/")


class WebexSettings(SourceSettings):
    """One Webex organisation, reached by a Service App or an integration (sheet 3.1)."""

    client_id: str = Field(
        description="Client ID of the Service App or integration (developer.webex.com, My Webex "
        "Apps)."
    )
    client_secret: Secret = Field(
        description="Client secret of the same app, by reference: "
        '{env = "WEBEX_CLIENT_SECRET"}, {file = "/run/secrets/webex"} or '
        '{keyring = "webex/app"}.'
    )
    refresh_token: Secret = Field(
        description="Refresh token of the app's authorisation, by reference. It is needed once: "
        "what Webex hands out in its place is kept in the catalogue, sealed with the client "
        "secret. Enter a new one only after authorising the app anew."
    )
    profile: Profile = Field(
        default="administrator",
        description="What the authorising account is: 'administrator' (full administrator, and "
        "administrator of the sites) or 'compliance_officer'. It decides how Webex must be asked.",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="The part of Webex's rate limit that this source may use; the limit is shared "
        "by all apps that act as the same account.",
    )
    api_url: str = Field(
        default="https://webexapis.com/v1",
        description="Where the API is, with its version.",
    )

    @field_validator("client_id")
    @classmethod
    def _filled(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is empty; copy it from the app's page on developer.webex.com")
        return value.strip()

    @field_validator("api_url")
    @classmethod
    def _versioned(cls, value: str) -> str:
        url = check_url(value)
        return url if urlsplit(url).path else f"{url}/v1"
