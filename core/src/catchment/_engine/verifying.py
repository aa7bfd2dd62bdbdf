"""Reading the archive again, saying whose is what is damaged, and having it fetched again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment._archive import verify as archive_verify
from catchment._archive.books import SourceKey
from catchment._archive.hashes import build_digests
from catchment._archive.verify import Examined, Part, is_sound
from catchment._catalogue import books, damages, decisions, holdings, sources
from catchment._catalogue.damages import KnownDamage
from catchment._catalogue.decisions import Decided, Item
from catchment._catalogue.holdings import Holder
from catchment._catalogue.outcomes import read_sha512
from catchment._catalogue.recordings import read_recordings, settle_recording
from catchment._engine.application import Application
from catchment._engine.sealing import build_document

BATCH = 100
"""How many sound objects are remembered in one transaction."""

_NAMES: tuple[Part, ...] = ("manifests", "books")
_MEDIA: tuple[Part, ...] = ("media",)

Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Damage:
    """An object of the archive that is damaged or missing, and whose it is.

    Attributes:
        what: ``media``, ``manifest`` or ``leaf``.
        name: Its hash; interaction and version; or the leaf's name.
        verdict: ``damaged`` or ``missing``.
        detail: What is wrong.
        holders: The files with these bytes.
        interactions: Ids of the interactions that refer to it.
        remedy: What a person can do, as a sentence.
    """

    what: str
    name: str
    verdict: str
    detail: str
    holders: tuple[Holder, ...] = ()
    interactions: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """How much of the archive was read again, and what came of it.

    Attributes:
        examined: How many objects were looked at.
        damaged: Those that are damaged or missing.
        notices: How many objects nothing refers to; they are no loss.
        whole: Everything was looked at; ``False`` when time ran out first.
    """

    examined: int
    damaged: tuple[Damage, ...]
    notices: int
    whole: bool


def verify(
    app: Application, *, within: timedelta | None = None, tell: Tell = lambda event, **fields: None
) -> Verified:
    """Read the archive again, media that were unread longest first.

    With *within*, half of the time goes to manifests and books and begins at another place each
    time; the rest goes to media, and goes on where the last run ended.  Nothing is repaired; what
    is damaged or missing stays on record until it is there again or read again and sound.

    Args:
        app: What is open.
        within: When to stop; ``None`` reads everything.
        tell: Is told of each damage, and how far it is.

    Raises:
        StorageUnavailable: The archive as a whole is not there.
    """
    app.require_archive()
    return _Round(app, within, tell).run()


class _Round:
    """One run of a verification."""

    def __init__(self, app: Application, within: timedelta | None, tell: Tell) -> None:
        self._app = app
        self._tell = tell
        self._begun_at = app.now()
        self._within = within
        self._examined = 0
        self._notices = 0
        self._cut = False
        self._damaged: dict[tuple[str, str], Damage] = {}
        self._known = damages.list_names(app.database)
        self._sound: list[str] = []
        self._healed: set[damages.Named] = set()
        self._found: list[KnownDamage] = []

    def run(self) -> Verified:
        """Look at everything that there is time for."""
        for examinations in self._plan():
            self._look(examinations)
        over = self._within is not None and self._is_over(self._within)
        whole = not (over or self._cut or self._app.stop.is_set())
        if whole and self._within is None:
            # Everything was looked at: what is not there any more is nobody's loss.
            self._healed |= self._known - self._damaged.keys()
        self._remember()
        return Verified(self._examined, tuple(self._damaged.values()), self._notices, whole)

    def _plan(self) -> Iterator[Iterator[Examined]]:
        app, within = self._app, self._within
        expected = holdings.list_sealed(app.database)
        if within is None:
            until = app.stop.is_set
            yield archive_verify.verify(
                app.archive, self._list_media(), until, expected, rows=self._list_rows()
            )
            return
        start = _choose_start(self._begun_at)
        yield archive_verify.verify(
            app.archive,
            None,
            lambda: self._is_over(within / 2),
            expected,
            rows=self._list_rows(),
            parts=_NAMES,
            start=start,
        )
        self._cut = self._is_over(within / 2)
        yield archive_verify.verify(
            app.archive, self._list_media(), lambda: self._is_over(within), parts=_MEDIA
        )

    def _is_over(self, within: timedelta) -> bool:
        return self._app.stop.is_set() or self._app.now() - self._begun_at >= within

    def _list_media(self) -> Iterator[str]:
        """What the catalogue knows, longest unread first; then what only the pool knows."""
        yield from holdings.list_longest_unread(self._app.database, self._begun_at)
        for name in self._app.archive.list_media():
            if not holdings.knows(self._app.database, name):
                yield name

    def _list_rows(self) -> Iterator[tuple[SourceKey, Sequence[int]]]:
        """The rows of the books that the catalogue knows to be written."""
        for platform, account_id, ids in books.list_written(self._app.database):
            yield SourceKey(platform, account_id), ids

    def _look(self, examinations: Iterator[Examined]) -> None:
        for examined in examinations:
            self._examined += 1
            if examined.verdict == "sound":
                self._keep(examined)
            elif examined.verdict == "notice":
                self._notices += 1
            else:
                self._accuse(examined)
            if self._examined % BATCH == 0:
                self._tell("verify.progress", examined=self._examined, damaged=len(self._damaged))

    def _keep(self, examined: Examined) -> None:
        if (examined.what, examined.name) in self._known:
            self._healed.add((examined.what, examined.name))
        if examined.what == "media":
            self._sound.append(examined.name)
            if len(self._sound) >= BATCH:
                self._remember()

    def _remember(self) -> None:
        database = self._app.database
        holdings.mark_read(database, self._sound, self._app.now())
        if self._healed or self._found:
            with database.write() as connection:
                damages.forget(connection, self._healed - self._damaged.keys())
                damages.enter(database, connection, self._found)
        self._sound.clear()
        self._healed.clear()
        self._found.clear()

    def _accuse(self, examined: Examined) -> None:
        damage = describe(self._app, examined)
        if (damage.what, damage.name) in self._damaged:
            return
        self._damaged[damage.what, damage.name] = damage
        self._found.append(
            KnownDamage(
                damage.what,
                damage.name,
                damage.verdict,
                damage.detail,
                damage.remedy,
                self._app.now(),
            )
        )
        if len(self._found) >= BATCH:
            self._remember()
        self._tell(
            "verify.damaged",
            what=damage.what,
            name=damage.name,
            verdict=damage.verdict,
            detail=damage.detail,
        )


def _choose_start(now: datetime) -> str:
    """Another one of the 256 folders at each hour."""
    return f"{int(now.timestamp()) // 3600 * 97 % 256:02x}"


def describe(app: Application, examined: Examined) -> Damage:
    """Say whose the damaged object is, and what can be done."""
    holders = (
        tuple(holdings.list_holders(app.database, examined.name))
        if examined.what == "media"
        else ()
    )
    interactions = {*examined.interactions, *(one.interaction for one in holders)}
    return Damage(
        what=examined.what,
        name=examined.name,
        verdict=examined.verdict,
        detail=examined.detail,
        holders=holders,
        interactions=tuple(sorted(interactions)),
        remedy=_build_remedy(examined, holders, sorted(interactions)),
    )


def _build_remedy(
    examined: Examined, holders: Sequence[Holder], interactions: Sequence[str]
) -> str:
    if holders:
        item = f"{holders[0].external_id}/{holders[0].file_id}"
        return (
            f"Run 'catchment retry {shlex.quote(item)} --why damaged' to have it fetched again if "
            "the platform still has it; else restore it from a copy of the archive."
        )
    if examined.what == "media" and interactions:
        return (
            f"Run 'catchment retry {interactions[0]} --why damaged' to have the document written "
            "again from the catalogue if it still stands there; else restore it from a copy of the "
            "archive."
        )
    return "Restore it from a copy of the archive."


# --- having it again -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retried:
    """What is tried again.

    Attributes:
        item: What was named.
        lost: How many objects the archive had lost of it.
        decided: What is fetched or made again, the lost files included, and what is sound.
    """

    item: Item
    lost: int
    decided: Decided


def retry_all(app: Application, items: Sequence[Item], *, who: str, why: str) -> list[Retried]:
    """Have items tried again, as a person decided, also where the archive lost their bytes.

    Archived files are read first.  What is damaged is set aside and what is missing is expected
    again, so that it is fetched or made anew; sound files are left alone.
    """
    lost = [reopen_damaged(app, item) for item in items]
    decided = decisions.decide_all(app.database, items, "retry", who=who, why=why, now=app.now())
    return [Retried(*one) for one in zip(items, lost, decided, strict=True)]


def reopen_damaged(app: Application, item: Item) -> int:
    """Set aside what is damaged of an item's archived files, and expect it again; how many."""
    with app.database.read() as connection:
        rows = holdings.list_held(connection, item.recording_ids, item.file_ids)
    lost = [row for row in rows if not _is_there(app, row.sha256)]
    for sha256 in {row.sha256 for row in lost}:
        app.archive.set_aside(sha256)
    with app.database.write(item.source_id) as connection:
        now = app.now()
        for row in lost:
            holdings.reopen(connection, row, "its bytes in the archive were damaged or lost", now)
        for recording_id in {row.recording_id for row in lost}:
            settle_recording(connection, recording_id, now)
    return len(lost) + (_rewrite_documents(app, item) if not item.file_ids else 0)


def _is_there(app: Application, sha256: str | None) -> bool:
    return sha256 is not None and is_sound(app.archive, sha256)


def _rewrite_documents(app: Application, item: Item) -> int:
    """Put documents that the archive lost back from the catalogue; how many."""
    with app.database.read() as connection:
        recordings = read_recordings(connection, item.recording_ids)
        name = sources.find_source_name(connection, item.source_id)
    table = app.settings.sources.get(name)
    if table is None:
        return 0
    written = 0
    for recording in recordings:
        for body in recording.value.documents.values():
            data = build_document(body, table.kind.withheld)
            digests = build_digests(data)
            with app.database.read() as connection:
                sealed = read_sha512(connection, [digests.sha256])
            if sealed and not is_sound(app.archive, digests.sha256):
                app.archive.set_aside(digests.sha256)
                app.archive.put_bytes(data)
                with app.database.write() as connection:
                    damages.forget(connection, [("media", digests.sha256)])
                written += 1
    return written
