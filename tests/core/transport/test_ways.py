"""What a way to a file says of how it is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catchment._plain import from_plain, to_plain
from catchment.errors import AdapterFault, Corrupt, RateLimited, Unreachable
from catchment.model import BadValue, Budget, Way
from catchment.transport import Downloader, LocalBuckets

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


def test_a_way_counts_against_the_budget_that_it_names(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """The requests of a file and those of the adapter's clients draw from one bucket."""
    server = serve(lambda asked: reply(body=FILE))
    buckets, api = LocalBuckets(clock), Budget(1, "1m", share=1.0)
    made = Downloader(clock, buckets=buckets, budgets={"api": api}, account="tin")
    assert buckets.take("tin/api", api) == 0
    with pytest.raises(RateLimited, match="the budget for api is used up") as caught:
        made.fetch(Way(server.url, budget="api"), part)
    assert caught.value.retry_at is not None
    assert server.asked == []
    assert made.fetch(Way(server.url), part).size_bytes == len(FILE)
    made.close()


def test_a_wait_that_one_budget_is_told_leaves_the_others_alone(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """429 along a way blocks the bucket of its budget, and neither downloads nor another's."""
    busy = serve(lambda asked: reply(429, headers={"Retry-After": "90"}))
    server = serve(lambda asked: reply(body=FILE))
    buckets, api = LocalBuckets(clock), Budget(10, share=1.0)
    budgets = {"api/a": api, "api/b": api}
    made = Downloader(clock, buckets=buckets, budget=api, budgets=budgets, account="tin")
    with pytest.raises(RateLimited):
        made.fetch(Way(busy.url, budget="api/a"), part)
    assert buckets.take("tin/api/a", api) == 90
    for way in (Way(server.url), Way(server.url, budget="api/b")):
        assert made.fetch(way, part).size_bytes == len(FILE)
    made.close()


def test_a_way_that_names_no_budget_of_the_adapter_is_refused(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """A limit that nobody keeps is a bug of the adapter, for files as for other requests."""
    server = serve(lambda asked: reply(body=FILE))
    made = Downloader(clock, budgets={"api": Budget(1)})
    with pytest.raises(AdapterFault, match="against the budget 'apl'"):
        made.fetch(Way(server.url, budget="apl"), part)
    assert server.asked == []
    made.close()


def test_a_way_in_pieces_is_kept_as_it_is() -> None:
    """The catalogue keeps how a file is asked for, and reads ways of before."""
    way = Way("https://files.example.com/f", piece_bytes=9, size_header=SIZE, budget="api")
    assert from_plain(Way, to_plain(way)) == way
    assert from_plain(Way, {"url": "https://files.example.com/f"}).piece_bytes is None


@pytest.mark.parametrize("wrong", [{"piece_bytes": 0}, {"piece_bytes": 10, "ranged": False}])
def test_pieces_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    """Pieces have bytes, and need ranges."""
    with pytest.raises(BadValue, match=r"Way\.piece_bytes"):
        Way("https://files.example.com/f", **wrong)
