"""The 64 seconds of which every recording is made, encoded once and kept.

A symbol is a pair of tones out of eight low and eight high ones.  Every tone fits a whole number of
times into one AAC frame, so frames of one symbol are interchangeable and joining them leaves a
steady tone.  A few ffmpeg processes make all of it in a moment, when it is first needed; later
processes read it from a cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
import shutil
import struct
import subprocess
import tempfile
from array import array
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Literal

from catchment.errors import ToolMissing

SYMBOLS = 64
RATE = 16_000
FRAME = {"aac": 1024, "mp3": 576}
SPAN = 4 * 9216
"""Samples encoded of each symbol: a whole number of frames of either codec."""
WIDTH, HEIGHT, FPS = 160, 90, 5
LOW = tuple(RATE / 1024 * step for step in range(28, 60, 4))
HIGH = tuple(RATE / 1024 * step for step in range(72, 120, 6))
LOUDNESS = 7000
MP3_BITRATE = 32_000
STEADY = {"aac": slice(8, 26), "mp3": slice(16, 46)}
"""Of the frames encoded of a symbol, some in which nothing is left of its neighbours."""

Tiles = tuple[tuple[bytes, ...], ...]
"""For each symbol, its encoded frames."""

RECIPES = {
    "aac": "-c:a aac -b:a 24k -aac_pns 0 -aac_tns 0 -f adts",
    "mp3": f"-c:a libmp3lame -b:a {MP3_BITRATE} -reservoir 0 -write_xing 0 -id3v2_version 0 -f mp3",
    "h264": "-c:v libx264 -preset veryfast -tune zerolatency -threads 1 -profile:v baseline "
    f"-g {FPS} -keyint_min {FPS} -sc_threshold 0 -crf 30 -f h264",
}


def other_side(symbol: int) -> int:
    """The symbol of the right channel while *symbol* is on the left."""
    return (symbol + 21) % SYMBOLS


def tones(symbol: int) -> tuple[float, float]:
    """The two frequencies of *symbol*, in Hz."""
    return LOW[symbol % 8], HIGH[symbol // 8]


@lru_cache(maxsize=SYMBOLS * 2)
def _pcm(symbol: int, rate: int) -> array[int]:
    """A stretch of the sound of *symbol* that may be repeated without a click, 16 bits a sample."""
    low, high = (2 * math.pi * tone / rate for tone in tones(symbol))
    wave = (LOUDNESS * (math.sin(low * n) + math.sin(high * n)) for n in range(1024))
    return array("h", (round(value) for value in wave))


def pcm(symbol: int, samples: int, rate: int) -> array[int]:
    """*samples* of the sound of *symbol*."""
    stretch = _pcm(symbol, rate)
    return (stretch * -(-samples // len(stretch)))[:samples]


@lru_cache(maxsize=SYMBOLS * 5)
def wav_second(symbol: int, channels: int, rate: int, silent: tuple[int, ...] = ()) -> bytes:
    """One second of PCM; the channels that are *silent* have samples of zero."""
    sound = array("h", interleave(symbol, channels, rate, rate))
    for channel in silent:
        if channel < channels:
            sound[channel::channels] = array("h", bytes(2 * rate))
    return sound.tobytes()


def interleave(symbol: int, channels: int, samples: int, rate: int) -> bytes:
    """*samples* of the sound of *symbol* in one or two channels, little-endian."""
    left = pcm(symbol, samples, rate)
    if channels == 1:
        return left.tobytes()
    both = array("h", bytes(4 * samples))
    both[0::2], both[1::2] = left, pcm(other_side(symbol), samples, rate)
    return both.tobytes()


# --- tiles -----------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def sound_tiles(codec: Literal["aac", "mp3"], channels: int) -> Tiles:
    """The frames of a second (and one or two more) of each symbol; MP3 frames with headers."""
    return _tiles(codec, channels)


@lru_cache(maxsize=1)
def picture_tiles() -> Tiles:
    """SPS and PPS, then the pictures of each symbol's second, all of it twice over.

    Twice, because pictures that begin a GOP must be told from the one before even when a symbol
    follows itself: even seconds use tile ``1 + 2 * symbol``, odd ones the tile after it.
    """
    return _tiles("h264", 1)


def _tiles(codec: str, channels: int) -> Tiles:
    ffmpeg = find_ffmpeg()
    recipe = repr((RECIPES[codec], LOW, HIGH, LOUDNESS, Path(ffmpeg).name, os.stat(ffmpeg).st_size))
    stamp = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    kept = _cache_folder() / f"{codec}-{channels}-{stamp}.tiles"
    tiles = _read_kept(kept)
    if tiles is None:
        tiles = _encode(ffmpeg, codec, channels)
        _keep(kept, tiles)
    return tiles


def _encode(ffmpeg: str, codec: str, channels: int) -> Tiles:
    if codec == "h264":
        shape = f"-f rawvideo -pix_fmt yuv420p -s {WIDTH}x{HEIGHT} -r {FPS}"
        raw = b"".join(_pictures(symbol) * 2 for symbol in range(SYMBOLS))
        return tuple(_split_h264(_run(ffmpeg, shape, raw, codec)))
    shape = f"-f s16le -ar {RATE} -ac {channels}"
    raw = b"".join(interleave(symbol, channels, SPAN, RATE) for symbol in range(SYMBOLS))
    coded = _run(ffmpeg, shape, raw, codec)
    frames = list(_split_adts(coded) if codec == "aac" else _split_mp3(coded))
    each, steady = (SPAN // FRAME[codec], STEADY[codec])
    return tuple(tuple(frames[symbol * each :][steady]) for symbol in range(SYMBOLS))


def _run(ffmpeg: str, shape: str, raw: bytes, codec: str) -> bytes:
    command = [
        ffmpeg,
        "-v",
        "error",
        *shape.split(),
        "-i",
        "pipe:0",
        *RECIPES[codec].split(),
        "pipe:1",
    ]
    done = subprocess.run(command, input=raw, capture_output=True, check=False)  # noqa: S603
    if done.returncode or not done.stdout:
        words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ToolMissing(
            f"ffmpeg could not encode the sandbox's {codec} seconds: {''.join(words)}",
            remedy="Install an ffmpeg with aac, libmp3lame and libx264.",
        )
    return done.stdout


def _pictures(symbol: int) -> bytes:
    """The pictures of one second: a grey for each half of the symbol, and a bar that moves on."""
    pictures = []
    for number in range(FPS):
        left, right = 40 + 24 * (symbol % 8), 40 + 24 * (symbol // 8)
        line = bytes([left]) * (WIDTH // 2) + bytes([right]) * (WIDTH // 2)
        bar = bytearray(line)
        bar[number * 32 : number * 32 + 32] = bytes([235]) * 32
        tint = bytes([96 + symbol]) * (WIDTH // 2 * HEIGHT // 2)
        pictures.append(line * (HEIGHT - 10) + bytes(bar) * 10 + tint + bytes(tint[::-1]))
    return b"".join(pictures)


# --- taking encoded streams apart ----------------------------------------------------------------


def _split_adts(stream: bytes) -> Iterator[bytes]:
    """AAC frames without their ADTS headers."""
    at = 0
    while at + 7 <= len(stream):
        length = (stream[at + 3] & 3) << 11 | stream[at + 4] << 3 | stream[at + 5] >> 5
        header = 7 if stream[at + 1] & 1 else 9
        yield stream[at + header : at + length]
        at += length


def _split_mp3(stream: bytes) -> Iterator[bytes]:
    """MP3 frames; at this rate and bit rate all have the same length."""
    length = 72 * MP3_BITRATE // RATE
    for at in range(0, len(stream) - length + 1, length):
        yield stream[at : at + length]


def _split_h264(stream: bytes) -> Iterator[tuple[bytes, ...]]:
    """First (SPS, PPS), then each GOP's pictures, every NAL unit behind its length."""
    units = [unit.rstrip(b"\0") for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")]
    by_type = [(unit[0] & 31, unit) for unit in units if unit]
    yield (
        next(unit for kind, unit in by_type if kind == 7),
        next(unit for kind, unit in by_type if kind == 8),
    )
    slices = [struct.pack(">I", len(unit)) + unit for kind, unit in by_type if kind in (1, 5)]
    for start in range(0, len(slices), FPS):
        yield tuple(slices[start : start + FPS])


# --- the cache -------------------------------------------------------------------------------


def find_ffmpeg() -> str:
    """The ffmpeg of ``CATCHMENT_FFMPEG``, of ``PATH``, or of the pip-installed binary.

    Raises:
        ToolMissing: There is none.
    """
    found = os.environ.get("CATCHMENT_FFMPEG") or shutil.which("ffmpeg")
    if found is None and importlib.util.find_spec("imageio_ffmpeg") is not None:
        import imageio_ffmpeg  # an extra

        found = str(imageio_ffmpeg.get_ffmpeg_exe())
    if found is None:
        raise ToolMissing(
            "the sandbox needs ffmpeg to make its recordings, and there is none",
            remedy="Install ffmpeg, or catchment[ffmpeg].",
        )
    return found


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(home).expanduser() / "catchment" / "sandbox"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass  # no home, or none of ours: what is temporary will do
    folder = Path(tempfile.gettempdir()) / f"catchment-sandbox-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _read_kept(kept: Path) -> Tiles | None:
    """What was kept; ``None`` when there is nothing, or not all of it, so that it is made anew."""
    try:
        head, _, body = kept.read_bytes().partition(b"\n")
        lengths = json.loads(head)
    except (FileNotFoundError, ValueError):
        return None
    tiles, at = [], 0
    for tile in lengths:
        ends = list(accumulate(tile, initial=at))
        tiles.append(tuple(body[start:end] for start, end in pairwise(ends)))
        at = ends[-1]
    return tuple(tiles) if at == len(body) else None


def _keep(kept: Path, tiles: Tiles) -> None:
    """Write *tiles* so that another process sees all of them or none."""
    head = json.dumps([[len(frame) for frame in tile] for tile in tiles]).encode()
    handle, name = tempfile.mkstemp(dir=kept.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(head + b"\n" + b"".join(frame for tile in tiles for frame in tile))
    os.replace(name, kept)
