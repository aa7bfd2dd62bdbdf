"""Errors are sorted by what happens next, and say it in a sentence."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime

import pytest

from catchment import errors
from catchment.errors import CatchmentError, Later, NotInstalled, RateLimited

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CatchmentError)
]


def read_tree() -> dict[str, str]:
    """Each name of the tree in the module's docstring, with the name that it hangs on."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)(?:\s{2,}|$)", line)
        if not found or (not found[1] and found[2] != "CatchmentError"):
            continue
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        parents[found[2]] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_at_the_top_is_the_tree() -> None:
    """The drawing shows every error under the family that it belongs to."""
    assert read_tree() == {kind.__name__: kind.__bases__[0].__name__ for kind in ALL}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_wrong_use_ends_with_two_and_all_else_with_one(kind: type[CatchmentError]) -> None:
    """What was typed or configured wrongly has an exit code of its own."""
    assert kind.exit_code == (2 if issubclass(kind, errors.Misuse) else 1)


def test_an_error_is_one_sentence_and_a_remedy() -> None:
    """``str`` is what happened, ``remedy`` what to do about it."""
    error = NotInstalled("no adapter called 'tin' is installed", remedy="Install it.")
    assert (str(error), error.remedy) == ("no adapter called 'tin' is installed", "Install it.")
    assert NotInstalled("it is not there").remedy == ""


def test_waits_know_until_when() -> None:
    """An error that asks for a wait carries the time; a platform may not have named one."""
    at = datetime(2026, 11, 2, tzinfo=UTC)
    assert Later("not yet", at=at).at == at
    assert RateLimited("slow down", retry_at=at).retry_at == at
    assert RateLimited("slow down").retry_at is None
