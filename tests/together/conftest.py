"""A catalogue of its own for each test that is to hold on both databases, and which come first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.databases import DATABASES, empty_catalogue

LONG = 500
"""Tests that may take so many seconds are begun first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long tests to the beginnings of both halves, in which two workers take them.

    Otherwise one worker is alone with them at the end, while the other has nothing left.
    """
    marks = [(item, item.get_closest_marker("timeout")) for item in items]
    long = [item for item, mark in marks if mark and mark.args and mark.args[0] >= LONG]
    rest = [item for item in items if item not in long]
    half = len(rest) // 2
    items[:] = [*long[::2], *rest[:half], *long[1::2], *rest[half:]]


@pytest.fixture(params=DATABASES)
def catalogue_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database on the server; empty for SQLite beside the settings."""
    with empty_catalogue(request.param) as url:
        yield url
