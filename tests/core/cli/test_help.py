"""Help: instant, whole, and the same in every place."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from tests.core.cli.typed import Type

from catchment.cli.frame import COMMANDS, catchment

HEAVY = (
    *("sqlalchemy", "httpx", "pydantic", "rich", "structlog", "stevedore", "alembic", "uvicorn"),
    "prometheus_client",
)
ALL = (
    *("demo", "sandbox", "init", "adapters", "check", "run", "status", "recover", "report"),
    *("new-adapter", "conform"),
    *("search", "show", "export", "directory", "inventory"),
    *("items", "retry", "park", "skip"),
    *("verify", "rebuild", "backup"),
)

LOOK = f"""
import sys
from catchment.cli.frame import run_command
code = run_command(sys.argv[1:])
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.stderr.write(" ".join(heavy))
sys.exit(code)
"""


def look(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in a new interpreter, which tells what heavy packages it imported."""
    command = [sys.executable, "-c", LOOK, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_imports_nothing_heavy() -> None:
    """``catchment --help`` loads neither database nor HTTP client nor tables."""
    done = look("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert all(name in done.stdout for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    """The help of every command is there, and as quick."""
    done = look(name, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert f"catchment {name}" in done.stdout


def test_every_command_of_the_plan_is_there() -> None:
    """No command is missing, and none is there that nobody knows of."""
    assert sorted(COMMANDS) == sorted(ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained(name: str) -> None:
    """Each option of each command says what it is for."""
    command = catchment.get_command(click.Context(catchment), name)
    assert command is not None
    assert command.help
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_version(type_: Type) -> None:
    """``--version`` tells the version of the distribution."""
    done = type_("--version")
    assert done.code == 0
    assert done.out.startswith("catchment 0.")


def test_nothing_typed_shows_the_help(type_: Type) -> None:
    """Somebody who types only the name is shown what there is."""
    done = type_()
    assert done.code == 2
    assert "search" in done.err
    assert done.out == ""
