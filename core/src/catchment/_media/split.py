"""Makes audio and voiceless video of a recording, without touching a single packet.

Nothing is encoded again: the renditions hold the very packets of the original, and that is what is
asserted afterwards.  One ffmpeg process writes both.  The indexes of original and renditions then
show, by every packet's size and bytes, that nothing is missing or changed.  Where they cannot show
it, it is done again with ffmpeg as the witness: it lists the packets of the source while it writes
and those of the renditions when it reads them back, which takes three times as long and names what
is wrong.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from catchment._media.boxes import check_boxes
from catchment._media.index import Track, read_index
from catchment._media.tool import Ffmpeg, Report, file_url
from catchment._media.walk import INPUT, Stream, Tally, walk_limit, walk_streams
from catchment.errors import Corrupt, Unconvertible
from catchment.model import Kind, Measured

AUDIO = "audio@1"
VOICELESS = "voiceless@1"
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
    changed, and both are in step.  The same source and the same ffmpeg give the same bytes.

    Args:
        ffmpeg: The program.
        source: A verified original.
        audio_path: Not written if the source has no audio.
        video_path: Not written if the source has no video.
        measured: What :func:`~catchment._media.walk.walk` said of the source.
        on_progress: Gets the share done so far, from 0 to 1.

    Raises:
        Unconvertible: ffmpeg failed, or what it made is not what was asked for.
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
        made = _copy(ffmpeg, source, parts, measured, tell)
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


def build_split(source: Path, parts: dict[str, Path], *, witness: bool = True) -> list[str]:
    """The arguments of one ffmpeg process that writes *parts*.

    With ``witness`` it also lists the packets of the source.
    """
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
    if witness:
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


# --- proved by the indexes -----------------------------------------------------------------------


def _copy(
    ffmpeg: Ffmpeg,
    source: Path,
    parts: dict[str, Path],
    measured: Measured,
    tell: Callable[[timedelta], None],
) -> dict[str, Measured] | None:
    """Write *parts* and prove by the indexes what they are; ``None`` where these cannot."""
    origin = read_index(source)
    if origin is None or not _is_whole(origin, measured):
        return None
    report = ffmpeg.run(
        build_split(source, parts, witness=False),
        time_limit=walk_limit(source) * _LIMIT_FACTOR,
        on_progress=lambda seconds: tell(timedelta(seconds=seconds)),
    )
    _refuse_failure(report)
    made: dict[str, Measured] = {}
    for media, part in parts.items():
        tracks = _read_made(part)
        before = [track for track in origin if track.media == media]
        if len(tracks) != len(before) or not all(map(_is_same, before, tracks)):
            return None
        made[media] = Measured(
            format=measured.format,
            duration=_measure(tracks),
            audio=measured.audio if media == "audio" else (),
            video=measured.video if media == "video" else (),
        )
    return made


def _is_whole(origin: list[Track], measured: Measured) -> bool:
    """Whether the index speaks of what ffmpeg read when the source was verified."""
    found = [track.media for track in origin]
    counts = (found.count("audio"), found.count("video"))
    if not origin or counts != (len(measured.audio), len(measured.video)):
        return False
    return abs(_measure(origin) - (measured.duration or timedelta())) <= _TOLERANCE


def _read_made(part: Path) -> list[Track]:
    """The tracks of a rendition; none where it is not whole."""
    try:
        check_boxes(part)
        return read_index(part) or []
    except (Corrupt, FileNotFoundError):
        return []


def _is_same(before: Track, after: Track) -> bool:
    leeway = max(Fraction(_TOLERANCE / timedelta(seconds=1)), before.frame)
    return (
        (before.media, before.codec, before.packets, before.digest)
        == (after.media, after.codec, after.packets, after.digest)
        and abs(before.plays - after.plays) <= leeway
        and abs(before.begins - after.begins) <= leeway
    )


def _measure(tracks: list[Track]) -> timedelta:
    """From the first moment that any of *tracks* plays to the last."""
    begins = min(track.begins for track in tracks)
    return timedelta(seconds=float(max(track.begins + track.plays for track in tracks) - begins))


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
    _refuse_failure(report)
    _assert_whole(tally.measured(measured.format), measured)
    return tally


def _refuse_failure(report: Report) -> None:
    if report.problems:
        raise Unconvertible(f"ffmpeg could not split the recording: {report.problems[0]}")
    if report.exit_code != 0:
        raise Unconvertible(f"ffmpeg could not split the recording (exit {report.exit_code})")


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
