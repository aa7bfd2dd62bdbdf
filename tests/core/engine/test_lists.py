"""Lists of ids that people drop: every shape is read, every bad line is named (S003-20, T6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catchment._engine.recovery import MOST_CHARACTERS, Entry, read_list
from catchment.errors import Misuse

COLUMNS = ("meeting_uuid", "meeting uuid", "uuid", "meeting_id", "meeting id")
"""What one platform's own exports call the column of ids."""


def values(data: bytes) -> list[str]:
    """The ids of a list, of which every line must be good."""
    entries = read_list(data, COLUMNS)
    assert all(not entry.fault for entry in entries)
    return [entry.value for entry in entries]


@pytest.mark.parametrize(
    "data",
    [
        b"a\nb\n",
        b"a\r\nb\r\n",
        b"a\rb\r",
        b"a\nb",
        b"\n\na\n\n\nb\n\n",
        b" a \n\tb\n",
        b'"a"\n"b"\n',
        b"# ids of March\na\n#b\nb\n",
        b"\xef\xbb\xbfa\nb\n",
        b"a,Ada,2026\nb,Bob,2026\n",
        b"uuid\na\nb\n",
        b"\xef\xbb\xbfUUID\na\nb\n",
        b"# first\n\nuuid\na\nb\n",
        b"Topic,Meeting UUID,Meeting ID\nx,a,1\ny,b,2\n",
        b"meeting_id,topic,meeting_uuid\n1,x,a\n2,y,b\n",
        b'topic,id\n"x, y",a\n"",b\n',
    ],
)
def test_ids_are_read_in_every_shape(data: bytes) -> None:
    """With or without header, mark, quotes, comments and further columns, the ids are the same."""
    assert values(data) == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"# nothing\n", b" \n\t\n", b"id\n"])
def test_a_list_may_hold_nothing(data: bytes) -> None:
    """A list without ids is an empty list, and no fault."""
    assert read_list(data) == []


def test_ids_are_not_touched() -> None:
    """Ids hold signs that mean something elsewhere; they are kept as they are."""
    ids = ["4444AAAiAAAAAiAiAiiAii==", "/abc//def==", "+4930123456", "0012", "b#2", "ü-7"]
    assert values("\n".join(ids).encode()) == ids


def test_bad_lines_are_named_by_number() -> None:
    """Every line that names no id is told with its number; the others count (T6)."""
    data = b"id,topic\na,x\n,y\nb\n" + b"c" * 300 + b",z\nd\0e,z\n"
    entries = read_list(data)
    assert [(entry.line, bool(entry.fault)) for entry in entries] == [
        (2, False),
        (3, True),
        (4, False),
        (5, True),
        (6, True),
    ]
    assert entries[1].fault == "there is no id in column 1"
    assert all(len(entry.value) <= MOST_CHARACTERS for entry in entries)


def test_a_short_row_lacks_its_id() -> None:
    """A row that ends before the column of the ids is a bad line, not the wrong id."""
    assert read_list(b"topic,id\nx\ny,b\n") == [
        Entry(2, "", "there is no id in column 2"),
        Entry(3, "b"),
    ]


def test_only_the_first_row_may_be_a_header() -> None:
    """An id that is called like a column is an id, if it stands below the first row."""
    assert values(b"a\nid\n") == ["a", "id"]


def test_line_numbers_are_those_of_the_file() -> None:
    """Comments and empty lines count, so that a person finds the line."""
    assert [entry.line for entry in read_list(b"# one\n\nid\na\n\n# six\nb\n")] == [4, 7]


@pytest.mark.parametrize(
    ("data", "line"), [(b"a\nb\xff\n", 2), (b"\xff\xfea\0", 1), ("a\nä".encode("latin-1"), 2)]
)
def test_what_is_no_utf8_is_refused_with_its_line(data: bytes, line: int) -> None:
    """A list in another encoding is refused as a whole: its ids might be read wrongly."""
    with pytest.raises(Misuse, match=f"line {line} is not UTF-8") as caught:
        read_list(data)
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize(
    "line", ['"b', '"b,topic', 'b,"topic', '"b"c', '"b" c,topic', "x" * 200_000 + ",y"]
)
def test_a_line_that_is_no_csv_costs_only_itself(line: str) -> None:
    """A quote that is never closed swallows nothing of what follows; its line is named (T6)."""
    entries = read_list(f'a,"one"\n{line}\nc,three\n"d",four\n'.encode())
    assert [(one.line, one.value) for one in entries if not one.fault] == [
        (1, "a"),
        (3, "c"),
        (4, "d"),
    ]
    assert [one.line for one in entries if one.fault] == [2]


def test_a_first_line_that_is_no_csv_does_not_hide_the_header() -> None:
    """The names of the columns may stand below a title that somebody typed."""
    entries = read_list(b'"Calls of March\ntopic,id\nx,a\n')
    assert [(one.line, one.value) for one in entries if not one.fault] == [(3, "a")]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_misuse(data: bytes) -> None:
    """Whatever is dropped into the folder is read or refused; nothing else happens."""
    try:
        entries = read_list(data)
    except Misuse:
        return
    for entry in entries:
        assert entry.fault or entry.value.strip() == entry.value != ""


@given(st.lists(st.from_regex(r"[A-Za-z0-9/+=-]{1,40}", fullmatch=True), max_size=20))
def test_one_id_per_line_is_read_back(ids: list[str]) -> None:
    """A list of plain ids under a header is exactly those ids, in their order."""
    assert values("\n".join(["external_id", *ids]).encode()) == ids
