"""What is made of an archived original: a job of its own, so that it never downloads again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from catchment import _crash
from catchment._archive.hashes import Digests, read_digests
from catchment._catalogue import jobs, sightings
from catchment._catalogue.files import KnownFile, interaction_of, read_file
from catchment._catalogue.outcomes import add_rendition, drop_parked_renditions
from catchment._catalogue.recordings import settle_recording
from catchment._engine.work import Work, staging
from catchment._media.split import AUDIO, VOICELESS, plan_renditions, split
from catchment.model import Measured


def derive(work: Work) -> None:
    """Make audio and voiceless video of one archived film, and archive them."""
    with work.app.database.read() as connection:
        known = read_file(connection, int(work.job.key))
        num = interaction_of(connection, int(work.job.key))
    made: list[Rendition] = []
    with staging(work, "audio.m4a", "voiceless.mp4") as (audio, video):
        if known is not None and known.state == "archived":
            made = _make(work, known, audio, video)
        _crash.point("derive.made")
        for rendition in made:
            work.app.archive.put_media(rendition.path, rendition.digests.sha256)
    with work.app.database.write(work.source.id) as connection:
        now = work.now
        for rendition in made:
            assert known is not None
            add_rendition(
                work.app.database,
                connection,
                known,
                recipe=rendition.recipe,
                kind=rendition.kind,
                form=rendition.form,
                sha256=rendition.digests.sha256,
                sha512=rendition.digests.sha512,
                size_bytes=rendition.digests.size_bytes,
                measured=rendition.measured,
                now=now,
            )
        if known is not None:
            drop_parked_renditions(connection, known)
            # A rendition that was parked is made now, and parks its recording no longer.
            settle_recording(connection, known.recording_id, now)
        if num is not None:
            sightings.want_mapping(work.app.database, connection, work.source.id, [num], now)
        jobs.finish(connection, work.job, now)
    if made:
        work.app.tell("file.derived", source=work.source.name, file=known and known.file_id)


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition in the buffer, hashed."""

    recipe: str
    kind: Literal["audio", "video"]
    form: str
    path: Path
    measured: Measured
    digests: Digests


def _make(work: Work, known: KnownFile, audio: Path, video: Path) -> list[Rendition]:
    if not known.sha256 or known.measured is None:
        return []
    if not plan_renditions(known.described.kind, known.form, known.measured):
        return []
    source = work.app.archive.path_of(known.sha256)
    done = split(
        work.app.ffmpeg,
        source,
        audio,
        video,
        known.measured,
        lambda share: work.app.tell("derive.progress", file=known.id, share=share),
    )
    made = []
    if done.audio is not None:
        made.append(Rendition(AUDIO, "audio", "m4a", audio, done.audio, read_digests(audio)))
    if done.video is not None:
        digests = read_digests(video)
        made.append(Rendition(VOICELESS, "video", "mp4", video, done.video, digests))
    return made
