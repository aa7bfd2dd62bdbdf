"""Runs the benchmarks that are named, or all: ``python benchmarks/run.py [a|b|c|d|e|f …]``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import Row, print_json, print_table

BENCHMARKS = {
    "a": "archiving",
    "b": "small_files",
    "c": "listing",
    "d": "searching",
    "e": "starting",
    "f": "platforms",
}


def main() -> None:
    """Read the command line, run, and print one table or one JSON array."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("letters", nargs="*", metavar="a|b|c|d|e|f", help="which; all by default")
    parser.add_argument("--small", action="store_true", help="a tenth of everything, in minutes")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    rows: list[Row] = []
    for letter in given.letters or BENCHMARKS:
        if letter not in BENCHMARKS:
            parser.error(f"there is no benchmark {letter!r}; there are {', '.join(BENCHMARKS)}")
        module = importlib.import_module(f"benchmarks.{BENCHMARKS[letter]}")
        measure: Callable[[bool], list[Row]] = module.measure
        rows += measure(given.small)
    print_json(rows) if given.json else print_table(rows)


if __name__ == "__main__":
    main()
