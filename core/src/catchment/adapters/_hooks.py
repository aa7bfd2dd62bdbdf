"""The one class that calls the hooks of an adapter, and believes nothing.

Two habits of pluggy decide its shape: a hook that is a generator fails while it is iterated and not
when it is called, so every page is read inside our own ``try``; and pluggy rejects hooks that it
does not know but is silent about those a plugin *forgot*.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, TypeVar

from catchment import hookspecs
from catchment.adapters._adapter import Adapter
from catchment.adapters._discovery import list_hooks
from catchment.errors import AdapterFault, CatchmentError, Truncated
from catchment.model import (
    Account,
    BadValue,
    Batch,
    Bundle,
    Fact,
    Feed,
    Finding,
    InteractionDraft,
    Outcome,
    Page,
    Person,
    Queue,
    Ready,
    Span,
    Team,
    Window,
)

T = TypeVar("T")
_END = object()


class Hooks:
    """Calls the hooks of one source's adapter: one typed method per hook.

    Errors of the contract pass through; anything else that an adapter raises becomes an
    :class:`~catchment.errors.AdapterFault` that names adapter and hook, so that a broken adapter
    stops its own item and nothing else.
    """

    def __init__(self, adapter: Adapter) -> None:
        import pluggy

        self.adapter = adapter
        self.name = type(adapter).name
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs.AdapterSpec)
        try:
            self._manager.register(adapter, name=self.name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise AdapterFault(f"adapter {self.name}: {error}") from error
        self._implemented = frozenset(list_hooks(type(adapter)))

    def has(self, hook: str) -> bool:
        """Whether the adapter implements the optional *hook*."""
        return hook in self._implemented

    def account(self) -> Account:
        """Who the platform says we are."""
        return self._ask("account", Account)

    def check(self) -> Iterator[Finding]:
        """One finding per permission; nothing where the adapter has no such hook."""
        return self._iterate("check", Finding)

    def partitions(self, feed: Feed) -> tuple[str, ...]:
        """The parts of *feed* that may fail alone; the one part ``""`` where there are none."""
        if not self.has("partitions"):
            return ("",)
        return tuple(self._iterate("partitions", str, feed=feed)) or ("",)

    def poll(self, span: Span) -> Iterator[Page]:
        """Every page of *span*; fails unless the adapter said which was the last.

        Raises:
            Truncated: The listing ended without ``last=True``.
        """
        last = False
        for page in self._iterate("poll", Page, span=span):
            if last:
                raise AdapterFault(f"adapter {self.name}: poll gave a page after the last one")
            if not page.last and page.cursor is None:
                raise AdapterFault(
                    f"adapter {self.name}: poll gave a page that is not the last and has no cursor"
                )
            if page.mark and not page.last:
                raise AdapterFault(
                    f"adapter {self.name}: poll gave a mark on a page that is not the last"
                )
            if any(not fact.keys for fact in page.facts):
                raise AdapterFault(f"adapter {self.name}: poll gave a fact without a key")
            last = page.last
            yield page
        if not last:
            raise Truncated(f"{self.name}: the listing {span.feed} ended without its last page")

    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """One outcome per recording, at most; the engine counts who is missing."""
        return self._outcomes("fetch_metadata", batch.ids, batch=batch)

    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """One outcome per recording, at most; the engine counts who is missing."""
        return self._outcomes("fetch_media", batch.ids, batch=batch)

    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """What the interaction is; ids in it are unique, and what refers to one finds it."""
        draft = self._ask("map_metadata", InteractionDraft, bundle=bundle)
        fault = _find_fault(draft, {one.external_id for one in bundle.recordings})
        if fault:
            raise AdapterFault(f"adapter {self.name}: map_metadata gave {fault}")
        return draft

    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """One outcome per id, at most; the engine counts who is missing."""
        return self._outcomes("recover", ids, ids=ids)

    def sync_directory(self) -> Iterator[Person | Team | Queue]:
        """People, teams and queues; nothing where the adapter has no such hook."""
        for row in self._iterate("sync_directory", object):
            if not isinstance(row, Person | Team | Queue):
                raise AdapterFault(
                    f"adapter {self.name}: sync_directory must give Person, Team or Queue, "
                    f"not {type(row).__name__}"
                )
            yield row

    def read_statistics(self, window: Window) -> Iterator[Fact]:
        """The platform's own counts; nothing where the adapter has no such hook."""
        return self._iterate("read_statistics", Fact, window=window)

    def upkeep(self) -> None:
        """Keep subscriptions alive, where the adapter has any."""
        if self.has("upkeep"):
            self._guard("upkeep", lambda: self._call("upkeep"))

    def _outcomes(self, hook: str, wanted: Sequence[str], **arguments: Any) -> Iterator[Outcome]:
        outstanding = set(wanted)
        for outcome in self._iterate(hook, Outcome, **arguments):
            if outcome.item_id not in outstanding:
                raise AdapterFault(
                    f"adapter {self.name}: {hook} answered for {outcome.item_id!r}, which was not "
                    "asked or was answered already"
                )
            outstanding.discard(outcome.item_id)
            self._refuse_bare(hook, outcome)
            yield outcome

    def _refuse_bare(self, hook: str, outcome: Outcome) -> None:
        """Refuse a way that wants the bearer of an adapter that has none."""
        files = outcome.files if isinstance(outcome, Ready) else ()
        bare = next((file for file in files if any(way.auth for way in file.ways)), None)
        if bare is None:
            return
        if self._guard("credentials", self.adapter.credentials) is None:
            raise AdapterFault(
                f"adapter {self.name}: {hook} named the file {bare.file_id!r} with Way(auth=True), "
                "and credentials() gives no token; say auth=False where the link carries its own "
                "right"
            )

    def _ask(self, hook: str, kind: type[T], **arguments: Any) -> T:
        answer = self._guard(hook, lambda: self._call(hook, **arguments))
        return self._typed(hook, kind, answer)

    def _iterate(self, hook: str, kind: type[T], **arguments: Any) -> Iterator[T]:
        if hook in hookspecs.MAY and not self.has(hook):
            return
        answer = self._guard(hook, lambda: self._call(hook, **arguments))
        if isinstance(answer, str):  # it can be iterated, and would fall into its letters
            raise AdapterFault(f"adapter {self.name}: {hook} must give several values, not a text")
        rows = self._guard(hook, lambda: iter(answer))
        while True:
            row = self._guard(hook, lambda: next(rows, _END))
            if row is _END:
                return
            yield self._typed(hook, kind, row)

    def _typed(self, hook: str, kind: type[T], value: object) -> T:
        if isinstance(value, kind):
            return value
        raise AdapterFault(
            f"adapter {self.name}: {hook} must give {kind.__name__}, not {type(value).__name__}"
        )

    def _call(self, hook: str, **arguments: Any) -> Any:
        answers = getattr(self._manager.hook, hook)(**arguments)
        return answers[0] if answers else None  # pluggy leaves out whoever answers None

    def _guard(self, hook: str, call: Callable[[], Any]) -> Any:
        return guard(self.name, hook, call)


def guard(name: str, hook: str, call: Callable[[], T]) -> T:
    """What *call* gives, which is code of the adapter *name*.

    Raises:
        CatchmentError: What the contract allows, as it was raised.
        AdapterFault: Anything else.
    """
    try:
        return call()
    except CatchmentError:
        raise
    except BadValue as error:
        raise AdapterFault(
            f"adapter {name}: {hook} made a value that cannot be: {error}; "
            "this is a bug of the adapter"
        ) from error
    except Exception as error:
        # The traceback is for the adapter's author; the message may quote foreign data, so
        # only its type goes to where people look.
        logging.getLogger("catchment.adapters").debug("hook.failed %s", hook, exc_info=True)
        raise AdapterFault(
            f"adapter {name}: {hook} failed with {type(error).__name__}"
            f"{_where(error)}; this is a bug of the adapter"
        ) from error


def _find_fault(draft: InteractionDraft, recordings: Set[str]) -> str:
    """What contradicts itself in *draft*, as half a sentence; empty when nothing does.

    Args:
        draft: What the adapter gave.
        recordings: The ids of the interaction's recordings.
    """
    parties = [party.party_id for party in draft.parties]
    contacts = [contact.contact_id for contact in draft.contacts]
    legs = [leg.leg_id for leg in draft.legs]
    for what, ids in (("party", parties), ("contact", contacts), ("leg", legs)):
        if len(ids) != len(set(ids)):
            return f"two of one {what}_id"
    named = {contact.agent for contact in draft.contacts} | {leg.party_id for leg in draft.legs}
    unknown = sorted(named - set(parties))
    if unknown:
        return f"a contact or a leg of {unknown[0]!r}, who is no party of it"
    missing = sorted({leg for contact in draft.contacts for leg in contact.legs} - set(legs))
    if missing:
        return f"a contact with the leg {missing[0]!r}, which it does not name"
    heard = {piece.recording_id for contact in draft.contacts for piece in contact.heard}
    foreign = sorted(heard - recordings)
    if foreign:
        return f"a contact that hears {foreign[0]!r}, which is no recording of the interaction"
    return ""


def _where(error: BaseException) -> str:
    """File and line where *error* was raised, as far as it is known."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
