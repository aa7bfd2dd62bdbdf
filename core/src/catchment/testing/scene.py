"""An adapter and its simulator in one process, asked hook by hook as the engine would ask it."""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catchment._engine import rhythm
from catchment.adapters import Adapter, Source
from catchment.errors import CatchmentError, Later, RateLimited, TooWide
from catchment.model import (
    Batch,
    Fact,
    Feed,
    Finding,
    Outcome,
    Page,
    Ready,
    Recording,
    Sighting,
    Span,
    Way,
    Window,
    period,
)
from catchment.sandbox import Faults, Lateness
from catchment.settings import read_settings
from catchment.testing.gate import Gate, list_secrets
from catchment.testing.overhearing import Overheard
from catchment.testing.rules import HookFailed
from catchment.testing.stage import HOUR, START, Stage, staged
from catchment.transport import Kit, LocalBuckets, LocalTokens, LocalVault

if TYPE_CHECKING:
    from catchment.testing.subject import Subject

MEETINGS, CALLS = 4, 8
"""How much the small World holds for each day."""

LATE = Lateness(share=1.0, least=timedelta(hours=6), longest=timedelta(hours=72))
"""How late files are where it matters what is said of them before; none of them is young then."""

SHORTEST_SIGNATURE = 16
"""Characters: a shorter query names something, as in ``?id=7``, and stands in many texts."""

MOST_TRIES = 20
"""So often a listing that asks to wait, or for a narrower window, is asked again."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A window of a feed and the pages that were given for it."""

    span: Span
    pages: tuple[Page, ...]

    @property
    def sightings(self) -> list[Sighting]:
        """Those of all pages."""
        return [one for page in self.pages for one in page.sightings]

    @property
    def facts(self) -> list[Fact]:
        """Those of all pages."""
        return [one for page in self.pages for one in page.facts]

    @property
    def names(self) -> set[tuple[str, str]]:
        """What is told, whatever its state: recordings and facts by their ids."""
        told = {("recording", one.external_id) for one in self.sightings}
        return told | {(one.kind, one.fact_id) for one in self.facts}


@dataclass
class Scene:
    """The stage for hooks: nothing of the engine runs.

    Attributes:
        subject: What is examined.
        stage: The served simulator and its settings.
        gate: What stands in front of the simulator's hosts.
        overheard: What was logged, and what errors, findings and outcomes said.
        signatures: What of the links that were given opens a file to whoever knows it.
    """

    subject: Subject
    stage: Stage
    gate: Gate
    overheard: Overheard
    signatures: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.table = read_settings(self.stage.settings_path).source(self.stage.platform.source)
        self._shared: dict[str, Any] = self._make_shared()
        self._kits: list[Kit] = []

    def _make_shared(self) -> dict[str, Any]:
        buckets = LocalBuckets(self.stage.clock)
        return {"buckets": buckets, "tokens": LocalTokens(), "vault": LocalVault()}

    def close(self) -> None:
        """Close every client."""
        for kit in self._kits:
            kit.close()

    def now(self) -> datetime:
        """The platform's time."""
        return self.stage.clock.now()

    # --- asking --------------------------------------------------------------------------------

    @cached_property
    def adapter(self) -> Adapter:
        """The instance that is asked where it does not matter which."""
        return self.make()

    def make(self, *, afresh: bool = False) -> Adapter:
        """A new instance; *afresh*, with nothing of what the others share."""
        kind, settings = self.subject.kind, self.table.settings
        kit = Kit(
            self.stage.clock,
            account=f"{self.table.adapter}/{self.table.name}",
            budgets=self.subject.guard("budgets_of", lambda: kind.budgets_of(settings)),
            ca_file=self.table.ca_file,
            **(self._make_shared() if afresh else self._shared),
        )
        self._kits.append(kit)
        self.overheard.hook = "__init__"
        source = Source(self.table.name, settings, self.table.timezone)
        made: Adapter = self.subject.guard("__init__", lambda: kind(source, kit))
        return made

    def ask(self, hook: str, adapter: Adapter | None = None, **arguments: Any) -> Any:
        """What *hook* answers; of one that gives several, all of them.

        Raises:
            CatchmentError: What the contract allows.
            HookFailed: Anything else.
        """
        asked = adapter or self.adapter
        return self.subject.guard(hook, lambda: self._ask(hook, asked, arguments))

    def _ask(self, hook: str, adapter: Adapter, arguments: Mapping[str, Any]) -> Any:
        try:
            answer = self.begin(hook, adapter, **arguments)
            several = isinstance(answer, Iterator | Sequence) and not isinstance(answer, str)
            return self._read(answer) if several else answer
        except Exception as error:
            self.overheard.note(str(error))
            self.overheard.note(getattr(error, "remedy", ""))
            raise

    def _read(self, answer: Iterable[object]) -> list[object]:
        """All of several values; those before an error are heard as well."""
        told = []
        for one in answer:
            self._note(one)
            told.append(one)
        return told

    def _note(self, one: object) -> None:
        """Keep what is told to people of *one*, which is one of several values of an answer."""
        if isinstance(one, Finding):
            self.overheard.note(str(one))
        if isinstance(one, Outcome):
            self.overheard.note(getattr(one, "why", ""))
        for file in one.files if isinstance(one, Ready) else ():
            self.overheard.note(file.why)
            self.signatures |= {read_signature(way) for way in file.ways if not way.auth}

    def begin(self, hook: str, adapter: Adapter, **arguments: Any) -> Any:
        """Call *hook* and give what it gives; a generator has not run then."""
        self.overheard.hook = hook
        method = getattr(adapter, hook)
        wanted = inspect.signature(method).parameters
        return method(**{name: one for name, one in arguments.items() if name in wanted})

    # --- listings ------------------------------------------------------------------------------

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds that the simulator's settings ask for."""
        settings = self.table.settings
        return tuple(self.subject.guard("feeds_of", lambda: self.subject.kind.feeds_of(settings)))

    def list_partitions(self, feed: Feed) -> tuple[str, ...]:
        """The parts of *feed*."""
        if "partitions" not in self.subject.list_hooks():
            return ("",)
        return tuple(self.ask("partitions", feed=feed) or ()) or ("",)

    def list_windows(self, feed: Feed, start: datetime, end: datetime) -> Iterator[Window]:
        """The windows in which the engine would ask *feed* for a stretch of time."""
        position = start
        while position < end:
            window = rhythm.cut(feed, position, start, end)
            yield Window(rhythm.begin(feed, position, start), window.end)
            position = window.end

    def poll(self, span: Span, adapter: Adapter | None = None) -> list[Listed]:
        """*span* to its end: one listing, or several where it was too wide.

        Raises:
            CatchmentError: It cannot be listed.
            HookFailed: The hook failed.
        """
        for _ in range(MOST_TRIES):
            try:
                return [Listed(span, tuple(self.ask("poll", adapter, span=span)))]
            except TooWide:
                half = span.window.start + span.window.length / 2
                parts = Window(span.window.start, half), Window(half, span.window.end)
                return [one for part in parts for one in self.poll(replace(span, window=part))]
            except (RateLimited, Later) as error:
                at = error.at if isinstance(error, Later) else error.retry_at
                wait = at - self.now() if at is not None else timedelta(minutes=1)
                self.stage.clock.advance(max(wait, timedelta(seconds=1)))
        raise HookFailed(f"poll of {span.feed} asked to wait {MOST_TRIES} times in a row")

    @cached_property
    def listings(self) -> list[Listed]:
        """Every feed, from before the World began to now, as far as it may be asked."""
        return [one for feed in self.feeds for one in self.list_feed(feed)]

    def list_feed(self, feed: Feed) -> list[Listed]:
        """One feed, from before the World began to now, as far as it may be asked."""
        found: list[Listed] = []
        for partition in self.list_partitions(feed):
            oldest = self.now() - period(feed.horizon) + HOUR / 2
            end = rhythm.floor(self.now() - period(feed.settle), timedelta(seconds=1))
            for window in self.list_windows(feed, max(START - HOUR, oldest), end):
                found += self.poll(Span(feed.name, partition, window))
        return found

    @cached_property
    def _small(self) -> list[Listed] | None:
        with self.gate.narrowing(2):
            try:
                small = [one for feed in self.feeds for one in self.list_feed(feed)]
            except (CatchmentError, HookFailed):
                return None
        whole = {name for one in self.listings for name in one.names}
        same = whole <= {name for one in small for name in one.names}
        return small if same else None

    @property
    def paged(self) -> list[Listed]:
        """The same listings in pages as small as the platform gives them.

        Where that leaves something out, the platform counts its pages by their size, and the
        listings are those that it gives without being asked for small ones.
        """
        return self.listings if self._small is None else self._small

    @contextmanager
    def small_pages(self) -> Iterator[None]:
        """Let pages be as small as those of ``paged`` until the block is left."""
        if self._small is None:
            yield
            return
        with self.gate.narrowing(2):
            yield

    @property
    def sightings(self) -> dict[str, Sighting]:
        """The last sighting of each recording."""
        return {one.external_id: one for listed in self.listings for one in listed.sightings}

    @property
    def facts(self) -> dict[tuple[str, str], Fact]:
        """Every fact."""
        return {(o.kind, o.fact_id): o for listed in self.listings for o in listed.facts}

    # --- recordings ------------------------------------------------------------------------------

    def record(self, sighting: Sighting) -> Recording:
        """*sighting* as the ledger would hand it back."""
        return Recording(
            sighting.external_id,
            sighting.occurred_at,
            sighting.keys,
            sighting.revision,
            self.now(),
            {"listing": sighting.document},
        )

    def fetch(
        self,
        hook: str,
        recordings: Sequence[Recording],
        *,
        size: int | None = None,
        renew: bool = False,
        adapter: Adapter | None = None,
    ) -> dict[str, Outcome]:
        """The outcome for each of *recordings*, asked in batches as the adapter wants them."""
        found: dict[str, Outcome] = {}
        most = size or self.batch.get(hook, 1)
        for start in range(0, len(recordings), most):
            batch = Batch(tuple(recordings[start : start + most]), self.now(), renew)
            for outcome in self.ask(hook, adapter, batch=batch):
                found[outcome.item_id] = outcome
        return found

    @property
    def batch(self) -> Mapping[str, int]:
        """How many items a hook takes per call."""
        found: Mapping[str, int] = self.subject.guard(
            "batch_of", lambda: self.subject.kind.batch_of(self.table.settings)
        )
        return found

    @cached_property
    def metadata(self) -> dict[str, Outcome]:
        """What ``fetch_metadata`` answers for every recording that is listed."""
        listed = [self.record(one) for one in self.sightings.values()]
        return self.fetch("fetch_metadata", listed)

    @cached_property
    def recordings(self) -> list[Recording]:
        """Every recording whose documents are known, with them."""
        found: list[Recording] = []
        for sighting in self.sightings.values():
            answer = self.metadata.get(sighting.external_id)
            if isinstance(answer, Ready):
                known = self.record(sighting)
                documents = {**known.documents, **answer.documents}
                keys = tuple(dict.fromkeys((*known.keys, *answer.keys)))
                found.append(replace(known, documents=documents, keys=keys))
        return found

    @cached_property
    def media(self) -> dict[str, Outcome]:
        """What ``fetch_media`` answers for each of them."""
        return self.fetch("fetch_media", self.recordings)

    # --- secrets -------------------------------------------------------------------------------

    @property
    def secrets(self) -> set[str]:
        """What must be seen nowhere: the simulator's secrets and every bearer that was sent."""
        return list_secrets(self.stage.platform, self.gate)

    @contextmanager
    def wrong_secrets(self) -> Iterator[None]:
        """Let every secret of the settings be a wrong one until the block is left."""
        names = list(self.stage.platform.secrets())
        before = {name: os.environ[name] for name in names}
        os.environ.update({name: f"wrong-{secrets.token_hex(8)}" for name in names})
        try:
            yield
        finally:
            os.environ.update(before)

    def list_leaks(self, texts: Iterable[str]) -> Iterator[str]:
        """Each of *texts* in which a secret stands, without it."""
        hidden = self.secrets
        for text in texts:
            for secret in hidden:
                if secret in text:
                    yield text.replace(secret, "<the secret>")[:200]


def read_signature(way: Way) -> str:
    """What of a link without a bearer is secret: its query, or all of it where that is short."""
    query = way.url.partition("?")[2]
    return query if len(query) >= SHORTEST_SIGNATURE else way.url


@contextmanager
def staged_scene(subject: Subject, folder: Path, faults: Faults | None = None) -> Iterator[Scene]:
    """The adapter with its simulator and a small World, served until the block is left."""
    gate, overheard = Gate(), Overheard()
    with staged(
        folder,
        (subject.name,),
        meetings=MEETINGS,
        calls=CALLS,
        faults=faults,
        switches=dict(subject.switches),
        wrap=gate.wrap,
    ) as stage:
        scene = Scene(subject, stage, gate, overheard)
        try:
            with overheard.listening():
                yield scene
        finally:
            scene.close()
