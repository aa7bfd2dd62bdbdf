"""One file: downloaded into the buffer, verified, archived, and only then known as archived.

The order is what makes it safe to kill: bytes on disk, verified, moved into the archive under
their hash, then the commit that makes them visible.  Whatever was done before a kill is found and
used again, or is a leftover of the buffer that the next run sweeps away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from catchment import _crash
from catchment._archive.hashes import build_digests
from catchment._catalogue import jobs, sightings
from catchment._catalogue.files import KnownFile, describe, find_version, read_file, save_files
from catchment._catalogue.jobs import NewJob
from catchment._catalogue.outcomes import archive_file, drop_version
from catchment._catalogue.recordings import KnownRecording, read_recordings, settle_recording
from catchment._engine import disk, parts, rhythm
from catchment._engine.work import Work
from catchment._media.signature import HEAD_BYTES, check_signature
from catchment._media.split import plan_renditions
from catchment._media.texts import read_text
from catchment._media.walk import walk
from catchment.errors import (
    AdapterFault,
    Corrupt,
    LinkDead,
    LostRace,
    StorageUnavailable,
    Unreachable,
)
from catchment.model import Batch, Measured, MediaFile, Ready, Way, period
from catchment.transport import Fetched

PLAYS = ("audio", "video", "screen")
TEXTS = ("chat", "transcript", "captions")

EXACT = timedelta(milliseconds=250)
DECLARED = timedelta(seconds=2)
"""How far a duration may be from what the time line says; players and platforms round."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A file in the buffer that was proved good."""

    part: Path
    fetched: Fetched
    measured: Measured | None
    note: str | None


def fetch(work: Work) -> None:
    """Download, verify and archive one file."""
    found = _read(work)
    if found is None or found[0].state in ("archived", "skipped") or found[0].parked_by_person:
        _finish_idle(work)
        return
    known, recording = found
    part = parts.name_part(work, known)
    verified = _obtain(work, known, recording, part)
    _crash.point("media.verified")
    work.app.archive.put_media(verified.part, verified.fetched.sha256)
    _commit(work, known, recording, verified)
    _crash.point("media.committed")
    parts.sweep(part)
    work.app.tell(
        "file.archived",
        source=work.source.name,
        recording=recording.value.external_id,
        file=known.file_id,
        kind=known.kind,
        size_bytes=verified.fetched.size_bytes,
    )


def _read(work: Work) -> tuple[KnownFile, KnownRecording] | None:
    with work.app.database.read() as connection:
        known = read_file(connection, int(work.job.key))
        if known is None:
            return None
        (recording,) = read_recordings(connection, [known.recording_id])
    return known, recording


def _finish_idle(work: Work) -> None:
    """There is nothing to do: a person or another version was quicker."""
    with work.app.database.write(work.source.id) as connection:
        jobs.finish(connection, work.job, work.now)


def _obtain(work: Work, known: KnownFile, recording: KnownRecording, part: Path) -> Verified:
    described = known.described
    if described.inline is None:
        described = _with_live_links(work, known, recording)
    if described.inline is not None:
        disk.reserve(work.app.buffer, len(described.inline), work.app.settings.buffer.reserve)
        fetched = _write_inline(described, described.inline, part)
    else:
        disk.reserve(work.app.buffer, described.size_bytes or 0, work.app.settings.buffer.reserve)
        parts.take_over(part)
        fetched = _download(work, described, part, again=known.attempts > 0)
        if not part.exists():
            raise LostRace("another runner goes on with this download, and took over what was here")
    measured, note = _verify(work, described, fetched, part)
    return Verified(part, fetched, measured, note)


def _write_inline(described: MediaFile, data: bytes, part: Path) -> Fetched:
    """Put bytes that came inside a document where a download would have put them.

    Raises:
        Corrupt: They are not what was announced.
        StorageUnavailable: The buffer cannot be written.
    """
    check_signature(described.kind, described.form, data[:HEAD_BYTES], None)
    digests = build_digests(data)
    if described.size_bytes not in (None, digests.size_bytes):
        raise Corrupt(
            f"the file has {digests.size_bytes} bytes, and {described.size_bytes} were announced"
        )
    try:
        part.write_bytes(data)
    except OSError as error:
        raise StorageUnavailable(
            f"the buffer {part.parent} cannot be written: {error.strerror or error}"
        ) from error
    return Fetched(digests.size_bytes, digests.sha256, digests.sha512)


def _with_live_links(work: Work, known: KnownFile, recording: KnownRecording) -> MediaFile:
    """The file's description with links that still work, asked for anew where they are old.

    A node whose settings have other budgets (another client id) does not take those links that
    would count against somebody else's.

    Raises:
        LinkDead: The platform names the file no longer, or gives no link.
    """
    live_until = (known.ways_at or known.first_seen_at) + period(work.source.adapter.links_live)
    fresh = known.attempts == 0 and work.now < live_until
    declared = work.source.kit.budgets or {}
    ours = tuple(way for way in known.described.ways if not way.budget or way.budget in declared)
    if fresh and ours:
        return replace(known.described, ways=ours)
    batch = Batch((recording.value,), work.platform_now, renew=True)
    outcomes = list(work.source.hooks.fetch_media(batch))
    if not outcomes:
        raise AdapterFault(
            f"adapter {work.source.adapter.name} gave no answer for {recording.value.external_id}"
        )
    outcome = outcomes[0]
    if not isinstance(outcome, Ready):
        raise LinkDead(getattr(outcome, "why", "") or "the platform gives no link for it now")
    offer = next((one for one in outcome.files if one.file_id == known.file_id), None)
    if offer is None:
        raise LinkDead("the platform does not name this file any more")
    if offer.offered != "ready" or not (offer.ways or offer.inline is not None):
        raise LinkDead(offer.why or "the platform gives no link for it now")
    return offer


def _download(work: Work, described: MediaFile, part: Path, *, again: bool) -> Fetched:
    """Try the ways in the adapter's order; what the last of them raises is raised.

    A host that cannot be reached is given another chance before the next way is taken: it may be
    one that no firewall lets pass.
    """
    last = described.ways[-1]
    for way in described.ways:
        try:
            return _download_by(work, described, way, part)
        except (LinkDead, Corrupt):
            if way is last:
                raise
        except Unreachable:
            if way is last or not again:
                raise
    raise LinkDead("the platform gives no link for it")


def _download_by(work: Work, described: MediaFile, way: Way, part: Path) -> Fetched:
    def on_head(head: bytes, media_type: str | None) -> None:
        check_signature(described.kind, described.form, head, media_type)

    return work.source.downloader.fetch(
        way,
        part,
        expected_bytes=described.size_bytes,
        on_head=on_head,
        on_progress=lambda got: work.app.tell(
            "file.progress", part=part.name, got=got, of=described.size_bytes
        ),
        stop=work.app.stop,
    )


# --- verification ----------------------------------------------------------------------------


def _verify(
    work: Work, described: MediaFile, fetched: Fetched, part: Path
) -> tuple[Measured | None, str | None]:
    """Prove that the bytes are good; what was measured, and what was odd about it.

    Raises:
        Corrupt: They are not; the part is removed, so that the next attempt starts from zero.
    """
    try:
        return _judge(work, described, fetched, part)
    except Corrupt:
        parts.sweep(part)
        raise


def _judge(
    work: Work, described: MediaFile, fetched: Fetched, part: Path
) -> tuple[Measured | None, str | None]:
    notes: list[str] = []
    if described.sha256 and described.sha256.lower() != fetched.sha256:
        raise Corrupt("its SHA-256 is not the one that the platform gives")
    if described.claimed_sha256 and described.claimed_sha256.lower() != fetched.sha256:
        notes.append("its SHA-256 differs from the platform's fingerprint")
    if described.kind in TEXTS:
        with part.open("rb") as stream:
            for _ in read_text(described.kind, described.form, stream):
                pass  # reading it to the end proves that it is text
        return None, _join(notes)
    if described.kind not in PLAYS:
        return None, _join(notes)
    table = work.source.table
    decode = work.app.settings.media.decode if table.decode is None else table.decode
    measured = walk(work.app.ffmpeg, part, decode=decode)
    notes += _judge_duration(described, measured)
    return measured, _join(notes)


def _judge_duration(described: MediaFile, measured: Measured) -> list[str]:
    timeline = described.timeline
    if timeline.certainty == "guessed" or not timeline.stretches or measured.duration is None:
        return []
    difference = abs(measured.duration - timeline.length)
    told = (
        f"it plays {measured.duration.total_seconds():.2f} s and its time line says "
        f"{timeline.length.total_seconds():.2f} s"
    )
    if timeline.certainty == "exact" and difference > EXACT:
        raise Corrupt(told)
    return [told] if difference > DECLARED else []


def _join(notes: list[str]) -> str | None:
    return "; ".join(notes) or None


# --- the commit ------------------------------------------------------------------------------


def _commit(work: Work, known: KnownFile, recording: KnownRecording, verified: Verified) -> None:
    app, source = work.app, work.source
    with app.database.write(work.source.id) as connection:
        now = app.now()
        told = read_file(connection, known.id)
        previous = find_version(connection, known, known.version - 1)
        if previous is not None and previous.sha256 == verified.fetched.sha256:
            drop_version(connection, known, previous.id)
        else:
            archive_file(
                app.database,
                connection,
                known,
                sha256=verified.fetched.sha256,
                sha512=verified.fetched.sha512,
                size_bytes=verified.fetched.size_bytes,
                measured=verified.measured,
                note=verified.note,
                now=now,
            )
            _want_what_follows(work, connection, known, verified, now)
        if told is not None:
            _want_what_was_told(work, connection, known, told, recording, now)
        settle_recording(connection, recording.id, now)
        nums = [recording.interaction_num]
        sightings.want_mapping(app.database, connection, source.id, nums, now)
        jobs.finish(connection, work.job, now)


def _want_what_was_told(
    work: Work,
    connection: Connection,
    known: KnownFile,
    told: KnownFile,
    recording: KnownRecording,
    now: datetime,
) -> None:
    """Have a file that was described anew while it was downloaded compared, as a later version.

    What was downloaded is archived as what it was called when the download began: of which of the
    two descriptions the bytes are, only another download can tell.
    """
    if describe(told.described) == describe(known.described):
        return
    # As old as its links are.
    wanted = save_files(connection, recording.id, [told.described], told.ways_at or now)
    rank = rhythm.rank(recording.value.occurred_at, work.platform_now, work.source.horizon)
    new = [NewJob("media", str(file_id), work.source.id, now, rank) for file_id in wanted]
    jobs.want(work.app.database, connection, new)


def _want_what_follows(
    work: Work, connection: Connection, known: KnownFile, verified: Verified, now: datetime
) -> None:
    measured = verified.measured
    if measured is not None and plan_renditions(known.described.kind, known.form, measured):
        rank = rhythm.rank(now, now, work.source.horizon)
        job = NewJob("derive", str(known.id), work.source.id, now, rank)
        jobs.want(work.app.database, connection, [job])
