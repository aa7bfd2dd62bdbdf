"""The contract between the engine and an adapter.  Each docstring is the specification.

Hooks are plain synchronous functions: values in, values out, no state between calls.  An adapter
*describes* and the core acts: concurrency, retries, sleeps, windows and loops over time are the
engine's.  A hook that is a generator must yield at least what its docstring demands; returning
early is never silently taken for success.

``MUST`` hooks: poll, fetch_metadata, fetch_media, map_metadata, recover, account.
``MAY`` hooks: check, partitions, receive_event, follow_events, sync_directory, read_statistics,
upkeep, discard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pluggy

from catchment.model import (
    Account,
    Batch,
    Bundle,
    Event,
    EventAnswer,
    Fact,
    Feed,
    Finding,
    InteractionDraft,
    Outcome,
    Page,
    Person,
    Queue,
    Recording,
    Span,
    Team,
    Window,
)

PROJECT = "catchment"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

MUST = ("account", "poll", "fetch_metadata", "fetch_media", "map_metadata", "recover")
MAY = (
    "check",
    "partitions",
    "receive_event",
    "follow_events",
    "sync_directory",
    "read_statistics",
    "upkeep",
    "discard",
)

BATCHED = ("fetch_metadata", "fetch_media", "recover")
"""Hooks that take several items per call, as many as the adapter's ``batch`` says."""


class AdapterSpec:
    """What an adapter implements.  Arguments may be added at the end, never reordered."""

    # --- who we are --------------------------------------------------------------------------

    @hookspec
    def account(self) -> Account:
        """MUST.  Ask the platform who the credential belongs to.

        Called before anything else of a source is called, at every start of a runner.  The answer
        of the first contact is pinned; another ``account_id`` later stops the source before
        anything is written.

        Raises:
            Refused: The credential is not accepted.  The message names the setting to look at.
        """
        raise NotImplementedError

    @hookspec
    def check(self) -> Iterator[Finding]:
        """MAY.  Prove each permission on the very endpoint that needs it.

        Called by ``catchment check`` and at no other time.  One finding per permission, in the
        order in which a person would repair them; ``fail`` for what the configured feeds need,
        ``warn`` for what only enriches.  A harmless request per finding; nothing is changed at
        the platform.
        """
        raise NotImplementedError

    @hookspec
    def partitions(self, feed: Feed) -> Sequence[str]:
        """MAY.  Name the parts of *feed* that may fail alone: sites, regions, business units.

        Without this hook, or with an empty answer, a feed has the one partition ``""``.  Asked
        once an hour.  A name that is not answered any more is listed no more and leaves a gap
        behind its frontier, unless none of the names is left.
        """
        raise NotImplementedError

    # --- what there is -----------------------------------------------------------------------

    @hookspec
    def poll(self, span: Span) -> Iterator[Page]:
        """MUST.  Yield what *span*'s feed lists inside its window, page by page.

        Called by the runner that holds the lease of this feed and partition.  Sightings may
        repeat and come in any order; each page is committed before the next is asked for, and a
        later call may start at the cursor of any page that was committed.

        The last page must say ``last=True``.  A poll that ends without it has failed, and the
        frontier stays where it was.

        Where ``span.mark`` is not empty, the poll may go on from that mark instead of listing the
        window: it then yields everything that the platform lists since, inside the window or not,
        and may say by ``Page.covers`` that this reaches further than the window.  A mark is a
        convenience; without one the window is listed by its times.  Whoever gives one takes it
        before the listing begins and lists without an end, or what changes between the window's
        end and the mark is in neither.

        Raises:
            CursorLost: The platform no longer knows ``span.cursor`` or ``span.mark``, or cannot
                read it; the mark is forgotten and the window starts again without both.
            TooWide: The window holds more than the platform will list; the engine halves it.
            Later: Nothing can be said before the time given.
            RateLimited: The platform asked us to wait.
            NotPermitted: The credential may not list this feed or part.  It fails visibly and
                keeps the watermark back; the rest of the source goes on.
            Refused: The credential itself is not accepted; the engine stops the source.
        """
        raise NotImplementedError

    @hookspec
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """MUST.  Yield one outcome for each recording of *batch*, in any order.

        ``Ready`` carries the platform's documents by name, verbatim, and any further keys that
        they reveal.  Where the listing already is the metadata, ``Ready(recording)`` is the whole
        answer.  A document that the credential may not read is left out, not an error.

        A recording without an outcome counts as failed and is asked again.  ``NotYet`` is asked
        again until ``patience`` is over; then it is gone, with the last reason.
        """
        raise NotImplementedError

    @hookspec
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """MUST.  Yield one outcome for each recording of *batch*: its files, with fresh links.

        ``Ready`` names *every* file that the platform has for the recording, also those that are
        not ready or failed; a file that was named before and is not named now is not forgotten.
        Without any file it is "not yet".
        The recording's documents are those that ``fetch_metadata`` answered just before, over
        older ones.  Files may be described from them as long as ``batch.renew`` is false
        and the documents are younger than ``links_live``; otherwise the platform is asked.

        Bytes are downloaded by the engine, along ``MediaFile.ways``.
        """
        raise NotImplementedError

    @hookspec
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """MUST.  Say what the interaction is: times, parties, legs, contacts, attributes.

        Pure: no I/O, no clock, and independent of the order inside *bundle*.  Run again whenever
        anything under the interaction's keys changes, and after an upgrade that changes
        ``InteractionDraft.mapper``.  Documents may be incomplete: say what is known.
        """
        raise NotImplementedError

    @hookspec
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """MUST.  Find what people ask for by id; yield one outcome for each id.

        Called for ids that a person or a CSV names, as they stand in the platform's own pages.
        ``Ready.sightings`` are handled like those of a poll: what is archived already is not
        fetched again.  ``Nothing`` when the platform does not know the id, ``NotYet`` when it
        knows it and has nothing so far.  A *period* is recovered by the engine, over any feed.
        """
        raise NotImplementedError

    # --- optional ------------------------------------------------------------------------------

    @hookspec
    def receive_event(self, event: Event) -> EventAnswer:
        """MAY.  Not called yet.  Check a webhook's signature and say which recordings it hints at.

        An event is a hint to look now, never the truth.

        Raises:
            Refused: The signature is missing or wrong; nothing is looked at.
        """
        raise NotImplementedError

    @hookspec
    def follow_events(self) -> Iterator[Fact]:
        """MAY.  Not called yet.  Yield events of an open stream, as facts, until it ends."""
        raise NotImplementedError

    @hookspec
    def sync_directory(self) -> Iterator[Person | Team | Queue]:
        """MAY.  Yield all people, teams and queues of the platform, each once, in any order.

        Somebody who is not yielded any more is kept and marked inactive, never deleted; so is a
        queue.  A team that is not yielded any more stays as it was.  Nobody leaves where the hook
        raises, or yields no people at all.

        Whoever is inactive and was never seen active is kept too, so that old recordings get their
        names, unless ``Adapter.imports_left`` says otherwise.
        """
        raise NotImplementedError

    @hookspec
    def read_statistics(self, window: Window) -> Iterator[Fact]:
        """MAY.  Yield the platform's own counts for *window*, for comparison in ``report``."""
        raise NotImplementedError

    @hookspec
    def upkeep(self) -> None:
        """MAY.  Keep subscriptions alive.  Called once an hour."""
        raise NotImplementedError

    @hookspec
    def discard(self, recordings: Iterable[Recording]) -> Iterator[Outcome]:
        """MAY.  Not called yet.  Delete recordings at the platform.

        Called only where a setting asks for it, and only when *all* files of the recording were
        archived and read again.
        """
        raise NotImplementedError
