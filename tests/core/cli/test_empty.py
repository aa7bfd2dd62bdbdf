"""Commands before the first run, and on a catalogue in which there is nothing yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.cli.typed import Type

LOOKING = (
    ["status"],
    ["search", "anything"],
    ["show", "x"],
    ["export", "x", "--to", "out"],
    ["directory"],
    ["directory", "team", "x", "--why", "y"],
    ["inventory"],
    ["verify"],
    ["report", "zoom", "--from", "1d", "--no-ask"],
    ["retry", "x", "--why", "y"],
    ["park", "x", "--why", "y"],
    ["skip", "x", "--why", "y"],
)


@pytest.mark.parametrize("arguments", LOOKING, ids=lambda arguments: arguments[0])
def test_before_the_first_run(type_: Type, settings: Path, arguments: list[str]) -> None:
    """Who only looks is told in a sentence that nothing was captured yet, and makes nothing."""
    done = type_(*arguments)
    assert done.code == 2
    path = settings.with_name("catalogue.db")
    assert done.err.splitlines() == [
        f"Error: there is no catalogue at {path} yet: nothing was captured so far.",
        "'catchment run' makes it; if there should be one, correct the setting catalogue.url.",
    ]
    assert done.out == ""
    assert list(settings.parent.iterdir()) == [settings]


@pytest.mark.parametrize(
    "arguments",
    [["run", "--once"], ["report", "zoom", "--from", "1d"], ["recover", "zoom", "--missing"]],
    ids=lambda arguments: arguments[0],
)
def test_settings_without_the_source_make_nothing(
    type_: Type, settings: Path, arguments: list[str]
) -> None:
    """Folders that nobody wanted are not left behind by a slip of the pen."""
    done = type_(*arguments)
    assert done.code == 2
    assert "source" in done.err.splitlines()[0]
    assert list(settings.parent.iterdir()) == [settings]


def test_a_file_without_tables_is_no_catalogue(type_: Type, settings: Path) -> None:
    """A catalogue that was only touched is as good as none."""
    settings.with_name("catalogue.db").touch()
    assert "there is no catalogue at" in type_("status").err


@pytest.mark.parametrize("what", ["packages/ab/cd/0123/v1", "books/zoom/acme/2026/10/13/1-2.jsonl"])
@pytest.mark.parametrize("left", ["nothing", "an empty catalogue"])
def test_a_catalogue_that_was_lost(
    type_: Type, settings: Path, request: pytest.FixtureRequest, what: str, left: str
) -> None:
    """Where only the archive knows anything, every command says so, and how to rebuild (T12)."""
    if left != "nothing":
        request.getfixturevalue("catalogue")
    (settings.parent / "archive" / what).mkdir(parents=True)
    for arguments in [*LOOKING, ["run", "--once"], ["recover", "zoom", "--missing"]]:
        done = type_(*arguments)
        assert done.code == 1, arguments
        assert "the archive" in done.err
        assert "'catchment rebuild'" in done.err
        assert done.out == ""
    assert settings.with_name("catalogue.db").exists() == (left != "nothing")


def test_status(type_: Type, catalogue: Path) -> None:
    """Nothing is known, and nothing needs a person."""
    done = type_("status")
    assert done.code == 0
    assert "Runners: none is at work" in done.out
    told = json.loads(type_("status", "--json").out)
    assert told.keys() == {
        "alarms",
        "at",
        "damaged",
        "never_in_contact",
        "outages",
        "runners",
        "silent_runners",
        "sources",
    }
    assert told.pop("at")
    assert not any(told.values())


def test_search(type_: Type, catalogue: Path) -> None:
    """An empty answer is an answer; JSON is alone on stdout."""
    done = type_("search", "anything", "--from", "2026-01-01", "--to", "2026-01-02")
    assert (done.code, done.out, done.err) == (0, "", "nothing found\n")
    assert json.loads(type_("search", "--json").out) == []


def test_search_attributes(type_: Type, catalogue: Path) -> None:
    """Attributes are typed as NAME=VALUE."""
    assert type_("search", "--attribute", "queue=sales").code == 0
    done = type_("search", "--attribute", "queue")
    assert done.code == 2
    assert "'queue' is not of the form NAME=VALUE" in done.err


def test_show_and_export(type_: Type, catalogue: Path) -> None:
    """What is not there is wrong use, with where to look for it."""
    for arguments in (["show", "x"], ["export", "x", "--to", "out"]):
        done = type_(*arguments)
        assert done.code == 2
        assert "there is no interaction 'x'" in done.err
    assert not (catalogue.parent / "out").exists()


def test_inventory(type_: Type, catalogue: Path) -> None:
    """Nothing is held."""
    assert (type_("inventory").out, type_("inventory").code) == ("", 0)


def test_backup(type_: Type, catalogue: Path) -> None:
    """A copy is made once; a second one never overwrites it."""
    done = type_("backup", "--to", "copy.db")
    assert done.code == 0
    copy = catalogue.parent / "copy.db"
    assert copy.stat().st_size > 0
    before = copy.read_bytes()
    assert type_("backup", "--to", "copy.db").code == 2
    assert copy.read_bytes() == before


def test_the_settings_may_be_named_by_a_variable(
    type_: Type, catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``CATCHMENT_CONFIG`` names the settings file, ``--config`` goes before it."""
    other = catalogue.rename(catalogue.with_name("other.toml"))
    assert type_("status").code == 2
    monkeypatch.setenv("CATCHMENT_CONFIG", str(other))
    assert type_("status").code == 0
    assert type_("--config", "nowhere.toml", "status").code == 2


def test_the_settings_may_be_named_behind_the_command(type_: Type, catalogue: Path) -> None:
    """``--config`` means the same before and behind the command's name."""
    other = catalogue.rename(catalogue.with_name("other.toml"))
    before = type_("--config", str(other), "search", "x")
    assert before.code == 0
    assert type_("search", "--config", str(other), "x") == before
    assert type_("search", "x", f"--config={other}") == before
    done = type_("search", "--config", "nowhere.toml", "x")
    assert (done.code, "nowhere.toml" in done.err) == (2, True)
