"""``init`` and ``adapters``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.core.adapters.installing import GOOD, install
from tests.core.cli.typed import Type

from catchment.settings import read_settings


def test_init_writes_a_file_that_can_be_read(type_: Type, tmp_path: Path) -> None:
    """What init writes is valid as it is, but for what only a person knows."""
    done = type_("init")
    assert done.code == 0
    text = (tmp_path / "catchment.toml").read_text("utf-8")
    assert "[archive]" in text
    start = text.partition("[sources.")[0]
    (tmp_path / "start.toml").write_text(start.rpartition("\n#")[0] + "\n", "utf-8")
    assert read_settings(tmp_path / "start.toml").sources == {}


def test_init_never_overwrites(type_: Type, settings: Path) -> None:
    """A file that is there is left alone."""
    before = settings.read_text("utf-8")
    done = type_("init")
    assert done.code == 2
    assert "exists already and is left as it is" in done.err
    assert settings.read_text("utf-8") == before


def test_init_writes_where_the_settings_are_looked_for(type_: Type, tmp_path: Path) -> None:
    """``--config`` names the file for init as for every other command."""
    done = type_("--config", "other.toml", "init")
    assert done.code == 0
    assert (tmp_path / "other.toml").exists()
    assert done.out.endswith(" --config other.toml check\n")
    assert type_("init").out.endswith("catchment check\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more adapters are installed."""
    install(tmp_path / "site", "tin-left", "tin_left", GOOD)
    install(tmp_path / "site", "tin-right", "tin_right", GOOD)
    monkeypatch.syspath_prepend(tmp_path / "site")


@pytest.mark.usefixtures("installed")
def test_init_writes_only_the_sources_that_were_asked_for(type_: Type, tmp_path: Path) -> None:
    """Whoever has all plugins and one account gets a file that this account alone must fill in."""
    done = type_("init", "tin_left")
    assert done.code == 0
    assert "remove" not in done.out
    assert list(read_settings(tmp_path / "catchment.toml").sources) == ["tin_left"]


@pytest.mark.usefixtures("installed")
def test_init_without_a_name_says_what_may_be_too_much(type_: Type, tmp_path: Path) -> None:
    """A table that nobody fills in keeps every command from starting; it is to be removed."""
    done = type_("init")
    text = (tmp_path / "catchment.toml").read_text("utf-8")
    assert "[sources.tin_left]" in text
    assert "[sources.tin_right]" in text
    assert "remove the tables [sources.…] of the platforms that you do not use" in done.out


@pytest.mark.usefixtures("installed")
def test_init_refuses_an_adapter_that_is_not_there(type_: Type, tmp_path: Path) -> None:
    """A slip of the pen leaves no file that would have to be moved away."""
    done = type_("init", "tin_lift")
    assert done.code == 2
    assert "no adapter called 'tin_lift' is installed" in done.err
    assert not (tmp_path / "catchment.toml").exists()


def test_adapters_are_listed(type_: Type) -> None:
    """Installed adapters or the advice to install one; the same as JSON."""
    told = json.loads(type_("adapters", "--json").out)
    done = type_("adapters")
    assert done.code == (1 if any(one["fault"] for one in told) else 0)
    for one in told:
        assert one["name"] in done.out
    if not told:
        assert f"{sys.executable} -m pip install catchment-zoom" in done.out
