"""The simulator as a whole: truth, settings, switches, faults, speed, and independence."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from tests.plugins.webex_calling.simulator.cloud import EVENING, MIDNIGHT, Cloud, Clouds, stamp

import catchment_webex_calling.simulator
from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import Faults, Lateness, TruthRow, World, load_simulator
from catchment_webex.simulator import Call, CommonSwitches
from catchment_webex.simulator.oauth import Credentials
from catchment_webex.simulator.operations import Level
from catchment_webex_calling.simulator import CallingSwitches, WebexCallingSimulator
from catchment_webex_calling.simulator.api_recordings import list_all
from catchment_webex_calling.simulator.recordings import Recording
from catchment_webex_calling.simulator.tenant import CallingTenant, State

T = TypeVar("T")
FILES = ("audio", "transcript")


def by_file(rows: Iterable[TruthRow]) -> dict[tuple[str, str], TruthRow]:
    """Rows of the truth by recording and file."""
    return {(row.external_id, row.file_id): row for row in rows}


def obtainable(webex: Cloud) -> set[tuple[str, str]]:
    """What details offer of everything that is listed, in whichever status."""
    found = set()
    for status in ("available", "deleted", "purged"):
        for row in webex.all(status=status):
            links = webex.details(row["id"]).get("temporaryDirectDownloadLinks", {})
            found |= {(row["id"], kind) for kind in FILES if f"{kind}DownloadLink" in links}
    return found


def test_truth_is_what_details_offer(cloud: Clouds) -> None:
    """The oracle: every file that has a link, and nothing else, with its real hash."""
    webex = cloud(binned_every=3, purged_every=2, download_disabled_every=7, rate_per_minute=0)
    webex.clock.advance(timedelta(days=2))
    truth = by_file(webex.simulator.truth(webex.clock.now()))
    assert set(truth) == obtainable(webex)
    for (recording_id, kind), row in list(truth.items())[:30]:
        link = webex.details(recording_id)["temporaryDirectDownloadLinks"][f"{kind}DownloadLink"]
        body = webex.http.get(link).content
        assert hashlib.sha256(body).hexdigest() == row.sha256
        assert (len(body), row.kind) == (row.bytes, kind)
        assert (row.duration_s is None) is (kind == "transcript")


def test_truth_has_the_session_as_its_key(webex: Cloud) -> None:
    """32 lower-case hex digits of the call session."""
    sessions = {row["id"]: row["serviceData"]["callSessionId"] for row in webex.all()}
    for row in webex.simulator.truth(webex.clock.now()):
        if row.external_id in sessions:
            assert row.keys == (f"session:{sessions[row.external_id].replace('-', '')}",)


def test_truth_grows_with_time_and_a_file_is_there_from_available_at_on(cloud: Clouds) -> None:
    """``available_at`` is the moment at which details first have the link."""
    late = Lateness(share=0.4, least=timedelta(minutes=2), longest=timedelta(hours=30))
    webex = cloud(Faults(seed=2, late=late))
    rows = sorted(webex.simulator.truth(EVENING + timedelta(days=9)), key=lambda r: r.available_at)
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        for moment, there in (
            (row.available_at - timedelta(seconds=1), False),
            (row.available_at, True),
        ):
            webex.clock.set(moment)
            answer = webex.get(f"/convergedRecordings/{row.external_id}")
            links = answer.json().get("temporaryDirectDownloadLinks", {})
            assert (f"{row.file_id}DownloadLink" in links) is there
            known = by_file(webex.simulator.truth(moment))
            assert ((row.external_id, row.file_id) in known) is there


def test_two_processes_tell_the_same(world: World) -> None:
    """The same World, the same ids, the same bytes."""
    until = world.end + timedelta(days=1)
    rows = [list(WebexCallingSimulator(world, ManualClock(until)).truth(until)) for _ in range(2)]
    assert rows[0] == rows[1] != []


def test_settings_name_the_hosts_and_secrets_by_reference(cloud: Clouds) -> None:
    """The settings of a source, and nothing secret in them."""
    webex = cloud(profile="administrator")
    told, own = webex.simulator.settings(), webex.simulator.credentials
    assert set(told) == {
        "client_id",
        "client_secret",
        "refresh_token",
        "api_url",
        "cdr_url",
        "profile",
    }
    assert (told["api_url"], told["cdr_url"]) == (webex.urls["api"], webex.urls["cdr"])
    assert told["profile"] == "administrator"
    assert not {own.client_secret, own.refresh_token} & set(map(str, told.values()))
    secrets = webex.simulator.secrets()
    for name, value in (("client_secret", own.client_secret), ("refresh_token", own.refresh_token)):
        reference = told[name]
        assert isinstance(reference, dict)
        assert secrets[reference["env"]] == value


def test_the_refresh_token_of_the_settings_opens_the_api(webex: Cloud) -> None:
    """Common 3.3: with the scopes of the profile."""
    own = webex.simulator.credentials
    form = {
        "grant_type": "refresh_token",
        "client_id": own.client_id,
        "client_secret": own.client_secret,
        "refresh_token": own.refresh_token,
    }
    told = webex.http.post(f"{webex.urls['api']}/v1/access_token", data=form).json()
    assert "spark-compliance:recordings_read" in told["scope"].split()
    webex.bearer = told["access_token"]
    assert webex.all()
    assert webex.get("/people/me").status_code == 200


def test_scopes_can_be_left_out(cloud: Clouds) -> None:
    """1.1, 2.1: an authorisation that lacks one, for checks before the first capture."""
    webex = cloud(scopes="spark-compliance:recordings_read spark:people_read")
    webex.act_as("compliance_officer")
    assert webex.all()
    answer = webex.ask("cdr_feed", MIDNIGHT, MIDNIGHT + timedelta(hours=2))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"colour": "red"}, "colour"),
        ({"feed_late": "never"}, "misses"),
        ({"ranges": 1}, "true or false"),
        ({"binned_every": -1}, "whole number"),
        ({"expired_link": "403"}, "410"),
    ],
)
def test_an_unknown_switch_or_position_is_refused(
    world: World, wrong: dict[str, object], word: str
) -> None:
    """The message names the switch or its positions."""
    with pytest.raises(BadSettings) as caught:
        WebexCallingSimulator(world, ManualClock(world.end), switches=wrong)
    assert word in f"{caught.value} {caught.value.remedy}"


def own_switches() -> list[str]:
    """The switches that only Calling has."""
    common = {field.name for field in fields(CommonSwitches)}
    return [field.name for field in fields(CallingSwitches) if field.name not in common]


def test_every_switch_is_documented() -> None:
    """The switchboard's table has a line for each field."""
    table = inspect.getdoc(CallingSwitches) or ""
    assert [name for name in own_switches() if f"\n    {name}: " not in table] == []


def test_every_switch_is_turned_by_a_test() -> None:
    """A behaviour that no test sees is none."""
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    turned = "\n".join(texts)
    unseen = [n for n in own_switches() if f"{n}=" not in turned and f'"{n}"' not in turned]
    assert unseen == []


def test_switches_can_be_turned_while_it_is_served(webex: Cloud) -> None:
    """The World is told anew."""
    before = webex.all()
    webex.simulator.turn(recording_ids="bare", profile="administrator")
    after = webex.all()
    assert [row["id"].replace("-", "") for row in before] == [row["id"] for row in after]
    assert list(webex.simulator.truth(webex.clock.now())) == []


def test_the_simulator_imports_nothing_of_the_adapter() -> None:
    """It would prove nothing if it shared the adapter's reading of the platform."""
    home = Path(catchment_webex_calling.simulator.__file__).parent
    for path in home.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                package, _, inside = node.module.partition(".")
                if package.startswith("catchment_"):
                    assert inside.partition(".")[0] == "simulator", path.name
                assert not node.module.startswith("catchment._"), path.name


def test_the_simulator_is_found_by_its_entry_point() -> None:
    """``catchment.simulators``, name ``webex_calling``."""
    assert load_simulator("webex_calling") is WebexCallingSimulator


# --- faults ----------------------------------------------------------------------------------


RATES = {
    "throttle": {"list": 0.3, "document": 0.3, "download": 0.2},
    "server_error": {"list": 0.3, "token": 0.3},
    "reset": {"list": 0.1, "download": 0.2},
    "unauthorized_once": {"document": 0.5},
    "expired_link": {"download": 0.3},
    "truncate": {"download": 0.1},
    "repeat": {"list": 0.5},
    "shuffle": {"list": 0.5},
}


def test_under_all_faults_at_once_whoever_tries_again_gets_through(cloud: Clouds) -> None:
    """11 of the common sheet: faults are bounded, and every one of them happens."""
    webex = cloud(Faults(seed=9, rates=RATES, most=2), media_429_rate=50)
    webex.clock.advance(timedelta(days=1))

    def insist(ask: Callable[[], T]) -> T:
        for _ in range(40):
            with contextlib.suppress(ValueError, KeyError, AssertionError, httpx.HTTPError):
                webex.clock.advance(timedelta(seconds=1))
                return ask()
        raise TimeoutError("a fault was not bounded")

    def fetch(link: str, sha256: str) -> bytes:
        body = webex.http.get(link).raise_for_status().content
        assert hashlib.sha256(body).hexdigest() == sha256
        return body

    listed = insist(lambda: {row["id"] for row in webex.all()})
    truth = by_file(webex.simulator.truth(webex.clock.now()))
    assert listed <= {recording_id for recording_id, _ in truth}
    for recording_id in sorted(listed)[:25]:
        told = insist(partial(webex.details, recording_id))
        link = told["temporaryDirectDownloadLinks"]["audioDownloadLink"]
        assert insist(partial(fetch, link, truth[recording_id, "audio"].sha256))
    counts = webex.simulator.faults.counts
    done = {fault for fault in RATES if counts[fault]}
    assert {"reset", "throttle", "unauthorized_once", "expired_link", "repeat"} <= done


def test_faults_speak_in_webex_words(cloud: Clouds) -> None:
    """Common 6, 7; 1.4: the envelope, ``Retry-After``, the media host's own 429."""
    webex = cloud(Faults(seed=4, rates={"throttle": {"document": 1.0, "download": 1.0}}, most=1))
    recording = webex.plain()
    answer = webex.get(f"/convergedRecordings/{recording.recording_id}")
    assert answer.status_code == 429
    assert answer.headers["retry-after"].isdigit()
    assert answer.json()["trackingId"] == answer.headers["trackingid"]
    link = webex.links(recording)["audioDownloadLink"]
    busy = webex.http.get(link)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
    assert webex.http.get(link).status_code == 200
    webex = cloud(Faults(seed=4, rates={"expired_link": {"download": 1.0}}), expired_link=410)
    link = webex.links(webex.plain())["audioDownloadLink"]
    assert webex.http.get(link).status_code == 410


def test_call_history_is_spoilt_like_other_lists(cloud: Clouds) -> None:
    """Common 11: the same layer stands in front of both regions."""
    webex = cloud(Faults(seed=4, rates={"throttle": {"list": 1.0}}, most=1))
    window = {
        "startTime": stamp(MIDNIGHT + timedelta(hours=9)),
        "endTime": stamp(MIDNIGHT + timedelta(hours=11)),
    }
    told = [webex.send("GET", "/cdr_stream", "cdr", params=window).status_code for _ in range(2)]
    assert told == [429, 200]


# --- effort ----------------------------------------------------------------------------------


class CountingTenant(CallingTenant):
    """Counts how many recordings are looked at."""

    looked = 0

    def state(self, recording: Recording, now: datetime) -> State | None:
        """As ever, and counted."""
        self.looked += 1
        return super().state(recording, now)


def test_a_listing_looks_only_at_what_its_window_holds() -> None:
    """Sorted once and bisected: days of five thousand calls cost a narrow window nothing."""
    many = World(seed=6, start=MIDNIGHT, days=2, meetings=0, calls=5000)
    switches, own = CallingSwitches(), Credentials("id", "secret", "refresh")
    tenant = CountingTenant(many, ManualClock(many.end), Faults(), switches, own)
    start, end = MIDNIGHT + timedelta(hours=10), MIDNIGHT + timedelta(hours=10, minutes=10)
    there = sum(start <= recording.created_at < end for recording in tenant.recordings)
    assert 0 < there < len(tenant.recordings) // 50
    user, now = tenant.account.machine("compliance_officer"), many.end
    levels: frozenset[Level] = frozenset({"compliance"})
    query = {"from": start.isoformat(), "to": end.isoformat(), "max": "100"}
    call = Call("all", user, levels, frozenset(), {}, "http://x", now, now, query)
    assert list_all(tenant, call).body
    assert tenant.looked == there
