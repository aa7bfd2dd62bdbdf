"""The books keep every row, tell each once, and notice when they were altered."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catchment._archive.books import Books, SourceKey, read_leaf
from catchment._archive.local import LocalArchive
from catchment.errors import Corrupt, LostRace

ZOOM = SourceKey("zoom", "acc/1")
DAY = date(2026, 9, 14)


@pytest.fixture
def books(archive: LocalArchive) -> Books:
    """Empty books."""
    return Books(archive)


def rows(*ids: int) -> list[dict[str, Any]]:
    """Rows with these ids."""
    return [{"id": number, "kind": "gap", "why": "☕"} for number in ids]


def test_a_leaf_lies_where_people_look_for_it(books: Books, archive: LocalArchive) -> None:
    """By platform, account and day; the account cannot lead elsewhere."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 2, 3))
    books.append(SourceKey("zoom", ".."), DAY, 1, 1, rows(1))
    paths = [str(leaf.path.relative_to(archive.root)) for leaf in books.list_leaves()]
    assert paths == [
        "books/zoom/%2E%2E/2026/09/14/000000000001-000000000001.jsonl",
        "books/zoom/acc%2F1/2026/09/14/000000000001-000000000003.jsonl",
    ]
    assert [leaf.source for leaf in books.list_leaves(ZOOM)] == [ZOOM]
    assert [leaf.day for leaf in books.list_leaves(ZOOM)] == [DAY]


def test_rows_come_back_once_and_in_order(books: Books) -> None:
    """Leaves that overlap after a crash do not double their rows (T12)."""
    books.append(ZOOM, date(2026, 9, 15), 11, 14, rows(11, 14))
    books.append(ZOOM, DAY, 1, 5, rows(1, 5))
    books.append(ZOOM, DAY, 1, 9, rows(1, 3, 5, 9))
    books.append(SourceKey("zoom", "other"), DAY, 7, 7, rows(7))
    assert [row["id"] for row in books.read(ZOOM)] == [1, 3, 5, 9, 11, 14]
    assert next(books.read(ZOOM)) == rows(1)[0]
    assert list(books.read(SourceKey("zoom", "nobody"))) == []


def test_a_leaf_is_written_once(books: Books, archive: LocalArchive) -> None:
    """The same rows again are fine, others under the same name are not."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    with pytest.raises(LostRace):
        books.append(ZOOM, DAY, 1, 3, rows(2))
    assert len(list(books.list_leaves())) == 1
    assert not list((archive.root / "tmp").iterdir())


@pytest.mark.parametrize("bad", [[{"why": "no id"}], rows(4), [{"id": "1"}]])
def test_a_row_needs_an_id_of_its_leaf(books: Books, bad: list[dict[str, Any]]) -> None:
    """Without ids rows could not be told apart; nothing is written then."""
    with pytest.raises(ValueError, match="needs an id"):
        books.append(ZOOM, DAY, 1, 3, bad)
    assert list(books.list_leaves()) == []


def test_books_need_an_account(books: Books) -> None:
    """Rows of nobody cannot be filed."""
    with pytest.raises(ValueError, match="an account"):
        books.append(SourceKey("zoom", ""), DAY, 1, 1, rows(1))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "line"])
def test_an_altered_leaf_is_not_read(books: Books, damage: str) -> None:
    """A leaf ends with a checksum of its lines."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 2, 3))
    (leaf,) = books.list_leaves()
    data = leaf.path.read_bytes()
    damaged = {
        "cut": data[: data.index(b"\n") + 1],
        "flip": data.replace(b"gap", b"gaq", 1),
        "empty": b"",
        "line": data[data.index(b"\n") + 1 :],
    }[damage]
    replace_bytes(leaf.path, damaged)
    with pytest.raises(Corrupt, match="altered"):
        read_leaf(leaf)
    with pytest.raises(Corrupt, match="altered"):
        list(books.read(ZOOM))


def replace_bytes(path: Path, data: bytes) -> None:
    """Alter a read-only file, as a disk or a person would."""
    path.unlink()
    path.write_bytes(data)
