"""``directory``: who works there, as a table, as JSON or as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catchment.cli import assigning, printing
from catchment.cli.complaints import cannot_write
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.status import zone_of_source
from catchment.cli.wording import clean, count, say_moment, write_moment
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment._catalogue.roster import KnownPerson, KnownQueue, KnownTeam
    from catchment.model import Ref
    from catchment.settings import Settings


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND …]")
@click.option("--teams", "what", flag_value="teams", help="The teams instead of the people.")
@click.option("--queues", "what", flag_value="queues", help="The queues instead of the people.")
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option(
    "--csv",
    "to",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a new CSV file instead of a table.",
)
@json_option
@pass_frame
@click.pass_context
def directory(
    context: click.Context,
    frame: Frame,
    what: str | None,
    source: str | None,
    to: Path | None,
    as_json: bool,
) -> None:
    """List everybody whom the platforms' directories name, with teams, roles and ids.

    Who left is listed too, as not active.  A team with a star was assigned here, by a command
    below; it goes before what the platform says.
    """
    if context.invoked_subcommand is not None:
        if what or source or to or as_json:
            raise click.UsageError(
                f"the options of the list do not go with {context.invoked_subcommand!r}; "
                "write its own options behind it",
                context,
            )
        return
    if to is not None and as_json:
        raise click.UsageError("choose one of --csv and --json", context)
    from catchment._catalogue import roster

    with frame.open() as app:
        if source is not None:
            app.settings.source(source)
        with app.database.read() as connection:
            if what == "teams":
                rows = [_tell_team(one) for one in roster.list_teams(connection, source)]
            elif what == "queues":
                rows = [_tell_queue(one) for one in roster.list_queues(connection, source)]
            else:
                rows = [_tell_person(one) for one in roster.list_people(connection, source)]
        settings = app.settings
    if as_json:
        printing.print_json(rows)
    elif to is not None:
        _write_csv(to, what or "people", rows)
    elif not rows:
        click.echo("nothing found", err=True)
    else:
        _print(rows, settings)


for _command in assigning.COMMANDS:
    directory.add_command(_command)


# --- what is told ----------------------------------------------------------------------------


def _tell_person(one: KnownPerson) -> dict[str, Any]:
    return {
        "source": one.source,
        "name": one.name,
        "address": one.email,
        "team": one.team,
        "assigned": one.assigned,
        "role": "agent" if one.agent else "",
        "active": one.active,
        "since": one.since,
        "ids": [_say_ref(ref) for ref in one.refs],
    }


def _tell_team(one: KnownTeam) -> dict[str, Any]:
    return {
        "source": one.source,
        "team": one.name,
        "made": "here" if one.local else "platform",
        "people": one.people,
        "since": one.since,
        "listed": one.seen_at,
        "id": one.ref.value if one.local else _say_ref(one.ref),
    }


def _tell_queue(one: KnownQueue) -> dict[str, Any]:
    return {
        "source": one.source,
        "queue": one.name,
        "active": one.active,
        "since": one.since,
        "id": _say_ref(one.ref),
    }


def _say_ref(ref: Ref) -> str:
    return f"{ref.space}:{ref.value}"


def _print(rows: Sequence[Mapping[str, Any]], settings: Settings) -> None:
    heads = [head for head in rows[0] if head != "assigned"]
    shown = [
        [_say(head, row, zone_of_source(settings, row["source"])) for head in heads] for row in rows
    ]
    places = {head: place for place, head in enumerate(heads)}
    printing.print_table(
        heads,
        shown,
        right=[places[head] for head in ("people",) if head in places],
        whole=[places[head] for head in ("source", "since", "listed") if head in places],
        loose=[places[head] for head in ("name", "team", "queue") if head in places],
        spare=[places[head] for head in ("ids", "id", "since") if head in places],
    )


def _say(head: str, row: Mapping[str, Any], zone: str) -> printing.Content:
    value = row[head]
    if head in ("since", "listed"):
        return say_moment(value, zone)[:10]
    if head == "active":
        return printing.Cell("yes" if value else "no", "" if value else "faint")
    if head == "ids":
        return ", ".join(value)
    if head == "team" and row.get("assigned"):
        return f"{clean(value)} *"
    return value if isinstance(value, int) else clean(value)


HEADS = {
    "people": "source name address team assigned role active since ids",
    "teams": "source team made people since listed id",
    "queues": "source queue active since id",
}
"""The columns of each CSV."""


def _write_csv(to: Path, what: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write *rows* into a file that is not there yet.

    Raises:
        Misuse: It is there.
        StorageUnavailable: It cannot be written.
    """
    import csv

    heads = HEADS[what].split()
    try:
        with to.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(heads)
            writer.writerows([_write(row[head]) for head in heads] for row in rows)
    except FileExistsError:
        raise Misuse(f"{to} exists already", remedy="Name another file.") from None
    except OSError as error:
        raise cannot_write(to, error) from None
    one, many = {"people": ("person", "people")}.get(what, (what[:-1], what))
    click.echo(f"{count(len(rows), one, many)} written to {to}")


def _write(value: Any) -> str | int:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    if value is None or isinstance(value, str | int):
        return value or ""
    return write_moment(value)
