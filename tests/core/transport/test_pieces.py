"""Downloads from platforms that give no more than so many bytes at once."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.transport.downloads import Tokens, is_exactly

from catchment.errors import Corrupt, Later, RateLimited, Unreachable
from catchment.model import Budget, Way
from catchment.transport import Downloader, Fetched, LinkRefused

FILE = random.Random(11).randbytes(300_000)
PIECE = 65_536
STARTS = [0, 65_536, 131_072, 196_608, 262_144]
SIZE = "x-ms-file-size"
Answer = Callable[[Any], Any]


def by_pieces(url: str, piece_bytes: int = PIECE) -> Way:
    """A way that is asked for piece by piece."""
    return Way(url + "/f", piece_bytes=piece_bytes, size_header="X-MS-File-Size")


def span(asked: Any) -> tuple[int, int]:
    """Which bytes were asked for: the first, and the one after the last."""
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers["range"])
    assert found is not None
    return int(found[1]), int(found[2]) + 1


def pieces(
    reply: Any,
    body: bytes = FILE,
    *,
    says: str = "size",
    tag: str = "",
    whole_if_other: bool = True,
) -> Answer:
    """A server that honours ``Range``, and says where and how large as *says* names it."""

    def answer(asked: Any) -> Any:
        headers = {"ETag": tag} if tag else {}
        if "size" in says:
            headers["X-Ms-File-Size"] = str(len(body))
        if whole_if_other and asked.headers.get("if-range", tag) != tag:
            return reply(200, body, headers)
        start, end = span(asked)
        part = body[start:end]
        total = "*" if "star" in says else len(body)
        if "star" in says or "range" in says:
            headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{total}"
        return reply(206, part, headers)

    return answer


def whole(reply: Any, body: bytes = FILE) -> Answer:
    """A server that knows no ranges."""
    return lambda asked: reply(200, body, {SIZE: str(len(body))})


def first_then(first: Answer, then: Answer) -> Answer:
    """A server that changes after two answers."""
    count = iter(range(10**6))
    return lambda asked: (first if next(count) < 2 else then)(asked)


def starts(server: Any) -> list[int]:
    """Where the pieces begin that a server was asked for."""
    return [span(asked)[0] for asked in server.asked]


def is_whole(fetched: Fetched, part: Path, body: bytes = FILE) -> bool:
    """Whether exactly *body* was fetched, and nothing is left beside it."""
    return is_exactly(fetched, part, body)


# --- the good way --------------------------------------------------------------------------------


@pytest.mark.parametrize("says", ["size", "range", "star size", "range size"])
@pytest.mark.parametrize("expected", [None, len(FILE)])
def test_a_file_is_put_together_from_its_pieces(
    downloader: Downloader, serve: Any, reply: Any, part: Path, says: str, expected: int | None
) -> None:
    """However the server tells the size, every byte is asked for once; both hashes are right."""
    server = serve(pieces(reply, says=says))
    fetched = downloader.fetch(by_pieces(server.url), part, expected_bytes=expected)
    assert is_whole(fetched, part)
    assert starts(server) == STARTS
    assert span(server.asked[0]) == (0, PIECE)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 4095, 4096, 4097])
def test_pieces_and_the_first_bytes_fit_at_every_size(
    downloader: Downloader, serve: Any, reply: Any, part: Path, length: int
) -> None:
    """Pieces smaller than what is judged change nothing: it is judged once, and first."""
    heads: list[bytes] = []
    body = FILE[:length]
    server = serve(pieces(reply, body))
    fetched = downloader.fetch(
        by_pieces(server.url, 10), part, on_head=lambda head, kind: heads.append(head)
    )
    assert is_whole(fetched, part, body)
    assert heads == [body[:4096]]
    assert len(server.asked) == max(1, -(-length // 10))


def test_the_size_that_the_platform_told_is_size_enough(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Where no answer tells the size, the one of the listing says when the last piece came."""
    server = serve(pieces(reply, says=""))
    assert is_whole(downloader.fetch(by_pieces(server.url), part, expected_bytes=len(FILE)), part)


def test_progress_is_told_over_all_pieces(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Progress counts bytes of the file, not of a piece."""
    progress: list[int] = []
    body = FILE * 12
    server = serve(pieces(reply, body))
    downloader.fetch(by_pieces(server.url, 10**6), part, on_progress=progress.append)
    assert progress == sorted(progress)
    assert progress[-1] == len(body)
    assert len(progress) > 3


def test_a_server_without_ranges_gives_the_whole(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """200 to the first piece is the file, and nothing more is asked for."""
    server = serve(whole(reply))
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert len(server.asked) == 1


def test_each_piece_counts(clock: Any, serve: Any, reply: Any, part: Path) -> None:
    """A piece is a request, and the budget counts requests."""
    server = serve(pieces(reply))
    downloader = Downloader(clock, budget=Budget(1, "1s", share=1.0))
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert sum(clock.waits) == pytest.approx(len(STARTS) - 1, abs=1.1)
    downloader.close()


def test_a_token_that_dies_between_two_pieces_is_replaced(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """T4: 401 in the middle costs one new token and no byte."""
    good = pieces(reply)
    wanted = first_then(lambda asked: "Bearer t1", lambda asked: "Bearer t2")
    server = serve(
        lambda asked: good(asked) if asked.headers["authorization"] == wanted(asked) else reply(401)
    )
    tokens = Tokens()
    downloader = Downloader(clock, token=tokens, token_hosts=(server.host,))
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert starts(server) == [0, 65_536, 131_072, 131_072, 196_608, 262_144]
    assert tokens.rejected == ["t1"]
    downloader.close()


# --- breaks --------------------------------------------------------------------------------------


def cut(reply: Any, tag: str = "") -> Answer:
    """An answer that ends after 1000 bytes of its piece, as a broken connection does."""
    good = pieces(reply, tag=tag)

    def answer(asked: Any) -> Any:
        start, end = span(asked)
        full = good(asked)
        return reply(206, FILE[start : start + 1000], full.headers, length=end - start)

    return answer


def test_pieces_continue_what_the_server_proves_to_be_the_same(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: after a break the rest is asked for, in pieces and with If-Range."""
    server = serve(first_then(pieces(reply, tag='"v1"'), cut(reply, '"v1"')))
    with pytest.raises(Unreachable):
        downloader.fetch(by_pieces(server.url), part)
    server.asked.clear()
    server.answer = pieces(reply, tag='"v1"')
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert starts(server) == [132_072, 197_608, 263_144]
    assert {asked.headers["if-range"] for asked in server.asked} == {'"v1"'}


def test_pieces_without_a_validator_start_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: where nothing proves that the file is the same, nothing of the part is used."""
    server = serve(first_then(pieces(reply), cut(reply)))
    with pytest.raises(Unreachable):
        downloader.fetch(by_pieces(server.url), part)
    server.asked.clear()
    server.answer = pieces(reply)
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert starts(server) == STARTS


@pytest.mark.parametrize("says", ["size", "range size"])
@pytest.mark.parametrize("proof", ['"v1"', ""])
def test_a_range_needs_the_validator_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path, says: str, proof: str
) -> None:
    """A server may know no If-Range, whether or not it names its range: it must repeat the tag."""
    server = serve(first_then(pieces(reply, tag='"v1"'), cut(reply, '"v1"')))
    with pytest.raises(Unreachable):
        downloader.fetch(by_pieces(server.url), part)
    server.asked.clear()
    server.answer = pieces(reply, says=says, tag=proof, whole_if_other=False)
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    continued = [132_072, 197_608, 263_144]
    assert starts(server) == (continued if proof else [132_072, *STARTS])


def test_a_stop_between_pieces_keeps_the_part(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A runner that is asked to stop leaves pieces that can be continued."""
    stop = threading.Event()
    server = serve(pieces(reply, tag='"v1"'))
    with pytest.raises(Later):
        downloader.fetch(by_pieces(server.url), part, stop=stop, on_progress=lambda _: stop.set())
    server.asked.clear()
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)
    assert starts(server)[0] > 0


@pytest.mark.parametrize("status", [429, 403, 404, 500])
def test_a_refusal_between_pieces_keeps_the_part(
    downloader: Downloader, clock: Any, serve: Any, reply: Any, part: Path, status: int
) -> None:
    """T4: what the server says in the middle is told as ever, and nothing is fetched twice."""
    said = {429: RateLimited, 500: Unreachable}.get(status, LinkRefused)
    no = reply(status, headers={"Retry-After": "90"})
    server = serve(first_then(pieces(reply, tag='"v1"'), lambda asked: no))
    with pytest.raises(said) as caught:
        downloader.fetch(by_pieces(server.url), part)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at == clock.now() + timedelta(seconds=90)
    server.asked.clear()
    server.answer = pieces(reply, tag='"v1"')
    assert is_whole(downloader.fetch(by_pieces(server.url + "/new"), part), part)
    assert starts(server) == STARTS[2:]


def test_a_crash_in_the_middle_costs_nothing_but_time(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """S003-27, T3: killed in the middle of its pieces, the next download has the exact bytes."""
    server = serve(pieces(reply, tag='"v1"'))
    code = (
        "import sys; from pathlib import Path; from catchment.model import Way\n"
        "from catchment.clock import SystemClock\n"
        "from catchment.transport import Downloader\n"
        "way = Way(sys.argv[1], piece_bytes=65536, size_header='x-ms-file-size')\n"
        "Downloader(SystemClock()).fetch(way, Path(sys.argv[2]))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, server.url, str(part)],
        env={**os.environ, "CATCHMENT_CRASH_AT": "media.part"},
        check=False,
    )
    assert killed.returncode == 70
    assert 0 < part.stat().st_size < len(FILE)
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part)


def test_pieces_that_come_too_slowly_are_given_up(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """T4: a server that drips is given up over all its pieces, however quick each of them ends."""
    first = threading.Event()
    body = FILE[:6000]

    def answer(asked: Any) -> Any:
        start, end = span(asked)
        return reply(206, body[start:end], {SIZE: "6000"}, drip=lambda: first.wait(0.01))

    server = serve(answer)
    downloader = Downloader(clock, slowest_bytes=5000, slowest_per=timedelta(seconds=0.2))
    with pytest.raises(Unreachable, match="too slowly"):
        downloader.fetch(by_pieces(server.url, 5), part)
    assert len(server.asked) > 1
    downloader.close()


# --- what is not the file ------------------------------------------------------------------------


def without_range(reply: Any, change: int, *, chunked: bool = False) -> Answer:
    """A server whose second piece is longer by *change* bytes than what was asked for."""

    def answer(asked: Any) -> Any:
        start, end = span(asked)
        body = FILE[start : end + change if start == PIECE else end]
        headers = {SIZE: str(len(FILE))}
        if not chunked:
            return reply(206, body, headers)
        framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        # The server hangs up afterwards, and says so: else the next piece may meet a dead line.
        headers |= {"Transfer-Encoding": "chunked", "Connection": "close"}
        return reply(206, framed, headers, length=None)

    return answer


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_piece_of_another_length_is_never_joined(
    downloader: Downloader, serve: Any, reply: Any, part: Path, change: int, chunked: bool
) -> None:
    """Fewer or more bytes than asked for would put all that follows at the wrong place."""
    server = serve(without_range(reply, change, chunked=chunked))
    with pytest.raises(Corrupt, match="were due" if not chunked else "piece of the file"):
        downloader.fetch(by_pieces(server.url), part)
    assert os.listdir(part.parent) == []


def test_a_piece_that_names_another_end_is_never_joined(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A server that gives smaller pieces than asked for does not give the file this way."""
    headers = {"Content-Range": f"bytes 0-999/{len(FILE)}"}
    server = serve(lambda asked: reply(206, FILE[:1000], headers))
    with pytest.raises(Corrupt, match="gives 1000 bytes where 65536 were due"):
        downloader.fetch(by_pieces(server.url), part)


def test_a_file_longer_than_the_platform_told_is_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Also where only the last piece shows it: it is asked for whole."""
    server = serve(pieces(reply, says=""))
    with pytest.raises(Corrupt):
        downloader.fetch(by_pieces(server.url), part, expected_bytes=len(FILE) - 1)
    server.answer = pieces(reply)
    with pytest.raises(Corrupt, match="offers 300000 bytes, and 299999 were announced"):
        downloader.fetch(by_pieces(server.url), part, expected_bytes=len(FILE) - 1)


def test_pieces_of_unknown_number_are_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Where nobody tells the size, nobody knows which piece is the last."""
    server = serve(pieces(reply, says="star"))
    with pytest.raises(Corrupt, match="does not say how large"):
        downloader.fetch(by_pieces(server.url), part)


@pytest.mark.parametrize("says", ["size", "range"])
def test_a_size_that_changes_between_pieces_starts_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path, says: str
) -> None:
    """Pieces of two files are never joined: the new one is fetched from zero."""
    other = FILE[::-1] + b"more"
    server = serve(first_then(pieces(reply, says=says), pieces(reply, other, says=says)))
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part, other)
    assert starts(server) == [0, 65_536, 131_072, *STARTS]


@pytest.mark.parametrize("whole_if_other", [False, True])
@pytest.mark.parametrize(
    "tags", [('"v1"', '"v2"'), ('W/"v1"', 'W/"v2"'), ('"v1"', ""), ("", '"v2"')]
)
def test_another_version_between_pieces_starts_again(
    downloader: Downloader,
    serve: Any,
    reply: Any,
    part: Path,
    tags: tuple[str, str],
    whole_if_other: bool,
) -> None:
    """Another tag is another file, also one that comes or goes, and If-Range honoured or not."""
    other = FILE[::-1]
    old, new = (
        pieces(reply, body, tag=tag, whole_if_other=whole_if_other)
        for body, tag in zip((FILE, other), tags, strict=True)
    )
    server = serve(first_then(old, new))
    assert is_whole(downloader.fetch(by_pieces(server.url), part), part, other)


def test_a_whole_file_in_the_middle_replaces_the_pieces(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """200 to a later piece is the whole file; its first bytes are judged like any other's."""
    heads: list[bytes] = []
    other = FILE[::-1]
    server = serve(first_then(pieces(reply), whole(reply, other)))
    fetched = downloader.fetch(
        by_pieces(server.url), part, on_head=lambda head, kind: heads.append(head)
    )
    assert is_whole(fetched, part, other)
    assert heads == [FILE[:4096], other[:4096]]
    assert len(server.asked) == 3


def test_a_file_that_never_holds_still_is_given_up(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A file that is another one with each answer is refused, and not asked for without end."""
    size = iter(range(len(FILE), 10**6))
    server = serve(lambda asked: pieces(reply, FILE + bytes(next(size) - len(FILE)))(asked))
    with pytest.raises(Corrupt, match="again and again"):
        downloader.fetch(by_pieces(server.url), part)
    assert len(server.asked) == 6
    assert os.listdir(part.parent) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "pages 1-2/3", SIZE: "300000"},
        {"Content-Type": "multipart/byteranges; boundary=x", SIZE: "300000"},
    ],
)
def test_a_range_that_cannot_be_read_is_no_piece(
    downloader: Downloader, serve: Any, reply: Any, part: Path, headers: dict[str, str]
) -> None:
    """Only silence is taken for what was asked for, never another word."""
    server = serve(lambda asked: reply(206, FILE[:PIECE], headers))
    with pytest.raises(Unreachable, match="without saying which"):
        downloader.fetch(by_pieces(server.url), part)


@pytest.mark.parametrize("left", [False, True])
def test_a_refused_way_leaves_the_next_one_its_part(
    downloader: Downloader, serve: Any, reply: Any, part: Path, left: bool
) -> None:
    """A platform that gives no pieces answers 400; what the way before left is still continued."""
    blob = serve(first_then(pieces(reply, tag='"b"'), cut(reply, '"b"')))
    if left:
        with pytest.raises(Unreachable):
            downloader.fetch(by_pieces(blob.url), part)
    refusing = serve(lambda asked: reply(400))
    with pytest.raises(LinkRefused) as caught:
        downloader.fetch(by_pieces(refusing.url), part)
    assert caught.value.status == 400
    last = serve(whole(reply))
    assert is_whole(downloader.fetch(Way(last.url, size_header=SIZE), part), part)
    assert last.asked[0].headers.get("if-range") == ('"b"' if left else None)
