"""What there is, through the hooks of the contract and over real HTTP, on the simulated Webex."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.people import list_people
from tests.plugins.webex_meetings.cloud import PROFILES, MakeCloud

from catchment.errors import CursorLost, NotPermitted, Refused
from catchment.model import (
    Nothing,
    NotYet,
    Ready,
)

# --- who we are -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_account_is_the_organisation(make_cloud: MakeCloud, profile: str) -> None:
    """Pinned by its bare UUID, which is the same for every credential and region (common 2)."""
    cloud = make_cloud(profile=profile)
    assert cloud.hooks.account().account_id == cloud.simulator.tenant.ids.org


@pytest.mark.parametrize("status", [400, 401])
def test_a_revoked_authorisation_needs_a_person(make_cloud: MakeCloud, status: int) -> None:
    """Whichever status the refresh is refused with (common 3.3)."""
    cloud = make_cloud(grant="revoked", refused_status=status)
    with pytest.raises(Refused) as caught:
        cloud.hooks.account()
    assert "refresh_token" in caught.value.remedy


@pytest.mark.parametrize("rotation", ["same", "new"])
@pytest.mark.parametrize("old", ["alive", "dead"])
def test_the_token_is_renewed_for_as_long_as_it_is_used(
    make_cloud: MakeCloud, rotation: str, old: str
) -> None:
    """The newest refresh token counts, whether it is the same, and whether older ones die."""
    cloud = make_cloud(1, refresh_rotation=rotation, old_refresh=old, token_seconds=600)
    for _ in range(4):
        cloud.hooks.account()
        cloud.clock.advance(timedelta(hours=1))


def test_everybody_is_in_the_directory(make_cloud: MakeCloud) -> None:
    """By id and by address; who may not log in any more is inactive."""
    cloud = make_cloud()
    people = {person.email: person for person in list_people(cloud.hooks)}
    agents = {agent.email: agent for agent in cloud.simulator.world.agents}
    assert set(agents) <= set(people)
    for email, agent in agents.items():
        assert people[email].active is agent.active
        assert {ref.space for ref in people[email].refs} == {"user", "email"}


def test_without_the_scope_the_directory_is_empty(make_cloud: MakeCloud) -> None:
    """A compliance officer's app need not have it."""
    assert list(make_cloud(profile="compliance_officer").hooks.sync_directory()) == []


def test_a_dead_credential_is_no_missing_permission(make_cloud: MakeCloud) -> None:
    """Documents are not left out because the authorisation was revoked in between."""
    cloud = make_cloud(4, token_seconds=600)
    (sighting, *_) = cloud.sightings().values()
    cloud.simulator.turn(grant="revoked")
    cloud.clock.advance(timedelta(hours=1))
    with pytest.raises(Refused):
        cloud.metadata(sighting)
    with pytest.raises(Refused):
        cloud.media(sighting)
    with pytest.raises(Refused):
        cloud.sightings()


# --- what there is --------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_every_file_of_every_site_is_found(make_cloud: MakeCloud, profile: str) -> None:
    """S000-12, S000-19 to S000-21, S000-23: what the credential can obtain, and nothing else."""
    cloud = make_cloud(20, profile=profile)
    assert {sighting.document["siteUrl"] for sighting in cloud.sightings().values()} == {
        "corp.webex.com",
        "corp-emea.webex.com",
    }
    assert cloud.everything() == cloud.truth()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "switches",
    [
        {"link_null": True, "link_drops": "siteUrl,from,to,meetingType,state,hostEmail"},
        {"empty_pages": True, "links": "all"},
        {"max_above": "reject", "window_limit": "strict", "host_email": "reject"},
        {"recordings_by": "timeRecorded", "meetings_by": "end", "meetings_order": "shuffled"},
        {"absent_every": 3},
        {"admin_without_host": 403, "compliance_host_email": "ignore", "host_fields": "told"},
        {"arf_every": 3, "uploaded_every": 2, "size": "about"},
        {"meeting_id_window": "lifted", "part_times": "own", "grant_fields": "bare"},
        {"transcript_links": "with_meeting", "participant_id": "series"},
        {"captions": "off", "guest_emails": "empty", "unknown_time": "1970"},
    ],
    ids=lambda switches: ",".join(switches),
)
def test_what_is_unverified_is_no_matter(
    make_cloud: MakeCloud, profile: str, switches: dict[str, object]
) -> None:
    """Whichever way Webex does it, everything is found (13, 14)."""
    cloud = make_cloud(13, profile=profile, **switches)
    audio = {one for one in cloud.everything() if one[1] == "audio"}
    assert cloud.everything() - audio == cloud.truth()


def test_a_week_of_pages_is_listed_to_its_end(make_cloud: MakeCloud) -> None:
    """Ten times a page, by several cursors, each of which can be taken up by another process."""
    cloud = make_cloud(240, link_null=True, empty_pages=True)
    site = cloud.hooks.partitions(cloud.feed("recordings"))[0]
    pages = list(cloud.poll("recordings", site))
    assert len(pages) > 2
    again = list(cloud.poll("recordings", site, pages[0].cursor))
    assert [page.sightings for page in again] == [page.sightings for page in pages[1:]]


def test_a_cursor_that_nobody_wrote_is_lost(make_cloud: MakeCloud) -> None:
    """The window is then listed again."""
    cloud = make_cloud(1)
    with pytest.raises(CursorLost):
        list(cloud.poll("recordings", "corp.webex.com", "nonsense"))


def test_only_named_sites_are_captured(make_cloud: MakeCloud) -> None:
    """Other sites are somebody else's."""
    cloud = make_cloud(20, {"sites": ["corp-emea.webex.com"]})
    assert cloud.hooks.partitions(cloud.feed("recordings")) == ("corp-emea.webex.com",)
    sites = {one.document["siteUrl"] for one in cloud.sightings().values()}
    assert sites == {"corp-emea.webex.com"}


def test_an_officer_is_told_of_what_lies_in_the_recycle_bin(make_cloud: MakeCloud) -> None:
    """What a host deleted before it was captured is captured all the same (4.4)."""
    deleted: dict[str, object] = {"deleted_every": 1, "deleted_after_minutes": 30}
    assert make_cloud(profile="administrator", **deleted).sightings() == {}
    cloud = make_cloud(profile="compliance_officer", **deleted)
    assert cloud.everything() == cloud.truth() != set()


@pytest.mark.parametrize("feed", ["recordings", "meetings", "report"])
def test_a_list_that_is_not_permitted_fails_alone(make_cloud: MakeCloud, feed: str) -> None:
    """One site or book that may not be read must not stop the others (11, point 14)."""
    cloud = make_cloud(1, {"sites": ["corp.webex.com"]}, scopes="meeting:admin_preferences_read")
    (part,) = cloud.hooks.partitions(cloud.feed(feed))
    with pytest.raises(NotPermitted) as caught:
        list(cloud.poll(feed, part))
    assert "role" in caught.value.remedy


# --- the platform's books -------------------------------------------------------------------------


def test_the_books_know_nothing_that_no_list_shows(make_cloud: MakeCloud) -> None:
    """S000-18: each ended meeting that was recorded, and each reported recording, is there."""
    cloud = make_cloud(20)
    shared = {key for one in cloud.sightings().values() for key in one.keys}
    for name in ("meetings", "report"):
        expecting = [fact for fact in cloud.facts(name) if fact.expects]
        assert expecting
        assert all(set(fact.keys) & shared for fact in expecting)


def test_a_recording_that_was_lost_is_a_gap_that_explains_itself(make_cloud: MakeCloud) -> None:
    """``hasRecording`` without a recording: not yet for a day, then gone with its reason (4.5)."""
    cloud = make_cloud(20, lost_every=1)
    shared = {key for one in cloud.sightings().values() for key in one.keys}
    lost = [
        fact
        for fact in cloud.facts("meetings")
        if fact.expects and not set(fact.keys) & shared and fact.asked_id
    ]
    assert lost
    asked = [str(fact.asked_id) for fact in lost]
    assert {type(outcome) for outcome in cloud.recover(*asked).values()} == {NotYet}
    cloud.clock.advance(timedelta(days=2))
    for outcome in cloud.recover(*asked).values():
        assert isinstance(outcome, Nothing)
        assert "recorded" in outcome.why


def test_what_the_report_names_is_found_by_what_it_says(make_cloud: MakeCloud) -> None:
    """Id and host together, so that an administrator may see it (11, point 8)."""
    cloud = make_cloud()
    asked = {str(fact.asked_id): fact.fact_id for fact in cloud.facts("report")}
    for item, outcome in cloud.recover(*asked).items():
        assert isinstance(outcome, Ready)
        assert [one.external_id for one in outcome.sightings] == [asked[item]]
