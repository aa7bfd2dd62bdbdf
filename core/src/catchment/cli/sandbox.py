"""``sandbox``: simulated platforms on this machine, to try everything out on."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catchment._words import say_install
from catchment.cli import switching
from catchment.cli.complaints import cannot_write
from catchment.cli.frame import Frame, pass_frame
from catchment.cli.printing import Cell, print_line, print_table
from catchment.cli.wording import count, say_program
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment.model import Clock
    from catchment.sandbox import Simulator, World

TO_FILE = click.Path(path_type=Path, dir_okay=False)

FAULTS = """
seed = 7
most = 2                        # so many answers in a row are spoilt
until = 2026-10-14T00:00:00Z    # from then on all is quiet

[throttle]                      # share of requests, by what they ask for
list = 0.1
download = 0.2

[rows]                          # share of pages
repeat = 0.1

[late]                          # share of items, and by how much
share = 0.3
least = "1m"
longest = "72h"
"""
"""An example of what ``--faults`` reads."""

FAULTS_HELP = "\b\nA FILE of faults:\n" + FAULTS.strip().replace("\n\n", "\n")


@click.command(epilog=FAULTS_HELP)
@click.argument("platforms", nargs=-1, metavar="ADAPTER...")
@click.option("--seed", type=int, default=1, show_default=True, help="Which world it is.")
@click.option(
    "--days", type=click.IntRange(1, 366), default=1, show_default=True, help="Up to now."
)
@click.option(
    "--meetings", type=click.IntRange(0), default=20, show_default=True, help="On each day."
)
@click.option("--calls", type=click.IntRange(0), default=20, show_default=True, help="On each day.")
@click.option("--faults", type=TO_FILE, metavar="FILE", help="What goes wrong, as TOML.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help=switching.HELP)
@click.option("--config-out", type=TO_FILE, metavar="FILE", help="Write settings to run with.")
@click.option("--truth-out", type=TO_FILE, metavar="FILE", help="Write what there is to capture.")
@pass_frame
def sandbox(
    frame: Frame,
    platforms: tuple[str, ...],
    seed: int,
    days: int,
    meetings: int,
    calls: int,
    faults: Path | None,
    switches: tuple[str, ...],
    config_out: Path | None,
    truth_out: Path | None,
) -> None:
    """Serve simulated platforms until Ctrl-C; without ADAPTER, all that are installed.

    They tell of one and the same world, each what it would know of it.  The simulated days are the
    last ones up to now; time goes on as it does outside.  Nothing that exists is overwritten:
    --config-out and --truth-out name new files, and catalogue and archive go beside the settings.
    """
    from catchment.sandbox import read_faults, serve

    for path in (config_out, truth_out):
        refuse_existing(path)
    clock = frame.clock()
    kinds = load_kinds(platforms)
    turned = switching.read_switches(switches, [kind.name for kind in kinds])
    for kind in kinds:
        switching.refuse_unread(kind, turned[kind.name], clock)
    world = build_world(clock, seed=seed, days=days, meetings=meetings, calls=calls)
    simulators = [
        kind(world, clock, read_faults(faults) if faults else None, turned[kind.name])
        for kind in kinds
    ]
    if not platforms:
        simulators = leave_out_unwritten(simulators)
    with serve(simulators) as urls:
        if config_out is not None:
            _write_config(config_out, simulators, world)
        if truth_out is not None:
            _write_truth(truth_out, simulators, clock)
        _tell(simulators, urls, config_out, truth_out)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            if truth_out is not None:  # what was late has been offered meanwhile
                _write_truth(truth_out, simulators, clock)
    click.echo("stopped", err=True)


def build_world(clock: Clock, *, seed: int, days: int, meetings: int, calls: int) -> World:
    """The world of the last days up to now."""
    from catchment.sandbox import World

    start = clock.now() - timedelta(days=days)
    return World(seed, start, days=days, meetings=meetings, calls=calls)


def load_kinds(names: Sequence[str] = ()) -> list[type[Simulator]]:
    """The simulated platforms that are named, or all that are installed and can be loaded.

    Raises:
        NotInstalled: One that is named is not there, or none is.
    """
    from catchment.errors import NotInstalled
    from catchment.sandbox import find_simulators, load_simulator

    if names:
        return [load_simulator(name) for name in dict.fromkeys(names)]
    kinds: list[type[Simulator]] = []
    for name in find_simulators():
        try:
            kinds.append(load_simulator(name))
        except NotInstalled as error:  # one broken distribution does not keep the others away
            click.echo(f"{name} is left out: {error}", err=True)
    if not kinds:
        raise NotInstalled(
            "no simulated platform is installed",
            remedy=f"Install an adapter, for example: {say_install('catchment-zoom')}",
        )
    return kinds


def leave_out_unwritten(simulators: Sequence[Simulator]) -> list[Simulator]:
    """*simulators* without those that say that they are still to be written; a line tells of each.

    Raises:
        AdapterFault: None of them is written; it says what is to be.
    """
    from catchment.errors import AdapterFault

    written: list[Simulator] = []
    faults: dict[str, AdapterFault] = {}
    for one in simulators:
        try:
            dict(one.hosts)
            one.truth(one.world.start)
        except AdapterFault as fault:
            faults[one.name] = fault
        else:
            written.append(one)
    for name, unwritten in faults.items():
        if not written:
            raise unwritten
        click.echo(f"{name} is left out: {unwritten}", err=True)
    return written


def refuse_existing(path: Path | None) -> None:
    """Leave a file alone that was there before: it may be the settings of a real account.

    Raises:
        Misuse: It is there.
    """
    if path is not None and path.exists():
        raise Misuse(
            f"{path} exists already and is left as it is",
            remedy="Name a new file, best in a new folder: catalogue and archive of a sandbox go "
            "beside its settings, and belong to that sandbox alone.",
        )


def _write_config(path: Path, simulators: Sequence[Simulator], world: World) -> None:
    from catchment.sandbox import write_config

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        secrets = path.with_name(f"{path.name}.secrets")
        write_config(path, simulators, secrets=secrets, since=world.start)
    except OSError as error:
        raise cannot_write(path, error) from None


def _write_truth(path: Path, simulators: Sequence[Simulator], clock: Clock) -> int:
    from catchment.sandbox import write_truth

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_truth(path, simulators, clock.now())
    except OSError as error:
        raise cannot_write(path, error) from None


def _tell(
    simulators: Sequence[Simulator],
    urls: Mapping[str, Mapping[str, str]],
    config: Path | None,
    truth: Path | None,
) -> None:
    world = simulators[0].world
    begin, end = f"{world.start:%Y-%m-%d %H:%MZ}", f"{world.end:%Y-%m-%d %H:%MZ}"
    happened = f"{count(len(world.meetings), 'meeting')} and {count(len(world.calls), 'call')}"
    print_line(f"{happened} from {begin} to {end}")
    rows = [(name, host, url) for name, hosts in urls.items() for host, url in hosts.items()]
    print_table(("source", "host", "address"), rows)
    if truth is not None:
        print_line("what there is to capture: ", str(truth))
    if config is not None:
        print_line("settings: ", str(config), "; capture it with")
        command = f"{say_program()} --config {shlex.quote(str(config))}"
        print_line(Cell(f"  {command} run --once", "head"))
    else:
        for name, value in (pair for one in simulators for pair in one.secrets().items()):
            print_line(f"  export {name}={shlex.quote(value)}")
        print_line("--config-out FILE writes settings to run with")
    print_line(Cell("Ctrl-C ends it", "faint"))
