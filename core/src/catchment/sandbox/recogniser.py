"""Hears which second of which take is where in a media file."""

from __future__ import annotations

import math
import os
import subprocess
from array import array
from functools import lru_cache

from catchment.errors import Corrupt
from catchment.sandbox.palette import HIGH, LOW, find_ffmpeg

__all__ = ["read_symbols"]

RATE = 8000
LISTENED = 1600
"""Samples listened to in the middle of each second: long enough to tell the tones apart."""

NONE_OF_OURS = -1


def read_symbols(
    path: str | os.PathLike[str], ffmpeg: str | None = None, channel: int = 0
) -> list[int]:
    """What is heard in *path*, one symbol for each whole second; -1 where it is none of ours.

    Args:
        path: Any file with sound that ffmpeg can decode.
        ffmpeg: Which ffmpeg; the one of ``find_ffmpeg``, if left out.
        channel: Which channel to listen to; 0 is the left one.  The right one of a two-channel
            take carries ``(symbol + 21) % 64``.

    Raises:
        Corrupt: ffmpeg cannot decode the file, or finds errors in it.
    """
    command = [ffmpeg or find_ffmpeg(), "-v", "error", "-xerror", "-nostdin"]
    command += ["-i", f"file:{os.fspath(path)}", "-map", "0:a:0", "-af", f"pan=mono|c0=c{channel}"]
    command += ["-ar", str(RATE), "-f", "s16le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    if done.returncode or done.stderr:
        words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Corrupt(f"{os.path.basename(path)} does not decode cleanly: {''.join(words)}")
    sound = array("h", done.stdout[: len(done.stdout) // 2 * 2])
    # the last second of a compressed file may lack some milliseconds
    count = (len(sound) + RATE // 10) // RATE
    return [_listen(sound, second * RATE + (RATE - LISTENED) // 2) for second in range(count)]


def _listen(sound: array[int], start: int) -> int:
    part = sound[start : start + LISTENED]
    low, high = _loudest(part, LOW), _loudest(part, HIGH)
    return NONE_OF_OURS if low is None or high is None else low + 8 * high


def _loudest(part: array[int], tones: tuple[float, ...]) -> int | None:
    """Which tone stands out; ``None`` when none does."""
    powers = [_power(part, tone) for tone in tones]
    first, second = sorted(powers, reverse=True)[:2]
    floor = (500 * len(part) / 2) ** 2
    return powers.index(first) if first > floor and first > 9 * second else None


def _power(part: array[int], tone: float) -> float:
    """How much of *tone* is in *part* (Goertzel)."""
    turn = _turn(tone)
    before = last = 0.0
    for sample in part:
        before, last = last, sample + turn * last - before
    return before * before + last * last - turn * before * last


@lru_cache(maxsize=32)
def _turn(tone: float) -> float:
    return 2 * math.cos(2 * math.pi * tone / RATE)
