"""``inventory``: what the archive holds, for other programs."""

from __future__ import annotations

import click

from catchment.cli.frame import Frame, pass_frame
from catchment.cli.printing import print_json_line


@click.command()
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option("--json", "as_json", is_flag=True, help="Changes nothing: these are JSON lines.")
@pass_frame
def inventory(frame: Frame, source: str | None, as_json: bool) -> None:
    """List every archived platform file as one line of JSON.

    Fields: source, external_id, file_id, version, kind, sha256, bytes, interaction, archived_at.
    What was made from a platform's file is not listed.
    """
    from catchment._catalogue.inventory import list_held

    with frame.open() as app:
        if source is not None:
            app.settings.source(source)
        for held in list_held(app.database, source):
            print_json_line(held)
