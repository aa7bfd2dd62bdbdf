"""What a recording is and has: its documents, its files, and what becomes of "not yet"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from catchment import _crash
from catchment._catalogue import interactions, jobs, reasons, sightings, watermark
from catchment._catalogue.files import list_held, save_files
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.outcomes import give_up_waiting, list_unoffered
from catchment._catalogue.recordings import (
    KnownRecording,
    is_set_aside,
    read_recordings,
    read_state,
    save_documents,
    set_recording,
    settle_recording,
)
from catchment._engine import rhythm
from catchment._engine.application import Application, LiveSource
from catchment._words import say_age
from catchment.errors import AdapterFault, CatchmentError
from catchment.model import Batch, Denied, Nothing, NotYet, Outcome, Ready, period


@dataclass(frozen=True, slots=True)
class Answer:
    """What the two hooks said about one recording; ``None`` where they were silent or not asked."""

    metadata: Outcome | None
    media: Outcome | None


def capture(
    app: Application, source: LiveSource, claimed: Sequence[Job]
) -> list[tuple[Job, CatchmentError]]:
    """Ask for documents and files of some recordings of one source, and keep the answers.

    Returns:
        The jobs whose answer could not be kept, each with the reason: they fail alone.
    """
    with app.database.read() as connection:
        ids = [int(job.key) for job in claimed]
        known = read_recordings(connection, ids)
        held = list_held(connection, ids)
    known = [replace(one, value=replace(one.value, held=held[one.id])) for one in known]
    by_id = {recording.id: recording for recording in known}
    answers = ask(source, known, source.platform_now(app.clock))
    _crash.point("files.listed")
    failed: list[tuple[Job, CatchmentError]] = []
    for job in claimed:
        recording = by_id.get(int(job.key))
        if recording is None:  # its row was lost: the next look back finds it and makes another job
            with app.database.write(source.id) as connection:
                jobs.finish(connection, job, app.now())
            continue
        answer = answers[recording.value.external_id]
        try:
            with app.database.write(source.id) as connection:
                now = app.now()
                again_at = _keep(app, connection, source, recording, answer, now)
                jobs.finish(connection, job, now, again_at=again_at)
        except CatchmentError as error:
            failed.append((job, error))
    return failed


def ask(source: LiveSource, known: Sequence[KnownRecording], now: datetime) -> dict[str, Answer]:
    """Put both questions for *known*; files only of those that the first answer did not settle."""
    wanted = [recording.value for recording in known if recording.state != "skipped"]
    metadata: dict[str, Outcome] = {}
    size = source.batch.get("fetch_metadata", 1)
    for start in range(0, len(wanted), size):
        batch = Batch(tuple(wanted[start : start + size]), now)
        metadata |= {outcome.item_id: outcome for outcome in source.hooks.fetch_metadata(batch)}
    _crash.point("metadata.read")
    going_on = tuple(
        replace(one, documents={**one.documents, **answer.documents})
        for one in wanted
        if isinstance(answer := metadata.get(one.external_id), Ready)
    )
    size = source.batch.get("fetch_media", 1)
    media: dict[str, Outcome] = {}
    for start in range(0, len(going_on), size):
        batch = Batch(going_on[start : start + size], now)
        media |= {outcome.item_id: outcome for outcome in source.hooks.fetch_media(batch)}
    return {
        one.value.external_id: Answer(
            metadata.get(one.value.external_id), media.get(one.value.external_id)
        )
        for one in known
    }


def _keep(
    app: Application,
    connection: Connection,
    source: LiveSource,
    recording: KnownRecording,
    answer: Answer,
    now: datetime,
) -> datetime | None:
    """Write what was answered; when to ask again.

    It is found and shown from the first answer on, although the platform gives nothing of it yet,
    or ever.  An answer that says the same again makes no new version of its interaction.
    """
    if is_set_aside(connection, recording.id):
        return None  # a person decided, perhaps while the platform was asked
    deciding = answer.media if isinstance(answer.metadata, Ready) else answer.metadata
    num, news = recording.interaction_num, recording.state != "quiet" and not recording.attempts
    if isinstance(answer.metadata, Ready):
        num, told = _keep_documents(app, connection, source, recording, answer.metadata, now)
        news = news or told
    if isinstance(deciding, Ready):
        again_at = _keep_files(app, connection, source, recording, deciding, now)
    elif deciding is None:
        raise AdapterFault(
            f"adapter {source.adapter.name} gave no answer for {recording.value.external_id}"
        )
    else:
        again_at = _keep_refusal(connection, source, recording, deciding, now)
    if news or read_state(connection, recording.id) != (recording.state, recording.reason):
        sightings.want_mapping(app.database, connection, source.id, [num], now)
    return again_at


def _keep_documents(
    app: Application,
    connection: Connection,
    source: LiveSource,
    recording: KnownRecording,
    outcome: Ready,
    now: datetime,
) -> tuple[int, bool]:
    """The interaction that it belongs to, and whether the documents tell anything new."""
    keys = (*recording.value.keys, *outcome.keys)
    news = save_documents(app.database, connection, recording.id, outcome.documents, keys, now)
    seed = interactions.Seed(tuple(sorted(set(keys))), recording.value.occurred_at)
    (num,) = interactions.assign(app.database, connection, source.id, [seed], now)
    return num, bool(news) or not set(outcome.keys) <= set(recording.value.keys)


def _keep_files(
    app: Application,
    connection: Connection,
    source: LiveSource,
    recording: KnownRecording,
    outcome: Ready,
    now: datetime,
) -> datetime | None:
    wanted = save_files(connection, recording.id, outcome.files, now)
    rank = rhythm.rank(recording.value.occurred_at, source.platform_now(app.clock), source.horizon)
    new = [NewJob("media", str(file_id), source.id, now, rank) for file_id in wanted]
    jobs.want(app.database, connection, new)
    unoffered = _explain_unoffered(connection, recording, outcome)
    if recording.state == "quiet" and (wanted or unoffered):
        listed = watermark.compute(connection, source.id, source.lags).listed
        sightings.note_late(connection, source.id, recording, listed, now)
    if unoffered or not outcome.files:
        why = unoffered or "no file is offered yet"
        return _wait(connection, source, recording, why, now, None)
    set_recording(connection, recording.id, "open" if wanted else "quiet", None, now, attempts=0)
    settle_recording(connection, recording.id, now)
    return _revisit_at(source, recording, now)


def _explain_unoffered(
    connection: Connection, recording: KnownRecording, outcome: Ready
) -> str | None:
    """Why a file of a recording is still to be offered; ``None`` if there is none.

    It may have been named by an earlier answer alone: nothing else would ever ask for it again.
    """
    told = {file.file_id: file for file in outcome.files}
    # A file that is called ready has a download of its own, which asks for its link.
    unoffered = [
        file_id
        for file_id in list_unoffered(connection, recording.id)
        if file_id not in told or told[file_id].offered == "not_yet"
    ]
    named = [told[file_id].why or "not yet" for file_id in unoffered if file_id in told]
    unnamed = ["the platform does not name it any more"] if unoffered else []
    return next(iter(named + unnamed), None)


def _keep_refusal(
    connection: Connection,
    source: LiveSource,
    recording: KnownRecording,
    outcome: Outcome,
    now: datetime,
) -> datetime | None:
    age = now - recording.first_seen_at
    if isinstance(outcome, Denied):
        why, tomorrow = outcome.why or "the platform refused it", now + rhythm.DAY
        # With a time to try again it is the engine's, not a person's: a start of a runner asks too.
        set_recording(
            connection,
            recording.id,
            "parked",
            why,
            now,
            retry_at=tomorrow,
            reason_kind=reasons.PERMISSION,
        )
        return tomorrow
    if isinstance(outcome, Nothing) and age >= period(source.adapter.young):
        why = outcome.why or "the platform has nothing for it"
        _give_up(connection, recording, why, now, now)
        return None
    why = getattr(outcome, "why", "") or "not yet"
    retry_at = outcome.retry_at if isinstance(outcome, NotYet) else None
    return _wait(connection, source, recording, why, now, retry_at)


def _wait(
    connection: Connection,
    source: LiveSource,
    recording: KnownRecording,
    why: str,
    now: datetime,
    retry_at: datetime | None,
) -> datetime | None:
    """Believe "not yet" until patience is over; then what did not come is gone, with the reason."""
    if now - _waits_since(recording, now) > source.patience:
        reason = f"not offered within {say_age(source.patience)}: {why}"
        if not _give_up(connection, recording, reason, now, now - source.patience):
            state, _ = read_state(connection, recording.id)
            return _revisit_at(source, recording, now) if state == "quiet" else None
    attempts = recording.attempts + 1
    at = retry_at or now + rhythm.back_off(attempts, first=rhythm.NOT_YET, most=rhythm.HOUR)
    set_recording(connection, recording.id, "open", why, now, retry_at=at, attempts=attempts)
    return at


def _waits_since(recording: KnownRecording, now: datetime) -> datetime:
    """From when patience is measured: a recording that was opened again gets all of it again."""
    if recording.state not in ("open", "quiet"):
        return now
    opened_at = recording.state_at if recording.state == "open" else recording.first_seen_at
    return max(recording.first_seen_at, recording.value.seen_at or opened_at, opened_at)


def _give_up(
    connection: Connection,
    recording: KnownRecording,
    reason: str,
    now: datetime,
    expected_before: datetime,
) -> bool:
    """Call gone what is expected since *expected_before* and not there; whether more is awaited.

    A recording with a file that is archived or still to be downloaded is not gone.
    """
    files = give_up_waiting(connection, recording.id, reason, now, expected_before)
    if not files:
        set_recording(connection, recording.id, "gone", reason, now)
    settle_recording(connection, recording.id, now)
    return any(file.state == "expected" and not file.offered for file in files)


def _revisit_at(source: LiveSource, recording: KnownRecording, now: datetime) -> datetime | None:
    """When a recording that has all its files is looked at again, by its age since first seen."""
    ages = sorted(period(age) for age in source.adapter.revisit)
    moments = [recording.first_seen_at + age for age in ages]
    return next((moment for moment in moments if moment > now), None)
