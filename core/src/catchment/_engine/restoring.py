"""One package, and the books of one source, as rows of the catalogue; the inverse of sealing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from catchment._archive.package import Package, PackageFile, PackageRecording
from catchment._catalogue import decisions, jobs, restore, restore_directory
from catchment._catalogue.database import Database
from catchment._catalogue.files import describe
from catchment._plain import to_plain
from catchment.errors import Misuse
from catchment.model import Json, Measured, MediaFile

STALE = timedelta(days=1)
"""A document put back holds no links; it is given an age at which nobody looks for any."""

Bodies = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a package goes, and what follows from it.

    Attributes:
        now: The time of the rebuild.
        ages: Ages at which the adapter wants recordings looked at again, rising.
    """

    database: Database
    connection: Connection
    source_id: int
    now: datetime
    ages: Sequence[timedelta] = ()


def restore_package(target: Target, package: Package, bodies: Bodies) -> int:
    """Put everything of a package back but its draft; the interaction's number.

    What was not resolved when it was sealed, and what was to be looked at again after that, is
    wanted again.

    Args:
        target: Where it goes.
        package: The newest version of the interaction.
        bodies: Bodies of its documents by hash, as far as they can be read.
    """
    num = restore.enter_interaction(
        target.connection,
        source_id=target.source_id,
        interaction_id=package.interaction_id,
        started_at=package.draft.started_at,
        created_at=package.created_at,
        aliases=package.aliases,
    )
    add_package(target, package, num, bodies)
    return num


def add_package(target: Target, package: Package, num: int, bodies: Bodies) -> None:
    """Put what a package holds into the interaction *num*, beside what is there already.

    There may be something already where an old copy of the catalogue was put back once: then the
    archive has two histories of one interaction, as two branches of its versions or as two
    interactions, and each may hold what the other does not.
    """
    keys = [key for one in package.recordings for key in one.keys]
    keys += [key for one in package.facts for key in one.fact.keys]
    restore.enter_keys(target.database, target.connection, target.source_id, num, keys)
    for recording in package.recordings:
        known = restore.find_recording(target.connection, target.source_id, recording.external_id)
        if known is None:
            _restore_recording(target, package, recording, num, bodies)
        else:
            _merge_files(target, package, recording, known)
    restore.enter_facts(
        target.database, target.connection, list(_list_facts(target, package, num, bodies))
    )
    restore.enter_media(target.database, target.connection, list(_list_media(package)))


def _merge_files(
    target: Target, package: Package, recording: PackageRecording, recording_id: int
) -> None:
    """Put those files of a recording back that are not there, under versions that are free.

    The same bytes may be the first version of a file in one history and the second in the other.
    """
    files = [one for one in package.files if one.recording_id == recording.external_id]
    for one in sorted(files, key=lambda one: (bool(one.recipe), one.version)):
        known = restore.list_versions(target.connection, recording_id, one.file_id, one.recipe)
        if any(one.sha256 and one.sha256 == row.sha256 for row in known):
            continue
        if one.recipe:
            of = restore.list_versions(target.connection, recording_id, one.file_id, "")
            versions = [row.version for row in of if row.sha256 == one.derived_from]
            if not versions or any(row.version == versions[0] for row in known):
                continue  # it is made of the original, and was made of it before
            version = versions[0]
        elif one.state != "archived":
            if known:
                continue
            version = one.version
        else:
            restore.forget_unarchived(target.connection, recording_id, one.file_id)
            taken = {row.version for row in known if row.state == "archived"}
            version = one.version if one.version not in taken else max(taken) + 1
        row = _build_file(target, package, one, recording_id, package.created_at)
        restore.enter_files(target.database, target.connection, [row | {"version": version}])
    if recording.state == "open":
        _want_again(target, package, recording, recording_id, package.created_at)


def _restore_recording(
    target: Target, package: Package, recording: PackageRecording, num: int, bodies: Bodies
) -> None:
    documents = [one for one in package.documents if one.recording_id == recording.external_id]
    files = [one for one in package.files if one.recording_id == recording.external_id]
    moments = [one.seen_at for one in documents]
    moments += [one.archived_at for one in files if one.archived_at]
    first_seen_at = min(moments, default=package.created_at)
    recording_id = restore.enter_recording(
        target.database,
        target.connection,
        {
            "source_id": target.source_id,
            "external_id": recording.external_id,
            "epoch": recording.epoch,
            "interaction_num": num,
            "occurred_at": recording.occurred_at,
            "revision": recording.revision,
            "state": recording.state,
            "reason": recording.reason or None,
            "first_seen_at": first_seen_at,
            "seen_at": min(first_seen_at, target.now - STALE),
            "state_at": package.created_at,
            "late_by_s": recording.late_by.total_seconds() or None,
        },
        recording.keys,
    )
    restore.enter_documents(
        target.database,
        target.connection,
        [
            {
                "recording_id": recording_id,
                "name": one.name,
                "body": dict(bodies[one.sha256]),
                "seen_at": one.seen_at,
            }
            for one in documents
            if one.sha256 in bodies
        ],
    )
    restore.enter_files(
        target.database,
        target.connection,
        [_build_file(target, package, one, recording_id, first_seen_at) for one in files],
    )
    _want_again(target, package, recording, recording_id, first_seen_at)


def _want_again(
    target: Target,
    package: Package,
    recording: PackageRecording,
    recording_id: int,
    first_seen_at: datetime,
) -> None:
    """Ask again for what was open, or was due to be looked at after the package was sealed."""
    if recording.state not in ("open", "quiet"):
        return
    due = [first_seen_at + age for age in target.ages]
    due_at = next((moment for moment in due if moment > package.created_at), None)
    if recording.state == "open":
        due_at = target.now
    if due_at is None:
        return
    job = jobs.NewJob("capture", str(recording_id), target.source_id, max(due_at, target.now))
    jobs.want(target.database, target.connection, [job])


def _build_file(
    target: Target,
    package: Package,
    one: PackageFile,
    recording_id: int,
    first_seen_at: datetime,
) -> dict[str, Any]:
    note = one.extra.get("note")
    described = MediaFile(
        file_id=one.file_id,
        kind=one.kind,
        form=one.form,
        of=one.of,
        channels=one.channels,
        timeline=one.timeline,
        claimed_sha256=one.claimed_sha256,
        media_type=one.media_type,
        name=one.name,
        extra={name: value for name, value in one.extra.items() if name != "note"},
    )
    return {
        "recording_id": recording_id,
        "file_id": one.file_id,
        "version": one.version,
        "recipe": one.recipe,
        "kind": one.kind,
        "form": one.form,
        "state": one.state,
        "reason": one.reason or None,
        "first_seen_at": first_seen_at,
        "state_at": one.archived_at or package.created_at,
        # What the engine parked it tries again; what a person parked the books tell.
        "retry_at": target.now if one.state == "parked" else None,
        "description": describe(described),
        "sha256": one.sha256 or None,
        "size_bytes": one.size_bytes if one.sha256 else None,
        "measured": None if one.measured == Measured() else to_plain(one.measured),
        "note": note,
        "archived_at": one.archived_at,
    }


def _list_facts(
    target: Target, package: Package, num: int, bodies: Bodies
) -> Iterator[dict[str, Any]]:
    for entry in package.facts:
        fact = entry.fact
        yield {
            "source_id": target.source_id,
            "kind": fact.kind,
            "fact_id": fact.fact_id,
            "interaction_num": num,
            "at": fact.at,
            "expects": fact.expects,
            "absence": fact.absence,
            "ask": fact.asked_id,
            "keys": [[key.space, key.value] for key in fact.keys],
            "body": dict(bodies.get(entry.document_sha256, {})),
            "seen_at": package.created_at,
        }


def _list_media(package: Package) -> Iterator[dict[str, Any]]:
    """Everything that the package refers to, as unread since it was archived."""
    for one in package.archived:
        yield _build_media(one.sha256, one.sha512, one.size_bytes, one.archived_at, package)
    for document in package.documents:
        size = document.size_bytes
        yield _build_media(document.sha256, document.sha512, size, document.seen_at, package)


def _build_media(
    sha256: str, sha512: str, size_bytes: int, at: datetime | None, package: Package
) -> dict[str, Any]:
    at = at or package.created_at
    return {
        "sha256": sha256,
        "sha512": sha512,
        "size_bytes": size_bytes,
        "archived_at": at,
        "verified_at": at,
    }


# --- books -----------------------------------------------------------------------------------


class Ledger:
    """The books of one source, put back row by row in the order in which they were written.

    Call :meth:`flush` after its last row, and :meth:`close` after the last row of all sources:
    only the last word about a feed or an item counts.
    """

    BATCH = 1000

    def __init__(
        self, database: Database, connection: Connection, source_id: int, now: datetime
    ) -> None:
        self._database = database
        self._connection = connection
        self._source_id = source_id
        self._now = now
        self._rows: list[dict[str, Any]] = []
        self._frontiers: dict[tuple[str, str], datetime] = {}
        self._decisions: dict[str, Mapping[str, str]] = {}
        self._joins: list[Mapping[str, str]] = []

    def enter(self, row: Mapping[str, Any]) -> None:
        """Take one row."""
        at, kind, body = datetime.fromisoformat(row["at"]), row["kind"], row["body"]
        self._rows.append(
            {
                "id": row["id"],
                "source_id": self._source_id,
                "at": at,
                "kind": kind,
                "body": body,
                "written": True,
            }
        )
        if len(self._rows) >= self.BATCH:
            self.flush()
        if kind == "frontier":
            told = [datetime.fromisoformat(body["frontier"])]
            told += [datetime.fromisoformat(body["unsealed"])] if "unsealed" in body else []
            self._frontiers[body["feed"], body["partition"]] = min(told)
        elif kind == "decision":
            self._enter_decision(at, body)
        elif kind == "gap":
            self._enter_gap(at, body)
        elif kind == "person":
            restore_directory.enter_person(
                self._database, self._connection, self._source_id, body, at
            )
        elif kind in restore_directory.GROUPS:
            restore_directory.enter_group(
                self._database, self._connection, kind, self._source_id, body, at
            )
        elif kind == "alias":
            self._joins.append(body)

    def close(self) -> None:
        """Put back what only the last word decides."""
        for body in self._joins:
            restore.join(self._database, self._connection, self._source_id, body, self._now)
        for (name, part), frontier in self._frontiers.items():
            restore.enter_feed(
                self._database, self._connection, self._source_id, name, part, frontier
            )
        for body in self._decisions.values():
            self._apply(body)

    def flush(self) -> None:
        """Write the rows taken so far."""
        restore.enter_book_rows(self._connection, self._rows)
        self._rows.clear()

    def _enter_decision(self, at: datetime, body: Mapping[str, str]) -> None:
        restore.enter_decision(
            self._connection,
            {
                "source_id": self._source_id,
                "at": at,
                "who": body["who"],
                "verb": body["verb"],
                "item": body["item"],
                "why": body["why"],
            },
        )
        if body.get("kind") == "directory":
            return  # it stands in the row of the directory that it changed
        self._decisions.pop(body["item"], None)  # so that they stand in the order of the last words
        self._decisions[body["item"]] = body

    def _enter_gap(self, at: datetime, body: Mapping[str, str]) -> None:
        which = {
            "source_id": self._source_id,
            "feed": body["feed"],
            "partition": body["partition"],
            "start_at": datetime.fromisoformat(body["start"]),
            "end_at": datetime.fromisoformat(body["end"]),
        }
        if "closed" in body:
            closed = {"closed_at": at, "closed_by": body["by"], "closed_why": body["closed"]}
            restore.close_gap(self._connection, which, closed)
        else:
            restore.enter_gap(self._connection, which | {"why": body["why"], "found_at": at})

    def _apply(self, body: Mapping[str, str]) -> None:
        """Let a person's last word stand: what is skipped or parked asks nobody again."""
        verb = body["verb"]
        if verb not in ("park", "skip"):
            return
        try:
            item = decisions.find_item(self._connection, body["item"])
        except Misuse:
            return  # the name means several items by now; their packages tell their states
        if item is not None:
            decisions.set_aside(
                self._connection, item, "park" if verb == "park" else "skip", body["why"], self._now
            )
