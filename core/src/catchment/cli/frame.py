"""What all commands share: the group that finds them, the options before them, how they end.

``catchment --help`` must be instant, so the group knows of each command only its module and one
line; the module is imported when the command is typed, and what is heavy (the database, the HTTP
client, tables on a terminal) inside the command itself.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from types import FrameType

    from catchment._engine.application import Application
    from catchment.model import Clock
    from catchment.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

CONFIG = "CATCHMENT_CONFIG"
DEBUG = "CATCHMENT_DEBUG"
INTERRUPTED = 130
"""What shells expect of a program that was interrupted."""

UNSETTLED = ("demo", "sandbox", "adapters", "new-adapter", "conform")
"""Commands that read no settings."""

PRINTERS = ("click.utils", "rich.console", __name__)
"""Modules that write to stdout."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the group knows it before it is loaded: its module and its line of help."""

    module: str
    line: str


SECTIONS: Mapping[str, Mapping[str, Entry]] = {
    "Try it": {
        "demo": Entry("demo", "Capture a simulated day of every installed platform."),
        "sandbox": Entry("sandbox", "Serve simulated platforms to capture from."),
    },
    "Set up": {
        "init": Entry("setup", "Write a commented catchment.toml."),
        "adapters": Entry("setup", "List the installed adapters and what each can do."),
        "check": Entry("check", "Prove credentials, permissions, storage and ffmpeg."),
    },
    "Write an adapter": {
        "new-adapter": Entry("new_adapter", "Write the skeleton of an adapter."),
        "conform": Entry("conform", "Try the rules of the contract on an adapter."),
    },
    "Capture": {
        "run": Entry("run", "Capture what the platforms offer."),
        "status": Entry("status", "Show how far each source is, and what keeps it back."),
        "recover": Entry("recover", "Ask a platform again for a period or for ids."),
        "report": Entry("report", "Compare a platform's books with the archive."),
        "items": Entry("items", "List what is set aside or needs a person, and why."),
        "retry": Entry("deciding", "Try again what was set aside."),
        "park": Entry("deciding", "Set an item aside until somebody says retry."),
        "skip": Entry("deciding", "Do without an item, for good and by name."),
    },
    "Find": {
        "search": Entry("search", "Find interactions."),
        "show": Entry("search", "Show one interaction with all that belongs to it."),
        "export": Entry("export", "Copy one interaction out of the archive."),
        "directory": Entry("directory", "List people, teams and queues; say who is in which team."),
        "inventory": Entry("inventory", "List every archived platform file as JSON lines."),
    },
    "Keep": {
        "verify": Entry("archive", "Read the archive again and compare every hash."),
        "rebuild": Entry("archive", "Build the catalogue anew from the archive."),
        "backup": Entry("archive", "Write a consistent copy of the catalogue."),
    },
}
COMMANDS: Mapping[str, Entry] = {
    name: entry for entries in SECTIONS.values() for name, entry in entries.items()
}


class SeenEnough(Exception):
    """Whoever read our output has gone."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, imported now."""
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module = import_module(f"catchment.cli.{entry.module}")
        command = getattr(module, name.replace("-", "_"))
        assert isinstance(command, click.Command)
        _accept_behind(command)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed, or what was probably meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {name!r}{hint}", context)
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a reader who has seen enough ends it before click calls that a fault."""
        try:
            return super().invoke(context)
        except BrokenPipeError as error:
            raise SeenEnough from error

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """One list per section, from what is known without importing anything."""
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                width = max(map(len, COMMANDS))
                formatter.write_dl([(n.ljust(width), e.line) for n, e in entries.items()])


@dataclass(frozen=True, slots=True)
class Frame:
    """What was typed before the command.

    Attributes:
        config: The settings file; ``None`` for the default.
        debug: Whether errors show where they happened.
        stop: Set when the program shall end; waits of the clock end with it.
    """

    config: Path | None = None
    debug: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def settings(self) -> Settings:
        """The settings, judged as a whole.

        Raises:
            BadSettings: The file is not there or something in it is wrong.
        """
        from catchment.settings import read_settings

        return read_settings(self.config)

    def clock(self) -> Clock:
        """The clock that this process lives by."""
        from catchment.clock import clock_from_environment

        return clock_from_environment(stop=self.stop)

    def open(
        self,
        *,
        archive: bool = False,
        begin: bool = False,
        sources: Sequence[str] | None = None,
    ) -> Application:
        """Open the program's parts.

        Args:
            archive: Whether storage will be written.
            begin: Whether the command may make the first catalogue; the others only look.
            sources: What the command is about, none named being all of them; judged before
                anything is made anew.  ``None`` for a command that does without.

        Raises:
            Misuse: There is no catalogue yet, or no such source.
            CatalogueUnusable: It was lost, and the archive was not.
        """
        from catchment._engine import presence

        settings = self.settings()
        if not presence.require_catalogue(settings, begin=begin) and sources is not None:
            settings.choose(sources)  # before the first run leaves folders that nobody wanted
        app = self.open_anew(settings, archive=archive)
        try:
            presence.require_memory(settings, app.database)
            if sources is not None:
                settings.choose(sources)
        except BaseException:
            app.close()
            raise
        return app

    def open_anew(self, settings: Settings, *, archive: bool = False) -> Application:
        """Open the program's parts, whatever the catalogue knows; it is made if there is none."""
        from catchment._engine.application import Application

        return Application.open(settings, self.clock(), archive=archive, stop=self.stop)


pass_frame = click.make_pass_decorator(Frame)


def json_option(command: F) -> F:
    """Give a command that prints a table the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(
        command
    )


CONFIG_HELP = f"The settings file; without it what {CONFIG} names, else ./catchment.toml."
DEBUG_HELP = f"Show where an error happened; or set {DEBUG}=1."


def _accept_behind(command: click.Command) -> None:
    """Let *command* take the options of the group as well: people type them behind its name."""
    known = {option.name for option in command.params}
    config = click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=CONFIG_HELP,
        expose_value=False,
        callback=_take_behind,
    )
    debug = click.Option(
        ["--debug"], is_flag=True, help=DEBUG_HELP, expose_value=False, callback=_take_behind
    )
    needed = [debug] if command.name in UNSETTLED else [config, debug]
    command.params += [option for option in needed if option.name not in known]
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _accept_behind(one)


def _take_behind(context: click.Context, option: click.Parameter, value: Any) -> None:
    if value and option.name:
        context.obj = replace(context.obj, **{option.name: value})


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help=CONFIG_HELP)
@click.option("--debug", is_flag=True, help=DEBUG_HELP)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _option, wanted: _print_version(context) if wanted else None,
    help="Show the version and exit.",
)
@click.pass_context
def catchment(context: click.Context, config: Path | None, debug: bool) -> None:
    """Capture every recording of your platforms, and see that none is missing.

    Exit codes: 0 done, 1 something needs a person, 2 wrong use.
    """
    context.obj = Frame(config, debug or _wants_debug())


def _print_version(context: click.Context) -> None:
    from importlib.metadata import version  # costs more than all the rest of --help

    click.echo(f"catchment {version('catchment')}")
    context.exit()


def _wants_debug() -> bool:
    return os.environ.get(DEBUG, "") not in ("", "0")


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; every error ends here as a sentence.

    A command gives its exit code, or nothing for 0.
    """
    from catchment.cli.complaints import cannot_print, complain

    if sys.stdout is None:  # closed: the next file to be opened would take its place
        return complain(cannot_print(OSError(errno.EBADF, "it is closed")), debug=False)
    try:
        code = catchment.main(list(arguments), prog_name="catchment", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        return INTERRUPTED
    except (BrokenPipeError, SeenEnough):
        _drop_output()
        return 0
    except Exception as error:  # noqa: BLE001 - the program's end: what happened is told here
        told = error
        if isinstance(error, OSError) and _failed_to_print(error):
            _drop_output()
            told = cannot_print(error)
        return complain(told, debug="--debug" in arguments or _wants_debug())
    return code if isinstance(code, int) else 0


def _failed_to_print(error: OSError) -> bool:
    """Whether it was raised where something was printed; the buffer forgets that it could not."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") in PRINTERS


def _drop_output() -> None:
    """Have what is still to be printed go nowhere, so that the interpreter ends in peace."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end_gently() -> None:
    """Have SIGTERM end the program as Ctrl-C does: through every ``finally``."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
