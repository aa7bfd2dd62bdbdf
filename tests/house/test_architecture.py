"""The page of the architecture: its tables are those of the program."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from catchment._catalogue import tables
from catchment._engine.runner import STEPS, TOGETHER

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "src" / "catchment"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")


def read_column(head: str, column: int) -> Iterator[str]:
    """What stands as code in a column of the table that begins with *head*."""
    rows = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    assert rows, head
    for row in rows:
        yield from CODE.findall(row.split("|")[column])


def test_every_job_of_the_runner_is_on_the_page() -> None:
    """A kind of job that nobody describes is a step that nobody understands."""
    told = list(read_column("job", 1))
    assert len(told) == len(set(told))
    assert set(told) == {*STEPS, *TOGETHER, "capture"}


def test_every_layer_is_on_the_page_in_its_place() -> None:
    """The page has what the import contract checks, from the top down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["name"].startswith("Inside the core"))
    places = {
        name: place for place, layer in enumerate(layers) for name in re.findall(r"\w+", layer)
    }
    told = list(read_column("layer", 1))
    assert [places[name] for name in told] == sorted(places[name] for name in told)
    helpers = {"_crash", "_plain", "_recipes", "_words"}
    assert set(told) == set(places) - helpers


def test_every_place_on_the_page_is_there() -> None:
    """Whoever looks for something finds it where the page says."""
    for place in read_column("looking for", 2):
        assert (CORE / place).exists(), place


def test_the_tables_are_introduced_by_their_names() -> None:
    """What introduces the catalogue names each table, and none that is not there."""
    assert tables.__doc__ is not None
    told = re.findall(r"\w+", " ".join(re.findall(r"\(([^)]*)\)", tables.__doc__)))
    assert sorted(told) == sorted(tables.metadata.tables)
