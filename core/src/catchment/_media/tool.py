"""Finds ffmpeg and runs it, so that a foreign program on foreign bytes can do no harm.

Media come from other people.  ffmpeg therefore gets no input, no network, no secret of our
environment, a time limit, and never outlives the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from catchment._words import say_install
from catchment.errors import StorageUnavailable, ToolMissing, Transient

REMEDY = (
    "Set media.ffmpeg to the path of an ffmpeg program, install ffmpeg on this machine, "
    f"or run: {say_install('catchment[ffmpeg]')}"
)

_HEAD_BYTES = 16 * 1024
_TAIL_BYTES = 64 * 1024
_START_LIMIT = timedelta(seconds=20)
_ALWAYS = ("-nostdin", "-hide_banner", "-nostats", "-v", "level+info")
_PROTOCOLS = ("-protocol_whitelist", "file,pipe")
_KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
_SEVERE = re.compile(r"\[(?:panic|fatal|error)\] (.*)|\[warning\] (.*corrupt.*)")
_TRAMPOLINE = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True, slots=True)
class Report:
    """How one run of ffmpeg ended.

    Attributes:
        exit_code: What ffmpeg returned; zero is not yet proof of anything.
        log: What it wrote, the beginning and the last 64 KiB.
    """

    exit_code: int
    log: str

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that ffmpeg called an error, and every packet that it called corrupt."""
        found = (_SEVERE.search(line) for line in self.log.splitlines())
        return tuple(_printable(hit[1] or hit[2]) for hit in found if hit)


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """An ffmpeg program that was seen to start.

    Attributes:
        path: Where it is.
        version: What it says its version is; goes into the manifest beside what it made.
        prefix: The command in front of it that ties its life to ours; empty where there is none.
    """

    path: str
    version: str
    prefix: tuple[str, ...] = ()

    def run(
        self,
        arguments: Sequence[str],
        *,
        time_limit: timedelta,
        on_progress: Callable[[float], None] | None = None,
    ) -> Report:
        """Run ffmpeg to its end and report how it ended, whatever its exit code.

        Args:
            arguments: Inputs, options and outputs.  Files are named as :func:`file_url` does.
            time_limit: After which it is killed.
            on_progress: Gets the seconds of media done so far, in the calling thread.

        Raises:
            Transient: It did not end within *time_limit*, or something killed it.
            StorageUnavailable: There was no room for what it wrote.
            ToolMissing: It cannot be started any more.
            ValueError: An input is not a ``file:`` name.
        """

        def on_line(line: str) -> None:
            key, _, value = line.partition("=")
            if on_progress and key == "out_time_us" and value.lstrip("-").isdigit():
                on_progress(max(0.0, int(value) / 1e6))

        return self.read(
            ["-progress", "pipe:1", *arguments], time_limit=time_limit, on_line=on_line
        )

    def read(
        self,
        arguments: Sequence[str],
        *,
        time_limit: timedelta,
        on_line: Callable[[str], None],
    ) -> Report:
        """Like :meth:`run`, but hand each line that ffmpeg writes to ``pipe:1`` to *on_line*."""
        command = [*self.prefix, self.path, *_ALWAYS, *_fence(arguments)]
        report = _run(command, time_limit, on_line)
        if report.exit_code < 0:
            name = signal.Signals(-report.exit_code).name
            raise Transient(f"ffmpeg was ended by {name} before it was done")
        if any("No space left on device" in problem for problem in report.problems):
            files = [one for one in arguments if one.startswith("file:")]
            where = Path(files[-1].removeprefix("file:")).parent if files else "the buffer"
            raise StorageUnavailable(
                f"there is no room in {where} for what ffmpeg writes",
                remedy="Free space in the buffer.",
            )
        return report


def file_url(path: Path) -> str:
    """Name *path* so that ffmpeg takes it for a file, whatever it looks like."""
    return f"file:{path.absolute()}"


def find_ffmpeg(setting: str | None) -> Ffmpeg:
    """Find an ffmpeg that starts: the one of the setting, else of ``PATH``, else of the extra.

    A program that the setting names must work; no other is taken in its place.

    Raises:
        ToolMissing: There is none; the message says what was tried.
    """
    tried: list[str] = []
    for origin, path in _list_candidates(setting):
        for prefix in _list_prefixes():
            try:
                return Ffmpeg(path, _read_version(prefix, path), prefix)
            except ToolMissing as error:
                tried.append(f"{origin}: {error}")
                # A prefix that does not work must not hide a program that does.
    reasons = "; ".join(dict.fromkeys(tried)) or "none is installed"
    raise ToolMissing(f"no ffmpeg can be used ({reasons})", remedy=REMEDY)


def _list_candidates(setting: str | None) -> Iterator[tuple[str, str]]:
    if setting:
        yield "media.ffmpeg", shutil.which(setting) or setting
        return
    if on_path := shutil.which("ffmpeg"):
        yield "PATH", on_path
    try:
        import imageio_ffmpeg

        yield "imageio-ffmpeg", imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return


def _list_prefixes() -> Iterator[tuple[str, ...]]:
    """Ways to have ffmpeg killed with us.

    The kernel sends the signal when the *thread* that forked ends, not the process.  That is sound
    here because :func:`_run` forks and waits in one and the same thread: as long as ffmpeg runs,
    that thread cannot end but with the process.  The threads that read its output fork nothing.
    ``preexec_fn`` would do it without a prefix, but may deadlock in a process with threads.
    """
    if not sys.platform.startswith("linux"):
        yield ()
        return
    if setpriv := shutil.which("setpriv"):
        yield (setpriv, "--pdeathsig", "KILL", "--")
    # BusyBox has a setpriv without that option, and a small image may have none.
    yield (sys.executable, "-I", "-S", "-c", _TRAMPOLINE)


def _read_version(prefix: tuple[str, ...], path: str) -> str:
    lines: list[str] = []
    try:
        report = _run([*prefix, path, "-version"], _START_LIMIT, lines.append)
    except Transient:
        raise ToolMissing(f"{path} does not answer", remedy=REMEDY) from None
    words = lines[0].split() if lines else []
    if report.exit_code != 0 or words[:2] != ["ffmpeg", "version"]:
        raise ToolMissing(f"{path} does not start as ffmpeg does", remedy=REMEDY)
    return words[2] if len(words) > 2 else ""


def _fence(arguments: Sequence[str]) -> Iterator[str]:
    """Put the protocol list before each input, and let no input be anything but a file."""
    previous = ""
    for argument in arguments:
        if previous == "-i" and not argument.startswith("file:"):
            raise ValueError("an input of ffmpeg must be named with file:")
        if argument == "-i":
            yield from _PROTOCOLS
        yield argument
        previous = argument


def _run(command: list[str], time_limit: timedelta, on_line: Callable[[str], None]) -> Report:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=kept,  # ours holds secrets, and FFREPORT would make it write files
            start_new_session=True,  # so that it can be killed with all that it started
        )
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise ToolMissing(f"{command[0]} cannot be started: {what}", remedy=REMEDY) from error
    assert process.stdout is not None
    assert process.stderr is not None
    expired = threading.Event()
    watch = threading.Timer(time_limit.total_seconds(), _expire, (process, expired))
    log = _Log(process.stderr)
    watch.daemon = True
    watch.start()
    try:
        for line in process.stdout:
            on_line(line.decode("utf-8", "replace").rstrip())
        process.wait()
    finally:
        watch.cancel()
        _kill(process)
        log.join()
        process.stdout.close()
        process.stderr.close()
    if expired.is_set():
        raise Transient(f"{Path(command[0]).name} did not end within {time_limit}")
    return Report(process.returncode, log.text())


def _expire(process: subprocess.Popen[bytes], expired: threading.Event) -> None:
    expired.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started; one that has ended already is left alone."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


class _Log(threading.Thread):
    """Reads what ffmpeg writes about its work, so that it never waits for us.

    The beginning names the streams, the end says why it stopped; damaged media can fill gigabytes
    in between, which are dropped.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(name="ffmpeg-log", daemon=True)
        self._pipe = pipe
        self._head = bytearray()
        self._tail = bytearray()
        self.start()

    def run(self) -> None:
        """Read until the pipe is closed."""
        descriptor = self._pipe.fileno()
        while chunk := os.read(descriptor, 8192):
            room = _HEAD_BYTES - len(self._head)
            self._head += chunk[:room]
            self._tail += chunk[room:]
            del self._tail[:-_TAIL_BYTES]

    def text(self) -> str:
        """What was kept."""
        return (self._head + self._tail).decode("utf-8", "replace")


def _printable(text: str) -> str:
    """Names and tags inside media are foreign: one line, no control characters, not too long."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean.strip()[:200]
