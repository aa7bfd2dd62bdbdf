"""What is done to recordings: recycle bin, purge, another owner, deletion (sheet 1.6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.plugins.webex_calling.simulator.cloud import Cloud, Clouds, Row

from catchment_webex_calling.simulator.recordings import Recording

WRITE = "spark-admin:recordings_write"
READ = "spark-admin:recordings_read"
ADA = "agent00@corp.example"
ZOE = "agent01@corp.example"


@pytest.fixture
def calm(cloud: Clouds) -> Cloud:
    """Nobody moves recordings by himself; an administrator who may write is at hand."""
    webex = cloud(binned_every=0, reassigned_every=0)
    webex.act_as("administrator", "", WRITE, READ)
    return webex


def post(webex: Cloud, act: str, **body: Any) -> httpx.Response:
    """One of the management calls."""
    return webex.send("POST", f"/convergedRecordings/{act}", json=body)


def ids(webex: Cloud, status: str) -> set[str]:
    """What the list of a status holds, as a compliance officer sees it."""
    kept = webex.bearer
    webex.act_as("compliance_officer")
    found = {row["id"] for row in webex.all(status=status)}
    webex.bearer = kept
    return found


def owned(webex: Cloud, email: str = ADA) -> list[Recording]:
    """Recordings of one user."""
    return [r for r in webex.tenant.recordings if r.owner.email == email]


def status_of(webex: Cloud, recording: Recording) -> str:
    """``status`` in details."""
    return str(webex.details(recording)["status"])


def test_the_way_through_the_recycle_bin(calm: Cloud) -> None:
    """1.6: softDelete, restore, softDelete, purge; each 204 without a body."""
    recording = calm.plain()
    steps = [
        ("softDelete", "trashAll", "deleted"),
        ("restore", "restoreAll", "available"),
        ("softDelete", "trashAll", "deleted"),
        ("purge", "purgeAll", "purged"),
    ]
    for act, every, status in steps:
        answer = post(calm, act, recordingIds=[recording.recording_id], **{every: False})
        assert (answer.status_code, answer.content) == (204, b"")
        assert status_of(calm, recording) == status
        for one in ("available", "deleted", "purged"):
            assert (recording.recording_id in ids(calm, one)) is (one == status)


@pytest.mark.parametrize(
    ("act", "every"),
    [("softDelete", "trashAll"), ("restore", "restoreAll"), ("purge", "purgeAll")],
)
def test_all_of_an_owner_at_once(calm: Cloud, act: str, every: str) -> None:
    """1.6: with ``ownerEmail`` and without ids."""
    mine = {r.recording_id for r in owned(calm)}
    assert mine
    if act != "softDelete":
        post(calm, "softDelete", trashAll=True, ownerEmail=ADA)
    assert post(calm, act, ownerEmail=ADA, **{every: True}).status_code == 204
    status = {"softDelete": "deleted", "restore": "available", "purge": "purged"}[act]
    found = ids(calm, status)
    assert mine <= found
    assert status == "available" or mine == found


ERRORS: list[tuple[str, str, dict[str, Any], int]] = [
    ("1.6 all with ids", "softDelete", {"trashAll": True, "recordingIds": ["x"]}, 400),
    ("1.6 all without owner", "purge", {"purgeAll": True}, 400),
    ("1.6 ids with owner", "restore", {"recordingIds": ["x"], "ownerEmail": ADA}, 400),
    ("1.6 no ids", "softDelete", {"trashAll": False}, 400),
    ("1.6 101 ids", "softDelete", {"recordingIds": ["x"] * 101}, 400),
    ("1.6 unknown id", "softDelete", {"recordingIds": ["x"]}, 404),
    ("1.6 unknown owner", "softDelete", {"trashAll": True, "ownerEmail": "x@corp.example"}, 404),
    ("1.6 reassign nothing", "reassign", {"reassignOwnerEmail": ADA}, 400),
    (
        "1.6 reassign 101 ids",
        "reassign",
        {"reassignOwnerEmail": ADA, "recordingIds": ["x"] * 101},
        400,
    ),
    (
        "1.6 reassign to a stranger",
        "reassign",
        {"ownerEmail": ADA, "reassignOwnerEmail": "guest00@mail.example"},
        404,
    ),
]


@pytest.mark.parametrize(
    ("act", "body", "status"), [pytest.param(a, b, s, id=n) for n, a, b, s in ERRORS]
)
def test_what_management_refuses(calm: Cloud, act: str, body: Row, status: int) -> None:
    """1.6: bodies that contradict themselves."""
    assert post(calm, act, **body).status_code == status


SCOPES = [
    ("1.1 softDelete", "POST", "/softDelete", READ),
    ("1.1 restore", "POST", "/restore", READ),
    ("1.1 purge", "POST", "/purge", READ),
    ("1.1 reassign", "POST", "/reassign", READ),
    ("1.1 delete", "DELETE", "/x", WRITE),
]


@pytest.mark.parametrize(
    ("method", "path", "scope"), [pytest.param(m, p, s, id=n) for n, m, p, s in SCOPES]
)
def test_management_wants_its_scope(calm: Cloud, method: str, path: str, scope: str) -> None:
    """1.1: 403 without it; deletion is for compliance officers."""
    calm.act_as("administrator", "", scope)
    assert calm.send(method, f"/convergedRecordings{path}", json={}).status_code == 403


def test_a_user_moves_only_his_own(calm: Cloud) -> None:
    """1.6: and must not name himself when he moves all."""
    calm.act_as("user", ADA)
    mine, other = owned(calm)[0], owned(calm, ZOE)[0]
    assert post(calm, "softDelete", recordingIds=[mine.recording_id]).status_code == 204
    assert post(calm, "softDelete", recordingIds=[other.recording_id]).status_code == 404
    assert post(calm, "softDelete", trashAll=True, ownerEmail=ADA).status_code == 400
    assert post(calm, "softDelete", trashAll=True).status_code == 204
    assert ids(calm, "deleted") == {r.recording_id for r in owned(calm)}


REASSIGN: list[tuple[str, dict[str, str]]] = [
    ("1.6 by address", {"ownerEmail": ADA}),
    ("1.6 by ownerID", {"ownerID": "id of ada"}),
    ("1.6 the address wins", {"ownerEmail": ADA, "ownerID": "id of zoe"}),
]


@pytest.mark.parametrize("source", [pytest.param(s, id=n) for n, s in REASSIGN])
def test_reassigning_all_of_an_owner(calm: Cloud, source: dict[str, str]) -> None:
    """1.6, quirk 10: ``ownerId`` and address change, nothing else does."""
    mine = owned(calm)
    known = {"id of ada": mine[0].owner.uuid, "id of zoe": owned(calm, ZOE)[0].owner.uuid}
    body = {name: known.get(value, value) for name, value in source.items()}
    before = calm.details(mine[0])
    assert post(calm, "reassign", reassignOwnerEmail=ZOE, **body).status_code == 204
    after = calm.details(mine[0])
    assert after.pop("ownerEmail") == ZOE
    assert {k: v for k, v in after.items() if v != before[k]}.keys() == {"ownerId"}
    assert not [row for row in calm.all() if row.get("ownerEmail") == ADA]
    assert calm.metadata(mine[0])["ownerName"] == owned(calm, ZOE)[0].owner.name


def test_reassigning_named_recordings_whoever_owns_them(calm: Cloud) -> None:
    """1.6: users, lines and workspaces; a queue's cannot be."""
    line = calm.recording(lambda r: r.owner.kind == "virtualLine")
    answer = post(calm, "reassign", reassignOwnerEmail=ZOE, recordingIds=[line.recording_id])
    assert answer.status_code == 204
    assert calm.details(line)["ownerType"] == "user"
    queues = calm.recording(lambda r: r.owner.kind == "callQueue")
    answer = post(calm, "reassign", reassignOwnerEmail=ZOE, recordingIds=[queues.recording_id])
    assert answer.status_code == 400


def test_deletion_is_for_good(calm: Cloud) -> None:
    """1.6: also for compliance, and the file goes with it."""
    recording = calm.plain()
    calm.act_as("compliance_officer")
    link = calm.links(recording)["audioDownloadLink"]
    officer = "spark-compliance:recordings_write"
    calm.act_as("compliance_officer", "", officer, "spark-compliance:recordings_read")
    path = f"/convergedRecordings/{recording.recording_id}"
    long = calm.send("DELETE", path, json={"reason": "audit", "comment": "x" * 256})
    assert long.status_code == 400
    answer = calm.send("DELETE", path, json={"reason": "audit", "comment": "x" * 255})
    assert answer.status_code == 204
    assert calm.get(path).status_code == 404
    assert calm.get(f"{path}/metadata").status_code == 404
    assert calm.http.get(link).status_code == 404


# --- what happens by itself ------------------------------------------------------------------


@pytest.mark.parametrize("every", [0, 1])
def test_owners_move_recordings_to_the_recycle_bin(cloud: Clouds, every: int) -> None:
    """Quirk 11: then the usual list hides them."""
    webex = cloud(binned_every=every, binned_after_s=600, purged_every=0)
    assert bool(webex.all()) is not bool(every)
    assert bool(webex.all(status="deleted")) is bool(every)
    if every:
        recording = webex.tenant.recordings[0]
        webex.clock.set(recording.listed_at + timedelta(seconds=599))
        assert status_of(webex, recording) == "available"
        webex.clock.advance(timedelta(seconds=1))
        assert status_of(webex, recording) == "deleted"


@pytest.mark.parametrize("every", [0, 1])
def test_what_is_in_the_bin_may_be_purged_a_day_later(cloud: Clouds, every: int) -> None:
    """1.2: ``purged`` is listed for compliance officers."""
    webex = cloud(binned_every=1, purged_every=every)
    webex.clock.advance(timedelta(days=2))
    assert bool(webex.all(status="purged")) is bool(every)
    assert bool(webex.all(status="deleted")) is not bool(every)


@pytest.mark.parametrize(("switch", "purged_every"), [("binned_links", 0), ("purged_links", 1)])
@pytest.mark.parametrize("on", [True, False])
def test_whether_links_survive_is_a_switch(
    cloud: Clouds, switch: str, purged_every: int, on: bool
) -> None:
    """Quirk 11, 1.6: and the truth follows it."""
    positions: dict[str, object] = {
        "binned_every": 1,
        "binned_after_s": 0,
        "purged_every": purged_every,
        "links_ready_delay_s": 1,
        switch: on,
    }
    webex = cloud(**positions)
    webex.clock.advance(timedelta(days=2))
    recording = webex.recording(lambda r: r.links_at > r.listed_at)
    assert bool(webex.links(recording)) is on
    known = {row.external_id for row in webex.simulator.truth(webex.clock.now())}
    if switch == "binned_links":
        assert (recording.recording_id in known) is on
    else:  # it could be had before it was purged
        assert recording.recording_id in known


@pytest.mark.parametrize("every", [0, 1])
def test_recordings_get_another_owner(cloud: Clouds, every: int) -> None:
    """Quirk 10: a day after they were listed; never those of queues."""
    webex = cloud(binned_every=0, reassigned_every=every, reassigned_after_s=3600)
    webex.clock.advance(timedelta(hours=4))
    now = webex.clock.now()
    states = [(r, webex.tenant.state(r, now)) for r in webex.tenant.recordings]
    changed = [r for r, state in states if state is not None and state.owner is not r.owner]
    assert bool(changed) is bool(every)
    assert all(r.owner.kind != "callQueue" for r in changed)
