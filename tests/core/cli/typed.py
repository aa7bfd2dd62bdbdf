"""Command lines as somebody types them, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from catchment.cli.frame import run_command


@dataclass(frozen=True)
class Typed:
    """What came of a command line."""

    code: int
    out: str
    err: str


Type = Callable[..., Typed]


def make_type(capsys: pytest.CaptureFixture[str]) -> Type:
    """A function that runs a command line and gives exit code, stdout and stderr."""

    def run(*arguments: str) -> Typed:
        capsys.readouterr()
        code = run_command(arguments)
        out, err = capsys.readouterr()
        return Typed(code, out, err)

    return run
