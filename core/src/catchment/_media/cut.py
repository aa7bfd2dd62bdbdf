"""Cuts stretches out of sound files and puts them after one another: the audio of one contact.

Plain samples are copied, exact to one sample and without a loss; what is not of plain samples, or
not of one shape, ffmpeg decodes, cuts between two samples, and encodes anew.  Between two stretches
there is silence as long as the time line says.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from catchment._media.mix import BITS_PER_CHANNEL, RATE_HZ, Piece, Streams, say_seconds
from catchment._media.sounds import Samples, build_head, read_samples
from catchment._media.tables import NOT_ORDINARY
from catchment._media.tool import Ffmpeg, file_url
from catchment._media.walk import walk, walk_limit
from catchment.errors import Corrupt, StorageUnavailable, Unconvertible
from catchment.model import Measured

_MOST_BYTES = 2**32 - 4096
"""What the sizes in a WAV can say, less what stands before the samples."""

_BLOCK_BYTES = 1024 * 1024
EXACT = timedelta(milliseconds=20)
"""What is copied is no further off than this."""

_ENCODED = timedelta(milliseconds=250)
"""AAC has whole frames, and what its decoders swallow at both ends is not always told."""

_ENCODE_FACTOR = 6
_MICROSECOND = timedelta(microseconds=1)


def find_shape(sources: Sequence[Path], pieces: Sequence[Piece]) -> Samples | None:
    """The shape that the samples of all *sources* have; ``None`` where they must be encoded anew.

    Raises:
        Unconvertible: A source is not there.
        StorageUnavailable: A source cannot be read.
    """
    found: Samples | None = None
    for source in sources:
        try:
            with _storing([source], source), source.open("rb", buffering=0) as file:
                samples = read_samples(file)
        except NOT_ORDINARY:
            return None
        if found is not None and samples.shape != found.shape:
            return None
        found = samples
    if found is None or _count(measure_pieces(pieces), found.rate) * found.width > _MOST_BYTES:
        return None
    return found


def measure_pieces(pieces: Sequence[Piece]) -> timedelta:
    """How long what *pieces* make plays."""
    return max(piece.at + piece.length for piece in pieces)


def cut(
    ffmpeg: Ffmpeg,
    sources: Sequence[Path],
    pieces: Sequence[Piece],
    path: Path,
    *,
    like: Samples | None,
    channels: int,
) -> Measured:
    """Write *pieces* of *sources* to *path*, which appears only when it is whole.

    Args:
        ffmpeg: The program.
        sources: The files.
        pieces: In order of their time, never two at once; their sides say nothing here.
        path: Where it goes: a WAV where *like* is given, else an MP4 of AAC.
        like: What :func:`find_shape` found; ``None`` encodes.
        channels: Of what is encoded: 1, or 2 for any more.

    Raises:
        Unconvertible: A source cannot be cut, or what was made is not as long as it must be.
        Transient: ffmpeg was killed or took too long.
        StorageUnavailable: There was no room.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        if like is not None:
            _copy(sources, pieces, part, like)
        else:
            _encode(ffmpeg, sources, pieces, part, channels)
        measured = _measure(ffmpeg, part, pieces, EXACT if like is not None else _ENCODED)
        with _storing(sources, part):
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):  # what is wrong with the disk was said before
            part.unlink()
    return measured


def _measure(ffmpeg: Ffmpeg, part: Path, pieces: Sequence[Piece], tolerance: timedelta) -> Measured:
    try:
        measured = walk(ffmpeg, part)
    except (Corrupt, FileNotFoundError) as error:
        raise Unconvertible(f"the contact's audio cannot be read: {error}") from error
    length, plays = measure_pieces(pieces), measured.duration or timedelta()
    if abs(plays - length) > tolerance:
        raise Unconvertible(
            f"the contact's audio plays {plays.total_seconds():.3f} s "
            f"instead of {length.total_seconds():.3f} s"
        )
    return measured


# --- copying samples -------------------------------------------------------------------------


def _count(length: timedelta, rate: int) -> int:
    """How many samples of one channel *length* has, to the nearest."""
    return ((length // _MICROSECOND) * rate + 500_000) // 1_000_000


def _copy(sources: Sequence[Path], pieces: Sequence[Piece], part: Path, like: Samples) -> None:
    with _storing(sources, part), ExitStack() as opened:
        inputs = [opened.enter_context(source.open("rb")) for source in sources]
        found = [read_samples(one) for one in inputs]
        target = opened.enter_context(part.open("wb"))
        size = _count(measure_pieces(pieces), like.rate) * like.width
        target.write(build_head(like, size))
        at = 0
        for piece in pieces:
            start = _count(piece.at, like.rate)
            end = _count(piece.at + piece.length, like.rate)
            _write_quiet(target, like, start - at)
            first = _count(piece.begins, like.rate)
            samples = found[piece.source]
            held = max(min(end - start, samples.count - first), 0)
            _copy_samples(inputs[piece.source], samples, first, held, target)
            _write_quiet(target, like, end - start - held)  # a hair that the file lacks at its end
            at = end
        target.write(b"\0" * (size % 2))


@contextmanager
def _storing(sources: Sequence[Path], path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Unconvertible("the archive lacks a recording that the contact is cut from") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        read = ", ".join(map(str, sources))
        raise StorageUnavailable(
            f"the audio of a contact of {read} cannot be written into {path.parent}: {why}",
            remedy="Free space in the buffer, and look whether the archive can be read.",
        ) from error


def _copy_samples(
    source: BinaryIO, samples: Samples, first: int, number: int, target: BinaryIO
) -> None:
    source.seek(samples.at + first * samples.width)
    left = number * samples.width
    while left:
        block = source.read(min(left, _BLOCK_BYTES))
        if not block:
            raise Unconvertible("a recording ended before its samples did while it was cut")
        target.write(block)
        left -= len(block)


def _write_quiet(target: BinaryIO, like: Samples, number: int) -> None:
    most = _BLOCK_BYTES // like.width
    while number > 0:
        some = min(number, most)
        target.write(like.quiet * some)
        number -= some


# --- encoding anew ---------------------------------------------------------------------------


def _encode(
    ffmpeg: Ffmpeg, sources: Sequence[Path], pieces: Sequence[Piece], part: Path, channels: int
) -> None:
    limit = sum((walk_limit(source) for source in sources), timedelta()) * _ENCODE_FACTOR
    report = ffmpeg.run(build_cut(sources, pieces, part, channels), time_limit=limit)
    if report.problems or report.exit_code != 0:
        why = report.problems[0] if report.problems else f"exit {report.exit_code}"
        raise Unconvertible(f"ffmpeg could not cut the contact's audio: {why}")


def build_cut(
    sources: Sequence[Path], pieces: Sequence[Piece], part: Path, channels: int
) -> list[str]:
    """The arguments of the ffmpeg process that writes *part*."""
    # Imported here: it pulls in much, and most commands never touch media.
    import ffmpeg as graph

    channels = min(channels, 2)
    streams = Streams([sources[piece.source] for piece in pieces])
    ends = [after.at for _, after in pairwise(pieces)] + [measure_pieces(pieces)]
    placed = []
    for piece, end in zip(pieces, ends, strict=True):
        number = _count(end, RATE_HZ) - _count(piece.at, RATE_HZ)
        stream = streams.take(sources[piece.source])
        placed.append(_fill(stream, piece, number, channels))
    options: dict[str, Any] = {
        "acodec": "aac",
        "ar": RATE_HZ,
        "ac": channels,
        "audio_bitrate": BITS_PER_CHANNEL * channels,
        "f": "mp4",
        "movflags": "+faststart",  # replay starts before everything is loaded
        "fflags": "+bitexact",  # no version in the bytes: made twice, they are the same
        "flags:a": "+bitexact",
    }
    joined = graph.concat(*placed, v=0, a=1) if len(placed) > 1 else placed[0]
    output = graph.output(joined, file_url(part), **options)
    return [str(word) for word in output.compile(overwrite_output=True)[1:]]


def _fill(stream: Any, piece: Piece, number: int, channels: int) -> Any:
    """*piece*, and silence after it, up to *number* samples: where the next one begins."""
    begins, length = say_seconds(piece.begins), say_seconds(piece.length)
    stream = stream.filter("atrim", start=begins, duration=length)
    stream = stream.filter("asetpts", "PTS-STARTPTS")
    stream = stream.filter("aresample", RATE_HZ)
    stream = stream.filter("aformat", channel_layouts="mono" if channels == 1 else "stereo")
    stream = stream.filter("apad", whole_len=number)
    return stream.filter("atrim", end_sample=number)
