"""(e) How long ``catchment --help`` takes to answer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import say_range
from benchmarks.table import Row


def measure(small: bool) -> list[Row]:
    """The row of this benchmark."""
    program = Path(sys.executable).with_name("catchment")
    commands = {
        "help": [str(program), "--help"],
        "click": [sys.executable, "-c", "import click"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(6 if small else 22):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if turn > 1:  # the first turns load what is on the disk
                times[name].append((time.perf_counter() - begun) * 1000)
    ours, bare = (statistics.median(times[name]) for name in commands)
    notes = (
        f"whole process; {say_range(times['help'], 'ms')}; baseline python -c 'import click': "
        f"{say_range(times['click'], 'ms')}"
    )
    return [Row("e  catchment --help", ours, bare, "ms", higher_is_better=False, notes=notes)]
