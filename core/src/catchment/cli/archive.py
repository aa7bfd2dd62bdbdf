"""``verify``, ``rebuild`` and ``backup``: keeping what is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catchment.cli import run, telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import Cell, print_json, print_line
from catchment.cli.wording import count
from catchment.model import period

if TYPE_CHECKING:
    from catchment._engine.verifying import Verified


class LengthType(click.ParamType[timedelta]):
    """Reads ``10m``."""

    name = "length"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """*value* as a length of time, or a refusal that says how one is written."""
        try:
            return period(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a length of time; write 10m, 3h or 30d", param, ctx)


@click.command()
@click.option("--for", "within", type=LengthType(), metavar="10m", help="Stop after so long.")
@json_option
@pass_frame
def verify(frame: Frame, within: timedelta | None, as_json: bool) -> int:
    """Read the archive again, longest unread first, and compare every hash.

    Nothing is repaired.  Ends with 1 if anything is damaged or missing.
    """
    from catchment._engine import verifying

    with (
        frame.open() as app,
        telling.telling(app.settings.log, app.clock, what="verify") as tell,
        run.stopping(app),
    ):
        verified = verifying.verify(app, within=within, tell=tell)
    if as_json:
        print_json(verified)
    else:
        _print_verified(verified)
    return 1 if verified.damaged else 0


def _print_verified(verified: Verified) -> None:
    for damage in verified.damaged:
        print_line(Cell(damage.verdict, "bad"), f"  {damage.what} {damage.name}: {damage.detail}")
        print_line(Cell(f"  {damage.remedy}", "faint"))
    lost = count(len(verified.damaged), "object")
    notices = f"; {count(verified.notices, 'object')} nobody refers to" if verified.notices else ""
    part = "" if verified.whole else "; not everything was reached, the next run goes on from here"
    sound = Cell("none is damaged", "good")
    verdict = Cell(f"{lost} damaged or missing", "bad") if verified.damaged else sound
    print_line(f"{count(verified.examined, 'object')} read, ", verdict, f"{notices}{part}")


@click.command()
@json_option
@pass_frame
def rebuild(frame: Frame, as_json: bool) -> int:
    """Fill an empty catalogue from the archive: its packages and its books.

    Ends with 1 if something of the archive could not be read.
    """
    from catchment._engine import rebuilding

    with (
        frame.open_anew(frame.settings()) as app,
        telling.telling(app.settings.log, app.clock, what="rebuild") as tell,
    ):
        rebuilt = rebuilding.rebuild(app, tell=tell)
    if as_json:
        print_json(rebuilt)
    else:
        for name, why in rebuilt.unreadable.items():
            print_line(Cell("unreadable", "bad"), f"  {name}: {why}")
        parts = (
            count(rebuilt.sources, "source"),
            count(rebuilt.interactions, "interaction"),
            count(rebuilt.recordings, "recording"),
            count(rebuilt.files, "file"),
            count(rebuilt.book_rows, "row") + " of the books",
        )
        print_line(", ".join(parts))
    return 1 if rebuilt.unreadable else 0


@click.command()
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="A new file, or a folder.",
)
@json_option
@pass_frame
def backup(frame: Frame, to: Path, as_json: bool) -> None:
    """Write a consistent copy of the catalogue, also while runners work."""
    from catchment._engine import rebuilding

    path = rebuilding.back_up(frame.settings(), to)
    if as_json:
        print_json({"file": str(path)})
    else:
        print_line(str(path))
