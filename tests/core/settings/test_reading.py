"""What a settings file gives, and what is said about one that is wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.settings.examples import GOOD, Parrot, read_text, refuse

from catchment.errors import BadSettings
from catchment.secrets import Secret
from catchment.settings import read_settings


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    """Every setting has a default, and relative paths start from the folder of the file."""
    settings = read_text(tmp_path, "")
    assert settings.catalogue.read_url() == f"sqlite:///{tmp_path}/catchment.db"
    assert settings.archive.root == tmp_path / "archive"
    assert settings.archive.authority == "catchment.invalid"
    assert settings.buffer.root == tmp_path / "buffer"
    assert settings.buffer.reserve == 10**9
    assert (settings.media.ffmpeg, settings.media.decode) == ("", False)
    runner = settings.runner
    assert (runner.downloads, runner.conversions, runner.pollers) == (8, 2, 4)
    assert runner.lease == timedelta(seconds=60)
    assert runner.name == f"{socket.gethostname()}-{os.getpid()}"
    assert (settings.seal.quiet, settings.seal.max_age) == (timedelta(minutes=5), timedelta(days=1))
    assert (settings.log.format, settings.log.level) == ("text", "info")
    assert settings.sources == {}


def test_a_source_has_its_own_settings_and_those_of_its_adapter(tmp_path: Path) -> None:
    """The shared keys of a source stay with the program, all others go to the adapter's model."""
    source = read_text(tmp_path, GOOD + 'plan = "pro"\npause = "1h30m"').source("birds")
    assert (source.name, source.adapter, source.kind) == ("birds", "parrot", Parrot)
    assert isinstance(source.settings, Parrot.Settings)
    assert source.settings.model_dump(include={"plan", "pause", "account_id"}) == {
        "plan": "pro",
        "pause": timedelta(minutes=90),
        "account_id": "a-1",
    }
    assert source.recovery == tmp_path / "recovery" / "birds"
    assert (source.enabled, source.timezone, source.since) == (True, "UTC", None)
    assert (source.decode, source.gone_after, source.alarm_after) == (None, None, None)


def test_all_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Also the files of secrets, a database with options and a folder of recovery."""
    text = """
        catalogue.url = "sqlite:///db/c.db?timeout=5"
        archive.root = "/srv/archive"
        media.ffmpeg = "bin/ffmpeg"
        [sources.birds]
        adapter = "parrot"
        recovery = "lists"
        account_id = "a"
        client_secret.file = "secrets/parrot"
        sites = [{region = "x", token = {file = "/run/token"}}]
        """
    settings = read_text(tmp_path, text)
    source = settings.source("birds")
    assert settings.catalogue.url == f"sqlite:///{tmp_path}/db/c.db?timeout=5"
    assert settings.archive.root == Path("/srv/archive")
    assert settings.media.ffmpeg == f"{tmp_path}/bin/ffmpeg"
    assert source.recovery == tmp_path / "lists"
    assert isinstance(source.settings, Parrot.Settings)
    assert source.settings.client_secret == Secret("file", f"{tmp_path}/secrets/parrot")
    assert source.settings.sites[0].token == Secret("file", "/run/token")


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC)),
        ('"2024-07-01"', datetime(2024, 6, 30, 22, tzinfo=UTC)),
        ("2024-07-01T12:00:00", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        ("2024-07-01T12:00:00Z", datetime(2024, 7, 1, 12, tzinfo=UTC)),
        ('"30d"', datetime(2024, 12, 2, tzinfo=UTC)),
    ],
)
def test_since_is_a_date_of_the_source_or_an_age(
    tmp_path: Path, written: str, start: datetime
) -> None:
    """A date without a zone is told in the source's time zone; an age is seen from now."""
    text = GOOD + f'since = {written}\ntimezone = "Europe/Zurich"'
    source = read_text(tmp_path, text).source("birds")
    assert source.starts_at(datetime(2025, 1, 1, tzinfo=UTC)) == start


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [('"2GB"', 2 * 10**9), ('"500 mb"', 5 * 10**8), ('"1.5KiB"', 1536), ("7", 7), ('"0B"', 0)],
)
def test_a_size_is_a_number_of_bytes_or_has_a_unit(
    tmp_path: Path, written: str, size_bytes: int
) -> None:
    """GB counts in thousands, GiB in 1024s."""
    settings = read_text(tmp_path, f"[buffer]\nreserve = {written}")
    assert settings.buffer.reserve == size_bytes


FAULTS: list[tuple[str, str]] = [
    (
        "[catalog]\n",
        "1: catalog: is not a known setting; did you mean 'catalogue'?",
    ),
    (
        "[runner]\ndownload = 1",
        "2: runner.download: is not a known setting; did you mean 'downloads'?",
    ),
    (
        "[seal]\nxyz = 1",
        "2: seal.xyz: is not a known setting; known are max_age, quiet",
    ),
    ("archive = 3", "1: archive: should be a table; write [archive]"),
    (
        "\n[runner]\nlease = 60",
        '3: runner.lease: is not a length of time; write for example "10m", "3h" or "30d"',
    ),
    (
        '[runner]\nlease = "soon"',
        "2: runner.lease: 'soon' is not a length of time; write for example 10m, 3h or 30d",
    ),
    (
        '[runner]\nlease = "9999999999999d"',
        "2: runner.lease: '9999999999999d' is more than a hundred years; write less",
    ),
    (
        '[runner]\nlease = "0s"',
        "2: runner.lease: should be greater than 0 seconds; correct it",
    ),
    (
        '[runner]\ndownloads = "8"',
        "2: runner.downloads: should be a valid integer; correct it",
    ),
    (
        "[runner]\npollers = 0",
        "2: runner.pollers: should be greater than or equal to 1; correct it",
    ),
    (
        '[buffer]\nreserve = "2 lots"',
        '2: buffer.reserve: is not a size; write for example "2GB", "500MB" or a number of bytes',
    ),
    (
        "buffer.reserve = -1",
        "1: buffer.reserve: should be greater than or equal to 0; correct it",
    ),
    ("media.decode = 1", "1: media.decode: should be a valid boolean; correct it"),
    (
        'archive.root = ""',
        '1: archive.root: is not a path; write for example "archive" or "/srv/archive"',
    ),
    (
        'archive.authority = "https://x.example/"',
        "1: archive.authority: is not a domain name; write one that is yours, in lower case",
    ),
    (
        'log.format = "xml"',
        "1: log.format: should be 'text' or 'json'; correct it",
    ),
    (
        'catalogue.url = "mysql://x"',
        "1: catalogue.url: is not a database of ours; write sqlite:///FILE or "
        "postgresql+psycopg://…",
    ),
    (
        'catalogue.url = "sqlite:///:memory:"',
        "1: catalogue.url: must name a file, or nothing is remembered; write "
        "sqlite:///catchment.db",
    ),
    (
        'catalogue.url = "postgresql+psycopg://u@h:port/d"',
        "1: catalogue.url: is not a URL; write postgresql+psycopg://USER@HOST:PORT/DATABASE",
    ),
    (
        'catalogue.password.env = "X"',
        "1: catalogue.password: is only for PostgreSQL; leave it out",
    ),
    (
        '[catalogue]\nurl = "postgresql+psycopg://u:p@h/d"\npassword.env = "X"',
        "3: catalogue.password: stands in the setting 'url' too; leave it out there",
    ),
    ("sources = 1", "1: sources: should be a table; write [sources.NAME]"),
    ("[sources]\nx = 1", "2: sources.x: should be a table; write [sources.x]"),
    (
        GOOD.replace("birds", "Birds"),
        "1: sources.Birds: is not a name for a source; use a-z, 0-9, - and _, a letter or digit "
        "first",
    ),
    (
        "[sources.x]\nenabled = true",
        "1: sources.x.adapter: is missing; set it: The adapter; 'catchment adapters' lists what "
        "is installed",
    ),
    (
        '[sources.x]\n\nadapter = "parot"',
        "3: sources.x.adapter: no adapter called 'parot' is installed; install it",
    ),
    (
        GOOD + 'timezone = "Europe/Zurick"',
        "5: sources.birds.timezone: 'Europe/Zurick' is not a time zone; write an IANA name such "
        "as Europe/Zurich",
    ),
    (
        GOOD + 'since = "yesterday"',
        "5: sources.birds.since: 'yesterday' is neither a date nor a length of time; write "
        '2024-01-31 or "30d"',
    ),
    (
        GOOD + "since = 3",
        '5: sources.birds.since: is not a date; write for example 2024-01-31 or "30d"',
    ),
    (
        GOOD + "since = 0001-01-01\ntimezone = 'Asia/Tokyo'",
        "5: sources.birds.since: lies outside of the calendar; write a later date",
    ),
    (
        GOOD + "alarm_after = '24h'",
        "5: sources.birds.alarm_after: would never be heard: after the adapter's own patience, "
        "24h, nothing is waited for any more; write a shorter time",
    ),
    (
        GOOD + "gone_after = '3h'\nalarm_after = '3h'",
        "6: sources.birds.alarm_after: would never be heard: after gone_after, nothing is waited "
        "for any more; write a shorter time",
    ),
    (
        GOOD + "gone_after = 3",
        '5: sources.birds.gone_after: is not a length of time; write for example "10m", "3h" '
        'or "30d"',
    ),
    (
        GOOD.replace("account_id", "acount_id").replace('"a-1"', '"a-1"\naccount_id = "b"'),
        "3: sources.birds.acount_id: is not a known setting; did you mean 'account_id'?",
    ),
    (
        GOOD + 'time_zone = "UTC"',
        "5: sources.birds.time_zone: is not a known setting; did you mean 'timezone'?",
    ),
    (
        GOOD.replace('account_id = "a-1"', ""),
        "1: sources.birds.account_id: is missing; set it: The account, from the app's page",
    ),
    (
        GOOD + 'plan = "gold"',
        "5: sources.birds.plan: should be 'basic' or 'pro'; correct it",
    ),
    (
        GOOD + '[[sources.birds.sites]]\nregion = "a"\n[[sources.birds.sites]]\nregin = "b"\n'
        'region = "c"',
        "8: sources.birds.sites[1].regin: is not a known setting; did you mean 'region'?",
    ),
    (
        GOOD + "sites = [\n  {region = 'a'},\n  {},\n]",
        "7: sources.birds.sites[1].region: is missing; set it",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), FAULTS)
def test_a_fault_is_one_sentence_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    """One line per fault: file, line, setting, what is wrong; and then what to do."""
    assert refuse(tmp_path, text) == [f"catchment.toml:{sentence}"]


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One mistake hides no other, whether in the program's tables or in those of two sources."""
    text = """\
        [sources.a]
        adapter = "parrot"
        client_secret.env = "A"
        timezone = "Mars"
        [runner]
        downloads = 0
        [sources.b]
        adapter = "owl"
        decode = "yes"
        [logs]
        """
    places = [line.split(": ")[:2] for line in refuse(tmp_path, text)]
    assert places == [
        ["catchment.toml:1", "sources.a.account_id"],
        ["catchment.toml:4", "sources.a.timezone"],
        ["catchment.toml:6", "runner.downloads"],
        ["catchment.toml:8", "sources.b.adapter"],
        ["catchment.toml:9", "sources.b.decode"],
        ["catchment.toml:10", "logs"],
    ]


def test_a_slip_in_the_word_adapter_is_named(tmp_path: Path) -> None:
    """Without an adapter its settings are unknown, but what was meant to be 'adapter' is told."""
    missing, slip = refuse(tmp_path, '[sources.x]\nadaptor = "parrot"\nplan = "gold"')
    assert missing.startswith("catchment.toml:1: sources.x.adapter: is missing")
    assert slip == (
        "catchment.toml:2: sources.x.adaptor: is not a known setting; did you mean 'adapter'?"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = = 2\n", 2),
        ("a = 1\na = 2\n", 2),
        ("a = 1\n[t\nb = 1\n", 2),
        ("a = 1\nb = '''x\n\n", 2),
    ],
)
def test_what_is_not_toml_is_one_sentence_with_a_line(tmp_path: Path, text: str, line: int) -> None:
    """A slip of syntax is told with its line and without the words of the parser's author."""
    (sentence,) = refuse(tmp_path, text)
    assert sentence.startswith(f"catchment.toml:{line}: this is not TOML: ")
    assert "(at" not in sentence


def test_a_date_that_is_none_is_told_how_dates_are_written(tmp_path: Path) -> None:
    """The parser calls it the end of a statement; people wrote a date."""
    with pytest.raises(BadSettings) as caught:
        read_text(tmp_path, "since = 2026-13-40\n")
    assert "dates are days of the calendar, written 2026-01-31" in caught.value.remedy


def test_what_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    """A file of another encoding is refused in one sentence."""
    file = tmp_path / "catchment.toml"
    file.write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(BadSettings, match=r"catchment\.toml:2: this is not UTF-8"):
        read_settings(file)


def test_lines_are_right_under_windows_line_ends(tmp_path: Path) -> None:
    """A file that was edited on Windows has the same lines."""
    file = tmp_path / "catchment.toml"
    file.write_bytes(b"[runner]\r\ndownloads = 1\r\npollers = 0\r\n")
    with pytest.raises(BadSettings, match=r":3: runner\.pollers: "):
        read_settings(file)


def test_a_missing_file_is_one_sentence_and_a_remedy(tmp_path: Path) -> None:
    """Who has no settings yet is told how to get some."""
    with pytest.raises(BadSettings, match="there is no settings file") as caught:
        read_settings(tmp_path / "none.toml")
    assert "catchment init" in caught.value.remedy
    with pytest.raises(BadSettings, match="cannot be read"):
        read_settings(tmp_path)


def test_the_file_is_the_one_named_or_the_environments_or_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line goes before CATCHMENT_CONFIG, and that before ./catchment.toml."""
    for name, count in (("catchment.toml", 1), ("other.toml", 2), ("named.toml", 3)):
        (tmp_path / name).write_text(f"runner.downloads = {count}", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATCHMENT_CONFIG", raising=False)
    here = read_settings()
    assert (here.runner.downloads, here.archive.root) == (1, tmp_path / "archive")
    monkeypatch.setenv("CATCHMENT_CONFIG", "other.toml")
    assert read_settings().runner.downloads == 2
    assert read_settings(Path("named.toml")).runner.downloads == 3


WITHOUT_DRIVER = """\
import sys
from pathlib import Path

sys.modules["psycopg"] = None  # this is how Python says that a module is not to be had

from catchment.errors import BadSettings
from catchment.settings import read_settings

try:
    read_settings(Path("catchment.toml"))
except BadSettings as error:
    print(error)
"""
"""Reads the settings in a process of its own, as in an installation without the extra."""


def test_a_missing_extra_is_told_with_its_line(tmp_path: Path) -> None:
    """Who names PostgreSQL without its driver is told which extra to install."""
    text = '[catalogue]\nurl = "postgresql+psycopg://u@h/d"'
    (tmp_path / "catchment.toml").write_text(text, "utf-8")
    command = [sys.executable, "-c", WITHOUT_DRIVER]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    (sentence,) = done.stdout.splitlines()
    assert sentence.startswith("catchment.toml:2: catalogue.url: ")
    assert "catchment[postgres]" in sentence


def test_the_password_of_the_database_is_read_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password comes by reference, is read anew each time, and stands in no repr."""
    text = """
        [catalogue]
        url = "postgresql+psycopg://u@h:5433/d?x=1"
        password = {env = "CATALOGUE_PASSWORD"}
        """
    settings = read_text(tmp_path, text)
    monkeypatch.setenv("CATALOGUE_PASSWORD", "p@ss/w:rd")
    assert settings.catalogue.read_url() == "postgresql+psycopg://u:p%40ss%2Fw%3Ard@h:5433/d?x=1"
    monkeypatch.setenv("CATALOGUE_PASSWORD", "rotated")
    assert "u:rotated@h" in settings.catalogue.read_url()
    assert "rotated" not in repr(settings)
    written = read_text(tmp_path, 'catalogue.url = "postgresql+psycopg://u:hunter2@h/d"')
    assert "hunter2" not in repr(written)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('{env = "PARROT_SECRET"}', '"hunter2"'),
        GOOD.replace('{env = "PARROT_SECRET"}', '{value = "hunter2"}'),
        GOOD.replace('{env = "PARROT_SECRET"}', '["hunter2"]'),
        GOOD + 'client_secrets = "hunter2"',
        GOOD + 'webhook = "hunter2"',
        GOOD + 'sites = [{region = "x", token = "hunter2"}]',
        GOOD + 'account_id = {value = "hunter2"}',
        GOOD + 'plan = "hunter2"',
        GOOD + 'client_secret = "hunter2',
        'catalogue.password = "hunter2"',
        'catalogue.url = "postgresql+psycopg://u:hunter2@h:x/d"',
        'catalogue.url = "postgres://u:hunter2@h/d"',
        '[catalogue]\nurl = "postgresql+psycopg://u:hunter2@h/d"\npassword.env = "X"',
    ],
)
def test_what_was_written_by_mistake_is_never_told(tmp_path: Path, text: str) -> None:
    """A secret in the wrong place stands in no message, no repr and no traceback."""
    with pytest.raises(BadSettings) as caught:
        read_text(tmp_path, text)
    error = caught.value
    told = [str(error), repr(error), error.remedy, *traceback.format_exception(error)]
    assert "hunter2" not in "".join(told)


def test_a_careless_adapter_gives_no_secret_away(tmp_path: Path) -> None:
    """Where an adapter's own check quotes what it refuses, its message is not told."""
    (sentence,) = refuse(tmp_path, GOOD.replace("PARROT_SECRET", "careless-value"))
    assert sentence.startswith("catchment.toml:4: sources.birds.client_secret: is not a reference")
    assert "careless-value" not in sentence


def test_an_unknown_source_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """Who mistypes a source is told which there are."""
    settings = read_text(tmp_path, GOOD + GOOD.replace("birds", "more"))
    with pytest.raises(BadSettings, match="no source 'bird'; known are birds, more") as caught:
        settings.source("bird")
    assert caught.value.remedy == "Did you mean 'birds'?"
    with pytest.raises(BadSettings) as caught:
        settings.source("fish")
    assert caught.value.remedy == (
        "Name one of these, or add a table [sources.fish] to the settings file."
    )
    with pytest.raises(BadSettings) as caught:
        read_text(tmp_path, GOOD).source("fish")
    assert caught.value.remedy == "Did you mean 'birds'?"
    with pytest.raises(BadSettings, match="there are none"):
        read_text(tmp_path, "").source("bird")


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    """What was judged stays as it was judged."""
    settings: Any = read_text(tmp_path, GOOD)
    for table, name in ((settings.runner, "downloads"), (settings.source("birds"), "enabled")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(table, name, 1)


def test_an_installed_adapter_is_found_by_name(tmp_path: Path) -> None:
    """Without a finder of its own, the reader asks for the installed adapters."""
    file = tmp_path / "catchment.toml"
    file.write_text('[sources.x]\nadapter = "no-such"', "utf-8")
    with pytest.raises(BadSettings, match=r":2: sources\.x\.adapter: no adapter called 'no-such'"):
        read_settings(file)


def test_importing_settings_is_cheap() -> None:
    """``catchment --help`` stays instant: no database, no HTTP client, no plugin finder."""
    heavy = "{'sqlalchemy', 'httpx', 'stevedore', 'rich', 'keyring', 'psycopg'}"
    code = f"import sys, catchment.settings; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
