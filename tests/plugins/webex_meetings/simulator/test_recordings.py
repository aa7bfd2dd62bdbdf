"""Recordings: who lists which, in which window, with which filters (2, 4.2, 4.5)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, MIDNIGHT, Cloud, Clouds

from catchment.sandbox import Faults, Lateness
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.records import Recording


def ids(rows: list[dict[str, Any]]) -> set[str]:
    """Ids of some rows."""
    return {str(row["id"]) for row in rows}


def test_the_admin_list_is_of_the_preferred_site_unless_told(webex: Cloud) -> None:
    """2 A, 11.6: a secondary site is forgotten without ``siteUrl``."""
    usual = ids(webex.items("/admin/recordings", **DAY))
    first, second = (
        ids(webex.items("/admin/recordings", siteUrl=site, **DAY))
        for site in webex.tenant.account.sites
    )
    assert usual == first
    assert second
    assert first | second == {r.recording_id for r in webex.tenant.recordings}
    assert webex.get("/admin/recordings", siteUrl="other.webex.com").status_code == 403


def test_the_user_list_is_of_all_sites(webex: Cloud) -> None:
    """4.2: own recordings and those shared; ``siteUrl`` narrows it."""
    shared = webex.recording(lambda r: r.shared_with)
    user = webex.tenant.account.find(next(iter(shared.shared_with)))
    assert user is not None
    webex.act_as("user", user.email)
    rows = webex.items("/recordings", **DAY)
    wanted = {
        r.recording_id: r.host is not user
        for r in webex.tenant.recordings
        if r.host is user or user.uuid in r.shared_with
    }
    assert {row["id"]: row["shareToMe"] for row in rows} == wanted
    assert wanted[shared.recording_id] is True
    mine = webex.items("/recordings", siteUrl=shared.site, **DAY)
    assert {row["siteUrl"] for row in mine} == {shared.site}


def test_an_administrator_names_the_host_and_an_officer_does_not(
    webex: Cloud, officer: Cloud
) -> None:
    """4.1: without ``hostEmail`` an administrator has nothing of his own."""
    host = webex.recording().host
    assert webex.items("/recordings", **DAY) == []
    hosted = webex.items("/recordings", hostEmail=host.email, **DAY)
    assert {r.recording_id for r in webex.tenant.recordings if r.host is host} <= ids(hosted)
    everything = officer.items("/recordings", **DAY)
    assert len(everything) == len(officer.tenant.recordings)
    assert not any("shareToMe" in row for row in everything)


@pytest.mark.parametrize(("position", "status"), [("reject", 403), ("ignore", 200)])
def test_a_host_named_by_an_officer(cloud: Clouds, position: str, status: int) -> None:
    """3.6 of the common sheet, 11.8: it must be omitted; the resulting code is not known."""
    webex = cloud(profile="compliance_officer", compliance_host_email=position)
    asked = {"hostEmail": "agent01@corp.example"} | DAY
    assert webex.get("/recordings", **asked).status_code == status


@pytest.mark.parametrize(
    ("profile", "path"),
    [
        ("user", "/admin/recordings"),
        ("administrator", "/group/recordings"),
        ("group_admin", "/admin/recordings"),
    ],
)
def test_each_list_wants_its_level(webex: Cloud, profile: str, path: str) -> None:
    """3.5 of the common sheet: 403."""
    webex.act_as(profile, "agent01@corp.example" if profile == "user" else "")
    assert webex.get(path, **DAY).status_code == 403


@pytest.mark.parametrize("sort", ["header", "personId", "raw"])
def test_the_group_list_is_of_one_person(webex: Cloud, sort: str) -> None:
    """4.1, 4.2: header ``hostEmail``, or ``personId`` in either form; nothing shared."""
    host = webex.recording().host
    webex.act_as("group_admin")
    asked: dict[str, Any] = {"params": DAY | {"max": 100}}
    if sort == "header":
        asked["headers"] = {"hostEmail": host.email}
    else:
        asked["params"]["personId"] = host.person_id if sort == "personId" else host.uuid
    rows = webex.send("GET", "/group/recordings", **asked).json()["items"]
    own = {r.recording_id for r in webex.tenant.recordings if r.host is host}
    assert ids(rows) == own
    assert webex.get("/group/recordings", **DAY).status_code == 400
    one = webex.get(f"/group/recordings/{next(iter(own))}", personId=host.uuid).json()
    assert "temporaryDirectDownloadLinks" in one


@pytest.mark.parametrize(("position", "status"), [("all", 200), ("preferred", 403)])
def test_an_administrator_must_administer_the_site(
    cloud: Clouds, position: str, status: int
) -> None:
    """11.14: otherwise he cannot act for its users; the code is presumably 403."""
    webex = cloud(administered=position)
    second = webex.tenant.account.sites[1]
    one = webex.recording(lambda r: r.host.sites[0] == second)
    for path, asked in (
        ("/admin/recordings", {"siteUrl": second}),
        ("/recordings", {"hostEmail": one.host.email}),
        ("/meetingReports/usage", {"siteUrl": second}),
    ):
        assert webex.get(path, **asked).status_code == status
    assert webex.get("/admin/recordings").status_code == 200


# --- windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, True),
        ({"from": "2026-10-12"}, True),
        ({"to": "2026-10-13"}, True),
        ({"from": "2026-10-01"}, False),
        ({"to": "2026-10-25"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/admin/recordings", "/recordings"])
def test_without_a_window_it_is_seven_days(
    officer: Cloud, path: str, asked: dict[str, str], there: bool
) -> None:
    """4.2, 10: a silent gap for whoever forgets it (11.7)."""
    assert bool(officer.items(path, **asked)) is there


@pytest.mark.parametrize(("position", "status"), [("strict", 400), ("lenient", 200)])
@pytest.mark.parametrize(("path", "days"), [("/admin/recordings", 30), ("/group/recordings", 30)])
def test_thirty_days_are_the_most(
    cloud: Clouds, path: str, days: int, position: str, status: int
) -> None:
    """4.2, 10, 11.7: more is an error."""
    webex = cloud(window_limit=position)
    if path.startswith("/group"):
        webex.act_as("group_admin")
    end = MIDNIGHT + timedelta(days=1)
    for more, wanted in ((0, 200), (1, status)):
        start = end - timedelta(days=days, seconds=more)
        asked = {"from": write_time(start), "to": write_time(end)}
        if path.startswith("/group"):
            asked["personId"] = webex.recording().host.uuid
        assert webex.get(path, **asked).status_code == wanted


def test_the_user_list_has_no_longest_window(officer: Cloud) -> None:
    """4.2: no maximum is documented."""
    asked = {"from": "2020-01-01", "to": "2027-01-01"}
    assert len(officer.items("/recordings", **asked)) == len(officer.tenant.recordings)


@pytest.mark.parametrize("path", ["/admin/recordings", "/recordings"])
def test_from_after_to_is_malformed(officer: Cloud, path: str) -> None:
    """4.1 of the common sheet."""
    assert officer.get(path, **{"from": DAY["to"], "to": DAY["from"]}).status_code == 400


@pytest.mark.parametrize("position", ["createTime", "timeRecorded"])
def test_what_the_window_is_compared_with(cloud: Clouds, position: str) -> None:
    """4.2, 14: not stated; ``from`` belongs to the window and ``to`` does not."""
    webex = cloud(recordings_by=position)
    one = webex.recording()
    at = one.created_at if position == "createTime" else one.recorded_at
    second = timedelta(seconds=1)
    for start, end, there in (
        (at, at + second, True), (at - second, at, False), (at + second, at + 2 * second, False)
    ):  # fmt: skip
        asked = {"from": write_time(start), "to": write_time(end)}
        assert (one.recording_id in ids(webex.listed(**asked))) is there


def test_a_meeting_overrides_site_and_window_of_the_admin_list(webex: Cloud) -> None:
    """4.2: ``siteUrl``, ``from`` and ``to`` are ignored; any kind of meeting id will do."""
    one = webex.instance(lambda o: len(o.recordings) > 1 and o.scheduled_id)
    wanted = {r.recording_id for r in one.recordings}
    asked = {"siteUrl": "other.webex.com", "from": "2026-01-01", "to": "2026-12-01"}
    found = webex.items("/admin/recordings", meetingId=one.instance_id, **asked)
    assert ids(found) == wanted
    for name in (one.series_id, one.scheduled_id):
        assert wanted <= ids(webex.items("/admin/recordings", meetingId=name))


@pytest.mark.parametrize(("position", "count"), [("kept", 0), ("lifted", 1)])
def test_a_meeting_may_lift_the_week_of_the_user_list(
    cloud: Clouds, position: str, count: int
) -> None:
    """4.2, 14: not stated, so ``from`` and ``to`` are to be sent too."""
    webex = cloud(profile="compliance_officer", meeting_id_window=position)
    one = webex.instance(lambda o: len(o.recordings) == 1)
    webex.clock.set(MIDNIGHT + timedelta(days=30))
    webex.act_as("compliance_officer")
    asked = {"meetingId": one.instance_id}
    assert len(webex.items("/recordings", **asked)) == count
    assert len(webex.items("/recordings", **asked, **DAY)) == 1


# --- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [{"format": "mp4"}, {"format": "UCF"}, {"serviceType": "meeting"}, {"status": "Available"}],
    ids=str,
)
def test_enumerations_are_case_sensitive(webex: Cloud, asked: dict[str, str]) -> None:
    """4.2 of the common sheet: 400."""
    assert webex.get("/admin/recordings", **DAY, **asked).status_code == 400


@pytest.mark.parametrize(("position", "found"), [("substring", True), ("equal", False)])
def test_topics_are_compared_without_case(cloud: Clouds, position: str, found: bool) -> None:
    """4.2, 14: as substring or as a whole."""
    webex = cloud(topic_filter=position)
    one = webex.recording(lambda r: r.topic.isascii())
    assert one.recording_id in ids(webex.listed(topic=one.topic.upper()))
    assert (one.recording_id in ids(webex.listed(topic=one.topic[1:-1]))) is found


def test_a_format_filter_hides_the_old_one(cloud: Clouds) -> None:
    """11.15: ARF on old sites."""
    webex = cloud(arf_every=2)
    films, old = ids(webex.listed(format="MP4")), ids(webex.listed(format="ARF"))
    assert films
    assert old
    assert films | old == ids(webex.listed())


def test_an_unknown_tag_finds_nothing(webex: Cloud) -> None:
    """4.2: tags are those of the same client."""
    assert webex.listed(integrationTag="ours") == []


def test_post_twins_take_the_filters_in_the_body(webex: Cloud) -> None:
    """4.1: ``POST /recordings/query`` and ``POST /admin/recordings/query``."""
    host = webex.recording().host
    body = DAY | {"max": 100}
    answer = webex.send("POST", "/admin/recordings/query", json=body)
    assert answer.json()["items"] == webex.items("/admin/recordings", **DAY)
    answer = webex.send("POST", "/recordings/query", json=body | {"hostEmail": host.email})
    assert answer.json()["items"] == webex.items("/recordings", hostEmail=host.email, **DAY)


# --- order, parts, lateness -------------------------------------------------------------------


def test_newest_files_stand_first(webex: Cloud) -> None:
    """4.2: descending by ``createTime``."""
    times = [row["createTime"] for row in webex.items("/admin/recordings", **DAY)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(("position", "distinct"), [("equal", 1), ("own", 2)])
def test_parts_are_published_together(cloud: Clouds, position: str, distinct: int) -> None:
    """4.5: several recordings of one ``meetingId``, most often with one ``createTime``."""
    webex = cloud(part_times=position)
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in webex.listed():
        parts[row["meetingId"]].append(row)
    several = [rows for rows in parts.values() if len(rows) > 1]
    assert several
    for rows in several:
        rows.sort(key=lambda row: row["timeRecorded"])
        assert len({row["createTime"] for row in rows}) == distinct
        assert [row["topic"][-2:] for row in rows] == ["-1", "-2"]


def test_a_pause_does_not_split(webex: Cloud) -> None:
    """4.5: the duration is without it."""
    one = webex.instance(lambda o: any(part.pauses for part in o.meeting.recorded))
    (row,) = webex.items("/admin/recordings", meetingId=one.instance_id)
    window = one.meeting.recorded[0].window
    assert row["durationSeconds"] < window.length.total_seconds()


def test_a_recording_is_listed_when_its_file_exists(cloud: Clouds) -> None:
    """4.1, 4.5: no "processing"; ``hasRecording`` is true before that."""
    webex = cloud(processing_minutes=40)
    one = webex.instance(lambda o: o.recordings)
    webex.clock.set(one.visible_at)
    webex.act_as("administrator")
    assert webex.get(f"/meetings/{one.instance_id}").json()["hasRecording"] is True
    assert webex.items("/admin/recordings", meetingId=one.instance_id) == []
    recording = one.recordings[0]
    assert webex.get(f"/recordings/{recording.recording_id}").status_code == 404
    webex.clock.set(recording.created_at)
    assert len(webex.items("/admin/recordings", meetingId=one.instance_id)) >= 1


LATE = Lateness(share=0.5, least=timedelta(minutes=30), longest=timedelta(hours=20))


@pytest.mark.parametrize("position", ["created", "listed"])
def test_late_recordings_are_late_in_one_way_or_another(cloud: Clouds, position: str) -> None:
    """4.3: with a late ``createTime``, or with an early one and a late listing."""
    webex = cloud(Faults(seed=2, late=LATE), late_shows=position)

    def waits(one: Recording) -> timedelta:
        assert one.meeting is not None
        return one.listed_at - one.meeting.ended_at

    late = [r for r in webex.tenant.recordings if waits(r) > timedelta(minutes=30)]
    assert 0 < len(late) < len(webex.tenant.recordings)
    for one in late:
        assert (one.created_at == one.listed_at) is (position == "created")
    webex.clock.set(late[0].listed_at - timedelta(seconds=1))
    webex.act_as("administrator")
    assert late[0].recording_id not in ids(webex.listed())
    webex.clock.set(late[0].listed_at)
    wide = {"to": "2026-10-20T00:00:00Z"}
    assert late[0].recording_id in ids(webex.listed(**wide))


def test_rest_may_lag_behind_the_webhook(cloud: Clouds) -> None:
    """9.5 of the common sheet: up to ten minutes."""
    webex = cloud(rest_delay_seconds=600)
    one = webex.recording()
    assert one.listed_at - one.created_at == timedelta(minutes=10)


def test_uploaded_files_have_no_meeting(cloud: Clouds) -> None:
    """4.3: ``UPLOADED``; clients guard for it."""
    webex = cloud(uploaded_every=2)
    rows = [row for row in webex.listed() if row["format"] == "UPLOADED"]
    assert rows
    assert not any({"meetingId", "meetingSeriesId"} & set(row) for row in rows)


def test_pages_follow_each_other(webex: Cloud) -> None:
    """4.2, 11.4: ten at a time unless told, and every one of them."""
    answer = webex.get("/admin/recordings", **DAY)
    assert len(answer.json()["items"]) == 10
    assert f"from={DAY['from'].replace(':', '%3A')}" in answer.links["next"]["url"]
    rows = webex.items("/admin/recordings", max=10, **DAY)
    assert len(rows) == len(ids(rows)) > 20


def test_times_are_told_in_the_zone_asked_for(webex: Cloud) -> None:
    """4.2: the ``timezone`` header."""
    zone = {"timezone": "Europe/Prague"}
    row = webex.send("GET", "/admin/recordings", params=DAY, headers=zone).json()["items"][0]
    assert row["createTime"].endswith("+02:00")
