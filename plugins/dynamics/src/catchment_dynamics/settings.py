"""What an administrator must enter so that a Dynamics 365 environment can be captured.

The description of each field is what ``catchment init`` writes above it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from catchment.adapters import SourceSettings
from catchment.secrets import Secret
from catchment_dynamics.choices import AUTOMATIC, Begin, Orientation, Rule

Listing = Literal["modifiedon", "change_tracking"]
Audio = Literal["auto", "sas", "chunks", "whole"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TENANT = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class DynamicsSettings(SourceSettings):
    """One environment (organisation) of Microsoft Dynamics 365, reached as an application user."""

    tenant_id: str = Field(
        description="Directory (tenant) id of Microsoft Entra ID, a GUID or one of its domain "
        "names (Entra admin center, App registrations, Overview)."
    )
    client_id: str = Field(
        description="Application (client) id of the app registration, a GUID. The environment "
        "needs an application user of this id with a security role that may read the voice "
        "channel's tables (Power Platform admin center, the environment, Application users)."
    )
    client_secret: Secret = Field(
        description="Client secret (its value, not its id) of the same app, by reference: "
        '{env = "DYNAMICS_CLIENT_SECRET"}, {file = "/run/secrets/dynamics"} or '
        '{keyring = "dynamics/app"}. It expires; a new one needs no restart.'
    )
    url: str = Field(
        description="The environment's address with its region number, such as "
        "https://contoso.crm4.dynamics.com (Power Platform admin center, Environment URL)."
    )
    login_url: str = Field(
        default="https://login.microsoftonline.com",
        description="Where tokens are asked for; national clouds have another host.",
    )
    organisation_id: str = Field(
        default="",
        description="Organization id of the environment, a GUID (Power Platform admin center, the "
        "environment's details). Where it is given, another environment is refused.",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="The part of the platform's limit that this source may use. Each application "
        "user has a limit of its own, which everything shares that uses the same client id.",
    )
    listing: Listing = Field(
        default="modifiedon",
        description="How changes are found: 'modifiedon' (by the time of a row's last change) or "
        "'change_tracking', which must be on for each table and wants read access of the whole "
        "organisation.",
    )
    audio: Audio = Field(
        default="auto",
        description="How files are downloaded: 'auto' (by a signed link, else in pieces, else "
        "whole), 'sas' (signed links alone), 'chunks' (pieces alone) or 'whole'. "
        "'catchment check' tells which of them the environment allows.",
    )
    recording_begins: Begin = Field(
        default="answer",
        description="Where a recording begins, which Dynamics does not tell: 'answer' (when the "
        "first agent accepts) or 'call' (when the call arrives). What is cut for each agent "
        "depends on it.",
    )
    outbound_numbers: Orientation = Field(
        default="from_caller",
        description="How numbers of outbound calls are to be read: 'from_caller' (the 'from' "
        "number is the organisation's) or 'from_customer' (the 'from' number is always the "
        "customer's).",
    )
    workstreams: Mapping[str, Rule] = Field(
        default_factory=dict,
        description="Workstreams, by name or id, that do not record each answered call, such as "
        '{"Support line" = "by_hand"}: '
        "'by_hand' (agents start it), 'consent' (the customer is asked), 'off', or 'automatic', "
        "which is what all others are. Calls without a recording are then told as such.",
    )
    transcripts: bool = Field(
        default=True, description="Capture transcripts of calls beside the recordings."
    )
    voicemails: bool = Field(default=True, description="Capture voicemails.")

    def find_rule(self, *names: str | None) -> Rule:
        """How a workstream records, by the first of its ids and names that is told; else all."""
        rules = {_plain(name): rule for name, rule in self.workstreams.items()}
        known = (rules.get(_plain(name)) for name in names if name)
        return next((rule for rule in known if rule), AUTOMATIC)

    @field_validator("tenant_id", "client_id", "url", "login_url", "organisation_id", mode="before")
    @classmethod
    def _quoted(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f'write it in quotes: {info.field_name} = "{value}"')
        return value

    @field_validator("tenant_id")
    @classmethod
    def _tenant(cls, value: str) -> str:
        found = value.strip()
        if not _TENANT.fullmatch(found):
            raise ValueError(
                "it must be the tenant's GUID or one of its domain names, such as "
                "contoso.onmicrosoft.com"
            )
        if found.lower() in ("common", "organizations", "consumers"):
            raise ValueError("an application signs in to one tenant: enter its GUID or domain name")
        return found.lower()

    @field_validator("client_id")
    @classmethod
    def _client(cls, value: str) -> str:
        found = _bare(value)
        if not _UUID.fullmatch(found):
            raise ValueError(
                "it must be a GUID: copy 'Application (client) ID' of the app registration"
            )
        return found

    @field_validator("organisation_id")
    @classmethod
    def _organisation(cls, value: str) -> str:
        found = _bare(value)
        if found and not _UUID.fullmatch(found):
            raise ValueError(
                "it must be a GUID: copy 'Organization ID' of the environment, or leave it out"
            )
        return found

    @field_validator("url", "login_url")
    @classmethod
    def _host(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("it must begin with https://, because secrets are sent there")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(
                "it is a host alone, without a path: https://contoso.crm4.dynamics.com"
            )
        return f"https://{parts.netloc.lower()}"

    @field_validator("workstreams", mode="before")
    @classmethod
    def _table(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError('write a table: workstreams = {"Support line" = "by_hand"}')
        if not all(str(name).strip() for name in value):
            raise ValueError("the name of a workstream is empty; leave it out")
        return value


def _bare(value: str) -> str:
    """A GUID as it is written in most places: lower case, without braces."""
    return value.strip().strip("{}").lower()


def _plain(name: str) -> str:
    return " ".join(name.strip().strip("{}").lower().split())
