"""Faults: decided by seed and count, bounded for each key, and real over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.core.sandbox.cloud import ETAG, START, Cloud, make_cloud

from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import Faults, Lateness, read_faults, serve
from catchment.sandbox.faults import FAULTS, Fault, Group

MIXED = {
    "throttle": {"list": 0.2, "download": 0.2},
    "server_error": {"list": 0.2, "download": 0.2},
    "reset": {"download": 0.3},
    "truncate": {"download": 0.4},
}


def _draws(faults: Faults, keys: str = "abcdefgh", rounds: int = 20) -> list[Fault | None]:
    possible: tuple[Fault, ...] = ("throttle", "server_error", "reset", "truncate")
    return [faults.choose("download", key, possible) for _ in range(rounds) for key in keys]


def _always(fault: Fault, group: Group = "download", most: int = 2) -> Faults:
    return Faults(seed=1, rates={fault: {group: 1.0}}, most=most)


# --- decisions -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_faults() -> None:
    """Faults are a function of seed and requests, and are counted."""
    first, again, other = (Faults(seed=seed, rates=MIXED) for seed in (5, 5, 6))
    assert _draws(first) == _draws(again) != _draws(other)
    assert first.counts == again.counts
    assert sum(first.counts[fault] for fault in MIXED) == sum(
        fault is not None for fault in _draws(Faults(seed=5, rates=MIXED))
    )


def test_the_order_of_workers_changes_nothing() -> None:
    """What befalls one key does not depend on what else is asked in between."""
    apart, mixed = Faults(seed=5, rates=MIXED), Faults(seed=5, rates=MIXED)
    alone = _draws(apart, "a")
    among = _draws(mixed, "zay")[1::3]
    assert alone == among


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_client_that_tries_again_gets_through(most: int) -> None:
    """However likely faults are, no key is spoilt more than ``most`` times in a row."""
    rates = {fault: {"download": 1.0} for fault in MIXED}
    told = _draws(Faults(seed=1, rates=rates, most=most), "a", 40)
    longest = max(len(run) for run in "".join("." if f is None else "x" for f in told).split("."))
    assert longest == most


def test_all_is_quiet_from_the_time_given() -> None:
    """Faults end at ``until`` of the platform's time; lateness that was decided stays."""
    clock = ManualClock(START)
    late = Lateness(share=1.0)
    until = START + timedelta(days=1)
    faults = Faults(rates={"reset": {"download": 1.0}}, until=until, late=late, clock=clock)
    delay = faults.delay("a")
    assert faults.choose("download", "a", ("reset",)) == "reset"
    clock.advance(timedelta(days=1))
    assert faults.quiet
    assert set(_draws(faults)) == {None}
    assert faults.delay("a") == delay


def test_401_comes_once_for_each_key() -> None:
    """``unauthorized_once`` never comes back for a key that it befell."""
    faults = _always("unauthorized_once")
    told = [faults.choose("download", key, ("unauthorized_once",)) for key in "aabbaab"]
    assert [bool(fault) for fault in told] == [True, False, True, False, False, False, False]


def test_late_items_are_late_by_the_same_each_time() -> None:
    """T5: a share of the items comes late, within the bounds, whoever asks and when."""
    late = Lateness(0.5, timedelta(minutes=1), timedelta(hours=72))
    faults = Faults(seed=3, late=late)
    delays = [faults.delay(f"item {number}") for number in range(400)]
    assert delays == [faults.delay(f"item {number}") for number in range(400)]
    really = [delay for delay in delays if delay]
    assert 120 < len(really) < 280
    assert min(really) >= timedelta(minutes=1)
    assert timedelta(hours=48) < max(really) <= timedelta(hours=72)


def test_rows_are_repeated_and_reordered_but_never_lost() -> None:
    """T5: a page may hold more than its rows, in any order, never fewer."""
    faults = Faults(seed=2, rates={"repeat": {"list": 0.5}, "shuffle": {"list": 0.5}})
    pages = [faults.rows(range(20), f"page {number}") for number in range(60)]
    assert all(set(page) == set(range(20)) for page in pages)
    assert any(len(page) == 21 for page in pages)
    assert any(page[:20] != list(range(20)) for page in pages)
    assert list(range(20)) in pages
    assert faults.counts["repeat"] == sum(len(page) == 21 for page in pages)


def test_a_cursor_is_not_lost_for_ever() -> None:
    """T5: a listing whose cursor is lost comes to its end when it is started again."""
    faults = _always("cursor_lost", "list")
    assert [faults.cursor_lost("a") for _ in range(6)] == [True, True, False, True, True, False]


def test_faults_are_read_from_a_file(tmp_path: Path) -> None:
    """Every part of the file arrives."""
    path = tmp_path / "faults.toml"
    path.write_text(
        "seed = 9\nmost = 3\nuntil = 2026-10-14T00:00:00Z\n[throttle]\nlist = 0.25\n"
        '[rows]\nrepeat = 0.5\n[late]\nshare = 0.3\nleast = "5m"\n'
    )
    faults = read_faults(path)
    assert (faults.seed, faults.most, faults.until) == (9, 3, START + timedelta(days=2))
    assert faults.share("throttle", "list") == 0.25
    assert faults.share("repeat", "list") == 0.5
    assert faults.late == Lateness(0.3, timedelta(minutes=5))


@pytest.mark.parametrize(
    "text",
    ["[throtle]\nlist = 1", "[reset]\nfiles = 1", "[late]\nleast = 'soon'", "seed =", "speed = 1"],
)
def test_a_file_that_names_what_there_is_not_is_refused(tmp_path: Path, text: str) -> None:
    """A misspelt fault, group or length of time is an error, not a quiet day."""
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(BadSettings):
        read_faults(path)


WRONG = [
    ("reset = 0.5", "reset is a table: write [reset]"),
    ("speed = 1", "speed is not known; keys without a table are seed, most, until"),
    ("[reset]\ndownload = 'often'", "reset.download is no share of the requests"),
    ("[rows]\nrepeat = 3", "rows.repeat is no share of the requests"),
    ("[late]\nleast = 'soon'", "late.least is no length of time"),
    ("[late]\nmost = '1h'", "late.most is not known; write share, least or longest"),
    ("until = 2026-10-14", "until is no time with a zone"),
    ("most = 'two'", "most is no whole number"),
    ("seed =", "is not TOML"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """The key and what to write instead, in words of the file and not of the program."""
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(BadSettings, match=re.escape(said)) as caught:
        read_faults(path)
    assert "catchment sandbox --help" in caught.value.remedy


def test_a_file_of_faults_that_is_not_there(tmp_path: Path) -> None:
    """The system's reason is told without its number."""
    with pytest.raises(BadSettings, match=r"cannot be read: No such file or directory$"):
        read_faults(tmp_path / "nowhere.toml")


# --- over HTTP -------------------------------------------------------------------------------


def _one_file(faults: Faults, ask: Callable[[Cloud, httpx.Client, str], None]) -> None:
    cloud = make_cloud(faults)
    with serve([cloud]), httpx.Client() as client:
        ask(cloud, client, f"{cloud.urls['files']}/{next(iter(cloud.takes()))}")


def _take(cloud: Cloud) -> bytes:
    return next(iter(cloud.takes().values())).read()


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("throttle", {429}),
        ("server_error", {500, 502, 503}),
        ("expired_link", {403}),
        ("expired_token", {401}),
        ("unauthorized_once", {401}),
    ],
)
def test_refusals_are_answers_and_then_end(fault: Fault, statuses: set[int]) -> None:
    """T4: a refusal has its status, no byte of the file, and is followed by the file."""

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        answers = [client.get(url) for _ in range(3)]
        assert answers[0].status_code in statuses
        assert answers[0].content not in _take(cloud) or not answers[0].content
        assert answers[2].content == _take(cloud)
        assert cloud.faults.counts[f"{fault}.download"] >= 1

    _one_file(_always(fault), ask)


def test_a_platform_words_its_refusals_itself() -> None:
    """An answer that the simulator gives takes the place of the plain one."""
    cloud = make_cloud(_always("throttle", "list"))
    with serve([cloud]):
        answer = httpx.get(f"{cloud.urls['api']}/list")
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (
        429,
        {"wait": 1},
        "1",
    )


def test_a_reset_is_no_answer() -> None:
    """T4: the connection is cut before the answer, and the third try gets through."""

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        for _ in range(2):
            with pytest.raises(httpx.TransportError):
                client.get(url)
        assert client.get(url).content == _take(cloud)

    _one_file(_always("reset"), ask)


def test_a_cut_body_is_never_the_whole() -> None:
    """T4: bodies are cut with the right length announced, the cut one's, and none at all."""
    manners = set()

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        whole = _take(cloud)
        for _ in range(40):
            with client.stream("GET", url) as answer:
                length = answer.headers.get("content-length")
                try:
                    body = answer.read()
                except httpx.RemoteProtocolError:
                    assert int(length) == len(whole)
                    manners.add("broken off")
                    continue
            if body != whole:
                assert body == whole[: len(body)]
                manners.add("no length" if length is None else "wrong length")

    _one_file(_always("truncate"), ask)
    assert manners == {"broken off", "no length", "wrong length"}


def test_a_page_of_html_comes_with_200() -> None:
    """T4: where a file is asked for, a page for people is given."""

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.content.startswith(b"<!DOCTYPE html>")

    _one_file(_always("html"), ask)


def test_a_slow_body_arrives_whole() -> None:
    """T4: what drips is complete in the end."""

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        with client.stream("GET", url) as answer:
            pieces = list(answer.iter_raw())
        assert len(pieces) > 1
        assert b"".join(pieces) == _take(cloud)

    _one_file(_always("slow"), ask)


def test_a_range_is_answered_with_another_and_says_so() -> None:
    """T4: the whole file, or another offset; the headers tell which."""
    seen = set()

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        whole = _take(cloud)
        for _ in range(30):
            answer = client.get(url, headers={"Range": "bytes=1000-"})
            told = int(answer.headers.get("content-range", "bytes 0-").split()[1].split("-")[0])
            assert answer.content == whole[told:]
            seen.add((answer.status_code, "wanted" if told == 1000 else "another"))
        assert client.get(url).content == whole

    _one_file(_always("wrong_range"), ask)
    assert seen == {(200, "another"), (206, "another"), (206, "wanted")}


def test_a_file_may_change_while_it_is_resumed() -> None:
    """T4: the answer to a range bears another ETag and the whole body."""

    def ask(cloud: Cloud, client: httpx.Client, url: str) -> None:
        etag = ETAG.decode()
        answer = client.get(url, headers={"Range": "bytes=1000-", "If-Range": etag})
        assert answer.status_code == 200
        assert answer.headers.get_list("etag") != [etag]
        assert len(answer.headers.get_list("etag")) == 1
        assert answer.content == _take(cloud)
        assert client.get(url).headers["etag"] == etag

    _one_file(_always("changed"), ask)


def test_what_is_not_classified_is_never_spoilt() -> None:
    """A request without a group passes, whatever the rates."""
    every = {fault: {"list": 1.0} for fault in FAULTS}
    cloud = make_cloud(Faults(rates=every))
    with serve([cloud]):
        assert set(httpx.get(f"{cloud.urls['api']}/health").json()) == set(cloud.takes())
    assert set(cloud.faults.counts) <= {"repeat", "repeat.list", "shuffle", "shuffle.list"}


def test_a_patient_client_gets_every_file() -> None:
    """T1, T4: through every fault at once, a client that checks and repeats has every byte."""
    every = {fault: {"list": 0.2, "download": 0.2} for fault in FAULTS if fault != "slow"}
    cloud = make_cloud(Faults(seed=11, rates=every))
    with serve([cloud]), httpx.Client() as client:
        for meeting_id, take in cloud.takes().items():
            for _ in range(4):
                try:
                    body = client.get(f"{cloud.urls['files']}/{meeting_id}").content
                except httpx.TransportError:
                    continue
                if body == take.read():
                    break
            assert body == take.read()
    assert sum(cloud.faults.counts.values()) > 0
