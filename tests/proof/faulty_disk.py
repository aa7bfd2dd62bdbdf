"""Runs the program on a disk that fails at a chosen call; ``faulty_disk.c`` is that disk.

The program runs in a process of its own, so that nothing of the test is patched: every library in
it, SQLite too, asks libc for its files and gets the error.  To start an interpreter for each of
thousands of runs would take hours, so one process has everything imported and forks for each.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")
ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"[0-9a-f]*\d[0-9a-f]*|(?<=/)[0-9a-f]{2}(?=/)")
_TIME_LIMIT = 900


@dataclass(frozen=True)
class Fault:
    """Which calls fail, and with what; without :attr:`nth` none does.

    Attributes:
        under: How the names of the files begin that are looked at.
        nth: Which of the calls chosen is the first to fail.
        calls: The sorts of calls, with commas; ``"*"`` for all.
        path: Which names, below *under*, as a pattern of the shell.
        error: The number that the call fails with.
        lasts: Whether all that follow fail as well.
    """

    under: str
    nth: int = 0
    calls: str = "*"
    path: str = "*"
    error: int = 0
    lasts: bool = False


@dataclass(frozen=True)
class Told:
    """What a command said on a failing disk.

    Attributes:
        code: Its exit code.
        text: What it printed.
        calls: The calls that were looked at: sort and name below the folder.
        failed: Those that failed.
    """

    code: int
    text: str
    calls: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...]


class FaultyDisk:
    """The program on a disk that fails on demand; leave the block, and it is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        library = _compile(folder)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.faulty_disk"],
            cwd=ROOT,
            env={**os.environ, "LD_PRELOAD": str(library)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> FaultyDisk:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def run(self, arguments: Sequence[str], fault: Fault, environment: Mapping[str, str]) -> Told:
        """Run one command of the program while *fault* happens."""
        names = {name: self._folder / name for name in ("said", "calls", "failed")}
        for path in names.values():
            path.write_bytes(b"")
        errand = {
            "arguments": list(arguments),
            "environment": {**environment, **_describe(fault, names)},
            "said": str(names["said"]),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(errand) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        text = names["said"].read_text("utf-8", "replace")
        assert answer, f"the program's process died: {text[-2000:]}"
        return Told(int(answer), text, _read(names["calls"]), _read(names["failed"]))


def name_kind(path: str) -> str:
    """The pattern that fits *path* and those that differ from it in numbers and hashes alone."""
    return re.sub(r"\*[*\-.]*(?=\*)", "", _VARIABLE.sub("*", path))


def _describe(fault: Fault, names: Mapping[str, Path]) -> dict[str, str]:
    told = {f"FAULTY_{name.upper()}": str(value) for name, value in asdict(fault).items()}
    told["FAULTY_ERRNO"] = told.pop("FAULTY_ERROR")
    told["FAULTY_LASTS"] = str(int(fault.lasts))
    told["FAULTY_LOG"] = "" if fault.nth else str(names["calls"])
    return {**told, "FAULTY_FIRED": str(names["failed"])}


def _read(path: Path) -> tuple[tuple[str, str], ...]:
    lines = path.read_text("utf-8").splitlines()
    return tuple((sort, name) for sort, _, name in (line.partition("\t") for line in lines))


def _compile(folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("the failing disk needs Linux and a compiler of C")
    library = folder / "faulty_disk.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"the failing disk cannot be compiled: {made.stderr.strip()[-200:]}")
    return library


# --- in the program's process ------------------------------------------------------------------


def serve() -> None:
    """Run what is asked for on standard input, each in a process of its own."""
    import catchment._engine.runner
    import catchment._media.tool
    import catchment.cli.run
    import catchment.cli.status  # noqa: F401 - imported once, for all runs

    for line in sys.stdin:
        errand = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_run(errand))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(errand: Mapping[str, object]) -> int:
    from catchment.cli.frame import run_command

    said = os.open(str(errand["said"]), os.O_WRONLY | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    environment, arguments = errand["environment"], errand["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.update(environment)
    ctypes.CDLL(None).faulty_arm()
    signal.alarm(_TIME_LIMIT)  # whatever hangs is a failure of its own
    code = run_command(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve()
