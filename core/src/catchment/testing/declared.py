"""Step ``contract``, second half: what an adapter declares before anything is asked of it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from inspect import getattr_static
from typing import Any, get_args

from catchment import PUBLIC, hookspecs
from catchment.adapters import GROUP, Adapter, SourceSettings
from catchment.model import Budget, Feed, period
from catchment.secrets import Secret
from catchment.testing.contract import LOADS
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.subject import Subject, find_entries, name_place, put_into_words

SIMULATORS = "catchment.simulators"

OF = tuple(name for name in vars(Adapter) if name.endswith("_of"))
"""What an adapter answers when it is asked with the settings of a source."""

_SECRET = re.compile(
    r"(^|_)(secret|password|passphrase|token|api_?key|private_key|credentials?)$", re.IGNORECASE
)

_QUIET = """
import sys
def watch(event, told):
    if event in ("socket.connect", "socket.getaddrinfo"):
        sys.stderr.write(f"{event} {told[1] if event == 'socket.connect' else told[:2]}")
        sys.exit(3)
sys.addaudithook(watch)
import importlib
importlib.import_module(sys.argv[1])
"""

rule = Declared("contract", LOADS)
RULES = rule.rules


def read_period(value: object) -> timedelta | None:
    """*value* as a length of time; ``None`` where it is none."""
    try:
        return period(value)  # type: ignore[arg-type]  # whatever somebody has declared
    except (ValueError, TypeError, AttributeError):
        return None


@rule(
    "contract.words",
    "platform and mapper are texts; withheld, id_columns and revisit hold several texts.",
    "Set platform and mapper to a text, and write the others with their brackets and commas: a "
    "bare text falls into its letters.",
)
def check_words(subject: Subject) -> Iterator[str]:
    """A text where several are wanted is taken for its letters."""
    kind = subject.kind
    for name in ("platform", "mapper"):
        if not isinstance(getattr(kind, name, None), str) or not getattr(kind, name):
            yield f"{name} is {getattr(kind, name, None)!r}"
    for name in ("withheld", "id_columns", "revisit"):
        value = getattr(kind, name)
        if isinstance(value, str) or not all(isinstance(one, str) for one in value):
            yield f"{name} is {value!r}"


@rule(
    "contract.feeds",
    "At least one feed is declared, and no two have one name.",
    "Set feeds to a tuple of catchment.model.Feed, one for each listing.",
)
def check_feeds(subject: Subject) -> Iterator[str]:
    """Each is what the engine knows a listing by."""
    feeds = subject.kind.feeds
    if not isinstance(feeds, tuple | list) or not feeds:
        yield f"feeds is {feeds!r}"
        return
    wrong = [feed for feed in feeds if not isinstance(feed, Feed)]
    yield from (f"feeds holds {one!r}" for one in wrong)
    names = [feed.name for feed in feeds if isinstance(feed, Feed)]
    yield from (f"two feeds are called {n!r}" for n in sorted(set(names)) if names.count(n) > 1)


@rule(
    "contract.reach",
    "A feed looks back no further than it may ask, less often the further, and asks no wider "
    "window than its grain allows.",
    "Keep lookback and max_window within horizon, resolution within max_window, settle below "
    "horizon, and let each longer look back of the ladder be rarer than the shorter one.",
    needs=("contract.feeds",),
)
def check_reach(subject: Subject) -> Iterator[str]:
    """What contradicts itself leaves a part of the listing unasked."""
    for feed in subject.kind.feeds:
        horizon, widest = period(feed.horizon), period(feed.max_window)
        if period(feed.resolution) > widest:
            yield f"{feed.name}: a grain of {feed.resolution} in windows of {feed.max_window}"
        if period(feed.settle) >= horizon:
            yield f"{feed.name}: it settles after {feed.settle} and reaches {feed.horizon} back"
        rungs = sorted((period(every), period(far)) for every, far in feed.lookback.items())
        reaches = [far for _, far in rungs]
        if reaches != sorted(reaches):
            yield f"{feed.name}: {dict(feed.lookback)!r} looks far more often than near"
        for every, far in feed.lookback.items():
            if period(far) > horizon:
                yield f"{feed.name}: it looks {far} back every {every}, beyond {feed.horizon}"


@rule(
    "contract.waits",
    "links_live, patience, young and revisit are lengths of time, and young is within patience.",
    "Write lengths as 10m, 3h or 30d; what is too young to be denied must be younger than what is "
    "given up.",
)
def check_waits(subject: Subject) -> Iterator[str]:
    """The engine reckons with them."""
    kind = subject.kind
    lengths = {name: getattr(kind, name) for name in ("links_live", "patience", "young")}
    lengths |= {f"revisit[{place}]": text for place, text in enumerate(kind.revisit)}
    known = {name: read_period(value) for name, value in lengths.items()}
    wrong = [name for name, length in known.items() if length is None or length < timedelta()]
    yield from (f"{name} is {lengths[name]!r}, which is no length of time" for name in wrong)
    young, patience = known["young"], known["patience"]
    if young is not None and patience is not None and young > patience:
        yield f"young is {kind.young} and patience {kind.patience}"


@rule(
    "contract.batch",
    f"batch gives a number of items from 1 on, to {', '.join(hookspecs.BATCHED)} alone.",
    "Name the hook as in the contract, and give a whole number.",
)
def check_batch(subject: Subject) -> Iterator[str]:
    """The engine cuts what it asks to this size."""
    for name, size in subject.kind.batch.items():
        if name not in hookspecs.BATCHED:
            yield f"batch names {name}, which takes no batch"
        elif not isinstance(size, int) or isinstance(size, bool) or size < 1:
            yield f"batch gives {name} {size!r} items"


@rule(
    "contract.budgets",
    "budgets are catchment.model.Budget by their names.",
    "Write budgets = {'api': Budget(600, '1m')}.",
)
def check_budgets(subject: Subject) -> Iterator[str]:
    """Requests count against them."""
    budgets = subject.kind.budgets
    if not isinstance(budgets, Mapping):
        yield f"budgets is {budgets!r}"
        return
    for name, budget in budgets.items():
        if not isinstance(name, str) or not isinstance(budget, Budget):
            yield f"the budget {name!r} is {budget!r}"


@rule(
    "contract.of",
    f"What is chosen by the settings is a class method: {', '.join(OF)}.",
    "Write @classmethod above it and (cls, settings) behind it: it is asked before the adapter is "
    "made.",
)
def check_of(subject: Subject) -> Iterator[str]:
    """Look at how each is written down."""
    for name in OF:
        if not isinstance(getattr_static(subject.kind, name), classmethod | staticmethod):
            yield f"{name} at {name_place(getattr(subject.kind, name))} is no class method"


@rule(
    "contract.settings",
    "Settings derives from SourceSettings, refuses what it does not know, and says of every "
    "setting what it is.",
    "Give each field Field(description=…): the sentence stands in the file that 'catchment init' "
    "writes; keep extra='forbid'.",
)
def check_settings(subject: Subject) -> Iterator[str]:
    """What an administrator is told."""
    settings = getattr(subject.kind, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, SourceSettings)):
        yield f"Settings is {settings!r}"
        return
    if settings.model_config.get("extra") != "forbid":
        yield f"Settings takes what it does not know: extra={settings.model_config.get('extra')!r}"
    for name, field in settings.model_fields.items():
        if not (field.description or "").strip():
            yield f"the setting {name} has no description"


@rule(
    "contract.secrets",
    "A setting that holds a secret is a catchment.secrets.Secret: a reference, never the value.",
    "Declare the field as Secret and call read() where a request needs it.",
    needs=("contract.settings",),
)
def check_secrets(subject: Subject) -> Iterator[str]:
    """Go by the names of the fields, as whoever fills them in does."""
    for name, field in subject.kind.Settings.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        if _SECRET.search(name) and str in kinds and Secret not in kinds:
            yield f"the setting {name} is a plain text"


@rule(
    "contract.simulator",
    "A simulator of the platform is installed under the adapter's name.",
    f"Write a catchment.sandbox.Simulator and name it in the entry-point group {SIMULATORS}: "
    "without it nothing can be proved that needs the platform.",
)
def check_simulator(subject: Subject) -> Iterator[str]:
    """Load it as the sandbox does."""
    from catchment.sandbox import Simulator

    entries = find_entries(subject.name, SIMULATORS)
    if not entries:
        yield f"no entry point {subject.name} of the group {SIMULATORS} is installed"
        return
    try:
        found = entries[0].load()
    except Exception as error:  # noqa: BLE001 - foreign code may fail in any way while imported
        package = entries[0].module.partition(".")[0]
        yield f"the import of {entries[0].value} raised {put_into_words(error, package)}"
        return
    if not (isinstance(found, type) and issubclass(found, Simulator)):
        yield f"{entries[0].value} does not derive from catchment.sandbox.Simulator"
    elif found.name != subject.name:
        yield f"the simulator's name is {found.name!r}, and the adapter's {subject.name!r}"


@rule(
    "contract.imports",
    f"Of Catchment only what is public is imported: {', '.join(PUBLIC)}; and no other adapter.",
    "Import from these packages; what begins with an underscore may change any day.",
)
def check_imports(subject: Subject) -> Iterator[str]:
    """Read the code of the adapter's package; nothing of it is run."""
    others = _list_other_packages(subject)
    for module in subject.modules.values():
        for name, line in module.imports:
            package, *inside = name.split(".")
            place = f"{module.path.name}:{line}"
            if package in others:
                yield f"{place} imports {name}, of another adapter"
            elif package == "catchment" and not _is_open(inside):
                yield f"{place} imports {name}"


def _list_other_packages(subject: Subject) -> set[str]:
    from importlib.metadata import entry_points

    packages = {entry.module.partition(".")[0] for entry in entry_points(group=GROUP)}
    return packages - {subject.package}


def _is_open(inside: list[str]) -> bool:
    if not inside:
        return True
    return inside[0] in PUBLIC and not any(part.startswith("_") for part in inside)


@rule(
    "contract.apart",
    "The simulator shares no code with the adapter that it judges.",
    "Write the platform's words down a second time, from its documentation: what both get wrong "
    "alike, no test finds.",
    needs=("contract.simulator",),
)
def check_apart(subject: Subject) -> Iterator[str]:
    """Follow the imports of the simulator inside the adapter's package."""
    (entry,) = find_entries(subject.name, SIMULATORS)[:1]
    if entry.module == subject.module:
        yield f"adapter and simulator are one module, {entry.module}"
        return
    if subject.module in _follow(subject, entry.module):
        yield f"{entry.module} imports {subject.module}"
    shared = {"adapter", "wire", "mapping", "payloads"}
    for name in sorted(_follow(subject, entry.module)):
        if name != subject.module and name.removeprefix(f"{subject.package}.") in shared:
            yield f"{entry.module} imports {name}"


def _follow(subject: Subject, start: str) -> set[str]:
    """The modules of the adapter's package that *start* imports, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        module = subject.modules.get(waiting.pop())
        for name, _ in module.imports if module else ():
            known = next((one for one in _name_and_home(name) if one in subject.modules), "")
            if known and known not in found and known != start:
                found.add(known)
                waiting.append(known)
    return found


def _name_and_home(name: str) -> tuple[str, str]:
    return name, name.rpartition(".")[0]


@rule(
    "contract.quiet",
    "Importing the adapter opens no connection.",
    "Make clients where the adapter is made, with kit.client: every command that lists adapters "
    "imports it.",
)
def check_quiet(subject: Subject) -> Iterator[str]:
    """Import it in a process of its own, and watch its sockets."""
    command = [sys.executable, "-c", _QUIET, subject.module]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode == 3:
        yield f"the import of {subject.module} called {done.stderr.strip()}"
    elif done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        yield f"in a process of its own the import of {subject.module} ended with: {last}"


def require_hook(subject: Subject, hook: str) -> Callable[..., Any]:
    """The method that implements an optional hook.

    Raises:
        NotApplicable: The adapter has no such hook.
    """
    found: Callable[..., Any] | None = subject.list_hooks().get(hook)
    if found is None:
        raise NotApplicable(f"it has no hook {hook}")
    return found
