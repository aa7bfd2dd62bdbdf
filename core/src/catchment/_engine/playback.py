"""One audio that plays a whole call, however many recordings the platform made of it.

Made of all archived sound files of an interaction, on the time line that they share: stretches
follow one another or sound together, and where nothing was recorded (paused, on hold, between two
recordings) there is silence, marked as such.  A recording that comes later has it made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from catchment import _crash
from catchment._archive.hashes import read_digests
from catchment._catalogue import interactions, jobs, outcomes, sightings
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.recordings import KnownRecording, list_recording_ids, read_recordings
from catchment._engine.application import Application
from catchment._engine.sounds import (
    find_sounds,
    list_gaps,
    list_offsets,
    read_line,
    tell_gaps,
)
from catchment._engine.work import Work, staging
from catchment._media.mix import Piece, Side, mix
from catchment._recipes import WHOLE_CALL
from catchment.model import Json, MediaFile, Timeline, Window

KINDS = ("call",)
"""Kinds of interactions that are listened to as one; a meeting's parts have pictures."""

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Playback:
    """How the audio of a call is put together.

    Attributes:
        files: The originals that it is made of, each once, in order of their time.
        pieces: What is heard when; ``source`` counts the files.
        window: From the first moment that was recorded to the last.
        gaps: When nothing was recorded.
        recipe: Names how and of what it is made: another of either has another name.
    """

    files: tuple[KnownFile, ...]
    pieces: tuple[Piece, ...]
    window: Window
    gaps: tuple[Window, ...]
    recipe: str


def plan_playback(
    kind: str, files: Sequence[KnownFile], began: Mapping[int, datetime]
) -> Playback | None:
    """How to put the sound *files* of an interaction together; ``None`` where nothing needs it.

    Args:
        kind: What the interaction is.
        files: All its files, versions of one file in rising order.
        began: When each recording began, by row id: the time line of files that tell none.
    """
    newest = find_sounds(files)
    lines = {name: read_line(file, began[file.recording_id]) for name, file in newest.items()}
    order = sorted(newest, key=lambda name: (lines[name][0].start, name[1], newest[name].sha256))
    if kind not in KINDS or len(order) < 2:
        return None
    stretches = sorted((w for name in order for w in lines[name]), key=lambda w: w.start)
    window = Window(stretches[0].start, max(stretch.end for stretch in stretches))
    if window.length > LONGEST:
        return None
    chosen = tuple(newest[name] for name in order)
    sides = _choose_sides(chosen)
    pieces = tuple(
        piece
        for number, name in enumerate(order)
        for piece in _cut(number, lines[name], window.start, sides[number])
    )
    told = repr([(file.sha256, lines[name]) for file, name in zip(chosen, order, strict=True)])
    digest = hashlib.sha256((told + repr(pieces)).encode()).hexdigest()[:16]
    return Playback(chosen, pieces, window, list_gaps(stretches), f"{WHOLE_CALL}:{digest}")


def _cut(number: int, line: Sequence[Window], zero: datetime, side: Side) -> list[Piece]:
    return [
        Piece(number, begins, stretch.length, stretch.start - zero, side)
        for begins, stretch in list_offsets(line)
    ]


def _choose_sides(files: Sequence[KnownFile]) -> list[Side]:
    """One voice on each side, where exactly two were recorded, each alone; else both on both."""
    voices = list(dict.fromkeys(file.described.of for file in files))
    alone = all(file.measured is not None and file.measured.audio == (1,) for file in files)
    if len(voices) != 2 or None in voices or not alone:
        return ["both"] * len(files)
    return ["left" if file.described.of == voices[0] else "right" for file in files]


# --- the job -----------------------------------------------------------------------------------


def read_plan(
    connection: Connection, num: int, kind: str
) -> tuple[Playback | None, dict[str, str]]:
    """How the sound of an interaction is to be put together, and the state of what was made."""
    ids = list_recording_ids(connection, num)
    files = list_files(connection, ids)
    began = {one.id: one.value.occurred_at for one in read_recordings(connection, ids)}
    made = {file.recipe: file.state for file in files if file.recipe}
    return plan_playback(kind, files, began), made


def lacks_audio(
    kind: str, recordings: Sequence[KnownRecording], files: Sequence[KnownFile]
) -> bool:
    """Whether the audio of a whole call is to be made and was neither made nor parked so far."""
    began = {one.id: one.value.occurred_at for one in recordings}
    plan = plan_playback(kind, files, began)
    return plan is not None and all(file.recipe != plan.recipe for file in files)


def make_playback(work: Work) -> None:
    """Put the sound of one call together and archive it; what was made of less is dropped."""
    app, num = work.app, int(work.job.key)
    with app.database.read() as connection:
        row = interactions.read(connection, num)
        plan, made = read_plan(connection, num, row.kind) if row else (None, {})
    if plan is None or made.get(plan.recipe) == "archived":
        with app.database.write(work.source.id) as connection:
            jobs.finish(connection, work.job, work.now)
        return
    sources = [app.archive.path_of(file.sha256 or "") for file in plan.files]
    with staging(work, "m4a") as (target,):
        measured = mix(app.ffmpeg, sources, plan.pieces, target)
        digests = read_digests(target)
        _crash.point("derive.made")
        app.archive.put_media(target, digests.sha256)
    with app.database.write(work.source.id) as connection:
        now = work.now
        jobs.hold(connection, work.job)
        whole = interactions.read(connection, num)
        if whole is not None and whole.num != num:
            jobs.finish(connection, work.job, now)  # joined meanwhile: this is half a call
            return
        of = sorted({file.recording_id for file in plan.files})
        outcomes.drop_renditions(connection, of, WHOLE_CALL)
        outcomes.add_rendition(
            app.database,
            connection,
            replace(plan.files[0], described=_describe(plan)),
            recipe=plan.recipe,
            kind="audio",
            form="m4a",
            sha256=digests.sha256,
            sha512=digests.sha512,
            size_bytes=digests.size_bytes,
            measured=measured,
            now=now,
            extra=_tell(plan),
        )
        sightings.want_mapping(app.database, connection, work.source.id, [num], now)
        jobs.finish(connection, work.job, now)
    app.tell("call.put_together", source=work.source.name, files=len(plan.files))


def park(
    app: Application, source_id: int, job: Job, reason: str, retry_at: datetime, reason_kind: str
) -> None:
    """Say beside the first recording that the call could not be put together, and why."""
    num = int(job.key)
    with app.database.write(source_id) as connection:
        now = app.now()
        jobs.hold(connection, job)
        row = interactions.read(connection, num)
        plan, _ = read_plan(connection, num, row.kind) if row else (None, {})
        if plan is not None:
            outcomes.park_rendition(
                app.database,
                connection,
                plan.files[0],
                plan.recipe,
                "audio",
                reason,
                now,
                retry_at,
                reason_kind,
            )
            jobs.want(app.database, connection, [NewJob("seal", job.key, source_id, now)])


def _describe(plan: Playback) -> MediaFile:
    """The audio of the whole call: nobody's own, over all of its time."""
    timeline = Timeline((plan.window,), certainty="declared")
    return MediaFile(plan.files[0].file_id, "audio", "m4a", timeline=timeline)


def _tell(plan: Playback) -> Json:
    """What a player shows beside the sound: of what it is made, and where nothing was recorded."""
    return {"made_of": [file.sha256 for file in plan.files], "gaps": tell_gaps(plan.gaps)}
