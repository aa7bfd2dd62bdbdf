"""The settings file that ``catchment init`` writes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import trustme
from pydantic import Field
from tests.core.settings.examples import PARROT, Parrot, read_text

from catchment.adapters import AdapterStatus, SourceSettings
from catchment.errors import BadSettings
from catchment.model import period
from catchment.secrets import Secret
from catchment.settings import build_template, read_size
from catchment.settings.tables import Settings, SourceKeys
from catchment.settings.template import format_period, format_size

BROKEN = AdapterStatus("owl", "catchment-owl", "1.0", fault="it failed to load:\nImportError")


def test_the_template_says_what_the_program_would_assume(tmp_path: Path) -> None:
    """Written defaults and assumed defaults are the same, so that init changes nothing."""
    assert read_text(tmp_path, build_template([])) == read_text(tmp_path, "")


def test_every_setting_stands_there_with_its_explanation() -> None:
    """No setting is missing, and above each stands one line of explanation."""
    lines = build_template([PARROT]).splitlines()
    for name, field in Settings.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            at = next(
                number
                for number, line in enumerate(lines)
                if number > lines.index(f"[{name}]") and re.match(rf"#? ?{key} = ", line)
            )
            assert re.match(r"# \S+ ", lines[at - 1])
    for key in (*SourceKeys.model_fields, *Parrot.Settings.model_fields):
        assert any(re.match(rf"#? ?{key} = ", line) for line in lines), key


def test_what_only_an_operator_knows_must_be_filled_in(tmp_path: Path) -> None:
    """The template parses as it is; its source misses exactly what the adapter requires."""
    text = build_template([PARROT])
    assert tomllib.loads(text)["sources"]["parrot"]["adapter"] == "parrot"
    with pytest.raises(BadSettings) as caught:
        read_text(tmp_path, text)
    settings = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert settings == ["sources.parrot.account_id", "sources.parrot.client_secret"]


def test_what_depends_on_another_setting_is_to_be_filled_in_too() -> None:
    """A field may say so although it has a default, and stands before what may be left alone."""

    class OwlSettings(SourceSettings):
        nest: str = Field("oak", description="Which tree.")
        client_id: str = Field("", description="Whose.", json_schema_extra={"fill": True})
        client_secret: Secret | None = Field(
            None, description="With what.", json_schema_extra={"fill": True}
        )
        night: bool = Field(True, description="When.")

    owl = type("Owl", (Parrot,), {"Settings": OwlSettings})
    text = build_template([AdapterStatus("owl", "catchment-owl", "1.0", adapter=owl)])
    _, _, own = text.partition('adapter = "owl"')
    assert re.findall(r"(?m)^#? ?(?:client|nest|night).*$", own) == [
        '#client_id = "FILL-IN"',
        '#client_secret = { env = "OWL_CLIENT_SECRET" }',
        'nest = "oak"',
        "night = true",
    ]
    assert "# Whose.\n" in own


def test_with_its_placeholders_uncommented_the_template_is_valid(tmp_path: Path) -> None:
    """Taking the '#' away from what must be filled in is all that is needed."""
    text = re.sub(r"(?m)^#(?=[^ \n])", "", build_template([PARROT, BROKEN]))
    source = read_text(tmp_path, text).source("parrot")
    assert isinstance(source.settings, Parrot.Settings)
    assert source.settings.client_secret == Secret("env", "PARROT_CLIENT_SECRET")
    assert source.recovery == tmp_path / "recovery" / "parrot"
    expected = Parrot.Settings(account_id="FILL-IN", client_secret=source.settings.client_secret)
    assert source.settings == expected


def test_what_may_be_left_out_is_shown_as_it_is_written(tmp_path: Path) -> None:
    """Also the optional settings of a source are valid once they are uncommented."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "proxy.pem")
    text = re.sub(r"(?m)^#(?=[^ \n])", "", build_template([PARROT]))
    before, _, source = text.partition("[sources.parrot]")
    shown = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", source)
    table = read_text(tmp_path, f"{before}[sources.parrot]{shown}").source("parrot")
    assert (table.since, table.gone_after) == (period("30d"), period("24h"))
    assert table.alarm_after == period("6h")
    assert (table.decode, table.ca_file) == (True, tmp_path / "proxy.pem")


def test_an_adapter_that_cannot_be_used_is_told_in_a_comment() -> None:
    """A broken plugin does not keep anybody from getting a settings file."""
    text = build_template([BROKEN])
    assert "# The adapter owl of catchment-owl cannot be used: it failed to load: Imp" in text
    assert "sources" not in tomllib.loads(text)


@pytest.mark.parametrize("text", ["45s", "5m", "24h", "90m", "30d", "0s"])
def test_lengths_of_time_are_written_as_they_are_read(text: str) -> None:
    """What the template writes for a length of time is that length."""
    assert period(format_period(period(text))) == period(text)


@pytest.mark.parametrize("size_bytes", [0, 1, 1000, 1024, 5 * 10**8, 10**9, 3 * 10**12 + 1])
def test_sizes_are_written_as_they_are_read(size_bytes: int) -> None:
    """What the template writes for a size is that size."""
    assert read_size(format_size(size_bytes)) == size_bytes
