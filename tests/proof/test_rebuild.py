"""The catalogue is dropped and made again from the archive alone: nobody can tell (T12)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.proof.days import MINUTE, a_day, settle
from tests.proof.forms import Tally, choose
from tests.proof.judging import conclude

from catchment._catalogue import decisions, inventory, search, show, status
from catchment._catalogue.search import Query
from catchment._engine import rebuilding
from catchment._engine.application import Application
from catchment.testing.judge import ask_app, judge
from catchment.testing.stage import HOUR, START, Stage

Told = Mapping[str, object]


@pytest.mark.proof("T12")
@pytest.mark.timeout(900)
def test_a_catalogue_made_again_tells_the_same_and_capture_goes_on(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """Searches, inventory and watermark are what they were; the next day lands, nothing twice.

    Proves T12 and promise 2 (S003-5, S003-23).
    """
    meetings, calls = choose((2, 6), (20, 60))
    with a_day(tmp_path, adapter, catalogue_url, days=2, meetings=meetings, calls=calls) as stage:
        settle(stage)
        before = tell(stage)
        drop_catalogue(stage, catalogue_url)
        tally.injected["dropped catalogue"] += 1
        with stage.open() as app:
            assert rebuilding.rebuild(app).unreadable == {}
        after = tell(stage)
        for what, expected in before.items():
            assert after[what] == expected, what
        assert str(judge(stage)) == "equal"
        stage.clock.advance(6 * MINUTE)
        assert fetched_by(stage) == []
        stage.clock.set(START + 54 * HOUR)
        fetched = fetched_by(stage)
        settle(stage)
        conclude(stage, tally)
        assert fetched
        assert len(fetched) == len(set(fetched))


@pytest.mark.proof("T12")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("catalogue_url", ["sqlite"], indirect=True)
def test_an_old_copy_that_is_put_back_loses_and_repeats_nothing(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """Capture goes on from the copy, and a rebuild has what both histories have archived.

    What people decided between the copy and the loss, and what they decided since, are both in the
    books.  Proves T12 and promises 1, 2 and 6.
    """
    meetings, calls = choose((2, 6), (20, 60))
    with a_day(tmp_path, adapter, catalogue_url, days=2, meetings=meetings, calls=calls) as stage:
        stage.clock.set(START + 12 * HOUR)
        stage.run_once()
        with stage.open() as app:
            copy = rebuilding.back_up(app.settings, tmp_path / "copy.db")
        for hours in (20, 30):
            stage.clock.set(START + hours * HOUR)
            stage.run_once()
        decide(stage, "between copy and loss")
        stage.run_once()
        drop_catalogue(stage, catalogue_url)
        shutil.copyfile(copy, stage.folder / "catalogue.db")
        tally.injected["old copy put back"] += 1
        stage.run_once()
        decide(stage, "since then")
        settle(stage)
        assert str(judge(stage, remade=True)) == "equal"
        drop_catalogue(stage, catalogue_url)
        with stage.open() as app:
            assert rebuilding.rebuild(app).unreadable == {}
            said = [row.why for row in ask_app(app, "SELECT why FROM decision ORDER BY id")]
        assert said == ["between copy and loss", "since then"]
        stage.clock.advance(6 * MINUTE)
        assert fetched_by(stage) == []
        settle(stage)
        conclude(stage, tally, remade=True)


def decide(stage: Stage, why: str) -> None:
    """Have some recording tried again, as a person does; it is archived, so nothing comes of it."""
    with stage.open() as app:
        row = ask_app(app, "SELECT external_id FROM recording ORDER BY id LIMIT 1")[0]
        with app.database.read() as connection:
            item = decisions.find_item(connection, row.external_id)
        assert item is not None
        decisions.decide_all(app.database, [item], "retry", who="ada", why=why, now=app.now())


def drop_catalogue(stage: Stage, url: str) -> None:
    """Remove everything that the database holds."""
    if not url:
        for path in stage.folder.glob("catalogue.db*"):
            path.unlink()
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def fetched_by(stage: Stage) -> list[tuple[object, object]]:
    """The files that one run archives."""
    fetched: list[tuple[object, object]] = []

    def note(event: str, **fields: object) -> None:
        if event == "file.archived":
            fetched.append((fields["recording"], fields["file"]))

    stage.run_once(note)
    return fetched


# --- what people get to see -------------------------------------------------------------------


def tell(stage: Stage) -> Told:
    """What people get to see, without row numbers and the times of our own work."""
    with stage.open() as app:
        now = app.now()
        hits = search.search(app.database, Query(limit=500), now)
        shown = [show.read_interaction(app.database, hit.interaction_id, now) for hit in hits]
        held = inventory.list_held(app.database)
        told: Told = {
            "inventory": sorted(held, key=lambda one: (one.external_id, one.file_id)),
            "hits": [replace(hit, cursor="") for hit in hits],
            "shown": [_plain(one) for one in shown],
            "searches": {str(query): _find(app, query, now) for query in _ask_about(app, hits)},
            "status": [
                (one.name, one.account_id, one.watermark, one.recordings)
                for one in status.list_sources(app.database, now)
            ],
        }
    assert hits
    return told


def _plain(shown: show.Shown | None) -> show.Shown:
    assert shown is not None
    recordings = tuple(replace(one, first_seen_at=START) for one in shown.recordings)
    return replace(shown, num=0, recordings=recordings)


def _ask_about(app: Application, hits: list[search.Hit]) -> list[Query]:
    """Searches for each agent, number, subject and date, and for some words that were said."""
    agents = {name for hit in hits for name in hit.agents}
    numbers = {row.tel for row in ask_app(app, "SELECT tel FROM party WHERE tel <> ''")}
    subjects = {word for hit in hits for word in hit.subject.split()}
    return [
        *(Query(agent=name) for name in sorted(agents)),
        *(Query(number=number) for number in sorted(numbers)),
        *(Query(words=word) for word in sorted(subjects | _list_spoken(app))),
        *(Query(since=START + at * HOUR, until=START + (at + 2) * HOUR) for at in range(6, 20, 2)),
    ]


def _list_spoken(app: Application) -> set[str]:
    """A few words of each transcript."""
    rows = ask_app(
        app, "SELECT sha256 FROM file WHERE kind IN ('transcript', 'chat') AND state = 'archived'"
    )
    spoken: set[str] = set()
    for row in rows:
        words = re.findall(r"[a-z]{6,}", app.archive.path_of(row.sha256).read_text("utf-8"))
        spoken.update(words[:: max(1, len(words) // 3)][:3])
    return spoken


def _find(app: Application, query: Query, now: datetime) -> list[str]:
    found = search.search(app.database, replace(query, limit=500), now)
    return [hit.interaction_id for hit in found]
