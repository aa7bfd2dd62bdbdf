"""``directory team``, ``assign`` and so on: what a person decides about the directory here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catchment.cli.deciding import read_reason
from catchment.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from catchment._catalogue.assignments import Reason
    from catchment._catalogue.database import Database

    Deciding = tuple[Database, Connection, Reason]

F = TypeVar("F", bound=Callable[..., Any])

WHO = (
    "WHO is an e-mail address or an id, as 'catchment directory' shows them.  The platform is told "
    "nothing; the reason is kept for ever."
)


def _decision_options(command: F) -> F:
    """The options that all decisions share."""
    for add in (
        click.option("--by", "who", help="Who decides; without it, the user of this shell."),
        click.option("--why", required=True, help="The reason, which is kept for ever."),
        click.option("--source", metavar="NAME", help="Of this source, where there are several."),
    ):
        command = add(command)
    return command


@contextmanager
def _deciding(frame: Frame, who: str | None, why: str) -> Iterator[Deciding]:
    """The catalogue with a transaction in which a decision is made, and the reason for it."""
    from catchment._catalogue.assignments import Reason

    who, why = read_reason(who, why)
    with frame.open() as app, app.database.write() as connection:
        yield app.database, connection, Reason(who, why, app.now())


@click.command()
@click.argument("name")
@_decision_options
@pass_frame
def team(frame: Frame, name: str, source: str | None, why: str, who: str | None) -> None:
    """Make a local team, of which the platform never hears."""
    from catchment._catalogue import assignments

    with _deciding(frame, who, why) as (database, connection, reason):
        source_id, label = assignments.find_source(connection, source)
        assignments.make_team(database, connection, source_id, label, name.strip(), reason)
    click.echo(f"source {label} has the local team {name.strip()} now")


@click.command()
@click.argument("typed", metavar="TEAM")
@click.argument("name")
@_decision_options
@pass_frame
def rename(
    frame: Frame, typed: str, name: str, source: str | None, why: str, who: str | None
) -> None:
    """Rename a local team.

    The names of the platform's teams are the platform's.
    """
    from catchment._catalogue import assignments

    with _deciding(frame, who, why) as (database, connection, reason):
        _, label = assignments.find_source(connection, source)
        found = assignments.find_team(connection, typed, label)
        assignments.rename_team(database, connection, found, name.strip(), reason)
    click.echo(f"team {found.name} is called {name.strip()} now")


@click.command(epilog=WHO)
@click.argument("typed", metavar="WHO")
@click.argument("team_name", metavar="TEAM")
@_decision_options
@pass_frame
def assign(
    frame: Frame, typed: str, team_name: str, source: str | None, why: str, who: str | None
) -> None:
    """Put somebody into a team.

    Everybody is in one team at most: this one, from now on, whatever the platform says.
    """
    from catchment._catalogue import assignments, roster

    with _deciding(frame, who, why) as (database, connection, reason):
        one = roster.find_person(connection, typed, source)
        found = assignments.find_team(connection, team_name, one.source)
        assignments.assign(database, connection, one, found, reason)
    click.echo(f"{one.called} is in team {found.name} now, whatever the platform says")


@click.command(epilog=WHO)
@click.argument("typed", metavar="WHO")
@_decision_options
@pass_frame
def unassign(frame: Frame, typed: str, source: str | None, why: str, who: str | None) -> None:
    """Believe the platform again about somebody's team."""
    from catchment._catalogue import assignments, roster

    with _deciding(frame, who, why) as (database, connection, reason):
        one = roster.find_person(connection, typed, source)
        if one.assigned:
            assignments.assign(database, connection, one, None, reason)
    if one.assigned:
        click.echo(f"{one.called} is in the team that the platform tells, if any")
    else:
        click.echo(f"nothing was changed: {one.called} was not assigned to a team here")


@click.command(epilog=WHO)
@click.argument("typed", metavar="WHO")
@_decision_options
@pass_frame
def revoke(frame: Frame, typed: str, source: str | None, why: str, who: str | None) -> None:
    """Take the agent role away until the next sync.

    It is given again then, if the platform still lets the person take contacts.
    """
    from catchment._catalogue import assignments, roster

    with _deciding(frame, who, why) as (database, connection, reason):
        one = roster.find_person(connection, typed, source)
        done = assignments.revoke(database, connection, one, reason)
    if done:
        click.echo(f"{one.called} has no agent role until the next sync of source {one.source}")
    else:
        click.echo(f"nothing was changed: {one.called} has no agent role")


COMMANDS = (team, rename, assign, unassign, revoke)
