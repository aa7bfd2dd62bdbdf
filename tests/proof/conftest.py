"""The parameters of all proofs, and the page of results at their end.

Each proof is marked with the test of the guarantees that it stands for, as in
``@pytest.mark.proof("T1")``, and counts on the fixture ``tally``.  The table at the end of a run is
written as a page of Markdown as well where ``CATCHMENT_PROOF_PAGE`` names a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.databases import DATABASES, empty_catalogue
from tests.proof.forms import ADAPTERS, Tally
from tests.proof.page import Line, build_kinds, build_page, build_table

PROPERTY = "proof"


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    """Each adapter in turn, by the name of its plugin."""
    return str(request.param)


@pytest.fixture(params=DATABASES)
def catalogue_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database on the server; empty for SQLite beside the settings."""
    with empty_catalogue(request.param) as url:
        yield url


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """What this proof counts; it is told at the end of the run, whatever became of the proof."""
    counted = Tally()
    yield counted
    mark = request.node.get_closest_marker("proof")
    assert mark is not None, "a proof says which test of the guarantees it stands for"
    chosen = getattr(request.node, "callspec", None)
    params = chosen.params if chosen is not None else {}
    told = asdict(counted) | {
        "injected": dict(counted.injected),  # asdict would count the pairs of a Counter
        "proof": mark.args[0],
        "name": request.node.originalname,
        "adapter": str(params.get("adapter", "all")),
        "database": str(params.get("catalogue_url", "sqlite")),
    }
    request.node.user_properties.append((PROPERTY, told))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of results, and write the page where one is wanted."""
    lines = []
    failed = {report.nodeid for report in terminalreporter.stats.get("failed", ())}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "teardown":
                continue
            for name, told in report.user_properties:
                if name == PROPERTY:
                    lines.append(Line(**told, passed=report.nodeid not in failed))
    if not lines:
        return
    lines.sort(key=lambda line: (int(line.proof[1:]), line.name, line.adapter, line.database))
    terminalreporter.section("what was proved")
    terminalreporter.write_line(f"{build_table(lines)}\n\n{build_kinds(lines)}")
    page = os.environ.get("CATCHMENT_PROOF_PAGE")
    if page:
        Path(page).write_text(build_page(lines), encoding="utf-8")
