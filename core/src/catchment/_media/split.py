"""Makes audio and voiceless video of a recording, without touching a single packet.

Nothing is encoded again: the renditions hold the very packets of the original, and that is what is
asserted afterwards.  Those of an ordinary MP4 are copied by :mod:`catchment._media.tracks`.  For
any other source one ffmpeg process writes both, and is its own witness: it lists the packets of the
source while it writes and those of the renditions when it reads them back, which takes ten times as
long and names what is wrong.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from catchment._media.tables import NOT_ORDINARY, Movie, Tables
from catchment._media.tool import Ffmpeg, file_url
from catchment._media.tracks import plan_tracks, read_tracks, write_plan
from catchment._media.walk import INPUT, Stream, Tally, walk_limit, walk_streams
from catchment.errors import Corrupt, StorageUnavailable, Unconvertible
from catchment.model import Kind, Measured

AUDIO = "audio@2"
VOICELESS = "voiceless@2"
RECIPES = {
    AUDIO: "all audio streams as they are, in MP4, index first",
    VOICELESS: "all video streams as they are, without any sound, in MP4, index first",
}
"""What renditions can be made, by name and version as the manifest says it.

A version goes up when the bytes that a recipe makes change; what an older one made stays.
"""

_CONTAINERS = ("mp4", "m4v", "mov")
_TOLERANCE = timedelta(milliseconds=100)
_LIMIT_FACTOR = 3  # reading once, writing twice because the index goes first


@dataclass(frozen=True, slots=True)
class Split:
    """What was made; ``None`` where the source had nothing of the sort."""

    audio: Measured | None
    video: Measured | None


def plan_renditions(kind: Kind, form: str, measured: Measured) -> tuple[str, ...]:
    """Name the recipes that *one original* needs: both for a film with sound, else none."""
    film = kind in ("video", "screen") and form.lower() in _CONTAINERS
    return (AUDIO, VOICELESS) if film and measured.audio and measured.video else ()


def split(
    ffmpeg: Ffmpeg,
    source: Path,
    audio_path: Path,
    video_path: Path,
    measured: Measured,
    on_progress: Callable[[float], None] | None = None,
) -> Split:
    """Write the sound of *source* to *audio_path* and its pictures to *video_path*.

    Both appear under their names only when everything was asserted: the voiceless video has no
    audio stream, channels and picture sizes are kept, durations agree, no packet is missing or
    changed, and both are in step.  The same source and the same ffmpeg give the same bytes; of an
    ordinary source every ffmpeg does.

    Args:
        ffmpeg: The program.
        source: A verified original.
        audio_path: Not written if the source has no audio.
        video_path: Not written if the source has no video.
        measured: What :func:`~catchment._media.walk.walk` said of the source.
        on_progress: Gets the share done so far, from 0 to 1.

    Raises:
        Unconvertible: The source is gone, ffmpeg failed, or what it made is not what was asked for.
        Transient: ffmpeg was killed or took too long.
        StorageUnavailable: There was no room.
    """
    wanted = {
        media: path
        for media, path, present in (
            ("audio", audio_path, measured.audio),
            ("video", video_path, measured.video),
        )
        if present
    }
    if not wanted:
        raise Unconvertible("there is neither audio nor video to be split")
    parts = {media: path.with_name(f"{path.name}.part") for media, path in wanted.items()}
    tell = _build_teller(measured, on_progress)
    try:
        made = _copy(source, parts, measured, tell)
        if made is None:
            origin = _write(ffmpeg, source, parts, measured, tell)
            made = {media: _read_back(ffmpeg, part, media, origin) for media, part in parts.items()}
        for media, part in parts.items():
            _finish(part, wanted[media])
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    if on_progress:
        on_progress(1.0)
    return Split(audio=made.get("audio"), video=made.get("video"))


def build_split(source: Path, parts: dict[str, Path]) -> list[str]:
    """The arguments of one ffmpeg process that writes *parts* and lists the source's packets."""
    # Imported here: it pulls in much, and most commands never touch media.
    import ffmpeg as graph

    chosen = {"audio": "a", "video": "V"}  # V: films, not cover pictures
    whole = graph.input(file_url(source), **INPUT)
    options: dict[str, Any] = {
        "c": "copy",
        "f": "mp4",
        "movflags": "+faststart",  # replay starts before everything is loaded
        "fflags": "+bitexact",  # no version in the bytes: made twice, they are the same
        "map_chapters": -1,  # chapters would come back as a data stream
    }
    outputs = [
        graph.output(whole[chosen[media]], file_url(part), **options)
        for media, part in parts.items()
    ]
    witnessed = [whole[chosen[media]] for media in parts]
    outputs.append(graph.output(*witnessed, "pipe:1", c="copy", f="framecrc", flush_packets=0))
    return [str(word) for word in graph.merge_outputs(*outputs).compile(overwrite_output=True)[1:]]


def _build_teller(
    measured: Measured, on_progress: Callable[[float], None] | None
) -> Callable[[timedelta], None]:
    """Turn how far ffmpeg came into the share that is done, which never goes back."""
    total = measured.duration or timedelta(seconds=1)
    shown = timedelta()

    def tell(at: timedelta) -> None:
        nonlocal shown
        if on_progress and at > shown:
            shown = at
            on_progress(min(0.99, shown / total))

    return tell


# --- what is ordinary ------------------------------------------------------------------------


def _copy(
    source: Path, parts: dict[str, Path], measured: Measured, tell: Callable[[timedelta], None]
) -> dict[str, Measured] | None:
    """Write *parts* packet for packet; ``None`` where the source is not ordinary."""
    try:
        with _storing(source, parts), source.open("rb", buffering=0) as file:
            movie = read_tracks(file)
            if not _is_whole(movie, measured):
                return None
            return _copy_tracks(file, movie, parts, measured, tell)
    except NOT_ORDINARY:
        return None


def _copy_tracks(
    source: BinaryIO,
    movie: Movie,
    parts: dict[str, Path],
    measured: Measured,
    tell: Callable[[timedelta], None],
) -> dict[str, Measured] | None:
    plans = {
        media: plan_tracks(movie, [one for one in movie.tracks if one.media == media])
        for media in parts
    }
    size = sum(plan.size_bytes for plan in plans.values())
    length, copied = _measure(movie.tracks), 0

    def on_bytes(more: int) -> None:
        nonlocal copied
        copied += more
        tell(length * copied / size)

    made: dict[str, Measured] = {}
    for media, part in parts.items():
        tracks = write_plan(plans[media], source, part, on_bytes)
        if tracks is None:
            return None
        made[media] = Measured(
            format=measured.format,
            duration=_measure(tracks),
            audio=measured.audio if media == "audio" else (),
            video=measured.video if media == "video" else (),
        )
    return made


def _is_whole(movie: Movie, measured: Measured) -> bool:
    """Whether the index speaks of what was read when the source was verified."""
    found = [tables.media for tables in movie.tracks]
    counts = (found.count("audio"), found.count("video"))
    if not found or counts != (len(measured.audio), len(measured.video)):
        return False
    return abs(_measure(movie.tracks) - (measured.duration or timedelta())) <= _TOLERANCE


def _measure(tracks: Sequence[Tables]) -> timedelta:
    """From the first moment that any of *tracks* plays to the last."""
    length = max(one.ends for one in tracks) - min(one.begins for one in tracks)
    return timedelta(seconds=float(length))


@contextlib.contextmanager
def _storing(source: Path, parts: dict[str, Path]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Unconvertible("the archive lacks the recording that is to be split") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        folder = next(iter(parts.values())).parent
        raise StorageUnavailable(
            f"audio and voiceless video of {source} cannot be written into {folder}: {why}",
            remedy="Free space in the buffer, and look whether the archive can be read.",
        ) from error


# --- proved by ffmpeg ----------------------------------------------------------------------------


def _write(
    ffmpeg: Ffmpeg,
    source: Path,
    parts: dict[str, Path],
    measured: Measured,
    tell: Callable[[timedelta], None],
) -> Tally:
    tally = Tally()

    def on_line(line: str) -> None:
        tally.read_line(line)
        tell(tally.at)

    limit = walk_limit(source) * _LIMIT_FACTOR
    report = ffmpeg.read(build_split(source, parts), time_limit=limit, on_line=on_line)
    if report.problems:
        raise Unconvertible(f"ffmpeg could not split the recording: {report.problems[0]}")
    if report.exit_code != 0:
        raise Unconvertible(f"ffmpeg could not split the recording (exit {report.exit_code})")
    _assert_whole(tally.measured(measured.format), measured)
    return tally


def _assert_whole(read: Measured, measured: Measured) -> None:
    """What was split must be all of the source, not only what ffmpeg happened to read of it."""
    if (read.audio, read.video) != (measured.audio, measured.video):
        raise Unconvertible("ffmpeg did not split all streams of the recording")
    short = (measured.duration or timedelta()) - (read.duration or timedelta())
    if abs(short) > _TOLERANCE:
        raise Unconvertible(f"ffmpeg left out {short.total_seconds():.2f} s of the recording")


def _read_back(ffmpeg: Ffmpeg, part: Path, media: str, origin: Tally) -> Measured:
    """Read a rendition as anybody else would, and compare it with what it was made from."""
    if not part.exists():
        raise Unconvertible(f"ffmpeg wrote no {media} rendition")
    try:
        measured, tally = walk_streams(ffmpeg, part)
    except Corrupt as error:
        raise Unconvertible(f"the {media} rendition cannot be read: {error}") from error
    other = "video" if media == "audio" else "audio"
    if tally.of(other):
        raise Unconvertible(f"the {media} rendition holds a stream of {other}")
    before, after = origin.of(media), tally.of(media)
    if len(before) != len(after):
        raise Unconvertible(
            f"the {media} rendition has {len(after)} streams instead of {len(before)}"
        )
    for one, other_one in zip(before, after, strict=True):
        _assert_same(media, one, other_one)
        _assert_in_step(media, one, other_one, tally.begins)
    return measured


def _assert_same(media: str, before: Stream, after: Stream) -> None:
    if (before.channels, before.size) != (after.channels, after.size):
        raise Unconvertible(f"the {media} rendition has other channels or another picture size")
    if abs(before.span - after.span) > max(_TOLERANCE, before.frame):
        raise Unconvertible(
            f"the {media} rendition plays {after.span.total_seconds():.2f} s "
            f"instead of {before.span.total_seconds():.2f} s"
        )
    same = before.size_bytes == after.size_bytes
    if not before.codec.startswith("pcm_"):  # raw samples have no packets of their own
        same = same and (before.packets, before.digest) == (after.packets, after.digest)
    if not same:
        raise Unconvertible(f"the {media} rendition does not hold the packets of the original")


def _assert_in_step(media: str, before: Stream, after: Stream, begins: timedelta) -> None:
    """Sound that sets in late must set in late in its rendition too."""
    drift = after.seconds(after.start) + begins - before.seconds(before.start)
    if abs(drift) > max(_TOLERANCE, before.frame):
        raise Unconvertible(f"the {media} rendition is {drift.total_seconds():.2f} s out of step")


def _finish(part: Path, path: Path) -> None:
    """Give a rendition its name, when its bytes are on disk."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(path)
    with contextlib.suppress(PermissionError):  # Windows opens no directories
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
