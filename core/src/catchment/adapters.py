"""Adapters: what a plugin derives from, how it is found, and the one class that calls its hooks.

pluggy holds the hook specifications and checks every signature; the rest of Catchment never sees
pluggy.  There is one plugin manager per source, so that arguments and failures of one source never
reach another.  Three habits of pluggy decide the shape of :class:`Hooks`: a hook that is a
generator fails while it is iterated and not when it is called, so every page is read inside our own
``try``; pluggy rejects hooks that it does not know but is silent about those a plugin *forgot*; and
loading stops at the first entry point that fails, so each is loaded by itself and keeps a status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from catchment import hookspecs
from catchment.errors import AdapterFault, CatchmentError, NotInstalled, Truncated
from catchment.model import (
    Account,
    BadValue,
    Batch,
    Budget,
    Bundle,
    Fact,
    Feed,
    Finding,
    InteractionDraft,
    Outcome,
    Page,
    Person,
    Span,
    Window,
    period,
)

if TYPE_CHECKING:
    from catchment.transport import Kit, TokenSource

GROUP = "catchment.adapters"

T = TypeVar("T")


class SourceSettings(BaseModel):
    """What every adapter's ``Settings`` derive from.  Unknown names are refused.

    The fields that all sources share (time zone, start, enabled feeds) are not here: they belong
    to the program, see :class:`catchment.settings.SourceTable`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Source:
    """One configured account of a platform, as its adapter sees it.

    Attributes:
        name: The label in the settings file; for messages only, never an identity.
        settings: An instance of the adapter's ``Settings``.
        timezone: IANA name of the zone in which the source's days are told.
    """

    name: str
    settings: Any
    timezone: str = "UTC"


class Adapter:
    """Speaks to one platform.  A plugin derives from it and implements the hooks of the contract.

    One instance serves one source in one runner; several threads may call its hooks at once, so
    it keeps no state between calls.  What the engine needs to know before it asks anything stands
    in class attributes.

    Attributes:
        name: How sources name the adapter (``adapter = "zoom"``); the entry point's name.
        platform: The platform for people: ``"Zoom"``.
        Settings: What an administrator must enter; derives from :class:`SourceSettings`.
        feeds: All listings that the adapter can ask for.
        budgets: How often the platform may be asked, by name.
        batch: How many recordings a hook takes per call; one where it is not named.
        links_live: How long a link works after it was asked for.
        patience: How long "not yet" is believed before the item is gone.
        revisit: Ages of a recording at which it is looked at again although nothing changed.
        young: A recording younger than this that the platform denies to know is "not yet".
        mapper: Name and version of ``map_metadata``; a new one has everything mapped again.
        withheld: Names of document fields that hold links, tokens or passwords: they are blanked
            wherever they stand before a document goes to the archive.
        id_columns: What the platform's own exports call the column of ids that ``recover`` takes,
            the best first: ``("meeting_uuid", "uuid")``.
    """

    name: ClassVar[str]
    platform: ClassVar[str]
    Settings: ClassVar[type[SourceSettings]]
    feeds: ClassVar[tuple[Feed, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {}
    batch: ClassVar[Mapping[str, int]] = {}
    links_live: ClassVar[str] = "10m"
    patience: ClassVar[str] = "24h"
    revisit: ClassVar[tuple[str, ...]] = ()
    young: ClassVar[str] = "1h"
    mapper: ClassVar[str] = "1"
    withheld: ClassVar[frozenset[str]] = frozenset()
    id_columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, source: Source, kit: Kit) -> None:
        """Make the clients that the hooks will use.  No request is sent here."""

    @classmethod
    def feeds_of(cls, settings: Any) -> tuple[Feed, ...]:
        """Those of ``feeds`` that *settings* ask for, the main one first."""
        return cls.feeds

    @classmethod
    def budgets_of(cls, settings: Any) -> Mapping[str, Budget]:
        """``budgets``, as the plan in *settings* allows."""
        return cls.budgets

    def credentials(self) -> TokenSource | None:
        """Whose bearer downloads may carry; ``None`` where links carry their own right."""
        return None

    def token_hosts(self) -> Sequence[str]:
        """Hosts, with their subdomains, that may be sent the bearer; everybody else never is."""
        return ()


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """How far an installed adapter came.

    Attributes:
        name: The entry point's name.
        distribution: The distribution that brings it.
        version: Version of that distribution.
        hooks: Names of the hooks that it implements; empty unless it loaded.
        fault: Why it cannot be used; empty when it can.
        adapter: The class, when it can be used.
    """

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    fault: str = ""
    adapter: type[Adapter] | None = field(default=None, repr=False)


def list_hooks(adapter: type[Adapter]) -> tuple[str, ...]:
    """The names of the contract's hooks that *adapter* implements, in the contract's order."""
    marked = hookspecs.PROJECT + "_impl"
    return tuple(
        name
        for name in (*hookspecs.MUST, *hookspecs.MAY)
        if getattr(getattr(adapter, name, None), marked, None) is not None
    )


def list_shortcomings(adapter: object) -> list[str]:
    """What keeps *adapter* from fulfilling the contract, each as half a sentence."""
    if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
        return ["it is not a class that derives from catchment.adapters.Adapter"]
    missing = [name for name in ("name", "platform", "Settings") if not hasattr(adapter, name)]
    hooks = list_hooks(adapter)
    shortcomings = [f"it does not set {name}" for name in missing]
    shortcomings += [
        f"it lacks the hook {name} (did you forget @hookimpl?)"
        for name in hookspecs.MUST
        if name not in hooks
    ]
    if not adapter.feeds:
        shortcomings.append("it declares no feeds")
    lengths = {name: getattr(adapter, name) for name in ("links_live", "patience", "young")}
    lengths |= {f"revisit[{i}]": text for i, text in enumerate(adapter.revisit)}
    for name, text in lengths.items():
        try:
            period(text)
        except ValueError as error:
            shortcomings.append(f"its {name} is wrong: {error}")
    unknown = sorted({*adapter.batch} - {*hookspecs.BATCHED})
    shortcomings += [f"batch names {name}, which takes no batch" for name in unknown]
    shortcomings += [
        f"its batch of {name} is {size!r}, which is no number of items"
        for name, size in sorted(adapter.batch.items())
        if not isinstance(size, int) or size < 1
    ]
    if isinstance(adapter.id_columns, str):
        shortcomings.append("its id_columns is one text, not several (is a comma missing?)")
    return shortcomings


def list_adapters(names: Iterable[str] | None = None) -> list[AdapterStatus]:
    """The status of every installed adapter, or of those *named*; nothing raises.

    Only what is named is loaded, so that an adapter that no source uses costs nothing.
    """
    # stevedore keeps both of two plugins of one name and says nothing; editable installs have been
    # seen to list one entry point twice.  Hence the grouping by name and distribution.
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in _list_entry_points():
        distribution = entry.dist.name if entry.dist else "?"
        found.setdefault(entry.name, {})[distribution] = entry
    wanted = None if names is None else set(names)
    return [
        _load(name, entries)
        for name, entries in sorted(found.items())
        if wanted is None or name in wanted
    ]


def _list_entry_points() -> Sequence[EntryPoint]:
    """What is installed at this moment; nothing of it is imported."""
    from stevedore import NamedExtensionManager

    class Installed(NamedExtensionManager[Any]):
        """stevedore without its cache on disk.

        The cache rounds times to minutes, so that a plugin reinstalled in place is not seen, and
        it forgets which distribution an entry point is of.
        """

        def list_entry_points(self) -> list[EntryPoint]:
            return list(entry_points(group=self.namespace))

    # Naming none keeps it from importing every plugin only to list them.
    return Installed(GROUP, names=[]).list_entry_points()


def _load(name: str, entries: Mapping[str, EntryPoint]) -> AdapterStatus:
    distribution, entry = next(iter(sorted(entries.items())))
    version = entry.dist.version if entry.dist else "?"
    if len(entries) > 1:
        both = " and ".join(sorted(entries))
        fault = f"two distributions bring an adapter of this name: {both}; uninstall one of them"
        return AdapterStatus(name, distribution, version, fault=fault)
    try:
        adapter = entry.load()
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way while it is imported
        fault = f"it failed to load: {type(error).__name__}: {error}"
        return AdapterStatus(name, distribution, version, fault=fault)
    shortcomings = list_shortcomings(adapter)
    if not shortcomings and adapter.name != name:
        shortcomings = [f"its name is {adapter.name!r} and its entry point is called {name!r}"]
    if shortcomings:
        return AdapterStatus(name, distribution, version, fault="; ".join(shortcomings))
    return AdapterStatus(name, distribution, version, list_hooks(adapter), adapter=adapter)


def load_adapter(name: str) -> type[Adapter]:
    """The adapter called *name*.

    Raises:
        NotInstalled: There is none, or it cannot be used; the sentence says which and why.
    """
    for status in list_adapters([name]):
        if status.adapter is None:
            raise NotInstalled(
                f"the adapter {name!r} of {status.distribution} {status.version} cannot be used: "
                f"{status.fault}",
                remedy=f"Repair or reinstall {status.distribution}, then run 'catchment adapters'.",
            )
        return status.adapter
    raise NotInstalled(
        f"no adapter called {name!r} is installed",
        remedy=f"Install it (pip install catchment-{name.replace('_', '-')}) or correct the "
        "setting 'adapter'; 'catchment adapters' lists what is installed.",
    )


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
        fault = _find_fault(draft)
        if fault:
            raise AdapterFault(f"adapter {self.name}: map_metadata gave {fault}")
        return draft

    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """One outcome per id, at most; the engine counts who is missing."""
        return self._outcomes("recover", ids, ids=ids)

    def sync_directory(self) -> Iterator[Person]:
        """The people of the platform; nothing where the adapter has no such hook."""
        return self._iterate("sync_directory", Person)

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
            yield outcome

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


_END = object()


def _find_fault(draft: InteractionDraft) -> str:
    """What contradicts itself in *draft*, as half a sentence; empty when nothing does."""
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
    return f"a contact with the leg {missing[0]!r}, which it does not name" if missing else ""


def _where(error: BaseException) -> str:
    """File and line where *error* was raised, as far as it is known."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
