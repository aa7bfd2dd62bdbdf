"""What a way to a file says of how it is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catchment._plain import from_plain, to_plain
from catchment.errors import Corrupt, Unreachable
from catchment.model import BadValue, Way
from catchment.transport import Downloader

FILE = random.Random(13).randbytes(300_000)
SIZE = "x-ms-file-size"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Where a download is written."""
    return tmp_path / "x.part"


@pytest.fixture
def downloader(clock: Any) -> Iterator[Downloader]:
    """A downloader without a token."""
    made = Downloader(clock)
    yield made
    made.close()


def test_a_size_header_helps_a_whole_answer_too(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Without Content-Length it tells a broken connection from the end of the file."""
    server = serve(lambda asked: reply(200, FILE[:9000], {SIZE: str(len(FILE))}, length=None))
    with pytest.raises(Unreachable, match="broke off at 9000 of 300000"):
        downloader.fetch(Way(server.url, size_header=SIZE), part)


def test_two_sizes_for_one_file_are_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A server that contradicts itself is not believed either way."""
    server = serve(lambda asked: reply(200, FILE[:-1], {SIZE: str(len(FILE))}))
    with pytest.raises(Corrupt, match="299999 bytes and that it has 300000"):
        downloader.fetch(Way(server.url, size_header=SIZE), part)


def test_a_way_in_pieces_is_kept_as_it_is() -> None:
    """The catalogue keeps how a file is asked for, and reads ways of before."""
    way = Way("https://files.example.com/f", piece_bytes=9, size_header=SIZE)
    assert from_plain(Way, to_plain(way)) == way
    assert from_plain(Way, {"url": "https://files.example.com/f"}).piece_bytes is None


@pytest.mark.parametrize("wrong", [{"piece_bytes": 0}, {"piece_bytes": 10, "ranged": False}])
def test_pieces_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    """Pieces have bytes, and need ranges."""
    with pytest.raises(BadValue, match=r"Way\.piece_bytes"):
        Way("https://files.example.com/f", **wrong)
