"""``status``: how far each source is, what keeps it back, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    from catchment._catalogue.outages import Outage
    from catchment._catalogue.status import FeedStatus, Overdue, SourceStatus
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
    with frame.open() as app:
        return show(app, as_json=as_json)


def show(app: Application, *, as_json: bool) -> int:
    """Print how every source is doing, and give the command's exit code."""
    from catchment._catalogue.damages import list_damages
    from catchment._catalogue.status import list_runners

    told = list_statuses(app)
    unknown = sorted(set(app.settings.sources) - {one.name for one in told})
    outages = list_outages(app)
    runners = list_runners(app.database)
    damaged = list_damages(app.database)
    now = app.now()
    needs = {name: list(_say_outage(outages.get(name))) for name in unknown}
    needs |= {one.name: list(list_needs(one, now, outages.get(one.name))) for one in told}
    if as_json:
        rows = [plain(one) | {"needs": needs[one.name]} for one in told]
        everything = {"sources": rows, "never_in_contact": unknown, "runners": runners}
        print_json(everything | {"damaged": damaged, "outages": list(outages.values())})
    else:
        print_sources(told, unknown, outages, app.settings, now)
        _print_feeds(told, outages, app.settings, now)
        alive = ", ".join(f"{r.name} ({say_age(now - r.seen_at)} ago)" for r in runners)
        print_title(f"Runners: {alive or 'none is at work'}")
        print_needs(needs)
        _print_damages(damaged)
    return 1 if damaged or any(needs.values()) else 0


def list_statuses(app: Application, names: Sequence[str] = ()) -> list[SourceStatus]:
    """The status of every source, or of those that are named."""
    from catchment._catalogue.status import list_sources

    alarms = {name: table.alarm_after for name, table in app.settings.sources.items()}
    told = list_sources(app.database, app.now(), _read_lags(app.settings), alarms)
    return [one for one in told if not names or one.name in names]


def list_outages(app: Application) -> dict[str, Outage]:
    """The sources of the settings with which no contact could be made, by name."""
    from catchment._catalogue import outages

    wanted = {name for name, table in app.settings.sources.items() if table.enabled}
    known = outages.list_outages(app.database)
    return {name: outage for name, outage in known.items() if name in wanted}


def _read_lags(settings: Settings) -> dict[str, dict[str, timedelta]]:
    return {
        name: {feed.name: period(feed.lag) for feed in table.kind.feeds_of(table.settings)}
        for name, table in settings.sources.items()
    }


def list_needs(one: SourceStatus, now: datetime, outage: Outage | None = None) -> Iterator[str]:
    """What a person has to do about a source, each as a sentence.

    A listing that was not answered a moment ago is tried again by itself and needs nobody yet.
    """
    if one.stopped_why:
        yield f"stopped: {one.stopped_why}"
    if outage is not None and outage.why != one.stopped_why:
        yield from _say_outage(outage)
    for feed in one.feeds:
        if feed.failing_since is not None and _needs_person(feed, now):
            since = f"{feed.failing_since:%Y-%m-%d %H:%MZ}"
            yield f"feed {_label(feed.feed, feed.partition)} fails since {since}: {feed.error}"
    if one.overdue is not None:
        yield _say_overdue(one.overdue, now)
    for parked in one.parked:
        what = "recording" if parked.what == "recording" else f"{parked.what} file"
        yield f"{count(parked.count, what)} parked: {parked.reason}"
    for unmapped in one.unmapped:
        what = count(unmapped.count, "interaction")
        yield f"{what}: {unmapped.reason} (catchment show {unmapped.example})"
    for unwritten in one.unwritten:
        what = "the books are" if unwritten.what == "books" else _say_unsealed(unwritten.count)
        yield f"{what} not written: {unwritten.reason}"
    for unread in one.unreadable:
        yield f"list {unread.file_name} was not read: {unread.reason}"
    for gap in one.gaps:
        span = f"{gap.start_at:%Y-%m-%d %H:%MZ} to {gap.end_at:%Y-%m-%d %H:%MZ}"
        name = "/".join(filter(None, (one.name, gap.feed, gap.partition)))
        yield (
            f"feed {_label(gap.feed, gap.partition)} could not be asked for {span}: {gap.why}. "
            f"If it is to be done without: catchment skip {name} --why REASON"
        )


def _needs_person(feed: FeedStatus, now: datetime) -> bool:
    """Whether a feed fails in a way, or for so long, that waiting alone does not help."""
    if feed.failing_since is None or feed.off:
        return False
    return feed.lasting or now - feed.failing_since > PATIENCE


def _say_outage(outage: Outage | None) -> Iterator[str]:
    if outage is not None:
        yield f"no contact since {outage.since:%Y-%m-%d %H:%MZ}: {outage.why}"


def _say_overdue(overdue: Overdue, now: datetime) -> str:
    what = count(overdue.count, "recording")
    lack, oldest = ("lacks", "for") if overdue.count == 1 else ("lack", "the oldest for")
    age = say_age(now - overdue.since)
    return (
        f"{what} {lack} media for longer than {say_age(overdue.after)}, {oldest} {age}: "
        f"catchment show {overdue.example}"
    )


def _say_unsealed(number: int) -> str:
    return f"{count(number, 'package')} {'is' if number == 1 else 'are'}"


def _label(feed: str, partition: str) -> str:
    return f"{feed} {partition}".strip()


def zone_of_source(settings: Settings, name: str) -> str:
    """The zone of a source; UTC for one that is no longer in the settings."""
    table = settings.sources.get(name)
    return table.timezone if table is not None else "UTC"


def print_sources(
    told: Sequence[SourceStatus],
    unknown: Sequence[str],
    outages: Mapping[str, Outage],
    settings: Settings,
    now: datetime,
) -> None:
    """One row for each source."""
    rows = [_row(one, outages.get(one.name), settings, now) for one in told]
    for name in unknown:
        said = Cell("never in contact", "odd")
        if name in outages:
            said = Cell(f"{said.text}: {outages[name].why}", "bad")
        rows.append((name, Cell("never", "odd"), said, "", ""))
    print_table(HEADS, rows, whole=(0, 1))


def _row(
    one: SourceStatus, outage: Outage | None, settings: Settings, now: datetime
) -> Sequence[Content]:
    mark, zone = one.watermark, zone_of_source(settings, one.name)
    at = Cell(f"{say_moment(mark.at, zone)} {zone}", "good") if mark.at else Cell("not yet", "odd")
    held_by = say_held(one, settings, now)
    if outage is not None and not one.stopped_why:
        held_by = Cell(f"no contact: {outage.why}", "bad")
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
    if held is not None and held.frontier is None and held.failing_since is None:
        return Cell(f"the first listing of feed {_label(held.feed, held.partition)}")
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


def _print_feeds(
    told: Sequence[SourceStatus],
    outages: Mapping[str, Outage],
    settings: Settings,
    now: datetime,
) -> None:
    rows: list[Sequence[Content]] = []
    for one in told:
        zone = zone_of_source(settings, one.name)
        for feed in one.feeds:
            health = _say_health(one, feed, outages.get(one.name), now)
            listed = f"{say_moment(feed.frontier, zone)} {zone}" if feed.frontier else "not yet"
            walked = f"{say_age(now - feed.walked_at)} ago" if feed.walked_at else "not yet"
            rows.append((one.name, _label(feed.feed, feed.partition), listed, walked, health))
    if rows:
        print_title("Feeds")
        heads = ("source", "feed", "listed to", "last listing", "state")
        print_table(heads, rows, whole=(0, 1, 2), spare=(3,))
    for one in told:
        for sentence in _list_failures(one, now):
            print_line(Cell(f"{one.name}: ", "odd"), sentence)


def _list_failures(one: SourceStatus, now: datetime) -> Iterator[str]:
    """What fails at the moment and does not need a person, or not yet."""
    for feed in one.feeds:
        if feed.failing_since is not None and not feed.off and not _needs_person(feed, now):
            yield f"feed {_label(feed.feed, feed.partition)} fails: {feed.error}"
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
        return Cell("no contact", "bad")
    if feed.failing_since is not None:
        return Cell(f"fails since {say_age(now - feed.failing_since)}", "bad")
    if feed.walked_at is None:
        return Cell("first listing under way")
    if feed.silent and feed.news_at is not None:
        return Cell(f"silent since {say_age(now - feed.news_at)}", "odd")
    return Cell("works", "good")


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
