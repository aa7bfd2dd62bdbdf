"""The adapter of the documentation, installed as its page says and captured from end to end."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from catchment._archive.manifest import read_manifest
from catchment._archive.package import Package
from catchment._archive.verify import verify
from catchment._catalogue.inventory import list_held
from catchment._catalogue.report import read_report
from catchment._catalogue.status import list_sources
from catchment._engine.application import Application
from catchment._engine.recovery import drop_list
from catchment._engine.runner import Runner
from catchment.adapters import list_adapters
from catchment.clock import ManualClock
from catchment.model import Window
from catchment.sandbox import (
    Faults,
    Lateness,
    Simulator,
    World,
    load_simulator,
    serve,
    write_config,
)
from catchment.settings import read_settings

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TIN = EXAMPLES / "tin"
START = datetime(2026, 10, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALLS = 24
"""More than there are scenes, so that each of them takes place."""

TROUBLE = {
    "throttle": {"list": 0.1, "document": 0.1, "download": 0.1},
    "server_error": {"list": 0.1, "document": 0.1, "download": 0.1},
    "reset": {"list": 0.1, "download": 0.2},
    "truncate": {"list": 0.1, "download": 0.3},
    "html": {"list": 0.1, "document": 0.1, "download": 0.1},
    "expired_link": {"download": 0.5},
    "unauthorized_once": {"list": 0.2, "document": 0.2},
    "cursor_lost": {"list": 0.3},
    "repeat": {"list": 0.3},
    "shuffle": {"list": 0.3},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The distribution as an installer leaves it: its code on the path, its entry points beside."""
    folder = tmp_path_factory.mktemp("site")
    project = tomllib.loads((TIN / "pyproject.toml").read_text("utf-8"))["project"]
    record = folder / f"catchment_tin-{project['version']}.dist-info"
    record.mkdir()
    named = f"Name: {project['name']}\nVersion: {project['version']}\n"
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}", "utf-8")
    groups = project["entry-points"].items()
    lines = [f"[{g}]\n" + "".join(f"{n} = {v}\n" for n, v in e.items()) for g, e in groups]
    (record / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TIN / "src"))
        patch.syspath_prepend(str(folder))
        yield


class Tenant:
    """A simulated tenant of Tin, and the program that captures it."""

    def __init__(self, folder: Path, simulator: Simulator, clock: ManualClock, since: str) -> None:
        self.folder, self.simulator, self.clock = folder, simulator, clock
        self.config = folder / "catchment.toml"
        write_config(self.config, [simulator], secrets=folder / "secrets")
        with self.config.open("a", encoding="utf-8") as config:
            config.write(f'since = "{since}"\n')

    def open(self) -> Application:
        """The program's parts, as every command opens them."""
        return Application.open(read_settings(self.config), self.clock)

    def live(self, until: datetime) -> None:
        """Let a runner look every other hour up to *until*."""
        while self.clock.now() < until:
            with self.open() as app:
                outcome = Runner(app, app.choose([]), once=True).run()
            assert not outcome.stopped
            self.clock.advance(2 * HOUR)

    def list_offered(self) -> set[tuple[str, str, str]]:
        """What Tin has offered until now."""
        return {
            (t.external_id, t.file_id, t.sha256) for t in self.simulator.truth(self.clock.now())
        }

    def list_archived(self) -> list[tuple[str, str, str]]:
        """What the archive holds of it."""
        with self.open() as app:
            return [(h.external_id, h.file_id, h.sha256) for h in list_held(app.database, "tin")]

    def read_packages(self) -> list[Package]:
        """The newest manifest of each call, after the whole archive was found sound."""
        with self.open() as app:
            assert {one.verdict for one in verify(app.archive)} == {"sound"}
            newest = [(name, version) for name, version, _ in app.archive.newest()]
            return [read_manifest(app.archive.read(*one)) for one in newest]


@contextmanager
def served(folder: Path, faults: Faults, at: datetime, since: str) -> Iterator[Tenant]:
    """A tenant with a day of calls, at a given time; nothing older than *since* is captured."""
    clock = ManualClock(at)
    simulator = load_simulator("tin")(World(5, START, meetings=0, calls=CALLS), clock, faults)
    with serve([simulator]):
        yield Tenant(folder, simulator, clock, since)


@pytest.fixture(scope="module")
def day(site: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant after a day of trouble and a quiet night."""
    late = Lateness(share=0.2, least=timedelta(minutes=20), longest=9 * HOUR)
    faults = Faults(seed=5, rates=TROUBLE, until=START + 20 * HOUR, late=late)
    with served(tmp_path_factory.mktemp("tin"), faults, START + 8 * HOUR, "2d") as tenant:
        tenant.live(START + 34 * HOUR)
        yield tenant


def test_adapter_is_found_by_its_entry_point(site: None) -> None:
    """Installed, the adapter is listed as ready, with the hooks that it must have."""
    (tin,) = list_adapters(["tin"])
    assert tin.fault == ""
    assert {"account", "poll", "recover"} <= set(tin.hooks)


def test_day_is_captured_whatever_goes_wrong(day: Tenant) -> None:
    """After a day of trouble and a quiet night the archive holds each file once (T1)."""
    archived = day.list_archived()
    assert len(archived) > CALLS / 2
    assert sorted(archived) == sorted(day.list_offered())
    counts = day.simulator.faults.counts
    assert {fault for fault in TROUBLE if not counts[fault]} == set()


def test_one_call_is_one_package_with_a_contact_per_agent(day: Tenant) -> None:
    """What shares a call's id is one interaction; links of the platform are not in the archive."""
    packages = {package.draft.external_id: package for package in day.read_packages()}
    for call in day.simulator.world.calls:
        package = packages.pop(call.call_id)
        agents = {one.person.agent_id for one in call.recorded if one.person}  # type: ignore[union-attr]
        assert {contact.agent for contact in package.draft.contacts} == agents
        assert package.draft.ani == call.ani
    assert not packages
    archive = day.folder / "archive"
    texts = [path.read_bytes() for path in archive.rglob("*") if path.is_file()]
    assert not [text for text in texts if b"/files/" in text]


def test_books_of_the_platform_say_why_there_is_no_recording(day: Tenant) -> None:
    """Each call of the log has its recording, or is in the report with the platform's reason."""
    with day.open() as app:
        (source,) = list_sources(app.database, app.now())
        assert source.watermark.at is not None
        assert source.watermark.at > START + 30 * HOUR
        report = read_report(app.database, 1, Window(START, START + 24 * HOUR), app.now())
    calls = day.simulator.world.calls
    assert report.expecting == report.fulfilled == sum(bool(call.recorded) for call in calls)
    assert set(report.gaps) == {"unanswered", "not recorded", "failed", "refused"}


def test_lines_of_the_log_are_no_recordings_to_ask_for(site: None) -> None:
    """A call's id is no recording's, and the platform's "no" would mean that one is gone.

    Where a recording is missing, its time is listed again instead.
    """
    mapping = import_module("catchment_tin.mapping")
    line = {"id": "c1", "started": START.isoformat(), "ended": START.isoformat()}
    for recorded in ("yes", "failed"):
        assert mapping.map_fact({**line, "recorded": recorded}).asked_id is None


def test_reason_that_nobody_knows_does_not_stop_the_log(site: None) -> None:
    """A platform learns new words without notice; the row keeps them, the report says ours."""
    mapping = import_module("catchment_tin.mapping")
    line = {"id": "c1", "started": START.isoformat(), "ended": START.isoformat()}
    fact = mapping.map_fact({**line, "recorded": "muted"})
    assert (fact.absence, fact.document["recorded"]) == ("not recorded", "muted")


def test_archive_is_checked_without_us(day: Tenant, tmp_path: Path) -> None:
    """The page's few lines of Python find nothing in a sound archive, and each kind of damage."""
    archive = shutil.copytree(day.folder / "archive", tmp_path / "archive")

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(EXAMPLES / "check_archive.py"), str(archive)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert (check().returncode, check().stderr) == (0, "")
    media = sorted(archive.glob("media/*/*/*"))
    media[0].write_bytes(media[0].read_bytes() + b"x")
    assert f"{media[0].name} is damaged" in check().stderr
    media[-1].unlink()
    assert f"{media[-1].name} is missing" in check().stderr
    for pattern in ("packages/*/*/*/v1/vcon.json", "books/*/*/*/*/*/*.jsonl"):
        path = next(archive.glob(pattern))
        path.write_bytes(b" " + path.read_bytes())
        assert f"{path} is damaged" in check().stderr
    assert check().returncode == 1


def test_ids_of_a_list_are_recovered(site: None, tmp_path: Path) -> None:
    """An id in a list is captured although no listing names it; an unknown one is reported."""
    with served(tmp_path, Faults(), START + 26 * HOUR, "1h") as tenant:
        (wanted, *_) = sorted(tenant.list_offered())
        (tmp_path / "ids.csv").write_text(f"{wanted[0]}\n../no such thing?\n", "utf-8")
        folder = read_settings(tenant.config).source("tin").recovery
        drop_list(folder, tmp_path / "ids.csv")
        tenant.live(tenant.clock.now() + HOUR)
        (report,) = (folder / "processed").glob("*.report.csv")
        answers = [line.split(",")[2] for line in report.read_text("utf-8").splitlines()[1:]]
        assert answers == ["found", "unknown"]
        assert tenant.list_archived() == [wanted]
