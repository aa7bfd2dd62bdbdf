"""The adapter through the hooks of the contract, over HTTPS, against the simulated platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.plugins.dynamics.organisation import BOOKS, MakeOrganisation, Organisation

from catchment.errors import NotPermitted, RateLimited, Refused, WrongAccount
from catchment.model import (
    Batch,
    Bundle,
    Denied,
    MediaFile,
    Nothing,
    NotYet,
    Person,
    Queue,
    Ready,
    Recording,
)
from catchment.transport import Downloader, Request, TokenRejected
from catchment_dynamics import wire

GUID = "00000000-0000-4000-8000-000000000000"


# --- who we are -----------------------------------------------------------------------------------


def test_the_account_is_the_organisation(make_organisation: MakeOrganisation) -> None:
    """1.2, 7: as the environment says; in lower case."""
    organisation = make_organisation()
    found = organisation.hooks.account().account_id
    assert found == found.lower()
    assert organisation.changed(organisation_id=found).account().account_id == found


def test_another_organisation_is_noticed_before_anything_is_written(
    make_organisation: MakeOrganisation,
) -> None:
    """A wrong address leads to a wrong environment, which nobody would see."""
    organisation = make_organisation()
    with pytest.raises(WrongAccount, match="organisation_id") as wrong:
        organisation.changed(organisation_id=GUID).account()
    assert organisation.hooks.account().account_id in str(wrong.value)
    assert "url" in wrong.value.remedy


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"tenant_id": GUID}, "tenant_id"),
        ({"client_id": GUID}, "client_id"),
        ({"client_secret": {"env": "WRONG_SECRET"}}, "client_secret"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_credential_names_its_setting(
    make_organisation: MakeOrganisation,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, object],
    setting: str,
) -> None:
    """1.1: each row of the table of errors; the secret stands nowhere."""
    monkeypatch.setenv("WRONG_SECRET", "wr0ng-secret")
    hooks = make_organisation().changed(**changed)
    with pytest.raises(Refused) as refused:
        hooks.account()
    told = f"{refused.value} {refused.value.remedy}"
    assert f"the setting {setting}" in told
    assert "AADSTS" in told
    assert "wr0ng-secret" not in told


def test_an_expired_secret_is_told_as_such(make_organisation: MakeOrganisation) -> None:
    """1.1: the most common reason of all why an app stops one day."""
    with pytest.raises(Refused, match="has expired") as refused:
        make_organisation(credentials="expired").hooks.account()
    assert "client_secret" in refused.value.remedy


def test_a_rotated_secret_needs_no_restart(
    make_organisation: MakeOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read anew whenever a token is asked for."""
    organisation = make_organisation()
    secret = organisation.settings.client_secret
    good = secret.read()
    monkeypatch.setenv(secret.name, "old")
    with pytest.raises(Refused):
        organisation.hooks.account()
    monkeypatch.setenv(secret.name, good)
    assert organisation.hooks.account().account_id


def test_the_secret_goes_to_no_other_host(make_organisation: MakeOrganisation) -> None:
    """The login host says where tokens are asked for; wherever that is, it must be itself."""
    organisation = make_organisation()
    environment = organisation.simulator.environment
    environment.urls = {**environment.urls, "login": "https://login.example"}
    with pytest.raises(Refused, match="sends us elsewhere") as refused:
        organisation.hooks.account()
    assert "login_url" in refused.value.remedy


def test_an_address_of_another_tenant_is_refused(make_organisation: MakeOrganisation) -> None:
    """1.1: the environment must be one of the tenant's."""
    hooks = make_organisation().changed(url="https://fabrikam.crm4.dynamics.com")
    with pytest.raises(Refused, match="the setting url"):
        hooks.account()


def test_no_application_user_stops_the_source(make_organisation: MakeOrganisation) -> None:
    """1.2: a valid token is not enough."""
    organisation = make_organisation(no_app_user=True)
    for ask in (organisation.hooks.account, lambda: list(organisation.poll("recordings"))):
        with pytest.raises(Refused, match="no application user") as refused:
            ask()
        assert "application user" in refused.value.remedy


def test_a_token_that_is_not_accepted_is_renewed_once(
    make_organisation: MakeOrganisation,
) -> None:
    """1.2: 401; then it is the credential's."""
    organisation = make_organisation()
    organisation.simulator.refuse = lambda _verb, _path: (401, "")
    with pytest.raises(TokenRejected):
        organisation.hooks.account()
    minted = [path for _, path, _ in organisation.simulator.asked if path.endswith("/token")]
    assert len(minted) == 2


def test_busy_identity_hosts_are_waited_for(make_organisation: MakeOrganisation) -> None:
    """1.1: 429 with a time to wait, which the library would hide."""
    organisation = make_organisation(identity_requests=1)
    assert organisation.hooks.account()
    with pytest.raises(RateLimited) as limited:
        organisation.of_client(0).account()
    assert limited.value.retry_at is not None


def test_the_limit_of_an_application_user_is_its_own(
    make_organisation: MakeOrganisation,
) -> None:
    """2.8, 8: what one has used up is not missing for the other; the limit is told by name."""
    organisation = make_organisation(throttle_requests=1)
    organisation.hooks.account()
    with pytest.raises(RateLimited, match="requests in five minutes") as limited:
        organisation.hooks.account()
    assert limited.value.retry_at is not None
    assert organisation.of_client(1).account().account_id


# --- what there is --------------------------------------------------------------------------------


def test_everything_recorded_of_calls_is_found(make_organisation: MakeOrganisation) -> None:
    """S004: every recording, transcript and voicemail, and nothing of chats or Sales (3.7, 3.8)."""
    organisation = make_organisation()
    truth = {name for name, _, _ in organisation.truth()}
    found = organisation.sightings()
    assert truth
    assert truth <= {*found}
    ready = {name for name, one in found.items() if one.offered == "ready"}
    assert ready == truth


def test_every_file_is_offered(make_organisation: MakeOrganisation) -> None:
    """Sound, side files, transcripts in files and notes: all that can be had, under its kind."""
    organisation = make_organisation(calls=24, voicemails_every=1)
    truth = organisation.truth()
    assert {kind for _, _, kind in truth} >= {"audio", "transcript", "attachment"}
    assert organisation.files() == truth


def test_what_is_found_has_the_keys_of_its_conversation(
    make_organisation: MakeOrganisation,
) -> None:
    """3.10: the conversation is what belongs together; an orphan stands alone (4.4)."""
    organisation = make_organisation(orphans_every=3)
    keys = {row.external_id: {*row.keys} for row in organisation.simulator.truth(organisation.now)}
    assert any("recording:" in key for told in keys.values() for key in told)
    found = organisation.sightings()
    for name, expected in keys.items():
        assert {f"{key.space}:{key.value}" for key in found[name].keys} >= expected


def test_files_come_byte_for_byte(make_organisation: MakeOrganisation, tmp_path: Path) -> None:
    """2.9: by link, in pieces and whole, each with its own right and the same bytes."""
    organisation = make_organisation(calls=6, chains=2)
    sizes = {
        (row.external_id, row.file_id): row.sha256
        for row in organisation.simulator.truth(organisation.now)
    }
    adapter = organisation.hooks.adapter
    downloader = Downloader(
        organisation.clock,
        token=adapter.credentials(),
        token_hosts=adapter.token_hosts(),
        ca_file=organisation.simulator.ca_file,
    )
    found = 0
    for name, answer in organisation.media(
        organisation.describe(organisation.recordings())
    ).items():
        for file in answer.files if isinstance(answer, Ready) else ():
            for number, way in enumerate(file.ways):
                part = tmp_path / f"{found}-{number}"
                fetched = downloader.fetch(way, part, expected_bytes=file.size_bytes)
                assert fetched.sha256 == sizes[name, file.file_id]
            found += bool(file.ways)
    downloader.close()
    assert found


@pytest.mark.parametrize(
    ("audio", "kinds"),
    [
        ("auto", ["link", "pieces", "whole"]),
        ("sas", ["link"]),
        ("chunks", ["pieces"]),
        ("whole", ["whole"]),
    ],
)
def test_ways_are_offered_as_the_settings_say(
    make_organisation: MakeOrganisation, audio: str, kinds: list[str]
) -> None:
    """2.9: only what leads to the environment itself carries the token."""
    organisation = make_organisation(calls=6, chains=0, changed={"audio": audio})
    (ways, *_) = (file.ways for file in _list_sounds(organisation))
    told = ["whole" if way.ranged is False else "pieces" if way.auth else "link" for way in ways]
    assert told == kinds
    assert all(way.auth == way.url.startswith(organisation.settings.url) for way in ways)
    assert all(way.size_header == "x-ms-file-size" for way in ways if way.auth)


@pytest.mark.parametrize("sas", ["400", "403"])
def test_refused_links_leave_the_other_ways(make_organisation: MakeOrganisation, sas: str) -> None:
    """2.9: customer-managed keys; refused once, a batch asks for no more of them."""
    organisation = make_organisation(calls=6, chains=0, sas=sas)
    recordings = organisation.describe(organisation.recordings())[:5]
    organisation.simulator.seen.clear()
    answers = organisation.media(recordings)
    asked = [path for path, _ in organisation.simulator.seen if "GetFileSasUrl" in path]
    assert len(asked) == 1
    files = [
        one for answer in answers.values() if isinstance(answer, Ready) for one in answer.files
    ]
    assert all(len(file.ways) == 2 for file in files if file.ways)
    offered = {name for name, one in answers.items() if isinstance(one, Ready)
               if any(file.ways for file in one.files)}  # fmt: skip
    alone = organisation.media(recordings, organisation.changed(audio="sas"))
    sounds = {one.external_id for one in recordings if "recording" in one.documents}
    refused = [alone[name] for name in offered & sounds]
    assert refused
    assert all(isinstance(one, Denied) and "signed links" in one.why for one in refused)


def _list_sounds(
    organisation: Organisation, recordings: list[Recording] | None = None
) -> list[MediaFile]:
    if recordings is None:
        recordings = organisation.describe(organisation.recordings())
    answers = organisation.media(recordings)
    files = [
        one for answer in answers.values() if isinstance(answer, Ready) for one in answer.files
    ]
    return [one for one in files if one.kind == "audio" and one.offered == "ready"]


def test_links_stand_in_no_document_and_no_text(make_organisation: MakeOrganisation) -> None:
    """A signed link opens the file for whoever has it."""
    organisation = make_organisation(calls=6, chains=0, media_uri="junk")
    recordings = organisation.describe(organisation.recordings())
    assert "sig=" not in repr(recordings)
    assert "sig=" not in repr(organisation.media(recordings))
    assert "msdyn_mediauri" not in repr(recordings)


# --- one recording --------------------------------------------------------------------------------


def test_a_recording_is_told_with_its_conversation(make_organisation: MakeOrganisation) -> None:
    """4.2: everything that says whose call it was when."""
    organisation = make_organisation()
    for recording in organisation.describe(organisation.recordings()):
        documents = recording.documents
        assert {*documents} >= {
            "conversation", "sessions", "participants", "participant_events", "calls", "siblings",
        }  # fmt: skip
        (conversation,) = documents["conversation"]["rows"]
        assert conversation["activityid"] == recording.keys[0].value
        assert documents["sessions"]["rows"]
        if "transcript" in documents:
            assert "notes" in documents


def test_a_batch_is_told_in_few_questions(make_organisation: MakeOrganisation) -> None:
    """8: a call costs a handful of requests, not a handful for each of its rows."""
    organisation = make_organisation(chains=0)
    recordings = [
        one
        for one in organisation.recordings()
        if "msdyn_ocrecordingid" in one.documents["listing"]
    ][:10]
    organisation.describe(recordings)  # the columns are known from here on
    organisation.simulator.seen.clear()
    organisation.describe(recordings)
    assert len(organisation.simulator.seen) <= 8


def test_what_may_not_be_read_is_left_out(make_organisation: MakeOrganisation) -> None:
    """A recording is captured without the books, and the books' own feeds say what is missing."""
    organisation = make_organisation(lacks="msdyn_ocliveworkitem annotation fileattachment")
    seen = [one for page in organisation.poll("recordings") for one in page.sightings]
    recordings = organisation.describe([organisation.record(one) for one in seen])
    assert recordings
    assert all("conversation" not in one.documents for one in recordings)
    with pytest.raises(NotPermitted, match="prvReadActivity"):
        list(organisation.poll("conversations"))
    sizes = [file.size_bytes for file in _list_sounds(organisation, recordings)]
    assert sizes
    assert all(sizes)


def test_deleted_rows_are_gone(make_organisation: MakeOrganisation) -> None:
    """4.4: purged between listing and fetching, by hand or by a job."""
    organisation = make_organisation(purged_after_s=172_800)
    recordings = organisation.recordings()
    organisation.clock.advance(timedelta(days=3))
    for answers in (
        organisation.hooks.fetch_metadata(Batch(tuple(recordings[:5]), organisation.now)),
        organisation.hooks.fetch_media(Batch(tuple(recordings[:5]), organisation.now)),
    ):
        gone = [one for one in answers if isinstance(one, Nothing)]
        assert gone
        assert all(one.why == "deleted at the platform" for one in gone)


def test_files_that_are_not_there_are_waited_for(make_organisation: MakeOrganisation) -> None:
    """4.1: the row may come before its file, which bumps the row."""
    organisation = make_organisation()
    recordings = {one.external_id: one for one in organisation.recordings()}
    waiting = [
        recordings[name]
        for name, one in organisation.sightings().items()
        if one.offered == "not_yet"
    ]
    assert waiting
    for answer in organisation.media(waiting).values():
        assert isinstance(answer, Ready | NotYet)
        if isinstance(answer, Ready):
            assert {file.offered for file in answer.files} == {"not_yet"}


def test_a_recording_of_no_known_table_is_for_a_person(
    make_organisation: MakeOrganisation,
) -> None:
    """The ledger knows an id alone; which table it is of stands in its rows."""
    organisation = make_organisation(calls=2, chains=0)
    lost = Recording(GUID, organisation.now)
    for answers in (organisation.hooks.fetch_metadata, organisation.hooks.fetch_media):
        (answer,) = answers(Batch((lost,), organisation.now))
        assert isinstance(answer, Denied)


def test_every_call_is_mapped(make_organisation: MakeOrganisation) -> None:
    """From the documents alone, and from the facts alone: the same agents."""
    organisation = make_organisation(late_every=0)
    facts = [one for feed in BOOKS for one in organisation.facts(feed).values()]
    for recording in organisation.describe(organisation.recordings()):
        (conversation,) = {key.value for key in recording.keys}
        mine = tuple(one for one in facts if conversation in {key.value for key in one.keys})
        assert {one.kind for one in mine} >= {"conversation", "session"}
        draft = organisation.hooks.map_metadata(Bundle((recording,)))
        again = organisation.hooks.map_metadata(Bundle((replace(recording, documents={}),), mine))
        assert draft.external_id == again.external_id == recording.keys[0].value
        assert [one.agent for one in draft.contacts] == [one.agent for one in again.contacts]


# --- by id ----------------------------------------------------------------------------------------


def test_calls_are_found_by_any_spelling_of_their_ids(make_organisation: MakeOrganisation) -> None:
    """S004: ids of conversations and of recordings, with braces, capitals and blanks."""
    organisation = make_organisation()
    found = organisation.sightings()
    name, one = next(iter(found.items()))
    conversation = one.keys[0].value
    asked = [f" {{{conversation.upper()}}} ", name.upper(), conversation.replace("-", "")]
    answers = {answer.item_id: answer for answer in organisation.hooks.recover(asked)}
    for text in asked:
        answer = answers[text]
        assert isinstance(answer, Ready)
        assert name in {sighting.external_id for sighting in answer.sightings}
        assert one in answer.sightings
    whole = answers[asked[0]]
    assert isinstance(whole, Ready)
    of_call = {each.external_id for each in found.values() if each.keys[0] == one.keys[0]}
    assert {each.external_id for each in whole.sightings} == of_call


def test_what_cannot_be_found_says_why(make_organisation: MakeOrganisation) -> None:
    """No id at all, an unknown one, a call without a recording, a chat."""
    organisation = make_organisation(calls=24)
    known = {key.value for one in organisation.sightings().values() for key in one.keys}
    silent = next(
        one.fact_id for one in organisation.facts("conversations").values()
        if one.fact_id not in known
    )  # fmt: skip
    rows = organisation.reader.access.list_rows(_build_chats())
    chat = str(next(rows)["_msdyn_liveworkitemid_value"])
    answers = {
        one.item_id: one for one in organisation.hooks.recover(["call 7", GUID, silent, chat])
    }
    for name, kind, said in (
        ("call 7", Nothing, "GUID"),
        (GUID, Nothing, "knows no call"),
        (silent, NotYet, "no recording"),
        (chat, Nothing, "is no call"),
    ):
        answer = answers[name]
        assert isinstance(answer, kind)
        assert said in getattr(answer, "why", "")


def _build_chats() -> Request:
    return wire.build_list("msdyn_ocsessions", where=wire.where_channel_is(("192360000",)))


# --- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacks", ["", "msdyn_agentstatus queue"])
def test_the_directory_has_people_and_public_queues(
    make_organisation: MakeOrganisation, lacks: str
) -> None:
    """3.9: no applications, no bots, no queues of one person; who left is inactive."""
    organisation = make_organisation(lacks=lacks)
    rows = list(organisation.hooks.sync_directory())
    people = {row.name: row for row in rows if isinstance(row, Person)}
    queues = [row for row in rows if isinstance(row, Queue)]
    world = organisation.simulator.world
    for agent in world.agents:
        person = people[agent.name]
        assert person.refs[0].space == "user"
        assert person.active == agent.active
        assert person.agent is (not lacks and agent.active) or not agent.active
    assert all("<" not in queue.name for queue in queues)
    assert bool(queues) is not bool(lacks)


def test_a_directory_that_may_not_be_read_stops_nothing(
    make_organisation: MakeOrganisation,
) -> None:
    """Capture goes on without names."""
    organisation = make_organisation(lacks="systemuser")
    with pytest.raises(NotPermitted, match="prvReadUser"):
        list(organisation.hooks.sync_directory())
    assert organisation.sightings()
