"""``init`` and ``adapters``: from an installed program to a settings file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catchment import hookspecs
from catchment._words import say_install
from catchment.cli.complaints import cannot_write
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import Cell, print_json, print_line, print_table
from catchment.cli.wording import say_program
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment.adapters import AdapterStatus


@click.command()
@click.argument("adapters", nargs=-1, metavar="[ADAPTER]...")
@pass_frame
def init(frame: Frame, adapters: tuple[str, ...]) -> None:
    """Write a commented catchment.toml with a source for each ADAPTER, or for all installed.

    Where --config or CATCHMENT_CONFIG says, else ./catchment.toml.  An existing file is left alone.
    """
    from catchment.adapters import list_adapters, load_adapter
    from catchment.settings import build_template, find_settings

    for name in adapters:
        load_adapter(name)  # whoever names one is told if it is not there or cannot be used
    found = list_adapters(adapters or None)
    path = find_settings(frame.config)
    write_new(path, build_template(found))
    click.echo(f"{path} is written; fill in the lines that begin with '#name =',")
    if len(found) > 1 and not adapters:
        click.echo("and remove the tables [sources.…] of the platforms that you do not use,")
    option = f" --config {shlex.quote(str(path))}" if frame.config else ""
    click.echo(f"then run\n  {say_program()}{option} check")


def write_new(path: Path, text: str) -> None:
    """Write a file that was not there before.

    Raises:
        Misuse: It is there.
        StorageUnavailable: It cannot be written; then nothing is left of it.
    """
    try:
        with path.open("x", encoding="utf-8") as stream:
            try:
                stream.write(text)
                stream.flush()
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        raise Misuse(
            f"{path} exists already and is left as it is",
            remedy="Name another file with --config, or move this one away.",
        ) from None
    except OSError as error:
        raise cannot_write(path, error) from None


@click.command()
@json_option
def adapters(as_json: bool) -> int:
    """List what is installed, what each adapter can do, and what failed to load and why."""
    from catchment.adapters import list_adapters

    found = list_adapters()
    if as_json:
        print_json([_describe(one) for one in found])
    elif found:
        print_table(
            ("adapter", "platform", "distribution", "feeds", "can also", "state"),
            [_row(one) for one in found],
        )
    else:
        example = say_install("catchment-zoom")
        print_line(f"no adapter is installed; install one, for example: {example}")
    return 1 if any(one.fault for one in found) else 0


def _list_optional(one: AdapterStatus) -> list[str]:
    return [hook for hook in one.hooks if hook in hookspecs.MAY]


def _row(one: AdapterStatus) -> tuple[Cell | str, ...]:
    feeds = ", ".join(feed.name for feed in one.adapter.feeds) if one.adapter else ""
    state = Cell(one.fault, "bad") if one.fault else Cell("ready", "good")
    platform = one.adapter.platform if one.adapter else ""
    made = f"{one.distribution} {one.version}"
    return one.name, platform, made, feeds, ", ".join(_list_optional(one)), state


def _describe(one: AdapterStatus) -> dict[str, object]:
    return {
        "name": one.name,
        "platform": one.adapter.platform if one.adapter else None,
        "distribution": one.distribution,
        "version": one.version,
        "feeds": [feed.name for feed in one.adapter.feeds] if one.adapter else [],
        "hooks": one.hooks,
        "fault": one.fault or None,
    }
