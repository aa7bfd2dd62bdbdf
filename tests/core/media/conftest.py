"""Real media, made once per run by the real ffmpeg, and the damage that is done to them (T9)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catchment._media.tool import Ffmpeg, find_ffmpeg

SIGHT = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10")
AAC = ("-c:a", "aac", "-b:a", "64k")
STEREO = ("-af", "aformat=channel_layouts=stereo")
LEFT_ONLY = ("-af", "pan=stereo|c0=c0")
FAST = ("-movflags", "+faststart")
FRAGMENTS = ("-movflags", "+frag_keyframe+empty_moov")


@pytest.fixture(scope="session")
def ffmpeg() -> Ffmpeg:
    """The ffmpeg of this machine."""
    return find_ffmpeg(None)


@pytest.fixture(scope="session")
def corpus(ffmpeg: Ffmpeg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of whole media of one second."""
    folder = tmp_path_factory.mktemp("corpus")

    def make(*arguments: str) -> None:
        command = [ffmpeg.path, "-nostdin", "-v", "error", "-y", *arguments]
        subprocess.run(command, check=True, cwd=folder, timeout=60)

    make(*SIGHT, *SOUND, *H264, *AAC, *STEREO, "film.mp4")
    copy = ("-i", "film.mp4", "-map", "0", "-c", "copy")
    make(*copy, *FAST, "fast.mp4")
    make(*copy, *FRAGMENTS, "fragments.mp4")
    make("-i", "film.mp4", "-an", "-c", "copy", *FAST, "sight.mp4")
    make("-i", "film.mp4", "-vn", "-c", "copy", *FAST, "sound.m4a")
    make("-i", "film.mp4", "-vn", "sound.wav")
    make("-i", "film.mp4", "-vn", "sound.mp3")
    make(*SIGHT, *SOUND, *H264, *AAC, *LEFT_ONLY, *FAST, "left.mp4")
    make(*SOUND, *AAC, "mono.m4a")
    make(*SIGHT, *SOUND, *SOUND, *H264, *AAC, "-map", "0", "-map", "1", "-map", "2", "two.mp4")
    late = ("-itsoffset", "0.5", "-i", "sound.m4a", "-map", "0", "-map", "1", "-c", "copy")
    make("-i", "sight.mp4", *late, "late.mp4")
    uneven = ("-vf", "select='not(mod(n,3))+lt(n,9)'", "-fps_mode", "vfr")
    make(*SIGHT, *SOUND, *H264, *AAC, *uneven, "uneven.mp4")
    (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:03,000\nhello\n")
    words = ("-i", "words.srt", "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text")
    make("-i", "film.mp4", *words, "-timecode", "00:00:00:00", "words.mp4")
    make("-i", "film.mp4", "-frames:v", "1", "cover.jpg")
    cover = ("-i", "cover.jpg", "-map", "0", "-map", "1", "-c", "copy")
    make("-i", "sound.m4a", *cover, "-disposition:v", "attached_pic", "cover.m4a")
    _make_resized(make, folder)
    return folder


def _make_resized(make: Callable[..., None], folder: Path) -> None:
    """A film that changes its picture size in the middle, as a shared screen does."""
    wide = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1")
    make(*SIGHT, *H264, "-f", "h264", "first.h264")
    make(*wide, *H264, "-f", "h264", "second.h264")
    parts = [(folder / name).read_bytes() for name in ("first.h264", "second.h264")]
    (folder / "both.h264").write_bytes(b"".join(parts))
    make("-framerate", "25", "-i", "both.h264", "-c", "copy", "resized.mp4")


@pytest.fixture
def cut(tmp_path: Path) -> Callable[[Path, float], Path]:
    """Keep only a share of a file."""

    def keep(path: Path, share: float) -> Path:
        whole = path.read_bytes()
        kept = tmp_path / f"cut{path.suffix}"
        kept.write_bytes(whole[: int(len(whole) * share)])
        return kept

    return keep


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a shell script that answers to ``-version`` and otherwise does what it is told."""

    def write(body: str) -> str:
        path = tmp_path / "fake-ffmpeg"
        version = 'case "$*" in *-version*) echo "ffmpeg version 0-fake"; exit 0;; esac\n'
        path.write_text(f"#!/bin/sh\n{version}{body}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def meddler(tmp_path: Path, ffmpeg: Ffmpeg) -> Callable[[str], Ffmpeg]:
    """The real ffmpeg behind a program that changes the list ``a`` of its arguments first."""

    def write(change: str) -> Ffmpeg:
        path = tmp_path / "meddler"
        path.write_text(
            f"#!{sys.executable} -IS\nimport os, sys\na = sys.argv[1:]\n"
            f"if '+faststart' in a:\n    {change}\n"
            f"os.execv({ffmpeg.path!r}, ['ffmpeg', *a])\n"
        )
        path.chmod(0o755)
        return find_ffmpeg(str(path))

    return write
