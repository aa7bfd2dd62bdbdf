"""The page of results: what was injected, and what survived, was lost, or came twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADS = ("test", "adapter", "database", "injected", "offered", "survived", "lost", "twice", "")


@dataclass(frozen=True)
class Line:
    """What one run of one proof counted; see :class:`tests.proof.forms.Tally`."""

    proof: str
    name: str
    adapter: str
    database: str
    injected: Mapping[str, int]
    offered: int
    survived: int
    lost: int
    duplicated: int
    passed: bool


def _add(lines: Iterable[Line]) -> Counter[str]:
    """What all of them injected, by kind."""
    injected: Counter[str] = Counter()
    for line in lines:
        injected.update(line.injected)
    return injected


def _row(lines: Sequence[Line]) -> tuple[str, ...]:
    first = lines[0]
    return (
        first.proof,
        first.adapter,
        first.database,
        f"{_add(lines).total():,}",
        *(
            f"{sum(getattr(line, name) for line in lines):,}"
            for name in ("offered", "survived", "lost", "duplicated")
        ),
        "held" if all(line.passed for line in lines) else "BROKEN",
    )


def _rows(lines: Iterable[Line]) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.proof, line.adapter, line.database), []).append(line)
    return [_row(group) for group in groups.values()]


def build_table(lines: Iterable[Line]) -> str:
    """The results as a table of Markdown: a row for each test, adapter and database."""
    rows = [HEADS, tuple("---" for _ in HEADS), *_rows(lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def build_kinds(lines: Iterable[Line]) -> str:
    """What each test injected into all adapters together, by kind: an item of a list for each."""
    proofs: dict[str, list[Line]] = {}
    for line in lines:
        proofs.setdefault(line.proof, []).append(line)
    told = {
        proof: ", ".join(f"{number:,} {kind}" for kind, number in sorted(_add(group).items()))
        for proof, group in proofs.items()
    }
    return "\n".join(f"- **{proof}**: {kinds}." for proof, kinds in told.items())


def build_page(lines: Sequence[Line]) -> str:
    """The page that holds the table, and what was injected."""
    return f"# What was proved\n\n{build_table(lines)}\n\n{build_kinds(lines)}\n"
