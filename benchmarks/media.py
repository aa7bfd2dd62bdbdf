"""Films and sound as platforms deliver them, made once and kept."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.measuring import CACHE
from catchment._media.tool import find_ffmpeg

_STEP_S = 10
_MOST = 10
_SOUND_S = 7.5


def ffmpeg() -> str:
    """The ffmpeg that Catchment itself would use; the chain gets the same."""
    return find_ffmpeg(None).path


def make_films(count: int, seconds: int) -> list[Path]:
    """*count* different films of 1280x720 at 25 frames and about 1.3 Mbit/s, with stereo AAC.

    Ten minutes are about 98 MB.  All are cut from one film, a few seconds apart, so that no two
    have the same packets in the same places and nothing can be stored once for two of them.
    """
    whole = _make_whole(seconds + _STEP_S * _MOST)
    assert count <= _MOST
    films = []
    for number in range(count):
        film = CACHE / f"film-{seconds}-{number}.mp4"
        cut = ["-ss", str(number * _STEP_S), "-i", f"file:{whole}", "-t", str(seconds)]
        _make(film, [*cut, "-c", "copy", "-movflags", "+faststart"])
        films.append(film)
    return films


def make_long_film(size_bytes: int) -> Path:
    """One film of about *size_bytes*."""
    (film,) = make_films(1, 600)
    times = -(-size_bytes // film.stat().st_size)
    long = CACHE / f"long-{times}.mp4"
    looped = ["-stream_loop", str(times - 1), "-i", f"file:{film}"]
    _make(long, [*looped, "-c", "copy", "-movflags", "+faststart"])
    return long


def make_sounds(count: int) -> list[Path]:
    """*count* different M4A files of about 60 KB, the size of a short call's part."""
    base = CACHE / "sound.m4a"
    tone = ["-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:sample_rate=32000"]
    _make(base, [*tone, "-t", str(_SOUND_S), "-c:a", "aac", "-b:a", "64k"])
    folder = CACHE / "sounds"
    folder.mkdir(exist_ok=True)
    data = base.read_bytes()
    sounds = [folder / f"{number}.m4a" for number in range(count)]
    for number, sound in enumerate(sounds):
        if not sound.exists():
            # A box that players skip: other bytes, the same sound, no second encoding.
            sound.write_bytes(data + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
    return sounds


def _make_whole(seconds: int) -> Path:
    whole = CACHE / f"whole-{seconds}.mp4"
    picture = f"testsrc2=size=1280x720:rate=25:duration={seconds},noise=alls=12:allf=t"
    sound = f"anoisesrc=color=pink:amplitude=0.3:sample_rate=48000:duration={seconds}"
    rate = ["-b:v", "1200k", "-minrate", "1200k", "-maxrate", "1200k", "-bufsize", "2400k"]
    _make(
        whole,
        [
            *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "125", *rate),
            *("-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "96k", "-ac", "2"),
        ],
    )
    return whole


def _make(target: Path, arguments: list[str]) -> None:
    if target.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"part-{target.name}")
    command = [ffmpeg(), "-nostdin", "-v", "error", "-y", *arguments, f"file:{part}"]
    subprocess.run(command, check=True)
    shutil.move(part, target)
