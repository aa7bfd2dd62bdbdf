"""A file is archived only when it was proved good; what is not is tried again and then parked."""

from __future__ import annotations

import hashlib
import io
import shutil
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Reply, Stage, Tape

from catchment._catalogue import tables
from catchment._engine import disk
from catchment.errors import (
    Corrupt,
    LinkDead,
    LostRace,
    RateLimited,
    StorageUnavailable,
    Unreachable,
)
from catchment.model import Batch, Budget, MediaFile, Ready, Timeline, Way, Window

PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


def tone(seconds: float = 1.0) -> bytes:
    """A sound file that plays *seconds*."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\1" * int(8000 * seconds))
    return made.getvalue()


def offer(stage: Stage, data: bytes | Tape = b"hello") -> None:
    """Have one call with one file captured as far as its links."""
    stage.cloud.hold("c1", files={"f": data})
    stage.do("poll")
    stage.do("capture")


def fail(stage: Stage, kind: type[Exception]) -> str:
    """Let the download run and fail with *kind*; the sentence."""
    (error,) = stage.do("media")
    assert isinstance(error, kind), repr(error)
    return str(error)


def refuse(stage: Stage, data: Tape) -> str:
    """Have a file refused as corrupt, and nothing of it kept; the sentence."""
    offer(stage, data)
    said = fail(stage, Corrupt)
    assert stage.archived() == {}
    assert list(stage.app.buffer.iterdir()) == []
    return said


def test_a_good_file_is_archived_under_its_hash(stage: Stage) -> None:
    """The bytes of the platform lie in the archive, under their SHA-256, byte for byte.

    Proves promises 2 and 3.
    """
    offer(stage, b"a recording")
    assert stage.do("media") == [None]
    row = stage.file()
    assert row.state == "archived"
    assert row.sha256 == hashlib.sha256(b"a recording").hexdigest()
    assert (row.size_bytes, row.archived_at) == (11, START)
    assert stage.archived() == {("c1", "f"): b"a recording"}
    assert list(stage.app.buffer.iterdir()) == []


def test_an_archived_file_keeps_no_link(stage: Stage) -> None:
    """Links are secrets: they are forgotten as soon as they are not needed (promise 5)."""
    offer(stage)
    stage.do("media")
    assert not stage.file().ways


def test_the_recording_is_quiet_when_its_last_file_is_archived(stage: Stage) -> None:
    """A recording stays open until each of its files is accounted for (promise 1)."""
    stage.cloud.hold("c1", files={"a": b"1", "b": b"2"})
    stage.do("poll")
    stage.do("capture")
    first, second = stage.claim("media")
    stage.work(first)
    assert stage.recording("c1").state == "open"
    stage.work(second)
    assert stage.recording("c1").state == "quiet"


def test_the_same_bytes_of_two_files_are_stored_once(stage: Stage) -> None:
    """Two files with one hash are one object in the archive and two in the ledger (promise 2)."""
    stage.cloud.hold("c1", files={"a": b"same", "b": b"same"})
    stage.gather()
    assert len({row.sha256 for row in stage.files()}) == 1
    assert set(stage.archived()) == {("c1", "a"), ("c1", "b")}


def test_a_download_goes_on_where_it_broke_off(stage: Stage) -> None:
    """The part of a broken transfer is kept and continued by a range (T4)."""
    data = bytes(range(256)) * 400
    offer(stage, data)
    etag = {"ETag": f'"{hash(data)}"'}
    stage.cloud.replies["f"] = [Reply(200, data[:60_000], length=len(data), headers=etag)]
    fail(stage, Unreachable)
    assert stage.file().state == "expected"
    stage.clock.set(stage.job("media").due_at)
    assert stage.do("media") == [None]
    assert stage.cloud.fetched[-1][1] == "bytes=60000-"
    assert stage.archived()["c1", "f"] == data


def test_a_web_page_is_never_a_recording(stage: Stage) -> None:
    """A sign-in page with status 200 is refused by its first bytes (promise 3, T4)."""
    said = refuse(stage, Tape(PAGE, "video", "mp4"))
    assert said == "a web page was sent where mp4 was promised"


def test_a_size_that_differs_is_refused(stage: Stage) -> None:
    """A file of another size than the platform told is not archived (promise 3)."""
    said = refuse(stage, Tape(b"hello", more={"size_bytes": 6}))
    assert "offers 5 bytes, and 6 were announced" in said


def test_a_hash_that_differs_is_refused(stage: Stage) -> None:
    """Where the platform gives a SHA-256 that can be relied on, it decides (promise 3)."""
    said = refuse(stage, Tape(b"hello", more={"sha256": "0" * 64}))
    assert said == "its SHA-256 is not the one that the platform gives"


def test_a_hash_in_capitals_is_the_same_hash(stage: Stage) -> None:
    """Hex digits are compared whatever their case."""
    offer(stage, Tape(b"hello", more={"sha256": hashlib.sha256(b"hello").hexdigest().upper()}))
    assert stage.do("media") == [None]


def test_a_claimed_hash_that_differs_is_noted(stage: Stage) -> None:
    """A fingerprint that cannot be relied on never refuses good bytes, and is noted.

    Proves promise 6.
    """
    offer(stage, Tape(b"hello", more={"claimed_sha256": "0" * 64}))
    assert stage.do("media") == [None]
    assert stage.file().note == "its SHA-256 differs from the platform's fingerprint"


def lasting(seconds: float, certainty: str) -> Tape:
    """A tone of one second whose time line says *seconds*."""
    line = Timeline((Window(START, START + timedelta(seconds=seconds)),), certainty)  # type: ignore[arg-type]
    return Tape(tone(), "audio", "wav", more={"timeline": line})


def test_a_sound_is_measured(stage: Stage) -> None:
    """What plays is walked to its last packet, and what was found is kept (promise 3)."""
    offer(stage, lasting(1, "exact"))
    assert stage.do("media") == [None]
    assert stage.file().measured["audio"] == [1]
    assert stage.file().note is None


def test_an_exact_time_line_that_does_not_fit_refuses_the_file(stage: Stage) -> None:
    """A sound that is shorter than its platform knows it to be is not whole (promise 3)."""
    assert refuse(stage, lasting(2, "exact")) == "it plays 1.00 s and its time line says 2.00 s"


def test_a_declared_time_line_that_does_not_fit_is_noted(stage: Stage) -> None:
    """Times that a platform only declares never refuse good bytes, and are noted."""
    offer(stage, lasting(60, "declared"))
    assert stage.do("media") == [None]
    assert stage.file().note == "it plays 1.00 s and its time line says 60.00 s"


def test_a_guessed_time_line_is_not_checked(stage: Stage) -> None:
    """A guess is no promise."""
    offer(stage, lasting(60, "guessed"))
    assert stage.do("media") == [None]
    assert stage.file().note is None


def test_a_sound_that_was_cut_is_refused(stage: Stage) -> None:
    """A container that ends before its last packet is not archived (promise 3, T9)."""
    whole = tone()
    said = refuse(stage, Tape(whole[: len(whole) // 2], "audio", "wav"))
    assert said


def test_inline_bytes_are_archived(stage: Stage) -> None:
    """Bytes that a platform hands out inside a document are a file like any other."""
    offer(stage, Tape(b"hi", "chat", "txt", more={"inline": b"hi", "ways": ()}))
    assert stage.do("media") == [None]
    assert stage.archived() == {("c1", "f"): b"hi"}
    assert stage.cloud.fetched == []


def test_inline_bytes_are_judged_like_any_other(stage: Stage) -> None:
    """Also inside a document a web page is no chat (promise 3)."""
    said = refuse(stage, Tape(PAGE, "chat", "txt", more={"inline": PAGE, "ways": ()}))
    assert "web page" in said


def test_inline_bytes_are_as_many_as_were_told(stage: Stage) -> None:
    """A document that was cut gives no file (promise 3)."""
    said = refuse(stage, Tape(more={"inline": b"h", "size_bytes": 5, "ways": ()}))
    assert said == "the file has 1 bytes, and 5 were announced"


def test_another_way_is_tried_when_the_first_is_dead(stage: Stage) -> None:
    """The ways to a file are tried in the adapter's order."""
    offer(stage, b"hello")
    dead = Way(stage.cloud.link("c1", "f").replace("/1/", "/99/"), auth=False)
    good = Way(stage.cloud.link("c1", "f"), auth=False)
    stage.cloud.media = lambda batch: (
        Ready(one, files=(MediaFile("g", "attachment", "bin", ways=(dead, good)),)) for one in batch
    )
    stage.cloud.calls["c1"].files["g"] = Tape(b"hello")
    assert stage.do("media") == [None]
    stage.stir("capture")
    stage.do("capture")
    assert stage.do("media") == [None]
    assert stage.file(file_id="g").state == "archived"


def test_another_way_is_tried_when_a_host_stays_unreachable(stage: Stage) -> None:
    """No firewall lets it pass, perhaps; the first time it may only be down."""
    offer(stage, b"hello")
    nowhere = Way("http://127.0.0.1:9/f", auth=False)
    stage.cloud.media = lambda batch: (
        Ready(
            one,
            files=(
                MediaFile(
                    "f",
                    "attachment",
                    "bin",
                    ways=(nowhere, Way(stage.cloud.link("c1", "f"), auth=False)),
                ),
            ),
        )
        for one in batch
    )
    stage.wait(HOUR)  # the links are too old, and asked for anew
    fail(stage, Unreachable)
    stage.clock.set(stage.job("media").due_at)
    assert stage.do("media") == [None]
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_a_dead_link_is_renewed_by_asking_again(stage: Stage) -> None:
    """A link that no longer works is asked for anew before the next attempt (T4)."""
    offer(stage)
    stage.cloud.kill_links()
    fail(stage, LinkDead)
    stage.clock.set(stage.job("media").due_at)
    assert stage.do("media") == [None]
    assert stage.cloud.asked("fetch_media")[-1] == (["c1"], True)
    assert stage.archived() == {("c1", "f"): b"hello"}


def count_against(stage: Stage, *budgets: str) -> None:
    """Let every link count against the first of *budgets*, and every renewed one against the last.

    The node that downloads declares the last alone.
    """
    stage.configure(budgets={budgets[-1]: Budget(1, "1m", share=1.0)})

    def offer_files(batch: Batch) -> Iterator[Ready]:
        budget = budgets[-1 if batch.renew else 0]
        for one in batch:
            way = Way(stage.cloud.link(one.external_id, "f"), auth=False, budget=budget)
            yield Ready(one, files=(stage.cloud.describe(one.external_id, "f", ways=(way,)),))

    stage.cloud.media = offer_files


def test_a_file_counts_against_the_budget_that_its_way_names(stage: Stage) -> None:
    """A platform that counts downloads with other requests is not asked more often than told."""
    count_against(stage, "api")
    stage.cloud.hold("c1")
    stage.cloud.hold("c2")
    stage.do("poll")
    stage.do("capture")
    done, waits = stage.do("media")
    assert done is None
    assert isinstance(waits, RateLimited)
    assert len(stage.cloud.fetched) == 1


def test_a_link_that_counts_against_another_nodes_budget_is_asked_anew(stage: Stage) -> None:
    """Nodes with client ids of their own share a catalogue, and each keeps its own limit."""
    count_against(stage, "api/a", "api/b")
    offer(stage)
    assert stage.do("media") == [None]
    assert stage.cloud.asked("fetch_media") == [(["c1"], False), (["c1"], True)]


def test_what_counts_against_no_node_is_taken_from_any(stage: Stage) -> None:
    """A signed link is used as it is, whoever asked for it; the ways behind it are not ours."""
    count_against(stage, "api/b")
    offered = stage.cloud.media

    def with_a_signed_link(batch: Batch) -> Iterator[Ready]:
        for one in offered(batch):
            assert isinstance(one, Ready)
            (file,) = one.files
            (way,) = file.ways
            ways = (replace(way, url=way.url + "/no", budget="api/a"), replace(way, budget=""))
            yield replace(one, files=(replace(file, ways=ways),))

    stage.cloud.media = with_a_signed_link
    offer(stage)
    assert stage.do("media") == [None]
    assert len(stage.cloud.asked("fetch_media")) == 1


def test_a_link_that_is_too_old_is_renewed_before_it_is_used(stage: Stage) -> None:
    """After ``links_live`` nobody tries a link that is surely dead (T4)."""
    offer(stage)
    stage.cloud.kill_links()
    stage.wait(HOUR)
    assert stage.do("media") == [None]
    assert len(stage.cloud.fetched) == 1


def test_a_file_that_is_named_no_more_is_parked_with_that_reason(stage: Stage) -> None:
    """When a link cannot be renewed in some tries a person must look (promise 6)."""
    offer(stage)
    stage.cloud.kill_links()
    stage.cloud.media = lambda batch: (Ready(one) for one in batch)
    for _ in range(6):
        fail(stage, LinkDead)
        stage.clock.set(stage.job("media").due_at)
    assert (stage.file().state, stage.file().reason) == (
        "parked",
        "the platform does not name this file any more",
    )


def spoil(stage: Stage) -> None:
    """Park a file, whose bytes were corrupt five times."""
    offer(stage, Tape(b"hello", more={"sha256": "0" * 64}))
    for _ in range(5):
        assert stage.file().state == "expected"
        fail(stage, Corrupt)
        due_at = stage.job("media").due_at
        stage.clock.set(due_at)


def test_corrupt_bytes_are_tried_again_and_then_parked(stage: Stage) -> None:
    """After five bad downloads the file is parked with the reason, and so is its recording.

    Proves promise 6.
    """
    spoil(stage)
    row = stage.file()
    assert (row.state, row.attempts) == ("parked", 5)
    assert row.reason == "its SHA-256 is not the one that the platform gives"
    assert (stage.recording("c1").state, stage.recording("c1").reason) == (
        "parked",
        "1 files need a person",
    )
    assert stage.mark().held_by == "recording c1 is parked"


def test_each_failure_starts_from_zero_after_a_growing_pause(stage: Stage) -> None:
    """Corrupt bytes are never continued, and the pauses between attempts double."""
    offer(stage, Tape(b"hello", more={"sha256": "0" * 64}))
    waits = []
    for _ in range(3):
        fail(stage, Corrupt)
        waits.append(stage.job("media").due_at - stage.clock.now())
        stage.wait(waits[-1])
    assert waits[0] <= MINUTE < waits[1] <= 2 * MINUTE < waits[2] <= 4 * MINUTE
    assert [asked for _, asked in stage.cloud.fetched] == ["", "", ""]


def test_what_was_parked_is_tried_again_a_day_later(stage: Stage) -> None:
    """The engine tries what it parked once a day, and what succeeds is parked no more."""
    offer(stage, Tape(b"hello", more={"sha256": hashlib.sha256(b"hello").hexdigest()}))
    stage.cloud.replies["f"] = [Reply(200, b"jello") for _ in range(5)]
    for _ in range(5):
        fail(stage, Corrupt)
        wait = stage.job("media").due_at - stage.clock.now()
        stage.wait(wait)
    assert wait == DAY
    assert stage.do("media") == [None]
    assert stage.recording("c1").state == "quiet"


def test_what_was_parked_is_tried_again_at_the_next_start(stage: Stage) -> None:
    """A start of a runner does not wait for the day to pass (promise 6)."""
    spoil(stage)
    stage.clock.set(stage.job("media").due_at - HOUR)
    stage.cloud.calls["c1"].files["f"] = Tape(b"hello")
    stage.run()
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_a_wait_that_the_server_asks_for_is_no_attempt(stage: Stage) -> None:
    """``429`` waits for as long as it says, and spends none of the tries."""
    offer(stage)
    stage.cloud.replies["f"] = [Reply(429, headers={"Retry-After": "600"})]
    fail(stage, RateLimited)
    assert (stage.file().attempts, stage.job("media").attempts) == (0, 0)
    assert stage.job("media").due_at == START + 10 * MINUTE


def test_a_full_volume_stops_downloads_and_keeps_the_reserve(stage: Stage) -> None:
    """A file for which there is no room beside the reserve is not begun, and says so (T8)."""
    stage.path.write_text(stage.path.read_text().replace("reserve = 0", f"reserve = {10**18}"))
    offer(stage)
    said = fail(stage, StorageUnavailable)
    assert "no room for a file" in said
    assert stage.cloud.fetched == []
    assert stage.file().state == "parked"
    assert stage.job("media").due_at == START + 10 * MINUTE


def test_a_full_volume_never_stops_the_listings(stage: Stage) -> None:
    """When the buffer is full the platform is still listed (promise 1)."""
    stage.path.write_text(stage.path.read_text().replace("reserve = 0", f"reserve = {10**18}"))
    offer(stage)
    fail(stage, StorageUnavailable)
    stage.wait(10 * MINUTE)
    assert stage.do("poll") == [None]


def test_room_is_reserved_to_the_byte(stage: Stage) -> None:
    """What fits beside the reserve may be fetched, one byte more may not (T8)."""
    free = shutil.disk_usage(stage.folder).free
    disk.reserve(stage.folder, 0, free // 2)
    with pytest.raises(StorageUnavailable, match="no room for a file"):
        disk.reserve(stage.folder, free, free)


def test_a_zombie_archives_nothing_twice(stage: Stage) -> None:
    """A runner that lost its lease finds its bytes archived, and its commit rolled back.

    Proves T14, promise 2.
    """
    offer(stage)
    (late,) = stage.claim("media", "r1")
    stage.wait(11 * MINUTE)
    (taken,) = stage.claim("media", "r2")
    assert isinstance(stage.work(late), LostRace)
    assert stage.file().state == "expected"
    assert stage.work(taken) is None
    assert len(stage.files()) == 1
    assert stage.file().state == "archived"


def test_what_a_person_skipped_is_not_fetched(stage: Stage) -> None:
    """A job that comes too late for a decision does nothing."""
    offer(stage)
    with stage.app.database.write() as connection:
        connection.execute(update(tables.file).values(state="skipped", reason="private"))
    assert stage.do("media") == [None]
    assert stage.cloud.fetched == []


def test_links_are_asked_for_once_per_attempt(stage: Stage) -> None:
    """The first attempt uses the links that came with the list of files."""
    offer(stage)
    stage.do("media")
    assert stage.cloud.asked("fetch_media") == [(["c1"], False)]


def test_a_silent_adapter_fails_the_file(stage: Stage) -> None:
    """No answer to the question for a new link is a fault that names the recording."""
    offer(stage)
    stage.wait(2 * HOUR)

    def silent(_batch: Batch) -> object:
        return iter(())

    stage.cloud.media = silent  # type: ignore[assignment]
    assert "c1" in fail(stage, Exception)
