"""``items``: what is set aside or needs a person, one by one, with the names to decide by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click

from catchment._catalogue.reasons import FOUND, KINDS
from catchment._words import say_age
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.needs import THE_ARCHIVE, say_alarm, say_left
from catchment.cli.printing import (
    Cell,
    Content,
    on_terminal,
    print_json,
    print_line,
    print_table,
)
from catchment.cli.wording import count

if TYPE_CHECKING:
    from catchment._catalogue.parked import Item

T = TypeVar("T")

SHOWN = 100
"""How many rows the table has, unless somebody asks for more."""

HEADS = (
    *("id", "source", "what", "reason kind", "for", "tries", "next try", "deleted", "by"),
    "reason",
)


def explain_kinds() -> str:
    """Every kind of reason with what it means, for the help."""
    told = "; ".join(f"{kind}: {meaning}" for kind, meaning in {**KINDS, **FOUND}.items())
    return f"Kinds of reasons: {told}."


@click.command(epilog=explain_kinds())
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this; repeatable.")
@click.option(
    "--reason",
    type=click.Choice([*KINDS, *FOUND]),
    metavar="KIND",
    help="Only what waits for reasons of this kind.",
)
@click.option("--skipped", is_flag=True, help="What people do without, too.")
@click.option("--ids", is_flag=True, help="Print ids alone, one per line, all of them.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    help="How many rows the table has; 0 for all.",
)
@json_option
@pass_frame
def items(
    frame: Frame,
    sources: tuple[str, ...],
    reason: str | None,
    skipped: bool,
    ids: bool,
    limit: int,
    as_json: bool,
) -> int:
    """List what is parked, waits too long, is deleted soon or needs a person, the oldest first.

    The id is what 'catchment retry', 'park' and 'skip' take; several, or a whole group:

      catchment retry --all --source NAME --reason KIND --why "..."

    Ends with 1 if the archive is not where the settings say.
    """
    from catchment._engine.alarms import ARCHIVE, read_standing
    from catchment._engine.deciding import list_items

    with frame.open() as app:
        found = list_items(app, sources, reason=reason)
        standing = read_standing(app)
    lost = [alarm for alarm in standing.alarms if alarm.kind == ARCHIVE]
    if not skipped:
        found = [item for item in found if item.state != "skipped"]
    if as_json:
        print_json(found)
    elif ids:
        for name in dict.fromkeys(item.id for item in found):
            click.echo(name)
    elif found:
        _print(found, standing.now, limit)
    else:
        print_line(_say_none(len(standing.alarms), chosen=bool(sources or reason)))
    for alarm in lost:
        click.echo(f"{THE_ARCHIVE}: {say_alarm(alarm, standing.now)}", err=True)
    return 1 if lost else 0


def _say_none(alarms: int, *, chosen: bool) -> str:
    """That no item waits; and that something else does, which has no id to decide by."""
    none = "no item of this choice waits" if chosen else "no item waits"
    if not alarms:
        return none
    return f"{none}; see 'catchment status' for {count(alarms, 'alarm')}"


def _print(found: Sequence[Item], now: datetime, limit: int) -> None:
    shown = found[:limit] if limit else found
    if on_terminal():
        _print_groups(shown, now)
    else:
        print_table(HEADS, [_row(item, now) for item in shown], right=(5,))
    if len(shown) < len(found):
        more = len(found) - len(shown)
        print_line(Cell(f"and {more:,} more: --limit 0 shows all", "faint"))


def _print_groups(shown: Sequence[Item], now: datetime) -> None:
    """What waits for the same reason stands below it: reasons are long, and many are alike."""
    groups: dict[tuple[str, ...], list[Item]] = {}
    for item in shown:
        key = (item.source, item.reason_kind, item.state, item.who, item.reason)
        groups.setdefault(key, []).append(item)
    for number, ((source, kind, state, who, reason), some) in enumerate(groups.items()):
        if number:
            click.echo()
        by = f" ({state} by {who})" if who else ""
        head = f"{source}, {kind}{by}, {count(len(some), 'item')}: "
        print_line(Cell(head, _tone(some[0])), reason or FOUND.get(kind, ""))
        rows = [_cut(_row(item, now)) for item in some]
        print_table(_cut(HEADS), rows, whole=(0,), right=(3,), spare=(3, 1, 2, 4))


def _cut(row: Sequence[T]) -> Sequence[T]:
    """What stands in the table of a group: neither source nor reason."""
    return [part for place, part in enumerate(row) if place not in (1, 3, 8, 9)]


def _row(item: Item, now: datetime) -> Sequence[Content]:
    what = f"{item.kind} {item.what}" if item.what in ("file", "rendition") else item.what
    return (
        item.id,
        item.source,
        what,
        Cell(item.reason_kind, _tone(item)),
        say_age(now - item.since),
        item.attempts or "",
        _say_next(item, now),
        Cell(_say_deleted(item, now), "bad" if item.loss else ""),
        item.who,
        item.reason,
    )


def _say_deleted(item: Item, now: datetime) -> str:
    return say_left(item.deleted_at, now) if item.deleted_at is not None else ""


def _tone(item: Item) -> str:
    return "faint" if item.state == "skipped" else "odd" if item.next_attempt_at else "bad"


def _say_next(item: Item, now: datetime) -> str:
    """When it is tried again, or that only a person has it tried."""
    if item.next_attempt_at is None:
        return "on retry" if item.state in ("parked", "skipped") else ""
    return say_left(item.next_attempt_at, now) if item.next_attempt_at > now else "now"
