"""An empty folder in which command lines are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.cli.typed import Type, make_type

from catchment._catalogue import schema
from catchment._catalogue.database import open_database


@pytest.fixture
def type_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Runs a command line in an empty folder, and gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("CATCHMENT_CONFIG", "CATCHMENT_DEBUG", "CATCHMENT_CLOCK_FILE"):
        monkeypatch.delenv(name, raising=False)
    return make_type(capsys)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file without any source."""
    path = tmp_path / "catchment.toml"
    path.write_text('[catalogue]\nurl = "sqlite:///catalogue.db"\n', "utf-8")
    return path


@pytest.fixture
def catalogue(settings: Path) -> Path:
    """The settings file beside a catalogue in which there is nothing."""
    database = open_database(f"sqlite:///{settings.with_name('catalogue.db')}")
    schema.prepare(database)
    database.close()
    return settings
