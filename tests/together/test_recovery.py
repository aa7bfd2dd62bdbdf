"""Recovery in its three forms: by the system, for an operator's period, and from lists of ids."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import text
from tests.together.harness import staged
from tests.together.proxies import Refusing

from catchment._engine.wanted import want_period
from catchment.testing.judge import Watch, ask, assert_equal
from catchment.testing.stage import DAY, HOUR, START, Stage

NEWCOMER = {"zoom": {"since": "1h"}}
"""A source that lists nothing by itself of what these Worlds hold."""


def change(stage: Stage, *statements: str) -> None:
    """Change the catalogue behind the program's back."""
    with stage.open() as app, app.database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


def list_archived(stage: Stage) -> set[str]:
    """The recordings of which something is archived."""
    rows = ask(
        stage,
        "SELECT DISTINCT r.external_id FROM recording r JOIN file f ON f.recording_id = r.id"
        " WHERE f.state = 'archived'",
    )
    return {row.external_id for row in rows}


def drop(stage: Stage, name: str, lines: Iterable[str]) -> None:
    """Put a list into the source's folder."""
    stage.inbox.mkdir(parents=True, exist_ok=True)
    (stage.inbox / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def read_report(stage: Stage, name: str) -> dict[int, list[str]]:
    """What became of each line of a list: its id, the outcome and the detail."""
    with (stage.processed / name).open(encoding="utf-8", newline="") as stream:
        return {int(row[0]): row[1:] for row in list(csv.reader(stream))[1:]}


# --- by the system -----------------------------------------------------------------------------


def test_runner_that_stood_still_for_three_days_catches_up_by_itself(tmp_path: Path) -> None:
    """The system itself sets the period that it missed (T6; S003-4, S003-6, S003-10, S003-12)."""
    with staged(tmp_path, meetings=3, days=4, at=START + timedelta(hours=12)) as stage:
        stage.run_once()
        before = len(list_archived(stage))
        stage.clock.advance(3 * DAY + timedelta(hours=12))
        stage.run_once()
        assert len(list_archived(stage)) > before
        assert_equal(stage)


def test_lost_watermark_is_rebuilt_and_nothing_is_archived_twice(tmp_path: Path) -> None:
    """Without a mark the platform is asked for all that it keeps (T6; S003-5, S003-23, S003-30)."""
    with staged(tmp_path, meetings=4, at=START + timedelta(hours=14)) as stage:
        stage.run_once()
        versions = ask(stage, "SELECT interaction_id, version FROM interaction")
        change(stage, "DELETE FROM walk", "DELETE FROM feed")
        assert Watch.of(stage).look() == {}
        stage.clock.advance(timedelta(hours=12))
        stage.run_once()
        assert Watch.of(stage).look() != {}
        assert_equal(stage)
        after = ask(stage, "SELECT interaction_id, version FROM interaction")
        assert set(versions) <= set(after)


def test_recordings_that_the_archive_lost_are_found_missing_and_captured_again(
    tmp_path: Path,
) -> None:
    """What Zoom lists and the archive's database does not know is captured at the next look back.

    Proves T6 (S003-6, S003-8, S003-13, S003-14, S003-15, S003-17).
    """
    chance = random.Random(6)
    with staged(tmp_path, meetings=5) as stage:
        stage.run_once()
        rows = ask(stage, "SELECT id, external_id FROM recording ORDER BY id")
        lost = {row.id: row.external_id for row in chance.sample(rows, 3)}
        ids = ", ".join(map(str, lost))
        hashes = ask(stage, f"SELECT sha256 FROM file WHERE recording_id IN ({ids})")
        with stage.open() as app:
            for row in hashes:
                app.archive.path_of(row.sha256).unlink(missing_ok=True)
        change(
            stage,
            f"DELETE FROM file WHERE recording_id IN ({ids})",
            f"DELETE FROM document WHERE recording_id IN ({ids})",
            f"DELETE FROM recording_key WHERE recording_id IN ({ids})",
            f"DELETE FROM recording WHERE id IN ({ids})",
            *(f"DELETE FROM media WHERE sha256 = '{row.sha256}'" for row in hashes),
        )
        assert list_archived(stage).isdisjoint(lost.values())
        stage.clock.advance(DAY)
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        assert_equal(stage)


# --- for an operator's period --------------------------------------------------------------------


def test_operator_recovers_a_period(tmp_path: Path) -> None:
    """A period that a person names is listed again, whatever is listed already.

    Proves T6 (S003-9, S003-10, S003-11, S003-13 to S003-17): what is archived is not fetched again.
    """
    with staged(tmp_path, meetings=4, at=START + timedelta(hours=30), tables=NEWCOMER) as stage:
        stage.run_once()
        assert list_archived(stage) == set()
        for _ in range(2):
            with stage.open() as app:
                live = app.connect("zoom")
                asked = want_period(app, live, START, START + timedelta(hours=24))
                assert set(asked) == {"archive_completed", "archive_started"}
            stage.run_once()
            stage.clock.advance(HOUR)
        assert_equal(stage)
        downloads = [len(times) for times in stage.platform.site.audit.values()]
        assert set(downloads) == {1}


# --- from lists ----------------------------------------------------------------------------------


def test_list_of_meetings_is_recovered_in_every_writing_and_moved_once(tmp_path: Path) -> None:
    """UUIDs raw, encoded once and twice, numbers with blanks: each finds its meeting.

    Bad lines are told by their number, the list moves to ``processed`` beside its report, and an
    older list of the same name stays (T6; S003-18 to S003-27).
    """
    with staged(tmp_path, meetings=8, at=START + timedelta(hours=30), tables=NEWCOMER) as stage:
        site = stage.platform.site
        parents = [record for record in site.archive if not record.parent_uuid]
        slashed = next(r for r in parents if "//" in r.uuid)
        plus = next(r for r in parents if "+" in r.uuid)
        others = [r for r in parents if r not in (slashed, plus)]
        number = str(site.ids.number(others[1].meeting))
        spaced = f"{number[:3]} {number[3:7]} {number[7:]}"
        stage.processed.mkdir(parents=True)
        (stage.processed / "wanted.csv").write_text("older\n")
        drop(
            stage,
            "wanted.csv",
            [
                "\ufefftopic,Meeting UUID",
                "# from the auditors",
                f"raw,{others[0].uuid}",
                f"once,{quote(plus.uuid, safe='')}",
                f"twice,{quote(quote(slashed.uuid, safe=''), safe='')}",
                f"number,{spaced}",
                "nobody,AAAAAAAAAAAAAAAAAAAAAA==",
                "bad,not an id",
                "short",
                "",
                f"again,{others[0].uuid}",
            ],
        )
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        report = read_report(stage, "wanted.report.csv")
        assert {line: told[1] for line, told in report.items()} == {
            3: "found",
            4: "found",
            5: "found",
            6: "found",
            7: "unknown",
            8: "unknown",
            9: "refused",
            11: "found",
        }
        instances = {uuid for uuid, _ in site.instances(number)}
        assert list_archived(stage) == {others[0].uuid, plus.uuid, slashed.uuid} | (
            instances & set(site.archive_by_uuid)
        )
        assert list(stage.inbox.iterdir()) == []
        assert (stage.processed / "wanted.csv").read_text() == "older\n"
        assert sorted(path.name for path in stage.processed.iterdir()) == [
            "wanted-2.csv",
            "wanted.csv",
            "wanted.report.csv",
        ]


def test_list_that_is_half_answered_is_never_moved(tmp_path: Path) -> None:
    """While Zoom fails amid a list it stays; answered whole, it is moved once (S003-27)."""
    refusing = Refusing()
    with staged(
        tmp_path, meetings=4, at=START + timedelta(hours=30), wrap=refusing.wrap, tables=NEWCOMER
    ) as stage:
        records = stage.platform.site.archive[:3]
        fails = quote(quote(records[1].uuid, safe=""), safe="")
        refusing.parts = {fails, quote(records[1].uuid, safe="")}
        drop(stage, "wanted.csv", [record.uuid for record in records])
        for _ in range(3):
            stage.run_once()
            stage.clock.advance(HOUR)
            assert [path.name for path in stage.inbox.iterdir()] == ["wanted.csv"]
            assert not stage.processed.exists() or list(stage.processed.iterdir()) == []
        assert records[0].uuid in list_archived(stage)
        refusing.parts = set()
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        assert list(stage.inbox.iterdir()) == []
        assert [told[1] for told in read_report(stage, "wanted.report.csv").values()] == [
            "found"
        ] * 3
        assert list_archived(stage) == {record.uuid for record in records}


def test_list_that_names_what_is_archived_fetches_nothing_again(tmp_path: Path) -> None:
    """An id that is archived already is not ingested again (S003-23)."""
    with staged(tmp_path, meetings=3, at=START + timedelta(hours=40)) as stage:
        stage.run_once()
        before = {key: len(times) for key, times in stage.platform.site.audit.items()}
        drop(stage, "all.csv", [record.uuid for record in stage.platform.site.archive])
        stage.clock.advance(HOUR)
        stage.run_once()
        assert {key: len(times) for key, times in stage.platform.site.audit.items()} == before
        assert read_report(stage, "all.report.csv")
        assert_equal(stage)


def test_list_that_cannot_be_read_stays_and_harms_no_other(tmp_path: Path) -> None:
    """A file that is no text stays where it is; the list beside it is processed (S003-27)."""
    with staged(tmp_path, meetings=2, tables=NEWCOMER, at=START + timedelta(hours=30)) as stage:
        uuid = stage.platform.site.archive[0].uuid
        drop(stage, "good.csv", [uuid])
        (stage.inbox / "bad.csv").write_bytes(b"\xff\xfe\x00rubbish")
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        assert [path.name for path in stage.inbox.iterdir()] == ["bad.csv"]
        assert list_archived(stage) == {uuid}
