"""What people read and decide: show, status, report, inventory, and retry, park, skip."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, literal, select, update

from catchment._catalogue import (
    facts,
    frontiers,
    gaps,
    jobs,
    sightings,
    sources,
    status,
    watermark,
)
from catchment._catalogue.database import Database
from catchment._catalogue.decisions import Item, decide_all, find_item
from catchment._catalogue.files import list_files, read_file, save_files
from catchment._catalogue.interactions import Drafted, save_drafts
from catchment._catalogue.inventory import list_held
from catchment._catalogue.outcomes import add_rendition, archive_file, park_file, park_rendition
from catchment._catalogue.recordings import save_documents, set_recording, settle_recording
from catchment._catalogue.report import Report, read_report
from catchment._catalogue.show import Shown, read_interaction
from catchment._catalogue.tables import book, decision, file, interaction, job, recording
from catchment._plain import to_plain
from catchment.errors import Misuse
from catchment.model import (
    Account,
    Fact,
    InteractionDraft,
    Key,
    Measured,
    MediaFile,
    Party,
    Window,
)

HOUR = timedelta(hours=1)
See = Callable[..., int]
Archive = Callable[..., None]


@pytest.fixture
def archive(database: Database, now: datetime) -> Archive:
    """Archive one file: ``archive(recording_id, "f1", sha256="ab")``."""

    def archive_one(
        recording_id: int, file_id: str, sha256: str = "ab", note: str | None = None
    ) -> None:
        with database.write() as connection:
            rows = list_files(connection, [recording_id])
            (known,) = (one for one in rows if one.file_id == file_id and one.state == "expected")
            archive_file(
                database,
                connection,
                known,
                sha256=sha256,
                sha512=sha256 * 2,
                size_bytes=10,
                measured=Measured("mp4", timedelta(seconds=5), (1,)),
                note=note,
                now=now,
            )
            settle_recording(connection, recording_id, now)

    return archive_one


def offer(database: Database, recording_id: int, now: datetime, *files: MediaFile) -> None:
    """Have the platform name *files* for a recording."""
    with database.write() as connection:
        save_files(connection, recording_id, files, now)
        settle_recording(connection, recording_id, now)


def film(file_id: str, **more: Any) -> MediaFile:
    """A film that the platform offers."""
    return MediaFile(file_id, "video", "mp4", **more)


def state_of(database: Database, table: Any = recording) -> list[str]:
    """States of all rows, by row id."""
    with database.read() as connection:
        return list(connection.execute(select(table.c.state).order_by(table.c.id)).scalars())


def due_jobs(database: Database) -> set[tuple[str, str]]:
    """Kind and key of every job that is wanted."""
    with database.read() as connection:
        rows = connection.execute(select(job.c.kind, job.c.key).where(job.c.due_at.is_not(None)))
        return {(row.kind, row.key) for row in rows}


def id_of(database: Database, num: int) -> str:
    """The id of an interaction."""
    with database.read() as connection:
        query = select(interaction.c.interaction_id).where(interaction.c.num == num)
        return str(connection.execute(query).scalar_one())


def show(database: Database, name: str, now: datetime) -> Shown:
    """What is shown under a name that is known."""
    shown = read_interaction(database, name, now)
    assert shown is not None
    return shown


# --- show ------------------------------------------------------------------------------------


def test_show_tells_everything(
    database: Database, see: See, archive: Archive, now: datetime
) -> None:
    """S000-27: One call gives draft, parties, recordings, files, documents, facts and versions."""
    num = see("r1", key="m1")
    offer(database, 1, now, film("f1"), film("f2", offered="failed", why="not recorded"))
    archive(1, "f1", note="a second short")
    draft = InteractionDraft(
        "meeting", "m1", now - HOUR, subject="Topic", parties=(Party("p", "host", name="Anna"),)
    )
    row = to_plain(draft.parties[0])
    row |= {"ref_space": None, "ref_value": None}
    del row["ref"]
    fact = Fact("meeting", "m1", now - HOUR, (Key("meeting", "m1"),), expects="recorded")
    with database.write() as connection:
        save_drafts(connection, [Drafted(num, draft, to_plain(draft), [row], [])], now)
        save_documents(database, connection, 1, {"details": {"a": 1}}, [], now)
        write_facts(database, connection, [fact], now)
    shown = show(database, id_of(database, num), now)
    assert shown.draft == draft
    assert shown.source == "calls"
    assert shown.parties[0]["name"] == "Anna"
    assert shown.media == "video; video: gone"
    (told,) = shown.recordings
    assert (told.external_id, told.state, told.documents) == ("r1", "quiet", ("details",))
    first, second = told.files
    assert (first.state, first.sha256, first.size_bytes, first.note) == (
        "archived",
        "ab",
        10,
        "a second short",
    )
    assert first.measured == Measured("mp4", timedelta(seconds=5), (1,))
    assert (second.state, second.reason) == ("gone", "not recorded")
    assert [one.expects for one in shown.facts] == ["recorded"]


def write_facts(database: Database, connection: Any, facts: list[Fact], now: datetime) -> None:
    """List a page of facts of the first source."""
    sightings.record(
        database,
        connection,
        source_id=1,
        epoch=1,
        sightings=[],
        facts=facts,
        now=now,
        complete_to=None,
        rank=lambda _at: 0,
    )


def test_an_interaction_is_found_by_any_of_its_names(
    database: Database, see: See, now: datetime
) -> None:
    """Its id, an alias, the beginning of its id, and the platform's id of a recording name it."""
    first, second = see("r1", key="a"), see("r2", key="b")
    old, joined = id_of(database, first), id_of(database, second)
    assert old != joined
    with database.write() as connection:
        fact = Fact("call", "1", now, (Key("meeting", "a"), Key("meeting", "b")))
        write_facts(database, connection, [fact], now)
    for name in (old, joined, old[:-1], "r1", "r2"):
        assert show(database, name, now).interaction_id == old
    assert show(database, old, now).aliases == (joined,)
    for name in ("", "r3", "ffffffff", old[:4], "01234567-not-an-id"):
        assert read_interaction(database, name, now) is None


def test_a_name_of_several_interactions_is_refused(
    database: Database, see: See, now: datetime
) -> None:
    """Nothing is picked by chance; the remedy names the ids to choose from."""
    nums = [see("r1"), see("r2")]
    for num in nums:
        with database.write() as connection:
            save_drafts(
                connection,
                [Drafted(num, InteractionDraft("meeting", "series", now), {}, [], [])],
                now,
            )
    with pytest.raises(Misuse, match="more than one") as why:
        read_interaction(database, "series", now)
    assert all(id_of(database, num) in why.value.remedy for num in nums)


# --- status ----------------------------------------------------------------------------------


def test_status_tells_what_keeps_a_source_back(
    database: Database, source_id: int, see: See, now: datetime
) -> None:
    """Promise 6: Frontier, watermark, backlog, parked by reason, gaps and failures are told."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "files", "")
    with database.write() as connection:
        frontiers.move_frontier(connection, source_id, "files", "", now, since=now)
        frontiers.update_feed(
            connection,
            source_id,
            "files",
            "",
            failed_at=now - HOUR,
            error="no answer",
            news_at=now - timedelta(days=5),
        )
        gap = Window(now - 3 * HOUR, now - 2 * HOUR)
        gaps.enter(connection, source_id, "files", "", gap, "beyond the horizon", now)
    see("r1", ago=5 * HOUR)
    see("r2", ago=2 * HOUR)
    offer(database, 1, now, film("f1"), film("f2"))
    with database.write() as connection:
        park_file(connection, 1, "too short", now, None, "bytes")
    (told,) = status.list_sources(database, now)
    assert told.watermark.at == now - 5 * HOUR
    assert "r1" in told.watermark.held_by
    assert told.recordings == {"open": 2}
    assert (told.expected_files, told.oldest_open_at) == (1, now - 5 * HOUR)
    assert told.jobs == {"capture": 2}
    assert (told.due, told.next_due_at, told.late) == (2, now, 0)
    (parked,) = told.parked
    assert (parked.reason_kind, parked.count, parked.reason) == ("bytes", 1, "too short")
    assert parked.since == now
    assert [one.why for one in told.gaps] == ["beyond the horizon"]
    (feed,) = told.feeds
    assert (feed.failing_since, feed.error, feed.silent) == (now - HOUR, "no answer", True)
    assert told.stopped_why is None
    sources.stop(database, source_id, "the credential was refused", now)
    assert status.list_sources(database, now)[0].stopped_why == "the credential was refused"


def test_status_tells_what_the_archive_does_not_take(
    database: Database, source_id: int, now: datetime
) -> None:
    """Promise 6: Packages and books that failed to be written are told, and no others."""
    with database.write() as connection:
        for kind, name in (("seal", "1"), ("seal", "2"), ("seal", "3"), ("books", "1")):
            jobs.want(database, connection, [jobs.NewJob(kind, name, source_id, now)])
    for one in jobs.claim(
        database, ["seal", "books"], runner_name="a", now=now, lease=HOUR, limit=9
    ):
        if (one.kind, one.key) != ("seal", "3"):
            jobs.postpone(database, one, due_at=now + HOUR, error="the disk is full")
    assert status.list_sources(database, now)[0].unwritten == (
        status.Unwritten("books", "the disk is full", 1),
        status.Unwritten("seal", "the disk is full", 2),
    )


@pytest.mark.parametrize("lasting", [True, False])
def test_status_tells_feeds_that_are_off_and_failures_that_last(
    database: Database, source_id: int, now: datetime, lasting: bool
) -> None:
    """A feed that the settings do not name is off; a failure says whether it passes by itself."""
    with database.write() as connection:
        for name in ("files", "calls"):
            frontiers.enter_feed(database, connection, source_id, name, "")
        frontiers.count_failure(connection, source_id, "calls", "", "why", now, lasting=lasting)
    (told,) = status.list_sources(database, now, {"calls": {"calls": HOUR}})
    assert [(one.feed, one.off, one.lasting) for one in told.feeds] == [
        ("calls", False, lasting),
        ("files", True, False),
    ]
    (told,) = status.list_sources(database, now)
    assert not any(one.off for one in told.feeds)


def test_runners_are_listed(database: Database, now: datetime) -> None:
    """Whoever looks at the status sees which runners are alive."""
    jobs.enter_runner(database, "host-1", "poll,work", now)
    assert status.list_runners(database) == [status.RunnerStatus("host-1", "poll,work", now, now)]


# --- report ----------------------------------------------------------------------------------


def report(database: Database, now: datetime, patience: timedelta = HOUR) -> Report:
    """The report of the last day."""
    return read_report(database, 1, Window(now - timedelta(days=1), now), now, patience)


def test_what_is_missing_is_looked_for_page_by_page(
    database: Database, source_id: int, see: See, now: datetime
) -> None:
    """A page never looks at more facts than it may, and all pages together miss none."""
    for name in ("m2", "m3"):
        see(name, key=name)
    told = [
        Fact(
            "cdr",
            f"{n}",
            now - 24 * HOUR + (n // 2) * HOUR,
            (Key("meeting", f"m{n}"),),
            expects="answered",
        )
        for n in range(7)
    ]
    with database.write() as connection:
        write_facts(database, connection, told, now)
    pages: list[list[str]] = []
    after: facts.Place | None = None
    while True:
        with database.read() as connection:
            found, after = facts.list_unanswered(
                connection, source_id, now, now, after=after, limit=2
            )
        pages.append([one.ask for one in found])
        if after is None:
            break
    assert pages == [["0", "1"], [], ["4", "5"], ["6"]]


def test_a_fact_without_its_recording_is_a_gap(database: Database, see: See, now: datetime) -> None:
    """Promise 1: What the books expect and no recording shares a key with is on a list."""
    see("r1", key="m1", ago=3 * HOUR)
    facts = [
        Fact("cdr", "1", now - 3 * HOUR, (Key("meeting", "m1"),), expects="answered"),
        Fact("cdr", "2", now - 4 * HOUR, (Key("meeting", "m2"),), expects="answered"),
        Fact("cdr", "3", now - 5 * HOUR, (Key("meeting", "m3"),), absence="unanswered"),
        Fact("cdr", "4", now - HOUR / 2, (Key("meeting", "m4"),), expects="answered"),
        Fact("cdr", "5", now - 6 * HOUR, (Key("meeting", "m5"),)),
        Fact("cdr", "6", now - 48 * HOUR, (Key("meeting", "m6"),), expects="answered"),
    ]
    with database.write() as connection:
        write_facts(database, connection, facts, now)
    told = report(database, now)
    assert (told.expecting, told.fulfilled) == (3, 1)
    assert told.gaps == {"missing": 1, "not yet": 2, "unanswered": 1}
    assert [(one.what, one.external_id, one.kind) for one in told.differences] == [
        ("cdr", "3", "unanswered"),
        ("cdr", "2", "missing"),
        ("recording", "r1", "not yet"),
        ("cdr", "4", "not yet"),
    ]
    assert told.differences[1].age == 4 * HOUR
    assert told.differences[1].reason == "a recording is expected: answered"


def test_another_recording_of_the_interaction_fulfils_nothing(
    database: Database, see: See, now: datetime
) -> None:
    """A recording counts for the facts whose key it shares, not for all of its interaction."""
    see("r1", key="leg-1", ago=3 * HOUR)
    call = Key("call", "c")
    facts = [
        Fact("leg", "1", now - HOUR, (Key("meeting", "leg-1"), call), expects="answered"),
        Fact("leg", "2", now - HOUR, (Key("meeting", "leg-2"), call), expects="answered"),
    ]
    with database.write() as connection:
        write_facts(database, connection, facts, now)
    told = report(database, now, timedelta())
    assert told.fulfilled == 1
    assert ("2", "missing") in [(one.external_id, one.kind) for one in told.differences]


def test_the_report_counts_what_is_archived_and_names_what_is_not(
    database: Database, see: See, archive: Archive, now: datetime
) -> None:
    """Every state has its number; a file that will not come is named though the rest is there."""
    see("r1", ago=3 * HOUR)
    see("r2", ago=2 * HOUR)
    offer(database, 1, now, film("f1"), film("f2", offered="failed", why="no consent"))
    archive(1, "f1")
    with database.write() as connection:
        set_recording(connection, 2, "gone", "deleted by its owner", now)
    told = report(database, now)
    assert told.recordings == {"gone": 1, "quiet": 1}
    assert (told.archived_files, told.archived_bytes) == (1, 10)
    assert [(one.external_id, one.kind, one.reason) for one in told.differences] == [
        ("r1/f2", "gone", "no consent"),
        ("r2", "gone", "deleted by its owner"),
    ]


# --- inventory -------------------------------------------------------------------------------


def test_the_inventory_lists_archived_originals_of_every_version(
    database: Database, see: See, archive: Archive, now: datetime
) -> None:
    """Promise 2: Each original stands there once per version; renditions do not."""
    num = see("r1")
    offer(database, 1, now, film("f1"), film("f2"))
    archive(1, "f1")
    offer(database, 1, now, film("f1", name="renamed"))
    archive(1, "f1", sha256="cd")
    with database.write() as connection:
        known = read_file(connection, 1)
        assert known is not None
        add_rendition(
            database,
            connection,
            known,
            recipe="audio",
            kind="audio",
            form="m4a",
            sha256="ef",
            sha512="ef",
            size_bytes=1,
            measured=Measured(),
            now=now,
        )
    held = list(list_held(database))
    assert [(one.file_id, one.version, one.sha256) for one in held] == [
        ("f1", 1, "ab"),
        ("f1", 2, "cd"),
    ]
    assert (held[0].source, held[0].external_id, held[0].kind) == ("calls", "r1", "video")
    assert (held[0].bytes, held[0].archived_at) == (10, now)
    assert held[0].interaction == id_of(database, num)
    assert list(list_held(database, "calls")) == held
    assert list(list_held(database, "another")) == []


def test_a_long_inventory_needs_no_more_memory(database: Database, see: See, now: datetime) -> None:
    """Lines are read page by page; none is lost between pages and none told twice."""
    see("r1")
    row = {
        "recording_id": 1,
        "version": 1,
        "kind": "chat",
        "form": "txt",
        "state": "archived",
        "first_seen_at": now,
        "state_at": now,
        "archived_at": now,
        "description": {},
        "sha256": "ab",
        "size_bytes": 1,
    }
    with database.write() as connection:
        connection.execute(insert(file), [{**row, "file_id": f"f{n}"} for n in range(6000)])
    tracemalloc.start()
    seen = {one.file_id: None for one in list_held(database)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == 6000
    assert peak < 12_000_000


# --- decisions -------------------------------------------------------------------------------


@pytest.fixture
def decided(database: Database, now: datetime) -> Callable[..., Item]:
    """Decide about what a name stands for: ``decided("skip", "r1")``."""

    def decide_it(verb: Any, name: str) -> Item:
        with database.read() as connection:
            item = find_item(connection, name)
        assert item is not None
        decide_all(database, [item], verb, who="anna", why="as agreed", now=now)
        return item

    return decide_it


def test_skipping_a_recording_lets_the_watermark_pass(
    database: Database, source_id: int, see: See, decided: Callable[..., Item], now: datetime
) -> None:
    """What a named person skips is accounted for, and nobody asks about it any more."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "files", "")
    with database.write() as connection:
        frontiers.move_frontier(connection, source_id, "files", "", now, since=now)
    see("r/1==", ago=5 * HOUR)
    offer(database, 1, now, film("f1"))
    decided("skip", "r/1==")
    assert state_of(database) == state_of(database, file) == ["skipped"]
    assert due_jobs(database) == set()
    with database.read() as connection:
        assert watermark.compute(connection, source_id).at == now


def test_who_decided_and_why_is_kept(
    database: Database, see: See, decided: Callable[..., Item], now: datetime
) -> None:
    """Each decision is a row of its own and of the books, in the transaction that acts on it."""
    see("r1")
    decided("park", "r1")
    with database.read() as connection:
        row = connection.execute(select(decision)).one()
        told = connection.execute(select(book)).one()
    assert (row.who, row.verb, row.item, row.why, row.at) == (
        "anna",
        "park",
        "r1",
        "as agreed",
        now,
    )
    assert (told.kind, told.body["verb"], told.body["item"]) == ("decision", "park", "r1")


def test_a_parked_file_waits_for_a_person(
    database: Database, see: See, decided: Callable[..., Item], now: datetime
) -> None:
    """Parking one file leaves the others alone; retry asks for it again at once."""
    see("r/1")
    offer(database, 1, now, film("f/1"), film("f2"))
    item = decided("park", "r/1/f/1")
    assert item.kind == "file"
    assert state_of(database, file) == ["parked", "expected"]
    with database.read() as connection:
        known = read_file(connection, 1)
        assert known is not None
        assert known.parked_by_person
    assert state_of(database) == ["open"]
    decided("park", "r/1/f2")
    assert state_of(database) == ["parked"]
    decided("retry", "r/1/f2")
    assert state_of(database, file) == ["parked", "expected"]
    assert state_of(database) == ["open"]
    assert ("media", "2") in due_jobs(database)
    assert ("media", "1") not in due_jobs(database)


def test_retry_asks_again_for_what_was_gone_or_skipped(
    database: Database, see: See, archive: Archive, decided: Callable[..., Item], now: datetime
) -> None:
    """What is archived stays archived; everything else of the recording is wanted again."""
    see("r1")
    offer(database, 1, now, film("f1"), film("f2"), film("f3", offered="failed"))
    archive(1, "f1")
    decided("skip", "r1")
    assert state_of(database, file) == ["archived", "skipped", "gone"]
    decided("retry", "r1")
    assert state_of(database, file) == ["archived", "expected", "expected"]
    assert state_of(database) == ["open"]
    assert due_jobs(database) >= {("capture", "1"), ("media", "2"), ("media", "3")}
    assert ("media", "1") not in due_jobs(database)


def test_an_archived_recording_cannot_be_skipped_or_parked(
    database: Database, see: See, archive: Archive, decided: Callable[..., Item], now: datetime
) -> None:
    """A decision never takes back what is in the archive."""
    see("r1")
    offer(database, 1, now, film("f1"))
    archive(1, "f1")
    for verb in ("skip", "park", "retry"):
        decided(verb, "r1")
        assert state_of(database) == ["quiet"]
        assert state_of(database, file) == ["archived"]


def test_a_rendition_that_failed_is_made_again_from_its_original(
    database: Database, see: See, archive: Archive, decided: Callable[..., Item], now: datetime
) -> None:
    """Retry does not download what is archived; it makes what could not be made of it."""
    see("r1")
    offer(database, 1, now, film("f1"))
    archive(1, "f1")
    with database.write() as connection:
        known = read_file(connection, 1)
        assert known is not None
        park_rendition(
            database,
            connection,
            known,
            "audio",
            "audio",
            "no sound",
            now,
            now + HOUR,
            "conversion",
        )
        settle_recording(connection, 1, now)
    decided("retry", "r1/f1")
    assert ("derive", "1") in due_jobs(database)
    assert ("media", "1") not in due_jobs(database)
    decided("skip", "r1/f1")
    assert state_of(database, file) == ["archived", "skipped"]
    assert state_of(database) == ["quiet"]


def test_an_interaction_stands_for_all_its_recordings(
    database: Database, see: See, decided: Callable[..., Item], now: datetime
) -> None:
    """Naming the interaction decides about everything in it, and mends a join that was parked."""
    num = see("r1", key="m")
    see("r2", key="m")
    with database.write() as connection:
        connection.execute(update(interaction).values(parked_why="too many recordings"))
    item = decided("skip", id_of(database, num))
    assert (item.kind, item.recording_ids) == ("interaction", (1, 2))
    assert state_of(database) == ["skipped", "skipped"]
    assert show(database, "r1", now).parked_why is None


def test_a_name_that_is_no_item_is_none(database: Database, see: See, now: datetime) -> None:
    """An unknown name is nothing, and a recording of two sources is not picked by chance."""
    see("r1")
    with database.read() as connection:
        assert find_item(connection, "r2") is None
        assert find_item(connection, "r1/f1") is None
    other = sources.pin(
        database, name="more", adapter="cloud", platform="cloud", account=Account("2"), now=now
    )
    with database.write() as connection:
        connection.execute(
            insert(recording).from_select(
                [
                    "source_id",
                    "external_id",
                    "interaction_num",
                    "occurred_at",
                    "revision",
                    "state",
                    "first_seen_at",
                    "seen_at",
                    "state_at",
                ],
                select(
                    literal(other),
                    recording.c.external_id,
                    recording.c.interaction_num,
                    recording.c.occurred_at,
                    recording.c.revision,
                    recording.c.state,
                    recording.c.first_seen_at,
                    recording.c.seen_at,
                    recording.c.state_at,
                ),
            )
        )
    with database.read() as connection, pytest.raises(Misuse, match="more than one item"):
        find_item(connection, "r1")
