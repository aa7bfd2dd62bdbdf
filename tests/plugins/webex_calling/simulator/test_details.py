"""Details, links and metadata of one recording (sheet 1.4, 1.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.plugins.webex_calling.simulator.cloud import Cloud, Clouds, Row, moves_of

from catchment_webex_calling.simulator.recordings import Recording

WITHOUT = "temporaryDirectDownloadLinks"


def queue_owned(recording: Recording) -> bool:
    """Whether a queue owns it."""
    return recording.owner.kind == "callQueue"


@pytest.mark.parametrize("path", ["", "/metadata"])
def test_unknown_and_unlisted_recordings_are_404(webex: Cloud, path: str) -> None:
    """1.1: in the common envelope."""
    recording = webex.plain()
    webex.clock.set(recording.listed_at - timedelta(seconds=1))
    for one in (recording.recording_id, "d41f6a0e-2b7c-4c1f-8e55-90ab12cd34ef"):
        answer = webex.get(f"/convergedRecordings/{one}{path}")
        assert answer.status_code == 404
        assert set(answer.json()) == {"message", "errors", "trackingId"}


def test_an_unknown_method_is_405(webex: Cloud) -> None:
    """1.1: among the documented errors."""
    assert webex.send("PUT", "/convergedRecordings/x").status_code == 405


def test_without_a_token_everything_is_401(webex: Cloud) -> None:
    """1.1."""
    for path in ("/admin/convergedRecordings", "/convergedRecordings/x"):
        assert webex.send("GET", path, headers={"authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    ("profile", "linked"), [("compliance_officer", True), ("administrator", False)]
)
def test_links_are_for_compliance_officers(cloud: Clouds, profile: str, linked: bool) -> None:
    """1.4, quirk 1: an administrator's token lists but does not download."""
    webex = cloud(profile=profile)
    assert (WITHOUT in webex.details(webex.plain())) is linked
    assert bool(list(webex.simulator.truth(webex.clock.now()))) is linked


def test_the_owner_gets_links_and_nobody_elses_recording(webex: Cloud) -> None:
    """1.4: the owner's token will do; 404 for others."""
    mine = webex.recording(lambda r: r.owner.email == "agent00@corp.example" and not r.fate)
    other = webex.recording(lambda r: r.owner.email == "agent01@corp.example" and not r.fate)
    webex.act_as("user", "agent00@corp.example")
    assert WITHOUT in webex.details(mine)
    assert webex.get(f"/convergedRecordings/{other.recording_id}").status_code == 404


def test_links_live_three_hours_from_the_details_call(webex: Cloud) -> None:
    """1.4: and each call mints new ones."""
    recording = webex.plain()
    first, second = webex.links(recording), webex.links(recording)
    told = datetime.fromisoformat(first["expiration"])
    assert told - webex.clock.now() == timedelta(hours=3)
    assert first["audioDownloadLink"] != second["audioDownloadLink"]
    query = parse_qs(urlsplit(first["audioDownloadLink"]).query)
    assert query["type"] == ["calling"]
    assert query["orgId"] == [webex.tenant.ids.org]
    assert query["recordUUID"] == [recording.recording_id]
    assert set(query) == {"type", "orgId", "recordUUID", "ticket", "timestamp"}


def test_links_come_later_than_the_recording(cloud: Clouds) -> None:
    """1.4: after the ``created`` webhook they may not exist yet."""
    webex = cloud(links_ready_delay_s=200)
    recording = webex.recording(lambda r: r.links_at > r.listed_at and not r.fate)
    webex.clock.set(recording.links_at - timedelta(seconds=1))
    assert WITHOUT not in webex.details(recording)
    webex.clock.set(recording.links_at)
    assert set(webex.links(recording)) == {"audioDownloadLink", "expiration"}
    at_once = cloud(links_ready_delay_s=0)
    assert all(r.links_at == r.listed_at for r in at_once.tenant.recordings)


def test_the_transcript_comes_late(webex: Cloud) -> None:
    """Quirk 3: minutes later, and for some hours later."""
    waits = {
        r: r.transcript_at - r.listed_at
        for r in webex.tenant.recordings
        if r.transcript_at is not None and not r.fate
    }
    recording = next(r for r, wait in waits.items() if wait > timedelta(minutes=1))
    at = recording.transcript_at
    assert at is not None
    for moment, there in ((at - timedelta(seconds=1), False), (at, True)):
        webex.clock.set(moment)
        assert ("transcriptDownloadLink" in webex.links(recording)) is there
    assert any(wait > timedelta(hours=3) for wait in waits.values())
    assert any(wait < timedelta(hours=1) for wait in waits.values())


@pytest.mark.parametrize("every", [0, 1])
def test_transcripts_hours_late_are_a_switch(cloud: Clouds, every: int) -> None:
    """5, 9: how many are."""
    webex = cloud(transcript_late_every=every, transcript_delay_s=60)
    waits = [r.transcript_at - r.links_at for r in webex.tenant.recordings if r.transcript_at]
    assert waits
    assert all((wait >= timedelta(hours=3)) is bool(every) for wait in waits)


@pytest.mark.parametrize("on", [True, False])
def test_transcripts_are_a_switch(cloud: Clouds, on: bool) -> None:
    """1.4: keys of what does not exist are missing."""
    webex = cloud(transcripts=on)
    told = [webex.links(r) for r in webex.tenant.recordings]
    assert any("transcriptDownloadLink" in links for links in told) is on
    kinds = {row.kind for row in webex.simulator.truth(webex.clock.now())}
    assert kinds == ({"audio", "transcript"} if on else {"audio"})


@pytest.mark.parametrize("every", [0, 1])
def test_downloading_may_be_disabled(cloud: Clouds, every: int) -> None:
    """1.4: then there are no links, and nothing in the truth."""
    webex = cloud(download_disabled_every=every)
    recording = webex.recording(lambda r: not r.fate)
    assert (WITHOUT in webex.details(recording)) is not bool(every)
    assert bool(list(webex.simulator.truth(webex.clock.now()))) is not bool(every)


@pytest.mark.parametrize("on", [True, False])
def test_ai_notes_are_a_switch(cloud: Clouds, on: bool) -> None:
    """1.4: notes and action items."""
    webex = cloud(ai_notes=on)
    recording = webex.recording(
        lambda r: r.transcript_at is not None and r.transcript_at <= webex.clock.now()
    )
    assert ("actionItemsDownloadLink" in webex.links(recording)) is on


# --- metadata --------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["true", "false", None])
def test_what_show_all_types_adds(webex: Cloud, told: str | None) -> None:
    """1.5: streams, participants and redirections are hidden without it."""
    recording = webex.recording(lambda r: r.half.redirected_by is not None)
    params = {"showAllTypes": told} if told else {}
    path = f"/convergedRecordings/{recording.recording_id}/metadata"
    entries = webex.get(path, **params).json()["serviceData"]["callActivity"]
    keys = {key for entry in entries for key in entry}
    hidden = {"mediaStreams", "participants", "redirectInfo", "redirectedCall"}
    assert keys & hidden == (hidden if told == "true" else set())
    assert {"timeStamp", "announcementData"} <= keys


def test_show_all_types_is_a_boolean(webex: Cloud) -> None:
    """1.5, common 4.2: lower-case ``true`` or ``false``."""
    path = f"/convergedRecordings/{webex.plain().recording_id}/metadata"
    assert webex.get(path, showAllTypes="TRUE").status_code == 400


@pytest.mark.parametrize(("delay", "status"), [(300, 204), (0, 200)])
def test_metadata_may_be_204_at_first(cloud: Clouds, delay: int, status: int) -> None:
    """1.1: 204 is listed."""
    webex = cloud(metadata_delay_s=delay)
    recording = webex.plain()
    path = f"/convergedRecordings/{recording.recording_id}/metadata"
    webex.clock.set(recording.listed_at)
    answer = webex.get(path)
    assert (answer.status_code, bool(answer.content)) == (status, status == 200)
    webex.clock.advance(timedelta(seconds=300))
    assert webex.get(path).status_code == 200


def actors(row: Row) -> set[str]:
    """Ids of everybody of the organisation whom a party names."""
    told = row["serviceData"]
    names = ("callingParty", "calledParty", "answererInfo", "connectedParty")
    return {told[name]["actor"]["id"] for name in names if "actor" in told[name]}


def test_a_queues_recording_names_queue_and_agent(webex: Cloud) -> None:
    """1.5: the owner is the queue by its name, ``managedBy`` is the agent."""
    recording = webex.recording(
        lambda r: queue_owned(r) and r.half.owner.kind == "user" and not r.fate
    )
    told = webex.metadata(recording)
    assert (told["ownerType"], told["ownerName"]) == ("CALL_QUEUE", recording.owner.name)
    agent = told["serviceData"]["managedBy"]
    assert agent["name"] == recording.half.owner.name
    assert agent["actor"]["email"] == recording.half.owner.email
    assert agent["actor"]["id"] == recording.half.owner.uuid
    line = webex.metadata(webex.recording(lambda r: not queue_owned(r)))
    assert "managedBy" not in line["serviceData"]


@pytest.mark.parametrize(
    ("direction", "personality", "outside"),
    [
        ("inbound", "terminator", "callingParty"),
        ("outbound", "originator", "calledParty"),
    ],
)
def test_personality_is_the_recorded_partys_view(
    webex: Cloud, direction: str, personality: str, outside: str
) -> None:
    """1.5: outside parties have no actor."""
    recording = webex.recording(
        lambda r: r.call.direction == direction and not r.call.moves and not queue_owned(r)
    )
    told = webex.metadata(recording)["serviceData"]
    assert told["personality"] == personality
    assert "actor" not in told[outside]
    assert recording.owner.uuid in actors(webex.metadata(recording))


def test_pauses_are_told_and_are_not_in_the_file(webex: Cloud) -> None:
    """Quirk 5: media time is not wall time; ``recordingActions`` rebuild it."""
    recording = webex.recording(lambda r: bool(r.recorded.pauses))
    told = webex.metadata(recording)["serviceData"]
    actions = told["recordingActions"]
    assert [a["action"] for a in actions] == ["PAUSE", "RESUME"]
    gone = datetime.fromisoformat(actions[1]["time"]) - datetime.fromisoformat(actions[0]["time"])
    span = [datetime.fromisoformat(told["session"][k]) for k in ("startTime", "stopTime")]
    seconds = (span[1] - span[0] - gone).total_seconds()
    assert webex.details(recording)["durationSeconds"] == seconds == recording.audio.seconds


@pytest.mark.parametrize("inside", [True, False])
def test_whether_hold_time_is_in_the_file_is_a_switch(cloud: Clouds, inside: bool) -> None:
    """Quirk 19: unverified."""
    webex = cloud(hold_in_file=inside)
    held = webex.recording(
        lambda r: r.half.hold_s > 0 and not r.call.moves and not r.recorded.pauses
    )
    missing = held.recorded.window.length.total_seconds() - held.audio.seconds
    assert missing == (0 if inside else held.half.hold_s)
    assert webex.details(held)["durationSeconds"] == held.audio.seconds


def test_holds_and_conferences_change_the_participants(webex: Cloud) -> None:
    """1.5: ``callActivity`` is the story of who took part."""
    held = webex.recording(lambda r: r.half.hold_s > 0 and not r.call.moves)
    told = webex.metadata(held)["serviceData"]["callActivity"]
    assert [len(entry["participants"]) for entry in told[:3]] == [2, 1, 2]
    joined = webex.recording(lambda r: "conference" in moves_of(r.told) and r.half.role == "agent")
    told = webex.metadata(joined)["serviceData"]["callActivity"]
    assert len(told[-1]["participants"]) == 3


@pytest.mark.parametrize(("position", "actions"), [("all", ["START", "STOP"]), ("pauses", [])])
def test_starts_and_stops_by_hand_are_presumed(
    cloud: Clouds, position: str, actions: list[str]
) -> None:
    """1.5: only ``PAUSE`` stands in Cisco's sample."""
    webex = cloud(recording_actions=position)
    recording = webex.recording(lambda r: "user-start" in r.half.trigger)
    told = webex.metadata(recording)["serviceData"]["recordingActions"]
    assert [action["action"] for action in told] == actions


@pytest.mark.parametrize(("every", "status"), [(1, 423), (0, 200)])
def test_details_may_be_locked_at_first(cloud: Clouds, every: int, status: int) -> None:
    """1.1: 423 with ``Retry-After`` is among the documented errors."""
    webex = cloud(locked_every=every)
    path = f"/convergedRecordings/{webex.plain().recording_id}"
    answer = webex.get(path)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) is (status == 423)
    assert webex.get(path).status_code == 200


@pytest.mark.parametrize(("position", "end"), [("zulu", "Z"), ("offset", "+00:00")])
def test_the_creation_time_has_two_forms(cloud: Clouds, position: str, end: str) -> None:
    """1.3: ``Z`` or a numeric offset both occur."""
    webex = cloud(create_time=position)
    recording = webex.plain()
    told = webex.details(recording)["createTime"]
    assert told.endswith(end)
    assert datetime.fromisoformat(told) == recording.created_at


def test_owner_types_are_spelled_in_two_ways(webex: Cloud) -> None:
    """Quirk 8: ``virtualLine`` here, ``VIRTUAL_LINE`` there."""
    pairs = set()
    for row in webex.all():
        pairs.add((row["ownerType"], webex.metadata(row["id"])["ownerType"]))
    assert pairs == {
        ("user", "USER"),
        ("place", "PLACE"),
        ("virtualLine", "VIRTUAL_LINE"),
        ("callQueue", "CALL_QUEUE"),
    }
