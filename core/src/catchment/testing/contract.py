"""Step ``contract``, first half: the entry point, and hooks as pluggy sees them.

pluggy rejects hooks that it does not know, at the moment a source is opened; it is silent about a
hook that was forgotten, about one without ``@hookimpl``, and about a generator where one value is
wanted, which cannot decline and whose code never runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from catchment import hookspecs
from catchment.adapters import GROUP, Adapter
from catchment.testing.rules import Declared
from catchment.testing.subject import Subject, name_place, options_of, put_into_words

ONE_VALUE = ("account", "map_metadata", "upkeep", "receive_event")
"""Hooks that answer once, so that what a generator would do never happens."""

LOADS = "contract.loads"
rule = Declared("contract")
RULES = rule.rules


@rule(
    LOADS,
    "The entry point loads and gives a class that derives from catchment.adapters.Adapter.",
    f"Let the entry point of the group {GROUP} name the adapter's class as 'module:Class', and "
    "repair what its import raises.",
)
def check_loads(subject: Subject) -> Iterator[str]:
    """Load it as the program does."""
    entries = subject.entries
    if not entries:
        yield f"no entry point {subject.name} of the group {GROUP} is installed"
        return
    if len(entries) > 1:
        names = " and ".join(sorted(entry.dist.name if entry.dist else "?" for entry in entries))
        yield f"two distributions bring an adapter of this name: {names}"
        return
    try:
        found = subject.loaded
    except Exception as error:  # noqa: BLE001 - foreign code may fail in any way while imported
        package = subject.package
        yield f"the import of {entries[0].value} raised {put_into_words(error, package)}"
        return
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        yield f"{entries[0].value} is {_say_kind(found)}"


def _say_kind(found: object) -> str:
    if isinstance(found, type):
        return f"the class {found.__name__}, which does not derive from Adapter"
    return f"a {type(found).__name__} and no class"


@rule(
    "contract.name",
    "The class is called as its entry point is.",
    "Set the class attribute name to the name of the entry point; sources name both in one word.",
    needs=(LOADS,),
)
def check_name(subject: Subject) -> Iterator[str]:
    """Compare both."""
    told = getattr(subject.kind, "name", None)
    if told != subject.name:
        yield f"its name is {told!r} and its entry point is called {subject.name!r}"


@rule(
    "contract.must",
    f"Every hook that an adapter MUST have is there: {', '.join(hookspecs.MUST)}.",
    "Write the method and decorate it with @hookimpl; pluggy says nothing of a forgotten hook.",
    needs=(LOADS,),
)
def check_must(subject: Subject) -> Iterator[str]:
    """Look for each by its name."""
    specnames = {_hook_of(name, method) for name, method in subject.list_hooks().items()}
    for name in hookspecs.MUST:
        if not callable(getattr(subject.kind, name, None)) and name not in specnames:
            yield f"there is no method {name}"


@rule(
    "contract.marked",
    "A method that is named like a hook is decorated with @hookimpl.",
    "Decorate it with catchment.hookspecs.hookimpl: without that it is never called.",
    needs=(LOADS,),
)
def check_marked(subject: Subject) -> Iterator[str]:
    """A hook without its mark is silently ignored."""
    for name in (*hookspecs.MUST, *hookspecs.MAY):
        method = getattr(subject.kind, name, None)
        if callable(method) and options_of(method) is None:
            yield f"{name} at {name_place(method)} is not decorated"


@rule(
    "contract.known",
    "Every method that @hookimpl marks is a hook of the contract.",
    "Correct the name, or leave the mark out if it is a method of your own.",
    needs=(LOADS,),
)
def check_known(subject: Subject) -> Iterator[str]:
    """Pluggy refuses the whole adapter for one such method."""
    known = {*hookspecs.MUST, *hookspecs.MAY}
    for name, method in subject.list_hooks().items():
        hook = _hook_of(name, method)
        if hook not in known:
            yield f"{hook} at {name_place(method)} is no hook of the contract"


@rule(
    "contract.arguments",
    "The arguments of a hook have the names that they have in the contract.",
    "Rename the arguments as in catchment.hookspecs; one that is not needed may be left out.",
    needs=(LOADS,),
)
def check_arguments(subject: Subject) -> Iterator[str]:
    """Pluggy hands arguments over by name."""
    for hook, method in _list_known(subject):
        wanted = list(inspect.signature(getattr(hookspecs.AdapterSpec, hook)).parameters)
        for name, one in inspect.signature(method).parameters.items():
            if one.default is inspect.Parameter.empty and name not in wanted:
                told = ", ".join(wanted[1:]) or "nothing"
                yield f"{hook} at {name_place(method)} wants {name!r}; it is given {told}"


@rule(
    "contract.one_value",
    f"A hook that answers once is no generator: {', '.join(ONE_VALUE)}.",
    "Return the value instead of yielding it: calling a generator runs nothing of it, and the "
    "caller gets the generator for an answer.",
    needs=(LOADS,),
)
def check_one_value(subject: Subject) -> Iterator[str]:
    """Ask Python what kind of function it is."""
    for hook, method in _list_known(subject):
        if hook in ONE_VALUE and _is_generator(method):
            yield f"{hook} at {name_place(method)} is a generator"


@rule(
    "contract.wrapper",
    "No hook is a wrapper.",
    "Leave wrapper and hookwrapper out: a wrapper around a generator returns before the first "
    "page, and sees neither pages nor exceptions.",
    needs=(LOADS,),
)
def check_wrapper(subject: Subject) -> Iterator[str]:
    """Read what the mark was told."""
    for name, method in subject.list_hooks().items():
        options = options_of(method) or {}
        if options.get("wrapper") or options.get("hookwrapper"):
            yield f"{name} at {name_place(method)} is marked as a wrapper"


def _hook_of(name: str, method: object) -> str:
    """The hook that *method* implements, which the mark may call otherwise."""
    return str((options_of(method) or {}).get("specname") or name)


def _list_known(subject: Subject) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, method in subject.list_hooks().items():
        hook = _hook_of(name, method)
        if hasattr(hookspecs.AdapterSpec, hook):
            yield hook, method


def _is_generator(method: Callable[..., Any]) -> bool:
    plain = inspect.unwrap(method)
    return inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain)
