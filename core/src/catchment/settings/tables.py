"""The tables of the settings file, as values.

The description of each field is what ``catchment init`` writes beside it, so it says in one line
what an operator needs to decide.  Where a default's text differs from its value (lengths of time,
sizes), nothing has to be kept in step: the template writes the value itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationInfo,
    field_validator,
)

from catchment._words import say_install
from catchment.adapters import Adapter, SourceSettings
from catchment.errors import BadSettings, Misuse, NotInstalled
from catchment.model import period
from catchment.secrets import Secret
from catchment.settings.kinds import (
    Beside,
    Host,
    Period,
    Size,
    Zone,
    beside,
    read_since,
)
from catchment.transport.trust import check_authorities

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql+psycopg://"
_NONE = timedelta()
WARNING = timedelta(days=7)
"""How long before it is lost something is an alarm, where the settings do not say."""


class Table(BaseModel):
    """What all tables have in common: unknown names are refused, and nothing changes later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True
    )


class CatalogueTable(Table):
    """The database that knows what was listed, fetched and archived."""

    url: str = Field(
        "sqlite:///catchment.db",
        repr=False,  # it may hold a password
        description="sqlite:///FILE, or postgresql+psycopg://USER@HOST/DATABASE",
    )
    password: Secret | None = Field(
        None,
        examples=[{"env": "CATCHMENT_DB_PASSWORD"}],
        description="Where the password of a PostgreSQL database is kept",
    )

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str, info: ValidationInfo) -> str:
        if url.startswith(_SQLITE):
            return _resolve_sqlite(url, info)
        if not url.startswith(_POSTGRES):
            raise ValueError(f"is not a database of ours; write {_SQLITE}FILE or {_POSTGRES}…")
        if find_spec("psycopg") is None:
            error = NotInstalled(
                "PostgreSQL needs the extra 'postgres', which is not installed",
                remedy=f"install it: {say_install('catchment[postgres]')}",
            )
            raise ValueError(f"{error}; {error.remedy}")
        try:
            urlsplit(url).port  # noqa: B018 - reading it is the check
        except ValueError:
            raise ValueError(f"is not a URL; write {_POSTGRES}USER@HOST:PORT/DATABASE") from None
        return url

    @field_validator("password")
    @classmethod
    def _check_password(cls, password: Secret | None, info: ValidationInfo) -> Secret | None:
        url = info.data.get("url")
        if password is None or url is None:
            return password
        parts = urlsplit(url)
        if not url.startswith(_POSTGRES):
            raise ValueError("is only for PostgreSQL; leave it out")
        if parts.password is not None:
            raise ValueError("stands in the setting 'url' too; leave it out there")
        if not parts.username:
            raise ValueError(f"belongs to nobody; name the user in 'url': {_POSTGRES}USER@HOST/…")
        return password

    def read_url(self) -> str:
        """The URL with the password in it, read anew.  Never to be logged.

        Raises:
            BadSettings: The password is not where the setting says.
        """
        if self.password is None:
            return self.url
        scheme, _, rest = self.url.partition("://")
        user, _, place = rest.partition("@")
        return f"{scheme}://{user}:{quote(self.password.read(), safe='')}@{place}"


def _resolve_sqlite(url: str, info: ValidationInfo) -> str:
    name, mark, options = url.removeprefix(_SQLITE).partition("?")
    if not name or name.startswith(":"):
        raise ValueError(f"must name a file, or nothing is remembered; write {_SQLITE}catchment.db")
    return f"{_SQLITE}{beside(Path(name), info)}{mark}{options}"


class ArchiveTable(Table):
    """Long-term storage: every file once, by its hash, and a sealed manifest per interaction."""

    root: Beside = Field(Path("archive"), description="The folder of the archive")
    authority: Host = Field(
        "catchment.invalid",
        description="A domain name of yours, under which manifests name what they hold",
    )


class BufferTable(Table):
    """Local working space for what is not archived yet."""

    root: Beside = Field(Path("buffer"), description="The folder of the buffer")
    reserve: Size = Field(
        10**9,
        ge=0,
        description="Free space that is left on the volume; downloads stop before it is touched",
    )


class MediaTable(Table):
    """What ffmpeg does."""

    ffmpeg: str = Field(
        "", description='The ffmpeg to use; "" looks on the PATH, then for the pip-installed one'
    )
    decode: StrictBool = Field(
        False, description="Decode every file from end to end when it is verified; thorough, slow"
    )

    @field_validator("ffmpeg")
    @classmethod
    def _resolve_ffmpeg(cls, ffmpeg: str, info: ValidationInfo) -> str:
        # A bare name is looked up on the PATH, like in a shell.
        return str(beside(Path(ffmpeg), info)) if "/" in ffmpeg else ffmpeg


class RunnerTable(Table):
    """How much one runner does at once."""

    downloads: StrictInt = Field(8, ge=1, description="Downloads at the same time")
    conversions: StrictInt = Field(2, ge=1, description="ffmpeg processes at the same time")
    pollers: StrictInt = Field(4, ge=1, description="Listings asked for at the same time")
    lease: Period = Field(
        timedelta(seconds=60),
        gt=_NONE,
        description="How long a runner that fell silent keeps its work from the others",
    )
    name: str = Field("", description='The name of this runner; "" means host name and process id')

    @field_validator("name")
    @classmethod
    def _name_runner(cls, name: str) -> str:
        return name.strip() or f"{socket.gethostname()}-{os.getpid()}"


class SealTable(Table):
    """When the manifest of an interaction is sealed."""

    quiet: Period = Field(
        timedelta(minutes=5), ge=_NONE, description="Seal when there was no news for this long"
    )
    max_age: Period = Field(
        timedelta(hours=24), gt=_NONE, description="Seal after this long, even if there is news"
    )


class LogTable(Table):
    """What is told while it runs."""

    format: Literal["text", "json"] = Field("text", description='"text" for people, or "json"')
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='The least that is told: "debug", "info", "warning" or "error"'
    )


class SourceKeys(Table):
    """What every source has, whatever its adapter."""

    adapter: str = Field(description="The adapter; 'catchment adapters' lists what is installed")
    enabled: StrictBool = Field(True, description="Whether the source is captured")
    timezone: Zone = Field("UTC", description="The IANA time zone in which its days are told")
    since: datetime | timedelta | None = Field(
        None,
        examples=["30d"],
        description="The oldest to capture: a date or an age; without it, all the platform lists",
    )
    recovery: Beside = Field(
        Path("recovery"),  # the reader puts the source's name behind it
        description="The folder that is watched for lists of ids to recover",
    )
    decode: StrictBool | None = Field(
        None, examples=[True], description="Overrides 'decode' of [media] for this source"
    )
    gone_after: Period | None = Field(
        None,
        examples=["24h"],
        description="How long 'not yet' is believed; without it, the adapter's own patience",
    )
    alarm_after: Period | None = Field(
        None,
        examples=["6h"],
        description="How long a recording may be without its media, counted from when it could "
        "first be had, before 'status' is alarmed",
    )
    alarm_before: Period | None = Field(
        None,
        gt=_NONE,
        examples=["7d"],
        description="How long before the platform deletes what is not archived 'status' is "
        "alarmed; without it 7d, or a quarter of the time that the platform keeps it, if shorter",
    )
    platform_keeps: Period | None = Field(
        None,
        gt=_NONE,
        examples=["30d"],
        description="How long the platform keeps a recording before it deletes it, as set up "
        "there; without it what the adapter knows, and the platform's own word for a recording "
        "goes before both",
    )

    ca_file: Beside | None = Field(
        None,
        examples=["proxy.pem"],
        description="Further certificate authorities to trust, as a PEM file: those of a proxy "
        "that looks into TLS",
    )

    @field_validator("ca_file")
    @classmethod
    def _check_authorities(cls, ca_file: Path | None) -> Path | None:
        if ca_file is not None:
            try:
                check_authorities(ca_file)
            except BadSettings as error:
                remedy = error.remedy[:1].lower() + error.remedy[1:].rstrip(".")
                raise ValueError(f"{error}; {remedy}") from None
        return ca_file

    @field_validator("since", mode="before")
    @classmethod
    def _read_since(cls, value: object, info: ValidationInfo) -> object:
        return read_since(value, info.data.get("timezone", "UTC"))


class SourceTable(SourceKeys):
    """One configured account of a platform.

    Attributes:
        name: Its label: the name of its table in the file.
        kind: The adapter's class.
        settings: An instance of the adapter's ``Settings``.
    """

    name: str
    kind: type[Adapter] = Field(repr=False)
    settings: SourceSettings

    @property
    def patience(self) -> timedelta:
        """How long "not yet" is believed."""
        return self.gone_after or period(self.kind.patience)

    @property
    def keeps(self) -> timedelta | None:
        """How long the platform keeps a recording, from when it began; ``None`` if not known."""
        rule = self.kind.keeps_of(self.settings)
        return self.platform_keeps or (period(rule) if rule else None)

    def warns(self, lasts: timedelta | None) -> timedelta:
        """How long before the end of what *lasts* so long (``None``: not known) the alarm begins.

        What is as long as all of it would be an alarm without end, and counts as not said.
        """
        asked = self.alarm_before
        if asked is not None and (lasts is None or asked < lasts):
            return asked
        return WARNING if lasts is None else min(WARNING, lasts / 4)

    def starts_at(self, now: datetime) -> datetime | None:
        """The oldest moment to capture, seen from *now*; ``None`` leaves it to each feed."""
        return now - self.since if isinstance(self.since, timedelta) else self.since


class Settings(Table):
    """Everything that the settings file says, judged and with its paths made absolute."""

    catalogue: CatalogueTable = Field(default_factory=CatalogueTable)
    archive: ArchiveTable = Field(default_factory=ArchiveTable)
    buffer: BufferTable = Field(default_factory=BufferTable)
    media: MediaTable = Field(default_factory=MediaTable)
    runner: RunnerTable = Field(default_factory=RunnerTable)
    seal: SealTable = Field(default_factory=SealTable)
    log: LogTable = Field(default_factory=LogTable)
    sources: dict[str, SourceTable] = Field(default_factory=dict)

    @property
    def patience(self) -> dict[str, timedelta]:
        """How long "not yet" is believed, by the names of the sources."""
        return {name: table.patience for name, table in self.sources.items()}

    def choose(self, names: Iterable[str]) -> list[str]:
        """The enabled sources, or those of them that are *named*.

        Raises:
            Misuse: There is no such source, or none at all.
        """
        chosen = list(names) or [name for name, table in self.sources.items() if table.enabled]
        for name in chosen:
            self.source(name)
        if not chosen:
            raise Misuse(
                "no source is configured",
                remedy="Add a table [sources.NAME] to the settings file ('catchment init').",
            )
        return chosen

    def source(self, name: str) -> SourceTable:
        """The source called *name*.

        Raises:
            BadSettings: There is none; the sentence names those that are.
        """
        if name in self.sources:
            return self.sources[name]
        known = f"known are {', '.join(sorted(self.sources))}" if self.sources else "there are none"
        near = get_close_matches(name, self.sources, n=1)
        if len(self.sources) == 1:
            near = list(self.sources)
        add = f"dd a table [sources.{name}] to the settings file."
        other = f"Name one of these, or a{add}" if self.sources else f"A{add}"
        raise BadSettings(
            f"there is no source {name!r}; {known}",
            remedy=f"Did you mean {near[0]!r}?" if near else other,
        )
