"""The command line on a simulated Zoom account: every command on what was captured.

Each test types into a copy of one captured folder, so that none sees what another did.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.cli.typed import Type, make_type
from tests.together.harness import staged
from tests.together.proxies import Refusing

from catchment._catalogue import gaps
from catchment.clock import ENVIRONMENT, FileClock
from catchment.model import Window
from catchment.testing.stage import HOUR, START, Stage, wait_until

MEETINGS = 4


@pytest.fixture(scope="module")
def host() -> Refusing:
    """Stands in front of the platform, and refuses nothing."""
    return Refusing()


@pytest.fixture
def refusing(host: Refusing) -> Iterator[Refusing]:
    """Stands in front of the platform, and refuses what a test wants refused."""
    yield host
    host.parts = set()


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory, host: Refusing) -> Iterator[Stage]:
    """A day of meetings, captured by ``catchment run --once``."""
    folder = tmp_path_factory.mktemp("captured")
    with staged(folder, meetings=MEETINGS, shared_clock=True, wrap=host.wrap) as stage:
        assert stage.start().wait() == 0
        yield stage


@pytest.fixture
def stage(captured: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A copy of what was captured, with a settings file of its own; the platform is shared."""
    shutil.copytree(captured.folder, tmp_path, dirs_exist_ok=True)
    assert isinstance(captured.clock, FileClock)
    copy = Stage(tmp_path, captured.platforms, captured.clock)
    copy.configure()
    monkeypatch.setenv(ENVIRONMENT, str(captured.clock.path))
    monkeypatch.setenv("CATCHMENT_CONFIG", str(copy.settings_path))
    return copy


@pytest.fixture
def type_(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types into the copy."""
    return make_type(capsys)


def read_hits(type_: Type, *arguments: str) -> list[dict[str, Any]]:
    """What a search finds."""
    found: list[dict[str, Any]] = json.loads(type_("search", *arguments, "--json").out)
    return found


def list_truth(stage: Stage) -> set[tuple[str, str, str]]:
    """What the platform made available."""
    rows = stage.platform.truth(stage.clock.now())
    return {(row.external_id, row.file_id, row.sha256) for row in rows}


# --- capture ---------------------------------------------------------------------------------


def test_a_run_with_nothing_to_do(type_: Type) -> None:
    """A second run at once finds nothing new, and says how far it is complete."""
    done = type_("run", "--once")
    assert done.code == 0
    assert done.out.startswith("zoom: nothing new")
    assert "complete to 2026-10-1" in done.out
    assert "\x1b" not in done.out + done.err


def test_a_run_as_json(type_: Type) -> None:
    """JSON alone is on stdout, logs are on stderr."""
    done = type_("run", "--once", "--source", "zoom", "--role", "poll", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert told[0]["source"] == "zoom"
    assert told[0]["needs"] == []
    assert told[0]["watermark"]["at"].endswith("Z")
    assert "source.live" in done.err


def test_a_platform_that_does_not_answer(type_: Type, stage: Stage) -> None:
    """An unreachable source is exit code 1 and a sentence, and nothing is lost."""
    stage.configure(zoom={"api_url": "http://127.0.0.1:9", "auth_url": "http://127.0.0.1:9"})
    done = type_("run", "--once")
    assert done.code == 1
    assert "zoom: unreachable: 127.0.0.1:9 cannot be reached" in done.out
    told = type_("status")
    assert told.code == 1
    assert re.search("zoom: no contact since .*: 127.0.0.1:9 cannot be reached", told.out)
    assert "Traceback" not in done.err
    assert len(read_hits(type_)) >= MEETINGS


def test_a_secret_that_is_wrong(type_: Type, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential that is refused stops the source; the setting is named, the secret is not."""
    monkeypatch.setenv(next(iter(stage.platform.secrets())), "wrong-s3cret")
    done = type_("run", "--once")
    assert done.code == 1
    assert "zoom: stopped since " in done.out
    assert "client_secret" in done.out
    assert "wrong-s3cret" not in done.out + done.err


def test_a_secret_that_is_missing(
    type_: Type, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is not there is told with the variable that should hold it."""
    name = next(iter(stage.platform.secrets()))
    monkeypatch.delenv(name)
    done = type_("run", "--once")
    assert done.code == 1
    assert re.search(f"zoom: stopped since .* {name} is not there or is empty", done.out)
    assert "unreachable" not in done.out + done.err
    assert done.err.count("source.stopped") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_runner_stops_cleanly(stage: Stage, number: signal.Signals) -> None:
    """Without ``--once`` a run goes on until Ctrl-C or SIGTERM, and ends with 0."""
    runner = stage.start(once=False, name=number.name)
    wait_until(lambda: "source.live" in runner.log.read_text(), "the runner is at work")
    runner.send(number)
    assert runner.wait(30) == 0
    assert runner.log.read_text().endswith("stopped; nothing is lost\n")


def test_a_runner_that_is_stopped_while_nobody_answers_says_so(stage: Stage) -> None:
    """Whoever stops it is told that nothing was asked, and why."""
    stage.configure(zoom={"api_url": "http://127.0.0.1:9", "auth_url": "http://127.0.0.1:9"})
    runner = stage.start(once=False, name="unanswered")
    wait_until(lambda: "source.unreachable" in runner.log.read_text(), "nobody answers")
    runner.send(signal.SIGTERM)
    assert runner.wait(30) == 0
    *_, said, last = runner.log.read_text().splitlines()
    assert said.startswith("zoom was not asked at the end: 127.0.0.1:9 cannot be reached")
    assert last == "stopped; nothing is lost"


# --- looking ---------------------------------------------------------------------------------


def test_status(type_: Type) -> None:
    """The status names source, feeds and watermark, in the source's zone and as JSON."""
    done = type_("status")
    assert done.code == 0
    assert "archive_completed" in done.out
    told = json.loads(type_("status", "--json").out)
    (source,) = told["sources"]
    assert source["name"] == "zoom"
    assert source["needs"] == []
    assert source["recordings"]["quiet"] >= MEETINGS


def test_status_says_when_nothing_but_the_normal_lag_keeps_it_back(
    type_: Type, stage: Stage
) -> None:
    """What is as fresh as the platform allows is told apart from a feed that nobody asked for."""
    assert type_("run", "--once").code == 0
    fresh = type_("status").out
    assert "only the normal lag: feed archive_" in fresh
    assert "normally lists a recording within 3 h" in fresh
    assert isinstance(stage.clock, FileClock)
    shared = stage.clock.now()
    try:
        stage.clock.set(shared + 5 * HOUR)
        done = type_("status")
    finally:
        stage.clock.set(shared)
    assert "is listed up to there, 5 h ago" in done.out
    assert "normal lag" not in done.out


def test_a_source_that_was_never_reached(type_: Type, stage: Stage) -> None:
    """A source that stands only in the settings is shown as such."""
    with stage.settings_path.open("a", encoding="utf-8") as file:
        file.write(
            '[sources.new]\nadapter = "zoom"\naccount_id = "a"\nclient_id = "c"\n'
            'client_secret = { env = "NOWHERE" }\n'
        )
    assert "never in contact" in type_("status").out
    assert json.loads(type_("status", "--json").out)["never_in_contact"] == ["new"]


def test_search(type_: Type) -> None:
    """Pages follow each other, an agent finds his own, and the table shows what JSON has."""
    hits = read_hits(type_)
    assert [hit["started_at"] for hit in hits] == sorted(
        (hit["started_at"] for hit in hits), reverse=True
    )
    first = read_hits(type_, "--limit", "2")
    second = read_hits(type_, "--limit", "2", "--before", first[-1]["cursor"])
    assert first + second == hits[:4]
    agent = next(hit["agents"][0] for hit in hits if hit["agents"])
    mine = read_hits(type_, "--agent", agent)
    assert mine
    assert all(agent in hit["agents"] for hit in mine)
    table = type_("search", "--limit", "2")
    assert first[0]["interaction_id"] in table.out
    assert f"--before {first[-1]['cursor']}" in table.out


def test_search_in_the_zone_of_the_source(type_: Type, stage: Stage) -> None:
    """A day is a day of the source's zone, and the table tells its time."""
    stage.configure(zoom={"timezone": "Pacific/Auckland"})
    hits = read_hits(type_)
    local = read_hits(type_, "--from", "2026-10-13", "--to", "2026-10-13")
    assert {hit["interaction_id"] for hit in local} == {
        hit["interaction_id"] for hit in hits if hit["started_at"] < "2026-10-13T11:00:00Z"
    }
    assert "STARTED (Pacific/Auckland)" in type_("search").out


def test_show(type_: Type) -> None:
    """An interaction is found by id, by the beginning of it and by the platform's id."""
    hit = read_hits(type_)[0]
    told = json.loads(type_("show", hit["interaction_id"], "--json").out)
    assert told["external_id"] == hit["external_id"]
    by_prefix = type_("show", hit["interaction_id"][:23])
    assert by_prefix.out == type_("show", hit["external_id"]).out
    assert f"Recording {hit['external_id']}" in by_prefix.out
    for file in told["recordings"][0]["files"]:
        assert (file["recipe"] or file["file_id"]) in by_prefix.out


def test_inventory_is_the_truth(type_: Type, stage: Stage) -> None:
    """Each archived platform file is one line, and together they are what was offered."""
    rows = [json.loads(line) for line in type_("inventory", "--source", "zoom").out.splitlines()]
    assert list(rows[0]) == [
        *("source", "external_id", "file_id", "version", "kind", "sha256", "bytes"),
        *("interaction", "archived_at"),
    ]
    assert {(row["external_id"], row["file_id"], row["sha256"]) for row in rows} == list_truth(
        stage
    )


# --- keeping ---------------------------------------------------------------------------------


def test_a_reader_who_has_seen_enough(stage: Stage) -> None:
    """``inventory | head`` ends well."""
    reading, writing = os.pipe()
    os.close(reading)
    program = Path(sys.executable).with_name("catchment")
    try:
        done = subprocess.run(
            [str(program), "inventory"], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("form", ["files", "vcon", "ocfl"])
def test_export(type_: Type, tmp_path: Path, form: str) -> None:
    """An export is one new folder, whose name is the only line on stdout."""
    name = read_hits(type_)[0]["interaction_id"]
    to = tmp_path / "out"
    done = type_("export", name, "--to", str(to), "--format", form)
    assert done.code == 0
    folder = Path(done.out.rstrip("\n"))
    assert folder.parent == to
    assert any(folder.iterdir())
    again = type_("export", name, "--to", str(to), "--format", form)
    assert again.code == 2
    assert "exists already" in again.err


@pytest.mark.parametrize("line", [["backup"], ["export", "ID"]], ids=lambda line: line[0])
def test_a_place_that_cannot_be_written_comes_with_what_to_do(type_: Type, line: list[str]) -> None:
    """The system's own word for why, and a second sentence."""
    name = read_hits(type_)[0]["interaction_id"]
    words = [name if word == "ID" else word for word in line]
    done = type_(*words, "--to", "/proc/nowhere/copy.db")
    assert (done.code, done.out) == (1, "")
    first, second = done.err.splitlines()
    assert "unable to open" not in first
    assert second


def test_verify(type_: Type, stage: Stage) -> None:
    """A sound archive is exit code 0; one changed byte is told with what to do about it."""
    assert type_("verify").code == 0
    told = json.loads(type_("verify", "--for", "10m", "--json").out)
    assert told["damaged"] == []
    one = json.loads(type_("inventory").out.splitlines()[0])
    path = next((stage.folder / "archive").rglob(one["sha256"]))
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    done = type_("verify")
    assert done.code == 1
    assert one["sha256"] in done.out
    assert "catchment retry" in done.out
    status = type_("status")
    assert status.code == 1
    assert f"damaged  media {one['sha256']}: " in status.out
    report = type_("report", "zoom", "--from", "3d", "--no-ask")
    assert report.code == 1
    assert f"{one['external_id']}/{one['file_id']}" in report.out
    assert "complete: nothing is missing" not in report.out
    (known,) = json.loads(type_("status", "--json").out)["damaged"]
    (remedy,) = re.findall(r"Run 'catchment (retry .* --why damaged)'", known["remedy"])
    assert remedy in status.out
    stage.clock.advance(HOUR / 60)
    assert type_(*remedy.split()).code == 0
    assert type_("status").code == 1
    type_("run", "--once")
    assert "Damaged" not in type_("status").out
    assert type_("status").code == 0


def test_rebuild(type_: Type, stage: Stage) -> None:
    """A catalogue that is not empty is left alone; an empty one is filled from the archive."""
    done = type_("rebuild")
    assert done.code == 2
    assert "not empty" in done.err
    before = {hit["external_id"] for hit in read_hits(type_)}
    for path in stage.folder.glob("catalogue.db*"):
        path.unlink()
    done = type_("rebuild")
    assert done.code == 0
    assert {hit["external_id"] for hit in read_hits(type_)} == before


def test_backup_can_be_used(type_: Type, stage: Stage) -> None:
    """A copy of the catalogue answers as the original does."""
    copy = stage.folder / "copies" / "catalogue.db"
    assert type_("backup", "--to", str(copy)).code == 0
    before = read_hits(type_)
    stage.configure(catalogue={"url": f"sqlite:///{copy}"})
    assert read_hits(type_) == before


# --- deciding and asking again ---------------------------------------------------------------


def test_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An item is parked, which needs a person, then skipped, which does not; then tried again."""
    type_ = make_type(capsys)
    with staged(tmp_path, meetings=3, shared_clock=True, switches={"failed_every": 2}) as stage:
        assert isinstance(stage.clock, FileClock)
        monkeypatch.setenv(ENVIRONMENT, str(stage.clock.path))
        monkeypatch.setenv("CATCHMENT_CONFIG", str(stage.settings_path))
        assert type_("run", "--once").code == 0
        recording, file = next(list_gone(type_))
        name = f"{recording}/{file}"
        done = type_("park", name, "--why", "ask the host", "--by", "ada")
        assert done.code == 0, done.err
        assert done.out == f"1 file of {name} is parked until somebody says retry\n"
        status = type_("status")
        assert status.code == 1
        assert "ask the host" in status.out
        assert type_("skip", name, "--why", "the host has none").code == 0
        assert type_("status").code == 0
        shown = type_("show", recording).out.partition("Decisions")[2]
        assert re.search(rf"ada +park +{re.escape(name)} +ask the host", shown)
        assert re.search(rf"skip +{re.escape(name)} +the host has none", shown)
        assert type_("retry", name, "--why", "the host found it").code == 0
        assert type_("run", "--once").code == 0


def test_a_gap_is_named_by_status_and_done_without_by_a_person(stage: Stage, type_: Type) -> None:
    """The command that ``status`` names is the one that quiets it; a name of nothing is told."""
    with stage.open() as app, app.database.write() as connection:
        window = Window(START - 2 * HOUR, START - HOUR)
        gaps.enter(connection, 1, "archive", "", window, "the line was cut", app.now())
    status = type_("status")
    assert status.code == 1
    (command,) = re.findall(r"catchment (skip \S+) --why", status.out)
    assert command == "skip zoom/archive"
    done = type_(*command.split(), "--why", "agreed with compliance")
    assert done.out == (
        "zoom/archive: nobody waits any more for 2026-10-12 22:00 to 2026-10-12 23:00\n"
    )
    assert type_("status").code == 0
    assert "has no gap any more" in type_(*command.split(), "--why", "again").out
    assert type_("skip", "zoom/nowhere", "--why", "x").code == 2
    told = type_("report", "zoom", "--from", "2026-10-12", "--to", "2026-10-13", "--no-ask").out
    assert "agreed with compliance" in told


def test_decisions_about_what_is_archived_say_that_nothing_is_changed(type_: Type) -> None:
    """Nobody is told that something is skipped, parked or fetched again that is archived."""
    one = json.loads(type_("inventory").out.splitlines()[0])
    file = f"{one['external_id']}/{one['file_id']}"
    for verb in ("skip", "park"):
        done = type_(verb, file, "--why", "a mistake")
        assert done.out == f"nothing of {file} was changed: 1 archived file stays as it is\n"
        done = type_(verb, one["interaction"], "--why", "a mistake")
        assert re.fullmatch(
            rf"nothing of {one['interaction']} was changed: \d+ archived files stay as they are\n",
            done.out,
        )
    assert type_("retry", file, "--why", "to be sure").out == (
        f"nothing of {file} was changed\narchived, read and sound, so left as it is: 1 file\n"
    )
    again = type_("retry", one["external_id"], "--why", "to be sure").out
    assert f"the platform will be asked again for {one['external_id']} by the next run" in again
    shown = json.loads(type_("show", one["interaction"], "--json").out)
    verbs = [decision["verb"] for decision in shown["decisions"]]
    assert verbs == ["skip", "skip", "park", "park", "retry", "retry"]
    assert shown["parked_why"] is None


def list_gone(type_: Type) -> Iterator[tuple[str, str]]:
    """Recording and file of everything that the platform could not make."""
    for hit in read_hits(type_):
        told = json.loads(type_("show", hit["interaction_id"], "--json").out)
        for recording in told["recordings"]:
            for file in recording["files"]:
                if file["state"] == "gone":
                    yield recording["external_id"], file["file_id"]


def test_recover_a_period(type_: Type) -> None:
    """A period is asked again, what is archived is not fetched again, and the end is told."""
    done = type_("recover", "zoom", "--from", "2026-10-13", "--to", "2026-10-13")
    assert done.code == 0
    assert "asking archive_completed, archive_started again for 2026-10-13T00:00Z" in done.out
    assert done.err.count("poll.walked") == 2
    assert "file.archived" not in done.err


def test_recover_a_period_that_is_over(type_: Type) -> None:
    """What the platform no longer lists is wrong use that says how long it does."""
    done = type_("recover", "zoom", "--from", "2020-01-01", "--to", "2020-01-02")
    assert done.code == 2
    assert "cannot be asked" in done.err


def test_recover_a_period_that_was_not_listed(type_: Type, refusing: Refusing) -> None:
    """Each feed that did not come to the end of the period is named, with its last error."""
    refusing.parts = {"archive_files"}
    done = type_("recover", "zoom", "--from", "2026-10-13", "--to", "2026-10-13")
    assert done.code == 1
    lines = [line for line in done.err.splitlines() if line.startswith("feed ")]
    assert [line.split(" for ")[0] for line in lines] == [
        "feed archive_completed is not listed",
        "feed archive_started is not listed",
    ]
    for line in lines:
        assert " for 2026-10-13T00:00Z to 2026-10-14T00:00Z: " in line
        assert "500" in line
        assert line.endswith("; the next run asks again")
    refusing.parts = set()
    assert type_("recover", "zoom", "--from", "2026-10-13", "--to", "2026-10-13").code == 0


def test_recover_a_list(type_: Type, stage: Stage) -> None:
    """Ids of a CSV are asked for; what is unknown is told, and the list is done with."""
    known = read_hits(type_)[0]["external_id"]
    path = stage.folder / "ids.csv"
    path.write_text(f"uuid\n{known}\n{'A' * 22}==\n,no id\n", "utf-8")
    done = type_("recover", "zoom", "--csv", str(path))
    assert done.code == 1
    assert "1 found, 1 unknown to the platform, 1 line names no id (line 4); " in done.err
    assert f"line by line in {stage.processed / 'ids.report.csv'}\n" in done.err
    assert (stage.processed / "ids.csv").exists()
    assert (stage.processed / "ids.report.csv").exists()
    assert path.exists()


def test_recover_a_list_that_cannot_be_read(type_: Type, stage: Stage) -> None:
    """A list that is not there or no text is refused before anything is asked."""
    done = type_("recover", "zoom", "--csv", "nowhere.csv")
    assert done.code == 2
    assert "nowhere.csv" in done.err
    assert done.err.endswith("Name a file that is there and that this user may read.\n")
    path = stage.folder / "ids.csv"
    path.write_bytes(b"\xff\xfe\x00")
    done = type_("recover", "zoom", "--csv", str(path))
    assert done.code == 2
    assert "line 1 is not UTF-8 text" in done.err
    assert not any(stage.inbox.glob("*")) if stage.inbox.exists() else True


def test_recover_what_is_missing(type_: Type) -> None:
    """Where nothing is missing nothing is asked."""
    done = type_("recover", "zoom", "--missing")
    assert done.code == 0


def test_report(type_: Type) -> None:
    """A day that is whole is told as whole."""
    done = type_("report", "zoom", "--from", "2026-10-13", "--to", "2026-10-13")
    assert done.code == 0
    told = json.loads(type_("report", "zoom", "--from", "2d", "--json").out)
    assert told["archived_files"] > 0


def test_a_report_without_the_platform(type_: Type, refusing: Refusing) -> None:
    """A platform that does not answer ends the report, which tells how to do without it."""
    refusing.parts = {"archive_files"}
    done = type_("report", "zoom", "--from", "2026-10-13", "--to", "2026-10-13")
    assert done.code == 1
    assert "zoom does not answer (" in done.err
    assert "--no-ask" in done.err
    done = type_("report", "zoom", "--from", "2026-10-13", "--to", "2026-10-13", "--no-ask")
    assert done.code == 0
    done = type_("report", "zoom", "--from", "2026-10-13", "--to", "2026-12-31", "--no-ask")
    assert done.code == 1
    assert "feed archive_completed is not listed for 2026-10-1" in done.out


def test_check(type_: Type, stage: Stage) -> None:
    """Everything that can be proved is proved; a wrong credential is a finding, not an end."""
    done = type_("check")
    assert done.code == 0, done.out
    assert "pass  " in done.out
    stage.configure(zoom={"client_id": "nobody"})
    findings = json.loads(type_("check", "zoom", "--json").out)
    assert any(one["verdict"] == "fail" and one["remedy"] for one in findings)
    assert type_("check", "zoom").code == 1


def test_check_of_a_sandbox_that_is_over(type_: Type, stage: Stage) -> None:
    """What does not answer on this machine is told first, then what it may have been; once."""
    stage.configure(zoom={"api_url": "http://127.0.0.1:9", "auth_url": "http://127.0.0.1:9"})
    findings = json.loads(type_("check", "zoom", "--json").out)
    (failed,) = (one for one in findings if one["verdict"] == "fail")
    assert failed["detail"].startswith("127.0.0.1:9 cannot be reached: ")
    assert "catchment sandbox" in failed["remedy"]


def test_check_of_a_catalogue_that_was_lost(type_: Type, stage: Stage) -> None:
    """A check does not promise a first run where the archive shows that it was long ago."""
    for path in stage.folder.glob("catalogue.db*"):
        path.unlink()
    findings = json.loads(type_("check", "zoom", "--json").out)
    (failed,) = (one for one in findings if one["verdict"] == "fail")
    assert (failed["of"], "catchment rebuild" in failed["remedy"]) == ("catalogue", True)


# --- a folder that cannot be written ---------------------------------------------------------


def test_an_archive_that_cannot_be_made(type_: Type, stage: Stage) -> None:
    """A place that is no folder is one sentence with the setting, before anything is fetched."""
    stage.configure(archive={"root": str(stage.settings_path / "archive")})
    done = type_("run", "--once")
    assert done.code == 1
    assert done.err.count("Error: ") == 1
    assert "archive" in done.err.splitlines()[-2]
    assert done.out == ""


def test_an_archive_that_is_not_mounted(type_: Type, stage: Stage, tmp_path: Path) -> None:
    """Where the archive was and is not, every command says so, and which setting names it."""
    name = read_hits(type_)[0]["interaction_id"]
    stage.configure(archive={"root": str(tmp_path / "elsewhere")})
    for line in (["run", "--once"], ["verify"], ["export", name, "--to", str(tmp_path / "out")]):
        done = type_(*line)
        assert done.code == 1
        assert done.err.startswith(f"Error: {tmp_path / 'elsewhere'} holds no archive.\n")
        assert "archive.root" in done.err
        assert done.out == ""
    for line in (["check"], ["status"]):
        done = type_(*line)
        assert done.code == 1
        assert "elsewhere holds no archive" in done.out
    assert "elsewhere holds no archive" in type_("items").err
    assert type_("items").code == 1
    (alarm,) = json.loads(type_("status", "--json").out)["alarms"]
    assert (alarm["kind"], alarm["source"]) == ("archive", "")


@pytest.mark.parametrize("how", [[], ["--no-ask"], ["--json"]], ids=["asked", "no-ask", "json"])
def test_a_report_without_the_archive(
    type_: Type, stage: Stage, tmp_path: Path, how: list[str]
) -> None:
    """Nothing is called complete while what it is compared with is not there."""
    stage.configure(archive={"root": str(tmp_path / "elsewhere")})
    done = type_("report", "zoom", "--from", "2026-10-13", "--to", "2026-10-13", *how)
    assert (done.code, done.out) == (1, "")
    assert "elsewhere holds no archive" in done.err
    assert "archive.root" in done.err


def test_the_program_itself(stage: Stage) -> None:
    """The installed program does what the function does."""
    program = Path(sys.executable).with_name("catchment")
    done = subprocess.run(
        [str(program), "search", "--limit", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("INTERACTION ")


@pytest.fixture
def later(stage: Stage) -> Iterator[None]:
    """An hour passes, so that the feeds are due again."""
    assert isinstance(stage.clock, FileClock)
    shared = stage.clock.now()
    stage.clock.set(START + timedelta(hours=26) + HOUR)
    yield
    stage.clock.set(shared)


@pytest.mark.usefixtures("later")
def test_the_next_run_lists_again(type_: Type) -> None:
    """Time passes, and the next run lists again without being told."""
    done = type_("run", "--once")
    assert done.code == 0
    assert "poll.walked" in done.err


@pytest.mark.usefixtures("later")
def test_work_that_the_catalogue_does_not_take(stage: Stage, type_: Type) -> None:
    """Whoever runs once hears that work is left; a later run does it (T8).

    A part of the catalogue cannot be read here while the rest can, as on a disk that fails.
    """
    catalogue = sqlite3.connect(stage.folder / "catalogue.db")
    with closing(catalogue):
        catalogue.execute("ALTER TABLE recording_key RENAME TO unreadable")
        done = type_("run", "--once")
        assert done.code == 1
        said = f"zoom: work is left for the next run: the catalogue {stage.folder}/catalogue.db"
        assert said in done.out
        catalogue.execute("ALTER TABLE unreadable RENAME TO recording_key")
    done = type_("run", "--once")
    assert (done.code, "poll.walked" in done.err) == (0, False), "its next try is not due yet"
    assert isinstance(stage.clock, FileClock)
    stage.clock.advance(HOUR)
    done = type_("run", "--once")
    assert (done.code, "poll.walked" in done.err) == (0, True)
