"""The whole simulator: a World served as an environment, with settings for two clients."""

from __future__ import annotations

import hashlib
import ssl
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.plugins.dynamics.simulator.service import API, MIDNIGHT

from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import World, load_simulator, serve, write_config
from catchment_dynamics.simulator import DynamicsSimulator

NEXT_DAY = MIDNIGHT + timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> World:
    """One day of calls."""
    return World(seed=5, start=MIDNIGHT, days=1, meetings=0, calls=12, chains=6)


@contextmanager
def served(world: World, **switches: object) -> Iterator[tuple[DynamicsSimulator, httpx.Client]]:
    """A simulator on the next day, and a client that trusts it."""
    simulator = DynamicsSimulator(world, ManualClock(NEXT_DAY), switches=switches)
    with serve([simulator]):
        trust = ssl.create_default_context(cafile=str(simulator.ca_file))
        with httpx.Client(verify=trust, trust_env=False) as http:
            yield simulator, http


def sign_in(simulator: DynamicsSimulator, http: httpx.Client, client: int) -> str:
    """Use the settings of a client as an adapter would."""
    told: Any = simulator.settings(client)
    form = {
        "grant_type": "client_credentials",
        "client_id": told["client_id"],
        "client_secret": simulator.secrets()[told["client_secret"]["env"]],
        "scope": f"{told['url']}/.default",
    }
    answer = http.post(f"{told['login_url']}/{told['tenant_id']}/oauth2/v2.0/token", data=form)
    return str(answer.json()["access_token"])


def test_it_is_found_by_its_name() -> None:
    """The entry point leads here; a misspelt switch is refused."""
    found = load_simulator("dynamics")
    assert found is DynamicsSimulator
    with pytest.raises(BadSettings, match="no switch"):
        found(World(1, MIDNIGHT, meetings=0), ManualClock(MIDNIGHT), switches={"nothing": 1})


def test_both_clients_are_users_of_the_environment(world: World) -> None:
    """Each with credentials, a row among the users and a count of its own."""
    with served(world) as (simulator, http):
        for number, client in enumerate(simulator.clients):
            bearer = {"authorization": f"Bearer {sign_in(simulator, http, number)}"}
            root = f"{simulator.urls['org']}{API}"
            told = http.get(f"{root}/WhoAmI", headers=bearer).json()
            assert told["OrganizationId"] == simulator.settings()["organisation_id"]
            user = http.get(f"{root}/systemusers({told['UserId']})", headers=bearer).json()
            assert user["applicationid"] == client.client_id
        assert simulator.counts == {"a": 2, "b": 2}
        assert ("GET", f"{API}/WhoAmI", "") in simulator.asked
    assert simulator.ca_file is None


def test_every_true_file_of_a_recording_can_be_fetched(world: World) -> None:
    """What the truth names is there, byte for byte."""
    columns = {"recording": "msdyn_recording", "metadata": "msdyn_recordingmetadata"}
    with served(world) as (simulator, http):
        bearer = {"authorization": f"Bearer {sign_in(simulator, http, 0)}"}
        rows = [one for one in simulator.truth(NEXT_DAY) if one.file_id in columns]
        assert len(rows) > 10
        for row in rows:
            path = f"msdyn_ocrecordings({row.external_id})/{columns[row.file_id]}/$value"
            answer = http.get(f"{simulator.urls['org']}{API}/{path}", headers=bearer)
            assert answer.status_code == 200, answer.text
            assert hashlib.sha256(answer.content).hexdigest() == row.sha256


@pytest.mark.parametrize(
    ("position", "key", "name", "there"),
    [
        ("activity", "activityid", "subject", "msdyn_missedconversationid"),
        ("recording", "msdyn_ocvoicemailid", "msdyn_name", "msdyn_recording"),
        ("voicemail", "msdyn_ocvoicemailid", "msdyn_name", "msdyn_voicemail"),
        ("none", "msdyn_ocvoicemailid", "msdyn_name", "createdon"),
    ],
)
def test_voicemails_are_spelled_as_the_switch_says(
    world: World, position: str, key: str, name: str, there: str
) -> None:
    """The dictionary tells key, name and columns of each shape of the table (3)."""
    with served(world, voicemail_columns=position) as (simulator, http):
        root = f"{simulator.urls['org']}{API}"
        http.headers["authorization"] = f"Bearer {sign_in(simulator, http, 0)}"
        asked = "$select=EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,IsActivity"
        tables = http.get(f"{root}/EntityDefinitions?{asked}&$expand=Attributes").json()["value"]
        for table in tables:
            columns = {one["LogicalName"]: one for one in table["Attributes"]}
            primary = table["PrimaryIdAttribute"]
            assert columns[primary]["IsPrimaryId"]
            assert columns[table["PrimaryNameAttribute"] or primary]["AttributeType"] in (
                "String",
                "Uniqueidentifier",
            )
            rows = http.get(f"{root}/{table['EntitySetName']}?$top=1").json()["value"]
            assert all(primary in row for row in rows)
        (told,) = (one for one in tables if one["EntitySetName"] == "msdyn_ocvoicemails")
        assert (told["PrimaryIdAttribute"], told["PrimaryNameAttribute"]) == (key, name)
        assert told["IsActivity"] is (position == "activity")
        own = {one["LogicalName"] for one in told["Attributes"]}
        assert there in own
        others = {"msdyn_missedconversationid", "msdyn_recording", "msdyn_voicemail"} - {there}
        assert not own & others


def test_settings_name_the_workstreams_that_are_not_always_recorded(
    world: World, tmp_path: Path
) -> None:
    """A person's word, in a table within the source's; nothing where there is one workstream."""
    with served(world) as (simulator, _):
        file = tmp_path / "catchment.toml"
        write_config(file, [simulator])
        told = tomllib.loads(file.read_text("utf-8"))["sources"]["dynamics"]
        assert told["workstreams"] == {"phone by hand": "by_hand", "phone by consent": "consent"}
        assert told["client_id"] == simulator.settings()["client_id"]
    with served(world, workstreams="one") as (simulator, _):
        assert "workstreams" not in simulator.settings()


def test_the_docstring_names_every_module() -> None:
    """The table of the package is complete."""
    import catchment_dynamics.simulator as package

    text = package.__doc__ or ""
    head = text.partition("module  ")[2].replace(",", " ").split()
    for path in Path(package.__file__).parent.glob("*.py"):
        if path.stem != "__init__" and not path.stem.startswith("tell_"):
            assert path.stem in head, path.stem
