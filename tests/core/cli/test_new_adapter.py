"""``new-adapter``: a skeleton that can be installed, and that says what is still to be written."""

from __future__ import annotations

import ast
import keyword
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from string import Template

import pytest
from tests.core.adapters.installing import GOOD, install
from tests.core.cli.typed import Type

from catchment import hookspecs
from catchment.cli.new_adapter import FILES, LONGEST, TEMPLATES, build_files, suggest
from catchment.cli.sandbox import leave_out_unwritten
from catchment.sandbox import ASGIApp, Simulator, TruthRow

NAMES = ("x", "tea_pot", "abcdefghij_klmnopqr9")
"""The shortest, one of two words, and the longest, which makes the longest lines."""


@pytest.fixture(params=NAMES)
def skeleton(request: pytest.FixtureRequest, type_: Type, tmp_path: Path) -> Path:
    """A skeleton as the command writes it."""
    name: str = request.param
    done = type_("new-adapter", name, "--to", str(tmp_path / "made"))
    assert (done.code, done.err) == (0, "")
    return tmp_path / "made"


@pytest.fixture
def one_skeleton(type_: Type, tmp_path: Path) -> Path:
    """A skeleton where one name stands for all."""
    assert type_("new-adapter", NAMES[1], "--to", str(tmp_path / "made")).code == 0
    return tmp_path / "made"


class Written(Simulator):
    """A platform that can be shown, and has nothing."""

    name = "written"

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """No host: nothing is asked in these tests."""
        return {}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Nothing was ever offered."""
        return iter(())


def list_code(folder: Path) -> list[Path]:
    """Every Python file of a skeleton."""
    return sorted(folder.rglob("*.py"))


def tell_name(folder: Path) -> str:
    """The adapter's name, as the skeleton's entry point tells it."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    (name,) = project["entry-points"]["catchment.adapters"]
    return str(name)


# --- what is written -----------------------------------------------------------------------------


def test_skeleton_is_a_whole_distribution(skeleton: Path) -> None:
    """Folder, distribution, package, adapter and simulator share one name; types are told."""
    name = tell_name(skeleton)
    package = skeleton / "src" / f"catchment_{name}"
    project = tomllib.loads((skeleton / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == f"catchment-{name.replace('_', '-')}"
    assert (package / "py.typed").read_bytes() == b""
    for group, module in (("adapters", "adapter"), ("simulators", "simulator")):
        where, _, kind = project["entry-points"][f"catchment.{group}"][name].partition(":")
        assert where == f"catchment_{name}.{module}"
        tree = ast.parse((package / f"{module}.py").read_text("utf-8"))
        assert kind in [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert any(need.startswith("catchment>=") for need in project["dependencies"])


def test_skeleton_is_code_that_says_what_it_is_for(skeleton: Path) -> None:
    """Each file compiles, and each module, class and function of it has a docstring."""
    for path in list_code(skeleton):
        text = path.read_text("utf-8")
        compile(text, path.name, "exec")
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path
        named = (ast.ClassDef, ast.FunctionDef)
        for node in (one for one in ast.walk(tree) if isinstance(one, named)):
            assert ast.get_docstring(node) or node.name == "__init__", f"{path}: {node.name}"
        assert max(map(len, text.splitlines())) <= 100, path


def test_skeleton_readme_answers_an_administrator(skeleton: Path) -> None:
    """The chapters that every plugin's README has are there to be filled in."""
    lines = (skeleton / "README.md").read_text("utf-8").splitlines()
    chapters = [line for line in lines if line.startswith("## ")]
    assert chapters[:2] == ["## Settings", "## Rights"]
    assert chapters[2].endswith(" does not offer")


def test_nothing_of_a_template_is_left(skeleton: Path) -> None:
    """No placeholder stands in what was written, and no template is forgotten."""
    texts = [path.read_text("utf-8") for path in skeleton.rglob("*") if path.is_file()]
    assert not [text for text in texts if "$" in text]
    known = {f"{template}.txt" for template in FILES.values() if template}
    assert {path.name for path in TEMPLATES.iterdir()} == known
    for name in known:
        text = Template((TEMPLATES / name).read_text("utf-8"))
        assert text.is_valid(), name


def test_skeleton_uses_public_names_alone(skeleton: Path) -> None:
    """A plugin imports nothing of Catchment that begins with an underscore."""
    for path in list_code(skeleton):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = f"{node.module}.{','.join(one.name for one in node.names)}"
                assert "._" not in names, f"{path}: {names}"


def run_tool(tool: str, folder: Path) -> None:
    """Let a tool judge a skeleton, where it is installed."""
    program, *arguments = tool.split()
    if find_spec(program) is None:
        pytest.skip(f"{program} is not installed here: pip install {program}")
    command = [sys.executable, "-m", program, *arguments, "src", "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check"])
def test_skeleton_is_tidy(skeleton: Path, tool: str) -> None:
    """Linter and formatter find nothing, by the settings that come with it."""
    run_tool(tool, skeleton)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_skeleton_has_types(one_skeleton: Path) -> None:
    """The type checker finds nothing, as strict as it can be."""
    run_tool("mypy --strict", one_skeleton)


# --- what it answers -----------------------------------------------------------------------------


@pytest.fixture
def installed(one_skeleton: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The skeleton as an installer leaves it; its name."""
    name = tell_name(one_skeleton)
    told = one_skeleton.parent / "site" / f"catchment_{name}-0.1.0.dist-info"
    told.mkdir(parents=True)
    project = tomllib.loads((one_skeleton / "pyproject.toml").read_text("utf-8"))["project"]
    (told / "METADATA").write_text(f"Name: {project['name']}\nVersion: 0.1.0\n", "utf-8")
    (told / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n{name} = {entry[name]}\n"
            for group, entry in project["entry-points"].items()
        ),
        "utf-8",
    )
    monkeypatch.syspath_prepend(one_skeleton / "src")
    monkeypatch.syspath_prepend(told.parent)
    # for the one rule that imports the adapter in a process of its own
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(told.parent), str(one_skeleton / "src")]))
    yield name
    for module in [one for one in sys.modules if one.startswith(f"catchment_{name}")]:
        del sys.modules[module]


def test_skeleton_keeps_the_first_step(installed: str, type_: Type) -> None:
    """It is listed as ready, and the step ``contract`` of the rules holds."""
    assert installed in type_("adapters").out
    done = type_("conform", installed, "--step", "contract")
    assert (done.code, done.err) == (0, ""), done.out
    assert "broken" not in done.out


def test_unwritten_hooks_are_no_empty_answers(installed: str) -> None:
    """Each hook that must be there says that it is to be written; none answers with nothing."""
    from catchment.adapters import Hooks, Source, load_adapter
    from catchment.clock import ManualClock
    from catchment.errors import AdapterFault
    from catchment.model import Batch, Bundle, Span, Window
    from catchment.sandbox import World
    from catchment.secrets import Secret
    from catchment.testing.stage import START
    from catchment.transport import Kit

    world, clock = World(1, START, meetings=0), ManualClock(START)
    kind = load_adapter(installed)
    settings = kind.Settings(url="https://x.example", api_key=Secret("env", "X"))  # type: ignore[call-arg]
    with Kit(clock, budgets=kind.budgets) as kit:
        hooks = Hooks(kind(Source("x", settings), kit))
        batch = Batch((), world.start)
        calls: dict[str, Callable[[], object]] = {
            "account": hooks.account,
            "poll": lambda: list(hooks.poll(Span("recordings", "", Window(START, START)))),
            "fetch_metadata": lambda: list(hooks.fetch_metadata(batch)),
            "fetch_media": lambda: list(hooks.fetch_media(batch)),
            "map_metadata": lambda: hooks.map_metadata(Bundle(())),
            "recover": lambda: list(hooks.recover(["a"])),
        }
        assert set(calls) == set(hookspecs.MUST)
        for name, call in calls.items():
            with pytest.raises(AdapterFault, match=f"^write {name} in the adapter {installed}$"):
                call()


def test_commands_answer_with_sentences(installed: str, type_: Type, tmp_path: Path) -> None:
    """``sandbox``, ``check`` and ``run`` say what is to be written, with no traceback."""
    done = type_("sandbox", installed)
    assert done.code == 1
    assert f"write hosts in the simulator of {installed}" in done.err
    (tmp_path / "catchment.toml").write_text(
        f'[sources.one]\nadapter = "{installed}"\nurl = "https://x.example"\n'
        'api_key = {env = "X_KEY"}\n',
        "utf-8",
    )
    for command in (("check",), ("run", "--once")):
        done = type_(*command)
        assert done.code == 1, command
        assert f"write account in the adapter {installed}" in done.out
        assert "Traceback" not in done.out + done.err


def test_unwritten_simulator_keeps_no_other_from_being_shown(
    installed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``demo`` and ``sandbox`` leave it out with one line; alone it says what is to be written."""
    from catchment.clock import ManualClock
    from catchment.errors import AdapterFault
    from catchment.sandbox import World, load_simulator
    from catchment.testing.stage import START

    world, clock = World(1, START, meetings=0), ManualClock(START)
    unwritten = load_simulator(installed)(world, clock)
    written = Written(world, clock)
    assert leave_out_unwritten([unwritten, written]) == [written]
    told = f"{installed} is left out: write hosts in the simulator of {installed}\n"
    assert capsys.readouterr().err == told
    with pytest.raises(AdapterFault, match=f"write hosts in the simulator of {installed}"):
        leave_out_unwritten([unwritten])


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "offer"),
    [
        ("Teapot", "teapot"),
        ("TeaPot", "tea_pot"),
        ("tea-pot", "tea_pot"),
        ("tea pot", "tea_pot"),
        ("tea__pot_", "tea_pot"),
        ("_teapot", "teapot"),
        ("9lives", "lives"),
        ("Théière", "theiere"),
        ("class", "my_class"),
        ("../teapot", "teapot"),
        ("catchment_\N{GREEK SMALL LETTER PI}", "catchment"),
        ("a" * (LONGEST + 1), "a" * LONGEST),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(
    type_: Type, tmp_path: Path, name: str, offer: str
) -> None:
    """What is no name is answered with one that is; nothing is written."""
    done = type_("new-adapter", "--", name)
    assert done.code == 2
    assert done.err.startswith("Error: no adapter can be called so: ")
    assert done.err.endswith(f"new-adapter {offer}\n")
    assert type_("new-adapter", offer).code == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"catchment-{offer.replace('_', '-')}"]


@pytest.mark.parametrize("name", ["", "42", "\N{GREEK SMALL LETTER PI}", "--", "__"])
def test_a_name_of_which_nothing_can_be_kept_is_refused(type_: Type, name: str) -> None:
    """Where there is nothing to offer, nothing is offered."""
    assert suggest(name) == ""
    done = type_("new-adapter", "--", name)
    assert (done.code, len(done.err.splitlines())) == (2, 1)


def test_every_keyword_is_refused(type_: Type) -> None:
    """No word of Python's own becomes a name, and none is offered."""
    for word in keyword.kwlist:
        done = type_("new-adapter", word)
        assert done.code == 2, word
        assert not keyword.iskeyword(suggest(word))


def test_a_name_that_is_taken_is_refused(
    type_: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed adapter keeps its name, also if it is broken, and an installed package too."""
    site = tmp_path / "site"
    install(site, "tin-left", "tin_left", GOOD)
    install(site, "tin-broken", "tin_broken", "raise RuntimeError")
    (site / "catchment_tin_library").mkdir()
    (site / "catchment_tin_library" / "__init__.py").touch()
    monkeypatch.syspath_prepend(site)
    for name in ("tin_left", "tin_broken", "tin_library"):
        done = type_("new-adapter", name)
        assert done.code == 2
        assert name in done.err
        assert "already" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_exists_is_left_as_it_is(type_: Type, tmp_path: Path, kind: str) -> None:
    """A folder, a file or a link of that name is never written to, empty or not."""
    place = tmp_path / "made"
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine", "utf-8")
    else:
        place.symlink_to(tmp_path / "nowhere")
    done = type_("new-adapter", "teapot", "--to", "made")
    assert done.code == 2
    assert done.err.startswith("Error: made exists already and is left as it is.\n")
    assert not (tmp_path / "nowhere").exists()
    assert not place.is_dir() or not list(place.iterdir())


def test_a_place_that_cannot_be_written_is_refused(type_: Type, tmp_path: Path) -> None:
    """One sentence says why, and what to do; nothing is left behind."""
    (tmp_path / "file").write_text("mine", "utf-8")
    for place in ("file/made", "m" * 300):
        done = type_("new-adapter", "teapot", "--to", place)
        assert done.code == 1
        assert " cannot be written: " in done.err
        assert "Name another place with --to" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_up_leaves_no_half_of_a_skeleton(tmp_path: Path) -> None:
    """Where a file cannot be written, the folder that was made is taken away again."""
    from catchment.cli.new_adapter import write_folder
    from catchment.errors import StorageUnavailable

    files = {**build_files("teapot"), "README.md/inside": "a file below a file"}
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        write_folder(tmp_path / "made", files)
    assert not (tmp_path / "made").exists()


def test_next_steps_can_be_typed(type_: Type, tmp_path: Path) -> None:
    """What the command says comes next is quoted for a shell and names what was written."""
    done = type_("new-adapter", "teapot", "--to", "my tea")
    python = shlex.quote(sys.executable)
    assert f"  {python} -m pip install -e 'my tea[testing]'" in done.out
    assert "conform teapot --step contract" in done.out
    assert f"  {python} -m pytest 'my tea'" in done.out
    assert "account first" in done.out
    shutil.rmtree(tmp_path / "my tea")
