"""One audio per contact, cut from the recordings of its call at the agent's own times.

Made when its call is quiet, before it is sealed: earlier it would be made again with each file and
each activity that joins, and what nobody wants would lie in the archive.  Made again whenever the
mapping tells the contact otherwise.  What no contact needs any more is dropped in the same
transaction.  A contact that is all of one recording is that recording: its bytes are kept once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from catchment import _crash
from catchment._archive.hashes import Digests, read_digests
from catchment._catalogue import interactions, jobs, outcomes, sightings
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.recordings import (
    KnownRecording,
    list_recording_ids,
    read_recordings,
    settle_recording,
)
from catchment._engine.application import Application
from catchment._engine.contacts import ContactAudio, is_due, list_made, plan_contacts
from catchment._engine.sounds import tell_gaps
from catchment._engine.work import Work, staging
from catchment._media.cut import cut, find_shape
from catchment._media.talk import Talk, add_up, measure_talk
from catchment._plain import from_plain
from catchment._recipes import CONTACT
from catchment.errors import Unconvertible
from catchment.model import InteractionDraft, Json, Measured, MediaFile, Ref, Timeline

DONE = ("archived", "skipped")
"""States of a contact's audio in which nothing is left to be made: a person may do without it."""


@dataclass(frozen=True, slots=True)
class Made:
    """The audio of a contact, in the archive."""

    plan: ContactAudio
    form: str
    digests: Digests
    measured: Measured
    talk: Talk


def read_plans(
    connection: Connection, num: int
) -> tuple[tuple[ContactAudio, ...], list[KnownFile]]:
    """How the audio of an interaction's contacts is to be made, and all files that it has."""
    row = interactions.read(connection, num)
    if row is None or row.num != num or row.draft is None:
        return (), []  # what it was joined into has a job of its own
    ids = list_recording_ids(connection, num)
    files = list_files(connection, ids)
    draft = from_plain(InteractionDraft, row.draft)
    return plan_contacts(draft, read_recordings(connection, ids), files), files


def lacks_audio(
    draft: Mapping[str, Any], recordings: Sequence[KnownRecording], files: Sequence[KnownFile]
) -> bool:
    """Whether the audio of a contact is to be made, or there is some that nobody wants any more.

    What was parked is made as far as can be.
    """
    if not list_made(files) and not any(contact.get("heard") for contact in draft["contacts"]):
        return False  # as of every platform whose recordings are one agent's each
    return is_due(plan_contacts(from_plain(InteractionDraft, draft), recordings, files), files)


def make_contacts(work: Work) -> None:
    """Make the audio of each contact that has none yet, and archive it.

    Raises:
        Unconvertible: That of one contact cannot be made; the others are kept all the same.
    """
    app, num = work.app, int(work.job.key)
    with app.database.read() as connection:
        plans, files = read_plans(connection, num)
        sha512 = outcomes.read_sha512(connection, [file.sha256 for file in files if file.sha256])
        row = interactions.read(connection, num)
        interaction_id = row.interaction_id if row is not None else ""
    states = list_made(files)
    made: list[Made] = []
    failed: list[Unconvertible] = []
    for plan in plans:
        if states.get(plan.recipe) in DONE:
            continue
        try:
            made.append(_take(work, plan, sha512) if plan.whole else _make(work, plan))
        except Unconvertible as error:
            failed.append(error)
    with app.database.write(work.source.id) as connection:
        now = work.now
        jobs.hold(connection, work.job)
        ids = sorted({file.recording_id for file in files})
        keep = {plan.recipe for plan in plans}
        dropped = outcomes.drop_renditions(connection, ids, CONTACT, keep=keep)
        for one in made:
            _enter(app, connection, one, now)
        if made or dropped:
            for recording_id in ids:  # what could not be made before parks its recording no longer
                settle_recording(connection, recording_id, now)
            sightings.want_mapping(app.database, connection, work.source.id, [num], now)
        if not failed:
            jobs.finish(connection, work.job, now)
    if made:
        name = work.source.name
        app.tell("contact.cut", source=name, interaction=interaction_id, contacts=len(made))
    if failed:
        raise failed[0]


def _take(work: Work, plan: ContactAudio, sha512: dict[str, str]) -> Made:
    """The contact's audio is a recording as it is."""
    (file,) = plan.files
    assert file.sha256 is not None
    assert file.size_bytes is not None
    assert file.measured is not None
    digests = Digests(file.sha256, sha512[file.sha256], file.size_bytes)
    path = work.app.archive.path_of(file.sha256)
    return Made(plan, file.form, digests, file.measured, _listen(work, plan, path, file.measured))


def _make(work: Work, plan: ContactAudio) -> Made:
    app = work.app
    sources = [app.archive.path_of(file.sha256 or "") for file in plan.files]
    like = find_shape(sources, plan.pieces)
    form = "m4a" if like is None else "wav"
    with staging(work, f"{plan.recipe.rpartition(':')[2]}.{form}") as (target,):
        channels = max(file.measured.audio[0] for file in plan.files if file.measured)
        measured = cut(app.ffmpeg, sources, plan.pieces, target, like=like, channels=channels)
        talk = _listen(work, plan, target, measured)
        digests = read_digests(target)
        _crash.point("derive.made")
        app.archive.put_media(target, digests.sha256)
    return Made(plan, form, digests, measured, talk)


def _listen(work: Work, plan: ContactAudio, path: Path, measured: Measured) -> Talk:
    length = measured.duration or timedelta()
    zero = plan.window.start
    return measure_talk(
        work.app.ffmpeg,
        path,
        length=length,
        channels=measured.audio[0],
        apart=len(set(_choose_channels(plan))) == 2,
        without=tuple((gap.start - zero, gap.end - zero) for gap in plan.gaps),
    )


def _enter(app: Application, connection: Connection, made: Made, now: datetime) -> None:
    plan = made.plan
    outcomes.add_rendition(
        app.database,
        connection,
        replace(plan.files[0], described=_describe(plan)),
        recipe=plan.recipe,
        kind="audio",
        form=made.form,
        sha256=made.digests.sha256,
        sha512=made.digests.sha512,
        size_bytes=made.digests.size_bytes,
        measured=made.measured,
        now=now,
        extra=_tell(made),
    )


def _describe(plan: ContactAudio) -> MediaFile:
    return MediaFile(
        plan.files[0].file_id,
        "audio",
        plan.files[0].form,
        of=plan.agent,
        channels=_choose_channels(plan),
        timeline=Timeline((plan.window,), certainty="declared"),
    )


def _choose_channels(plan: ContactAudio) -> tuple[Ref, ...]:
    """Who is on which channel, where all files say the same of it."""
    told = {file.described.channels for file in plan.files}
    return told.pop() if len(told) == 1 else ()


def _tell(made: Made) -> Json:
    """What stands beside the audio: whose, of what, where nothing was recorded, who talks."""
    plan, talk = made.plan, made.talk
    sides = zip(_choose_channels(plan), talk.talk, strict=False)
    return {
        "contact": plan.contact_id,
        "made_of": [file.sha256 for file in plan.files],
        "gaps": tell_gaps(plan.gaps),
        "silence_s": talk.silence_s,
        "talk_over_s": talk.talk_over_s,
        "sides": {f"{ref.space}:{ref.value}": add_up(spans) for ref, spans in sides},
    }


def park(
    app: Application, source_id: int, job: Job, reason: str, retry_at: datetime, reason_kind: str
) -> None:
    """Say of each contact whose audio could not be made that it is so, and why."""
    num = int(job.key)
    with app.database.write(source_id) as connection:
        now = app.now()
        jobs.hold(connection, job)
        plans, files = read_plans(connection, num)
        for plan in _list_lacking(plans, files):
            outcomes.park_rendition(
                app.database,
                connection,
                replace(plan.files[0], described=replace(_describe(plan), extra=_name(plan))),
                plan.recipe,
                "audio",
                reason,
                now,
                retry_at,
                reason_kind,
            )
        jobs.want(app.database, connection, [NewJob("seal", job.key, source_id, now)])


def _list_lacking(plans: Sequence[ContactAudio], files: Sequence[KnownFile]) -> list[ContactAudio]:
    states = list_made(files)
    return [plan for plan in plans if states.get(plan.recipe) not in DONE]


def _name(plan: ContactAudio) -> Json:
    return {"contact": plan.contact_id}
