"""The list of converged recordings: parameters, windows, pages, levels (sheet 1.1 to 1.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_calling.simulator.cloud import (
    EVENING,
    MIDNIGHT,
    Cloud,
    Clouds,
    Row,
    next_of,
)

from catchment.sandbox import Faults, Lateness

PATH = "/admin/convergedRecordings"
OWN = "/convergedRecordings"


def ids(rows: list[Row]) -> list[str]:
    """Recording ids in order."""
    return [row["id"] for row in rows]


def test_newest_first_by_creation_and_ten_unless_told(webex: Cloud) -> None:
    """1.2, quirk 7: the default page has ten items."""
    answer = webex.get(PATH)
    assert len(answer.json()["items"]) == 10
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    times = [row["createTime"] for row in webex.all()]
    assert times == sorted(times, reverse=True)


def test_the_link_leads_through_all_pages_and_the_last_has_none(webex: Cloud) -> None:
    """1.2: absolute, to be followed verbatim."""
    answer, found = webex.get(PATH, max=7, serviceType="calling"), []
    while True:
        found += ids(answer.json()["items"])
        if not next_of(answer):
            break
        assert next_of(answer).startswith(webex.urls["api"])
        answer = webex.get(next_of(answer))
    assert "link" not in answer.headers
    assert found == ids(webex.all(serviceType="calling"))
    assert len(found) == len(set(found)) > 14


ERRORS: list[tuple[str, dict[str, Any]]] = [
    ("1.2 max below 1", {"max": 0}),
    ("1.2 max is no number", {"max": "ten"}),
    ("1.2 from after to", {"from": "2026-10-13", "to": "2026-10-12"}),
    ("1.2 beyond 30 days", {"from": "2026-09-01T00:00:00Z", "to": "2026-10-01T00:00:01Z"}),
    ("1.2 from is no time", {"from": "yesterday"}),
    ("1.2 status", {"status": "Available"}),
    ("1.2 serviceType", {"serviceType": "queue"}),
    ("1.2 format", {"format": "WAV"}),
    ("1.2 ownerType", {"ownerType": "VIRTUAL_LINE"}),
    ("1.2 storageRegion", {"storageRegion": "EU"}),
]


@pytest.mark.parametrize("params", [pytest.param(p, id=name) for name, p in ERRORS])
def test_what_the_list_refuses(webex: Cloud, params: dict[str, Any]) -> None:
    """1.1, 1.2: 400 in the common envelope."""
    answer = webex.get(PATH, **params)
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert set(body) == {"message", "errors", "trackingId"}
    assert body["errors"][0]["description"]
    assert body["trackingId"] == answer.headers["trackingid"]


@pytest.mark.parametrize(("position", "status"), [("clamp", 200), ("reject", 400)])
def test_more_than_a_hundred_at_once(cloud: Clouds, position: str, status: int) -> None:
    """1.2, common 5: a switch says whether it is refused."""
    assert cloud(max_above=position).get(PATH, max=101).status_code == status


WINDOWS: list[tuple[str, dict[str, str], int, int]] = [
    # what is left out, and the window that stands for it, in hours from now
    ("1.2 no bounds: the last 7 days", {}, -168, 0),
    ("1.2 only to", {"to": "2026-10-19T12:00:00Z"}, -7, 161),
    ("1.2 only from", {"from": "2026-10-05T12:00:00Z"}, -175, -7),
    ("1.2 30 days are allowed", {"from": "2026-09-13", "to": "2026-10-13"}, -715, 5),
]


@pytest.mark.parametrize(
    ("params", "first", "last"), [pytest.param(p, a, b, id=n) for n, p, a, b in WINDOWS]
)
def test_what_stands_for_bounds_that_are_left_out(
    webex: Cloud, params: dict[str, str], first: int, last: int
) -> None:
    """1.2: 7 days from the one that is given."""
    start, end = EVENING + timedelta(hours=first), EVENING + timedelta(hours=last)
    there = [r for r in webex.tenant.recordings if start <= r.created_at < end]
    assert there
    wanted = {r.recording_id for r in there}
    binned = set(ids(webex.all(**params, status="deleted")))
    assert set(ids(webex.all(**params))) | binned | purged(webex, params) == wanted


def purged(webex: Cloud, params: dict[str, str]) -> set[str]:
    """Ids of what was purged."""
    return set(ids(webex.all(**params, status="purged")))


@pytest.mark.parametrize("field", ["created", "recorded"])
def test_from_belongs_to_the_window_and_to_does_not(cloud: Clouds, field: str) -> None:
    """1.2: of ``createTime`` or ``timeRecorded``; which of them is unverified."""
    webex = cloud(list_window=field, binned_every=0)
    recording = webex.plain()
    at = recording.created_at if field == "created" else recording.recorded_at
    for offset, there in ((0, True), (1, False)):
        start = at + timedelta(seconds=offset)
        rows = webex.all(**{"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": "2026-10-13"})
        assert (recording.recording_id in ids(rows)) is there
    for offset, there in ((0, False), (1, True)):
        end = at + timedelta(seconds=offset)
        rows = webex.all(**{"from": "2026-10-11", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"})
        assert (recording.recording_id in ids(rows)) is there


def test_offsets_are_allowed(webex: Cloud) -> None:
    """1.2: ISO 8601 with any offset means the same."""
    utc = webex.all(**{"from": "2026-10-12T10:00:00Z", "to": "2026-10-12T15:00:00Z"})
    east = webex.all(**{"from": "2026-10-12T12:00:00+02:00", "to": "2026-10-12T17:00:00+02:00"})
    assert utc == east != []


FILTERS: list[tuple[str, str, str]] = [
    ("1.2", "serviceType", "calling"),
    ("1.2", "serviceType", "customerAssist"),
    ("1.2", "ownerType", "user"),
    ("1.2", "ownerType", "place"),
    ("1.2", "ownerType", "virtualLine"),
    ("1.2", "ownerType", "callQueue"),
    ("1.2", "storageRegion", "DE"),
    ("1.2", "storageRegion", "US"),
    ("1.2", "format", "MP3"),
    ("1.2", "ownerEmail", "agent00@corp.example"),
]


@pytest.mark.parametrize(
    ("name", "value"), [pytest.param(n, v, id=f"{s} {n}={v}") for s, n, v in FILTERS]
)
def test_a_filter_keeps_what_has_its_value(webex: Cloud, name: str, value: str) -> None:
    """1.2: and nothing of it is lost."""
    every = webex.all()
    wanted = ids([row for row in every if row.get(name) == value])
    assert ids(webex.all(**{name: value})) == wanted != []


def test_location_and_owner_are_filters_by_bare_uuid(webex: Cloud) -> None:
    """1.2, 0: ``locationId`` and ``ownerId``."""
    every = webex.all()
    place, owner = every[0]["serviceData"]["locationId"], every[0]["ownerId"]
    at_place = [row for row in every if row["serviceData"]["locationId"] == place]
    assert webex.all(locationId=place) == at_place
    assert webex.all(ownerId=owner) == [row for row in every if row["ownerId"] == owner]


def test_leaving_out_the_service_type_lists_queues_too(webex: Cloud) -> None:
    """Quirk 9: filtering on ``calling`` misses what queues own."""
    kinds = {(row["ownerType"], row["serviceType"]) for row in webex.all()}
    assert ("callQueue", "customerAssist") in kinds
    assert {kind for kind, service in kinds if service == "calling"} == {
        "user",
        "place",
        "virtualLine",
    }
    only = {row["ownerType"] for row in webex.all(serviceType="customerAssist")}
    assert only == {"callQueue"}


@pytest.mark.parametrize(("position", "some"), [("substring", True), ("exact", False)])
def test_the_topic_is_compared_in_any_case(cloud: Clouds, position: str, some: bool) -> None:
    """1.2: as a part or as a whole is unverified."""
    webex = cloud(topic_match=position)
    topic = webex.all()[0]["topic"]
    assert webex.all(topic=topic.upper())
    assert bool(webex.all(topic=topic[5:-4].lower())) is some


def test_the_time_zone_is_a_header_and_ignored_as_a_parameter(webex: Cloud) -> None:
    """1.2: two SDKs send it as a query parameter."""
    plain = webex.all()[0]
    told = webex.send("GET", PATH, headers={"timezone": "Europe/Berlin"}).json()["items"][0]
    assert told["createTime"].endswith("+02:00")
    assert told["createTime"] != plain["createTime"]
    assert webex.all(timezone="Europe/Berlin")[0] == plain


@pytest.mark.parametrize("position", ["absent", "null", "empty"])
def test_who_has_no_address(cloud: Clouds, position: str) -> None:
    """1.3: ``ownerEmail`` of workspaces, lines and queues is unverified."""
    for row in cloud(owner_email=position).all():
        if row["ownerType"] == "user":
            assert "@" in row["ownerEmail"]
        else:
            assert row.get("ownerEmail", "absent") == {"null": None, "empty": ""}.get(
                position, "absent"
            )


@pytest.mark.parametrize(("position", "kinds"), [("mixed", 3), ("users", 1)])
def test_who_owns_lines_is_a_switch(cloud: Clouds, position: str, kinds: int) -> None:
    """1.2: users, workspaces, virtual lines."""
    rows = cloud(owners=position).all(serviceType="calling")
    assert len({row["ownerType"] for row in rows}) == kinds


@pytest.mark.parametrize(("position", "some"), [("queue", True), ("agent", False)])
def test_queues_may_own_recordings(cloud: Clouds, position: str, some: bool) -> None:
    """1.2: of Customer Assist queues."""
    rows = cloud(queue_recordings=position).all()
    assert any(row["serviceType"] == "customerAssist" for row in rows) is some


@pytest.mark.parametrize("form", ["dashed", "bare"])
def test_ids_with_and_without_dashes(cloud: Clouds, form: str) -> None:
    """0: some of Cisco's examples show the same 32 hex digits without dashes."""
    webex = cloud(recording_ids=form, session_ids=form)
    row = webex.all()[0]
    session = row["serviceData"]["callSessionId"]
    assert {len(row["id"]), len(session)} == {36 if form == "dashed" else 32}
    assert webex.details(row["id"])["id"] == row["id"]
    truth = {r.external_id: r.keys for r in webex.simulator.truth(webex.clock.now())}
    assert truth[row["id"]] == (f"session:{session.replace('-', '')}",)


LEVELS: list[tuple[str, str, str, int]] = [
    ("1.1 own list", OWN, "spark:recordings_read", 200),
    ("1.1 own list for admins", OWN, "spark-admin:recordings_read", 403),
    ("1.1 own list for officers", OWN, "spark-compliance:recordings_read", 403),
    ("1.1 whole list for users", PATH, "spark:recordings_read", 403),
    ("1.1 whole list without scopes", PATH, "spark:people_read", 403),
]


@pytest.mark.parametrize(
    ("path", "scope", "status"), [pytest.param(p, s, c, id=n) for n, p, s, c in LEVELS]
)
def test_each_list_wants_its_scope(webex: Cloud, path: str, scope: str, status: int) -> None:
    """1.1: a token of the wrong kind is refused."""
    webex.act_as("user", "agent00@corp.example", scope)
    assert webex.get(path).status_code == status


@pytest.mark.parametrize("profile", ["administrator", "compliance_officer"])
def test_both_profiles_list_the_organisation(cloud: Clouds, profile: str) -> None:
    """1.1: admin or compliance scope; ``purged`` is for compliance officers (1.2)."""
    webex = cloud(profile=profile)
    assert webex.all()
    status = webex.get(PATH, status="purged").status_code
    assert status == (200 if profile == "compliance_officer" else 403)


def test_a_user_lists_only_what_is_his(webex: Cloud) -> None:
    """1.1: and the owner's filters of the other list are ignored."""
    every = [row for row in webex.all() if row.get("ownerEmail") == "agent00@corp.example"]
    webex.act_as("user", "agent00@corp.example")
    told = webex.get(OWN, max=100, ownerEmail="agent01@corp.example").json()["items"]
    assert ids(told) == ids(every) != []
    long = {"from": "2026-08-01", "to": "2026-10-13", "max": 100}
    assert ids(webex.get(OWN, **long).json()["items"]) == ids(every)


def test_a_recording_appears_minutes_after_its_call(webex: Cloud) -> None:
    """1.3: 3 to 13 minutes; the topic's suffix is ``createTime``."""
    for recording in webex.tenant.recordings:
        wait = recording.created_at - recording.call.ended_at
        assert timedelta(minutes=3) <= wait <= timedelta(minutes=13)
        assert recording.topic.endswith(f"-{recording.created_at:%Y%m%d %H%M}")
    recording = webex.plain()
    for offset, there in ((-1, False), (0, True)):
        webex.clock.set(recording.listed_at + timedelta(seconds=offset))
        window = {"from": "2026-10-12", "to": "2026-10-13"}
        assert (recording.recording_id in ids(webex.all(**window))) is there


def test_the_delay_can_be_fixed(cloud: Clouds) -> None:
    """5: ``recording_delay_s``."""
    webex = cloud(recording_delay_s=200)
    waits = {r.created_at - r.call.ended_at for r in webex.tenant.recordings}
    assert waits == {timedelta(seconds=200)}


def test_a_late_recording_keeps_its_creation_time(cloud: Clouds) -> None:
    """Quirk 3: so it comes up in a window that was asked before."""
    late = Lateness(share=1.0, least=timedelta(hours=2), longest=timedelta(hours=2))
    webex = cloud(Faults(seed=3, late=late))
    recording = webex.plain()
    assert recording.listed_at - recording.created_at == timedelta(hours=2)
    webex.clock.set(recording.created_at + timedelta(minutes=119))
    window = {"from": f"{MIDNIGHT:%Y-%m-%d}", "to": f"{recording.created_at:%Y-%m-%dT%H:%M:59Z}"}
    assert recording.recording_id not in ids(webex.all(**window))
    webex.clock.set(recording.listed_at)
    assert recording.recording_id in ids(webex.all(**window))
