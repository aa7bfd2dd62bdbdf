"""``/search``: windows, pages, filters, refusals (sheet 2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.plugins.webex_cc.simulator.cloud import (
    END,
    MIDNIGHT,
    NODE,
    ONE,
    START,
    TASKS,
    Cloud,
    Clouds,
    error_of,
)

from catchment.sandbox import World
from catchment_webex_cc.simulator.api_search import find_oldest
from catchment_webex_cc.simulator.contacts import from_ms, to_ms

RECOMMENDED = """query($f:Long!,$t:Long!,$c:String){
  taskDetails(from:$f,to:$t,timeComparator:endedTime,
    filter:{and:[{channelType:{equals:telephony}},{isActive:{equals:false}},
      {captureRequested:{equals:true}}]}, pagination:{cursor:$c}){
    tasks{ id status direction origin destination createdTime endedTime totalDuration
      lastActivityTime captureRequested recordingCount isRecordingDeleted
      lastAgent{id name signInId} lastQueue{id name} lastTeam{id name} lastEntryPoint{id name} }
    pageInfo{hasNextPage endCursor} } }"""


def test_the_recommended_query_gives_every_recorded_call(center: Cloud) -> None:
    """S002: 2.9: the query and the shape of its answer."""
    told = center.data(RECOMMENDED)["taskDetails"]
    wanted = {c.task_id for c in center.tenant.contacts if c.requested}
    assert {row["id"] for row in told["tasks"]} == wanted
    assert told["pageInfo"] == {"hasNextPage": False, "endCursor": None}
    row = told["tasks"][0]
    contact = center.tenant.find(row["id"])
    assert (row["status"], row["createdTime"]) == ("ended", contact.created_ms)
    assert row["totalDuration"] == row["endedTime"] - row["createdTime"]
    assert row["lastAgent"]["signInId"].endswith("@corp.example")


def test_rows_come_newest_first_in_pages_of_250(cloud: Clouds) -> None:
    """2.3, 2.4: the cursor of the next page is passed on unchanged, the last one is null."""
    many = World(seed=3, start=MIDNIGHT, meetings=0, calls=0, chains=300)
    center = cloud(world=many)
    first = center.data(TASKS % ("", "id createdTime"), c="NA")["taskDetails"]
    assert (len(first["tasks"]), first["pageInfo"]) == (
        250,
        {"hasNextPage": True, "endCursor": "1"},
    )
    rows = center.tasks("id createdTime")
    assert len({row["id"] for row in rows}) == len(rows) == 300
    assert [r["createdTime"] for r in rows] == sorted(
        (r["createdTime"] for r in rows), reverse=True
    )
    told = center.tasks("id createdTime(sort: asc)")
    assert [row["id"] for row in told] == [row["id"] for row in rows][::-1]


@pytest.mark.parametrize("says", ["end", "413"])
def test_paging_reaches_so_many_records(cloud: Clouds, says: str) -> None:
    """2.3: 100 000 of them; what comes then is unverified."""
    center = cloud(records_cap=30, records_cap_says=says)
    first = center.data(TASKS % ("", "id"), c="NA")["taskDetails"]
    assert len(first["tasks"]) == 30
    assert first["pageInfo"]["hasNextPage"] is (says == "413")
    if says == "413":
        again = center.ask(TASKS % ("", "id"), c=first["pageInfo"]["endCursor"])
        assert again.status_code == 413


def test_seconds_are_a_window_in_1970(center: Cloud) -> None:
    """0: 200 and nothing, never an error."""
    told = center.data(TASKS % ("", "id"), f=START // 1000, t=END // 1000, c="NA")
    assert told["taskDetails"]["tasks"] == []


def test_stamps_may_be_strings(center: Cloud) -> None:
    """2.1."""
    assert center.tasks(f=str(START), t=str(END)) == center.tasks()


def test_created_and_ended_time_are_different_windows(center: Cloud) -> None:
    """0: a call that lasts over the border is in one of them alone."""
    contact = center.contact()
    border = (contact.created_ms + contact.ended_ms) // 2
    found = [
        contact.task_id in {row["id"] for row in center.tasks(given=given, f=border)}
        for given in ("", "timeComparator: endedTime")
    ]
    assert found == [False, True]


def test_a_running_call_is_active_and_not_in_windows_by_end(cloud: Clouds) -> None:
    """0, 2.2: ``endedTime`` is -1."""
    center = cloud()
    contact = center.contact(lambda c: center.tenant.is_listed(c, c.created_ms))
    center.clock.set(from_ms(contact.ended_ms - 1))
    rows = {row["id"]: row for row in center.tasks("id endedTime isActive")}
    assert rows[contact.task_id] == {"id": contact.task_id, "endedTime": -1, "isActive": True}
    late = {row["id"] for row in center.tasks(given="timeComparator: endedTime")}
    assert contact.task_id not in late
    center.simulator.turn(active_rows=False)
    assert contact.task_id not in {row["id"] for row in center.tasks()}


def test_a_row_is_visible_after_its_delay(cloud: Clouds) -> None:
    """9, 10: up to two hours after the last wrap-up."""
    center = cloud(visible_after_s=3000, active_rows=False)
    contact = center.contact()
    assert contact.visible_ms == contact.finished_ms + 3_000_000
    for moment, there in ((contact.visible_ms - 1, False), (contact.visible_ms, True)):
        center.clock.set(from_ms(moment))
        assert (contact.task_id in {row["id"] for row in center.tasks()}) is there
    center.simulator.turn(visible_after_s=0)
    delays = [c.visible_ms - c.finished_ms for c in center.tenant.contacts]
    assert 0 <= min(delays) < 60_000
    assert 3_600_000 < max(delays) <= 7_200_000


def test_a_future_end_is_now(center: Cloud) -> None:
    """2.3: without a word."""
    assert center.tasks(t=END + 86_400_000 * 30) == center.tasks()


@pytest.mark.parametrize(
    ("back", "length", "fields", "status"),
    [
        (1097, 1, "id", 400),
        (1090, 1, "id", 200),
        (400, 366, "id", 400),
        (400, 364, "id", 200),
        (40, 31, "id activities { totalCount }", 400),
        (40, 29, "id activities { totalCount }", 200),
    ],
)
def test_windows_have_an_age_and_a_length(
    center: Cloud, back: int, length: int, fields: str, status: int
) -> None:
    """2.3: 36 months, 365 days, and 30 days with activities."""
    start = END - back * 86_400_000
    answer = center.ask(TASKS % ("", fields), f=start, t=start + length * 86_400_000, c="NA")
    assert answer.status_code == status


def test_36_months_are_those_of_the_calendar(center: Cloud) -> None:
    """2.3: whether there was a leap day among them or not."""
    center.clock.set(datetime(2027, 10, 13, 12, tzinfo=UTC))
    oldest = to_ms(datetime(2024, 10, 13, 12, tzinfo=UTC))
    for start, status in ((oldest, 200), (oldest - 1, 400)):
        answer = center.ask(TASKS % ("", "id"), f=start, t=start + 1000, c="NA")
        assert answer.status_code == status
    leap_day = to_ms(datetime(2028, 2, 29, tzinfo=UTC))
    assert find_oldest(leap_day) == to_ms(datetime(2025, 2, 28, tzinfo=UTC))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{taskDetails(from:1,to:2){tasks{nope}}}", "FieldUndefined"),
        ("{taskDetails(from:1){tasks{id}}}", "Missing field argument"),
        ("{taskDetails(from:1,to:2){tasks{id}", "Invalid Syntax"),
        ("{__schema{types{name}}}", "Introspection"),
        ("{taskDetails(from:1,to:2,filter:{nope:{equals:1}}){tasks{id}}}", "nope"),
        ("{taskDetails(from:1,to:2,filter:{createdTime:{gt:1}}){tasks{id}}}", "createdTime"),
        ('{taskDetails(from:1,to:2,filter:{autoCsat:{equals:"1"}}){tasks{id}}}', "autoCsat"),
        (
            '{taskDetails(from:1,to:2,extFilter:{activities:{nodes:{bnrMode:{equals:"x"}}}})'
            "{tasks{id}}}",
            "bnrMode",
        ),
        ('{taskDetails(from:1,to:2,pagination:{cursor:"x"}){tasks{id}}}', "cursor"),
        (
            '{taskDetails(from:1,to:2,aggregations:[{field:"id",type:avg,name:"a"}]){tasks{id}}}',
            "avg",
        ),
    ],
)
def test_what_is_not_valid_is_400(center: Cloud, query: str, words: str) -> None:
    """2.1, 2.5: in the error envelope, worded as graphql-java words it."""
    answer = center.ask(query)
    assert answer.status_code == 400
    assert words in error_of(answer)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ('{status: {equals: "ended"}}', lambda row: True),
        ('{direction: {notequals: "inbound"}}', lambda row: row["direction"] != "inbound"),
        ("{totalDuration: {gte: 20000}}", lambda row: row["totalDuration"] >= 20000),
        ("{totalDuration: {lt: 20000}}", lambda row: row["totalDuration"] < 20000),
        ('{origin: {contains: "46000"}}', lambda row: "46000" in row["origin"]),
        ('{origin: {match: ".*[13]$"}}', lambda row: row["origin"][-1] in "13"),
        (
            '{or: [{direction: {equals: "outdial"}}, {csatScore: {equals: 5}}]}',
            lambda row: row["direction"] == "outdial" or row["csatScore"] == 5,
        ),
        ("{owner: {notequals: {id: null}}}", lambda row: row["owner"]["id"] is not None),
        ('{lastQueue: {name: {equals: "Orders"}}}', lambda r: r["lastQueue"]["name"] == "Orders"),
        (
            '{stringGlobalVariables: {name: {equals: "CaseNumber"}, value: {contains: "ß"}}}',
            lambda row: "ß" in (row["v"]["value"] or ""),
        ),
    ],
)
def test_filters(center: Cloud, condition: str, fits: object) -> None:
    """2.5: operators, compounds, nested objects, global variables."""
    fields = """id status direction totalDuration origin csatScore owner {id} lastQueue {name}
      v: stringGlobalVariables(name: "CaseNumber") {name value}"""
    assert callable(fits)
    wanted = [row for row in center.tasks(fields) if fits(row)]
    assert wanted
    assert center.tasks(fields, f"filter: {condition}") == wanted


def test_a_variable_that_was_not_set_is_an_object_of_nulls(center: Cloud) -> None:
    """2.5: and those that were have names, umlauts and emoji included."""
    fields = 'v: stringGlobalVariables(name: "CaseNumber") {name value}'
    told = [row["v"] for row in center.tasks(fields)]
    assert {"name": None, "value": None} in told
    values = "".join(one["value"] or "" for one in told)
    assert "📞" in values
    assert "ß" in values


def test_an_ext_filter_gives_only_the_matching_nodes(center: Cloud) -> None:
    """2.5."""
    given = 'extFilter: {activities: {nodes: {eventName: {equals: "paused"}}}}'
    rows = center.tasks("id activities { totalCount nodes { eventName } }", given)
    paused = {c.task_id for c in center.tenant.contacts if any(a.event == "paused" for a in c.acts)}
    assert {row["id"] for row in rows} == paused != set()
    told = {node["eventName"] for row in rows for node in row["activities"]["nodes"]}
    assert told == {"paused"}


def test_an_ext_filter_looks_at_so_many_records(cloud: Clouds) -> None:
    """2.3: 413, if the first page cannot be filled from them."""
    center = cloud(ext_scan=20)
    given = 'extFilter: {activities: {nodes: {eventName: {equals: "paused"}}}}'
    answer = center.ask(TASKS % (given, "id"), c="NA")
    assert answer.status_code == 413
    start = center.tenant.contacts[-10].created_ms
    assert center.ask(TASKS % (given, "id"), c="NA", f=start).status_code == 200


def test_activities_come_25_at_a_time_newest_first(center: Cloud) -> None:
    """0, 2.4: it is the beginning of a long call that is cut off."""
    contact = center.contact(lambda c: len(c.acts) > 40)
    query = ONE.replace("first: 100, ", "") % NODE
    seen, after = [], None
    while True:
        told = center.data(query, id=contact.task_id, after=after)["taskDetails"]["tasks"][0]
        nodes, page = told["activities"]["nodes"], told["activities"]["pageInfo"]
        assert told["activities"]["totalCount"] == len(contact.acts) + 1
        seen += nodes
        if not page["hasNextPage"]:
            break
        assert len(nodes) == 25
        after = page["endCursor"]
    assert [node["id"] for node in seen] == [node["id"] for node in center.nodes(contact)[::-1]]
    assert seen[0]["eventName"] == "recording-available"
    assert seen[-1]["eventName"] == "new"


def test_no_more_than_100_activities_at_once(center: Cloud) -> None:
    """2.4."""
    answer = center.ask(ONE.replace("first: 100", "first: 101") % NODE, id=center.contact().task_id)
    assert answer.status_code == 400


def test_aggregations_group_by_the_selected_fields(center: Cloud) -> None:
    """2.5: floats, in any order; a group whose key is null is real."""
    given = """aggregations: [{field: "id", type: count, name: "n"},
      {field: "totalDuration", type: max, name: "most"},
      {field: "totalDuration", type: average, name: "avg"},
      {field: "totalDuration", type: sum, name: "sum"},
      {field: "totalDuration", type: min, name: "least"}]"""
    rows = center.tasks("lastAgent { name } aggregation { name value }", given)
    plain = center.tasks("totalDuration lastAgent { name }")
    groups: dict[str | None, list[int]] = {}
    for row in plain:
        groups.setdefault(row["lastAgent"]["name"], []).append(row["totalDuration"])
    assert None in groups
    told = {
        row["lastAgent"]["name"]: {one["name"]: one["value"] for one in row["aggregation"]}
        for row in rows
    }
    assert told == {
        name: {
            "n": float(len(values)),
            "most": max(values),
            "least": min(values),
            "sum": sum(values),
            "avg": sum(values) / len(values),
        }
        for name, values in groups.items()
    }


def test_aggregations_by_interval_leave_empty_ones_out(center: Cloud) -> None:
    """2.5: in the wanted zone, and only as short as the window allows."""
    given = """aggregations: [{field: "id", type: count, name: "n"}]
      aggregationInterval: {interval: %s, timezone: "Europe/Berlin"}"""
    rows = center.tasks("intervalStartTime aggregation { name value }", given % "FIFTEEN_MINUTES")
    assert sum(row["aggregation"][0]["value"] for row in rows) == len(center.tasks())
    assert all(row["intervalStartTime"] % 900_000 == 0 for row in rows)
    assert all(row["aggregation"][0]["value"] > 0 for row in rows)
    days = center.tasks("intervalStartTime", given % "DAILY")
    assert [row["intervalStartTime"] for row in days] == [START - 7_200_000]
    long = TASKS % (given % "FIFTEEN_MINUTES", "intervalStartTime")
    assert center.ask(long, f=END - 2 * 86_400_000, c="NA").status_code == 400


def test_the_older_root_has_no_activities(center: Cloud) -> None:
    """2.2: ``task`` is for sessions alone."""
    query = "query($f:Long!,$t:Long!){task(from:$f,to:$t){tasks{id %s}}}"
    told = center.data(query % "")["task"]["tasks"]
    assert len(told) == len(center.tenant.contacts)
    assert center.ask(query % "activities{totalCount}").status_code == 400


def test_agent_sessions_are_found_by_login(center: Cloud) -> None:
    """2.2, 2.6: one for each shift, ascending by id; durations are milliseconds."""
    query = """query($f:Long!,$t:Long!){agentSession(from:$f,to:$t){agentSessions{agentSessionId
      startTime endTime channelInfo{channelType totalDuration activities(first:100){totalCount
      nodes{id state startTime endTime}}}} pageInfo{hasNextPage endCursor}}}"""
    told = center.data(query)["agentSession"]["agentSessions"]
    assert len(told) == len(center.tenant.world.shifts)
    ids = [row["agentSessionId"] for row in told]
    assert ids == sorted(ids)
    for row in told:
        channel = row["channelInfo"][0]
        assert channel["totalDuration"] == row["endTime"] - row["startTime"]
        assert channel["activities"]["nodes"][0]["state"] == "logged-out"


def test_legs_are_there_for_tenants_that_have_them(cloud: Clouds) -> None:
    """2.2: one row for each agent with the customer; empty when not enabled."""
    query = """query($f:Long!,$t:Long!){taskLegDetails(from:$f,to:$t){taskLegs{id taskId
      owner{name} queue{name}} pageInfo{hasNextPage endCursor}}}"""
    center = cloud()
    told = center.data(query)["taskLegDetails"]["taskLegs"]
    contact = center.moved("blind_transfer")
    assert len([row for row in told if row["taskId"] == contact.task_id]) == 2
    center.simulator.turn(leg_details=False)
    assert center.data(query)["taskLegDetails"]["taskLegs"] == []


def test_capture_requested_is_null_until_it_is_known(cloud: Clouds) -> None:
    """4.1: a filter for true does not find it before."""
    center = cloud(requested_null=True, visible_after_s=10, recording_after_s=1000)
    contact = center.contact()
    assert contact.audio_ms is not None
    given = "filter: {captureRequested: {equals: true}}"
    for moment, told in ((contact.audio_ms - 1, None), (contact.audio_ms, True)):
        center.clock.set(from_ms(moment))
        rows = {row["id"]: row["captureRequested"] for row in center.tasks("id captureRequested")}
        assert rows[contact.task_id] is told
        found = {row["id"] for row in center.tasks("id", given)}
        assert (contact.task_id in found) is bool(told)


def test_ids_of_before_a_migration_have_20_characters(cloud: Clouds) -> None:
    """0: beside UUIDs."""
    center = cloud(ids="short")
    lengths = {len(row["id"]) for row in center.tasks()}
    assert lengths == {20, 36}
    agents = {row["lastAgent"]["id"] for row in center.tasks("lastAgent {id}")} - {None}
    assert {len(one) for one in agents} == {20}


def test_a_day_of_rest_is_empty(center: Cloud) -> None:
    """200 and an empty list."""
    center.clock.advance(timedelta(days=3))
    day = 86_400_000
    assert center.tasks(f=END + day, t=END + 2 * day) == []
