"""Serving simulators: ports of their own, a clean end, and what a capture run is handed."""

from __future__ import annotations

import json
import socket
import threading
import tomllib
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from tests.core.sandbox.cloud import START, make_cloud

from catchment.errors import NotInstalled
from catchment.sandbox import find_simulators, load_simulator, serve, write_config, write_truth


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code > 0
    except httpx.TransportError:
        return False


def test_every_host_is_served_under_its_own_address() -> None:
    """Hosts are bound before the first request, and serve what the World holds."""
    cloud = make_cloud()
    with serve([cloud]) as urls:
        assert urls == {"cloud": cloud.urls}
        assert len(set(cloud.urls.values())) == 2
        ids = httpx.get(f"{cloud.urls['api']}/list").json()
        assert ids == sorted(cloud.takes())
        for meeting_id, take in cloud.takes().items():
            assert httpx.get(f"{cloud.urls['files']}/{meeting_id}").content == take.read()


def test_the_platform_tells_its_own_time() -> None:
    """The Date of an answer is the simulated platform's, not this machine's."""
    cloud = make_cloud()
    with serve([cloud]):
        told = httpx.get(f"{cloud.urls['api']}/list").headers["date"]
        cloud.clock.wait(timedelta(days=2).total_seconds())
        later = httpx.get(f"{cloud.urls['api']}/list").headers["date"]
    assert parsedate_to_datetime(told) == START
    assert parsedate_to_datetime(later) == START + timedelta(days=2)


def test_two_accounts_of_one_platform_stand_side_by_side() -> None:
    """Simulators of one platform with different source names do not meet."""
    clouds = [make_cloud(source="east"), make_cloud(source="west")]
    with serve(clouds) as urls:
        assert set(urls) == {"east", "west"}
        assert all(_answers(f"{urls[source]['api']}/list") for source in urls)


def test_nothing_is_left_when_the_block_ends() -> None:
    """Threads and ports are given back, also with a connection still open."""
    before = threading.active_count()
    cloud = make_cloud()
    with httpx.Client() as client:
        with serve([cloud]):
            client.get(f"{cloud.urls['api']}/list")
        assert threading.active_count() == before
    assert not _answers(cloud.urls["api"])


def test_the_end_is_clean_when_the_block_fails() -> None:
    """An error inside the block stops the servers and goes on."""
    before = threading.active_count()
    with pytest.raises(KeyError), serve([make_cloud()]):
        raise KeyError("mine")
    assert threading.active_count() == before


def test_a_wanted_port_is_used_and_a_taken_one_refused() -> None:
    """Ports may be chosen; one that is taken is an error, and nothing is left of the others."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = threading.active_count()
        with (
            pytest.raises(OSError, match="in use"),
            serve([make_cloud()], ports={"cloud.api": port}),
        ):
            pytest.fail("the port was taken")
        assert threading.active_count() == before
    with serve([make_cloud()], ports={"cloud.api": port}) as urls:
        assert urls["cloud"]["api"] == f"http://127.0.0.1:{port}"


def test_the_settings_are_ready_to_run(tmp_path: Path) -> None:
    """What write_config writes is TOML with everything in its place, and holds no secret."""
    cloud = make_cloud(source="my cloud")
    with serve([cloud]):
        write_config(tmp_path / "catchment.toml", [cloud])
    text = (tmp_path / "catchment.toml").read_text("utf-8")
    assert tomllib.loads(text) == {
        "catalogue": {"url": f"sqlite:///{tmp_path}/catalogue.db"},
        "archive": {"root": f"{tmp_path}/archive"},
        "buffer": {"root": f"{tmp_path}/buffer"},
        "sources": {"my cloud": {"adapter": "cloud", **cloud.settings(), "sites": ["a", "ü"]}},
    }
    assert "s3cr3t" not in text


def test_the_truth_is_a_line_for_each_file(tmp_path: Path) -> None:
    """What write_truth writes are the World's own hashes and lengths, one JSON object a line."""
    cloud = make_cloud()
    count = write_truth(tmp_path / "truth.jsonl", [cloud], cloud.world.end)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    takes = cloud.takes()
    assert count == len(rows) == len(takes)
    for row in rows:
        take = takes[row["external_id"]]
        assert (row["sha256"], row["bytes"]) == (take.sha256, take.size_bytes)
        assert (row["source"], row["available_at"]) == ("cloud", START.isoformat())
        assert row["keys"] == [f"meeting:{row['external_id']}"]


def test_a_platform_without_a_simulator_is_said_so() -> None:
    """Asking for a simulator that is not installed names those that are."""
    with pytest.raises(NotInstalled, match="no simulator of nowhere"):
        load_simulator("nowhere")
    assert "nowhere" not in find_simulators()
