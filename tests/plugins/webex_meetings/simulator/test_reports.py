"""Reports and the stream of events (2, 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, MIDNIGHT, Cloud, Clouds

from catchment_webex.simulator.times import write_time

SITE = {"siteUrl": "corp.webex.com"}
USAGE, ATTENDEES = "/meetingReports/usage", "/meetingReports/attendees"
ACCESS = "/recordingReport/accessSummary"


def test_usage_names_the_number_of_each_instance(webex: Cloud) -> None:
    """8, 1: the only place where an ended instance has one; newest start first."""
    rows = webex.items(USAGE, **DAY, **SITE)
    numbers = {one.instance_id: one.number for one in webex.tenant.instances}
    assert {row["meetingId"]: row["meetingNumber"] for row in rows} == {
        one.instance_id: numbers[one.instance_id]
        for one in webex.tenant.instances
        if one.site == SITE["siteUrl"]
    }
    starts = [row["start"] for row in rows]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize(("position", "refused"), [("strict", 400), ("lenient", 200)])
@pytest.mark.parametrize(
    ("path", "longest", "oldest"), [(USAGE, 30, 90), (ATTENDEES, 30, 90), (ACCESS, 90, 365)]
)
def test_windows_are_short_and_recent(
    cloud: Clouds, path: str, longest: int, oldest: int, position: str, refused: int
) -> None:
    """2 D, 2 F, 10: 30 and 90 days; 90 and 365 for the access report."""
    webex = cloud(window_limit=position)
    now, asked = webex.clock.now(), dict(SITE)
    if path == ATTENDEES:
        asked["meetingId"] = webex.instance().instance_id
    seen = []
    for start, days in (
        (longest, longest),
        (longest + 1, longest + 1),
        (oldest, 1),
        (oldest + 1, 1),
    ):
        begin = now - timedelta(days=start)
        window = {"from": write_time(begin), "to": write_time(begin + timedelta(days=days))}
        seen.append(webex.get(path, **asked, **window).status_code)
    assert seen == [200, refused, 200, refused]


@pytest.mark.parametrize("path", [USAGE, ATTENDEES])
def test_the_site_is_required(webex: Cloud, path: str) -> None:
    """8: and one of ours."""
    asked = {"meetingId": webex.instance().instance_id} | DAY
    assert webex.get(path, **asked).status_code == 400
    assert webex.get(path, **asked, siteUrl="other.webex.com").status_code == 403


@pytest.mark.parametrize("count", [0, 1, 2])
def test_attendees_of_one_meeting(webex: Cloud, count: int) -> None:
    """8: exactly one of id, number, title."""
    one = webex.instance()
    names = {"meetingNumber": one.number, "meetingId": one.instance_id}
    asked = dict(list(names.items())[:count])
    answer = webex.get(ATTENDEES, siteUrl=one.site, **DAY, **asked)
    assert answer.status_code == (200 if count == 1 else 400)


@pytest.mark.parametrize("service", ["MeetingCenter", "EventCenter"])
def test_usage_is_of_one_service(cloud: Clouds, service: str) -> None:
    """8: ``MeetingCenter`` unless told."""
    webex = cloud(webinar_service="EventCenter")
    rows = [
        row
        for site in webex.tenant.account.sites
        for row in webex.items(USAGE, siteUrl=site, serviceType=service, **DAY)
    ]
    assert {row["scheduledType"] for row in rows} == {
        "meeting" if service == "MeetingCenter" else "webinar"
    }


def test_the_access_report_names_every_recording_of_a_site(webex: Cloud) -> None:
    """2 D: with ``hostEmail=all``; otherwise of one host, or one's own."""
    rows = webex.items(ACCESS, hostEmail="all", **DAY, **SITE)
    on_site = [r for r in webex.tenant.recordings if r.site == SITE["siteUrl"]]
    assert {row["recordingId"] for row in rows} == {r.recording_id for r in on_site}
    host = on_site[0].host
    rows = webex.items(ACCESS, hostEmail=host.email, **DAY, **SITE)
    assert {row["hostEmail"] for row in rows} == {host.email}
    assert webex.items(ACCESS, **DAY, **SITE) == []
    assert webex.get(ACCESS, hostEmail="nobody@corp.example", **SITE).status_code == 404


def test_reports_of_a_site_want_its_administrator(webex: Cloud, officer: Cloud) -> None:
    """3.5 of the common sheet: 403 for others."""
    assert officer.get(USAGE, **SITE).status_code == 403
    webex.act_as("user", "agent01@corp.example")
    assert webex.get(USAGE, **SITE).status_code == 403


def test_events_are_the_ended_meetings(officer: Cloud, webex: Cloud) -> None:
    """2 E; 10 of the common sheet: for compliance officers; ``to`` is not in the future."""
    rows = officer.items("/events", resource="meetings", type="ended", **DAY)
    assert {row["data"]["meetingId"] for row in rows} == set(officer.tenant.by_id)
    recorded = {r["data"]["meetingId"] for r in rows if r["data"]["recordingEnabled"] == "yes"}
    assert recorded == {o.instance_id for o in officer.tenant.instances if o.recordings}
    assert officer.items("/events", resource="messages", **DAY) == []
    late = {"from": write_time(MIDNIGHT), "to": write_time(MIDNIGHT + timedelta(days=3))}
    assert officer.get("/events", **late).status_code == 400
    assert officer.get("/events", max=1000, **DAY).status_code == 200
    assert webex.get("/events", **DAY).status_code == 403
