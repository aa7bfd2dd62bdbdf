"""The simulator as a whole: truth, settings, switches, faults, speed, and independence."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

import catchment_zoom.simulator
from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import Faults, Lateness, TruthRow, World, load_simulator
from catchment_zoom.simulator import Switches, ZoomSimulator
from catchment_zoom.simulator.api_archive import list_archive
from catchment_zoom.simulator.records import File
from catchment_zoom.simulator.site import Call

T = TypeVar("T")


def by_id(rows: Iterable[TruthRow]) -> dict[str, TruthRow]:
    """Rows of the truth by file id."""
    return {row.file_id: row for row in rows}


def test_truth_is_what_listings_show_as_completed(cloud: Clouds) -> None:
    """The oracle: every completed file of a listing, and nothing else, with its real hash."""
    zoom = cloud(failed_every=6, fingerprint="correct")
    truth = by_id(zoom.simulator.truth(zoom.clock.now()))
    told: dict[str, tuple[str, int]] = {}
    for meeting in zoom.listing()["meetings"]:
        done = [f for f in meeting["archive_files"] if f["status"] == "completed"]
        told |= {f["id"]: (meeting["uuid"], f["file_size"]) for f in done}
        attached = meeting.get("physical_files", [])
        told |= {f["file_id"]: (meeting["uuid"], f["file_size"]) for f in attached}
    assert told == {k: (row.external_id, row.bytes) for k, row in truth.items()}
    file = next(iter(truth.values()))
    content = zoom.site.files[file.file_id][1].content
    assert hashlib.sha256(content.read()).hexdigest() == file.sha256


@pytest.mark.parametrize("source", ["archive", "recordings", "both"])
def test_truth_covers_the_configured_product(cloud: Clouds, source: str) -> None:
    """``source`` decides; both settings and truth follow it."""
    zoom = cloud(source=source)
    rows = by_id(zoom.simulator.truth(zoom.clock.now()))
    archived = any(f.file_id in rows for r in zoom.site.archive for f in r.files)
    recorded = any(f.file_id in rows for r in zoom.site.recordings for f in r.files)
    assert (archived, recorded) == (source != "recordings", source != "archive")
    assert zoom.simulator.settings()["source"] == source


def test_truth_grows_with_time_and_a_file_is_there_from_available_at_on(cloud: Clouds) -> None:
    """``available_at`` is the moment at which a listing first shows the file as completed."""
    late = Lateness(share=0.4, least=timedelta(minutes=2), longest=timedelta(hours=30))
    zoom = cloud(faults=Faults(seed=2, late=late))
    rows = sorted(
        zoom.simulator.truth(zoom.site.world.end + timedelta(days=9)), key=lambda r: r.available_at
    )
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        for moment, there in (
            (row.available_at - timedelta(seconds=1), False),
            (row.available_at, True),
        ):
            zoom.set(moment)
            told = zoom.record(row.external_id)
            states = {f["id"]: f["status"] for f in told["archive_files"]}
            states |= {f["file_id"]: "completed" for f in told.get("physical_files", [])}
            assert (states.get(row.file_id) == "completed") is there
            assert (row.file_id in by_id(zoom.simulator.truth(moment))) is there


def test_a_room_shares_a_key_with_its_parent(zoom: Cloud) -> None:
    """Fact 9: the room's row has its own UUID and its parent's."""
    room = next(r for r in zoom.site.archive if r.parent_uuid)
    rows = [r for r in zoom.simulator.truth(zoom.clock.now()) if r.external_id == room.uuid]
    assert rows[0].keys == (f"meeting:{room.uuid}", f"meeting:{room.parent_uuid}")


def list_token_hosts(zoom: Cloud) -> list[str]:
    """The hosts that may be sent the bearer, by the settings of the source."""
    hosts = zoom.simulator.settings()["token_hosts"]
    assert isinstance(hosts, list)
    return hosts


def test_settings_name_the_hosts_and_the_secret_by_reference(cloud: Clouds) -> None:
    """The bearer may go to API and web host, and to storage only where it is required."""
    zoom = cloud()
    told = zoom.simulator.settings()
    assert told["api_url"] == zoom.urls["api"]
    assert told["auth_url"] == zoom.urls["web"]
    assert zoom.simulator.credentials.client_secret not in repr(told)
    secret = told["client_secret"]
    assert isinstance(secret, dict)
    assert zoom.simulator.secrets() == {secret["env"]: zoom.simulator.credentials.client_secret}
    storage = zoom.urls["storage"].removeprefix("http://")
    assert storage not in list_token_hosts(zoom)
    zoom.simulator.turn(storage_bearer="require")
    assert storage in list_token_hosts(zoom)


def test_two_processes_tell_the_same(world: World) -> None:
    """The same World, the same ids, the same bytes."""
    rows = [
        list(ZoomSimulator(world, ManualClock(world.end)).truth(world.end + timedelta(days=1)))
        for _ in range(2)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"colour": "red"}, "colour"), ({"pages": "never"}, "stable"), ({"ranges": 1}, "true or"),
     ({"late_every": -1}, "whole number"), ({"rate_code": "429"}, "4001")],
)  # fmt: skip
def test_an_unknown_switch_or_position_is_refused(
    world: World, wrong: dict[str, object], word: str
) -> None:
    """The message names the switch or its positions."""
    with pytest.raises(BadSettings) as caught:
        ZoomSimulator(world, ManualClock(world.end), switches=wrong)
    assert word in f"{caught.value} {caught.value.remedy}"


def test_every_switch_is_documented() -> None:
    """The switchboard's table has a line for each field."""
    table = inspect.getdoc(Switches) or ""
    assert [f.name for f in fields(Switches) if f"\n    {f.name}: " not in table] == []


def test_the_simulator_imports_nothing_of_the_adapter() -> None:
    """It would prove nothing if it shared the adapter's reading of the platform."""
    home = Path(catchment_zoom.simulator.__file__).parent
    for path in home.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                ours = node.module.startswith("catchment_zoom")
                assert not ours or node.module.startswith("catchment_zoom.simulator"), path.name
                assert not node.module.startswith("catchment._"), path.name


def test_the_simulator_is_found_by_its_entry_point() -> None:
    """``catchment.simulators``, name ``zoom``."""
    assert load_simulator("zoom") is ZoomSimulator


FAULTS = {
    "throttle": {"list": 0.3, "document": 0.3, "download": 0.2},
    "server_error": {"list": 0.3, "token": 0.3},
    "reset": {"list": 0.1, "download": 0.2},
    "unauthorized_once": {"document": 0.5, "download": 0.5},
    "expired_link": {"download": 0.3},
    "cursor_lost": {"list": 0.3},
    "repeat": {"list": 0.5},
    "shuffle": {"list": 0.5},
}


def test_under_all_faults_at_once_whoever_tries_again_gets_through(cloud: Clouds) -> None:
    """12: faults are bounded, and every one of them happens."""
    zoom = cloud(faults=Faults(seed=9, rates=FAULTS, most=2))

    def insist(ask: Callable[[], T]) -> T:
        for _ in range(40):
            with contextlib.suppress(ValueError, KeyError, AssertionError, httpx.HTTPError):
                zoom.clock.advance(timedelta(seconds=1))
                return ask()
        raise TimeoutError("a fault was not bounded")

    def locate(file: File) -> str:
        return str(zoom.download(zoom.url_of(file)).headers["location"])

    def fetch(place: str) -> bytes:
        return zoom.http.get(place).raise_for_status().content

    insist(zoom.mint)
    assert insist(zoom.listing)["total_records"] == len(zoom.site.archive)
    for record in zoom.site.archive[:8]:
        for file in (f for f in record.files if not f.failed):
            place = insist(partial(locate, file))
            body = insist(partial(fetch, place))
            assert body or file.content.size_bytes == 0
    done = {fault for fault in FAULTS if zoom.site.faults.counts[fault]}
    assert {"reset", "throttle", "unauthorized_once", "expired_link"} <= done


def test_faults_speak_in_zooms_words(cloud: Clouds) -> None:
    """12: 429 with its body, the odd body, 401 once, an HTML page for a dead address."""
    zoom = cloud(faults=Faults(seed=4, rates={"throttle": {"document": 1.0}}))
    zoom.mint()
    answer = zoom.get("/users/me")
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert answer.headers["x-ratelimit-type"] == "QPS"
    assert answer.headers["x-zm-trackingid"]
    zoom = cloud(faults=Faults(seed=4, rates={"unauthorized_once": {"download": 1.0}}))
    zoom.mint()
    _record, file = zoom.some_file()
    url = zoom.url_of(file)
    first, second = zoom.download(url), zoom.download(url)
    assert (first.status_code, first.json()["code"], second.status_code) == (401, 124, 302)
    zoom = cloud(faults=Faults(seed=4, rates={"expired_link": {"download": 1.0}}))
    zoom.mint()
    dead = zoom.download(zoom.url_of(file))
    assert (dead.status_code, dead.headers["content-type"][:9]) == (200, "text/html")


def test_the_odd_body_comes_among_server_errors(cloud: Clouds) -> None:
    """8.3, 12: ``{"status": false, "errorCode": …}`` with HTTP 200."""
    zoom = cloud(faults=Faults(seed=4, rates={"server_error": {"document": 1.0}}, most=2))
    zoom.mint()
    answers = [zoom.get("/users/me") for _ in range(12)]
    seen = Counter(
        "odd" if answer.json().get("status") is False else answer.status_code for answer in answers
    )
    assert set(seen) == {"odd", 200, 500, 503}


def test_listing_thousands_of_meetings_is_fast(world: World) -> None:
    """Records are made once; sizes need no bytes; hashes only for what is told."""
    many = World(seed=6, start=world.start, days=2, meetings=500)
    simulator = ZoomSimulator(many, ManualClock(many.end + timedelta(days=1)))
    call = Call("archive_list", {}, {"from": "2026-10-12T00:00:00Z"}, {}, simulator.clock.now())
    begun = time.process_time()
    told = list_archive(simulator.site, call).body
    assert told is not None
    assert told["total_records"] > 1000
    assert time.process_time() - begun < 1
