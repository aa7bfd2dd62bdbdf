"""``run``: the main job."""

from __future__ import annotations

import _thread
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from catchment.cli import status, telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.needs import THE_ARCHIVE, print_needs, say_needs, tell_alarms
from catchment.cli.printing import Cell, print_json, print_line
from catchment.cli.tally import Tally
from catchment.cli.wording import say_moment

if TYPE_CHECKING:
    from catchment._engine.application import Application
    from catchment._engine.runner import Ending

ROLES = ("poll", "work")
LOOPBACK = "127.0.0.1"


class Address(click.ParamType[tuple[str, int], object]):
    """Where to listen: a port, alone or behind a host."""

    name = "address"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, int]:
        """Host and port; an IPv6 address stands in brackets."""
        host, _, port = str(value).strip().rpartition(":")
        number = int(port) if port.isascii() and port.isdecimal() else -1
        bare = host.removeprefix("[").removesuffix("]")
        if not 0 <= number <= 65535 or (":" in bare and bare == host):
            self.fail(f"{value!r} is no [HOST:]PORT, as in 9464 or 0.0.0.0:9464", param, context)
        return bare or LOOPBACK, number


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
@click.option(
    "--metrics",
    metavar="[HOST:]PORT",
    type=Address(),
    help="Answer Prometheus at http://HOST:PORT/metrics meanwhile; HOST is 127.0.0.1 without it.",
)
@json_option
@pass_frame
def run(
    frame: Frame,
    once: bool,
    sources: tuple[str, ...],
    roles: tuple[str, ...],
    metrics: tuple[str, int] | None,
    as_json: bool,
) -> int:
    """Capture what the platforms offer, for ever or once.

    Stops cleanly on Ctrl-C and SIGTERM; whatever it was doing goes on at the next start.
    """
    with frame.open(archive=True, begin=True, sources=sources) as app:
        names = app.choose(sources)
        with telling.telling(app.settings.log, app.clock, what=", ".join(names)) as teller:
            app.tell = teller
            with stopping(app) as stopped, measured(app, metrics):
                outcome = work(app, names, roles or ROLES, once=once)
        if stopped:
            for name, why in (*outcome.stopped.items(), *outcome.unreachable.items()):
                click.echo(f"{name} was not asked at the end: {why}", err=True)
            click.echo("stopped; nothing is lost", err=True)
            return 0
        return conclude(app, names, outcome, teller.tallies, as_json=as_json)


@contextmanager
def measured(app: Application, address: tuple[str, int] | None) -> Iterator[None]:
    """Answer a monitoring system at *address*, if there is any, until the block is left."""
    if address is None:
        yield
        return
    from catchment._engine.metrics import serving

    with serving(app, *address):
        yield


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
        # Not here: the main thread may have been interrupted while it holds the event's lock.
        _thread.start_new_thread(app.stop.set, ())

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
    tallies: Mapping[str, Tally],
    *,
    as_json: bool,
) -> int:
    """Say what came of a run, and give its exit code."""
    from catchment._engine.alarms import OUTAGE, read_standing

    standing = read_standing(app, names)
    told = {one.name: one for one in standing.sources}
    # What the run itself says of contact is newer and shorter.
    alarms = [alarm for alarm in standing.alarms if alarm.kind != OUTAGE]
    said = say_needs(alarms, standing.now)
    needs = {name: said.get(name, []) for name in (*names, THE_ARCHIVE)}
    for name in names:
        one = told.get(name)
        if name in outcome.stopped and not (one is not None and one.stopped_why):
            needs[name].insert(0, f"stopped: {outcome.stopped[name]}")
        if name in outcome.unreachable:
            needs[name].insert(0, f"unreachable: {outcome.unreachable[name]}")
        if name in outcome.put_off:
            needs[name].append(f"work is left for the next run: {outcome.put_off[name]}")
    if as_json:
        rows = [
            {
                "source": name,
                "tally": tallies.get(name, Tally()),
                "watermark": told[name].watermark if name in told else None,
                "needs": needs[name],
                "alarms": tell_alarms((a for a in alarms if a.source == name), standing.now),
                "waits": outcome.throttled.get(name),
            }
            for name in names
        ]
        print_json(rows)
    else:
        for name in names:
            print_line(Cell(f"{name}: ", "head"), str(tallies.get(name, Tally())))
            if name in told:
                zone = status.zone_of_source(app.settings, name)
                mark = told[name].watermark
                at = f"complete to {say_moment(mark.at, zone)} {zone}" if mark.at else "incomplete"
                held = status.say_held(told[name], app.settings, app.now())
                print_line(f"{' ' * len(name)}  {at}; held back by: ", held)
            if name in outcome.throttled:
                print_line(f"{' ' * len(name)}  waits: {outcome.throttled[name]}")
        print_needs(needs)
    return 1 if any(needs.values()) else 0
