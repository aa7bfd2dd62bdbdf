"""From what a person types to the items that are meant: names, or a whole group of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catchment._catalogue import decisions, gaps, keeping, parked
from catchment._catalogue.decisions import Item
from catchment._catalogue.gaps import FeedGaps
from catchment._engine.alarms import read_limits
from catchment._engine.application import Application
from catchment.errors import Misuse

SHOWN = 5
"""How many names that mean nothing are told."""


@dataclass(frozen=True, slots=True)
class Target:
    """An item or the gaps of a feed, as somebody named it."""

    name: str
    item: Item | None = None
    gaps: FeedGaps | None = None


def list_items(
    app: Application, names: Sequence[str] = (), *, reason: str | None = None
) -> list[parked.Item]:
    """Everything that is parked, skipped or needs a person, source by source, the oldest first.

    Args:
        app: What is open.
        names: Only of these sources.
        reason: Only for reasons of this kind.

    Raises:
        BadSettings: There is no such source.
    """
    limits, now = read_limits(app.settings), app.now()
    with app.database.read() as connection:
        rows = parked.list_source_rows(connection, names)
        known = {row.name for row in rows}
        for name in names:
            if name not in known:
                app.settings.source(name)
        found = [
            item
            for row in rows
            for item in parked.list_items(
                connection, row, limits.get(row.name, keeping.NO_LIMITS), now
            )
        ]
    return [item for item in found if reason is None or reason in item.reason_kinds]


def choose_group(app: Application, source: str, reason: str | None, verb: str) -> list[str]:
    """The names of what is parked at *source*, or of what waits there for this *reason*.

    Gaps are meant only where *reason* says so, and only ``skip`` knows what to do about them; about
    a list of ids that cannot be read nobody decides.
    """
    names = []
    for item in list_items(app, [source], reason=reason):
        wanted = item.state == "parked" if reason is None else item.state != "skipped"
        if item.what == "list" or (item.what == "gap" and verb != "skip"):
            wanted = False
        if wanted:
            names.append(item.id)
    return list(dict.fromkeys(names))


def find_targets(
    app: Application, names: Sequence[str], source: str | None, *, with_gaps: bool
) -> list[Target]:
    """What *names* mean, each once; all of them, or nothing is done.

    Args:
        app: What is open.
        names: As they were typed.
        source: Whose they are, where one name is known to several.
        with_gaps: Whether ``SOURCE/FEED`` names the gaps of a feed.

    Raises:
        Misuse: Some name nothing, or more than one item.
    """
    found: list[Target] = []
    unknown: list[str] = []
    with app.database.read() as connection:
        source_id = None
        if source is not None:
            app.settings.source(source)
            source_id = next(
                (int(row.id) for row in parked.list_source_rows(connection, [source])), 0
            )
        for name in dict.fromkeys(names):
            of_feed = gaps.find(connection, name) if with_gaps else None
            item = None if of_feed else decisions.find_item(connection, name, source_id)
            if item is None and of_feed is None:
                unknown.append(name)
            else:
                found.append(Target(name, item, of_feed))
    if unknown:
        raise _cannot_find(unknown, len(found))
    return found


def _cannot_find(unknown: Sequence[str], found: int) -> Misuse:
    named = ", ".join(repr(name) for name in unknown[:SHOWN])
    more = f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
    kept = "; nothing was done about the others" if found else ""
    return Misuse(
        f"there is no recording, file or interaction {named}{more}{kept}",
        remedy="Look for it with 'catchment search', or list what waits with 'catchment items'.",
    )
