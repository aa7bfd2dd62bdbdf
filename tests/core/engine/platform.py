"""A platform that a test scripts line by line, and the stage on which the engine captures it.

"Tin" is as small as a platform can be: one listing, calls with a few files, and a real server on
the loopback that hands out their bytes, or whatever a test puts in their place.  What each hook
answers is an attribute of :class:`Cloud`, so that a test says only what is unusual about its case.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, cast

from sqlalchemy import Table, select

from catchment._catalogue import (
    frontiers,
    interactions,
    jobs,
    search,
    tables,
    watermark,
)
from catchment._catalogue.files import list_files
from catchment._catalogue.jobs import Job, NewJob
from catchment._catalogue.watermark import Watermark
from catchment._engine import endings
from catchment._engine.application import Application, LiveSource
from catchment._engine.capture import capture
from catchment._engine.runner import STEPS, TOGETHER, Ending, Runner
from catchment._engine.work import Work, feed_key
from catchment.adapters import Adapter, Source, SourceSettings
from catchment.clock import ManualClock
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Bundle,
    Contact,
    Feed,
    InteractionDraft,
    Key,
    Kind,
    MediaFile,
    Nothing,
    Page,
    Party,
    Person,
    Ready,
    Ref,
    Sighting,
    Span,
    Way,
)
from catchment.model import Outcome as Answer
from catchment.settings import Settings, read_settings
from catchment.transport import Kit

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
"""When every test begins."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CALLS = Feed("calls", every="10m", max_window="1d", horizon="2d")
"""The only listing, unless a test declares others: two windows reach back to its horizon."""


# --- the platform ----------------------------------------------------------------------------


@dataclass
class Tape:
    """A file at the platform; ``more`` are further fields of its :class:`MediaFile`."""

    data: bytes = b"hello"
    kind: Kind = "attachment"
    form: str = "bin"
    offered: str = "ready"
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Call:
    """A recording at the platform."""

    external_id: str
    at: datetime
    keys: tuple[Key, ...]
    files: dict[str, Tape]
    revision: str = "1"
    offered: str = "ready"

    def sight(self) -> Sighting:
        """How listings tell it."""
        return Sighting(
            self.external_id,
            self.at,
            self.keys,
            self.revision,
            cast(Any, self.offered),
            {"id": self.external_id, "revision": self.revision},
        )


@dataclass(frozen=True)
class Reply:
    """What the server answers; ``length`` announces another size than the body's."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/octet-stream"
    length: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Cloud:
    """The platform: what it holds, and what it answers to each hook.

    Attributes:
        calls: What it holds, by id.
        page_size: How many calls a page of a listing tells.
        log: Every question that was asked of a hook, by the hook's name.
        fetched: The path and the range of every request for a file.
        replies: What the server answers for a file next, before it answers as it should.
    """

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.page_size = 2
        self.account_id = "account-1"
        self.log: list[tuple[str, Any]] = []
        self.fetched: list[tuple[str, str]] = []
        self.replies: dict[str, list[Reply]] = {}
        self.links = 1
        self.account: Callable[[], Account] = lambda: Account(self.account_id)
        self.poll: Callable[[Span], Iterator[Page]] = self.list_pages
        self.metadata: Callable[[Batch], Iterator[Answer]] = self.tell
        self.media: Callable[[Batch], Iterator[Answer]] = self.offer_files
        self.recover: Callable[[Sequence[str]], Iterator[Answer]] = self.find
        self.map: Callable[[Bundle], InteractionDraft] = draft
        self.parts: Callable[[Feed], Sequence[str]] = lambda _feed: ()
        self.people: Callable[[], Iterator[Person]] = lambda: iter(())
        self._server = _Server(("127.0.0.1", 0), self._build_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hold(
        self,
        external_id: str,
        *,
        ago: timedelta = HOUR,
        files: Mapping[str, Tape | bytes] | None = None,
        keys: Sequence[str] = (),
        **more: Any,
    ) -> Call:
        """Have a call from *ago* before the start; without *files* it has one of five bytes."""
        tapes = {
            name: tape if isinstance(tape, Tape) else Tape(tape)
            for name, tape in (files if files is not None else {"f": Tape()}).items()
        }
        named = tuple(Key("call", key) for key in (keys or (external_id,)))
        self.calls[external_id] = Call(external_id, START - ago, named, tapes, **more)
        return self.calls[external_id]

    def asked(self, hook: str) -> list[Any]:
        """What *hook* was asked, in order."""
        return [what for name, what in self.log if name == hook]

    # --- what the hooks answer, unless a test says otherwise -----------------------------------

    def list_pages(self, span: Span) -> Iterator[Page]:
        """The calls of the window, a few per page; the cursor is the number of the next."""
        window = span.window
        rows = [c.sight() for c in self.calls.values() if window.start <= c.at < window.end]
        first = int(span.cursor or 0)
        while True:
            some = tuple(rows[first : first + self.page_size])
            first += self.page_size
            last = first >= len(rows)
            yield Page(some, total=len(rows), cursor=None if last else str(first), last=last)
            if last:
                return

    def tell(self, batch: Batch) -> Iterator[Answer]:
        """A document for each recording."""
        for one in batch:
            yield Ready(one, documents={"call": {"id": one.external_id}})

    def offer_files(self, batch: Batch) -> Iterator[Answer]:
        """Every file of each recording, with links that live until :meth:`kill_links`."""
        for one in batch:
            files = self.calls[one.external_id].files
            yield Ready(one, files=tuple(self.describe(one.external_id, name) for name in files))

    def describe(self, external_id: str, name: str, **more: Any) -> MediaFile:
        """One file as ``fetch_media`` tells it."""
        tape = self.calls[external_id].files[name]
        way = Way(self.link(external_id, name), auth=False)
        ready = tape.offered == "ready"
        told: dict[str, Any] = {
            "offered": tape.offered,
            "ways": (way,) if ready else (),
            "size_bytes": len(tape.data) if ready else None,
        }
        return MediaFile(name, tape.kind, tape.form, **(told | dict(tape.more) | more))

    def link(self, external_id: str, name: str) -> str:
        """The link of a file that works at the moment."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/{self.links}/{external_id}/{name}"

    def kill_links(self) -> None:
        """Let every link that was handed out die; new ones work."""
        self.links += 1

    def find(self, ids: Sequence[str]) -> Iterator[Answer]:
        """The calls with these ids."""
        for one in ids:
            call = self.calls.get(one)
            yield Ready(one, sightings=(call.sight(),)) if call else Nothing(one, "no such call")

    # --- the server -----------------------------------------------------------------------------

    def _reply(self, path: str, asked_range: str) -> Reply:
        self.fetched.append((path, asked_range))
        _, links, external_id, name = path.split("/")
        if waiting := self.replies.get(name):
            return waiting.pop(0)
        if links != str(self.links):
            return Reply(404)
        data = self.calls[external_id].files[name].data
        headers = {"ETag": f'"{hash(data)}"'}
        if not asked_range:
            return Reply(200, data, headers=headers)
        first = int(asked_range.removeprefix("bytes=").split("-")[0])
        headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return Reply(206, data[first:], headers=headers)

    def _build_handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                reply = cloud._reply(self.path, self.headers.get("Range", ""))
                length = len(reply.body) if reply.length is None else reply.length
                with suppress(OSError):
                    self.send_response_only(reply.status)
                    headers = {"Content-Type": reply.media_type, "Content-Length": str(length)}
                    for name, value in (headers | dict(reply.headers)).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(reply.body)
                self.close_connection = length != len(reply.body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: broken connections are what some tests are about."""


# --- its adapter -----------------------------------------------------------------------------


class TinSettings(SourceSettings):
    """Tin wants to know nothing."""


class Tin(Adapter):
    """Hands every question to the cloud, and takes down what was asked."""

    name = "tin"
    platform = "Tin"
    Settings = TinSettings
    feeds = (CALLS,)
    batch: ClassVar[Mapping[str, int]] = {"fetch_metadata": 3, "fetch_media": 3, "recover": 2}
    links_live = "1h"
    patience = "24h"
    young = "1h"
    mapper = "tin 1"
    withheld = frozenset({"link"})
    cloud: ClassVar[Cloud]

    def __init__(self, source: Source, kit: Kit) -> None:
        self.source = source

    @hookimpl
    def account(self) -> Account:
        """Whatever the cloud says it is."""
        return self.cloud.account()

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """What the cloud lists."""
        self.cloud.log.append(("poll", span))
        return self.cloud.poll(span)

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Answer]:
        """What the cloud tells."""
        self.cloud.log.append(("fetch_metadata", batch.ids))
        return self.cloud.metadata(batch)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Answer]:
        """What the cloud offers."""
        self.cloud.log.append(("fetch_media", (batch.ids, batch.renew)))
        return self.cloud.media(batch)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """What the test makes of it."""
        return self.cloud.map(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Answer]:
        """What the cloud finds."""
        self.cloud.log.append(("recover", list(ids)))
        return self.cloud.recover(ids)


class TinOfParts(Tin):
    """Tin with sites that may fail alone."""

    @hookimpl
    def partitions(self, feed: Feed) -> Sequence[str]:
        """The sites of the cloud."""
        self.cloud.log.append(("partitions", feed.name))
        return self.cloud.parts(feed)


class TinOfPeople(Tin):
    """Tin with a directory."""

    @hookimpl
    def sync_directory(self) -> Iterator[Person]:
        """The people of the cloud."""
        return self.cloud.people()


def draft(bundle: Bundle) -> InteractionDraft:
    """What an interaction of Tin is: pure, and the same in any order."""
    first = min(bundle.recordings, key=lambda one: (one.occurred_at, one.external_id), default=None)
    at = first.occurred_at if first else min(fact.at for fact in bundle.facts)
    names = sorted(one.external_id for one in bundle.recordings)
    host = Party("host", "host", Ref("user", "u1"))
    return InteractionDraft(
        kind="call",
        external_id=names[0] if names else bundle.facts[0].fact_id,
        started_at=at,
        subject=" and ".join(names),
        parties=(host,),
        contacts=(Contact("host", "host", at),),
        mapper="tin 1",
    )


# --- the stage -------------------------------------------------------------------------------


class Stage:
    """A cloud, a clock, a folder, and the engine opened on them.

    Attributes:
        cloud: The platform.
        clock: The only time that there is.
        folder: Where settings, catalogue, archive and buffer lie.
        told: Every event that the engine told.
    """

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        self.cloud = cloud
        self.clock = ManualClock(START)
        self.adapters: dict[str, type[Adapter]] = {}
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._open: list[Application] = []
        self.configure()

    # --- opening --------------------------------------------------------------------------------

    def configure(self, text: str = "", *, base: type[Tin] = Tin, **declared: Any) -> None:
        """Write settings anew: *text* after the usual ones, *declared* on the adapter's class."""
        kind = type("ScriptedTin", (base,), {"cloud": self.cloud, **declared})
        self.adapters["tin"] = cast(type[Adapter], kind)
        self.path.write_text(
            '[runner]\nlease = "10m"\nname = "r1"\n[buffer]\nreserve = 0\n'
            '[sources.tin]\nadapter = "tin"\n' + text
        )

    @property
    def path(self) -> Path:
        """The settings file."""
        return self.folder / "catchment.toml"

    def read(self) -> Settings:
        """The settings."""
        return read_settings(self.path, load=lambda name: self.adapters[name])

    def open(self) -> Application:
        """The program's parts, closed at the end of the test."""
        app = Application.open(self.read(), self.clock)
        app.tell = lambda event, **fields: self.told.append((event, fields))
        self._open.append(app)
        return app

    @property
    def app(self) -> Application:
        """The application of this test, opened when it is first needed."""
        return self._open[0] if self._open else self.open()

    @property
    def source(self) -> LiveSource:
        """The source in contact, with its listings to be polled."""
        if "tin" not in self.app.live:
            live = self.app.connect("tin")
            with self.app.database.write() as connection:
                standing = [
                    NewJob("poll", feed_key(live.id, name, part), live.id, self.clock.now())
                    for name, feed in live.feeds.items()
                    for part in live.hooks.partitions(feed)
                ]
                jobs.stand(self.app.database, connection, standing)
        return self.app.live["tin"]

    def close(self) -> None:
        """Close whatever was opened."""
        for app in self._open:
            app.close()

    def forget(self) -> None:
        """Close whatever was opened, as at the end of a process; what comes then opens anew."""
        self.close()
        self._open.clear()

    def lose(self, copy: Path | None = None) -> None:
        """Lose the catalogue; with *copy*, put this old one in its place."""
        self.forget()
        for path in self.folder.glob("catchment.db*"):
            path.unlink()
        if copy is not None:
            shutil.copyfile(copy, self.folder / "catchment.db")

    # --- working --------------------------------------------------------------------------------

    def run(self, *names: str, roles: Sequence[str] = ("poll", "work")) -> Ending:
        """What ``catchment run --once`` does."""
        app = self.open()
        return Runner(app, names or ("tin",), roles, once=True).run()

    def wait(self, by: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(by)

    def claim(self, kind: str, runner: str = "r1") -> list[Job]:
        """Claim the due jobs of *kind*."""
        return jobs.claim(
            self.app.database,
            [kind],
            runner_name=runner,
            now=self.clock.now(),
            lease=10 * MINUTE,
            limit=64,
            sources=[self.source.id],
        )

    def do(self, kind: str, *, once: bool = False) -> list[Exception | None]:
        """Run the due jobs of *kind* one time each; what each of them ended with."""
        return [self.work(job, once=once) for job in self.claim(kind)]

    def work(self, job: Job, *, once: bool = False) -> Exception | None:
        """Run one claimed job as a runner does; what it ended with."""
        try:
            if job.kind == "capture":
                for _, failed in capture(self.app, self.source, [job]):
                    raise failed
            elif job.kind in TOGETHER:
                TOGETHER[job.kind][0]([Work(self.app, self.source, job, once)])
            else:
                STEPS[job.kind](Work(self.app, self.source, job, once))
        except Exception as error:  # noqa: BLE001 - as at the end of a runner's thread
            endings.end(self.app, self.source, job, error)
            return error
        return None

    def stir(self, kind: str) -> None:
        """Make every job of *kind* due, as news would."""
        with self.app.database.write() as connection:
            rows = [row for row in self.rows(tables.job) if row.kind == kind]
            now = self.clock.now()
            news = [NewJob(kind, row.key, row.source_id, now) for row in rows]
            jobs.want(self.app.database, connection, news)

    def gather(self) -> None:
        """List, capture, fetch and map what there is now, without sealing it."""
        for kind in ("poll", "capture", "media", "map"):
            assert [error for error in self.do(kind) if error] == []

    # --- looking --------------------------------------------------------------------------------

    def rows(self, table: Table) -> list[Any]:
        """All rows of *table*."""
        with self.app.database.read() as connection:
            return list(connection.execute(select(table)))

    def recording(self, external_id: str) -> Any:
        """The row of one recording."""
        (row,) = [r for r in self.rows(tables.recording) if r.external_id == external_id]
        return row

    def files(self, external_id: str = "c1") -> list[Any]:
        """The rows of a recording's files: by id, version and recipe."""
        of = self.recording(external_id).id
        rows = [row for row in self.rows(tables.file) if row.recording_id == of]
        return sorted(rows, key=lambda row: (row.file_id, row.version, row.recipe))

    def file(self, external_id: str = "c1", file_id: str = "f") -> Any:
        """The newest version of one original."""
        return [
            row for row in self.files(external_id) if (row.file_id, row.recipe) == (file_id, "")
        ][-1]

    def job(self, kind: str) -> Any:
        """The only job of *kind*."""
        (row,) = [row for row in self.rows(tables.job) if row.kind == kind]
        return row

    def feed(self, name: str = "calls", partition: str = "") -> Any:
        """The row of one feed."""
        return frontiers.read_feed(self.app.database, self.source.id, name, partition)

    def mark(self) -> Watermark:
        """The watermark of the source."""
        with self.app.database.read() as connection:
            return watermark.compute(connection, self.source.id, self.source.lags)

    def interaction(self, external_id: str = "c1") -> Any:
        """The interaction of a recording."""
        with self.app.database.read() as connection:
            return interactions.read(connection, self.recording(external_id).interaction_num)

    def archived(self) -> dict[tuple[str, str], bytes]:
        """The bytes of every archived original, as they lie in the archive."""
        found: dict[tuple[str, str], bytes] = {}
        with self.app.database.read() as connection:
            for row in connection.execute(select(tables.recording)):
                for known in list_files(connection, [row.id]):
                    if known.state == "archived" and not known.recipe and known.sha256:
                        data = self.app.archive.path_of(known.sha256).read_bytes()
                        found[row.external_id, known.file_id] = data
        return found

    def hits(self, **query: Any) -> list[search.Hit]:
        """What a search finds."""
        return search.search(self.app.database, search.Query(**query), self.clock.now())

    def events(self, name: str) -> list[dict[str, Any]]:
        """The fields of every event *name* that was told."""
        return [fields for event, fields in self.told if event == name]


def revise(call: Call, **changes: Any) -> None:
    """Let a call change at the platform, so that listings tell another revision."""
    changed = replace(call, **changes)
    for name in ("at", "keys", "files", "offered"):
        setattr(call, name, getattr(changed, name))
    call.revision = str(int(call.revision) + 1)


def hold_five(stage: Stage) -> None:
    """Five calls of the last hours: three pages in one window."""
    for number in range(1, 6):
        stage.cloud.hold(f"c{number}", ago=number * HOUR)


def list_names(stage: Stage) -> list[str]:
    """Which recordings the ledger knows."""
    return sorted(row.external_id for row in stage.rows(tables.recording))


def name_parts(stage: Stage, *parts: str) -> None:
    """Let the platform name these sites, and ask for them."""
    stage.cloud.parts = lambda _feed: parts
