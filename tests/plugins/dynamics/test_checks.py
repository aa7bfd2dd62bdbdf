"""What ``catchment check`` tells of environments that lack something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.dynamics.organisation import MakeOrganisation

from catchment.adapters import Hooks
from catchment.model import Finding

NEEDED = ("recordings", "conversations", "sessions", "participants of sessions",
          "holds of participants", "numbers and ids of calls")  # fmt: skip
WELCOME = ("transcripts", "notes", "voicemails", "sizes of files", "directory of users",
           "who is an agent", "directory of queues")  # fmt: skip


def read_findings(hooks: Hooks) -> dict[str, Finding]:
    """The findings by what was tried."""
    return {one.what: one for one in hooks.check()}


def test_everything_passes_where_nothing_is_missing(make_organisation: MakeOrganisation) -> None:
    """In the order in which a person would repair it."""
    told = read_findings(make_organisation().hooks)
    assert {name: one.verdict for name, one in told.items()} == dict.fromkeys(
        ["access token", "organisation", *NEEDED, *WELCOME, "download of sound"], "pass"
    )
    assert list(told)[:2] == ["access token", "organisation"]
    assert told["download of sound"].detail.startswith("sound comes by signed link from 127.0.0.1:")


def test_a_wrong_secret_is_told_once(
    make_organisation: MakeOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused because of the credential would be refused many times over."""
    monkeypatch.setenv("WRONG_SECRET", "wr0ng")
    hooks = make_organisation().changed(client_secret={"env": "WRONG_SECRET"})
    (finding,) = hooks.check()
    assert (finding.what, finding.verdict) == ("access token", "fail")
    assert "client_secret" in finding.detail
    assert finding.remedy


@pytest.mark.parametrize("switches", [{"no_app_user": True}, {"other_org": True}], ids=repr)
def test_a_wrong_environment_is_told_once(
    make_organisation: MakeOrganisation, switches: dict[str, object]
) -> None:
    """1.2: no application user there, or another organisation than the settings name."""
    told = read_findings(make_organisation(**switches).hooks)
    assert [one.verdict for one in told.values()] == ["pass", "fail"]
    assert told["organisation"].remedy


@pytest.mark.parametrize(
    ("table", "what", "privilege", "verdict"),
    [
        ("msdyn_ocrecording", "recordings", "prvReadmsdyn_ocrecording", "fail"),
        ("msdyn_ocliveworkitem", "conversations", "prvReadActivity", "fail"),
        ("msdyn_sessionparticipant", "participants of sessions",
         "prvReadmsdyn_sessionparticipant", "fail"),
        ("msdyn_transcript", "transcripts", "prvReadmsdyn_transcript", "warn"),
        ("annotation", "notes", "prvReadNote", "warn"),
        ("systemuser", "directory of users", "prvReadUser", "warn"),
    ],
)  # fmt: skip
def test_each_privilege_is_proved_on_its_own_table(
    make_organisation: MakeOrganisation, table: str, what: str, privilege: str, verdict: str
) -> None:
    """1.2: the one that is missing is named, with what is lost."""
    told = read_findings(make_organisation(lacks=table).hooks)
    assert told[what].verdict == verdict
    assert privilege in told[what].detail
    assert privilege in told[what].remedy
    others = [name for name, one in told.items() if one.verdict != "pass" and name != what]
    activities = ["sessions", "voicemails"]
    assert others == (activities if privilege == "prvReadActivity" else [])


def test_missing_tables_and_columns_are_told_by_name(make_organisation: MakeOrganisation) -> None:
    """A needed column fails, a welcome one and an optional table are worth knowing."""
    lacking = "msdyn_ocsession.msdyn_liveworkitemid msdyn_ocliveworkitem.msdyn_intent"
    told = read_findings(
        make_organisation(missing_tables="msdyn_ocvoicemail", missing_columns=lacking).hooks
    )
    assert told["sessions"].verdict == "fail"
    assert "msdyn_ocsession has no column msdyn_liveworkitemid" in told["sessions"].detail
    assert told["columns of conversations"].verdict == "warn"
    assert "msdyn_intent" in told["columns of conversations"].detail
    assert told["voicemails"].verdict == "warn"
    assert "msdyn_ocvoicemail" in told["voicemails"].detail
    assert all(one.remedy for one in told.values() if one.verdict != "pass")


def test_columns_that_nothing_is_read_from_are_not_missed(
    make_organisation: MakeOrganisation,
) -> None:
    """They are kept where they are, and an environment without them loses nothing."""
    lacking = (
        "msdyn_ocliveworkitem.msdyn_channelconnectionid msdyn_sessionparticipant.msdyn_idletime"
    )
    told = read_findings(make_organisation(missing_columns=lacking).hooks)
    assert {one.verdict for one in told.values()} == {"pass"}


@pytest.mark.parametrize("later", [timedelta(minutes=1), None])
def test_tables_that_tell_no_row_are_doubted(
    make_organisation: MakeOrganisation, later: timedelta | None
) -> None:
    """1.2: a privilege that reaches too few rows is not refused; so is none in an empty one."""
    organisation = (
        make_organisation(calls=4, chains=0, depth="user")
        if later is None
        else make_organisation(calls=1, chains=0, later=later)
    )
    told = read_findings(organisation.hooks)
    for what in ("recordings", "conversations"):
        assert told[what].verdict == "pass"
        assert told[f"rows of {what}"].verdict == "warn"
        assert "Depth" in told[f"rows of {what}"].detail
        assert "Organization" in told[f"rows of {what}"].remedy
    full = read_findings(make_organisation(calls=4, chains=0).hooks)
    assert not [name for name in full if name.startswith("rows of")]


def test_a_missing_table_of_recordings_fails(make_organisation: MakeOrganisation) -> None:
    """Without it there is nothing to capture."""
    told = read_findings(make_organisation(missing_tables="msdyn_ocrecording").hooks)
    assert told["recordings"].verdict == "fail"


def test_hidden_metadata_is_a_warning(make_organisation: MakeOrganisation) -> None:
    """Everything works, at the price of all columns."""
    organisation = make_organisation()
    organisation.simulator.refuse = lambda _verb, path: (
        (403, "") if "EntityDefinitions" in path else (0, "")
    )
    told = read_findings(organisation.hooks)
    assert told["recordings"].verdict == "pass"
    assert told["columns of recordings"].verdict == "warn"


@pytest.mark.parametrize(
    ("switches", "changed", "verdict", "said"),
    [
        ({"sas": "400"}, {}, "pass", ("sound comes in pieces", "signed links are refused",
         "customer-managed keys")),
        ({"sas": "403", "chunking": False}, {}, "pass", ("sound comes whole",
         "signed links are refused", "pieces are refused", "0x80090017")),
        ({"sas": "503"}, {}, "warn", ("sound comes in pieces", "signed links cannot be had")),
        ({"chunking": False}, {}, "pass", ("sound comes by signed link", "pieces are refused")),
        ({"sas_ip_restricted": True}, {}, "warn", ("sound comes in pieces", "refuses signed links",
         "127.0.0.1:", "401", "AuthorizationSourceIPMismatch")),
        ({"sas_ip_restricted": True, "chunking": False}, {}, "warn", ("sound comes whole", "401")),
        ({"sas_ip_restricted": True}, {"audio": "sas"}, "fail", ("refuses signed links", "401")),
        ({"sas": "503"}, {"audio": "sas"}, "warn", ("could not be tried",)),
        ({}, {"audio": "chunks"}, "pass", ("sound comes in pieces",)),
        ({}, {"audio": "whole"}, "pass", ("sound comes whole",)),
        ({"chunking": False}, {"audio": "whole"}, "pass", ("sound comes whole",)),
        ({"sas": "400"}, {"audio": "sas"}, "fail", ("signed links are refused",)),
        ({"chunking": False}, {"audio": "chunks"}, "fail", ("0x80090017",)),
    ],
    ids=repr,
)  # fmt: skip
def test_how_sound_comes_is_tried(
    make_organisation: MakeOrganisation,
    switches: dict[str, object],
    changed: dict[str, object],
    verdict: str,
    said: tuple[str, ...],
) -> None:
    """2.9: each way that the setting allows, with the first byte of the newest recording."""
    organisation = make_organisation(calls=6, chains=0, changed=changed, **switches)
    finding = read_findings(organisation.hooks)["download of sound"]
    assert finding.verdict == verdict
    assert [word for word in said if word not in finding.detail] == []
    assert bool(finding.remedy) is (verdict != "pass")
    assert "sig=" not in finding.detail + finding.remedy
    assert "orgfiles" not in finding.detail + finding.remedy


def test_no_whole_recording_is_downloaded_for_a_check(make_organisation: MakeOrganisation) -> None:
    """One byte tells as much."""
    organisation = make_organisation(calls=6, chains=0)
    read_findings(organisation.hooks)
    asked = [one[1] for one in organisation.simulator.environment.asked]
    assert len([path for path in asked if path.endswith("/$value")]) == 2
    assert len([path for path in asked if path.startswith("/orgfiles/")]) == 1


def test_a_file_host_behind_a_firewall_is_named(make_organisation: MakeOrganisation) -> None:
    """Nobody answers there: each file would cost an attempt, and the other ways go on."""
    organisation = make_organisation(calls=6, chains=0)
    simulator = organisation.simulator
    simulator.bind({**simulator.urls, "files": "https://127.0.0.1:9"})
    finding = read_findings(organisation.hooks)["download of sound"]
    assert finding.verdict == "warn"
    assert finding.detail.startswith("sound comes in pieces")
    assert "127.0.0.1:9, which is not reached" in finding.detail
    assert "127.0.0.1:9" in finding.remedy
    assert "sig=" not in finding.detail + finding.remedy


@pytest.mark.parametrize(("status", "code"), [(404, "0x80040217"), (403, "")])
def test_a_recording_that_cannot_be_had_is_no_proof_of_ways(
    make_organisation: MakeOrganisation, status: int, code: str
) -> None:
    """It may have been deleted just now; what is refused fails."""
    organisation = make_organisation(calls=6, chains=0)
    organisation.simulator.refuse = lambda _verb, path: (
        (status, code) if "GetFileSasUrl" in path or path.endswith("/$value") else (0, "")
    )
    finding = read_findings(organisation.hooks)["download of sound"]
    assert finding.verdict == ("fail" if status == 403 else "warn")
    assert finding.remedy


def test_an_empty_environment_has_nothing_to_try(make_organisation: MakeOrganisation) -> None:
    """The first recording is still to come."""
    organisation = make_organisation(calls=1, chains=0, later=timedelta(minutes=1))
    finding = read_findings(organisation.hooks)["download of sound"]
    assert finding.verdict == "warn"
    assert "no recording yet" in finding.detail


@pytest.mark.parametrize(("on", "verdict"), [(True, "pass"), (False, "fail")])
def test_change_tracking_is_proved_where_it_is_asked_for(
    make_organisation: MakeOrganisation, on: bool, verdict: str
) -> None:
    """2.5: for each table of a feed; whether it is on is nowhere documented."""
    organisation = make_organisation(calls=4, chains=0, change_tracking=on)
    assert not [name for name in read_findings(organisation.hooks) if "tracking" in name]
    told = read_findings(organisation.changed(listing="change_tracking"))
    tracked = {name: one for name, one in told.items() if "change tracking" in name}
    assert len(tracked) == 8
    assert {one.verdict for one in tracked.values()} == {verdict}
