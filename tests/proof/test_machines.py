"""T7: whatever is done in whatever order, the parts that remember do what a small model does.

Three machines: the jobs with their fences and leases, the listings with frontiers and watermark,
and the stays that make one contact per agent.  Each model is as small as the promise it stands for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from tests.core.engine.platform import HOUR, MINUTE, Call, Cloud, Stage, Tape, TinOfParts
from tests.proof.forms import LONG, Tally, choose

from catchment._catalogue import jobs, schema, sources, tables
from catchment._catalogue.database import Database, open_database
from catchment._catalogue.jobs import Job, NewJob
from catchment.errors import LostRace, Unreachable
from catchment.model import Account, Feed, Key, Page, Span, period
from catchment.segments import Part, Row, Stay, list_stays

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LEASE = 10 * MINUTE


def play(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Run *machine* so often; no example may be slow for being the first one."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


# --- jobs --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A job as the model knows it."""

    due_at: datetime | None
    wanted: int = 1
    done: int = 0
    fence: int = 0
    attempts: int = 0
    runner: str | None = None


class Ledger(RuleBasedStateMachine):
    """Jobs that are wanted, claimed, finished, given up and taken away, by several runners."""

    database: ClassVar[Database]
    source_id: ClassVar[int]
    KEYS = st.sampled_from(["a", "b", "c"])
    RUNNERS = st.sampled_from(["r1", "r2"])

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.model: dict[str, Known] = {}
        self.claims: list[tuple[str, Job]] = []
        self.effects: list[tuple[str, int]] = []
        with self.database.write() as connection:
            connection.execute(delete(tables.job))

    @rule(key=KEYS, minutes=st.integers(-5, 30))
    def want(self, key: str, minutes: int) -> None:
        """News: a job that is held sees it when it ends."""
        due_at = self.now + minutes * MINUTE
        with self.database.write() as connection:
            new = NewJob("media", key, self.source_id, due_at)
            jobs.want(self.database, connection, [new])
        known = self.model.get(key)
        if known is None:
            self.model[key] = Known(due_at)
            return
        earliest = due_at if known.due_at is None else min(due_at, known.due_at)
        due_at = known.due_at if known.runner and known.due_at else earliest
        self.model[key] = replace(known, wanted=known.wanted + 1, due_at=due_at)

    @rule(runner=RUNNERS, limit=st.integers(1, 3))
    def claim(self, runner: str, limit: int) -> None:
        """Of what is due, or whose lease is over, the earliest are leased to one runner."""
        claimed = jobs.claim(
            self.database, ["media"], runner_name=runner, now=self.now, lease=LEASE, limit=limit
        )
        due = {key: one for key, one in self.model.items() if one.due_at and one.due_at <= self.now}
        assert len(claimed) == min(limit, len(due))
        given = [due[job.key].due_at for job in claimed]
        assert given == sorted(one.due_at for one in due.values() if one.due_at)[:limit]
        for job in claimed:
            known = due[job.key]
            assert (job.wanted, job.fence) == (known.wanted, known.fence + 1)
            self.model[job.key] = replace(
                known,
                runner=runner,
                fence=known.fence + 1,
                attempts=known.attempts + 1,
                due_at=self.now + LEASE,
            )
            self.claims.append((runner, job))

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), again=st.none() | st.integers(1, 60))
    def finish(self, data: st.DataObject, again: int | None) -> None:
        """Only who has the fence may end a job, in the transaction of its effect."""
        _, job = self._take(data)
        known = self.model[job.key]
        again_at = None if again is None else self.now + again * MINUTE
        try:
            with self.database.write() as connection:
                jobs.finish(connection, job, self.now, again_at=again_at)
        except LostRace:
            assert job.fence != known.fence
            return
        assert job.fence == known.fence
        assert (job.key, job.fence) not in self.effects, "one claim had two effects"
        if known.runner is not None:  # a job that is finished twice by its owner is done twice
            self.effects.append((job.key, job.fence))
        due_at = self.now if known.wanted > job.wanted else again_at
        self.model[job.key] = replace(
            known, done=job.wanted, runner=None, attempts=0, due_at=due_at
        )

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), minutes=st.integers(0, 30), failed=st.booleans())
    def postpone(self, data: st.DataObject, minutes: int, failed: bool) -> None:
        """Giving back undone changes nothing for whoever has the job by now."""
        _, job = self._take(data)
        due_at = self.now + minutes * MINUTE
        jobs.postpone(self.database, job, due_at=due_at, error="why", failed=failed)
        known = self.model[job.key]
        if job.fence == known.fence:
            attempts = known.attempts if failed else known.attempts - 1
            self.model[job.key] = replace(known, runner=None, due_at=due_at, attempts=attempts)

    @rule(runner=RUNNERS, data=st.data())
    def beat(self, runner: str, data: st.DataObject) -> None:
        """A beat prolongs the leases that the runner still has, and no others."""
        held = [job for name, job in self.claims if name == runner]
        jobs.beat(self.database, runner, held, self.now, self.now + LEASE)
        for key in {job.key for job in held}:
            if self.model[key].runner == runner:
                self.model[key] = replace(self.model[key], due_at=self.now + LEASE)

    @rule(runner=RUNNERS)
    def leave(self, runner: str) -> None:
        """A runner that ends gives everything back at once."""
        jobs.leave_runner(self.database, runner, self.now)
        for key, known in self.model.items():
            if known.runner == runner:
                given = {"runner": None, "due_at": self.now, "attempts": known.attempts - 1}
                self.model[key] = replace(known, **given)  # type: ignore[arg-type]  # its fields

    @rule(minutes=st.integers(1, 15))
    def wait(self, minutes: int) -> None:
        """Time passes; leases end by themselves."""
        self.now += minutes * MINUTE

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def wake_late(self, data: st.DataObject) -> None:
        """A frozen runner wakes after its lease, when another has the job."""
        self.wait(15)
        self.claim("r2", 3)
        self.finish(data, None)

    @invariant()
    def is_the_model(self) -> None:
        """The table holds what the model holds, and a fence never falls."""
        with self.database.read() as connection:
            rows = connection.execute(select(tables.job)).all()
        found = {
            row.key: Known(row.due_at, row.wanted, row.done, row.fence, row.attempts, row.runner)
            for row in rows
        }
        assert found == self.model

    def _take(self, data: st.DataObject) -> tuple[str, Job]:
        """A claim of some time ago, whoever has the job now: a frozen runner wakes."""
        index = data.draw(st.integers(0, len(self.claims) - 1))
        return self.claims.pop(index)


@pytest.mark.proof("T7")
@pytest.mark.timeout(3600)
def test_jobs_are_what_a_model_of_them_is(catalogue_url: str, tmp_path: Path, tally: Tally) -> None:
    """Leases, fences and news of jobs, in any order, on both databases (T7, T14)."""
    database = open_database(catalogue_url or f"sqlite:///{tmp_path / 'catalogue.db'}")
    schema.prepare(database)
    account = Account("account-1")
    source_id = sources.pin(
        database, name="calls", adapter="cloud", platform="cloud", account=account, now=NOW
    )
    machine = type("OpenLedger", (Ledger,), {"database": database, "source_id": source_id})
    examples = choose(12 if catalogue_url else 30, 1000)
    play(machine, examples, 25)
    database.close()
    tally.injected["example"] = examples


# --- frontiers and the watermark -----------------------------------------------------------------

LOOK = {"10m": "12h"}
FEEDS = (
    Feed("calls", every="10m", max_window="6h", horizon="1d", lookback=LOOK, lag="1h"),
    Feed("notes", every="30m", max_window="12h", horizon="1d", lookback={"30m": "12h"}),
)
PLACES = [(feed.name, part) for feed in FEEDS for part in ("east", "west")]
WAYS = ("no answer", "cut short", "last page missing", "")
AGES = st.integers(0, 11 * 60)


class Listings(RuleBasedStateMachine):
    """Two feeds of two parts each, in which things happen late and listings break off.

    The model knows what the platform holds, when each feed was last listed to its end, and which
    recordings are not accounted for.
    """

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.leaving = ExitStack()
        folder = Path(self.leaving.enter_context(tempfile.TemporaryDirectory()))
        (folder / "catchment.db").write_bytes(self.template.read_bytes())
        self.cloud = Cloud()
        self.leaving.callback(self.cloud.close)
        self.cloud.poll = self.answer
        self.cloud.parts = lambda _feed: ("east", "west")
        self.stage = Stage(folder, self.cloud)
        self.leaving.callback(self.stage.close)
        self.stage.configure(base=TinOfParts, feeds=FEEDS)
        self.broken: dict[tuple[str, str], str] = {}
        self.home: dict[str, tuple[str, str]] = {}
        self.listed: dict[tuple[str, str], datetime] = {}
        self.seen: set[str] = set()
        self.frontiers: dict[tuple[str, str], datetime] = {}

    def teardown(self) -> None:
        """In the end, when nothing fails any more, everything is found and accounted for."""
        try:
            self.broken.clear()
            for call in self.cloud.calls.values():
                call.files["f"] = Tape()
            for _ in range(4):
                self.stage.wait(2 * HOUR)
                self.work()
            states = {row.external_id: row.state for row in self.stage.rows(tables.recording)}
            assert states == dict.fromkeys(self.cloud.calls, "quiet")
            self.watermark_is_the_models()
        finally:
            self.leaving.close()

    def answer(self, span: Span) -> Iterator[Page]:
        """The platform's listing, two rows a page; it breaks where it shall."""
        place = (span.feed, span.partition)
        window, how = span.window, self.broken.get(place, "")
        rows = [
            call.sight()
            for name, call in self.cloud.calls.items()
            if self.home[name] == place and window.start <= call.at < window.end
        ]
        at = int(span.cursor or 0)
        while True:
            last = at + 2 >= len(rows)
            if how == "no answer" or (how == "cut short" and last):
                raise Unreachable("it answers no more")
            some = tuple(rows[at : at + 2])
            at += 2
            ends = last and how != "last page missing"
            if ends:
                self.listed[place] = max(window.end, self.listed.get(place, window.end))
            self.seen |= {row.external_id for row in some}
            yield Page(some, cursor=None if last else str(at), last=ends)
            if last:
                return

    @rule(place=st.sampled_from(PLACES), minutes=AGES, ready=st.booleans())
    def happen(self, place: tuple[str, str], minutes: int, ready: bool) -> None:
        """The platform offers something that began some time ago, often behind the watermark."""
        name = f"c{len(self.cloud.calls)}"
        tape = Tape() if ready else Tape(offered="not_yet")
        at = self.stage.clock.now() - minutes * MINUTE
        self.home[name] = place
        self.cloud.calls[name] = Call(name, at, (Key("call", name),), {"f": tape})

    @precondition(lambda self: self.cloud.calls)
    @rule(data=st.data())
    def ripen(self, data: st.DataObject) -> None:
        """What the platform still worked on is there now."""
        name = data.draw(st.sampled_from(sorted(self.cloud.calls)))
        self.cloud.calls[name].files["f"] = Tape()

    @rule(place=st.sampled_from(PLACES), how=st.sampled_from(WAYS))
    def break_off(self, place: tuple[str, str], how: str) -> None:
        """A listing fails in some way from now on, or works again."""
        self.broken[place] = how

    @rule(minutes=st.integers(5, 90))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.stage.wait(minutes * MINUTE)

    @rule()
    def poll(self) -> None:
        """Every listing that is due is asked; one that worked is listed up to now."""
        asked = {job.key: job for job in self.stage.claim("poll")}
        for job in asked.values():
            self.stage.work(job)

    @rule()
    def work(self) -> None:
        """Everything that is due is done."""
        for kind in ("poll", "capture", "media", "map"):
            self.stage.do(kind)

    def frontiers_pass_nothing(self) -> None:
        """No frontier is beyond the last window that was listed to its end, and none falls."""
        for row in self.stage.rows(tables.feed):
            place = (row.feed, row.partition)
            if row.frontier is None:
                continue
            assert row.frontier <= self.listed[place], place
            assert row.frontier >= self.frontiers.get(place, row.frontier), place
            self.frontiers[place] = row.frontier

    @invariant()
    def watermark_is_the_models(self) -> None:
        """It is the earliest of all frontiers, less their lag, and of what is not accounted for."""
        self.frontiers_pass_nothing()
        if not self.frontiers:
            return
        mark = self.stage.mark().at
        missing = set(PLACES) - set(self.frontiers)
        if missing:
            assert mark is None, missing
            return
        lags = {feed.name: period(feed.lag) for feed in FEEDS}
        moments = [at - lags[feed] for (feed, _), at in self.frontiers.items()]
        states = {row.external_id: row.state for row in self.stage.rows(tables.recording)}
        assert set(states) <= self.seen
        archived = {name for name, _ in self.stage.archived()}
        open_ = [self.cloud.calls[name].at for name in states if name not in archived]
        assert mark == min(moments + open_)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared, empty catalogue, to be copied for each example."""
    path = tmp_path_factory.mktemp("template") / "catchment.db"
    database = open_database(f"sqlite:///{path}")
    schema.prepare(database)
    database.make_durable()
    database.close()
    return path


@pytest.mark.proof("T7")
@pytest.mark.timeout(3600)
def test_the_watermark_is_what_a_model_of_it_is(template: Path, tally: Tally) -> None:
    """Pages, failures and late arrivals in several feeds and parts, in any order (T7, T5)."""
    examples = choose(6, 300)
    play(type("PreparedListings", (Listings,), {"template": template}), examples, choose(16, 40))
    tally.injected["example"] = examples


# --- stays ---------------------------------------------------------------------------------------

AGENTS = ("braun", "hodges", "ito", "kaya")
LENGTHS = st.integers(3, 200)


class Chain(RuleBasedStateMachine):
    """A call that is passed on: the model paints for each second who is in it for what."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.seconds: list[dict[str, Part]] = []
        self.here = AGENTS[0]
        self.others: list[str] = []
        self.known: dict[str, datetime] = {}

    @property
    def free(self) -> list[str]:
        """Agents who have no part in the call."""
        return [one for one in AGENTS if one != self.here and one not in self.others]

    def pass_time(self, length: int, state: str, asked: str = "") -> None:
        """Everybody who is in the call has a row, and whoever is asked as well."""
        begin = len(self.seconds)
        present: dict[str, Part] = dict.fromkeys([self.here, *self.others], "talk")
        if asked:
            present[asked] = "consult"
        self.seconds += [present] * length
        start, end = (NOW + timedelta(seconds=at) for at in (begin, begin + length))
        self.rows += [
            Row(agent, part, start, end, f"{state}{begin}") for agent, part in present.items()
        ]

    @initialize(length=LENGTHS)
    def answer(self, length: int) -> None:
        """The first agent talks with the customer."""
        self.pass_time(length, "connected")

    @rule(length=LENGTHS, state=st.sampled_from(["connected", "on-hold"]))
    def go_on(self, length: int, state: str) -> None:
        """Talking and being on hold are the same."""
        self.pass_time(length, state)

    @precondition(lambda self: self.free)
    @rule(length=LENGTHS, data=st.data())
    def consult(self, length: int, data: st.DataObject) -> None:
        """A colleague is asked, who is in the call for that long."""
        self.pass_time(length, "consulting", data.draw(st.sampled_from(self.free)))

    @precondition(lambda self: self.free)
    @rule(length=LENGTHS, data=st.data())
    def transfer(self, length: int, data: st.DataObject) -> None:
        """Another agent has the customer now."""
        self.here = data.draw(st.sampled_from(self.free))
        self.pass_time(length, "connected")

    @precondition(lambda self: self.free)
    @rule(length=LENGTHS, data=st.data())
    def join(self, length: int, data: st.DataObject) -> None:
        """A conference: one more hears the customer."""
        self.others.append(data.draw(st.sampled_from(self.free)))
        self.pass_time(length, "conferencing")

    @precondition(lambda self: self.others)
    @rule(length=LENGTHS)
    def leave(self, length: int) -> None:
        """One of a conference leaves."""
        self.others.pop()
        self.pass_time(length, "connected")

    @invariant()
    def stays_are_painted(self) -> None:
        """One stay for each time that an agent was there, in any order of the rows."""
        end = NOW + timedelta(seconds=len(self.seconds))
        stays = list_stays(self.rows, end)
        assert list_stays(list(reversed(self.rows)), end) == stays
        assert {measure(stay) for stay in stays} == self.paint()
        assert not any(stay.doubt for stay in stays)
        begun = {stay.stay_id: stay.start for stay in stays}
        assert self.known.items() <= begun.items(), "an earlier stay has another name now"
        self.known = begun

    def paint(self) -> set[tuple[str, int, int, int]]:
        """Of each agent's runs of seconds: the first, the last, and how many were only asked."""
        found = set()
        for agent in AGENTS:
            inside = [agent in present for present in self.seconds]
            edges = [n for n, (a, b) in enumerate(pairwise([False, *inside, False])) if a != b]
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                parts = [present[agent] for present in self.seconds[start:end]]
                found.add((agent, start, end, [*parts, "talk"].index("talk")))
        return found


def measure(stay: Stay) -> tuple[str, int, int, int]:
    """A stay as the model has it: agent, first and last second, seconds of being asked."""
    asked = sum((window.length for window in stay.consults), timedelta())
    start, end = ((at - NOW).total_seconds() for at in (stay.start, stay.end))
    return stay.agent, int(start), int(end), int(asked.total_seconds())


@pytest.mark.proof("T7")
@pytest.mark.timeout(3600)
def test_stays_are_what_a_model_paints(tally: Tally) -> None:
    """Consults, transfers and conferences in any order, after each step (T7, S002-143)."""
    examples = choose(60, 3000)
    play(Chain, examples, 12)
    tally.injected["example"] = examples


def consult(chain: Chain) -> None:
    """Contacts 29 and 30: Braun has 2:21, of which Hodges is asked for 0:42."""
    chain.pass_time(50, "connected")
    chain.pass_time(42, "consulting", "hodges")
    chain.pass_time(49, "hold-done")


def transfer(chain: Chain) -> None:
    """Contacts 27 and 28: Braun has 0:44, then Hodges 1:14."""
    chain.pass_time(44, "connected")
    chain.here = "hodges"
    chain.pass_time(74, "connected")


def conference(chain: Chain) -> None:
    """Contacts 31 and 32: Braun has 2:09, Hodges 1:00 of consultation and conference."""
    chain.pass_time(69, "connected")
    chain.pass_time(20, "consulting", "hodges")
    chain.others.append("hodges")
    chain.pass_time(40, "conferencing")


@pytest.mark.proof("T7")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (consult, {("braun", 0, 141, 0), ("hodges", 50, 92, 42)}),
        (transfer, {("braun", 0, 44, 0), ("hodges", 44, 118, 0)}),
        (conference, {("braun", 0, 129, 0), ("hodges", 69, 129, 20)}),
    ],
    ids=["29 and 30", "27 and 28", "31 and 32"],
)
def test_the_guides_examples_are_fixed_cases(
    told: Callable[[Chain], None], expected: set[tuple[str, int, int, int]], tally: Tally
) -> None:
    """The machine meets the three examples of the guide (S002-155, S002-162, S002-165)."""
    chain = Chain()
    told(chain)
    chain.stays_are_painted()
    assert chain.paint() == expected
    tally.injected["example"] = 1
