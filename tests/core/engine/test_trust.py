"""The authorities of a source are trusted in whatever the engine opens for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.core.sandbox.cloud import START, Cloud

from catchment._engine import checkup
from catchment._engine.application import Application
from catchment.adapters import Adapter, Source, SourceSettings
from catchment.clock import ManualClock
from catchment.errors import Unreachable
from catchment.hookspecs import hookimpl
from catchment.model import Account, Feed, Finding, Way
from catchment.sandbox import World, serve
from catchment.settings import Settings, read_settings
from catchment.transport import Kit, Request


class SafeCloud(Cloud):
    """A platform over TLS."""

    name = "safe"
    tls = True


class SafeSettings(SourceSettings):
    """Where it is."""

    url: str


class Safe(Adapter):
    """Asks the platform who we are, and nothing else."""

    name = "safe"
    platform = "Safe"
    Settings = SafeSettings
    feeds = (Feed("calls", every="5m", max_window="1d"),)

    def __init__(self, source: Source, kit: Kit) -> None:
        assert isinstance(source.settings, SafeSettings)
        self.client = kit.client(source.settings.url)

    @hookimpl
    def account(self) -> Account:
        """Somebody, if the platform answers."""
        self.client.send(Request("GET", "/list"))
        return Account("acme")

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """Nothing more."""
        yield from ()


@pytest.fixture
def cloud() -> Iterator[SafeCloud]:
    """A platform over TLS that is served."""
    cloud = SafeCloud(World(3, START, meetings=4), ManualClock(START))
    with serve([cloud]):
        yield cloud


def configure(folder: Path, cloud: SafeCloud, *lines: str) -> Settings:
    """Settings of the platform, with *lines* in the table of the source."""
    own = ['adapter = "safe"', f'url = "{cloud.urls["api"]}"', *lines]
    text = "\n".join(["[buffer]", "reserve = 0", "[sources.safe]", *own])
    (folder / "catchment.toml").write_text(text, "utf-8")
    return read_settings(folder / "catchment.toml", load=lambda _: Safe)


def check(settings: Settings, clock: ManualClock) -> Finding:
    """What is found about the account."""
    found = checkup.check(settings, clock, ["safe"])
    return next(one for part, one in found if (part, one.what) == ("safe", "account"))


def test_requests_and_downloads_of_a_source_trust_its_authorities(
    tmp_path: Path, cloud: SafeCloud
) -> None:
    """Contact is made and a file is fetched with ca_file; ``check`` is content too."""
    settings = configure(tmp_path, cloud, f'ca_file = "{cloud.ca_file}"')
    clock = ManualClock(START)
    assert check(settings, clock).verdict == "pass"
    meeting_id, take = next(iter(cloud.takes().items()))
    with Application.open(settings, clock) as app:
        live = app.connect("safe")
        way = Way(f"{cloud.urls['files']}/{meeting_id}")
        assert live.downloader.fetch(way, tmp_path / "part").sha256 == take.sha256


def test_without_them_the_platform_is_not_reached(tmp_path: Path, cloud: SafeCloud) -> None:
    """No contact is made, and ``check`` names the setting that helps."""
    settings = configure(tmp_path, cloud)
    clock = ManualClock(START)
    found = check(settings, clock)
    assert found.verdict == "fail"
    assert "its certificate is not trusted" in found.detail
    assert "ca_file" in found.remedy
    with Application.open(settings, clock) as app, pytest.raises(Unreachable):
        app.connect("safe")
