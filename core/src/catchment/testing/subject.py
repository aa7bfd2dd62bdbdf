"""What is examined: an installed adapter with its simulator, and what each step needs of them."""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catchment import hookspecs
from catchment.adapters import GROUP, Adapter
from catchment.errors import CatchmentError
from catchment.model import BadValue
from catchment.testing.rules import HookFailed

if TYPE_CHECKING:
    from catchment.testing.scene import Scene

MARKED = hookspecs.PROJECT + "_impl"
"""The attribute that ``@hookimpl`` leaves on a hook."""

HERE = Path(__file__).parents[1]
"""Our own code, in which nothing that goes wrong is the adapter's place."""


VALUES = (
    "Make the value as that sentence says, in the place that it names; a time needs the zone that "
    "the platform means, and is told in UTC."
)
"""What to change where a value of the model was refused when it was made."""


def find_entries(name: str, group: str = GROUP) -> list[EntryPoint]:
    """The entry points called *name*, one for each distribution that has it."""
    found = entry_points(group=group, name=name)
    return list({entry.dist.name if entry.dist else "?": entry for entry in found}.values())


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the adapter's distribution: its name, its file and what it imports."""

    name: str
    path: Path
    imports: tuple[tuple[str, int], ...]


@dataclass
class Subject:
    """An adapter under examination.

    Attributes:
        name: Its name, which is that of its entry point.
        folder: Where the steps may write.
        quick: Whether a sample stands for the whole where a step has much to repeat.
        switches: Positions of the simulator's switches.
        days: How many days the program has captured of it.
        leaks: Where a secret was seen on these days.
    """

    name: str
    folder: Path
    quick: bool = False
    switches: Mapping[str, object] = field(default_factory=dict)
    days: int = field(default=0, init=False)
    leaks: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._leaving = ExitStack()

    def close(self) -> None:
        """End whatever was opened for it."""
        self._leaving.close()

    # --- what is installed -------------------------------------------------------------------

    @property
    def entries(self) -> list[EntryPoint]:
        """The entry points of its name."""
        return find_entries(self.name)

    @cached_property
    def loaded(self) -> object:
        """What its entry point names; an exception of the import passes through."""
        return self.entries[0].load()

    @property
    def kind(self) -> type[Adapter]:
        """The adapter's class, which the rule ``contract.loads`` has found to be one."""
        assert isinstance(self.loaded, type)
        return self.loaded

    @property
    def module(self) -> str:
        """The module that its entry point names."""
        return self.entries[0].module

    @property
    def package(self) -> str:
        """The top-level package of the adapter."""
        return self.module.partition(".")[0]

    @cached_property
    def modules(self) -> dict[str, Module]:
        """Every module of the adapter's package, by its full name; nothing is imported."""
        return {one.name: one for one in _read_modules(self.package)}

    def list_hooks(self) -> dict[str, Any]:
        """Every method that ``@hookimpl`` has marked, by its name."""
        marked = {name: getattr(self.kind, name, None) for name in dir(self.kind)}
        return {name: one for name, one in marked.items() if options_of(one) is not None}

    # --- trying it out -------------------------------------------------------------------------

    @cached_property
    def scene(self) -> Scene:
        """The adapter with its simulator, ready to be asked; served until the end."""
        from catchment.testing.scene import staged_scene

        folder = self.new_folder("scene")
        return self._leaving.enter_context(staged_scene(self, folder))

    @cached_property
    def late_scene(self) -> Scene:
        """The same where every file is offered hours or days late, which many are not yet."""
        from catchment.sandbox import Faults
        from catchment.testing.scene import LATE, staged_scene

        faults = Faults(seed=5, late=LATE)
        folder = self.new_folder("late_scene")
        return self._leaving.enter_context(staged_scene(self, folder, faults))

    def new_folder(self, name: str) -> Path:
        """An empty folder for a run."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def guard(self, what: str, call: Callable[[], Any]) -> Any:
        """What *call* gives, which is code of the adapter.

        Raises:
            CatchmentError: As the contract allows it.
            HookFailed: For anything else, with its place in the adapter's code.
        """
        try:
            return call()
        except CatchmentError:
            raise
        except Exception as error:
            remedy = VALUES if isinstance(error, BadValue) else ""
            told = f"{what} raised {put_into_words(error, self.package)}"
            raise HookFailed(told, remedy=remedy) from error


def options_of(method: object) -> Mapping[str, Any] | None:
    """What ``@hookimpl`` was told for *method*; ``None`` where it is no hook."""
    options = getattr(method, MARKED, None)
    return options if isinstance(options, Mapping) else None


def name_place(method: Any) -> str:
    """File and line of *method*, for people."""
    try:
        plain = inspect.unwrap(method)
        return f"{Path(inspect.getfile(plain)).name}:{inspect.getsourcelines(plain)[1]}"
    except (OSError, TypeError):
        return "a place that cannot be read"


def put_into_words(error: BaseException, package: str = "") -> str:
    """Type, message and place of *error*: the last place in the adapter's own code, if any."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if package and package in Path(frame.filename).parts]
    foreign = [frame for frame in frames if not Path(frame.filename).is_relative_to(HERE)]
    found = own or foreign
    place = f" at {Path(found[-1].filename).name}:{found[-1].lineno}" if found else ""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}{f' ({said})' if said else ''}{place}"


def _read_modules(package: str) -> Iterator[Module]:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return
    if not spec.submodule_search_locations:
        yield _read_module(package, Path(spec.origin), package)
        return
    for root in map(Path, spec.submodule_search_locations):
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root).with_suffix("").parts
            names = inside[:-1] if inside[-1] == "__init__" else inside
            module = ".".join((package, *names))
            base = module if inside[-1] == "__init__" else module.rpartition(".")[0]
            yield _read_module(module, path, base)


def _read_module(module: str, path: Path, base: str) -> Module:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return Module(module, path, ())
    return Module(module, path, tuple(_list_imports(tree, base)))


def _list_imports(tree: ast.Module, base: str) -> Iterator[tuple[str, int]]:
    """The full name of whatever a module imports, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = base.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{home}.{alias.name}", node.lineno) for alias in node.names)
