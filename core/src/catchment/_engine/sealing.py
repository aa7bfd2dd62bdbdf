"""Sealing: a manifest in the archive for each version of an interaction.

Which version it will be, and under which id, is on record before a byte is written.  A second try
after a kill therefore writes the same bytes; and where news came between the two, the manifest that
already lies in the archive is the version, and the news waits for the next one.

A catalogue may know less than the archive: it was put back from a copy, or lost its last seconds in
a power cut.  What lies in the archive under another id is therefore never taken for ours, and the
next version goes after the archive's newest.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row

from catchment import _crash
from catchment._archive.manifest import build_manifest, read_manifest
from catchment._archive.package import (
    Package,
    PackageDocument,
    PackageFact,
    PackageFile,
    PackageRecording,
    PackageSource,
    build_document_id,
)
from catchment._catalogue import facts, interactions, jobs, sources
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.outcomes import enter_objects, read_sha512
from catchment._catalogue.recordings import (
    KnownRecording,
    documents_seen_at,
    list_recordings_of,
    read_recordings,
)
from catchment._engine import cutting, playback
from catchment._engine.application import WRITER, LiveSource
from catchment._engine.work import Work, hand_over
from catchment._plain import from_plain
from catchment.errors import Absent, Corrupt
from catchment.model import Fact, InteractionDraft, Json, Measured

WITHHELD = "[withheld]"


@dataclass(frozen=True, slots=True)
class _Known:
    """An interaction as it is known at one moment, and the job that is to seal it."""

    work: Work
    row: Row[Any]
    recordings: list[KnownRecording]
    files: list[KnownFile]

    @property
    def num(self) -> int:
        """Which interaction."""
        return int(self.row.num)


@dataclass(frozen=True, slots=True)
class _Told:
    """What else belongs to some interactions of one source."""

    account_id: str
    facts: dict[int, list[Fact]]
    aliases: dict[int, list[str]]
    seen_at: dict[tuple[int, str], datetime]
    sha512: dict[str, str]


def seal(works: Sequence[Work]) -> None:
    """Seal the next version of interactions of one source that were quiet for long enough.

    They are read in one transaction and kept in another, which costs a fraction of one for each;
    in the archive each stands for itself.
    """
    app, source = works[0].app, works[0].source
    with app.database.read() as connection:
        rows = interactions.read_all(connection, [int(work.job.key) for work in works])
        due, ends = _choose(works, rows)
        known = _read(connection, due)
        told = _read_more(connection, source, known)
    known = [one for one in known if one.row.sealing is not None or not _want_audio(one)]
    _end(works[0], ends, hand_over(works, rows))
    sealings, written = _begin(known)
    kept: list[tuple[_Known, tuple[PackageDocument, ...]]] = []
    for one in known:
        sealing = sealings[one.num]
        documents: tuple[PackageDocument, ...] = ()
        if one.num not in written:
            package = _pack(one, told, sealing)
            documents = package.documents
            data = build_manifest(package, app.archive.authority)
            app.archive.put_manifest(one.row.interaction_id, package.version, data)
        _crash.point("seal.written")
        kept.append((one, documents))
    if kept:
        _keep(kept, sealings)


def _choose(
    works: Sequence[Work], rows: Mapping[int, Row[Any]]
) -> tuple[list[tuple[Work, Row[Any]]], list[tuple[Job, datetime | None]]]:
    """What is to be sealed now; and the jobs that are not, each with when to look again."""
    due: list[tuple[Work, Row[Any]]] = []
    ends: list[tuple[Job, datetime | None]] = []
    for work in works:
        row = rows.get(int(work.job.key))
        if (
            row is None
            or row.num != int(work.job.key)
            or row.unsealed_since is None
            or row.draft is None
        ):
            ends.append((work.job, None))
        elif row.sealing is None and (wait := _time_left(work, row)) > timedelta():
            ends.append((work.job, work.now + wait))
        else:
            due.append((work, row))
    return due, ends


def _read(connection: Connection, due: Sequence[tuple[Work, Row[Any]]]) -> list[_Known]:
    ids = list_recordings_of(connection, [row.num for _, row in due])
    every = [one for some in ids.values() for one in some]
    known = {row.num: _Known(work, row, [], []) for work, row in due}
    of = {one: num for num, some in ids.items() for one in some}
    for recording in read_recordings(connection, every):
        known[of[recording.id]].recordings.append(recording)
    for file in list_files(connection, every):
        known[of[file.recording_id]].files.append(file)
    return list(known.values())


def _read_more(connection: Connection, source: LiveSource, known: Sequence[_Known]) -> _Told:
    nums = [one.num for one in known]
    ids = [recording.id for one in known for recording in one.recordings]
    return _Told(
        account_id=sources.account_of(connection, source.id) if known else "",
        facts=facts.list_facts(connection, nums),
        aliases=interactions.list_aliases_of(connection, nums),
        seen_at=documents_seen_at(connection, ids),
        sha512=read_sha512(connection, [f.sha256 for one in known for f in one.files if f.sha256]),
    )


def _keep(
    kept: Sequence[tuple[_Known, tuple[PackageDocument, ...]]],
    sealings: Mapping[int, dict[str, Any]],
) -> None:
    """Say that what was written is sealed, in one transaction, and end the jobs."""
    app, source = kept[0][0].work.app, kept[0][0].work.source
    with app.database.write(source.id) as connection:
        now = app.now()
        jobs.hold_all(connection, [one.work.job for one, _ in kept])
        # So that they are read again in their turn, like everything else.
        objects = [(d.sha256, d.sha512, d.size_bytes) for _, some in kept for d in some]
        enter_objects(app.database, connection, objects, now)
        sealed = [_build_sealed(one.num, sealings[one.num]) for one, _ in kept]
        interactions.end_seals(connection, sealed, now)
        left = interactions.read_all(connection, [one.num for one, _ in kept])
        ends = [
            (one.work.job, None if left[one.num].unsealed_since is None else now) for one, _ in kept
        ]
        jobs.finish_all(connection, ends, now)
    for one, _ in kept:
        app.tell(
            "interaction.sealed",
            source=source.name,
            interaction=one.row.interaction_id,
            version=sealings[one.num]["version"],
        )


def _build_sealed(num: int, sealing: Json) -> interactions.Sealed:
    news_at = datetime.fromisoformat(sealing["news_at"])
    return interactions.Sealed(num, sealing["version"], sealing["document_id"], news_at)


def _time_left(work: Work, row: Row[Any]) -> timedelta:
    if work.once:
        return timedelta()
    rules, now = work.app.settings.seal, work.now
    quiet_at: datetime = row.news_at + rules.quiet
    oldest_at: datetime = row.unsealed_since + rules.max_age
    return min(quiet_at, oldest_at) - now


def _want_audio(known: _Known) -> bool:
    """Have what is made of the whole call made first, now that it is quiet; whether it is to be.

    Earlier the audio of the whole call would be made again with each recording, and that of a
    contact still waits for a file.  When it is there the interaction is mapped again, and comes
    back here.  It is not waited for longer than ``seal.max_age``, nor by a single run once it
    failed: what is sealed without it gets its next version when it is there.
    """
    kinds = _list_lacking(known)
    if not kinds:
        return False
    work, row = known.work, known.row
    latest_at: datetime = row.unsealed_since + work.app.settings.seal.max_age
    with work.app.database.write(work.source.id) as connection:
        now, key = work.now, str(row.num)
        failing = {kind for kind in kinds if jobs.is_failing(connection, kind, key)}
        wanted = [NewJob(kind, key, work.source.id, now) for kind in kinds - failing]
        jobs.want(work.app.database, connection, wanted)
        if now >= latest_at or (failing == kinds and work.once):
            return False
        jobs.finish(connection, work.job, now, again_at=None if work.once else latest_at)
    return True


def _list_lacking(known: _Known) -> set[str]:
    """The kinds of jobs whose outcome is not there yet, nor said to be impossible."""
    kinds = set()
    if playback.lacks_audio(known.row.kind, known.recordings, known.files):
        kinds.add("playback")
    if cutting.lacks_audio(known.row.draft, known.recordings, known.files):
        kinds.add("contact")
    return kinds


def _end(work: Work, ends: Sequence[tuple[Job, datetime | None]], wanted: Sequence[NewJob]) -> None:
    """End jobs without a seal, and have others done for them."""
    if not ends:
        return
    with work.app.database.write(work.source.id) as connection:
        jobs.hold_all(connection, [job for job, _ in ends])
        jobs.want(work.app.database, connection, wanted)
        jobs.finish_all(connection, ends, work.now)


def _begin(known: Sequence[_Known]) -> tuple[dict[int, dict[str, Any]], set[int]]:
    """What each seal is begun with, put on record; and the seals that are written already."""
    sealings: dict[int, dict[str, Any]] = {}
    fresh: list[tuple[_Known, dict[str, Any]]] = []
    written: set[int] = set()
    for one in known:
        sealing = one.row.sealing
        newest = max(one.work.app.archive.versions(one.row.interaction_id), default=0)
        if sealing is not None and newest < sealing["version"]:
            sealings[one.num] = sealing
        elif sealing is not None and _is_written(one, sealing):
            sealings[one.num] = sealing
            written.add(one.num)
        else:
            fresh.append((one, _build_sealing(one, newest)))
    if fresh:
        work = fresh[0][0].work
        with work.app.database.write(work.source.id) as connection:
            jobs.hold_all(connection, [one.work.job for one, _ in fresh])
            begun = {one.num: sealing for one, sealing in fresh}
            interactions.begin_seals(connection, begun)
        sealings |= begun
    return sealings, written


def _is_written(known: _Known, sealing: Json) -> bool:
    """Whether the version in the archive is the one that this seal was begun for."""
    try:
        data = known.work.app.archive.read(known.row.interaction_id, sealing["version"])
        return bool(read_manifest(data).document_id == sealing["document_id"])
    except (Absent, Corrupt):
        return False  # whosever it was, it stays as it is, and verify tells of it


def _build_sealing(known: _Known, newest: int) -> dict[str, Any]:
    work, row, now = known.work, known.row, known.work.now
    name = f"{row.interaction_id}.{work.app.archive.authority}"
    return {
        "version": max(row.version, newest) + 1,
        "document_id": build_document_id(now, secrets.randbits(12), name),
        "at": now.isoformat(),
        "news_at": row.news_at.isoformat(),
    }


def _pack(known: _Known, told: _Told, sealing: Json) -> Package:
    work, row, files = known.work, known.row, known.files
    source = work.source
    external_ids = {recording.id: recording.value.external_id for recording in known.recordings}
    documents = [
        _keep_document(
            work, recording.value.external_id, name, body, told.seen_at[recording.id, name]
        )
        for recording in known.recordings
        for name, body in recording.value.documents.items()
    ]
    kept_facts = [_keep_fact(work, fact) for fact in told.facts[row.num]]
    return Package(
        interaction_id=row.interaction_id,
        version=sealing["version"],
        document_id=sealing["document_id"],
        previous_document_id=row.document_id,
        created_at=datetime.fromisoformat(sealing["at"]),
        source=PackageSource(source.name, source.table.adapter, told.account_id, source.epoch),
        writer=WRITER,
        draft=from_plain(InteractionDraft, row.draft),
        recordings=tuple(_pack_recording(recording) for recording in known.recordings),
        facts=tuple(fact for fact, _ in kept_facts),
        files=tuple(
            _pack_file(file, external_ids, told.sha512, files, source.adapter.withheld)
            for file in files
            if file.state != "expected"
        ),
        documents=(*documents, *(document for _, document in kept_facts)),
        aliases=tuple(told.aliases[row.num]),
    )


def _pack_recording(recording: KnownRecording) -> PackageRecording:
    state = cast(
        Literal["open", "quiet", "gone", "skipped"],
        "open" if recording.state == "parked" else recording.state,
    )
    return PackageRecording(
        external_id=recording.value.external_id,
        epoch=recording.epoch,
        occurred_at=recording.value.occurred_at,
        state=state,
        reason=recording.reason or "",
        revision=recording.value.revision,
        keys=recording.value.keys,
        late_by=timedelta(seconds=recording.late_by_s or 0),
    )


def _pack_file(
    file: KnownFile,
    external_ids: dict[int, str],
    sha512: dict[str, str],
    files: list[KnownFile],
    withheld: Collection[str],
) -> PackageFile:
    described = file.described
    original = next(
        (
            one.sha256
            for one in files
            if (one.recording_id, one.file_id, one.version, one.recipe)
            == (file.recording_id, file.file_id, file.version, "")
        ),
        None,
    )
    extra = withhold(dict(described.extra), withheld) | ({"note": file.note} if file.note else {})
    return PackageFile(
        recording_id=external_ids[file.recording_id],
        file_id=file.file_id,
        version=file.version,
        kind=described.kind,
        form=file.form,
        origin="derived" if file.recipe else "original",
        recipe=file.recipe,
        derived_from=original if file.recipe else None,
        state=cast(Literal["archived", "gone", "skipped", "parked"], file.state),
        reason=file.reason or "",
        sha256=file.sha256 or "",
        sha512=sha512.get(file.sha256 or "", ""),
        size_bytes=file.size_bytes or 0,
        media_type=described.media_type,
        name=described.name,
        of=described.of,
        channels=described.channels,
        timeline=described.timeline,
        measured=file.measured or Measured(),
        claimed_sha256=described.claimed_sha256,
        archived_at=file.archived_at,
        extra=extra,
    )


def _keep_document(
    work: Work, external_id: str, name: str, body: Json, seen_at: datetime
) -> PackageDocument:
    data = build_document(body, work.source.adapter.withheld)
    digests = work.app.archive.put_bytes(data)
    return PackageDocument(
        recording_id=external_id,
        name=name,
        seen_at=seen_at,
        sha256=digests.sha256,
        sha512=digests.sha512,
        size_bytes=digests.size_bytes,
    )


def _keep_fact(work: Work, fact: Fact) -> tuple[PackageFact, PackageDocument]:
    name = f"{fact.kind}:{fact.fact_id}"
    document = _keep_document(work, "", name, fact.document, fact.at)
    return PackageFact(replace(fact, document={}), document.sha256), document


def build_document(body: Json, withheld: Collection[str]) -> bytes:
    """The bytes under which a platform's document is archived: JSON, without links and secrets."""
    plain = withhold(body, withheld)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def withhold(value: Any, names: Collection[str]) -> Any:
    """*value* with every field called one of *names* blanked, at any depth."""
    if isinstance(value, dict):
        return {
            name: WITHHELD if name in names and inner else withhold(inner, names)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [withhold(inner, names) for inner in value]
    return value
