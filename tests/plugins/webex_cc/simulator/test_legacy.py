"""CMSv1 and CMSv2 (sheet 7)."""

from __future__ import annotations

import csv
import io
import wave
from datetime import timedelta

import pytest
from tests.plugins.webex_cc.simulator.cloud import (
    END,
    START,
    Cloud,
    Clouds,
    Row,
    error_of,
    write_question,
)

from catchment.sandbox import Agent
from catchment_webex_cc.simulator.contacts import from_ms
from catchment_webex_cc.simulator.legacy_access import sign


def test_the_signature_is_that_of_the_sheet() -> None:
    """S002: 7.1: the test vector."""
    assert sign("k3y-INVENTED-0001", "wfo.service@example.com") == "lwzeOhKpH3n7HatPZ7UYOi9LaGw="


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_behind_the_semicolon_is_as_good_as_none(center: Cloud, blank: str) -> None:
    """7.1."""
    told = sign(center.tenant.api_key, center.tenant.username)
    header = f"{told};{blank}tenantId={center.tenant.tenant_id}"
    answer = center.legacy("/aws/api/security/users", headers={"Authorization": header})
    assert answer.status_code == 200


@pytest.mark.parametrize("status", [401, 403])
def test_bad_credentials_are_refused(cloud: Clouds, status: int) -> None:
    """7.1: presumably 401."""
    center = cloud(legacy_refused=status)
    for headers in ({"From": "someone@example.com"}, {"Authorization": "x; tenantId=1000777"}):
        for path, host in (("/aws/api/security/users", "rest"), (f"{RECORDING}x", "media")):
            assert center.legacy(path, host, headers=headers).status_code == status


RECORDING = "/cr/get-decrypted-recording/"


@pytest.mark.parametrize("layout", ["arrays", "objects"])
def test_sessions_of_a_window(cloud: Clouds, layout: str) -> None:
    """S002: 7.2: the same calls as in the other generation, under the same ids."""
    center = cloud(data_rows=layout)
    told = center.records("csrs")
    meta, columns = told["datasetMetadata"], told["columns"]
    assert (meta["isComplete"], meta["numberOfRecordsFound"]) == (True, len(told["data"]))
    rows = told["data"]
    if layout == "arrays":
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    assert {row["sid"] for row in rows} == {c.external_id for c in center.tenant.contacts}
    row = next(row for row in rows if row["terminationType"] == "abandoned")
    contact = center.tenant.find_session(row["sid"])
    assert (row["cstts"], row["cetts"]) == (contact.created_ms, contact.ended_ms)
    assert row["active"] == 0
    alone = center.legacy(f"/aws/api/csrs/{row['sid']}").json()
    assert alone["ani"] == row["ani"]


def test_sids_may_have_dashes(cloud: Clouds) -> None:
    """7.5: and are found with and without."""
    center = cloud(sid_form="dashed", data_rows="objects")
    sids = {row["sid"] for row in center.records("csrs")["data"]}
    assert sids == {c.task_id for c in center.tenant.contacts}
    sid = center.contact().task_id
    for form in (sid, sid.replace("-", "")):
        assert center.legacy(RECORDING + form, "media").status_code == 200


@pytest.mark.parametrize("window", ["cstts", "cetts"])
def test_what_a_window_means(cloud: Clouds, window: str) -> None:
    """7.2: unverified."""
    center = cloud(csr_window=window, data_rows="objects")
    contact = center.contact()
    border = (contact.created_ms + contact.ended_ms) // 2
    rows = center.records("csrs", dateBegin=[border])["data"]
    assert (contact.external_id in {row["sid"] for row in rows}) is (window == "cetts")


def test_a_long_answer_is_cut_and_says_so(center: Cloud) -> None:
    """7.2: the first or the last of them."""
    first = center.records("csrs", numberOfRecords=3)
    last = center.records("csrs", numberOfRecords=3, lastNRecords=True)
    assert first["datasetMetadata"]["isComplete"] is False
    assert first["datasetMetadata"]["numberOfRecordsInDataset"] == 3
    assert first["data"] != last["data"]


def test_a_question_without_a_window_is_400(center: Cloud) -> None:
    """7.2."""
    assert center.legacy("/aws/api/csrs", params={"q": "{}"}).status_code == 400
    assert center.legacy("/aws/api/csrs").status_code == 400


def test_agent_activities_belong_to_sessions(cloud: Clouds) -> None:
    """7.2, 7.5: by ``callSessionId``; agents have a number, and a system id in rich rows."""
    center = cloud(data_rows="objects", legacy_rows="rich", consult_to_queue_every=0)
    contact = center.moved("consult")
    named = [{"columnName": "callSessionId", "values": [contact.external_id]}]
    given = [{"id": 0, "filterGroups": [{"operator": "AND", "valueFilters": named}]}]
    rows = center.records("aars", activityType="AAR", aggregations=given)["data"]
    assert len(rows) == len(contact.spells)
    users = center.legacy("/aws/api/security/users").json()["details"]["users"]
    by_id = {user["id"]: user for user in users}
    for row in rows:
        user = by_id[row["agentSystemId"]]
        assert user["attributes"]["dbId__l"] == row["agentId"]
    acts = center.records("cars", activityType="CAR", aggregations=given)["data"]
    assert "consulting" in {row["currentState"] for row in acts}
    logins = center.records("asrs", activityType="ASR")["data"]
    assert len(logins) == len(center.tenant.world.shifts)


SHEET_STATES = {
    "LoggedIn", "Idle", "Available", "Ringing", "Connected", "Wrapup", "NotResponding"
}  # fmt: skip
"""7.2."""


def list_activities(center: Cloud) -> list[Row]:
    """The agents' rows of the day."""
    return list(center.records("aars", activityType="AAR")["data"])


def test_agents_rows_are_as_plain_as_the_sheet_has_them(cloud: Clouds) -> None:
    """7.2: a number for an agent, no system id, no queue, and seven states."""
    center = cloud(data_rows="objects", legacy_rows="plain")
    rows = list_activities(center)
    assert {row["currentState"] for row in rows} <= SHEET_STATES
    assert not {"agentSystemId", "queueId", "queueName"} & set(rows[0])
    numbers = {user.number for user in center.tenant.directory.users.values()}
    assert {row["agentId"] for row in rows} <= numbers
    center.simulator.turn(legacy_rows="rich")
    assert {"Available", "Consulting"} <= {row["currentState"] for row in list_activities(center)}
    assert "queueName" in list_activities(center)[0]


def test_a_plain_row_lasts_as_long_as_the_agent_was_in_the_call(cloud: Clouds) -> None:
    """S002-143: 7.5: one ``Connected`` each, also of whom a colleague consults."""
    center = cloud(data_rows="objects")
    contact = center.moved("consult", "consult_transfer")
    mine = [
        row
        for row in list_activities(center)
        if row["callSessionId"] == contact.external_id and row["currentState"] == "Connected"
    ]
    wanted = {
        (leg.person.email, contact.ms(leg.answered_at), contact.ms(leg.ended_at))
        for leg in contact.call.legs
        if isinstance(leg.person, Agent) and leg.answered_at
    }
    assert {(row["agentlogin"], row["cstts"], row["cetts"]) for row in mine} == wanted
    assert len(mine) == len(wanted)
    acts = [r for r in center.records("cars")["data"] if r["callSessionId"] == contact.external_id]
    assert "consulting" in {row["currentState"] for row in acts}


def test_a_plain_row_belongs_to_the_window_of_its_start(cloud: Clouds) -> None:
    """7.2: whatever the agent did later in the same call begins no other row."""
    center = cloud(data_rows="objects")
    whole = list_activities(center)
    noon = (START + END) // 2
    first = center.records("aars", dateEnd=[noon])["data"]
    assert first + center.records("aars", dateBegin=[noon])["data"] == whole
    assert all(row["cstts"] < noon for row in first)


@pytest.mark.parametrize("position", ["honoured", "ignored", "400"])
def test_what_becomes_of_a_filter(cloud: Clouds, position: str) -> None:
    """7.2: unverified."""
    center = cloud(q_filter=position, data_rows="objects")
    named = [{"columnName": "sid__s", "values": [center.contact().external_id]}]
    given = [{"id": 0, "filterGroups": [{"operator": "AND", "valueFilters": named}]}]
    asked = {"q": write_question(aggregations=given)}
    answer = center.legacy("/aws/api/csrs", params=asked)
    if position == "400":
        assert answer.status_code == 400
        assert "Filters" in error_of(answer)
    else:
        everything = len(center.tenant.contacts)
        assert len(answer.json()["data"]) == (1 if position == "honoured" else everything)
    assert len(center.records("csrs")["data"]) == len(center.tenant.contacts)


@pytest.mark.parametrize("kind", ["csrs", "cars", "aars", "asrs"])
def test_clocks_of_generations_may_differ(cloud: Clouds, kind: str) -> None:
    """All stamps, windows and ids are those of one clock, which is 1500 ms ahead."""
    center = cloud(data_rows="objects")
    before = center.records(kind)["data"]
    center.simulator.turn(legacy_skew_ms=1500)
    after = center.records(kind)["data"]
    for name in ("cstts", "cetts"):
        assert [row[name] for row in after] == [row[name] + 1500 for row in before]
    alone = center.records(kind, dateBegin=[after[3]["cstts"]], dateEnd=[after[3]["cstts"] + 1])
    assert after[3] in alone["data"]
    if kind in ("cars", "aars"):
        assert all(str(row["cstts"]) in row["id"] for row in after)
    assert {row["createdTime"] for row in center.tasks("createdTime")} == {
        contact.created_ms for contact in center.tenant.contacts
    }


def test_records_as_csv(center: Cloud) -> None:
    """7.2: with ``Accept: text/csv``."""
    answer = center.legacy(
        "/aws/api/csrs", params={"q": write_question()}, headers={"Accept": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(center.tenant.contacts)


def test_configuration_objects(center: Cloud) -> None:
    """7.3: two envelopes; queues and entry points in one list."""
    teams = center.legacy("/aws/api/auxiliary-data/resources/team").json()["auxiliaryDataList"]
    assert {team["attributes"]["teamType__i"] for team in teams} == {1, 2}
    one = center.legacy(f"/aws/api/auxiliary-data/resources/team/{teams[0]['id']}").json()
    assert one["auxiliaryDataList"] == teams[:1]
    both = center.legacy("/aws/api/auxiliary-data/resources/virtual-team").json()
    assert {row["attributes"]["type__i"] for row in both["auxiliaryDataList"]} == {0, 1}
    user = center.legacy(
        "/aws/api/auxiliary-data/user-data/user", params={"login__s": "agent00@corp.example"}
    ).json()["auxiliaryDataList"]
    assert [row["attributes"]["lastName__s"] for row in user] == ["Quill"]


# --- recordings ------------------------------------------------------------------------------


def read_shape(body: bytes) -> tuple[int, float]:
    """Channels and seconds of a WAV."""
    with wave.open(io.BytesIO(body)) as file:
        return file.getnchannels(), file.getnframes() / file.getframerate()


def test_one_file_for_a_session_mono_or_stereo(center: Cloud) -> None:
    """S002: 7.4, 7.6: CMSv1 has one channel, CMSv2 two."""
    contact = center.contact(lambda c: c.line is not None and not c.line.pauses)
    assert contact.line is not None
    path = RECORDING + contact.external_id
    mono = center.legacy(path, "media")
    stereo = center.send("GET", path, "media", params={"orgId": center.tenant.org})
    assert mono.headers["content-type"] == "audio/wav"
    assert read_shape(mono.content) == (1, contact.line.seconds)
    assert read_shape(stereo.content) == (2, contact.line.seconds)


@pytest.mark.parametrize("status", [404, 204])
def test_a_recording_that_is_not_there_yet(cloud: Clouds, status: int) -> None:
    """7.4: unverified; a purged one is 410."""
    center = cloud(media_missing=status, purged_every=1)
    contact = center.contact()
    assert contact.audio_ms is not None
    assert center.legacy(RECORDING + contact.external_id, "media").status_code == 200
    center.clock.set(from_ms(contact.audio_ms - 1))
    assert center.legacy(RECORDING + contact.external_id, "media").status_code == status
    assert center.legacy(RECORDING + "0" * 32, "media").status_code == status
    center.clock.set(from_ms(contact.audio_ms) + timedelta(days=1))
    assert center.legacy(RECORDING + contact.external_id, "media").status_code == 410


@pytest.mark.parametrize("heeded", [True, False])
def test_a_part_of_a_recording(cloud: Clouds, heeded: bool) -> None:
    """7.4: unverified; who asks for the first bytes may be sent all of them."""
    center = cloud(media_range=heeded)
    path = RECORDING + center.contact().external_id
    whole = center.legacy(path, "media").content
    part = center.legacy(path, "media", headers={"Range": "bytes=0-3"})
    assert part.status_code == (206 if heeded else 200)
    assert part.content == (b"RIFF" if heeded else whole)
    assert ("accept-ranges" in part.headers) is heeded


@pytest.mark.parametrize(
    ("position", "there", "unknown"), [("405", 405, 405), ("200", 200, 200), ("404", 200, 404)]
)
def test_the_head_of_a_recording(cloud: Clouds, position: str, there: int, unknown: int) -> None:
    """7.4: unverified; 200 may mean nothing."""
    center = cloud(media_head=position)
    contact = center.contact()
    for sid, status in ((contact.external_id, there), ("0" * 32, unknown)):
        answer = center.legacy(RECORDING + sid, "media", method="HEAD")
        assert (answer.status_code, answer.content) == (status, b"")
    if position == "404":
        told = center.legacy(RECORDING + contact.external_id, "media", method="HEAD")
        whole = center.legacy(RECORDING + contact.external_id, "media").content
        assert int(told.headers["content-length"]) == len(whole)
    refused = center.legacy(RECORDING + "x", "media", method="HEAD", headers={"From": "x"})
    assert refused.status_code == (405 if position == "405" else 401)


def test_the_transitional_api_takes_a_bearer(center: Cloud) -> None:
    """7.6: the same documents with ``orgId``."""
    told = {"q": write_question(), "orgId": center.tenant.org}
    answer = center.send("GET", "/aws/api/csrs", "rest", params=told)
    assert answer.json()["data"] == center.records("csrs")["data"]
    foreign = center.send("GET", "/aws/api/csrs", "rest", params=told | {"orgId": "other"})
    assert foreign.status_code == 403


def test_objects_may_belong_to_another_tenant(cloud: Clouds) -> None:
    """9: a wrong tenant shows in ``tid``."""
    center = cloud(other_org=True, data_rows="objects")
    rows = center.records("csrs")["data"]
    assert (
        {row["tid"] for row in rows} == {center.tenant.legacy_tenant} != {center.tenant.tenant_id}
    )


def test_the_day_is_the_same_in_all_generations(cloud: Clouds) -> None:
    """One World: START to END has the same calls everywhere."""
    center = cloud(data_rows="objects")
    assert END - START == 86_400_000
    sids = {row["sid"] for row in center.records("csrs")["data"]}
    assert sids == {row["id"].replace("-", "") for row in center.tasks()}
