"""``retry``, ``park`` and ``skip``: what a person decides about items, with the reason kept."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catchment._catalogue.reasons import FOUND, KINDS
from catchment.cli.frame import Frame, pass_frame
from catchment.cli.wording import count, say_moment
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment._catalogue.decisions import Decided, Verb
    from catchment._catalogue.gaps import FeedGaps
    from catchment._engine.application import Application
    from catchment._engine.deciding import Target
    from catchment._engine.verifying import Retried

F = TypeVar("F", bound=Callable[..., Any])

ITEM = (
    "ID names a recording, one file of it as RECORDING/FILE, or an interaction, which 8 or more "
    "characters of its id name as well if no other begins with them; what 'catchment report' "
    "prints of a row of the platform's books, or of a contact, names the whole interaction.  "
    "'catchment items' lists the ids of what waits; - reads ids from stdin, one per line.  If one "
    "of several names nothing, nothing is done."
)

GAPS = "SOURCE/FEED, or SOURCE/FEED/PART, names what a feed could not be asked for: see status."

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed to say which items are meant.

    Attributes:
        names: Ids, or ``-``.
        source: Whose items are meant.
        whole: Everything of the source that is parked, or waits for ``reason``.
        reason: Only reasons of this kind.
    """

    names: tuple[str, ...]
    source: str | None
    whole: bool
    reason: str | None

    def judge(self) -> None:
        """Refuse what means nothing, or too much.

        Raises:
            Misuse: The options do not go together.
        """
        if self.whole and self.names:
            raise Misuse("both ids and --all were given", remedy="Leave one of them out.")
        if self.whole and self.source is None:
            raise Misuse("--all needs a source", remedy="Name it with --source.")
        if self.reason is not None and not self.whole:
            raise Misuse("--reason goes with --all", remedy="Add --all --source NAME.")
        if not self.whole and not self.names:
            raise Misuse(
                "no item was named",
                remedy="Name ids, which 'catchment items' lists, or say --all --source NAME.",
            )

    def read_names(self) -> tuple[str, ...]:
        """The ids, those of stdin included.

        Raises:
            Misuse: Nothing came.
        """
        names: list[str] = []
        for name in self.names:
            names += _read_lines() if name == STDIN else [name]
        if not names:
            raise Misuse("no id came from stdin", remedy="Try 'catchment items --ids' first.")
        return tuple(names)


def _read_lines() -> Iterator[str]:
    return (line.strip() for line in sys.stdin if line.strip())


def item_options(command: F) -> F:
    """The arguments and the options that the three commands share."""
    for add in (
        click.option("--by", "who", help="Who decides; without it, the user of this shell."),
        click.option("--why", required=True, help="The reason, which is kept for ever."),
        click.option(
            "--reason",
            type=click.Choice([*KINDS, *FOUND]),
            metavar="KIND",
            help="With --all: what waits for reasons of this kind; see 'catchment items --help'.",
        ),
        click.option("--all", "whole", is_flag=True, help="Everything that is parked at a source."),
        click.option("--source", metavar="NAME", help="Whose items are meant."),
        click.argument("names", metavar="[ID]...", nargs=-1),
    ):
        command = add(command)
    return command


@click.command(epilog=ITEM)
@item_options
@pass_frame
def retry(frame: Frame, /, why: str, who: str | None, **typed: Any) -> None:
    """Try again what was parked, skipped or is gone, at the next run.

    Archived files are read: what is damaged or missing is fetched again, what is sound stays.
    """
    from catchment._engine import verifying

    choice, (who, why) = judge(**typed), read_reason(who, why)
    with frame.open() as app:
        targets = find(app, choice, "retry")
        items = [target.item for target in targets if target.item is not None]
        retried = verifying.retry_all(app, items, who=who, why=why)
    for target, one in zip(targets, retried, strict=True):
        say_retried(one, target.name)
    _sum_up(targets, sum(one.decided.changed for one in retried), "to be tried again")


@click.command(epilog=ITEM)
@item_options
@pass_frame
def park(frame: Frame, /, why: str, who: str | None, **typed: Any) -> None:
    """Set items aside: nothing is tried until somebody says retry, and the watermark waits.

    What is archived stays archived.
    """
    choice, (who, why) = judge(**typed), read_reason(who, why)
    with frame.open() as app:
        targets = find(app, choice, "park")
        decided = set_aside(app, targets, "park", who, why)
    for name, one in decided.items():
        say_decided(one, name, "parked until somebody says retry")
    _sum_up(targets, sum(one.changed for one in decided.values()), "parked")


@click.command(epilog=f"{ITEM}  {GAPS}")
@item_options
@pass_frame
def skip(frame: Frame, /, why: str, who: str | None, **typed: Any) -> None:
    """Do without items: the watermark passes them, and the books keep who said so.

    What is archived stays archived.  Of a feed, what it could not be asked for is done without.
    """
    choice, (who, why) = judge(**typed), read_reason(who, why)
    with frame.open() as app:
        targets = find(app, choice, "skip")
        decided = set_aside(app, targets, "skip", who, why)
        changed = sum(one.changed for one in decided.values())
        for target in targets:
            if target.gaps is not None:
                changed += skip_gaps(app, target.name, target.gaps, who, why)
    for name, one in decided.items():
        say_decided(one, name, "skipped")
    _sum_up(targets, changed, "skipped")


def judge(**typed: Any) -> Choice:
    """What was typed, if its parts go together."""
    choice = Choice(**typed)
    choice.judge()
    return choice


def find(app: Application, choice: Choice, verb: Verb) -> Sequence[Target]:
    """The items that are meant: all of them are there, or nothing is done.

    Raises:
        Misuse: A name means nothing, or more than one item; or the group is empty.
    """
    from catchment._engine import deciding

    if choice.whole and choice.source is not None:
        names: Sequence[str] = deciding.choose_group(app, choice.source, choice.reason, verb)
        if not names:
            why = f" for reasons of the kind {choice.reason}" if choice.reason else ""
            raise Misuse(
                f"nothing waits at {choice.source}{why}",
                remedy=f"See 'catchment items --source {choice.source}'.",
            )
    else:
        names = choice.read_names()
    return deciding.find_targets(app, names, choice.source, with_gaps=verb == "skip")


def set_aside(
    app: Application, targets: Sequence[Target], verb: Verb, who: str, why: str
) -> dict[str, Decided]:
    """Enter a decision to park or to skip about each item; what it changed, by name."""
    from catchment._catalogue import decisions

    named = {target.name: target.item for target in targets if target.item is not None}
    decided = decisions.decide_all(
        app.database, list(named.values()), verb, who=who, why=why, now=app.now()
    )
    return dict(zip(named, decided, strict=True))


def skip_gaps(app: Application, name: str, found: FeedGaps, who: str, why: str) -> int:
    """Do without what a feed could not be asked for, and say so; how many periods that is."""
    from catchment._catalogue import gaps

    spans = gaps.skip(app.database, found, who=who, why=why, now=app.now())
    if not spans:
        click.echo(f"nothing of {name} was changed: it has no gap any more")
    for span in spans:
        until = say_moment(span.end)
        click.echo(f"{name}: nobody waits any more for {say_moment(span.start)} to {until}")
    return bool(spans)


def say_retried(retried: Retried, name: str) -> None:
    """Say what is tried again, and what is sound."""
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


def _sum_up(targets: Sequence[Target], changed: int, what: str) -> None:
    """One line below many."""
    if len(targets) > 1:
        click.echo(f"{count(changed, 'item')} of {len(targets):,}: {what}")


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
