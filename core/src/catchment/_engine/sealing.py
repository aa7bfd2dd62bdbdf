"""Sealing: a manifest in the archive for each version of an interaction.

Which version it will be, and under which id, is on record before a byte is written.  A second try
after a kill therefore writes the same bytes; and where news came between the two, the manifest that
already lies in the archive is the version, and the news waits for the next one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Row

from catchment import _crash
from catchment._archive.manifest import build_manifest
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
from catchment._catalogue.outcomes import enter_media, read_sha512
from catchment._catalogue.recordings import (
    KnownRecording,
    documents_seen_at,
    list_recording_ids,
    read_recordings,
)
from catchment._engine import cutting, playback
from catchment._engine.application import WRITER
from catchment._engine.work import Work
from catchment._plain import from_plain
from catchment.model import Fact, InteractionDraft, Json, Measured

WITHHELD = "[withheld]"


def seal(work: Work) -> None:
    """Seal the next version of an interaction, if it was quiet for long enough."""
    app = work.app
    with app.database.read() as connection:
        row = interactions.read(connection, int(work.job.key))
    if row is None or row.unsealed_since is None or row.draft is None:
        _finish(work, None)
        return
    wait = _time_left(work, row)
    if wait > timedelta() and row.sealing is None:
        _finish(work, work.now + wait)
        return
    if row.sealing is None and _want_audio(work, row):
        return
    sealing = row.sealing or _begin(work, row)
    documents: tuple[PackageDocument, ...] = ()
    if sealing["version"] not in app.archive.versions(row.interaction_id):
        package = _pack(work, row, sealing)
        documents = package.documents
        data = build_manifest(package, app.archive.authority)
        app.archive.put_manifest(row.interaction_id, package.version, data)
    _crash.point("seal.written")
    with app.database.write(work.source.id) as connection:
        now = work.now
        for one in documents:  # so that they are read again in their turn, like everything else
            enter_media(app.database, connection, one.sha256, one.sha512, one.size_bytes, now)
        interactions.end_seal(
            connection,
            row.num,
            version=sealing["version"],
            document_id=sealing["document_id"],
            now=now,
            news_at=datetime.fromisoformat(sealing["news_at"]),
        )
        left = interactions.read(connection, row.num)
        again_at = now if left is not None and left.unsealed_since is not None else None
        jobs.finish(connection, work.job, now, again_at=again_at)
    app.tell(
        "interaction.sealed",
        source=work.source.name,
        interaction=row.interaction_id,
        version=sealing["version"],
    )


def _time_left(work: Work, row: Row[Any]) -> timedelta:
    if work.once:
        return timedelta()
    rules, now = work.app.settings.seal, work.now
    quiet_at: datetime = row.news_at + rules.quiet
    oldest_at: datetime = row.unsealed_since + rules.max_age
    return min(quiet_at, oldest_at) - now


def _want_audio(work: Work, row: Row[Any]) -> bool:
    """Have what is made of the whole call made first, now that it is quiet; whether it is to be.

    Earlier the audio of the whole call would be made again with each recording, and that of a
    contact still waits for a file.  When it is there the interaction is mapped again, and comes
    back here.  It is not waited for longer than ``seal.max_age``, nor by a single run once it
    failed: what is sealed without it gets its next version when it is there.
    """
    kinds = _list_lacking(work, row)
    if not kinds:
        return False
    latest_at: datetime = row.unsealed_since + work.app.settings.seal.max_age
    with work.app.database.write(work.source.id) as connection:
        now, key = work.now, str(row.num)
        failing = {kind for kind in kinds if jobs.is_failing(connection, kind, key)}
        wanted = [jobs.NewJob(kind, key, work.source.id, now) for kind in kinds - failing]
        jobs.want(work.app.database, connection, wanted)
        if now >= latest_at or (failing == kinds and work.once):
            return False
        jobs.finish(connection, work.job, now, again_at=None if work.once else latest_at)
    return True


def _list_lacking(work: Work, row: Row[Any]) -> set[str]:
    """The kinds of jobs whose outcome is not there yet, nor said to be impossible."""
    with work.app.database.read() as connection:
        ids = list_recording_ids(connection, row.num)
        files, recordings = list_files(connection, ids), read_recordings(connection, ids)
    kinds = set()
    if playback.lacks_audio(row.kind, recordings, files):
        kinds.add("playback")
    if cutting.lacks_audio(row.draft, recordings, files):
        kinds.add("contact")
    return kinds


def _finish(work: Work, again_at: datetime | None) -> None:
    with work.app.database.write(work.source.id) as connection:
        jobs.finish(connection, work.job, work.now, again_at=again_at)


def _begin(work: Work, row: Row[Any]) -> dict[str, Any]:
    now = work.now
    sealing = {
        "version": row.version + 1,
        "document_id": build_document_id(
            now, secrets.randbits(12), f"{row.interaction_id}.{work.app.archive.authority}"
        ),
        "at": now.isoformat(),
        "news_at": row.news_at.isoformat(),
    }
    with work.app.database.write(work.source.id) as connection:
        jobs.hold(connection, work.job)
        interactions.begin_seal(connection, row.num, sealing)
    return sealing


def _pack(work: Work, row: Row[Any], sealing: Json) -> Package:
    app, source = work.app, work.source
    with app.database.read() as connection:
        ids = list_recording_ids(connection, row.num)
        recordings = read_recordings(connection, ids)
        files = list_files(connection, ids)
        told = facts.list_facts(connection, row.num)
        seen = documents_seen_at(connection, ids)
        aliases = interactions.list_aliases(connection, row.num)
        sha512 = read_sha512(connection, [file.sha256 for file in files if file.sha256])
        account_id = sources.account_of(connection, source.id)
    external_ids = {recording.id: recording.value.external_id for recording in recordings}
    documents = [
        _keep_document(work, recording.value.external_id, name, body, seen[recording.id, name])
        for recording in recordings
        for name, body in recording.value.documents.items()
    ]
    kept_facts = [_keep_fact(work, fact) for fact in told]
    return Package(
        interaction_id=row.interaction_id,
        version=sealing["version"],
        document_id=sealing["document_id"],
        previous_document_id=row.document_id,
        created_at=datetime.fromisoformat(sealing["at"]),
        source=PackageSource(source.name, source.table.adapter, account_id, source.epoch),
        writer=WRITER,
        draft=from_plain(InteractionDraft, row.draft),
        recordings=tuple(_pack_recording(recording) for recording in recordings),
        facts=tuple(fact for fact, _ in kept_facts),
        files=tuple(
            _pack_file(file, external_ids, sha512, files, source.adapter.withheld)
            for file in files
            if file.state != "expected"
        ),
        documents=(*documents, *(document for _, document in kept_facts)),
        aliases=tuple(aliases),
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
