"""How the pages are built: ``tox -e docs``.

What a page says of settings, switches, faults and crash points is taken from the code while it is
built, so that it cannot disagree: ``<!-- generated: NAME -->`` in a page stands for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core" / "src" / "catchment"
for source in sorted(ROOT.glob("plugins/*/src")):  # the pages need no plugin installed
    sys.path.insert(0, str(source))

project = "Catchment"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = "Catchment"
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints = "signature"
napoleon_use_ivar = True  # attributes of a dataclass are described once, in its docstring

_TREE = ("├", "│", "└")
_MARK = re.compile(r"<!-- generated: ([\w ]+) -->")
_ENTRY = re.compile(r'^ +"([\w.]+)",  # (.*)$', re.MULTILINE)
_SHEET = re.compile(r" ?\((?:\d|fact)[^)]*\)")
"""References to the fact sheet that the simulator was written from."""


def keep_trees(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Show a tree that is drawn in a docstring as it is drawn, root included."""
    drawn = [number for number, line in enumerate(lines) if line.startswith(_TREE)]
    if drawn:
        first, last = drawn[0] - 1, drawn[-1] + 1
        lines[first:last] = ["::", "", *("    " + line for line in lines[first:last])]


def build_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    cells = [list(head), ["---" for _ in head], *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def build_settings() -> str:
    """The file that ``catchment init`` writes where the adapter for Zoom is installed."""
    from catchment.adapters import AdapterStatus
    from catchment.settings.template import build_template
    from catchment_zoom.adapter import Zoom

    text = build_template([AdapterStatus("zoom", "catchment-zoom", "", adapter=Zoom)])
    return f"```toml\n{text}```"


def build_switches(module: str, name: str) -> str:
    """A simulator's switches: positions, the usual one, and what each does."""
    kind = getattr(import_module(module), name)
    told: dict[str, str] = {}
    for one in reversed(kind.__mro__):  # what simulators of one vendor share is inherited
        told |= _read_attributes(one.__doc__ or "")
    usual, hints = kind(), get_type_hints(kind)
    rows = [
        (f"`{one.name}`", _list_positions(hints[one.name]), f"`{one.default!r}`", told[one.name])
        for one in fields(usual)
    ]
    return build_table(("switch", "positions", "usual", "what it is"), rows)


def _read_attributes(docstring: str) -> Mapping[str, str]:
    listed = docstring.partition("Attributes:")[2]
    found = re.findall(r"^        (\w+): (.*(?:\n            .*)*)", listed, re.MULTILINE)
    return {name: _SHEET.sub("", " ".join(text.split())) for name, text in found}


def _list_positions(hint: type) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{one!r}`" for one in get_args(hint))
    return {"bool": "`True`, `False`", "int": "a number", "str": "text"}[hint.__name__]


def build_points() -> str:
    """Every place at which a test kills the program, and what is done by then."""
    text = (CORE / "_crash.py").read_text("utf-8")
    rows = [(f"`{name}`", what) for name, what in _ENTRY.findall(text)]
    return build_table(("killed at", "when"), rows)


def build_faults() -> str:
    """What the sandbox can let go wrong."""
    text = (CORE / "sandbox" / "faults.py").read_text("utf-8")
    rows = [(f"`{name}`", what.replace("`", "")) for name, what in _ENTRY.findall(text)]
    return build_table(("fault", "what happens"), rows)


def build_rules() -> str:
    """Every rule of the conformance kit, by its step."""
    from catchment.testing import RULES

    rows = [(rule.step, f"`{rule.id}`", rule.sentence) for rule in RULES]
    return build_table(("step", "rule", "what holds"), rows)


GENERATED: Mapping[str, Callable[[], str]] = {
    "settings": build_settings,
    "switches": partial(build_switches, "catchment_zoom.simulator.switches", "Switches"),
    "meetings switches": partial(
        build_switches, "catchment_webex_meetings.simulator.switches", "Switches"
    ),
    "calling switches": partial(
        build_switches, "catchment_webex_calling.simulator.switches", "CallingSwitches"
    ),
    "contact center switches": partial(
        build_switches, "catchment_webex_cc.simulator.switches", "ContactCenterSwitches"
    ),
    "dynamics switches": partial(
        build_switches, "catchment_dynamics.simulator.switches", "DynamicsSwitches"
    ),
    "crash points": build_points,
    "faults": build_faults,
    "rules": build_rules,
}


def fill_in(app: Sphinx, name: str, source: list[str]) -> None:
    """Put what is generated where a page asks for it."""
    source[0] = _MARK.sub(lambda mark: GENERATED[mark[1]](), source[0])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", keep_trees)
    app.connect("source-read", fill_in)
