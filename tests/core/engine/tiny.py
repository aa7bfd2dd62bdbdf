"""A platform of a few lines, in memory: what the engine's functions are tried out on.

Files come inside documents, so that nothing needs a network or ffmpeg.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from catchment._engine.application import Application
from catchment._engine.runner import Ending as Ended
from catchment._engine.runner import Runner
from catchment.adapters import Adapter, Source, SourceSettings
from catchment.clock import ManualClock
from catchment.errors import CatchmentError
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Bundle,
    Contact,
    Fact,
    Feed,
    Finding,
    InteractionDraft,
    Key,
    MediaFile,
    Nothing,
    Outcome,
    Page,
    Party,
    Person,
    Queue,
    Ready,
    Ref,
    Sighting,
    Span,
    Team,
    Window,
)
from catchment.settings import Settings, SourceTable
from catchment.settings.tables import ArchiveTable, BufferTable, CatalogueTable
from catchment.transport import Kit

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@dataclass
class Row:
    """A recording of the platform; ``files`` are chats and attachments by their id."""

    external_id: str
    at: datetime
    files: dict[str, bytes] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    revision: str = "1"
    coming: tuple[str, ...] = ()


@dataclass
class Cloud:
    """What the platform holds, and how often it was asked for what."""

    rows: list[Row] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    people: list[Person | Team | Queue] = field(default_factory=list)
    statistics: list[Fact] = field(default_factory=list)
    account_id: str = "acme"
    fails: dict[str, CatchmentError | Exception] = field(default_factory=dict)
    polled: list[Window] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def ask(self, hook: str) -> None:
        """Fail if that is what *hook* shall do."""
        if hook in self.fails:
            raise self.fails[hook]

    def row(self, external_id: str) -> Row | None:
        """The recording with this id."""
        return next((row for row in self.rows if row.external_id == external_id), None)


class TinySettings(SourceSettings):
    """Nothing to set."""


class Tiny(Adapter):
    """Speaks to a :class:`Cloud`."""

    name = "tiny"
    platform = "Tiny"
    Settings = TinySettings
    feeds = (Feed("all", every="5m", max_window="1d", lookback={"1h": "3d"}, horizon="30d"),)
    revisit = ("1h",)
    patience = "1d"
    withheld = frozenset({"link"})
    cloud: ClassVar[Cloud]

    def __init__(self, source: Source, kit: Kit) -> None:
        self.cloud.ask("made")

    @hookimpl
    def account(self) -> Account:
        """The account, whoever asks."""
        self.cloud.ask("account")
        return Account(self.cloud.account_id)

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """One permission."""
        yield Finding("listing", "pass", "it may be listed")
        self.cloud.ask("check")

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """One page."""
        self.cloud.ask("poll")
        self.cloud.polled.append(span.window)
        inside = [row for row in self.cloud.rows if span.window.start <= row.at < span.window.end]
        facts = [one for one in self.cloud.facts if span.window.start <= one.at < span.window.end]
        yield Page(tuple(_sight(row) for row in inside), tuple(facts), last=True)

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The listing is the metadata."""
        for one in batch:
            yield Ready(one)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Every file, its bytes inside."""
        self.cloud.ask("fetch_media")
        for one in batch:
            self.cloud.fetched.append(one.external_id)
            row = self.cloud.row(one.external_id)
            if row is None:
                yield Nothing(one, "it was deleted")
                continue
            files = [_describe(name, data) for name, data in row.files.items()]
            files += [
                MediaFile(name, "attachment", "bin", offered="not_yet") for name in row.coming
            ]
            yield Ready(one, files=tuple(files))

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """A talk with its host."""
        first = min(bundle.recordings, key=lambda one: one.external_id, default=None)
        at = first.occurred_at if first else bundle.facts[0].at
        host = Party("host", "host", Ref("user", "u1"))
        return InteractionDraft(
            kind="meeting",
            external_id=f"m-{first.external_id}" if first else bundle.facts[0].fact_id,
            started_at=at,
            ended_at=at + timedelta(minutes=30),
            subject=f"Talk {first.external_id}" if first else "",
            parties=(host,),
            contacts=(Contact("c1", "host", at),),
            custom={"room": "blue"},
            mapper="tiny 1",
        )

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """By the id of the listing."""
        for one in ids:
            row = self.cloud.row(one)
            yield Ready(one, sightings=(_sight(row),)) if row else Nothing(one)

    @hookimpl
    def sync_directory(self) -> Iterator[Person | Team | Queue]:
        """Everybody."""
        yield from self.cloud.people

    @hookimpl
    def read_statistics(self, window: Window) -> Iterator[Fact]:
        """What was put there."""
        self.cloud.ask("read_statistics")
        yield from self.cloud.statistics


def _sight(row: Row) -> Sighting:
    keys = tuple(Key("talk", key) for key in row.keys or (row.external_id,))
    document = {"id": row.external_id, "link": "https://example.com/secret", "who": "Ada"}
    return Sighting(row.external_id, row.at, keys, row.revision, document=document)


def _describe(name: str, data: bytes) -> MediaFile:
    if name.endswith(".txt"):
        return MediaFile(name, "chat", "txt", inline=data, size_bytes=len(data))
    return MediaFile(name, "attachment", "bin", inline=data, extra={"page": 1})


class Site:
    """A folder with everything in it, a cloud, and a clock: runs whatever a test asks for."""

    def __init__(self, root: Path, cloud: Cloud, at: datetime = NOON) -> None:
        self.root = root
        self.cloud = cloud
        self.clock = ManualClock(at)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.database_name = "catalogue.db"

    @property
    def settings(self) -> Settings:
        """Settings with the one source ``tiny``."""
        kind = type("Tiny", (Tiny,), {"cloud": self.cloud})
        table = SourceTable(
            name="tiny",
            adapter="tiny",
            kind=kind,
            settings=TinySettings(),
            recovery=self.root / "recovery",
        )
        return Settings(
            catalogue=CatalogueTable(url=f"sqlite:///{self.root / self.database_name}"),
            archive=ArchiveTable(root=self.root / "archive"),
            buffer=BufferTable(root=self.root / "buffer", reserve=0),
            sources={"tiny": table},
        )

    def open(self) -> Application:
        """An open application that tells this site what happens."""
        app = Application.open(self.settings, self.clock)
        app.tell = lambda event, **fields: self.told.append((event, fields))
        return app

    def run(self) -> Ended:
        """What ``catchment run --once`` does."""
        with self.open() as app:
            return Runner(app, app.choose([]), once=True).run()

    def count(self, event: str) -> int:
        """How often *event* was told."""
        return sum(told == event for told, _ in self.told)

    def path_of(self, data: bytes) -> Path:
        """Where the archive keeps *data*."""
        digest = hashlib.sha256(data).hexdigest()
        return self.root / "archive" / "media" / digest[:2] / digest[2:4] / digest


def make_cloud() -> Cloud:
    """Two talks, one of them in two recordings; a chat, a few attachments, one person."""
    return Cloud(
        rows=[
            Row("r1", NOON - timedelta(hours=20), {"a": b"first", "chat.txt": b"hello zebra\n"}),
            Row("r2", NOON - timedelta(hours=5), {"b": b"second"}, ("t2",)),
            Row("r3", NOON - timedelta(hours=4), {"c": b"third"}, ("t2",)),
        ],
        people=[Person((Ref("user", "u1"),), "Ada Example", "ada@example.com")],
    )
