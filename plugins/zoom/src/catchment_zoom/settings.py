"""What an administrator must enter so that a Zoom account can be captured.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from catchment.adapters import SourceSettings
from catchment.secrets import Secret

Product = Literal["archive", "recordings", "both"]
Plan = Literal["free", "pro", "business"]

_HERE = ("127.0.0.1", "localhost", "::1")
_MAX_GROUPS = 7


class ZoomSettings(SourceSettings):
    """One Zoom account, reached by a server-to-server OAuth app (sheet section 2)."""

    account_id: str = Field(
        description="Account ID of the server-to-server OAuth app (App Marketplace, page "
        "'App Credentials')."
    )
    client_id: str = Field(description="Client ID of the same app.")
    client_secret: Secret = Field(
        description="Client secret of the same app, by reference: "
        '{env = "ZOOM_CLIENT_SECRET"}, {file = "/run/secrets/zoom"} or {keyring = "zoom/app"}.'
    )
    source: Product = Field(
        default="archive",
        description="What is captured: 'archive' (files of the account's archiving for "
        "compliance, kept by Zoom for 30 days at most), 'recordings' (cloud recordings) or 'both'.",
    )
    plan: Plan = Field(
        default="business",
        description="The account's plan, which decides how often Zoom may be asked: 'free', "
        "'pro' or 'business' (also Education, Enterprise and Partner).",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="The part of Zoom's rate limit that this source may use; the limit is shared "
        "by all apps of the account.",
    )
    group_ids: tuple[str, ...] = Field(
        default=(),
        description="Capture only archived meetings of these groups, seven at most; empty for "
        "all. Does not narrow cloud recordings.",
    )
    verify_fingerprint: bool = Field(
        default=True,
        description="Compare each archive file with the SHA-256 that Zoom tells, and note a "
        "difference; a file is never refused for it, because Zoom does not say what it hashes.",
    )
    api_url: str = Field(
        default="https://api.zoom.us",
        description="Where the API is; a regional host such as https://api-eu.zoom.us works too.",
    )
    auth_url: str = Field(default="https://zoom.us", description="Where tokens are asked for.")
    token_hosts: tuple[str, ...] = Field(
        default=("zoom.us",),
        description="Hosts that may be sent the access token when files are downloaded, with all "
        "hosts below them; nobody else ever is. Add a vanity host only if it is Zoom's.",
    )

    @field_validator("account_id", "client_id")
    @classmethod
    def _filled(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is empty; copy it from the app's page 'App Credentials'")
        return value.strip()

    @field_validator("group_ids")
    @classmethod
    def _few_groups(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > _MAX_GROUPS:
            raise ValueError(f"Zoom filters by {_MAX_GROUPS} groups at most, here are {len(value)}")
        return value

    @field_validator("api_url", "auth_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise ValueError("it must begin with https://, because secrets are sent there")
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("it is a host alone, without a path: https://api.zoom.us")
        return value.rstrip("/")

    @field_validator("token_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not host or "/" in host or "*" in host for host in value):
            raise ValueError("each entry is a host name such as zoom.us, without scheme or *")
        return tuple(host.lower() for host in value)
