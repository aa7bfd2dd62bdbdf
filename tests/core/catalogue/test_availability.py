"""What search and show say of an interaction's media is what the report says of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from catchment._catalogue import facts, sightings, tables
from catchment._catalogue.database import Database
from catchment._catalogue.report import read_report
from catchment._catalogue.search import Query, search
from catchment._catalogue.show import read_interaction
from catchment.model import Fact, Key, Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("expects", "waited", "gone_why", "said"),
    [
        ("recorded", timedelta(), "", "media: not yet, 60 min"),
        ("recorded", timedelta(), "nothing there", "none: refused"),
        ("recorded", DAY, "", "none: refused"),
        ("", timedelta(), "", "none: refused"),
    ],
)
def test_what_may_be_absent_is_waited_for_as_in_the_report(
    database: Database,
    source_id: int,
    now: datetime,
    expects: str,
    waited: timedelta,
    gone_why: str,
    said: str,
) -> None:
    """S002-145: within patience it is not there yet, and only then none, with the reason."""
    fact = Fact("cdr", "k", now - HOUR, (Key("meeting", "k"),), expects=expects, absence="refused")
    with database.write() as connection:
        sightings.record(
            database,
            connection,
            source_id=source_id,
            epoch=1,
            sightings=[],
            facts=[fact],
            now=now,
            complete_to=None,
            rank=lambda _at: 0,
        )
        rows = connection.execute(select(tables.fact.c.id, tables.fact.c.ask)).all()
        facts.answer(connection, [facts.Unanswered(*row) for row in rows], now, gone_why)
        name = connection.execute(select(tables.source.c.name)).scalar_one()
    then, patience = now + waited, {name: DAY}
    (hit,) = search(database, Query(), then, patience=patience)
    shown = read_interaction(database, hit.interaction_id, then, patience=patience)
    assert shown is not None
    assert (hit.media, shown.media) == (said, said)
    (row,) = read_report(database, source_id, Window(now - HOUR, now), then, DAY).differences
    assert (row.kind == "not yet") == ("not yet" in said)
