"""Secrets stand in settings by reference, are read when needed, and are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from catchment.errors import BadSettings, NotInstalled
from catchment.secrets import Secret


class Table(BaseModel):
    """A settings table with a secret."""

    password: Secret


def test_an_environment_variable_is_read_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A secret that is rotated needs no restart."""
    secret = Table.model_validate({"password": {"env": "CATCHMENT_T_SECRET"}}).password
    for value in ("one", "two"):
        monkeypatch.setenv("CATCHMENT_T_SECRET", value)
        assert secret.read() == value


def test_a_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    """Editors end a file with a line end that is no part of the secret."""
    path = tmp_path / "secret"
    path.write_text("  s3cret \r\n", "utf-8")
    assert Secret("file", str(path)).read() == "  s3cret "


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """The message names the reference and the remedy how to write one."""
    with pytest.raises(BadSettings, match="CATCHMENT_T_NONE") as missing:
        Secret("env", "CATCHMENT_T_NONE").read()
    assert "env" in missing.value.remedy
    with pytest.raises(BadSettings, match="nowhere"):
        Secret("file", str(tmp_path / "nowhere")).read()
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(BadSettings, match="empty"):
        Secret("file", str(tmp_path / "empty")).read()


def test_a_keyring_is_asked_or_the_extra_is_named() -> None:
    """Without the extra the sentence says what to install."""
    with pytest.raises((BadSettings, NotInstalled)) as missing:
        Secret("keyring", "catchment-test/nobody").read()
    assert missing.value.remedy


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("s3cret", "does not belong into the settings file"),
        ({}, "exactly one reference"),
        ({"env": "A", "file": "B"}, "exactly one reference"),
        ({"vault": "A"}, "cannot be read from 'vault'"),
        ({"env": ""}, "cannot be read"),
        ({"env": 3}, "cannot be read"),
        ({"keyring": "service"}, "service/user"),
        (7, "exactly one reference"),
    ],
)
def test_only_a_reference_is_accepted(written: object, said: str) -> None:
    """A secret in the file itself is refused, with the reason and the way to write it."""
    with pytest.raises(ValidationError, match=said):
        Table.model_validate({"password": written})


def test_a_refused_secret_is_told_by_nobody() -> None:
    """The sentence about a secret in the file does not repeat it."""
    with pytest.raises(ValidationError) as refused:
        Table.model_validate({"password": "hunter2-hunter2"})
    assert all("hunter2" not in error["msg"] for error in refused.value.errors())


def test_nothing_shows_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ``repr`` nor ``str`` nor a dump holds more than the reference."""
    monkeypatch.setenv("CATCHMENT_T_SECRET", "hunter2")
    table = Table.model_validate({"password": {"env": "CATCHMENT_T_SECRET"}})
    assert table.password.read() == "hunter2"
    shown = f"{table!r} {table.password} {table.model_dump()} {table.model_dump_json()}"
    assert "hunter2" not in shown
    assert table.model_dump() == {"password": {"env": "CATCHMENT_T_SECRET"}}
