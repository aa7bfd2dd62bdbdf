"""The one place where an error becomes what a person reads: a sentence, and what to do about it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click

from catchment.cli.wording import clean
from catchment.errors import CatchmentError, StorageUnavailable, Transient

UNFORESEEN = "Run it again with --debug, and report what it says; nothing is lost by trying again."

ENDS = ("?", "!", "…")
"""What ends a sentence without a full stop."""


def complain(error: Exception, *, debug: bool) -> int:
    """Tell *error* on stderr and give the exit code that it stands for."""
    what, remedy, code = put_into_words(error)
    if debug and not isinstance(error, click.ClickException):
        traceback.print_exception(error, file=sys.stderr)
    lines = [clean(line) for line in what.rstrip().removesuffix(".").split("\n")]
    stop = "" if len(lines) > 1 or lines[-1].endswith(ENDS) else "."
    click.echo("Error: " + "\n".join(lines) + stop, err=True)
    if remedy:
        click.echo(clean(remedy), err=True)
    return code


def put_into_words(error: Exception) -> tuple[str, str, int]:
    """What happened, what to do about it, and the exit code."""
    if isinstance(error, CatchmentError):
        remedy = error.remedy
        if not remedy and isinstance(error, Transient):
            remedy = "Try again later; what was done so far is kept."
        return str(error), remedy, error.exit_code
    if isinstance(error, click.ClickException):
        return _put_misuse(error)
    if isinstance(error, OSError) and error.filename is not None:
        return _put_storage(error)
    where = _find_place(error)
    return f"this is a bug of Catchment: {type(error).__name__}{where}", UNFORESEEN, 1


def cannot_write(path: Path | str, error: OSError) -> StorageUnavailable:
    """The error that says that *path*, which somebody typed, cannot be written."""
    return StorageUnavailable(
        f"{path} cannot be written: {error.strerror}",
        remedy="Name another place, or correct the rights of the folder.",
    )


def cannot_print(error: OSError) -> StorageUnavailable:
    """The error that says that nobody takes what we print."""
    return StorageUnavailable(
        f"the output cannot be written: {error.strerror}",
        remedy="Make room where it goes, or send it elsewhere.",
    )


def _put_misuse(error: click.ClickException) -> tuple[str, str, int]:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "catchment"
    what = error.format_message().replace("\n", " ")
    return what[:1].lower() + what[1:], f"See '{path} --help'.", 2


def _put_storage(error: OSError) -> tuple[str, str, int]:
    kind = cannot_write(str(error.filename), error)
    return f"{error.filename}: {error.strerror}", kind.remedy, kind.exit_code


def _find_place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"
