"""``check``: is everything in place?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import Cell, plain, print_json, print_line

if TYPE_CHECKING:
    from catchment.model import Finding

TONES = {"pass": "good", "warn": "odd", "fail": "bad"}


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@json_option
@pass_frame
def check(frame: Frame, sources: tuple[str, ...], as_json: bool) -> int:
    """Prove storage, ffmpeg, the catalogue, and each source's credential and permissions.

    Each permission is tried on the very request that needs it.  Ends with 1 if anything fails.
    """
    from catchment._engine import checkup

    settings = frame.settings()
    for name in sources:
        settings.source(name)
    rows: list[dict[str, object]] = []
    failed, remedy = False, ""
    width = max(map(len, ("catalogue", *(sources or settings.sources))))
    for label, finding in checkup.check(settings, frame.clock(), sources):
        failed = failed or finding.verdict == "fail"
        if as_json:
            rows.append({"of": label, **plain(finding)})
            continue
        wanted = finding.remedy if finding.verdict != "pass" else ""
        if wanted != remedy:  # what helps against several in a row is said once, below them
            _print_remedy(remedy)
        remedy = wanted
        _print(label.ljust(width), finding)
    if as_json:
        print_json(rows)
    _print_remedy(remedy)
    return 1 if failed else 0


def _print(label: str, finding: Finding) -> None:
    verdict = Cell(finding.verdict, TONES[finding.verdict])
    detail = f": {finding.detail}" if finding.detail else ""
    print_line(verdict, f"  {label}  ", Cell(finding.what, "head"), detail)


def _print_remedy(remedy: str) -> None:
    if remedy:
        print_line("      ", Cell(remedy, "faint"))
