"""The simulator as a whole: truth, settings, switches, credentials, faults, independence."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from tests.plugins.webex_cc.simulator.cloud import LATER, START, Cloud, Clouds, error_of

import catchment_webex_cc.simulator
from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import Faults, Lateness, TruthRow, World, load_simulator
from catchment_webex.simulator import CommonSwitches
from catchment_webex_cc.simulator import ContactCenterSwitches, WebexContactCenterSimulator
from catchment_webex_cc.simulator.legacy_media import PATH

T = TypeVar("T")


def by_file(rows: Iterable[TruthRow]) -> dict[tuple[str, str], TruthRow]:
    """Rows of the truth by recording and file."""
    return {(row.external_id, row.file_id): row for row in rows}


def obtainable(center: Cloud) -> dict[tuple[str, str], str]:
    """What captures offer of everything that search lists, with the links."""
    found = {}
    for row in center.tasks():
        task_id = row["id"]
        told = center.query_captures(task_id).json()["data"][0]
        key = task_id.replace("-", "") if len(task_id) == 36 else task_id
        for one in told["recording"]:
            consult = one["attributes"]["callType"] == "consult"
            name = f"consult-{one['id']}" if consult else "main"
            found[key, name] = one["attributes"]["filePath"]
        for one in told["transcription"]:
            found[key, "transcript"] = one["filePath"]
    return found


@pytest.mark.parametrize("ids", ["uuid", "short"])
def test_truth_is_what_captures_offer(cloud: Clouds, ids: str) -> None:
    """The oracle: every file that has a link, and nothing else, with its real hash."""
    center = cloud(ids=ids)
    truth = by_file(center.simulator.truth(center.clock.now()))
    links = obtainable(center)
    assert set(truth) == set(links) != set()
    for about, row in list(truth.items())[:40]:
        body = center.http.get(links[about]).content
        assert hashlib.sha256(body).hexdigest() == row.sha256
        assert len(body) == row.bytes
        assert row.keys == (f"task:{row.external_id}",)


@pytest.mark.parametrize("generation", ["cms2", "cms1"])
def test_truth_of_the_older_generations_is_one_file_each(cloud: Clouds, generation: str) -> None:
    """S002: 7.4: what the media host sends to that generation's credentials."""
    center = cloud(generation=generation)
    rows = list(center.simulator.truth(LATER))
    assert {row.file_id for row in rows} == {"main"}
    for row in rows[:10]:
        path = PATH + row.external_id
        ask = center.legacy if generation == "cms1" else partial(center.send, "GET")
        body = ask(path, "media").content
        assert hashlib.sha256(body).hexdigest() == row.sha256


def test_truth_grows_with_time(cloud: Clouds) -> None:
    """A file is there from ``available_at`` on, also when it is late."""
    late = Lateness(share=0.5, least=timedelta(hours=1), longest=timedelta(hours=30))
    center = cloud(Faults(seed=2, late=late))
    rows = sorted(
        center.simulator.truth(LATER + timedelta(days=9)), key=lambda row: row.available_at
    )
    assert rows[-1].available_at > LATER
    for row in (rows[0], rows[-1]):
        for moment, there in (
            (row.available_at - timedelta(milliseconds=1), False),
            (row.available_at, True),
        ):
            center.clock.set(moment)
            known = by_file(center.simulator.truth(moment))
            assert ((row.external_id, row.file_id) in known) is there
            contact = center.tenant.find_session(row.external_id)
            assert bool(center.captures(contact)["recording"]) is there


def test_two_processes_tell_the_same(world: World) -> None:
    """The same World, the same ids, the same bytes."""
    clock = ManualClock(LATER)
    rows = [list(WebexContactCenterSimulator(world, clock).truth(LATER)) for _ in range(2)]
    assert rows[0] == rows[1] != []


SETTINGS = {
    "programmatic": "generation client_id client_secret refresh_token organisation_id api_url "
    "auth_url",
    "cms2": "generation client_id client_secret refresh_token auth_url username api_url media_url "
    "organisation_id",
    "cms1": "generation username api_key tenant_id api_url media_url",
}


@pytest.mark.parametrize("generation", SETTINGS)
def test_settings_are_those_of_the_generation(cloud: Clouds, generation: str) -> None:
    """S002: and nothing secret stands in them."""
    center = cloud(generation=generation)
    told, secrets = center.simulator.settings(), center.simulator.secrets()
    assert set(told) == set(SETTINGS[generation].split())
    assert not set(secrets.values()) & set(map(str, told.values()))
    for value in told.values():
        if isinstance(value, dict):
            assert secrets[value["env"]]
    center.simulator.turn(migrated=True)
    moved = center.simulator.settings()
    assert ("former_tenant_id" in moved) is (generation != "cms1")


def test_the_refresh_token_opens_the_api(center: Cloud) -> None:
    """1.2: the token ends with the organisation's id."""
    own = center.simulator.credentials
    form = {
        "grant_type": "refresh_token",
        "client_id": own.client_id,
        "client_secret": own.client_secret,
        "refresh_token": own.refresh_token,
    }
    told = center.http.post(f"{center.urls['auth']}/v1/access_token", data=form).json()
    assert told["access_token"].rpartition("_")[2] == center.tenant.org
    center.bearer = told["access_token"]
    assert center.tasks()
    assert center.send("GET", "/v1/people/me", "auth").status_code == 200
    center.simulator.turn(grant="revoked")
    refused = center.http.post(f"{center.urls['auth']}/v1/access_token", data=form)
    assert refused.status_code == 400


def test_a_service_app_gets_a_token_for_an_organisation(center: Cloud) -> None:
    """1.2: with its secret, and a bearer that may ask for it."""
    own = center.simulator.credentials
    body = {
        "clientId": own.client_id,
        "clientSecret": own.client_secret,
        "targetOrgId": center.tenant.org,
    }
    path = "/v1/applications/an-app/token"
    told = center.send("POST", path, "auth", json=body)
    assert told.status_code == 200
    center.bearer = told.json()["access_token"]
    assert center.tasks()
    assert center.send("POST", path, "auth", json=body | {"clientSecret": "x"}).status_code == 401
    assert center.send("POST", path, "auth", json=body | {"targetOrgId": "x"}).status_code == 403
    center.act_with("cjp:config_read")
    assert center.send("POST", path, "auth", json=body).status_code == 403


def test_credentials_are_asked_for(cloud: Clouds) -> None:
    """1.3: 400 without a header, 401 for a bad token, 403 without scope or role."""
    center = cloud()
    assert center.http.get(f"{center.urls['api']}/v1/tasks").status_code == 400
    center.bearer = "unknown"
    assert center.get("/v1/tasks", from_=1).status_code == 401
    for scopes, status in (
        (("cjp:config_read",), 200),
        (("cjp:config",), 200),
        (("spark:people_read",), 403),
    ):
        center.act_with(*scopes)
        assert center.get("/v1/tasks", from_=1).status_code == status
    for switches in ({"scopes": "spark:people_read"}, {"scopes": "usual", "role": "agent"}):
        center.simulator.turn(**switches)
        center.act_with()
        assert center.get("/v1/tasks", from_=1).status_code == 403


def test_a_token_may_be_of_another_organisation(cloud: Clouds) -> None:
    """9: it ends with that one's id, nothing of ours is told, and nothing can be had."""
    center = cloud(other_org=True)
    assert center.simulator.settings()["organisation_id"] != center.tenant.org
    center.act_with()
    assert center.bearer.rpartition("_")[2] == center.tenant.org
    ours = center.tenant.ids.org
    assert center.get("/v1/tasks", from_=START, orgId=ours).status_code == 403
    assert list(center.simulator.truth(LATER)) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_the_wrong_region_refuses_everything(cloud: Clouds, status: int) -> None:
    """1.1: with which status is unverified."""
    center = cloud(wrong_region=status)
    answer = center.ask("{taskDetails(from:1,to:2){tasks{id}}}")
    assert answer.status_code == status
    assert "region" in error_of(answer)


def test_300_calls_a_minute(cloud: Clouds) -> None:
    """1.3: then 429 with ``Retry-After``."""
    center = cloud(rate_per_minute=3)
    told = [center.get("/v1/tasks", from_=1) for _ in range(4)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429]
    assert told[-1].headers["retry-after"].isdigit()
    assert error_of(told[-1])
    center.clock.advance(timedelta(minutes=1))
    assert center.get("/v1/tasks", from_=1).status_code == 200


# --- the switchboard -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"colour": "red"}, "colour"),
        ({"generation": "cms3"}, "cms1"),
        ({"turns": 1}, "true or false"),
        ({"never_every": -1}, "whole number"),
    ],
)
def test_an_unknown_switch_or_position_is_refused(
    world: World, wrong: dict[str, object], word: str
) -> None:
    """The message names the switch or its positions."""
    with pytest.raises(BadSettings) as caught:
        WebexContactCenterSimulator(world, ManualClock(LATER), switches=wrong)
    assert word in f"{caught.value} {caught.value.remedy}"


def own_switches() -> list[str]:
    """The switches that only the Contact Center has."""
    common = {field.name for field in fields(CommonSwitches)}
    return [field.name for field in fields(ContactCenterSwitches) if field.name not in common]


def test_every_switch_is_documented() -> None:
    """The switchboard's table has a line for each field."""
    table = inspect.getdoc(ContactCenterSwitches) or ""
    assert [name for name in own_switches() if f"\n    {name}: " not in table] == []


def test_every_switch_is_turned_by_a_test() -> None:
    """A behaviour that no test sees is none."""
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    turned = "\n".join(texts)
    unseen = [n for n in own_switches() if f"{n}=" not in turned and f'"{n}"' not in turned]
    assert unseen == []


def test_the_simulator_imports_nothing_of_the_adapter() -> None:
    """It would prove nothing if it shared the adapter's reading of the platform."""
    home = Path(catchment_webex_cc.simulator.__file__).parent
    for path in home.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                package, _, inside = node.module.partition(".")
                if package.startswith("catchment_"):
                    assert inside.partition(".")[0] == "simulator", path.name
                assert not node.module.startswith("catchment._"), path.name


def test_the_simulator_is_found_by_its_entry_point() -> None:
    """``catchment.simulators``, name ``webex_cc``."""
    assert load_simulator("webex_cc") is WebexContactCenterSimulator


# --- faults ----------------------------------------------------------------------------------


RATES = {
    "throttle": {"list": 0.3, "document": 0.3, "download": 0.2},
    "server_error": {"list": 0.3, "document": 0.2, "token": 0.3},
    "reset": {"list": 0.1, "download": 0.2},
    "unauthorized_once": {"document": 0.5, "download": 0.2},
    "expired_link": {"download": 0.3},
    "truncate": {"download": 0.1},
    "repeat": {"list": 0.5},
    "shuffle": {"list": 0.5},
}


def test_under_all_faults_at_once_whoever_tries_again_gets_through(cloud: Clouds) -> None:
    """Faults are bounded, and every one of them happens."""
    center = cloud(Faults(seed=9, rates=RATES, most=2))

    def insist(ask: Callable[[], T]) -> T:
        for _ in range(40):
            with contextlib.suppress(
                ValueError, KeyError, IndexError, AssertionError, httpx.HTTPError
            ):
                center.clock.advance(timedelta(seconds=1))
                return ask()
        raise TimeoutError("a fault was not bounded")

    def fetch(link: str, sha256: str) -> bytes:
        body = center.http.get(link).raise_for_status().content
        assert hashlib.sha256(body).hexdigest() == sha256
        return body

    listed = insist(lambda: {row["id"] for row in center.tasks()})
    truth = by_file(center.simulator.truth(center.clock.now()))
    assert len(listed) == len(center.tenant.contacts)
    found = [c for c in center.tenant.contacts if c.audio_ms][:25]
    for contact in found:
        told = insist(partial(center.captures, contact))
        link = told["recording"][0]["attributes"]["filePath"]
        assert insist(partial(fetch, link, truth[contact.external_id, "main"].sha256))
    for contact in found[:10]:
        path = PATH + contact.external_id
        assert insist(lambda p=path: center.legacy(p, "media").raise_for_status().content)  # type: ignore[misc]
    insist(partial(center.records, "csrs"))
    counts = center.simulator.faults.counts
    done = {fault for fault in RATES if counts[fault]}
    assert {"reset", "throttle", "unauthorized_once", "expired_link", "repeat"} <= done


def test_faults_speak_in_the_platforms_words(cloud: Clouds) -> None:
    """1.3, 3: the envelope with ``Retry-After``; the object store's XML."""
    rates = {"throttle": {"list": 1.0}, "expired_link": {"download": 1.0}}
    center = cloud(Faults(seed=4, rates=rates, most=1))
    answer = center.get("/v1/tasks", from_=START)
    assert answer.status_code == 429
    assert answer.headers["retry-after"].isdigit()
    assert error_of(answer)
    link = center.captures(center.contact())["recording"][0]["attributes"]["filePath"]
    spoilt = center.http.get(link)
    assert spoilt.status_code == 403
    assert "Request has expired" in spoilt.text
    assert center.http.get(link).status_code == 200
