"""From what ``report`` prints to the item, and what ``show`` and ``export`` say of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.core.engine.platform import DAY, HOUR, START, Cloud, Stage, Tape, TinOfPeople, draft
from tests.core.engine.test_contacts import TRANSFER, at, fall_quiet, hold, part, window
from tests.core.engine.test_doubts import ANN, BOB, TinOfSomePeople, doubt, know
from tests.deciding import retry

from catchment._catalogue import decisions, tables
from catchment._catalogue.decisions import Item
from catchment._catalogue.show import Shown
from catchment._engine import exporting, reporting
from catchment._engine.application import Application
from catchment.cli import deciding
from catchment.cli.frame import Frame
from catchment.cli.search import read_shown
from catchment.cli.showing import print_interaction
from catchment.model import (
    Bundle,
    Contact,
    Fact,
    Feed,
    Heard,
    InteractionDraft,
    Key,
    Page,
    Party,
    Span,
)

DASHED, TASK = "7fe0de09-c607-452c-a4a4-23e5609625a7", "7fe0de09c607452ca4a423e5609625a7"


@dataclass(frozen=True)
class FrameOfStage(Frame):
    """What was typed before a command, where the stage is what is opened."""

    stage: Stage | None = None

    def open(
        self,
        *,
        archive: bool = False,
        begin: bool = False,
        sources: Sequence[str] | None = None,
    ) -> Application:
        """The stage's parts."""
        assert self.stage is not None
        return self.stage.open()


def find(stage: Stage, name: str) -> Item:
    """The item that ``skip`` and ``retry`` find."""
    with stage.app.database.read() as connection:
        item = decisions.find_item(connection, name)
    assert item is not None
    return item


def look(stage: Stage, name: str = "c1") -> Shown:
    """What ``show`` finds."""
    shown = read_shown(stage.app, name)
    assert shown is not None
    return shown


def print_lines(stage: Stage, capsys: pytest.CaptureFixture[str], name: str = "c1") -> list[str]:
    """What ``show`` prints, with single blanks."""
    capsys.readouterr()
    print_interaction(look(stage, name), "UTC")
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def tell_facts(cloud: Cloud, *facts: Fact) -> None:
    """Have listings tell these rows of the platform's books, beside the recordings."""

    def poll(span: Span) -> Any:
        inside = tuple(one for one in facts if span.window.start <= one.at < span.window.end)
        seen = [one for page in cloud.list_pages(span) for one in page.sightings]
        yield Page(tuple(seen), inside, last=True)

    cloud.poll = poll


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["task", "csr"])
def test_the_id_of_a_fact_leads_to_its_interaction(stage: Stage, cloud: Cloud, kind: str) -> None:
    """The books call the call otherwise than people do; a report prints the books' name."""
    cloud.map = lambda bundle: replace(draft(bundle), external_id=DASHED)
    at_ = START - HOUR
    tell_facts(
        cloud,
        Fact("csr", "other", at_, (Key("call", "other"),), expects="answered"),
        Fact(kind, TASK, at_, (Key("call", TASK),), expects="answered"),
        Fact("task", "another", at_, (Key("call", "other"),), expects="answered"),
    )
    stage.run()
    told = reporting.report(stage.app, "tin", START - DAY, START + HOUR, ask=False)
    assert TASK in {one.external_id for one in told.differences}
    shown = look(stage, TASK)
    assert [fact.fact_id for fact in shown.facts] == [TASK]
    assert shown.external_id == DASHED
    item = find(stage, TASK)
    assert (item.kind, item.name) == ("interaction", shown.interaction_id)


def test_what_is_doubtful_can_be_shown_as_it_was_printed(stage: Stage, cloud: Cloud) -> None:
    """``INTERACTION/CONTACT`` is the interaction; each of both may hold a slash."""

    def map_call(bundle: Bundle) -> InteractionDraft:
        contacts = (Contact("p/1", "p1", at(0), doubt="they overlap"),)
        parties = (Party("p1", "agent"),)
        told = replace(draft(bundle), external_id="a/b")
        return replace(told, parties=parties, contacts=contacts)

    cloud.map = map_call
    cloud.hold("c1")
    stage.run()
    told = reporting.report(stage.app, "tin", START - DAY, START + HOUR, ask=False)
    (name,) = [one.external_id for one in told.differences]
    assert name == "a/b/p/1"
    assert look(stage, name).interaction_id == stage.interaction().interaction_id
    assert find(stage, name).kind == "interaction"
    assert read_shown(stage.app, "a/b/p/2") is None


def test_a_file_can_be_shown_as_it_was_printed(stage: Stage, cloud: Cloud) -> None:
    """``RECORDING/FILE`` is a file for ``retry``, and ``show`` shows what it belongs to."""
    cloud.hold("c1")
    stage.run()
    assert look(stage, "c1/f").interaction_id == stage.interaction().interaction_id
    assert find(stage, "c1/f").kind == "file"


def test_what_the_books_expect_can_be_asked_for_again(stage: Stage, cloud: Cloud) -> None:
    """The platform said that it has nothing; a person knows better, and it is asked once more."""
    ago = timedelta(days=1, hours=12)
    tell_facts(cloud, Fact("task", TASK, START - ago, (Key("call", TASK),), expects="answered"))
    stage.run()
    stage.wait(2 * HOUR)
    stage.run()
    assert cloud.asked("recover") == [[TASK]]
    cloud.hold(TASK, ago=ago)
    decided = retry(stage.app, TASK, who="Ann", why="it is back").decided
    assert (decided.files, decided.recordings) == (0, 1)
    stage.run()
    assert cloud.asked("recover") == [[TASK], [TASK]]
    assert stage.recording(TASK).state == "quiet"


def test_of_an_interaction_of_which_nothing_is_expected_nothing_is_asked(
    stage: Stage, cloud: Cloud
) -> None:
    """A call that nobody answered has nothing to retry, and nobody claims that it has."""
    keys = (Key("call", TASK),)
    tell_facts(cloud, Fact("task", TASK, START - HOUR, keys, absence="unanswered"))
    stage.run()
    frame = FrameOfStage(stage=stage)
    typed = CliRunner().invoke(deciding.retry, [TASK, "--why", "I do not believe it"], obj=frame)
    assert (typed.exit_code, typed.output) == (0, f"nothing of {TASK} was changed\n")


# --- show ------------------------------------------------------------------------------------


def test_show_says_why_there_is_nothing_to_hear(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """S002-145: nothing to expect is a state of its own."""
    keys = (Key("call", TASK),)
    tell_facts(cloud, Fact("task", TASK, START - HOUR, keys, absence="unanswered"))
    stage.run()
    assert "media none: unanswered" in print_lines(stage, capsys, TASK)


def test_show_counts_from_the_call_and_says_media_once(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """S002-150: a call of eight hours ago that was listed just now lacks its media for 8 h."""
    cloud.hold("c1", ago=8 * HOUR, files={})
    cloud.calls["c1"].offered = "not_yet"
    stage.do("poll")
    assert "media not yet, 8 h" in print_lines(stage, capsys)


def test_show_and_report_tell_the_same_doubt(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever follows the report to ``show`` finds there what is not sure."""
    stage.configure(base=TinOfPeople)
    know(cloud, ANN)
    doubt(cloud, (Party("p1", "agent", BOB, "Bob Example"), "they end nowhere"))
    stage.run()
    told = reporting.report(stage.app, "tin", START - DAY, START + HOUR, ask=False)
    (reason,) = [one.reason for one in told.differences if one.kind == "doubtful"]
    assert reason == "they end nowhere; the directory does not know the agent Bob Example"
    assert [row["doubt"] for row in look(stage).contacts] == [reason]
    assert f"Bob Example: {reason}" in print_lines(stage, capsys)


def test_show_is_silent_where_the_directory_leaves_people_out(stage: Stage, cloud: Cloud) -> None:
    """As the report is."""
    stage.configure(base=TinOfSomePeople)
    know(cloud, ANN)
    doubt(cloud, (Party("p1", "agent", BOB, "Bob Example"), ""))
    stage.run()
    assert [row["doubt"] for row in look(stage).contacts] == [""]


def test_show_prints_the_attributes_of_each_contact(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the platform tells of the agent's own part is the contact's, and so is shown there."""

    def map_call(bundle: Bundle) -> InteractionDraft:
        custom = {"team": "Night shift", "acd_id": "a-7"}
        contacts = (Contact("p1:1", "p1", at(0), custom=custom),)
        parties = (Party("p1", "agent", ANN, "Ann Example"),)
        return replace(draft(bundle), parties=parties, contacts=contacts)

    cloud.map = map_call
    cloud.hold("c1")
    stage.run()
    assert "Ann Example: acd_id a-7, team Night shift" in print_lines(stage, capsys)
    assert look(stage).contacts[0]["custom"] == {"team": "Night shift", "acd_id": "a-7"}


# --- the audio of contacts -------------------------------------------------------------------


def test_audio_that_can_never_be_cut_is_not_waited_for(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is archived of the time at which the agent was heard; before the seal it may come."""
    hold(cloud, "c1", 1, window(0, 4))
    part(cloud, {"ann": (0, 4, [("c1", 0, 4)]), "bob": (50, 60, [("c1", 50, 60), ("c9", 50, 60)])})
    stage.gather()
    assert [row["audio"] for row in look(stage).contacts] == ["not yet", "not yet"]
    stage.run()
    lacking = "none: no sound is archived for its times"
    assert [row["audio"] for row in look(stage).contacts] == ["archived", lacking]
    assert any(lacking in line for line in print_lines(stage, capsys))


def test_audio_is_waited_for_while_a_recording_of_the_call_is(stage: Stage, cloud: Cloud) -> None:
    """A second recording of the call is listed, and its sound still to come."""
    hold(cloud, "c1", 1, window(0, 4))
    part(cloud, {"ann": (0, 4, [("c1", 0, 4)]), "bob": (4, 8, [("c2", 4, 8)])})
    stage.run()
    waiting = {"audio": Tape(kind="audio", form="wav", offered="not_yet")}
    cloud.hold("c2", files=waiting, keys=["the call"])
    stage.configure(feeds=(Feed("calls", "10m", "1d", horizon="2d", lookback={"10m": "1d"}),))
    stage.wait(HOUR)
    stage.run()
    assert [row["audio"] for row in look(stage).contacts] == ["archived", "not yet"]


def test_the_log_says_of_which_interaction_contacts_were_cut(stage: Stage, cloud: Cloud) -> None:
    """Whoever reads it at night can show what it was."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    stage.gather()
    fall_quiet(stage)
    stage.do("contact")
    name = stage.interaction().interaction_id
    told = {"source": "tin", "interaction": name, "contacts": 2}
    assert stage.events("contact.cut") == [told]


def test_an_export_says_which_sound_is_whose(stage: Stage, cloud: Cloud, tmp_path: Path) -> None:
    """The name of the file has the agent and when the part began, as far as names may."""

    def map_call(bundle: Bundle) -> InteractionDraft:
        heard = (Heard("c1", "audio", window(0, 4)),)
        contacts = (
            Contact("ann:1", "ann", at(0), at(4), heard=heard),
            Contact("bob:1", "bob", at(4), at(9), heard=(Heard("c1", "audio", window(4, 9)),)),
        )
        parties = (Party("ann", "agent", ANN, "Ann/../Example: é"), Party("bob", "agent", BOB))
        return replace(draft(bundle), parties=parties, contacts=contacts)

    hold(cloud, "c1", 1, window(0, 9))
    cloud.map = map_call
    stage.run()
    folder = exporting.export(stage.app, "c1", tmp_path / "out", "files")
    names = {path.name.partition(" ")[2] for path in (folder / "media").iterdir()}
    assert {"audio 11.00.00 Ann .. Example é.wav", "audio 11.00.04 bob.wav"} < names
    index = json.loads((folder / "index.json").read_text())
    (one,) = [one for one in index["files"] if one.get("contact") == "ann:1"]
    assert (one["agent"], one["contact_started_at"]) == (
        "Ann/../Example: é",
        "2026-11-02T11:00:00Z",
    )
    assert (folder / one["path"]).is_file()
    assert len(stage.rows(tables.contact)) == 2
