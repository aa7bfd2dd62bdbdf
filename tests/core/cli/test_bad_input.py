"""Bad input: one clear sentence with a remedy, exit code 1 or 2, and nothing half-done."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from tests.core.cli.typed import Type

READING = (
    ["status"],
    ["search"],
    ["show", "x"],
    ["directory"],
    ["inventory"],
    ["run", "--once"],
    ["check"],
)


@pytest.mark.parametrize("arguments", READING)
def test_missing_settings(type_: Type, tmp_path: Path, arguments: list[str]) -> None:
    """Without a settings file every command says how to get one, and makes nothing."""
    done = type_(*arguments)
    assert done.code == 2
    assert done.err == (
        "Error: there is no settings file catchment.toml.\n"
        "Write one with 'catchment init', or name another with --config.\n"
    )
    assert done.out == ""
    assert list(tmp_path.iterdir()) == []


def test_unknown_setting(type_: Type, settings: Path) -> None:
    """A slip of the pen is told with file, line and setting, and all of them at once."""
    settings.write_text('[archive]\nrot = "x"\n[buffer]\nreserve = "many"\n', "utf-8")
    done = type_("status")
    assert done.code == 2
    first, second, remedy = done.err.splitlines()
    assert "catchment.toml:2: archive.rot: is not a known setting; did you mean 'root'?" in first
    assert "catchment.toml:4: buffer.reserve: is not a size" in second
    assert remedy.startswith("Correct ")
    assert sorted(path.name for path in settings.parent.iterdir()) == ["catchment.toml"]


def test_wrong_type_does_not_quote_a_secret(type_: Type, settings: Path) -> None:
    """What stands where a reference to a secret belongs is not repeated."""
    settings.write_text('[catalogue]\nurl = "sqlite:///x.db"\npassword = "hunter2"\n', "utf-8")
    done = type_("status")
    assert done.code == 2
    assert "catchment.toml:3: catalogue.password" in done.err
    assert "hunter2" not in done.err


def test_adapter_that_is_not_installed(type_: Type, settings: Path) -> None:
    """An adapter that is not there is named with its line and how to install it."""
    settings.write_text('[sources.office]\nadapter = "telex"\n', "utf-8")
    done = type_("run", "--once")
    assert done.code == 2
    assert "catchment.toml:2: sources.office.adapter: no adapter called 'telex'" in done.err
    assert "entry point telex of the group catchment.adapters" in done.err
    assert "catchment-telex" not in done.err


def test_no_source(type_: Type, settings: Path) -> None:
    """A run without sources says where they are written."""
    done = type_("run", "--once")
    assert done.code == 2
    assert done.err.startswith("Error: no source is configured.\n")


def test_unknown_source(type_: Type, catalogue: Path) -> None:
    """A source that is not in the settings is wrong use, before anything is asked."""
    for arguments in (
        ["run", "--source", "x"],
        ["recover", "x", "--missing"],
        ["report", "x", "--from", "1d"],
        ["inventory", "--source", "x"],
        ["search", "--source", "x"],
        ["check", "x"],
    ):
        done = type_(*arguments)
        assert done.code == 2, arguments
        assert done.err.startswith("Error: there is no source 'x'; there are none.\n")


def test_newer_database(type_: Type, catalogue: Path) -> None:
    """A catalogue of a newer program is refused, and left as it is."""
    assert type_("status").code == 0
    path = catalogue.parent / "catalogue.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9001_9000'")
    done = type_("status")
    assert done.code == 1
    assert done.err.startswith("Error: the catalogue has schema 9001")
    assert "pip install --upgrade catchment" in done.err
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("9001_9000",)]


def test_a_file_that_is_no_database(type_: Type, settings: Path) -> None:
    """A catalogue that is something else is told in a sentence."""
    (settings.parent / "catalogue.db").write_bytes(b"no database" * 1000)
    done = type_("status")
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert "bug" not in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_folder_that_cannot_be_written(type_: Type, tmp_path: Path) -> None:
    """A folder without the right to write is named."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    done = type_("--config", str(locked / "catchment.toml"), "init")
    assert done.code == 1
    assert done.err.startswith(f"Error: {locked / 'catchment.toml'} cannot be written: ")


def test_folder_that_is_a_file(type_: Type, settings: Path) -> None:
    """A catalogue below something that is no folder is told in a sentence."""
    settings.write_text('[catalogue]\nurl = "sqlite:///catchment.toml/c.db"\n', "utf-8")
    done = type_("rebuild")
    assert done.code == 1
    assert done.err.startswith("Error: the folder of the catalogue ")


def test_clock_file_that_is_not_there(
    type_: Type, catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what only tests and demos set is checked."""
    monkeypatch.setenv("CATCHMENT_CLOCK_FILE", "nowhere")
    done = type_("status")
    assert done.code == 2
    assert "nowhere" in done.err


def test_times(type_: Type, settings: Path) -> None:
    """A time that is none is refused with examples, and a period that ends too early."""
    done = type_("search", "--from", "yesterday-ish")
    assert done.code == 2
    assert "'yesterday-ish' is not a time; write 2026-01-31" in done.err


@pytest.mark.parametrize("verb", ["retry", "park", "skip"])
def test_items_that_do_not_exist(type_: Type, catalogue: Path, verb: str) -> None:
    """A decision about nothing is wrong use, and so is one without a reason."""
    done = type_(verb, "nobody", "--why", "because")
    assert done.code == 2
    assert "'nobody'" in done.err
    assert type_(verb, "nobody", "--why", " ").code == 2


def test_recover_wants_to_know_what(type_: Type, settings: Path) -> None:
    """Exactly one of period, list and missing is asked for."""
    assert "exactly one of" in type_("recover", "x").err
    assert "exactly one of" in type_("recover", "x", "--missing", "--from", "1d").err
    done = type_("recover", "x", "--missing", "--to", "1d")
    assert done.code == 2
    assert "--to needs --from" in done.err


def test_backup_of_nothing(type_: Type, settings: Path) -> None:
    """There is no copy of a catalogue that is not there."""
    done = type_("backup", "--to", "copy.db")
    assert done.code == 2
    assert not (settings.parent / "copy.db").exists()


def test_sandbox_of_nothing(type_: Type) -> None:
    """A platform that cannot be simulated is named."""
    done = type_("sandbox", "telex")
    assert done.code == 2
    assert "no simulator of telex is installed; installed are: " in done.err
    assert "entry point telex of the group catchment.simulators" in done.err
    assert "catchment-telex" not in done.err
