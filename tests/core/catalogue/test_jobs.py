"""Jobs: wanted in a transaction, claimed by one, finished once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import insert, select

from catchment._catalogue import jobs
from catchment._catalogue.database import Database
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.tables import decision, job, runner
from catchment.errors import CatchmentError, LostRace

LEASE = timedelta(minutes=5)
Want = Callable[..., None]


@pytest.fixture
def want(database: Database, source_id: int, now: datetime) -> Want:
    """Want jobs: ``want("1", "2", rank=3)``."""

    def want_them(*keys: str, kind: str = "media", due_at: datetime = now, rank: int = 0) -> None:
        with database.write() as connection:
            jobs.want(
                database, connection, [NewJob(kind, key, source_id, due_at, rank) for key in keys]
            )

    return want_them


def claim(
    database: Database, now: datetime, name: str = "a", limit: int = 10, **more: object
) -> list[Job]:
    """Claim media jobs for a runner."""
    asked: dict[str, object] = {"lease": LEASE, "limit": limit, **more}
    return jobs.claim(database, ["media"], runner_name=name, now=now, **asked)  # type: ignore[arg-type]


def finish(
    database: Database, claimed: Job, now: datetime, *, again_at: datetime | None = None
) -> None:
    """End a job in a transaction of its own."""
    with database.write() as connection:
        jobs.finish(connection, claimed, now, again_at=again_at)


def keys(claimed: list[Job]) -> list[str]:
    """Keys of jobs, in their order."""
    return [one.key for one in claimed]


def test_kinds_that_are_due_are_told(
    database: Database, source_id: int, want: Want, now: datetime
) -> None:
    """One question tells of which kinds a claim would find something, and for whom."""
    want("1")
    want("2", kind="map", due_at=now + LEASE)
    asked = ("seal", "media", "map")
    assert jobs.list_due(database, asked, [source_id], now) == {"media"}
    assert jobs.list_due(database, asked, [source_id], now + LEASE) == {"media", "map"}
    assert jobs.list_due(database, asked, [source_id + 1], now) == set()
    assert jobs.list_due(database, asked, [], now) == jobs.list_due(database, (), [1], now) == set()
    claim(database, now)
    assert jobs.list_due(database, asked, [source_id], now) == set()


def test_what_failed_can_be_tried_again_at_once(
    database: Database, source_id: int, want: Want, now: datetime
) -> None:
    """Only what waits because it failed is hastened: not what is due later, nor what runs."""
    want("failed", "fails again", "runs")
    want("later", due_at=now + LEASE)
    for one in claim(database, now):
        if one.key != "runs":
            jobs.postpone(database, one, due_at=now + 2 * LEASE, error="the disk is full")
    with database.write() as connection:
        failing = [
            name
            for name in ("failed", "fails again", "runs", "later")
            if jobs.is_failing(connection, "media", name)
        ]
        assert failing == ["failed", "fails again"]
        assert jobs.hasten(connection, ["seal"], source_id, now) == 0
        assert jobs.hasten(connection, ["media"], source_id + 1, now) == 0
        assert jobs.hasten(connection, ["media"], source_id, now) == 2
    assert sorted(keys(claim(database, now))) == ["failed", "fails again"]


def test_a_job_is_claimed_once(database: Database, want: Want, now: datetime) -> None:
    """What one runner has another does not get, until the lease is over."""
    want("1")
    (mine,) = claim(database, now)
    assert (mine.key, mine.fence, mine.attempts) == ("1", 1, 1)
    assert claim(database, now, "b") == []
    assert claim(database, now + LEASE - timedelta(seconds=1), "b") == []
    (stolen,) = claim(database, now + LEASE, "b")
    assert (stolen.fence, stolen.attempts) == (2, 2)


def test_the_most_urgent_goes_first(database: Database, want: Want, now: datetime) -> None:
    """Jobs come by rank, then by time; what is not due or of another kind does not come."""
    want("late", rank=5)
    want("soon", rank=1)
    want("sooner", rank=1, due_at=now - LEASE)
    want("later", due_at=now + LEASE)
    want("other", kind="seal")
    assert keys(claim(database, now, limit=2)) == ["sooner", "soon"]
    assert keys(claim(database, now)) == ["late"]
    assert keys(claim(database, now, ahead=LEASE)) == ["later"]
    assert jobs.next_due(database, ["seal"]) == now


def test_looking_ahead_takes_nothing_from_others(
    database: Database, want: Want, now: datetime
) -> None:
    """What another runner holds is not due, however far one looks ahead."""
    want("1")
    claim(database, now)
    assert claim(database, now, "b", ahead=2 * LEASE) == []


def test_only_the_sources_asked_for_are_served(
    database: Database, want: Want, source_id: int, now: datetime
) -> None:
    """A runner that is placed for some sources leaves the others alone."""
    want("1")
    assert claim(database, now, sources=[source_id + 1]) == []
    assert keys(claim(database, now, sources=[source_id])) == ["1"]


def test_a_finished_job_rests_until_there_is_news(
    database: Database, want: Want, now: datetime
) -> None:
    """The same kind and key again is news for the job that is there, not a second job."""
    want("1")
    finish(database, claim(database, now)[0], now)
    assert claim(database, now + LEASE) == []
    want("1")
    (again,) = claim(database, now)
    assert (again.wanted, again.attempts) == (2, 1)


def test_news_during_a_run_makes_it_run_again(
    database: Database, want: Want, now: datetime
) -> None:
    """Promise 1: News that comes while the job runs is not lost with its end."""
    want("1")
    (mine,) = claim(database, now)
    want("1")
    assert claim(database, now, "b") == []
    finish(database, mine, now, again_at=now + LEASE)
    assert keys(claim(database, now)) == ["1"]


def test_a_job_may_ask_to_run_again(database: Database, want: Want, now: datetime) -> None:
    """Without news a finished job runs when it asked to."""
    want("1")
    finish(database, claim(database, now)[0], now, again_at=now + LEASE)
    assert claim(database, now) == []
    assert jobs.next_due(database, ["media"]) == now + LEASE
    assert keys(claim(database, now + LEASE)) == ["1"]


def test_an_earlier_wish_counts(database: Database, want: Want, now: datetime) -> None:
    """News never puts off what was to be done sooner."""
    want("1", due_at=now)
    want("1", due_at=now + LEASE)
    assert keys(claim(database, now)) == ["1"]


def test_who_lost_the_job_leaves_no_effect(
    database: Database, want: Want, source_id: int, now: datetime
) -> None:
    """T14: A runner that slept past its lease wakes, and its transaction is rolled back whole."""
    want("1")
    (old,) = claim(database, now)
    (new,) = claim(database, now + LEASE, "b")
    row = {"source_id": source_id, "at": now, "who": "a", "verb": "x", "item": "1", "why": ""}

    def work(guard: Callable[..., None], *more: object) -> None:
        with database.write() as connection:
            connection.execute(insert(decision), [row])
            guard(connection, old, *more)

    with pytest.raises(LostRace):
        work(jobs.hold)
    with pytest.raises(LostRace):
        work(jobs.finish, now)
    with database.read() as connection:
        assert connection.execute(select(decision)).all() == []
    with database.write() as connection:
        jobs.hold(connection, new)
        jobs.finish(connection, new, now)
    with pytest.raises(LostRace):
        finish(database, old, now)


def test_a_failed_attempt_is_counted_and_a_wait_is_not(
    database: Database, want: Want, now: datetime
) -> None:
    """Giving back says when and why; only a failure counts as an attempt."""
    want("1")
    (mine,) = claim(database, now)
    jobs.postpone(database, mine, due_at=now, error="no answer")
    (mine,) = claim(database, now)
    assert mine.attempts == 2
    jobs.postpone(database, mine, due_at=now, error="asked to wait", failed=False)
    (mine,) = claim(database, now)
    assert mine.attempts == 2


def test_giving_back_what_was_lost_changes_nothing(
    database: Database, want: Want, now: datetime
) -> None:
    """A runner that lost the job cannot take it away from the one that has it."""
    want("1")
    (old,) = claim(database, now)
    claim(database, now + LEASE, "b")
    jobs.postpone(database, old, due_at=now, error="no answer")
    assert claim(database, now + LEASE, "c") == []


def test_a_beat_prolongs_what_is_still_ours(database: Database, want: Want, now: datetime) -> None:
    """A heartbeat keeps the lease of long work, and gives nothing back to who lost it."""
    want("1", "2")
    mine = claim(database, now)
    jobs.beat(database, "a", mine, now, now + 2 * LEASE)
    assert claim(database, now + LEASE, "b") == []
    assert len(claim(database, now + 2 * LEASE, "b")) == 2
    jobs.beat(database, "a", mine, now, now + 9 * LEASE)
    assert len(claim(database, now + 3 * LEASE, "c")) == 2


def test_a_runner_that_leaves_gives_everything_back(
    database: Database, want: Want, now: datetime
) -> None:
    """A stop in good order costs nobody a lease, and no attempt."""
    jobs.enter_runner(database, "a", "work", now)
    jobs.enter_runner(database, "a", "work", now + LEASE)
    want("1")
    claim(database, now)
    jobs.leave_runner(database, "a", now)
    assert [one.attempts for one in claim(database, now, "b")] == [1]
    with database.read() as connection:
        assert connection.execute(select(runner)).all() == []


def race(work: Callable[[int], None], threads: int = 2) -> None:
    """Have several threads begin *work* at the same moment, and wait for all of them."""
    together = Barrier(threads)
    failed: list[Exception] = []

    def run(number: int) -> None:
        try:
            together.wait()
            work(number)
        except (CatchmentError, AssertionError) as error:
            failed.append(error)

    started = [Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert failed == []


def test_two_runners_share_the_work_without_overlap(
    database: Database, want: Want, source_id: int, now: datetime
) -> None:
    """Promise 2, T14: Two runners that claim at once run every job, and each job's effect once."""
    want(*(str(number) for number in range(40)))

    def work(number: int) -> None:
        name = f"runner-{number}"
        while mine := claim(database, now, name, limit=3):
            for one in mine:
                with database.write() as connection:
                    row = {"source_id": source_id, "at": now, "who": name}
                    row |= {"verb": "run", "item": one.key, "why": ""}
                    connection.execute(insert(decision), [row])
                    jobs.finish(connection, one, now)

    race(work)
    with database.read() as connection:
        done = Counter(connection.execute(select(decision.c.item)).scalars())
        left = connection.execute(select(job.c.key).where(job.c.due_at.is_not(None))).all()
    assert left == []
    assert done == Counter({str(number): 1 for number in range(40)})


def test_only_the_fence_of_the_last_claim_ends_a_job(
    database: Database, want: Want, source_id: int, now: datetime
) -> None:
    """Promise 2: When an old and a new claimer end at the same moment, one effect stays."""
    for attempt in range(5):
        key = str(attempt)
        want(key)
        (old,) = claim(database, now, "a")
        (new,) = claim(database, now + LEASE, "b")
        claims = [old, new]
        lost: list[int] = []

        def end(number: int, claims: list[Job] = claims, lost: list[int] = lost) -> None:
            try:
                with database.write() as connection:
                    row = {"source_id": source_id, "at": now, "who": str(number)}
                    row |= {"verb": "run", "item": claims[number].key, "why": ""}
                    connection.execute(insert(decision), [row])
                    jobs.finish(connection, claims[number], now)
            except LostRace:
                lost.append(number)

        race(end)
        assert lost == [0]
    with database.read() as connection:
        assert connection.execute(select(decision.c.who)).scalars().all() == ["1"] * 5


def test_news_and_claims_at_the_same_moment_lose_nothing(
    database: Database, want: Want, now: datetime
) -> None:
    """News that arrives while a job is claimed or finished is always seen by some run."""
    seen: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            for _ in range(30):
                want("1", "2")
            return
        for _ in range(60):
            for one in claim(database, now):
                seen.append(one.wanted)
                finish(database, one, now)

    race(work)
    for one in claim(database, now):
        seen.append(one.wanted)
        finish(database, one, now)
    assert claim(database, now) == []
    assert max(seen) == 30


def test_wishes_in_another_order_do_not_wait_for_each_other(database: Database, want: Want) -> None:
    """Two pages that want the same jobs in opposite order both go through."""
    names = [str(number) for number in range(200)]

    def work(number: int) -> None:
        for _ in range(10):
            want(*(names if number else reversed(names)))

    race(work)
