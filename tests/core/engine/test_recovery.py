"""People name what is missing, by period or by list, and nothing is asked or archived twice."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage

from catchment._catalogue import jobs, tables
from catchment._catalogue.jobs import NewJob
from catchment._engine.recovery import drop_list, read_list, want_period
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
    assert stage.cloud.asked("recover") == [["c1"]]
    assert [row[2] for row in report(stage)] == ["found", "found"]


def test_ids_are_asked_in_batches(stage: Stage) -> None:
    """As many ids as the adapter takes go into one question."""
    put(stage, "a\nb\nc\n")
    assert stage.cloud.asked("recover") == [["a", "b"], ["c"]]


def test_the_same_list_again_is_no_news(stage: Stage) -> None:
    """A list that was processed and is dropped again is answered from what is known.

    Moves under a name of its own. Proves T6.
    """
    stage.cloud.hold("c1")
    put(stage, "c1\n")
    put(stage, "c1\n")
    assert stage.cloud.asked("recover") == [["c1"]]
    names = sorted(path.name for path in folder(stage, "processed").iterdir())
    assert names == ["missed-2.csv", "missed.csv", "missed.report-2.csv", "missed.report.csv"]


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
    assert not path.exists()


def test_a_list_that_cannot_be_read_stays_and_is_told(stage: Stage) -> None:
    """What is no text is no list: it stays where it is, and the others are processed.

    Proves promise 6.
    """
    folder(stage).mkdir(parents=True)
    (folder(stage) / "broken.csv").write_bytes(b"\xff\xfe\x00")
    stage.cloud.hold("c1")
    put(stage, "c1\n")
    assert [path.name for path in folder(stage).iterdir()] == ["broken.csv"]
    assert stage.events("recovery.unreadable")[0]["file"] == "broken.csv"
    assert [row.state for row in stage.rows(tables.wanted_id) if row.line == 0] == ["refused"]


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
