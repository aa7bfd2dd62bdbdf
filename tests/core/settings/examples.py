"""An adapter that is small and complete enough to be configured, and a way to write settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from catchment.adapters import Adapter, AdapterStatus, SourceSettings
from catchment.errors import BadSettings, NotInstalled
from catchment.model import Feed
from catchment.secrets import Secret
from catchment.settings import Period, Settings, Size, read_settings


class Site(BaseModel):
    """A table inside the adapter's own settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    token: Secret | None = None


class ParrotSettings(SourceSettings):
    """What an administrator must enter for the platform Parrot."""

    plan: Literal["basic", "pro"] = Field("basic", description='"basic" or "pro"')
    account_id: str = Field(description="The account, from the app's page")
    client_secret: Secret = Field(description="Where the app's secret is kept")
    webhook: Secret | None = Field(None, description="Where the webhook's secret is kept")
    pause: Period = Field(timedelta(minutes=90), description="A length of time")
    chunk: Size = Field(64 * 10**6, description="A size")
    sites: tuple[Site, ...] = Field((), description="Sites that fail alone")

    @field_validator("client_secret", "webhook", mode="before")
    @classmethod
    def _quote_carelessly(cls, value: object) -> object:
        if value == {"env": "careless-value"}:
            raise ValueError(f"the value {value['env']} is not good; change it")
        return value


class Parrot(Adapter):
    """Just enough of an adapter to be configured."""

    name = "parrot"
    platform = "Parrot"
    Settings = ParrotSettings
    feeds = (Feed("calls", every="5m", max_window="1d"),)


PARROT = AdapterStatus("parrot", "catchment-parrot", "1.0", adapter=Parrot)

GOOD = """\
[sources.birds]
adapter = "parrot"
account_id = "a-1"
client_secret = {env = "PARROT_SECRET"}
"""


def load_example(name: str) -> type[Adapter]:
    """Finds the adapter of these tests and no other, as an installation would."""
    if name == "parrot":
        return Parrot
    raise NotInstalled(f"no adapter called {name!r} is installed", remedy="Install it.")


def read_text(folder: Path, text: str) -> Settings:
    """The settings that *text* gives, as the file catchment.toml in *folder*."""
    file = folder / "catchment.toml"
    file.write_text(dedent(text), "utf-8")
    return read_settings(file, load=load_example)


def refuse(folder: Path, text: str) -> list[str]:
    """What is said about the faulty *text*, line by line, without the folder's name."""
    with pytest.raises(BadSettings) as caught:
        read_text(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()
