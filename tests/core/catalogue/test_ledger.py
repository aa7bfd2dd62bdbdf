"""The ledger: sightings, keys and joins, recordings and their files, walks and the watermark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select

from catchment._catalogue import (
    books,
    frontiers,
    interactions,
    outages,
    sightings,
    sources,
    watermark,
)
from catchment._catalogue.database import Database
from catchment._catalogue.files import list_files, read_file, save_files
from catchment._catalogue.outcomes import archive_file, park_file, read_sha512
from catchment._catalogue.recordings import set_recording, settle_recording
from catchment._catalogue.sightings import Recorded
from catchment._catalogue.tables import file, gap, interaction, job, key, recording
from catchment.errors import CatchmentError, WrongAccount
from catchment.model import Account, Fact, Key, MediaFile, Sighting, Way

HOUR = timedelta(hours=1)
Record = Callable[..., Recorded]


@pytest.fixture
def record(database: Database, source_id: int, now: datetime) -> Record:
    """Write one page: ``record([sighting], facts=[fact])``."""

    def record_page(rows: list[Sighting], **more: Any) -> Recorded:
        with database.write() as connection:
            return sightings.record(
                database,
                connection,
                source_id=source_id,
                epoch=1,
                sightings=rows,
                facts=more.get("facts", []),
                now=now,
                complete_to=more.get("complete_to"),
                rank=lambda _at: 0,
            )

    return record_page


@pytest.fixture
def sighting(now: datetime) -> Callable[..., Sighting]:
    """A sighting: ``sighting("r1", "m1", "s1", revision="2")`` with keys m1 and s1."""

    def make(external_id: str, *keys: str, ago: timedelta = HOUR, **more: Any) -> Sighting:
        found = tuple(Key("meeting", one) for one in keys or (external_id,))
        return Sighting(external_id, now - ago, found, more.pop("revision", "1"), **more)

    return make


def count(database: Database, table: Any) -> int:
    """How many rows a table has."""
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def nums(database: Database) -> dict[str, int]:
    """The interaction of each recording."""
    with database.read() as connection:
        rows = connection.execute(select(recording.c.external_id, recording.c.interaction_num))
        return {row.external_id: row.interaction_num for row in rows}


@contextmanager
def count_statements(database: Database) -> Iterator[list[int]]:
    """Count what is sent to the database meanwhile."""
    counted = [0]

    def note(*_: Any) -> None:
        counted[0] += 1

    event.listen(database.engine, "before_cursor_execute", note)
    yield counted
    event.remove(database.engine, "before_cursor_execute", note)


# --- sightings -------------------------------------------------------------------------------


def test_the_same_page_again_is_no_work(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """Promise 2: A repeated page makes no row, no job and no news, in one statement."""
    page = [sighting(f"r{number}") for number in range(100)]
    assert record(page) == Recorded(new=100)
    assert count(database, job) == 100
    with count_statements(database) as counted:
        assert record(page) == Recorded()
    assert counted[0] <= 3
    assert count(database, recording) == count(database, interaction) == 100
    with database.read() as connection:
        assert set(connection.execute(select(job.c.wanted)).scalars()) == {1}


def test_a_new_page_costs_a_fixed_number_of_statements(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """A page of twenty and a page of four hundred ask the database equally often."""
    with count_statements(database) as few:
        record([sighting(f"a{number}") for number in range(20)])
    with count_statements(database) as many:
        record([sighting(f"b{number}") for number in range(400)])
    assert many == few


def test_a_changed_revision_means_look_again(
    database: Database, record: Record, sighting: Callable[..., Sighting], now: datetime
) -> None:
    """T5: A recording that changed is open again, unless a person skipped it."""
    record([sighting("r1"), sighting("r2")])
    with database.write() as connection:
        set_recording(connection, 1, "quiet", None, now)
        set_recording(connection, 2, "skipped", "test call", now)
    changed = [sighting("r1", revision="2"), sighting("r2", revision="2")]
    assert record(changed).changed == 2
    with database.read() as connection:
        states = connection.execute(select(recording.c.state).order_by(recording.c.id))
        assert list(states.scalars()) == ["open", "skipped"]


def test_what_comes_behind_the_watermark_is_late(
    database: Database,
    source_id: int,
    record: Record,
    sighting: Callable[..., Sighting],
    now: datetime,
) -> None:
    """T5: A late recording is captured like any other, and how late it was is on record."""
    rows = [sighting("late", ago=3 * HOUR), sighting("in time", ago=HOUR)]
    assert record(rows, complete_to=now - 2 * HOUR).late == 1
    with database.read() as connection:
        late = connection.execute(select(recording.c.external_id, recording.c.late_by_s)).all()
    assert sorted(late) == [("in time", None), ("late", 3600.0)]
    told: Any
    (told,) = books.list_unwritten(database, source_id)
    assert told[2:] == ("late", {"recording": "late", "late_by_s": 3600.0})
    with database.write() as connection:
        books.mark_written(connection, [told[0]])
    assert books.list_unwritten(database, source_id) == []


def test_facts_are_kept_and_news_maps_the_interaction_again(
    database: Database, record: Record, sighting: Callable[..., Sighting], now: datetime
) -> None:
    """A fact under the key of a recording belongs to its interaction; the same fact is no news."""
    record([sighting("r1", "m1")])
    fact = Fact("cdr", "1", now, (Key("meeting", "m1"),), "answered", document={"a": 1})
    assert record([], facts=[fact]).facts == 1
    assert record([], facts=[fact]).facts == 0
    changed = Fact("cdr", "1", now, (Key("meeting", "m1"),), "answered", document={"a": 2})
    assert record([], facts=[changed]).facts == 1
    with database.read() as connection:
        query = select(job.c.key, job.c.wanted).where(job.c.kind == "map")
        assert connection.execute(query).all() == [(str(nums(database)["r1"]), 2)]


# --- keys and joins --------------------------------------------------------------------------


def test_a_shared_key_means_one_interaction(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """Recordings that share a key belong together, on one page or on several."""
    record([sighting("r1", "m1"), sighting("r2", "m1", "s"), sighting("r3", "other")])
    record([sighting("r4", "s")])
    found = nums(database)
    assert found["r1"] == found["r2"] == found["r4"] != found["r3"]
    assert count(database, interaction) == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_two_keys_join_two_interactions_in_any_order(
    database: Database, record: Record, sighting: Callable[..., Sighting], order: tuple[int, ...]
) -> None:
    """A row with two keys joins what belonged to either; the older id survives."""
    rows = [sighting("r1", "a"), sighting("r2", "b"), sighting("r3", "a", "b")]
    for place in order:
        record([rows[place]])
    assert len(set(nums(database).values())) == 1
    with database.read() as connection:
        num = next(iter(nums(database).values()))
        assert num == 1
        assert set(connection.execute(select(key.c.interaction_num)).scalars()) == {1}
        for alias in connection.execute(select(interaction.c.num)).scalars():
            found = interactions.read(connection, alias)
            assert found is not None
            assert found.num == 1


def test_one_page_may_join_what_it_brings(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """A chain of keys on one page is one interaction."""
    record([sighting("r1", "a"), sighting("r2", "b"), sighting("r3", "b", "c", "a")])
    assert len(set(nums(database).values())) == 1


def test_a_join_that_is_too_large_waits_for_a_person(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """An id that would join days is more likely a mistake; both stay, with the reason."""
    record([sighting("r1", "a", ago=30 * HOUR), sighting("r2", "b")])
    record([sighting("r3", "a", "b")])
    assert len(set(nums(database).values())) == 2
    with database.read() as connection:
        reasons = connection.execute(select(interaction.c.parked_why)).scalars().all()
    assert sum(reason is not None for reason in reasons) == 1


def test_ids_of_interactions_sort_by_time(now: datetime) -> None:
    """A later interaction has a greater id, and no two are the same."""
    ids = [interactions.new_interaction_id(now + timedelta(seconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert len({interactions.new_interaction_id(now) for _ in range(1000)}) == 1000


def race(work: Callable[[int], None]) -> list[CatchmentError]:
    """Have two threads begin *work* at the same moment; what they failed with."""
    together = Barrier(2)
    failed: list[CatchmentError] = []

    def run(number: int) -> None:
        together.wait()
        try:
            work(number)
        except CatchmentError as error:
            failed.append(error)

    threads = [Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_runners_that_list_the_same_make_it_once(
    database: Database, record: Record, sighting: Callable[..., Sighting]
) -> None:
    """T14: The same page in another order at the same moment makes each interaction once."""
    for attempt in range(5):
        page = [sighting(f"{attempt}-{number}", f"{attempt}-{number // 2}") for number in range(40)]

        def work(number: int, page: list[Sighting] = page) -> None:
            record(page[:: 1 - 2 * number])

        assert race(work) == []
    assert count(database, recording) == 200
    assert count(database, interaction) == len(set(nums(database).values())) == 100


def test_a_join_misses_nothing_that_arrives_meanwhile(
    database: Database, record: Record, sighting: Callable[..., Sighting], now: datetime
) -> None:
    """T14: A recording that arrives while its interaction is joined belongs to the survivor."""
    for attempt in range(10):
        one, two = f"{attempt}-a", f"{attempt}-b"
        record([sighting(one, one), sighting(two, two)])
        joining = Fact("call", one, now, (Key("meeting", one), Key("meeting", two)))

        def work(number: int, two: str = two, joining: Fact = joining) -> None:
            if number:
                record([], facts=[joining])
            else:
                record([sighting(f"{two}-{n}", two) for n in range(5)])

        assert race(work) == []
    with database.read() as connection:
        hidden = select(recording.c.external_id).join(
            interaction, interaction.c.num == recording.c.interaction_num
        )
        lost = connection.execute(hidden.where(interaction.c.survivor_num.is_not(None))).all()
    assert lost == []


# --- recordings and files --------------------------------------------------------------------

LINK = Way("https://files.example.com/f1?signature=secret")


def film(file_id: str = "f1", **more: Any) -> MediaFile:
    """A film that the platform offers."""
    return MediaFile(file_id, "video", "mp4", ways=(LINK,), **more)


def save(database: Database, now: datetime, *offers: MediaFile) -> list[int]:
    """Have the platform name these files of the first recording."""
    with database.write() as connection:
        return save_files(connection, 1, offers, now)


def archive(database: Database, row_id: int, now: datetime, sha256: str = "ab") -> None:
    """Archive a file."""
    with database.write() as connection:
        known = read_file(connection, row_id)
        assert known is not None
        archive_file(
            database,
            connection,
            known,
            sha256=sha256,
            sha512=sha256 * 2,
            size_bytes=3,
            measured=None,
            note=None,
            now=now,
        )


@pytest.mark.usefixtures("listed")
class TestFiles:
    """Files of one recording."""

    def test_a_file_is_wanted_when_it_is_ready(self, database: Database, now: datetime) -> None:
        """Only what is ready is to be fetched; what failed at the platform is gone, and why."""
        wanted = save(
            database, now, film(), film("f2", offered="not_yet"), film("f3", offered="failed")
        )
        assert len(wanted) == 1
        with database.read() as connection:
            states = [one.state for one in list_files(connection, [1])]
        assert states == ["expected", "expected", "gone"]

    def test_links_are_forgotten_with_the_archive(self, database: Database, now: datetime) -> None:
        """Promise 5: A signed link is kept while it is needed and not a moment longer."""
        (row_id,) = save(database, now, film())
        with database.read() as connection:
            known = read_file(connection, row_id)
            assert known is not None
            assert known.described.ways == (LINK,)
            description = connection.execute(select(file.c.description)).scalar_one()
        assert "secret" not in str(description)
        archive(database, row_id, now)
        with database.read() as connection:
            assert connection.execute(select(file.c.ways)).scalar_one() is None

    def test_an_unchanged_archived_file_is_not_fetched_again(
        self, database: Database, now: datetime
    ) -> None:
        """Promise 2: New links are no news; a changed description is a new version to look at."""
        (row_id,) = save(database, now, film(size_bytes=3))
        archive(database, row_id, now)
        assert save(database, now, film(size_bytes=3)) == []
        (second,) = save(database, now, film(size_bytes=4))
        assert second != row_id
        assert save(database, now, film(size_bytes=4)) == [second]

    def test_what_a_person_parked_stays_parked(self, database: Database, now: datetime) -> None:
        """A file that a person set aside is not fetched because the platform names it again."""
        (row_id,) = save(database, now, film())
        with database.write() as connection:
            park_file(connection, row_id, "ask the owner", now, None, "person")
        assert save(database, now, film()) == []
        with database.read() as connection:
            known = read_file(connection, row_id)
        assert known is not None
        assert known.parked_by_person

    def test_the_state_of_a_recording_follows_its_files(
        self, database: Database, now: datetime
    ) -> None:
        """It is open while a file is to come, parked while one waits, and quiet at the end."""

        def settle() -> str:
            with database.write() as connection:
                return settle_recording(connection, 1, now)

        assert settle() == "open"
        first, second = save(database, now, film(), film("f2"))
        assert settle() == "open"
        with database.write() as connection:
            park_file(connection, first, "no sound", now, None, "bytes")
        archive(database, second, now)
        assert settle() == "parked"
        archive(database, first, now, "cd")
        assert settle() == "quiet"

    def test_the_same_bytes_are_one_object(self, database: Database, now: datetime) -> None:
        """Two files with the same bytes are stored once, and both digests are known."""
        for row_id in save(database, now, film(), film("f2")):
            archive(database, row_id, now)
        with database.read() as connection:
            assert read_sha512(connection, ["ab", "xx"]) == {"ab": "abab"}


@pytest.fixture
def listed(record: Record, sighting: Callable[..., Sighting]) -> None:
    """One recording in the ledger."""
    record([sighting("r1")])


# --- sources ---------------------------------------------------------------------------------


def pin(database: Database, account_id: str, now: datetime, name: str = "calls") -> int:
    """Pin a source."""
    account = Account(account_id)
    return sources.pin(
        database, name=name, adapter="cloud", platform="cloud", account=account, now=now
    )


def test_an_account_is_pinned_at_first_contact(
    database: Database, source_id: int, now: datetime
) -> None:
    """The label may change, the account may not; a refused contact writes nothing."""
    assert pin(database, "account-1", now) == source_id
    assert pin(database, "account-1", now, "renamed") == source_id
    with pytest.raises(WrongAccount, match="account-2") as caught:
        pin(database, "account-2", now, "renamed")
    assert "where the platform moved the account, enter its former id" in caught.value.remedy
    assert sources.find(database, "calls") is None
    assert pin(database, "account-2", now, "calls") != source_id


def test_an_account_that_the_platform_moved_goes_on_under_its_first_id(
    database: Database, source_id: int, now: datetime
) -> None:
    """Whoever moves to another generation of a platform keeps watermark and archive (S002-5)."""

    def contact(*names: str, name: str = "calls") -> int:
        account = Account(names[0], formerly=names[1:])
        return sources.pin(
            database, name=name, adapter="cloud", platform="cloud", account=account, now=now
        )

    assert contact("organisation", "account-1") == source_id
    assert contact("organisation", "account-1", name="renamed") == source_id
    with database.read() as connection:
        assert sources.account_of(connection, source_id) == "account-1"
    with pytest.raises(WrongAccount, match="organisation"):
        contact("organisation", name="renamed")
    assert sources.is_known(database, "cloud", Account("organisation", formerly=("account-1",)))


def test_the_watermark_is_the_earliest_of_all(
    database: Database,
    source_id: int,
    record: Record,
    sighting: Callable[..., Sighting],
    now: datetime,
) -> None:
    """Promise 1: It never passes a frontier, nor a recording that is open or parked."""

    def mark() -> datetime | None:
        with database.read() as connection:
            return watermark.compute(connection, source_id).at

    assert mark() is None
    for name, ago in (("a", HOUR), ("b", 2 * HOUR)):
        with database.write() as connection:
            frontiers.enter_feed(database, connection, source_id, name, "")
        assert mark() != now
        with database.write() as connection:
            frontiers.move_frontier(
                connection, source_id, name, "", now - ago, since=now - 9 * HOUR
            )
    assert mark() == now - 2 * HOUR
    record([sighting("r1", ago=5 * HOUR)])
    assert mark() == now - 5 * HOUR
    for state, expected in (("parked", 5), ("gone", 2), ("open", 5), ("quiet", 2), ("skipped", 2)):
        with database.write() as connection:
            set_recording(connection, 1, state, None, now)
        assert mark() == now - expected * HOUR


def test_a_frontier_never_moves_back(database: Database, source_id: int, now: datetime) -> None:
    """An older listing that ends late takes nothing back."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "a", "")
    for moment in (now, now - HOUR):
        with database.write() as connection:
            frontiers.move_frontier(connection, source_id, "a", "", moment, since=moment)
    row: Any = frontiers.read_feed(database, source_id, "a", "")
    assert row.frontier == now


def test_an_outage_lasts_until_contact_is_made(database: Database, now: datetime) -> None:
    """Promise 6: It is known since when no contact could be made with a source, and why last."""
    for hours, why in enumerate(("no answer", "no name server")):
        outages.enter_outage(database, "calls", why, now + hours * HOUR)
    outages.enter_outage(database, "other", "the secret has expired", now)
    told = outages.list_outages(database)
    assert told["calls"] == outages.Outage("calls", now, "no name server")
    with database.write() as connection:
        outages.end_outage(connection, "calls")
    assert list(outages.list_outages(database)) == ["other"]


def test_a_part_that_is_retired_leaves_all_its_gaps(
    database: Database, source_id: int, now: datetime
) -> None:
    """Promise 1: What was never listed of it, and what was asked for again, is told."""
    with database.write() as connection:
        frontiers.enter_feed(database, connection, source_id, "a", "west")
        for purpose, start, end in (("frontier", 9, 0), ("recovery", 5, 3), ("lookback", 2, 1)):
            frontiers.begin_walk(
                connection,
                source_id=source_id,
                name="a",
                partition="west",
                purpose=purpose,
                start_at=now - start * HOUR,
                end_at=now - end * HOUR,
            )
        frontiers.retire_partition(connection, source_id, "a", "west", now, now - 8 * HOUR)
        gaps = connection.execute(select(gap.c.start_at, gap.c.end_at).order_by(gap.c.id)).all()
        assert [tuple(row) for row in gaps] == [
            (now - 9 * HOUR, now),
            (now - 5 * HOUR, now - 3 * HOUR),
        ]
        assert frontiers.list_partitions(connection, source_id, "a") == []
    assert frontiers.list_walks(database, source_id, "a", "west") == []


def test_a_walk_is_kept_until_it_ends(database: Database, source_id: int, now: datetime) -> None:
    """T3: A walk that was interrupted goes on where its last page was committed."""
    with database.write() as connection:
        frontiers.begin_walk(
            connection,
            source_id=source_id,
            name="a",
            partition="",
            purpose="frontier",
            start_at=now - HOUR,
            end_at=now,
        )
    (walk,) = frontiers.list_walks(database, source_id, "a", "")
    with database.write() as connection:
        frontiers.update_walk(connection, walk.id, cursor="next", slice_end=now)
    (walk,) = frontiers.list_walks(database, source_id, "a", "")
    assert (walk.position, walk.slice_end, walk.cursor) == (now - HOUR, now, "next")
    with database.write() as connection:
        frontiers.end_walk(connection, walk.id)
    assert frontiers.list_walks(database, source_id, "a", "") == []
