"""Interactions that are mapped and sealed together come out as if each had been alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import event
from tests.core.engine.platform import HOUR, MINUTE, Stage

from catchment._catalogue import jobs, tables
from catchment._catalogue.jobs import Job
from catchment._engine.runner import TOGETHER, Runner
from catchment._engine.work import Work
from catchment.errors import LostRace
from catchment.model import Bundle, InteractionDraft

CALLS = ("c1", "c2", "c3", "c4")


def hold(stage: Stage) -> None:
    """Some calls, each of its own."""
    for name in CALLS:
        stage.cloud.hold(name, files={"f": f"the words of {name}".encode()})


def together(stage: Stage, claimed: list[Job]) -> None:
    """Do *claimed* at once, as a runner does first."""
    step, most = TOGETHER[claimed[0].kind]
    assert 1 < len(claimed) <= most
    step([Work(stage.app, stage.source, job) for job in claimed])


def gathered(stage: Stage) -> None:
    """All calls archived and mapped together."""
    hold(stage)
    for kind in ("poll", "capture", "media"):
        assert [error for error in stage.do(kind) if error] == []
    together(stage, stage.claim("map"))


def sealed(stage: Stage, name: str) -> str:
    """The manifest of a call."""
    row = stage.interaction(name)
    return json.dumps(json.loads(stage.app.archive.read(row.interaction_id, row.version)))


def test_each_is_mapped_from_what_is_its_own(stage: Stage) -> None:
    """No file, word or recording of one interaction gets into another.  Proves promise 2."""
    seen: list[set[str]] = []
    draft = stage.cloud.map

    def watch(bundle: Bundle) -> InteractionDraft:
        seen.append({one.external_id for one in bundle.recordings})
        assert {one.recording_id for one in bundle.files} == seen[-1]
        return draft(bundle)

    stage.cloud.map = watch
    gathered(stage)
    assert sorted(seen, key=min) == [{name} for name in CALLS]
    told = {name: stage.interaction(name).external_id for name in CALLS}
    assert len(set(told.values())) == len(CALLS)
    assert {row.done for row in stage.rows(tables.job) if row.kind == "map"} != {0}
    assert stage.claim("map") == []


def test_each_is_sealed_with_what_is_its_own(stage: Stage) -> None:
    """A manifest names its own files and no other's.  Proves promise 4."""
    gathered(stage)
    stage.wait(5 * MINUTE)
    together(stage, stage.claim("seal"))
    hashes = {name: stage.file(name).sha256 for name in CALLS}
    for name in CALLS:
        row = stage.interaction(name)
        assert (row.version, row.unsealed_since, row.sealing) == (1, None, None)
        assert [other for other in CALLS if hashes[other] in sealed(stage, name)] == [name]
    assert stage.claim("seal") == []


def test_they_cost_two_transactions(stage: Stage) -> None:
    """Begun in one and ended in another, however many they are."""
    gathered(stage)
    stage.wait(5 * MINUTE)
    claimed = stage.claim("seal")
    commits: list[Any] = []
    event.listen(stage.app.database.engine, "commit", commits.append)
    together(stage, claimed)
    assert len(commits) == 2


def test_one_that_cannot_be_mapped_fails_alone(stage: Stage) -> None:
    """An adapter's mistake with one call keeps no other from the archive.  Proves promise 6."""
    hold(stage)
    draft = stage.cloud.map

    def stumble(bundle: Bundle) -> InteractionDraft:
        if any(one.external_id == "c2" for one in bundle.recordings):
            raise KeyError("missing")
        return draft(bundle)

    stage.cloud.map = stumble
    stage.run()
    versions = {name: stage.interaction(name).version for name in CALLS}
    assert versions == {"c1": 1, "c2": 0, "c3": 1, "c4": 1}
    failed = [row.key for row in stage.rows(tables.job) if row.kind == "map" and row.error]
    assert failed == [str(stage.interaction("c2").num)]


@pytest.mark.parametrize("kind", ["map", "seal"])
def test_one_that_another_runner_has_is_left_to_it(stage: Stage, kind: str) -> None:
    """Nothing is kept of several when one was lost; then each is done alone (T14)."""
    if kind == "map":
        hold(stage)
        for step in ("poll", "capture", "media"):
            stage.do(step)
    else:
        gathered(stage)
        stage.wait(5 * MINUTE)
    claimed = stage.claim(kind)
    stage.wait(11 * MINUTE)
    now, taken = stage.clock.now(), claimed[1]
    jobs.claim(
        stage.app.database,
        [kind],
        runner_name="r2",
        now=now,
        lease=HOUR,
        limit=1,
        keys=[taken.key],
    )
    with pytest.raises(LostRace):
        together(stage, claimed)
    runner = Runner(stage.app, ["tin"])
    runner._execute(claimed)
    rows = {row.key: row for row in stage.rows(tables.job) if row.kind == kind}
    assert {key for key, row in rows.items() if row.runner is None} == {
        one.key for one in claimed if one != taken
    }
    assert rows[taken.key].runner == "r2"
    if kind == "seal":
        versions = [stage.interaction(name).version for name in CALLS]
        assert sorted(versions) == [0, 1, 1, 1]
