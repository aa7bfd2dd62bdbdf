"""``report``: is anything missing?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catchment._words import name_feed, say_age
from catchment.cli import dates, telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import Cell, print_json, print_line, print_table, print_title
from catchment.cli.wording import count, say_moment, say_size

if TYPE_CHECKING:
    from catchment._engine.reporting import Report


@click.command(epilog=dates.HELP)
@click.argument("source")
@dates.period_options(required=True)
@click.option("--no-ask", is_flag=True, help="Compare with what is known; ask nothing anew.")
@json_option
@pass_frame
def report(
    frame: Frame,
    source: str,
    since: dates.Typed,
    until: dates.Typed | None,
    no_ask: bool,
    as_json: bool,
) -> int:
    """Compare what SOURCE's platform has in a period with the archive, and list the difference.

    The platform's lists are asked anew first.  Ends with 1 if something is missing or not listed.
    """
    from catchment._engine import reporting

    with frame.open(begin=not no_ask, sources=(source,)) as app:
        zone = app.settings.source(source).timezone
        start, end = dates.read_period(since, until, zone, app.now())
        with telling.telling(app.settings.log, app.clock, what=source) as teller:
            app.tell = teller
            told = reporting.report(app, source, start, end, ask=not no_ask)
    if as_json:
        print_json(told)
    else:
        _print(told, zone)
    return 0 if told.complete else 1


def _print(told: Report, zone: str) -> None:
    start, end = say_moment(told.window.start, zone), say_moment(told.window.end, zone)
    print_line(Cell(f"{told.source}, {start} to {end} ({zone})", "head"))
    states = ", ".join(f"{number:,} {state}" for state, number in told.recordings.items())
    print_line(f"{count(told.offered, 'recording')} offered{f': {states}' if states else ''}")
    size = say_size(told.archived_bytes)
    print_line(f"{count(told.archived_files, 'file')} archived ({size})")
    if told.expecting:
        print_line(f"{told.fulfilled:,} of {count(told.expecting, 'expected recording')} found")
    for one in told.not_listed:
        span = f"{say_moment(one.start_at, zone)} to {say_moment(one.end_at, zone)}"
        feed = name_feed(one.feed, one.partition)
        told_why = f"{one.why}; skipped by {one.excused}" if one.excused else one.why
        tone = "odd" if one.excused else "bad"
        what = "did not answer" if told.asked else "is not listed"
        print_line(Cell(f"feed {feed} {what} for {span}: ", tone), told_why)
    if told.differences:
        _print_differences(told, zone)
    if told.complete:
        print_line(Cell("complete: nothing is missing", "good"))


def _print_differences(told: Report, zone: str) -> None:
    from catchment._engine.reporting import INCOMPLETE

    print_title(", ".join(f"{number:,} {kind}" for kind, number in told.gaps.items()))
    rows = [
        (
            Cell(one.kind, "bad" if one.kind in INCOMPLETE else "odd"),
            one.what,
            one.external_id,
            say_moment(one.occurred_at, zone),
            say_age(one.age),
            one.reason,
        )
        for one in told.differences
    ]
    heads = ("kind", "what", "id", f"at ({zone})", "age", "reason")
    print_table(heads, rows, whole=(0, 1, 2, 3, 4), spare=(4,))
