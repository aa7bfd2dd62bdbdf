"""``status``: how far each source is, what keeps it back, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from catchment._words import name_feed, say_age, say_limit
from catchment.cli import needs as needs_of
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import (
    Cell,
    Content,
    plain,
    print_json,
    print_line,
    print_table,
    print_title,
)
from catchment.cli.wording import count, say_moment
from catchment.model import period

if TYPE_CHECKING:
    from catchment._catalogue.damages import KnownDamage
    from catchment._catalogue.outages import Outage
    from catchment._catalogue.status import FeedStatus, SourceStatus
    from catchment._engine.alarms import Standing
    from catchment._engine.application import Application
    from catchment.settings import Settings

TOLD_SILENT = timedelta(days=1)
"""A runner that fell silent is told of for so long; every process has a name of its own."""

SHOWN_DAMAGES = 5
"""A disk that dies damages everything at once."""

HEADS = ("source", "complete to", "held back by", "recordings", "to do")


@click.command()
@json_option
@pass_frame
def status(frame: Frame, as_json: bool) -> int:
    """Show how far each source is listed and complete, and what keeps it back.

    A source is complete to its watermark: everything that began before is archived, gone with a
    reason, or skipped by name.  Ends with 1 if something needs a person: also while something in
    the archive is damaged, as 'catchment verify' found it.
    """
    with frame.open() as app:
        return show(app, as_json=as_json)


def show(app: Application, *, as_json: bool) -> int:
    """Print how every source is doing, and give the command's exit code."""
    from catchment._engine.alarms import read_standing

    standing = read_standing(app)
    needs = needs_of.say_needs(standing.alarms, standing.now)
    if as_json:
        rows = [plain(one) | {"needs": needs.get(one.name, [])} for one in standing.sources]
        everything = {"at": standing.now, "sources": rows, "never_in_contact": standing.unknown}
        everything |= {"runners": standing.runners, "silent_runners": standing.silent}
        everything |= {"damaged": standing.damaged}
        everything |= {"outages": list(standing.outages.values())}
        print_json(everything | {"alarms": needs_of.tell_alarms(standing.alarms, standing.now)})
    else:
        print_sources(standing, app.settings)
        _print_feeds(standing, app.settings)
        print_title(f"Runners: {say_runners(standing)}")
        needs_of.print_needs(needs)
        _print_damages(standing.damaged)
    return 1 if standing.alarms else 0


def say_runners(standing: Standing) -> str:
    """Who is at work, who fell silent, and if nobody works, since when nothing was listed."""
    now = standing.now
    alive = (f"{one.name} ({say_age(now - one.seen_at)} ago)" for one in standing.runners)
    working = ", ".join(alive)
    lately = (one for one in standing.silent if now - one.seen_at <= TOLD_SILENT)
    fell = [f"{one.name} fell silent {say_age(now - one.seen_at)} ago" for one in lately]
    if working or fell:
        return "; ".join([working or "none is at work", *fell])
    walks = [feed.walked_at for one in standing.sources for feed in one.feeds if feed.walked_at]
    listed = f"; the last listing ended {say_age(now - max(walks))} ago" if walks else ""
    return f"none is at work{listed}"


def zone_of_source(settings: Settings, name: str) -> str:
    """The zone of a source; UTC for one that is no longer in the settings."""
    table = settings.sources.get(name)
    return table.timezone if table is not None else "UTC"


def print_sources(standing: Standing, settings: Settings) -> None:
    """One row for each source."""
    now, outages = standing.now, standing.outages
    rows = [_row(one, outages.get(one.name), settings, now) for one in standing.sources]
    for name in standing.unknown:
        said = Cell("never in contact", "odd")
        if name in outages:
            said = Cell(f"{said.text}: {outages[name].why}", _tone(outages[name], now))
        rows.append((name, Cell("never", "odd"), said, "", ""))
    print_table(HEADS, rows, whole=(0, 1))


def _tone(outage: Outage, now: datetime) -> str:
    from catchment._engine.alarms import is_waiting

    return "odd" if is_waiting(outage, now) else "bad"


def _row(
    one: SourceStatus, outage: Outage | None, settings: Settings, now: datetime
) -> Sequence[Content]:
    mark, zone = one.watermark, zone_of_source(settings, one.name)
    at = Cell(f"{say_moment(mark.at, zone)} {zone}", "good") if mark.at else Cell("not yet", "odd")
    held_by = say_held(one, settings, now)
    if outage is not None and not one.stopped_why:
        tone = _tone(outage, now)
        held_by = Cell(f"{'no contact' if tone == 'bad' else 'waits'}: {outage.why}", tone)
    states = [f"{number:,} {state}" for state, number in sorted(one.recordings.items())]
    if one.late:
        states.append(f"{one.late:,} were late")
    return one.name, at, held_by, ", ".join(states), _say_backlog(one)


def say_held(one: SourceStatus, settings: Settings, now: datetime) -> Cell:
    """What keeps the watermark back; that nothing does but the platform's normal lag, if so."""
    mark = one.watermark
    if one.stopped_why:
        return Cell("stopped", "bad")  # why, stands below the tables
    feeds = (feed for feed in one.feeds if (feed.feed, feed.partition) == mark.feed)
    held = next(feeds, None)
    if held is not None and held.frontier is None and held.failing_since is None:
        return Cell(f"the first listing of feed {name_feed(held.feed, held.partition)}")
    if held is None or held.frontier is None or mark.feed is None:
        return Cell(mark.held_by, "" if mark.at else "odd")
    label, age = name_feed(*mark.feed), now - held.frontier
    if held.failing_since is not None or age > _usual_age(settings, one.name, held.feed):
        return Cell(f"{mark.held_by}, {say_age(age)} ago", "odd")
    if not mark.lag:
        return Cell(f"nothing: feed {label} is listed up to now", "good")
    normal = f"feed {label} normally lists a recording within {say_limit(mark.lag)}"
    return Cell(f"only the normal lag: {normal}", "good")


def _usual_age(settings: Settings, name: str, feed: str) -> timedelta:
    """How old a feed's frontier may be while nothing is wrong."""
    from catchment._engine.alarms import PATIENCE

    table = settings.sources.get(name)
    feeds = table.kind.feeds_of(table.settings) if table is not None else ()
    known = next((one for one in feeds if one.name == feed), None)
    return PATIENCE + (period(known.settle) + 2 * period(known.every) if known else timedelta())


def _say_backlog(one: SourceStatus) -> str:
    parts = [count(one.expected_files, "file")] if one.expected_files else []
    if one.due:
        parts.append(f"{one.due:,} due")
    return ", ".join(parts) or "nothing"


def _print_feeds(standing: Standing, settings: Settings) -> None:
    now, rows = standing.now, list[Sequence[Content]]()
    for one in standing.sources:
        zone = zone_of_source(settings, one.name)
        for feed in one.feeds:
            health = _say_health(one, feed, standing.outages.get(one.name), now)
            listed = f"{say_moment(feed.frontier, zone)} {zone}" if feed.frontier else "not yet"
            walked = f"{say_age(now - feed.walked_at)} ago" if feed.walked_at else "not yet"
            rows.append((one.name, name_feed(feed.feed, feed.partition), listed, walked, health))
    if rows:
        print_title("Feeds")
        heads = ("source", "feed", "listed to", "last listing", "state")
        print_table(heads, rows, whole=(0, 1, 2), spare=(3,))
    for sentence in list_waits(standing):
        print_line(Cell(f"{sentence[0]}: ", "odd"), sentence[1])
    for one in standing.sources:
        for failure in _list_failures(one, now):
            print_line(Cell(f"{one.name}: ", "odd"), failure)


def list_waits(standing: Standing) -> Iterator[tuple[str, str]]:
    """Sources whose platform asked us to wait, and what it said: nobody is needed for it."""
    from catchment._engine.alarms import is_waiting

    for name, outage in standing.outages.items():
        if is_waiting(outage, standing.now) and outage.until is not None:
            yield name, f"waits until {outage.until:%Y-%m-%d %H:%MZ}: {outage.why}"


def _list_failures(one: SourceStatus, now: datetime) -> Iterator[str]:
    """What fails at the moment and does not need a person, or not yet."""
    from catchment._engine.alarms import FAILED, needs_person

    for feed in one.feeds:
        if feed.failing_since is not None and not feed.off and not needs_person(feed, now):
            yield f"feed {name_feed(feed.feed, feed.partition)} fails: {feed.error}"
    for routine in one.routines:
        if routine.attempts < FAILED:
            yield f"{routine.kind} fails: {routine.error}"
    if one.directory is not None:
        at = one.directory.read_at
        last = f"last read {at:%Y-%m-%d %H:%MZ}" if at else "never read"
        yield f"directory fails, {last}: {one.directory.error}"


def _say_health(one: SourceStatus, feed: FeedStatus, outage: Outage | None, now: datetime) -> Cell:
    """In what state a feed is; what keeps it from being asked at all comes first."""
    if feed.off:
        return Cell("switched off", "faint")
    if one.stopped_why:
        return Cell("stopped", "bad")
    if outage is not None:
        tone = _tone(outage, now)
        return Cell("no contact" if tone == "bad" else "waits", tone)
    if feed.failing_since is not None:
        return Cell(f"fails since {say_age(now - feed.failing_since)}", "bad")
    if feed.walked_at is None:
        return Cell("first listing under way")
    if feed.silent and feed.news_at is not None:
        return Cell(f"silent since {say_age(now - feed.news_at)}", "odd")
    return Cell("works", "good")


def _print_damages(damaged: Sequence[KnownDamage]) -> None:
    if not damaged:
        return
    print_title("Damaged or missing in the archive")
    for one in damaged[:SHOWN_DAMAGES]:
        found = f" (found {one.found_at:%Y-%m-%d %H:%MZ})"
        print_line(Cell(one.verdict, "bad"), f"  {one.what} {one.name}: {one.detail}{found}")
        print_line(Cell(f"  {one.remedy}", "faint"))
    if len(damaged) > SHOWN_DAMAGES:
        more = len(damaged) - SHOWN_DAMAGES
        print_line(Cell(f"  and {more:,} more: see 'catchment status --json'", "faint"))
