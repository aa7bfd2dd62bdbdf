"""Which adapters are installed, and how far each came.

Loading stops at the first entry point that fails, so each is loaded by itself and keeps a status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from catchment import hookspecs
from catchment.adapters._adapter import Adapter
from catchment.errors import NotInstalled
from catchment.model import period

GROUP = "catchment.adapters"


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
    known = ", ".join(sorted({entry.name for entry in _list_entry_points()})) or "none"
    raise NotInstalled(
        f"no adapter called {name!r} is installed; installed are: {known}",
        remedy="Name one of these, or install the plugin that brings it: it is found by its entry "
        f"point {name} of the group {GROUP}.",
    )
