"""``new-adapter``: the skeleton of a distribution that brings an adapter for one more platform."""

from __future__ import annotations

import keyword
import re
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from string import Template

import click

from catchment._words import say_install
from catchment.cli.frame import Frame, pass_frame
from catchment.cli.printing import Cell, print_line
from catchment.cli.wording import say_program
from catchment.errors import Misuse, StorageUnavailable

TEMPLATES = Path(__file__).with_name("scaffold")
"""Texts, not modules: what is in them becomes code where it is written to."""

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 20
"""Names stand in lines that people read; the generated code keeps to 100 columns."""

FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject",
    "README.md": "readme",
    "src/catchment_{name}/__init__.py": "package",
    "src/catchment_{name}/adapter.py": "adapter",
    "src/catchment_{name}/wire.py": "wire",
    "src/catchment_{name}/payloads.py": "payloads",
    "src/catchment_{name}/mapping.py": "mapping",
    "src/catchment_{name}/settings.py": "settings",
    "src/catchment_{name}/simulator.py": "simulator",
    "src/catchment_{name}/py.typed": "",
    "tests/test_conformance.py": "conformance",
}
"""Each file of the distribution, and the template that it is made of."""


@click.command("new-adapter")
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to make; ./catchment-NAME without it.",
)
@pass_frame
def new_adapter(frame: Frame, name: str, folder: Path | None) -> None:
    """Write the skeleton of an adapter for the platform NAME.

    It is a whole distribution that can be installed at once, and it keeps the first step of the
    rules: catchment conform NAME --step contract.  What is still to be written says so by name.  A
    folder that exists is left as it is.
    """
    refuse_bad_name(name)
    refuse_taken_name(name)
    folder = folder or Path(f"catchment-{name.replace('_', '-')}")
    write_folder(folder, build_files(name))
    _tell(name, folder)


# --- the name ------------------------------------------------------------------------------------


def refuse_bad_name(name: str) -> None:
    """Refuse what cannot be the name of a package, of an entry point and of a table in TOML.

    Raises:
        Misuse: It cannot; the remedy offers what can.
    """
    if NAME.fullmatch(name) and len(name) <= LONGEST and not keyword.iskeyword(name):
        return
    if keyword.iskeyword(name):
        why = f"{name!r} is a word of Python's own"
    elif len(name) > LONGEST:
        why = f"{name[:LONGEST] + '…'!r} is longer than {LONGEST} characters"
    else:
        why = f"{name!r} is not made of small letters, digits and single underscores"
    offer = suggest(name)
    remedy = f"Write for example: catchment new-adapter {offer}" if offer else ""
    raise Misuse(f"no adapter can be called so: {why}", remedy=remedy)


def suggest(name: str) -> str:
    """The spelling of *name* that can be used; empty where nothing of it can."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", plain)
    offer = re.sub(r"^[0-9_]+", "", "_".join(parts).lower())[:LONGEST].rstrip("_")
    return f"my_{offer}" if keyword.iskeyword(offer) else offer


def refuse_taken_name(name: str) -> None:
    """Refuse the name of an adapter or of a package that is installed.

    Raises:
        Misuse: There is one.
    """
    from importlib.util import find_spec

    from catchment.adapters import list_adapters

    remedy = "Choose another name, or uninstall that distribution first."
    for one in list_adapters([name]):
        raise Misuse(
            f"{one.distribution} {one.version} brings an adapter called {name!r} already",
            remedy=remedy,
        )
    if find_spec(f"catchment_{name}") is not None:
        raise Misuse(f"a package called catchment_{name} is installed already", remedy=remedy)


# --- the files -----------------------------------------------------------------------------------


def build_files(name: str) -> dict[str, str]:
    """The text of each file of the distribution, by its path."""
    from importlib.metadata import version

    words = [part.capitalize() for part in name.split("_")]
    told = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "host": name.replace("_", ""),
        "loud": name.upper(),
        "kind": "".join(words),
        "platform": " ".join(words),
        "version": version("catchment"),
    }
    return {
        path.format(name=name): Template(_read(template)).substitute(told)
        for path, template in FILES.items()
    }


def _read(template: str) -> str:
    return (TEMPLATES / f"{template}.txt").read_text("utf-8") if template else ""


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Make *folder* with *files* in it.

    Raises:
        Misuse: It is there already.
        StorageUnavailable: It cannot be written; then nothing is left of it.
    """
    try:
        known = folder.exists() or folder.is_symlink()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise _cannot_write(folder, error) from None
    if known:
        raise Misuse(
            f"{folder} exists already and is left as it is",
            remedy="Name a folder that is not there yet with --to.",
        )
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _cannot_write(folder, error) from None


def _cannot_write(folder: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        f"{folder} cannot be written: {error.strerror}",
        remedy="Name another place with --to, or correct the rights of the folder.",
    )


def _tell(name: str, folder: Path) -> None:
    program, place = say_program(), shlex.quote(str(folder))
    python = shlex.quote(sys.executable)
    print_line(f"{folder} is written; next")
    for command, what in (
        (say_install(f"{folder}[testing]", "-e"), "it stays here, to be edited"),
        (f"{program} adapters", "lists it"),
        (f"{program} conform {name} --step contract", "the first step of the rules holds"),
        (f"{python} -m pytest {place}", "the same, as a test"),
    ):
        print_line(Cell(f"  {command}", "head"), Cell(f"  # {what}", "faint"))
    print_line("Then write simulator.py, so that there is something to ask, and the hooks in")
    print_line("adapter.py: account first, then poll. Each says so until it is written.")
