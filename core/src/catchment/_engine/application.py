"""Everything that is open while the program works: catalogue, archive, buffer, ffmpeg, sources.

A command opens one application, works, and closes it.  What is costly (ffmpeg, the adapters) is
opened when it is first needed, so that a command that only searches stays quick.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from catchment._archive.books import Books, SourceKey
from catchment._archive.local import LocalArchive
from catchment._catalogue import holdings, schema, sources
from catchment._catalogue.ahead import AHEAD
from catchment._catalogue.buckets import CatalogueBuckets
from catchment._catalogue.database import Database, open_database
from catchment._catalogue.vault import CatalogueVault
from catchment._engine import disk
from catchment.adapters import Adapter, Hooks, Source, guard
from catchment.errors import CatalogueUnusable, CatchmentError
from catchment.model import Account, Budget, Clock, Feed, period

if TYPE_CHECKING:
    from catchment._media.tool import Ffmpeg
    from catchment.settings import Settings, SourceTable
    from catchment.transport import Downloader, Kit

DOWNLOADS = Budget(1000, share=1.0)
"""How often a download may be started where an adapter declares no budget ``downloads``.

More than any runner does: it is there so that "wait" from a media host holds for every thread.
"""

WRITER = f"catchment {version('catchment')}"


@dataclass(slots=True)
class LiveSource:
    """A source that was in contact with its platform in this run.

    Attributes:
        id: Its row in the catalogue.
        name: Its label.
        table: Its settings.
        hooks: Its adapter, called through the contract.
        kit: What its adapter shares with the core.
        downloader: Fetches its files.
        feeds: The feeds that its settings ask for, by name.
        epoch: The period of the source under one kind of ids.
        stopped: Why nothing more is asked of it; empty while it works.
    """

    id: int
    name: str
    table: SourceTable
    hooks: Hooks
    kit: Kit
    downloader: Downloader
    feeds: Mapping[str, Feed]
    epoch: int = 1
    stopped: str = ""

    @property
    def adapter(self) -> type[Adapter]:
        """The adapter's class, for what it declares."""
        return self.table.kind

    @property
    def batch(self) -> Mapping[str, int]:
        """How many items each hook takes per call."""
        return self.table.kind.batch_of(self.table.settings)

    @property
    def horizon(self) -> timedelta:
        """How long the platform keeps what it offers, as far as settings, adapter or feeds say."""
        return self.table.keeps or max(period(feed.horizon) for feed in self.feeds.values())

    @property
    def lags(self) -> dict[str, timedelta]:
        """How far the watermark stays behind each feed's frontier."""
        return {name: period(feed.lag) for name, feed in self.feeds.items()}

    @property
    def patience(self) -> timedelta:
        """How long "not yet" is believed."""
        return self.table.patience

    def platform_now(self, clock: Clock) -> datetime:
        """The platform's time: ours, plus what its ``Date`` headers tell.

        Where the two lie so far apart that one of them must be wrong it is the earlier of them.
        """
        told = clock.now() + self.kit.offset
        return told if abs(self.kit.offset) <= AHEAD else min(told, clock.now())

    def listable_until(self, clock: Clock) -> datetime:
        """What ends before this has been: no clock that is fast may move a frontier beyond it."""
        return min(self.platform_now(clock), clock.now())


@dataclass(slots=True)
class Application:
    """The open parts of the program.

    Attributes:
        settings: What the settings file says.
        clock: Where time comes from.
        database: The catalogue.
        archive: Long-term storage.
        stop: Set when the program shall end.
        live: Sources in contact, by name.
        tell: Is told of events, by a fixed name and fields; for logs and progress.
        numbered: Row ids of the sources whose books were seen to go on after the archive's.
    """

    settings: Settings
    clock: Clock
    database: Database
    archive: LocalArchive
    stop: threading.Event = field(default_factory=threading.Event)
    live: dict[str, LiveSource] = field(default_factory=dict)
    tell: Callable[..., None] = lambda event, **fields: None
    numbered: set[int] = field(default_factory=set)
    _ffmpeg: Ffmpeg | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        clock: Clock,
        *,
        archive: bool = True,
        stop: threading.Event | None = None,
    ) -> Self:
        """Open the catalogue and, unless told otherwise, the archive and the buffer for writing.

        Args:
            settings: What the settings file says.
            clock: Where time comes from.
            archive: ``False`` opens the catalogue alone, for commands that only look things up.
            stop: The event that ends the program, where somebody else waits for it too.

        Raises:
            CatalogueUnusable: The database does not answer, or is newer than the program.
            StorageUnavailable: The archive or the buffer cannot be written.
        """
        database = open_database(settings.catalogue.read_url())
        try:
            schema.prepare(database)
            storage = LocalArchive(settings.archive.root, authority=settings.archive.authority)
            if archive:
                # Whoever has archived before has an archive: what looks like none is not mounted.
                storage.prepare(create=not holdings.holds_anything(database))
                disk.prepare_folder(settings.buffer.root, "the buffer", "buffer.root")
        except CatchmentError:
            database.close()
            raise
        return cls(settings, clock, database, storage, stop or threading.Event())

    @property
    def ffmpeg(self) -> Ffmpeg:
        """The ffmpeg to use, looked for once it is needed and again until it is found.

        Raises:
            ToolMissing: There is none that works.
        """
        if self._ffmpeg is None:
            from catchment._media.tool import find_ffmpeg

            self._ffmpeg = find_ffmpeg(self.settings.media.ffmpeg or None)
        return self._ffmpeg

    @property
    def buffer(self) -> Path:
        """Local working space of what is not archived yet."""
        return self.settings.buffer.root

    def now(self) -> datetime:
        """The current time."""
        return self.clock.now()

    def require_archive(self) -> None:
        """Make sure that the archive is there, if the catalogue knows of anything in it.

        Raises:
            StorageUnavailable: It is not.
        """
        if holdings.holds_anything(self.database):
            self.archive.require()

    def by_id(self, source_id: int) -> LiveSource | None:
        """The live source with this row id."""
        return next((one for one in self.live.values() if one.id == source_id), None)

    def connect(self, name: str) -> LiveSource:
        """Make contact with a source and pin its account; a second call gives the same.

        A source that was stopped is asked who it is again, before it goes on.

        Raises:
            Refused: The credential is not accepted or belongs to another account.
            Transient: The platform did not answer.
        """
        live = self.live.get(name)
        if live is not None and not live.stopped:
            return live
        table = self.settings.source(name)
        if live is not None:
            self._pin(table, live.hooks)
            live.stopped = ""
            return live
        kind = table.kind

        def list_feeds() -> dict[str, Feed]:
            return {feed.name: feed for feed in kind.feeds_of(table.settings)}

        feeds = guard(kind.name, "feeds_of", list_feeds)
        hooks, kit, downloader = self._build(table)
        try:
            source_id = self._pin(table, hooks)
        except Exception:  # whatever it was, it is tried again with new connections
            kit.close()
            downloader.close()
            raise
        live = LiveSource(source_id, name, table, hooks, kit, downloader, feeds)
        self.live[name] = live
        return live

    def _pin(self, table: SourceTable, hooks: Hooks) -> int:
        """Ask the platform who we are, and make sure that it is who we were."""
        account = hooks.account()
        self._refuse_forgotten(table.kind.platform, account)
        return sources.pin(
            self.database,
            name=table.name,
            adapter=table.adapter,
            platform=table.kind.platform,
            account=account,
            now=self.now(),
            taken={one.id: one.name for one in self.live.values()},
        )

    def _refuse_forgotten(self, platform: str, account: Account) -> None:
        """Refuse to begin anew with an account that the archive knows and the catalogue does not.

        Raises:
            CatalogueUnusable: The catalogue was lost; it can be made again from the archive.
        """
        if sources.is_known(self.database, platform, account):
            return
        keys = [SourceKey(platform, name) for name in account.names]
        books = Books(self.archive)
        if any(next(books.list_leaves(key), None) is not None for key in keys):
            raise CatalogueUnusable(
                f"the archive holds what was captured from {platform} account "
                f"{account.account_id}, and the catalogue knows nothing of it",
                remedy="Run 'catchment rebuild' with an empty catalogue, or correct the setting "
                "catalogue.url or archive.root.",
            )

    def _build(self, table: SourceTable) -> tuple[Hooks, Kit, Downloader]:
        from catchment.transport import Downloader, Kit

        kind = table.kind
        buckets = CatalogueBuckets(self.database, self.clock)
        account = f"{table.adapter}/{table.name}"
        budgets = guard(kind.name, "budgets_of", lambda: kind.budgets_of(table.settings))
        vault = CatalogueVault(self.database, self.clock)
        kit = Kit(
            self.clock,
            account=account,
            budgets=budgets,
            buckets=buckets,
            vault=vault,
            stop=self.stop,
            ca_file=table.ca_file,
        )
        told = Source(table.name, table.settings, table.timezone)
        adapter = guard(kind.name, "__init__", lambda: kind(told, kit))
        downloader = Downloader(
            self.clock,
            token=guard(kind.name, "credentials", adapter.credentials),
            token_hosts=guard(kind.name, "token_hosts", adapter.token_hosts),
            buckets=buckets,
            budget=budgets.get("downloads", DOWNLOADS),
            budgets=budgets,
            account=account,
            ca_file=table.ca_file,
        )
        return Hooks(adapter), kit, downloader

    def choose(self, names: Iterable[str]) -> list[str]:
        """The enabled sources, or those of them that are *named*.

        Raises:
            Misuse: There is no such source, or none at all.
        """
        return self.settings.choose(names)

    def close(self) -> None:
        """Close everything."""
        for one in self.live.values():
            one.kit.close()
            one.downloader.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
