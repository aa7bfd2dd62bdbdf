"""What webhooks tell of meetings and recordings (9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex_meetings.simulator.cloud import MIDNIGHT, Cloud, Clouds

from catchment_webex.simulator.webhooks import sign

URL = "https://hooks.example/webex"


class Target:
    """What stands at the other end."""

    def __init__(self) -> None:
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take one delivery."""
        self.got.append((headers, body))
        return 200

    def told(self, resource: str, event: str) -> list[dict[str, Any]]:
        """The envelopes of one sort."""
        read = [json.loads(body) for _, body in self.got]
        return [one for one in read if (one["resource"], one["event"]) == (resource, event)]


def run(webex: Cloud, target: Target) -> None:
    """Let the World's day go by with three webhooks of the organisation."""
    webex.clock.set(MIDNIGHT)
    sender = webex.simulator.webhooks(URL, "s3cret", target)
    webex.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()


def test_meetings_end_and_recordings_come(webex: Cloud) -> None:
    """9: for meetings ``data.id`` is the meeting, for recordings ``data.meetingId``."""
    target = Target()
    run(webex, target)
    ended = target.told("meetings", "ended")
    assert {one["data"]["id"] for one in ended} == set(webex.tenant.by_id)
    made = target.told("recordings", "created")
    assert {one["data"]["id"] for one in made} == set(webex.tenant.recordings_by_id)
    assert {one["data"]["meetingId"] for one in made} <= set(webex.tenant.by_id)
    spoken = [one for one in webex.tenant.instances if one.transcript]
    assert len(target.told("meetingTranscripts", "created")) == len(spoken)
    headers, body = target.got[0]
    assert headers["X-Spark-Signature"] == sign("s3cret", body)


def test_an_ended_meeting_is_told_in_the_shape_observed(webex: Cloud) -> None:
    """9: with a raw ``orgId``."""
    target = Target()
    run(webex, target)
    data = target.told("meetings", "ended")[0]["data"]
    assert set(data) == {
        "id", "meetingType", "state", "timezone", "start", "end", "hostUserId", "hostEmail",
        "siteUrl", "orgId",
    }  # fmt: skip
    assert (data["state"], data["orgId"]) == ("ended", webex.tenant.ids.org)


def test_no_event_holds_a_download_link(webex: Cloud) -> None:
    """9: never."""
    target = Target()
    run(webex, target)
    assert not any(b"ownload" in body for _, body in target.got)


@pytest.mark.parametrize("delay", [0, 600])
def test_an_event_may_precede_rest(cloud: Clouds, delay: int) -> None:
    """9.5 of the common sheet: a GET in between is 404."""
    webex, target = cloud(rest_delay_seconds=delay), Target()
    webex.clock.set(MIDNIGHT)
    sender = webex.simulator.webhooks(URL, "", target)
    one = webex.recording()
    webex.clock.set(one.created_at)
    webex.act_as("administrator")
    sender.pump()
    told = {each["data"]["id"] for each in target.told("recordings", "created")}
    assert one.recording_id in told
    answer = webex.get(f"/recordings/{one.recording_id}", hostEmail=one.host.email)
    assert answer.status_code == (404 if delay else 200)


def test_only_deletion_for_good_is_told(webex: Cloud) -> None:
    """4.6: nothing tells of the recycle bin."""
    target = Target()
    sender = webex.simulator.webhooks(URL, "", target)
    one = webex.recording()
    ids = {"recordingIds": [one.recording_id]}
    asked = {"hostEmail": one.host.email}
    webex.clock.set(webex.clock.now() + timedelta(seconds=1))
    webex.send("POST", "/recordings/softDelete", params=asked, json=ids)
    assert sender.pump() == 0
    webex.clock.set(webex.clock.now() + timedelta(seconds=1))
    webex.send("POST", "/recordings/purge", params=asked, json=ids)
    sender.pump()
    (told,) = target.told("recordings", "deleted")
    assert told["data"]["id"] == one.recording_id


@pytest.mark.parametrize(
    ("resource", "event", "key", "status"),
    [
        ("meetings", "ended", "hostEmail", 200),
        ("meetings", "ended", "meetingNumber", 200),
        ("recordings", "created", "siteUrl", 200),
        ("recordings", "ended", "siteUrl", 400),
        ("meetingTranscripts", "created", "hostUserId", 200),
        ("meetingParticipants", "left", "hostPersonId", 200),
        ("meetingParticipants", "left", "hostUserId", 400),
    ],
)
def test_resources_events_and_filters(
    webex: Cloud, resource: str, event: str, key: str, status: int
) -> None:
    """9: each resource has its events and its filters."""
    body = {
        "name": "a", "targetUrl": URL, "resource": resource, "event": event, "ownedBy": "org",
        "filter": f"{key}=x",
    }  # fmt: skip
    assert webex.send("POST", "/webhooks", json=body).status_code == status


@pytest.mark.parametrize(
    ("resource", "event", "status"),
    [
        ("recordings", "created", 200),
        ("meetingTranscripts", "created", 200),
        ("meetings", "ended", 403),
    ],
)
def test_what_an_officer_may_register(
    officer: Cloud, resource: str, event: str, status: int
) -> None:
    """9.2 of the common sheet: recordings and transcripts."""
    body = {"name": "a", "targetUrl": URL, "resource": resource, "event": event, "ownedBy": "org"}
    assert officer.send("POST", "/webhooks", json=body).status_code == status


def test_participants_come_and_go(webex: Cloud) -> None:
    """9: ``joined`` and ``left`` of one host's meetings."""
    target, one = Target(), webex.instance()
    webex.clock.set(MIDNIGHT)
    webex.act_as("administrator")
    sender = webex.simulator.webhooks(URL, "", target)
    for event in ("joined", "left"):
        body = {
            "name": "a", "targetUrl": URL, "resource": "meetingParticipants", "event": event,
            "ownedBy": "org", "filter": f"hostEmail={one.host.email}",
        }  # fmt: skip
        assert webex.send("POST", "/webhooks", json=body).status_code == 200
    webex.clock.set(MIDNIGHT + timedelta(days=1))
    sender.pump()
    stays = sum(len(o.meeting.attendances) for o in webex.tenant.instances if o.host is one.host)
    for event in ("joined", "left"):
        assert len(target.told("meetingParticipants", event)) == stays
