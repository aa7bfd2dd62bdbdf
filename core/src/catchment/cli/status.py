"""``status``: how far each source is, what keeps it back, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

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
from catchment.cli.wording import count, say_age, say_moment
from catchment.model import period

if TYPE_CHECKING:
    from catchment._catalogue.damages import KnownDamage
    from catchment._catalogue.status import SourceStatus
    from catchment._engine.application import Application
    from catchment.settings import Settings

PATIENCE = timedelta(minutes=15)

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
    from catchment._catalogue.damages import list_damages
    from catchment._catalogue.status import list_runners

    with frame.open() as app:
        told = list_statuses(app)
        unknown = sorted(set(app.settings.sources) - {one.name for one in told})
        runners = list_runners(app.database)
        damaged = list_damages(app.database)
        now = app.now()
        needs = {one.name: list(list_needs(one, now)) for one in told}
        if as_json:
            rows = [plain(one) | {"needs": needs[one.name]} for one in told]
            everything = {"sources": rows, "never_in_contact": unknown, "runners": runners}
            print_json(everything | {"damaged": damaged})
        else:
            print_sources(told, unknown, app.settings, now)
            _print_feeds(told, app.settings, now)
            alive = ", ".join(f"{r.name} ({say_age(now - r.seen_at)} ago)" for r in runners)
            print_title(f"Runners: {alive or 'none is at work'}")
            print_needs(needs)
            _print_damages(damaged)
    return 1 if damaged or any(needs.values()) else 0


def list_statuses(app: Application, names: Sequence[str] = ()) -> list[SourceStatus]:
    """The status of every source, or of those that are named."""
    from catchment._catalogue.status import list_sources

    told = list_sources(app.database, app.now(), _read_lags(app.settings))
    return [one for one in told if not names or one.name in names]


def _read_lags(settings: Settings) -> dict[str, dict[str, timedelta]]:
    return {
        name: {feed.name: period(feed.lag) for feed in table.kind.feeds_of(table.settings)}
        for name, table in settings.sources.items()
    }


def list_needs(one: SourceStatus, now: datetime) -> Iterator[str]:
    """What a person has to do about a source, each as a sentence.

    A listing that failed a moment ago is tried again by itself and needs nobody yet.
    """
    if one.stopped_why:
        yield f"stopped: {one.stopped_why}"
    for feed in one.feeds:
        if feed.failing_since is not None and now - feed.failing_since > PATIENCE:
            since = f"{feed.failing_since:%Y-%m-%d %H:%MZ}"
            yield f"feed {_label(feed.feed, feed.partition)} fails since {since}: {feed.error}"
    for parked in one.parked:
        what = "recording" if parked.what == "recording" else f"{parked.what} file"
        yield f"{count(parked.count, what)} parked: {parked.reason}"
    for unread in one.unreadable:
        yield f"list {unread.file_name} was not read: {unread.reason}"
    for gap in one.gaps:
        span = f"{gap.start_at:%Y-%m-%d %H:%MZ} to {gap.end_at:%Y-%m-%d %H:%MZ}"
        yield f"feed {_label(gap.feed, gap.partition)} could not be asked for {span}: {gap.why}"


def _label(feed: str, partition: str) -> str:
    return f"{feed} {partition}".strip()


def zone_of_source(settings: Settings, name: str) -> str:
    """The zone of a source; UTC for one that is no longer in the settings."""
    table = settings.sources.get(name)
    return table.timezone if table is not None else "UTC"


def print_sources(
    told: Sequence[SourceStatus], unknown: Sequence[str], settings: Settings, now: datetime
) -> None:
    """One row for each source."""
    rows = [_row(one, settings, now) for one in told]
    never = Cell("never in contact", "odd")
    rows += [(name, Cell("never", "odd"), never, "", "") for name in unknown]
    print_table(HEADS, rows, whole=(0, 1))


def _row(one: SourceStatus, settings: Settings, now: datetime) -> Sequence[Content]:
    mark, zone = one.watermark, zone_of_source(settings, one.name)
    at = Cell(f"{say_moment(mark.at, zone)} {zone}" if mark.at else "never", "good")
    held_by = say_held(one, settings, now)
    states = [f"{number:,} {state}" for state, number in sorted(one.recordings.items())]
    if one.late:
        states.append(f"{one.late:,} were late")
    return one.name, at, held_by, ", ".join(states), _say_backlog(one)


def say_held(one: SourceStatus, settings: Settings, now: datetime) -> Cell:
    """What keeps the watermark back; that nothing does but the platform's normal lag, if so."""
    mark = one.watermark
    if one.stopped_why:
        return Cell(one.stopped_why, "bad")
    feeds = (feed for feed in one.feeds if (feed.feed, feed.partition) == mark.feed)
    held = next(feeds, None)
    if held is None or held.frontier is None or mark.feed is None:
        return Cell(mark.held_by, "" if mark.at else "odd")
    label, age = _label(*mark.feed), now - held.frontier
    if held.failing_since is not None or age > _usual_age(settings, one.name, held.feed):
        return Cell(f"{mark.held_by}, {say_age(age)} ago", "odd")
    if not mark.lag:
        return Cell(f"nothing: feed {label} is listed up to now", "good")
    normal = f"feed {label} normally lists a recording within {say_age(mark.lag)}"
    return Cell(f"only the normal lag: {normal}", "good")


def _usual_age(settings: Settings, name: str, feed: str) -> timedelta:
    """How old a feed's frontier may be while nothing is wrong."""
    table = settings.sources.get(name)
    feeds = table.kind.feeds_of(table.settings) if table is not None else ()
    known = next((one for one in feeds if one.name == feed), None)
    return PATIENCE + (period(known.settle) + 2 * period(known.every) if known else timedelta())


def _say_backlog(one: SourceStatus) -> str:
    parts = [count(one.expected_files, "file")] if one.expected_files else []
    if one.due:
        parts.append(f"{one.due:,} due")
    return ", ".join(parts) or "nothing"


def _print_feeds(told: Sequence[SourceStatus], settings: Settings, now: datetime) -> None:
    rows: list[Sequence[Content]] = []
    for one in told:
        zone = zone_of_source(settings, one.name)
        for feed in one.feeds:
            health = Cell("works", "good")
            if feed.failing_since is not None:
                health = Cell(f"fails since {say_age(now - feed.failing_since)}", "bad")
            elif feed.silent and feed.news_at is not None:
                health = Cell(f"silent since {say_age(now - feed.news_at)}", "odd")
            listed = f"{say_moment(feed.frontier, zone)} {zone}" if feed.frontier else "never"
            walked = f"{say_age(now - feed.walked_at)} ago" if feed.walked_at else "never"
            rows.append((one.name, _label(feed.feed, feed.partition), listed, walked, health))
    if rows:
        print_title("Feeds")
        heads = ("source", "feed", "listed to", "last listing", "state")
        print_table(heads, rows, whole=(0, 1, 2), spare=(3,))


def print_needs(needs: dict[str, list[str]]) -> None:
    """What needs a person, source by source; nothing if nothing does."""
    if not any(needs.values()):
        return
    print_title("Needs a person")
    for name, sentences in needs.items():
        for sentence in sentences:
            print_line(Cell(f"{name}: ", "bad"), sentence)


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
