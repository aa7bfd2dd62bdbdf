"""``retry``, ``park`` and ``skip``: what a person decides about an item, with the reason kept."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catchment.cli.frame import Frame, pass_frame
from catchment.cli.wording import count, say_moment
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment._catalogue.decisions import Decided, Verb

F = TypeVar("F", bound=Callable[..., Any])

ITEM = (
    "ID names a recording, one file of it as RECORDING/FILE, or an interaction, which 8 or more "
    "characters of its id name as well if no other begins with them; what 'catchment report' "
    "prints of a row of the platform's books, or of a contact, names the whole interaction."
)

GAPS = "SOURCE/FEED, or SOURCE/FEED/PART, names what a feed could not be asked for: see status."


def item_options(command: F) -> F:
    """The argument and the options that the three commands share."""
    for add in (
        click.option("--by", "who", help="Who decides; without it, the user of this shell."),
        click.option("--why", required=True, help="The reason, which is kept for ever."),
        click.argument("name", metavar="ID"),
    ):
        command = add(command)
    return command


@click.command(epilog=ITEM)
@item_options
@pass_frame
def retry(frame: Frame, name: str, why: str, who: str | None) -> None:
    """Try again what was parked, skipped or is gone, at the next run.

    Archived files are read: what is damaged or missing is fetched again, what is sound stays.
    """
    from catchment._engine import verifying

    who, why = read_reason(who, why)
    with frame.open() as app:
        retried = verifying.retry(app, name, who=who, why=why)
    decided = retried.decided
    if retried.lost:
        click.echo(f"{count(retried.lost, 'object')} of {name} was damaged or missing")
    if decided.files:
        click.echo(f"{count(decided.files, 'file')} of {name} will be had again by the next run")
    elif retried.item.kind != "file" and (retried.item.recording_ids or decided.recordings):
        click.echo(f"the platform will be asked again for {name} by the next run")
    else:
        click.echo(f"nothing of {name} was changed")
    if decided.archived and not decided.files:
        click.echo(f"archived, read and sound, so left as it is: {count(decided.archived, 'file')}")


@click.command(epilog=ITEM)
@item_options
@pass_frame
def park(frame: Frame, name: str, why: str, who: str | None) -> None:
    """Set an item aside: nothing is tried until somebody says retry, and the watermark waits.

    What is archived stays archived.
    """
    decided = set_aside(frame, "park", name, why, who)
    say_decided(decided, name, "parked until somebody says retry")


@click.command(epilog=f"{ITEM} {GAPS}")
@item_options
@pass_frame
def skip(frame: Frame, name: str, why: str, who: str | None) -> None:
    """Do without an item: the watermark passes it, and the books keep who said so.

    What is archived stays archived.  Of a feed, what it could not be asked for is done without.
    """
    from catchment._catalogue import gaps

    who, why = read_reason(who, why)
    with frame.open() as app:
        with app.database.read() as connection:
            found = gaps.find(connection, name)
        if found is not None:
            spans = gaps.skip(app.database, found, who=who, why=why, now=app.now())
    if found is None:
        say_decided(set_aside(frame, "skip", name, why, who), name, "skipped")
        return
    if not spans:
        click.echo(f"nothing of {name} was changed: it has no gap any more")
    for span in spans:
        until = say_moment(span.end)
        click.echo(f"{name}: nobody waits any more for {say_moment(span.start)} to {until}")


def set_aside(frame: Frame, verb: Verb, name: str, why: str, who: str | None) -> Decided:
    """Enter a decision to park or to skip.

    Raises:
        Misuse: There is no such item, or no reason.
    """
    from catchment._catalogue import decisions

    who, why = read_reason(who, why)
    with frame.open() as app:
        with app.database.read() as connection:
            item = decisions.find_item(connection, name)
        if item is None:
            raise Misuse(
                f"there is no recording, file or interaction {name!r}",
                remedy="Look for it with 'catchment search'.",
            )
        return decisions.decide(app.database, item, verb, who=who, why=why, now=app.now())


def say_decided(decided: Decided, name: str, state: str) -> None:
    """Say what is parked or skipped now, and what is not."""
    if decided.archived == 1:
        archived = "1 archived file stays as it is"
    else:
        archived = f"{decided.archived:,} archived files stay as they are"
    if not decided.changed:
        why = archived if decided.archived else "nothing of it is expected or parked"
        click.echo(f"nothing of {name} was changed: {why}")
        return
    what = f"{count(decided.files, 'file')} of {name}" if decided.files else name
    rest = f"; {archived}" if decided.archived else ""
    click.echo(f"{what} {'are' if decided.files > 1 else 'is'} {state}{rest}")


def read_reason(who: str | None, why: str) -> tuple[str, str]:
    """Who decides, and why.

    Raises:
        Misuse: There is no reason.
    """
    if not why.strip():
        raise Misuse("the reason is empty", remedy="Say with --why what speaks for it.")
    return who or _user(), why.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return f"user {os.getuid()}"
