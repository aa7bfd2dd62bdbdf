"""What proves an adapter: a stage for simulated platforms, a judge of the archive, and the rules.

For whoever writes an adapter, and for the tests of this repository.  It stands above the engine, as
the command line does: it runs the program and compares what came of it with what was offered.

One line in a test file is a whole conformance test::

    from catchment.testing import conformance

    TestTin = conformance("tin")

Names are loaded when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catchment.testing.examination import RULES, Examination, examine
    from catchment.testing.rules import STEPS, Rule, Verdict
    from catchment.testing.suite import conformance

_HOMES = {
    "examination": "RULES Examination examine",
    "rules": "STEPS Rule Verdict",
    "suite": "conformance",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["RULES", "STEPS", "Examination", "Rule", "Verdict", "conformance", "examine"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
