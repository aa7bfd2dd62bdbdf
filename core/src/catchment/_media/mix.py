"""Puts several sound files on one time line: one audio that plays a whole call.

Unlike a rendition of one film this is encoded anew, because voices that were recorded apart are
heard together only after they were added up.  The originals stay beside it, untouched.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from catchment._media.tool import Ffmpeg, file_url
from catchment._media.walk import INPUT, walk, walk_limit
from catchment.errors import Corrupt, Unconvertible
from catchment.model import Measured

RATE_HZ = 16_000
"""Wide-band telephony; no platform records calls in more."""

BITS_PER_CHANNEL = 32_000
_TOLERANCE = timedelta(milliseconds=250)
_ENCODE_FACTOR = 6

Side = Literal["both", "left", "right"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one input and its place on the common time line.

    Attributes:
        source: Which input, counted from 0.
        begins: Where it begins inside the input.
        length: How long it is.
        at: Where it begins on the time line.
        side: On which channel it is heard.
    """

    source: int
    begins: timedelta
    length: timedelta
    at: timedelta
    side: Side = "both"


def mix(ffmpeg: Ffmpeg, sources: Sequence[Path], pieces: Sequence[Piece], path: Path) -> Measured:
    """Write *pieces* of *sources* to *path*, which appears only when it is whole.

    Where several are heard at once each is made quieter by their number, so that nothing is
    clipped.  Two channels if any piece has a side, else one.

    Raises:
        Unconvertible: ffmpeg failed, or what it made is not as long as the time line.
        Transient: ffmpeg was killed or took too long.
        StorageUnavailable: There was no room.
    """
    part = path.with_name(f"{path.name}.part")
    limit = sum((walk_limit(source) for source in sources), timedelta()) * _ENCODE_FACTOR
    try:
        report = ffmpeg.run(build_mix(sources, pieces, part), time_limit=limit)
        if report.problems or report.exit_code != 0:
            why = report.problems[0] if report.problems else f"exit {report.exit_code}"
            raise Unconvertible(f"ffmpeg could not put the call together: {why}")
        measured = _measure(ffmpeg, part, pieces)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return measured


def _measure(ffmpeg: Ffmpeg, part: Path, pieces: Sequence[Piece]) -> Measured:
    try:
        measured = walk(ffmpeg, part)
    except (Corrupt, FileNotFoundError) as error:
        raise Unconvertible(f"what was put together cannot be read: {error}") from error
    length = max(piece.at + piece.length for piece in pieces)
    if abs((measured.duration or timedelta()) - length) > _TOLERANCE:
        told = (measured.duration or timedelta()).total_seconds()
        raise Unconvertible(
            f"the call put together plays {told:.2f} s instead of {length.total_seconds():.2f} s"
        )
    return measured


def build_mix(sources: Sequence[Path], pieces: Sequence[Piece], part: Path) -> list[str]:
    """The arguments of the ffmpeg process that writes *part*."""
    # Imported here: it pulls in much, and most commands never touch media.
    import ffmpeg as graph

    sides: tuple[Side, ...] = (
        ("left", "right") if any(p.side != "both" for p in pieces) else ("both",)
    )
    heard = [(side, piece) for side in sides for piece in pieces if _is_heard(piece, side)]
    streams = Streams([sources[piece.source] for _, piece in heard])
    volume = 1 / count_together(pieces)
    length = say_seconds(max(piece.at + piece.length for piece in pieces))
    channels = []
    for side in sides:
        placed = []
        for on, piece in heard:
            if on == side:
                placed.append(_place(streams.take(sources[piece.source]), piece, volume))
        one = graph.filter(placed, "amix", inputs=len(placed), duration="longest", normalize=0)
        channels.append(one.filter("apad", whole_dur=length))
    options: dict[str, Any] = {
        "acodec": "aac",
        "ar": RATE_HZ,
        "audio_bitrate": BITS_PER_CHANNEL * len(sides),
        "f": "mp4",
        "movflags": "+faststart",  # replay starts before everything is loaded
        "fflags": "+bitexact",  # no version in the bytes: made twice, they are the same
        "flags:a": "+bitexact",
    }
    mixed = channels[0] if len(sides) == 1 else graph.filter(channels, "amerge", inputs=2)
    output = graph.output(mixed, file_url(part), **options)
    return [str(word) for word in output.compile(overwrite_output=True)[1:]]


class Streams:
    """The sound of files, once for each use of it in a graph of ffmpeg.

    Two recordings may have the same bytes, and are one file then: it is one input.

    Args:
        uses: Each file as often as it is used.
    """

    def __init__(self, uses: Iterable[Path]) -> None:
        import ffmpeg as graph

        self._left = Counter(uses)
        self._copies = {
            source: graph.input(file_url(source), **INPUT).audio.filter_multi_output("asplit", n)
            for source, n in self._left.items()
        }

    def take(self, source: Path) -> Any:
        """The sound of *source*, for one use."""
        self._left[source] -= 1
        return self._copies[source].stream(self._left[source])


def _is_heard(piece: Piece, side: Side) -> bool:
    return "both" in (piece.side, side) or piece.side == side


def _place(stream: Any, piece: Piece, volume: float) -> Any:
    begins, length = say_seconds(piece.begins), say_seconds(piece.length)
    stream = stream.filter("atrim", start=begins, duration=length)
    stream = stream.filter("asetpts", "PTS-STARTPTS")
    stream = stream.filter("aresample", RATE_HZ)
    stream = stream.filter("aformat", channel_layouts="mono")
    if volume < 1:
        stream = stream.filter("volume", f"{volume:.4f}")
    if piece.at:
        stream = stream.filter("adelay", str(round(piece.at / timedelta(milliseconds=1))), all=1)
    return stream


def say_seconds(length: timedelta) -> str:
    """A length as ffmpeg takes it."""
    return f"{length.total_seconds():.6f}"


def count_together(pieces: Sequence[Piece]) -> int:
    """How many of *pieces* are at most heard at once on one channel; at least 1."""
    most = 1
    sides: tuple[Side, ...] = ("left", "right")
    for side in sides:
        heard = [piece for piece in pieces if _is_heard(piece, side)]
        # The number grows only where a piece begins.
        for one in heard:
            together = sum(p.at <= one.at < p.at + p.length for p in heard)
            most = max(most, together)
    return most
