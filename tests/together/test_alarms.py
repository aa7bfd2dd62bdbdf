"""Alarms and metrics of a real runner: monitoring sees what ``status`` says (promise 6)."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.together.harness import staged

from catchment.cli import status
from catchment.cli.frame import run_command
from catchment.clock import ENVIRONMENT, FileClock
from catchment.testing.stage import DAY, HOUR, START, Process, Stage, wait_until

LATE = START + 25 * DAY
"""Zoom deletes archive files after thirty days: five days are left."""

PROGRAM = str(Path(sys.executable).with_name("catchment"))


@contextmanager
def measured(stage: Stage) -> Iterator[str]:
    """A runner in a process of its own that answers at the address that this gives.

    It only lists, so that what is compared stands still; what it tells is the catalogue's.
    """
    assert isinstance(stage.clock, FileClock)
    command = [PROGRAM, "--config", str(stage.settings_path), "run", "--role", "poll"]
    command += ["--metrics", "127.0.0.1:0"]
    log = stage.folder / "measured.log"
    process = Process(command, {ENVIRONMENT: str(stage.clock.path)}, log)
    try:
        wait_until(lambda: "metrics.served" in log.read_text(), "metrics are served", 300)
        (port,) = re.findall(r"metrics\.served.*\bport=(\d+)", log.read_text())
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        process.kill()


Series = dict[tuple[str, ...], float]


def name_series(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The values of labels, that of the source first: an answer may have them in any order."""
    names = sorted(labels, key=lambda name: (name != "source", name))
    return tuple(labels[name] for name in names)


def scrape(url: str) -> dict[str, Series]:
    """Every sample by the name of its metric and the values of its labels."""
    answer = httpx.get(url, timeout=120)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[str, Series] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.name.startswith("catchment_")
        assert family.documentation
        assert family.type == "gauge"
        found[family.name] = {name_series(one.labels): one.value for one in family.samples}
    return found


def read_status(stage: Stage) -> Any:
    """What ``catchment status --json`` prints."""
    with stage.open() as app, redirect_stdout(io.StringIO()) as printed:
        status.show(app, as_json=True)
    return json.loads(printed.getvalue())


def count_alarms(told: Any) -> Series:
    """The alarms of ``status --json`` as the metric counts them."""
    counts: Series = {}
    for alarm in told["alarms"]:
        key = (alarm["source"], alarm["kind"])
        counts[key] = counts.get(key, 0) + alarm["count"]
    return counts


@pytest.mark.timeout(900)
def test_a_scraped_runner_tells_what_status_tells(tmp_path: Path) -> None:
    """Alarms, states, marks and reasons are the same, whoever is asked; ids are no labels."""
    tables = {"media": {"ffmpeg": "./no-ffmpeg"}}
    with staged(tmp_path, meetings=2, at=LATE, shared_clock=True, tables=tables) as stage:
        stage.run_once()
        with measured(stage) as url:
            log = tmp_path / "measured.log"
            wait_until(lambda: "source.live" in log.read_text(), "it is in contact", 300)

            def agrees() -> bool:
                told, found = read_status(stage), scrape(url)
                alarms = {key: n for key, n in found["catchment_alarms"].items() if n}
                return alarms == count_alarms(told)

            wait_until(agrees, "the runner and status say the same", 600)
            told, found = read_status(stage), scrape(url)
            text = httpx.get(url, timeout=120).text
        (source,) = told["sources"]
        assert found["catchment_up"] == {(): 1}
        assert {key[1] for key, n in found["catchment_alarms"].items() if n} >= {
            "deletion",
            "parked",
        }
        states = {key[1]: n for key, n in found["catchment_recordings"].items() if n}
        assert states == source["recordings"]
        parked = {key[1]: n for key, n in found["catchment_parked_items"].items() if n}
        assert parked == {one["reason_kind"]: one["count"] for one in source["parked"]}
        files = {key[1]: n for key, n in found["catchment_files"].items()}
        truth = list(stage.platform.truth(stage.clock.now()))
        assert sum(files.values()) == len(truth)
        archived = [one.bytes for one in truth if one.kind not in ("audio", "video")]
        assert files["archived"] == len(archived)
        assert found["catchment_archived_bytes"] == {("zoom",): sum(archived)}
        mark = datetime.fromisoformat(source["watermark"]["at"])
        assert found["catchment_watermark_timestamp_seconds"] == {("zoom",): mark.timestamp()}
        nearest = datetime.fromisoformat(source["deletions"]["nearest_at"])
        (left,) = found["catchment_nearest_deletion_seconds"].values()
        assert 0 <= left - (nearest - stage.clock.now()).total_seconds() < HOUR.total_seconds()
        assert timedelta(days=4).total_seconds() < left < timedelta(days=6).total_seconds()
        assert {key[1] for key in found["catchment_feed_frontier_age_seconds"]} == {
            feed["feed"] for feed in source["feeds"]
        }
        assert not [one.external_id for one in truth if one.external_id in text]
        assert not [secret for secret in stage.platform.secrets().values() if secret in text]


def test_an_address_that_is_taken_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is begun, and the sentence names the address and the option."""
    with staged(tmp_path, meetings=1) as stage, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        typed = ["--config", str(stage.settings_path), "run", "--metrics", address]
        assert run_command(typed) == 2
        assert f"nobody can be answered at {address}: address already in use" in (
            capsys.readouterr().err
        )


@pytest.mark.parametrize("value", ["nowhere", "99999", "1.2.3.4:", "::1:9464", "-1"])
def test_an_address_that_is_none_is_one_sentence(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is judged before anything is opened."""
    assert run_command(["run", f"--metrics={value}"]) == 2
    assert f"{value!r} is no [HOST:]PORT" in capsys.readouterr().err


def test_a_missing_extra_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    """Without Prometheus' library everything works but this option."""
    with staged(tmp_path, meetings=1) as stage:
        typed = ["--config", str(stage.settings_path), "run", "--metrics", "0"]
        program = (
            "import sys; sys.modules['prometheus_client'] = None; "
            "from catchment.cli.frame import run_command; "
            f"sys.exit(run_command({typed!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "--metrics needs the extra 'metrics', which is not installed" in done.stderr
    assert "-m pip install 'catchment[metrics]'" in done.stderr
