"""``conform``: try the rules of the contract on an installed adapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from catchment.cli import switching
from catchment.cli.frame import json_option
from catchment.cli.printing import Cell, print_json, print_line
from catchment.testing.rules import STEPS

if TYPE_CHECKING:
    from catchment.testing import Verdict

TONES = {"held": "good", "broken": "bad", "not applicable": "faint", "not run": "odd"}


@click.command()
@click.argument("name")
@click.option(
    "--step",
    "steps",
    multiple=True,
    type=click.Choice(STEPS),
    help="Only this step; repeatable.  Without it, all of them, one after the other.",
)
@click.option("--quick", is_flag=True, help="Let a sample stand for what is much the same.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help=switching.HELP)
@json_option
def conform(
    name: str,
    steps: tuple[str, ...],
    quick: bool,
    switches: tuple[str, ...],
    as_json: bool,
) -> int:
    """Try the rules of the contract on the adapter NAME and its simulator.

    One line for each rule; then, of each that is broken, what was seen and what to change.  Nothing
    outside this machine is asked.  Ends with 1 if a rule is broken.
    """
    from catchment.testing import examine

    _require(name)
    turned = switching.read_switches(switches, [name])[name]
    verdicts: list[Verdict] = []
    for verdict in examine(name, steps=steps or STEPS, quick=quick, switches=turned):
        verdicts.append(verdict)
        if not as_json:
            _print(verdict)
    broken = [one for one in verdicts if one.broken]
    if as_json:
        print_json([_write(one) for one in verdicts])
    else:
        for line in _report(verdicts, broken):
            print_line(line)
    return 1 if broken or any(one.state == "not run" for one in verdicts) else 0


def _require(name: str) -> None:
    """Refuse a name that nobody has installed; what is installed and broken is examined."""
    from catchment.adapters import load_adapter
    from catchment.testing.subject import find_entries

    if not find_entries(name):
        load_adapter(name)


def _print(verdict: Verdict) -> None:
    state = Cell(verdict.state.ljust(14), TONES[verdict.state])
    why = f" ({verdict.why})" if verdict.why else ""
    print_line(state, "  ", Cell(verdict.rule.id, "head"), f": {verdict.rule.sentence}{why}")


def _report(verdicts: list[Verdict], broken: list[Verdict]) -> Iterator[str]:
    for verdict in broken:
        yield ""
        yield from verdict.report().splitlines()
    yield ""
    told = {state: sum(one.state == state for one in verdicts) for state in TONES}
    yield ", ".join(f"{number} {state}" for state, number in told.items() if number)


def _write(verdict: Verdict) -> dict[str, object]:
    rule = verdict.rule
    told: dict[str, object] = {"rule": rule.id, "step": rule.step, "sentence": rule.sentence}
    told |= {"state": verdict.state, "why": verdict.why, "evidence": list(verdict.evidence)}
    return told | {"remedy": verdict.remedy if verdict.broken else ""}
