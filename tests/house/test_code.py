"""How the code is written, where a linter does not look: docstrings, imports, words, machines."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = [
    ROOT / "core",
    *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")),
]
LIBRARIES = {
    next((folder / "src").iterdir()).name
    for folder in DISTRIBUTIONS[1:]
    if "entry-points" not in (folder / "pyproject.toml").read_text(encoding="utf-8")
}
CODE = [path for folder in DISTRIBUTIONS for path in sorted((folder / "src").rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATION = "/migrations/versions/"

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SPECIFIED_ELSEWHERE = {"hookimpl", "override", "overload", "setter"}
"""Decorators of what is described in another place."""

MACHINES = re.compile(
    r"(?<![\w.~>}*-])/(?:work|home|root|tmp|Users|opt)/"  # folders of one machine
    r"|pypi\.org|pythonhosted|npmjs|mirrors?\.[a-z]+\.[a-z]+"  # where somebody gets packages from
    r"|\bTODO\b|\bFIXME\b|To be described"
)


def name(path: Path) -> str:
    """The path as people know it, for test ids and messages."""
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """Every text file that belongs to the repository, this one excepted: it names the forbidden."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in names.split("\0") if name)
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def decorators(definition: Definition) -> set[str]:
    """The last names of the decorators: ``setter`` for ``@name.setter``."""
    return {
        ast.unparse(decorator).split("(")[0].split(".")[-1]
        for decorator in definition.decorator_list
    }


def list_public(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, Definition]]:
    """Yield public classes, functions and methods; nothing that is defined inside a function."""
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if not decorators(node) & SPECIFIED_ELSEWHERE:
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from list_public(node, f"{prefix}{node.name}.")


def list_imports(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of whatever a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (
                f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names
            )


@pytest.mark.parametrize("path", [p for p in CODE if MIGRATION not in p.as_posix()], ids=name)
def test_every_module_and_public_name_is_documented(path: Path) -> None:
    """A module and each public name in it has a docstring, private modules not excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [found for found, node in list_public(tree) if not ast.get_docstring(node)]
    assert ast.get_docstring(tree), f"{name(path)} does not say why it exists"
    assert not silent, f"{name(path)}: without a docstring: {', '.join(silent)}"


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_every_test_states_its_rule(path: Path) -> None:
    """A test has a sentence as its docstring, so that a failing run reads like a broken promise."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [node for _, node in list_public(tree) if node.name.startswith("test_")]
    silent = [node.name for node in tests if not ast.get_docstring(node)]
    assert not silent, f"{name(path)}: without a sentence: {', '.join(silent)}"


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_tests_use_real_parts_and_no_sleep(path: Path) -> None:
    """No test imports a mock library, replaces an attribute, or sleeps."""
    text = path.read_text(encoding="utf-8")
    imported = set(list_imports(ast.parse(text)))
    assert not {
        i for i in imported if i.startswith(("unittest.mock", "mock.", "respx", "pytest_mock"))
    }
    called = {ast.unparse(n.func) for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)}
    assert not called & {"time.sleep", "sleep", "monkeypatch.setattr", "monkeypatch.setitem"}


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=name)
def test_imports_cross_distributions_one_way(folder: Path) -> None:
    """A plugin imports public names of the core and no other plugin; the core imports no plugin.

    What plugins of one vendor share is a distribution without an adapter: a library.
    """
    own = next((folder / "src").iterdir()).name
    libraries = set() if folder.name == "core" else LIBRARIES
    for path in sorted((folder / "src").rglob("*.py")):
        for imported in list_imports(ast.parse(path.read_text(encoding="utf-8"))):
            package, *inside = imported.split(".")
            if package == own or not package.startswith("catchment"):
                continue
            known = package == "catchment" or package in libraries
            assert known, f"{name(path)} imports the plugin {package}"
            private = [part for part in inside if part.startswith("_")]
            assert not private, f"{name(path)} imports {imported}, which may change any day"


@pytest.mark.parametrize("path", CODE, ids=name)
def test_nothing_is_called_manager_helper_or_utils(path: Path) -> None:
    """A class says what it is and a module what it is about."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [
        found for found in classes if found.endswith(("Manager", "Helper", "Util", "Utils"))
    ]


def test_no_file_knows_the_machine_on_which_it_was_written() -> None:
    """No tracked file names a folder of one machine or a registry, or is left unfinished."""
    found = [
        f"{name(path)}:{number}: {match.group()}"
        for path in tracked()
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        for match in MACHINES.finditer(line)
    ]
    assert not found, "\n".join(found)
