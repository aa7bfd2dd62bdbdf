"""Crash points end the process where they are named, and nowhere else (T3)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import catchment
from catchment import _crash

SOURCES = Path(catchment.__file__).parent


def reach(name: str, armed: str) -> subprocess.CompletedProcess[bytes]:
    """Reach the point *name* in a process in which *armed* shall kill."""
    script = f"from catchment import _crash; _crash.point({name!r}); print('went on')"
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "CATCHMENT_CRASH_AT": armed},
        capture_output=True,
        timeout=60,
    )


def test_the_armed_point_ends_the_process() -> None:
    """The process ends at the point with a code of its own, and cleans nothing up."""
    ended = reach("page.read", "page.read")
    assert (ended.returncode, ended.stdout) == (70, b"")


def test_another_point_does_nothing() -> None:
    """Only the named point kills."""
    ended = reach("page.read", "page.committed")
    assert (ended.returncode, ended.stdout) == (0, b"went on\n")


def test_an_unknown_point_is_refused() -> None:
    """A misspelt point would never be reached by a test, so it is an error."""
    with pytest.raises(ValueError, match=r"'page\.lost' is not a crash point"):
        _crash.point("page.lost")


def test_every_point_is_reached_by_some_line() -> None:
    """Each name stands in the code that it is for; a list of names alone proves nothing."""
    code = "".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    reached = set(re.findall(r'_crash\.point\("([a-z.]+)"[,)]', code))
    assert reached == set(_crash.POINTS)
