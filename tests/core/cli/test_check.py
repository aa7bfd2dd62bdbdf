"""``check``: every line says one thing, and what helps against several is said once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.adapters.installing import GOOD, install
from tests.core.cli.typed import Type

PERMISSIONS = (
    GOOD.replace("import Feed", "import Account, Feed, Finding")
    .replace("def account(self): ...", 'def account(self): return Account("a1")')
    .replace("class Good", "class At(SourceSettings):\n    url: str\n\nclass Good")
    .replace('"Good", SourceSettings', '"Good", At')
    + """
    @hookimpl
    def check(self):
        yield Finding("chats", "fail", "not permitted", "Add scopes.")
        yield Finding("captions", "warn", "not permitted", "Add scopes.")
        yield Finding("people", "fail", "no such role", "Give the role.")
        yield Finding("files", "pass")
"""
)


@pytest.fixture
def permissions(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with a source of which three permissions are missing."""
    install(settings.parent / "site", "tin-check", "tin_check", PERMISSIONS)
    monkeypatch.syspath_prepend(settings.parent / "site")
    table = '[sources.office]\nadapter = "tin_check"\nurl = "https://u@eu.tin.example/v1"\n'
    settings.write_text(table, "utf-8")
    return settings


@pytest.mark.usefixtures("permissions")
def test_one_remedy_for_several_in_a_row_is_said_once(type_: Type) -> None:
    """What helps stands below the last line that it helps against."""
    done = type_("check")
    assert done.code == 1
    told = [line.strip() for line in done.out.splitlines()]
    start = next(number for number, line in enumerate(told) if "chats" in line)
    assert [line.partition("  ")[2].strip() or line for line in told[start:]] == [
        "office     chats: not permitted",
        "office     captions: not permitted",
        "Add scopes.",
        "office     people: no such role",
        "Give the role.",
        "office     files",
    ]


@pytest.mark.usefixtures("permissions")
def test_the_host_that_is_asked_is_named(type_: Type) -> None:
    """Another region is another host, and who looks for a mistake sees which one was asked."""
    told = {one["what"]: one for one in json.loads(type_("check", "--json").out)}
    assert told["adapter"]["detail"] == "Good, by tin_check, at eu.tin.example"
