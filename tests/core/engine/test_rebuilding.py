"""The catalogue from the archive alone (T12, S003-5, S003-30), and copies of the catalogue."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.engine.tiny import NOON, Row, Site, make_cloud

from catchment._archive.books import Books, SourceKey
from catchment._catalogue import (
    assignments,
    books,
    decisions,
    gaps,
    identity,
    interactions,
    inventory,
    roster,
    search,
    show,
    status,
    watermark,
)
from catchment._catalogue.assignments import Reason
from catchment._catalogue.search import Query
from catchment._engine import rebuilding
from catchment._engine.application import Application
from catchment._engine.rebuilding import Rebuilt
from catchment.errors import Misuse
from catchment.model import Fact, Key, Person, Queue, Ref, Team, Window


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A day that was captured and sealed, with facts, and with a clock that moved on."""
    cloud = make_cloud()
    at = NOON - timedelta(hours=6)
    cloud.facts = [
        Fact("cdr", "c2", at, (Key("talk", "t2"),), expects="answered", document={"leg": 2}),
        Fact("cdr", "c9", at, (Key("talk", "t9"),), absence="unanswered"),
    ]
    site = Site(tmp_path, cloud)
    site.run()
    site.clock.advance(timedelta(minutes=30))
    return site


def lose(site: Site) -> None:
    """Lose the catalogue: a new database stands in its place."""
    site.database_name = "another.db"


def rebuild(site: Site) -> Rebuilt:
    """What ``catchment rebuild`` does."""
    with site.open() as app:
        return rebuilding.rebuild(app)


def told(app: Application) -> Iterator[Any]:
    """What people get to see, without the numbers of rows and the times of our own work."""
    now = app.now()
    yield inventory_of(app)
    for hit in search.search(app.database, Query(), now):
        yield replace(hit, cursor="")
        shown = show.read_interaction(app.database, hit.interaction_id, now)
        assert shown is not None
        recordings = tuple(replace(one, first_seen_at=NOON) for one in shown.recordings)
        yield replace(shown, num=0, recordings=recordings)
    for word in ("zebra", "talk", "ada", "r1", "blue"):
        yield (
            word,
            [hit.interaction_id for hit in search.search(app.database, Query(words=word), now)],
        )
    by_agent = search.search(app.database, Query(agent="Ada Example"), now)
    yield [hit.interaction_id for hit in by_agent]
    by_attribute = search.search(app.database, Query(attributes={"room": "blue"}), now)
    yield sorted(hit.interaction_id for hit in by_attribute)


def inventory_of(app: Application) -> list[Any]:
    """Every archived original."""
    return sorted(inventory.list_held(app.database), key=lambda one: (one.external_id, one.file_id))


def test_a_rebuilt_catalogue_tells_the_same(site: Site) -> None:
    """Search, show and inventory give after a rebuild what they gave before (T12)."""
    with site.open() as app:
        before = list(told(app))
    lose(site)
    done = rebuild(site)
    assert (done.interactions, done.recordings, done.unreadable) == (3, 3, {})
    with site.open() as app:
        assert list(told(app)) == before
    assert len(before[0]) == 4


def test_the_watermark_is_where_it_was(site: Site) -> None:
    """The frontiers of the books give the same watermark as before (S003-5)."""
    marks = []
    for name in ("catalogue.db", "another.db"):
        if name != site.database_name:
            lose(site)
            rebuild(site)
        with site.open() as app:
            (found,) = status.list_sources(app.database, app.now())
            marks.append((found.watermark, found.account_id, found.name, found.late))
    assert marks[0] == marks[1]


def test_nothing_is_fetched_again(site: Site) -> None:
    """A run after a rebuild lists, and downloads nothing (promise 2)."""
    lose(site)
    rebuild(site)
    site.cloud.fetched.clear()
    before = site.count("file.archived")
    site.run()
    assert site.count("file.archived") == before
    assert site.cloud.fetched == []


def test_polling_goes_on_where_it_was(site: Site) -> None:
    """The next listing starts at the old frontier, and looks back as far as it ever does."""
    lose(site)
    rebuild(site)
    site.cloud.polled.clear()
    site.run()
    earliest = min(window.start for window in site.cloud.polled)
    assert site.clock.now() - timedelta(days=4) < earliest < NOON


def test_late_recordings_are_still_found(site: Site) -> None:
    """What the platform lists late, behind the frontier, is captured after a rebuild."""
    lose(site)
    rebuild(site)
    site.cloud.rows.append(Row("late", NOON - timedelta(days=2), {"z": b"late"}))
    site.run()
    assert site.path_of(b"late").exists()


def test_a_file_that_comes_late_is_still_found(site: Site) -> None:
    """A revisit that was due after the last seal is made after a rebuild too."""
    lose(site)
    rebuild(site)
    row = site.cloud.row("r1")
    assert row is not None
    row.files["more"] = b"more of it"
    site.clock.advance(timedelta(hours=1))
    before = site.count("file.archived")
    site.run()
    assert site.path_of(b"more of it").exists()
    assert site.count("file.archived") == before + 1


def test_what_was_open_is_asked_again(tmp_path: Path) -> None:
    """A recording that was open when it was sealed stays open, and goes on."""
    site = Site(tmp_path, make_cloud())
    site.cloud.rows = [Row("r1", NOON - timedelta(hours=3), {"a": b"first"}, coming=("b",))]
    site.run()
    lose(site)
    rebuild(site)
    with site.open() as app, app.database.read() as connection:
        assert watermark.compute(connection, 1).at == NOON - timedelta(hours=3)
    site.cloud.rows[0].files["b"] = b"second"
    site.cloud.rows[0].coming = ()
    site.clock.advance(timedelta(hours=2))
    site.run()
    assert site.path_of(b"second").exists()


def test_what_was_never_sealed_is_listed_again(tmp_path: Path) -> None:
    """The books know since when anything is unsealed, so that no frontier passes over it."""
    site = Site(tmp_path, make_cloud())
    at = NOON - timedelta(days=20)  # further back than anybody looks again
    site.cloud.rows = [Row("r1", at, {"a": b"first"})]
    site.cloud.fails["fetch_media"] = RuntimeError("broken")
    site.run()
    lose(site)
    rebuild(site)
    site.cloud.fails.clear()
    site.run()
    assert site.path_of(b"first").exists()


def test_joined_interactions_stay_one(site: Site) -> None:
    """An id that became an alias still resolves, and its own package is not another interaction."""
    site.cloud.rows.append(Row("r4", NOON - timedelta(hours=3), {"d": b"fourth"}, ("r1", "t2")))
    site.clock.advance(timedelta(hours=1))
    with site.open() as app:
        ids = [hit.interaction_id for hit in search.search(app.database, Query(), app.now())]
    site.run()
    with site.open() as app:
        before = list(told(app))
    lose(site)
    rebuild(site)
    with site.open() as app:
        assert list(told(app)) == before
        found = {
            shown.interaction_id
            for one in ids
            if (shown := show.read_interaction(app.database, one, app.now()))
        }
    assert (len(ids), len(found)) == (3, 2)


def test_a_join_that_was_not_sealed_is_made_again(site: Site) -> None:
    """The books tell of a join that no package knows; it is joined, and sealed by the next run."""
    with site.open() as app:
        rows = {hit.external_id: hit for hit in search.search(app.database, Query(), app.now())}
        with app.database.write() as connection:
            nums = sorted(
                identity.find_interaction(connection, rows[name].interaction_id) or 0
                for name in ("m-r1", "m-r2")
            )
            interactions.join(connection, nums[0], nums[1], app.now())
    with site.open() as app:  # only the books are written before the catalogue is lost
        some = list(books.list_unwritten(app.database, 1))
        leaf = [
            {"id": row.id, "at": row.at.isoformat(), "kind": row.kind, "body": row.body}
            for row in some
        ]
        key = SourceKey("Tiny", "acme")
        Books(app.archive).append(key, NOON.date(), leaf[0]["id"], leaf[-1]["id"], leaf)
    lose(site)
    rebuild(site)
    site.run()
    with site.open() as app:
        (one, other) = (
            show.read_interaction(app.database, rows[name].interaction_id, app.now())
            for name in ("m-r1", "m-r2")
        )
    assert one is not None
    assert other is not None
    assert one.interaction_id == other.interaction_id
    assert len(one.recordings) == 3
    assert one.unsealed_since is None


def test_what_people_decided_stands(tmp_path: Path) -> None:
    """A skipped recording stays skipped, and a parked one parked, with the reason."""
    site = Site(tmp_path, make_cloud())
    site.cloud.rows = [
        Row(name, NOON - timedelta(hours=3), {"a": name.encode()}, coming=("b",))
        for name in ("skipped", "parked")
    ]
    site.run()
    decided: dict[str, decisions.Verb] = {"skipped": "skip", "parked": "park"}
    for name, verb in decided.items():
        with site.open() as app:
            with app.database.read() as connection:
                item = decisions.find_item(connection, name)
            assert item is not None
            decisions.decide_all(app.database, [item], verb, who="ada", why="no use", now=app.now())
    site.clock.advance(timedelta(hours=2))
    site.run()
    lose(site)
    rebuild(site)
    site.cloud.fetched.clear()
    site.run()
    with site.open() as app, app.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT external_id, state, reason FROM recording").all()
        kept = connection.exec_driver_sql("SELECT who, verb, item, why FROM decision").all()
    assert set(rows) == {("skipped", "skipped", "no use"), ("parked", "parked", "no use")}
    assert ("ada", "skip", "skipped", "no use") in kept
    assert site.cloud.fetched == []


def test_gaps_and_people_are_put_back(site: Site) -> None:
    """A gap is still on the list, and the directory knows its people."""
    gap = Window(NOON - timedelta(days=90), NOON - timedelta(days=80))
    with site.open() as app, app.database.write() as connection:
        gaps.enter(connection, 1, "all", "", gap, "not asked in time", app.now())
        gaps.enter(connection, 1, "all", "west", gap, "not asked in time", app.now())
    with site.open() as app:
        west = gaps.FeedGaps(1, "all", "west")
        gaps.skip(app.database, west, who="ada", why="closed", now=app.now())
    site.clock.advance(timedelta(hours=2))
    site.run()
    lose(site)
    rebuild(site)
    with site.open() as app:
        (found,) = status.list_sources(app.database, app.now())
        with app.database.read() as connection:
            people = connection.exec_driver_sql("SELECT name, email, active FROM person").all()
            told = gaps.list_told(connection, 1, gap)
    assert [(one.start_at, one.why) for one in found.gaps] == [(gap.start, "not asked in time")]
    assert [(one.partition, one.excused) for one in told] == [("", ""), ("west", "ada: closed")]
    assert people == [("Ada Example", "ada@example.com", 1)]


def test_the_whole_directory_is_put_back(site: Site) -> None:
    """People, teams and queues are as the last sync and the last decision left them."""
    tier, sales = Team(Ref("team", "t"), "Tier 1"), Queue(Ref("queue", "q"), "Sales")
    billing = Queue(Ref("queue", "b"), "Billing")
    ada = Person((Ref("user", "u1"),), "Ada Example", "ada@example.com", agent=True)
    bob = Person((Ref("user", "u2"),), "Bob Example", "bob@example.com", "Tier 1", agent=True)
    site.cloud.people = [bob, ada, tier, sales, billing]
    site.clock.advance(timedelta(hours=7))
    site.run()
    with site.open() as app, app.database.write() as connection:
        reason = Reason("ops", "shifts", app.now())
        assignments.make_team(app.database, connection, 1, "tiny", "r1", reason)
        night = assignments.find_team(connection, "r1", "tiny")
        assignments.rename_team(app.database, connection, night, "Night shift", reason)
        found = roster.find_person(connection, "ada@example.com")
        assignments.assign(app.database, connection, found, night, reason)
        assignments.revoke(app.database, connection, found, reason)
    site.cloud.people = [bob, replace(tier, name="Front desk"), sales]
    site.clock.advance(timedelta(hours=7))
    site.run()
    site.clock.advance(timedelta(hours=2))
    site.run()
    before = read_directory(site)
    lose(site)
    rebuild(site)
    assert read_directory(site) == before
    ada_then = next(row for row in before if row["name"] == "Ada Example")
    assert (ada_then["team"], ada_then["agent"], ada_then["active"]) == (
        "Night shift",
        False,
        False,
    )
    assert [row["name"] for row in before if row.get("people") is not None] == [
        "Front desk",
        "Night shift",
    ]


def test_people_stay_who_they_are_when_ids_are_handed_on(site: Site) -> None:
    """Two people are two after a rebuild, though one has the address that the other had.

    Somebody whose ids are all somebody else's is put back too, as nobody whom a sync will find.
    """
    desk, own = Ref("login", "desk@example.com"), Ref("login", "ada.example@example.com")
    ada = Person((Ref("user", "u1"), desk), "Ada Example", "ada@example.com")
    moved = replace(ada, refs=(Ref("user", "u1"), own))
    bob = Person((Ref("user", "u2"),), "Bob Example", "bob@example.com", agent=True)
    cy = Person((Ref("user", "u3"),), "Cy Example", "cy@example.com", agent=True)
    no_name = Person((Ref("user", "u4"),))
    for people in (
        [ada, bob, cy, no_name],
        [moved, replace(bob, refs=(*bob.refs, desk)), cy, no_name],
        [moved, replace(bob, refs=(*bob.refs, desk, *cy.refs, *no_name.refs))],
        [bob],
    ):
        site.cloud.people = list(people)
        site.clock.advance(timedelta(hours=7))
        site.run()
        site.clock.advance(timedelta(hours=2))
        site.run()
        before = read_directory(site)
        site.database_name = f"after-{site.clock.now():%d-%H}.db"
        rebuild(site)
        assert read_directory(site) == before
    named = {row["name"]: (row["active"], len(row["refs"])) for row in before}
    assert named == {
        "Ada Example": (False, 2),
        "Bob Example": (True, 4),
        "Cy Example": (False, 0),
        "": (False, 0),
    }


def read_directory(site: Site) -> list[dict[str, Any]]:
    """Everybody, every team and every queue, without the numbers of rows."""
    with site.open() as app, app.database.read() as connection:
        rows: list[Any] = [*roster.list_people(connection), *roster.list_teams(connection)]
        rows += roster.list_queues(connection)
    # When the platform last listed a team is no change, and so in no book.
    return [
        {name: value for name, value in asdict(row).items() if name not in ("id", "seen_at")}
        for row in rows
    ]


def test_books_go_on_after_the_last_row(site: Site) -> None:
    """New rows of the books get new numbers, so that a second rebuild knows old and new."""
    for name in ("second.db", "third.db"):
        site.database_name = name
        rebuild(site)
        site.clock.advance(timedelta(days=1))
        site.cloud.rows.append(
            Row(name, site.clock.now() - timedelta(hours=1), {"x": name.encode()})
        )
        site.run()
    with site.open() as app:
        before = list(told(app))
    lose(site)
    assert rebuild(site).unreadable == {}
    with site.open() as app:
        assert list(told(app)) == before


def test_a_lost_leaf_of_the_books_is_told(site: Site) -> None:
    """A rebuild that lacks rows of the books says so, though all that it has can be read."""
    site.clock.advance(timedelta(hours=2))
    site.run()
    first, *others = sorted((site.root / "archive" / "books").rglob("*.jsonl"))
    assert others
    first.unlink()
    lose(site)
    ((name, why),) = rebuild(site).unreadable.items()
    assert name == "books of Tiny acme: a hole"
    assert "a leaf is missing" in why


def test_a_catalogue_that_is_not_empty_is_left_alone(site: Site) -> None:
    """A rebuild never mixes with what is there."""
    with pytest.raises(Misuse, match="not empty"):
        rebuild(site)


def test_an_unreadable_version_gives_way_to_the_one_before(site: Site) -> None:
    """A damaged newest manifest is told, the one before counts, and no number is used twice."""
    site.cloud.rows.append(Row("r4", NOON - timedelta(hours=3), {"d": b"fourth"}, ("r1",)))
    site.clock.advance(timedelta(hours=1))
    site.run()
    newest = next(
        path
        for path in (site.root / "archive" / "packages").rglob("v2/vcon.json")
        if b'"r4"' in path.read_bytes()
    )
    os.chmod(newest, 0o644)
    newest.write_bytes(newest.read_bytes()[:-9])
    lose(site)
    done = rebuild(site)
    assert list(done.unreadable) == [f"{newest.parent.parent.name} v2"]
    site.clock.advance(timedelta(hours=1))
    site.run()
    assert newest.parent.with_name("v3").exists()


def test_a_rebuild_that_fails_leaves_the_catalogue_empty(site: Site) -> None:
    """Everything or nothing: after a rebuild that broke off another one can be started."""
    lose(site)
    for path in (site.root / "archive" / "media").rglob("?" * 64):
        path.unlink()
    with site.open() as app:

        def stumble(event: str, **fields: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuilding.rebuild(app, tell=stumble)
    assert rebuild(site).interactions == 3


# --- copies ----------------------------------------------------------------------------------


def count(path: Path) -> Mapping[str, int]:
    """How many rows some tables of a copy have."""
    with sqlite3.connect(path) as database:
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("recording", "file", "interaction")
        }


def test_a_copy_is_whole_and_one_file(site: Site, tmp_path: Path) -> None:
    """A copy holds what the catalogue holds, in one file that needs no other."""
    copy = rebuilding.back_up(site.settings, tmp_path / "new" / "copy.db")
    assert count(copy) == {"recording": 3, "file": 4, "interaction": 3}
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]


def test_a_copy_in_a_folder_is_named_like_the_catalogue(site: Site, tmp_path: Path) -> None:
    """Naming a folder is enough."""
    (tmp_path / "copies").mkdir()
    assert rebuilding.back_up(site.settings, tmp_path / "copies").name == "catalogue.db"


def test_a_copy_is_consistent_while_somebody_writes(site: Site, tmp_path: Path) -> None:
    """A copy is taken at one moment: two rows of one transaction are both in it, or neither."""
    with site.open() as app, app.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE pair (a INTEGER, b INTEGER)")
    over = threading.Event()

    def write() -> None:
        with site.open() as app:
            for number in range(10_000):
                if over.is_set():
                    return
                with app.database.write() as connection:
                    connection.exec_driver_sql(f"INSERT INTO pair VALUES ({number}, 0)")
                    connection.exec_driver_sql(f"UPDATE pair SET b = a + 1 WHERE a = {number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            copy = rebuilding.back_up(site.settings, tmp_path / f"{number}.db")
            with sqlite3.connect(copy) as database:
                odd = database.execute("SELECT count(*) FROM pair WHERE b != a + 1").fetchone()
            assert odd == (0,)
    finally:
        over.set()
        writer.join()


def test_a_copy_overwrites_nothing(site: Site, tmp_path: Path) -> None:
    """A file that is there is never replaced."""
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(Misuse, match="exists already"):
        rebuilding.back_up(site.settings, taken)
    assert taken.read_text() == "mine"


def test_no_catalogue_no_copy(tmp_path: Path) -> None:
    """A catalogue that is not there is not made by copying it."""
    site = Site(tmp_path, make_cloud())
    with pytest.raises(Misuse, match="there is no catalogue"):
        rebuilding.back_up(site.settings, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_tool(site: Site, tmp_path: Path) -> None:
    """A copy of a PostgreSQL catalogue is pg_dump's work."""
    settings = site.settings
    url = "postgresql+psycopg://user@localhost/catchment"
    catalogue = settings.catalogue.model_copy(update={"url": url})
    with pytest.raises(Misuse) as caught:
        rebuilding.back_up(settings.model_copy(update={"catalogue": catalogue}), tmp_path / "x.db")
    assert "pg_dump" in caught.value.remedy
