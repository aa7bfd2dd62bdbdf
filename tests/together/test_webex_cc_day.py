"""A simulated day of Webex Contact Center is in the archive, one contact per agent."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.together.contacts import Sound, Truth, read_moment
from tests.together.harness import staged
from tests.together.trouble import make_faults

from catchment._archive.local import LocalArchive
from catchment._catalogue.keeping import Limits
from catchment._catalogue.search import Query, search
from catchment._catalogue.status import list_sources
from catchment._engine.reporting import report
from catchment._engine.wanted import want_period
from catchment.sandbox import Agent, Call
from catchment.testing.judge import ask, assert_equal, list_truth
from catchment.testing.stage import HOUR, START, Stage, since_start
from catchment_webex_cc.simulator.sound import read_sounding

OF = ("webex_cc",)
NEVER = ("cursor_lost",)
"""Faults that this platform does not know, or this day has no room for."""
GENERATIONS = ("programmatic", "cms2", "cms1")
CHAINS = int(os.environ.get("CATCHMENT_CHAINS", "12"))
"""How many random chains are cut and compared; 1,000 for the whole proof."""

PROMPT = {"visible_after_s": 60, "recording_after_s": 60}
"""Nothing is late, so that a day is told soon after it ended."""


def live_through(stage: Stage) -> None:
    """The working day every two hours, then quiet days until everything late has come."""
    for hour in (*range(8, 20, 2), 20, 22, 26, 30, 36, 42, 48, 60, 72, 84):
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        stage.run_once()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_faulty_day_is_archived_once(tmp_path: Path, generation: str) -> None:
    """Missing 0, duplicates 0, invented 0, bytes equal, in each generation (T1; S002-3, S002-4)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=8,
        chains=6,
        faults=make_faults(3, without=NEVER),
        switches={"generation": generation},
        at=START + 8 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        live_through(stage)
        assert_equal(stage, remade=True)
        assert compare_contacts(stage) > 10


# --- who is heard when -------------------------------------------------------------------------


def read_contacts(stage: Stage) -> Mapping[str, list[Any]]:
    """The contacts of the catalogue, by the task that they belong to."""
    found: dict[str, list[Any]] = {}
    for row in ask(
        stage,
        "SELECT r.external_id, c.contact_id, c.agent_email, c.started_at, c.ended_at, c.doubt"
        " FROM contact c JOIN recording r ON r.interaction_num = c.interaction_num",
    ):
        found.setdefault(row.external_id, []).append(row)
    return found


def read_files(stage: Stage, task: str) -> tuple[dict[str, Path], dict[str, Path], dict[str, Any]]:
    """Where a task's originals and its contacts' audio lie, and what is told of the latter."""
    originals, contacts, told = {}, {}, {}
    with stage.open() as app:
        archive = LocalArchive(app.settings.archive.root)
        rows = ask(
            stage,
            "SELECT f.file_id, f.recipe, f.sha256, f.description FROM file f JOIN recording r"
            f" ON r.id = f.recording_id WHERE f.state = 'archived' AND r.external_id = '{task}'",
        )
        for row in rows:
            if not row.recipe:
                originals[row.file_id] = archive.path_of(row.sha256)
            elif row.recipe.startswith("contact@"):
                extra = read_json(row.description)["extra"]
                contacts[extra["contact"]] = archive.path_of(row.sha256)
                told[extra["contact"]] = extra
    return originals, contacts, told


def read_json(told: object) -> Any:
    """A JSON column as either database gives it."""
    return json.loads(told) if isinstance(told, str) else told


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("generation", ["programmatic", "cms1"])
def test_each_contact_holds_exactly_what_its_agent_heard(tmp_path: Path, generation: str) -> None:
    """Sample for sample, by the World's own account (S002-143 to S002-145, S002-151 to S002-164).

    In the first generation consultations have no recordings of their own, and the customer's line
    is heard meanwhile (S002-154).
    """
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        chains=CHAINS,
        switches={"generation": generation, "never_every": 0, **PROMPT},
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        stage.run_once()
        assert compare_contacts(stage) > CHAINS


def compare_contacts(stage: Stage) -> int:
    """How many contacts there are; each has the agent, the times and every sample of the World."""
    contacts = read_contacts(stage)
    compared = 0
    for one in stage.platform.tenant.contacts:
        originals, sounds, _ = read_files(stage, one.external_id)
        if one.line is None or "main" not in originals:
            continue
        truth = Truth(one.call)
        main = Sound.read(originals["main"])
        consults = read_consults(stage, one, truth, originals)
        rows = sorted(contacts[one.external_id], key=lambda r: (r.agent_email, r.started_at))
        expected = truth.list_contacts()
        offset = timedelta(milliseconds=one.offset_ms)
        spans = [
            (
                row.agent_email,
                truth.second(read_moment(row.started_at) - offset),
                truth.second(read_moment(row.ended_at) - offset),
            )
            for row in rows
        ]
        assert spans == [(e.email, e.start, e.end) for e in expected], one.call.call_id
        for row, contact in zip(rows, expected, strict=True):
            if any(consult.width != main.width for consult in consults.values()) and contact.asked:
                continue  # mono and stereo side by side after a move: these are encoded anew
            heard = Sound.read(sounds[row.contact_id]).samples
            wanted = truth.build_sound(contact, main, consults)
            assert heard == wanted, (one.call.call_id, row.contact_id)
            compared += 1
    return compared


def read_consults(
    stage: Stage, one: Any, truth: Truth, originals: Mapping[str, Path]
) -> dict[int, Sound]:
    """The archived recordings of consultations, by the second at which each began."""
    found = {}
    for file_id, path in originals.items():
        if file_id.startswith("consult-"):
            (row,) = ask(
                stage,
                "SELECT f.description FROM file f JOIN recording r ON r.id = f.recording_id"
                f" WHERE f.file_id = '{file_id}' AND f.recipe = ''",
            )
            (stretch,) = read_json(row.description)["timeline"]["stretches"]
            offset = timedelta(milliseconds=one.offset_ms)
            found[truth.second(read_moment(stretch["start"]) - offset)] = Sound.read(path)
    return found


def test_the_truth_has_something_to_prove(tmp_path: Path) -> None:
    """The chains hold every move, agents who come back, and three agents and more."""
    with staged(tmp_path, of=OF, meetings=0, chains=CHAINS) as stage:
        chains = stage.platform.world.chains
        kinds = {move.kind for call in chains for move in call.moves}
        assert kinds == {"consult", "blind_transfer", "consult_transfer", "conference"}
        people = [{leg.person for leg in call.legs if leg.role != "customer"} for call in chains]
        assert any(len(agents) >= 3 for agents in people)
        emails = [[one.email for one in Truth(call).list_contacts()] for call in chains]
        assert any(len(set(own)) < len(own) for own in emails)


# --- before the audio is there -------------------------------------------------------------------


def test_a_contact_stands_before_its_audio_and_says_so(tmp_path: Path) -> None:
    """Metadata first, audio later; what never comes is told (S002-139 to S002-150, S002-157)."""
    switches = {"visible_after_s": 60, "recording_after_s": 5 * 3600, "never_every": 4}
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        switches=switches,
        at=START + 19 * HOUR,
        tables={"webex_cc": {**since_start(*OF)["webex_cc"], "alarm_after": "3h"}},
    ) as stage:
        stage.run_once()
        tasks = [c for c in stage.platform.tenant.contacts if c.requested]
        waiting = {c.external_id for c in tasks if not c.has_audio(stage.platform.tenant.now_ms)}
        found = {row.external_id for row in ask(stage, "SELECT external_id FROM recording")}
        assert waiting
        assert waiting <= found
        held = read_contacts(stage)
        assert all(held[task] for task in waiting)
        stage.clock.advance(4 * HOUR)
        with stage.open() as app:
            (told,) = list_sources(app.database, app.now(), limits={"webex_cc": Limits(3 * HOUR)})
            hits = search(app.database, Query(limit=100), app.now())
        assert told.overdue is not None
        assert told.overdue.count == len(waiting)
        assert sum("not yet" in hit.media for hit in hits) == len(waiting)
        stage.live(START + 52 * HOUR, step=3 * HOUR)
        assert_equal(stage)
        gone = {
            row.external_id
            for row in ask(stage, "SELECT external_id FROM recording WHERE state = 'gone'")
        }
        assert gone == {c.external_id for c in tasks if c.audio_ms is None}


# --- from one generation to the next --------------------------------------------------------------


@pytest.mark.timeout(600)
@pytest.mark.parametrize("before", ["cms1", "cms2"])
def test_a_tenant_that_moves_at_noon_keeps_its_watermark_and_nothing_is_twice(
    tmp_path: Path, before: str
) -> None:
    """What one generation gave is not fetched from the next, and nothing is missing (S002-5)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=14,
        chains=6,
        faults=make_faults(5, without=NEVER),
        switches={"generation": before, "never_every": 0},
        at=START + 8 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        # A refusal for a minute ends a run; the next one goes on.
        stage.live(START + 13 * HOUR, step=timedelta(minutes=20))
        old = {(held.external_id, held.file_id): held for held in list_truth(stage)}
        first = read_held(stage)
        assert first
        mark = read_frontiers(stage)
        pinned = ask(stage, "SELECT account_id FROM source")[0].account_id
        stage.platform.turn(generation="programmatic", migrated=True)
        stage.configure(webex_cc=since_start(*OF)["webex_cc"])
        os.environ.update(stage.platform.secrets())
        live_through(stage)
        assert all(mark[feed] <= now for feed, now in read_frontiers(stage).items())
        new = {(held.external_id, held.file_id): held for held in list_truth(stage)}
        held = read_held(stage)
        assert len(held) == len(set(held)), "something is archived twice"
        archived = {(task, file_id): sha256 for task, file_id, sha256 in held}
        assert archived.keys() == new.keys() | {(task, name) for task, name, _ in first}
        for name, sha256 in archived.items():
            assert sha256 in {truth[name].sha256 for truth in (old, new) if name in truth}, name
        kept = {(task, file_id): sha256 for task, file_id, sha256 in first}
        assert {name: archived[name] for name in kept} == kept
        (source,) = ask(stage, "SELECT account_id FROM source")
        assert source.account_id == pinned
        assert compare_contacts(stage) > 10


def read_held(stage: Stage) -> list[tuple[str, str, str]]:
    """Every archived original: task, file and hash."""
    rows = ask(
        stage,
        "SELECT r.external_id, f.file_id, f.sha256 FROM file f JOIN recording r"
        " ON r.id = f.recording_id WHERE f.state = 'archived' AND f.recipe = ''",
    )
    return [(row.external_id, row.file_id, row.sha256) for row in rows]


def read_frontiers(stage: Stage) -> dict[str, Any]:
    """How far each feed was listed."""
    rows = ask(stage, "SELECT feed, frontier FROM feed WHERE frontier IS NOT NULL")
    return {row.feed: read_moment(row.frontier) for row in rows}


# --- what is measured, asked for, and wrong -------------------------------------------------------


def test_silence_and_talk_over_are_what_the_sides_really_did(tmp_path: Path) -> None:
    """Measured from the channels of each contact, which the guide's product cannot (S002-19)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=30,
        switches={"never_every": 0, **PROMPT},
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        stage.run_once()
        measured = 0
        for one in stage.platform.tenant.contacts:
            _, _, told = read_files(stage, one.external_id)
            if one.line is None or not told:
                continue
            truth = Truth(one.call)
            for contact in truth.list_contacts():
                if contact.asked:
                    continue  # a consultation has a sound of its own
                seconds = set(range(contact.start, min(contact.end, truth.seconds))) - truth.paused
                sounding = [read_sounding(one.call.call_id, second) for second in seconds]
                silent = sum(not caller and not agent for caller, agent in sounding)
                both = sum(caller and agent for caller, agent in sounding)
                (extra,) = find_told(stage, one.external_id, contact.email, told)
                assert extra["silence_s"] == pytest.approx(silent, abs=0.3), one.call.call_id
                assert extra["talk_over_s"] == pytest.approx(both, abs=0.3), one.call.call_id
                measured += 1
        assert measured >= 15


def find_told(stage: Stage, task: str, email: str, told: Mapping[str, Any]) -> list[Any]:
    """What is told of the audio of an agent's contacts."""
    mine = {row.contact_id for row in read_contacts(stage)[task] if row.agent_email == email}
    return [extra for contact, extra in told.items() if contact in mine]


def begun_late(folder: Path, generation: str, calls: int) -> AbstractContextManager[Stage]:
    """A source that is captured only since after the day of the calls."""
    return staged(
        folder,
        of=OF,
        meetings=0,
        calls=calls,
        switches={"generation": generation, "never_every": 0, **PROMPT},
        at=START + 30 * HOUR,
        tables={"webex_cc": {"since": "2026-10-14T05:00:00Z"}},
    )


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_list_of_task_ids_recovers_what_is_missing(tmp_path: Path, generation: str) -> None:
    """Ids in any spelling, from a file with the platform's own column (S003; S002-198)."""
    with begun_late(tmp_path, generation, 8) as stage:
        stage.run_once()
        assert ask(stage, "SELECT * FROM recording") == []
        tasks = [one for one in stage.platform.tenant.contacts if one.audio_ms is not None]
        wanted = [tasks[0].task_id, tasks[1].external_id.upper(), tasks[2].external_id]
        stage.inbox.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(["taskId", *wanted, "c0ffee00-1111-4222-8333-444455556666"])
        (stage.inbox / "wanted.csv").write_text(lines, "utf-8")
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        told = (stage.processed / "wanted.report.csv").read_text("utf-8")
        assert "knows no" in told
        found = {task for task, _, _ in read_held(stage)}
        assert found == {one.external_id for one in tasks[:3]}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_period_is_recovered_by_the_end_of_its_calls(tmp_path: Path, generation: str) -> None:
    """``recover`` lists what ended in the period, and ``report`` says what there was (item 8)."""
    with begun_late(tmp_path, generation, 12) as stage:
        stage.run_once()
        with stage.open() as app:
            live = app.connect("webex_cc")
            want_period(app, live, START + 8 * HOUR, START + 13 * HOUR)
        stage.run_once()
        half_ms = round((START + 13 * HOUR).timestamp() * 1000)
        tasks = [one for one in stage.platform.tenant.contacts if one.audio_ms is not None]
        expected = {one.external_id for one in tasks if one.ended_ms < half_ms}
        assert expected
        assert {task for task, _, _ in read_held(stage)} == expected
        with stage.open() as app:
            told = report(app, "webex_cc", START, START + 13 * HOUR, ask=False)
        assert told.archived_files >= len(expected)
        assert set(told.gaps) <= {"not yet", "not recorded", "unanswered"}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_another_tenant_is_noticed_before_anything_is_written(
    tmp_path: Path, generation: str
) -> None:
    """A wrong organisation or tenant id stops the source in one sentence (Bad input)."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=6,
        switches={"generation": generation, "other_org": True},
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        ending = stage.run_once()
        (why,) = [*ending.unreachable.values(), *ending.stopped.values()]
        named = "tenant_id" if generation == "cms1" else "organisation_id"
        assert named in why
        assert "\n" not in why
        for table in ("source", "recording", "fact", "person"):
            assert ask(stage, f"SELECT * FROM {table}") == []


def test_activities_in_doubt_make_contacts_that_the_report_lists(tmp_path: Path) -> None:
    """Overlapping, missing or reversed times, and agents whom the directory lacks (Bad input)."""
    switches = {"odd_times_every": 3, "unknown_agent_every": 4, "never_every": 0, **PROMPT}
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=30,
        chains=30,
        switches=switches,
        at=START + 30 * HOUR,
        tables=since_start(*OF),
    ) as stage:
        stage.run_once()
        contacts = read_contacts(stage)
        for one in stage.platform.tenant.contacts:
            if one.line is not None:
                expected = {
                    one.user(find_agent(one.call, contact.email)).email
                    for contact in Truth(one.call).list_contacts()
                }
                assert {row.agent_email for row in contacts[one.external_id]} == expected
        with stage.open() as app:
            told = report(app, "webex_cc", START, START + 30 * HOUR, ask=False)
        reasons = {one.reason for one in told.differences if one.kind == "doubtful"}
        for part in ("have no end", "end before they start", "overlap", "does not know the agent"):
            assert any(part in reason for reason in reasons), (part, reasons)


def find_agent(call: Call, email: str) -> Agent:
    """The agent of a call with this address."""
    people = [leg.person for leg in call.legs]
    return next(one for one in people if isinstance(one, Agent) and one.email == email)
