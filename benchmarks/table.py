"""One measurement as a row, and rows as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was measured, beginning with the benchmark's letter.
        ours: Our figure, in ``unit``.
        baseline: The figure it is held against, in the same unit; ``None`` where there is none.
        unit: ``MB/s``, ``rec/s``, ``us/rec``, ``ms``.
        higher_is_better: Which way ``ratio`` is told: above 1 is always better than the baseline.
        memory_bytes: Peak resident memory of our process; ``None`` where it was not measured.
        notes: What is included, how often it was run, how far the runs lay apart.
    """

    name: str
    ours: float
    baseline: float | None = None
    unit: str = ""
    higher_is_better: bool = True
    memory_bytes: int | None = None
    notes: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the baseline; ``None`` where there is none."""
        if not self.baseline or not self.ours:
            return None
        return self.ours / self.baseline if self.higher_is_better else self.baseline / self.ours


def print_json(rows: Iterable[Row]) -> None:
    """Print all *rows* as one JSON array."""
    print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=2))


def print_table(rows: Sequence[Row]) -> None:
    """Print *rows* as plain text, one line each."""
    heads = ("name", "ours", "baseline", "ratio", "memory", "notes")
    cells = [heads, *(_list_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads) - 1)]
    for line in cells:
        padded = [text.ljust(width) for text, width in zip(line, widths, strict=False)]
        print("  ".join([*padded, line[-1]]).rstrip())


def _list_cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{_say(row.ours)} {row.unit}",
        "-" if row.baseline is None else f"{_say(row.baseline)} {row.unit}",
        "-" if row.ratio is None else f"{row.ratio:.2f}",
        "-" if row.memory_bytes is None else f"{row.memory_bytes / 1e6:.0f} MB",
        row.notes,
    )


def _say(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
