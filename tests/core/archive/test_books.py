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


def test_two_rows_of_one_number_are_corrupt(books: Books) -> None:
    """Neither of two different rows wins in silence (promise 6)."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    books.append(ZOOM, DAY, 2, 4, [{"id": 3, "kind": "decision"}])
    with pytest.raises(Corrupt, match="two rows of the books have the number 3"):
        list(books.read(ZOOM))
    assert books.find_doubled(ZOOM) == [3]


def test_a_lost_leaf_leaves_a_hole(books: Books) -> None:
    """A leaf says which row of its source it follows on; numbers that nobody used are no hole."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    books.append(ZOOM, DAY, 8, 9, rows(8, 9), after=3)
    books.append(ZOOM, DAY, 20, 20, rows(20), after=9)
    assert books.find_lost(ZOOM, (1, 3, 8, 9, 20)) == []
    middle = next(leaf for leaf in books.list_leaves() if leaf.first == 8)
    middle.path.unlink()
    assert books.find_lost(ZOOM) == [9]
    assert books.find_lost(ZOOM, (1, 3, 8, 9, 20, 21)) == [8, 9, 21]


def test_a_leaf_that_cannot_be_read_is_no_hole(books: Books) -> None:
    """What is damaged is told as damaged."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    books.append(ZOOM, DAY, 8, 9, rows(8, 9), after=3)
    replace_bytes(next(books.list_leaves()).path, b"")
    assert books.find_lost(ZOOM, (1, 2, 3, 8, 9)) == []


def test_numbers_are_taken_whoever_has_them(books: Books) -> None:
    """The last number is that of all sources; each is told with whose it is and its row."""
    books.append(ZOOM, DAY, 1, 3, rows(1, 3))
    books.append(SourceKey("zoom", "other"), DAY, 4, 9, rows(4, 9))
    assert books.find_last() == 9
    assert [(of.account_id, number) for of, number, _ in books.list_taken(2, 5)] == [
        ("acc/1", 3),
        ("other", 4),
    ]
