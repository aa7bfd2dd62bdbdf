"""``sandbox`` and ``demo``: what somebody sees who has no account."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.core.cli.typed import make_type
from tests.together.harness import ALL

from catchment.testing.stage import wait_until

PROGRAM = str(Path(sys.executable).with_name("catchment"))


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``catchment sandbox`` in a process of its own, until it is ready; it is killed at the end."""
    out = folder / "out.txt"
    with out.open("w") as stream:
        process = subprocess.Popen(
            [PROGRAM, "sandbox", *arguments], stdout=stream, stderr=stream, text=True, cwd=folder
        )
    try:
        wait_until(lambda: "Ctrl-C ends it" in out.read_text() or process.poll() is not None, "up")
        assert process.poll() is None, out.read_text()
        yield process
    finally:
        process.kill()
        process.wait(30)


def test_what_it_writes_works_as_it_is(tmp_path: Path) -> None:
    """Settings and truth of a sandbox are all that another shell needs to capture it."""
    config, truth = tmp_path / "try" / "catchment.toml", tmp_path / "truth.jsonl"
    options = ("--seed", "3", "--meetings", "2", "--config-out", str(config))
    with serving(tmp_path, "zoom", *options, "--truth-out", str(truth)) as process:
        told = (tmp_path / "out.txt").read_text()
        assert f"catchment --config {config} run --once" in told
        (secret,) = (config.parent / "catchment.toml.secrets").iterdir()
        assert secret.stat().st_mode & 0o077 == 0
        assert secret.read_text().strip() not in config.read_text() + told
        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        command = [PROGRAM, "--config", str(config)]
        run = subprocess.run([*command, "run", "--once"], env=bare, check=False)
        assert run.returncode == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    held = subprocess.run([*command, "inventory"], capture_output=True, text=True, check=True)
    archived = {json.loads(line)["sha256"] for line in held.stdout.splitlines()}
    offered = {json.loads(line)["sha256"] for line in truth.read_text().splitlines()}
    assert offered
    assert archived == offered


def test_without_a_file_it_says_what_to_export(tmp_path: Path) -> None:
    """What the settings would refer to is printed as lines for a shell; SIGTERM ends it well."""
    with serving(tmp_path, "--meetings", "1") as process:
        told = (tmp_path / "out.txt").read_text()
        assert re.search(r"^  export \w+=\S+$", told, re.MULTILINE)
        assert re.search(r"^zoom +api +http://127\.0\.0\.1:\d+$", told, re.MULTILINE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_meetings_and_calls_are_told_of_one_world(tmp_path: Path) -> None:
    """A world has as many meetings and calls as were asked for."""
    with serving(tmp_path, "zoom", "--meetings", "2", "--calls", "3", "--days", "2"):
        told = (tmp_path / "out.txt").read_text()
        assert told.startswith("4 meetings and 6 calls from ")


def test_a_switch_changes_what_the_platform_does(tmp_path: Path) -> None:
    """A tenant of another profile says so in its settings; the others are as they were."""
    config = tmp_path / "try" / "catchment.toml"
    options = ("webex_meetings", "zoom", "--meetings", "1", "--config-out", str(config))
    with serving(tmp_path, *options, "--switch", "webex_meetings.profile=compliance_officer"):
        told = tomllib.loads(config.read_text())["sources"]
        assert told["webex_meetings"]["profile"] == "compliance_officer"
        assert "profile" not in told["zoom"]


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("archivin=true", "the Zoom simulator has no switch 'archivin'; it has archiving, "),
        ("archiving=maybe", "switch archiving cannot be 'maybe'.\nIt takes true or false."),
        ("webex_cc.archiving=true", "the platform webex_cc, which is not served"),
    ],
)
def test_switches_that_there_are_not(
    capsys: pytest.CaptureFixture[str], switch: str, said: str
) -> None:
    """A switch or a position that there is not is refused before anything is served."""
    done = make_type(capsys)("sandbox", "zoom", "--meetings", "1", "--switch", switch)
    assert done.code == 2
    assert said in done.err


def test_faults_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of faults that is wrong is refused before anything is served."""
    path = tmp_path / "faults.toml"
    path.write_text("[explode]\nlist = 1\n")
    done = make_type(capsys)("sandbox", "zoom", "--faults", str(path))
    assert done.code == 2
    assert "explode" in done.err


def test_settings_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A place where nothing can be written is named."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    type_ = make_type(capsys)
    done = type_("sandbox", "zoom", "--meetings", "1", "--config-out", str(blocked / "c.toml"))
    assert done.code == 1
    assert str(blocked) in done.err
    assert done.err.startswith("Error: ")


@pytest.mark.parametrize("option", ["--config-out", "--truth-out"])
def test_what_is_there_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """A file that is there already, such as the settings of a real account, is left alone."""
    path = tmp_path / "catchment.toml"
    path.write_text("mine")
    done = make_type(capsys)("sandbox", "zoom", "--meetings", "1", option, str(path))
    assert done.code == 2
    assert "exists already and is left as it is" in done.err
    assert "Name a new file, best in a new folder" in done.err
    assert path.read_text() == "mine"


def test_demo_in_a_folder_that_is_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo writes only into a folder of its own."""
    (tmp_path / "mine").write_text("")
    done = make_type(capsys)("demo", "--keep", str(tmp_path))
    assert done.code == 2
    assert "is not empty" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo captures a bad day whole, says so, and what it tells to type next works.

    The folder that it names and the sounds of the sandbox stay, and nothing else, as the README
    says.
    """
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder in (home, temporary):
        folder.mkdir()
    usual = {name: text for name, text in os.environ.items() if name != "XDG_CACHE_HOME"}
    done = subprocess.run(
        [PROGRAM, "demo", "--meetings", "3", "--calls", "3"],
        env={**usual, "HOME": str(home), "TMPDIR": str(temporary)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout.partition("What the platforms offered")[2]
    for name in ALL:
        assert re.search(rf"^{name} +(\d+) +\1 +0 +0 ", table, re.MULTILINE)
    assert "\x1b" not in done.stdout + done.stderr
    (folder,) = temporary.iterdir()
    assert f"All of it is in {folder}, which you may remove" in done.stdout
    assert [path.name for path in home.iterdir()] == [".cache"]
    assert [path.name for path in (home / ".cache").iterdir()] == ["catchment"]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "temporary"}
    commands = re.findall(r"^ +(?:\S*/)?catchment (--config .*)$", done.stdout, re.MULTILINE)
    assert len(commands) == 3, done.stdout
    for command in commands:
        assert make_type(capsys)(*command.split()).code == 0
