"""What is to be done, as rows in the same database and transaction as what is known.

A job is one row per kind and key for ever.  ``due_at`` says when to run it; claiming moves it to
the end of the lease, so a job whose runner died becomes due by itself.  ``wanted`` counts news,
``done`` what was seen of it: news during a run makes the job run again.  The fence rises with every
claim, and :func:`finish` changes nothing unless the fence is still the claimer's: whatever delivers
a job, and however often, its effect happens once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)

from catchment._catalogue import bulk
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.tables import job, runner
from catchment.errors import LostRace

WRITING = ("seal", "books")
"""Kinds of jobs that write into the archive what no item waits for."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job; ``fence`` proves the claim, ``wanted`` is the news that this run sees."""

    id: int
    kind: str
    key: str
    source_id: int
    fence: int
    wanted: int
    attempts: int


@dataclass(frozen=True, slots=True)
class NewJob:
    """Something to be done; the same kind and key again is news for the job that is there."""

    kind: str
    key: str
    source_id: int
    due_at: datetime
    rank: int = 0


def want(database: Database, connection: Connection, jobs: Iterable[NewJob]) -> None:
    """Have *jobs* done, within the caller's transaction."""
    # In one order everywhere: transactions that want the same jobs wait for each other in line.
    rows = dict(sorted({(new.kind, new.key): new for new in jobs}.items()))
    if not rows:
        return
    bulk.insert(
        connection,
        job,
        [
            {
                "kind": new.kind,
                "key": new.key,
                "source_id": new.source_id,
                "due_at": new.due_at,
                "rank": new.rank,
            }
            for new in rows.values()
        ],
        _want_again,
    )


def _want_again(statement: Any) -> Any:
    excluded = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "wanted": job.c.wanted + literal_column("1"),
            "rank": excluded.rank,
            # A claimed job keeps its lease and sees the news when it ends.
            "due_at": case(
                (job.c.runner.is_not(None), job.c.due_at),
                (job.c.due_at < excluded.due_at, job.c.due_at),
                else_=excluded.due_at,
            ),
        },
    )


def stand(database: Database, connection: Connection, standing: Iterable[NewJob]) -> None:
    """Make sure that recurring jobs are there; one that is there keeps its own time."""
    database.insert_missing(
        connection,
        job,
        [
            {
                "kind": new.kind,
                "key": new.key,
                "source_id": new.source_id,
                "due_at": new.due_at,
                "rank": new.rank,
            }
            for new in standing
        ],
    )


def hasten(connection: Connection, kinds: Sequence[str], source_id: int, now: datetime) -> int:
    """Have jobs of *kinds* tried again that wait because they failed; how many they are."""
    waiting = and_(
        job.c.kind.in_(kinds),
        job.c.source_id == source_id,
        job.c.due_at > now,
        job.c.runner.is_(None),
        job.c.attempts > 0,
    )
    return connection.execute(update(job).where(waiting).values(due_at=now)).rowcount


def claim(
    database: Database,
    kinds: Sequence[str],
    *,
    runner_name: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    sources: Sequence[int] | None = None,
    ahead: timedelta = timedelta(),
    keys: Sequence[str] | None = None,
) -> list[Job]:
    """Lease up to *limit* due jobs of *kinds*, the most urgent first.

    Args:
        keys: Only jobs with these keys.
        ahead: Take also what is due only within this time, unless another runner holds it or it
            waits because it failed.
    """
    given: dict[str, Any] = {"kinds": list(kinds), "now": now, "most": limit}
    if keys is not None:
        given["keys"] = list(keys)
    if ahead:
        given["early"] = now + ahead
    if sources is not None:
        given["sources"] = list(sources)
    any_of, chosen = _build_search(keys is not None, bool(ahead), sources is not None)
    with database.read() as connection:
        if connection.execute(any_of, given).first() is None:
            return []
    with database.write() as connection:
        ids = connection.execute(chosen, given).scalars().all()
        if not ids:
            return []
        leased = {"ids": ids, "by": runner_name, "until": now + lease}
        rows = connection.execute(_LEASE, leased).all()
    claimed = {row.id: Job(*row) for row in rows}
    return [claimed[one] for one in ids]


# Statements that every job needs are built once: building one costs more than running it.


@cache
def _build_search(by_key: bool, early: bool, by_source: bool) -> tuple[Select[Any], Select[Any]]:
    """Whether there is anything to claim, and what."""
    due = and_(job.c.kind.in_(bindparam("kinds", expanding=True)), job.c.due_at.is_not(None))
    if by_key:
        due = and_(due, job.c.key.in_(bindparam("keys", expanding=True)))
    free: ColumnElement[bool] = job.c.due_at <= bindparam("now")
    if early:
        unhurt = and_(job.c.runner.is_(None), job.c.attempts == 0)
        free = free | and_(unhurt, job.c.due_at <= bindparam("early"))
    if by_source:
        due = and_(due, job.c.source_id.in_(bindparam("sources", expanding=True)))
    chosen = select(job.c.id).where(due, free)
    ordered = chosen.order_by(job.c.rank, job.c.due_at).limit(bindparam("most"))
    return chosen.limit(1), ordered.with_for_update(skip_locked=True)


_LEASE = (
    update(job)
    .where(job.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        runner=bindparam("by"),
        fence=job.c.fence + 1,
        due_at=bindparam("until"),
        attempts=job.c.attempts + 1,
    )
    .returning(
        job.c.id,
        job.c.kind,
        job.c.key,
        job.c.source_id,
        job.c.fence,
        job.c.wanted,
        job.c.attempts,
    )
)


def is_failing(connection: Connection, kind: str, key: str) -> bool:
    """Whether a job failed and waits for its next try."""
    waiting = and_(job.c.due_at.is_not(None), job.c.runner.is_(None), job.c.attempts > 0)
    query = select(job.c.id).where(job.c.kind == kind, job.c.key == key, waiting)
    return connection.execute(query).first() is not None


def list_due(
    database: Database, kinds: Sequence[str], sources: Sequence[int], now: datetime
) -> set[str]:
    """Of which of *kinds* anything is due, asked in one question."""
    if not kinds or not sources:
        return set()
    query = _build_due(tuple(kinds))
    with database.read() as connection:
        row = connection.execute(query, {"now": now, "sources": list(sources)}).one()
    return {kind for kind, is_due in zip(kinds, row, strict=True) if is_due}


@cache
def _build_due(kinds: tuple[str, ...]) -> Select[Any]:
    mine = job.c.source_id.in_(bindparam("sources", expanding=True))
    due = job.c.due_at <= bindparam("now")
    asked: list[Any] = [
        exists(select(job.c.id).where(job.c.kind == kind, due, mine)).label(f"due_{number}")
        for number, kind in enumerate(kinds)
    ]
    return select(*asked)


def drop(connection: Connection, kind: str, keys: Sequence[str]) -> None:
    """Forget jobs of *kind* that nobody needs any more, whoever is at them."""
    connection.execute(delete(job).where(job.c.kind == kind, job.c.key.in_(keys)))


def finish(
    connection: Connection, claimed: Job, now: datetime, *, again_at: datetime | None = None
) -> None:
    """End *claimed* in the transaction that holds its effect.

    Args:
        again_at: When to run it next; ``None`` leaves it alone until there is news.

    Raises:
        LostRace: Another runner has it now; the caller's transaction must be rolled back.
    """
    given = {"this": claimed.id, "ours": claimed.fence, "seen": claimed.wanted}
    changed = connection.execute(_FINISH, given | {"now": now, "again_at": again_at})
    if changed.rowcount != 1:
        raise LostRace(f"job {claimed.kind} {claimed.key} was taken by another runner")


def finish_all(
    connection: Connection, ends: Sequence[tuple[Job, datetime | None]], now: datetime
) -> None:
    """End claimed jobs that :func:`hold_all` holds, each to be run again at its time or not."""
    if ends:
        rows = [
            {"this": one.id, "ours": one.fence, "seen": one.wanted, "now": now, "again_at": again}
            for one, again in ends
        ]
        connection.execute(_FINISH, rows)


_OURS = and_(job.c.id == bindparam("this"), job.c.fence == bindparam("ours"))
_MOMENT = job.c.due_at.type

_FINISH = (
    update(job)
    .where(_OURS)
    .values(
        done=bindparam("seen"),
        runner=None,
        attempts=0,
        error=None,
        due_at=case(
            (job.c.wanted > bindparam("seen"), bindparam("now", type_=_MOMENT)),
            else_=bindparam("again_at", type_=_MOMENT),
        ),
    )
)


def postpone(
    database: Database, claimed: Job, *, due_at: datetime, error: str, failed: bool = True
) -> None:
    """Give *claimed* back undone, to be run again at *due_at*.

    Args:
        failed: ``False`` for a wait that is nobody's failure; the attempt is not counted.
    """
    with database.write() as connection:
        give_back(connection, claimed, due_at=due_at, error=error, failed=failed)


def give_back(
    connection: Connection, claimed: Job, *, due_at: datetime, error: str, failed: bool = True
) -> None:
    """What :func:`postpone` does, in the transaction that keeps the reason beside the item.

    News that comes after it makes the job due at once; between two transactions it would wait.
    """
    connection.execute(
        update(job)
        .where(job.c.id == claimed.id, job.c.fence == claimed.fence)
        .values(
            runner=None,
            due_at=due_at,
            error=error,
            attempts=job.c.attempts if failed else job.c.attempts - 1,
        )
    )


def hold(connection: Connection, claimed: Job) -> None:
    """Make sure, inside a transaction, that *claimed* is still ours.

    Raises:
        LostRace: Another runner has it now; the caller's transaction must be rolled back.
    """
    row = connection.execute(_HOLD, {"this": claimed.id}).first()
    if row is None or row.fence != claimed.fence:
        raise LostRace(f"job {claimed.kind} {claimed.key} was taken by another runner")


_HOLD = select(job.c.fence).where(job.c.id == bindparam("this")).with_for_update()


def hold_all(connection: Connection, claimed: Sequence[Job]) -> None:
    """Make sure, inside a transaction, that *claimed* are all still ours, and stay so.

    Raises:
        LostRace: Another runner has one of them now; the transaction must be rolled back.
    """
    fences: dict[int, int] = {}
    for some in chunks(sorted(one.id for one in claimed)):
        rows = connection.execute(_HOLD_ALL, {"ids": some})
        fences |= {row.id: row.fence for row in rows}
    lost = next((one for one in claimed if fences.get(one.id) != one.fence), None)
    if lost is not None:
        raise LostRace(f"job {lost.kind} {lost.key} was taken by another runner")


_HOLD_ALL = (
    select(job.c.id, job.c.fence)
    .where(job.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(job.c.id)  # whoever else holds several waits for us, and not we for each other
    .with_for_update()
)


def beat(
    database: Database, runner_name: str, held: Sequence[Job], now: datetime, until: datetime
) -> None:
    """Say that a runner is alive, and prolong the leases of the jobs in its hands."""
    with database.write() as connection:
        connection.execute(update(runner).where(runner.c.name == runner_name).values(seen_at=now))
        for some in chunks([claimed.id for claimed in held]):
            # A job that a transaction has its hands on is at its end, or prolonged the next time.
            mine = job.c.id.in_(some) & (job.c.runner == runner_name)
            free = select(job.c.id).where(mine).with_for_update(skip_locked=True)
            ids = connection.execute(free).scalars().all()
            connection.execute(update(job).where(job.c.id.in_(ids)).values(due_at=until))


def enter_runner(database: Database, name: str, roles: str, now: datetime) -> None:
    """Say that runner *name* is alive."""
    with database.write() as connection:
        database.upsert(
            connection,
            runner,
            [{"name": name, "started_at": now, "seen_at": now, "roles": roles}],
            ["name"],
        )


def leave_runner(database: Database, name: str, now: datetime) -> None:
    """Give back everything that runner *name* still holds, and forget it."""
    with database.write() as connection:
        connection.execute(
            update(job)
            .where(job.c.runner == name)
            .values(runner=None, due_at=now, attempts=job.c.attempts - 1)
        )
        connection.execute(runner.delete().where(runner.c.name == name))


def next_due(
    database: Database, kinds: Sequence[str], sources: Sequence[int] | None = None
) -> datetime | None:
    """When the next job of *kinds* is due; ``None`` if there is none."""
    query = select(func.min(job.c.due_at)).where(job.c.kind.in_(kinds), job.c.due_at.is_not(None))
    if sources is not None:
        query = query.where(job.c.source_id.in_(sources))
    with database.read() as connection:
        return connection.execute(query).scalar()
