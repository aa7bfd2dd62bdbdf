"""What every distribution and every visible change brings along."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
KINDS = ("removed", "added", "changed", "fixed")


def folder_name(folder: Path) -> str:
    """The name of a plugin's folder, which is the name of its adapter."""
    return folder.name


def read_project(folder: Path) -> dict[str, Any]:
    """The ``[project]`` table of a distribution."""
    content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project: dict[str, Any] = content["project"]
    return project


#: What brings an adapter; the others are libraries that the plugins of one vendor share.
PLUGINS = [folder for folder in DISTRIBUTIONS if "entry-points" in read_project(folder)]


def test_there_are_plugins_to_look_at() -> None:
    """The tests below look at something: each folder of ``plugins`` is a distribution."""
    folders = [path for path in (ROOT / "plugins").iterdir() if path.is_dir()]
    assert PLUGINS
    assert sorted(folders) == DISTRIBUTIONS


def test_a_library_belongs_to_the_plugins_of_its_vendor() -> None:
    """What brings no adapter is required by plugins of its vendor, and by nobody else."""
    for library in [folder for folder in DISTRIBUTIONS if folder not in PLUGINS]:
        name = read_project(library)["name"]
        users = [
            plugin
            for plugin in PLUGINS
            if any(need.startswith(f"{name}==") for need in read_project(plugin)["dependencies"])
        ]
        assert users
        assert all(plugin.name.startswith(f"{library.name}_") for plugin in users)


@pytest.mark.parametrize("plugin", PLUGINS, ids=folder_name)
def test_plugin_is_named_after_its_folder(plugin: Path) -> None:
    """Folder, distribution, package, adapter and simulator share one name."""
    project = read_project(plugin)
    package = f"catchment_{plugin.name}"
    assert project["name"] == f"catchment-{plugin.name.replace('_', '-')}"
    assert (plugin / "src" / package / "py.typed").exists()
    for group, module in (("adapters", "adapter"), ("simulators", "simulator")):
        entry = project["entry-points"][f"catchment.{group}"]
        assert list(entry) == [plugin.name]
        assert entry[plugin.name].startswith(f"{package}.{module}:")


@pytest.mark.parametrize("plugin", DISTRIBUTIONS, ids=folder_name)
def test_plugin_moves_with_the_core(plugin: Path) -> None:
    """A plugin has the core's version and requires exactly that core."""
    version = read_project(ROOT / "core")["version"]
    project = read_project(plugin)
    assert project["version"] == version
    assert f"catchment=={version}" in project["dependencies"]


@pytest.mark.parametrize("plugin", DISTRIBUTIONS, ids=folder_name)
def test_plugin_has_tests(plugin: Path) -> None:
    """Each plugin has tests of its own, and tox runs them with no other plugin installed."""
    assert list((ROOT / "tests" / "plugins" / plugin.name).glob("test_*.py"))
    tests = re.findall(r"pytest -n 2 \{posargs:(.+)\}", (ROOT / "tox.ini").read_text("utf-8"))
    assert f"tests/plugins/{plugin.name}" in " ".join(tests).split()


def test_tests_belong_to_a_plugin() -> None:
    """No folder of tests outlives its plugin."""
    folders = {path.name for path in (ROOT / "tests" / "plugins").glob("[!_.]*") if path.is_dir()}
    assert folders <= {plugin.name for plugin in DISTRIBUTIONS}


@pytest.mark.parametrize("plugin", PLUGINS, ids=folder_name)
def test_plugin_readme_answers_an_administrator(plugin: Path) -> None:
    """A plugin's README tells settings, rights, and what the platform does not offer."""
    chapters = re.findall(r"^## (.+)$", (plugin / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {"Settings", "Rights"} <= set(chapters)
    assert any(chapter.endswith("does not offer") for chapter in chapters)


@pytest.mark.parametrize("folder", [ROOT / "core", *DISTRIBUTIONS], ids=folder_name)
def test_every_requirement_has_a_lower_bound(folder: Path) -> None:
    """Each requirement names the lowest version that is tested, or the one version allowed."""
    project = read_project(folder)
    extras = project.get("optional-dependencies", {})
    requirements = [*project["dependencies"], *(r for extra in extras.values() for r in extra)]
    assert not [requirement for requirement in requirements if not re.search(r"[>=]=", requirement)]
    assert project["license"] == "Apache-2.0"


def test_changes_have_a_kind_and_a_sentence() -> None:
    """Each fragment is named ``<issue or +name>.<kind>.md`` and holds a sentence."""
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    for fragment in fragments:
        assert re.fullmatch(rf"(\d+|\+[\w-]+)\.({'|'.join(KINDS)})\.md", fragment.name), fragment
        assert fragment.read_text(encoding="utf-8").strip().endswith("."), fragment


def test_ci_can_start() -> None:
    """The script that CI starts is executable."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
