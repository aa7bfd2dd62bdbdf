"""The adapter through the hooks of the contract, over real HTTP, against the simulated Zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.plugins.people import list_people

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.errors import CursorLost, Refused, WrongAccount
from catchment.model import (
    Batch,
    Bundle,
    Denied,
    MediaFile,
    Nothing,
    NotYet,
    Outcome,
    Page,
    Ready,
    Recording,
    Sighting,
    Span,
    Window,
)
from catchment.sandbox import World, serve
from catchment.transport import Downloader, Kit
from catchment_zoom.adapter import Zoom
from catchment_zoom.settings import ZoomSettings
from catchment_zoom.sightings import split_id
from catchment_zoom.simulator import ZoomSimulator

START = datetime(2026, 10, 12, tzinfo=UTC)
LATER = timedelta(days=1, hours=6)
ARCHIVE_ONLY = "archiving:read:list_archived_files:admin archiving:read:archived_files:admin"


@dataclass
class Cloud:
    """A simulated Zoom and an adapter that is configured for it."""

    simulator: ZoomSimulator
    clock: ManualClock
    settings: ZoomSettings
    kit: Kit
    hooks: Hooks

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    def poll(self, feed: str, cursor: str | None = None) -> Iterator[Page]:
        """What *feed* lists from a day before the World to now."""
        window = Window(START - timedelta(days=1), self.now - timedelta(seconds=5))
        return self.hooks.poll(Span(feed, "", window, cursor))

    def sightings(self, feed: str = "archive_completed") -> dict[str, Sighting]:
        """The sightings of *feed* by id."""
        return {s.external_id: s for page in self.poll(feed) for s in page.sightings}

    def record(self, sighting: Sighting) -> Recording:
        """*sighting* as the ledger would hand it back."""
        return Recording(
            sighting.external_id,
            sighting.occurred_at,
            sighting.keys,
            sighting.revision,
            self.now,
            {"listing": sighting.document},
        )

    def media(self, recording: Recording, renew: bool = False) -> Outcome:
        """The files of *recording*."""
        return next(self.hooks.fetch_media(Batch((recording,), self.now, renew)))

    def files(self, sightings: dict[str, Sighting]) -> set[tuple[str, str, str, int | None]]:
        """Every ready file as the truth tells it."""
        found: set[tuple[str, str, str, int | None]] = set()
        for sighting in sightings.values():
            answered = self.media(self.record(sighting))
            assert isinstance(answered, Ready), answered
            uuid = split_id(sighting.external_id)[1]
            ready = (file for file in answered.files if file.offered == "ready")
            found |= {(uuid, file.file_id, file.kind, file.size_bytes) for file in ready}
        return found

    def truth(self) -> set[tuple[str, str, str, int | None]]:
        """What must be found, by UUID."""
        return {
            (split_id(row.external_id)[1], row.file_id, row.kind, row.bytes)
            for row in self.simulator.truth(self.now)
        }


MakeCloud = Callable[..., Cloud]


@pytest.fixture
def make_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCloud]:
    """Make clouds with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(
            meetings: int = 10, changed: dict[str, object] | None = None, **switches: object
        ) -> Cloud:
            clock = ManualClock(START + LATER)
            world = World(7, START, days=1, meetings=meetings)
            simulator = ZoomSimulator(world, clock, switches=switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            table = dict(simulator.settings()) | (changed or {})
            settings = ZoomSettings.model_validate(table)
            kit = stack.enter_context(Kit(clock, budgets=Zoom.budgets_of(settings)))
            hooks = Hooks(Zoom(Source("zoom", settings), kit))
            return Cloud(simulator, clock, settings, kit, hooks)

        yield make


# --- who we are -----------------------------------------------------------------------------------


def test_the_account_is_the_one_that_the_token_was_granted_for(make_cloud: MakeCloud) -> None:
    """With the archive's scopes alone, the grant itself is the proof."""
    cloud = make_cloud(scopes=ARCHIVE_ONLY)
    assert cloud.hooks.account().account_id == cloud.settings.account_id


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"account_id": "other"}, "account_id"),
        ({"client_id": "other"}, "client_id"),
        ({"client_secret": {"env": "CATCHMENT_T_WRONG"}}, "client_secret"),
    ],
)
@pytest.mark.parametrize("shape", ["reason", "newer"])
def test_wrong_credentials_name_the_setting(
    make_cloud: MakeCloud,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, object],
    named: str,
    shape: str,
) -> None:
    """Also by ``check``, which ends there."""
    monkeypatch.setenv("CATCHMENT_T_WRONG", "wrong")
    cloud = make_cloud(changed=changed, oauth_errors=shape)
    with pytest.raises(Refused) as refused:
        cloud.hooks.account()
    assert not isinstance(refused.value, WrongAccount)
    assert named in refused.value.remedy
    (finding,) = cloud.hooks.check()
    assert (finding.verdict, named in finding.remedy) == ("fail", True)


@pytest.mark.parametrize("scopes", ["granular", "classic"])
@pytest.mark.parametrize("source", ["archive", "recordings", "both"])
def test_every_permission_is_proved_on_its_own_endpoint(
    make_cloud: MakeCloud, scopes: str, source: str
) -> None:
    """Nothing fails where nothing is missing, with scopes of either family (2.3)."""
    cloud = make_cloud(scopes=scopes, source=source)
    assert {finding.verdict for finding in cloud.hooks.check()} == {"pass"}


def test_a_secret_that_is_not_there_is_a_finding(
    make_cloud: MakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``check`` tells everything as findings, also what is wrong with the settings."""
    monkeypatch.delenv("CATCHMENT_T_NONE", raising=False)
    cloud = make_cloud(changed={"client_secret": {"env": "CATCHMENT_T_NONE"}})
    (finding,) = cloud.hooks.check()
    assert finding.verdict == "fail"
    assert "CATCHMENT_T_NONE" in finding.detail


def test_a_missing_scope_is_named_by_check_and_stops_the_poll(make_cloud: MakeCloud) -> None:
    """Health on another endpoint proves nothing (10, row 11)."""
    cloud = make_cloud(scopes="archiving:read:archived_files:admin user:read:user:admin")
    failed = [finding for finding in cloud.hooks.check() if finding.verdict == "fail"]
    assert [finding.what for finding in failed] == ["list of archived meetings"]
    assert "archiving:read:list_archived_files:admin" in failed[0].remedy
    assert "recording:read:admin" in failed[0].remedy
    with pytest.raises(Refused, match="archiving:read:list_archived_files"):
        list(cloud.poll("archive_completed"))


def test_a_scope_that_is_added_works_without_restart(make_cloud: MakeCloud) -> None:
    """A token from before does not carry it (2.1), so a refusal lets the next have a new one."""
    cloud = make_cloud(scopes="user:read:user:admin")
    with pytest.raises(Refused):
        list(cloud.poll("archive_completed"))
    cloud.simulator.turn(scopes=ARCHIVE_ONLY)
    assert cloud.sightings()


def test_archiving_that_is_switched_off_is_said_so(make_cloud: MakeCloud) -> None:
    """The remedy is Zoom Support, which no scope replaces (3)."""
    cloud = make_cloud(archiving=False)
    finding = next(f for f in cloud.hooks.check() if f.what == "list of archived meetings")
    assert finding.verdict == "fail"
    assert "Zoom Support" in finding.remedy


# --- what there is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"order": "shuffled", "last_page": "absent", "retry_after": "seconds"},
        {"external_fields": "null", "breakout_id": "own", "fingerprint": "empty"},
        {"external_fields": "empty", "attachments": False, "failed_every": 5},
        {"tokens": "newest", "token_code": 4700, "scopes": "classic"},
    ],
)
@pytest.mark.parametrize("feed", ["archive_completed", "archive_started"])
def test_every_archived_file_is_found(
    make_cloud: MakeCloud, feed: str, switches: dict[str, object]
) -> None:
    """All that the World made available, by id, kind and size, and nothing else."""
    cloud = make_cloud(**switches)
    assert cloud.truth()
    assert cloud.files(cloud.sightings(feed)) == cloud.truth()


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"account_recordings": False},
        {"account_recordings": False, "unknown_status": 400, "recordings_end": "exclusive"},
        {"recording_type_field": "text", "participant_audio": True, "order": "newest_first"},
        {"scopes": "classic", "recordings_end": "exclusive"},
    ],
)
def test_every_recording_is_found(make_cloud: MakeCloud, switches: dict[str, object]) -> None:
    """In the account's list, or user by user where there is none (5.2)."""
    cloud = make_cloud(source="recordings", **switches)
    assert cloud.truth()
    assert cloud.files(cloud.sightings("recordings")) == cloud.truth()


def test_both_products_stand_side_by_side(make_cloud: MakeCloud) -> None:
    """Two recordings of one meeting, with one key and no file in common (fact 1)."""
    cloud = make_cloud(source="both")
    archived, recorded = cloud.sightings(), cloud.sightings("recordings")
    shared = {uuid for uuid in archived if f"cloud:{uuid}" in recorded}
    assert shared
    assert not set(archived) & set(recorded)
    for uuid in shared:
        assert set(recorded[f"cloud:{uuid}"].keys) <= set(archived[uuid].keys)
    assert cloud.files(archived | recorded) == cloud.truth()


def test_the_keys_are_those_of_the_world(make_cloud: MakeCloud) -> None:
    """Breakout rooms carry their parent's key beside their own."""
    cloud = make_cloud(meetings=20)
    found = {
        uuid: {f"{key.space}:{key.value}" for key in sighting.keys}
        for uuid, sighting in cloud.sightings().items()
    }
    assert any(len(keys) == 2 for keys in found.values())
    for row in cloud.simulator.truth(cloud.now):
        assert found[split_id(row.external_id)[1]] == set(row.keys)


@pytest.mark.parametrize("between", ["stable", "duplicates", "inserts"])
def test_a_long_listing_is_read_page_by_page_and_can_be_taken_up(
    make_cloud: MakeCloud, between: str
) -> None:
    """Another adapter goes on at the cursor of the first page; nothing is lost (T: resume)."""
    cloud = make_cloud(meetings=320, pages=between)
    whole = list(cloud.poll("archive_completed"))
    assert len(whole) == 2
    rest = list(cloud.poll("archive_completed", whole[0].cursor))
    for pages in (whole, [whole[0], *rest]):
        listed = {s.external_id for page in pages for s in page.sightings}
        assert listed >= set(cloud.simulator.site.archive_by_uuid)


def test_a_page_token_that_died_restarts_the_window(make_cloud: MakeCloud) -> None:
    """It lives 15 minutes (fact 6)."""
    cloud = make_cloud(meetings=320)
    first = next(cloud.poll("archive_completed"))
    cloud.clock.advance(timedelta(minutes=16))
    with pytest.raises(CursorLost):
        next(cloud.poll("archive_completed", first.cursor))


def test_a_window_into_the_future_covers_up_to_now(make_cloud: MakeCloud) -> None:
    """Zoom clamps ``to`` and says so; the frontier goes no further (fact 5)."""
    cloud = make_cloud()
    window = Window(START, cloud.now + timedelta(hours=5))
    pages = list(cloud.hooks.poll(Span("archive_completed", "", window)))
    assert pages[-1].covers is not None
    assert pages[-1].covers.end <= cloud.now + timedelta(seconds=1)


@pytest.mark.parametrize("values", ["empty", "absent"])
def test_a_meeting_in_processing_is_seen_by_the_sweep(make_cloud: MakeCloud, values: str) -> None:
    """The sweep by start time finds what has not been completed (fact 4), and then its news."""
    cloud = make_cloud(processing_values=values)
    record = cloud.simulator.site.archive[0]
    cloud.clock.set(record.meeting.ended_at + timedelta(minutes=1))
    early = cloud.sightings("archive_started")[record.uuid]
    assert early.offered == "not_yet"
    answered = cloud.media(cloud.record(early))
    assert isinstance(answered, NotYet | Ready)
    if isinstance(answered, Ready):
        assert {file.offered for file in answered.files} == {"not_yet"}
    cloud.clock.set(START + LATER)
    later = cloud.sightings("archive_started")[record.uuid]
    assert (later.offered, later.revision != early.revision) == ("ready", True)


@pytest.mark.parametrize("status", [200, 500])
def test_odd_bodies_are_asked_again(make_cloud: MakeCloud, status: int) -> None:
    """``{"status": false, …}`` now and then is trouble of the platform and no answer (8.3)."""
    cloud = make_cloud(odd_body_every=3, odd_body_status=status)
    assert cloud.files(cloud.sightings()) == cloud.truth()


# --- one recording --------------------------------------------------------------------------------


def documents(cloud: Cloud, sighting: Sighting) -> set[str]:
    """Names of the documents that are fetched for *sighting*."""
    (answered,) = cloud.hooks.fetch_metadata(Batch((cloud.record(sighting),), cloud.now))
    assert isinstance(answered, Ready)
    return set(answered.documents)


def test_metadata_is_what_the_scopes_allow(make_cloud: MakeCloud) -> None:
    """All of it, or the listing alone; external meetings and rooms are asked less."""
    cloud = make_cloud(meetings=20)
    found: dict[str, set[frozenset[str]]] = {"internal": set(), "external": set(), "room": set()}
    for sighting in cloud.sightings().values():
        sort = "room" if len(sighting.keys) == 2 else sighting.document["meeting_type"]
        found[sort].add(frozenset(documents(cloud, sighting)))
    assert found["internal"] == {frozenset({"past_meeting", "participants", "host"})}
    assert found["room"] == {frozenset({"host"})}
    assert found["external"] == {frozenset()}


def test_without_scopes_nothing_is_asked_and_nothing_fails(make_cloud: MakeCloud) -> None:
    """A document that may not be read is left out; a dead credential is not that."""
    cloud = make_cloud(scopes=ARCHIVE_ONLY)
    sightings = list(cloud.sightings().values())
    assert all(documents(cloud, sighting) == set() for sighting in sightings)
    cloud.clock.advance(timedelta(hours=2))
    cloud.simulator.turn(app="deactivated")
    with pytest.raises(Refused):
        documents(cloud, sightings[0])


def test_the_draft_of_every_meeting_has_its_host(make_cloud: MakeCloud) -> None:
    """S000-29, with documents as the platform tells them."""
    cloud = make_cloud(meetings=20)
    sightings = cloud.sightings()
    for sighting in sightings.values():
        recording = cloud.record(sighting)
        (answered,) = cloud.hooks.fetch_metadata(Batch((recording,), cloud.now))
        assert isinstance(answered, Ready)
        told = {**recording.documents, **answered.documents}
        draft = cloud.hooks.map_metadata(Bundle((replace(recording, documents=told),)))
        host = draft.parties[0]
        assert (host.role, draft.contacts[0].agent) == ("host", host.party_id)
        if sighting.document["meeting_type"] == "internal":
            assert host.ref is not None
            assert host.ref.value == sighting.document["host_id"]


def test_links_are_asked_for_again_when_they_are_old(make_cloud: MakeCloud) -> None:
    """From the listing while it is young, from Zoom when it is not or when told so (6.2)."""
    cloud = make_cloud(link_minutes=5)
    recording = cloud.record(next(iter(cloud.sightings().values())))

    def link(outcome: Outcome) -> str:
        assert isinstance(outcome, Ready)
        return outcome.files[0].ways[0].url

    young = link(cloud.media(recording))
    assert young == link(cloud.media(recording))
    cloud.clock.advance(timedelta(minutes=11))
    assert link(cloud.media(recording)) != young
    assert link(cloud.media(recording, renew=True)) != young


def test_a_file_can_be_downloaded_as_it_is_described(make_cloud: MakeCloud, tmp_path: Path) -> None:
    """The bearer goes to Zoom's hosts and not to the storage host beyond (6.2, rule 3)."""
    cloud = make_cloud(storage_bearer="reject")
    truth = {row.file_id: row for row in cloud.simulator.truth(cloud.now)}
    adapter = cloud.hooks.adapter
    downloader = Downloader(
        cloud.clock, token=adapter.credentials(), token_hosts=adapter.token_hosts()
    )
    answered = cloud.media(cloud.record(next(iter(cloud.sightings().values()))))
    assert isinstance(answered, Ready)
    file: MediaFile = answered.files[0]
    fetched = downloader.fetch(file.ways[0], tmp_path / "part", expected_bytes=file.size_bytes)
    downloader.close()
    assert fetched.sha256 == truth[file.file_id].sha256 == file.claimed_sha256


def test_what_zoom_no_longer_keeps_is_gone_and_what_is_young_is_not(
    make_cloud: MakeCloud,
) -> None:
    """404/3001 means later right after the end (8.3), and gone when the retention is over."""
    cloud = make_cloud()
    recording = cloud.record(next(iter(cloud.sightings().values())))
    unknown = replace(recording, external_id="AAAAAAAAAAAAAAAAAAAAAA==", documents={})
    young = replace(unknown, occurred_at=cloud.now - timedelta(minutes=5))
    assert isinstance(cloud.media(young, renew=True), NotYet)
    assert isinstance(cloud.media(unknown, renew=True), Nothing)
    cloud.clock.advance(timedelta(days=31))
    gone = cloud.media(recording)
    assert isinstance(gone, Nothing)
    assert gone.why


# --- recovery -------------------------------------------------------------------------------------


def test_a_meeting_is_found_by_its_uuid_in_any_encoding(make_cloud: MakeCloud) -> None:
    """S003-22: ``GET /past_meetings/{uuid}/archive_files`` for each id."""
    cloud = make_cloud()
    sightings = cloud.sightings()
    for uuid in sightings:
        once = quote(uuid, safe="")
        ids = [uuid, once, quote(once, safe="")] if once != uuid else [uuid]
        for outcome in cloud.hooks.recover(ids):
            assert isinstance(outcome, Ready)
            assert [s.external_id for s in outcome.sightings] == [uuid]
            assert outcome.sightings[0].revision == sightings[uuid].revision


def test_a_meeting_number_finds_all_its_instances(make_cloud: MakeCloud) -> None:
    """The number alone would mean the latest only (1.1)."""
    cloud = make_cloud(meetings=40)
    numbers: dict[str, set[str]] = {}
    for uuid, sighting in cloud.sightings().items():
        if sighting.document["meeting_type"] == "internal" and len(sighting.keys) == 1:
            numbers.setdefault(str(sighting.document["id"]), set()).add(uuid)
    assert any(len(uuids) > 1 for uuids in numbers.values())
    for outcome in cloud.hooks.recover(list(numbers)):
        assert isinstance(outcome, Ready)
        found = {s.external_id for s in outcome.sightings}
        assert found >= numbers[outcome.item_id]


def test_what_is_not_there_is_said(make_cloud: MakeCloud) -> None:
    """Unknown ids have a reason, and one that fails does not stop the others."""
    cloud = make_cloud(scopes=ARCHIVE_ONLY)
    ids = ["AAAAAAAAAAAAAAAAAAAAAA==", "not an id", "84411220937"]
    unknown, nonsense, number = cloud.hooks.recover(ids)
    assert isinstance(unknown, Nothing)
    assert isinstance(nonsense, Nothing)
    assert "neither" in nonsense.why
    assert isinstance(number, Denied)
    assert "meeting:read:list_past_instances" in number.why


def test_recovery_finds_every_captured_product(make_cloud: MakeCloud) -> None:
    """A UUID stands for both, ``cloud:`` before it for the recording alone."""
    cloud = make_cloud(source="both")
    recorded = cloud.sightings("recordings")
    uuid = next(uuid for uuid in cloud.sightings() if f"cloud:{uuid}" in recorded)
    both, one = cloud.hooks.recover([uuid, f"cloud:{uuid}"])
    assert isinstance(both, Ready)
    assert isinstance(one, Ready)
    assert [s.external_id for s in both.sightings] == [uuid, f"cloud:{uuid}"]
    assert [s.external_id for s in one.sightings] == [f"cloud:{uuid}"]


# --- people ---------------------------------------------------------------------------------------


def test_the_directory_has_everybody_once(make_cloud: MakeCloud) -> None:
    """Also those who left (10, row 12); who was only invited has no id and is left out (7.6)."""
    cloud = make_cloud()
    people = list_people(cloud.hooks)
    assert len({person.refs[0] for person in people}) == len(people)
    assert {person.active for person in people} == {True, False}
    assert {agent.email for agent in cloud.simulator.world.agents} <= {p.email for p in people}


def test_without_its_scope_there_is_no_directory(make_cloud: MakeCloud) -> None:
    """Nobody is listed, and nothing fails."""
    assert list(make_cloud(scopes=ARCHIVE_ONLY).hooks.sync_directory()) == []
