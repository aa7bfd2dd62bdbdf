"""A runner ends when it should, goes on where another stopped, and lets nobody stop the others."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import pytest
from sqlalchemy import text
from tests.core.engine.platform import CALLS, HOUR, MINUTE, START, Cloud, Stage, Tin, TinOfParts

from catchment._archive.layout import locate_package
from catchment._catalogue import jobs, tables
from catchment._engine.beating import beat
from catchment._engine.runner import Runner
from catchment.adapters import Adapter, Source
from catchment.errors import AdapterFault, Misuse, NotPermitted, Refused, Unreachable
from catchment.hookspecs import hookimpl
from catchment.model import Account, Batch, Feed, Page, Ready, Span
from catchment.model import Outcome as Answer
from catchment.transport import Kit


def beside(stage: Stage, name: str, cloud: Cloud, kind: type[Tin] = Tin) -> None:
    """Configure a second source called *name*, on a cloud of its own."""
    stage.adapters[name] = cast(
        type[Adapter], type("Other", (kind,), {"cloud": cloud, "name": name, "platform": name})
    )
    with stage.path.open("a") as settings:
        settings.write(f'[sources.{name}]\nadapter = "{name}"\n')


@pytest.fixture
def other() -> Iterator[Cloud]:
    """A second platform."""
    served = Cloud()
    yield served
    served.close()


def test_a_single_run_archives_and_seals_and_ends(stage: Stage) -> None:
    """``run --once`` takes what is there all the way into the archive, and comes back.

    Proves S003-10 to S003-17.
    """
    for number in range(1, 6):
        stage.cloud.hold(f"c{number}", ago=number * HOUR, files={"f": f"call {number}".encode()})
    outcome = stage.run()
    assert (outcome.stopped, outcome.unreachable) == ({}, {})
    assert stage.archived() == {
        (f"c{number}", "f"): f"call {number}".encode() for number in range(1, 6)
    }
    assert {row.state for row in stage.rows(tables.recording)} == {"quiet"}
    assert all(row.version == 1 for row in stage.rows(tables.interaction))
    assert stage.mark().at == START


def test_there_is_no_watermark_before_every_feed_was_listed(stage: Stage) -> None:
    """From the first contact on each feed is on record as never listed (S003-30, promise 1).

    Otherwise the first feed that is listed would make a watermark by itself, ahead of everything
    that the others are going to list.
    """
    stage.configure(feeds=(CALLS, Feed("others", every="10m", max_window="1d", horizon="2d")))
    app = stage.open()
    seen: list[tuple[str, datetime | None]] = []

    def look(event: str, **fields: object) -> None:
        if event == "source.live":
            seen.extend((row.feed, row.frontier) for row in stage.rows(tables.feed))

    app.tell = look
    Runner(app, ("tin",), once=True).run()
    assert sorted(seen) == [("calls", None), ("others", None)]
    assert stage.mark().at == START


def test_a_second_run_does_nothing_again(stage: Stage) -> None:
    """What is archived is neither asked about, fetched nor sealed again (promise 2)."""
    stage.cloud.hold("c1")
    stage.run()
    fetched, asked = len(stage.cloud.fetched), len(stage.cloud.asked("fetch_metadata"))
    stage.wait(HOUR)
    stage.run()
    assert (len(stage.cloud.fetched), len(stage.cloud.asked("fetch_metadata"))) == (fetched, asked)
    assert [row.version for row in stage.rows(tables.interaction)] == [1]


def test_a_single_run_ends_although_something_fails(stage: Stage) -> None:
    """What fails waits for its next attempt, and the run does not chase it."""
    stage.cloud.hold("c1")
    stage.cloud.metadata = lambda batch: (_ for _ in ()).throw(Unreachable("no answer"))
    stage.run()
    assert stage.recording("c1").state == "open"
    assert stage.job("capture").due_at > START


def test_a_single_run_ends_although_nothing_can_be_sealed(stage: Stage) -> None:
    """A seal that fails is not tried again and again until it works (promise 6)."""
    stage.cloud.hold("c1")
    stage.gather()
    package = stage.app.archive.root / locate_package(stage.interaction().interaction_id)
    blocked = package.parent
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("no folder")
    stage.run()
    assert stage.interaction().version == 0
    assert stage.job("seal").error.startswith("sealing")
    blocked.unlink()
    stage.wait(HOUR)
    stage.run()
    assert stage.interaction().version == 1


def test_a_continuous_run_ends_when_it_is_asked_to(stage: Stage) -> None:
    """A runner without ``once`` works until the application is stopped, and then leaves."""
    stage.cloud.hold("c1")
    app = stage.open()
    done = threading.Event()

    def watch(event: str, **_: object) -> None:
        if event == "file.archived":
            done.set()

    app.tell = watch
    runner = threading.Thread(target=Runner(app, ["tin"]).run)
    runner.start()
    assert done.wait(60)
    assert runner.is_alive()
    app.stop.set()
    runner.join(60)
    assert not runner.is_alive()
    assert stage.rows(tables.runner) == []
    assert [row.kind for row in stage.rows(tables.job) if row.runner] == []


def test_a_runner_that_only_lists_fetches_nothing(stage: Stage) -> None:
    """The role ``poll`` fills the ledger and leaves the rest to others."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    assert stage.recording("c1").state == "open"
    assert stage.cloud.asked("fetch_metadata") == []


def test_a_runner_that_only_works_lists_nothing(stage: Stage) -> None:
    """The role ``work`` captures what others have listed."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    asked = len(stage.cloud.asked("poll"))
    stage.run(roles=("work",))
    assert len(stage.cloud.asked("poll")) == asked
    assert stage.archived() == {("c1", "f"): b"hello"}


def refuse(error: Exception) -> Account:
    """Answer to the question who we are with *error*."""
    raise error


def test_a_refused_source_does_not_stop_the_others(stage: Stage, other: Cloud) -> None:
    """A credential that is not accepted stops its own source, visibly, and no other.

    Proves promise 6.
    """
    beside(stage, "brass", other)
    stage.cloud.account = lambda: refuse(Refused("the secret has expired"))
    other.hold("b1")
    outcome = stage.run("tin", "brass")
    assert outcome.stopped == {"tin": "the secret has expired"}
    assert [row.external_id for row in stage.rows(tables.recording)] == ["b1"]


def test_an_unreachable_source_does_not_stop_the_others(stage: Stage, other: Cloud) -> None:
    """A platform that does not answer is told, and the others are captured."""
    beside(stage, "brass", other)
    stage.cloud.account = lambda: refuse(Unreachable("no answer"))
    other.hold("b1")
    outcome = stage.run("tin", "brass")
    assert outcome.unreachable == {"tin": "no answer"}
    assert [row.external_id for row in stage.rows(tables.recording)] == ["b1"]


class Broken(Tin):
    """An adapter that cannot even be made."""

    def __init__(self, source: Source, kit: Kit) -> None:
        raise KeyError("secret-value")


def test_an_adapter_that_cannot_be_made_does_not_stop_the_others(
    stage: Stage, other: Cloud
) -> None:
    """A bug in an adapter's constructor concerns its own sources, and quotes nothing.

    Proves promise 5.
    """
    beside(stage, "brass", other, Broken)
    stage.cloud.hold("c1")
    outcome = stage.run("brass", "tin")
    assert stage.archived() == {("c1", "f"): b"hello"}
    said = outcome.unreachable["brass"]
    assert said.startswith("adapter brass: __init__ failed with KeyError at test_runner.py:")
    assert "secret-value" not in said


@pytest.mark.parametrize("asked", ["who we are", "which parts there are"])
def test_a_right_that_is_missing_at_contact_does_not_stop_the_others(
    stage: Stage, other: Cloud, asked: str
) -> None:
    """A source whose credential may not see its own account or sites fails alone (promise 6)."""
    beside(stage, "brass", other, TinOfParts)
    error = NotPermitted("the scope user:read is missing", remedy="Grant it.")
    if asked == "who we are":
        other.account = lambda: refuse(error)
    else:
        other.parts = lambda _feed: (_ for _ in ()).throw(error)
    stage.cloud.hold("c1")
    outcome = stage.run("brass", "tin")
    assert outcome.unreachable == {"brass": "the scope user:read is missing. Grant it."}
    assert stage.archived() == {("c1", "f"): b"hello"}


class Senseless(Tin):
    """An adapter whose declarations are not what the contract says."""

    feeds = cast(Any, ("calls",))


class Hasty(Tin):
    """An adapter whose account is none."""

    @hookimpl
    def account(self) -> Account:
        """Something that only looks like an account."""
        return Account(cast(Any, ["secret-value"]))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Senseless, "adapter brass: feeds_of failed with AttributeError"),
        (Hasty, "the program failed with "),
    ],
)
def test_a_broken_adapter_at_contact_does_not_stop_the_others(
    stage: Stage, other: Cloud, kind: type[Tin], said: str
) -> None:
    """Whatever an adapter gives, its source alone waits; the type of the failure is told."""
    beside(stage, "brass", other, kind)
    stage.cloud.hold("c1")
    outcome = stage.run("brass", "tin")
    assert outcome.unreachable["brass"].startswith(said)
    assert "secret-value" not in outcome.unreachable["brass"]
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_another_account_under_the_same_name_writes_nothing(stage: Stage) -> None:
    """A source that was pinned to one account is stopped before anything of another is written.

    Proves promise 2.
    """
    stage.cloud.hold("c1")
    stage.run()
    stage.cloud.account_id = "account-2"
    stage.cloud.hold("c2")
    stage.wait(HOUR)
    outcome = stage.run()
    assert "was pinned to account account-1" in outcome.stopped["tin"]
    (pinned,) = stage.rows(tables.source)
    assert (pinned.account_id, pinned.stopped_why) == ("account-1", outcome.stopped["tin"])
    assert [row.external_id for row in stage.rows(tables.recording)] == ["c1"]


def test_a_source_under_another_name_is_the_same_source(stage: Stage) -> None:
    """The label in the settings is no identity: the platform's account is (promise 2)."""
    stage.cloud.hold("c1")
    stage.run()
    stage.path.write_text(stage.path.read_text().replace("[sources.tin]", "[sources.renamed]"))
    stage.wait(HOUR)
    stage.run("renamed")
    assert [row.name for row in stage.rows(tables.source)] == ["renamed"]
    assert len(stage.cloud.fetched) == 1


def test_a_refusal_in_the_middle_stops_only_its_source(stage: Stage, other: Cloud) -> None:
    """When a listing is refused nothing more is asked of that source, and the reason stands.

    Proves promise 6.
    """
    beside(stage, "brass", other)
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(Refused("the scope is gone"))
    other.hold("b1")
    outcome = stage.run("tin", "brass")
    assert outcome.stopped == {"tin": "the scope is gone"}
    told = {row.name: row.stopped_why for row in stage.rows(tables.source)}
    assert told == {"tin": "the scope is gone", "brass": None}


def test_a_stopped_source_goes_on_when_it_is_mended(stage: Stage) -> None:
    """A runner asks a stopped source again after a while, and its mark of being stopped goes."""
    stage.cloud.hold("c1")
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(Refused("the scope is gone"))
    app = stage.open()
    runner = Runner(app, ["tin"], once=True)
    runner._connect()
    source = app.live["tin"]
    (job,) = jobs.claim(app.database, ["poll"], runner_name="r1", now=START, lease=HOUR, limit=1)
    runner._execute([job])
    assert source.stopped == "the scope is gone"
    stage.cloud.poll = stage.cloud.list_pages
    stage.wait(11 * MINUTE)
    runner._connect()
    assert source.stopped == ""
    assert [row.stopped_why for row in stage.rows(tables.source)] == [None]


def test_a_stopped_source_is_asked_who_it_is_before_it_goes_on(stage: Stage) -> None:
    """A credential that was mended into another account's writes nothing (promise 2)."""
    app = stage.open()
    runner = Runner(app, ["tin"], once=True)
    runner._connect()
    source = app.live["tin"]
    source.stopped = "the secret has expired"
    stage.cloud.account_id = "account-2"
    stage.wait(11 * MINUTE)
    runner._connect()
    assert source.stopped == "the secret has expired"
    assert runner._refused["tin"].startswith("source tin: the credential belongs to account")


def test_a_source_whose_parts_cannot_be_asked_is_begun_later(stage: Stage) -> None:
    """A source that answers who we are and not which sites it has gets its jobs when it does."""
    stage.configure(base=TinOfParts)
    stage.cloud.parts = lambda _feed: (_ for _ in ()).throw(Unreachable("no answer"))
    app = stage.open()
    runner = Runner(app, ["tin"], once=True)
    runner._connect()
    assert runner.unreachable == {"tin": "no answer"}
    stage.cloud.parts = lambda _feed: ("east",)
    stage.wait(2 * MINUTE)
    runner._connect()
    assert runner.unreachable == {}
    assert [row.key.split("/", 1)[1] for row in stage.rows(tables.job) if row.kind == "poll"] == [
        "calls/east"
    ]


def test_two_sources_of_one_account_are_refused(stage: Stage) -> None:
    """The same account twice would capture everything for two labels (promise 2)."""
    with stage.path.open("a") as settings:
        settings.write('[sources.twin]\nadapter = "tin"\n')
    outcome = stage.run("tin", "twin")
    assert "are the same account on Tin" in outcome.stopped["twin"]


def test_the_work_of_a_dead_runner_is_taken_over(stage: Stage) -> None:
    """When a lease has run out the job is due again, and its effect happens once (T2, T14)."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    assert len(stage.claim("capture", runner="dead")) == 1
    stage.run()
    assert stage.archived() == {}
    stage.wait(11 * MINUTE)
    stage.run()
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_a_beating_runner_keeps_its_work(stage: Stage) -> None:
    """A lease that is prolonged in time is not taken over."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    held = stage.claim("capture", runner="r1")
    stage.wait(9 * MINUTE)
    jobs.beat(stage.app.database, "r1", held, stage.clock.now(), stage.clock.now() + 10 * MINUTE)
    stage.wait(9 * MINUTE)
    assert stage.claim("capture", runner="r2") == []


def test_a_single_run_ends_although_the_catalogue_takes_no_mapping(stage: Stage) -> None:
    """What it does not take is told and not tried again and again; a later run does it (T8).

    A part of the catalogue cannot be read here while the rest can, as on a disk that fails.
    """
    stage.cloud.hold("c1")
    with stage.app.database.write() as connection:
        connection.execute(text("ALTER TABLE attribute RENAME TO unreadable"))
    outcome = stage.run()
    assert "no such table: attribute" in outcome.put_off["tin"]
    with stage.app.database.write() as connection:
        connection.execute(text("ALTER TABLE unreadable RENAME TO attribute"))
    stage.wait(MINUTE)
    assert stage.run().put_off == {}
    assert stage.interaction().version == 1


def test_what_another_runner_took_is_not_left(stage: Stage) -> None:
    """A runner that lost a job has nothing to tell of it: the other one does it (T14)."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    runner = Runner(stage.app, ["tin"], once=True)
    late = stage.claim("capture")
    stage.wait(11 * MINUTE)
    assert len(stage.claim("capture", runner="r2")) == 1
    runner._fail(stage.source, late, AdapterFault("why"))
    assert runner._put_off == {}
    assert stage.events("job.lost") == []


def test_no_error_ends_the_beats(stage: Stage) -> None:
    """A driver's error at one beat would else cost a runner all the jobs in its hands (T14)."""
    stage.path.write_text(stage.path.read_text().replace('lease = "10m"', 'lease = "1s"'))
    over = threading.Event()
    turns = itertools.count()

    def list_held() -> list[jobs.Job]:
        if next(turns) == 0:
            raise ConnectionResetError
        over.set()
        return []

    beats = threading.Thread(target=beat, args=(stage.open(), "r1", list_held, over), daemon=True)
    beats.start()
    assert over.wait(60)
    beats.join(60)
    assert not beats.is_alive()


def test_a_runner_that_leaves_gives_back_what_it_held(stage: Stage) -> None:
    """A clean end makes the work due at once, and counts no attempt."""
    stage.cloud.hold("c1")
    stage.run(roles=("poll",))
    stage.claim("capture", runner="r9")
    jobs.leave_runner(stage.app.database, "r9", stage.clock.now())
    (job,) = stage.claim("capture", runner="r2")
    assert job.attempts == 1


def test_a_job_that_was_claimed_anew_is_held_until_its_own_end(stage: Stage) -> None:
    """The first try ends without its lease; the second one's is prolonged all the same (T14)."""
    stage.cloud.hold("c1")
    stage.gather()
    runner = Runner(stage.app, ["tin"])
    stage.stir("map")
    (first,) = stage.claim("map")
    stage.wait(11 * MINUTE)
    (second,) = stage.claim("map")
    runner._held[second.id] = second
    runner._execute([first])
    assert runner._held == {second.id: second}
    runner._execute([second])
    assert runner._held == {}


def test_news_during_a_run_makes_the_job_run_again(stage: Stage) -> None:
    """What is wanted while a job runs is not lost with its end (promise 1)."""
    stage.cloud.hold("c1")
    stage.do("poll")
    (job,) = stage.claim("capture")
    stage.stir("capture")
    assert stage.work(job) is None
    assert len(stage.claim("capture")) == 1


def test_a_poisoned_recording_fails_alone(stage: Stage) -> None:
    """A batch that an adapter cannot take is tried one by one.

    So that one fails and the others do not. Proves promise 6.
    """
    for name in ("c1", "c2", "c3"):
        stage.cloud.hold(name)

    def choke(batch: Batch) -> Iterator[Answer]:
        for one in batch:
            if one.external_id == "c2":
                raise ValueError("cannot read this")
            yield Ready(one)

    stage.cloud.metadata = choke
    stage.run()
    stage.wait(2 * MINUTE)
    stage.run()
    states = {row.external_id: row.state for row in stage.rows(tables.recording)}
    assert states == {"c1": "quiet", "c2": "open", "c3": "quiet"}


def test_what_dies_first_is_fetched_first_then_the_newest(stage: Stage) -> None:
    """Recordings that the platform will delete soon go first, then the newest (DESIGN)."""
    stage.configure(feeds=(Feed("calls", "10m", "30d", horizon="10d"),))
    for name, days in (("old", 5), ("dying", 9.5), ("new", 1)):
        stage.cloud.hold(name, ago=days * 24 * HOUR)
    stage.do("poll")
    ids = {str(row.id): row.external_id for row in stage.rows(tables.recording)}
    assert [ids[job.key] for job in stage.claim("capture")] == ["dying", "new", "old"]


def test_a_feed_that_is_switched_off_holds_nothing(stage: Stage) -> None:
    """A feed that the settings no longer ask for is asked no more, and holds no watermark.

    Its frontier stays: switched on again, it goes on from there.
    """
    more = Feed("more", "10m", "1d", horizon="2d")
    stage.configure(feeds=(CALLS, more))
    stage.run()
    stage.configure(feeds=(CALLS,))
    stage.wait(HOUR)
    stage.run()
    assert stage.events("job.failed") == []
    keys = [row.key.split("/", 1)[1] for row in stage.rows(tables.job) if row.kind == "poll"]
    assert keys == ["calls/"]
    asked = len(stage.cloud.asked("poll"))
    stage.configure(feeds=(CALLS, more))
    stage.wait(HOUR)
    stage.run()
    spans = [span for span in stage.cloud.asked("poll")[asked:] if span.feed == "more"]
    assert [span.window.end - span.window.start for span in spans] == [2 * HOUR + MINUTE / 60]


def test_a_feed_that_is_switched_off_in_the_middle_of_a_listing(stage: Stage) -> None:
    """What was not listed to its end then is no failure that comes back for ever."""
    more = Feed("more", "10m", "1d", horizon="2d")
    stage.configure(feeds=(CALLS, more))
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(Unreachable("no answer"))
    stage.run()
    stage.cloud.poll = stage.cloud.list_pages
    stage.configure(feeds=(CALLS,))
    stage.wait(HOUR)
    outcome = stage.run()
    assert (outcome.stopped, outcome.unreachable) == ({}, {})
    assert (stage.feed().frontier, stage.feed().failed_at) == (START + HOUR, None)
    keys = [row.key.split("/", 1)[1] for row in stage.rows(tables.job) if row.kind == "poll"]
    assert keys == ["calls/"]


def test_no_source_at_all_is_misuse(stage: Stage) -> None:
    """A run without any source says what to do."""
    stage.path.write_text("")
    with pytest.raises(Misuse, match="no source is configured"):
        stage.open().choose([])


def test_a_poll_gives_way_when_the_runner_stops(stage: Stage) -> None:
    """A long listing ends after its page when the program shall end, and goes on from there."""
    for number in range(1, 6):
        stage.cloud.hold(f"c{number}", ago=number * HOUR)

    def stop(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            if page.sightings:
                stage.app.stop.set()
            yield page

    stage.cloud.poll = stop
    stage.do("poll")
    assert len(stage.rows(tables.recording)) == 2
    (walk,) = stage.rows(tables.walk)
    assert walk.cursor == "2"
    assert stage.job("poll").attempts == 0
