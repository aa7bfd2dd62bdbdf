"""People name what is missing, by period or by list, and nothing is asked or archived twice."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage

from catchment._catalogue import jobs, tables
from catchment._catalogue.jobs import NewJob
from catchment._engine import alarms
from catchment._engine.rebuilding import rebuild
from catchment._engine.recovery import drop_list, inbox_of, read_list, take_list
from catchment._engine.wanted import want_period
from catchment.cli import needs
from catchment.errors import Misuse, Unreachable
from catchment.model import Denied, NotYet, Outcome, Ready


def folder(stage: Stage, name: str = "csv") -> Path:
    """A folder of the source's lists."""
    return stage.folder / "recovery" / "tin" / name


def put(stage: Stage, text: str, name: str = "missed.csv") -> Path:
    """Put a list into the folder and have the folder looked at."""
    folder(stage).mkdir(parents=True, exist_ok=True)
    path = folder(stage) / name
    path.write_text(text)
    look(stage)
    return path


def look(stage: Stage) -> list[Exception | None]:
    """Have the folder looked at now."""
    key, source_id = str(stage.source.id), stage.source.id
    with stage.app.database.write() as connection:
        jobs.want(
            stage.app.database, connection, [NewJob("inbox", key, source_id, stage.clock.now())]
        )
    return stage.do("inbox")


def finish(stage: Stage) -> None:
    """Capture and seal what lists have found, and have the folder looked at again."""
    for kind in ("capture", "media", "map"):
        assert [error for error in stage.do(kind) if error] == []
    stage.stir("seal")
    assert [error for error in stage.do("seal", once=True) if error] == []
    assert look(stage) == [None]


def report(stage: Stage, name: str = "missed.report.csv") -> list[list[str]]:
    """What was said of each line of a list."""
    with (folder(stage, "processed") / name).open() as stream:
        return list(csv.reader(stream))[1:]


def test_what_a_list_names_is_captured(stage: Stage) -> None:
    """Ids of a list are asked one by one and captured like what a listing tells.

    Proves S003-18, S003-20, S003-22 to S003-26.
    """
    stage.cloud.hold("c1", ago=400 * DAY)
    put(stage, "c1\n")
    for kind in ("capture", "media", "map"):
        assert stage.do(kind) == [None]
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_each_source_has_a_folder_of_its_own(stage: Stage) -> None:
    """The folders are made by themselves, one pair for each source (S003-21)."""
    look(stage)
    assert folder(stage).is_dir()
    assert folder(stage, "processed").is_dir()


def test_a_list_moves_when_it_is_processed(stage: Stage) -> None:
    """A list whose ids are all answered moves from ``csv`` to ``processed``, with a report.

    Proves S003-27.
    """
    stage.cloud.hold("c1")
    path = put(stage, "c1\nno-such-call\n")
    finish(stage)
    assert not path.exists()
    assert (folder(stage, "processed") / "missed.csv").read_text() == "c1\nno-such-call\n"
    assert report(stage) == [
        ["1", "c1", "found", "c1"],
        ["2", "no-such-call", "unknown", "no such call"],
    ]


def test_what_is_archived_already_is_not_fetched_again(stage: Stage) -> None:
    """An id of a list that the archive holds is found, and costs no download.

    Proves S003-23, promise 2.
    """
    stage.cloud.hold("c1")
    stage.gather()
    put(stage, "c1\n")
    assert stage.claim("capture") == []
    assert len(stage.cloud.fetched) == 1


def test_a_list_with_an_open_id_stays(stage: Stage) -> None:
    """While the platform has nothing yet for an id the list stays, and only that id is asked again.

    Proves S003-27, T6.
    """
    stage.cloud.hold("c1")

    def wait(ids: Sequence[str]) -> Iterator[Outcome]:
        for one in ids:
            yield NotYet(one, "being cut") if one == "c2" else next(stage.cloud.find([one]))

    stage.cloud.recover = wait
    path = put(stage, "c1\nc2\n")
    assert path.exists()
    stage.cloud.hold("c2")
    stage.cloud.recover = stage.cloud.find
    stage.wait(15 * MINUTE)
    look(stage)
    finish(stage)
    assert not path.exists()
    assert stage.cloud.asked("recover") == [["c1", "c2"], ["c2"]]


def test_an_id_that_is_denied_is_told(stage: Stage) -> None:
    """What the credential may not see is refused in the report, with the reason (promise 6)."""
    stage.cloud.recover = lambda ids: (Denied(one, "another's call") for one in ids)
    put(stage, "c1\n")
    assert report(stage) == [["1", "c1", "refused", "another's call"]]


def test_an_id_that_has_no_recording_is_told(stage: Stage) -> None:
    """A meeting that the platform knows and that was never recorded is told as such."""
    stage.cloud.recover = lambda ids: (Ready(one) for one in ids)
    put(stage, "c1\n")
    assert report(stage) == [["1", "c1", "unknown", "nothing is recorded for it"]]


def test_an_id_that_stands_twice_is_asked_once(stage: Stage) -> None:
    """Each line gets its answer, each id one question."""
    stage.cloud.hold("c1")
    put(stage, "c1\nc1\n")
    finish(stage)
    assert stage.cloud.asked("recover") == [["c1"]]
    assert [row[2] for row in report(stage)] == ["found", "found"]


def test_ids_are_asked_in_batches(stage: Stage) -> None:
    """As many ids as the adapter takes go into one question."""
    put(stage, "a\nb\nc\n")
    assert stage.cloud.asked("recover") == [["a", "b"], ["c"]]


def test_the_same_list_again_asks_anew(stage: Stage) -> None:
    """A list that is dropped again after it was done with is asked of the platform again.

    What it has meanwhile is captured, what is archived is not fetched again, and the list moves
    under a name of its own.  Proves T6.
    """
    stage.cloud.hold("c1")
    put(stage, "c1\nc2\n")
    finish(stage)
    assert [row[2] for row in report(stage)] == ["found", "unknown"]
    stage.cloud.hold("c2")
    put(stage, "c1\nc2\n")
    finish(stage)
    assert stage.cloud.asked("recover") == [["c1", "c2"], ["c1", "c2"]]
    assert [row[2] for row in report(stage, "missed.report-2.csv")] == ["found", "found"]
    assert set(stage.archived()) == {("c1", "f"), ("c2", "f")}
    assert len(stage.cloud.fetched) == 2
    names = sorted(path.name for path in folder(stage, "processed").iterdir())
    assert names == ["missed-2.csv", "missed.csv", "missed.report-2.csv", "missed.report.csv"]


def test_a_list_stays_until_what_it_found_is_sealed(stage: Stage) -> None:
    """Before a package tells of it, a lost catalogue knows of what was found by the list alone.

    The platform is not asked again meanwhile.  Proves promise 1.
    """
    stage.cloud.hold("c1", ago=400 * DAY)
    path = put(stage, "c1\n")
    for kind in ("capture", "media", "map"):
        assert stage.do(kind) == [None]
        look(stage)
        assert path.exists()
    finish(stage)
    assert not path.exists()
    assert stage.cloud.asked("recover") == [["c1"]]


def test_a_single_run_moves_a_list_whose_finds_it_sealed(stage: Stage) -> None:
    """Nobody waits for the next run where this one has done everything."""
    stage.cloud.hold("c1", ago=400 * DAY)
    folder(stage).mkdir(parents=True)
    (folder(stage) / "missed.csv").write_text("c1\n")
    stage.run()
    assert report(stage) == [["1", "c1", "found", "c1"]]
    assert stage.cloud.asked("recover") == [["c1"]]


def test_what_was_found_survives_the_loss_of_the_catalogue(stage: Stage) -> None:
    """What a list has found and no package tells of is asked for again after a rebuild.

    It is older than anything that a listing tells.  Proves promise 1.
    """
    stage.cloud.hold("new")
    stage.run()
    stage.forget()
    stage.cloud.hold("old", ago=400 * DAY)
    put(stage, "old\n")
    for kind in ("capture", "media", "map"):
        assert stage.do(kind) == [None]
    stage.lose()
    rebuild(stage.app)
    assert set(stage.archived()) == {("new", "f")}
    stage.run()
    assert set(stage.archived()) == {("new", "f"), ("old", "f")}
    assert report(stage) == [["1", "old", "found", "old"]]


def test_a_list_that_is_replaced_while_it_is_asked_about_is_read_again(stage: Stage) -> None:
    """Whoever renames another list into its place has it read, and not moved unread (T6)."""
    stage.cloud.hold("c1")
    path = folder(stage) / "missed.csv"

    def replace(ids: Sequence[str]) -> Iterator[Outcome]:
        (folder(stage) / ".new").write_text("c2\n")
        os.replace(folder(stage) / ".new", path)
        return (Denied(one, "another's call") for one in ids)

    stage.cloud.recover = replace
    put(stage, "c1\n")
    assert path.read_text() == "c2\n"
    stage.cloud.recover = lambda ids: (Denied(one, "another's call") for one in ids)
    look(stage)
    assert stage.cloud.asked("recover") == [["c1"], ["c2"]]
    assert report(stage) == [["1", "c2", "refused", "another's call"]]
    assert sorted(os.listdir(folder(stage, "processed"))) == ["missed.csv", "missed.report.csv"]


def test_a_list_that_is_moved_is_the_one_that_was_read(tmp_path: Path) -> None:
    """What is put under a list's name at the last moment is not moved unread (T6)."""
    inbox, processed = inbox_of(tmp_path)
    path = inbox / "missed.csv"
    path.write_text("c2\n")
    assert take_list(path, processed, b"c1\n") is None
    assert path.read_text() == "c2\n"
    assert list(processed.iterdir()) == []
    taken = take_list(path, processed, b"c2\n")
    assert taken is not None
    path.write_text("c3\n")
    assert taken.read_text() == "c2\n"


@pytest.mark.parametrize("new", ["", "c2\n"])
def test_a_list_whose_move_was_broken_off_goes_back(stage: Stage, new: str) -> None:
    """A kill amid a move costs no list, nor one that was dropped by the same name since (T3)."""
    for path in inbox_of(stage.folder / "recovery" / "tin"):
        path.mkdir(parents=True, exist_ok=True)
    (folder(stage, "processed") / ".taken-missed.csv").write_text("c1\n")
    if new:
        (folder(stage) / "missed.csv").write_text(new)
    look(stage)
    asked = [one for ids in stage.cloud.asked("recover") for one in ids]
    assert sorted(asked) == ["c1", *new.split()]
    assert list(folder(stage).iterdir()) == []
    assert len(list(folder(stage, "processed").glob("missed*.report*"))) == len(asked)


@pytest.mark.parametrize("name", ["UP.CSV", "Up.Csv"])
def test_the_ending_of_a_name_is_read_without_case(stage: Stage, name: str) -> None:
    """What another system has called ``.CSV`` is a list like any other."""
    assert not put(stage, "c1\n", name).exists()
    assert stage.cloud.asked("recover") == [["c1"]]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_list_is_told_until_it_is_gone(stage: Stage, kind: str) -> None:
    """Nobody believes that ids are asked about in a file that nobody reads (promise 6)."""
    folder(stage).mkdir(parents=True)
    path = folder(stage) / {"file": "list.txt", "folder": "old.csv"}[kind]
    if kind == "file":
        path.write_text("c1\n")
    else:
        path.mkdir()
    look(stage)
    (alarm,) = alarms.read_standing(stage.open()).alarms
    assert (alarm.kind, alarm.source, alarm.example) == ("list", "tin", path.name)
    assert stage.cloud.asked("recover") == []
    path.rename(folder(stage) / f".{path.name}")
    look(stage)
    assert alarms.read_standing(stage.open()).alarms == ()


def test_a_platform_that_does_not_answer_keeps_the_list(stage: Stage) -> None:
    """A list is never moved because of a failure; it goes on where it was (T6)."""
    stage.cloud.recover = lambda ids: (_ for _ in ()).throw(Unreachable("no answer"))
    path = put(stage, "c1\n")
    assert path.exists()
    assert stage.job("inbox").error == "no answer"
    stage.cloud.hold("c1")
    stage.cloud.recover = stage.cloud.find
    stage.wait(HOUR)
    assert look(stage) == [None]
    finish(stage)
    assert not path.exists()


def test_a_list_that_cannot_be_read_stays_and_is_told(stage: Stage) -> None:
    """What is no text is no list: it stays where it is, and the others are processed.

    Proves promise 6.
    """
    folder(stage).mkdir(parents=True)
    (folder(stage) / "broken.csv").write_bytes(b"\xff\xfe\x00")
    stage.cloud.hold("c1")
    put(stage, "c1\n")
    finish(stage)
    assert [path.name for path in folder(stage).iterdir()] == ["broken.csv"]
    assert stage.events("recovery.unreadable")[0]["file"] == "broken.csv"
    assert [row.state for row in stage.rows(tables.wanted_id) if row.line == 0] == ["refused"]


@pytest.mark.parametrize("broken", [".", "csv", "processed"])
def test_a_folder_that_cannot_be_read_needs_a_person(stage: Stage, broken: str) -> None:
    """Lists that nobody reads are told with their folder, until it can be read (promise 6)."""
    path = stage.folder / "recovery" / "tin" / broken
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("where a folder should be")
    look(stage)
    (alarm,) = alarms.read_standing(stage.open()).alarms
    said = needs.say_alarm(alarm, stage.clock.now())
    home = stage.folder / "recovery" / "tin"
    assert (alarm.kind, alarm.source, alarm.example) == ("list", "tin", str(home))
    assert said.startswith(f"recovery folder {home} was not read: "), said
    path.unlink()
    stage.wait(HOUR)
    assert look(stage) == [None]
    assert alarms.read_standing(stage.open()).alarms == ()


def test_a_dropped_list_appears_whole(stage: Stage, tmp_path: Path) -> None:
    """A copy appears in the folder under a name of its own, and the person's file stays."""
    mine = tmp_path / "mine.txt"
    mine.write_text("c1\n")
    first = drop_list(stage.folder / "recovery" / "tin", mine)
    second = drop_list(stage.folder / "recovery" / "tin", mine)
    assert (first.name, second.name) == ("mine.csv", "mine-2.csv")
    assert mine.read_text() == first.read_text() == second.read_text() == "c1\n"


@pytest.mark.parametrize("text", ["", "\n\n", "Task ID\n", "# nobody yet\n"])
def test_a_list_without_ids_is_refused(stage: Stage, tmp_path: Path, text: str) -> None:
    """An empty list, or one that is only a header, is a mistake and is told as one."""
    mine = tmp_path / "mine.csv"
    mine.write_text(text)
    with pytest.raises(Misuse, match=r"mine\.csv is empty: below its header"):
        drop_list(stage.folder / "recovery" / "tin", mine, ("task_id",))
    assert not folder(stage).exists()


@pytest.mark.parametrize("header", ["Task ID", "TaskId", "task_id", "TASK-ID", '" task  id "'])
@pytest.mark.parametrize("name", ["task_id", "taskId"])
def test_a_header_is_known_however_it_is_spelt(header: str, name: str) -> None:
    """Case, blanks, dashes and underscores make no other name of a column."""
    entries = read_list(f"agent,{header}\nann,t-1\n".encode(), (name,))
    assert [(entry.line, entry.value) for entry in entries] == [(2, "t-1")]


def test_a_period_is_asked_of_every_feed_that_reaches_it(stage: Stage) -> None:
    """A person's period is listed again and what was missed is captured (S003-10 to S003-17)."""
    stage.do("poll")
    stage.cloud.hold("c1", ago=DAY)
    assert want_period(stage.app, stage.source, START - 2 * DAY, START) == ["calls"]
    for kind in ("poll", "capture", "media"):
        assert stage.do(kind) == [None]
    assert stage.archived() == {("c1", "f"): b"hello"}


def test_a_period_before_the_horizon_is_refused(stage: Stage) -> None:
    """What no feed can be asked for any more is said at once, with how far back one may go."""
    with pytest.raises(Misuse, match="cannot be asked for 2026-10-03") as caught:
        want_period(stage.app, stage.source, START - 30 * DAY, START - 20 * DAY)
    assert "2d" in caught.value.remedy
