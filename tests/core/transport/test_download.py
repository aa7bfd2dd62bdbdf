"""Downloads against real servers: T4 for files, and what is on disk afterwards."""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.core.transport.downloads import Tokens, is_exactly

from catchment.errors import (
    AdapterFault,
    Corrupt,
    Later,
    LinkDead,
    RateLimited,
    StorageUnavailable,
    Unreachable,
)
from catchment.model import Budget, Way
from catchment.transport import Downloader, Fetched, Limits, LinkRefused, may_carry_token
from catchment.transport._links import name_host, read_target

FILE = random.Random(7).randbytes(300_000)
HALF = 150_000
TAG = {"ETag": '"v1"', "Content-Type": "video/mp4"}


def ranged(reply: Any, body: bytes = FILE, tag: str = '"v1"') -> Callable[[Any], Any]:
    """A server that honours ``Range`` and ``If-Range``."""

    def answer(asked: Any) -> Any:
        headers = {"ETag": tag}
        if asked.headers.get("if-range") != tag:
            return reply(body=body, headers=headers)
        start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
        headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return reply(206, body[start:], headers)

    return answer


def break_off(downloader: Downloader, server: Any, part: Path, reply: Any, **headers: str) -> None:
    """Leave the first half of a download."""
    server.answer = lambda asked: reply(
        body=FILE[:HALF], length=len(FILE), headers=headers or {"ETag": '"v1"'}
    )
    with pytest.raises(Unreachable):
        downloader.fetch(Way(server.url + "/f"), part)
    assert part.stat().st_size == HALF
    server.asked.clear()


def is_whole(fetched: Fetched, part: Path, body: bytes = FILE) -> bool:
    """Whether exactly *body* was fetched, and nothing is left beside it."""
    return is_exactly(fetched, part, body)


# --- the good way --------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [-1, None])
def test_a_file_is_fetched_byte_for_byte(
    downloader: Downloader, serve: Any, reply: Any, part: Path, length: int | None
) -> None:
    """What is on disk is what was served, with both hashes, with and without Content-Length."""
    server = serve(lambda asked: reply(body=FILE, headers=TAG, length=length))
    fetched = downloader.fetch(Way(server.url + "/f?sig=a%2Fb"), part, expected_bytes=len(FILE))
    assert is_whole(fetched, part)
    assert (fetched.media_type, fetched.etag, fetched.name) == ("video/mp4", '"v1"', None)
    assert server.asked[0].target == "/f?sig=a%2Fb"
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_an_empty_file_is_judged_and_fetched(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A file of no bytes is still shown to the judge of first bytes."""
    heads: list[bytes] = []
    server = serve(lambda asked: reply())
    fetched = downloader.fetch(Way(server.url), part, on_head=lambda head, kind: heads.append(head))
    assert heads == [b""]
    assert is_whole(fetched, part, b"")


def test_progress_and_head_are_told(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """The first bytes are judged once, with the media type; progress grows to the size."""
    heads: list[tuple[bytes, str | None]] = []
    progress: list[int] = []
    body = FILE * 12
    downloader.fetch(
        Way(serve(lambda asked: reply(body=body, headers=TAG)).url),
        part,
        on_head=lambda head, kind: heads.append((head, kind)),
        on_progress=progress.append,
    )
    assert heads == [(body[:4096], "video/mp4")]
    assert progress == sorted(progress)
    assert progress[-1] == len(body)
    assert len(progress) > 3


def test_method_and_headers_of_a_way_are_sent(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A way may need another method and further headers."""
    server = serve(lambda asked: reply(body=FILE))
    downloader.fetch(Way(server.url, method="POST", headers={"X-Site": "a"}), part)
    assert server.asked[0].method == "POST"
    assert server.asked[0].headers["x-site"] == "a"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.mp4"', "a b.mp4"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.mp4", "été.mp4"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\x.mp4"', "x.mp4"),
        ("attachment", None),
    ],
)
def test_the_offered_name_is_a_label_without_folders(
    downloader: Downloader, serve: Any, reply: Any, part: Path, disposition: str, name: str | None
) -> None:
    """A server cannot name a path."""
    server = serve(lambda asked: reply(headers={"Content-Disposition": disposition}))
    assert downloader.fetch(Way(server.url + "/secret.abc"), part).name == name


# --- resume --------------------------------------------------------------------------------------


def test_a_broken_transfer_is_continued(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: after a truncation only the rest is asked for, and the bytes and hashes are exact."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = ranged(reply)
    fetched = downloader.fetch(Way(server.url + "/other-link"), part, expected_bytes=len(FILE))
    assert [asked.headers.get("range") for asked in server.asked] == [f"bytes={HALF}-"]
    assert is_whole(fetched, part)


def test_a_transfer_that_breaks_twice_is_continued_twice(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: what is remembered outlives a continuation that breaks off as well."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    more = {**TAG, "Content-Range": f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}"}
    server.answer = lambda asked: reply(206, FILE[HALF:200_000], more, length=HALF)
    with pytest.raises(Unreachable):
        downloader.fetch(Way(server.url), part)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert server.asked[-1].headers["range"] == "bytes=200000-"


def test_a_transfer_is_continued_by_its_date_of_change(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Without an entity tag the date of the last change proves that the file is the same."""
    changed = "Tue, 20 Oct 2026 07:00:00 GMT"
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply, **{"Last-Modified": changed})
    told = {
        "Last-Modified": changed,
        "Content-Range": f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}",
    }
    server.answer = lambda asked: reply(206, FILE[HALF:], told)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert [asked.headers["if-range"] for asked in server.asked] == [changed]


def placed(reply: Any, body: bytes, headers: dict[str, str]) -> Callable[[Any], Any]:
    """A server that honours ``Range``, says which, and does not care for ``If-Range``."""

    def answer(asked: Any) -> Any:
        if "range" not in asked.headers:
            return reply(body=body, headers=headers)
        start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
        said = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        return reply(206, body[start:], headers | said)

    return answer


@pytest.mark.parametrize("kept", [TAG, {"Last-Modified": "Tue, 20 Oct 2026 07:00:00 GMT"}])
@pytest.mark.parametrize("now", [{}, {"ETag": 'W/"v1"'}])
def test_a_named_range_proves_nothing_by_itself(
    downloader: Downloader,
    serve: Any,
    reply: Any,
    part: Path,
    kept: dict[str, str],
    now: dict[str, str],
) -> None:
    """T4: the validator that was kept must come again; a server may not know ``If-Range``."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply, **kept)
    other = FILE[::-1]
    server.answer = placed(reply, other, now)
    assert is_whole(downloader.fetch(Way(server.url), part), part, other)
    assert ["range" in asked.headers for asked in server.asked] == [True, False]


def test_the_same_tag_at_another_host_is_no_proof(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: what two servers call version 1 may be two files, however alike they are told."""
    break_off(downloader, serve(ranged(reply)), part, reply)
    other = FILE[::-1]
    second = serve(placed(reply, other, TAG))
    assert is_whole(downloader.fetch(Way(second.url), part), part, other)
    assert ["range" in asked.headers for asked in second.asked] == [True, False]


def test_the_host_that_gives_the_bytes_is_the_one_that_counts(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Behind a link that redirects, the part goes on where the same server has the file."""
    store = serve(ranged(reply))
    link = serve(lambda asked: reply(302, headers={"Location": store.url + "/f"}))
    break_off(downloader, store, part, reply)
    store.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(link.url), part), part)
    assert [asked.headers["range"] for asked in store.asked] == [f"bytes={HALF}-"]


def test_a_memory_of_before_that_names_no_server_is_no_proof(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """What an older version left is fetched again from zero."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    memory = part.with_name(part.name + ".resume")
    kept = json.loads(memory.read_text())
    del kept["origin"]
    memory.write_text(json.dumps(kept))
    other = FILE[::-1]
    server.answer = placed(reply, other, TAG)
    assert is_whole(downloader.fetch(Way(server.url), part), part, other)


@pytest.mark.parametrize("headers", [{"X": "y"}, {"ETag": 'W/"v1"'}])
def test_what_cannot_be_proved_the_same_starts_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path, headers: dict[str, str]
) -> None:
    """A part without a strong validator is never continued."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply, **headers)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert "range" not in server.asked[0].headers


def test_a_way_without_ranges_starts_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A platform that is known not to honour ranges is not asked for one."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url, ranged=False), part), part)
    assert "range" not in server.asked[0].headers


def test_a_whole_answer_to_a_range_is_taken_from_zero(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: 200 to a range request replaces the part; nothing is appended to it."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = lambda asked: reply(body=FILE)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert len(server.asked) == 1


def test_a_changed_file_is_fetched_from_zero(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: another entity tag in the middle of a resume means another file."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    other = FILE[::-1]
    server.answer = ranged(reply, other, '"v2"')
    assert is_whole(downloader.fetch(Way(server.url), part), part, other)


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"v1"', "Content-Range": f"bytes 0-{len(FILE) - 1}/{len(FILE)}"},
        {"ETag": '"v1"', "Content-Range": f"bytes 149999-{len(FILE) - 1}/{len(FILE)}"},
        {"ETag": '"v2"', "Content-Range": f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}"},
        {"ETag": '"v1"', "Content-Range": f"bytes {HALF}-{len(FILE)}/{len(FILE) + 1}"},
    ],
)
def test_a_wrong_range_is_never_appended(
    downloader: Downloader, serve: Any, reply: Any, part: Path, headers: dict[str, str]
) -> None:
    """T4: 206 at another offset, of another version or of another length starts from zero."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = lambda asked: (
        reply(206, FILE[HALF:], headers) if "range" in asked.headers else reply(body=FILE)
    )
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert len(server.asked) == 2


def test_a_range_beyond_the_end_starts_again(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: 416 means that the part is not the beginning of what is there now."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = lambda asked: reply(416) if "range" in asked.headers else reply(body=FILE)
    assert is_whole(downloader.fetch(Way(server.url), part), part)


def test_a_shorter_range_than_asked_is_continued_later(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A server that gives ranges in slices is followed slice by slice."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    slice_ = {"ETag": '"v1"', "Content-Range": f"bytes {HALF}-199999/{len(FILE)}"}
    server.answer = lambda asked: reply(206, FILE[HALF:200_000], slice_)
    with pytest.raises(Unreachable, match="broke off at 200000"):
        downloader.fetch(Way(server.url), part)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url), part), part)


def test_a_truncation_without_content_length_is_continued(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: without a length the platform's size tells that the end was not the end."""
    server = serve(lambda asked: reply(body=FILE[:HALF], headers=TAG, length=None))
    with pytest.raises(Unreachable, match="broke off at 150000 of 300000"):
        downloader.fetch(Way(server.url), part, expected_bytes=len(FILE))
    server.answer = ranged(reply)
    fetched = downloader.fetch(Way(server.url), part, expected_bytes=len(FILE))
    assert server.asked[1].headers["range"] == f"bytes={HALF}-"
    assert is_whole(fetched, part)


def test_only_what_is_surely_on_disk_is_continued(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """S003-27: bytes after the last checkpoint may be lost by a power cut; they are not used."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    with part.open("ab") as file:
        file.write(b"\0" * 5000)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert server.asked[0].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("damage", ["not json", '{"synced_bytes": 1}', '{"what": 1}', "[]"])
def test_a_damaged_memory_is_no_memory(
    downloader: Downloader, serve: Any, reply: Any, part: Path, damage: str
) -> None:
    """What is remembered beside a part is not relied on when it cannot be understood."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    part.with_name(part.name + ".resume").write_text(damage)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    assert "range" not in server.asked[0].headers


def test_the_memory_holds_no_link(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """Links are secrets: what is remembered is the server, the size and the validators."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    kept = json.loads(part.with_name(part.name + ".resume").read_text())
    assert kept == {
        "synced_bytes": HALF,
        "etag": '"v1"',
        "last_modified": None,
        "total_bytes": len(FILE),
        "origin": server.url,
    }


def test_a_crash_after_the_first_bytes_costs_nothing_but_time(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """S003-27, T3: killed in the middle of a download, the next one has the exact bytes."""
    server = serve(ranged(reply))
    code = (
        "import sys; from pathlib import Path; from catchment.model import Way\n"
        "from catchment.clock import SystemClock\n"
        "from catchment.transport import Downloader\n"
        "Downloader(SystemClock()).fetch(Way(sys.argv[1]), Path(sys.argv[2]))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, server.url, str(part)],
        env={**os.environ, "CATCHMENT_CRASH_AT": "media.part"},
        check=False,
    )
    assert killed.returncode == 70
    assert 0 < part.stat().st_size < len(FILE)
    assert is_whole(downloader.fetch(Way(server.url), part), part)


# --- what is not the file ------------------------------------------------------------------------


def refuse_html(head: bytes, media_type: str | None) -> None:
    """A judge of first bytes."""
    if media_type == "text/html" or head.startswith(b"{"):
        raise Corrupt("not a film")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<html>login", "text/html"), (b'{"code":124}'.ljust(59), "video/mp4")]
)
def test_a_page_instead_of_a_film_is_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path, body: bytes, kind: str
) -> None:
    """T4: 200 with HTML, or with 59 bytes of JSON, is never taken for the file."""
    server = serve(lambda asked: reply(body=body, headers={"Content-Type": kind}))
    with pytest.raises(Corrupt, match="not a film"):
        downloader.fetch(Way(server.url), part, on_head=refuse_html)
    assert os.listdir(part.parent) == []


@pytest.mark.parametrize("length", [-1, None])
@pytest.mark.parametrize("expected", [len(FILE) - 1, len(FILE) + 1])
def test_another_size_than_announced_is_refused(
    downloader: Downloader,
    serve: Any,
    reply: Any,
    part: Path,
    length: int | None,
    expected: int,
) -> None:
    """T4: more or fewer bytes than the platform told are never taken for the file."""
    server = serve(lambda asked: reply(body=FILE, length=length, headers=TAG))
    broke = length is None and expected > len(FILE)  # cannot be told from a truncation
    with pytest.raises(Unreachable if broke else Corrupt):
        downloader.fetch(Way(server.url), part, expected_bytes=expected)
    assert part.exists() == broke


def test_an_endless_file_is_not_fetched_to_its_end(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: more bytes than announced end the download at once, not when the disk is full."""
    progress: list[int] = []
    server = serve(lambda asked: reply(body=bytes(1024 * 1024), times=20, length=None))
    with pytest.raises(Corrupt, match="longer"):
        downloader.fetch(
            Way(server.url), part, expected_bytes=3 * 1024 * 1024, on_progress=progress.append
        )
    assert max(progress) <= 3 * 1024 * 1024


def test_too_few_bytes_after_a_resume_are_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """A resumed file is measured like any other."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = ranged(reply)
    with pytest.raises(Corrupt):
        downloader.fetch(Way(server.url), part, expected_bytes=len(FILE) + 5)
    assert os.listdir(part.parent) == []


def test_compressed_bytes_are_refused(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: a server that compresses although asked not to gives other bytes than the file's."""
    server = serve(lambda asked: reply(body=FILE, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Corrupt, match="compressed"):
        downloader.fetch(Way(server.url), part)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_dead_link_says_what_was_answered(
    downloader: Downloader, serve: Any, reply: Any, part: Path, status: int
) -> None:
    """T4: an expired link is renewed by the engine, which can tell the statuses apart."""
    server = serve(lambda asked: reply(status))
    with pytest.raises(LinkRefused, match=str(status)) as caught:
        downloader.fetch(Way(server.url + "/?sig=s3cret"), part)
    assert caught.value.status == status
    assert "s3cret" not in str(caught.value)


def test_a_dead_link_does_not_cost_the_part(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: a link that dies between two tries is renewed, and the new one continues the part."""
    server = serve(ranged(reply))
    break_off(downloader, server, part, reply)
    server.answer = lambda asked: reply(403)
    with pytest.raises(LinkDead):
        downloader.fetch(Way(server.url), part)
    server.answer = ranged(reply)
    assert is_whole(downloader.fetch(Way(server.url + "/new"), part), part)
    assert server.asked[-1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("status", [408, 500, 503, 204, 206, 304])
def test_a_broken_server_is_unreachable(
    downloader: Downloader, serve: Any, reply: Any, part: Path, status: int
) -> None:
    """T4: 5xx, and answers that make no sense, are tried again by the engine."""
    with pytest.raises(Unreachable, match=str(status)):
        downloader.fetch(Way(serve(lambda asked: reply(status)).url), part)


@pytest.mark.parametrize(("said", "seconds"), [({"Retry-After": "90"}, 90), ({}, None)])
def test_a_rate_limit_says_until_when(
    clock: Any, serve: Any, reply: Any, part: Path, said: dict[str, str], seconds: int | None
) -> None:
    """T4: 429 with and without Retry-After goes to the engine; a known end blocks the budget."""
    server = serve(lambda asked: reply(429, headers=said))
    downloader = Downloader(clock, budget=Budget(10))
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            downloader.fetch(Way(server.url), part)
        expected = clock.now() + timedelta(seconds=seconds) if seconds else None
        assert caught.value.retry_at == expected
    assert len(server.asked) == (1 if seconds else 2)
    downloader.close()


def test_a_slow_server_is_given_up_and_the_part_kept(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """T4: a server that drips bytes does not hold a worker for ever, and nothing is lost."""
    first = threading.Event()

    def drip() -> None:
        first.wait(0.01)

    body = FILE[:6000]
    server = serve(lambda asked: reply(body=body, headers=TAG, drip=drip))
    downloader = Downloader(clock, slowest_bytes=5000, slowest_per=timedelta(seconds=0.2))
    with pytest.raises(Unreachable, match="too slowly"):
        downloader.fetch(Way(server.url), part)
    downloader.close()


def test_a_silent_server_is_given_up(clock: Any, serve: Any, reply: Any, part: Path) -> None:
    """T4: a server that stops in the middle of a file is given up after the read limit."""
    release = threading.Event()
    server = serve(lambda asked: reply(body=FILE[:9], drip=lambda: release.wait(10)))
    downloader = Downloader(clock, limits=Limits(read=timedelta(seconds=0.1)))
    with pytest.raises(Unreachable, match="silent"):
        downloader.fetch(Way(server.url), part)
    release.set()
    downloader.close()


def test_a_stop_keeps_the_part(downloader: Downloader, serve: Any, reply: Any, part: Path) -> None:
    """A runner that is asked to stop leaves a download that can be continued."""
    stop = threading.Event()
    body = FILE * 10
    server = serve(ranged(reply, body))
    with pytest.raises(Later):
        downloader.fetch(Way(server.url), part, stop=stop, on_progress=lambda _: stop.set())
    server.asked.clear()
    assert is_whole(downloader.fetch(Way(server.url), part), part, body)
    assert "range" in server.asked[0].headers


def test_a_buffer_that_cannot_be_written_is_said(
    downloader: Downloader, serve: Any, reply: Any, tmp_path: Path
) -> None:
    """A missing folder, like a full disk, is a matter for a person, with its reason."""
    server = serve(lambda asked: reply(body=FILE))
    with pytest.raises(StorageUnavailable, match=os.strerror(errno.ENOENT)) as caught:
        downloader.fetch(Way(server.url), tmp_path / "none" / "x.part")
    assert caught.value.remedy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(downloader: Downloader, serve: Any, reply: Any, part: Path) -> None:
    """T4: no space left is a matter for a person."""
    part.symlink_to("/dev/full")
    server = serve(lambda asked: reply(body=FILE))
    with pytest.raises(StorageUnavailable, match=os.strerror(errno.ENOSPC)):
        downloader.fetch(Way(server.url), part)


# --- where the token goes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://zoom.example/rec/x", True),
        ("https://us02.ZOOM.example/rec/x", True),
        ("https://zoom.example:443/x", True),
        ("https://zoom.example:8443/x", False),
        ("http://zoom.example/x", False),
        ("https://evilzoom.example/x", False),
        ("https://zoom.example.evil.example/x", False),
        ("https://zoom.example@evil.example/x", False),
        ("https://user@zoom.example/x", False),
        ("https://evil.example\\@zoom.example/x", False),
        ("https://evil.example/zoom.example", False),
        ("https://zoom.example./x", False),
        ("ftp://zoom.example/x", False),
        ("http://127.0.0.1:8080/x", True),
        ("https://127.0.0.1:8080/x", True),
        ("http://127.0.0.1:8081/x", False),
        ("http://127.0.0.1/x", False),
        ("http://a.127.0.0.1:8080/x", False),
        ("http://[::1]:9000/x", True),
        ("http://[::1/x", False),
        ("//zoom.example/x", False),
        ("", False),
    ],
)
def test_the_token_goes_only_to_listed_hosts(url: str, allowed: bool) -> None:
    """Promise: the bearer never leaves the host list, whatever a link looks like."""
    hosts = ("zoom.example", "127.0.0.1:8080", "[::1]:9000", "")
    assert may_carry_token(url, hosts) is allowed


def test_nothing_listed_is_nothing_allowed() -> None:
    """An empty list allows no host, and an empty entry does not either."""
    assert not may_carry_token("https://zoom.example/x", ())
    assert not may_carry_token("https://zoom.example/x", ("", ".", " "))


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("https://b.example/y", "https://b.example/y"),
        ("/y?a=%2F", "https://a.example/y?a=%2F"),
        ("//b.example/y", "https://b.example/y"),
        ("http://a.example/y", None),
        ("http://b.example/y", None),
        ("file:///etc/passwd", None),
        ("https://a.example/x", None),
    ],
)
def test_a_redirect_never_leaves_encryption(target: str, leads: str | None) -> None:
    """From https we follow to https alone, wherever it leads."""
    url = httpx.URL("https://a.example/x")
    response = httpx.Response(302, headers={"Location": target})
    if leads is not None:
        assert str(read_target(url, response)) == leads
        return
    with pytest.raises(LinkDead):
        read_target(url, response)


def bearers(server: Any) -> list[str | None]:
    """The Authorization headers that a server got."""
    return [asked.headers.get("authorization") for asked in server.asked]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_redirect_is_judged_anew(
    clock: Any, serve: Any, reply: Any, part: Path, listed: bool, status: int
) -> None:
    """T4: after a redirect the token goes on only if the new host is listed too."""
    there = serve(lambda asked: reply(body=FILE))
    here = serve(lambda asked: reply(status, headers={"Location": there.url + "/GMT.mp4?s=1"}))
    hosts = (here.host, there.host) if listed else (here.host,)
    downloader = Downloader(clock, token=Tokens(), token_hosts=hosts)
    fetched = downloader.fetch(Way(here.url, headers={"X-Site": "a"}), part)
    assert bearers(here) == ["Bearer t1"]
    assert bearers(there) == (["Bearer t1"] if listed else [None])
    assert "x-site" not in there.asked[0].headers
    assert is_whole(fetched, part)
    assert fetched.name == "GMT.mp4"
    downloader.close()


def test_a_way_without_auth_carries_no_token(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """A signed link does not need the bearer and does not get it."""
    server = serve(lambda asked: reply(body=FILE))
    downloader = Downloader(clock, token=Tokens(), token_hosts=(server.host,))
    downloader.fetch(Way(server.url, auth=False), part)
    assert bearers(server) == [None]
    downloader.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_says_that_no_token_was_sent(
    clock: Any, serve: Any, reply: Any, part: Path, status: int
) -> None:
    """Whoever forgot a host reads its name as the list wants it; others are told nothing of it."""
    server = serve(lambda asked: reply(status))
    hint = f"; no token was sent, because token_hosts() does not allow {server.host}"
    said = f"127.0.0.1 answered {status} for a file"

    def refuse(way: Way, *hosts: str, token: Tokens | None = None) -> str:
        downloader = Downloader(clock, token=token, token_hosts=hosts)
        with pytest.raises(LinkRefused) as caught:
            downloader.fetch(way, part)
        downloader.close()
        return str(caught.value)

    assert refuse(Way(server.url + "/?sig=1"), "127.0.0.1", token=Tokens()) == said + hint
    assert refuse(Way(server.url), server.host, token=Tokens()) == said
    assert refuse(Way(server.url, auth=False), token=Tokens()) == said
    assert refuse(Way(server.url)) == said
    server.answer = lambda asked: reply(404)
    assert "token" not in refuse(Way(server.url), token=Tokens())


def test_a_refusal_behind_a_redirect_says_nothing_of_tokens(
    clock: Any, serve: Any, reply: Any, part: Path
) -> None:
    """The link carries its own right there; whoever listed that host would give a token away."""
    there = serve(lambda asked: reply(403))
    here = serve(lambda asked: reply(302, headers={"Location": there.url + "/f?s=1"}))
    downloader = Downloader(clock, token=Tokens(), token_hosts=(here.host,))
    with pytest.raises(LinkRefused, match=r"^127\.0\.0\.1 answered 403 for a file$"):
        downloader.fetch(Way(here.url), part)
    downloader.close()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example.com/x", "files.example.com"),
        ("https://files.example.com:8443/x", "files.example.com:8443"),
        ("http://files.example.com/x", "files.example.com:80"),
        ("http://[::1]:8791/x", "[::1]:8791"),
    ],
)
def test_a_host_is_named_as_the_list_wants_it(url: str, name: str) -> None:
    """What the sentence says can be written into ``token_hosts`` as it is."""
    assert name_host(httpx.URL(url)) == name
    assert may_carry_token(url, [name])


def test_a_dead_token_is_replaced_once(clock: Any, serve: Any, reply: Any, part: Path) -> None:
    """T4: 401 is answered with one new token, and only then is the link dead."""
    server = serve(
        lambda asked: reply(200 if asked.headers.get("authorization") == "Bearer t2" else 401, FILE)
    )
    tokens = Tokens()
    downloader = Downloader(clock, token=tokens, token_hosts=(server.host,))
    assert is_whole(downloader.fetch(Way(server.url), part), part)
    server.answer = lambda asked: reply(401)
    with pytest.raises(LinkRefused):
        downloader.fetch(Way(server.url), part)
    assert tokens.rejected == ["t1", "t2"]
    assert len(server.asked) == 4
    downloader.close()


@pytest.mark.parametrize("target", ["/again", "", "ftp://x.example/"])
def test_a_redirect_to_nowhere_is_a_dead_link(
    downloader: Downloader, serve: Any, reply: Any, part: Path, target: str
) -> None:
    """T4: circles and senseless targets end."""
    hops = iter(range(100))
    server = serve(
        lambda asked: reply(
            302, headers={"Location": target + str(next(hops)) if target == "/again" else target}
        )
    )
    with pytest.raises(LinkDead):
        downloader.fetch(Way(server.url + "/"), part)
    assert len(server.asked) <= 11


def test_a_redirect_that_cannot_be_read_is_a_broken_answer(
    downloader: Downloader, serve: Any, reply: Any, part: Path
) -> None:
    """T4: a target that is not a url is the server's fault and tried again."""
    server = serve(lambda asked: reply(302, headers={"Location": "http://[::1"}))
    with pytest.raises(Unreachable):
        downloader.fetch(Way(server.url), part)


def test_what_is_no_url_is_the_adapters_fault(downloader: Downloader, part: Path) -> None:
    """A link that cannot be asked is not tried again."""
    for url in ("", "ftp://x.example/f", "https://[::1/f"):
        with pytest.raises(AdapterFault, match="not a url"):
            downloader.fetch(Way(url), part)


def test_a_signed_link_reaches_no_log(
    downloader: Downloader,
    serve: Any,
    reply: Any,
    part: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Promise: a link's signature is in no log at any level, also after a redirect."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    server = serve(
        lambda asked: (
            reply(body=FILE)
            if asked.target.startswith("/f")
            else reply(302, headers={"Location": "/f?sig=s3cret"})
        )
    )
    downloader.fetch(Way(server.url + "/?sig=s3cret"), part)
    assert "s3cret" not in caplog.text


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_memory_stays_flat(serve: Any, reply: Any, part: Path) -> None:
    """A file of 300 MB is fetched by a process that never holds 150 MB."""
    server = serve(lambda asked: reply(body=bytes(1024 * 1024), times=300))
    # VmHWM and not ru_maxrss, which a process inherits from the one that started it.
    code = (
        "import re, sys; from pathlib import Path; from catchment.model import Way\n"
        "from catchment.clock import SystemClock\n"
        "from catchment.transport import Downloader\n"
        "done = Downloader(SystemClock()).fetch(Way(sys.argv[1]), Path(sys.argv[2]))\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(done.size_bytes, re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, server.url, str(part)], check=True, capture_output=True
    )
    part.unlink()
    size_bytes, most_kib = map(int, ran.stdout.split())
    assert size_bytes == 300 * 1024 * 1024
    assert most_kib < 150 * 1024
