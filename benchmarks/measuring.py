"""Runs what is measured in a process of its own, so that memory is its own and nothing is warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(tempfile.gettempdir()) / "catchment-benchmarks"
"""Where media and databases that are dear to make are kept from one run to the next."""


def read_peak_bytes(pid: int | str = "self") -> int:
    """The most resident memory that a process ever had; 0 if it has gone.

    ``getrusage`` would count what the process that started it had before.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM"))
    return next((int(words[1]) * 1024 for words in lines), 0)


def run_worker(
    module: str,
    arguments: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    watch_children: bool = False,
) -> dict[str, Any]:
    """Run ``benchmarks.<module>`` in a fresh interpreter and give what its last line says.

    With ``watch_children`` the answer also has ``children_peak_bytes``, the largest peak of any
    process that the worker started, looked at five times a second.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", json.dumps(dict(arguments))]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE
    )
    peaks: dict[int, int] = {}
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks, done), daemon=True)
    if watch_children:
        watcher.start()
    out, _ = process.communicate()
    done.set()
    if process.returncode != 0:
        raise SystemExit(f"benchmarks.{module} failed with exit code {process.returncode}")
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    if watch_children:
        result["children_peak_bytes"] = max(peaks.values(), default=0)
    return result


def _watch(pid: int, peaks: dict[int, int], done: threading.Event) -> None:
    while not done.wait(0.2):
        for child in _list_children(pid):
            peaks[child] = max(peaks.get(child, 0), read_peak_bytes(child))


def _list_children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except OSError:
            continue


def read_arguments() -> dict[str, Any]:
    """What :func:`run_worker` gave to this process."""
    arguments: dict[str, Any] = json.loads(sys.argv[1])
    return arguments


def tell(**result: Any) -> None:
    """Give *result*, with our peak memory, to :func:`run_worker`."""
    print(json.dumps({"peak_bytes": read_peak_bytes(), **result}))


def settle() -> None:
    """Have the disk finish what an earlier run wrote, so that the next one does not pay for it."""
    os.sync()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the same disk for every contender, gone at the end."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        yield Path(folder)


def say_range(values: Sequence[float], unit: str) -> str:
    """How far runs lay apart, for the notes."""
    return f"median of {len(values)}, {min(values):.4g}-{max(values):.4g} {unit}"
