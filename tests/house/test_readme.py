"""The two commands of the README do what it says, on a machine that has nothing of ours.

Each is taken from the README as it stands and run in a copy of the checkout, with an empty home and
no variable but those that tell pip and uv where packages are.  The second one runs all tests, so
here, where it would run itself, ``TOXENV`` limits it to one quick environment.  The whole of it is
what ``.ci/run`` runs, which a test below shows.

Nothing of the project is installed when these tests run: ``tox -e readme``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL_AND_RUN, TEST = re.findall(
    r"^```\w*\n(.*?)\n```",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)[:2]
WHERE_PACKAGES_ARE = re.compile(r"(PIP|UV|SSL|REQUESTS)_|(https?|all|no)_proxy$", re.IGNORECASE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the repository tracks, with the changes that are being worked on."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    tracked = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    copy = tmp_path / "checkout"
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def run(command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell as somebody would who has only Python and an empty home."""
    home = cwd.parent / "home"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), os.defpath])
    environment = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", **variables}
    environment |= {k: v for k, v in os.environ.items() if WHERE_PACKAGES_ARE.match(k)}
    return subprocess.run(
        ["sh", "-c", command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_each_command_is_one_line() -> None:
    """Both commands are one line that begins with an environment of its own."""
    for command in (INSTALL_AND_RUN, TEST):
        assert command.startswith("python3 -m venv .venv && ")
        assert "\n" not in command


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_first_command_installs_and_captures_a_simulated_day(checkout: Path) -> None:
    """The first command ends well, and what it installed finds its adapter and an ffmpeg."""
    done = run(INSTALL_AND_RUN, checkout)
    assert done.returncode == 0, done.stdout[-4000:]
    adapters = run(".venv/bin/catchment adapters", checkout)
    assert "zoom" in adapters.stdout


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_second_command_installs_and_runs_the_tests(checkout: Path) -> None:
    """The second command needs no more than it installs; here it runs the style checks only."""
    done = run(TEST, checkout, TOXENV="lint")
    assert done.returncode == 0, done.stdout[-4000:]
    assert "lint: OK" in done.stdout


def test_ci_runs_the_second_command_and_no_other(tmp_path: Path) -> None:
    """``.ci/run`` runs the second code block of the README beside it, from the top folder."""
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    blocks = [f"```sh\ntouch {number}\n```\n" for number in ("first", "second", "third")]
    (tmp_path / "README.md").write_text("# Words\n\n" + "\nMore words.\n\n".join(blocks))
    done = run("cd .ci && ./run", tmp_path)
    assert done.returncode == 0, done.stdout
    made = {path.name for path in tmp_path.iterdir()} - {".ci", "README.md"}
    assert made == {"second"}


def test_ci_fails_with_the_command(tmp_path: Path) -> None:
    """What the command returns to the shell is what ``.ci/run`` returns."""
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text("```\ntrue\n```\n```\ntrue && (exit 3) && true\n```\n")
    assert run(".ci/run", tmp_path).returncode == 3
