"""Asking the platform for what its own books say it has and no listing ever showed.

A fact that expects a recording and finds none within the platform's patience is asked for by its
id.  What turns up is captured like anything else; what the platform says it does not have ends as
gone, with its reason, in ``report``; anything between stays missing and is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from catchment._catalogue import facts, jobs, sightings, watermark
from catchment._catalogue.database import chunks
from catchment._engine import rhythm
from catchment._engine.work import Work
from catchment.errors import Absent, AdapterFault
from catchment.model import Nothing, Outcome, Ready

EVERY = timedelta(hours=1)
AGAIN = timedelta(days=1)
"""How long an answer is believed that was neither a recording nor a no."""


def ask_missing(work: Work) -> None:
    """Ask for every recording that is expected, late, and can be asked for by id."""
    older_than, not_since = work.platform_now - work.source.patience, work.now - AGAIN
    after: facts.Place | None = None
    while not work.app.stop.is_set():
        with work.app.database.read() as connection:
            unanswered, after = facts.list_unanswered(
                connection, work.source.id, older_than, not_since, after=after
            )
        _ask(work, unanswered)
        if after is None:
            break
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + EVERY)


def _ask(work: Work, unanswered: Sequence[facts.Unanswered]) -> None:
    """Ask for some recordings by their ids, as many at a time as the adapter takes."""
    source = work.source
    rows: dict[str, list[facts.Unanswered]] = {}
    for one in unanswered:
        rows.setdefault(one.ask, []).append(one)
    for some in chunks(list(rows), source.batch.get("recover", 1)):
        if work.app.stop.is_set():
            return
        left = set(some)
        try:
            for outcome in source.hooks.recover(some):
                _keep(work, outcome, rows[outcome.item_id])
                left.discard(outcome.item_id)
        except (AdapterFault, Absent) as error:
            # What the adapter stumbles over must not keep the others waiting.
            work.app.tell("missing.unasked", source=source.name, error=str(error))
        with work.app.database.write(source.id) as connection:
            jobs.hold(connection, work.job)
            facts.answer(connection, [row for item in left for row in rows[item]], work.now, "")


def _keep(work: Work, outcome: Outcome, asked: Sequence[facts.Unanswered]) -> None:
    app, source = work.app, work.source
    now, platform_now = work.now, work.platform_now
    found = outcome.sightings if isinstance(outcome, Ready) else ()
    gone_why = ""
    if isinstance(outcome, Nothing):
        gone_why = outcome.why or "the platform has nothing for it"
    elif isinstance(outcome, Ready) and not found:
        gone_why = "the platform has no recording of it"
    with app.database.write(source.id) as connection:
        jobs.hold(connection, work.job)
        if found:
            sightings.record(
                app.database,
                connection,
                source_id=source.id,
                epoch=source.epoch,
                sightings=found,
                facts=(),
                now=now,
                complete_to=watermark.compute(connection, source.id, source.lags).listed,
                rank=lambda at: rhythm.rank(at, platform_now, source.horizon),
            )
        facts.answer(connection, asked, now, gone_why)
