"""The recycle bin and what follows (4.1, 4.6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, Cloud, Clouds

from catchment_webex_meetings.simulator.records import Recording


def states(webex: Cloud, one: Recording) -> set[str]:
    """Under which status the admin list tells a recording."""
    asked = ["available", "deleted"]
    if webex.tenant.switches.profile == "compliance_officer":
        asked.append("purged")
    return {
        state
        for state in asked
        if any(row["id"] == one.recording_id for row in webex.listed(status=state))
    }


def move(webex: Cloud, what: str, body: dict[str, Any], one: Recording) -> int:
    """One of the calls on the recycle bin, as an administrator for the host."""
    asked = {"hostEmail": one.host.email}
    return webex.send("POST", f"/recordings/{what}", params=asked, json=body).status_code


def test_into_the_bin_and_out_again_and_to_the_end(webex: Cloud) -> None:
    """4.6: available, deleted, available, deleted, purged; each call is 204 without a body."""
    one = webex.recording()
    ids = {"recordingIds": [one.recording_id], "siteUrl": one.site}
    seen = []
    for what in ("softDelete", "restore", "softDelete", "purge"):
        assert move(webex, what, ids, one) == 204
        seen.append(states(webex, one))
    assert seen == [{"deleted"}, {"available"}, {"deleted"}, set()]
    answer = webex.get(f"/recordings/{one.recording_id}", hostEmail=one.host.email)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"recordingIds": []}, 400),
        ({"recordingIds": ["0" * 32] * 101}, 400),
        ({"recordingIds": ["0" * 32]}, 404),
        ({"restoreAll": True, "recordingIds": ["0" * 32]}, 400),
        ({"restoreAll": True}, 204),
    ],
    ids=["none", "many", "unknown", "both", "all"],
)
def test_ids_are_one_to_a_hundred_or_all(webex: Cloud, body: dict[str, Any], status: int) -> None:
    """4.1, 10: ids must be empty if all are meant."""
    assert move(webex, "restore", body, webex.recording()) == status


def test_one_call_is_for_one_site(webex: Cloud) -> None:
    """10: the batch is all on one site."""
    host = next(
        r.host
        for r in webex.tenant.recordings
        if len({o.site for o in webex.tenant.recordings if o.host is r.host}) > 1
    )
    own = [r for r in webex.tenant.recordings if r.host is host]
    body = {"recordingIds": [r.recording_id for r in own]}
    assert move(webex, "softDelete", body, own[0]) == 400
    one = {"recordingIds": [own[0].recording_id], "siteUrl": "other.webex.com"}
    assert move(webex, "softDelete", one, own[0]) == 400


@pytest.mark.parametrize(
    ("path", "host"), [("/recordings/{}", True), ("/admin/recordings/{}", False)]
)
def test_delete_jumps_to_the_end(webex: Cloud, path: str, host: bool) -> None:
    """4.1, 4.6: 204, and gone for everybody but a compliance officer."""
    one = webex.recording()
    asked = {"hostEmail": one.host.email} if host else {}
    assert webex.send("DELETE", path.format(one.recording_id), params=asked).status_code == 204
    assert states(webex, one) == set()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"reason": "audit", "comment": "x" * 256}, 400),
        ({"reason": "audit", "comment": "x" * 255}, 204),
    ],
    ids=["none", "long", "good"],
)
def test_an_officer_gives_a_reason(officer: Cloud, body: dict[str, str], status: int) -> None:
    """4.1: ``comment`` has at most 255 characters."""
    one = officer.recording()
    answer = officer.send("DELETE", f"/recordings/{one.recording_id}", json=body)
    assert answer.status_code == status
    assert states(officer, one) == ({"purged"} if status == 204 else {"available"})


def test_purged_ones_are_for_officers_alone(webex: Cloud, officer: Cloud) -> None:
    """4.2: on the user list with ``meetingId`` only."""
    assert webex.get("/admin/recordings", status="purged", **DAY).status_code == 403
    assert officer.get("/recordings", status="purged", **DAY).status_code == 403
    one = officer.recording()
    asked = {"meetingId": officer.details(one)["meetingId"], "status": "purged"} | DAY
    assert officer.items("/recordings", **asked) == []


@pytest.mark.parametrize(
    ("profile", "linked"), [("administrator", False), ("compliance_officer", True)]
)
def test_recordings_go_into_the_bin_by_themselves(
    cloud: Clouds, profile: str, linked: bool
) -> None:
    """4.4, 4.6: their hosts delete them; a compliance officer still gets the links."""
    webex = cloud(profile=profile, deleted_every=1, deleted_after_minutes=60, purged_after_days=1)
    one = webex.recording()
    seen = []
    for minutes in (59, 60, 60 + 24 * 60):
        webex.clock.set(one.created_at + timedelta(minutes=minutes))
        webex.act_as(profile)
        seen.append(states(webex, one))
    gone = {"purged"} if profile == "compliance_officer" else set()
    assert seen == [{"available"}, {"deleted"}, gone]
    webex.clock.set(one.created_at + timedelta(minutes=60))
    webex.act_as(profile)
    details = webex.details(one)
    assert details["status"] == "deleted"
    assert ("temporaryDirectDownloadLinks" in details) is linked


def test_the_meeting_still_says_that_it_was_recorded(webex: Cloud) -> None:
    """2: ``hasRecording`` stays true after the recording was deleted."""
    one = webex.instance(lambda o: len(o.recordings) == 1)
    recording = one.recordings[0]
    webex.send("DELETE", f"/admin/recordings/{recording.recording_id}")
    assert webex.get(f"/meetings/{one.instance_id}").json()["hasRecording"] is True


def test_a_capture_token_may_not_delete(cloud: Clouds) -> None:
    """3.5 of the common sheet: what is granted for capture reads only."""
    webex = cloud()
    grant = webex.tenant.grant("administrator")
    webex.bearer = webex.tenant.tokens.mint(grant).value
    one = webex.recording()
    path = f"/admin/recordings/{one.recording_id}"
    assert webex.send("DELETE", path).status_code == 403


def test_a_link_to_what_is_purged_is_dead(webex: Cloud) -> None:
    """4.6: gone is gone, also for whoever holds a link."""
    one = webex.recording()
    url = webex.link(one)
    webex.send("DELETE", f"/admin/recordings/{one.recording_id}")
    assert webex.http.get(url).headers["content-type"].startswith("text/html")
