"""The tutorial, done as its page says: from the skeleton to a captured day of trouble."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from catchment.hookspecs import MUST
from catchment.sandbox import Faults, Lateness
from catchment.testing.judge import assert_equal, list_truth
from catchment.testing.stage import HOUR, START, staged

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "tutorial.md").read_text("utf-8")
TEAPOT = DOCS / "examples" / "teapot"
INSIDE = Path("src") / "catchment_teapot"
PROGRAM = Path(sys.executable).with_name("catchment")

WORDS = ("settings", "payloads", "wire", "mapping")
ADAPTER = ("adapter", *WORDS)
"""What an adapter is made of; the simulator is no part of it."""

TROUBLE = {
    "throttle": {"list": 0.1, "document": 0.1, "download": 0.1},
    "server_error": {"list": 0.1, "document": 0.1, "download": 0.1},
    "truncate": {"list": 0.1, "download": 0.3},
    "html": {"list": 0.1, "document": 0.1, "download": 0.1},
    "expired_link": {"download": 0.5},
    "unauthorized_once": {"list": 0.2, "document": 0.2},
    "cursor_lost": {"list": 0.3},
    "repeat": {"list": 0.3},
    "shuffle": {"list": 0.3},
}


class Vendor:
    """Somebody who follows the page in a folder of their own, with the adapter installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "catchment-teapot"
        self.site = folder / "site"
        self.run("new-adapter", "teapot", "--to", str(self.folder))
        self.skeleton = self.read("adapter")
        self._install()

    @property
    def path(self) -> str:
        """Where Python finds the adapter, as an editable installation tells it."""
        return os.pathsep.join([str(self.site), str(self.folder / "src")])

    def _install(self) -> None:
        project = tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))["project"]
        told = self.site / f"catchment_teapot-{project['version']}.dist-info"
        told.mkdir(parents=True)
        named = f"Name: {project['name']}\nVersion: {project['version']}\n"
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}", "utf-8")
        groups = project["entry-points"].items()
        lines = [f"[{g}]\n" + "".join(f"{n} = {v}\n" for n, v in e.items()) for g, e in groups]
        (told / "entry_points.txt").write_text("\n".join(lines), "utf-8")

    def run(self, *typed: str) -> subprocess.CompletedProcess[str]:
        """Type a command of the program."""
        environment = {**os.environ, "PYTHONPATH": self.path, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [str(PROGRAM), *typed]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def conform(self, step: str) -> dict[str, str]:
        """What comes of each rule of a step."""
        done = self.run("conform", "teapot", "--step", step, "--json", "--quick")
        assert done.stdout.startswith("["), done.stderr
        return {one["rule"]: one["state"] for one in json.loads(done.stdout)}

    def read(self, module: str) -> str:
        """The text of a module as it is now."""
        return (self.folder / INSIDE / f"{module}.py").read_text("utf-8")

    def take(self, *modules: str) -> None:
        """Put what the page shows into files."""
        for module in modules:
            shutil.copy2(TEAPOT / INSIDE / f"{module}.py", self.folder / INSIDE)

    def write_hooks(self, *hooks: str) -> None:
        """Write the head of the adapter and *hooks*; the skeleton's others are left."""
        text = (TEAPOT / INSIDE / "adapter.py").read_text("utf-8")
        for hook in MUST:
            if hook not in hooks:
                text = text.replace(cut_hook(text, hook), cut_hook(self.skeleton, hook))
        if set(hooks) != set(MUST):
            text = text.replace("import Absent\n", "import Absent, AdapterFault\n")
        (self.folder / INSIDE / "adapter.py").write_text(text, "utf-8")


def cut_hook(text: str, hook: str) -> str:
    """The lines of a hook with its decorator, as ``:pyobject:`` shows them on the page."""
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    (node,) = (one for one in found if one.name == hook)
    first = min(one.lineno for one in node.decorator_list)
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def list_states(verdicts: dict[str, str], *families: str) -> set[str]:
    """The states of the rules whose names begin with one of *families*."""
    found = {state for rule, state in verdicts.items() if rule.split(".")[0] in families}
    assert found, families
    return found


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    """Somebody at the beginning of the page."""
    return Vendor(tmp_path)


def test_page_shows_every_file_and_hook() -> None:
    """What the test does the page says: each module and each hook is shown on it, in this order."""
    shown = re.findall(r"catchment_teapot/(\w+)\.py\n", PAGE)
    assert list(dict.fromkeys(shown)) == ["simulator", *WORDS, "adapter"]
    assert tuple(re.findall(r":pyobject: Teapot\.(\w+)", PAGE)) == MUST


def test_adapter_has_fewer_than_150_lines() -> None:
    """The whole adapter, the simulator excepted and blank lines not counted."""
    texts = [(TEAPOT / INSIDE / f"{module}.py").read_text("utf-8") for module in ADAPTER]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    assert 50 < len(lines) < 150


def test_example_is_the_skeleton_with_what_the_page_shows(vendor: Vendor) -> None:
    """Nothing is in the example that neither the command writes nor the page shows or says."""
    vendor.take(*WORDS, "simulator")
    vendor.write_hooks(*MUST)
    ours, theirs = (
        {path: (root / path).read_text("utf-8") for path in _list_texts(root)}
        for root in (TEAPOT, vendor.folder)
    )
    told = {Path("README.md"), Path("tests/test_conformance.py"), INSIDE / "__init__.py"}
    assert {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)} <= (
        told
    )
    conformance = theirs[Path("tests/test_conformance.py")].replace(', steps=("contract",)', "")
    assert conformance.splitlines()[-1] == ours[Path("tests/test_conformance.py")].splitlines()[-1]


def _list_texts(root: Path) -> list[Path]:
    """Every file, without what tools leave beside them."""
    paths = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return [one for one in paths if one.suffix != ".pyc" and not one.parts[0].startswith(".")]


@pytest.mark.timeout(1200)
def test_each_step_of_the_page_gains_a_step_of_the_rules(vendor: Vendor) -> None:
    """The skeleton keeps the contract, each hook brings its rules, in the end all hold (T15)."""
    assert list_states(vendor.conform("contract"), "contract") == {"held"}
    vendor.take("simulator")
    assert list_states(vendor.conform("contract"), "contract") == {"held"}

    vendor.take(*WORDS)
    vendor.write_hooks("account", "poll")
    after_poll = vendor.conform("hooks")
    assert list_states(after_poll, "account") == {"held"}
    assert list_states(after_poll, "poll") <= {"held", "not applicable"}
    for family in ("metadata", "media", "map", "recover"):
        assert list_states(after_poll, family) & {"broken", "not run"}, family
    broken = {rule for rule, state in after_poll.items() if state == "broken"}
    assert broken == {"metadata.answers", "recover.answers"}  # as the page says

    vendor.write_hooks(*MUST)
    assert set(vendor.conform("hooks").values()) <= {"held", "not applicable"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("step", ["misbehaviour", "late", "kills"])
def test_trouble_needs_nothing_more(vendor: Vendor, step: str) -> None:
    """The finished adapter keeps the steps that are the engine's as well (T3, T4, T5)."""
    vendor.take(*WORDS, "simulator")
    vendor.write_hooks(*MUST)
    verdicts = vendor.conform(step)
    assert "held" in verdicts.values()
    assert set(verdicts.values()) <= {"held", "not applicable"}, verdicts


@pytest.fixture
def on_path(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The finished adapter in this process."""
    vendor.take(*WORDS, "simulator")
    vendor.write_hooks(*MUST)
    for place in vendor.path.split(os.pathsep):
        monkeypatch.syspath_prepend(place)
    yield
    for module in [one for one in sys.modules if one.startswith("catchment_teapot")]:
        del sys.modules[module]


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("on_path")
def test_a_day_of_trouble_is_captured(tmp_path: Path) -> None:
    """After a day of trouble and a quiet night the archive equals what Teapot offered (T1, T4)."""
    late = Lateness(share=0.2, least=timedelta(minutes=20), longest=9 * HOUR)
    faults = Faults(seed=5, rates=TROUBLE, until=START + 20 * HOUR, late=late)
    told = {"teapot": {"since": "2d"}}
    with staged(
        tmp_path,
        ["teapot"],
        meetings=0,
        calls=24,
        seed=5,
        faults=faults,
        at=START + 8 * HOUR,
        tables=told,
    ) as stage:
        stage.live(START + 34 * HOUR, step=2 * HOUR)
        assert_equal(stage)
        assert len(list_truth(stage)) > 12
    assert {fault for fault in TROUBLE if not faults.counts[fault]} == set()
