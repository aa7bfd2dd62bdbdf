"""The simulator as a whole: truth, settings, switches, faults, and independence."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, MIDNIGHT, Cloud, Clouds

import catchment_webex_meetings.simulator
from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import Faults, Lateness, TruthRow, World, load_simulator
from catchment_webex_meetings.simulator import Switches, WebexMeetingsSimulator

T = TypeVar("T")


def by_file(rows: Iterable[TruthRow]) -> dict[tuple[str, str], TruthRow]:
    """Rows of the truth by recording and file."""
    return {(row.external_id, row.file_id): row for row in rows}


def truth(webex: Cloud) -> dict[tuple[str, str], TruthRow]:
    """The truth as of now."""
    return by_file(webex.simulator.truth(webex.clock.now()))


def test_truth_is_what_the_links_send(webex: Cloud) -> None:
    """The oracle: each recording with its film and transcript, with their real hashes."""
    told: dict[tuple[str, str], str] = {}
    for one in webex.tenant.recordings:
        links = webex.details(one)["temporaryDirectDownloadLinks"]
        for name, file_id in (("recording", "video"), ("transcript", "transcript")):
            url = links.get(f"{name}DownloadLink")
            if url:
                sent = webex.http.get(url).content
                told[one.recording_id, file_id] = hashlib.sha256(sent).hexdigest()
    rows = truth(webex)
    own = {k: r.sha256 for k, r in rows.items() if k[1] in ("video", "transcript")}
    assert own == told
    assert {r.kind for r in rows.values()} == {"video", "transcript"}


@pytest.mark.parametrize("profile", ["administrator", "compliance_officer"])
def test_what_belongs_to_a_meeting_stands_with_its_first_part(cloud: Clouds, profile: str) -> None:
    """By ``timeRecorded``, then id; chats and captions are an officer's alone."""
    webex = cloud(profile=profile)
    extras: dict[str, set[str]] = {}
    for recording, file_id in truth(webex):
        if file_id not in ("video", "transcript"):
            extras.setdefault(recording, set()).add(file_id.partition(":")[0])
    wanted: dict[str, set[str]] = {}
    for one in webex.tenant.instances:
        if one.recordings:
            first = min(one.recordings, key=lambda r: (r.recorded_at, r.recording_id))
            names = {"meeting_transcript"} if one.transcript else set()
            if profile == "compliance_officer":
                names |= {"chat"} if one.meeting.chat else set()
                names |= {"captions"} if one.captions else set()
            if names:
                wanted[first.recording_id] = names
    assert extras == wanted


def test_extras_are_what_the_api_sends(officer: Cloud) -> None:
    """Transcripts and captions as they are downloaded."""
    rows = truth(officer)
    for one in officer.tenant.instances:
        if one.recordings and one.transcript and one.captions:
            key = one.recordings[0].recording_id
            text = one.transcript.text_id
            sent = officer.get(f"/meetingTranscripts/{text}/download").content
            assert (
                hashlib.sha256(sent).hexdigest() == rows[key, f"meeting_transcript:{text}"].sha256
            )
            sent = officer.get(f"/meetingClosedCaptions/{one.captions.text_id}/download").content
            assert hashlib.sha256(sent).hexdigest() == rows[key, "captions"].sha256
            return
    pytest.fail("no meeting has both")


def test_chats_are_the_rows_of_all_pages(officer: Cloud) -> None:
    """7: Webex has no file of them; the form is agreed on."""
    one = officer.instance(lambda o: len(o.recordings) == 1 and len(o.meeting.chat) > 1)
    rows = officer.items("/meetings/postMeetingChats", meetingId=one.instance_id, max=1)
    agreed = json.dumps({"items": rows}, ensure_ascii=False, indent=1).encode()
    told = truth(officer)[one.recordings[0].recording_id, "chat"]
    assert (told.sha256, told.bytes) == (hashlib.sha256(agreed).hexdigest(), len(agreed))


def test_truth_grows_with_time(cloud: Clouds) -> None:
    """``available_at`` is the moment from which on the file can be had."""
    late = Lateness(share=0.4, least=timedelta(minutes=2), longest=timedelta(hours=30))
    webex = cloud(Faults(seed=2, late=late), late_transcript_every=2)
    rows = sorted(
        webex.simulator.truth(webex.tenant.world.end + timedelta(days=9)),
        key=lambda row: row.available_at,
    )
    films = [row for row in rows if row.file_id in ("video", "transcript")]
    for row in (films[0], films[len(films) // 2], films[-1]):
        one = webex.tenant.recordings_by_id[row.external_id]
        name = {"video": "recording"}.get(row.file_id, row.file_id)
        for moment, there in (
            (row.available_at - timedelta(seconds=1), False),
            (row.available_at, True),
        ):
            webex.clock.set(moment)
            webex.act_as("administrator")
            answer = webex.get(f"/recordings/{one.recording_id}", hostEmail=one.host.email)
            links = answer.json().get("temporaryDirectDownloadLinks", {})
            assert (f"{name}DownloadLink" in links) is there
            assert ((row.external_id, row.file_id) in truth(webex)) is there


def test_keys_join_parts_by_their_instance(cloud: Clouds) -> None:
    """``meeting:<instance>`` and ``recording:<id>``; without a ``meetingId`` only the latter."""
    webex = cloud(uploaded_every=1, absent_every=4, absent_fields="meetingId")
    seen = Counter(len(row.keys) for row in truth(webex).values())
    assert set(seen) == {1, 2}
    for row in truth(webex).values():
        one = webex.tenant.recordings_by_id[row.external_id]
        own = f"recording:{one.recording_id}"
        if one.meeting is None or "meetingId" in one.absent:
            assert row.keys == (own,)
        else:
            assert row.keys == (f"meeting:{webex.tenant.names.instance(one.meeting)}", own)


@pytest.mark.parametrize(
    ("switches", "kinds"),
    [
        ({"arf_every": 1}, {"attachment"}),
        ({"arf_every": 1, "uploaded_every": 1}, {"attachment", "video"}),
        ({}, {"video"}),
    ],
    ids=["arf", "uploaded", "usual"],
)
def test_the_kind_follows_the_format(
    cloud: Clouds, switches: dict[str, object], kinds: set[str]
) -> None:
    """ARF is kept as it is: an attachment named ``video``."""
    webex = cloud(**switches)
    assert {row.kind for key, row in truth(webex).items() if key[1] == "video"} == kinds
    durations = {row.duration_s is None for row in truth(webex).values() if row.kind == "video"}
    assert durations <= {False}


@pytest.mark.parametrize(
    ("switches", "profile", "there"),
    [
        ({"prevented_every": 1}, "administrator", False),
        ({"prevented_every": 1}, "compliance_officer", True),
        ({"deleted_every": 1, "deleted_after_minutes": 0}, "administrator", False),
        ({"deleted_every": 1, "deleted_after_minutes": 0}, "compliance_officer", True),
        ({"deleted_every": 1, "deleted_after_minutes": 9}, "administrator", True),
    ],
)
def test_truth_is_what_the_credential_can_obtain(
    cloud: Clouds, switches: dict[str, object], profile: str, there: bool
) -> None:
    """4.4, 4.6: a compliance officer gets what is prevented or deleted."""
    webex = cloud(profile=profile, **switches)
    assert bool(truth(webex)) is there
    assert webex.simulator.settings()["profile"] == profile


def test_captions_that_are_off_are_not_in_the_truth(cloud: Clouds) -> None:
    """7: where the interface is not enabled, nobody can have them."""
    webex = cloud(profile="compliance_officer", captions="off")
    assert not [key for key in truth(webex) if key[1] == "captions"]


def test_settings_name_api_and_secrets_by_reference(webex: Cloud) -> None:
    """All sites, by leaving them out."""
    told, own = webex.simulator.settings(), webex.simulator.credentials
    assert told["api_url"] == webex.urls["api"]
    assert "sites" not in told
    assert own.client_secret not in repr(told)
    assert set(webex.simulator.secrets()) == {
        "WEBEX_MEETINGS_CLIENT_SECRET",
        "WEBEX_MEETINGS_REFRESH_TOKEN",
    }


def test_the_first_refresh_token_stands_for_the_profile(cloud: Clouds) -> None:
    """3.5 of the common sheet: what the configured credential is granted."""
    for profile in ("administrator", "compliance_officer"):
        webex = cloud(profile=profile)
        own = webex.simulator.credentials
        form = {
            "grant_type": "refresh_token", "client_id": own.client_id,
            "client_secret": own.client_secret, "refresh_token": own.refresh_token,
        }  # fmt: skip
        answer = webex.http.post(f"{webex.api}/access_token", data=form).json()
        webex.bearer = answer["access_token"]
        me = webex.get("/people/me").json()
        assert me["emails"] == [f"{profile.replace('_', '-')}@corp.example"]
        assert webex.get("/meetingPreferences/sites").status_code == 200
        assert webex.get("/admin/recordings", **DAY).status_code == 200


def test_a_scope_can_be_withheld(cloud: Clouds) -> None:
    """3.5 of the common sheet: as when an administrator forgot one."""
    webex = cloud(scopes="meeting:admin_recordings_read")
    assert webex.get("/admin/recordings", **DAY).status_code == 200
    assert webex.get("/meetings").status_code == 403


def test_two_processes_tell_the_same(world: World) -> None:
    """The same World, the same ids, the same bytes."""
    until = world.end + timedelta(days=1)
    one, other = (
        list(WebexMeetingsSimulator(world, ManualClock(world.end)).truth(until)) for _ in range(2)
    )
    assert one == other


def test_every_switch_is_documented_and_checked(world: World) -> None:
    """The table has a line for each field; an unknown one is refused."""
    own = {field.name for field in fields(Switches)}
    table = (inspect.getdoc(Switches) or "") + (inspect.getdoc(Switches.__mro__[1]) or "")
    assert [name for name in own if f"\n    {name}: " not in table] == []
    for wrong in ({"colour": "red"}, {"profile": "nobody"}, {"ranges": 1}):
        with pytest.raises(BadSettings):
            WebexMeetingsSimulator(world, ManualClock(world.end), switches=wrong)


def test_the_simulator_imports_nothing_of_the_adapter() -> None:
    """It would prove nothing if it shared the adapter's reading of the platform."""
    home = Path(catchment_webex_meetings.simulator.__file__).parent
    for path in home.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                ours = node.module.startswith("catchment_webex")
                assert not ours or ".simulator" in node.module, path.name
                assert not node.module.startswith("catchment._"), path.name


def test_the_simulator_is_found_by_its_entry_point() -> None:
    """``catchment.simulators``, name ``webex_meetings``."""
    assert load_simulator("webex_meetings") is WebexMeetingsSimulator


FAULTS = {
    "throttle": {"list": 0.3, "document": 0.3, "download": 0.2, "token": 0.3},
    "server_error": {"list": 0.3, "document": 0.2, "download": 0.2},
    "reset": {"list": 0.1, "download": 0.2},
    "unauthorized_once": {"document": 0.5},
    "expired_link": {"download": 0.3},
    "html": {"list": 0.1, "download": 0.2},
    "truncate": {"document": 0.2, "download": 0.2},
    "repeat": {"list": 0.5},
    "shuffle": {"list": 0.5},
}


def test_under_all_faults_at_once_whoever_tries_again_gets_through(cloud: Clouds) -> None:
    """13: faults are bounded, and every one of them happens."""
    webex = cloud(Faults(seed=9, rates=FAULTS, most=2))

    def insist(ask: Callable[[], T]) -> T:
        for _ in range(60):
            with contextlib.suppress(ValueError, KeyError, AssertionError, httpx.HTTPError):
                return ask()
        raise TimeoutError("a fault was not bounded")

    def fetch(url: str, sha256: str) -> None:
        assert hashlib.sha256(webex.http.get(url).content).hexdigest() == sha256

    listed = {row["id"] for row in insist(webex.listed)}
    assert listed == set(webex.tenant.recordings_by_id)
    for one in webex.tenant.recordings[:8]:
        url = insist(partial(webex.link, one))
        insist(partial(fetch, url, one.content.sha256))
    counts = webex.tenant.faults.counts
    done = {fault for fault in FAULTS if counts[fault]}
    assert {"reset", "throttle", "unauthorized_once", "expired_link", "truncate"} <= done


def test_a_world_of_life_size_is_told_as_well() -> None:
    """Ids are unique; instances and recordings of real length are told without making a file."""
    world = World(seed=8, start=MIDNIGHT, days=1, meetings=60, life_size=True)
    tenant = WebexMeetingsSimulator(world, ManualClock(world.end)).tenant
    ids = [one.instance_id for one in tenant.instances]
    assert len(ids) == len(set(ids)) > 50
    assert max(one.seconds for one in tenant.recordings) > 1800
