"""``export``: one interaction, out of the archive, for somebody who has no Catchment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import print_json


@click.command()
@click.argument("name", metavar="ID")
@click.option(
    "--to",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder below which a new folder appears.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["files", "vcon", "ocfl"]),
    default="files",
    show_default=True,
    help="files: names for people; vcon: the manifest and its media; ocfl: all versions.",
)
@json_option
@pass_frame
def export(
    frame: Frame, name: str, to: Path, form: Literal["files", "vcon", "ocfl"], as_json: bool
) -> None:
    """Copy an interaction out of the archive; every byte is compared with its hash on the way."""
    from catchment._engine import exporting

    with frame.open() as app:
        folder = exporting.export(app, name, to, form)
    if as_json:
        print_json({"folder": str(folder)})
    else:
        click.echo(str(folder))
