"""How tables fit a terminal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from catchment.cli.columns import GAP, choose_widths, find_least, measure

ID = "01a1f41b-6b00-7def-bebc-a52a01caafcb"
ADDRESS = "guest00@mail.example"


@pytest.mark.parametrize("room", range(60, 130))
def test_no_id_is_ever_folded(room: int) -> None:
    """However narrow it is: ids have room on one line, or the columns are given up."""
    columns = [["what", ID], ["reason", f"recording {ADDRESS} is open"], ["size", "1.5 kB"]]
    widths = choose_widths(columns, room, whole=(0, 2), spare=(2,))
    needed = len(ID) + GAP + len(ADDRESS)
    assert (widths is None) == (room < needed)
    if widths is not None:
        assert widths[0] == len(ID)
        assert widths[1] >= len(ADDRESS)
        assert sum(widths.values()) + GAP * (len(widths) - 1) <= room


def test_columns_that_can_be_spared_are_left_out_one_by_one() -> None:
    """What is missed least goes first, and comes back with more room."""
    columns = [["id", "a1"], ["agent", "ada"], ["hash", "0" * 12]]
    assert choose_widths(columns, 30, spare=(2, 1)) == {0: 2, 1: 5, 2: 12}
    assert choose_widths(columns, 22, spare=(2, 1)) == {0: 2, 1: 5}
    assert choose_widths(columns, 6, spare=(2, 1)) == {0: 2}
    assert choose_widths(columns, 1, spare=(2, 1)) is None


def test_the_widest_column_gives_way_first() -> None:
    """A long reason is folded before a short name."""
    columns = [["name", "ada quill"], ["why", "word " * 20]]
    assert choose_widths(columns, 40) == {0: 9, 1: 29}


def test_wide_signs_take_two_places() -> None:
    """Signs of East Asia and emoji are wide, accents take no place of their own."""
    assert [measure(text) for text in ("会議", "👋", "e\u0301", "é", "")] == [4, 2, 1, 1, 0]


def test_plain_words_may_be_folded() -> None:
    """A long word of a topic is no id."""
    assert find_least(["Grundstücksverkehrsgenehmigung"]) == 12
    assert find_least(["Call-20261119 with everybody"], loose=True) == 12


@pytest.mark.parametrize("text", ["archive_completed", "corp-emea.example", ID, ADDRESS, "Az+/=="])
def test_what_is_copied_is_never_folded(text: str) -> None:
    """Feeds, hosts, ids and addresses have room on one line, also within a sentence."""
    assert find_least([f"feed {text} is late."]) == len(text)


PRINT = f"""
from catchment.cli.printing import print_table
print_table(("id", "subject", "hash"), [("{ID}", "Weekly " * 9, "f" * 12)], whole=(0, 2))
"""


@pytest.mark.parametrize(("room", "lines"), [(120, 2), (80, 3), (50, 3)])
def test_on_a_real_terminal_ids_stay_whole(room: int, lines: int) -> None:
    """A table of 120 places is one line per row; narrower it is folded, then one line per cell."""
    reading, writing = os.openpty()
    environment = {**os.environ, "COLUMNS": str(room), "TERM": "dumb"}
    done = subprocess.Popen([sys.executable, "-c", PRINT], stdout=writing, env=environment)
    os.close(writing)
    shown = b""
    try:
        while more := os.read(reading, 65536):
            shown += more
    except OSError:  # Linux says so when nobody writes any more
        pass
    finally:
        os.close(reading)
    assert done.wait(30) == 0
    text = shown.decode()
    assert ID in text
    assert "f" * 12 in text
    assert len(text.splitlines()) >= lines
