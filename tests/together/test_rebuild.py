"""A lost catalogue is made again from the archive alone, and capture goes on (T12, S003-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.deciding import retry
from tests.together.harness import staged

from catchment._catalogue import inventory, search, show, status
from catchment._catalogue.search import Query
from catchment._engine import rebuilding, reporting, verifying
from catchment.sandbox import ASGIApp
from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import HOUR, START, Stage, since_start


class Counting:
    """Stands in front of the hosts and counts what is asked of them beside the API."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, name: str, app: ASGIApp) -> ASGIApp:
        """The host *name*, counted."""

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and name != "api":
                self.asked[scope["path"]] += 1
            await app(scope, receive, send)

        return counted


def told(stage: Stage) -> Mapping[str, object]:
    """What people get to see, without row numbers and the times of our own work."""
    with stage.open() as app:
        now = app.now()
        hits = search.search(app.database, Query(limit=500), now)
        shown = [show.read_interaction(app.database, hit.interaction_id, now) for hit in hits]
        words = sorted({word for hit in hits for word in hit.subject.split()})
        marks = [
            (one.name, one.account_id, one.watermark, one.recordings)
            for one in status.list_sources(app.database, now)
        ]
        held = inventory.list_held(app.database)
        return {
            "inventory": sorted(held, key=lambda one: (one.external_id, one.file_id)),
            "hits": [replace(hit, cursor="") for hit in hits],
            "shown": [_plain(one) for one in shown],
            "words": [_search(stage, word) for word in words],
            "agents": [_search(stage, agent=name) for hit in hits for name in hit.agents],
            "status": marks,
        }


def _plain(shown: show.Shown | None) -> show.Shown:
    assert shown is not None
    recordings = tuple(replace(one, first_seen_at=START) for one in shown.recordings)
    return replace(shown, num=0, recordings=recordings)


def _search(stage: Stage, words: str = "", agent: str = "") -> list[str]:
    with stage.open() as app:
        found = search.search(app.database, Query(words=words, agent=agent, limit=500), app.now())
        return [hit.interaction_id for hit in found]


def lose(stage: Stage, url: str = "") -> None:
    """Put an empty catalogue in the place of the one that is lost."""
    stage.configure(catalogue={"url": url or f"sqlite:///{stage.folder / 'another.db'}"})


def rebuild(stage: Stage) -> rebuilding.Rebuilt:
    """What ``catchment rebuild`` does."""
    with stage.open() as app:
        return rebuilding.rebuild(app)


def test_a_rebuilt_catalogue_tells_the_same_and_downloads_nothing(
    tmp_path: Path, catalogue_url: str
) -> None:
    """After a rebuild all is as it was, and the next run asks for no file (T12, promise 2)."""
    counting = Counting()
    with staged(tmp_path, meetings=4, wrap=counting) as stage:
        stage.run_once()
        assert_equal(stage)
        assert len(counting.asked) > 1
        before = told(stage)
        lose(stage, catalogue_url)
        assert rebuild(stage).unreadable == {}
        after = told(stage)
        for what, expected in before.items():
            assert after[what] == expected, what
        counting.asked.clear()
        archived: list[str] = []
        stage.clock.set(stage.clock.now() + timedelta(minutes=6))
        stage.run_once(lambda event, **fields: archived.append(event))
        assert "file.archived" not in archived
        assert set(counting.asked) == {"/oauth/token"}
        assert_equal(stage)


def test_capture_goes_on_after_a_rebuild(tmp_path: Path) -> None:
    """What comes after a catalogue was lost in the middle of a day is captured, nothing twice."""
    with staged(tmp_path, meetings=5, at=START + 12 * HOUR) as stage:
        stage.run_once()
        lose(stage)
        rebuild(stage)
        stage.live(START + timedelta(days=2), step=6 * HOUR)
        assert_equal(stage)


def test_a_report_of_the_day_is_complete(tmp_path: Path) -> None:
    """Against the platform's own lists the day is complete, and so told (S003-8 to S003-13)."""
    with staged(tmp_path, meetings=4) as stage:
        start, end = _day(stage)
        with stage.open() as app:
            missing = reporting.report(app, "zoom", start, end)
        assert not missing.complete
        assert missing.gaps["not yet"] == missing.offered > 0
        stage.run_once()
        with stage.open() as app:
            told = reporting.report(app, "zoom", start, end)
        assert (told.complete, told.offered) == (True, missing.offered)


def _day(stage: Stage) -> tuple[datetime, datetime]:
    return START, stage.clock.now()


@pytest.mark.parametrize("how", ["damaged", "deleted"])
def test_a_lost_file_is_fetched_again(tmp_path: Path, how: str) -> None:
    """A file or rendition that a disk lost is named, and had again after a retry (T10)."""
    with staged(tmp_path, meetings=2) as stage:
        stage.run_once()
        with stage.open() as app, app.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT kind, recipe, sha256 FROM file WHERE kind IN ('video', 'audio')"
                " AND state = 'archived' ORDER BY recipe"
            ).all()
            lost = {(row[0], row[1]): app.archive.path_of(row[2]) for row in rows}
        for path in lost.values():
            _spoil(path, how)
        stage.clock.set(stage.clock.now() + HOUR)
        with stage.open() as app:
            damaged = verifying.verify(app).damaged
        assert {(one.holders[0].recipe != "") for one in damaged} == {True, False}
        assert len(damaged) == len(lost)
        for one in damaged:
            with stage.open() as app:
                name = f"{one.holders[0].external_id}/{one.holders[0].file_id}"
                retry(app, name, who="ada", why="lost")
        stage.run_once()
        stage.clock.set(stage.clock.now() + HOUR)
        with stage.open() as app:
            assert verifying.verify(app).damaged == ()
        assert_equal(stage)


def _spoil(path: Path, how: str) -> None:
    if how == "deleted":
        path.unlink()
        return
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_rebuilt_contacts_have_their_audio_and_the_directory_its_people(
    tmp_path: Path, catalogue_url: str
) -> None:
    """What was cut for each agent is found again and not made again (T12; S002-145)."""
    name = "webex_cc"
    prompt = {"visible_after_s": 60, "recording_after_s": 60, "never_every": 0}
    with staged(
        tmp_path,
        of=(name,),
        meetings=0,
        calls=6,
        chains=6,
        switches=prompt,
        at=START + 30 * HOUR,
        tables=since_start(name),
    ) as stage:
        stage.run_once()
        before, people = told(stage), read_directory(stage)
        lose(stage, catalogue_url)
        rebuild(stage)
        assert told(stage) == before
        assert read_directory(stage) == people
        events: list[str] = []
        stage.run_once(lambda event, **_: events.append(event))
        assert not {"contact.cut", "file.archived"} & set(events)
        assert told(stage)["shown"] == before["shown"]


def read_directory(stage: Stage) -> list[object]:
    """People, teams and queues as they stand."""
    tables = ("person", "team", "queue")
    return [
        sorted(
            (row.name, getattr(row, "active", None), getattr(row, "email", None))
            for row in ask(stage, f"SELECT * FROM {table}")
        )
        for table in tables
    ]
