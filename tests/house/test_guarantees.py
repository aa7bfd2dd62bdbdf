"""The page of guarantees: every sentence names its test, and no proof is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def list_tests(path: Path) -> set[str]:
    """The names of the tests of one file."""
    tree = ast.parse(path.read_text("utf-8"))
    names = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return {name for name in names if name.startswith("test_")}


def test_every_test_that_the_page_names_is_there() -> None:
    """Promise 6: A sentence is backed by a test that exists, in the file that is named."""
    named = NAMED.findall(PAGE)
    assert named
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or test in list_tests(ROOT / file), f"{file}::{test}"


def test_every_proof_backs_a_sentence() -> None:
    """What is proved is promised: each test of ``tests/proof`` stands on the page."""
    named = {test for _, test in NAMED.findall(PAGE)}
    proofs = {
        test for path in (ROOT / "tests" / "proof").glob("test_*.py") for test in list_tests(path)
    }
    assert proofs - named == set()


def test_every_row_has_the_number_under_which_its_proof_is_counted() -> None:
    """What ``docs/proved.md`` counts as T8 is what the page calls T8."""
    for row in (line for line in PAGE.splitlines() if "tests/proof/" in line):
        for file, test in NAMED.findall(row):
            before = (ROOT / file).read_text("utf-8").partition(f"def {test}(")[0]
            number = re.findall(r'proof\("(T\d+)"\)', before)[-1]
            assert number in re.split(r"[ ,|]+", row), f"{number}: {row}"


def test_every_row_of_the_page_names_a_test() -> None:
    """No sentence of a table stands without its test."""
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [A-Z]", line)]
    assert rows
    assert [row for row in rows if not NAMED.search(row)] == []
