"""Items that a person can work with: listed with why and since when, decided one or many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.core.engine.platform import DAY, HOUR, Stage, Tape
from tests.core.engine.test_looking import FrameOfStage

from catchment._catalogue import reasons, tables
from catchment._engine import alarms, endings
from catchment._engine.deciding import list_items
from catchment.cli import deciding, items
from catchment.errors import (
    AdapterFault,
    CatchmentError,
    Corrupt,
    LinkDead,
    NotPermitted,
    Refused,
    StorageUnavailable,
    ToolMissing,
    Unconvertible,
    Unreachable,
)
from catchment.model import Account, Batch, Denied, Outcome


def type_(stage: Stage, command: Any, *arguments: str, text: str | None = None) -> Result:
    """Type a command."""
    frame = FrameOfStage(stage=stage)
    return CliRunner().invoke(command, [*arguments], obj=frame, input=text)


def spoil(stage: Stage, *names: str) -> None:
    """Hold calls whose files have fewer bytes than announced, and try until they are parked."""
    for name in names:
        stage.cloud.hold(name, files={name: Tape(more={"size_bytes": 99})})
    for _ in range(6):
        stage.run()
        stage.wait(HOUR)


def deny(stage: Stage, *names: str) -> None:
    """Hold calls that the credential may not see."""

    def media(batch: Batch) -> Any:
        answers: list[Outcome] = []
        for one in batch:
            if one.external_id in names:
                answers.append(Denied(one, f"the scope for {one.external_id} is missing"))
            else:
                answers += stage.cloud.offer_files(Batch((one,), batch.now))
        return iter(answers)

    for name in names:
        stage.cloud.hold(name)
    stage.cloud.media = media


FOUND: list[tuple[type[CatchmentError], str]] = [
    (StorageUnavailable, reasons.STORAGE),
    (ToolMissing, reasons.TOOL),
    (Unconvertible, reasons.CONVERSION),
    (Corrupt, reasons.BYTES),
    (LinkDead, reasons.LINK),
    (AdapterFault, reasons.ADAPTER),
    (Unreachable, reasons.UNREACHABLE),
    (NotPermitted, reasons.PERMISSION),
]


@pytest.mark.parametrize(("error", "kind"), FOUND, ids=lambda one: getattr(one, "__name__", one))
def test_the_kind_of_a_reason_does_not_depend_on_its_words(
    stage: Stage, error: type[CatchmentError], kind: str
) -> None:
    """Promise 6: whatever the sentence says, items that wait for the same thing are one group."""
    for name in ("c1", "c2"):
        stage.cloud.hold(name)
    stage.do("poll")
    for number, job in enumerate(stage.claim("capture")):
        endings.end(stage.app, stage.source, job, error(f"told of {number} in words of its own"))
    while any(row.state != "parked" for row in stage.rows(tables.recording)):
        stage.wait(HOUR)
        for number, job in enumerate(stage.claim("capture")):
            endings.end(stage.app, stage.source, job, error(f"told of {number} once more"))
    (group,) = alarms.list_statuses(stage.open())[0].parked
    assert (group.reason_kind, group.count, group.reasons) == (kind, 2, 2)


def test_each_item_says_why_since_when_how_often_and_what_comes_next(stage: Stage) -> None:
    """Promise 6: state, age, reason, next attempt, and the name to decide by."""
    deny(stage, "c1")
    spoil(stage, "c2")
    found = {item.id: item for item in list_items(stage.open())}
    assert set(found) == {"c1", "c2/c2"}
    recording, file = found["c1"], found["c2/c2"]
    assert (recording.what, recording.reason_kind) == ("recording", reasons.PERMISSION)
    assert (file.what, file.reason_kind) == ("file", reasons.BYTES)
    assert file.attempts >= 5
    assert recording.reason == "the scope for c1 is missing"
    assert file.next_attempt_at is not None
    assert file.next_attempt_at > stage.clock.now()
    assert file.since < stage.clock.now() - 5 * HOUR
    assert not recording.who


def test_a_further_try_that_fails_makes_nothing_younger(stage: Stage) -> None:
    """What waits for three days waits for three days, however often it was tried meanwhile."""
    spoil(stage, "c1")
    (before,) = list_items(stage.open())
    for _ in range(3):
        stage.wait(DAY)
        stage.run()
    (after,) = list_items(stage.open())
    assert after.since == before.since
    assert after.attempts > before.attempts
    (group,) = alarms.list_statuses(stage.open())[0].parked
    assert group.since == before.since


def test_what_a_person_parked_names_the_person(stage: Stage) -> None:
    """Who decided stands beside the item; nothing is tried until somebody says retry."""
    spoil(stage, "c1")
    done = type_(stage, deciding.park, "c1/c1", "--why", "legal looks", "--by", "ada")
    assert done.exit_code == 0, done.output
    (item,) = list_items(stage.open())
    assert (item.who, item.reason_kind, item.reason) == ("ada", "person", "legal looks")
    assert item.next_attempt_at is None


# --- many at once --------------------------------------------------------------------------------


def test_several_ids_are_decided_together_and_each_is_told(stage: Stage) -> None:
    """One line for each, in the order in which they were named, and a sum."""
    spoil(stage, "c1", "c2")
    done = type_(stage, deciding.skip, "c2/c2", "c1/c1", "--why", "tests", "--by", "ada")
    assert done.output.splitlines() == [
        "1 file of c2/c2 is skipped",
        "1 file of c1/c1 is skipped",
        "2 items of 2: skipped",
    ]
    assert {row.who for row in stage.rows(tables.decision)} == {"ada"}
    assert list_items(stage.open())[0].state == "skipped"


def test_one_id_that_names_nothing_keeps_all_from_being_changed(stage: Stage) -> None:
    """All of them or none: a slip of the pen is one sentence, and nothing is half done."""
    spoil(stage, "c1")
    done = type_(stage, deciding.skip, "c1/c1", "c9", "c8", "--why", "tests")
    assert str(done.exception) == (
        "there is no recording, file or interaction 'c9', 'c8'; nothing was done about the others"
    )
    assert stage.rows(tables.decision) == []
    assert [item.state for item in list_items(stage.open())] == ["parked"]


def test_a_group_is_decided_by_the_kind_of_its_reason(stage: Stage) -> None:
    """What waits for the same reason is tried again together, and nothing else is."""
    deny(stage, "c1")
    spoil(stage, "c2", "c3")
    done = type_(
        stage, deciding.retry, "--all", "--source", "tin", "--reason", "bytes", "--why", "mended"
    )
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "2 items of 2: to be tried again"
    assert [item.id for item in list_items(stage.open()) if item.state == "parked"] == ["c1"]
    kept = {row.item: row.why for row in stage.rows(tables.decision)}
    assert kept == {"c2/c2": "mended", "c3/c3": "mended"}


def test_ids_come_from_stdin(stage: Stage) -> None:
    """What ``items --ids`` prints is what ``skip -`` reads."""
    spoil(stage, "c1", "c2")
    listed = type_(stage, items.items, "--reason", "bytes", "--ids").output
    assert sorted(listed.split()) == ["c1/c1", "c2/c2"]
    done = type_(stage, deciding.skip, "-", "--why", "tests", text=listed + "\n")
    assert "2 items of 2: skipped" in done.output
    assert type_(stage, items.items).output == ("no item waits\n")


def test_no_item_is_not_told_as_nothing_to_do(stage: Stage) -> None:
    """What needs a person and has no id is not passed over; nor is what a filter leaves out."""
    spoil(stage, "c1")
    assert type_(stage, items.items, "--reason", "tool").output == (
        "no item of this choice waits; see 'catchment status' for 1 alarm\n"
    )
    type_(stage, deciding.skip, "c1/c1", "--why", "tests")
    stage.app.close()
    stage.cloud.account = refuse
    stage.run()
    done = type_(stage, items.items)
    assert (done.output, done.exit_code) == (
        "no item waits; see 'catchment status' for 1 alarm\n",
        0,
    )


def refuse() -> Account:
    """No credential is accepted."""
    raise Refused("the secret has expired")


WRONG = [
    (("c1", "--all", "--source", "tin"), "both ids and --all were given"),
    (("--all",), "--all needs a source"),
    (("c1", "--reason", "bytes"), "--reason goes with --all"),
    ((), "no item was named"),
    (("-",), "no id came from stdin"),
    (("--all", "--source", "tin"), "nothing waits at tin"),
    (("--all", "--source", "tin", "--reason", "tool"), "nothing waits at tin for reasons of"),
    (("--all", "--source", "tan"), "there is no source 'tan'"),
]


@pytest.mark.parametrize(("typed", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_does_not_go_together_is_one_sentence(
    stage: Stage, typed: tuple[str, ...], said: str
) -> None:
    """Nobody skips everything by a slip of the pen."""
    stage.run()
    done = type_(stage, deciding.skip, *typed, "--why", "tests")
    assert isinstance(done.exception, CatchmentError)
    assert str(done.exception).startswith(said)
    assert done.exception.exit_code == 2
    assert done.exception.remedy


def test_items_as_json_have_what_the_table_has(stage: Stage) -> None:
    """Programs get every field, also of those for which there is no room on the screen."""
    stage.configure('platform_keeps = "8h"\n')
    spoil(stage, "c1")
    (told,) = json.loads(type_(stage, items.items, "--json").output)
    assert told["id"] == "c1/c1"
    assert told["loss"] == "deletion"
    assert told["deleted_at"] == "2026-11-02T19:00:00Z"
    table = type_(stage, items.items, "--reason", "deletion").output
    assert "c1/c1" in table


def test_a_rendition_that_cannot_be_made_is_no_loss_at_the_platform(stage: Stage) -> None:
    """Its original is archived: that the platform deletes it soon is no alarm."""
    stage.configure('platform_keeps = "4h"\n')
    stage.cloud.hold("c1")
    stage.run()
    with stage.app.database.write() as connection:
        row = stage.rows(tables.file)[0]
        connection.execute(
            tables.file.insert().values(
                recording_id=row.recording_id,
                file_id=row.file_id,
                version=1,
                recipe="audio@1",
                kind="audio",
                form="",
                state="parked",
                reason="ffmpeg failed",
                reason_kind=reasons.CONVERSION,
                retry_at=stage.clock.now() + DAY,
                first_seen_at=stage.clock.now(),
                state_at=stage.clock.now(),
                description=row.description,
            )
        )
        connection.execute(tables.recording.update().values(state="parked", retry_at=None))
    stage.wait(HOUR)
    assert alarms.list_statuses(stage.open())[0].deletions.soon == 0
    (item,) = list_items(stage.open())
    assert (item.what, item.deleted_at) == ("rendition", None)
    found = {one.kind for one in alarms.read_standing(stage.open()).alarms}
    assert found == {"parked"}
