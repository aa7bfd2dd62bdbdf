"""Single recordings, recovery and checks through the hooks, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.plugins.webex_meetings.cloud import OWN_ONLY, PROFILES, START, Cloud, MakeCloud

from catchment.errors import AdapterFault
from catchment.model import (
    Bundle,
    Denied,
    Nothing,
    NotYet,
    Outcome,
    Ready,
    Sighting,
)
from catchment.transport import Downloader, TokenRejected
from catchment_webex_meetings.adapter import WebexMeetings
from catchment_webex_meetings.sightings import SEAM
from catchment_webex_meetings.simulator.records import Instance

# --- one recording --------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_each_meeting_is_its_hosts_with_everybody_who_was_there(
    make_cloud: MakeCloud, profile: str
) -> None:
    """S000-25, S000-29: also when the host stayed away; joins and rejoins are legs."""
    cloud = make_cloud(20, profile=profile)
    instances = cloud.simulator.tenant.by_id
    absent = 0
    for sighting in cloud.sightings().values():
        answered = cloud.metadata(sighting)
        recording = cloud.record(sighting, **answered.documents)
        draft = cloud.hooks.map_metadata(Bundle((recording,)))
        one = instances[draft.external_id]
        (contact,) = draft.contacts
        parties = {party.party_id: party for party in draft.parties}
        assert parties[contact.agent].email == one.host.email
        assert parties[contact.agent].role == "host"
        there = {stay.person.email for stay in one.meeting.attendances}
        assert there <= {party.email for party in draft.parties}
        assert len(draft.legs) == len(one.meeting.attendances)
        assert (draft.started_at, draft.subject) == (one.meeting.started_at, one.meeting.topic)
        assert draft.kind == ("webinar" if one.meeting.kind == "webinar" else "meeting")
        absent += one.host.email not in there
        assert bool(contact.legs) is (one.host.email in there)
    assert absent


def test_an_administrator_is_told_no_links_where_downloading_is_prevented(
    make_cloud: MakeCloud,
) -> None:
    """Denied, with a sentence that says why and what helps (4.4, 11, point 9)."""
    cloud = make_cloud(prevented_every=1)
    for sighting in cloud.sightings().values():
        answered = cloud.media(sighting)
        assert isinstance(answered, Denied)
        assert "'Prevent downloading'" in answered.why
        assert "compliance officer" in answered.why


def test_a_compliance_officer_gets_them_all_the_same(make_cloud: MakeCloud) -> None:
    """The links of what may not be downloaded (4.4)."""
    cloud = make_cloud(prevented_every=1, profile="compliance_officer")
    assert cloud.everything() == cloud.truth() != set()


def test_a_recording_that_was_deleted_meanwhile_waits_for_its_restoration(
    make_cloud: MakeCloud,
) -> None:
    """An administrator sees it in the recycle bin and is given nothing of it (4.6)."""
    cloud = make_cloud(4, deleted_every=1, deleted_after_minutes=60 * 48)
    sightings = cloud.sightings()
    assert sightings
    cloud.clock.advance(timedelta(days=3))
    for sighting in sightings.values():
        answered = cloud.media(sighting)
        assert isinstance(answered, NotYet)
        assert "recycle bin" in answered.why


def test_a_recording_that_never_was_is_nothing(make_cloud: MakeCloud) -> None:
    """Purged recordings are not told of any more (4.6)."""
    cloud = make_cloud(1)
    one = Sighting("f" * 32, START, next(iter(cloud.sightings().values())).keys, "1")
    assert isinstance(cloud.media(one), Nothing)


@pytest.mark.parametrize("profile", PROFILES)
def test_links_are_fetched_without_the_bearer_and_texts_with_it(
    make_cloud: MakeCloud, profile: str, tmp_path: Path
) -> None:
    """Byte for byte what the platform holds; a bearer would make it a sign-in page (4.4, 6)."""
    cloud = make_cloud(4, profile=profile, media_bearer="html")
    truth = {(row.external_id, row.file_id): row for row in cloud.simulator.truth(cloud.now)}
    downloader = Downloader(
        cloud.clock, token=cloud.adapter.credentials(), token_hosts=cloud.adapter.token_hosts()
    )
    fetched = 0
    for name, sighting in cloud.sightings().items():
        for file in cloud.files(sighting).values():
            assert file.file_id == "chat" or file.ways
            for way in file.ways:
                got = downloader.fetch(way, tmp_path / f"{fetched}")
                assert got.sha256 == truth[name, file.file_id].sha256
                fetched += 1
    downloader.close()
    assert fetched


def test_links_are_new_in_every_answer(make_cloud: MakeCloud) -> None:
    """Two runners never share one, and an old one is never handed out (12, point 7)."""
    cloud = make_cloud(2)
    (sighting, *_) = cloud.sightings().values()
    links = set()
    for renew in (False, True, True):
        answered = cloud.media(sighting, renew=renew)
        assert isinstance(answered, Ready)
        links |= {way.url for file in answered.files for way in file.ways if not way.auth}
    assert len(links) >= 3


def test_no_document_holds_a_link_or_a_password_once_it_is_withheld(make_cloud: MakeCloud) -> None:
    """What opens a file, a meeting or a page stays out of the archive."""
    cloud = make_cloud(4, clear_passwords=True)
    names: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for name, inside in value.items():
                if name not in WebexMeetings.withheld:
                    names.add(name)
                    look(inside)
                    assert "ticket=" not in str(inside)
                    assert "RCID=" not in str(inside)
        elif isinstance(value, list):
            for inside in value:
                look(inside)

    for sighting in cloud.sightings().values():
        look(dict(sighting.document))
        look(dict(cloud.metadata(sighting).documents))
    assert not {name for name in names if "password" in name.lower() or name.endswith("Link")} - {
        "webLink"
    }


# --- recovery -------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_people_find_recordings_by_whatever_they_call_them(
    make_cloud: MakeCloud, profile: str
) -> None:
    """Ids of recordings, instances, series, planned meetings; numbers with blanks and dashes."""
    cloud = make_cloud(20, profile=profile)
    known = cloud.sightings()
    for one in [one for one in cloud.simulator.tenant.instances if one.recordings][:6]:
        ids = {recording.recording_id for recording in one.recordings}
        number = f"{one.number[:3]} {one.number[3:6]}-{one.number[6:]}"
        asked = [one.instance_id, one.series_id, number, *ids]
        asked += [one.scheduled_id] if one.scheduled_id else []
        outcomes = cloud.recover(*asked)
        assert set(outcomes) == set(asked)
        for item, outcome in outcomes.items():
            assert isinstance(outcome, Ready), (item, outcome)
            found = {sighting.external_id: sighting for sighting in outcome.sightings}
            assert set(found) >= ({item} if item in ids else ids)
            assert all(found[name].revision == known[name].revision for name in found)
            assert all(found[name].keys == known[name].keys for name in found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "asked", ["", "x", "0" * 32, f"{'0' * 32}_I_1", "123456789", "../people/me", "9" * 40]
)
def test_what_nobody_knows_is_answered_with_a_reason(
    make_cloud: MakeCloud, profile: str, asked: str
) -> None:
    """One answer per id, whatever it looks like."""
    outcomes = make_cloud(1, profile=profile).recover(asked)
    outcome = outcomes[asked]
    assert isinstance(outcome, Nothing)
    assert outcome.why


RECORDINGS_OF_A_MEETING = "/admin/recordings?meetingId="


def recorded(cloud: Cloud) -> Instance:
    """A meeting that was recorded."""
    return next(one for one in cloud.simulator.tenant.instances if one.recordings)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("status", "answer"), [(403, Denied), (400, NotYet), (404, Nothing)])
def test_a_meeting_is_gone_only_where_webex_says_so(
    make_cloud: MakeCloud, profile: str, status: int, answer: type[Outcome]
) -> None:
    """A refusal is for a person, and what was not understood is asked for again (6).

    The engine believes ``Nothing`` for good.
    """
    cloud = make_cloud(20, profile=profile)
    one = recorded(cloud)
    cloud.simulator.door.answers = {RECORDINGS_OF_A_MEETING: status, "/admin/meetings/": 404}
    (outcome,) = cloud.recover(one.instance_id).values()
    assert type(outcome) is answer, outcome
    assert isinstance(outcome, Nothing) or str(status) in outcome.why  # type: ignore[attr-defined]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("status", "answer"), [(403, Denied), (400, NotYet), (404, Nothing)])
def test_a_recording_is_gone_only_where_webex_says_so(
    make_cloud: MakeCloud, profile: str, status: int, answer: type[Outcome]
) -> None:
    """By its id alone, and by what the report says of it."""
    cloud = make_cloud(20, profile=profile)
    one = recorded(cloud)
    name = one.recordings[0].recording_id
    cloud.simulator.door.answers = {
        RECORDINGS_OF_A_MEETING: 404,
        "/v1/recordings/": status,
        "/admin/recordings?from=": status,
    }
    for asked in (name, f"{name}{SEAM}{one.host.email}"):
        (outcome,) = cloud.recover(asked).values()
        assert type(outcome) is answer, (asked, outcome)


@pytest.mark.parametrize(("status", "answer"), [(403, Denied), (400, NotYet), (404, Nothing)])
def test_a_number_is_unknown_only_where_webex_says_so(
    make_cloud: MakeCloud, status: int, answer: type[Outcome]
) -> None:
    """The meetings are found, and their recordings may not be seen."""
    cloud = make_cloud(20)
    one = recorded(cloud)
    for part in ("/admin/meetings?meetingNumber=", RECORDINGS_OF_A_MEETING):
        cloud.simulator.door.answers = {part: status}
        (outcome,) = cloud.recover(one.number).values()
        assert type(outcome) is answer, (part, outcome)


@pytest.mark.parametrize(("status", "answer"), [(403, Denied), (400, NotYet)])
def test_why_a_meeting_has_no_recording_is_not_guessed(
    make_cloud: MakeCloud, status: int, answer: type[Outcome]
) -> None:
    """No recording is listed, and what would tell "not yet" from "never" cannot be read (4.5)."""
    cloud = make_cloud(20, lost_every=1)
    lost = next(one for one in cloud.simulator.tenant.instances if one.instance_id)
    cloud.simulator.door.answers = {RECORDINGS_OF_A_MEETING: 404, "/admin/meetings/": status}
    (outcome,) = cloud.recover(lost.instance_id).values()
    assert type(outcome) is answer, outcome


def test_a_site_that_may_not_be_listed_hides_no_other(make_cloud: MakeCloud) -> None:
    """What the others have is found, and what they have not may lie there (11, point 14)."""
    cloud = make_cloud(20)
    theirs = {one.document["siteUrl"]: name for name, one in cloud.sightings().items()}
    cloud.simulator.door.answers = {"siteUrl=corp-emea.webex.com": 403}
    outcomes = cloud.recover(*theirs.values())
    assert isinstance(outcomes[theirs["corp.webex.com"]], Ready)
    assert isinstance(outcomes[theirs["corp-emea.webex.com"]], Denied)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_dead_credential_is_no_answer_for_any_id(make_cloud: MakeCloud, profile: str) -> None:
    """The source stops, and every id is asked for again (3.3)."""
    cloud = make_cloud(20, profile=profile)
    one = recorded(cloud)
    cloud.simulator.turn(grant="revoked")
    for asked in (one.instance_id, one.recordings[0].recording_id, one.number):
        with pytest.raises(TokenRejected):
            cloud.recover(asked)


# --- what a recording can do without --------------------------------------------------------------

OPTIONAL = ("/meetingParticipants", "/meetingTranscripts", "/meetings/")


@pytest.mark.parametrize("part", OPTIONAL)
def test_what_is_forbidden_is_left_out_and_what_was_not_answered_is_not(
    make_cloud: MakeCloud, part: str
) -> None:
    """``check`` tells what is forbidden; nobody would ever ask again for what fails otherwise."""
    cloud = make_cloud(6)
    sighting = next(iter(cloud.sightings().values()))
    cloud.simulator.door.answers = {part: 403}
    assert len(cloud.metadata(sighting).documents) >= 1
    assert isinstance(cloud.media(sighting), Ready)
    cloud.simulator.door.answers = {part: 400}
    with pytest.raises(AdapterFault):
        cloud.metadata(sighting)


@pytest.mark.parametrize("part", ["/postMeetingChats", "/meetingClosedCaptions"])
def test_a_text_that_was_not_answered_is_not_taken_for_none(
    make_cloud: MakeCloud, part: str
) -> None:
    """The chat of a meeting, which is not named now, may never be asked for again."""
    cloud = make_cloud(6, profile="compliance_officer")
    sighting = next(iter(cloud.sightings().values()))
    cloud.simulator.door.answers = {part: 403}
    assert isinstance(cloud.media(sighting), Ready)
    cloud.simulator.door.answers = {part: 400}
    with pytest.raises(AdapterFault):
        cloud.media(sighting)


# --- check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_a_credential_with_everything_passes_everything(
    make_cloud: MakeCloud, profile: str
) -> None:
    """Each permission is proved where it is needed, and nothing is changed."""
    findings = list(make_cloud(2, profile=profile).hooks.check())
    failed = [finding for finding in findings if finding.verdict == "fail"]
    assert failed == []
    warned = {finding.what for finding in findings if finding.verdict == "warn"}
    assert warned <= {"directory of people"}


@pytest.mark.parametrize(
    ("lacking", "verdict", "what"),
    [
        ("meeting:admin_recordings_read", "fail", "recordings of the site corp.webex.com"),
        ("meeting:admin_recordings_read", "fail", "links of one recording"),
        ("meeting:admin_schedule_read", "warn", "list of ended meetings"),
        ("meeting:admin_schedule_read", "warn", "details of a meeting"),
        ("meeting:admin_participants_read", "warn", "participants of a meeting"),
        ("meeting:admin_transcripts_read", "warn", "transcripts of a meeting"),
        ("spark-admin:people_read", "warn", "directory of people"),
    ],
)
def test_a_missing_scope_is_named_with_what_is_lost(
    make_cloud: MakeCloud, lacking: str, verdict: str, what: str
) -> None:
    """Webex does not say which scope it is (common 3.5)."""
    from catchment_webex_meetings.simulator.operations import SCOPES

    granted = " ".join(sorted(SCOPES["administrator"] - {lacking}))
    cloud = make_cloud(2, scopes=granted)
    findings = {finding.what: finding for finding in cloud.hooks.check()}
    assert findings[what].verdict == verdict
    assert lacking in findings[what].remedy


def test_a_person_who_sees_only_his_own_recordings_is_told_so(make_cloud: MakeCloud) -> None:
    """The recordings of everybody else would be missed."""
    findings = {finding.what: finding for finding in make_cloud(2, scopes=OWN_ONLY).hooks.check()}
    assert findings["whose recordings"].verdict == "fail"
    assert "everybody else" in findings["whose recordings"].detail


def test_a_dead_refresh_token_is_the_first_and_only_finding(make_cloud: MakeCloud) -> None:
    """Nothing else can be tried."""
    findings = list(make_cloud(1, grant="revoked").hooks.check())
    assert findings[0].verdict == "fail"
    assert "refresh_token" in findings[0].remedy
    assert all(finding.verdict != "pass" for finding in findings)
