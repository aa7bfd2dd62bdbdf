"""What the catalogue holds of a time that has not come yet: a clock that was fast wrote it.

A job that is due next month, a budget that is used up until then, a feed that is listed beyond the
present: nothing of that mends itself before the time has come, and nothing would be captured until
then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, or_, select, update

from catchment._catalogue.tables import bucket, feed, job, runner, token, walk

AHEAD = timedelta(hours=1)
"""So far two clocks may lie apart; beyond that one of them is wrong."""

LISTED = timedelta(minutes=1)
"""So little may a feed be listed beyond the present: a window ends by the slower of two clocks."""

LONGEST = timedelta(hours=2)
"""A job that is due later than this is asked at once where a clock was fast; it does no harm."""


def mend_shared(connection: Connection, now: datetime) -> None:
    """Mend budgets, runners and holders of tokens that are ahead of *now*, which is our time."""
    late = now + AHEAD
    connection.execute(delete(bucket).where(bucket.c.filled_at > late))
    connection.execute(update(runner).where(runner.c.seen_at > late).values(seen_at=now))
    connection.execute(
        update(token).where(token.c.held_until > late).values(holder=None, held_until=None)
    )


def mend_source(
    connection: Connection, source_id: int, now: datetime, platform_now: datetime
) -> bool:
    """Take back what a fast clock did to a source; whether there was anything.

    A feed that is listed beyond the present is listed anew, as far back as it may be asked: nobody
    knows where it really was.  Jobs are made due, also those that somebody would hold for hours.

    Args:
        connection: A transaction that writes.
        source_id: The source.
        now: Our time, by which jobs are done.
        platform_now: The time that the platform tells, by which feeds are listed.
    """
    late, beyond = now + AHEAD, max(now, platform_now) + LISTED
    walked = or_(feed.c.walked_at > late, feed.c.failed_at > late, feed.c.frontier > beyond)
    ours = feed.c.source_id == source_id
    walking = walk.c.source_id == source_id, walk.c.end_at > beyond, walk.c.purpose != "recovery"
    found = connection.execute(
        select(exists().where(ours, walked) | exists().where(*walking))
    ).scalar_one()
    if not found:
        return False
    connection.execute(delete(walk).where(*walking))
    listed = feed.c.frontier > beyond
    anew: dict[str, object] = {"frontier": None, "listed_from": None, "mark": "", "rungs": {}}
    connection.execute(update(feed).where(ours, listed).values(anew))
    for moment in (feed.c.walked_at, feed.c.failed_at, feed.c.news_at):
        connection.execute(update(feed).where(ours, moment > late).values({moment: now}))
    waiting = job.c.source_id == source_id, job.c.due_at > now + LONGEST
    connection.execute(update(job).where(*waiting).values(due_at=now, runner=None))
    return True
