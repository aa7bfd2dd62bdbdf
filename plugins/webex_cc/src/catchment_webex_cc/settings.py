"""What an administrator must enter so that a Webex Contact Center can be captured.

The description of each field is what ``catchment init`` writes above it.  One adapter speaks three
generations of the platform; what belongs to another one than the chosen may be left out (7).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from catchment.adapters import SourceSettings
from catchment.model import period
from catchment.secrets import Secret
from catchment_webex.settings import check_url

Generation = Literal["programmatic", "cms2", "cms1"]
Region = Literal["us1", "eu1", "eu2", "anz1", "ca1", "jp1", "sg1", "in1"]
AcdId = Literal["id", "dbId"]

SHORTEST_INTERVAL = timedelta(minutes=10)
"""The platform's directory may be asked no more often (S002-91)."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FORMER = re.compile(r"[A-Za-z0-9-]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_OAUTH = ("client_id", "client_secret", "organisation_id")
_LEGACY = ("api_url", "media_url", "username")
_NEEDED: dict[Generation, tuple[str, ...]] = {
    "programmatic": _OAUTH,
    "cms2": (*_OAUTH, *_LEGACY),
    "cms1": (*_LEGACY, "api_key", "tenant_id"),
}


class WebexContactCenterSettings(SourceSettings):
    """One tenant of Webex Contact Center, in any of its generations."""

    generation: Generation = Field(
        default="programmatic",
        description="Which APIs the tenant has: 'programmatic' (Webex Contact Center 2.0), 'cms2' "
        "(the transitional 2.0) or 'cms1' (Cisco Webex Contact Center 1.0). Change it when Cisco "
        "has moved the tenant; what is captured already is not captured again.",
    )
    client_id: str = Field(
        default="",
        description="Client ID of the Service App or integration (developer.webex.com, My Webex "
        "Apps); not for cms1.",
        json_schema_extra={"fill": True},
    )
    client_secret: Secret | None = Field(
        default=None,
        description="Client secret of the same app, by reference: "
        '{env = "WEBEX_CC_CLIENT_SECRET"}, {file = "/run/secrets/webex_cc"} or '
        '{keyring = "webex/cc"}; not for cms1.',
        json_schema_extra={"fill": True},
    )
    refresh_token: Secret | None = Field(
        default=None,
        description="Refresh token of the app's authorisation by a Contact Center administrator, "
        "by reference. It is needed once: what Webex hands out in its place is kept in the "
        "catalogue, sealed with the client secret. Not for cms1.",
        json_schema_extra={"fill": True},
    )
    application_id: str = Field(
        default="",
        description="Instead of refresh_token: the application id of a Service App, whose tokens "
        "are asked for with app_token.",
    )
    app_token: Secret | None = Field(
        default=None,
        description="Token with the scope spark:applications_token, by reference, with which the "
        "tokens of the Service App in application_id are asked for.",
    )
    region: Region = Field(
        default="us1",
        description="Where the organisation is; programmatic only. It is us1 (North America), eu1, "
        "eu2 (Europe), anz1 (Australia, New Zealand), ca1 (Canada), jp1 (Japan), sg1 (Singapore) "
        "or in1 (India).",
        json_schema_extra={"fill": True},
    )
    api_url: str = Field(
        default="",
        description="Where the API is, with https://. Programmatic: the region's host, if left "
        "out. cms1: such as https://rest-tenant.ccone.net/aws/api.",
    )
    media_url: str = Field(
        default="",
        description="Where recordings are, with https://, such as "
        "https://rd-tenant.ccone.net/cr/get-decrypted-recording; cms1 and cms2 only.",
    )
    auth_url: str = Field(
        default="https://webexapis.com/v1",
        description="Where tokens are renewed, with the version; not for cms1.",
    )
    organisation_id: str = Field(
        default="",
        description="Id of the organisation, a UUID (Control Hub, Account; formerly called tenant "
        "id); not for cms1. A token of another organisation is refused.",
        json_schema_extra={"fill": True},
    )
    tenant_id: str = Field(
        default="",
        description="Tenant id in letters and digits, such as 1000777; cms1 only.",
    )
    former_tenant_id: str = Field(
        default="",
        description="The tenant or organisation id under which this source captured the same "
        "tenant before Cisco moved it to this generation: the source then goes on where it stood.",
    )
    username: str = Field(
        default="",
        description="E-mail address of a user who may use the API and the media API; cms1 and "
        "cms2 only.",
    )
    api_key: Secret | None = Field(
        default=None,
        description="That user's API key (Management Portal), by reference; cms1 only.",
    )
    interval: str = Field(
        default="10m",
        description="How often users, teams and queues are read; at least 10m.",
    )
    teams: tuple[str, ...] = Field(
        default=(),
        description="Read only users of teams with these names, in which * and ? stand for any "
        "text and any one character; all users, if left out.",
    )
    keep_teams: bool = Field(
        default=False,
        description="Keep which team a user belongs to. Of several teams the first counts.",
    )
    acd_id: AcdId = Field(
        default="id",
        description="Which id of a user is the agent's ACD id: 'id' (the system's), or 'dbId' (the "
        "number from before the tenant was moved).",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="The part of the platform's rate limit that this source may use; the limit is "
        "shared by everything that uses the same client id.",
    )

    @property
    def organisation_params(self) -> tuple[tuple[str, str], ...]:
        """What CMSv2 wants to be asked with in any request, and CMSv1 does not know (7.6)."""
        return (("orgId", self.organisation_id),) if self.generation == "cms2" else ()

    @property
    def account_id(self) -> str:
        """The tenant, as its generation calls it."""
        return self.tenant_id if self.generation == "cms1" else self.organisation_id

    @model_validator(mode="before")
    @classmethod
    def _hosts(cls, told: Any) -> Any:
        """Put the hosts that will be asked in place of what was left out, so that people see them.

        The region names the host of the Programmatic APIs (1.1); CMSv1 renews no tokens.
        """
        if not isinstance(told, Mapping):
            return told
        generation, region = told.get("generation", "programmatic"), told.get("region", "us1")
        hosts: dict[str, str] = {}
        if generation == "programmatic" and told.get("api_url") in (None, ""):
            hosts["api_url"] = f"https://api.wxcc-{region}.cisco.com"
        if generation == "cms1":
            hosts["auth_url"] = ""
        return {**told, **hosts}

    @field_validator(
        "client_id",
        "application_id",
        "api_url",
        "media_url",
        "auth_url",
        "organisation_id",
        "tenant_id",
        "former_tenant_id",
        "username",
        "interval",
        mode="before",
    )
    @classmethod
    def _quoted(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f'write it in quotes: {info.field_name} = "{value}"')
        return value

    @field_validator("client_id", "application_id", "former_tenant_id", "tenant_id")
    @classmethod
    def _stripped(cls, value: str) -> str:
        return value.strip()

    @field_validator("api_url", "media_url", "auth_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return check_url(value.strip()) if value.strip() else ""

    @field_validator("organisation_id")
    @classmethod
    def _uuid(cls, value: str) -> str:
        found = value.strip().lower()
        if found and not _UUID.fullmatch(found):
            raise ValueError(
                "it must be a UUID such as 0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22, as Control Hub "
                "shows it under Account"
            )
        return found

    @field_validator("tenant_id")
    @classmethod
    def _alphanumeric(cls, value: str) -> str:
        if value and not (value.isascii() and value.isalnum()):
            raise ValueError("it must be made of letters and digits, such as 1000777")
        return value

    @field_validator("former_tenant_id")
    @classmethod
    def _former(cls, value: str) -> str:
        if value and not _FORMER.fullmatch(value):
            raise ValueError(
                "it must be made of letters, digits and dashes, as the setting tenant_id or "
                "organisation_id named the tenant before"
            )
        return value

    @field_validator("username")
    @classmethod
    def _address(cls, value: str) -> str:
        found = value.strip()
        if found and not _EMAIL.fullmatch(found):
            raise ValueError("it must be the user's e-mail address")
        return found

    @field_validator("interval")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if period(value) < SHORTEST_INTERVAL:
            raise ValueError(f"{value} is too short: users, teams and queues are read every 10m "
                             "at most")  # fmt: skip
        return value

    @field_validator("teams", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"write a list: teams = [{json.dumps(value, ensure_ascii=False)}]")
        return value

    @field_validator("teams")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(pattern.strip() for pattern in value):
            raise ValueError("a pattern of a team's name is empty; leave it out")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """What the chosen generation cannot do without, named in one sentence."""
        missing = [name for name in _NEEDED[self.generation] if not getattr(self, name)]
        if self.generation != "cms1" and not self._may_mint():
            missing.append("refresh_token (or application_id with app_token)")
        if missing:
            raise ValueError(f"generation = '{self.generation}' needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        if self.refresh_token and (self.application_id or self.app_token):
            raise ValueError(
                "refresh_token and application_id with app_token are two ways to the same tokens: "
                "leave one of them out"
            )
        if self.former_tenant_id and self.former_tenant_id.lower() == self.account_id.lower():
            raise ValueError(
                "former_tenant_id names the tenant as it is called now: leave it out, or enter "
                "the id of before the move"
            )
        return self

    def _may_mint(self) -> bool:
        return bool(self.refresh_token or (self.application_id and self.app_token))
