"""A simulated day of Dynamics 365 is in the archive, one contact per agent."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.together.contacts import read_moment
from tests.together.harness import staged
from tests.together.trouble import make_faults

from catchment._archive.local import LocalArchive
from catchment._engine.reporting import report
from catchment._engine.wanted import want_period
from catchment.sandbox import read_symbols
from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import HOUR, START, Stage, since_start
from catchment_dynamics.simulator.plot import Plot
from catchment_dynamics.simulator.stays import Stay

OF = ("dynamics",)
NEVER = ("cursor_lost",)
"""Faults that this platform does not know, or this day has no room for."""
CHAINS = int(os.environ.get("CATCHMENT_CHAINS", "12"))
"""How many random chains are told and compared; 1,000 for the whole proof."""

SECOND = timedelta(seconds=1)
UNNOTICED = timedelta(seconds=2)
"""So much shorter may a recording be than the call: its times are whole seconds, cut off."""


def live_through(stage: Stage) -> None:
    """The working day every two hours, then quiet days until everything late has come.

    What never comes is given up after three days.
    """
    for hour in (*range(8, 20, 2), 20, 22, 26, 30, 36, 48, 72, 96, 108, 109):
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        stage.run_once()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "switches",
    [
        {"sas": "403", "recordings_per_call": "session", "orphans_every": 8, "extra_columns": True},
        {"sas": "400", "chunking": False, "hold_rows": "close", "voicemail_columns": "voicemail"},
        {
            "throttle_requests": 400,
            "throttle_time_s": 30,
            "throttle_concurrency": 2,
            "sas_ip_restricted": True,
            "range_header": True,
            "outbound_phones": "from_customer",
            "paused_sound": "silent",
        },
    ],
    ids=["pieces", "whole", "throttled"],
)
def test_a_faulty_day_is_archived_once(tmp_path: Path, switches: Mapping[str, object]) -> None:
    """Missing 0, duplicates 0, invented 0, bytes equal, by each way to the sound (T1; S004-6).

    By links is the way of every other test, and of the proof of T1.
    """
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=8,
        chains=6,
        faults=make_faults(3, without=NEVER),
        switches=switches,
        at=START + 8 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        live_through(stage)
        assert_equal(stage, remade=True)
        assert compare_stays(stage) > 10


@pytest.mark.timeout(600)
def test_changes_that_are_tracked_are_archived_once_too(tmp_path: Path) -> None:
    """The same day by Dataverse's change tracking, whose tokens outlive the polls (2.5; S004-6)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=8,
        chains=4,
        faults=make_faults(5, without=NEVER),
        at=START + 8 * HOUR,
        tables={"dynamics": {**since_start(*OF)["dynamics"], "listing": "change_tracking"}},
    ) as stage:
        live_through(stage)
        assert_equal(stage, remade=True)
        tracked = [one for one in stage.platform.asked if "deltatoken" in str(one)]
        assert tracked, "nothing was asked by its changes"


# --- who is heard when -------------------------------------------------------------------------


def read_contacts(stage: Stage) -> Mapping[str, list[Any]]:
    """The contacts of the catalogue, by the conversation that they belong to."""
    found: dict[str, list[Any]] = {}
    for row in ask(
        stage,
        "SELECT i.external_id, c.contact_id, c.agent_email, c.started_at, c.ended_at, c.doubt"
        " FROM contact c JOIN interaction i ON i.num = c.interaction_num",
    ):
        found.setdefault(row.external_id, []).append(row)
    return found


def join_stays(stays: list[Stay]) -> list[tuple[str, datetime, datetime]]:
    """What each agent was part of, where stays that follow one another are one."""
    joined: list[tuple[str, datetime, datetime]] = []
    for stay in sorted(stays, key=lambda one: (one.email, one.start, one.end)):
        if joined and joined[-1][0] == stay.email and stay.start - joined[-1][2] <= SECOND:
            _, start, end = joined.pop()
            joined.append((stay.email, start, max(end, stay.end)))
        else:
            joined.append((stay.email, stay.start, stay.end))
    return joined


def list_expected(plot: Plot) -> dict[str, list[tuple[str, datetime, datetime]]]:
    """The contacts that follow from the World, by conversation; not of those spoilt on purpose."""
    by_conversation: dict[str, list[Stay]] = {}
    for stay in plot.stays:
        if stay.conversation_id not in plot.spoilt and stay.conversation_id not in plot.orphaned:
            by_conversation.setdefault(stay.conversation_id, []).append(stay)
    return {key: join_stays(stays) for key, stays in by_conversation.items()}


def compare_stays(stage: Stage) -> int:
    """How many contacts there are; each has the agent and the times of the World."""
    contacts = read_contacts(stage)
    expected = list_expected(stage.platform.plot)
    for conversation_id, wanted in expected.items():
        rows = contacts.get(conversation_id, [])
        told = sorted(
            (row.agent_email, read_moment(row.started_at), read_moment(row.ended_at))
            for row in rows
        )
        assert told == wanted, conversation_id
    return sum(map(len, expected.values()))


@pytest.mark.timeout(1800)
def test_each_contact_holds_exactly_what_its_agent_heard(tmp_path: Path) -> None:
    """Second by second, by the World's own account, whoever asked, conferred or passed on (S004-8).

    The recorder ran through in these calls: where it was stopped, nobody tells when.
    """
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        chains=CHAINS,
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        stage.run_once()
        assert compare_stays(stage) > CHAINS
        assert compare_sounds(stage) > CHAINS / 2


def compare_sounds(stage: Stage) -> int:
    """How many contacts were listened to; every second of each is the one of its recording."""
    plot: Plot = stage.platform.plot
    expected = list_expected(plot)
    contacts, sounds = read_contacts(stage), read_sounds(stage)
    heard = 0
    for one in plot.recordings:
        calls = [other for other in plot.recordings if other.call_id == one.call_id]
        if one.window is None or one.take is None or one.line is None or len(calls) > 1:
            continue
        if one.line.pauses:
            paused = sum((pause.length for pause in one.line.pauses), timedelta())
            for row in contacts[one.conversation_id]:
                assert paused <= UNNOTICED or "not in its recording" in row.doubt, one.call_id
            continue
        symbols = one.take.symbols
        for email, start, end in expected.get(one.conversation_id, []):
            (row,) = (
                row
                for row in contacts[one.conversation_id]
                if (row.agent_email, read_moment(row.started_at)) == (email, start)
            )
            assert not row.doubt, (one.call_id, row.doubt)
            first = round((start - one.window.start) / SECOND)
            last = round((min(end, one.window.end) - one.window.start) / SECOND)
            found = read_symbols(sounds[one.conversation_id, row.contact_id])
            assert found == symbols[first:last], (one.call_id, row.contact_id)
            heard += 1
    return heard


def read_sounds(stage: Stage) -> dict[tuple[str, str], Path]:
    """Where the audio of each contact lies, by conversation and contact."""
    with stage.open() as app:
        archive = LocalArchive(app.settings.archive.root)
    rows = ask(
        stage,
        "SELECT i.external_id, f.sha256, f.description FROM file f JOIN recording r ON"
        " r.id = f.recording_id JOIN interaction i ON i.num = r.interaction_num"
        " WHERE f.state = 'archived' AND f.recipe LIKE 'contact@%'",
    )
    found = {}
    for row in rows:
        told = row.description
        extra = (json.loads(told) if isinstance(told, str) else told)["extra"]
        found[row.external_id, extra["contact"]] = archive.path_of(row.sha256)
    return found


# --- what is late, asked for, and wrong -----------------------------------------------------------


@pytest.mark.timeout(600)
def test_legs_that_are_written_late_give_a_new_version(tmp_path: Path) -> None:
    """Participants and holds half an hour after the recording: sealed, and sealed again (9.6)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        chains=15,
        switches={"late_every": 1, "recording_after_s": 5, "file_after_s": 5},
        at=START + 8 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        while stage.clock.now() < START + 22 * HOUR:
            stage.clock.advance(timedelta(minutes=20))
            stage.run_once()
        stage.live(START + 110 * HOUR, step=22 * HOUR)  # what never comes is given up
        assert_equal(stage)
        assert compare_stays(stage) > 15
        versions = ask(stage, "SELECT version FROM interaction WHERE survivor_num IS NULL")
        assert sum(row.version > 1 for row in versions) > 5, "nothing was sealed before it was late"


def recover_later(folder: Path, calls: int, **switches: object) -> Any:
    """A source that is captured only since after the day of the calls."""
    return staged(
        folder,
        of=OF,
        meetings=0,
        calls=calls,
        switches=switches,
        at=START + 30 * HOUR,
        tables={"dynamics": {"since": "2026-10-14T05:00:00Z"}},
    )


def read_held(stage: Stage) -> set[str]:
    """The conversations of which a recording is archived."""
    rows = ask(
        stage,
        "SELECT DISTINCT i.external_id FROM file f JOIN recording r ON r.id = f.recording_id"
        " JOIN interaction i ON i.num = r.interaction_num"
        " WHERE f.state = 'archived' AND f.file_id = 'recording'",
    )
    return {row.external_id for row in rows}


def test_a_list_of_conversation_ids_recovers_what_is_missing(tmp_path: Path) -> None:
    """Ids in any spelling, with legs and numbers, though no feed listed them (S003; item 5)."""
    with recover_later(tmp_path, 15) as stage:
        stage.run_once()
        assert ask(stage, "SELECT * FROM recording") == []
        recorded = [one for one in stage.platform.plot.recordings if one.take is not None]
        first, second, third = dict.fromkeys(one.conversation_id for one in recorded[:3])
        wanted = [first, "{" + second.upper() + "}", third]
        stage.inbox.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(["activityid", *wanted, "c0ffee00-1111-4222-8333-444455556666"])
        (stage.inbox / "wanted.csv").write_text(lines, "utf-8")
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        told = (stage.processed / "wanted.report.csv").read_text("utf-8")
        assert told.count("found") == 3
        assert read_held(stage) == {first, second, third}
        contacts, expected = read_contacts(stage), list_expected(stage.platform.plot)
        for conversation_id in (first, second, third):
            assert len(contacts[conversation_id]) == len(expected[conversation_id])


def test_a_period_is_recovered(tmp_path: Path) -> None:
    """What changed in the period is listed and captured (S003; item 5)."""
    with recover_later(tmp_path, 15, late_every=0) as stage:
        stage.run_once()
        with stage.open() as app:
            want_period(app, app.connect("dynamics"), START, START + 26 * HOUR)
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        recorded = {one.conversation_id for one in stage.platform.plot.recordings if one.take}
        assert read_held(stage) == recorded


def test_the_report_says_what_no_recording_tells(tmp_path: Path) -> None:
    """Started by hand, consent refused, passed on outside, paused: as what they are (item 4)."""
    rules = {"workstreams": {"phone by hand": "by_hand", "phone by consent": "consent"}}
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=45,
        switches={"external_every": 4, "voicemails_every": 0},
        at=START + 30 * HOUR,
        tables={"dynamics": {**since_start(*OF)["dynamics"], **rules}},
    ) as stage:
        stage.live(stage.clock.now() + 96 * HOUR, step=32 * HOUR)
        with stage.open() as app:
            told = report(app, "dynamics", START, START + 24 * HOUR, ask=False)
        assert {"not recorded", "refused", "unanswered", "external", "doubtful"} <= set(told.gaps)
        assert "missing" not in told.gaps
        reasons = [one.reason for one in told.differences if one.kind == "doubtful"]
        assert any("paused" in reason for reason in reasons)


@pytest.mark.parametrize("where", ["other_org", "no_app_user"])
def test_another_organisation_is_noticed_before_anything_is_written(
    tmp_path: Path, where: str
) -> None:
    """A token for the wrong environment stops the source in one sentence (Bad input)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=6,
        at=START + 30 * HOUR,
        tables=since_start(*OF),
        switches={where: True},
    ) as stage:
        organisation = "0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22"
        stage.configure(dynamics={"organisation_id": organisation})
        ending = stage.run_once()
        (why,) = [*ending.unreachable.values(), *ending.stopped.values()]
        assert "\n" not in why
        assert ("organisation_id" if where == "other_org" else "application user") in why
        for table in ("source", "recording", "fact", "person"):
            assert ask(stage, f"SELECT * FROM {table}") == []


def test_rows_that_are_wrong_or_missing_leave_a_doubt(tmp_path: Path) -> None:
    """Who left before joining, or has no row: the call is captured, and `report` says so."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        chains=15,
        switches={"reversed_times_every": 4, "participants_missing_every": 4},
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        stage.run_once()
        contacts, plot = read_contacts(stage), stage.platform.plot
        recorded = {one.conversation_id for one in plot.recordings if one.take is not None}
        expected = list_expected(plot)
        for conversation_id in expected:
            assert len(contacts[conversation_id]) == len(expected[conversation_id])
        spoilt = plot.spoilt & recorded
        assert spoilt
        doubtful = {key for key in spoilt if any(row.doubt for row in contacts.get(key, []))}
        assert len(doubtful) > len(spoilt) / 2, "what is wrong is told of few"
