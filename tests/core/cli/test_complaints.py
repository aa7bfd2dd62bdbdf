"""Errors: one sentence and a remedy on stderr, never a traceback."""

from __future__ import annotations

import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from tests.core.cli.typed import Type

from catchment import errors
from catchment.cli.complaints import complain, put_into_words


def list_kinds(kind: type[errors.CatchmentError]) -> list[type[errors.CatchmentError]]:
    """*kind* and everything that derives from it."""
    return [kind, *(one for child in kind.__subclasses__() for one in list_kinds(child))]


OURS = [kind for kind in list_kinds(errors.CatchmentError) if kind.__module__ == errors.__name__]
"""Those of the tree; what a module derives for itself may want more than a sentence."""


@pytest.mark.parametrize("kind", OURS)
def test_every_error_of_ours_is_a_sentence(
    kind: type[errors.CatchmentError], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever of our errors ends a command is told in its own words, with its exit code."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said = "the disk is full"
    error = errors.Later(said, at=at) if kind is errors.Later else kind(said)
    told = complain(error, debug=False)
    assert told == kind.exit_code
    assert capsys.readouterr().err.startswith("Error: the disk is full.\n")


def test_remedy_stands_below(capsys: pytest.CaptureFixture[str]) -> None:
    """What to do stands on a line of its own."""
    complain(errors.Misuse("there is no source 'x'", remedy="Add one."), debug=False)
    assert capsys.readouterr().err == "Error: there is no source 'x'.\nAdd one.\n"


def test_several_faults_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """A settings file with two faults gives two lines and one remedy."""
    complain(errors.BadSettings("f:1: a: wrong\nf:2: b: wrong", remedy="Correct f."), debug=False)
    assert capsys.readouterr().err == "Error: f:1: a: wrong\nf:2: b: wrong\nCorrect f.\n"


def test_what_we_did_not_foresee_is_called_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected error is one sentence that tells kind and place, and nothing that it quotes."""
    try:
        raise KeyError("secret-token")
    except KeyError as error:
        code = complain(error, debug=False)
    told = capsys.readouterr().err
    assert code == 1
    assert "this is a bug of Catchment: KeyError in test_complaints.py" in told
    assert "Traceback" not in told
    assert "secret-token" not in told


def test_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--debug`` the traceback is shown as well."""
    try:
        raise ValueError("odd")
    except ValueError as error:
        complain(error, debug=True)
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "this is a bug of Catchment: ValueError" in told


def test_a_terminal_is_sent_nothing_that_it_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    """What a stranger put into an error does not move the cursor."""
    complain(errors.Absent("no \x1b[2Jmeeting"), debug=False)
    assert "\x1b" not in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_no_bug(tmp_path: Path) -> None:
    """An OSError that names a file is told as such."""
    try:
        (tmp_path / "no" / "file").write_text("")
    except OSError as error:
        what, remedy, code = put_into_words(error)
    assert what == f"{tmp_path / 'no' / 'file'}: No such file or directory"
    assert remedy
    assert code == 1


def test_wrong_use_names_the_help(type_: Type) -> None:
    """A wrong option is exit code 2 and names the help of its command."""
    for arguments in (["search", "--agnt", "x"], ["search", "--limit", "none"], ["retry", "x"]):
        done = type_(*arguments)
        assert done.code == 2
        assert done.err.startswith("Error: ")
        assert f"See 'catchment {arguments[0]} --help'." in done.err
        assert len(done.err.splitlines()) == 2


def test_a_slip_of_the_pen_is_understood(type_: Type) -> None:
    """A command that is almost right is suggested."""
    assert "did you mean 'status'?" in type_("statsu").err


def test_context_of_click_is_optional() -> None:
    """A usage error without a command still names the help."""
    assert put_into_words(click.UsageError("No"))[1] == "See 'catchment --help'."


@pytest.mark.parametrize("said", ["there is no 'x'; did you mean 'y'?", "nothing at https://…"])
def test_a_sentence_ends_once(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What ends already gets no full stop."""
    complain(errors.Misuse(said), debug=False)
    assert capsys.readouterr().err == f"Error: {said}\n"


@pytest.mark.parametrize("place", [">/dev/full", ">&-"])
def test_output_that_nobody_takes(place: str, settings: Path) -> None:
    """A full disk and a closed output are one sentence, and no bug."""
    program = Path(sys.executable).with_name("catchment")
    line = f"exec {shlex.quote(str(program))} adapters --json {place}"
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=settings.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the output cannot be")
    assert len(done.stderr.splitlines()) == 2
