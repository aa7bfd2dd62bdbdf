"""``search`` and ``show``: from what somebody remembers to the interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from catchment._catalogue.states import RECORDING_STATES
from catchment.cli import dates, printing, showing
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.wording import clean, say_length, say_moment
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment._catalogue.search import Hit
    from catchment._catalogue.show import Shown
    from catchment._engine.application import Application
    from catchment.settings import Settings

KINDS = ("meeting", "webinar", "call")
SHORT_ID = 23
"""So many characters of an id are enough for people: its time and 24 bits of chance."""


def read_attributes(
    context: click.Context, option: click.Parameter, pairs: Sequence[str]
) -> Mapping[str, str]:
    """The attributes that were typed as ``NAME=VALUE``."""
    wrong = [pair for pair in pairs if not pair.partition("=")[0] or "=" not in pair]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form NAME=VALUE", context, option)
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


@click.command(epilog=dates.HELP)
@click.argument("words", nargs=-1)
@click.option(
    "--agent",
    default="",
    help="A name or an address, or part of it; with a star at its end: how it begins.",
)
@dates.period_options(required=False)
@click.option("--source", default="", metavar="NAME", help="Only of this source.")
@click.option("--kind", type=click.Choice(KINDS), default=None, help="Only of this kind.")
@click.option("--number", default="", help="A calling or called number.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_attributes,
    help="An attribute as the platform names it; may be given again.",
)
@click.option(
    "--state", type=click.Choice(RECORDING_STATES), default=None, help="Some recording is …"
)
@click.option("--media/--no-media", "with_media", default=None, help="With or without any file.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Hits per page."
)
@click.option("--before", default="", metavar="CURSOR", help="Go on behind the last hit.")
@json_option
@pass_frame
def search(
    frame: Frame,
    /,
    words: tuple[str, ...],
    since: dates.Typed | None,
    until: dates.Typed | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Find interactions by words, people, numbers and time, newest first.

    All WORDS must occur in subject, names, numbers or transcripts; a star at the end of a word
    makes it a prefix.
    """
    from catchment._catalogue.search import Query
    from catchment._catalogue.search import search as find

    with frame.open() as app:
        zone = dates.zone_of(app.settings, asked["source"])
        query = Query(
            words=" ".join(words),
            since=since.start(zone, app.now()) if since else None,
            until=until.end(zone, app.now()) if until else None,
            **{name: value for name, value in asked.items() if value is not None},
        )
        hits = find(app.database, query, app.now(), patience=app.settings.patience)
        if as_json:
            printing.print_json(hits)
            return
        _print_hits(hits, app.settings, zone)
        if len(hits) == query.limit:
            printing.print_line(
                printing.Cell(f"There may be more: --before {hits[-1].cursor}", "faint")
            )


def _print_hits(hits: Sequence[Hit], settings: Settings, zone: str) -> None:
    if not hits:
        click.echo("nothing found", err=True)
        return
    several = len({hit.source for hit in hits}) > 1
    heads = ["interaction", f"started ({zone})", "length", "agents", "subject", "media"]
    rows = [
        [
            hit.interaction_id[: SHORT_ID if printing.on_terminal() else None],
            say_moment(hit.started_at, zone),
            say_length(hit.duration),
            ", ".join(hit.agents),
            clean(hit.subject) or printing.Cell("–", "faint"),
            _cell_media(hit.media),
        ]
        for hit in hits
    ]
    if several:
        heads.insert(1, "source")
        for row, hit in zip(rows, hits, strict=True):
            row.insert(1, hit.source)
    length = heads.index("length")
    agents, subject, media = length + 1, length + 2, length + 3
    printing.print_table(
        heads,
        rows,
        right=(length,),
        whole=range(length),
        loose=(agents, subject),
        spare=(length, 1, media) if several else (length, media),
    )


def _cell_media(media: str) -> printing.Cell:
    tone = "faint" if media.startswith("none:") else "odd" if ":" in media else ""
    return printing.Cell(say_media(media), tone)


def say_media(media: str) -> str:
    """What there is of an interaction, short enough for a column on a terminal.

    ``audio, captions, chat, video`` becomes ``video +3``; what is lacking stays.
    """
    kinds, *lacking = media.split("; ")
    if not printing.on_terminal() or ":" in kinds:
        return media
    there = kinds.split(", ")
    first = next((kind for kind in ("video", "screen", "audio") if kind in there), there[0])
    more = f" +{len(there) - 1}" if len(there) > 1 else ""
    return "; ".join([first + more, *lacking])


@click.command()
@click.argument("name", metavar="ID")
@json_option
@pass_frame
def show(frame: Frame, name: str, as_json: bool) -> None:
    """Show an interaction: its people, its recordings, and what became of each file.

    ID is the interaction's id, or so many of its first characters (8 or more) that no other id
    begins with them; or the platform's id of the interaction or of one of its recordings; or what
    'catchment report' prints: the id of a row of the platform's books, INTERACTION/CONTACT, or
    RECORDING/FILE.
    """
    with frame.open() as app:
        shown = read_shown(app, name)
        if shown is None:
            raise Misuse(
                f"there is no interaction {name!r} in the catalogue",
                remedy="Give its whole id, or 8 or more of its first characters, as 'catchment "
                "search' shows them; what was never listed can be asked for with 'catchment "
                "recover'.",
            )
        if as_json:
            printing.print_json(shown)
            return
        table = app.settings.sources.get(shown.source)
        showing.print_interaction(shown, table.timezone if table else "UTC")


def read_shown(app: Application, name: str) -> Shown | None:
    """All that is known of the interaction called *name*.

    Raises:
        Misuse: *name* stands for more than one interaction.
    """
    from catchment._catalogue.show import read_interaction
    from catchment._engine.people import knows_all

    settings = app.settings
    partial = [source for source, table in settings.sources.items() if not knows_all(table)]
    return read_interaction(
        app.database, name, app.now(), partial=partial, patience=settings.patience
    )
