"""``run``: the main job."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from catchment.cli import status, telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import Cell, print_json, print_line
from catchment.cli.wording import say_moment

if TYPE_CHECKING:
    from catchment._engine.application import Application
    from catchment._engine.runner import Ending

ROLES = ("poll", "work")


@click.command()
@click.option("--once", is_flag=True, help="End as soon as nothing is due.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this; repeatable.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="poll: only list; work: only fetch, convert and seal.  Both without it.",
)
@json_option
@pass_frame
def run(
    frame: Frame, once: bool, sources: tuple[str, ...], roles: tuple[str, ...], as_json: bool
) -> int:
    """Capture what the platforms offer, for ever or once.

    Stops cleanly on Ctrl-C and SIGTERM; whatever it was doing goes on at the next start.
    """
    with frame.open(archive=True, begin=True) as app:
        names = app.choose(sources)
        with telling.telling(app.settings.log, app.clock, what=", ".join(names)) as teller:
            app.tell = teller
            with stopping(app) as stopped:
                outcome = work(app, names, roles or ROLES, once=once)
        if stopped:
            click.echo("stopped; nothing is lost", err=True)
            return 0
        return conclude(app, names, outcome, teller.tallies, as_json=as_json)


def work(app: Application, names: Sequence[str], roles: Sequence[str], *, once: bool) -> Ending:
    """Let a runner work until nothing is due or the application is asked to stop."""
    from catchment._engine.runner import Runner

    return Runner(app, names, roles, once=once).run()


@contextmanager
def stopping(app: Application) -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM ask the application to stop; the list tells whether they did.

    A second one interrupts at once, which loses nothing either.
    """
    told: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)
        app.stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def conclude(
    app: Application,
    names: Sequence[str],
    outcome: Ending,
    tallies: Mapping[str, telling.Tally],
    *,
    as_json: bool,
) -> int:
    """Say what came of a run, and give its exit code."""
    told = {one.name: one for one in status.list_statuses(app, names)}
    needs: dict[str, list[str]] = {}
    for name in names:
        one = told.get(name)
        needs[name] = list(status.list_needs(one, app.now())) if one is not None else []
        if name in outcome.stopped and not (one is not None and one.stopped_why):
            needs[name].insert(0, f"stopped: {outcome.stopped[name]}")
        if name in outcome.unreachable:
            needs[name].insert(0, f"unreachable: {outcome.unreachable[name]}")
    if as_json:
        rows = [
            {
                "source": name,
                "tally": tallies.get(name, telling.Tally()),
                "watermark": told[name].watermark if name in told else None,
                "needs": needs[name],
            }
            for name in names
        ]
        print_json(rows)
    else:
        for name in names:
            print_line(Cell(f"{name}: ", "head"), str(tallies.get(name, telling.Tally())))
            if name in told:
                zone = status.zone_of_source(app.settings, name)
                mark = told[name].watermark
                at = f"complete to {say_moment(mark.at, zone)} {zone}" if mark.at else "incomplete"
                held = status.say_held(told[name], app.settings, app.now())
                print_line(f"{' ' * len(name)}  {at}; held back by: ", held)
        status.print_needs(needs)
    return 1 if any(needs.values()) else 0
