"""The contract is documented as it is: hooks with their arguments, errors with their tree."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import catchment
from catchment import PUBLIC, PUBLIC_IN_TESTS, errors, hookspecs
from catchment.adapters import Hooks

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "contract.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "writing-an-adapter.md").read_text(encoding="utf-8")
HOOKS = {
    name: hook for name, hook in vars(hookspecs.AdapterSpec).items() if not name.startswith("_")
}


def read_documented() -> dict[str, tuple[list[str], str]]:
    """Arguments and ``must`` or ``may`` of each hook in the table of the page."""
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \| (must|may) \|", PAGE, re.MULTILINE)
    return {name: ([a for a in arguments.split(", ") if a], duty) for name, arguments, duty in rows}


def read_tree(drawing: str) -> dict[str, str]:
    """Parent of each class in a tree drawn with box characters, the root's parent being empty."""
    parents, path = {}, [""]
    for line in drawing.splitlines():
        found = re.match(r"((?:│   |    )*(?:├── |└── )?)([A-Z]\w+)(?=\s|$)", line)
        if found and (found[1] or found[2] == "CatchmentError"):
            depth = len(found[1]) // 4
            path[depth + 1 :] = [found[2]]
            parents[found[2]] = path[depth]
    return parents


def test_every_hook_is_documented_with_its_arguments() -> None:
    """The page names each hook with the arguments that it has, in their order, and no other."""
    real = {
        name: [argument for argument in inspect.signature(hook).parameters if argument != "self"]
        for name, hook in HOOKS.items()
    }
    assert {name: arguments for name, (arguments, _) in read_documented().items()} == real


def test_hooks_say_whether_they_must_be_there() -> None:
    """The lists of the contract, each hook's docstring and the page agree on must and may."""
    stated = dict.fromkeys(hookspecs.MUST, "must") | dict.fromkeys(hookspecs.MAY, "may")
    first_words = {
        name: (inspect.getdoc(hook) or "").split(".")[0].lower() for name, hook in HOOKS.items()
    }
    assert stated == first_words == {name: duty for name, (_, duty) in read_documented().items()}


def test_hooks_that_nobody_calls_say_so() -> None:
    """Docstring and page say "not called yet" of exactly those that the engine cannot call."""
    uncalled = HOOKS.keys() - vars(Hooks).keys()
    in_code = {name for name, hook in HOOKS.items() if "Not called yet" in (hook.__doc__ or "")}
    on_page = set(re.findall(r"^\| `(\w+)\(.*?not called yet", PAGE, re.MULTILINE))
    assert in_code == on_page == uncalled


def test_page_shows_every_public_module() -> None:
    """What an adapter may import is on the page as it stands in the code, and nothing else."""
    shown = re.findall(r"automodule:: (\S+)", PAGE)
    assert sorted(shown) == [f"catchment.{name}" for name in PUBLIC]


def test_guide_and_package_name_the_public_modules() -> None:
    """The guide's "import only", and the docstring of the package, are the one list in the code."""
    allowed = re.search(r"Import only\s(.*?)\. A setting", GUIDE, re.DOTALL)
    assert allowed is not None
    public = [f"catchment.{name}" for name in PUBLIC]
    assert sorted(re.findall(r"`(catchment\.\w+)`", allowed[1])) == public
    in_tests = [f"catchment.{name}" for name in PUBLIC_IN_TESTS]
    listed = re.findall(r"^- ``(\S+)``", catchment.__doc__ or "", re.MULTILINE)
    assert sorted(listed) == sorted([*public, *in_tests])


def test_everything_public_is_there() -> None:
    """Each module of the list can be imported and says what it gives away, where it says so."""
    for name in (*PUBLIC, *PUBLIC_IN_TESTS):
        module = import_module(f"catchment.{name}")
        for one in getattr(module, "__all__", ()):
            assert getattr(module, one, None) is not None, f"{name}.{one}"
            assert one in dir(module), f"{name}.{one} is not listed, so no page shows it"


def test_error_tree_is_drawn_as_it_is() -> None:
    """The tree at the top of ``errors`` has every class, under its parent, and no other."""
    classes = [
        c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__
    ]
    real = {c.__name__: c.__base__.__name__ for c in classes if c.__base__}
    assert read_tree(errors.__doc__ or "") == real | {"CatchmentError": ""}


def test_exit_codes_stand_beside_the_tree() -> None:
    """The exit codes in the drawing are those of the classes."""
    drawn = re.findall(r"(\w+) +[^\n]*?exit (\d)$", errors.__doc__ or "", re.MULTILINE)
    assert len(drawn) == 2
    assert all(getattr(errors, name).exit_code == int(code) for name, code in drawn)
