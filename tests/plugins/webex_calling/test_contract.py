"""The adapter through the hooks of the contract, over HTTP, against the simulated Webex Calling."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.plugins.people import list_people
from tests.plugins.webex_calling.cloud import NEVER, Cloud, MakeCloud

from catchment.errors import AdapterFault, CatchmentError, NotPermitted, Refused
from catchment.model import (
    Denied,
    Nothing,
    NotYet,
    Outcome,
    Ready,
)
from catchment.transport import Downloader
from catchment_webex_calling.adapter import WebexCalling

NO_CDR = "spark-compliance:recordings_read spark-admin:people_read spark:people_read"


# --- who we are -----------------------------------------------------------------------------------


def test_the_account_is_the_organisation(make_cloud: MakeCloud) -> None:
    """By its bare UUID, as recordings tell it (0)."""
    cloud = make_cloud()
    assert cloud.hooks.account().account_id == cloud.simulator.tenant.ids.org


def test_a_dead_authorisation_stops_the_source(make_cloud: MakeCloud) -> None:
    """The remedy is a person's (3.3 of the common sheet)."""
    cloud = make_cloud(grant="revoked")
    with pytest.raises(Refused) as refused:
        cloud.hooks.account()
    assert "refresh_token" in refused.value.remedy
    (finding,) = cloud.hooks.check()
    assert finding.verdict == "fail"
    for feed, partition in (("recordings", "deleted"), ("cdr", "")):
        with pytest.raises(Refused):
            list(cloud.poll(feed, partition))


def test_every_permission_is_proved_on_its_own_endpoint(make_cloud: MakeCloud) -> None:
    """A compliance officer with the call history has all of them (1.1, 2.1)."""
    findings = list(make_cloud().hooks.check())
    assert [(finding.what, finding.verdict) for finding in findings] == [
        ("access token", "pass"),
        ("own profile", "pass"),
        ("list of recordings", "pass"),
        ("links to the sound of a recording", "pass"),
        ("metadata of a recording", "pass"),
        ("recordings in the recycle bin", "pass"),
        ("recordings that were purged", "pass"),
        ("detailed call history", "pass"),
        ("directory of users", "pass"),
    ]


def failed(cloud: Cloud) -> dict[str, str]:
    """What ``check`` says fails, with its remedy."""
    return {f.what: f.remedy for f in cloud.hooks.check() if f.verdict == "fail"}


@pytest.mark.parametrize("grant_fields", ["full", "bare"])
def test_an_administrator_is_told_what_is_missing(make_cloud: MakeCloud, grant_fields: str) -> None:
    """Listing works and no link is given (4, row 1), whether or not the token names its scopes."""
    found = failed(make_cloud(profile="administrator", grant_fields=grant_fields))
    assert list(found) == ["links to the sound of a recording"]
    assert "spark-compliance:recordings_read" in found["links to the sound of a recording"]


def test_an_owner_is_told_of_the_setting(make_cloud: MakeCloud) -> None:
    """A token of one's own recordings lists nothing of the organisation (1.1)."""
    cloud = make_cloud(changed={"call_records": False})
    cloud.act_as("user", cloud.simulator.world.agents[0].email)
    findings = {finding.what: finding for finding in cloud.hooks.check()}
    assert findings["list of recordings"].verdict == "fail"
    assert "whose = 'own'" in findings["list of recordings"].detail


def test_an_owner_captures_what_is_his(make_cloud: MakeCloud) -> None:
    """``GET /convergedRecordings`` lists it, with links (1.1, 1.4)."""
    cloud = make_cloud(calls=90, changed={"whose": "own", "call_records": False}, owners="users",
                       **NEVER)  # fmt: skip
    tenant = cloud.simulator.tenant
    email = next(r.owner.email for r in tenant.recordings if r.owner.kind == "user")
    cloud.act_as("user", email)
    mine = {r.recording_id for r in tenant.recordings if r.owner.email == email}
    assert set(cloud.sightings()) == mine
    assert {file[0] for file in cloud.files(cloud.sightings())} == mine
    assert not failed(cloud)


@pytest.mark.parametrize("changed", [{"cdr_access": False}, {"scopes": NO_CDR}], ids=repr)
def test_a_missing_permission_of_call_records_fails_its_feed_alone(
    make_cloud: MakeCloud, changed: dict[str, object]
) -> None:
    """Scope and role are both needed (2.1); the recordings go on."""
    cloud = make_cloud(**changed)
    remedy = failed(cloud)["detailed call history"]
    assert "spark-admin:calling_cdr_read" in remedy
    assert "Detailed Call History API access" in remedy
    with pytest.raises(NotPermitted, match="call records"):
        cloud.facts()
    assert cloud.sightings()


@pytest.mark.parametrize("words", ["please_use", "url", "url_bare"])
def test_a_wrong_region_names_the_host_and_the_setting(make_cloud: MakeCloud, words: str) -> None:
    """451 in both wordings (2.1)."""
    cloud = make_cloud(region_451=words)
    remedy = failed(cloud)["detailed call history"]
    assert remedy.startswith("Set cdr_url = ") or "setting cdr_url" in remedy
    with pytest.raises(NotPermitted) as failure:
        cloud.facts()
    assert "cdr_url" in failure.value.remedy


# --- what there is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"list_window": "recorded", "owner_email": "null", "hold_in_file": False},
        {"recording_ids": "bare", "session_ids": "bare", "queue_recordings": "agent"},
        {"links": "all", "empty_pages": True, "link_null": True, "binned_every": 2},
        {"link_drops": "status,max", "ai_notes": True, "owner_email": "empty", "binned_every": 2},
        {"transfer_keeps_session": True, "grant_fields": "bare", "purged_every": 1},
    ],
    ids=repr,
)
def test_every_recording_is_found(make_cloud: MakeCloud, switches: dict[str, object]) -> None:
    """S001-6, S001-8: all that the World made available, by id, kind and size, and nothing else.

    Also what lies in the recycle bin, or was purged (4, row 11), and the queues' own (row 9).
    """
    cloud = make_cloud(calls=45, **switches)
    assert cloud.truth()
    assert cloud.files(cloud.sightings()) == cloud.truth()


def test_what_was_moved_to_the_bin_is_in_a_partition_of_its_own(make_cloud: MakeCloud) -> None:
    """The three do not overlap, and all are needed (4, row 11)."""
    cloud = make_cloud(calls=60, binned_every=2, purged_every=2)
    cloud.clock.advance(timedelta(days=2))
    parts = [set(cloud.sightings(name)) for name in ("available", "deleted", "purged")]
    assert all(parts)
    assert sum(map(len, parts)) == len(cloud.simulator.tenant.recordings)


def test_a_closed_bin_is_not_an_empty_one(make_cloud: MakeCloud) -> None:
    """It fails alone and says how to do without; what may be listed is listed.

    Only a compliance officer may list what was purged (1.2); the setting may be mistaken.
    """
    cloud = make_cloud(profile="administrator", changed={"profile": "compliance_officer"})
    with pytest.raises(NotPermitted) as refused:
        list(cloud.poll("recordings", "purged"))
    assert "purged" in str(refused.value)
    assert "'removed'" in refused.value.remedy
    assert cloud.sightings("available")
    assert "'removed'" in failed(cloud)["recordings that were purged"]


def test_a_bin_that_may_not_be_listed_can_be_done_without(make_cloud: MakeCloud) -> None:
    """It is then no part of the feed, so that nothing waits for it."""
    cloud = make_cloud(
        profile="administrator", changed={"profile": "compliance_officer", "removed": ["deleted"]}
    )
    assert cloud.hooks.partitions(WebexCalling.feeds[0]) == ("available", "deleted")
    assert "recordings that were purged" not in failed(cloud)


@pytest.mark.parametrize("part", ["available", "deleted", "purged"])
@pytest.mark.parametrize(("status", "error"), [(403, NotPermitted), (400, AdapterFault)])
def test_a_part_that_was_not_answered_was_not_listed(
    make_cloud: MakeCloud, part: str, status: int, error: type[CatchmentError]
) -> None:
    """Whatever the reason: the frontier must not move over what nobody has seen."""
    cloud = make_cloud()
    cloud.simulator.door.answers = {f"status={part}": status}
    with pytest.raises(error):
        list(cloud.poll("recordings", part))
    others = {"available", "deleted", "purged"} - {part}
    assert all(list(cloud.poll("recordings", other))[-1].last for other in others)


def test_the_keys_are_those_of_the_world(make_cloud: MakeCloud) -> None:
    """S001-11: the session, and by call records the whole call."""
    cloud = make_cloud()
    found = {name: one.keys[0].value for name, one in cloud.sightings().items()}
    for row in cloud.simulator.truth(cloud.now):
        assert (f"session:{found[row.external_id]}",) == row.keys


def test_a_long_listing_can_be_taken_up_at_any_page(make_cloud: MakeCloud) -> None:
    """Another adapter goes on at the cursor of the first page; nothing is lost."""
    cloud = make_cloud(calls=180, **NEVER)
    whole = list(cloud.poll("recordings", "available"))
    assert len(whole) > 1
    rest = list(cloud.poll("recordings", "available", whole[0].cursor))
    for pages in (whole, [whole[0], *rest]):
        listed = {s.external_id for page in pages for s in page.sightings}
        assert listed == set(cloud.simulator.tenant.by_id)


# --- one recording --------------------------------------------------------------------------------


def test_metadata_is_kept_with_everything_in_it(make_cloud: MakeCloud) -> None:
    """With ``showAllTypes`` (1.5)."""
    cloud = make_cloud()
    recording = cloud.described(next(iter(cloud.sightings().values())))
    service = recording.documents["metadata"]["serviceData"]
    assert service["callActivity"][0]["participants"]


def test_metadata_that_is_not_there_yet_is_left_out(make_cloud: MakeCloud) -> None:
    """204 for a while (1.1): the recording goes on, and is looked at again."""
    cloud = make_cloud(metadata_delay_s=100 * 86400)
    recording = cloud.described(next(iter(cloud.sightings().values())))
    assert set(recording.documents) == {"listing"}
    assert isinstance(cloud.media(recording), Ready)


def test_time_lines_are_what_is_in_the_file(make_cloud: MakeCloud) -> None:
    """Pauses and restarts (4, rows 5 and 6): every sound is as long as its time line says."""
    cloud = make_cloud(calls=60)
    truth = {r.external_id: r.duration_s for r in cloud.simulator.truth(cloud.now)
             if r.file_id == "audio"}  # fmt: skip
    pauses = 0
    for name, sighting in cloud.sightings().items():
        answered = cloud.media(cloud.described(sighting))
        assert isinstance(answered, Ready)
        line = answered.files[0].timeline
        assert line.certainty == "declared"
        assert abs(line.length.total_seconds() - (truth[name] or 0)) <= 1
        pauses += len(line.stretches) > 1
    assert pauses


def test_links_that_are_not_ready_are_waited_for(make_cloud: MakeCloud) -> None:
    """They come some minutes after the recording (4, row 3)."""
    cloud = make_cloud(links_ready_delay_s=200)
    record = max(cloud.simulator.tenant.recordings, key=lambda r: r.links_at - r.listed_at)
    cloud.clock.set(record.listed_at + timedelta(seconds=6))
    recording = cloud.record(cloud.sightings("available")[record.recording_id])
    assert isinstance(cloud.media(recording), NotYet)
    cloud.clock.set(record.links_at)
    assert isinstance(cloud.media(recording), Ready)


def test_a_transcript_that_comes_late_is_news(make_cloud: MakeCloud) -> None:
    """The list tells its language then (1.3), and the files have one more."""
    cloud = make_cloud(transcript_late_every=1, **NEVER)
    record = next(r for r in cloud.simulator.tenant.recordings if r.transcript_at)
    assert record.transcript_at is not None
    cloud.clock.set(record.transcript_at - timedelta(seconds=1))
    before = cloud.sightings("available")[record.recording_id]
    cloud.clock.set(record.transcript_at)
    after = cloud.sightings("available")[record.recording_id]
    assert before.revision != after.revision
    answered = cloud.media(cloud.record(after))
    assert isinstance(answered, Ready)
    assert {file.file_id for file in answered.files} == {"audio", "transcript"}


@pytest.mark.parametrize("grant_fields", ["full", "bare"])
def test_an_administrator_is_refused_every_sound(make_cloud: MakeCloud, grant_fields: str) -> None:
    """A permission fault and not "no audio" (4, row 1); the sentence names the scope."""
    cloud = make_cloud(profile="administrator", grant_fields=grant_fields)
    for sighting in cloud.sightings().values():
        answered = cloud.media(cloud.record(sighting))
        assert isinstance(answered, Denied)
        assert "spark-compliance:recordings_read" in answered.why


def test_downloading_that_is_switched_off_is_for_a_person(make_cloud: MakeCloud) -> None:
    """Links are absent for that, too (1.4)."""
    cloud = make_cloud(download_disabled_every=1, **NEVER)
    answered = cloud.media(cloud.record(next(iter(cloud.sightings().values()))))
    assert isinstance(answered, Denied)
    assert "downloading" in answered.why


def test_what_is_purged_without_links_is_gone(make_cloud: MakeCloud) -> None:
    """Nobody can get it any more; if it is restored, that is news."""
    cloud = make_cloud(binned_every=1, binned_links=False, purged_links=False)
    (answered, *_) = map(cloud.media, map(cloud.record, cloud.sightings().values()))
    assert isinstance(answered, Nothing)


def test_what_webex_does_not_know_is_gone_when_it_is_old(make_cloud: MakeCloud) -> None:
    """404 may mean "not synchronised yet" while it is young (common sheet, 6)."""
    cloud = make_cloud()
    recording = cloud.record(next(iter(cloud.sightings().values())))
    unknown = replace(recording, external_id="0" * 8 + "-0000-4000-8000-000000000000", documents={})
    assert isinstance(cloud.media(unknown), Nothing)
    young = replace(unknown, occurred_at=cloud.now - timedelta(minutes=5))
    assert isinstance(cloud.media(young), NotYet)


def test_files_are_downloaded_without_a_bearer(make_cloud: MakeCloud, tmp_path: Path) -> None:
    """The links' own right is enough (1.4), and no host is sent the token."""
    cloud = make_cloud()
    truth = {(r.external_id, r.file_id): r.sha256 for r in cloud.simulator.truth(cloud.now)}
    downloader = Downloader(cloud.clock, token=cloud.hooks.adapter.credentials(), token_hosts=())
    for sighting in list(cloud.sightings().values())[:5]:
        answered = cloud.media(cloud.record(sighting))
        assert isinstance(answered, Ready)
        for file in answered.files:
            part = tmp_path / f"{sighting.external_id}{file.file_id}"
            fetched = downloader.fetch(file.ways[0], part, expected_bytes=file.size_bytes)
            assert fetched.sha256 == truth[sighting.external_id, file.file_id]
    downloader.close()


# --- recovery -------------------------------------------------------------------------------------


def test_a_recording_is_found_with_and_without_dashes(make_cloud: MakeCloud) -> None:
    """Both spellings are in people's lists (0)."""
    cloud = make_cloud(**NEVER)
    for name, sighting in list(cloud.sightings().items())[:3]:
        for outcome in cloud.hooks.recover([name, name.replace("-", ""), name.upper()]):
            assert isinstance(outcome, Ready)
            (found,) = outcome.sightings
            assert found.external_id == name
            assert found.keys == sighting.keys
            assert "ticket" not in str(found.document)


def test_what_cannot_be_found_is_said(make_cloud: MakeCloud) -> None:
    """Sessions and records are not asked by id; one that fails does not stop the others."""
    cloud = make_cloud()
    session = next(iter(cloud.sightings().values())).keys[0].value
    nonsense, unknown = cloud.hooks.recover(["not an id", session])
    assert isinstance(nonsense, Nothing)
    assert isinstance(unknown, Nothing)
    assert "period" in nonsense.why
    assert "period" in unknown.why


@pytest.mark.parametrize(("status", "answer"), [(403, Denied), (400, NotYet), (404, Nothing)])
def test_a_recording_is_gone_only_where_webex_says_so(
    make_cloud: MakeCloud, status: int, answer: type[Outcome]
) -> None:
    """A refusal is for a person, and what was not understood is asked for again."""
    cloud = make_cloud(**NEVER)
    name = next(iter(cloud.sightings("available")))
    cloud.simulator.door.answers = {f"/convergedRecordings/{name}": status}
    cloud.simulator.door.answers[f"/convergedRecordings/{name.replace('-', '')}"] = status
    (outcome,) = cloud.hooks.recover([name])
    assert type(outcome) is answer, outcome


# --- people ---------------------------------------------------------------------------------------


def test_the_directory_has_everybody_by_uuid_and_address(make_cloud: MakeCloud) -> None:
    """The UUIDs are those of recordings and call records, so that names are found (0)."""
    cloud = make_cloud()
    people = {person.refs[0]: person for person in list_people(cloud.hooks)}
    assert {agent.email for agent in cloud.simulator.world.agents} <= {
        person.email for person in people.values()
    }
    record = next(r for r in cloud.simulator.tenant.recordings if r.owner.kind == "user")
    assert record.owner.uuid in {ref.value for ref in people}


def test_without_its_scope_there_is_no_directory(make_cloud: MakeCloud) -> None:
    """Nobody is listed, and nothing fails."""
    cloud = make_cloud(scopes="spark-compliance:recordings_read spark:people_read")
    assert list(cloud.hooks.sync_directory()) == []
