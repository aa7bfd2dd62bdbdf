"""The catalogue from the archive alone, and a copy of the catalogue.

Packages tell what was captured, books tell the rest.  Everything is written in one transaction: a
rebuild that is killed leaves the catalogue as empty as it was, and is simply run again.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, make_url

from catchment._archive.books import Books, SourceKey, say_lost
from catchment._archive.durable import make_folder, rename_once, storage_errors, sync
from catchment._archive.manifest import read_manifest
from catchment._archive.package import Package
from catchment._catalogue import books, restore
from catchment._engine import consolidation
from catchment._engine.application import Application
from catchment._engine.restoring import Ledger, Target, add_package, restore_package
from catchment.adapters import Adapter, load_adapter
from catchment.errors import CatchmentError, Corrupt, Misuse
from catchment.model import period
from catchment.settings import Settings

Tell = Callable[..., None]
PROGRESS = 100
"""How many interactions are put back between two words of progress."""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild put into the catalogue.

    Attributes:
        unreadable: What of the archive could not be read, with the reason; it is left out.
    """

    sources: int = 0
    interactions: int = 0
    recordings: int = 0
    files: int = 0
    book_rows: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)


def rebuild(app: Application, *, tell: Tell = lambda event, **fields: None) -> Rebuilt:
    """Fill an empty catalogue from the archive's packages and books.

    Afterwards searching and showing give what they gave before, feeds are listed on from where
    the books say, and nothing that is archived is fetched again.  What the archive's newest
    packages do not hold yet is found again by listing.

    Args:
        app: What is open.
        tell: Is told how far it is, and of everything that cannot be read.

    Raises:
        Misuse: The catalogue is not empty.
        NotInstalled: The adapter of a source is not installed, so its platform is unknown.
    """
    return _Rebuild(app, tell).run()


class _Rebuild:
    """One rebuild."""

    def __init__(self, app: Application, tell: Tell) -> None:
        self._app = app
        self._tell = tell
        self._shelf = Books(app.archive)
        self._done = Rebuilt()
        self._adapters: dict[str, type[Adapter]] = {}
        self._twins: list[tuple[int, tuple[int, ...]]] = []

    def run(self) -> Rebuilt:
        """Read everything and write it in one transaction."""
        app, done = self._app, self._done
        with app.database.write() as connection:
            if not restore.is_empty(connection):
                raise Misuse(
                    "the catalogue is not empty, and a rebuild fills only an empty one",
                    remedy="Name a new database in catalogue.url, or move the old file away.",
                )
            aliases = self._read_aliases()
            for interaction_id, version, _ in app.archive.newest():
                if interaction_id not in aliases:
                    self._restore(connection, interaction_id, version)
            keys = sorted({leaf.source for leaf in self._shelf.list_leaves()})
            # All rows first: what follows from them is numbered after the last of them.
            ledgers = [self._read_books(connection, key) for key in keys]
            books.number_after(app.database, connection, self._shelf.find_last())
            for source_id, nums in self._twins:
                restore.join_twins(app.database, connection, source_id, nums, app.now())
            for ledger in ledgers:
                ledger.close()
            done.sources = restore.count_sources(connection)
        tell = self._tell
        tell("rebuild.done", interactions=done.interactions, unreadable=len(done.unreadable))
        return done

    # --- packages ----------------------------------------------------------------------------

    def _read_aliases(self) -> set[str]:
        """Ids that were joined into others; their own packages tell an older story."""
        found: set[str] = set()
        for interaction_id, version, _ in self._app.archive.newest():
            try:
                data = self._app.archive.read(interaction_id, version)
                found.update(json.loads(data)["catchment"].get("aliases", ()))
            except (CatchmentError, ValueError, KeyError, TypeError, AttributeError):
                continue  # told when it is read in full
        return found

    def _restore(self, connection: Connection, interaction_id: str, newest: int) -> None:
        package = self._read_newest(interaction_id, newest)
        if package is None:
            return
        app, done = self._app, self._done
        adapter = self._adapter(package.source.adapter)
        source_id = restore.enter_source(
            connection,
            platform=adapter.platform,
            account_id=package.source.account_id,
            adapter=package.source.adapter,
            name=package.source.name,
            epoch=package.source.epoch,
            now=package.created_at,
        )
        ages = tuple(sorted(period(age) for age in adapter.revisit))
        target = Target(app.database, connection, source_id, app.now(), ages)
        num = restore_package(target, package, dict(self._read_documents(package)))
        branches = list(self._read_branches(interaction_id, newest, package))
        for branch in branches:
            add_package(target, branch, num, dict(self._read_documents(branch)))
        self._find_twins(target, num, [package, *branches])
        words = self._read_words(package)
        mapped = [consolidation.Mapped(num, package.draft, words)]
        consolidation.save(app.database, connection, mapped, package.created_at)
        # A newest version that cannot be read keeps its number: it is never written over.
        restore.mark_sealed(
            connection,
            num,
            version=newest,
            document_id=package.document_id,
            at=package.created_at,
        )
        done.interactions += 1
        done.recordings += len(package.recordings)
        done.files += len(package.files)
        if done.interactions % PROGRESS == 0:
            self._tell("rebuild.progress", interactions=done.interactions)

    def _read_newest(self, interaction_id: str, newest: int) -> Package | None:
        """The newest version that can be read; what cannot is told."""
        for version in range(newest, 0, -1):
            try:
                return read_manifest(self._app.archive.read(interaction_id, version))
            except CatchmentError as error:
                self._miss(f"{interaction_id} v{version}", error)
        return None

    def _read_branches(
        self, interaction_id: str, newest: int, package: Package
    ) -> Iterator[Package]:
        """Versions that no later one follows on: the last words of a history that was left.

        There is such a one where an old copy of the catalogue was put back; what was sealed between
        the copy and that moment, later versions may not know.  A version that cannot be read is
        passed over: nothing of it is needed unless it is such a one, and ``verify`` tells of it.
        """
        followed = {package.previous_document_id}
        for version in range(newest - 1, 0, -1):
            try:
                data = self._app.archive.read(interaction_id, version)
                known = json.loads(data)
                if known["uuid"] not in (*followed, package.document_id):
                    yield read_manifest(data)
                followed.add(known.get("amended", {}).get("uuid"))
            except (CatchmentError, ValueError, KeyError, TypeError, AttributeError):
                continue

    def _find_twins(self, target: Target, num: int, packages: Sequence[Package]) -> None:
        """Note which other interactions share a key or a recording with this one.

        An old copy of the catalogue gave a new id to what it had lost, and sealed it again.
        """
        recordings = [one for package in packages for one in package.recordings]
        keys = [key for one in recordings for key in one.keys]
        keys += [key for package in packages for one in package.facts for key in one.fact.keys]
        ids = sorted({one.external_id for one in recordings})
        twins = restore.list_twins(target.connection, target.source_id, num, keys, ids)
        if twins or len(packages) > 1:
            self._twins.append((target.source_id, (num, *sorted(twins))))

    def _read_documents(self, package: Package) -> Iterator[tuple[str, Mapping[str, object]]]:
        """The bodies of a package's documents by their hash, as far as they can be read."""
        for sha256 in {document.sha256 for document in package.documents}:
            try:
                with self._app.archive.open_media(sha256) as stream:
                    body = json.loads(stream.read())
            except (CatchmentError, ValueError) as error:
                self._miss(sha256, error)
                continue
            yield sha256, body

    def _read_words(self, package: Package) -> str:
        """The words of the newest texts; a damaged one is told and left out."""
        newest = {(one.recording_id, one.file_id): one for one in package.archived}
        words: list[str] = []
        for name, one in newest.items():
            text = consolidation.Text(name, one.kind, one.form, one.sha256)
            try:
                words.append(consolidation.read_words(self._app, [text]))
            except CatchmentError as error:
                self._miss(one.sha256, error)
        return "\n".join(words)[: consolidation.TEXT_CHARACTERS]

    def _adapter(self, name: str) -> type[Adapter]:
        if name not in self._adapters:
            tables = self._app.settings.sources.values()
            kinds = (table.kind for table in tables if table.adapter == name)
            self._adapters[name] = next(kinds, None) or load_adapter(name)
        return self._adapters[name]

    # --- books -------------------------------------------------------------------------------

    def _read_books(self, connection: Connection, key: SourceKey) -> Ledger:
        source_id = restore.find_source(connection, key.platform, key.account_id)
        if source_id is None:  # nothing was ever sealed; its first contact gives it its label
            label = f"{key.platform}/{key.account_id}"
            source_id = restore.enter_source(
                connection,
                platform=key.platform,
                account_id=key.account_id,
                adapter="",
                name=label,
                epoch=1,
                now=self._app.now(),
            )
        ledger = Ledger(self._app.database, connection, source_id, self._app.now())
        try:
            for row in self._shelf.read(key):
                ledger.enter(row)
                self._done.book_rows += 1
        except Corrupt as error:
            self._miss(f"books of {key.platform} {key.account_id}", error)
        ledger.flush()
        if lost := self._shelf.find_lost(key):
            why = Corrupt(f"{say_lost(lost)}, though others follow: a leaf is missing")
            self._miss(f"books of {key.platform} {key.account_id}: a hole", why)
        return ledger

    def _miss(self, name: str, error: Exception) -> None:
        said = str(error) if isinstance(error, CatchmentError) else "it is not JSON"
        self._done.unreadable[name] = said
        self._tell("rebuild.unreadable", name=name, error=said)


# --- a copy of the catalogue -----------------------------------------------------------------


def back_up(settings: Settings, to: Path) -> Path:
    """Write a consistent copy of the catalogue, while runners may go on writing to it.

    Args:
        settings: Say where the catalogue is.
        to: A file that does not exist yet, or a folder for it.

    Returns:
        The copy.

    Raises:
        Misuse: The catalogue is on PostgreSQL, there is none, or the copy exists already.
        StorageUnavailable: The copy cannot be written.
    """
    url = make_url(settings.catalogue.url)
    if url.get_backend_name() != "sqlite":
        raise Misuse(
            "the catalogue is on PostgreSQL, which has a tool of its own for copies",
            remedy="Run pg_dump on the database.",
        )
    catalogue = Path(url.database or "")
    if not catalogue.is_file():
        raise Misuse(f"there is no catalogue {catalogue}", remedy="Run catchment run first.")
    target = to / catalogue.name if to.is_dir() else to
    taken = Misuse(f"{target} exists already", remedy="Name another file.")
    if target.exists():
        raise taken
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with storage_errors(f"copying the catalogue to {target}"):
        make_folder(target.parent)
        try:
            _copy_sqlite(catalogue, partial)
            sync(partial)
            if not rename_once(partial, target):
                raise taken
            sync(target.parent)
        finally:
            partial.unlink(missing_ok=True)
    return target


def _copy_sqlite(catalogue: Path, copy: Path) -> None:
    copy.touch()  # what keeps it from being written, in the words of the system
    try:
        with (
            closing(sqlite3.connect(catalogue, timeout=60)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            # All pages in one step: one reader's view, which keeps no writer waiting.
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, whatever stood beside it
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
