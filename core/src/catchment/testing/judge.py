"""Compares what the platform made available with what is in the archive, and trusts neither side.

The simulator says which files it has ever offered completely; the archive is read from its folder,
byte by byte; the catalogue must say the same as both.  ``judge`` is asked after a quiet phase and
tells everything that is wrong at once; ``Watch`` is asked while no runner
is at work and tells whether a watermark has passed something.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, text

from catchment._archive.check import list_faults
from catchment._archive.local import LocalArchive
from catchment._archive.manifest import read_manifest
from catchment._archive.package import Package
from catchment._archive.verify import verify
from catchment._catalogue import sources, watermark
from catchment._engine.application import Application
from catchment.model import period
from catchment.sandbox import TruthRow
from catchment.testing.stage import Stage

UNSETTLED = ("open", "parked")

NEWS = timedelta(minutes=10)
"""What a feed lists of so short a time ago may be on its way."""


class Held(NamedTuple):
    """One file of the platform as the archive holds it."""

    external_id: str
    file_id: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Comparison:
    """What came of a comparison; everything is empty when all is well."""

    missing: list[Held]
    duplicates: list[Held]
    invented: list[Held]
    faults: list[str]

    def __str__(self) -> str:
        lines = [f"missing {one}" for one in self.missing]
        lines += [f"duplicate {one}" for one in self.duplicates]
        lines += [f"invented {one}" for one in self.invented]
        return "\n".join([*lines, *self.faults]) or "equal"


def list_truth(stage: Stage) -> set[Held]:
    """Every file that the platforms have offered completely until now."""
    now = stage.clock.now()
    return {_read_truth(row) for platform in stage.platforms for row in platform.truth(now)}


def _read_truth(row: TruthRow) -> Held:
    return Held(row.external_id, row.file_id, row.sha256, row.bytes)


def judge(stage: Stage, *, excused: set[str] | None = None, remade: bool = False) -> Comparison:
    """Compare World and archive after a quiet phase.

    Args:
        stage: What was captured.
        excused: File ids that may be missing, because the platform stopped offering them.
        remade: The audio of a call may have been made again before it was sealed, after a kill,
            because its recordings and times came late, or because two clocks disagree on how long
            it is quiet: what was made first then lies in the archive and nothing refers to it.  The
            platform's own files are never excused so.
    """
    truth = {held for held in list_truth(stage) if held.file_id not in (excused or set())}
    with stage.open() as app:
        archive = LocalArchive(app.settings.archive.root)
        packages = _read_packages(archive)
        sealed = _list_sealed(app, packages)
        known = _list_archived(app)
        faults = [
            *_check_catalogue(app, known, sealed, bool(excused)),
            *_check_packages(app, packages),
            *_check_bytes(archive, truth, remade),
            *_check_leftovers(stage, app),
        ]
    offered = {held.file_id for held in list_truth(stage)}
    return Comparison(
        missing=sorted(truth - set(sealed)),
        duplicates=sorted(held for held, count in sealed.items() if count > 1),
        invented=sorted(one for one in set(sealed) - truth if one.file_id not in (excused or ()))
        + sorted(one for one in sealed if one.file_id not in offered),
        faults=faults,
    )


def assert_equal(stage: Stage, *, excused: set[str] | None = None, remade: bool = False) -> None:
    """Missing 0, duplicates 0, invented 0, bytes equal, and everything accounted for."""
    found = judge(stage, excused=excused, remade=remade)
    if str(found) != "equal":
        raise AssertionError(str(found))
    if not list_truth(stage):
        raise AssertionError("the platform has offered nothing, so nothing is proved")


# --- what the archive says ---------------------------------------------------------------------


def _read_packages(archive: LocalArchive) -> dict[str, Package]:
    """The newest manifest of each interaction."""
    return {
        interaction_id: read_manifest(archive.read(interaction_id, version))
        for interaction_id, version, _ in archive.newest()
    }


def _list_sealed(app: Application, packages: dict[str, Package]) -> Counter[Held]:
    """How often each file stands in the newest manifests of interactions that are not aliases."""
    survivors = {row.interaction_id for row in _list_interactions(app)}
    return Counter(
        Held(file.recording_id, file.file_id, file.sha256, file.size_bytes)
        for interaction_id, package in packages.items()
        if interaction_id in survivors
        for file in package.files
        if file.origin == "original" and file.state == "archived"
    )


def _check_packages(app: Application, packages: dict[str, Package]) -> Iterator[str]:
    """Every interaction is sealed, with valid manifests that hold all of its recordings."""
    archive = app.archive
    for interaction_id, version, path in archive.manifests():
        for fault in list_faults(json.loads(path.read_bytes())):
            yield f"manifest {interaction_id} v{version}: {fault}"
    for row in _list_interactions(app):
        if row.unsealed_since is not None or row.sealing not in (None, "null"):
            yield f"interaction {row.interaction_id} has news that is not sealed"
        if archive.versions(row.interaction_id) != list(range(1, row.version + 1)):
            yield f"interaction {row.interaction_id} should have {row.version} sealed versions"
        package = packages.get(row.interaction_id)
        told = sorted(one.external_id for one in package.recordings) if package else []
        if told != sorted(_list_recordings_of(app, row.num)):
            yield f"the manifest of {row.interaction_id} tells of {told}"


def _list_interactions(app: Application) -> list[Row[tuple[object, ...]]]:
    return _ask(app, "SELECT * FROM interaction WHERE survivor_num IS NULL")


def _list_recordings_of(app: Application, num: int) -> list[str]:
    question = f"SELECT external_id FROM recording WHERE interaction_num = {num}"  # noqa: S608
    rows = _ask(app, question)
    return [row.external_id for row in rows]


# --- what the catalogue says -------------------------------------------------------------------


def _list_archived(app: Application) -> Counter[Held]:
    rows = _ask(
        app,
        "SELECT r.external_id, f.file_id, f.sha256, f.size_bytes FROM file f"
        " JOIN recording r ON r.id = f.recording_id WHERE f.state = 'archived' AND f.recipe = ''",
    )
    return Counter(Held._make(row) for row in rows)


def _check_catalogue(
    app: Application, known: Counter[Held], sealed: Counter[Held], tolerant: bool
) -> Iterator[str]:
    """The catalogue says the same as the manifests; nothing is in the middle of anything."""
    if known != sealed:
        yield f"catalogue and manifests differ: {sorted((known - sealed) + (sealed - known))[:5]}"
    for row in _ask(app, "SELECT * FROM recording"):
        if row.state not in ("quiet", "gone") or (row.state == "gone" and not row.reason):
            yield f"recording {row.external_id} is {row.state}: {row.reason}"
    for row in _ask(app, "SELECT * FROM file"):
        if row.state not in ("archived", "gone") or (row.state == "gone" and not row.reason):
            yield f"file {row.file_id} {row.recipe} is {row.state}: {row.reason}"
        if row.state == "archived" and row.ways not in (None, "null"):
            yield f"file {row.file_id} is archived and its links are still kept"
    for row in _ask(app, "SELECT * FROM job WHERE runner IS NOT NULL"):
        yield f"job {row.kind} {row.key} is held by {row.runner}"
    for row in list_behind(app):
        yield f"a walk of {row.feed} for {row.purpose} has not come to its end"
    for row in _ask(app, "SELECT * FROM book WHERE NOT written"):
        yield f"the books were not told of {row.kind} {row.body}"
    missing = _ask(
        app,
        "SELECT f.file_id FROM file f JOIN recording r ON r.id = f.recording_id"
        " WHERE f.kind = 'video' AND f.recipe = '' AND f.state = 'archived' AND NOT EXISTS (SELECT"
        " 1 FROM file d WHERE d.recording_id = f.recording_id AND d.file_id = f.file_id"
        " AND d.version = f.version AND d.recipe <> '' AND d.state = 'archived')",
    )
    for row in missing:
        yield f"nothing was made of the film {row.file_id}"


def _check_bytes(archive: LocalArchive, truth: set[Held], remade: bool) -> Iterator[str]:
    """Every file lies under its hash with exactly the platform's bytes, and nothing else does."""
    for held in truth:
        path = archive.path_of(held.sha256)
        if not path.is_file():
            yield f"{held.file_id} is not in the archive's folder"
        elif _hash(path) != held.sha256 or path.stat().st_size != held.size_bytes:
            yield f"{held.file_id} has other bytes in the archive"
    offered = {held.sha256 for held in truth}
    for examined in verify(archive):
        unused = examined.verdict == "notice" and examined.what == "media"
        if remade and unused and examined.name not in offered:
            continue
        if examined.verdict != "sound":
            yield f"{examined.what} {examined.name} is {examined.verdict}: {examined.detail}"


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_leftovers(stage: Stage, app: Application) -> Iterator[str]:
    """No half-written file is left where anybody looks."""
    for name in ("media", "packages", "books"):
        for path in (app.archive.root / name).rglob("*"):
            if path.is_file() and path.suffix in (".tmp", ".part", ".resume"):
                yield f"{path} is left over in the archive"
    for folder in (stage.inbox, stage.processed):
        for path in folder.glob(".*"):
            yield f"{path} is left over beside the lists"


# --- the watermark -----------------------------------------------------------------------------


@dataclass
class Watch:
    """Looks at all watermarks whenever it is asked to, and remembers what it has seen.

    It may be asked while no runner is at work.

    Attributes:
        marks: Every watermark seen of each source, in order; ``None`` while it had none.
        passed: Recordings, by source and id, of which something was offered and not yet archived
            while the watermark of their source was beyond them.
    """

    stage: Stage
    marks: dict[str, list[datetime | None]]
    passed: set[tuple[str, str]]

    @classmethod
    def of(cls, stage: Stage) -> Watch:
        """A watch that has seen nothing."""
        return cls(stage, {platform.source: [] for platform in stage.platforms}, set())

    def look(self) -> dict[str, datetime]:
        """The watermarks now, of the sources that have one.

        None is beyond what the catalogue knows to be unresolved.
        """
        with self.stage.open() as app:
            now = {name: read_watermark(app, name) for name in self.marks}
            states = _ask(
                app,
                "SELECT s.name, r.external_id, r.occurred_at, r.state FROM recording r"
                " JOIN source s ON s.id = r.source_id",
            )
            archived = _ask(
                app,
                "SELECT s.name, r.external_id, f.file_id FROM file f JOIN recording r"
                " ON r.id = f.recording_id JOIN source s ON s.id = r.source_id"
                " WHERE f.state = 'archived' AND f.recipe = ''",
            )
        for name, mark in now.items():
            self.marks[name].append(mark)
        known = {name: mark for name, mark in now.items() if mark is not None}
        began = {(row.name, row.external_id): _read_time(row.occurred_at) for row in states}
        for row in states:
            mark, began_at = known.get(row.name), began[row.name, row.external_id]
            passed = mark is not None and mark > began_at
            if passed and row.state in UNSETTLED:
                raise AssertionError(f"{mark} passed {row}")
        held = {(row.name, row.external_id, row.file_id) for row in archived}
        self.passed |= set(self._list_passed(known, began, held))
        return known

    def _list_passed(
        self,
        marks: dict[str, datetime],
        began: dict[tuple[str, str], datetime],
        held: set[tuple[str, str, str]],
    ) -> Iterator[tuple[str, str]]:
        """What was offered, is not archived, and lies behind the watermark of its source.

        What the catalogue never saw is the worst case: then the World's word counts.  Else that of
        the platform does, by which it is passed: it may tell of a beginning some seconds later.
        """
        now = self.stage.clock.now()
        for platform in self.stage.platforms:
            mark = marks.get(platform.source)
            if mark is None:
                continue
            for row in platform.truth(now):
                name = (platform.source, row.external_id)
                at = began.get(name) or row.began_at
                if (*name, row.file_id) not in held and at is not None and at < mark:
                    yield name

    @property
    def stepped_back(self) -> bool:
        """Whether any watermark was ever seen to step back."""
        return any(
            after < before
            for marks in self.marks.values()
            for before, after in pairwise(mark for mark in marks if mark is not None)
        )

    def list_silent(self) -> list[tuple[str, str]]:
        """Recordings that a watermark passed and that were not recorded as late."""
        with self.stage.open() as app:
            late = _ask(
                app,
                "SELECT s.name, r.external_id FROM recording r JOIN source s"
                " ON s.id = r.source_id WHERE r.late_by_s IS NOT NULL",
            )
        return sorted(self.passed - {(row.name, row.external_id) for row in late})


def read_watermark(app: Application, name: str) -> datetime | None:
    """The watermark of a source that was in contact at least once."""
    source = sources.find(app.database, name)
    if source is None:
        return None
    table = app.settings.source(name)
    lags = {feed.name: period(feed.lag) for feed in table.kind.feeds_of(table.settings)}
    with app.database.read() as connection:
        return watermark.compute(connection, source.id, lags).at


# --- asking ------------------------------------------------------------------------------------


def _ask(app: Application, question: str) -> list[Row[tuple[object, ...]]]:
    with app.database.read() as connection:
        return list(connection.execute(text(question)))


def ask_app(app: Application, question: str, moment: str = "") -> list[Any]:
    """The rows that an open catalogue answers; with *moment*, that column alone, as times."""
    rows: list[Any] = list(_ask(app, question))
    if not moment:
        return rows
    values = [getattr(row, moment) for row in rows]
    return [None if value is None else _read_time(value) for value in values]


def is_idle(app: Application) -> bool:
    """Whether nobody works and nothing is due."""
    busy = ask_app(app, "SELECT 1 FROM job WHERE runner IS NOT NULL LIMIT 1")
    due = ask_app(app, "SELECT min(due_at) AS at FROM job", "at")
    return not busy and bool(due) and due[0] is not None and due[0] > app.now()


def list_behind(app: Application) -> list[Any]:
    """Walks that are not at their end, without those over the news of the last minutes.

    A feed that may be asked once a minute is always in the middle of one of these.
    """
    recent = app.now() - NEWS
    return [
        row
        for row in ask_app(app, "SELECT * FROM walk")
        if row.purpose != "frontier" or _read_time(row.start_at) < recent
    ]


def ask(stage: Stage, question: str) -> list[Any]:
    """The rows that the catalogue answers to a question in SQL."""
    with stage.open() as app:
        return ask_app(app, question)


def _read_time(value: object) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
