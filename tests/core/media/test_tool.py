"""Finding ffmpeg and running it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.tool import Ffmpeg, Report, file_url, find_ffmpeg
from catchment.errors import StorageUnavailable, ToolMissing, Transient

LONG = timedelta(seconds=30)


def _no_ffmpeg(code: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run *code* where neither ``PATH`` nor the extra has an ffmpeg."""
    start = "import sys; sys.modules['imageio_ffmpeg'] = None\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- finding -----------------------------------------------------------------------------------


def test_found_ffmpeg_tells_its_version(ffmpeg: Ffmpeg) -> None:
    """What is found was seen to start, and its version can go into the manifest."""
    assert ffmpeg.version
    assert Path(ffmpeg.path).exists()


def test_setting_wins(script: Callable[[str], str]) -> None:
    """The program of the setting is taken before any other."""
    path = script("exit 0")
    assert (find_ffmpeg(path).path, find_ffmpeg(path).version) == (path, "0-fake")


def test_path_is_second(script: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting the program on ``PATH`` is taken, before the pip-installed one."""
    folder = Path(script("exit 0")).rename(Path(script("exit 0")).with_name("ffmpeg")).parent
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert find_ffmpeg(None).version == "0-fake"


def test_broken_path_does_not_hide_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program on ``PATH`` that does not start is passed over."""
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_ffmpeg(None).path != str(broken)


def test_missing_ffmpeg_names_the_remedy() -> None:
    """Without any ffmpeg the error says which setting and which command help."""
    done = _no_ffmpeg(
        "from catchment._media.tool import find_ffmpeg\n"
        "from catchment.errors import ToolMissing\n"
        "try: find_ffmpeg(None)\n"
        "except ToolMissing as error: print(error, '|', error.remedy)\n"
    )
    assert "no ffmpeg can be used" in done.stdout
    assert "media.ffmpeg" in done.stdout
    assert "-m pip install 'catchment[ffmpeg]'" in done.stdout


@pytest.mark.parametrize("body", ["exit 1", "echo hello", "exit 0", "kill -9 $$"])
def test_setting_that_does_not_start_is_refused(tmp_path: Path, body: str) -> None:
    """A setting that names a broken program is an error, never silently replaced."""
    path = tmp_path / "broken"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    with pytest.raises(ToolMissing, match="broken does not start"):
        find_ffmpeg(str(path))


def test_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A setting that names nothing is an error, never silently replaced."""
    with pytest.raises(ToolMissing, match="nowhere"):
        find_ffmpeg(str(tmp_path / "nowhere"))


def test_import_is_cheap() -> None:
    """Importing the package pulls in neither ffmpeg-python nor the binary's package."""
    code = (
        "import catchment._media.walk, catchment._media.split, catchment._media.texts, sys\n"
        "print([m for m in ('ffmpeg', 'imageio_ffmpeg') if sys.modules.get(m)])"
    )
    assert _no_ffmpeg(code).stdout.strip() == "[]"


# --- running -----------------------------------------------------------------------------------


def test_run_reports_progress_in_seconds(ffmpeg: Ffmpeg, corpus: Path) -> None:
    """Long work shows how many seconds of media are done."""
    seen: list[float] = []
    source = ["-i", file_url(corpus / "film.mp4"), "-f", "null", "-"]
    report = ffmpeg.run(source, time_limit=LONG, on_progress=seen.append)
    assert report.exit_code == 0
    assert report.problems == ()
    assert seen[-1] == pytest.approx(1.0, abs=0.05)


def test_failure_is_reported_not_raised(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """What a failure means is for the caller to say; the reason is in the report."""
    report = ffmpeg.run(["-i", file_url(tmp_path / "none.mp4")], time_limit=LONG)
    assert report.exit_code != 0
    assert any("No such file" in problem for problem in report.problems)


@pytest.mark.parametrize("name", ["http://127.0.0.1/x", "/etc/passwd", "concat:a|b", "-"])
def test_inputs_are_files_only(ffmpeg: Ffmpeg, name: str) -> None:
    """No input is ever a network address, a protocol, or a name that looks like an option."""
    with pytest.raises(ValueError, match="file:"):
        ffmpeg.run(["-i", name, "-f", "null", "-"], time_limit=LONG)


def test_odd_names_are_files(ffmpeg: Ffmpeg, corpus: Path, tmp_path: Path) -> None:
    """A file may be called what it likes."""
    odd = tmp_path / "-i http:%d 'x'.mp4"
    odd.write_bytes((corpus / "film.mp4").read_bytes())
    assert ffmpeg.run(["-i", file_url(odd), "-f", "null", "-"], time_limit=LONG).exit_code == 0


@pytest.mark.parametrize("body", ["exec sleep 600", "sleep 600 & sleep 600"])
def test_hanging_ffmpeg_is_killed(script: Callable[[str], str], body: str) -> None:
    """A time limit ends ffmpeg and whatever it started."""
    fake = find_ffmpeg(script(body))
    with pytest.raises(Transient, match="did not end within"):
        fake.run([], time_limit=timedelta(seconds=0.3))


def test_killed_ffmpeg_says_nothing_about_the_file(script: Callable[[str], str]) -> None:
    """Out of memory is a reason to try again, not to call a file corrupt."""
    fake = find_ffmpeg(script("kill -9 $$"))
    with pytest.raises(Transient, match="SIGKILL"):
        fake.run([], time_limit=LONG)


def test_full_disk_is_named(script: Callable[[str], str]) -> None:
    """A full disk is the storage's fault, not the recording's."""
    fake = find_ffmpeg(script("echo '[out] [error] x: No space left on device' >&2; exit 228"))
    with pytest.raises(StorageUnavailable, match="no room in /srv/buffer for"):
        fake.run(["-i", "file:/srv/archive/a", "file:/srv/buffer/b.m4a"], time_limit=LONG)


def test_log_is_capped(script: Callable[[str], str]) -> None:
    """A flood of messages neither blocks ffmpeg nor fills our memory; both ends are kept."""
    flood = "echo first >&2; head -c 3000000 /dev/zero | tr '\\0' '\\n' >&2; echo last >&2"
    report = find_ffmpeg(script(flood)).run([], time_limit=LONG)
    assert len(report.log) <= 80 * 1024
    assert report.log.startswith("first")
    assert report.log.endswith("last\n")


def test_ffmpeg_gets_none_of_our_secrets(
    script: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Foreign bytes are read by a process that holds no credential."""
    monkeypatch.setenv("CATCHMENT_CLIENT_SECRET", "s3cret")
    report = find_ffmpeg(script("env >&2")).run([], time_limit=LONG)
    assert "PATH=" in report.log
    assert "s3cret" not in report.log


def test_raising_listener_ends_ffmpeg(script: Callable[[str], str]) -> None:
    """An error of the caller does not leave a process behind."""
    fake = find_ffmpeg(script("echo $$; exec sleep 600"))
    seen: list[int] = []

    def on_line(line: str) -> None:
        seen.append(int(line))
        raise KeyError(line)

    with pytest.raises(KeyError):
        fake.read([], time_limit=LONG, on_line=on_line)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


def test_problems_are_errors_and_corrupt_packets() -> None:
    """Warnings are no damage, unless they speak of a corrupt packet; addresses are left out."""
    log = (
        "[info] Input #0\n[mov @ 0x1] [warning] odd tag\n"
        "[mov @ 0x1] [warning] corrupt input packet in stream 1\n[x @ 0x2] [error] bad \x1b[31m\n"
    )
    assert Report(0, log).problems == ("corrupt input packet in stream 1", "bad  [31m")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the signal")
@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["setpriv", "without setpriv"])
def test_ffmpeg_dies_with_its_parent(script: Callable[[str], str], path: str) -> None:
    """A worker that is killed leaves no ffmpeg behind, though a thread of it started ffmpeg."""
    program = script("echo $$; exec /bin/sleep 600")
    code = (
        "import sys, threading\nfrom datetime import timedelta\n"
        "from catchment._media.tool import find_ffmpeg\n"
        "fake = find_ffmpeg(sys.argv[1])\n"
        "show = lambda line: print(line, flush=True)\n"
        "work = lambda: fake.read([], time_limit=timedelta(minutes=5), on_line=show)\n"
        "threading.Thread(target=work).start()\n"
    )
    command = [sys.executable, "-c", code, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PATH": path}) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        ended, _, _ = select.select([child], [], [], 20)
        assert ended, "ffmpeg outlived the process that started it"
    finally:
        os.close(child)
