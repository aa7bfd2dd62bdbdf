"""What is installed is found at once, named with its distribution, and never stops the others.

The distributions are thrown away after each run: a folder with a module and a ``.dist-info``, put
on the path of a process of its own, as an installer leaves them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.core.adapters.installing import GOOD, install

from catchment.errors import NotInstalled

FORGETFUL = GOOD.replace("@hookimpl\n    def recover", "def recover")
NO_CLASS = "Good = 'not a class'"
BARE = "from catchment.adapters import Adapter\nclass Good(Adapter): ..."
STILL = GOOD.replace(
    "    feeds =",
    "    batch, id_columns = {'recover': 0, 'fetch_media': '5'}, ('uuid')\n    feeds =",
)
BROKEN = "import there_is_no_such_module"
TELL = """
import json, sys
from catchment.adapters import list_adapters
told = [
    {"name": s.name, "distribution": s.distribution, "version": s.version, "hooks": s.hooks,
     "fault": s.fault, "usable": s.adapter is not None}
    for s in list_adapters(json.loads(sys.argv[1]))
]
print(json.dumps([told, sorted(m for m in sys.modules if m.startswith("throwaway_"))]))
"""


class Found(Mapping[str, Any]):
    """What a process found, by adapter, and which throw-away modules it imported."""

    def __init__(self, told: list[dict[str, Any]], imported: list[str]) -> None:
        self._told = {row["name"]: row for row in told}
        self.imported = imported

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


def run(site: Path, script: str, *arguments: str) -> Any:
    """What *script* prints in a process that sees *site* and caches beside it."""
    environment = {"PYTHONPATH": str(site), "XDG_CACHE_HOME": str(site.parent / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", dedent(script), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def find(site: Path, names: list[str] | None = None) -> Found:
    """What is installed in *site*, seen from a new process."""
    return Found(*run(site, TELL, json.dumps(names)))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What is found where one adapter is good and five are not."""
    site = tmp_path_factory.mktemp("environment") / "site"
    install(site, "tin-good", "tin_good", GOOD)
    install(site, "tin-broken", "tin_broken", BROKEN)
    install(site, "tin-forgetful", "tin_forgetful", FORGETFUL)
    install(site, "tin-noclass", "tin_noclass", NO_CLASS)
    install(site, "tin-bare", "tin_bare", BARE)
    install(site, "tin-still", "tin_still", STILL)
    install(site, "tin-one", "tin_twice", GOOD)
    install(site, "tin-two", "tin_twice", GOOD)
    return find(site)


def test_an_installed_adapter_is_told_with_what_brings_it(found: Found) -> None:
    """A good adapter is listed with its distribution, version and hooks."""
    told = found["tin_good"]
    assert (told["distribution"], told["version"]) == ("tin-good", "1.2.3")
    assert told["hooks"] == [
        *("account", "poll", "fetch_metadata", "fetch_media", "map_metadata", "recover")
    ]
    assert (told["fault"], told["usable"]) == ("", True)


def test_an_adapter_that_fails_to_load_stops_no_other(found: Found) -> None:
    """A plugin that cannot be imported is listed with the reason, and the others work.

    Proves promise 6.
    """
    told = found["tin_broken"]
    assert told["fault"].startswith("it failed to load: ModuleNotFoundError: No module named")
    assert (told["usable"], told["version"]) == (False, "1.2.3")
    assert found["tin_good"]["usable"]


def test_two_adapters_of_one_name_are_refused(found: Found) -> None:
    """Which of two was meant is for a person to say, so neither is used."""
    told = found["tin_twice"]
    assert told["fault"] == (
        "two distributions bring an adapter of this name: tin-one and tin-two; "
        "uninstall one of them"
    )
    assert not told["usable"]


def test_an_adapter_must_be_a_class_of_ours(found: Found) -> None:
    """What does not derive from ``Adapter`` is refused with that reason."""
    assert (
        "not a class that derives from catchment.adapters.Adapter"
        in (found["tin_noclass"]["fault"])
    )


def test_a_forgotten_hook_is_named(found: Found) -> None:
    """A hook without its marker is the mistake that pluggy is silent about."""
    assert found["tin_forgetful"]["fault"] == (
        "it lacks the hook recover (did you forget @hookimpl?)"
    )


def test_everything_that_lacks_is_told_at_once(found: Found) -> None:
    """An author learns all shortcomings from one look."""
    fault = found["tin_bare"]["fault"]
    lacking = ("does not set name", "does not set Settings", "the hook poll", "declares no feeds")
    assert all(one in fault for one in lacking)


def test_a_batch_of_nothing_is_refused(found: Found) -> None:
    """The engine would ask for no item at all, for ever; a text is no number either."""
    fault = found["tin_still"]["fault"]
    assert "its batch of recover is 0, which is no number of items" in fault
    assert "its batch of fetch_media is '5', which" in fault


def test_one_text_is_not_several_names_of_columns(found: Found) -> None:
    """A forgotten comma would make a column of every letter."""
    assert "its id_columns is one text" in found["tin_still"]["fault"]


def test_only_what_is_named_is_imported(tmp_path: Path) -> None:
    """An adapter that no source uses costs nothing, not even its import."""
    site = tmp_path / "site"
    install(site, "tin-a", "tin_a", GOOD)
    install(site, "tin-b", "tin_b", GOOD)
    told = find(site, ["tin_a"])
    assert list(told) == ["tin_a"]
    assert told.imported == ["throwaway_tin_a"]


def test_what_was_installed_a_moment_ago_is_seen(tmp_path: Path) -> None:
    """A running process sees a plugin that was installed after it had looked.

    Sees that one was replaced in place.
    """
    site = tmp_path / "site"
    install(site, "tin-a", "tin_a", GOOD)
    assert find(site, ["tin_a", "tin_b"])["tin_a"]["usable"]
    install(site, "tin-b", "tin_b", GOOD)
    assert set(find(site, ["tin_a", "tin_b"])) == {"tin_a", "tin_b"}
    points = site / "tin_a-1.2.3.dist-info" / "entry_points.txt"
    points.write_text(points.read_text().replace("tin_a =", "tin_c ="))
    assert set(find(site, ["tin_a", "tin_b", "tin_c"])) == {"tin_b", "tin_c"}


def test_environments_do_not_mix(tmp_path: Path) -> None:
    """What is installed in one environment is never seen in another, whatever was cached."""
    for name in ("one", "two"):
        install(tmp_path / name, f"tin-{name}", f"tin_{name}", GOOD)
    names = ["tin_one", "tin_two"]
    assert [list(find(tmp_path / name, names)) for name in ("one", "two", "one")] == [
        ["tin_one"],
        ["tin_two"],
        ["tin_one"],
    ]


def test_an_adapter_that_is_not_installed_is_named_with_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt or missing adapter is said with those that are there, and how one is found.

    No distribution is made up for it: nobody knows what it would be called.
    """
    from catchment.adapters import load_adapter

    install(tmp_path / "site", "tin-there", "tin_there", GOOD)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(NotInstalled, match="no adapter called 'tin_missing' is installed") as told:
        load_adapter("tin_missing")
    assert "tin_there" in str(told.value)
    assert "entry point tin_missing of the group catchment.adapters" in told.value.remedy
    assert "tin-missing" not in told.value.remedy


def test_an_adapter_that_cannot_be_used_is_refused_with_its_reason(tmp_path: Path) -> None:
    """Whoever configures a broken adapter is told which distribution to repair."""
    install(tmp_path / "site", "tin-broken", "tin_broken", BROKEN)
    script = """
    import json
    from catchment.adapters import load_adapter
    from catchment.errors import NotInstalled
    try:
        load_adapter("tin_broken")
    except NotInstalled as error:
        print(json.dumps([str(error), error.remedy]))
    """
    said, remedy = run(tmp_path / "site", script)
    assert said.startswith("the adapter 'tin_broken' of tin-broken 1.2.3 cannot be used: it failed")
    assert remedy.startswith("Repair or reinstall tin-broken")
